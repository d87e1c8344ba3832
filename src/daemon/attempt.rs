//! One attempt at one claimed file: read and evaluate it on a blocking thread, stage what it gives, publish it whole.
//!
//! In: a file in `work/` and its row in the ledger. Out: an [`Ending`]. Whatever is not published told nobody anything.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::doubt::{self, Reasons};
use super::office::Office;
use super::publish::{self, WholeFile};
use super::{DaemonError, now_micros};
use crate::alert::FileReport;
use crate::config::SourceSettings;
use crate::deliver::neutral_cell;
use crate::desk::Desk;
use crate::evaluate;
use crate::finding::Finding;
use crate::intake::{self, Counts, Known, OpenSettings, ReadError, Reject};
use crate::ledger::{Attempt, FileRow, FileState, StagedFinding};
use crate::pipeline::{self, Chunk, RunError};
use crate::record::{Field, SourceFile};
use crate::telemetry::Pulse;

/// A file that ended the daemon this often is not tried again by itself.
const DEATHS_BEFORE_FAILING: i64 = 3;
/// Attempts at one file within one look: the second knows what the first learnt about its columns.
const ATTEMPTS_A_LOOK: usize = 2;

/// Notes about a file's columns that the log carries; mails say the rest.
const LOGGED_NOTES: usize = 20;

/// How an attempt ended.
#[derive(Debug)]
pub enum Ending {
    /// Published.
    Published {
        /// Alerts told.
        alerts: usize,
        /// Findings told before.
        repeated: u64,
        /// Rules that could not be asked of it, in a sentence.
        unasked: Option<String>,
        /// What was read.
        counts: Counts,
    },
    /// It cannot be read.
    Failed(ReadError),
    /// It was read, but somebody must say that it is right.
    Held {
        /// Why, in a sentence.
        reason: String,
        /// What was read.
        counts: Counts,
    },
    /// It can be read, but perhaps not as it was meant, and somebody must say how.
    Doubtful(ReadError),
    /// It changed while it was read.
    Changed,
    /// The daemon was told to stop; the file is read again from its first row at the next start.
    Stopped,
    /// It was held, and somebody has discarded it while it was read.
    Discarded,
}

/// What is worked on.
pub struct Job<'a> {
    /// The drop folder that it came from.
    pub source: &'a SourceSettings,
    /// Its row in the ledger.
    pub row: &'a FileRow,
    /// Where it lies in `work/`.
    pub path: &'a Path,
    /// Set when it was held and goes on all the same; stands in its mails.
    pub banner: Option<String>,
    /// Moves with every chunk.
    pub pulse: &'a Pulse,
    /// Ends the attempt without publishing.
    pub shutdown: &'a CancellationToken,
}

/// Works on a claimed file to its end.
///
/// # Errors
/// When the ledger, a folder or the mail builder fails; the file stays in `work/` then and is tried again.
pub async fn work(office: &Office, job: &Job<'_>) -> Result<Ending, DaemonError> {
    let desk = office.desk_of(&job.source.name).ok_or_else(|| DaemonError::Rules("no desk".to_owned()))?;
    let mut known = Known::default();
    for _ in 0..ATTEMPTS_A_LOOK {
        office.end_unended().await?;
        let attempt = office.ledger.begin_attempt(job.row.id, &desk.id, now_micros()).await?;
        if attempt.number > DEATHS_BEFORE_FAILING {
            office.end_attempt(&attempt, "crash-loop").await?;
            return Ok(Ending::Failed(crash_loop()));
        }
        let read = read(office, job, &attempt, desk.clone(), known.clone()).await;
        let (mut whole, counts) = match read {
            Ok(Read::Whole(whole, counts)) => (whole, counts),
            Ok(Read::Changed) => {
                office.end_attempt(&attempt, "changed").await?;
                return Ok(Ending::Changed);
            }
            Ok(Read::Stopped) => {
                office.end_attempt(&attempt, "stopped").await?;
                return Ok(Ending::Stopped);
            }
            Ok(Read::Broken(error)) => {
                office.end_attempt(&attempt, &error.code).await?;
                match &error.learnt {
                    Some(learnt) if known != *learnt => known = learnt.clone(),
                    _ if error.holds() => return Ok(Ending::Doubtful(error)),
                    _ => return Ok(Ending::Failed(error)),
                }
                tracing::info!(file = job.row.name, code = %error.code, "read again with what was learnt");
                continue;
            }
            Err(error) => return Err(interrupted(office, &attempt, error).await),
        };
        if job.banner.is_none()
            && let Some(reason) = doubt::doubt(office, job, &whole, &desk).await?
        {
            office.end_attempt(&attempt, "held").await?;
            return Ok(Ending::Held { reason, counts });
        }
        if is_discarded(office, job.row).await? {
            office.end_attempt(&attempt, "discarded").await?;
            return Ok(Ending::Discarded);
        }
        let unasked = whole.unasked.take();
        return match publish::publish(office, &attempt, whole, (job.pulse, jiff::Timestamp::now())).await {
            Ok(tally) => Ok(Ending::Published { alerts: tally.alerts, repeated: tally.repeated, unasked, counts }),
            Err(error) => Err(interrupted(office, &attempt, error).await),
        };
    }
    Ok(Ending::Failed(plain_error("columns-contradict", "the file's columns contradict each other again and again")))
}

