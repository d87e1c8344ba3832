//! Dates as cells write them → canonical text (`2022-10-24`, or `2022-10` where only the month is known).
//! It never decides an ambiguous order by itself.
use jiff::civil::Date;

/// Order of day and month in `01.02.2023`-like dates of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
}

/// Month names by their first letters: English, Spanish, Turkish, Russian, Ukrainian (Unicode CLDR).
const MONTHS: [(&str, [&str; 12]); 5] = [
    ("en", ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("es", ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "set", "oct", "nov", "dic"]),
    ("tr", ["oca", "şub", "mar", "nis", "may", "haz", "tem", "ağu", "eyl", "eki", "kas", "ara"]),
    ("ru", ["янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"]),
    ("uk", ["січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер", "жов", "лис", "гру"]),
];

/// A date in canonical text (`2022-10-24` or `2022-10`), from any spelling of the intake specification.
pub fn date(written: &str, order: DateOrder) -> Option<String> {
    let text = written.trim();
    if text.len() > 64 {
        return None;
    }
    // `24.10.2022г.`
    let text = without_time(text).trim_end_matches("г.").trim_end_matches('г');
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')) && text.matches(['.', ',']).count() <= 1 {
        return digits_only(text, order);
    }
    let mut parts: Vec<&str> = split(text);
    if parts.len() > 3 {
        // `Monday, October 24, 2022`, `24 октября 2022 года`
        parts.retain(|part| !part.chars().all(char::is_alphabetic) || month_name(part).is_some());
    }
    match parts.as_slice() {
        [a, b, c] => three(a, b, c, order),
        [a, b] => two(a, b),
        _ => None,
    }
}

/// Whether the text is a canonical day at first sight; the last days of months are left to [`date`].
pub fn is_plain_day(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| u32::from(*byte - b'0'));
        text.as_bytes().get(range)?.iter().try_fold(0, |value, byte| Some(value * 10 + digit(byte)?))
    };
    let hyphens = text.len() == 10 && [4, 7].iter().all(|at| text.as_bytes().get(*at) == Some(&b'-'));
    hyphens
        && digits(0..4).is_some_and(|year| (1900..=2199).contains(&year))
        && digits(5..7).is_some_and(|month| (1..=12).contains(&month))
        && digits(8..10).is_some_and(|day| (1..=28).contains(&day))
}

/// The week of a canonical day by ISO 8601, 1 to 53; `None` where the text is no whole day.
pub fn iso_week(day: &str) -> Option<u16> {
    let date: Date = day.parse().ok().filter(|_| day.len() == 10)?;
    u16::try_from(date.iso_week_date().week()).ok()
}

/// Days from one canonical day to another, negative when it lies before.
pub fn days_between(from: &str, until: &str) -> Option<i64> {
    let (from, until): (Date, Date) = (from.parse().ok()?, until.parse().ok()?);
    from.until(until).ok().map(|span| span.get_days().into())
}

/// Which order of day and month a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orders {
    /// It has none, or is no date.
    Nothing,
    /// This one, for certain: `31.12.2022`.
    Proves(DateOrder),
    /// `01.02.2022` can be read in both.
    Ambiguous,
}

/// Which order of day and month a cell shows.
pub fn order_shown(written: &str) -> Orders {
    if is_plain_day(written) {
        return Orders::Nothing;
    }
    let parts = split(without_time(written.trim()));
    let [a, b, c] = parts.as_slice() else { return Orders::Nothing };
    let (Some(a), Some(b), Some(_)) = (short(a), short(b), short(c).or_else(|| long(c))) else {
        return Orders::Nothing;
    };
    match (a, b) {
        (13..=31, 1..=12) => Orders::Proves(DateOrder::DayFirst),
        (1..=12, 13..=31) => Orders::Proves(DateOrder::MonthFirst),
        (1..=12, 1..=12) if a != b => Orders::Ambiguous,
        _ => Orders::Nothing,
    }
}

fn split(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '.' | '-' | '/' | ',' | '–' | '‑'))
        .filter(|part| !part.is_empty() && *part != "г")
        .collect()
}

