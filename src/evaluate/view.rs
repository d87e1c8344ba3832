//! A batch as predicates see it. In: a batch and a target. Out: cells by row, `None` where missing. An absent column is
//! one whose every cell is missing; raw cells are seen without the blanks around them. It never changes the batch.

use std::cell::OnceCell;
use std::str::FromStr;

use crate::record::{Batch, Column, Field};
use crate::rules::Target;
use crate::text::heading_key;
use crate::value::{self, Decimal, DecimalMark};

/// Digits of a price behind the point: a price is exact to a millionth of a dollar.
const PRICE_DIGITS: u32 = 6;

/// A batch with the keys of its headings.
pub(crate) struct View<'a> {
    batch: &'a Batch,
    keys: Vec<String>,
    row_numbers: OnceCell<Column>,
    usd_per_kg: OnceCell<Column>,
}

/// The cells of one target.
pub(crate) enum Cells<'a> {
    /// A canonical column.
    Canonical(&'a Column),
    /// A raw column.
    Raw(&'a Column),
    /// Made for this batch: row numbers, prices.
    Made(&'a Column),
    /// The same in every row.
    Constant(&'a str),
    /// Missing in every row.
    Absent,
}

impl<'a> View<'a> {
    pub(crate) fn new(batch: &'a Batch) -> View<'a> {
        View {
            batch,
            keys: batch.headings.iter().map(|heading| heading_key(heading)).collect(),
            row_numbers: OnceCell::new(),
            usd_per_kg: OnceCell::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.batch.len()
    }

    pub(crate) fn field(&self, field: Field) -> Cells<'a> {
        self.batch.column(field).map_or(Cells::Absent, Cells::Canonical)
    }

    pub(crate) fn cells(&self, target: &Target) -> Cells<'_> {
        match target {
            Target::Field(field) => self.field(*field),
            Target::Raw(key) => self.raw(key).map_or(Cells::Absent, Cells::Raw),
            Target::Source(what) => self.source(what),
            Target::UsdPerKg => Cells::Made(self.usd_per_kg.get_or_init(|| self.prices())),
        }
    }

    /// The field's name in evidence; raw headings as the file writes them.
    pub(crate) fn name(&self, target: &Target) -> String {
        match target {
            Target::Field(field) => field.name(),
            Target::Source(what) => format!("source.{what}"),
            Target::UsdPerKg => "usd_per_kg".to_owned(),
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

    fn source(&self, what: &str) -> Cells<'_> {
        let source = &self.batch.source;
        let text = match what {
            "file" => Some(source.file.as_str()),
            "name" => Some(source.source.as_str()),
            "member" => source.member.as_deref(),
            "sheet" => source.sheet.as_deref(),
            "sha256" => source.sha256.as_deref(),
            "row" => return Cells::Made(self.row_numbers.get_or_init(|| self.numbers())),
            _ => None,
        };
        text.filter(|text| !text.is_empty()).map_or(Cells::Absent, Cells::Constant)
    }

    fn numbers(&self) -> Column {
        let mut column = Column::default();
        self.batch.rows.iter().for_each(|row| column.push(&row.to_string()));
        column
    }

    fn prices(&self) -> Column {
        let mut column = Column::default();
        for row in 0..self.len() {
            let number = |field| self.batch.get(field, row).and_then(number).filter(|number| !number.is_zero());
            let mass = || number(Field::NetMassKg).or_else(|| number(Field::GrossMassKg));
            let price = number(Field::ValueUsd).and_then(|value| value.checked_div(mass()?));
            column.push(&price.map_or_else(String::new, |price| price.round_dp(PRICE_DIGITS).normalize().to_string()));
        }
        column
    }
}

fn number(cell: &str) -> Option<Decimal> {
    Decimal::from_str(cell).ok().or_else(|| value::number(cell, DecimalMark::Point))
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
