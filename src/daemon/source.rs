//! One worker for each source: scan, settle, claim, work, tidy; one file after another, so that order is kept.
//!
//! The scan is the truth, events only wake it. A full disk pauses the worker; nothing else but the ledger stops it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::attempt::{self, Ending, Job};
use super::notices::Trouble;
use super::office::{Office, make_folder};
use super::tidy::Tidy;
use super::{DaemonError, now_micros};
use crate::config::SourceSettings;
use crate::intake::settle::{Settling, Sighting, Verdict};
use crate::intake::{self, Folders, move_file};
use crate::ledger::{Claimed, FileRow, FileState, NewFile};
use crate::telemetry::Pulse;
use crate::watch::{self, Recursion, Watch};

/// How long a full disk is waited for between looks.
const DISK_FULL_REST: Duration = Duration::from_secs(5);
/// Looks that a settling file needs; the scans between are this much closer together.
const LOOKS: u32 = 3;
/// A file still growing or empty after this long is told of.
const NEVER_SETTLES: Duration = Duration::from_secs(6 * 3600);
/// Rows of the ledger that a start looks through for moves that a crash cut off.
const ROWS_LOOKED_BACK: i64 = 1000;
/// The watchdog must see a pulse also while nothing happens.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// A source's worker.
pub struct SourceWorker {
    office: Arc<Office>,
    source: SourceSettings,
    folders: Folders,
    settling: Settling,
    watch: Watch,
    pulse: Pulse,
    idle: Arc<AtomicBool>,
    reported: HashSet<PathBuf>,
    shutdown: CancellationToken,
}

