//! Cells of a column → canonical text, by the field's kind and what was decided for the whole column.

use std::borrow::Cow;

use crate::record::{Field, FieldKind};
use crate::value::{self, DateOrder, DecimalMark};

/// What was decided for one column.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// The field.
    pub field: Field,
    /// Its kind, looked up once a file rather than once a cell.
    pub kind: FieldKind,
    /// Whether batches carry it.
    pub wanted: bool,
    /// The column in the file.
    pub column: usize,
    /// For dates.
    pub order: DateOrder,
    /// For numbers.
    pub mark: DecimalMark,
    /// For tariff codes: the even length that codes of one digit less have lost their zero from.
    pub hs_length: Option<usize>,
}

impl Reader {
    /// The canonical text of a cell, empty when it is missing or cannot be read.
    pub fn read<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        let cell = cell.trim();
        // `NA` is Namibia before it is "not available".
        if self.kind != FieldKind::Country && value::is_missing(cell) {
            return Cow::Borrowed("");
        }
        match self.kind {
            FieldKind::PartyName | FieldKind::Text => decode_entities(cell),
            FieldKind::Code | FieldKind::PartyId => match lost_digits(cell) {
                true => Cow::Borrowed(""),
                false => Cow::Borrowed(cell),
            },
            FieldKind::Country => Cow::Borrowed(value::country(cell).unwrap_or("")),
            FieldKind::Hs if self.hs_length.is_none() && is_plain_tariff(cell) => Cow::Borrowed(cell),
            FieldKind::Hs => Cow::Owned(self.tariff(cell)),
            FieldKind::Number if value::is_plain_number(cell, self.mark) => Cow::Borrowed(cell),
            FieldKind::Number => Cow::Owned(
                value::number(cell, self.mark).map(|number| number.normalize().to_string()).unwrap_or_default(),
            ),
            FieldKind::Date if value::is_plain_day(cell) => Cow::Borrowed(cell),
            FieldKind::Date => Cow::Owned(value::date(cell, self.order).unwrap_or_default()),
        }
    }

    fn tariff(&self, cell: &str) -> String {
        match value::hs_digits(cell) {
            Some(digits) if self.hs_length == Some(digits.len() + 1) => format!("0{digits}"),
            digits => digits.unwrap_or_default(),
        }
    }
}

/// Digits alone are the code as it is kept.
fn is_plain_tariff(cell: &str) -> bool {
    cell.len() >= 2 && cell.bytes().all(|byte| byte.is_ascii_digit())
}

/// A code such as `7,70E+09` was a number to a spreadsheet, and its digits are gone.
fn lost_digits(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    exponent.strip_prefix('+').is_some_and(digits) && digits(&mantissa.replace(['.', ','], ""))
}

/// Exports that went through a web page carry `&quot;` and its like.
fn decode_entities(cell: &str) -> Cow<'_, str> {
    if !cell.contains('&') {
        return Cow::Borrowed(cell);
    }
    let mut out = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.bytes().take(10).position(|byte| byte == b';');
        let decoded = end.and_then(|end| Some((entity(from.get(1..end)?)?, end)));
        match decoded {
            Some((sign, end)) => {
                out.push(sign);
                rest = from.get(end + 1..).unwrap_or("");
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "nbsp" => Some(' '),
        "laquo" => Some('«'),
        "raquo" => Some('»'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|sign| !sign.is_control())
        }
    }
}

/// The length that tariff codes of a column have when one digit less means a lost zero.
pub fn hs_length<'a>(cells: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut lengths = [0usize; 16];
    for digits in cells.filter_map(value::hs_digits) {
        if let Some(count) = lengths.get_mut(digits.len()) {
            *count += 1;
        }
    }
    let of = |length: usize| lengths.get(length).copied().unwrap_or(0);
    [4, 6, 8, 10].into_iter().find(|length| of(*length) > 3 * of(length - 1) && of(length - 1) > 0)
}

/// The decimal mark that most telling cells of a column show.
pub fn mark<'a>(cells: impl Iterator<Item = &'a str>) -> Option<DecimalMark> {
    let (mut points, mut commas) = (0usize, 0usize);
    for cell in cells {
        match value::decimal_mark_shown(cell.trim()) {
            Some(DecimalMark::Point) => points += 1,
            Some(DecimalMark::Comma) => commas += 1,
            None => {}
        }
    }
    match points.cmp(&commas) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(DecimalMark::Point),
        std::cmp::Ordering::Less => Some(DecimalMark::Comma),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_and_a_lone_ampersand_stays() {
        assert_eq!(decode_entities("ООО &quot;A&amp;B&quot; & C &#1040;"), "ООО \"A&B\" & C А");
        assert_eq!(decode_entities("R&D; X&unknown;"), "R&D; X&unknown;");
    }

    #[test]
    fn a_code_that_a_spreadsheet_rounded_is_missing() {
        assert!(lost_digits("7,70E+09") && lost_digits("1.2e+5"));
        assert!(!lost_digits("96L6E") && !lost_digits("RE+1A"));
    }

    #[test]
    fn lost_zeros_come_back_where_the_column_shows_that_they_were_lost() {
        let cells = ["8807300000", "8807300000", "8807300000", "8526912000", "805502000"];
        assert_eq!(hs_length(cells.into_iter()), Some(10));
        assert_eq!(hs_length(["854110", "8541"].into_iter()), None);
    }
}
