//! The daemon: builds the parts, starts a worker for each source, the teller, the courier and the reloader, and waits.
//!
//! In: a configuration and a token that ends it. Out: nothing but what the ledger, the folders and the relay then hold.
//! A worker that ends or panics before it is told to is fatal and loud.

#![expect(clippy::disallowed_methods, reason = "the rim: clock, files and network meet here")]

mod arrival;
mod attempt;
pub mod canary;
mod complaints;
mod courier;
mod doubt;
mod expectations;
pub mod hindrances;
mod http;
pub mod hush;
pub mod life;
pub mod lists;
mod mail_troubles;
mod merging;
mod metrics;
pub mod nightly;
mod notices;
mod office;
mod publish;
mod reload;
mod room;
mod rounds;
mod rule_troubles;
pub mod settings;
mod source;
mod teller;
mod tidy;
pub mod typed;
mod vitals;
mod ways;
mod weekly;
pub mod wrong;
#[cfg(test)]
mod year_tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::hindrances::Matter;
use self::reload::Stamps;
use self::vitals::Vitals;
use crate::config::{Config, SourceSettings};
use crate::ledger::LedgerError;
use crate::telemetry::{self, Pulse};

pub use courier::DOWN_SINCE;
pub use office::Office;

/// When the daemon ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Only when told.
    Stopped,
    /// When every dropped file has its end, and all that is left to tell or to send waits for a limit or a later hour.
    Idle,
}

/// Why the daemon cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The ledger failed.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    /// A folder or file of the daemon's own failed.
    #[error("{place}: {cause}")]
    Io {
        /// What was touched.
        place: String,
        /// The system's words.
        cause: std::io::Error,
    },
    /// The mail settings cannot work.
    #[error("mail cannot be sent as configured: {0}")]
    Mail(String),
    /// No rule works and none worked before.
    #[error("no rules can be used: {0}")]
    Rules(String),
    /// A worker ended or panicked.
    #[error("the worker `{worker}` died: {cause}")]
    Worker {
        /// Which.
        worker: String,
        /// How.
        cause: String,
    },
}

impl DaemonError {
    /// Whether room on the disk would mend it.
    pub fn is_disk_full(&self) -> bool {
        match self {
            DaemonError::Ledger(error) => error.is_disk_full(),
            DaemonError::Io { cause, .. } => DaemonError::is_storage_full(cause),
            DaemonError::Mail(_) | DaemonError::Rules(_) | DaemonError::Worker { .. } => false,
        }
    }