impl SourceWorker {
    /// Makes the folders and arms the watch.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn new(
        office: Arc<Office>,
        source: SourceSettings,
        pulse: Pulse,
        idle: Arc<AtomicBool>,
    ) -> Result<SourceWorker, DaemonError> {
        make_folder(&source.folder)?;
        let folders = Folders::beside(&source.folder);
        make_folder(&folders.work())?;
        let watch = Watch::new(std::slice::from_ref(&source.folder));
        let settling = Settling::new(source.settle_for);
        Ok(SourceWorker {
            office,
            source,
            folders,
            settling,
            watch,
            pulse,
            idle,
            reported: HashSet::new(),
            shutdown: CancellationToken::new(),
        })
    }

    /// The source's name.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Works until told to stop.
    ///
    /// # Errors
    /// When the ledger fails, or a folder for another reason than a full disk.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), DaemonError> {
        self.shutdown = shutdown.clone();
        match self.finish_moves().await {
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "the disk is full: moves wait for the next start")
            }
            other => other?,
        }
        let mut first = true;
        while !shutdown.is_cancelled() {
            self.pulse.beat();
            let rest = match self.round().await {
                Ok(rest) => rest,
                Err(error) if error.is_disk_full() => {
                    tracing::error!(source = self.source.name, %error, "the disk is full: intake pauses");
                    DISK_FULL_REST
                }
                Err(error) => return Err(error),
            };
            if first {
                self.office.scanned();
                first = false;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.watch.woken() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
        Ok(())
    }

    /// Files whose end was written in the ledger but that a crash left in `work/` go where they belong.
    async fn finish_moves(&self) -> Result<(), DaemonError> {
        let rows = self.office.ledger.files(ROWS_LOOKED_BACK).await?;
        for row in rows.iter().filter(|row| row.source == self.source.name) {
            let left = self.tidy().work_path(row).exists();
            match row.state {
                FileState::Failed if left => {
                    self.tidy().move_failed(row, row.problem.as_deref().unwrap_or("{}")).await?
                }
                FileState::Duplicate if left => self.tidy().duplicate(row).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// One full look at the ledger's open files and the folder; returns how long to rest.
    async fn round(&mut self) -> Result<Duration, DaemonError> {
        self.idle.store(false, Ordering::SeqCst);
        if let Some(why) = crowded(&self.source.folder).or_else(|| crowded(&self.office.config.state)) {
            self.tell_disk_full(&why).await?;
            return Ok(DISK_FULL_REST);
        }
        let open = self.resume().await?;
        let unsettled = self.take_new().await?;
        self.idle.store(open == 0 && unsettled == 0, Ordering::SeqCst);
        let settling = (self.source.settle_for / (LOOKS - 1)).max(Duration::from_millis(5));
        let rest = if unsettled > 0 { settling } else { self.source.scan_every };
        Ok(rest.min(self.source.scan_every).min(LONGEST_REST))
    }

    fn tidy(&self) -> Tidy<'_> {
        Tidy { office: &self.office, source: &self.source, folders: &self.folders }
    }

    /// Goes on with files that the ledger knows: after a crash, after a wait, after a release. Returns how many stay open.
    async fn resume(&self) -> Result<usize, DaemonError> {
        let rows = self.office.ledger.open_files().await?;
        let mut open = 0;
        for row in rows.into_iter().filter(|row| row.source == self.source.name) {
            if self.shutdown.is_cancelled() {
                return Ok(1);
            }
            let there = self.tidy().work_path(&row).exists();
            let due = row.look_again_at.is_some_and(|at| at <= now_micros());
            match row.state {
                FileState::Claiming if there => self.claimed(row.id).await?,
                FileState::Claiming => self.office.ledger.discard_claim(row.id).await?,
                FileState::Finishing => self.tidy().done(&row).await?,
                FileState::Work | FileState::Waiting | FileState::Held if !there => self.vanished(&row).await?,
                FileState::Work => self.process(&row, None).await?,
                FileState::Waiting if due => self.process(&row, None).await?,
                FileState::Held if due => self.process(&row, Some(banner(&row))).await?,
                FileState::Waiting => open += 1,
                FileState::Held | FileState::Done | FileState::Failed | FileState::Duplicate => {}
            }
        }
        Ok(open)
    }

    /// Scans the folder and takes what has settled. Returns how many files are still settling.
    async fn take_new(&mut self) -> Result<usize, DaemonError> {
        let recursion = if self.source.recursive { Recursion::Deep } else { Recursion::Flat };
        let folder = self.source.folder.clone();
        let scan = match watch::scan(&folder, recursion) {
            Ok(scan) => scan,
            Err(cause) => {
                self.tell_once(&folder, &format!("the drop folder cannot be read: {cause}")).await?;
                return Ok(0);
            }
        };
        for (path, why) in &scan.unknown {
            self.tell_once(path, why).await?;
        }
        self.settling.keep(&scan.sightings);
        let names: HashSet<PathBuf> = scan.sightings.iter().map(|sighting| sighting.path.clone()).collect();
        let mut unsettled = 0;
        for sighting in &scan.sightings {
            if self.shutdown.is_cancelled() || self.is_marker(sighting, &names) {
                continue;
            }
            match self.verdict(sighting) {
                Verdict::Settled => self.claim(sighting).await?,
                Verdict::Empty { since } => self.tell_never(sighting, since, "is empty").await?,
                Verdict::Waiting { since } => {
                    unsettled += 1;
                    self.tell_never(sighting, since, "still changes").await?;
                }
            }
        }
        Ok(unsettled)
    }

    /// A done marker replaces the wait; with a marker configured nothing is taken without it.
    fn verdict(&mut self, sighting: &Sighting) -> Verdict {
        let now = Instant::now();
        let looked = self.settling.look(sighting, now);
        match self.marker_of(&sighting.path) {
            Some(marker) if marker.exists() => Verdict::Settled,
            Some(_) => match looked {
                Verdict::Settled => Verdict::Empty { since: now },
                other => other,
            },
            None => looked,
        }
    }

    fn marker_of(&self, path: &Path) -> Option<PathBuf> {
        let pattern = self.source.done_marker.as_ref()?;
        let name = path.file_name()?.to_string_lossy();
        Some(path.with_file_name(pattern.replace("{name}", &name)))
    }

    fn is_marker(&self, sighting: &Sighting, names: &HashSet<PathBuf>) -> bool {
        self.source.done_marker.is_some()
            && names.iter().any(|path| self.marker_of(path).as_deref() == Some(sighting.path.as_path()))
    }

    /// Intent first, then the rename into `work/`, then the hash.
    async fn claim(&mut self, sighting: &Sighting) -> Result<(), DaemonError> {
        let name = sighting.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let short: String = name.chars().take(40).collect();
        let work_name = format!("{}-{short}", uuid::Uuid::now_v7().simple());
        let size = i64::try_from(sighting.look.size).unwrap_or(i64::MAX);
        let new = NewFile { source: self.source.name.clone(), name, work_name: work_name.clone(), size };
        let id = self.office.ledger.begin_claim(&new, now_micros()).await?;
        match move_file(&sighting.path, &self.folders.work(), &work_name) {
            Ok(_) => self.claimed(id).await,
            Err(cause) if DaemonError::io(&sighting.path, clone_error(&cause)).is_disk_full() => {
                Err(DaemonError::io(&sighting.path, cause))
            }
            Err(cause) => {
                self.office.ledger.discard_claim(id).await?;
                self.tell_once(&sighting.path, &format!("it cannot be taken: {cause}")).await
            }
        }
    }

    /// A file that lies in `work/`: hashed, told apart from what was done before, worked on.
    async fn claimed(&self, id: i64) -> Result<(), DaemonError> {
        let Some(row) = self.office.ledger.file(id).await? else { return Ok(()) };
        let path = self.tidy().work_path(&row);
        let hashed = tokio::task::spawn_blocking(move || {
            let mut file = intake::open_nofollow(&path)?;
            file.sync_all()?;
            intake::sha256(&mut file)
        });
        let hashed = hashed
            .await
            .map_err(|panic| DaemonError::Worker { worker: "hash".to_owned(), cause: panic.to_string() })?;
        let hash = match hashed {
            Ok(hash) => hash,
            Err(cause) => return self.unreadable(&row, &cause).await,
        };
        match self.office.ledger.claimed(id, &hash, now_micros()).await? {
            Claimed::Duplicate { name, .. } => {
                tracing::info!(file = row.name, of = name, "the same content was done before: set aside");
                self.tidy().duplicate(&row).await
            }
            Claimed::Fresh => match self.office.ledger.file(id).await? {
                Some(row) => self.process(&row, None).await,
                None => Ok(()),
            },
        }
    }

    async fn process(&self, row: &FileRow, banner: Option<String>) -> Result<(), DaemonError> {
        let path = self.tidy().work_path(row);
        let job = Job { source: &self.source, row, path: &path, banner, pulse: &self.pulse, shutdown: &self.shutdown };
        let started = Instant::now();
        match attempt::work(&self.office, &job).await? {
            Ending::Published { alerts, repeated, counts } => {
                tracing::info!(
                    file = row.name,
                    source = row.source,
                    records = counts.records,
                    rejects = counts.rejects,
                    alerts,
                    repeated,
                    millis = started.elapsed().as_millis(),
                    "done"
                );
                self.tidy().done(row).await
            }
            Ending::Failed(error) => self.tidy().unreadable(row, &error).await,
            Ending::Held { reason, counts } => self.tidy().held(row, &reason, counts).await,
            Ending::Changed => self.tidy().back(row).await,
            Ending::Stopped => Ok(()),
        }
    }

    async fn unreadable(&self, row: &FileRow, cause: &std::io::Error) -> Result<(), DaemonError> {
        let error = intake::ReadError::new("unreadable", format!("the file cannot be read: {cause}"))
            .hint("make it a regular file that tidewaiter's user may read");
        self.tidy().unreadable(row, &error).await
    }

    async fn vanished(&self, row: &FileRow) -> Result<(), DaemonError> {
        tracing::error!(file = row.name, "it was taken out of work/ by somebody else");
        Ok(self.office.ledger.discard_claim(row.id).await?)
    }

    async fn tell_once(&mut self, path: &Path, why: &str) -> Result<(), DaemonError> {
        if !self.reported.insert(path.to_owned()) {
            return Ok(());
        }
        let trouble = Trouble {
            kind: "not-taken",
            about: path.display().to_string(),
            subject: format!("not taken: {}: {why}", path.display()),
            paragraphs: vec![
                format!("{} in the drop folder of source {} is not read: {why}.", path.display(), self.source.name),
                "Only regular files that tidewaiter's user may read and move are taken.".to_owned(),
            ],
        };
        self.office.tell_operators(&trouble).await
    }

    async fn tell_never(&mut self, sighting: &Sighting, since: Instant, what: &str) -> Result<(), DaemonError> {
        if since.elapsed() < NEVER_SETTLES {
            return Ok(());
        }
        let path = sighting.path.clone();
        self.tell_once(&path, &format!("it {what} after six hours; it is waited for")).await
    }

    async fn tell_disk_full(&self, why: &str) -> Result<(), DaemonError> {
        tracing::error!(source = self.source.name, why, "intake pauses");
        let trouble = Trouble {
            kind: "disk-full",
            about: self.source.name.clone(),
            subject: format!("intake pauses: {why}"),
            paragraphs: vec![format!("{why}. Intake of {} goes on by itself when there is room.", self.source.name)],
        };
        match self.office.tell_operators(&trouble).await {
            Err(error) if error.is_disk_full() => Ok(()),
            other => other,
        }
    }
}

fn banner(row: &FileRow) -> String {
    let problem: Option<serde_json::Value> = row.problem.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let reason = problem.as_ref().and_then(|json| json.get("message")).and_then(|message| message.as_str());
    format!(
        "This file was held and then released: {}.",
        reason.unwrap_or("it looked different from the files before it")
    )
}

fn clone_error(cause: &std::io::Error) -> std::io::Error {
    std::io::Error::from(cause.kind())
}

/// Says so when a file system is nearly full: under 5 %, or (where it is larger than 20 GiB) under 1 GiB.
fn crowded(folder: &Path) -> Option<String> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    let (free, all) = (stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize));
    let little = free < all / 20 || (all > 20 << 30 && free < 1 << 30);
    little.then(|| format!("{} has only {} MiB free", folder.display(), free >> 20))
}
