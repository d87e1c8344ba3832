//! Cells by hand: letter case, what is missing, numbers, dates, tariff codes, countries.

use super::super::rule::{Column, Part};

/// What stands for nothing in a column that is read as a field.
const NOTHING: [&str; 6] = ["", "-", "—", "N/A", "null", "НЕ УКАЗАН"];

/// The countries here, each in the spellings that cells and rules use.
const COUNTRIES: [(&str, &[&str]); 5] = [
    ("TR", &["TR", "tr", "TUR", "792", "Turkey", "TURKEY", "ТУРЦИЯ", "Türkiye"]),
    ("CN", &["CN", "CHN", "156", "China", "КИТАЙ", "Китай", "中国", "CN - China"]),
    ("UZ", &["UZ", "UZB", "860", "Uzbekistan", "Узбекистан"]),
    ("NO", &["NO", "NOR", "578", "Norway", "НОРВЕГИЯ"]),
    ("NA", &["NA", "NAM", "516", "Namibia"]),
];

/// The dates here: as a cell writes them; year, month and day (0: only the month is known); the week of ISO 8601.
const DATES: [(&str, Day, u8); 13] = [
    ("24.10.2022", (2022, 10, 24), 43),
    ("2022-10-24", (2022, 10, 24), 43),
    ("24/10/2022", (2022, 10, 24), 43),
    ("44858", (2022, 10, 24), 43),
    ("24 октября 2022 г.", (2022, 10, 24), 43),
    ("2022-10", (2022, 10, 0), 0),
    ("Oct 2022", (2022, 10, 0), 0),
    ("10.2022", (2022, 10, 0), 0),
    ("24.02.2022", (2022, 2, 24), 8),
    ("20220223", (2022, 2, 23), 8),
    ("2022-02", (2022, 2, 0), 0),
    ("31.12.2021", (2021, 12, 31), 52),
    ("1.1.2023", (2023, 1, 1), 52),
];

/// Letters whose folded form is not simply their small one.
const ODD: [(char, &str); 8] =
    [('ß', "ss"), ('ẞ', "ss"), ('ſ', "s"), ('ς', "σ"), ('\u{212a}', "k"), ('ﬁ', "fi"), ('µ', "μ"), ('İ', "i\u{307}")];

/// A letter and the mark behind it, and the one letter that they are.
const COMPOSED: [(&str, &str); 4] = [("e\u{301}", "é"), ("E\u{301}", "É"), ("и\u{306}", "й"), ("И\u{306}", "Й")];

/// Letters and their marks as one letter each.
pub fn composed(text: &str) -> String {
    COMPOSED.iter().fold(text.to_owned(), |text, (apart, together)| text.replace(apart, together))
}

/// What one letter folds to: itself in small, for a few several letters.
pub fn folded(letter: char) -> String {
    let odd = ODD.iter().find(|entry| entry.0 == letter);
    odd.map_or_else(|| letter.to_lowercase().collect(), |entry| entry.1.to_owned())
}

/// Sigma's "case aside": composed letters, full case folding.
pub fn fold(text: &str) -> String {
    composed(text).chars().map(folded).collect()
}

/// The cell that a field makes of a raw one; `None` when it is missing.
pub fn canonical(column: Column, raw: &str) -> Option<String> {
    let cell = raw.trim();
    let countries = [Column::Origin, Column::Dispatch, Column::ReceiverCountry];
    if countries.contains(&column) {
        return country(cell).map(str::to_owned);
    }
    if NOTHING.iter().any(|nothing| nothing.to_lowercase() == cell.to_lowercase()) {
        return None;
    }
    match column {
        Column::Date => days(cell).map(|_| cell.to_owned()),
        Column::Tariff => tariff(cell),
        Column::Value => amount(cell).map(shown),
        Column::Net => mass(cell).map(shown),
        _ => Some(cell.to_owned()),
    }
}

pub fn country(cell: &str) -> Option<&'static str> {
    COUNTRIES.iter().find(|entry| entry.1.contains(&cell)).map(|entry| entry.0)
}

/// Year, month, day.
type Day = (u16, u8, u8);

/// First and last day that a cell may mean.
pub fn days(cell: &str) -> Option<(Day, Day)> {
    let (year, month, day) = DATES.iter().find(|entry| entry.0 == cell)?.1;
    Some(if day == 0 { ((year, month, 1), (year, month, 31)) } else { ((year, month, day), (year, month, day)) })
}

/// A part of a date; a month alone has no day and no week.
pub fn part(cell: &str, part: Part) -> Option<u16> {
    let (_, (year, month, day), week) = DATES.iter().find(|entry| entry.0 == cell)?;
    let known = |number: u8| (number > 0).then(|| u16::from(number));
    match part {
        Part::Day => known(*day),
        Part::Week => known(*week),
        Part::Month => known(*month),
        Part::Year => Some(*year),
    }
}

