//! One table being read: header found, columns decided on the first rows, then row after row into a batch.
//!
//! In: rows of a container, the layouts. Out: batches and rejects. It never goes on to the next table by itself.

use std::collections::VecDeque;
use std::sync::Arc;

use super::container::{Row, RowSource, RowText, Table};
use super::layout::{self, Fit, Layout, Layouts};
use super::values::{self, Reader};
use super::{Counts, Known, OpenSettings, ReadError, Reject};
use crate::record::{Batch, Column, Field, FieldKind, FieldSet, Record, SourceFile};
use crate::text::heading_key;
use crate::value::{self, DateOrder, DecimalMark};

/// Rows that columns are decided on.
const DECIDED_ON: usize = 10_000;
/// Bytes of those rows at most.
const DECIDED_ON_BYTES: usize = 16 << 20;
/// Rows and bytes of a batch.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// A table whose columns are known.
pub struct OpenTable {
    waiting: VecDeque<Row>,
    ended: bool,
    source: Arc<SourceFile>,
    /// Member and sheet, for people.
    name: String,
    /// The layout in use.
    pub layout: Arc<Layout>,
    headings: Arc<[String]>,
    heading_keys: Vec<String>,
    readers: Vec<Reader>,
    /// Canonical fields that the table supplies.
    pub supplied: FieldSet,
    needs: FieldSet,
    known: Known,
    /// Bytes of each column in the last batch.
    room: Vec<usize>,
}

/// What became of a table's first rows.
pub enum Opened {
    /// It can be read; so many rows stand above its header.
    Table(Box<OpenTable>, u64),
    /// It has no rows.
    Empty,
    /// No layout fits.
    Unfit(ReadError),
}

/// Member and sheet as a person names them; empty for a plain file.
pub fn named(table: &Table) -> String {
    let sheet = table.sheet.as_ref().map(|sheet| format!("sheet {sheet}"));
    let parts: Vec<&str> = table.member.iter().chain(&sheet).map(String::as_str).collect();
    parts.join(", ")
}

/// Finds header and columns of the table that the rows have come to.
///
/// # Errors
/// When the container breaks off, or the named layout is not there.
pub fn open(
    rows: &mut dyn RowSource,
    source: SourceFile,
    layouts: &Layouts,
    settings: &OpenSettings,
) -> Result<Opened, ReadError> {
    let (mut waiting, ended) = first_rows(rows)?;
    if waiting.iter().all(|row| row.iter().all(|cell| cell.trim().is_empty())) {
        return Ok(Opened::Empty);
    }
    let fit = match layout::fit(waiting.make_contiguous(), layouts, &settings.layout) {
        Ok(fit) => fit,
        Err(error) => return Ok(Opened::Unfit(error)),
    };
    let above: Vec<Row> = waiting.drain(..=fit.header).collect();
    let header = above.last().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let headings: Arc<[String]> = header.unwrap_or_default().into();
    let mut supplied = FieldSet::default();
    let constants = fit.layout.constants.iter().map(|(field, _)| *field);
    fit.columns.iter().map(|(field, _)| *field).chain(constants).for_each(|field| supplied.insert(field));
    let readers = decide(&fit, &headings, waiting.make_contiguous(), settings)?;
    let name = named(&Table { member: source.member.clone(), sheet: source.sheet.clone(), unread: None });
    let table = OpenTable {
        waiting,
        ended,
        source: Arc::new(source),
        name,
        heading_keys: headings.iter().map(|heading| heading_key(heading)).collect(),
        layout: fit.layout,
        headings,
        readers,
        supplied,
        needs: settings.needs.clone(),
        known: settings.known.clone(),
        room: Vec::new(),
    };
    Ok(Opened::Table(Box::new(table), fit.header as u64))
}

/// The first rows, and whether they are all there are.
fn first_rows(rows: &mut dyn RowSource) -> Result<(VecDeque<Row>, bool), ReadError> {
    let (mut first, mut bytes) = (VecDeque::new(), 0);
    while first.len() < DECIDED_ON && bytes < DECIDED_ON_BYTES {
        let mut row = Row::default();
        if !rows.next_row(&mut row)? {
            return Ok((first, true));
        }
        bytes += row.cells.as_slice().len();
        first.push_back(row);
    }
    Ok((first, false))
}

