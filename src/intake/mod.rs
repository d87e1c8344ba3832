//! Intake: a dropped file → record batches and rejects.
//!
//! In: an open file, the layouts, which columns are wanted. Out: a [`Reading`]: batches in row order, with rejects and
//! counts on the side. Memory stays flat whatever the file's size. Only `claim` moves files, and nothing here deletes one.

mod claim;
mod columns;
mod container;
mod ending;
mod entities;
mod furniture;
mod layout;
mod limits;
mod notes;
mod rates;
mod reading;
mod schema;
pub mod settle;
mod survey;
mod table;
mod values;

use std::borrow::Cow;
use std::io;

pub use claim::{
    Folders, free_place, move_file, move_to, open_nofollow, sha256, sha256_while, sync_folder, write_beside,
};
pub use container::serve;
pub use layout::{Contradiction, Guess, Layout, Layouts, RunnerUp};
pub use limits::{Limits, LimitsEntry};
pub use notes::{Note, Notes, What};
pub use rates::{NAME as RATES, Rates};
pub use reading::{Reading, open};
pub use schema::schema as layout_schema;
pub use survey::{ColumnSurvey, Sample, Survey, TableSurvey, survey};

use crate::record::FieldSet;

/// The encoding that a text outside UTF-8 is probably in; nothing for what is no text.
pub fn guess_encoding(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    container::guess_encoding(bytes)
}

/// Which layout reads a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutChoice {
    /// Choose by the headings.
    Auto,
    /// This one.
    Named(String),
}

/// Who reads formats in which a small file can ask for all the memory there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// A child of this program, within its own limits.
    Child,
    /// A thread of this process, for programs that are not tidewaiter itself.
    Thread,
}

/// What an earlier attempt learnt: columns whose dates are `day-first` or `month-first` for certain, or whose numbers have a
/// `decimal-comma` or a `decimal-point`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Known {
    /// Heading, behind the table's name where it has one, and decision.
    pub decisions: Vec<(String, String)>,
}

/// Running counts of a reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that became records.
    pub records: u64,
    /// Rows that could not.
    pub rejects: u64,
    /// Totals rows, repeated headings and rows above the header.
    pub skipped: u64,
}

/// What a reading tells besides its batches.
#[derive(Debug, Clone, Default)]
pub struct Aside {
    /// Running counts.
    pub counts: Counts,
    /// Rejects that nobody has taken yet.
    pub rejects: Vec<Reject>,
    /// Cells that could not be read as they were meant.
    pub notes: Notes,
}

/// A row that could not be a record, or (row 0) a table that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Member and sheet; empty for a plain file.
    pub table: String,
    /// 1-based row.
    pub row: u64,
    /// Why.
    pub reason: String,
    /// The cells as read.
    pub cells: Vec<String>,
}

/// What to open and how.
#[derive(Debug, Clone)]
pub struct OpenSettings {
    /// Which layout.
    pub layout: LayoutChoice,
    /// Limits.
    pub limits: Limits,
    /// Who reads formats that may abort.
    pub isolation: Isolation,
    /// Columns that are wanted in batches; whole records are made of the others too.
    pub needs: FieldSet,
    /// Learnt before.
    pub known: Known,
}

/// Code of a table that two layouts read in two ways, equally well.
const LAYOUT_AMBIGUOUS: &str = "layout-ambiguous";
/// Code of a text in which no encoding makes words, or not all through.
const ENCODING_DOUBTFUL: &str = "encoding-doubtful";

/// Why a file cannot be read (on).
#[derive(Debug, Clone, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{message}")]
pub struct ReadError {
    /// Stable code: `empty-file`, `not-text`, `unclosed-quote`, `cut-short`, `row-too-long`, `no-layout`, `date-order`, …
    pub code: Cow<'static, str>,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Member and sheet of the table, when the file has several.
    pub table: Option<String>,
    /// 1-based row, when there is one.
    pub row: Option<u64>,
    /// Heading of the column.
    pub column: Option<String>,
    /// Text near the place, at most 120 characters.
    pub excerpt: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// What the next attempt must know.
    pub learnt: Option<Known>,
}

impl ReadError {
    /// An error without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> ReadError {
        ReadError {
            code: code.into(),
            message: message.into(),
            table: None,
            row: None,
            column: None,
            excerpt: None,
            hint: None,
            learnt: None,
        }
    }

    /// A row of more bytes than the limit.
    fn row_too_long(most: usize) -> ReadError {
        ReadError::new("row-too-long", format!("a row has more than {most} bytes"))
            .hint("mend the row or export the table again, or raise `limits: row`")
    }

    /// A row of more cells than the limit.
    fn too_many_columns(cells: usize, most: usize) -> ReadError {
        ReadError::new("too-many-columns", format!("the row has {cells} cells, more than the limit of {most}"))
            .hint("export fewer columns, or raise `limits: columns`")
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> ReadError {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the table where it happened, unless that is known or the file is one.
    fn in_table(mut self, table: &str) -> ReadError {
        if self.table.is_none() && !table.is_empty() {
            self.table = Some(table.to_owned());
        }
        self
    }

    /// Whether somebody must look at the file: it can be read, but perhaps not as it was meant.
    pub fn holds(&self) -> bool {
        matches!(&*self.code, ENCODING_DOUBTFUL | LAYOUT_AMBIGUOUS | "date-order" | "decimal-mark")
            && self.learnt.is_none()
    }

    /// Whether the file may simply not be complete yet.
    pub fn cut_short(&self) -> bool {
        matches!(&*self.code, "cut-short" | "unclosed-quote")
    }

    fn io(cause: &io::Error) -> ReadError {
        ReadError::new("unreadable", format!("the file cannot be read: {cause}"))
    }

    /// The error inside an [`io::Error`] made by [`ReadError::into_io`], or a plain one.
    fn from_io(cause: io::Error) -> ReadError {
        match cause.downcast::<ReadError>() {
            Ok(inner) => inner,
            Err(cause) => ReadError::io(&cause),
        }
    }

    fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}
