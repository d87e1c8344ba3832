//! Values: countries, numbers, dates, tariff codes, identifiers, mail addresses, as they are written and as they are meant.
//!
//! In: the text of a cell or of a rule. Out: its meaning, or `None` when it has none. It never guesses a column's
//! conventions from one cell: the order of dates and the decimal mark are arguments.
mod country;
mod date;
mod identifier;
mod mail_address;
mod number;

pub use country::{country, country_name, country_spellings};
pub use date::{DateOrder, Orders, date, days_between, is_plain_day, iso_week, order_shown};
pub use identifier::{Identifier, identifiers};
pub use mail_address::is_mail_address;
pub use number::{Affix, DecimalMark, Marks, amount, is_plain_number, marks_shown, number, rule_number};
pub use rust_decimal::Decimal;

/// The most digits that a tariff code has.
const LONGEST_TARIFF: usize = 14;
/// What may stand before a code in its cell.
const TARIFF_LABELS: [&str; 8] = ["HS CODE", "HTSUS", "HTS", "HS", "ТН ВЭД", "ТНВЭД", "КОД", "CODE"];

/// Digits of a tariff code, `None` when there are none, fewer than two or more than a code has.
///
/// Blanks, dots and hyphens may stand between the digits, a label before them; a code in scientific notation has lost
/// digits and is `None`.
pub fn hs_digits(written: &str) -> Option<String> {
    let text = written.trim();
    let text = if text.starts_with(char::is_alphabetic) { without_label(text)? } else { text };
    // A spreadsheet's `8541400000.0`: the tail is not part of the code.
    let text = text.strip_suffix(".0").filter(|whole| whole.len() >= 6 && is_digits(whole)).unwrap_or(text);
    let mut digits = String::with_capacity(10);
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '.' | '-' | '\'' | '_' | '/' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    (2..=LONGEST_TARIFF).contains(&digits.len()).then_some(digits)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_label(text: &str) -> Option<&str> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let (label, code) = text.split_at_checked(first)?;
    let label = label.trim_matches([' ', ':', '#', '№', '.', '-', '\u{a0}']).to_uppercase();
    TARIFF_LABELS.contains(&label.as_str()).then_some(code)
}

/// Words that stand for nothing, in small letters; those of one script together.
const NOTHING: [&str; 45] = [
    "null",
    "n/a",
    "na",
    "n.a.",
    "n\\a",
    "n/d",
    "n.d.",
    "#n/a",
    "#n/d",
    "#н/д",
    "#ref!",
    "#value!",
    "#знач!",
    "nan",
    "none",
    "nil",
    "\\n",
    "(null)",
    "(blank)",
    "(empty)",
    "not available",
    "not applicable",
    "not specified",
    "unknown",
    "unspecified",
    "s/n",
    "s/d",
    "s/m",
    "нет",
    "нет данных",
    "не указан",
    "не указано",
    "не указана",
    "не установлен",
    "не обозначен",
    "неизвестно",
    "неизвестен",
    "н/д",
    "б/н",
    "отсутствует",
    "отсутствуют",
    "без номера",
    "немає",
    "відсутній",
    "yok",
];
/// Bytes of the longest of them.
const LONGEST_NOTHING: usize = 26;

/// Whether the cell means "nothing": empty, `NULL`, `N/A`, `-`, `б/н`, …
pub fn is_missing(written: &str) -> bool {
    let text = written.trim();
    // Nearly every cell is longer than the words, or begins with a digit or letter that none of them begins with.
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if text.chars().all(|c| matches!(c, '-' | '–' | '—' | '.' | '_' | '/' | '*' | '\u{a0}')) {
        return true;
    }
    let first = "nNuUsSyYнНоОбБвВ#\\(";
    let may_be = text.len() <= LONGEST_NOTHING && text.starts_with(|c: char| first.contains(c));
    may_be && NOTHING.contains(&text.to_lowercase().as_str())
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
        assert_eq!(hs_digits("HS code: 8541.40").as_deref(), Some("854140"));
        assert_eq!(hs_digits("ТН ВЭД 8541 40 000 0").as_deref(), Some("8541400000"));
        assert_eq!(hs_digits("chapter 85"), None);
        assert_eq!(hs_digits("854140000085171200"), None, "two codes are none");
        assert_eq!(hs_digits("8"), None);
        assert_eq!(hs_digits("chips"), None);
    }

    #[test]
    fn words_for_nothing_are_missing() {
        for nothing in
            ["", "  ", "-", "NULL", "N/A", "—", "--", "НЕ УКАЗАН", "б/н", "n/d", "#Н/Д", "\\N", "ОТСУТСТВУЮТ"]
        {
            assert!(is_missing(nothing), "{nothing}");
        }
        for something in ["0", "NO", "NATO", "НЕТТО", "S/N 12", "UNKNOWN CO", "/1"] {
            assert!(!is_missing(something), "{something}");
        }
        assert!(NOTHING.iter().all(|word| word.len() <= LONGEST_NOTHING));
    }
}
