//! Cells of a column → canonical text, by the field's kind and what was decided for the whole column.
//!
//! In: a cell. Out: its canonical text, empty when it is missing or cannot be read; and what was the matter, if anything.

use std::borrow::Cow;

use super::entities::decode_entities;
use super::notes::What;
use crate::record::{Field, FieldKind};
use crate::value::{self, Affix, DateOrder, Decimal, DecimalMark};

/// The column of what is in no column, and is computed from others.
pub const NO_COLUMN: usize = usize::MAX;

/// What was decided for one column.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The field.
    pub field: Field,
    /// Its kind, looked up once a file rather than once a cell.
    pub kind: FieldKind,
    /// Whether batches carry it.
    pub wanted: bool,
    /// The column in the file.
    pub column: usize,
    /// Columns whose cells are put behind it, and what stands between.
    pub joined: Vec<usize>,
    /// See `joined`.
    pub between: String,
    /// What numbers are multiplied with.
    pub times: Option<Decimal>,
    /// For dates.
    pub order: DateOrder,
    /// For numbers.
    pub mark: DecimalMark,
    /// For codes: bit n is set when a code of n digits is one of n + 1 that lost its zero.
    pub lost_zeros: u16,
    /// For codes: every cell of the column ends with `.0`, since they were numbers to whoever wrote the file.
    pub floats: bool,
}

impl Reader {
    /// What stands in a row for the field: its cell, or several put together, empty ones left out.
    pub fn written<'a>(&self, cell: &impl Fn(usize) -> &'a str) -> Cow<'a, str> {
        let first = cell(self.column);
        if self.joined.is_empty() {
            return Cow::Borrowed(first);
        }
        let cells = std::iter::once(first).chain(self.joined.iter().map(|column| cell(*column)));
        let cells: Vec<&str> = cells.map(str::trim).filter(|cell| !value::is_missing(cell)).collect();
        Cow::Owned(cells.join(&self.between))
    }

    /// The canonical text of a cell, empty when it is missing or cannot be read.
    pub fn read<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        match bare(cell) {
            Cow::Borrowed(cell) => self.meaning(cell),
            Cow::Owned(cell) => Cow::Owned(self.meaning(&cell).into_owned()),
        }
    }

    fn meaning<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        // `NA` is Namibia before it is "not available".
        if self.kind != FieldKind::Country && value::is_missing(cell) {
            return Cow::Borrowed("");
        }
        match self.kind {
            FieldKind::PartyName | FieldKind::Text => Cow::Borrowed(cell),
            FieldKind::Code | FieldKind::PartyId => self.code(cell),
            FieldKind::Country => Cow::Borrowed(value::country(cell).unwrap_or("")),
            FieldKind::Hs if self.lost_zeros == 0 && is_plain_tariff(cell) => Cow::Borrowed(cell),
            FieldKind::Hs => Cow::Owned(self.tariff(cell)),
            FieldKind::Number if self.times.is_none() && value::is_plain_number(cell, self.mark) => Cow::Borrowed(cell),
            FieldKind::Number => {
                Cow::Owned(self.number(cell).map(|number| number.normalize().to_string()).unwrap_or_default())
            }
            FieldKind::Date if value::is_plain_day(cell) => Cow::Borrowed(cell),
            FieldKind::Date => Cow::Owned(value::date(cell, self.order).unwrap_or_default()),
        }
    }

    /// What is the matter with a cell that was read as this text; nothing with most.
    pub fn trouble(&self, cell: &str, read: &str) -> Option<What> {
        let is_missing = || {
            let cell = bare(cell);
            value::is_missing(&cell) || self.kind == FieldKind::Date && is_no_day(&cell)
        };
        match (self.kind, read.is_empty()) {
            (FieldKind::Hs | FieldKind::PartyId, false) => {
                let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
                (self.lost_zeros != 0 && digits(read) > digits(cell)).then_some(What::ZeroRestored)
            }
            (_, false) => None,
            (_, true) if is_missing() => None,
            (FieldKind::Number, true) => Some(match value::amount(&bare(cell), self.mark) {
                Some((_, Affix::Currency(_))) => What::OtherCurrency,
                Some((_, Affix::Mass(_) | Affix::Count | Affix::None)) => What::OtherUnit,
                None => What::NoNumber,
            }),
            (FieldKind::Date, true) => Some(What::NoDate),
            (FieldKind::Country, true) => Some(What::NoCountry),
            (FieldKind::Hs, true) if power_of_ten(&bare(cell), Sign::Optional).is_some() => Some(What::LostDigits),
            (FieldKind::Hs, true) => Some(What::NoTariffCode),
            (FieldKind::Code | FieldKind::PartyId, true) => Some(What::LostDigits),
            (FieldKind::PartyName | FieldKind::Text, true) => None,
        }
    }

    /// Whether a cell of a column that nobody wants is worth a look: nearly all are seen at once to be what they should.
    pub fn looks_odd(&self, cell: &str) -> bool {
        match self.kind {
            FieldKind::Number => cell.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b',' | b'-' | b' ')),
            FieldKind::Date => !value::is_plain_day(cell),
            FieldKind::Hs => !is_digits(cell),
            FieldKind::Code | FieldKind::PartyId => cell.contains("E+"),
            FieldKind::PartyName | FieldKind::Text | FieldKind::Country => false,
        }
    }

    fn tariff(&self, cell: &str) -> String {
        let exact = match power_of_ten(cell, Sign::Optional) {
            Some(exact) => exact,
            None => value::hs_digits(cell),
        };
        match exact {
            Some(digits) if self.has_lost_zero(digits.len()) => format!("0{digits}"),
            digits => digits.unwrap_or_default(),
        }
    }

    fn has_lost_zero(&self, digits: usize) -> bool {
        digits < 16 && self.lost_zeros & (1 << digits) != 0
    }

    fn code<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        let sign = if self.kind == FieldKind::PartyId { Sign::Optional } else { Sign::Needed };
        if let Some(exact) = power_of_ten(cell, sign) {
            return Cow::Owned(exact.unwrap_or_default());
        }
        let cell = match self.floats {
            true => cell.strip_suffix(".0").unwrap_or(cell),
            false => cell,
        };
        let restored = (self.has_lost_zero(cell.len()) && is_digits(cell)).then(|| format!("0{cell}"));
        // A number of the tax service that fits its own checksum is one; anything else of that length stays.
        match restored.filter(|code| is_inn(code)) {
            Some(code) => Cow::Owned(code),
            None => Cow::Borrowed(cell),
        }
    }

    /// The number in the field's own unit.
    fn number(&self, cell: &str) -> Option<Decimal> {
        let (mut number, affix) = value::amount(cell, self.mark)?;
        match (self.field, affix) {
            // A mass that has its unit beside it is in that unit, whatever the column is in.
            (Field::NetMassKg | Field::GrossMassKg, Affix::Mass(_)) => {}
            _ => number = number.checked_mul(self.times.unwrap_or(Decimal::ONE))?,
        }
        match (self.field, affix) {
            (_, Affix::None) => Some(number),
            (Field::NetMassKg | Field::GrossMassKg, Affix::Mass(kilograms)) => number.checked_mul(kilograms),
            (Field::Quantity | Field::Packages, Affix::Mass(_) | Affix::Count) => Some(number),
            (Field::ValueUsd, Affix::Currency(code)) => (code == "USD").then_some(number),
            (Field::InvoiceValue | Field::CustomsValue, Affix::Currency(_)) => Some(number),
            (_, Affix::Mass(_) | Affix::Count | Affix::Currency(_)) => None,
        }
    }
}

