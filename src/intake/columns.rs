//! Columns: what is decided for each of them on the first rows, and watched while the others come.
//!
//! In: a layout that fits, the first rows, what an earlier attempt learnt; then row after row. Out: a [`Reader`] a column,
//! or the error of a column that contradicts itself. One cell alone decides nothing that another can be read otherwise by.

mod ways;

use super::container::{Row, RowText};
use super::layout::{Fit, Mapped};
use super::notes::{Notes, What};
use super::values::{self, NO_COLUMN, Reader};
use super::{Known, OpenSettings, ReadError};
use crate::record::{Field, FieldKind, FieldSet};
use crate::value::{self, DateOrder, DecimalMark, Marks, Orders};

/// How a column came to its date order or decimal mark.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ground {
    /// Nothing showed it; it is the usual one.
    Usual,
    /// A cell of the first rows showed it.
    Shown(Place),
    /// An earlier attempt came upon a cell that shows it.
    Learnt,
    /// The layout says so.
    Layout,
}

/// A cell that shows something.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    row: u64,
    cell: String,
}

impl Place {
    fn new(row: u64, cell: &str) -> Place {
        Place { row, cell: cell.trim().chars().take(60).collect() }
    }
}

/// The columns of a table.
pub struct Columns {
    /// How each is read.
    pub readers: Vec<Reader>,
    grounds: Vec<Ground>,
    /// Of each number column: a cell that can be read by either mark, and one that shows the other mark.
    doubts: Vec<(Option<Place>, Option<Place>)>,
    /// Places of the columns that are watched, among the readers.
    watched: Vec<usize>,
    is_unsure: bool,
    table: String,
    known: Known,
}

/// What is the case for every column of a table.
pub struct Basis<'b> {
    /// The layout and its columns.
    pub fit: &'b Fit,
    /// All headings.
    pub headings: &'b [String],
    /// The table's name.
    pub table: &'b str,
    /// What is wanted, and what was learnt.
    pub settings: &'b OpenSettings,
}

impl Columns {
    /// Decides on the first rows.
    pub fn decide(basis: &Basis<'_>, rows: &[Row]) -> Columns {
        let table = basis.table.to_owned();
        let (readers, grounds): (Vec<Reader>, Vec<Ground>) =
            basis.fit.columns.iter().map(|mapped| one(basis, mapped, rows)).unzip();
        let kinds = readers.iter().enumerate();
        let watched = kinds.filter(|(_, reader)| matches!(reader.kind, FieldKind::Date | FieldKind::Number));
        let watched = watched.map(|(at, _)| at).collect();
        let doubts = vec![(None, None); readers.len()];
        let known = basis.settings.known.clone();
        let open = readers.iter().zip(&grounds).filter(|(_, ground)| **ground == Ground::Usual);
        let is_unsure =
            open.into_iter().any(|(reader, _)| rows.iter().any(|row| is_either(reader, row.cell(reader.column))));
        let mut columns = Columns { readers, grounds, doubts, watched, is_unsure, table, known };
        columns.follow_others();
        columns.add_computed(basis);
        columns
    }

    /// Columns that show no mark or order are read as those of their table that show one: one program wrote them all.
    fn follow_others(&mut self) {
        let readers = self.readers.iter().zip(&self.grounds);
        let sure: Vec<&Reader> = readers.filter(|(_, ground)| **ground != Ground::Usual).map(|(one, _)| one).collect();
        let of = |kind: FieldKind| sure.iter().filter(move |reader| reader.kind == kind);
        let commas = of(FieldKind::Number).filter(|reader| reader.mark == DecimalMark::Comma).count();
        let months = of(FieldKind::Date).filter(|reader| reader.order == DateOrder::MonthFirst).count();
        let has_commas = commas * 2 > of(FieldKind::Number).count();
        let has_months = months * 2 > of(FieldKind::Date).count();
        for (reader, _) in self.readers.iter_mut().zip(&self.grounds).filter(|(_, ground)| **ground == Ground::Usual) {
            reader.mark = if has_commas { DecimalMark::Comma } else { reader.mark };
            reader.order = if has_months { DateOrder::MonthFirst } else { reader.order };
        }
    }

