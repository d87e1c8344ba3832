//! Numbers as cells and as rules write them. Exact decimals; never a float, never zero for a word.
use rust_decimal::Decimal;
use std::str::FromStr;

/// The decimal mark of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum DecimalMark {
    Point,
    Comma,
}

const CURRENCY_WORDS: [&str; 12] =
    ["USD", "EUR", "RUB", "CNY", "GBP", "JPY", "TRY", "AED", "KZT", "UAH", "РУБ.", "РУБ"];

/// A number as a cell writes it: separators, NBSP, currency signs; `None` for words.
pub fn number(written: &str, mark: DecimalMark) -> Option<Decimal> {
    let body = without_currency(written)?;
    let (negative, body) = sign(&body);
    if let Some(value) = scientific(body, mark) {
        return Some(if negative { -value } else { value });
    }
    let (decimal, group) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    // A lone foreign mark that cannot be a thousands separator is the decimal mark after all: `12.5` in a comma column.
    let foreign = body.matches(group).count() == 1 && !body.contains(decimal) && !groups_of_three(body, group);
    let (decimal, group) = if foreign { (group, decimal) } else { (decimal, group) };
    plain(body, decimal, group).map(|value| if negative { -value } else { value })
}

/// Whether the text is a canonical number at first sight: what [`number`] would make of it, written out, is the text itself.
pub fn is_plain_number(text: &str, mark: DecimalMark) -> bool {
    let (whole, fraction) = match text.split_once('.') {
        None => (text, "1"),
        Some(parts) if mark == DecimalMark::Point => parts,
        Some(_) => return false,
    };
    let digits = |part: &str| !part.is_empty() && part.len() <= 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0')) && !fraction.ends_with('0')
}

/// A number as a rule writes it: `1,500.00`, `1 500,00`, `1.2M`, `1e5` is text and refused.
pub fn rule_number(written: &str) -> Option<Decimal> {
    let text = written.trim();
    let (text, factor) = match text.chars().last()? {
        'k' | 'K' => (text.get(..text.len() - 1)?, 1_000u32),
        'M' | 'm' => (text.get(..text.len() - 1)?, 1_000_000),
        'B' | 'b' => (text.get(..text.len() - 1)?, 1_000_000_000),
        _ => (text, 1),
    };
    let body: String = text.trim().chars().filter(|c| !is_blank(*c) && *c != '_').collect();
    let (negative, body) = sign(&body);
    let mark = match (body.rfind('.'), body.rfind(',')) {
        (Some(point), Some(comma)) if comma > point => DecimalMark::Comma,
        (None, Some(_)) if !groups_of_three(body, ',') => DecimalMark::Comma,
        _ => DecimalMark::Point,
    };
    let (decimal, group) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let value = plain(body, decimal, group)?.checked_mul(Decimal::from(factor))?;
    Some(if negative { -value } else { value })
}

/// Which decimal mark a cell proves, `None` when it proves nothing (`1,500` or `12`).
pub fn decimal_mark_shown(written: &str) -> Option<DecimalMark> {
    let body = without_currency(written)?;
    let (_, body) = sign(&body);
    if body.is_empty() || !body.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) {
        return None;
    }
    match (body.rfind('.'), body.rfind(',')) {
        (Some(point), Some(comma)) if point > comma => (body.matches('.').count() == 1).then_some(DecimalMark::Point),
        (Some(_), Some(_)) => (body.matches(',').count() == 1).then_some(DecimalMark::Comma),
        (Some(_), None) => shown_by(body, '.', DecimalMark::Point, DecimalMark::Comma),
        (None, Some(_)) => shown_by(body, ',', DecimalMark::Comma, DecimalMark::Point),
        (None, None) => None,
    }
}

fn shown_by(body: &str, mark: char, if_decimal: DecimalMark, if_groups: DecimalMark) -> Option<DecimalMark> {
    match body.matches(mark).count() {
        1 if groups_of_three(body, mark) => None,
        1 => Some(if_decimal),
        _ if groups_of_three(body, mark) => Some(if_groups),
        _ => None,
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '’' | '\u{200b}' | '\u{feff}')
}

/// The digits and marks, blanks and currency taken off; `None` when other letters are left.
fn without_currency(written: &str) -> Option<String> {
    let mut text = written.trim().to_uppercase();
    if text.len() > 64 {
        return None;
    }
    for word in CURRENCY_WORDS {
        if let Some(rest) = text.strip_prefix(word).or_else(|| text.strip_suffix(word)) {
            text = rest.trim().to_owned();
            break;
        }
    }
    let body: String =
        text.chars().filter(|c| !is_blank(*c) && !matches!(c, '$' | '€' | '£' | '¥' | '₽' | '₴' | '₸' | '₺')).collect();
    (!body.is_empty()).then_some(body)
}

fn sign(body: &str) -> (bool, &str) {
    if let Some(inner) = body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return (true, inner);
    }
    match body.strip_prefix(['-', '−', '–']) {
        Some(rest) => (true, rest),
        None => (false, body.strip_prefix('+').unwrap_or(body)),
    }
}

