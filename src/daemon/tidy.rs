//! Where files go when they have their end: done, failed, duplicates, back to the drop folder. Every move is written
//! in the ledger first, so that a start after a crash can finish it.

use std::path::{Path, PathBuf};

use super::attempt::rejects_path;
use super::notices::Trouble;
use super::office::{Office, make_folder};
use super::{DaemonError, now_micros};
use crate::config::SourceSettings;
use crate::intake::{Counts, Folders, ReadError, move_file, write_beside};
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
        let folder = self.folders.done().join(month);
        make_folder(&folder)?;
        let path = self.work_path(row);
        let rejects = rejects_path(&path);
        if rejects.exists() {
            self.mv(&rejects, &folder, &format!("{}.rejected.csv", row.name))?;
        }
        let moved = match path.exists() {
            true => Some(self.mv(&path, &folder, &row.name)?),
            false => row.moved_to.clone(),
        };
        self.set(row, FileState::Done, None, moved).await
    }

    /// The same content again goes aside.
    pub async fn duplicate(&self, row: &FileRow) -> Result<(), DaemonError> {
        let folder = self.folders.duplicates();
        make_folder(&folder)?;
        self.set(row, FileState::Duplicate, None, None).await?;
        let path = self.work_path(row);
        if path.exists() {
            let moved = self.mv(&path, &folder, &row.name)?;
            self.set(row, FileState::Duplicate, None, Some(moved)).await?;
        }
        Ok(())
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
        let problem = problem_json(&row.name, error);
        self.office.tell_operators(&failed_trouble(self.source, row, error, &self.folders.failed())).await?;
        self.set(row, FileState::Failed, Some(problem.clone()), None).await?;
        self.move_failed(row, &problem).await
    }

    /// The second half of failing: the file goes to `failed/` with its reason beside it. Repeated after a crash.
    pub async fn move_failed(&self, row: &FileRow, problem: &str) -> Result<(), DaemonError> {
        let folder = self.folders.failed();
        make_folder(&folder)?;
        let path = self.work_path(row);
        remove_if_there(&rejects_path(&path))?;
        if path.exists() {
            let moved = self.mv(&path, &folder, &row.name)?;
            let beside = PathBuf::from(format!("{moved}.error.json"));
            write_beside(&beside, problem.as_bytes()).map_err(|cause| DaemonError::io(&beside, cause))?;
            self.set(row, FileState::Failed, Some(problem.to_owned()), Some(moved)).await?;
        }
        Ok(())
    }

    /// A file that somebody must look at stays in `work/` until it is released, or for a day.
    pub async fn held(&self, row: &FileRow, reason: &str, counts: Counts) -> Result<(), DaemonError> {
        let change = FileChange {
            state: FileState::Held,
            problem: Some(serde_json::json!({ "code": "held", "message": reason }).to_string()),
            moved_to: None,
            look_again_at: Some(now_micros() + HELD_FOR_MICROS),
        };
        self.office.ledger.set_file(row.id, &change, now_micros()).await?;
        let trouble = Trouble {
            kind: "file-held",
            about: format!("{} {}", row.name, row.sha256.as_deref().unwrap_or("")),
            subject: format!("file held: {} ({})", row.name, self.source.name),
            paragraphs: vec![
                format!("{} of source {} is held: {reason}.", row.name, self.source.name),
                format!("{} records were read and nobody was told anything.", counts.records),
                format!(
                    "If the file is right, run `tidewaiter release {}`; if it is not, drop a corrected one.",
                    row.name
                ),
                "After 24 hours it goes out under a banner that says so.".to_owned(),
            ],
        };
        self.office.tell_operators(&trouble).await
    }

    /// A file that changed while it was read goes back to the drop folder and settles again.
    pub async fn back(&self, row: &FileRow) -> Result<(), DaemonError> {
        let path = self.work_path(row);
        remove_if_there(&rejects_path(&path))?;
        if path.exists() {
            self.mv(&path, &self.folders.drop, &row.name)?;
        }
        Ok(self.office.ledger.discard_claim(row.id).await?)
    }

    fn mv(&self, from: &Path, to: &Path, name: &str) -> Result<String, DaemonError> {
        let moved = move_file(from, to, name).map_err(|cause| DaemonError::io(from, cause))?;
        Ok(moved.display().to_string())
    }

    async fn set(
        &self,
        row: &FileRow,
        state: FileState,
        problem: Option<String>,
        moved_to: Option<String>,
    ) -> Result<(), DaemonError> {
        let change = FileChange { state, problem, moved_to, look_again_at: None };
        Ok(self.office.ledger.set_file(row.id, &change, now_micros()).await?)
    }
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
        "sheet": null,
        "row": error.row,
        "column": error.column,
        "excerpt": error.excerpt,
        "hint": error.hint,
    });
    serde_json::to_string_pretty(&json).unwrap_or_else(|_| json.to_string())
}

fn failed_trouble(source: &SourceSettings, row: &FileRow, error: &ReadError, folder: &Path) -> Trouble {
    let place = error.row.map_or_else(String::new, |number| format!(" at row {number}"));
    let mut paragraphs = vec![
        format!("{} of source {} could not be read{place}: {}.", row.name, source.name, error.message),
        format!("It lies in {} with the reason beside it; nobody was told anything from it.", folder.display()),
    ];
    paragraphs.extend(error.excerpt.as_ref().map(|excerpt| format!("Near: {excerpt}")));
    paragraphs.extend(error.hint.as_ref().map(|hint| format!("What to do: {hint}.")));
    paragraphs.push(format!("Drop a corrected file, or run `tidewaiter retry {}`.", row.name));
    Trouble {
        kind: "file-failed",
        about: format!("{} {}", row.name, row.sha256.as_deref().unwrap_or("")),
        subject: format!("file failed: {} ({}): {}", row.name, source.name, error.code),
        paragraphs,
    }
}
