//! `tidewaiter retry FILE` and `tidewaiter release FILE`: what an operator does about files that did not go through.

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, ConfigArgument, say, storm};
use crate::intake::move_file;
use crate::ledger::{FileChange, FileRow, FileState, Ledger};

/// Put a failed file back into its drop folder.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidewaiter retry october.csv")]
pub struct Retry {
    /// The file's name as it was dropped, or a path that ends in it.
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Let a held file go on, or tell what a rule found in a storm.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidewaiter release october.csv\n  tidewaiter release dji-direct")]
pub struct Release {
    /// The file's name as it was dropped, or a path that ends in it; or the id of a rule whose storm is held.
    what: PathBuf,
    /// It is a rule, even if a held file has the same name.
    #[arg(long)]
    storm: bool,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Puts a failed file back.
pub async fn retry(command: Retry) -> Result<(), CommandError> {
    let (config, ledger) = command.config.ledger().await?;
    let row = newest(&ledger, &command.file, FileState::Failed).await?;
    let from = row.moved_to.as_ref().map(PathBuf::from).filter(|path| path.exists());
    let from = from.ok_or_else(|| CommandError::Usage(format!("{} does not lie in failed/ any more", row.name)))?;
    let source = config.sources.iter().find(|source| source.name == row.source);
    let source = source.ok_or_else(|| CommandError::Usage(format!("there is no source `{}` any more", row.source)))?;
    let moved = move_file(&from, &source.folder, &row.name).map_err(CommandError::io(&from))?;
    say(format!("{} is back at {}", row.name, moved.display()));
    Ok(())
}

/// Lets a held file go on, which the daemon takes at its next scan; or has the daemon tell a storm.
pub async fn release(command: Release) -> Result<(), CommandError> {
    let (_, ledger) = command.config.ledger().await?;
    let name = command.what.to_string_lossy();
    let file = newest(&ledger, &command.what, FileState::Held).await;
    let is_storm = storm::is_held(&ledger, &name).await?;
    if is_storm && file.is_ok() && !command.storm {
        return Err(CommandError::Usage(format!(
            "a file and the storm of a rule named {name} are held: `release --storm {name}`, or `release ./{name}` for the file"
        )));
    }
    if is_storm || command.storm {
        return match storm::release(&ledger, &name).await? {
            true => Ok(()),
            false => Err(CommandError::Usage(format!("no storm of a rule `{name}` is held"))),
        };
    }
    let row = file?;
    let change =
        FileChange { state: FileState::Held, problem: row.problem.clone(), moved_to: None, look_again_at: Some(0) };
    ledger.set_file(row.id, &change, jiff::Timestamp::now().as_microsecond()).await?;
    say(format!("{} is released: the daemon takes it at its next scan", row.name));
    Ok(())
}

async fn newest(ledger: &Ledger, file: &std::path::Path, state: FileState) -> Result<FileRow, CommandError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let rows = ledger.find_files(&name).await?;
    let found = rows.into_iter().filter(|row| row.state == state).max_by_key(|row| row.id);
    found.ok_or_else(|| {
        CommandError::Usage(format!("no file named {name} is {}; `tidewaiter status` lists them", state.as_str()))
    })
}
