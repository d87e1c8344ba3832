//! Nightly: once a day, when nobody is there, a copy of the ledger, and old mails' texts dropped.
//!
//! A copy counts when it was read again whole; the oldest go when there are more than are wanted. A night that was missed
//! is made up for. What fails is told to the operators, and `status` shows it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::ZonedDateTime;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use super::DaemonError;
use super::notices::Trouble;
use super::office::Office;
use crate::config::Backup;
use crate::ledger::Ledger;
use crate::telemetry::Pulse;

/// The note in the ledger: what became of the last night.
const NOTE: &str = "nightly";
/// When old texts are dropped where no copies are made.
const USUAL: Time = jiff::civil::time(3, 30, 0, 0);
const BEAT: Duration = Duration::from_secs(10);

/// What became of a night.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Night {
    /// The date whose night it was.
    pub date: String,
    /// When the last good copy was made, in microseconds since 1970.
    pub copied_at: Option<i64>,
    /// Why the last copy could not be made.
    pub problem: Option<String>,
}

/// What was noted last; nothing before the first night.
///
/// # Errors
/// When the ledger fails.
pub async fn last(ledger: &Ledger) -> Result<Option<Night>, DaemonError> {
    Ok(ledger.note(NOTE).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Does the night's work when it is time.
///
/// # Errors
/// When the ledger fails. A copy that cannot be made is told.
pub async fn check(office: &Office, now: &ZonedDateTime, pulse: &Pulse) -> Result<(), DaemonError> {
    let settings = office.settings();
    let upkeep = &settings.config.upkeep;
    let date = last_night(now, upkeep.backup.as_ref().map_or(USUAL, |backup| backup.at)).to_string();
    let before = last(&office.ledger).await?;
    // Dates are compared as texts; one to come is a clock that was put back.
    if before.as_ref().is_some_and(|night| night.date >= date) {
        return Ok(());
    }
    let micros = now.timestamp().as_microsecond();
    let mut night = Night { date, ..before.clone().unwrap_or_default() };
    // On the first day there is nothing yet that a copy would save.
    if before.is_some() {
        night.problem = None;
        if let Some(backup) = &upkeep.backup {
            match copied(office, backup, &night.date, pulse).await {
                Ok(path) => {
                    tracing::info!(copy = %path.display(), "the ledger was copied");
                    night.copied_at = Some(micros);
                }
                Err(error) => night.problem = Some(error.to_string()),
            }
        }
        if let Some(kept) = upkeep.keep_mail {
            let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
            while office.ledger.drop_texts(micros.saturating_sub(kept)).await? > 0 {
                pulse.beat();
            }
        }
    }
    if let Some(problem) = &night.problem {
        office.tell_operators(&trouble(problem)).await?;
    }
    Ok(office.ledger.set_note(NOTE, &serde_json::json!(night).to_string()).await?)
}

/// The date whose hour was the last to come.
fn last_night(now: &ZonedDateTime, at: Time) -> Date {
    let today = now.date();
    match now.time() >= at {
        true => today,
        false => today.yesterday().unwrap_or(today),
    }
}

async fn copied(office: &Office, backup: &Backup, name: &str, pulse: &Pulse) -> Result<PathBuf, DaemonError> {
    let settings = office.settings();
    let copying = copy(&office.ledger, &settings.config.ledger, (backup, name));
    tokio::pin!(copying);
    loop {
        tokio::select! {
            copied = &mut copying => return copied,
            () = tokio::time::sleep(BEAT) => pulse.beat(),
        }
    }
}

/// Copies the ledger into the folder as `ledger-NAME.db`, under that name only when it is whole, and removes what is more
/// than is wanted.
///
/// # Errors
/// When there is no room, the folder cannot be used, or the copy is not whole; the older copies stay then.
pub async fn copy(ledger: &Ledger, file: &Path, (backup, name): (&Backup, &str)) -> Result<PathBuf, DaemonError> {
    let io = |cause| DaemonError::io(&backup.folder, cause);
    std::fs::create_dir_all(&backup.folder).map_err(io)?;
    has_room(file, &backup.folder).map_err(io)?;
    let (part, whole) = (backup.folder.join(".ledger.part"), backup.folder.join(format!("ledger-{name}.db")));
    if part.exists() {
        std::fs::remove_file(&part).map_err(io)?;
    }
    let made = ledger.backup(&part).await;
    if made.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    made?;
    std::fs::rename(&part, &whole).map_err(io)?;
    crate::intake::sync_folder(&backup.folder).map_err(io)?;
    for old in surplus(&backup.folder, backup.keep).map_err(io)? {
        std::fs::remove_file(&old).map_err(io)?;
    }
    Ok(whole)
}

/// Makes the copy of a day by hand; what `status` said of a copy that failed is over then.
///
/// # Errors
/// As [`copy`].
pub async fn copy_by_hand(
    ledger: &Ledger,
    file: &Path,
    (backup, now): (&Backup, &ZonedDateTime),
) -> Result<PathBuf, DaemonError> {
    let made = copy(ledger, file, (backup, &now.date().to_string())).await?;
    if let Some(night) = last(ledger).await? {
        let night = Night { copied_at: Some(now.timestamp().as_microsecond()), problem: None, ..night };
        ledger.set_note(NOTE, &serde_json::json!(night).to_string()).await?;
    }
    Ok(made)
}

/// A copy must not be what fills the disk that the ledger is on.
fn has_room(ledger: &Path, folder: &Path) -> std::io::Result<()> {
    let wanted = std::fs::metadata(ledger)?.len().saturating_mul(2);
    let stat = rustix::fs::statvfs(folder)?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    match free >= wanted {
        true => Ok(()),
        false => {
            let (free, wanted) = (free >> 20, wanted.div_ceil(1 << 20));
            Err(std::io::Error::other(format!("{free} MiB are free, and a copy of the ledger wants {wanted} MiB")))
        }
    }
}

/// The copies beyond the newest ones, by the dates in their names. Other files are not touched.
fn surplus(folder: &Path, keep: usize) -> std::io::Result<Vec<PathBuf>> {
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let date = name.strip_prefix("ledger-").and_then(|rest| rest.strip_suffix(".db"));
        if date.is_some_and(|date| date.parse::<Date>().is_ok()) {
            copies.push(path);
        }
    }
    copies.sort();
    copies.truncate(copies.len().saturating_sub(keep));
    Ok(copies)
}

fn trouble(problem: &str) -> Trouble {
    Trouble {
        kind: "no-backup",
        about: problem.to_owned(),
        subject: format!("the ledger was not copied: {problem}"),
        paragraphs: vec![
            format!("The nightly copy of the ledger could not be made: {problem}."),
            "The daemon works on, and the older copies are kept. `tidewaiter backup` tries it again at once; `backup:` in the \
             configuration says where copies lie, when they are made and how many are kept."
                .to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_night_is_the_one_whose_hour_has_come() {
        let night = |text: &str| last_night(&text.parse().unwrap(), USUAL).to_string();
        assert_eq!(night("2026-11-25T03:29[Europe/Berlin]"), "2026-11-24");
        assert_eq!(night("2026-11-25T03:30[Europe/Berlin]"), "2026-11-25");
        // The hour that is skipped when the clocks go forward.
        assert_eq!(night("2026-03-29T03:31[Europe/Berlin]"), "2026-03-29");
    }

    #[test]
    fn the_oldest_copies_go_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ledger-2026-11-24.db", "ledger-2026-11-23.db", "ledger-2025-12-31.db", "ledger-mine.db", "a.db"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(surplus(folder.path(), 2).unwrap(), [folder.path().join("ledger-2025-12-31.db")]);
        assert!(surplus(folder.path(), 7).unwrap().is_empty());
    }
}
