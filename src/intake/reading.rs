//! A file being read: table after table, batch after batch.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use super::container::{self, RowSource};
use super::layout::{Layout, Layouts};
use super::table::{self, OpenTable, Opened};
use super::{Aside, Counts, ENCODING_DOUBTFUL, Known, LayoutChoice, Note, OpenSettings, ReadError, Reject};
use crate::record::{Batch, FieldSet, Record, SourceFile};

/// A file being read: an iterator of batches, with rejects and counts on the side.
pub struct Reading {
    rows: Box<dyn RowSource>,
    source: SourceFile,
    layouts: Layouts,
    settings: OpenSettings,
    table: Option<Box<OpenTable>>,
    layout: Arc<Layout>,
    supplied: FieldSet,
    aside: Aside,
}

/// Opens an already open file from its start; its descriptor is what is read. Blocking.
///
/// # Errors
/// When it is empty, nothing that can be read, cut short, or no layout fits any of its tables.
pub fn open(file: File, source: SourceFile, layouts: &Layouts, settings: &OpenSettings) -> Result<Reading, ReadError> {
    let opening = Opening { file, source, layouts, settings };
    if let LayoutChoice::Named(name) = &settings.layout {
        let encoding = layouts.get(name).and_then(|layout| layout.encoding.clone());
        return opening.read(encoding.as_deref());
    }
    match opening.read(None) {
        Ok(reading) => match reading.layout.encoding.clone() {
            Some(encoding) => opening.read(Some(&encoding)),
            None => Ok(reading),
        },
        Err(error) if error.code == ENCODING_DOUBTFUL => opening.as_a_layout_says().unwrap_or(Err(error)),
        Err(error) => Err(error),
    }
}

/// A file that is being opened.
struct Opening<'o> {
    file: File,
    source: SourceFile,
    layouts: &'o Layouts,
    settings: &'o OpenSettings,
}

impl Opening<'_> {
    /// A text whose encoding is in doubt may be one that a layout knows better.
    fn as_a_layout_says(&self) -> Option<Result<Reading, ReadError>> {
        let encodings: BTreeSet<&str> =
            self.layouts.layouts.iter().filter_map(|layout| layout.encoding.as_deref()).collect();
        let mut readings = encodings.into_iter().map(|encoding| (encoding, self.read(Some(encoding))));
        let is_meant = |reading: &Reading, encoding: &str| reading.layout.encoding.as_deref() == Some(encoding);
        readings.find_map(|(encoding, reading)| reading.ok().filter(|reading| is_meant(reading, encoding)).map(Ok))
    }

    fn read(&self, encoding: Option<&str>) -> Result<Reading, ReadError> {
        let Opening { source, layouts, settings, .. } = self;
        let file = self.file.try_clone().map_err(|cause| ReadError::io(&cause))?;
        let mut rows = container::open(file, encoding, &settings.limits, settings.isolation)?;
        let mut aside = Aside::default();
        let mut seeking = Seeking { source, layouts, settings, unfit: None };
        let Some(table) = seeking.next(rows.as_mut(), &mut aside)? else {
            return Err(seeking.unfit.unwrap_or_else(|| {
                ReadError::new("empty-file", "there are no rows in the file").hint("drop the whole export")
            }));
        };
        Ok(Reading {
            rows,
            source: source.clone(),
            layouts: (*layouts).clone(),
            settings: (*settings).clone(),
            layout: table.layout.clone(),
            supplied: table.supplied.clone(),
            table: Some(table),
            aside,
        })
    }
}

/// The search for the next table that a layout fits.
struct Seeking<'s> {
    source: &'s SourceFile,
    layouts: &'s Layouts,
    settings: &'s OpenSettings,
    /// Why the first that did not fit did not.
    unfit: Option<ReadError>,
}

impl Seeking<'_> {
    /// Tables that are passed over are told as rejects: what was dropped is read or told.
    fn next(&mut self, rows: &mut dyn RowSource, aside: &mut Aside) -> Result<Option<Box<OpenTable>>, ReadError> {
        while let Some(found) = rows.next_table()? {
            let name = table::named(&found);
            let reason = match found.unread {
                Some(reason) => reason,
                None => {
                    let source = SourceFile { member: found.member, sheet: found.sheet, ..self.source.clone() };
                    match table::open(rows, source, self.layouts, self.settings)
                        .map_err(|error| error.in_table(&name))?
                    {
                        Opened::Table(table, above) => {
                            aside.counts.skipped += above;
                            table.note_disputed(aside);
                            return Ok(Some(table));
                        }
                        Opened::Empty => continue,
                        Opened::Unfit(error, _) => {
                            let reason = error.message.clone();
                            self.unfit.get_or_insert(error.in_table(&name));
                            reason
                        }
                    }
                }
            };
            aside.counts.rejects += 1;
            let reason = format!("this part was not read: {reason}");
            aside.rejects.push(Reject { table: name, row: 0, reason, cells: Vec::new() });
        }
        Ok(None)
    }
}

impl Reading {
    /// The layout in use, of the first table when there are several.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Canonical fields and headings that the tables so far supply.
    pub fn supplied(&self) -> &FieldSet {
        &self.supplied
    }

    /// Whether rows to come may contradict what was decided for a column without a cell that shows it.
    pub fn is_unsure(&self) -> bool {
        self.table.as_ref().is_some_and(|table| table.is_unsure())
    }

    /// What the rest of the file shows of such columns, by reading it to its end.
    pub fn look_ahead(mut self) -> Known {
        let error = self.find_map(Result::err);
        error.and_then(|error| error.learnt).unwrap_or(self.settings.known)
    }

    /// The whole canonical record of a row of the batch that was made last, whatever columns were wanted.
    pub fn record(&self, batch: &Batch, row: usize) -> Record {
        self.table.as_ref().map_or_else(|| batch.record(row), |table| table.record(batch, row))
    }

    /// Rejects since the last call.
    pub fn take_rejects(&mut self) -> Vec<Reject> {
        std::mem::take(&mut self.aside.rejects)
    }

    /// Counts so far.
    pub fn counts(&self) -> Counts {
        self.aside.counts
    }

    /// Cells so far that could not be read as they were meant, by column.
    pub fn notes(&self) -> &[Note] {
        self.aside.notes.all()
    }

    fn batch(&mut self) -> Result<Option<Batch>, ReadError> {
        loop {
            let Some(table) = &mut self.table else { return Ok(None) };
            if let Some(batch) = table.batch(self.rows.as_mut(), &mut self.aside)? {
                return Ok(Some(batch));
            }
            let (source, layouts, settings) = (&self.source, &self.layouts, &self.settings);
            let mut seeking = Seeking { source, layouts, settings, unfit: None };
            self.table = seeking.next(self.rows.as_mut(), &mut self.aside)?;
            if let Some(table) = &self.table {
                self.supplied.extend(&table.supplied);
            }
        }
    }
}

impl Iterator for Reading {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.batch() {
            Ok(batch) => batch.map(Ok),
            Err(error) => {
                let table = self.table.take();
                Some(Err(error.in_table(table.as_ref().map_or("", |table| table.name()))))
            }
        }
    }
}
