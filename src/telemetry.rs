//! Logs, and the words that systemd listens to: ready, status, watchdog.
//!
//! The watchdog is fed only when every worker has moved since the last time: a scan or a courier that hangs is restarted.

#![expect(clippy::disallowed_methods, reason = "speaks to systemd and the terminal")]

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error; `RUST_LOG` overrides the level `info`.
pub fn start(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = match format {
        LogFormat::Human => builder.with_ansi(colours).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// One worker's pulse.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// Says that the worker has moved.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it has moved.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tells systemd that the first full scan is done.
pub fn ready() {
    notify(sd_notify::NotifyState::Ready);
}

/// Tells systemd that the daemon is ending.
pub fn stopping() {
    notify(sd_notify::NotifyState::Stopping);
}

/// One line for `systemctl status`.
pub fn status(line: &str) {
    notify(sd_notify::NotifyState::Status(line));
}

fn notify(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(%error, "systemd was not told");
    }
}

/// Feeds systemd's watchdog for as long as every pulse moves; does nothing when systemd does not watch.
pub async fn watch_over(pulses: Vec<Pulse>) {
    let Some(limit) = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse::<u64>().ok()) else { return };
    let mut seen: Vec<u64> = vec![0; pulses.len()];
    loop {
        tokio::time::sleep(Duration::from_micros(limit / 4)).await;
        let now: Vec<u64> = pulses.iter().map(Pulse::count).collect();
        if now.iter().zip(&seen).all(|(now, seen)| now > seen) {
            notify(sd_notify::NotifyState::Watchdog);
            seen = now;
        }
    }
}
