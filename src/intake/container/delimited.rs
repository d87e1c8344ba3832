//! CSV, TSV, `;` and `|`: the delimiter is found by looking; LF, CRLF and CR ends; stray quotes stay text.

use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex};

use super::super::{Limits, ReadError};
use super::guard::{Guard, Seen, lock};
use super::{Row, RowSource, Table};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes of text that the delimiter is found in.
const SAMPLE: usize = 64 << 10;
/// Rows of the sample that are compared.
const COMPARED: usize = 50;

/// A delimited text being read.
pub struct Delimited<'a> {
    reader: csv::Reader<Guard<'a>>,
    seen: Arc<Mutex<Seen>>,
    rows: u64,
    columns: usize,
    begun: bool,
    encoding: &'static str,
    delimiter: u8,
    /// Cells of the first row.
    width: usize,
    /// Rows that a stray quote had swallowed.
    swallowed: VecDeque<csv::ByteRecord>,
}

/// Opens a text.
///
/// # Errors
/// When its start cannot be read.
pub fn open<'a>(
    mut text: Box<dyn Read + 'a>,
    encoding: &'static str,
    limits: &Limits,
) -> Result<Delimited<'a>, ReadError> {
    let mut sample = Vec::new();
    let mut chunk = vec![0; SAMPLE];
    while sample.len() < SAMPLE {
        match text.read(&mut chunk).map_err(ReadError::from_io)? {
            0 => break,
            read => sample.extend_from_slice(chunk.get(..read).unwrap_or_default()),
        }
    }
    let delimiter = delimiter(&sample);
    let whole = Box::new(Cursor::new(sample).chain(text));
    let (guard, seen) = Guard::new(whole, delimiter, limits.row);
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(1 << 17)
        .from_reader(guard);
    let swallowed = VecDeque::new();
    let columns = limits.columns;
    Ok(Delimited { reader, seen, rows: 0, columns, begun: false, delimiter, width: 0, swallowed, encoding })
}

/// The delimiter that splits the most rows into the same, largest number of cells.
fn delimiter(sample: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(sample);
        let widths: Vec<usize> =
            reader.into_byte_records().take(COMPARED).filter_map(Result::ok).map(|row| row.len()).collect();
        let same = |width: usize| widths.iter().filter(|other| **other == width).count();
        let usual = widths.iter().copied().max_by_key(|width| (same(*width), *width)).unwrap_or(1);
        if usual < 2 { 0 } else { same(usual) * 1000 / widths.len().max(1) * usual.min(100) }
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

impl RowSource for Delimited<'_> {
    fn next_table(&mut self) -> Result<Option<Table>, ReadError> {
        let begun = std::mem::replace(&mut self.begun, true);
        let (encoding, delimiter) = (Some(self.encoding.to_owned()), Some(char::from(self.delimiter)));
        Ok((!begun).then(|| Table { encoding, delimiter, ..Table::default() }))
    }

    fn next_row(&mut self, row: &mut Row) -> Result<bool, ReadError> {
        if let Some(cells) = self.swallowed.pop_front() {
            self.rows += 1;
            *row = Row { number: self.rows, cells };
            return Ok(true);
        }
        let (next, line) = (self.rows + 1, self.reader.position().line());
        let read = self.reader.read_byte_record(&mut row.cells).map_err(|error| {
            let mut error = match error.into_kind() {
                csv::ErrorKind::Io(cause) => ReadError::from_io(cause),
                other => ReadError::new("malformed", format!("the table cannot be read on: {other:?}")),
            };
            error.row = error.row.or(Some(next));
            error
        })?;
        let end = self.reader.position().byte();
        let mut seen = lock(&self.seen);
        seen.row_start = end;
        if !read {
            return match seen.quote_open {
                true => Err(ReadError { row: Some(self.rows), ..unclosed() }),
                false => Ok(false),
            };
        }
        while seen.blanks.front().is_some_and(|blank| *blank < end) {
            seen.blanks.pop_front();
            self.rows += 1;
        }
        self.rows += 1;
        row.number = self.rows;
        self.width = if self.width == 0 { row.cells.len() } else { self.width };
        if self.reader.position().line() > line + 1
            && let Some(mut rows) = parted(&row.cells, self.width, self.delimiter)
        {
            row.cells = rows.pop_front().unwrap_or_default();
            self.swallowed = rows;
        }
        if row.cells.len() > self.columns {
            let error = ReadError::too_many_columns(row.cells.len(), self.columns);
            return Err(ReadError { row: Some(self.rows), ..error });
        }
        Ok(true)
    }

    fn is_open_ended(&self) -> bool {
        !matches!(lock(&self.seen).last, b'\n' | b'\r')
    }
}

/// Tables narrower than this may well have so many delimiters in a line of a text.
const NARROWEST: usize = 5;

/// The rows that a row really is, when a quote that was opened and not closed has made one cell of whole lines: each of
/// them has as many delimiters as a row. `None` for a cell that only has line breaks.
fn parted(cells: &csv::ByteRecord, width: usize, delimiter: u8) -> Option<VecDeque<csv::ByteRecord>> {
    let at = cells.iter().position(|cell| memchr::memchr(b'\n', cell).is_some())?;
    let cell = cells.get(at)?;
    let mut rows: VecDeque<csv::ByteRecord> = VecDeque::new();
    for line in cell.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut row = csv::ByteRecord::new();
        if rows.is_empty() {
            cells.iter().take(at).for_each(|cell| row.push_field(cell));
        }
        line.split(|byte| *byte == delimiter).for_each(|cell| row.push_field(cell));
        rows.push_back(row);
    }
    let last = rows.back_mut()?;
    cells.iter().skip(at + 1).for_each(|cell| last.push_field(cell));
    let fit = rows.iter().filter(|row| row.len() == width).count();
    (width >= NARROWEST && (fit == rows.len() || fit > 2)).then_some(rows)
}

fn unclosed() -> ReadError {
    ReadError::new("unclosed-quote", "a quoted cell is not closed before the end of the file")
        .hint("close the quote, or drop the whole file if it is cut short")
}