/// The calendar day of a date-time, as written: what stands before `T` or a blank and a clock time.
fn without_time(text: &str) -> &str {
    let cut = text.find(':').and_then(|colon| {
        let before = text.get(..colon)?;
        before.rfind(|c: char| c == 'T' || c == 't' || c.is_whitespace())
    });
    let day = cut.and_then(|at| text.get(..at)).unwrap_or(text).trim_end_matches([',', ' ']);
    // `20221024T101500`
    let compact = day.split_once('T').filter(|(day, clock)| day.len() == 8 && digits(day) && clock.len() >= 4);
    compact.map_or(day, |(day, _)| day)
}

fn digits_only(text: &str, order: DateOrder) -> Option<String> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let part = |range: std::ops::Range<usize>| whole.get(range)?.parse::<i64>().ok();
    match (whole.len(), if fraction == "0" { 0 } else { fraction.len() }) {
        // `20221024` and `24102022`: no text is both, since years begin with 19, 20 or 21 and months do not.
        (8, 0) => day(part(0..4)?, part(4..6)?, part(6..8)?).or_else(|| match order {
            DateOrder::DayFirst => day(part(4..8)?, part(2..4)?, part(0..2)?),
            DateOrder::MonthFirst => day(part(4..8)?, part(0..2)?, part(2..4)?),
        }),
        // With a clock behind it.
        (14, 0) => day(part(0..4)?, part(4..6)?, part(6..8)?),
        // `202210`
        (6, 0) => month(part(0..4)?, part(4..6)?),
        // An Excel serial, its fraction the time of day: 20000 is 1954, 80000 is 2119.
        (5, _) => {
            let serial = whole.parse::<i64>().ok().filter(|serial| (20_000..=80_000).contains(serial))?;
            let epoch = Date::new(1899, 12, 30).ok()?;
            epoch.checked_add(jiff::Span::new().try_days(serial).ok()?).ok().map(|date| date.to_string())
        }
        // `04.2023`
        (1 | 2, 4) => month(fraction.parse().ok()?, whole.parse().ok()?),
        (4, 2) => month(whole.parse().ok()?, fraction.parse().ok()?),
        _ => None,
    }
}

fn three(a: &str, b: &str, c: &str, order: DateOrder) -> Option<String> {
    if let Some(year) = long(a) {
        return day(year, short(b).or_else(|| month_name(b))?, short(c)?);
    }
    let year = long(c).or_else(|| short_year(c))?;
    if let Some(named) = month_name(b) {
        return day(year, named, short(a)?);
    }
    if let Some(named) = month_name(a) {
        return day(year, named, short(b)?);
    }
    let (a, b) = (short(a)?, short(b)?);
    match order {
        DateOrder::DayFirst => day(year, b, a),
        DateOrder::MonthFirst => day(year, a, b),
    }
}

