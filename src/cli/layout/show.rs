//! A survey → lines for a person, at 80 columns and wider.

use std::path::Path;

use crate::intake::{ColumnSurvey, Contradiction, Guess, Sample, Survey, TableSurvey};

/// Between columns.
const GAP: &str = "  ";
/// The heading's column at most.
const WIDEST_HEADING: usize = 28;
/// Empty and unmapped columns of one table that are named.
const NAMED: usize = 200;

/// The lines; nothing is wider than `width`, where there is one.
pub fn lines(file: &Path, survey: &Survey, width: Option<usize>) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", file.display(), survey.container)];
    for table in &survey.tables {
        let mut of_table = table_lines(table, width);
        if !table.name().is_empty() {
            of_table.insert(0, format!("{}:", table.name()));
        }
        lines.push(String::new());
        lines.extend(of_table);
    }
    if survey.tables.is_empty() {
        lines.push("There are no rows in it.".to_owned());
    }
    let plain = |line: String| line.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect::<String>();
    lines.into_iter().map(|line| plain(line).trim_end().to_owned()).collect()
}

fn table_lines(table: &TableSurvey, width: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(encoding) = &table.encoding {
        let delimiter = table.delimiter.map_or_else(String::new, |sign| format!(", cells parted by {}", spoken(sign)));
        lines.push(format!("Text in {encoding}{delimiter}."));
    }
    if let Some(trouble) = &table.trouble {
        let hint = trouble.hint.as_ref().map_or_else(String::new, |hint| format!(" What to do: {hint}."));
        lines.extend(wrapped(&format!("Not read: {}.{hint}", trouble.message), width));
    }
    if table.columns.is_empty() {
        return lines;
    }
    lines.extend(wrapped(&verdict(table), width));
    lines.extend(
        table.runner_up.as_ref().and_then(|next| runner_up(table, next)).iter().flat_map(|l| wrapped(l, width)),
    );
    lines.extend(table.disputed.iter().flat_map(|disputed| wrapped(&dispute(table, disputed), width)));
    if !table.constants.is_empty() {
        let said: Vec<String> = table.constants.iter().map(|(field, value)| format!("{field} = {value}")).collect();
        lines.extend(wrapped(&format!("The layout says for every record: {}.", said.join(", ")), width));
    }
    lines.extend(column_lines(table, width));
    lines
}

fn spoken(delimiter: char) -> &'static str {
    match delimiter {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        '|' => "bars",
        _ => "another sign",
    }
}

fn verdict(table: &TableSurvey) -> String {
    let header = match table.header {
        0 => "The format names its columns itself".to_owned(),
        row => format!("Headings in row {row}"),
    };
    let (mapped, all) = (table.mapped(), table.columns.len());
    match &table.layout {
        Some(layout) => format!("{header}; layout {layout} reads {mapped} of {all} columns."),
        None => format!("{header}, as it seems; no layout reads it."),
    }
}

/// The next layout, when it is near enough to be the right one, or says something else.
fn runner_up(table: &TableSurvey, next: &crate::intake::RunnerUp) -> Option<String> {
    if table.disputed.iter().any(|disputed| disputed.other == next.layout) {
        return None;
    }
    let near = next.size * 4 >= table.mapped() * 3;
    let differs: Vec<String> = next
        .contradictions
        .iter()
        .filter_map(|one| Some((one.column?, one)))
        .map(|(column, one)| format!("`{}` is {} there, {} here", heading(table, column), one.other_field, one.field))
        .take(3)
        .collect();
    let but = if differs.is_empty() { "it contradicts nothing".to_owned() } else { differs.join("; ") };
    near.then(|| format!("Next: layout {} would read {} columns: {but}.", next.layout, next.size))
}

fn dispute(table: &TableSurvey, disputed: &Contradiction) -> String {
    let other = &disputed.other;
    match disputed.column {
        Some(column) => format!(
            "`{}` is left alone: layout {other} fits equally well, and reads it as {} instead of {}.",
            heading(table, column),
            disputed.other_field,
            disputed.field
        ),
        None => format!("{} is not said: layout {other} fits equally well, and says otherwise.", disputed.field),
    }
}

fn heading(table: &TableSurvey, column: usize) -> &str {
    table.columns.get(column).map_or("", |column| column.heading.as_str())
}

