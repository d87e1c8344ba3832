//! `tidewaiter retry`, `release` and `discard`: what an operator does about files that did not go through. They work
//! whether the daemon runs or not; it takes what they leave at its next scan.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::status::time;
use super::{CommandError, ConfigArgument, say};
use crate::config::Config;
use crate::intake::move_file;
use crate::ledger::{FileChange, FileRow, FileState, Ledger, StormEnd};

/// Which file is meant.
#[derive(Debug, Args)]
struct Which {
    /// The file's name as it was dropped, its path, or its number in `tidewaiter status`; or the id of a rule
    /// whose storm is held.
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
    /// What was done, as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Put a failed file back into its drop folder.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidewaiter retry october.csv\n  tidewaiter retry 12")]
pub struct Retry {
    #[command(flatten)]
    which: Which,
}

/// Let a held file or storm go on: a file that looked different is told under a banner, one that was in doubt is read again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter release october.csv
  tidewaiter release 12
  tidewaiter release dji-direct          what this rule found in a storm is told")]
pub struct Release {
    #[command(flatten)]
    which: Which,
    /// It is a rule whose storm is held, even if a held file has this name.
    #[arg(long)]
    storm: bool,
}

/// Set aside, untold: a held file, which goes into failed/; a failed one, which stays there and is spoken of no more; or a
/// storm, whose findings stay recorded.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter discard october.csv
  tidewaiter discard 12
  tidewaiter discard dji-direct          what this rule found in a storm is never told")]
pub struct Discard {
    #[command(flatten)]
    which: Which,
    /// It is a rule whose storm is held, even if a held file has this name.
    #[arg(long)]
    storm: bool,
}

/// Puts a failed file back.
pub async fn retry(command: Retry) -> Result<(), CommandError> {
    let which = command.which;
    let (config, row, _) = which.find(&[FileState::Failed]).await?;
    let from = lies(&row).ok_or_else(|| CommandError::Usage(format!("{} is gone", row.name)))?;
    let source = config.sources.iter().find(|source| source.name == row.source);
    let source = source.ok_or_else(|| CommandError::Usage(format!("there is no source `{}` any more", row.source)))?;
    let moved = move_file(&from, &source.folder, &row.name).map_err(CommandError::io(&from))?;
    let moved = moved.display().to_string();
    which.done(&row, ("retried", &format!("{} is back at {moved}", row.name)), Some(&moved));
    Ok(())
}

/// Lets a held file go on, which the daemon takes at its next scan; or has the daemon tell a storm.
pub async fn release(command: Release) -> Result<(), CommandError> {
    let which = command.which;
    if which.is_storm(command.storm).await? {
        return which.end_storm(StormEnd::Released).await;
    }
    let (_, row, ledger) = which.find(&[FileState::Held]).await?;
    change(&ledger, &row, (FileState::Held, Some(0))).await?;
    which.done(&row, ("released", &format!("{} is released: the daemon takes it at its next scan", row.name)), None);
    Ok(())
}

/// Puts a held or failed file aside, of which the daemon moves the first at its next scan; or ends a storm untold.
pub async fn discard(command: Discard) -> Result<(), CommandError> {
    let which = command.which;
    if which.is_storm(command.storm).await? {
        return which.end_storm(StormEnd::Discarded).await;
    }
    let (_, row, ledger) = which.find(&[FileState::Held, FileState::Failed]).await?;
    let told = match row.state {
        FileState::Failed => format!("{} is set aside: it stays in failed/", row.name),
        _ => format!("{} is discarded, untold: the daemon moves it to failed/ at its next scan", row.name),
    };
    let row = FileRow { problem: Some(as_discarded(row.problem.as_deref())), ..row };
    change(&ledger, &row, (FileState::Failed, None)).await?;
    which.done(&row, ("discarded", &told), None);
    Ok(())
}

/// The reason why it was held, with a mark: `status` does not speak of such a file as failed.
fn as_discarded(problem: Option<&str>) -> String {
    let problem = problem.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let mut problem = problem.filter(serde_json::Value::is_object).unwrap_or(json!({}));
    if let Some(keys) = problem.as_object_mut() {
        keys.insert("discarded".to_owned(), json!(true));
    }
    problem.to_string()
}

/// The daemon may have got ahead of it.
async fn change(
    ledger: &Ledger,
    row: &FileRow,
    (state, look_again_at): (FileState, Option<i64>),
) -> Result<(), CommandError> {
    let change = FileChange { state, problem: row.problem.clone(), moved_to: None, look_again_at };
    match ledger.decide_file(row, &change, jiff::Timestamp::now().as_microsecond()).await? {
        true => Ok(()),
        false => Err(CommandError::Usage(format!("{} is not held any more; `tidewaiter status` says", row.name))),
    }
}

impl Which {
    /// The one file in one of these states that is meant.
    async fn find(&self, states: &[FileState]) -> Result<(Config, FileRow, Ledger), CommandError> {
        let (config, ledger) = self.config.ledger().await?;
        let known = self.candidates(&ledger).await?;
        let is_there = |row: &FileRow| row.state != FileState::Failed || lies(row).is_some();
        let fits = |row: &&FileRow| states.contains(&row.state) && is_there(row);
        let rows: Vec<&FileRow> = known.iter().filter(fits).collect();
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let word = states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" or ");
        match rows.as_slice() {
            [row] => Ok((config, (*row).clone(), ledger)),
            [] => {
                let is = match known.first() {
                    Some(row) => format!(": the last one is {}", stands(row)),
                    None if states.contains(&FileState::Held) => ", and no storm of such a rule is held".to_owned(),
                    None => String::new(),
                };
                Err(CommandError::Usage(format!(
                    "there is no {word} file `{name}`{is}; `tidewaiter status` lists them"
                )))
            }
            several => {
                let line = |row: &&FileRow| format!("  {}  {} of {}", row.id, time(row.seen_at), row.source);
                let lines: Vec<String> = several.iter().map(line).collect();
                let told = format!("several files named {name} are {word}; say which by its number:\n");
                Err(CommandError::Usage(told + &lines.join("\n")))
            }
        }
    }