/// First and last day of `2022`, `2022-10` or `2022-10-24` in a rule.
pub fn asked_days(written: &str) -> (Day, Day) {
    let parts: Vec<u16> = written.split('-').map(|part| part.parse().unwrap()).collect();
    match parts[..] {
        [year] => ((year, 1, 1), (year, 12, 31)),
        [year, month] => ((year, month as u8, 1), (year, month as u8, 31)),
        [year, month, day] => ((year, month as u8, day as u8), (year, month as u8, day as u8)),
        _ => panic!("{written} is no date"),
    }
}

/// Digits of a tariff code.
pub fn tariff(cell: &str) -> Option<String> {
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    let clean = cell.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ' ');
    (clean && digits.len() >= 2).then_some(digits)
}

/// Whether the code begins with something from the first to the last prefix.
pub fn in_range(code: &str, (from, until): (&str, &str)) -> bool {
    let until = until.replace('.', "");
    let from = from.replace('.', "");
    code.len() >= from.len() && (from.as_str()..=until.as_str()).contains(&&code[..from.len()])
}

/// A number in millionths: `1,500.00`, `1 500`, `12,5`, `(3)`, `USD 5`, `1.2E+3`, and in a rule `1.5k`.
pub fn amount(written: &str) -> Option<i128> {
    let mut text: String = written.to_uppercase().replace("USD", "").replace([' ', '\u{a0}', '$'], "");
    let mut factor: i128 = 1_000_000;
    if let Some(rest) = text.strip_suffix('K') {
        (text, factor) = (rest.to_owned(), factor * 1_000);
    }
    if let Some((mantissa, power)) = text.clone().split_once("E+") {
        (text, factor) = (mantissa.to_owned(), factor * 10i128.pow(power.parse().ok()?));
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (text, factor) = (inner.to_owned(), -factor);
    }
    if let Some(rest) = text.strip_prefix('-') {
        (text, factor) = (rest.to_owned(), -factor);
    }
    let grouped = |text: &str| {
        let parts: Vec<&str> = text.split(',').collect();
        (1..=3).contains(&parts[0].len()) && parts[0] != "0" && parts[1..].iter().all(|part| part.len() == 3)
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole.to_owned(), fraction.to_owned()),
        None if text.matches(',').count() == 1 && !grouped(&text) => {
            text.split_once(',').map(|(whole, fraction)| (whole.to_owned(), fraction.to_owned()))?
        }
        None => (text.clone(), String::new()),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let plain = whole.replace(',', "");
    if (whole.contains(',') && !grouped(&whole)) || !digits(&plain) || !digits(&fraction) || fraction.len() > 6 {
        return None;
    }
    if plain.is_empty() && fraction.is_empty() {
        return None;
    }
    let read = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    let scale = 10i128.pow(fraction.len() as u32);
    Some(read(&plain)? * factor + read(&fraction)? * factor / scale)
}

/// The same in kilograms, which money is not.
fn mass(written: &str) -> Option<i128> {
    amount(written).filter(|_| !written.contains("USD") && !written.contains('$'))
}

/// Dollars a kilogram to six digits, where both are known and neither is nothing.
pub fn price(value: &str, mass: &str) -> Option<String> {
    let (value, mass) = (amount(value.trim())?, self::mass(mass.trim())?);
    if value == 0 || mass == 0 {
        return None;
    }
    let (wide, mass) = (value.abs() * 1_000_000, mass.abs() * value.signum() * mass.signum());
    let (whole, rest) = (wide / mass.abs(), wide % mass.abs());
    // Half a millionth goes to the even neighbour.
    let up = rest * 2 > mass.abs() || (rest * 2 == mass.abs() && whole % 2 == 1);
    Some(shown((whole + i128::from(up)) * mass.signum()))
}

/// A number as the records carry it: no separators, no zeros at the end of a fraction.
fn shown(millionths: i128) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, fraction) = (millionths.abs() / 1_000_000, millionths.abs() % 1_000_000);
    let text = format!("{sign}{whole}.{fraction:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whether two cells say the same: case aside, or as decimals where one has a point.
pub fn same(left: &str, right: &str) -> bool {
    let decimal = |cell: &str| {
        let body = cell.strip_prefix('-').unwrap_or(cell);
        let clean = !body.is_empty() && body.replace("E+", "").chars().all(|c| c.is_ascii_digit() || c == '.');
        clean.then(|| amount(cell)).flatten()
    };
    let pointed = left.contains('.') || right.contains('.');
    fold(left) == fold(right) || (pointed && decimal(left).is_some() && decimal(left) == decimal(right))
}
