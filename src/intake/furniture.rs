//! Furniture: rows of a table that are no records: totals, repeated headings, numbers of columns, blank rows.
//!
//! In: the headings and columns of a table, then a row. Out: whether it is skipped. A row that names goods, a party or a
//! declaration is never furniture, whatever its first word is.

use super::container::RowText;
use super::table::is_blank;
use super::values::{NO_COLUMN, Reader};
use crate::record::FieldKind;
use crate::text::heading_key;

/// Words for totals, in capitals.
const TOTALS: [&str; 17] = [
    "ИТОГО",
    "ИТОГ",
    "ВСЕГО",
    "СУММА",
    "УСЬОГО",
    "ВСЬОГО",
    "РАЗОМ",
    "БАРЛЫҒЫ",
    "ЖАМИ",
    "TOTAL",
    "TOTALS",
    "GRAND TOTAL",
    "SUBTOTAL",
    "SUB-TOTAL",
    "TOPLAM",
    "JAMI",
    "合计",
];

/// What a table's rows are compared with.
pub struct Furniture {
    headings: Vec<String>,
    keys: Vec<String>,
    /// The first column that has a heading.
    first: usize,
    /// Its number, as a person counts.
    ordinal: String,
    /// Columns of amounts; those that say what, who or when; and those where a count of the rows may stand.
    amounts: Vec<usize>,
    telling: Vec<usize>,
    counts: Vec<usize>,
    parties: Vec<usize>,
}

impl Furniture {
    /// Of a table with these headings and columns.
    pub fn new(headings: &[String], readers: &[Reader]) -> Furniture {
        let of = |kinds: &[FieldKind]| {
            let columns = readers.iter().filter(|reader| kinds.contains(&reader.kind));
            columns.map(|reader| reader.column).filter(|column| *column != NO_COLUMN).collect()
        };
        use FieldKind::{Code, Country, Date, Hs, Number, PartyId, PartyName, Text};
        let first = headings.iter().position(|heading| !heading.is_empty()).unwrap_or(0);
        Furniture {
            first,
            ordinal: (first + 1).to_string(),
            headings: headings.to_vec(),
            keys: headings.iter().map(|heading| heading_key(heading)).collect(),
            amounts: of(&[Number]),
            telling: of(&[PartyName, PartyId, Text, Country, Hs, Date]),
            counts: of(&[Code]),
            parties: of(&[PartyName]),
        }
    }

    /// Whether a row is no record.
    pub fn is(&self, row: &RowText<'_>) -> bool {
        let filled = row.iter().filter(|cell| !is_blank(cell)).count();
        if filled == 0 {
            return true;
        }
        filled * 2 <= self.headings.len() && self.is_total(row)
            || self.repeats_headings(row)
            || filled == 1 && self.is_remark(row)
            || filled > 2 && row.cell(self.first).trim() == self.ordinal && numbers_columns(row)
    }

    /// A word for totals, and apart from it nothing but amounts; or amounts alone.
    fn is_total(&self, row: &RowText<'_>) -> bool {
        let first = row.iter().position(|cell| !is_blank(cell)).unwrap_or(0);
        let others = |columns: &[usize], is_told: fn(&str) -> bool| {
            columns.iter().any(|column| *column != first && is_told(row.cell(*column)))
        };
        if others(&self.telling, |cell| !is_blank(cell))
            || others(&self.counts, |cell| cell.contains(char::is_alphabetic))
        {
            return false;
        }
        let label = row.cell(first).trim();
        if self.amounts.contains(&first) {
            return !label.contains(char::is_alphabetic) && !others(&self.counts, |cell| !is_blank(cell));
        }
        let label = label.to_uppercase();
        let rest = TOTALS.iter().filter_map(|word| label.strip_prefix(word)).min_by_key(|rest| rest.len());
        rest.is_some_and(|rest| match self.parties.contains(&first) {
            // A company may be called so.
            true => rest.trim_matches([':', '.', ' ']).is_empty(),
            false => !rest.starts_with(char::is_alphanumeric),
        })
    }

    /// One cell with blanks where a number stands: the source of the table, or who made it.
    fn is_remark(&self, row: &RowText<'_>) -> bool {
        let is_remark = |column: &usize| row.cell(*column).trim().contains(char::is_whitespace);
        self.headings.len() > 3 && self.counts.iter().any(is_remark)
    }

    /// Only a row whose first cell begins like its heading is looked at further: it is the cheap sign.
    fn repeats_headings(&self, row: &RowText<'_>) -> bool {
        let (cell, heading) = (bare(row.cell(self.first)), self.headings.get(self.first).map_or("", String::as_str));
        let begins = |text: &str| text.chars().next().and_then(|letter| letter.to_lowercase().next());
        if cell != heading && (cell.len() != heading.len() || begins(cell) != begins(heading)) {
            return false;
        }
        let is_same = |(cell, key): &(&str, &String)| !key.is_empty() && heading_key(bare(cell)) == **key;
        let same = row.iter().zip(&self.keys).filter(is_same);
        same.count() * 5 >= self.keys.iter().filter(|key| !key.is_empty()).count() * 4
    }
}

/// A cell without the mark that the start of a file has, which stands inside where files were glued together.
fn bare(cell: &str) -> &str {
    cell.trim_start_matches('\u{feff}').trim()
}

/// The row `1 | 2 | 3 | …` under the headings of a printed form.
fn numbers_columns(row: &RowText<'_>) -> bool {
    let is_own =
        |(at, cell): (usize, &str)| is_blank(cell) || cell.trim().trim_matches(['(', ')']) == (at + 1).to_string();
    row.iter().enumerate().all(is_own)
}