    fn is_storage_full(cause: &std::io::Error) -> bool {
        matches!(cause.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
    }

    pub(crate) fn io(place: &Path, cause: std::io::Error) -> DaemonError {
        DaemonError::Io { place: place.display().to_string(), cause }
    }
}

/// How long a start waits between looks at a full disk.
const FULL_DISK_REST: Duration = Duration::from_secs(5);

/// Microseconds since 1970, the ledger's clock.
pub(crate) fn now_micros() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// Runs until it is told to stop, or (with [`Until::Idle`]) until nothing is left to do.
///
/// # Errors
/// When a part cannot be built, or a worker dies.
pub async fn run(config: Config, until: Until, shutdown: CancellationToken) -> Result<(), DaemonError> {
    // From the first moment on: a hangup that nobody listens to ends the process.
    let hangups = signal(SignalKind::hangup()).map_err(|cause| DaemonError::io(Path::new("SIGHUP"), cause))?;
    let Some((office, stamps)) = open(config, &shutdown).await? else { return Ok(()) };
    let listener = match office.settings().config.upkeep.metrics {
        Some(address) => Some(http::listen(address).await?),
        None => None,
    };
    let mut crew = Crew { workers: JoinSet::new(), pulses: Vec::new() };
    let mut idle = Vec::new();
    for settings in sources(&office)? {
        let flag = Arc::new(AtomicBool::new(false));
        idle.push(flag.clone());
        let (name, pulse) = (format!("source {}", settings.name), Pulse::default());
        let worker = source::SourceWorker::new(office.clone(), settings, pulse.clone(), flag)?;
        crew.start(&name, Some(pulse), worker.run(shutdown.clone()));
    }
    let pulse = Pulse::default();
    crew.start("courier", Some(pulse.clone()), courier::run(office.clone(), pulse, shutdown.clone()));
    let pulse = Pulse::default();
    crew.start("teller", Some(pulse.clone()), teller::run(office.clone(), pulse, shutdown.clone()));
    crew.start("reloader", None, reload::watch(office.clone(), (stamps, hangups), shutdown.clone()));
    let pulse = Pulse::default();
    crew.pulses.push(("rounds".to_owned(), pulse.clone()));
    let vitals = Arc::new(Vitals::new(crew.pulses.clone()));
    let rounds = rounds::run((office.clone(), vitals.clone()), pulse, shutdown.clone());
    crew.start("rounds", None, rounds);
    if let Some(listener) = listener {
        crew.start("metrics", None, http::serve(listener, (office.clone(), vitals.clone()), shutdown.clone()));
    }
    let pulses = crew.pulses.iter().map(|(_, pulse)| pulse.clone()).collect();
    let watchdog = tokio::spawn(telemetry::watch_over(pulses));
    let watcher = tokio::spawn(announce((office.clone(), vitals), idle, until, shutdown.clone()));
    let ended = wait_for(&mut crew.workers, &shutdown).await;
    watchdog.abort();
    watcher.abort();
    telemetry::stopping();
    ended
}

/// The workers, and the pulses of those that must move.
struct Crew {
    workers: JoinSet<(String, Result<(), DaemonError>)>,
    pulses: Vec<(String, Pulse)>,
}

impl Crew {
    fn start<F>(&mut self, name: &str, pulse: Option<Pulse>, work: F)
    where
        F: Future<Output = Result<(), DaemonError>> + Send + 'static,
    {
        let name = name.to_owned();
        self.pulses.extend(pulse.map(|pulse| (name.clone(), pulse)));
        self.workers.spawn(async move { (name, work.await) });
    }
}

/// The drop folders of the configuration, and the canary's.
fn sources(office: &Office) -> Result<Vec<SourceSettings>, DaemonError> {
    let config = &office.settings().config;
    let mut sources = config.sources.clone();
    if let (Some(source), Some(canary)) = (canary::source(config), &config.upkeep.canary) {
        office.set_canary(canary::desk(canary, office)?);
        sources.push(source);
    }
    Ok(sources)
}

/// The office with a desk in force, or nothing when the daemon is told to stop before that.
async fn open(config: Config, shutdown: &CancellationToken) -> Result<Option<(Arc<Office>, Stamps)>, DaemonError> {
    let opening = async {
        loop {
            match open_once(config.clone()).await {
                Err(error) if error.is_disk_full() => {
                    tracing::error!(%error, "the disk is full: started when there is room");
                    life::give(&config.state, &life::waits_for_room(&config.state, now_micros()));
                    tokio::time::sleep(FULL_DISK_REST).await;
                }
                opened => return opened.map(Some),
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {
            life::end(&config.state);
            Ok(None)
        }
        opened = opening => opened,
    }
}

async fn open_once(config: Config) -> Result<(Arc<Office>, Stamps), DaemonError> {
    let office = Arc::new(Office::open(config).await?);
    settings::begin(&office).await?;
    let stamps = reload::start(&office).await?;
    Ok((office, stamps))
}

/// The first worker that fails ends all; after a stop, the others get the time they need to finish what is in hand.
async fn wait_for(
    workers: &mut JoinSet<(String, Result<(), DaemonError>)>,
    shutdown: &CancellationToken,
) -> Result<(), DaemonError> {
    let mut ended = Ok(());
    while let Some(joined) = workers.join_next().await {
        let failure = match joined {
            Ok((_, Ok(()))) if shutdown.is_cancelled() => continue,
            Ok((worker, Ok(()))) => DaemonError::Worker { worker, cause: "it ended by itself".to_owned() },
            Ok((worker, Err(cause))) => {
                tracing::error!(worker, %cause, "a worker failed");
                cause
            }
            Err(panic) => DaemonError::Worker { worker: "unknown".to_owned(), cause: panic.to_string() },
        };
        shutdown.cancel();
        if ended.is_ok() {
            ended = Err(failure);
        }
    }
    ended
}

/// Says ready after every source's first full scan; with [`Until::Idle`], stops the daemon when nothing is left to do.
async fn announce(
    (office, vitals): (Arc<Office>, Arc<Vitals>),
    idle: Vec<Arc<AtomicBool>>,
    until: Until,
    shutdown: CancellationToken,
) {
    office.first_scans(idle.len()).await;
    vitals.set_ready();
    telemetry::ready();
    telemetry::status(&format!("watching {} drop folders", idle.len()));
    tracing::info!(sources = idle.len(), "ready");
    if until == Until::Stopped {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let quiet = idle.iter().all(|flag| flag.load(Ordering::SeqCst));
        if !quiet {
            continue;
        }
        match nothing_is_left(&office).await {
            Ok(true) => {
                shutdown.cancel();
                return;
            }
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "whether there is nothing left to do is not known"),
        }
    }
}

/// A mail that is tried again so soon is waited for by [`Until::Idle`].
const SOON: i64 = 3 * 60 * 1_000_000;

/// Whether all that is left waits for a limit or a later hour. A burst is over when no more files come.
async fn nothing_is_left(office: &Office) -> Result<bool, DaemonError> {
    let ledger = &office.ledger;
    // What is due becomes a mail meanwhile: who looked at the mails first would see neither.
    let told = teller::has_work(office, jiff::Timestamp::now()).await?;
    // A relay that refuses is asked by one message in minutes, whatever else is due; a fallback takes it meanwhile.
    let alone = office.settings().fallback.is_none();
    let refused = alone && office.hindrances.all().iter().any(|hindrance| hindrance.matter == Matter::Relay);
    let soon = now_micros().saturating_add(SOON);
    let mail = !refused && ledger.next_due_at().await?.is_some_and(|at| at <= soon);
    if told || mail || !ledger.unannounced_storms().await?.is_empty() {
        return Ok(false);
    }
    let bursts = ledger.end_bursts(now_micros()).await?;
    if bursts > 0 {
        office.bell.notify_one();
    }
    Ok(bursts == 0)
}
