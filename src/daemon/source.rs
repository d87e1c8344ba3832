//! One worker for each source: scan, settle, claim, work, tidy; one file after another, so that order is kept.
//!
//! The scan is the truth, events only wake it. A full disk pauses the worker; nothing else but the ledger stops it.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::arrival::{Arrival, Arrivals};
use super::attempt::{self, Ending, Job};
use super::complaints::{self, Complaints, Untaken};
use super::hindrances::Matter;
use super::notices::Trouble;
use super::office::{Office, make_folder};
use super::room::crowded;
use super::tidy::{Tidy, banner, there};
use super::{DaemonError, now_micros};
use crate::config::SourceSettings;
use crate::intake::settle::Sighting;
use crate::intake::{self, Folders, move_to};
use crate::ledger::{Claimed, FileRow, FileState, NewFile};
use crate::telemetry::Pulse;
use crate::watch::{self, Recursion, Watch};

/// How long a full disk, or a folder that fails, is waited for between looks.
const TROUBLE_REST: Duration = Duration::from_secs(5);
/// Looks that a settling file needs; the scans between are this much closer together.
const LOOKS: u32 = 3;
/// A file still growing or empty after this long is told of.
const NEVER_SETTLES: Duration = Duration::from_secs(6 * 3600);
const DIFFERS: &str = "its content has not the checksum that the .sha256 file beside it says; drop it again";
/// The watchdog must see a pulse also while nothing happens.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// A source's worker.
pub struct SourceWorker {
    office: Arc<Office>,
    source: SourceSettings,
    folders: Folders,
    arrivals: Arrivals,
    watch: Option<Watch>,
    pulse: Pulse,
    idle: Arc<AtomicBool>,
    complaints: Complaints,
    /// Whether the last round ended in an error: what was in its way is believed to be there until one ends well.
    failed: bool,
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
        let arrivals = Arrivals::new(&source);
        Ok(SourceWorker {
            office,
            source,
            folders,
            arrivals,
            watch: None,
            pulse,
            idle,
            complaints: Complaints::default(),
            failed: false,
            shutdown: CancellationToken::new(),
        })
    }

    /// Works until told to stop.
    ///
    /// # Errors
    /// When the ledger fails, or a folder for another reason than a full disk.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), DaemonError> {
        self.shutdown = shutdown.clone();
        let mut first = true;
        while !shutdown.is_cancelled() {
            self.pulse.beat();
            let rest = match self.round().await {
                Ok(rest) => rest,
                Err(error) => self.pause(error).await?,
            };
            if first {
                self.office.scanned();
                first = false;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = woken(self.watch.as_ref()) => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
        Ok(())
    }

    /// A full disk, or a folder that fails, stops this source alone, and only for a while.
    async fn pause(&mut self, error: DaemonError) -> Result<Duration, DaemonError> {
        self.failed = true;
        if error.is_disk_full() {
            tracing::error!(source = self.source.name, %error, "the disk is full: intake pauses");
            self.hinder(Some(format!("the disk is full: {error}")));
            return Ok(TROUBLE_REST);
        }
        let DaemonError::Io { .. } = error else { return Err(error) };
        self.hinder(Some(error.to_string()));
        self.tell(Some(complaints::stuck(&self.source.name, &error))).await?;
        Ok(TROUBLE_REST)
    }

    /// One full look at the ledger's open files and the folder; returns how long to rest.
    async fn round(&mut self) -> Result<Duration, DaemonError> {
        self.idle.store(false, Ordering::SeqCst);
        self.heed_settings();
        let obstacle = self.obstacle().await?;
        let rests = obstacle.is_some();
        if rests || !self.failed {
            self.hinder(obstacle);
        }
        if rests {
            return Ok(TROUBLE_REST);
        }
        let open = self.resume().await?;
        let unsettled = self.take_new().await?;
        self.failed = false;
        self.hinder(None);
        self.idle.store(open == 0 && unsettled == 0, Ordering::SeqCst);
        let settling = (self.source.settle_for / (LOOKS - 1)).max(Duration::from_millis(5));
        let rest = if unsettled > 0 { settling } else { self.source.scan_every };
        Ok(rest.min(self.source.scan_every).min(LONGEST_REST))
    }

    /// How the source is read may have been written anew; a file that was settling is looked at anew then.
    fn heed_settings(&mut self) {
        let settings = self.office.settings();
        let written = settings.config.sources.iter().find(|source| source.name == self.source.name);
        if let Some(written) = written.filter(|written| **written != self.source) {
            self.arrivals = Arrivals::new(written);
            self.source = written.clone();
        }
    }

    /// What is in the way of any file, told of. A drop folder that is gone (an unmounted drive, say) is waited for, and
    /// nothing is concluded from what it lacks.
    async fn obstacle(&mut self) -> Result<Option<String>, DaemonError> {
        let folder = self.source.folder.clone();
        let why = match tokio::task::block_in_place(|| std::fs::read_dir(&folder)) {
            Ok(_) => None,
            Err(cause) if cause.kind() == ErrorKind::NotFound => Some("the drop folder is gone".to_owned()),
            Err(cause) => Some(format!("the drop folder cannot be read: {cause}")),
        };
        if let Some(why) = why {
            let untaken = (folder, format!("{why}; it is waited for"));
            let trouble = self.complaints.untaken(&self.source.name, &[untaken]);
            self.tell(trouble).await?;
            self.watch = None;
            return Ok(Some(why));
        }
        make_folder(&self.folders.work())?;
        if self.watch.is_none() {
            self.watch = Some(Watch::new(std::slice::from_ref(&self.source.folder)));
        }
        let why = crowded(&self.source.folder).or_else(|| crowded(&self.office.settings().config.state));
        if let Some(why) = &why {
            tracing::error!(source = self.source.name, why, "intake pauses");
            self.tell(Some(complaints::disk_full(&self.source.name, why))).await?;
        }
        Ok(why)
    }

    fn hinder(&self, why: Option<String>) {
        let wrong = why.map(|why| complaints::intake_rests(&self.source, &why));
        self.office.hindrances.set(Matter::Intake(self.source.name.clone()), wrong);
    }

    fn tidy(&self) -> Tidy<'_> {
        Tidy { office: &self.office, source: &self.source, folders: &self.folders }
    }

    /// Goes on with files that the ledger knows: after a crash, after a wait, after a release. Returns how many stay open.
    async fn resume(&self) -> Result<usize, DaemonError> {
        let rows = self.office.ledger.open_files().await?;
        self.tidy().reconcile(&rows).await?;
        let mut open = 0;
        for row in rows.into_iter().filter(|row| row.source == self.source.name) {
            if self.shutdown.is_cancelled() {
                return Ok(1);
            }
            let there = there(&self.tidy().work_path(&row))?;
            let due = row.look_again_at.is_some_and(|at| at <= now_micros());
            match row.state {
                FileState::Claiming if there => {
                    self.sync_claim()?;
                    self.claimed(row.id).await?;
                }
                FileState::Claiming => self.office.ledger.discard_claim(row.id).await?,
                FileState::Finishing => self.tidy().done(&row).await?,
                FileState::Work | FileState::Waiting | FileState::Held if !there => self.vanished(&row).await?,
                // Hashed again: it may be the same as a file that was done since, or another half of it may have come.
                FileState::Work => self.claimed(row.id).await?,
                FileState::Waiting if due => self.claimed(row.id).await?,
                FileState::Held if due => self.process(&row, banner(&row)).await?,
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
        let scan = tokio::task::block_in_place(|| watch::scan(&folder, recursion))
            .map_err(|cause| DaemonError::io(&folder, cause))?;
        self.complaints.forget(&scan);
        let (pulse, shutdown) = (&self.pulse, &self.shutdown);
        let go_on = || {
            pulse.beat();
            !shutdown.is_cancelled()
        };
        let judged = tokio::task::block_in_place(|| self.arrivals.judge(&scan, go_on));
        let (mut unsettled, mut untaken) = (0, scan.unknown);
        for (sighting, arrival) in judged {
            if self.shutdown.is_cancelled() {
                break;
            }
            let late = |since: Instant| since.elapsed() >= NEVER_SETTLES;
            match arrival {
                Arrival::Take => untaken.extend(self.claim(&sighting).await?),
                Arrival::Wait { since, what } => {
                    unsettled += 1;
                    untaken.extend(late(since).then(|| (sighting.path, after_hours(what))));
                }
                Arrival::Lack { since, what } => {
                    untaken.extend(late(since).then(|| (sighting.path, after_hours(what))));
                }
                Arrival::Differs => untaken.push((sighting.path, DIFFERS.to_owned())),
            }
        }
        let wrong = complaints::still_untaken(&self.source, &untaken);
        self.office.hindrances.set(Matter::Untaken(self.source.name.clone()), wrong);
        let trouble = self.complaints.untaken(&self.source.name, &untaken);
        self.tell(trouble).await?;
        Ok(unsettled)
    }

    /// Intent first, then the rename into `work/`, then the hash. A file that cannot be moved comes back with the reason.
    async fn claim(&self, sighting: &Sighting) -> Result<Option<Untaken>, DaemonError> {
        self.pulse.beat();
        // The files before this one may have taken hours.
        if watch::look_at(&sighting.path) != Some(sighting.look) {
            return Ok(None);
        }
        let name = sighting.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let short: String = name.chars().take(40).collect();
        // What lies beside a file in work/ is told by its ending.
        let work_name =
            format!("{}-{}", uuid::Uuid::now_v7().simple(), short.replace(attempt::REJECTS, ".rejected_csv"));
        let size = i64::try_from(sighting.look.size).unwrap_or(i64::MAX);
        let new = NewFile { source: self.source.name.clone(), name, work_name: work_name.clone(), size };
        let id = self.office.ledger.begin_claim(&new, now_micros()).await?;
        let place = self.folders.work().join(&work_name);
        match tokio::task::block_in_place(|| move_to(&sighting.path, &place)) {
            Ok(()) => self.claimed(id).await.map(|()| None),
            // It was moved and only the syncing failed, or the disk is full: the claim stays, and is looked at again.
            Err(cause) if there(&place)? || DaemonError::is_storage_full(&cause) => {
                Err(DaemonError::io(&sighting.path, cause))
            }
            Err(cause) => {
                self.office.ledger.discard_claim(id).await?;
                Ok(Some((sighting.path.clone(), format!("it cannot be taken: {cause}"))))
            }
        }
    }

    /// A crash may have come between the rename of a claim and the syncing of the folders.
    fn sync_claim(&self) -> Result<(), DaemonError> {
        for folder in [self.folders.work(), self.source.folder.clone()] {
            tokio::task::block_in_place(|| intake::sync_folder(&folder))
                .map_err(|cause| DaemonError::io(&folder, cause))?;
        }
        Ok(())
    }

    /// A file that lies in `work/`: hashed, told apart from what was done before, worked on.
    async fn claimed(&self, id: i64) -> Result<(), DaemonError> {
        let Some(row) = self.office.ledger.file(id).await? else { return Ok(()) };
        let hash = match self.hash(self.tidy().work_path(&row)).await? {
            Ok(hash) => hash,
            Err(_) if self.shutdown.is_cancelled() => return Ok(()),
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

    /// On the disk, and its SHA-256. Given up at a stop: a large file, or a slow disk, takes longer than a stop may.
    async fn hash(&self, path: PathBuf) -> Result<std::io::Result<String>, DaemonError> {
        let (pulse, shutdown) = (self.pulse.clone(), self.shutdown.clone());
        let hashed = tokio::task::spawn_blocking(move || {
            let mut file = intake::open_nofollow(&path)?;
            file.sync_all()?;
            intake::sha256_while(&mut file, || {
                pulse.beat();
                !shutdown.is_cancelled()
            })
        });
        tokio::select! {
            () = self.shutdown.cancelled() => Ok(Err(std::io::ErrorKind::Interrupted.into())),
            hashed = hashed => hashed
                .map_err(|panic| DaemonError::Worker { worker: "hash".to_owned(), cause: panic.to_string() }),
        }
    }

    async fn process(&self, row: &FileRow, banner: Option<String>) -> Result<(), DaemonError> {
        let path = self.tidy().work_path(row);
        let job = Job { source: &self.source, row, path: &path, banner, pulse: &self.pulse, shutdown: &self.shutdown };
        let started = Instant::now();
        let ending = attempt::work(&self.office, &job).await;
        self.office.count_work(&row.source, started.elapsed());
        match ending? {
            Ending::Published { alerts, repeated, unasked, counts } => {
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
                let known =
                    unasked.map(|told| serde_json::json!({ "code": "not-applicable", "message": told }).to_string());
                self.tidy().done(&FileRow { problem: known, ..row.clone() }).await
            }
            Ending::Failed(error) => self.tidy().unreadable(row, &error).await,
            Ending::Doubtful(error) => self.tidy().doubtful(row, &error).await,
            Ending::Held { reason, counts } => self.tidy().held(row, &reason, counts).await,
            Ending::Changed => self.tidy().back(row).await,
            // A discarded file is moved at the next look, as one whose move was cut off.
            Ending::Stopped | Ending::Discarded => Ok(()),
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

    /// A disk so full that the mail about it cannot even be noted is no reason to end.
    async fn tell(&self, trouble: Option<Trouble>) -> Result<(), DaemonError> {
        let Some(trouble) = trouble else { return Ok(()) };
        match self.office.tell_operators(&trouble).await {
            Err(error) if error.is_disk_full() => Ok(()),
            other => other,
        }
    }
}

/// Returns when something has happened in the folder; never where nothing watches it.
async fn woken(watch: Option<&Watch>) {
    match watch {
        Some(watch) => watch.woken().await,
        None => std::future::pending().await,
    }
}

fn after_hours(what: &str) -> String {
    format!("it {what} after six hours; it is waited for")
}
