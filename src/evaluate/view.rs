//! A batch as predicates see it. In: a batch and a target. Out: cells by row, `None` where missing. An absent column is
//! one whose every cell is missing; raw cells are seen without the blanks around them. It never changes the batch.

use crate::record::{Batch, Column, Field};
use crate::rules::Target;
use crate::text::heading_key;

/// A batch with the keys of its headings.
pub(crate) struct View<'a> {
    batch: &'a Batch,
    keys: Vec<String>,
}

/// The cells of one target.
pub(crate) enum Cells<'a> {
    /// A canonical column.
    Canonical(&'a Column),
    /// A raw column.
    Raw(&'a Column),
    /// Made for this batch: row numbers.
    Made(Column),
    /// The same in every row.
    Constant(&'a str),
    /// Missing in every row.
    Absent,
}

impl<'a> View<'a> {
    pub(crate) fn new(batch: &'a Batch) -> View<'a> {
        View { batch, keys: batch.headings.iter().map(|heading| heading_key(heading)).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.len()
    }

    pub(crate) fn field(&self, field: Field) -> Cells<'a> {
        self.batch.column(field).map_or(Cells::Absent, Cells::Canonical)
    }

    pub(crate) fn cells(&self, target: &Target) -> Cells<'a> {
        match target {
            Target::Field(field) => self.field(*field),
            Target::Raw(key) => self.raw(key).map_or(Cells::Absent, Cells::Raw),
            Target::Source(what) => self.source(what),
        }
    }

    /// The field's name in evidence; raw headings as the file writes them.
    pub(crate) fn name(&self, target: &Target) -> String {
        match target {
            Target::Field(field) => field.name(),
            Target::Source(what) => format!("source.{what}"),
            Target::Raw(key) => {
                let place = self.keys.iter().position(|known| known == key);
                let heading = place.and_then(|place| self.batch.headings.get(place));
                format!("raw.{}", heading.unwrap_or(key))
            }
        }
    }

    fn raw(&self, key: &str) -> Option<&'a Column> {
        let place = self.keys.iter().position(|known| known == key)?;
        self.batch.raw.get(place)
    }

    fn source(&self, what: &str) -> Cells<'a> {
        let source = &self.batch.source;
        let text = match what {
            "file" => Some(source.file.as_str()),
            "source" | "name" => Some(source.source.as_str()),
            "member" => source.member.as_deref(),
            "sheet" => source.sheet.as_deref(),
            "sha256" => source.sha256.as_deref(),
            "row" => return self.row_numbers(),
            _ => None,
        };
        text.filter(|text| !text.is_empty()).map_or(Cells::Absent, Cells::Constant)
    }

    fn row_numbers(&self) -> Cells<'a> {
        let mut column = Column::default();
        self.batch.rows.iter().for_each(|row| column.push(&row.to_string()));
        Cells::Made(column)
    }
}

impl Cells<'_> {
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Cells::Canonical(column) => column.get(row),
            Cells::Raw(column) => column.get(row).map(str::trim).filter(|cell| !cell.is_empty()),
            Cells::Made(column) => column.get(row),
            Cells::Constant(text) => Some(text),
            Cells::Absent => None,
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Cells::Absent)
    }
}