    /// A value in US dollars can be computed where there are an amount and its currency.
    fn add_computed(&mut self, basis: &Basis<'_>) {
        let constants = &basis.fit.layout.constants;
        let has =
            |field: Field| self.reader(field).is_some() || constants.iter().any(|(constant, _)| *constant == field);
        if !has(Field::ValueUsd) && has(Field::InvoiceValue) && has(Field::InvoiceCurrency) {
            self.readers.push(plain_reader((Field::ValueUsd, NO_COLUMN), &basis.settings.needs));
        }
    }

    /// The reader of a field.
    pub fn reader(&self, field: Field) -> Option<&Reader> {
        self.readers.iter().find(|reader| reader.field == field)
    }

    /// Whether rows to come may show that cells of the first rows are read wrongly.
    pub fn is_unsure(&self) -> bool {
        self.is_unsure
    }

    /// Looks at a row before it is read.
    ///
    /// # Errors
    /// When a cell contradicts what was decided for its column. The error carries what the next attempt must know, unless
    /// that cannot mend it.
    pub fn watch(&mut self, row: &RowText<'_>, headings: &[String], notes: &mut Notes) -> Result<(), ReadError> {
        for at in &self.watched {
            let (Some(reader), Some(ground), Some(doubt)) =
                (self.readers.get(*at), self.grounds.get(*at), self.doubts.get_mut(*at))
            else {
                continue;
            };
            let cell = row.cell(reader.column);
            let heading = headings.get(reader.column).map_or("", String::as_str);
            let contradiction = |word: &'static str, other: &'static str, seen: &Place| Contradiction {
                heading,
                table: &self.table,
                ground,
                known: &self.known,
                word,
                other,
                seen: seen.clone(),
            };
            if reader.kind == FieldKind::Date {
                match value::order_shown(cell.trim()) {
                    Orders::Proves(shown) if shown != reader.order => {
                        let seen = Place::new(row.number, cell);
                        return Err(contradiction(order_word(reader.order), order_word(shown), &seen).error());
                    }
                    // Where points part them, the day comes first all over the world.
                    Orders::Ambiguous if *ground == Ground::Usual && !cell.contains('.') => {
                        notes.add(What::EitherOrder, (&self.table, row.number), (heading, cell));
                        continue;
                    }
                    Orders::Proves(_) | Orders::Ambiguous | Orders::Nothing => continue,
                }
            }
            match value::marks_shown(cell) {
                Marks::Nothing => continue,
                Marks::Ambiguous => {
                    if *ground == Ground::Usual {
                        notes.add(What::EitherMark, (&self.table, row.number), (heading, cell));
                    }
                    doubt.0.get_or_insert_with(|| Place::new(row.number, cell));
                }
                Marks::Proves(mark) if mark == reader.mark => continue,
                Marks::Proves(_) => {
                    if *ground != Ground::Usual {
                        notes.add(What::OtherMark, (&self.table, row.number), (heading, cell));
                    }
                    doubt.1.get_or_insert_with(|| Place::new(row.number, cell));
                }
            }
            // Each cell that shows its mark is read by it; only beside one that does not, both marks are a doubt.
            if let (Some(unsure), Some(seen)) = (&doubt.0, &doubt.1) {
                let other = if reader.mark == DecimalMark::Point { DecimalMark::Comma } else { DecimalMark::Point };
                let found = contradiction(mark_word(reader.mark), mark_word(other), seen);
                return Err(found.error_beside(unsure));
            }
        }
        Ok(())
    }
}

/// Whether a cell can be read in two ways.
fn is_either(reader: &Reader, cell: &str) -> bool {
    match reader.kind {
        FieldKind::Date => value::order_shown(cell.trim()) == Orders::Ambiguous,
        FieldKind::Number => value::marks_shown(cell) == Marks::Ambiguous,
        FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text => false,
        FieldKind::Code | FieldKind::Country | FieldKind::Hs => false,
    }
}

