//! `tidewaiter run`: the daemon.

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{CommandError, ConfigArgument};
use crate::config::Config;
use crate::daemon::{self, Until};

/// Run the daemon.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidewaiter run -c /etc/tidewaiter/tidewaiter.yaml")]
pub struct Run {
    #[command(flatten)]
    config: ConfigArgument,
    /// End when every dropped file has its end, and what is left to tell or to send waits for a limit or a later hour.
    #[arg(long)]
    until_idle: bool,
}

/// Runs the command.
pub async fn run(command: Run) -> Result<(), CommandError> {
    let config = command.config.load()?;
    match command.until_idle {
        true => Ok(daemon::run(config, Until::Idle, stop_signal()?).await?),
        false => until_signalled(config).await,
    }
}

/// The daemon until SIGTERM or SIGINT.
pub async fn until_signalled(config: Config) -> Result<(), CommandError> {
    Ok(daemon::run(config, Until::Stopped, stop_signal()?).await?)
}

fn stop_signal() -> Result<CancellationToken, CommandError> {
    let cannot = |cause: std::io::Error| CommandError::Environment(format!("cannot listen for signals: {cause}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        stop.cancel();
    });
    Ok(token)
}