/// How each column is read: by the layout, by what an earlier attempt learnt, by what the first rows show.
fn decide(fit: &Fit, headings: &[String], rows: &[Row], settings: &OpenSettings) -> Result<Vec<Reader>, ReadError> {
    let (known, needs) = (&settings.known, &settings.needs);
    let mut readers = Vec::new();
    for (field, column) in &fit.columns {
        let cells = || rows.iter().map(|row| row.cell(*column));
        let heading = headings.get(*column).map_or("", String::as_str);
        let mut reader = Reader {
            field: *field,
            kind: field.kind(),
            wanted: needs.contains(*field),
            column: *column,
            order: fit.layout.date_order.unwrap_or(DateOrder::DayFirst),
            mark: fit.layout.decimal.unwrap_or(DecimalMark::Point),
            hs_length: None,
        };
        match reader.kind {
            FieldKind::Date if fit.layout.date_order.is_none() => {
                let learnt =
                    known.decisions.iter().find(|(name, _)| name == heading).map(|(_, order)| order_named(order));
                let shown = cells().find_map(|cell| value::date_order_shown(cell.trim()));
                reader.order = learnt.or(shown).unwrap_or(DateOrder::DayFirst);
            }
            FieldKind::Number if fit.layout.decimal.is_none() => {
                reader.mark = values::mark(cells()).unwrap_or(DecimalMark::Point);
            }
            FieldKind::Hs => reader.hs_length = values::hs_length(cells()),
            _ => {}
        }
        readers.push(reader);
    }
    Ok(readers)
}

/// Whether nothing is to be seen in a cell; nearly every one begins with a letter or digit.
fn is_blank(cell: &str) -> bool {
    !cell.starts_with(|c: char| c.is_ascii_graphic()) && cell.trim().is_empty()
}

fn order_name(order: DateOrder) -> &'static str {
    match order {
        DateOrder::DayFirst => "day-first",
        DateOrder::MonthFirst => "month-first",
    }
}

fn order_named(name: &str) -> DateOrder {
    if name == "month-first" { DateOrder::MonthFirst } else { DateOrder::DayFirst }
}

impl OpenTable {
    /// The whole canonical record of a row of a batch that this reading made, whatever columns were wanted.
    pub fn record(&self, batch: &Batch, row: usize) -> Record {
        let raw = |column: usize| batch.raw.get(column).map_or("", |cells| cells.cell(row));
        let mut fields: Vec<(Field, String)> = self
            .readers
            .iter()
            .map(|reader| (reader.field, reader.read(raw(reader.column)).into_owned()))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        let missing = |field: Field, fields: &[(Field, String)]| !fields.iter().any(|(other, _)| *other == field);
        for (field, value) in &self.layout.constants {
            if missing(*field, &fields) {
                fields.push((*field, value.clone()));
            }
        }
        fields.sort_by_key(|(field, _)| field.index());
        let raw = self.headings.iter().enumerate().map(|(column, heading)| (heading.clone(), raw(column).to_owned()));
        Record {
            source: self.source.clone(),
            row: batch.rows.get(row).copied().unwrap_or(0),
            fields,
            raw: raw.collect(),
        }
    }

    /// The next row; false at the end.
    fn next_row(&mut self, rows: &mut dyn RowSource, row: &mut Row) -> Result<bool, ReadError> {
        if let Some(waiting) = self.waiting.pop_front() {
            *row = waiting;
            return Ok(true);
        }
        row.cells.clear();
        self.ended = self.ended || !rows.next_row(row)?;
        Ok(!self.ended)
    }

