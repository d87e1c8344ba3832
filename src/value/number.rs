//! Numbers as cells and as rules write them. Exact decimals; never a float, never zero for a word.
mod affix;

use rust_decimal::Decimal;
use std::str::FromStr;

/// The decimal mark of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum DecimalMark {
    Point,
    Comma,
}

/// What stands beside a number in its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affix {
    /// Nothing.
    None,
    /// A currency by its code; empty for `¥`, which is two.
    Currency(&'static str),
    /// A unit of mass, as kilograms.
    Mass(Decimal),
    /// A unit that counts.
    Count,
}

/// Which decimal mark a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// None, or it is no number.
    Nothing,
    /// This one, for certain.
    Proves(DecimalMark),
    /// `1,500` is one and a half or fifteen hundred.
    Ambiguous,
}

/// A number as a cell writes it: separators, NBSP, currency signs; `None` for words.
pub fn number(written: &str, mark: DecimalMark) -> Option<Decimal> {
    match amount(written, mark)? {
        (value, Affix::None | Affix::Currency(_)) => Some(value),
        (_, Affix::Mass(_) | Affix::Count) => None,
    }
}

/// A number and what stands beside it: `12.5 kg`, `$5`, `3 шт.`; `None` for words that are not known.
pub fn amount(written: &str, mark: DecimalMark) -> Option<(Decimal, Affix)> {
    let (body, affix) = affix::parted(written)?;
    let (negative, body) = sign(&body);
    let value = match scientific(body, mark) {
        Some(value) => value,
        None => {
            // A mark that the cell proves is certain whatever its column does: `12.5` in a column of commas.
            let mark = if let Marks::Proves(shown) = marks_of(body) { shown } else { mark };
            let (decimal, group) = signs(mark);
            plain(&ungrouped(body)?, decimal, group)?
        }
    };
    Some((if negative { -value } else { value }, affix))
}

fn signs(mark: DecimalMark) -> (char, char) {
    match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    }
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

/// Which decimal mark a cell shows.
pub fn marks_shown(written: &str) -> Marks {
    let written = written.trim();
    if written.bytes().all(|byte| byte.is_ascii_digit()) {
        return Marks::Nothing;
    }
    if written.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return marks_of(written);
    }
    affix::parted(written).map_or(Marks::Nothing, |(body, _)| marks_of(sign(&body).1))
}

fn marks_of(body: &str) -> Marks {
    if !body.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) {
        return Marks::Nothing;
    }
    if !body.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',') || is_blank(c)) {
        return Marks::Nothing;
    }
    match (body.rfind('.'), body.rfind(',')) {
        (Some(point), Some(comma)) if point > comma => once(body, '.', DecimalMark::Point),
        (Some(_), Some(_)) => once(body, ',', DecimalMark::Comma),
        (Some(_), None) => shown_by(body, '.', (DecimalMark::Point, DecimalMark::Comma)),
        (None, Some(_)) => shown_by(body, ',', (DecimalMark::Comma, DecimalMark::Point)),
        (None, None) => Marks::Nothing,
    }
}

fn once(body: &str, sign: char, mark: DecimalMark) -> Marks {
    if body.matches(sign).count() == 1 { Marks::Proves(mark) } else { Marks::Nothing }
}

fn shown_by(body: &str, sign: char, (if_decimal, if_groups): (DecimalMark, DecimalMark)) -> Marks {
    match body.matches(sign).count() {
        // Where blanks part the thousands, the sign does not.
        1 if groups_of_three(body, sign) => Marks::Ambiguous,
        1 => Marks::Proves(if_decimal),
        _ if groups_of_three(body, sign) => Marks::Proves(if_groups),
        _ => Marks::Nothing,
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '’' | '\u{200b}' | '\u{feff}')
}

/// The number without the blanks and apostrophes that part its thousands; `None` when they part something else, such as
/// two numbers in one cell.
fn ungrouped(body: &str) -> Option<String> {
    let mut parts = body.split(is_blank).filter(|part| !part.is_empty());
    let first = parts.next()?;
    let mut joined = first.to_owned();
    let mut rest = parts.peekable();
    if rest.peek().is_some() && !(first.len() <= 3 && first.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    while let Some(part) = rest.next() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let ends = part.len() == digits || rest.peek().is_none() && part.get(digits..)?.starts_with(['.', ',']);
        if digits != 3 || !ends {
            return None;
        }
        joined.push_str(part);
    }
    Some(joined)
}

fn sign(body: &str) -> (bool, &str) {
    if let Some(inner) = body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return (true, inner.trim());
    }
    match body.strip_prefix(['-', '−', '–']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, body.strip_prefix('+').unwrap_or(body).trim_start()),
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
        use DecimalMark::{Comma, Point};
        for (written, shown) in [
            ("1,500", Marks::Ambiguous),
            ("1.500 кг", Marks::Ambiguous),
            ("12", Marks::Nothing),
            ("see 1,5", Marks::Nothing),
            ("1,5", Marks::Proves(Comma)),
            ("1.25", Marks::Proves(Point)),
            ("1.500,25", Marks::Proves(Comma)),
            ("1,500,000", Marks::Proves(Point)),
            ("0.125", Marks::Proves(Point)),
            ("1 200,500", Marks::Proves(Comma)),
        ] {
            assert_eq!(marks_shown(written), shown, "{written}");
        }
    }

    #[test]
    fn what_stands_beside_a_number_is_told_apart() {
        let mass = |text: &str| Affix::Mass(Decimal::from_str(text).unwrap());
        for (written, value, affix) in [
            ("12.5kg", "12.5", mass("1")),
            ("1 200,5 кг.", "1200.5", mass("1")),
            ("2,5 т", "2.5", mass("1000")),
            ("10 LBS", "10", mass("0.45359237")),
            ("3 шт.", "3", Affix::Count),
            ("€ 1.500,00", "1500", Affix::Currency("EUR")),
            ("US$5", "5", Affix::Currency("USD")),
            ("-5 руб.", "-5", Affix::Currency("RUB")),
            ("¥ 7", "7", Affix::Currency("")),
            ("'1200", "1200", Affix::None),
        ] {
            assert_eq!(amount(written, DecimalMark::Point), decimal(value).map(|value| (value, affix)), "{written}");
        }
        for unknown in ["12 тыс.", "5 10", "12 34", "1 2345", "USD 5 kg", "12%", ">5", "5 USD or 6 EUR"] {
            assert_eq!(amount(unknown, DecimalMark::Point), None, "{unknown}");
        }
    }
}
