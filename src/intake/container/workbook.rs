//! Workbooks: XLSX, XLSM, XLSB, ODS and XLS; every sheet is a table.
//!
//! In: an open file. Out: rows of cells as a person reads them: dates as ISO 8601, numbers with all their digits. The
//! streaming readers are used where there are such; the others hold a sheet in memory, within the reader's limit.
//! A cell that is merged over rows counts in each of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use calamine::{Data, DataRef, Dimensions, Ods, Range, Reader, SheetType, Xls, Xlsb, Xlsx};

use super::super::ReadError;
use super::cell;
use super::frames::FrameWriter;
use super::walk::Place;
use super::{Row, Table};

/// Merged areas of a sheet that are followed.
const MOST_MERGED: usize = 100_000;

/// Which of the workbook formats a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// XLSX, XLSM: ECMA-376.
    Xlsx,
    /// MS-XLSB.
    Xlsb,
    /// OpenDocument.
    Ods,
    /// MS-XLS.
    Xls,
}

/// Reads every sheet.
///
/// # Errors
/// When the workbook is broken or protected by a password.
pub fn read(file: File, form: Form, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let input = BufReader::with_capacity(1 << 16, file);
    match form {
        Form::Xlsx => xlsx(Xlsx::new(input).map_err(broken)?, place, out),
        Form::Xlsb => xlsb(Xlsb::new(input).map_err(broken)?, place, out),
        Form::Ods => {
            let mut book = Ods::new(input).map_err(broken)?;
            for name in sheets(&book) {
                let range = book.worksheet_range(&name).map_err(broken)?;
                from_range(&range, &[], &place.sheet(&name), out)?;
            }
            Ok(())
        }
        Form::Xls => {
            let mut book = Xls::new(input).map_err(broken)?;
            for name in sheets(&book) {
                let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
                let range = book.worksheet_range(&name).map_err(broken)?;
                from_range(&range, &merged, &place.sheet(&name), out)?;
            }
            Ok(())
        }
    }
}

/// Names of the sheets that hold cells, hidden ones too: what is in the file is in the file.
fn sheets<R: std::io::Read + std::io::Seek, B: Reader<R>>(book: &B) -> Vec<String> {
    let all = book.sheets_metadata().iter();
    all.filter(|sheet| sheet.typ == SheetType::WorkSheet).map(|sheet| sheet.name.clone()).collect()
}

fn xlsx(mut book: Xlsx<BufReader<File>>, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    for name in sheets(&book) {
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        let mut rows = Rows::new(&merged, &place.sheet(&name), out)?;
        let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            rows.cell(cell.get_position(), &shown(cell.get_value()))?;
        }
        rows.end()?;
    }
    Ok(())
}

fn xlsb(mut book: Xlsb<BufReader<File>>, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    for name in sheets(&book) {
        let mut rows = Rows::new(&[], &place.sheet(&name), out)?;
        let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            rows.cell(cell.get_position(), &shown(cell.get_value()))?;
        }
        rows.end()?;
    }
    Ok(())
}

fn from_range(
    range: &Range<Data>,
    merged: &[Dimensions],
    table: &Table,
    out: &mut FrameWriter,
) -> Result<(), ReadError> {
    let mut rows = Rows::new(merged, table, out)?;
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let position = (top.saturating_add(short(row)), left.saturating_add(short(column)));
        rows.cell(position, &shown(&by_reference(value)))?;
    }
    rows.end()
}

fn by_reference(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(text) | Data::DurationIso(text) => DataRef::SharedString(text),
        _ => DataRef::Empty,
    }
}

fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// A cell as a person reads it.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => cell::number(*number),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            cell::moment((year.into(), month, day), (hour, minute, second))
        }
        DataRef::DateTime(span) => cell::number(span.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        // A formula that failed says nothing.
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Cells in order → rows; a merged cell's text goes down to the rows below it.
struct Rows<'o> {
    out: &'o mut FrameWriter,
    /// Areas over several rows by the row and column of their first cell: the last row.
    merged: BTreeMap<(u32, u32), u32>,
    /// Column → text and the last row that it counts in.
    carried: BTreeMap<u32, (String, u32)>,
    cells: BTreeMap<u32, String>,
    row: u32,
    /// Bytes of the cells of the row so far, and the most that they may be.
    bytes: usize,
    longest_row: usize,
}

impl<'o> Rows<'o> {
    fn new(merged: &[Dimensions], table: &Table, out: &'o mut FrameWriter) -> Result<Rows<'o>, ReadError> {
        out.table(table)?;
        let over_rows = merged.iter().take(MOST_MERGED).filter(|area| area.end.0 > area.start.0);
        let merged = over_rows.map(|area| (area.start, area.end.0)).collect();
        let longest_row = out.longest_row();
        Ok(Rows { out, merged, carried: BTreeMap::new(), cells: BTreeMap::new(), row: 0, bytes: 0, longest_row })
    }

    fn cell(&mut self, (row, column): (u32, u32), text: &str) -> Result<(), ReadError> {
        if text.is_empty() {
            return Ok(());
        }
        if row < self.row {
            return Err(broken("its rows stand out of order"));
        }
        if row > self.row {
            self.flush()?;
            self.row = row;
        }
        if let Some(last) = self.merged.get(&(row, column)) {
            self.carried.insert(column, (text.to_owned(), *last));
        }
        self.bytes += text.len();
        if self.bytes > self.longest_row {
            let error = ReadError::row_too_long(self.longest_row);
            return Err(ReadError { row: Some(u64::from(row) + 1), ..error });
        }
        self.cells.insert(column, text.to_owned());
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ReadError> {
        // A row of which every cell belongs to the rows above is no row of its own.
        if self.cells.is_empty() {
            return Ok(());
        }
        let row = self.row;
        self.carried.retain(|_, (_, last)| *last >= row);
        for (column, (text, _)) in &self.carried {
            self.cells.entry(*column).or_insert_with(|| text.clone());
        }
        let mut whole = Row { number: u64::from(row) + 1, ..Row::default() };
        let mut column = 0;
        // A sheet is 16,384 columns wide at most (ECMA-376); the limit on columns is checked by the frames.
        for (place, text) in &self.cells {
            while column < (*place).min(1 << 14) {
                whole.cells.push_field(b"");
                column += 1;
            }
            whole.cells.push_field(text.as_bytes());
            column = place.saturating_add(1);
        }
        self.cells.clear();
        self.bytes = 0;
        self.out.row(&whole)
    }

    fn end(mut self) -> Result<(), ReadError> {
        self.flush()
    }
}

fn broken(cause: impl std::fmt::Display) -> ReadError {
    let message = cause.to_string();
    if message.to_lowercase().contains("password") {
        return ReadError::new("password", "the workbook is protected by a password")
            .hint("save it without a password");
    }
    ReadError::new("cut-short", format!("the workbook is damaged or not complete: {message}"))
        .hint("open it and save it again, or save the sheets as CSV")
}
