//! The wire between a reading child and its parent: tables, rows, an error, an end with a count.
//!
//! In: tables and rows, or the bytes that a child wrote. Out: the same on the other side. A stream without its end frame
//! is not complete, and neither side believes a length that is over the limit.

use std::io::{self, BufRead, BufWriter, Write};

use super::super::{Limits, ReadError};
use super::{Row, Table};

const TABLE: u8 = b'T';
const ROW: u8 = b'R';
const ERROR: u8 = b'E';
const END: u8 = b'Z';
/// Bytes of a name or an error at most.
const LONGEST_TEXT: usize = 1 << 16;
/// Bytes of the message of an error at most.
const LONGEST_MESSAGE: usize = 300;

/// One frame, as the parent sees it. A row is put into the caller's own.
#[derive(Debug)]
pub enum Frame {
    /// A table begins.
    Table(Table),
    /// A row of it.
    Row,
    /// The container cannot be read on.
    Error(Box<ReadError>),
    /// All of it was read: so many rows.
    End(u64),
}

/// The child's side.
pub struct FrameWriter {
    out: BufWriter<Box<dyn Write + Send>>,
    limits: Limits,
    rows: u64,
}

impl FrameWriter {
    /// A writer of frames.
    pub fn new(out: Box<dyn Write + Send>, limits: &Limits) -> FrameWriter {
        FrameWriter { out: BufWriter::with_capacity(1 << 16, out), limits: limits.clone(), rows: 0 }
    }

    /// A table begins.
    ///
    /// # Errors
    /// When the parent has gone away.
    pub fn table(&mut self, table: &Table) -> Result<(), ReadError> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let delimiter = table.delimiter.map(String::from);
        let parts = [&table.member, &table.sheet, &table.unread, &table.encoding, &delimiter].map(text);
        self.out.write_all(&[TABLE]).map_err(ReadError::from_io)?;
        for part in parts {
            let end = part.floor_char_boundary(LONGEST_TEXT);
            self.text(part.get(..end).unwrap_or_default().as_bytes())?;
        }
        Ok(())
    }

    /// A row of the table.
    ///
    /// # Errors
    /// When it is over a limit, or the parent has gone away.
    pub fn row(&mut self, row: &Row) -> Result<(), ReadError> {
        let (cells, bytes) = (row.cells.len(), row.cells.as_slice().len());
        if cells > self.limits.columns {
            let error = ReadError::too_many_columns(cells, self.limits.columns);
            return Err(ReadError { row: Some(row.number), ..error });
        }
        if bytes > self.limits.row {
            return Err(ReadError { row: Some(row.number), ..ReadError::row_too_long(self.limits.row) });
        }
        self.rows += 1;
        self.out.write_all(&[ROW]).map_err(ReadError::from_io)?;
        self.number(row.number)?;
        self.number(cells as u64)?;
        row.cells.iter().try_for_each(|cell| self.text(cell))
    }

    /// The container is at its end, or cannot be read on.
    ///
    /// # Errors
    /// When the parent has gone away.
    pub fn end(mut self, ended: Result<(), ReadError>) -> Result<(), ReadError> {
        match ended {
            Ok(()) => {
                self.out.write_all(&[END]).map_err(ReadError::from_io)?;
                self.number(self.rows)?;
            }
            Err(mut error) => {
                // Some libraries put the bytes that they could not read into their message.
                let end = error.message.floor_char_boundary(LONGEST_MESSAGE);
                if end < error.message.len() {
                    error.message.truncate(end);
                    error.message.push('…');
                }
                let json = serde_json::to_vec(&error).unwrap_or_default();
                self.out.write_all(&[ERROR]).map_err(ReadError::from_io)?;
                self.text(&json)?;
            }
        }
        self.out.flush().map_err(ReadError::from_io)
    }

    fn number(&mut self, number: u64) -> Result<(), ReadError> {
        self.out.write_all(&number.to_le_bytes()).map_err(ReadError::from_io)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), ReadError> {
        self.number(text.len() as u64)?;
        self.out.write_all(text).map_err(ReadError::from_io)
    }
}

/// The parent's side: the next frame, `None` where the stream ends without one.
///
/// # Errors
/// When the stream breaks off inside a frame, or is no stream of frames.
pub fn next(input: &mut impl BufRead, row: &mut Row, limits: &Limits) -> io::Result<Option<Frame>> {
    let mut tag = [0];
    if input.read(&mut tag)? == 0 {
        return Ok(None);
    }
    let frame = match tag {
        [TABLE] => {
            let mut part = || -> io::Result<Option<String>> {
                let text = String::from_utf8(text(input, LONGEST_TEXT)?).map_err(|_| garbled())?;
                Ok((!text.is_empty()).then_some(text))
            };
            let (member, sheet, unread, encoding) = (part()?, part()?, part()?, part()?);
            let delimiter = part()?.and_then(|text| text.chars().next());
            Frame::Table(Table { member, sheet, unread, encoding, delimiter })
        }
        [ROW] => {
            read_row(input, row, limits)?;
            Frame::Row
        }
        [ERROR] => {
            let json = text(input, LONGEST_TEXT)?;
            Frame::Error(Box::new(serde_json::from_slice(&json).map_err(|_| garbled())?))
        }
        [END] => Frame::End(number(input)?),
        _ => return Err(garbled()),
    };
    Ok(Some(frame))
}

fn read_row(input: &mut impl BufRead, row: &mut Row, limits: &Limits) -> io::Result<()> {
    row.number = number(input)?;
    row.cells.clear();
    let cells = usize::try_from(number(input)?).ok().filter(|cells| *cells <= limits.columns).ok_or_else(garbled)?;
    let mut room = limits.row;
    for _ in 0..cells {
        let length = usize::try_from(number(input)?).ok().filter(|length| *length <= room).ok_or_else(garbled)?;
        room -= length;
        // The usual cell stands whole in the buffer and is copied once.
        if let Some(cell) = input.fill_buf()?.get(..length) {
            row.cells.push_field(valid(cell)?);
            input.consume(length);
        } else {
            let mut cell = vec![0; length];
            input.read_exact(&mut cell)?;
            row.cells.push_field(valid(&cell)?);
        }
    }
    Ok(())
}

fn valid(cell: &[u8]) -> io::Result<&[u8]> {
    simdutf8::basic::from_utf8(cell).map(str::as_bytes).map_err(|_| garbled())
}

fn number(input: &mut impl BufRead) -> io::Result<u64> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn text(input: &mut impl BufRead, longest: usize) -> io::Result<Vec<u8>> {
    let length = usize::try_from(number(input)?).ok().filter(|length| *length <= longest).ok_or_else(garbled)?;
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn garbled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a stream of frames")
}
