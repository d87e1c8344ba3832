//! Notes: what could not be read as it was meant, tallied by column instead of lost without a word.
//!
//! In: one cell after another. Out: a bounded list, each with how many, the first row and one example.

use std::fmt;

/// Different notes that a file can have; further ones are counted under the last.
const MOST: usize = 200;
/// Characters of an example.
const EXAMPLE: usize = 60;

/// What is the matter with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A word in a column of numbers.
    NoNumber,
    /// No date in any spelling.
    NoDate,
    /// No country in any spelling.
    NoCountry,
    /// Not the digits of a code.
    NoTariffCode,
    /// A code that a spreadsheet kept as a number and rounded.
    LostDigits,
    /// Not in US dollars where the column is.
    OtherCurrency,
    /// A unit that the field does not have.
    OtherUnit,
    /// A leading zero was put back.
    ZeroRestored,
    /// Its decimal mark is not that of the column, and certain.
    OtherMark,
    /// Nothing in the column shows its order of day and month.
    EitherOrder,
    /// Nothing in the column shows its decimal mark.
    EitherMark,
    /// Letters that the exporter or the decoding lost.
    Undecoded,
    /// No rate on its day.
    NoRate,
    /// A column that two layouts read in two ways, equally well.
    Disputed,
    /// The value in US dollars is ours.
    Computed,
}

impl What {
    fn says(self) -> &'static str {
        match self {
            What::NoNumber => "no number, read as missing",
            What::NoDate => "no date, read as missing",
            What::NoCountry => "no country that is known, read as missing",
            What::NoTariffCode => "no tariff code, read as missing",
            What::LostDigits => "a code that lost digits to a power of ten, read as missing",
            What::OtherCurrency => "an amount in another currency than US dollars, read as missing",
            What::OtherUnit => "an amount in a unit that the field does not have, read as missing",
            What::ZeroRestored => "a leading zero was lost and put back",
            What::OtherMark => "a number with the other decimal mark, read by its own",
            What::EitherOrder => "nothing in the column shows whether day or month comes first; `date_order:` says it",
            What::EitherMark => {
                "nothing in the column shows whether the sign parts thousands or decimals; `decimal:` says it"
            }
            What::Undecoded => "characters that could not be decoded stand as �",
            What::NoRate => "no rate for this currency and day, so no value in US dollars",
            What::Disputed => "two layouts that fit equally well disagree, so that it is no field",
            What::Computed => "the value in US dollars was computed",
        }
    }
}

/// What happened to cells of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Member and sheet; empty for a plain file.
    pub table: String,
    /// The column's heading.
    pub heading: String,
    /// What.
    pub what: What,
    /// How many cells.
    pub count: u64,
    /// The first row of them, 1-based.
    pub row: u64,
    /// What stands there, cut.
    pub example: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = if self.table.is_empty() { String::new() } else { format!("{}: ", self.table) };
        let cells = if self.count == 1 { "1 cell" } else { &format!("{} cells, first", self.count) };
        let Note { heading, what, row, example, .. } = self;
        write!(f, "{table}`{heading}`: {}: {cells} in row {row} (`{example}`)", what.says())
    }
}

/// The notes of a file so far.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    notes: Vec<Note>,
}

impl Notes {
    /// In the order in which they came up.
    pub fn all(&self) -> &[Note] {
        &self.notes
    }

    /// Counts a cell of a table's row.
    pub fn add(&mut self, what: What, (table, row): (&str, u64), (heading, cell): (&str, &str)) {
        let same = |note: &&mut Note| note.what == what && note.heading == heading && note.table == table;
        if let Some(note) = self.notes.iter_mut().find(same) {
            note.count += 1;
            return;
        }
        if self.notes.len() >= MOST {
            self.notes.last_mut().into_iter().for_each(|note| note.count += 1);
            return;
        }
        let example = cell.trim().chars().take(EXAMPLE).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let (table, heading) = (table.to_owned(), heading.to_owned());
        self.notes.push(Note { table, heading, what, count: 1, row, example });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_column_are_counted_and_the_first_is_shown() {
        let mut notes = Notes::default();
        notes.add(What::NoNumber, ("", 7), ("Net weight", "see\tinvoice"));
        assert_eq!(
            notes.all()[0].to_string(),
            "`Net weight`: no number, read as missing: 1 cell in row 7 (`see invoice`)"
        );
        notes.add(What::NoNumber, ("", 9), ("Net weight", "other"));
        notes.add(What::NoNumber, ("sheet May", 9), ("Net weight", "x"));
        let told: Vec<String> = notes.all().iter().map(Note::to_string).collect();
        assert_eq!(
            told,
            [
                "`Net weight`: no number, read as missing: 2 cells, first in row 7 (`see invoice`)",
                "sheet May: `Net weight`: no number, read as missing: 1 cell in row 9 (`x`)",
            ]
        );
    }

    #[test]
    fn however_many_columns_a_file_has_its_notes_are_bounded() {
        let mut notes = Notes::default();
        (0..1000).for_each(|n| notes.add(What::NoDate, ("", 1), (&format!("h{n}"), "?")));
        assert_eq!((notes.all().len(), notes.all()[MOST - 1].count), (MOST, 801));
    }
}
