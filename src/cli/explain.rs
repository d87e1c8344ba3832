//! `tidewaiter explain RULE FILE:ROW`: selection by selection, why a rule fires for a record or does not.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, RulesArgument, find_rule, open, say, unreadable};
use crate::desk::Desk;
use crate::evaluate;
use crate::record::{FieldSet, Record};

/// Say for one record what each selection of a rule found.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidewaiter explain su-35-parts-to-rostec export.csv:17")]
pub struct Explain {
    /// The rule's id.
    rule: String,
    /// File and row, as a spreadsheet shows it.
    #[arg(value_name = "FILE:ROW")]
    place: String,
    #[command(flatten)]
    rules: RulesArgument,
    /// The layout; chosen by the headings when absent.
    #[arg(long)]
    layout: Option<String>,
}

/// Runs the command.
pub fn explain(command: &Explain) -> Result<(), CommandError> {
    let wrong = || CommandError::Usage(format!("`{}` is not FILE:ROW, such as export.csv:17", command.place));
    let (file, row) = command.place.rsplit_once(':').ok_or_else(wrong)?;
    let row: u64 = row.parse().map_err(|_| wrong())?;
    let desk = command.rules.desk()?;
    let rule = find_rule(&desk, &command.rule)?;
    let record = record(&PathBuf::from(file), row, &desk, command.layout.as_deref())?;
    let explanation = evaluate::explain(&desk.plan, rule, &record);
    let verdict = if explanation.fires { "fires" } else { "does not fire" };
    say(format!("{} {verdict} for {file} row {row}", rule.card.id));
    say(format!("  condition: {}", explanation.condition));
    for selection in &explanation.selections {
        say(format!("  {} {}", mark(selection.held), selection.name));
        for (held, line) in &selection.lines {
            say(format!("      {} {line}", mark(*held)));
        }
    }
    Ok(())
}

fn mark(held: bool) -> &'static str {
    if held { "yes" } else { "no " }
}

fn record(path: &Path, row: u64, desk: &Desk, layout: Option<&str>) -> Result<Record, CommandError> {
    let mut reading = open(path, desk, layout, &FieldSet::every())?;
    while let Some(batch) = reading.next() {
        let batch = batch.map_err(|error| unreadable(path, &error))?;
        if let Some(index) = batch.rows.iter().position(|number| *number == row) {
            return Ok(reading.record(&batch, index));
        }
        for reject in reading.take_rejects() {
            if reject.row == row {
                return Err(CommandError::Problems(format!("row {row} is no record: {}", reject.reason)));
            }
        }
    }
    Err(CommandError::Usage(format!("{} has no record at row {row}", path.display())))
}
