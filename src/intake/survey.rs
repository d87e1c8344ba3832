//! Survey: a file → how each of its tables would be read, for a person to look at before anybody relies on it.
//!
//! In: an open file, the layouts. Out: a [`Survey`]: container, header, layout, and of each column its field, how it is
//! read, samples as written and as read, and a guess where it has no field. It makes no records.

use std::borrow::Cow;
use std::fs::File;

use super::container::{self, Row, RowSource, Table};
use super::layout::{Contradiction, Guess, Layouts, RunnerUp, guess, probable_header};
use super::table::{self, OpenTable, Opened};
use super::{LayoutChoice, OpenSettings, ReadError};
use crate::record::{Field, SourceFile};
use crate::value;

/// Values of a column that are shown.
const SAMPLES: usize = 3;
/// Characters of a value at most.
const LONGEST_SAMPLE: usize = 200;

/// How a file would be read.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What it is, in words.
    pub container: String,
    /// Its tables, those that cannot be read among them.
    pub tables: Vec<TableSurvey>,
}

/// How a table would be read.
#[derive(Debug, Clone, Default)]
pub struct TableSurvey {
    /// The member of an archive.
    pub member: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Of a delimited text.
    pub encoding: Option<String>,
    /// Of a delimited text.
    pub delimiter: Option<char>,
    /// Why it is not read.
    pub trouble: Option<ReadError>,
    /// The row of the headings, as a spreadsheet shows it; 0 where the format has names of columns instead.
    pub header: u64,
    /// The layout in use; none when no layout fits.
    pub layout: Option<String>,
    /// The layout that fits next best.
    pub runner_up: Option<RunnerUp>,
    /// What layouts that fit equally well contradict each other about.
    pub disputed: Vec<Contradiction>,
    /// Values that every record has.
    pub constants: Vec<(Field, String)>,
    /// In the file's order.
    pub columns: Vec<ColumnSurvey>,
}

/// How a column would be read.
#[derive(Debug, Clone, Default)]
pub struct ColumnSurvey {
    /// As written.
    pub heading: String,
    /// The fields that it is read as, alone or joined with others; none when it stays as `raw.HEADING` alone.
    pub fields: Vec<Field>,
    /// Headings of the columns that are put behind it, and what stands between.
    pub joined: Option<(Vec<String>, String)>,
    /// What its numbers are multiplied with.
    pub times: Option<String>,
    /// How it is read, in words.
    pub ways: Vec<String>,
    /// Its first values that differ.
    pub samples: Vec<Sample>,
    /// What it may be, where it is no field.
    pub guess: Option<Guess>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// As it stands in the file.
    pub written: String,
    /// As it is read: empty when it is read as missing; the same as written where there is no field.
    pub read: String,
}

impl TableSurvey {
    /// Member and sheet as a person names them; empty for a plain file.
    pub fn name(&self) -> String {
        table::named(&Table { member: self.member.clone(), sheet: self.sheet.clone(), ..Table::default() })
    }

    /// How many columns have a field.
    pub fn mapped(&self) -> usize {
        self.columns.iter().filter(|column| !column.fields.is_empty()).count()
    }
}

/// Looks at every table of an open file. Blocking.
///
/// # Errors
/// When the file is nothing that can be read, or breaks off.
pub fn survey(file: File, layouts: &Layouts, settings: &OpenSettings) -> Result<Survey, ReadError> {
    let named = match &settings.layout {
        LayoutChoice::Named(name) => layouts.get(name).and_then(|layout| layout.encoding.clone()),
        LayoutChoice::Auto => None,
    };
    let again = file.try_clone().map_err(|cause| ReadError::io(&cause))?;
    let survey = once(file, named.as_deref(), (layouts, settings))?;
    // A layout that was chosen by the headings may know the encoding better.
    let chosen = survey.tables.iter().find_map(|table| table.layout.as_deref());
    match chosen.and_then(|name| layouts.get(name)).and_then(|layout| layout.encoding.clone()) {
        Some(encoding) if named.is_none() => once(again, Some(&encoding), (layouts, settings)),
        Some(_) | None => Ok(survey),
    }
}

fn once(
    file: File,
    encoding: Option<&str>,
    (layouts, settings): (&Layouts, &OpenSettings),
) -> Result<Survey, ReadError> {
    let (container, file) = container::describe(file, encoding, &settings.limits)?;
    let mut rows = container::open(file, encoding, &settings.limits, settings.isolation)?;
    let mut tables = Vec::new();
    while let Some(found) = rows.next_table()? {
        tables.extend(one(rows.as_mut(), &found, (layouts, settings))?);
    }
    // Most workbooks are archives by their first bytes.
    let is_workbook = tables.iter().any(|table: &TableSurvey| table.member.is_none() && table.sheet.is_some());
    let container = if is_workbook { container.replace("ZIP archive", "workbook") } else { container };
    Ok(Survey { container, tables })
}

