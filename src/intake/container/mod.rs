//! Containers: one format a file, each behind [`RowSource`]. What a file is, is decided by its content.
//!
//! In: an open file. Out: rows of text cells with their numbers. It knows no layout and no field.

mod compressed;
mod delimited;
mod encoding;
mod guard;

use std::fs::File;

use super::{Limits, ReadError};

/// The encoding that bytes outside UTF-8 are probably in; nothing for what is no text.
pub(super) fn guess_encoding(sample: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    encoding::detect(sample).ok()
}

/// A row of cells as they stand in the file, decoded.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// 1-based, as a spreadsheet shows it: blank rows counted, line breaks inside a cell not.
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
}

/// A container being read.
pub trait RowSource: Send {
    /// Reads the next row; `false` at the end.
    ///
    /// # Errors
    /// When the container is broken, cut short or over a limit.
    fn next_row(&mut self, row: &mut Row) -> Result<bool, ReadError>;
}

/// Opens a file as what its content says it is. `encoding` overrides detection.
///
/// # Errors
/// When the content is nothing that can be read.
pub fn open(file: File, encoding: Option<&str>, limits: &Limits) -> Result<Box<dyn RowSource>, ReadError> {
    let plain = compressed::open(file, limits)?;
    let text = encoding::open(plain, encoding)?;
    Ok(Box::new(delimited::open(text, limits)?))
}
