//! `tidewaiter layout FILE`: how a file is read, column by column, and a layout to start from.

mod draft;
mod json;
mod show;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, RulesArgument, say, unreadable};
use crate::desk::{Desk, TextKind};
use crate::intake::{self, Isolation, LayoutChoice, Layouts, Limits, OpenSettings, Survey};
use crate::problem::{self, did_you_mean};
use crate::record::FieldSet;
use crate::rules::Known;

/// Show how a file is read: header, layout, fields, values; or write a layout to start from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter layout export.xlsx
  tidewaiter layout export.xlsx --table Sheet2 --json
  tidewaiter layout export.csv --write rules/layouts/our-agent.yaml
  tidewaiter layout export.csv --layout our-agent

Exit codes: 0 a layout fits, 1 none does, or the file cannot be read.")]
pub struct LayoutCommand {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    rules: RulesArgument,
    /// The layout; chosen by the headings when absent.
    #[arg(long, value_name = "NAME")]
    layout: Option<String>,
    /// Only this sheet of a workbook, or this member of an archive.
    #[arg(long, alias = "sheet", alias = "member", value_name = "NAME")]
    table: Option<String>,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
    /// Write a layout with the headings of the file; what is there already is never overwritten.
    #[arg(long, value_name = "OUT.yaml", conflicts_with = "json")]
    write: Option<PathBuf>,
}

/// Runs the command.
pub fn layout(command: &LayoutCommand) -> Result<(), CommandError> {
    let layouts = layouts(&command.rules)?;
    if let Some(name) = command.layout.as_deref().filter(|name| layouts.get(name).is_none()) {
        let guess = did_you_mean(name, layouts.names());
        let hint = guess.map_or_else(String::new, |guess| format!("; did you mean `{guess}`?"));
        return Err(CommandError::Usage(format!("there is no layout `{name}`{hint}")));
    }
    let mut survey = look(command, &layouts)?;
    if let Some(name) = &command.table {
        only(&mut survey, name)?;
    }
    if let Some(out) = &command.write {
        return write(command, (&survey, &layouts), out);
    }
    match command.json {
        true => say(json::whole(&command.file, &survey).to_string()),
        false => show::lines(&command.file, &survey, width()).iter().for_each(say),
    }
    match survey.tables.iter().any(|table| table.layout.is_some()) {
        true => Ok(()),
        // What is the matter has been shown.
        false => Err(CommandError::Problems(String::new())),
    }
}

/// The layouts alone: neither rules nor watchlists are needed to look at a file.
fn layouts(rules: &RulesArgument) -> Result<Layouts, CommandError> {
    let (mut texts, _) = rules.texts()?;
    texts.retain(|text| text.kind == TextKind::Layout);
    let (desk, problems) = Desk::build(&texts, &Known::default());
    let errors = problems.iter().filter(|problem| problem.is_error());
    for problem in errors {
        let _ = writeln!(std::io::stderr(), "{}\n", problem::render(problem));
    }
    Ok(desk.layouts)
}

fn look(command: &LayoutCommand, layouts: &Layouts) -> Result<Survey, CommandError> {
    let file = intake::open_nofollow(&command.file).map_err(CommandError::io(&command.file))?;
    let settings = OpenSettings {
        layout: command.layout.clone().map_or(LayoutChoice::Auto, LayoutChoice::Named),
        limits: Limits::default(),
        isolation: Isolation::Child,
        needs: FieldSet::every(),
        known: intake::Known::default(),
    };
    intake::survey(file, layouts, &settings).map_err(|error| unreadable(&command.file, &error))
}

/// Leaves the tables of a name.
fn only(survey: &mut Survey, name: &str) -> Result<(), CommandError> {
    let names: Vec<String> = survey.tables.iter().map(intake::TableSurvey::name).collect();
    let is = |part: &Option<String>| part.as_deref() == Some(name);
    survey.tables.retain(|table| is(&table.sheet) || is(&table.member));
    if survey.tables.is_empty() {
        let there = if names.len() > 1 { format!("; there are: {}", names.join("; ")) } else { String::new() };
        return Err(CommandError::Usage(format!("there is no sheet or member `{name}` with rows{there}")));
    }
    Ok(())
}

/// Columns of the terminal; none where the output goes elsewhere and nothing need be cut.
fn width() -> Option<usize> {
    let is_terminal = std::io::stdout().is_terminal();
    let size = || terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
    is_terminal.then(|| size().max(60))
}

fn write(command: &LayoutCommand, of: (&Survey, &Layouts), out: &Path) -> Result<(), CommandError> {
    let (survey, layouts) = of;
    let name = draft::name(out, layouts);
    let text = draft::text((&command.file, &name), survey)
        .ok_or_else(|| CommandError::Problems(format!("{}: there are no headings in it", command.file.display())))?;
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(out);
    let mut file = opened.map_err(|cause| match cause.kind() {
        std::io::ErrorKind::AlreadyExists => {
            CommandError::Usage(format!("{} is there already and is left as it is; name another file", out.display()))
        }
        _ => CommandError::io(out)(cause),
    })?;
    file.write_all(text.as_bytes()).map_err(CommandError::io(out))?;
    let columns: usize = survey.tables.iter().map(|table| table.columns.len()).sum();
    let mapped: usize = survey.tables.iter().map(intake::TableSurvey::mapped).sum();
    say(format!("wrote {}: layout `{name}`, {mapped} of {columns} columns mapped", out.display()));
    say("Fill in what is commented out there, and see how it reads:");
    let rules = command.rules.rules.as_ref().map_or_else(String::new, |rules| format!(" --rules {}", rules.display()));
    say(format!("  tidewaiter layout {}{rules} --layout {name}", command.file.display()));
    Ok(())
}
