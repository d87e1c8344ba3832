//! The office: what every worker of the daemon shares. Built once; the settings and the desk in it are swapped whole when
//! their texts change.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Mutex, Notify, Semaphore};

use super::DaemonError;
use super::hindrances::Hindrances;
use super::settings::{self, Settings};
use crate::config::{CANARY, Config};
use crate::desk::{Desk, DeskText, Shelf};
use crate::ledger::{Attempt, Ledger, LedgerError};
use crate::problem::Problem;

/// What every worker shares.
pub struct Office {
    /// The memory.
    pub ledger: Ledger,
    /// Rings when the outbox has something new.
    pub post: Notify,
    /// Rings when something is published that may be due.
    pub bell: Notify,
    /// What is in the workers' way.
    pub hindrances: Hindrances,
    /// The name of this installation, so that no other has its Message-IDs.
    pub installation: String,
    settings: ArcSwap<Settings>,
    desk: ArcSwapOption<Desk>,
    /// The canary's, with its own rule alone.
    canary: OnceLock<Arc<Desk>>,
    /// Watchlists as loaded last.
    shelf: std::sync::Mutex<Shelf>,
    /// Seconds spent on files, by source.
    worked: std::sync::Mutex<BTreeMap<String, f64>>,
    scans: Semaphore,
    unended: Mutex<Vec<Attempt>>,
    _lock: File,
}

impl Office {
    /// Opens the ledger, the transport and the folders.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub async fn open(config: Config) -> Result<Office, DaemonError> {
        make_folder(&config.state)?;
        let lock = lock(&config.state).await?;
        let ledger = Ledger::open(&config.ledger).await?;
        let known = settings::known(&config);
        Ok(Office {
            installation: ledger.installation(&uuid::Uuid::now_v7().to_string()).await?,
            ledger,
            settings: ArcSwap::from_pointee(Settings::open(config, known)?),
            post: Notify::new(),
            hindrances: Hindrances::default(),
            bell: Notify::new(),
            desk: ArcSwapOption::empty(),
            canary: OnceLock::new(),
            shelf: std::sync::Mutex::default(),
            worked: std::sync::Mutex::default(),
            scans: Semaphore::new(0),
            unended: Mutex::default(),
            _lock: lock,
        })
    }

    /// The configuration in force; whoever needs two of its words takes it once, so that they belong together.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Puts another configuration in force.
    pub fn set_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
        self.post.notify_one();
        self.bell.notify_one();
    }

    /// The desk in force; an attempt keeps the one that it began with.
    pub fn desk(&self) -> Option<Arc<Desk>> {
        self.desk.load_full()
    }

    /// The desk at which the files of a source are worked on.
    pub fn desk_of(&self, source: &str) -> Option<Arc<Desk>> {
        if source == CANARY { self.canary.get().cloned() } else { self.desk() }
    }

    /// Lays out the canary's desk, once.
    pub fn set_canary(&self, desk: Arc<Desk>) {
        let _ = self.canary.set(desk);
    }

    /// Puts a new desk in force from the next file on.
    pub fn set_desk(&self, desk: Desk) {
        self.desk.store(Some(Arc::new(desk)));
    }

    /// Builds a desk away from the workers' threads: loading large watchlists takes seconds.
    ///
    /// # Errors
    /// When the thread dies.
    pub async fn build(self: &Arc<Office>, texts: &[DeskText]) -> Result<(Desk, Vec<Problem>), DaemonError> {
        let (office, texts) = (self.clone(), texts.to_vec());
        let built = tokio::task::spawn_blocking(move || {
            let mut shelf = office.shelf.lock().unwrap_or_else(PoisonError::into_inner);
            Desk::build_from(&texts, &office.settings().known, &mut shelf)
        });
        built.await.map_err(|cause| DaemonError::Worker { worker: "rules".to_owned(), cause: cause.to_string() })
    }

    /// Ends an attempt without publishing. When the ledger cannot take even that, it is made up for later: an attempt
    /// that a full disk broke off must not count as one that ended the program.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn end_attempt(&self, attempt: &Attempt, outcome: &str) -> Result<(), DaemonError> {
        let ended = self.ledger.end_attempt(attempt, outcome).await;
        if ended.is_err() {
            self.unended.lock().await.push(attempt.clone());
        }
        Ok(ended?)
    }

    /// Ends the attempts that could not be ended when they were over.
    ///
    /// # Errors
    /// When the ledger still fails.
    pub async fn end_unended(&self) -> Result<(), DaemonError> {
        let mut unended = self.unended.lock().await;
        while let Some(attempt) = unended.last() {
            match self.ledger.end_attempt(attempt, "interrupted").await {
                // It was ended after all, and only the answer was an error.
                Ok(()) | Err(LedgerError::Unknown { .. }) => drop(unended.pop()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Counts the time that a file took.
    pub fn count_work(&self, source: &str, took: Duration) {
        let mut worked = self.worked.lock().unwrap_or_else(PoisonError::into_inner);
        *worked.entry(source.to_owned()).or_default() += took.as_secs_f64();
    }

    /// Seconds spent on files since the start, by source.
    pub fn worked(&self) -> BTreeMap<String, f64> {
        self.worked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that one source's first full scan is done.
    pub fn scanned(&self) {
        self.scans.add_permits(1);
    }

    /// Waits until that many first scans are done.
    pub async fn first_scans(&self, sources: usize) {
        let wanted = u32::try_from(sources).unwrap_or(u32::MAX);
        drop(self.scans.acquire_many(wanted).await);
    }
}

/// Makes a folder and its parents.
pub fn make_folder(folder: &Path) -> Result<(), DaemonError> {
    std::fs::create_dir_all(folder).map_err(|cause| DaemonError::io(folder, cause))
}

/// How often, and how long apart, a lock that is taken is asked for again.
const ASKED: (u32, Duration) = (20, Duration::from_millis(50));

/// One daemon a state folder: two would read the same files and send the same mails. The lock goes with the process, and
/// with a child of it that has not begun its own program yet: so it is asked for a second long.
async fn lock(state: &Path) -> Result<File, DaemonError> {
    let path = state.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|cause| DaemonError::io(&path, cause))?;
    for _ in 0..ASKED.0 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(ASKED.1).await,
            Err(TryLockError::Error(cause)) => {
                tracing::warn!(%cause, "the state folder cannot be locked: see to it that one daemon alone uses it");
                return Ok(file);
            }
        }
    }
    let taken = "another tidewaiter runs on this state folder; stop it, or give this one a `state:` of its own";
    Err(DaemonError::io(&path, std::io::Error::other(taken)))
}