/// A table; nothing where it is empty.
fn one(
    rows: &mut dyn RowSource,
    found: &Table,
    (layouts, settings): (&Layouts, &OpenSettings),
) -> Result<Option<TableSurvey>, ReadError> {
    let (member, sheet) = (found.member.clone(), found.sheet.clone());
    let source = SourceFile { source: String::new(), file: String::new(), member, sheet, sha256: None };
    let plain = TableSurvey {
        member: found.member.clone(),
        sheet: found.sheet.clone(),
        encoding: found.encoding.clone(),
        delimiter: found.delimiter,
        ..TableSurvey::default()
    };
    if let Some(reason) = &found.unread {
        let trouble = Some(ReadError::new("unread-table", reason.clone()));
        return Ok(Some(TableSurvey { trouble, ..plain }));
    }
    Ok(match table::open(rows, source, layouts, settings)? {
        Opened::Empty => None,
        Opened::Table(table, _) => Some(fitted(&table, plain, layouts)),
        Opened::Unfit(error, mut rows) => {
            let survey = unfitted(rows.make_contiguous(), plain, layouts);
            Some(TableSurvey { trouble: Some(error), ..survey })
        }
    })
}

fn fitted(table: &OpenTable, plain: TableSurvey, layouts: &Layouts) -> TableSurvey {
    let mut columns: Vec<ColumnSurvey> = table.headings.iter().map(|heading| column(heading)).collect();
    for (at, reader) in table.columns.readers.iter().enumerate() {
        let heading = |index: &usize| table.headings.get(*index).cloned().unwrap_or_default();
        let Some(first) = columns.get_mut(reader.column) else { continue };
        // Of two fields of one column the first is shown.
        if first.fields.is_empty() || !reader.joined.is_empty() {
            first.ways.extend(table.columns.ways(at));
            first.times = reader.times.map(|times| times.normalize().to_string());
            if !reader.joined.is_empty() {
                first.joined = Some((reader.joined.iter().map(heading).collect(), reader.between.clone()));
            }
        }
        first.fields.push(reader.field);
        for index in &reader.joined {
            columns.get_mut(*index).into_iter().for_each(|column| column.fields.push(reader.field));
        }
    }
    for (index, column) in columns.iter_mut().enumerate() {
        column.samples = samples(table, index);
    }
    let taken: Vec<Field> = columns.iter().flat_map(|column| column.fields.iter().copied()).collect();
    guess_all(&mut columns, layouts, &taken);
    TableSurvey {
        header: table.header,
        layout: Some(table.layout.name.clone()),
        runner_up: table.runner_up.clone(),
        disputed: table.disputed.clone(),
        constants: table.constants.clone(),
        columns,
        ..plain
    }
}

fn column(heading: &str) -> ColumnSurvey {
    ColumnSurvey { heading: heading.to_owned(), ..ColumnSurvey::default() }
}

fn guess_all(columns: &mut [ColumnSurvey], layouts: &Layouts, taken: &[Field]) {
    for column in columns.iter_mut().filter(|column| column.fields.is_empty()) {
        column.guess = guess(&column.heading, layouts, taken);
    }
}

/// The first values of a column that differ; of joined columns, what they make together.
fn samples(table: &OpenTable, index: usize) -> Vec<Sample> {
    let reader = table.columns.readers.iter().find(|reader| reader.column == index);
    let mut samples: Vec<Sample> = Vec::new();
    for row in table.waiting.iter().filter(|row| !table.furniture.is(&row.text())) {
        let text = row.text();
        let cell = |index: usize| text.cell(index);
        let written = reader.map_or(Cow::Borrowed(cell(index)), |reader| reader.written(&cell));
        let read = match reader {
            Some(reader) => table.canonical(reader, &cell).0,
            None => Cow::Borrowed(written.trim()),
        };
        add(&mut samples, &written, &read);
        if samples.len() == SAMPLES {
            break;
        }
    }
    samples
}

fn add(samples: &mut Vec<Sample>, written: &str, read: &str) {
    let short = |text: &str| -> String { text.trim().chars().take(LONGEST_SAMPLE).collect() };
    let sample = Sample { written: short(written), read: short(read) };
    if !value::is_missing(&sample.written) && !samples.contains(&sample) {
        samples.push(sample);
    }
}

/// A table that no layout fits.
fn unfitted(rows: &[Row], plain: TableSurvey, layouts: &Layouts) -> TableSurvey {
    let Some(header) = probable_header(rows) else { return plain };
    let mut columns: Vec<ColumnSurvey> = header.iter().map(|heading| column(heading.trim())).collect();
    for row in rows.iter().skip_while(|row| row.number <= header.number) {
        for (column, cell) in columns.iter_mut().zip(row.iter()) {
            if column.samples.len() < SAMPLES {
                add(&mut column.samples, cell, cell.trim());
            }
        }
    }
    guess_all(&mut columns, layouts, &[]);
    TableSurvey { header: header.number, columns, ..plain }
}
