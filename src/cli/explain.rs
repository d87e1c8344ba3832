//! `tidewaiter explain RULE FILE:ROW`: selection by selection, why a rule fires for a record or does not; with
//! `--why-not`, which records of a whole file came nearest to firing, and what each of them lacks.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::{CommandError, RulesArgument, find_rule, open, say, show, unreadable};
use crate::desk::Desk;
use crate::evaluate::{self, Answer, Asked, Explanation, Group, Missing, WhyNot, WhyNotReport};
use crate::record::{Field, FieldSet, Part, Record, Role};
use crate::rules::Rule;

/// Say why a rule fires for a record, or why not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter explain su-35-parts-to-rostec export.csv:17
  tidewaiter explain su-35-parts-to-rostec export.csv --why-not
  tidewaiter explain su-35-parts-to-rostec export.csv --why-not --top 20 --json")]
pub struct Explain {
    /// The rule's id.
    rule: String,
    /// File and row, as a spreadsheet shows it; the file alone with --why-not.
    #[arg(value_name = "FILE:ROW")]
    place: String,
    /// Of the whole file, show the records that came nearest to firing, and what each of them lacks.
    #[arg(long)]
    why_not: bool,
    /// How many records --why-not shows.
    #[arg(long, default_value_t = 5, value_name = "N", requires = "why_not")]
    top: usize,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    rules: RulesArgument,
    /// The layout; chosen by the headings when absent.
    #[arg(long)]
    layout: Option<String>,
}

/// Runs the command.
pub fn explain(command: &Explain) -> Result<(), CommandError> {
    let place = match command.why_not {
        true => None,
        false => Some(row(&command.place)?),
    };
    let desk = command.rules.desk()?;
    let rule = find_rule(&desk, &command.rule)?;
    let layout = command.layout.as_deref();
    match place {
        Some((file, row)) => {
            let record = record(Path::new(file), row, &desk, layout)?;
            let explanation = evaluate::explain(&desk.plan, rule, &record);
            one(command, (file, row), &explanation);
        }
        None => {
            let file = Path::new(&command.place);
            let report = why_not(command, &desk, rule)?;
            match command.json {
                true => say(report_json(rule, file, &report).to_string()),
                false => tell(rule, file, &report),
            }
        }
    }
    Ok(())
}

fn row(place: &str) -> Result<(&str, u64), CommandError> {
    let parsed = place.rsplit_once(':').and_then(|(file, row)| Some((file, row.parse().ok()?)));
    parsed.ok_or_else(|| {
        CommandError::Usage(format!(
            "`{place}` names no row: write FILE:ROW, such as {place}:17, or add --why-not for the whole file"
        ))
    })
}

fn one(command: &Explain, (file, row): (&str, u64), explanation: &Explanation) {
    if command.json {
        let mut json = json!({ "rule": command.rule, "file": file, "row": row });
        merge(&mut json, json!(explanation));
        say(json.to_string());
        return;
    }
    let verdict = match explanation.fires {
        true => "fires".to_owned(),
        false => format!("does not fire: {}", lacking(&explanation.missing)),
    };
    say(format!("{file} row {row}: {} {verdict}", command.rule));
    say(format!("condition: {}\n", explanation.condition));
    render(explanation).iter().for_each(say);
}

fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    if let (Some(into), serde_json::Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// What decided: the selections that keep the rule from firing, or all of them when it fires.
pub fn decisive(explanation: &Explanation) -> Vec<String> {
    if explanation.missing.is_empty() {
        return render(explanation);
    }
    let mut only = explanation.clone();
    only.selections.retain(|selection| explanation.missing.iter().any(|missing| missing.selection == selection.name));
    let mut lines = vec![lacking(&explanation.missing)];
    lines.extend(render(&only));
    lines
}

/// Every selection with its questions, indented.
pub fn render(explanation: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    for selection in &explanation.selections {
        lines.push(format!("{}  {}", mark(selection.held), selection.name));
        match &selection.answer {
            Answer::Group(group) => {
                let shared = shared_answer(group);
                let head = match (group.wanted, shared) {
                    ("all of", None) => None,
                    (wanted, None) => Some(wanted.to_owned()),
                    (wanted, Some(answer)) => Some(format!("{wanted}; {answer}")),
                };
                lines.extend(head.map(|head| format!("     {head}")));
                write_parts(group, (5, shared), &mut lines);
            }
            answer @ Answer::Asked(_) => {
                write(answer, (5, None), &mut lines);
                lines.extend(near(answer).map(|near| format!("          near: {near}")));
            }
        }
    }
    lines
}

/// What several questions that do not hold say of the same cell: told once.
fn shared_answer(group: &Group) -> Option<&str> {
    let mut failing = group.answers.iter().filter_map(|answer| match answer {
        Answer::Asked(asked) if !asked.held => Some(asked.answer.as_str()),
        Answer::Asked(_) | Answer::Group(_) => None,
    });
    let first = failing.next()?;
    (failing.clone().next().is_some() && failing.all(|answer| answer == first)).then_some(first)
}

fn write(answer: &Answer, (indent, told): (usize, Option<&str>), lines: &mut Vec<String>) {
    let blanks = " ".repeat(indent);
    match answer {
        Answer::Asked(asked) => {
            let known = !asked.held && told == Some(asked.answer.as_str());
            let sentence = if known { asked.question.clone() } else { sentence(asked) };
            lines.push(format!("{blanks}{}  {sentence}", mark(asked.held)));
        }
        Answer::Group(group) => {
            let shared = shared_answer(group);
            let head = shared.map_or_else(|| group.wanted.to_owned(), |answer| format!("{}; {answer}", group.wanted));
            lines.push(format!("{blanks}{}  {head}", mark(group.held)));
            write_parts(group, (indent + 5, shared), lines);
        }
    }
}

fn write_parts(group: &Group, (indent, told): (usize, Option<&str>), lines: &mut Vec<String>) {
    let blanks = " ".repeat(indent);
    let mut last_near = None;
    for answer in &group.answers {
        write(answer, (indent, told), lines);
        // What is near is of no interest where another value holds.
        let near = near(answer).filter(|_| !group.held);
        lines.extend(near.filter(|_| near != last_near).map(|near| format!("{blanks}     near: {near}")));
        last_near = near;
    }
    if group.more > 0 {
        let verb = if group.more == 1 { "value does" } else { "values do" };
        lines.push(format!("{blanks}…    {} more {verb} not hold", group.more));
    }
}

fn near(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Asked(asked) => asked.near.as_deref(),
        Answer::Group(_) => None,
    }
}

