//! `tidewaiter test`: the rules' examples and the test files beside them are run; what differs is shown as a difference,
//! with the selection that decided.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{CommandError, explain, open, say, shipped, show};
use crate::config::{Config, ConfigError};
use crate::desk::{self, Desk, DeskText};
use crate::evaluate::{self, Firing, Memo};
use crate::pipeline::{self, RunError};
use crate::problem::{Problem, SourceText};
use crate::prose::words;
use crate::record::Record;
use crate::rules::{Example, Known, Rule, RuleTest, Tested, read_tests};

/// Run the rules' examples and their test files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter test
  tidewaiter test rules
  tidewaiter test rules/su-35-parts-to-rostec.yaml rules/founding.test.yaml
  tidewaiter test rules --format json")]
pub struct Test {
    /// Rules folders, configurations, rule files or test files; `tidewaiter.yaml` or `rules` here, else the shipped rules.
    paths: Vec<PathBuf>,
    /// How results are shown.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// What failed, and counts.
    Human,
    /// One JSON object a test.
    Json,
}

/// Rules, and what of them is tested.
struct Place {
    texts: Vec<DeskText>,
    known: Known,
    problems: Vec<Problem>,
    /// Examples of the rules in this file only; of all when absent. `Some("")` for none.
    examples_of: Option<String>,
    tests: Vec<Arc<SourceText>>,
}

/// What became of an example or a test.
struct Outcome {
    kind: &'static str,
    place: String,
    name: String,
    differences: Vec<Difference>,
}

/// A rule that did not do what was expected of it.
struct Difference {
    rule: String,
    /// The row, in a test of a file.
    row: Option<u64>,
    expected: bool,
    why: Vec<String>,
}

/// Runs the command.
pub fn test(command: &Test) -> Result<(), CommandError> {
    let (mut outcomes, mut problems, mut rules) = (Vec::new(), Vec::new(), 0);
    for place in places(&command.paths)? {
        let (desk, found) = Desk::build(&place.texts, &place.known);
        problems.extend(place.problems);
        problems.extend(found);
        rules += desk.plan.rules().len();
        outcomes.extend(examples(&desk, place.examples_of.as_deref()));
        let ids: Vec<&str> = desk.plan.rules().iter().map(|rule| rule.card.id.as_str()).collect();
        for source in &place.tests {
            let (tests, found) = read_tests(source, &ids);
            problems.extend(found);
            for test in &tests {
                outcomes.push(run(&desk, source, test, &mut problems));
            }
        }
    }
    // The examples are run and told below.
    problems.retain(|problem| problem.is_error() && !problem.is_about_an_example());
    show(&problems);
    match command.format {
        Format::Human => outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).for_each(tell),
        Format::Json => outcomes.iter().for_each(|outcome| say(as_json(outcome).to_string())),
    }
    verdict(command, (rules, problems.len()), &outcomes)
}

fn verdict(command: &Test, (rules, problems): (usize, usize), outcomes: &[Outcome]) -> Result<(), CommandError> {
    let of = |kind| outcomes.iter().filter(|outcome| outcome.kind == kind).count();
    let failed = outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    let many = |count: usize, one| words::counted(count as u64, one);
    let counts = format!("{}, {}, {}", many(rules, "rule"), many(of("example"), "example"), many(of("test"), "test"));
    match (failed, problems) {
        (0, 0) => {
            if command.format == Format::Human {
                say(format!("{counts}: all passed"));
            }
            Ok(())
        }
        (failed, 0) => Err(CommandError::Problems(format!("{counts}: {failed} failed"))),
        (failed, problems) => {
            let found = many(problems, "problem");
            Err(CommandError::Problems(format!("{counts}: {failed} failed; {found} in the files, shown above")))
        }
    }
}

fn places(paths: &[PathBuf]) -> Result<Vec<Place>, CommandError> {
    if !paths.is_empty() {
        return paths.iter().map(|path| place(path)).collect();
    }
    let here = ["tidewaiter.yaml", "rules"].into_iter().map(PathBuf::from).find(|path| path.exists());
    match here {
        Some(path) => Ok(vec![place(&path)?]),
        None => {
            let (texts, tests) = (shipped::texts(), shipped::tests());
            Ok(vec![Place { texts, known: Known::default(), problems: Vec::new(), examples_of: None, tests }])
        }
    }
}

fn place(path: &Path) -> Result<Place, CommandError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return folder(path, Known::default());
    }
    let text = std::fs::read_to_string(path).map_err(CommandError::io(path))?;
    let shown = path.display().to_string();
    if shown.ends_with(".test.yaml") {
        let tests = vec![SourceText::new(shown, text)];
        return Ok(Place { examples_of: Some(String::new()), tests, ..folder(parent, Known::default())? });
    }
    if text.lines().any(|line| line.starts_with("detection:")) {
        // Texts of the folder are known by the folder's path and their name.
        let own = parent.join(path.file_name().unwrap_or_default()).display().to_string();
        return Ok(Place { examples_of: Some(own), tests: Vec::new(), ..folder(parent, Known::default())? });
    }
    // Places are shown from here, as an author has them in an editor.
    let reading = Config::read(path)?;
    let config = reading.config.ok_or(ConfigError::Wrong(reading.problems))?;
    folder(&reading.rules, super::known(&config))
}

fn folder(folder: &Path, known: Known) -> Result<Place, CommandError> {
    let (texts, mut problems) = desk::read_folder(folder).map_err(CommandError::io(folder))?;
    let (tests, more) = desk::read_tests(folder).map_err(CommandError::io(folder))?;
    problems.extend(more);
    Ok(Place { texts, known, problems, examples_of: None, tests })
}

/// `file:line:column` of a place in a text.
fn position(source: &SourceText, offset: usize) -> String {
    let (line, column) = source.position(offset);
    format!("{}:{line}:{column}", source.path)
}

