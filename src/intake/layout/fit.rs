//! Which layout fits a file: the first rows and all layouts → the header row, the layout, and the columns of its fields.
//!
//! A layout is chosen whole. Where layouts that fit equally well contradict each other about a column, nobody guesses: the
//! column is left to no field, and when it may be a party, the file is not read at all.

use std::cmp::Reverse;
use std::sync::Arc;

use super::super::container::Row;
use super::super::{LAYOUT_AMBIGUOUS, LayoutChoice, ReadError};
use super::{Heading, Layout, Layouts, Origin};
use crate::problem::did_you_mean;
use crate::record::{Field, FieldKind, Part};
use crate::text::heading_key;
use crate::value::{DateOrder, Decimal, DecimalMark};

/// Rows at the top of a file among which the header is looked for.
pub const HEADER_WITHIN: usize = 20;

/// A field and the columns that it is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The field.
    pub field: Field,
    /// One column, or several that are joined.
    pub columns: Vec<usize>,
    /// What stands between joined cells.
    pub between: String,
    /// What a number is multiplied with.
    pub times: Option<Decimal>,
}

/// A layout at work on one file.
#[derive(Debug, Clone)]
pub struct Fit {
    /// The layout.
    pub layout: Arc<Layout>,
    /// Index of the header among the first rows.
    pub header: usize,
    /// The fields that the file has.
    pub columns: Vec<Mapped>,
    /// Values that every record has.
    pub constants: Vec<(Field, String)>,
    /// Overrides the per-column decision.
    pub date_order: Option<DateOrder>,
    /// Overrides the per-column decision.
    pub decimal: Option<DecimalMark>,
    /// What was left to no field, since another layout fits as well and says otherwise.
    pub contradictions: Vec<Contradiction>,
    /// The layout that comes next.
    pub runner_up: Option<RunnerUp>,
}

/// The layout that fits next best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerUp {
    /// Its name.
    pub layout: String,
    /// How many columns it gives a meaning.
    pub size: usize,
    /// What the better one says otherwise.
    pub contradictions: Vec<Contradiction>,
}

/// Two layouts that read one column, or one constant, in two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The column; none for a constant.
    pub column: Option<usize>,
    /// What the one says.
    pub field: Field,
    /// What the other says; the same field when it takes it from another column, or as another constant.
    pub other_field: Field,
    /// The other layout.
    pub other: String,
}

impl Layout {
    /// The columns of the fields in a row of folded headings. The first origin of a field that is there wins.
    fn columns(&self, headings: &[String]) -> Vec<Mapped> {
        let fields = self.fields.iter();
        let mapped = fields.filter_map(|(field, origins)| origins.iter().find_map(|one| one.mapped(*field, headings)));
        mapped.collect()
    }
}

impl Origin {
    fn mapped(&self, field: Field, headings: &[String]) -> Option<Mapped> {
        let place = |heading: &Heading| headings.iter().position(|other| *other == heading.key);
        let columns: Vec<usize> = self.headings.iter().filter_map(place).collect();
        let is_there = match field.kind() {
            // A unit without its number is no number, and a part of a number of a declaration is none.
            FieldKind::Number => self.headings.first().and_then(place).is_some(),
            FieldKind::Code | FieldKind::PartyId => columns.len() == self.headings.len(),
            FieldKind::PartyName | FieldKind::Text | FieldKind::Country | FieldKind::Hs | FieldKind::Date => {
                !columns.is_empty()
            }
        };
        is_there.then(|| Mapped { field, columns, between: self.between.clone(), times: self.times })
    }
}

impl Fit {
    fn new(layout: Arc<Layout>, header: usize, headings: &[String]) -> Fit {
        let (columns, constants) = (layout.columns(headings), layout.constants.clone());
        let (date_order, decimal) = (layout.date_order, layout.decimal);
        Fit { layout, header, columns, constants, date_order, decimal, contradictions: Vec::new(), runner_up: None }
    }

    /// How many columns it gives a meaning.
    pub fn size(&self) -> usize {
        let mut columns: Vec<usize> = self.columns.iter().flat_map(|mapped| mapped.columns.iter().copied()).collect();
        columns.sort_unstable();
        columns.dedup();
        columns.len()
    }

    /// More columns first; among equals the layout that asks for fewer fields, then the name.
    fn rank(&self) -> (usize, Reverse<usize>, Reverse<&str>) {
        (self.size(), Reverse(self.layout.fields.len()), Reverse(self.layout.name.as_str()))
    }

    fn is_telling(&self) -> bool {
        self.columns.iter().any(|mapped| is_telling(mapped.field))
    }

    /// What another layout says otherwise about the same columns and constants. What only one of them knows is no
    /// contradiction.
    pub fn against(&self, other: &Fit) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut add = |column, field, other_field| {
            found.push(Contradiction { column, field, other_field, other: other.layout.name.clone() });
        };
        for mine in &self.columns {
            let column = mine.columns.first().copied();
            for theirs in &other.columns {
                let same_field = mine.field == theirs.field;
                let same_column = column == theirs.columns.first().copied();
                if same_field && mine != theirs && !same_column || same_column && !same_field {
                    add(column, mine.field, theirs.field);
                }
            }
        }
        for (field, value) in &self.constants {
            if other.constants.iter().any(|(theirs, said)| theirs == field && said != value) {
                add(None, *field, *field);
            }
        }
        found
    }

    /// Leaves out what another layout that fits as well says otherwise.
    fn give_way(&mut self, other: &Fit) {
        let found = self.against(other);
        let disputed = |field: Field| found.iter().any(|one| one.field == field);
        self.columns.retain(|mapped| !disputed(mapped.field));
        self.constants.retain(|(field, _)| !disputed(*field));
        self.date_order = self.date_order.filter(|_| self.date_order == other.date_order);
        self.decimal = self.decimal.filter(|_| self.decimal == other.decimal);
        self.contradictions.extend(found);
    }
}

