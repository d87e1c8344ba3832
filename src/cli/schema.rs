//! `tidewaiter schema`: JSON Schemas for editors. Printed, or written beside the files that name them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{CommandError, say};
use crate::config::ConfigFile;

/// Print a JSON Schema for an editor, or write all of them into a rules folder.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter schema rule > rule.schema.json
  tidewaiter schema --into /etc/tidewaiter/rules")]
pub struct Schema {
    /// Of what.
    #[arg(value_enum, required_unless_present = "into")]
    subject: Option<Subject>,
    /// The rules folder whose `.schema` gets all schemas, as `init` writes them; do this after an upgrade.
    #[arg(long, value_name = "FOLDER", conflicts_with = "subject")]
    into: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Subject {
    /// A rule file.
    Rule,
    /// The configuration.
    Config,
    /// A layout.
    Layout,
    /// A watchlist in YAML.
    Watchlist,
    /// A list in YAML.
    List,
    /// A test file.
    Test,
}

/// Runs the command.
pub fn schema(command: &Schema) -> Result<(), CommandError> {
    if let Some(folder) = &command.into {
        let written = write(folder).map_err(CommandError::io(folder))?;
        say(format!("wrote {}", written.display()));
    }
    command.subject.into_iter().for_each(|subject| say(subject.text()));
    Ok(())
}

/// Writes every schema into `.schema` of a rules folder, over older ones; returns that folder.
pub fn write(rules: &Path) -> std::io::Result<PathBuf> {
    let folder = rules.join(".schema");
    std::fs::create_dir_all(&folder)?;
    for subject in Subject::value_variants() {
        let name = subject.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        std::fs::write(folder.join(format!("{name}.json")), format!("{}\n", subject.text()))?;
    }
    Ok(folder)
}

impl Subject {
    fn schema(self) -> Value {
        match self {
            Subject::Rule => crate::rules::schema::schema(),
            Subject::Config => schemars::schema_for!(ConfigFile).to_value(),
            Subject::Layout => crate::intake::layout_schema(),
            Subject::Watchlist => crate::watchlist::schema(),
            Subject::List => crate::rules::schema::list_schema(),
            Subject::Test => crate::rules::schema::test_schema(),
        }
    }

    fn text(self) -> String {
        let schema = self.schema();
        serde_json::to_string_pretty(&schema).unwrap_or_else(|_| schema.to_string())
    }
}