fn plain_reader((field, column): (Field, usize), needs: &FieldSet) -> Reader {
    Reader {
        field,
        kind: field.kind(),
        wanted: needs.contains(field),
        column,
        joined: Vec::new(),
        between: String::new(),
        times: None,
        order: DateOrder::DayFirst,
        mark: DecimalMark::Point,
        lost_zeros: 0,
        floats: false,
    }
}

/// How one column is read: by the layout, by what an earlier attempt learnt, by what the first rows show.
fn one(basis: &Basis<'_>, mapped: &Mapped, rows: &[Row]) -> (Reader, Ground) {
    let (column, joined) = mapped.columns.split_first().map_or((NO_COLUMN, &[][..]), |(first, rest)| (*first, rest));
    let layout = basis.fit;
    let cells = || rows.iter().map(|row| row.cell(column));
    let heading = basis.headings.get(column).map_or("", String::as_str);
    let key = decision_key(basis.table, heading);
    let decisions = &basis.settings.known.decisions;
    let learnt = decisions.iter().rev().find(|(name, _)| *name == key).map(|(_, word)| word.as_str());
    let plain = plain_reader((mapped.field, column), &basis.settings.needs);
    let mut reader = Reader { joined: joined.to_vec(), between: mapped.between.clone(), times: mapped.times, ..plain };
    let mut ground = Ground::Usual;
    match reader.kind {
        FieldKind::Date => {
            let shown = || {
                rows.iter().find_map(|row| {
                    let cell = row.cell(column);
                    match value::order_shown(cell.trim()) {
                        Orders::Proves(order) => Some((order, Ground::Shown(Place::new(row.number, cell)))),
                        Orders::Ambiguous | Orders::Nothing => None,
                    }
                })
            };
            (reader.order, ground) = layout
                .date_order
                .map(|order| (order, Ground::Layout))
                .or_else(|| learnt.map(|word| (order_named(word), Ground::Learnt)))
                .or_else(shown)
                .unwrap_or((DateOrder::DayFirst, Ground::Usual));
        }
        FieldKind::Number => {
            (reader.mark, ground) = layout
                .decimal
                .map(|mark| (mark, Ground::Layout))
                .or_else(|| learnt.map(|word| (mark_named(word), Ground::Learnt)))
                .or_else(|| mark_shown(rows, column).map(|(mark, place)| (mark, Ground::Shown(place))))
                .unwrap_or((DecimalMark::Point, Ground::Usual));
        }
        FieldKind::Hs => reader.lost_zeros = values::lost_tariff_zeros(cells()),
        FieldKind::PartyId => {
            reader.lost_zeros = values::lost_inn_zeros(cells());
            reader.floats = values::are_floats(cells());
        }
        FieldKind::Code => reader.floats = values::are_floats(cells()),
        FieldKind::PartyName | FieldKind::Text | FieldKind::Country => {}
    }
    (reader, ground)
}

/// The decimal mark that most telling cells of a column show, and the first of them.
fn mark_shown(rows: &[Row], column: usize) -> Option<(DecimalMark, Place)> {
    let (mut points, mut commas) = ((0usize, None), (0usize, None));
    for row in rows {
        let cell = row.cell(column);
        let seen = match value::marks_shown(cell) {
            Marks::Proves(DecimalMark::Point) => &mut points,
            Marks::Proves(DecimalMark::Comma) => &mut commas,
            Marks::Nothing | Marks::Ambiguous => continue,
        };
        seen.0 += 1;
        seen.1.get_or_insert_with(|| Place::new(row.number, cell));
    }
    let (mark, place) =
        if commas.0 > points.0 { (DecimalMark::Comma, commas.1) } else { (DecimalMark::Point, points.1) };
    place.map(|place| (mark, place))
}

/// By which an earlier attempt tells a column.
fn decision_key(table: &str, heading: &str) -> String {
    if table.is_empty() { heading.to_owned() } else { format!("{table}: {heading}") }
}

