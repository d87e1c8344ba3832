//! `tidewaiter backup [FILE]`: a copy of the ledger, made and read again while the daemon works on.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{CommandError, ConfigArgument, say};
use crate::config::Backup;
use crate::daemon::nightly;

/// Copy the ledger, while the daemon works on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter backup                       into the folder of the nightly copies
  tidewaiter backup /mnt/usb/ledger.db

To restore: stop the daemon, put the copy in the place of the ledger, remove `ledger.db-wal` and `ledger.db-shm` beside it,
and start. What was told after the copy was made is told once more when its exports come again.")]
pub struct BackupCommand {
    /// Where to; a file that is not there yet. By itself today's copy in the folder that `backup:` names.
    file: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn backup(command: BackupCommand) -> Result<(), CommandError> {
    let (config, ledger) = command.config.ledger().await?;
    let made = match (&command.file, &config.upkeep.backup) {
        (Some(file), _) => to_file(&ledger, file).await?,
        (None, Some(backup)) => today(&ledger, &config.ledger, backup, &config.timing.zone).await?,
        (None, None) => {
            let advice = "the configuration says `backup: never`: name the file to write";
            return Err(CommandError::Usage(advice.to_owned()));
        }
    };
    let bytes = std::fs::metadata(&made).map_err(CommandError::io(&made))?.len();
    match command.json {
        true => say(json!({ "copy": made, "bytes": bytes }).to_string()),
        false => say(format!(
            "{}: the whole ledger, {} KiB, read again and found good",
            made.display(),
            bytes.div_ceil(1024)
        )),
    }
    Ok(())
}

async fn to_file(ledger: &crate::ledger::Ledger, file: &Path) -> Result<PathBuf, CommandError> {
    if file.exists() {
        return Err(CommandError::Usage(format!("{} is there already: name a file that is not", file.display())));
    }
    ledger.backup(file).await?;
    Ok(file.to_owned())
}

async fn today(
    ledger: &crate::ledger::Ledger,
    file: &Path,
    backup: &Backup,
    zone: &jiff::tz::TimeZone,
) -> Result<PathBuf, CommandError> {
    let now = jiff::Timestamp::now().to_zoned_datetime(zone.clone());
    Ok(nightly::copy_by_hand(ledger, file, (backup, &now)).await?)
}