/// Whether every run after the first mark is three digits, and the first one to three.
fn groups_of_three(body: &str, mark: char) -> bool {
    let mut parts = body.split(mark);
    let first = parts.next().unwrap_or("");
    (1..=3).contains(&first.len()) && first != "0" && parts.all(|part| part.len() == 3)
}

fn plain(body: &str, decimal: char, group: char) -> Option<Decimal> {
    let (whole, fraction) = match body.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (body, None),
    };
    if whole.contains(group) && !groups_of_three(whole, group) && !indian_groups(whole, group) {
        return None;
    }
    let digits = whole.replace(group, "");
    let fraction = fraction.unwrap_or("");
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(&digits) || !all_digits(fraction) || (digits.is_empty() && fraction.is_empty()) {
        return None;
    }
    Decimal::from_str(&format!("{}.{}", if digits.is_empty() { "0" } else { &digits }, pad(fraction)))
        .ok()
        .map(|d| if fraction.is_empty() { d.trunc() } else { d })
}

fn pad(fraction: &str) -> &str {
    if fraction.is_empty() { "0" } else { fraction }
}

/// `12,34,567`: groups of two before a last group of three.
fn indian_groups(whole: &str, group: char) -> bool {
    let parts: Vec<&str> = whole.split(group).collect();
    match parts.as_slice() {
        [first, middle @ .., last] => {
            (1..=2).contains(&first.len()) && last.len() == 3 && middle.iter().all(|part| part.len() == 2)
        }
        [_] | [] => false,
    }
}

fn scientific(body: &str, mark: DecimalMark) -> Option<Decimal> {
    let (mantissa, exponent) = body.split_once(['E', 'e'])?;
    let mantissa = match mark {
        DecimalMark::Point => mantissa.to_owned(),
        DecimalMark::Comma => mantissa.replace(',', "."),
    };
    let shape =
        |text: &str, extra: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || extra.contains(c));
    if !shape(&mantissa, ".") || !shape(exponent, "+-") || exponent.len() > 4 {
        return None;
    }
    Decimal::from_scientific(&format!("{mantissa}e{}", exponent.trim_start_matches('+'))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_number_is_its_own_canonical_text(text in "[0-9]{0,3}[.,]?[0-9]{0,3}") {
            for mark in [DecimalMark::Point, DecimalMark::Comma] {
                if is_plain_number(&text, mark) {
                    assert_eq!(number(&text, mark).unwrap().normalize().to_string(), text);
                }
            }
        }
    }

    fn decimal(text: &str) -> Option<Decimal> {
        Some(Decimal::from_str(text).unwrap())
    }

    #[test]
    fn cells_are_read_by_their_columns_mark() {
        use DecimalMark::{Comma, Point};
        let cases = [
            ("1,500.00", Point, "1500.00"),
            ("1\u{a0}500,25", Comma, "1500.25"),
            ("1.500,25", Comma, "1500.25"),
            ("$ 12", Point, "12"),
            ("12.5", Comma, "12.5"),
            ("1.500", Comma, "1500"),
            ("1.500", Point, "1.500"),
            ("(3)", Point, "-3"),
            ("1\u{202f}000\u{2009}000", Comma, "1000000"),
            ("1.2E+3", Point, "1200"),
            ("12345678901234567890", Point, "12345678901234567890"),
            ("USD 5", Point, "5"),
            ("12,34,567", Point, "1234567"),
            (".5", Point, "0.5"),
        ];
        for (written, mark, value) in cases {
            assert_eq!(number(written, mark), decimal(value), "{written}");
        }
        for word in ["", "weight captured separately", "12 kg", "1,2,3", "--", "."] {
            assert_eq!(number(word, Point), None, "{word}");
        }
    }

    #[test]
    fn rules_write_numbers_freely_but_never_in_powers() {
        for (written, value) in [
            ("1,500.00", "1500"),
            ("1 500,00", "1500"),
            ("1.2M", "1200000"),
            ("35k", "35000"),
            ("1,500", "1500"),
            ("-3", "-3"),
        ] {
            assert_eq!(rule_number(written), decimal(value), "{written}");
        }
        for text in ["1e5", "abc", "", "M", "1.2.3"] {
            assert_eq!(rule_number(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_clear_cell_proves_its_mark() {
        assert_eq!(decimal_mark_shown("1,500"), None);
        assert_eq!(decimal_mark_shown("12"), None);
        assert_eq!(decimal_mark_shown("1,5"), Some(DecimalMark::Comma));
        assert_eq!(decimal_mark_shown("1.25"), Some(DecimalMark::Point));
        assert_eq!(decimal_mark_shown("1.500,25"), Some(DecimalMark::Comma));
        assert_eq!(decimal_mark_shown("1,500,000"), Some(DecimalMark::Point));
        assert_eq!(decimal_mark_shown("0.125"), Some(DecimalMark::Point));
    }
}