    /// The next batch; `None` at the table's end.
    ///
    /// # Errors
    /// When the container breaks off, or a column's dates contradict what was decided.
    pub fn batch(
        &mut self,
        rows: &mut dyn RowSource,
        (counts, rejects): (&mut Counts, &mut Vec<Reject>),
    ) -> Result<Option<Batch>, ReadError> {
        let mut batch = Batch::new(self.source.clone(), self.headings.clone());
        // Batches of a table are much alike: the last one says how much room the next one needs.
        let room = |column: usize| {
            self.room.get(column).map_or_else(Column::default, |bytes| Column::with_room(BATCH_ROWS, bytes + bytes / 8))
        };
        batch.raw.iter_mut().enumerate().for_each(|(index, column)| *column = room(index));
        let wanted = |reader: &Reader| if reader.wanted { room(reader.column) } else { Column::default() };
        let mut columns: Vec<Column> = self.readers.iter().map(wanted).collect();
        let (mut bytes, mut row) = (0, Row::default());
        while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            if !self.next_row(rows, &mut row)? {
                break;
            }
            let text = row.text();
            if self.is_furniture(&text) {
                counts.skipped += 1;
                continue;
            }
            if let Some(reason) = self.refuse(&text) {
                counts.rejects += 1;
                let cells = text.iter().map(str::to_owned).collect();
                rejects.push(Reject { table: self.name.clone(), row: text.number, reason, cells });
                continue;
            }
            self.check_dates(&text)?;
            for (reader, column) in self.readers.iter().zip(&mut columns) {
                if reader.wanted {
                    column.push(&reader.read(text.cell(reader.column)));
                }
            }
            for (index, column) in batch.raw.iter_mut().enumerate() {
                column.push(text.cell(index));
            }
            bytes += text.bytes();
            batch.rows.push(text.number);
            counts.records += 1;
        }
        if batch.is_empty() {
            return Ok(None);
        }
        self.room = batch.raw.iter().map(Column::text_len).collect();
        self.place(&mut batch, columns);
        Ok(Some(batch))
    }

    fn place(&self, batch: &mut Batch, columns: Vec<Column>) {
        for (reader, column) in self.readers.iter().zip(columns) {
            if self.needs.contains(reader.field) {
                batch.set_column(reader.field, column);
            }
        }
        for (field, value) in &self.layout.constants {
            if batch.column(*field).is_none() {
                let mut column = Column::default();
                (0..batch.len()).for_each(|_| column.push(value));
                batch.set_column(*field, column);
            }
        }
    }

    /// Totals rows and repeated headings are no records.
    fn is_furniture(&self, row: &RowText) -> bool {
        let filled = row.iter().filter(|cell| !is_blank(cell)).count();
        if filled == 0 {
            return true;
        }
        if filled * 2 <= self.headings.len() {
            let first = row.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or("").to_uppercase();
            if ["ИТОГО", "ВСЕГО", "TOTAL", "GRAND TOTAL"].iter().any(|word| first.starts_with(word)) {
                return true;
            }
        }
        // Only a row whose first cell repeats its heading is looked at further: it is the cheap sign.
        if self.headings.first().is_none_or(|heading| row.cell(0).trim() != heading) {
            return false;
        }
        let same =
            row.iter().zip(&self.heading_keys).filter(|(cell, key)| !key.is_empty() && heading_key(cell) == **key);
        same.count() * 5 >= self.headings.len() * 4
    }

    fn refuse(&self, row: &RowText) -> Option<String> {
        let width = self.headings.len();
        let extra = row.iter().skip(width).filter(|cell| !is_blank(cell)).count();
        if extra > 0 {
            return Some(format!("the row has {} cells under {width} headings", row.width()));
        }
        if row.has_nul() {
            return Some("the row has a NUL byte in it".to_owned());
        }
        let told = self.readers.iter().any(|reader| !value::is_missing(row.cell(reader.column).trim()));
        (!told).then(|| "every known column of the row is empty".to_owned())
    }

    /// A cell that proves the other order of day and month ends the attempt: the next one knows it from the start.
    fn check_dates(&self, row: &RowText) -> Result<(), ReadError> {
        for reader in self.readers.iter().filter(|reader| reader.kind == FieldKind::Date) {
            let cell = row.cell(reader.column).trim();
            let Some(shown) = value::date_order_shown(cell) else { continue };
            if shown == reader.order {
                continue;
            }
            let heading = self.headings.get(reader.column).cloned().unwrap_or_default();
            return Err(self.contradiction(row, heading, shown, cell));
        }
        Ok(())
    }

    fn contradiction(&self, row: &RowText, heading: String, shown: DateOrder, cell: &str) -> ReadError {
        let fixed = self.layout.date_order.is_some() || self.known.decisions.iter().any(|(name, _)| *name == heading);
        let message = format!("the column `{heading}` has dates of both orders: `{cell}` is {}", order_name(shown));
        let mut learnt = self.known.clone();
        learnt.decisions.push((heading.clone(), order_name(shown).to_owned()));
        ReadError {
            row: Some(row.number),
            column: Some(heading),
            excerpt: Some(cell.chars().take(120).collect()),
            learnt: (!fixed).then_some(learnt),
            ..ReadError::new(if fixed { "date-order-mixed" } else { "date-order" }, message)
        }
        .hint("write all dates of a column in one order, or set `date_order:` in the layout")
    }
}
