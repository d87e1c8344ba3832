//! Where files go when they have their end: done, failed, duplicates, back to the drop folder. Every move is written
//! in the ledger first, with the place that is meant, so that any later look can finish what a crash cut off.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::attempt::{REJECTS, rejects_path};
use super::notices::Trouble;
use super::office::{Office, make_folder};
use super::wrong::quoted;
use super::{DaemonError, now_micros};
use crate::config::SourceSettings;
use crate::intake::{self, Counts, Folders, ReadError, move_file, move_to, write_beside};
use crate::ledger::{FileChange, FileRow, FileState};

/// Minutes after which a file that looks cut short is looked at again.
const LOOK_AGAIN_MINUTES: [i64; 3] = [1, 5, 15];
/// A held file goes out under a banner after this long.
const HELD_FOR_MICROS: i64 = 24 * 3600 * 1_000_000;
const MINUTE_MICROS: i64 = 60 * 1_000_000;

/// The folders of a source and the ledger beside them.
pub struct Tidy<'a> {
    /// What every worker shares.
    pub office: &'a Office,
    /// The source.
    pub source: &'a SourceSettings,
    /// Its folders.
    pub folders: &'a Folders,
}

impl Tidy<'_> {
    /// Where a claimed file lies.
    pub fn work_path(&self, row: &FileRow) -> PathBuf {
        self.folders.work().join(&row.work_name)
    }

    /// A published file goes to `done/YYYY/MM`, with its rejected rows beside it.
    pub async fn done(&self, row: &FileRow) -> Result<(), DaemonError> {
        let month = jiff::Timestamp::now().strftime("%Y/%m").to_string();
        self.put_away(row, FileState::Done, &self.folders.done().join(month)).await
    }

    /// The same content again goes aside.
    pub async fn duplicate(&self, row: &FileRow) -> Result<(), DaemonError> {
        self.put_away(row, FileState::Duplicate, &self.folders.duplicates()).await
    }

    /// A file that cannot be read waits, when it may just be incomplete, or goes to `failed/` with its reason beside it.
    pub async fn unreadable(&self, row: &FileRow, error: &ReadError) -> Result<(), DaemonError> {
        let waits = usize::try_from(row.looks).ok().and_then(|looks| LOOK_AGAIN_MINUTES.get(looks));
        match waits {
            Some(minutes) if error.cut_short() => {
                tracing::info!(file = row.name, code = %error.code, minutes, "looks cut short: looked at again");
                let change = FileChange {
                    state: FileState::Waiting,
                    problem: Some(problem_json(&row.name, error)),
                    moved_to: None,
                    look_again_at: Some(now_micros() + minutes * MINUTE_MICROS),
                };
                Ok(self.office.ledger.set_file(row.id, &change, now_micros()).await?)
            }
            _ => self.failed(row, error).await,
        }
    }

    async fn failed(&self, row: &FileRow, error: &ReadError) -> Result<(), DaemonError> {
        self.office.tell_operators(&failed_trouble(self.source, row, error, &self.folders.failed())).await?;
        let row = FileRow { problem: Some(problem_json(&row.name, error)), ..row.clone() };
        self.put_away(&row, FileState::Failed, &self.folders.failed()).await
    }

    /// Writes the end and the place in the ledger, then moves.
    async fn put_away(&self, row: &FileRow, state: FileState, folder: &Path) -> Result<(), DaemonError> {
        if !there(&self.work_path(row))? {
            tracing::error!(file = row.name, "it was taken out of work/ by somebody else");
            let change = FileChange { state, problem: row.problem.clone(), moved_to: None, look_again_at: None };
            return Ok(self.office.ledger.set_file(row.id, &change, now_micros()).await?);
        }
        make_folder(folder)?;
        loop {
            let place = intake::free_place(folder, &row.name).map_err(|cause| DaemonError::io(folder, cause))?;
            let moved_to = Some(place.display().to_string());
            let problem = if state == FileState::Duplicate { None } else { row.problem.clone() };
            let change = FileChange { state, problem, moved_to, look_again_at: None };
            self.office.ledger.set_file(row.id, &change, now_micros()).await?;
            match tokio::task::block_in_place(|| self.carry(row, state, &place)) {
                Err(DaemonError::Io { cause, .. }) if cause.kind() == ErrorKind::AlreadyExists => {}
                carried => return carried,
            }
        }
    }

    /// What belongs beside the file first, the file last: as long as it lies in `work/`, its move is not finished.
    fn carry(&self, row: &FileRow, state: FileState, place: &Path) -> Result<(), DaemonError> {
        let path = self.work_path(row);
        let rejects = rejects_path(&path);
        match state {
            FileState::Done if there(&rejects)? => {
                let folder = place.parent().unwrap_or(place);
                let name = beside(place, ".rejected.csv");
                let name = name.file_name().unwrap_or(OsStr::new("rejected.csv")).to_string_lossy();
                move_file(&rejects, folder, &name).map_err(|cause| DaemonError::io(&rejects, cause))?;
            }
            FileState::Failed => {
                let reason = beside(place, ".error.json");
                let problem = row.problem.as_deref().unwrap_or("{}");
                write_beside(&reason, problem.as_bytes()).map_err(|cause| DaemonError::io(&reason, cause))?;
                remove_if_there(&rejects)?;
            }
            _ => remove_if_there(&rejects)?,
        }
        move_to(&path, place).map_err(|cause| DaemonError::io(&path, cause))
    }

    /// Goes through `work/` for files that the ledger says are elsewhere, and for files that it does not know; those that
    /// it says are open are left alone.
    pub async fn reconcile(&self, open: &[FileRow]) -> Result<(), DaemonError> {
        let work = self.folders.work();
        let names = tokio::task::block_in_place(|| listed(&work)).map_err(|cause| DaemonError::io(&work, cause))?;
        for name in names.into_iter().filter(|name| !open.iter().any(|row| row.work_name == *name)) {
            let rows = self.office.ledger.find_files(&name).await?;
            match rows.iter().find(|row| row.work_name == name) {
                None => self.unknown(&name).await?,
                Some(row) => self.finish(row).await?,
            }
        }
        Ok(())
    }

    /// The second half of a move that was cut off.
    async fn finish(&self, row: &FileRow) -> Result<(), DaemonError> {
        let folder = match row.state {
            FileState::Done => return self.done(row).await,
            FileState::Failed => self.folders.failed(),
            FileState::Duplicate => self.folders.duplicates(),
            FileState::Claiming | FileState::Work | FileState::Finishing | FileState::Held | FileState::Waiting => {
                return Ok(());
            }
        };
        self.put_away(row, row.state, &folder).await
    }

    /// A file in `work/` of which the ledger knows nothing (it was set back to an older copy, say) is dropped again.
    async fn unknown(&self, name: &str) -> Result<(), DaemonError> {
        let path = self.folders.work().join(name);
        let dropped = name.split_once('-').map_or(name, |(_, dropped)| dropped);
        let back = self.mv(&path, &self.folders.drop, dropped)?;
        tracing::warn!(file = back, "it lay in work/ and the ledger does not know it: dropped again");
        remove_if_there(&rejects_path(&path))
    }

    /// A file that somebody must look at stays in `work/` until it is released, or for a day.
    pub async fn held(&self, row: &FileRow, reason: &str, counts: Counts) -> Result<(), DaemonError> {
        let (name, typed) = (&row.name, quoted(&row.name));
        let paragraphs = vec![
            format!("{name} of source {} is held: {reason}.", self.source.name),
            format!("{} records were read and nobody was told anything.", counts.records),
            self.where_it_lies(row)?,
            format!("If the file is right, run `tidewaiter release {typed}`."),
            format!("If it is not, run `tidewaiter discard {typed}` and drop a corrected one."),
            "After 24 hours it goes out under a banner that says so.".to_owned(),
        ];
        let problem = serde_json::json!({ "code": "held", "message": reason }).to_string();
        self.hold(row, problem, paragraphs).await
    }

    /// A file that may be misread stays in `work/` too. Nothing of it can be told, so it is tried again, and told of,
    /// once a day.
    pub async fn doubtful(&self, row: &FileRow, error: &ReadError) -> Result<(), DaemonError> {
        let (name, typed) = (&row.name, quoted(&row.name));
        let place = place(error).map_or_else(String::new, |place| format!(" ({place})"));
        let mut paragraphs = vec![
            format!("{name} of source {} is held: {}{place}.", self.source.name, error.message),
            "Reading on might have misread it, so nobody was told anything.".to_owned(),
        ];
        paragraphs.extend(error.excerpt.as_ref().map(|excerpt| format!("Near: {excerpt}")));
        paragraphs.push(self.where_it_lies(row)?);
        paragraphs.extend(error.hint.as_ref().map(|hint| format!("What to do: {hint}.")));
        paragraphs.push(format!(
            "Then run `tidewaiter release {typed}`, which reads it again; or drop a corrected file, and take this one \
             away with `tidewaiter discard {typed}`."
        ));
        self.hold(row, problem_json(name, error), paragraphs).await
    }

    fn where_it_lies(&self, row: &FileRow) -> Result<String, DaemonError> {
        let path = self.work_path(row);
        let rejects = rejects_path(&path);
        let beside = there(&rejects)?.then(|| format!(", its rejected rows in {}", rejects.display()));
        Ok(format!("It lies in {}{}.", path.display(), beside.unwrap_or_default()))
    }

    async fn hold(&self, row: &FileRow, problem: String, paragraphs: Vec<String>) -> Result<(), DaemonError> {
        let change = FileChange {
            state: FileState::Held,
            problem: Some(problem),
            moved_to: None,
            look_again_at: Some(now_micros() + HELD_FOR_MICROS),
        };
        let trouble = Trouble {
            kind: "file-held",
            about: format!("{} {}", row.name, row.sha256.as_deref().unwrap_or("")),
            subject: format!("file held: {} ({})", row.name, self.source.name),
            paragraphs,
        };
        // Told first: a crash in between tells at most once more, and never leaves a held file that nobody knows of.
        self.office.tell_operators(&trouble).await?;
        // One that was held before may have been discarded while it was read again.
        self.office.ledger.decide_file(row, &change, now_micros()).await?;
        Ok(())
    }

    /// A file that changed while it was read goes back to the drop folder and settles again.
    pub async fn back(&self, row: &FileRow) -> Result<(), DaemonError> {
        let path = self.work_path(row);
        remove_if_there(&rejects_path(&path))?;
        if there(&path)? {
            self.mv(&path, &self.folders.drop, &row.name)?;
        }
        Ok(self.office.ledger.discard_claim(row.id).await?)
    }

    fn mv(&self, from: &Path, to: &Path, name: &str) -> Result<String, DaemonError> {
        let moved = tokio::task::block_in_place(|| move_file(from, to, name));
        Ok(moved.map_err(|cause| DaemonError::io(from, cause))?.display().to_string())
    }
}

