//! One table being read: header found, columns decided on the first rows, then row after row into a batch.
//!
//! In: rows of a container, the layouts. Out: batches and rejects. It never goes on to the next table by itself.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::columns::{Basis, Columns};
use super::container::{self, Row, RowSource, RowText, Table};
use super::ending::Ending;
use super::furniture::Furniture;
use super::layout::{self, Contradiction, Layout, Layouts, RunnerUp};
use super::notes::What;
use super::rates::Rates;
use super::values::Reader;
use super::{Aside, OpenSettings, ReadError, Reject};
use crate::record::{Batch, Column, Field, FieldSet, Record, SourceFile};
use crate::text::heading_key;
use crate::value;

/// Rows that columns are decided on.
const DECIDED_ON: usize = 10_000;
/// Bytes of those rows at most.
const DECIDED_ON_BYTES: usize = 16 << 20;
/// Rows and bytes of a batch.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// A table whose columns are known.
pub struct OpenTable {
    pub(super) waiting: VecDeque<Row>,
    ended: bool,
    source: Arc<SourceFile>,
    /// Member and sheet, for people.
    name: String,
    /// The layout in use.
    pub layout: Arc<Layout>,
    /// Values that every record has.
    pub(super) constants: Vec<(Field, String)>,
    /// What layouts that fit equally well contradict each other about.
    pub(super) disputed: Vec<Contradiction>,
    /// The layout that fits next best.
    pub(super) runner_up: Option<RunnerUp>,
    /// The header's row.
    pub(super) header: u64,
    pub(super) headings: Arc<[String]>,
    pub(super) furniture: Furniture,
    pub(super) columns: Columns,
    ending: Ending,
    rates: Arc<Rates>,
    /// Canonical fields that the table supplies.
    pub supplied: FieldSet,
    needs: FieldSet,
    /// Bytes of each column in the last batch.
    room: Vec<usize>,
}

/// What became of a table's first rows.
pub enum Opened {
    /// It can be read; so many rows stand above its header.
    Table(Box<OpenTable>, u64),
    /// It has no rows.
    Empty,
    /// No layout fits these first rows.
    Unfit(ReadError, VecDeque<Row>),
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
        Err(error) => return Ok(Opened::Unfit(error, waiting)),
    };
    if fit.layout.encoding.is_none() {
        container::judge(&first_text(&waiting))?;
    }
    let above: Vec<Row> = waiting.drain(..=fit.header).collect();
    let header_row = above.last().map_or(0, |row| row.number);
    let header = above.last().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let headings: Arc<[String]> = header.unwrap_or_default().into();
    let place = Table { member: source.member.clone(), sheet: source.sheet.clone(), ..Table::default() };
    let name = named(&place);
    let basis = Basis { fit: &fit, headings: &headings, table: &name, settings };
    let columns = Columns::decide(&basis, waiting.make_contiguous());
    let mut supplied = FieldSet::default();
    let constants = fit.constants.iter().map(|(field, _)| *field);
    columns.readers.iter().map(|reader| reader.field).chain(constants).for_each(|field| supplied.insert(field));
    supplied.raw.extend(headings.iter().map(|heading| heading_key(heading)));
    let table = OpenTable {
        waiting,
        ended,
        source: Arc::new(source),
        name,
        ending: Ending::new(headings.len()),
        furniture: Furniture::new(&headings, &columns.readers),
        layout: fit.layout,
        constants: fit.constants,
        disputed: fit.contradictions,
        runner_up: fit.runner_up,
        header: header_row,
        headings,
        columns,
        rates: layouts.rates.clone(),
        supplied,
        needs: settings.needs.clone(),
        room: Vec::new(),
    };
    Ok(Opened::Table(Box::new(table), fit.header as u64))
}

/// Bytes of text that are judged, of containers that decode it themselves.
const JUDGED: usize = 64 << 10;

