//! The end of a text: whether it breaks off inside its last row.
//!
//! In: the rows of a table as they pass, and whether the text ended without a line break. Out: an error, or nothing. Rows
//! that are short because their writer leaves empty cells away are told by others like them.

use super::ReadError;
use super::container::RowText;

/// What is known of the rows so far.
pub struct Ending {
    width: usize,
    narrow: u64,
    last: (u64, usize),
}

impl Ending {
    /// Of a table with so many headings.
    pub fn new(width: usize) -> Ending {
        Ending { width, narrow: 0, last: (0, width) }
    }

    /// Takes note of a row; one that is furniture counts as whole.
    pub fn pass(&mut self, row: &RowText<'_>, is_furniture: bool) {
        let width = if is_furniture { self.width } else { row.width() };
        self.narrow += u64::from(width < self.width);
        self.last = (row.number, width);
    }

    /// Why the text that ended without a line break is not whole.
    pub fn cut(&self) -> Option<ReadError> {
        let (row, width) = self.last;
        let message = format!("the text breaks off inside its last row, which has {width} of {} cells", self.width);
        (width < self.width && self.narrow == 1).then(|| {
            let error = ReadError::new("cut-short", message);
            ReadError {
                row: Some(row),
                ..error.hint("drop the whole file; if the row is whole, end it with a line break")
            }
        })
    }
}