fn order_word(order: DateOrder) -> &'static str {
    match order {
        DateOrder::DayFirst => "day-first",
        DateOrder::MonthFirst => "month-first",
    }
}

fn order_named(word: &str) -> DateOrder {
    if word == "month-first" { DateOrder::MonthFirst } else { DateOrder::DayFirst }
}

fn mark_word(mark: DecimalMark) -> &'static str {
    match mark {
        DecimalMark::Point => "decimal-point",
        DecimalMark::Comma => "decimal-comma",
    }
}

fn mark_named(word: &str) -> DecimalMark {
    if word == "decimal-comma" { DecimalMark::Comma } else { DecimalMark::Point }
}

fn spoken(word: &str) -> String {
    word.replace('-', " ")
}

/// A column and the cell that is against it.
struct Contradiction<'c> {
    heading: &'c str,
    table: &'c str,
    ground: &'c Ground,
    known: &'c Known,
    /// What was decided.
    word: &'static str,
    /// What the cell shows.
    other: &'static str,
    seen: Place,
}

impl Contradiction<'_> {
    /// Of dates.
    fn error(&self) -> ReadError {
        let Place { row, cell } = &self.seen;
        let why = match self.ground {
            Ground::Usual => "nothing above shows its order".to_owned(),
            Ground::Shown(place) => format!("`{}` in row {} is {}", place.cell, place.row, self.word),
            Ground::Learnt => format!("others are {}", self.word),
            Ground::Layout => format!("the layout says {}", self.word),
        };
        let message = format!(
            "the column `{}` has dates of both orders: `{cell}` in row {row} is {}, and {why}",
            self.heading, self.other
        );
        let wanted = if self.other == "month-first" { "mdy" } else { "dmy" };
        let hint = match self.ground {
            Ground::Layout => format!(
                "write `date_order: {wanted}` in the layout if all dates are {}, else mend the export: one order a column",
                self.other
            ),
            Ground::Usual | Ground::Shown(_) | Ground::Learnt => {
                "mend the export: one order of day and month a column".to_owned()
            }
        };
        self.made("date-order", message, hint)
    }

    /// Of numbers: with a cell that either mark reads.
    fn error_beside(&self, unsure: &Place) -> ReadError {
        let Place { row, cell } = &self.seen;
        let why = match self.ground {
            Ground::Usual => "nothing above shows its mark".to_owned(),
            Ground::Shown(place) => format!("`{}` in row {} a {}", place.cell, place.row, spoken(self.word)),
            Ground::Learnt => format!("others a {}", spoken(self.word)),
            Ground::Layout => format!("the layout says {}", spoken(self.word)),
        };
        let message = format!(
            "the column `{}` has numbers with both decimal marks: `{cell}` in row {row} has a {}, {why}, and `{}` in row {} could be read by either",
            self.heading,
            spoken(self.other),
            unsure.cell,
            unsure.row
        );
        let wanted = self.other.trim_start_matches("decimal-");
        let hint = match self.ground {
            Ground::Layout => format!(
                "write `decimal: {wanted}` in the layout if all numbers are so, else mend the export: one mark a column"
            ),
            Ground::Usual | Ground::Shown(_) | Ground::Learnt => {
                "mend the export: one decimal mark a column".to_owned()
            }
        };
        self.made("decimal-mark", message, hint)
    }

    /// What the first look could not know is told to the next attempt; what contradicts a sign of the file itself is not.
    fn made(&self, code: &'static str, message: String, hint: String) -> ReadError {
        let learnt = (*self.ground == Ground::Usual).then(|| {
            let mut learnt = self.known.clone();
            learnt.decisions.push((decision_key(self.table, self.heading), self.other.to_owned()));
            learnt
        });
        ReadError {
            row: Some(self.seen.row),
            column: Some(self.heading.to_owned()),
            excerpt: Some(self.seen.cell.clone()),
            learnt,
            ..ReadError::new(code, message)
        }
        .hint(hint)
    }
}