fn two(a: &str, b: &str) -> Option<String> {
    if let Some(year) = long(a) {
        return month(year, short(b).or_else(|| month_name(b))?);
    }
    match long(b) {
        Some(year) => month(year, short(a).or_else(|| month_name(a))?),
        None => month(short_year(b)?, month_name(a)?),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
fn short(text: &str) -> Option<i64> {
    (digits(text) && text.len() <= 2).then(|| text.parse().ok())?
}
fn long(text: &str) -> Option<i64> {
    (digits(text) && text.len() == 4).then(|| text.parse().ok())?
}
/// Two-digit years: 00–69 are of this century.
fn short_year(text: &str) -> Option<i64> {
    let year = short(text).filter(|_| text.len() == 2)?;
    Some(if year < 70 { 2000 + year } else { 1900 + year })
}
fn month_name(text: &str) -> Option<i64> {
    let text = text.to_lowercase();
    if !text.chars().all(char::is_alphabetic) {
        return None;
    }
    MONTHS.iter().find_map(|(_, names)| (1..).zip(names).find(|(_, start)| text.starts_with(**start))).map(|(n, _)| n)
}
fn day(year: i64, month: i64, day: i64) -> Option<String> {
    if !(1900..=2199).contains(&year) {
        return None;
    }
    let date = Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some(date.to_string())
}
fn month(year: i64, month: i64) -> Option<String> {
    ((1900..=2199).contains(&year) && (1..=12).contains(&month)).then(|| format!("{year:04}-{month:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_day_is_its_own_canonical_text() {
        for text in ["2022-10-24", "1900-01-01", "2199-12-28", "2022-02-28"] {
            assert!(is_plain_day(text) && date(text, DateOrder::DayFirst).as_deref() == Some(text), "{text}");
        }
        for text in [
            "2022-10-31",
            "2022-02-30",
            "1899-01-01",
            "2022-13-01",
            "2022-1-011",
            "24.10.2022",
            "2022-10-2٤",
            "+022-10-24",
        ] {
            assert!(!is_plain_day(text), "{text}");
        }
    }

    #[test]
    fn every_spelling_becomes_the_canonical_day() {
        let cases = [
            ("24.10.2022", "2022-10-24"),
            ("2022-10-24", "2022-10-24"),
            ("20221024", "2022-10-24"),
            ("24/10/2022", "2022-10-24"),
            ("44858", "2022-10-24"),
            ("44858.75", "2022-10-24"),
            ("2-Jun-06", "2006-06-02"),
            ("Apr 2023", "2023-04"),
            ("2022-10-24T23:59:59Z", "2022-10-24"),
            ("2022-10-24 00:00:00", "2022-10-24"),
            ("24.10.22", "2022-10-24"),
            ("1.2.70", "1970-02-01"),
            ("24 октября 2022 г.", "2022-10-24"),
            ("October 24, 2022", "2022-10-24"),
            ("2022-10", "2022-10"),
            ("04.2023", "2023-04"),
            ("202304", "2023-04"),
            ("20221024.0", "2022-10-24"),
            ("24102022", "2022-10-24"),
            ("20112012", "2012-11-20"),
            ("20221024101500", "2022-10-24"),
            ("20221024T101500Z", "2022-10-24"),
            ("44858,75", "2022-10-24"),
            ("2022-10-24T10:15:00.000+03:00", "2022-10-24"),
            ("Monday, October 24, 2022", "2022-10-24"),
            ("24 октября 2022 года", "2022-10-24"),
            ("24.10.2022г.", "2022-10-24"),
            ("24-Ağu-2022", "2022-08-24"),
            ("24 жовтня 2022", "2022-10-24"),
            ("24-ene-22", "2022-01-24"),
            ("мая 2023", "2023-05"),
            ("2022/1/5", "2022-01-05"),
        ];
        for (written, canonical) in cases {
            assert_eq!(date(written, DateOrder::DayFirst).as_deref(), Some(canonical), "{written}");
        }
        for nothing in
            ["", "31.02.2022", "12345", "abc", "99999999", "1.2.3.4", "24.10", "00.00.0000", "maybe", "202213"]
        {
            assert_eq!(date(nothing, DateOrder::DayFirst), None, "{nothing}");
        }
        for written in ["10/24/2022", "10/24/2022 12:00:00 AM"] {
            assert_eq!(date(written, DateOrder::MonthFirst).as_deref(), Some("2022-10-24"), "{written}");
        }
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        for (day, week) in [
            ("2022-01-01", Some(52)),
            ("2022-01-03", Some(1)),
            ("2020-12-31", Some(53)),
            ("2024-12-30", Some(1)),
            ("2022-10", None),
            ("2022-02-30", None),
        ] {
            assert_eq!(iso_week(day), week, "{day}");
        }
    }

    #[test]
    fn only_a_day_past_twelve_proves_the_order() {
        for (written, shown) in [
            ("31.12.2022", Orders::Proves(DateOrder::DayFirst)),
            ("12/31/2022", Orders::Proves(DateOrder::MonthFirst)),
            ("01.02.2022", Orders::Ambiguous),
            ("02.02.2022", Orders::Nothing),
            ("2022-12-31", Orders::Nothing),
            ("2022-01-02", Orders::Nothing),
            ("2-Jun-06", Orders::Nothing),
            ("31.13.2022", Orders::Nothing),
        ] {
            assert_eq!(order_shown(written), shown, "{written}");
        }
    }
}
