//! `tidewaiter check`: every problem of every file at once, and the rules' examples. The daemon judges by the same code.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::check_format::{Format, as_github, as_json, as_sarif};
use super::{CommandError, say, shipped};
use crate::config::{Config, ConfigError};
use crate::deliver::Templates;
use crate::desk::{self, Desk, DeskText};
use crate::problem::{self, Paint, Problem, Severity};
use crate::rules::Known;

/// Check configuration, rules, lists, watchlists, layouts and mail templates.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter check\n  tidewaiter check /etc/tidewaiter/tidewaiter.yaml\n  tidewaiter check rules/my-rule.yaml\n  tidewaiter check rules --format json\n\nExit codes: 0 no errors, 1 errors in rules, lists, watchlists, layouts or templates, 2 usage, 3 errors in the configuration,\n4 a folder that cannot be read. Warnings and notes do not change the exit code."
)]
pub struct Check {
    /// Configurations, rules folders, or single files of a rules folder; `tidewaiter.yaml` or `rules` here, else the
    /// shipped rules.
    paths: Vec<PathBuf>,
    /// How problems are shown.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// What was looked at and what is wrong with it.
#[derive(Default)]
struct Checked {
    /// The file of each rule that can be used.
    rules: Vec<String>,
    files: usize,
    config_is_broken: bool,
    problems: Vec<Problem>,
}

/// Runs the command.
pub fn check(command: &Check) -> Result<(), CommandError> {
    let mut checked = Checked::default();
    for path in places(&command.paths) {
        checked.place(path.as_deref())?;
    }
    problem::sort(&mut checked.problems);
    show(&checked, command.format);
    let errors = checked.count(Severity::Error);
    match (errors, checked.config_is_broken) {
        (0, _) => Ok(()),
        // The problems are shown: nothing is left to say but the exit code.
        (_, true) => Err(CommandError::Config(ConfigError::Wrong(Vec::new()))),
        (_, false) => Err(CommandError::Problems(String::new())),
    }
}

/// What is checked; `None` stands for the shipped rules.
fn places(paths: &[PathBuf]) -> Vec<Option<PathBuf>> {
    if !paths.is_empty() {
        return paths.iter().cloned().map(Some).collect();
    }
    let here = ["tidewaiter.yaml", "rules"].into_iter().map(PathBuf::from).find(|path| path.exists());
    vec![here]
}

impl Checked {
    fn place(&mut self, path: Option<&Path>) -> Result<(), CommandError> {
        let Some(path) = path else {
            self.texts(&shipped::texts(), &Known::default());
            return Ok(());
        };
        if !path.exists() {
            return Err(CommandError::Usage(format!("there is no file or folder {}", path.display())));
        }
        if path.is_dir() {
            return self.folder(path, &Known::default()).map(drop);
        }
        if is_configuration(path) { self.configuration(path) } else { self.file(path) }
    }

    fn configuration(&mut self, path: &Path) -> Result<(), CommandError> {
        let reading = Config::read(path)?;
        self.files += 1;
        self.config_is_broken |= reading.config.is_none();
        let rules_are_there = reading.rules.is_dir();
        self.problems.extend(reading.problems.clone());
        if let Some(folder) = reading.config.as_ref().and_then(|config| config.mail.templates.as_ref()) {
            let (templates, problems) = Templates::load(folder).map_err(CommandError::from)?;
            self.files += templates.own().count() + problems.len();
            self.problems.extend(problems);
        }
        // A folder that a broken configuration names wrongly is one of its slips.
        if rules_are_there || reading.config.is_some() {
            let known = Known { recipients: reading.recipients.clone(), sources: reading.sources.clone() };
            let desk = self.folder(&reading.rules, &known)?;
            let cards: Vec<_> = desk.plan.rules().iter().map(|rule| rule.card.clone()).collect();
            self.problems.extend(reading.idle_routes(&cards));
            let unknown = reading.layouts.unknown(desk.layouts.names());
            self.config_is_broken |= !unknown.is_empty();
            self.problems.extend(unknown);
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path, known: &Known) -> Result<Desk, CommandError> {
        let (texts, problems) = desk::read_folder(folder).map_err(CommandError::io(folder))?;
        self.files += problems.len();
        self.problems.extend(problems);
        Ok(self.texts(&texts, known))
    }

    /// One file, in the light of the folder that it belongs to.
    fn file(&mut self, path: &Path) -> Result<(), CommandError> {
        let mut whole = Checked::default();
        whole.folder(&desk::folder_of(path), &Known::default())?;
        self.files += 1;
        self.rules.extend(whole.rules.into_iter().filter(|rule| is_same(rule, path)));
        self.problems.extend(whole.problems.into_iter().filter(|problem| is_same(&problem.source.path, path)));
        Ok(())
    }

    fn texts(&mut self, texts: &[DeskText], known: &Known) -> Desk {
        let (desk, problems) = Desk::build(texts, known);
        self.files += texts.len();
        self.rules.extend(desk.plan.rules().iter().map(|rule| rule.source.path.clone()));
        self.problems.extend(problems);
        self.problems.extend(desk.style(texts));
        desk
    }

    fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }

    /// One line: what was found in how much.
    fn summary(&self) -> String {
        let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let found = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .map(|(severity, word)| many(self.count(severity), word))
            .join(", ");
        let told = if self.count(Severity::Error) == 0 { "; every example does what it says" } else { "" };
        format!("{found} in {}; {} can be used{told}", many(self.files, "file"), many(self.rules.len(), "rule"))
    }
}

fn is_same(one: &str, other: &Path) -> bool {
    let one = Path::new(one);
    one.strip_prefix(".").unwrap_or(one) == other.strip_prefix(".").unwrap_or(other)
}

/// A configuration is known by its keys, so that one with a slip in it is still taken for what it is.
fn is_configuration(path: &Path) -> bool {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    let named = path.file_name().is_some_and(|name| name == "tidewaiter.yaml");
    named || (["sources:", "mail:", "recipients:"].into_iter().any(has) && !has("detection:"))
}

fn show(checked: &Checked, format: Format) {
    match format {
        Format::Human => {
            let coloured =
                std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
            let paint = if coloured { Paint::Coloured } else { Paint::Plain };
            for problem in &checked.problems {
                say(format!("{}\n", problem::render_with(problem, paint)));
            }
            say(checked.summary());
        }
        Format::Json => checked.problems.iter().for_each(|problem| say(as_json(problem))),
        Format::Github => checked.problems.iter().for_each(|problem| say(as_github(problem))),
        Format::Sarif => say(as_sarif(&checked.problems)),
    }
    let _ = std::io::stdout().flush();
}