/// A cell without what spreadsheets and web pages wrap around it: `="0770"`, `'0770`, `&quot;`.
fn bare(cell: &str) -> Cow<'_, str> {
    let cell = cell.trim();
    let cell = cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell);
    let marked = cell.strip_prefix('\'').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    decode_entities(marked.filter(|rest| !rest.contains('\'')).unwrap_or(cell))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `00.00.0000` and `0000-00-00`
fn is_no_day(cell: &str) -> bool {
    cell.starts_with("00") && cell.bytes().all(|byte| !(b'1'..=b'9').contains(&byte))
}

/// Digits alone are the code as it is kept.
fn is_plain_tariff(cell: &str) -> bool {
    (2..=14).contains(&cell.len()) && is_digits(cell)
}

fn is_inn(code: &str) -> bool {
    value::identifiers(code).iter().any(|found| found.kind == "inn" && found.text == code)
}

/// Whether a power of ten must be written with its sign: models and contracts are called `96E6`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Needed,
    Optional,
}

/// A code that was a number to a spreadsheet: its digits where all are there (`7.703695246E+9`), nothing where some are
/// gone (`7,70E+09`). `None` for what is no such number.
fn power_of_ten(cell: &str, sign: Sign) -> Option<Option<String>> {
    let (mantissa, exponent) = cell.split_once(['E', 'e'])?;
    let power = match (exponent.strip_prefix('+'), sign) {
        (Some(power), _) => power,
        (None, Sign::Optional) if mantissa.contains(['.', ',']) => exponent,
        (None, Sign::Optional | Sign::Needed) => return None,
    };
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    if whole.is_empty() || power.is_empty() || ![whole, fraction, power].into_iter().all(is_digits) {
        return None;
    }
    let Ok(places) = power.parse::<usize>() else { return Some(None) };
    // A spreadsheet keeps fifteen digits.
    let kept = whole.len() + fraction.len() <= 15;
    let (inside, beyond) = match fraction.split_at_checked(places) {
        Some(parts) if kept => parts,
        _ => return Some(None),
    };
    Some(beyond.bytes().all(|digit| digit == b'0').then(|| format!("{whole}{inside}")))
}

