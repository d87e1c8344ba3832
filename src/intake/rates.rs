//! Rates: `lists/rates.csv` → what one unit of a currency was worth in US dollars on a day.
//!
//! In: the list's text, then an amount, a currency and a day. Out: US dollars, exactly, or nothing. Rates are whoever's
//! who keeps the list: none is shipped and none is guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::problem::{Problem, SourceText};
use crate::value::{self, DateOrder, Decimal, DecimalMark};

/// The list's name below `lists/`.
pub const NAME: &str = "rates";
/// A rate holds until the next one, for so many days at most.
const HOLDS_FOR: u16 = 31;

/// Numeric codes of ISO 4217, as declarations carry them.
const NUMERIC: [(&str, &str); 20] = [
    ("840", "USD"),
    ("978", "EUR"),
    ("643", "RUB"),
    ("810", "RUB"),
    ("156", "CNY"),
    ("826", "GBP"),
    ("392", "JPY"),
    ("949", "TRY"),
    ("784", "AED"),
    ("398", "KZT"),
    ("980", "UAH"),
    ("860", "UZS"),
    ("356", "INR"),
    ("344", "HKD"),
    ("756", "CHF"),
    ("410", "KRW"),
    ("933", "BYN"),
    ("981", "GEL"),
    ("051", "AMD"),
    ("417", "KGS"),
];

/// Rates by currency and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    by_currency: BTreeMap<String, BTreeMap<String, Decimal>>,
}

impl Rates {
    /// Reads the list: a header `date,currency,usd`, then a rate a line.
    pub fn load(source: &Arc<SourceText>) -> (Rates, Vec<Problem>) {
        let (mut rates, mut problems) = (Rates::default(), Vec::new());
        let text = source.text.trim_start_matches('\u{feff}');
        let skipped = source.text.len() - text.len();
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let head: Vec<String> = reader.headers().into_iter().flatten().map(str::to_lowercase).collect();
        let column = |name: &str| head.iter().position(|found| found == name);
        let (Some(date), Some(currency), Some(usd)) = (column("date"), column("currency"), column("usd")) else {
            let message = "a list of rates has the columns `date`, `currency` and `usd`";
            let hint = "write `date,currency,usd` as its first line; `usd` is what one unit is worth in US dollars";
            return (rates, vec![Problem::error("bad-rate", source, 0..0, message).with_hint(hint)]);
        };
        for row in reader.records() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let at =
                        error.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(0) + skipped;
                    problems.push(Problem::error("bad-rate", source, at..at, format!("no rate: {error}")));
                    continue;
                }
            };
            let at = row.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(0) + skipped;
            let cell = |column: usize| row.get(column).unwrap_or("");
            if let Err(message) = rates.add(cell(date), cell(currency), cell(usd)) {
                let line = source.text.get(at..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
                problems.push(Problem::error("bad-rate", source, at..at + line, message));
            }
        }
        (rates, problems)
    }

    fn add(&mut self, date: &str, currency: &str, usd: &str) -> Result<(), String> {
        let day = value::date(date, DateOrder::DayFirst).filter(|_| date.starts_with(|c: char| c.is_ascii_digit()));
        let day = day
            .filter(|day| day.get(..4) == date.get(..4))
            .ok_or_else(|| format!("`{date}` is no day or month; write `2022-10-24` or `2022-10`"))?;
        let code = code(currency).ok_or_else(|| format!("`{currency}` is no currency code; write `EUR`"))?;
        let rate = value::number(usd, DecimalMark::Point).filter(|rate| *rate > Decimal::ZERO);
        let rate =
            rate.ok_or_else(|| format!("`{usd}` is no rate; write what one unit is worth in US dollars: `1.0534`"))?;
        let other = self.by_currency.entry(code.clone()).or_default().insert(first_day(&day), rate);
        match other {
            Some(other) if other != rate => Err(format!("{code} has two rates on {day}")),
            _ => Ok(()),
        }
    }

    /// An amount in US dollars; `None` when there is no rate for the day that is at most a month old.
    pub fn usd(&self, amount: &str, currency: &str, day: &str) -> Option<String> {
        let amount: Decimal = amount.parse().ok()?;
        let code = code(currency)?;
        if code == "USD" {
            return Some(amount.normalize().to_string());
        }
        let (since, rate) = self.by_currency.get(&code)?.range(..=last_day(day)).next_back()?;
        let age = value::days_between(since, &first_day(day))?;
        if age > i64::from(HOLDS_FOR) {
            return None;
        }
        let usd = amount.checked_mul(*rate)?;
        Some(usd.round_dp(4).normalize().to_string())
    }
}

/// The day, or the first of a month.
fn first_day(day: &str) -> String {
    if day.len() == 7 { format!("{day}-01") } else { day.to_owned() }
}

/// The day, or what sorts behind every day of a month.
fn last_day(day: &str) -> String {
    if day.len() == 7 { format!("{day}-31") } else { day.to_owned() }
}

/// The three letters of a currency that is written as letters or digits.
fn code(written: &str) -> Option<String> {
    let text = written.trim();
    if let Some((_, code)) = NUMERIC.iter().find(|(digits, _)| *digits == text) {
        return Some((*code).to_owned());
    }
    let letters = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters.then(|| text.to_ascii_uppercase()).map(|code| if code == "RUR" { "RUB".to_owned() } else { code })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(text: &str) -> (Rates, Vec<Problem>) {
        Rates::load(&SourceText::new("lists/rates.csv", text))
    }

    #[test]
    fn an_amount_takes_the_last_rate_of_its_currency_exactly() {
        let (rates, problems) =
            rates("date,currency,usd\n2022-10-01,EUR,0.98\n2022-10-20,EUR,0.9\n2022-10,RUB,0.0163\n");
        assert_eq!(problems, []);
        for (amount, currency, day, usd) in [
            ("1000.1", "EUR", "2022-10-19", Some("980.098")),
            ("1000", "978", "2022-10-24", Some("900")),
            ("1000", "EUR", "2022-10", Some("900")),
            ("100", "643", "2022-10-31", Some("1.63")),
            ("5", "USD", "2030-01-01", Some("5")),
            ("1000", "EUR", "2022-09-30", None),
            ("1000", "EUR", "2023-10-24", None),
            ("1000", "GBP", "2022-10-24", None),
            ("1000", "euro", "2022-10-24", None),
        ] {
            assert_eq!(rates.usd(amount, currency, day).as_deref(), usd, "{amount} {currency} {day}");
        }
    }

    #[test]
    fn a_line_that_is_no_rate_is_told_at_its_place_and_the_others_hold() {
        let text = "\u{feff}date,currency,usd\n24.10.2022,EUR,1\n2022-10-24,EURO,1\n2022-10-24,EUR,-1\n2022-10-24,EUR,0.98\n2022-10-24,EUR,0.97\n2022-10-24,EUR\n";
        let (rates, problems) = rates(text);
        let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(
            told[0].contains("`24.10.2022` is no day") && told[1].contains("`EURO`") && told[3].contains("two rates")
        );
        assert_eq!(problems[1].span.clone().map(|span| &text[span]), Some("2022-10-24,EURO,1"));
        assert_ne!(rates, Rates::default());
        assert_eq!(super::Rates::load(&SourceText::new("r", "day,usd\n")).1.len(), 1);
    }
}
