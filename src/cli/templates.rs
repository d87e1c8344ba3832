//! `tidewaiter templates`: which templates make the mails, and the shipped ones as files to start from.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, ConfigArgument, say, show};
use crate::deliver::Templates;
use crate::problem::Problem;

/// List the templates of the mails, or write the shipped ones to start from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter templates                    where each template comes from
  tidewaiter templates --write templates  the shipped ones as files; then `mail: { templates: templates }`")]
pub struct TemplatesCommand {
    /// Write the shipped templates into this folder; a file that is there already stays as it is.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Runs the command.
pub fn templates(command: &TemplatesCommand) -> Result<(), CommandError> {
    match &command.write {
        Some(folder) => write(folder),
        None => list(command),
    }
}

fn list(command: &TemplatesCommand) -> Result<(), CommandError> {
    let (templates, problems) = match &command.config.load()?.mail.templates {
        Some(folder) => Templates::load(folder)?,
        None => (Templates::shipped()?, Vec::new()),
    };
    for (name, _) in Templates::texts() {
        let own = templates.own().find(|(own, _)| *own == name).map(|(_, path)| path);
        say(format!("{name:<14} {}", own.unwrap_or("shipped")));
    }
    show(&problems);
    match problems.iter().any(Problem::is_error) {
        true => Err(CommandError::Problems("the shipped templates stand in for what cannot be used".to_owned())),
        false => Ok(()),
    }
}

fn write(folder: &Path) -> Result<(), CommandError> {
    std::fs::create_dir_all(folder).map_err(CommandError::io(folder))?;
    for (name, text) in Templates::texts() {
        let path = folder.join(name);
        if path.exists() {
            say(format!("{} is there already and stays as it is", path.display()));
            continue;
        }
        std::fs::write(&path, text).map_err(CommandError::io(&path))?;
        say(format!("wrote {}", path.display()));
    }
    say("Keep what you change and remove the others: they come better with every release.");
    Ok(())
}