/// Whether somebody has said of a held file, since it was taken up, that nothing of it is to be told.
async fn is_discarded(office: &Office, row: &FileRow) -> Result<bool, DaemonError> {
    let now = office.ledger.file(row.id).await?;
    Ok(row.state == FileState::Held && now.is_some_and(|now| now.state == FileState::Failed))
}

/// The error, after the attempt that it broke off was ended. An error that ends the program leaves the attempt open, so
/// that it counts: no file may hold the daemon in a loop of crashes.
async fn interrupted(office: &Office, attempt: &Attempt, error: DaemonError) -> DaemonError {
    let goes_on = error.is_disk_full() || matches!(error, DaemonError::Io { .. });
    if goes_on && let Err(second) = office.end_attempt(attempt, "interrupted").await {
        tracing::debug!(%second, "the attempt is ended later");
    }
    error
}

enum Read {
    Whole(WholeFile, Counts),
    Broken(ReadError),
    Changed,
    Stopped,
}

struct ReadWhole {
    counts: Counts,
    layout: String,
    supplied: Vec<String>,
    notes: Vec<String>,
    unasked: Option<String>,
    changed: bool,
}

async fn read(
    office: &Office,
    job: &Job<'_>,
    attempt: &Attempt,
    desk: Arc<Desk>,
    known: Known,
) -> Result<Read, DaemonError> {
    let file = intake::open_nofollow(job.path).map_err(|cause| DaemonError::io(job.path, cause))?;
    let source = SourceFile {
        source: job.source.name.clone(),
        file: job.row.name.clone(),
        member: None,
        sheet: None,
        sha256: job.row.sha256.clone(),
    };
    let settings = OpenSettings {
        layout: job.source.layout.clone(),
        limits: office.settings().config.limits.clone(),
        isolation: intake::Isolation::Child,
        needs: desk.plan.needs().clone(),
        known,
    };
    let (sender, mut chunks) = mpsc::channel::<Chunk>(4);
    let read_source = source.clone();
    let reader = tokio::task::spawn_blocking(move || read_blocking(file, read_source, &desk, &settings, &sender));
    let mut staging = Staging::new(office, attempt, job);
    let mut staged = Ok(());
    while let Some(chunk) = next_chunk(&mut chunks, job.shutdown).await {
        job.pulse.beat();
        staged = staging.take(chunk).await;
        if staged.is_err() {
            break;
        }
    }
    drop(chunks);
    if job.shutdown.is_cancelled() {
        return Ok(Read::Stopped);
    }
    let read =
        reader.await.map_err(|panic| DaemonError::Worker { worker: "reader".to_owned(), cause: panic.to_string() })?;
    staged?;
    let mut whole = match read {
        Ok(whole) if whole.changed => return Ok(Read::Changed),
        Ok(whole) => whole,
        Err(RunError::Read(error)) => return Ok(Read::Broken(error)),
        Err(RunError::Taker(())) => return Ok(Read::Changed),
    };
    let commonest_reject = staging.finish()?;
    for note in whole.notes.iter().take(LOGGED_NOTES) {
        tracing::info!(file = job.row.name, note, "note about the file");
    }
    let report = FileReport {
        source,
        records: whole.counts.records,
        rejects: whole.counts.rejects,
        skipped: whole.counts.skipped,
        notes: std::mem::take(&mut whole.notes),
        banner: job.banner.clone(),
    };
    let ReadWhole { layout, supplied, unasked, counts, .. } = whole;
    Ok(Read::Whole(WholeFile { report, layout, supplied, unasked, commonest_reject }, counts))
}

/// The next chunk, or nothing when there is none or the daemon is to stop.
async fn next_chunk(chunks: &mut mpsc::Receiver<Chunk>, shutdown: &CancellationToken) -> Option<Chunk> {
    tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        chunk = chunks.recv() => chunk,
    }
}