    /// Whether a rule is meant whose storm is held; a name that a held file has too must say so.
    async fn is_storm(&self, said: bool) -> Result<bool, CommandError> {
        let (_, ledger) = self.config.ledger().await?;
        let name = self.file.to_string_lossy();
        let is_rule = ledger.storms().await?.iter().any(|storm| storm.rule.id == name);
        if said && !is_rule {
            return Err(CommandError::Usage(format!(
                "no storm of a rule `{name}` is held; `tidewaiter status` lists them"
            )));
        }
        let is_file = is_rule && self.candidates(&ledger).await?.iter().any(|row| row.state == FileState::Held);
        if is_file && !said {
            let message =
                format!("a file and the storm of a rule named {name} are held: add `--storm`, or write `./{name}`");
            return Err(CommandError::Usage(message));
        }
        Ok(is_rule)
    }

    /// Ends the held storms of the rule.
    async fn end_storm(&self, end: StormEnd) -> Result<(), CommandError> {
        let (_, ledger) = self.config.ledger().await?;
        let rule = self.file.to_string_lossy();
        let findings = ledger.end_storms(&rule, end, jiff::Timestamp::now().as_microsecond()).await?.unwrap_or(0);
        let (word, told) = match end {
            StormEnd::Released | StormEnd::Overdue => {
                ("released", "are released: the daemon tells them in one mail within ten seconds")
            }
            StormEnd::Discarded => ("discarded", "stay recorded and will not be told"),
        };
        let whole = json!({ "done": word, "rule": rule, "findings": findings });
        if self.json {
            say(whole.to_string())
        } else {
            say(format!("{findings} findings of {rule} {told}"))
        }
        Ok(())
    }

    /// By the path where one lies, else by name, else by number; newest first.
    async fn candidates(&self, ledger: &Ledger) -> Result<Vec<FileRow>, CommandError> {
        if self.file.components().count() > 1
            && let Ok(path) = self.file.canonicalize()
        {
            let lies_there = |row: &FileRow| lies(row).and_then(|at| at.canonicalize().ok());
            let failed = ledger.files_in(FileState::Failed).await?;
            if let Some(row) = failed.into_iter().find(|row| lies_there(row).as_ref() == Some(&path)) {
                return Ok(vec![row]);
            }
        }
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let rows = ledger.find_files(&name).await?;
        match name.parse::<i64>() {
            Ok(number) if rows.is_empty() => Ok(ledger.file(number).await?.into_iter().collect()),
            _ => Ok(rows),
        }
    }

    fn done(&self, row: &FileRow, (what, told): (&str, &str), moved_to: Option<&str>) {
        let whole = json!({ "done": what, "id": row.id, "name": row.name, "source": row.source, "moved_to": moved_to });
        if self.json { say(whole.to_string()) } else { say(told) }
    }
}

fn stands(row: &FileRow) -> String {
    let since = time(row.done_at.unwrap_or(row.seen_at));
    match row.state {
        FileState::Claiming | FileState::Work | FileState::Finishing => "being read".to_owned(),
        FileState::Failed => format!("failed since {since}, and was taken away or put back"),
        FileState::Done | FileState::Held | FileState::Duplicate | FileState::Waiting => {
            format!("{} since {since}", row.state.as_str())
        }
    }
}

/// Where a file that came to its end lies, when it still does.
fn lies(row: &FileRow) -> Option<PathBuf> {
    row.moved_to.as_ref().map(PathBuf::from).filter(|place| place.exists())
}