/// The lengths of tariff codes that come from one digit more, as [`Reader::lost_zeros`] has them: codes have even
/// lengths, and where zeros are lost there is none left in front.
pub fn lost_tariff_zeros<'a>(cells: impl Iterator<Item = &'a str>) -> u16 {
    let (mut lengths, mut zeros) = ([0usize; 16], [0usize; 16]);
    for digits in cells.filter_map(value::hs_digits) {
        lengths.get_mut(digits.len()).into_iter().for_each(|count| *count += 1);
        if digits.starts_with('0') {
            zeros.get_mut(digits.len()).into_iter().for_each(|count| *count += 1);
        }
    }
    let of = |counts: &[usize; 16], length: usize| counts.get(length).copied().unwrap_or(0);
    let is_lost = |length: &usize| {
        let (whole, short) = (of(&lengths, *length), of(&lengths, length - 1));
        short > 0 && (whole > 3 * short || whole > short && of(&zeros, *length) == 0)
    };
    [4, 6, 8, 10].into_iter().filter(is_lost).fold(0, |bits, length| bits | 1 << (length - 1))
}

/// The same for tax numbers: most cells are numbers of 10 or 12 digits that fit their checksums.
pub fn lost_inn_zeros<'a>(cells: impl Iterator<Item = &'a str>) -> u16 {
    let (mut whole, mut short) = (0usize, 0usize);
    for cell in cells.map(str::trim).filter(|cell| is_digits(cell)) {
        match cell.len() {
            10 | 12 if is_inn(cell) => whole += 1,
            9 | 11 if is_inn(&format!("0{cell}")) => short += 1,
            _ => {}
        }
    }
    if short > 0 && whole > short { 1 << 9 | 1 << 11 } else { 0 }
}

/// Whether every code of a column is a number with `.0` behind it.
pub fn are_floats<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let mut any = false;
    let all = cells.map(str::trim).filter(|cell| !value::is_missing(cell)).all(|cell| {
        any = true;
        cell.strip_suffix(".0").is_some_and(|whole| !whole.is_empty() && is_digits(whole))
    });
    any && all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_a_spreadsheet_rounded_is_missing_and_one_that_it_kept_is_not() {
        for (cell, sign, meant) in [
            ("7,70E+09", Sign::Needed, Some(None)),
            ("1.2e+5", Sign::Needed, Some(None)),
            ("7.70369E09", Sign::Optional, Some(None)),
            ("7.703695246E+9", Sign::Needed, Some(Some("7703695246"))),
            ("1.0E+1", Sign::Needed, Some(Some("10"))),
            ("7.7036952461E+9", Sign::Needed, Some(None)),
            ("1E+99999999999999999999", Sign::Needed, Some(None)),
            ("96L6E", Sign::Optional, None),
            ("RE+1A", Sign::Optional, None),
            ("96E6", Sign::Optional, None),
            ("12.5E10", Sign::Needed, None),
        ] {
            assert_eq!(power_of_ten(cell, sign), meant.map(|digits| digits.map(str::to_owned)), "{cell}");
        }
    }

    #[test]
    fn lost_zeros_come_back_where_the_column_shows_that_they_were_lost() {
        let lost = |cells: &[&str]| lost_tariff_zeros(cells.iter().copied());
        assert_eq!(lost(&["8807300000", "8807300000", "8807300000", "8526912000", "805502000"]), 1 << 9);
        assert_eq!(lost(&["8807300000", "8526912000", "805502000"]), 1 << 9);
        assert_eq!(lost(&["854110", "8541"]), 0);
        assert_eq!(lost(&["8807300000", "0805502000", "805502000"]), 0, "zeros that are there were not lost");
        assert_eq!(lost(&["880730", "852691", "80550", "8541400000", "8541400001", "805502000"]), 1 << 5 | 1 << 9);
    }

    #[test]
    fn tax_numbers_get_their_zero_back_only_when_it_makes_them_fit() {
        // Made up to fit the checksum.
        assert_ne!(lost_inn_zeros(["7703695246", "7703695246", "100000011"].into_iter()), 0);
        assert_eq!(lost_inn_zeros(["7703695246", "770301001"].into_iter()), 0, "a KPP has nine digits of its own");
    }

    #[test]
    fn codes_are_floats_only_when_all_of_them_are() {
        assert!(are_floats(["7703695246.0", "", "N/A", "1.0"].into_iter()));
        assert!(!are_floats(["7703695246.0", "7703695246"].into_iter()));
        assert!(!are_floats(["", "-"].into_iter()));
    }

    #[test]
    fn wrappings_of_spreadsheets_are_taken_off() {
        for (cell, inside) in [
            ("=\"0770\"", "0770"),
            ("'0770", "0770"),
            ("'МиГ'", "'МиГ'"),
            ("'5' 6'", "'5' 6'"),
            ("A &amp;amp; B", "A & B"),
            ("=SUM(A1)", "=SUM(A1)"),
        ] {
            assert_eq!(bare(cell), inside, "{cell}");
        }
    }
}