/// Whether a field says what was shipped or by whom: without one, a table is no export.
pub(super) fn is_telling(field: Field) -> bool {
    matches!(field, Field::Description | Field::HsCode | Field::HsDescription | Field::Party(_, Part::Name | Part::Id))
        || field.kind() == FieldKind::Hs
}

/// Every way to read the row that is most probably the header, the best first.
///
/// # Errors
/// When no layout fits, or the named one is not there.
fn fits(rows: &[Row], layouts: &Layouts, choice: &LayoutChoice) -> Result<Vec<Fit>, ReadError> {
    let (candidates, least) = match choice {
        LayoutChoice::Auto => (layouts.layouts.clone(), 2),
        LayoutChoice::Named(name) => (vec![layouts.get(name).ok_or_else(|| absent(name, layouts))?], 1),
    };
    let mut all: Vec<Fit> = Vec::new();
    for (header, row) in rows.iter().take(HEADER_WITHIN).enumerate() {
        let headings: Vec<String> = row.iter().map(heading_key).collect();
        let of_row = candidates.iter().map(|layout| Fit::new(layout.clone(), header, &headings));
        all.extend(of_row.filter(|fit| fit.size() >= least && fit.is_telling()));
    }
    // The sort is stable: of equal rows the first is the header.
    all.sort_by(|a, b| b.rank().cmp(&a.rank()));
    let header = all.first().ok_or_else(|| no_layout(rows))?.header;
    all.retain(|fit| fit.header == header);
    Ok(all)
}

/// Finds header row and layout among the first rows.
///
/// # Errors
/// When no layout fits, the named one is not there, or layouts that fit equally well do not agree who a party is.
pub fn fit(rows: &[Row], layouts: &Layouts, choice: &LayoutChoice) -> Result<Fit, ReadError> {
    let mut all = fits(rows, layouts, choice)?.into_iter();
    let mut best = all.next().ok_or_else(|| no_layout(rows))?;
    let size = best.size();
    let against = |other: &Fit| RunnerUp {
        layout: other.layout.name.clone(),
        size: other.size(),
        contradictions: best.against(other),
    };
    best.runner_up = all.as_slice().first().map(against);
    all.filter(|other| other.size() == size).for_each(|other| best.give_way(&other));
    let is_party = |field: Field| matches!(field, Field::Party(_, Part::Name | Part::Id));
    let party = best.contradictions.iter().find(|one| is_party(one.field) || is_party(one.other_field));
    match party.and_then(|party| party.column.map(|column| (party, column))) {
        Some((party, column)) => Err(ambiguous(rows, &best, (party, column))),
        None => Ok(best),
    }
}

fn ambiguous(rows: &[Row], best: &Fit, (party, column): (&Contradiction, usize)) -> ReadError {
    let row = rows.get(best.header);
    let heading = row.map_or("", |row| row.cell(column).trim());
    let (one, other) = (&best.layout.name, &party.other);
    let said = match party.field == party.other_field {
        true => format!("the layouts `{one}` and `{other}` take `{}` from different columns", party.field),
        false => format!("it is `{}` in the layout `{one}` and `{}` in `{other}`", party.field, party.other_field),
    };
    let message = format!("the column `{heading}` can be read in two ways: {said}, and both fit equally well");
    ReadError {
        row: row.map(|row| row.number),
        column: Some(heading.to_owned()),
        ..ReadError::new(LAYOUT_AMBIGUOUS, message)
    }
    .hint(format!("name the right one: `layout: {one}` or `layout: {other}` at the source, or `--layout`"))
}

fn absent(name: &str, layouts: &Layouts) -> ReadError {
    let guess = did_you_mean(name, layouts.names());
    let guess = guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`? "));
    ReadError::new("no-layout", format!("there is no layout `{name}`"))
        .hint(format!("{guess}rules/layouts holds the layouts; the source's `layout:` or `--layout` names one"))
}

/// The row that most probably holds the headings where no layout knows them: the first of those with the most words.
pub fn probable_header(rows: &[Row]) -> Option<&Row> {
    let words = |row: &&Row| row.iter().filter(|cell| cell.chars().any(char::is_alphabetic)).count();
    let top = || rows.iter().take(HEADER_WITHIN);
    let most = top().map(|row| words(&row)).max()?;
    top().find(|row| words(row) == most)
}

fn no_layout(rows: &[Row]) -> ReadError {
    let header = probable_header(rows);
    let headings: Vec<&str> = header.map(|row| row.iter().take(30).collect()).unwrap_or_default();
    let mut excerpt: String = headings.join(" | ");
    excerpt = excerpt.chars().take(120).collect();
    let message = format!("no layout knows these headings: {excerpt}");
    ReadError { excerpt: Some(excerpt), row: header.map(|row| row.number), ..ReadError::new("no-layout", message) }
        .hint("write a layout for it: `tidewaiter layout FILE --write rules/layouts/NAME.yaml` makes one to start from")
}