/// Each example, judged as `check` judges it.
fn examples(desk: &Desk, of: Option<&str>) -> Vec<Outcome> {
    let failed: BTreeSet<(String, usize)> = evaluate::run_examples(&desk.plan)
        .into_iter()
        .filter(Problem::is_error)
        .filter_map(|problem| Some((problem.source.path.clone(), problem.span?.start)))
        .collect();
    let mut outcomes = Vec::new();
    for rule in desk.plan.rules().iter().filter(|rule| of.is_none_or(|path| rule.source.path == path)) {
        for example in &rule.examples {
            let differs = failed.contains(&(rule.source.path.clone(), example.span.start));
            let differences = differs.then(|| difference(desk, rule, example)).into_iter().collect();
            let place = position(&rule.source, example.span.start);
            let name = format!("an example of {}", rule.card.id);
            outcomes.push(Outcome { kind: "example", place, name, differences });
        }
    }
    outcomes
}

fn difference(desk: &Desk, rule: &Rule, example: &Example) -> Difference {
    let why = explain::decisive(&evaluate::explain(&desk.plan, rule, &example.record));
    Difference { rule: rule.card.id.clone(), row: None, expected: example.fires, why }
}

fn run(desk: &Desk, source: &Arc<SourceText>, test: &RuleTest, problems: &mut Vec<Problem>) -> Outcome {
    let differences = match &test.tested {
        Tested::Record(record, fires) => {
            let firings = evaluate::evaluate(&desk.plan, &record.to_batch(), &mut Memo::default());
            let got = firings.iter().map(|firing| (firing.rule.card.id.clone(), reasons(firing))).collect();
            differences(desk, test, (None, record), (fires, got))
        }
        Tested::File { path, span, layout, fires } => {
            let folder = Path::new(&source.path).parent().unwrap_or(Path::new("."));
            match run_file(desk, &folder.join(path), (test, layout.as_deref()), fires) {
                Ok(differences) => differences,
                Err(error) => {
                    problems.push(Problem::error("unreadable", source, span.clone(), error.to_string()));
                    Vec::new()
                }
            }
        }
    };
    let place = position(source, test.span.start);
    Outcome { kind: "test", place, name: test.name.clone(), differences }
}

/// Rules that fired, with the reasons.
type Got = BTreeMap<String, Vec<String>>;

fn run_file(
    desk: &Desk,
    path: &Path,
    (test, layout): (&RuleTest, Option<&str>),
    fires: &BTreeMap<u64, Vec<String>>,
) -> Result<Vec<Difference>, CommandError> {
    let mut reading = open(path, desk, layout, desk.plan.needs())?;
    let mut rows: BTreeMap<u64, (Record, Got)> = BTreeMap::new();
    let ran = pipeline::run(&mut reading, desk, |chunk| {
        for finding in chunk.findings {
            let why = finding.evidence.iter().map(words::why).collect();
            let (_, got) = rows.entry(finding.record.row).or_insert_with(|| (finding.record.clone(), Got::new()));
            got.insert(finding.rule.id.clone(), why);
        }
        Ok::<(), std::convert::Infallible>(())
    });
    match ran {
        Ok(_) => {}
        Err(RunError::Read(error)) => return Err(super::unreadable(path, &error)),
        Err(RunError::Taker(never)) => match never {},
    }
    let all: BTreeSet<u64> = fires.keys().chain(rows.keys()).copied().collect();
    let mut found = Vec::new();
    for row in all {
        let expected = fires.get(&row).map_or(&[][..], Vec::as_slice);
        let (record, got) = match rows.remove(&row) {
            Some(fired) => fired,
            None => (explain::record(path, row, desk, layout)?, Got::new()),
        };
        found.extend(differences(desk, test, (Some(row), &record), (expected, got)));
    }
    Ok(found)
}

fn differences(
    desk: &Desk,
    test: &RuleTest,
    (row, record): (Option<u64>, &Record),
    (expected, got): (&[String], Got),
) -> Vec<Difference> {
    let looked_at = |rule: &String| test.only.is_empty() || test.only.contains(rule);
    let mut found = Vec::new();
    for id in expected.iter().filter(|id| !got.contains_key(*id)) {
        let rule = desk.plan.rules().iter().find(|rule| rule.card.id == *id);
        let why = rule.map(|rule| explain::decisive(&evaluate::explain(&desk.plan, rule, record))).unwrap_or_default();
        found.push(Difference { rule: id.clone(), row, expected: true, why });
    }
    let unexpected = got.into_iter().filter(|(id, _)| looked_at(id) && !expected.contains(id));
    found.extend(unexpected.map(|(rule, why)| Difference { rule, row, expected: false, why }));
    found
}

fn reasons(firing: &Firing) -> Vec<String> {
    firing.evidence.iter().map(words::why).collect()
}

fn tell(outcome: &Outcome) {
    say(format!("{}: {}", outcome.place, outcome.name));
    for difference in &outcome.differences {
        let row = difference.row.map_or_else(String::new, |row| format!(" at row {row}"));
        let (sign, words) = match difference.expected {
            true => ("-", "should fire and does not"),
            false => ("+", "fires and should not"),
        };
        say(format!("  {sign} {} {words}{row}", difference.rule));
        difference.why.iter().for_each(|line| say(format!("      {line}")));
    }
    say("");
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    let differences: Vec<_> = outcome
        .differences
        .iter()
        .map(|one| json!({ "rule": one.rule, "row": one.row, "expected": one.expected, "why": one.why }))
        .collect();
    json!({
        "kind": outcome.kind, "place": outcome.place, "name": outcome.name,
        "passed": outcome.differences.is_empty(), "differences": differences,
    })
}