fn sentence(asked: &Asked) -> String {
    match asked.answer.as_str() {
        "" => asked.question.clone(),
        answer => format!("{}: {answer}", asked.question),
    }
}

fn mark(held: bool) -> &'static str {
    if held { "yes" } else { "no " }
}

/// `to_rostec does not hold`, `toys holds`.
fn lacking(missing: &[Missing]) -> String {
    let one = |missing: &Missing| match missing.should_hold {
        true => format!("`{}` does not hold", missing.selection),
        false => format!("`{}` holds", missing.selection),
    };
    match missing.is_empty() {
        true => "the rule cannot be used".to_owned(),
        false => missing.iter().map(one).collect::<Vec<_>>().join(" and "),
    }
}

fn why_not(command: &Explain, desk: &Desk, rule: &Rule) -> Result<WhyNotReport, CommandError> {
    let path = Path::new(&command.place);
    let mut gathered = WhyNot::new(&desk.plan, rule, command.top).map_err(|problems| {
        show(&problems);
        CommandError::Problems(format!("`{}` cannot be used", rule.card.id))
    })?;
    let mut reading = open(path, desk, command.layout.as_deref(), desk.plan.needs())?;
    while let Some(batch) = reading.next() {
        let batch = batch.map_err(|error| unreadable(path, &error))?;
        reading.take_rejects();
        gathered.take(&batch, |row| reading.record(&batch, row));
    }
    Ok(gathered.finish())
}

/// Sets of missing selections that are counted in words.
const SETS_TOLD: usize = 6;

fn tell(rule: &Rule, file: &Path, report: &WhyNotReport) {
    let id = &rule.card.id;
    say(format!("{}: {id} fires for {} of {} records", file.display(), report.fired, report.records));
    if !report.lacking.is_empty() {
        say("\nof the others:");
    }
    for (missing, count) in report.lacking.iter().take(SETS_TOLD) {
        say(format!("{count:>8}  {}", lacking(missing)));
    }
    if report.lacking.len() > SETS_TOLD {
        say("          and some that lack more");
    }
    if report.nearest.is_empty() {
        return;
    }
    say("\nnearest to firing:");
    for (record, explanation) in &report.nearest {
        let mut lines = decisive(explanation).into_iter();
        say(format!("\nrow {}: {}", record.row, lines.next().unwrap_or_default()));
        say(format!("     {}", summary(record)));
        lines.for_each(say);
    }
    say(format!("\nthe whole of one: tidewaiter explain {id} {}:ROW", file.display()));
}

/// One line of what the record is about.
fn summary(record: &Record) -> String {
    let cell = |field: Field| record.get(field).unwrap_or("-");
    let line = format!(
        "{}  {} \u{2192} {}: {} {}",
        cell(Field::DeclarationDate),
        cell(Field::Party(Role::Consignor, Part::Name)),
        cell(Field::Party(Role::Consignee, Part::Name)),
        record.get(Field::HsCode).unwrap_or(""),
        cell(Field::Description),
    );
    let line = crate::prose::clean_line(&line);
    match line.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or("")),
        None => line,
    }
}

fn report_json(rule: &Rule, file: &Path, report: &WhyNotReport) -> serde_json::Value {
    let lacking: Vec<_> =
        report.lacking.iter().map(|(missing, records)| json!({ "missing": missing, "records": records })).collect();
    let nearest: Vec<_> = report
        .nearest
        .iter()
        .map(|(record, explanation)| {
            let mut one = json!({ "row": record.row });
            merge(&mut one, json!(explanation));
            merge(&mut one, json!({ "record": record.to_json() }));
            one
        })
        .collect();
    json!({
        "rule": rule.card.id, "file": file.display().to_string(), "records": report.records, "fires": report.fired,
        "lacking": lacking, "nearest": nearest,
    })
}

/// The record at a row of a file.
pub fn record(path: &Path, row: u64, desk: &Desk, layout: Option<&str>) -> Result<Record, CommandError> {
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