fn read_blocking(
    file: File,
    source: SourceFile,
    desk: &Desk,
    settings: &OpenSettings,
    sender: &mpsc::Sender<Chunk>,
) -> Result<ReadWhole, RunError<()>> {
    let witness = file.try_clone().ok();
    let before = witness.as_ref().and_then(look);
    let mut reading = intake::open(file, source, &desk.layouts, settings)?;
    let counts = pipeline::run(&mut reading, desk, |chunk| sender.blocking_send(chunk).map_err(|_| ()))?;
    let after = witness.as_ref().and_then(look);
    let fields = Field::all().filter(|field| reading.supplied().contains(*field)).map(Field::name);
    let headings = desk.plan.needs().raw.intersection(&reading.supplied().raw);
    let supplied = fields.chain(headings.map(|heading| format!("raw.{heading}"))).collect();
    Ok(ReadWhole {
        counts,
        layout: reading.layout().name.clone(),
        supplied,
        notes: pipeline::notes(&reading, desk),
        unasked: evaluate::unasked(&desk.plan, reading.supplied()),
        changed: before != after,
    })
}

/// Size and modification time: our own rename changes neither.
fn look(file: &File) -> Option<(u64, std::time::SystemTime)> {
    let metadata = file.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// Turns chunks into staged findings and a file of rejected rows.
struct Staging<'a> {
    office: &'a Office,
    attempt: &'a Attempt,
    job: &'a Job<'a>,
    /// By the first half of the key: 128 bits of a hash, since a file may raise millions.
    occurrences: HashMap<u128, u32>,
    rejects: Option<csv::Writer<File>>,
    reasons: Reasons,
}

impl<'a> Staging<'a> {
    fn new(office: &'a Office, attempt: &'a Attempt, job: &'a Job<'a>) -> Staging<'a> {
        Staging { office, attempt, job, occurrences: HashMap::new(), rejects: None, reasons: Reasons::default() }
    }

    async fn take(&mut self, chunk: Chunk) -> Result<(), DaemonError> {
        self.write_rejects(&chunk.rejects)?;
        chunk.rejects.iter().for_each(|reject| self.reasons.count(reject));
        let staged: Vec<StagedFinding> = chunk.findings.into_iter().map(|finding| self.with_key(finding)).collect();
        if !staged.is_empty() {
            self.office.ledger.stage(self.attempt, &staged).await?;
        }
        Ok(())
    }

    /// Identical rows of one file stay apart by their occurrence; a declaration's key ignores it.
    fn with_key(&mut self, finding: Finding) -> StagedFinding {
        let first = finding.key(&self.job.source.identity, 0);
        let short = u128::from_str_radix(first.get(..32).unwrap_or(""), 16).unwrap_or(0);
        let occurrence = self.occurrences.entry(short).or_insert(0);
        let key = if *occurrence == 0 { first } else { finding.key(&self.job.source.identity, *occurrence) };
        *occurrence += 1;
        StagedFinding { key, finding }
    }

    fn write_rejects(&mut self, rejects: &[Reject]) -> Result<(), DaemonError> {
        if rejects.is_empty() {
            return Ok(());
        }
        let path = rejects_path(self.job.path);
        let failed = |cause: csv::Error| DaemonError::io(&path, cause.into());
        if self.rejects.is_none() {
            let file = File::create(&path).map_err(|cause| DaemonError::io(&path, cause))?;
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
            writer.write_record(["part", "row", "reason", "cells"]).map_err(failed)?;
            self.rejects = Some(writer);
        }
        let Some(writer) = &mut self.rejects else { return Ok(()) };
        for reject in rejects {
            let row = reject.row.to_string();
            let start = [reject.table.as_str(), row.as_str(), reject.reason.as_str()];
            let cells = start.into_iter().chain(reject.cells.iter().map(String::as_str));
            writer.write_record(cells.map(neutral_cell)).map_err(failed)?;
        }
        Ok(())
    }

    /// The rejects are on the disk; the commonest reason for one.
    fn finish(self) -> Result<Option<String>, DaemonError> {
        let path = rejects_path(self.job.path);
        let failed = |cause| DaemonError::io(&path, cause);
        match self.rejects {
            Some(mut writer) => {
                writer.flush().map_err(failed)?;
                let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
                file.sync_all().map_err(failed)?;
            }
            None => match std::fs::remove_file(&path) {
                Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(failed(cause)),
                _ => {}
            },
        }
        Ok(self.reasons.commonest())
    }
}

/// What a file's rejected rows are named after it.
pub const REJECTS: &str = ".rejected.csv";

/// Where the rejected rows of a file in `work/` are written until it is done.
pub fn rejects_path(work_path: &Path) -> PathBuf {
    let mut name = work_path.as_os_str().to_owned();
    name.push(REJECTS);
    PathBuf::from(name)
}

fn crash_loop() -> ReadError {
    plain_error("crash-loop", "the program ended three times while it read this file; it is not tried again by itself")
}

fn plain_error(code: &'static str, message: &str) -> ReadError {
    ReadError::new(code, message)
}
