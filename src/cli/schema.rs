//! `tidewaiter schema`: JSON Schemas for editors.

use clap::Args;

use super::{CommandError, say};
use crate::config::ConfigFile;

/// Print a JSON Schema for an editor.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidewaiter schema rule > rule.schema.json")]
pub struct Schema {
    /// Of what.
    #[arg(value_enum)]
    subject: Subject,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// A rule file.
    Rule,
    /// The configuration.
    Config,
}

/// Runs the command.
pub fn schema(command: &Schema) -> Result<(), CommandError> {
    let schema = match command.subject {
        Subject::Rule => crate::rules::schema::schema(),
        Subject::Config => schemars::schema_for!(ConfigFile).to_value(),
    };
    say(serde_json::to_string_pretty(&schema).unwrap_or_else(|_| schema.to_string()));
    Ok(())
}