/// The cells outside ASCII of the first rows.
fn first_text(rows: &VecDeque<Row>) -> String {
    let mut text = String::new();
    for cell in rows.iter().flat_map(Row::iter).filter(|cell| !cell.is_ascii()) {
        if text.len() + cell.len() > JUDGED {
            break;
        }
        text.push_str(cell);
        text.push('\n');
    }
    text
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

/// Whether nothing is to be seen in a cell, as in the sign with which DOS ends files; nearly every one begins with a letter
/// or digit.
pub fn is_blank(cell: &str) -> bool {
    let is_unseen = |c: char| c.is_whitespace() || matches!(c, '\u{1}'..='\u{1f}' | '\u{feff}' | '\u{200b}');
    !cell.starts_with(|c: char| c.is_ascii_graphic()) && cell.chars().all(is_unseen)
}

impl OpenTable {
    /// The whole canonical record of a row of a batch that this reading made, whatever columns were wanted.
    pub fn record(&self, batch: &Batch, row: usize) -> Record {
        let raw = |column: usize| batch.raw.get(column).map_or("", |cells| cells.cell(row));
        let mut computed_usd = false;
        let mut fields: Vec<(Field, String)> = Vec::new();
        for reader in &self.columns.readers {
            let (cell, what) = self.canonical(reader, &raw);
            if !cell.is_empty() {
                computed_usd |= reader.field == Field::ValueUsd && what == Some(What::Computed);
                fields.push((reader.field, cell.into_owned()));
            }
        }
        let missing = |field: Field, fields: &[(Field, String)]| !fields.iter().any(|(other, _)| *other == field);
        for (field, value) in &self.constants {
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
            computed_usd,
        }
    }

    /// Member and sheet, for people; empty for a plain file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Notes the columns that were left to no field, since two layouts that fit equally well disagree about them.
    pub fn note_disputed(&self, aside: &mut Aside) {
        for disputed in &self.disputed {
            let Some(heading) = disputed.column.and_then(|column| self.headings.get(column)) else { continue };
            let said = format!("{} or {}", disputed.field, disputed.other_field);
            aside.notes.add(What::Disputed, (&self.name, self.header), (heading, &said));
        }
    }

    /// Whether rows beyond those that columns were decided on may contradict a decision that rests on nothing.
    pub fn is_unsure(&self) -> bool {
        !self.ended && self.columns.is_unsure()
    }

    /// The canonical text of a field, and what is the matter with it. A value in US dollars that the row does not have is
    /// computed from its amount.
    pub(super) fn canonical<'a>(
        &self,
        reader: &Reader,
        cell: &impl Fn(usize) -> &'a str,
    ) -> (Cow<'a, str>, Option<What>) {
        let own = reader.written(cell);
        let read = match &own {
            Cow::Borrowed(own) => reader.read(own),
            Cow::Owned(own) => Cow::Owned(reader.read(own).into_owned()),
        };
        if reader.field == Field::ValueUsd && read.is_empty() {
            let (value, what) = self.computed(cell);
            return (Cow::Owned(value), reader.trouble(&own, &read).or(what));
        }
        let what = if read.is_empty() || reader.lost_zeros != 0 { reader.trouble(&own, &read) } else { None };
        (read, what)
    }

    fn computed<'a>(&self, cell: &impl Fn(usize) -> &'a str) -> (String, Option<What>) {
        let text = |field: Field| match self.columns.reader(field) {
            Some(reader) => reader.read(&reader.written(cell)).into_owned(),
            None => {
                let constant = self.constants.iter().find(|(constant, _)| *constant == field);
                constant.map_or_else(String::new, |(_, value)| value.clone())
            }
        };
        let (amount, currency) = (text(Field::InvoiceValue), text(Field::InvoiceCurrency));
        if amount.is_empty() || currency.is_empty() {
            return (String::new(), None);
        }
        match self.rates.usd(&amount, &currency, &text(Field::DeclarationDate)) {
            Some(value) => (value, Some(What::Computed)),
            None => (String::new(), (*self.rates != Rates::default()).then_some(What::NoRate)),
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
    /// When the container breaks off, or a column contradicts what was decided for it.
    pub fn batch(&mut self, rows: &mut dyn RowSource, aside: &mut Aside) -> Result<Option<Batch>, ReadError> {
        let mut batch = Batch::new(self.source.clone(), self.headings.clone());
        // Batches of a table are much alike: the last one says how much room the next one needs.
        let room = |column: usize| {
            self.room.get(column).map_or_else(Column::default, |bytes| Column::with_room(BATCH_ROWS, bytes + bytes / 8))
        };
        batch.raw.iter_mut().enumerate().for_each(|(index, column)| *column = room(index));
        let wanted = |reader: &Reader| if reader.wanted { room(reader.column) } else { Column::default() };
        let mut columns: Vec<Column> = self.columns.readers.iter().map(wanted).collect();
        let (mut bytes, mut row) = (0, Row::default());
        while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            if !self.next_row(rows, &mut row)? {
                match self.ending.cut().filter(|_| rows.is_open_ended()) {
                    Some(error) => return Err(error),
                    None => break,
                }
            }
            let text = row.text();
            let is_furniture = self.furniture.is(&text);
            self.ending.pass(&text, is_furniture);
            if is_furniture {
                aside.counts.skipped += 1;
                continue;
            }
            if let Some(reason) = self.refuse(&text) {
                aside.counts.rejects += 1;
                let cells = text.iter().map(str::to_owned).collect();
                aside.rejects.push(Reject { table: self.name.clone(), row: text.number, reason, cells });
                continue;
            }
            self.columns.watch(&text, &self.headings, &mut aside.notes)?;
            self.note_undecoded(&text, aside);
            let cell = |index: usize| text.cell(index);
            for (reader, column) in self.columns.readers.iter().zip(&mut columns) {
                if !reader.wanted && !reader.looks_odd(cell(reader.column)) {
                    continue;
                }
                let (read, what) = self.canonical(reader, &cell);
                if reader.wanted {
                    column.push(&read);
                }
                if let Some(what) = what {
                    self.note(what, (reader, &text), aside);
                }
            }
            for (index, column) in batch.raw.iter_mut().enumerate() {
                column.push(text.cell(index));
            }
            bytes += text.bytes();
            batch.rows.push(text.number);
            aside.counts.records += 1;
        }
        if batch.is_empty() {
            return Ok(None);
        }
        self.room = batch.raw.iter().map(Column::text_len).collect();
        self.place(&mut batch, columns);
        Ok(Some(batch))
    }

    fn place(&self, batch: &mut Batch, columns: Vec<Column>) {
        for (reader, column) in self.columns.readers.iter().zip(columns) {
            if self.needs.contains(reader.field) {
                batch.set_column(reader.field, column);
            }
        }
        for (field, value) in &self.constants {
            if batch.column(*field).is_none() {
                let mut column = Column::default();
                (0..batch.len()).for_each(|_| column.push(value));
                batch.set_column(*field, column);
            }
        }
    }

    fn note(&self, what: What, (reader, row): (&Reader, &RowText<'_>), aside: &mut Aside) {
        // What is computed has no column of its own: the amount that it comes from is shown.
        let shown = match what {
            What::Computed | What::NoRate => self.columns.reader(Field::InvoiceValue).unwrap_or(reader),
            _ => reader,
        };
        let heading = self.headings.get(shown.column).map_or("", String::as_str);
        let currency = self.columns.reader(Field::InvoiceCurrency).filter(|_| what == What::NoRate);
        let cell = currency.map_or_else(|| row.cell(shown.column), |currency| row.cell(currency.column));
        aside.notes.add(what, (&self.name, row.number), (heading, cell));
    }

    /// U+FFFD stands where letters were lost; its first byte is rare in any text.
    fn note_undecoded(&self, row: &RowText<'_>, aside: &mut Aside) {
        if !row.has_replacement() {
            return;
        }
        for (heading, cell) in self.headings.iter().zip(row.iter()).filter(|(_, cell)| cell.contains('\u{FFFD}')) {
            aside.notes.add(What::Undecoded, (&self.name, row.number), (heading, cell));
        }
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
        let cell = |index: usize| row.cell(index);
        let told = self.columns.readers.iter().any(|reader| !value::is_missing(reader.written(&cell).trim()));
        (!told).then(|| "every known column of the row is empty".to_owned())
    }
}
