//! `tidewaiter check`: every problem of every file at once, and the rules' examples.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, say, shipped, show};
use crate::config::Config;
use crate::desk::{self, Desk, DeskText};
use crate::evaluate;
use crate::problem::{Problem, Severity};
use crate::rules::Known;

/// Check configuration, rules, lists, watchlists and layouts.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter check\n  tidewaiter check /etc/tidewaiter/tidewaiter.yaml\n  tidewaiter check rules --format json"
)]
pub struct Check {
    /// Configuration files or rules folders; `tidewaiter.yaml` or `rules` here, else the shipped rules.
    paths: Vec<PathBuf>,
    /// How problems are shown.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// As a compiler does.
    Human,
    /// One JSON object a line.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
}

/// Runs the command.
pub fn check(command: &Check) -> Result<(), CommandError> {
    let mut problems = Vec::new();
    let mut rules = 0;
    for path in places(&command.paths) {
        let (count, found) = check_place(path.as_deref())?;
        rules += count;
        problems.extend(found);
    }
    match command.format {
        Format::Human => show(&problems),
        Format::Json => problems.iter().for_each(|problem| say(as_json(problem))),
        Format::Github => problems.iter().for_each(|problem| say(as_github(problem))),
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    if errors > 0 {
        return Err(CommandError::Problems(format!("{errors} errors in {rules} rules; the position of each is above")));
    }
    if command.format == Format::Human {
        say(format!("{rules} rules, every example does what it says; {} notes", problems.len()));
    }
    Ok(())
}

/// What is checked; `None` stands for the shipped rules.
fn places(paths: &[PathBuf]) -> Vec<Option<PathBuf>> {
    if !paths.is_empty() {
        return paths.iter().cloned().map(Some).collect();
    }
    let here = ["tidewaiter.yaml", "rules"].into_iter().map(PathBuf::from).find(|path| path.exists());
    vec![here]
}

fn check_place(path: Option<&Path>) -> Result<(usize, Vec<Problem>), CommandError> {
    let Some(path) = path else { return Ok(check_texts(&shipped::texts(), &Known::default())) };
    let (folder, known) = match path.is_dir() {
        true => (path.to_owned(), Known::default()),
        false => {
            let config = Config::load(path)?;
            let known = super::known(&config);
            (config.rules, known)
        }
    };
    let (texts, mut problems) = desk::read_folder(&folder).map_err(CommandError::io(&folder))?;
    let (rules, found) = check_texts(&texts, &known);
    problems.extend(found);
    Ok((rules, problems))
}

fn check_texts(texts: &[DeskText], known: &Known) -> (usize, Vec<Problem>) {
    let (desk, mut problems) = Desk::build(texts, known);
    problems.extend(evaluate::run_examples(&desk.plan));
    (desk.rules.rules.len(), problems)
}

fn as_json(problem: &Problem) -> String {
    let (line, column) = problem.position();
    serde_json::json!({
        "file": problem.source.path, "line": line, "column": column, "severity": severity(problem),
        "code": problem.code, "message": problem.message, "hint": problem.hint,
    })
    .to_string()
}

fn as_github(problem: &Problem) -> String {
    let (line, column) = problem.position();
    let word = if problem.severity == Severity::Note { "notice" } else { severity(problem) };
    let text =
        problem.hint.as_ref().map_or_else(|| problem.message.clone(), |hint| format!("{} ({hint})", problem.message));
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::{word} file={},line={line},col={column},title={}::{text}", problem.source.path, problem.code)
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