fn column_lines(table: &TableSurvey, width: Option<usize>) -> Vec<String> {
    let numbered = || table.columns.iter().enumerate();
    let (mapped, rest): (Vec<_>, Vec<_>) = numbered().partition(|(_, column)| !column.fields.is_empty());
    let headings = table.columns.iter().map(|column| column.heading.chars().count()).max().unwrap_or(0);
    let fields = mapped.iter().map(|(_, column)| fields(column).chars().count()).max().unwrap_or(0);
    let sizes = Sizes {
        letters: letters(table.columns.len().saturating_sub(1)).len(),
        headings: headings.clamp(7, if width.is_some() { WIDEST_HEADING } else { usize::MAX }),
        fields: fields.max(5),
        width,
    };
    let mut lines = Vec::new();
    if !mapped.is_empty() {
        lines.push(String::new());
        lines.push(sizes.row("", ("HEADING", "FIELD"), "VALUES"));
        lines.extend(mapped.iter().flat_map(|(index, column)| sizes.mapped(*index, column)));
    }
    if !rest.is_empty() {
        lines.extend([String::new(), "Read by no field, and kept as `raw.HEADING`:".to_owned()]);
        lines.extend(rest.iter().take(NAMED).flat_map(|(index, column)| sizes.unmapped(*index, column)));
        if rest.len() > NAMED {
            lines.push(format!("and {} more; --json tells all", rest.len() - NAMED));
        }
    }
    lines
}

/// Widths of the columns of the output.
struct Sizes {
    letters: usize,
    headings: usize,
    fields: usize,
    width: Option<usize>,
}

impl Sizes {
    fn row(&self, letters: &str, (heading, field): (&str, &str), values: &str) -> String {
        let left = format!(
            "{letters:>w$}{GAP}{:h$}{GAP}{field:f$}{GAP}",
            cut(heading, Some(self.headings)),
            w = self.letters,
            h = self.headings,
            f = self.fields
        );
        let room = self.width.map(|width| width.saturating_sub(left.chars().count()).max(12));
        format!("{left}{}", cut(values, room))
    }

    fn mapped(&self, index: usize, column: &ColumnSurvey) -> Vec<String> {
        let values = samples(&column.samples);
        let mut lines = vec![self.row(&letters(index), (&column.heading, &fields(column)), &values)];
        let mut ways = column.ways.clone();
        ways.extend(column.joined.as_ref().map(|(headings, _)| format!("joined with {}", headings.join(", "))));
        if !ways.is_empty() {
            lines.extend(self.beneath(&ways.join("; ")));
        }
        lines
    }

    fn unmapped(&self, index: usize, column: &ColumnSurvey) -> Vec<String> {
        let left = format!(
            "{:>w$}{GAP}{:h$}{GAP}",
            letters(index),
            cut(&column.heading, Some(self.headings)),
            w = self.letters,
            h = self.headings
        );
        let room = self.width.map(|width| width.saturating_sub(left.chars().count()).max(12));
        let mut lines = vec![format!("{left}{}", cut(&samples(&column.samples), room))];
        lines.extend(column.guess.iter().flat_map(|guess| self.beneath(&guessed(guess))));
        lines
    }

    /// A remark under a column's heading.
    fn beneath(&self, text: &str) -> Vec<String> {
        let indent = " ".repeat(self.letters + GAP.len() + 2);
        let room = self.width.map(|width| width.saturating_sub(indent.len()).max(20));
        wrapped(text, room).into_iter().map(|line| format!("{indent}{line}")).collect()
    }
}

/// A column as a spreadsheet names it: A, B, …, Z, AA.
pub fn letters(index: usize) -> String {
    let (mut index, mut letters) = (index + 1, Vec::new());
    while index > 0 {
        let digit = u8::try_from((index - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + digit));
        index = (index - 1) / 26;
    }
    letters.iter().rev().collect()
}

fn fields(column: &ColumnSurvey) -> String {
    let names: Vec<String> = column.fields.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// Values as read; where reading changed one, as written too.
fn samples(samples: &[Sample]) -> String {
    let one = |sample: &Sample| match (sample.read == sample.written, sample.read.is_empty()) {
        (true, _) => sample.read.clone(),
        (false, true) => format!("{} → (missing)", sample.written),
        (false, false) => format!("{} → {}", sample.written, sample.read),
    };
    let shown: Vec<String> = samples.iter().map(one).collect();
    if shown.is_empty() { "(empty)".to_owned() } else { shown.join(" | ") }
}

/// A guess in words.
pub fn guessed(guess: &Guess) -> String {
    let fields: Vec<String> = guess.fields.iter().map(|(field, layout)| format!("{field} (as in {layout})")).collect();
    let fields = fields.join(" or ");
    match &guess.like {
        Some(like) => format!("perhaps {fields}: it is like `{like}`"),
        None if guess.fields.len() > 1 => format!("it means different things: {fields}"),
        None => format!("did you mean {fields}?"),
    }
}

fn cut(text: &str, room: Option<usize>) -> String {
    match room {
        Some(room) if text.chars().count() > room => {
            format!("{}…", text.chars().take(room.saturating_sub(1)).collect::<String>())
        }
        Some(_) | None => text.to_owned(),
    }
}

/// Lines of a text, broken between words.
fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let room = lines.last().map_or(0, |line| line.chars().count());
        if room > 0 && room + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else if let Some(line) = lines.last_mut() {
            line.push_str(if room > 0 { " " } else { "" });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_a_spreadsheet_names_them() {
        for (index, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(index), name);
        }
    }
}
