//! Values: countries, numbers, dates, tariff codes, identifiers, as they are written and as they are meant.
//!
//! In: the text of a cell or of a rule. Out: its meaning, or `None` when it has none. It never guesses a column's
//! conventions from one cell: the order of dates and the decimal mark are arguments.
mod country;
mod date;
mod identifier;
mod number;

pub use country::{country, country_name};
pub use date::{DateOrder, date, date_order_shown, is_plain_day, iso_week};
pub use identifier::{Identifier, identifiers};
pub use number::{DecimalMark, decimal_mark_shown, is_plain_number, number, rule_number};
pub use rust_decimal::Decimal;

/// Digits of a tariff code, `None` when there are none or fewer than two.
///
/// Blanks, dots and hyphens may stand between the digits; a code in scientific notation has lost digits and is `None`.
pub fn hs_digits(written: &str) -> Option<String> {
    let mut digits = String::with_capacity(10);
    for c in written.trim().chars() {
        match c {
            '0'..='9' => digits.push(c),
            '.' | '-' | '\'' | '_' | '/' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    let digits = match written.trim().strip_suffix(".0") {
        // A spreadsheet's `8541400000.0`: the tail is not part of the code.
        Some(whole) if whole.len() >= 6 && whole.bytes().all(|b| b.is_ascii_digit()) => whole.to_owned(),
        _ => digits,
    };
    (digits.len() >= 2).then_some(digits)
}

/// Whether the cell means "nothing": empty, `NULL`, `N/A`, `-`, …
pub fn is_missing(written: &str) -> bool {
    let text = written.trim();
    // Nearly every cell begins with a letter or digit that none of the words begins with.
    if text.starts_with(|c: char| c.is_ascii_digit() || c.is_alphabetic() && !matches!(c, 'n' | 'N' | 'н' | 'Н')) {
        return false;
    }
    if text.chars().all(|c| matches!(c, '-' | '–' | '—' | '.' | '_' | '\u{a0}')) {
        return true;
    }
    const WORDS: [&str; 14] = [
        "null",
        "n/a",
        "na",
        "#n/a",
        "nan",
        "none",
        "nil",
        "\\n",
        "(null)",
        "(blank)",
        "нет данных",
        "не указан",
        "не указано",
        "н/д",
    ];
    // "NA" is Namibia's code too; in capitals alone a country column has read it before.
    let may_be = text.len() <= 24 && text.starts_with(['n', 'N', '#', '\\', '(', 'н', 'Н']);
    may_be && WORDS.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tariff_codes_keep_their_digits() {
        assert_eq!(hs_digits("8541.40").as_deref(), Some("854140"));
        assert_eq!(hs_digits(" 8541 40 000 0").as_deref(), Some("8541400000"));
        assert_eq!(hs_digits("0102").as_deref(), Some("0102"));
        assert_eq!(hs_digits("8541400000.0").as_deref(), Some("8541400000"));
        assert_eq!(hs_digits("8.5414E+09"), None);
        assert_eq!(hs_digits("8"), None);
        assert_eq!(hs_digits("chips"), None);
    }

    #[test]
    fn words_for_nothing_are_missing() {
        for nothing in ["", "  ", "-", "NULL", "N/A", "—", "--", "НЕ УКАЗАН"] {
            assert!(is_missing(nothing), "{nothing}");
        }
        assert!(!is_missing("0"));
        assert!(!is_missing("NO"));
    }
}
