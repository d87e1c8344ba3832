//! Containers: one format a file, each behind [`RowSource`]. What a file is, is decided by its content.
//!
//! In: an open file. Out: tables, and their rows of text cells with their numbers. It knows no layout and no field.
//! Delimited text is read here; every other format is read by a child of this program ([`foreign`]), so that what aborts
//! or eats memory there fails one file and not the daemon.

mod archive;
mod cell;
mod compressed;
mod dbf;
mod declarations;
mod delimited;
mod encoding;
mod foreign;
mod frames;
mod guard;
mod html;
mod json;
mod kind;
mod parquet;
mod walk;
mod workbook;

use std::fs::File;

use self::kind::Kind;
use super::{Isolation, Limits, ReadError};

pub use foreign::serve;

/// A table of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The member of an archive, `outer.zip/inner.csv` when archives are nested.
    pub member: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Why it holds no rows here, when it cannot be read as a table.
    pub unread: Option<String>,
    /// Of a delimited text: its encoding.
    pub encoding: Option<String>,
    /// Of a delimited text: what stands between its cells.
    pub delimiter: Option<char>,
}

/// The encoding that bytes outside UTF-8 are probably in; nothing for what is no text.
pub(super) fn guess_encoding(sample: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    encoding::detect(sample).ok()
}

/// Whether a text that a container decoded by itself reads like words.
///
/// # Errors
/// When it was saved in the wrong encoding.
pub(super) fn judge(text: &str) -> Result<(), ReadError> {
    encoding::judge(text)
}

/// Whether a layout may name an encoding so.
pub(super) fn is_encoding(name: &str) -> bool {
    encoding::named(name).is_some()
}

/// A row of cells as they stand in the file, decoded.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// 1-based, as a spreadsheet shows it: blank rows counted, line breaks inside a cell not. Formats that have names of
    /// columns instead of a header row give those as row 0.
    pub number: u64,
    /// The cells; always valid UTF-8.
    pub cells: csv::ByteRecord,
}

impl Row {
    /// A cell, empty when the row is shorter.
    pub fn cell(&self, index: usize) -> &str {
        self.cells.get(index).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }

    /// Every cell.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.cells.len()).map(|index| self.cell(index))
    }

    /// The cells for reading many of them.
    pub fn text(&self) -> RowText<'_> {
        let text = simdutf8::basic::from_utf8(self.cells.as_slice()).unwrap_or("");
        RowText { number: self.number, cells: &self.cells, text }
    }
}

/// The cells of a row, checked once to be text.
#[derive(Debug, Clone, Copy)]
pub struct RowText<'r> {
    /// 1-based.
    pub number: u64,
    cells: &'r csv::ByteRecord,
    text: &'r str,
}

impl<'r> RowText<'r> {
    /// A cell, empty when the row is shorter.
    pub fn cell(&self, index: usize) -> &'r str {
        self.cells.range(index).and_then(|range| self.text.get(range)).unwrap_or("")
    }

    /// Every cell.
    pub fn iter(&self) -> impl Iterator<Item = &'r str> {
        (0..self.cells.len()).map(|index| self.cell(index))
    }

    /// How many cells.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// Bytes of all cells.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether a cell has a U+FFFD, which stands for letters that were lost.
    pub fn has_replacement(&self) -> bool {
        memchr::memchr_iter(0xEF, self.text.as_bytes())
            .any(|at| self.text.as_bytes().get(at..at + 3) == Some(b"\xEF\xBF\xBD"))
    }

    /// Whether there is a NUL byte in a cell.
    pub fn has_nul(&self) -> bool {
        memchr::memchr(0, self.text.as_bytes()).is_some()
    }
}

/// What a file is, in words, and how it is compressed; it is at its start again.
///
/// # Errors
/// When it cannot be read, is empty or is too large.
pub fn describe(file: File, encoding: Option<&str>, limits: &Limits) -> Result<(String, File), ReadError> {
    let (kind, mut file) = kind::of_file(file, encoding, limits)?;
    let compressed = if compressed::is_compressed_file(&mut file)? { ", compressed" } else { "" };
    Ok((format!("{}{compressed}", kind.words()), file))
}

/// A container being read.
pub trait RowSource {
    /// Goes on to the next table, past rows of the one before that were not read; `None` when there is none.
    ///
    /// # Errors
    /// When the container is broken, cut short or over a limit.
    fn next_table(&mut self) -> Result<Option<Table>, ReadError>;

    /// Reads the next row of the table; `false` at its end.
    ///
    /// # Errors
    /// When the container is broken, cut short or over a limit.
    fn next_row(&mut self, row: &mut Row) -> Result<bool, ReadError>;

    /// Whether what was read is a text that does not end with a line break: its last row may not be whole.
    fn is_open_ended(&self) -> bool {
        false
    }
}

/// Opens a file as what its content says it is. `encoding` overrides detection.
///
/// # Errors
/// When the content is nothing that can be read.
pub fn open(
    file: File,
    encoding: Option<&str>,
    limits: &Limits,
    isolation: Isolation,
) -> Result<Box<dyn RowSource>, ReadError> {
    let (kind, file) = kind::of_file(file, encoding, limits)?;
    match kind {
        Kind::Delimited => {
            let mut file = file;
            let elsewhere = match encoding.is_none() && !compressed::is_compressed_file(&mut file)? {
                true => encoding::elsewhere(&mut file)?,
                false => Vec::new(),
            };
            let text = encoding::open_with(compressed::open(file, limits)?, &elsewhere, encoding)?;
            let encoding = text.encoding();
            Ok(Box::new(delimited::open(text, encoding, limits)?))
        }
        Kind::Refused(what, advice) => {
            let message = format!("the file is {what}, which is not read");
            Err(ReadError::new("unsupported-format", message).hint(advice))
        }
        Kind::Workbook | Kind::Dbf | Kind::Html | Kind::Json | Kind::Parquet | Kind::SevenZip | Kind::Zip => {
            Ok(Box::new(foreign::open(file, encoding, limits, isolation)?))
        }
    }
}
