//! A survey → the text of a layout to start from: what is mapped filled in, what is not as comments to fill in.

use std::path::Path;

use super::show::guessed;
use crate::intake::{ColumnSurvey, Layouts, Survey};
use crate::record::Field;
use crate::text::heading_key;

/// Characters of sample values beside a heading.
const VALUES: usize = 40;

/// A name that no layout has yet, by the file that it is written to.
pub fn name(out: &Path, layouts: &Layouts) -> String {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |sign: char| if sign.is_alphanumeric() || "-_.".contains(sign) { sign } else { '-' };
    let stem: String = stem.chars().map(plain).collect();
    let is_free = |name: &String| !name.is_empty() && name != "auto" && layouts.get(name).is_none();
    let numbered = (2..).map(|number: u32| format!("{stem}-{number}"));
    std::iter::once(stem.clone()).chain(numbered).find(is_free).unwrap_or(stem)
}

/// The layout's text; nothing where no table has headings.
pub fn text((file, name): (&Path, &str), survey: &Survey) -> Option<String> {
    let columns = distinct(survey);
    if columns.is_empty() {
        return None;
    }
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!(
        "# yaml-language-server: $schema=../.schema/layout.json\n\
         # Made from the headings of {}. Each field has the headings of its column; behind them stand values.\n\
         # A line with a `#` is a column without a field: put one of docs/fields.md in the place of FIELD (or judge the\n\
         # guess) and take the `#` away. What is left stays readable as raw.HEADING. docs/layouts.md tells more.\n\
         layout: {}\n\
         title: {}\n",
        printable(&file),
        quoted(name),
        quoted(&file),
    );
    let date = columns.iter().any(|column| {
        let is_date = |field: &Field| field.kind() == crate::record::FieldKind::Date;
        column.fields.iter().any(is_date)
    });
    if date {
        text.push_str("# date_order: dmy    # or mdy; without it the dates of each column show their order\n");
    }
    text.push_str("# decimal: comma     # or point; without it the numbers of each column show their mark\n");
    text.push_str("fields:\n");
    let lines = lines(&columns);
    let any = lines.iter().any(|line| matches!(line, Line::Field(..)));
    text.extend(lines.iter().map(Line::text));
    if !any {
        // A map with comments alone is none.
        text = text.replace("\nfields:\n", "\nfields: {}    # take the `{}` away with the first `#`\n");
    }
    text.push_str(&constants(survey));
    Some(text)
}

/// A line of `fields:`.
enum Line {
    /// A field, where it may come from, and values.
    Field(Field, Vec<String>, String),
    /// A comment to fill in.
    Comment(String),
}

impl Line {
    fn text(&self) -> String {
        match self {
            Line::Field(field, origins, values) => format!("  {field}: [{}]{values}\n", origins.join(", ")),
            Line::Comment(text) => text.clone(),
        }
    }
}

fn lines(columns: &[&ColumnSurvey]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut used = columns.iter().flat_map(|column| column.fields.iter().copied()).collect();
    for column in columns {
        let own = own_fields(column, columns);
        for field in &own {
            // Another table may have the field under another heading.
            let there = lines.iter_mut().find_map(|line| match line {
                Line::Field(other, origins, _) if other == field => Some(origins),
                Line::Field(..) | Line::Comment(_) => None,
            });
            match there {
                Some(origins) => origins.push(origin(column)),
                None => lines.push(Line::Field(*field, vec![origin(column)], values(column))),
            }
        }
        if column.fields.is_empty() {
            lines.push(Line::Comment(unmapped(column, &mut used)));
        }
    }
    lines
}

/// The columns of all tables that have a heading of their own. A table of one column is a remark rather than an export.
fn distinct(survey: &Survey) -> Vec<&ColumnSurvey> {
    let mut seen = std::collections::BTreeSet::new();
    let tables = survey.tables.iter().filter(|table| table.columns.len() > 1);
    let columns = tables.flat_map(|table| &table.columns);
    columns
        .filter(|column| !heading_key(&column.heading).is_empty() && seen.insert(heading_key(&column.heading)))
        .collect()
}

/// The fields that a column is read as by itself or as the first of those that are joined.
fn own_fields(column: &ColumnSurvey, all: &[&ColumnSurvey]) -> Vec<Field> {
    let follows = |field: &Field| {
        let leads = |other: &&ColumnSurvey| {
            other.joined.as_ref().is_some_and(|(headings, _)| headings.contains(&column.heading))
                && other.fields.contains(field)
        };
        all.iter().any(leads)
    };
    column.fields.iter().filter(|field| !follows(field)).copied().collect()
}

/// As the list of a field has it.
fn origin(column: &ColumnSurvey) -> String {
    let heading = quoted(&column.heading);
    match (&column.joined, &column.times) {
        (Some((others, between)), times) => {
            let headings: Vec<String> =
                std::iter::once(heading).chain(others.iter().map(|other| quoted(other))).collect();
            let with = if between == " " { String::new() } else { format!(", with: {}", quoted(between)) };
            let times = times.as_ref().map_or_else(String::new, |times| format!(", times: {times}"));
            format!("{{join: [{}]{with}{times}}}", headings.join(", "))
        }
        (None, Some(times)) => format!("{{heading: {heading}, times: {times}}}"),
        (None, None) => heading,
    }
}

/// A comment that is a line of the layout but for its `#`.
fn unmapped(column: &ColumnSurvey, used: &mut Vec<Field>) -> String {
    let guess = column.guess.as_ref();
    let sure = guess.and_then(|guess| match guess.fields.as_slice() {
        [(field, _)] if !used.contains(field) => Some(*field),
        _ => None,
    });
    used.extend(sure);
    let field = sure.map_or_else(|| "FIELD".to_owned(), |field| field.name());
    let told = match (guess, sure) {
        (Some(_), Some(_)) => "; a guess".to_owned(),
        (Some(guess), None) if guess.fields.len() > 1 => format!("; {}", printable(&guessed(guess))),
        (Some(_) | None, _) => String::new(),
    };
    format!("  # {field}: [{}]{}{told}\n", quoted(&column.heading), values(column))
}

fn values(column: &ColumnSurvey) -> String {
    let values: Vec<&str> = column.samples.iter().map(|sample| sample.written.as_str()).collect();
    let values = printable(&values.join(" | "));
    let cut: String = values.chars().take(VALUES).collect();
    let more = if cut.len() < values.len() { "…" } else { "" };
    if values.is_empty() { "    # empty".to_owned() } else { format!("    # {cut}{more}") }
}

/// What every record has, where the tables agree.
fn constants(survey: &Survey) -> String {
    let mut constants: Vec<&(Field, String)> = survey.tables.iter().flat_map(|table| &table.constants).collect();
    constants.sort();
    constants.dedup();
    let agreed = |one: &&&(Field, String)| constants.iter().filter(|other| other.0 == one.0).count() == 1;
    let lines: Vec<String> =
        constants.iter().filter(agreed).map(|(field, value)| format!("  {field}: {}\n", quoted(value))).collect();
    match lines.is_empty() {
        true => {
            "# constants:         # what every record of such a file has, such as\n#   direction: import\n".to_owned()
        }
        false => format!("constants:\n{}", lines.concat()),
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// A text as a YAML scalar in a flow list, plain where that is safe.
fn quoted(text: &str) -> String {
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let plain = |sign: char| sign.is_alphanumeric() || " _-./()".contains(sign);
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if first && !text.ends_with(' ') && text.chars().all(plain) && !words.contains(&text.to_lowercase().as_str()) {
        return text.to_owned();
    }
    if text.chars().any(|sign| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}