/// Whether a file is there; a folder that cannot be looked into is not an answer.
pub fn there(path: &Path) -> Result<bool, DaemonError> {
    tokio::task::block_in_place(|| path.try_exists()).map_err(|cause| DaemonError::io(path, cause))
}

/// What stands over the mails of a file that goes out although something is odd about it. A file that could not be read
/// as it was meant is read anew, and judged anew.
pub fn banner(row: &FileRow) -> Option<String> {
    let problem: serde_json::Value = serde_json::from_str(row.problem.as_deref()?).ok()?;
    let text = |key: &str| problem.get(key).and_then(|text| text.as_str());
    if text("code") != Some("held") {
        return None;
    }
    let reason = text("message").unwrap_or("it looked different from the files before it");
    let how = match row.look_again_at {
        Some(0) => "was held and then released",
        _ => "was held for a day, and nobody has said whether it is right",
    };
    Some(format!("This file {how}: {reason}."))
}

fn listed(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.ends_with(REJECTS) && !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}

fn beside(place: &Path, ending: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> Result<(), DaemonError> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(DaemonError::io(path, cause)),
        _ => Ok(()),
    }
}

fn problem_json(name: &str, error: &ReadError) -> String {
    let json = serde_json::json!({
        "file": name,
        "code": error.code,
        "message": error.message,
        "sheet": error.table,
        "row": error.row,
        "column": error.column,
        "excerpt": error.excerpt,
        "hint": error.hint,
    });
    serde_json::to_string_pretty(&json).unwrap_or_else(|_| json.to_string())
}

/// `sheet Data, row 7`, as far as it is known.
fn place(error: &ReadError) -> Option<String> {
    let row = error.row.map(|number| format!("row {number}"));
    let parts: Vec<String> = error.table.iter().cloned().chain(row).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn failed_trouble(source: &SourceSettings, row: &FileRow, error: &ReadError, folder: &Path) -> Trouble {
    let place = place(error).map_or_else(String::new, |place| format!(" at {place}"));
    let mut paragraphs = vec![
        format!("{} of source {} could not be read{place}: {}.", row.name, source.name, error.message),
        format!("It lies in {} with the reason beside it; nobody was told anything from it.", folder.display()),
    ];
    paragraphs.extend(error.excerpt.as_ref().map(|excerpt| format!("Near: {excerpt}")));
    paragraphs.extend(error.hint.as_ref().map(|hint| format!("What to do: {hint}.")));
    paragraphs.push(format!("Drop a corrected file, or run `tidewaiter retry {}`.", quoted(&row.name)));
    Trouble {
        kind: "file-failed",
        about: format!("{} {}", row.name, row.sha256.as_deref().unwrap_or("")),
        subject: format!("file failed: {} ({}): {}", row.name, source.name, error.code),
        paragraphs,
    }
}
