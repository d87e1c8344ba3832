//! Intake: a dropped file → record batches and rejects.
use crate::problem::{Problem, SourceText};
use crate::record::{Batch, FieldSet, Record, SourceFile};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A layout: headings to fields, and how its values are written.
#[derive(Debug, Clone)]
pub struct Layout {
    /// File stem.
    pub name: String,
}
/// All layouts.
#[derive(Debug, Clone, Default)]
pub struct Layouts {
    /// In order of name.
    pub layouts: Vec<Arc<Layout>>,
}
impl Layouts {
    /// Reads layout texts; value plus problems.
    pub fn load(_sources: &[Arc<SourceText>]) -> (Layouts, Vec<Problem>) {
        unimplemented!()
    }
    /// By name.
    pub fn get(&self, _name: &str) -> Option<Arc<Layout>> {
        unimplemented!()
    }
}
/// Which layout reads a file.
#[derive(Debug, Clone)]
pub enum LayoutChoice {
    /// Choose by the headings.
    Auto,
    /// This one.
    Named(String),
}
/// Limits on one file.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of the file itself.
    pub file: u64,
    /// Bytes after decompression.
    pub decompressed: u64,
    /// Decompressed over compressed.
    pub ratio: u64,
    /// Bytes of one row.
    pub row: usize,
    /// Columns.
    pub columns: usize,
}
impl Default for Limits {
    fn default() -> Limits {
        Limits { file: 4 << 30, decompressed: 16 << 30, ratio: 200, row: 64 << 20, columns: 4096 }
    }
}
/// What is known before reading: which columns contradict the usual reading, learnt in an earlier attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Headings whose dates are month first / day first for certain, and decimal marks.
    pub decisions: Vec<(String, String)>,
}
/// Why a file cannot be read (on). `cut_short()` = worth looking at again later.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// Stable code: `empty-file`, `not-text`, `unclosed-quote`, `cut-short`, `row-too-long`, `no-layout`, `date-order`, …
    pub code: &'static str,
    /// Sentence with what to do.
    pub message: String,
    /// Row, when there is one.
    pub row: Option<u64>,
    /// Heading.
    pub column: Option<String>,
    /// Text near the place, at most 120 characters.
    pub excerpt: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// For `date-order`/`decimal-mark`: what the next attempt must know.
    pub learnt: Option<Known>,
}
impl ReadError {
    /// Whether the file may simply not be complete yet.
    pub fn cut_short(&self) -> bool {
        false
    }
}
/// A row that could not be a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// 1-based row.
    pub row: u64,
    /// Why.
    pub reason: String,
    /// The cells as read.
    pub cells: Vec<String>,
}
/// A file being read: an iterator of batches, with rejects and counts on the side.
pub struct Reading {}
impl Reading {
    /// Layout in use.
    pub fn layout(&self) -> &Layout {
        unimplemented!()
    }
    /// Canonical fields that the layout supplies for this file.
    pub fn supplied(&self) -> &FieldSet {
        unimplemented!()
    }
    /// The whole canonical record of a row of a batch that this reading made, whatever columns were asked for.
    pub fn record(&self, _batch: &Batch, _row: usize) -> Record {
        unimplemented!()
    }
    /// Rejects since the last call.
    pub fn take_rejects(&mut self) -> Vec<Reject> {
        unimplemented!()
    }
    /// Records, rejects, skipped rows (totals, repeated headings) so far.
    pub fn counts(&self) -> Counts {
        unimplemented!()
    }
}
/// Running counts of a reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub struct Counts {
    pub records: u64,
    pub rejects: u64,
    pub skipped: u64,
}
impl Iterator for Reading {
    type Item = Result<Batch, ReadError>;
    fn next(&mut self) -> Option<Self::Item> {
        unimplemented!()
    }
}
/// What to open and how.
#[derive(Debug, Clone)]
pub struct OpenSettings {
    /// Which layout.
    pub layout: LayoutChoice,
    /// Limits.
    pub limits: Limits,
    /// Columns that rules read; the others are made only for records.
    pub needs: FieldSet,
    /// Learnt before.
    pub known: Known,
}
/// Opens an already opened file (its descriptor is what is read, from the start). Blocking.
pub fn open(
    _file: File,
    _source: SourceFile,
    _layouts: &Layouts,
    _settings: &OpenSettings,
) -> Result<Reading, ReadError> {
    unimplemented!()
}
/// Lower-case hex SHA-256 of an open file; rewinds it.
pub fn sha256(_file: &mut File) -> std::io::Result<String> {
    unimplemented!()
}

/// Opens without following symbolic links; refuses what is not a regular file.
pub fn open_nofollow(_path: &Path) -> std::io::Result<File> {
    unimplemented!()
}
/// The folders of one source, all on one file system: `drop`, and beside the files `work done failed duplicates` inside `state`.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Where files are dropped.
    pub drop: PathBuf,
    /// `.tidewaiter` inside the drop folder unless configured.
    pub state: PathBuf,
}
/// Moves by rename without replacing (a number is put before the extension when the name is taken), then fsyncs both folders.
pub fn move_file(_from: &Path, _to_folder: &Path, _name: &str) -> std::io::Result<PathBuf> {
    unimplemented!()
}
