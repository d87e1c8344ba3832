//! `hs`: prefixes of tariff codes (`8541`, `8541.40`) and ranges of them (`8541-8542`).

use super::Scalar;
use crate::rules::report::Report;
use crate::rules::{HsRange, Question};

pub(super) fn read(value: &Scalar, report: &mut Report<'_>) -> Option<Question> {
    match range(&value.text) {
        Ok(range) => Some(Question::Hs(range)),
        Err(why) => {
            report.error("bad-hs-code", &value.span, format!("{} is no tariff code: {why}", value.shown()));
            None
        }
    }
}

fn range(text: &str) -> Result<HsRange, &'static str> {
    let mut sides = text.split(['-', '–']);
    let from = digits(sides.next().unwrap_or(""))?;
    let until = match sides.next() {
        Some(side) => digits(side)?,
        None => from.clone(),
    };
    if sides.next().is_some() {
        return Err("a range has two sides");
    }
    if from.len() != until.len() {
        return Err("both sides of a range need as many digits");
    }
    if from > until {
        return Err("the range runs backwards");
    }
    Ok(HsRange { from, until })
}

fn digits(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let text = text.strip_suffix('*').unwrap_or(text);
    if !text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ' ') {
        return Err("only digits, dots and spaces stand in one");
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if (2..=14).contains(&digits.len()) { Ok(digits) } else { Err("it needs 2 to 14 digits") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_ranges_keep_their_digits() {
        let pair = |text| range(text).map(|range| (range.from, range.until));
        let same = |text: &str| Ok((text.to_owned(), text.to_owned()));
        assert_eq!(pair("8541"), same("8541"));
        assert_eq!(pair("8541.40"), same("854140"));
        assert_eq!(pair("0102"), same("0102"));
        assert_eq!(pair("8541-8542"), Ok(("8541".into(), "8542".into())));
        for wrong in ["85x", "8", "8542-8541", "85-8541", "1-2-3", "", "1e5"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
