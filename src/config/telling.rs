//! When what is told, and how many mails there may be: `timezone:` and `telling:` as written → as meant.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::rule_card::Lane;
use crate::triage::{MailLimits, StormBounds, Timing};

/// A day of the week.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Day::Monday => Weekday::Monday,
            Day::Tuesday => Weekday::Tuesday,
            Day::Wednesday => Weekday::Wednesday,
            Day::Thursday => Weekday::Thursday,
            Day::Friday => Weekday::Friday,
            Day::Saturday => Weekday::Saturday,
            Day::Sunday => Weekday::Sunday,
        }
    }
}

/// `telling:` as written: `file`, `burst`, `daily` or `weekly` for each level, the hours, and how many mails at most.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TellingEntry {
    /// `file` when absent.
    critical: Option<Lane>,
    /// `burst` when absent.
    high: Option<Lane>,
    /// `daily` when absent.
    medium: Option<Lane>,
    /// `weekly` when absent.
    low: Option<Lane>,
    /// `weekly` when absent.
    informational: Option<Lane>,
    /// The local hour of digests; `08:00` when absent.
    daily_at: Option<String>,
    /// The day of the weekly digest; `monday` when absent.
    weekly_on: Option<Day>,
    /// Mails to one recipient within an hour, those with something critical not counted; 20 when absent.
    per_hour: Option<u64>,
    /// Mails to one recipient within a day; 100 when absent.
    per_day: Option<u64>,
    /// Mails to all within a minute; 60 when absent.
    per_minute: Option<u64>,
    /// Above what a rule's findings in one file are held until somebody has looked.
    storm: Option<StormEntry>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StormEntry {
    /// New and amended findings; 1000 when absent.
    findings: Option<u64>,
    /// Their share of the records, in a file of 500 or more: `20%` when absent, `100%` holds none for its share.
    share: Option<String>,
}

/// A key of the configuration, and what is wrong with its value.
type Wrong = (Vec<&'static str>, String);

impl TellingEntry {
    /// What it means in a time zone; the system's when none is named.
    ///
    /// # Errors
    /// The first value that cannot be meant.
    pub(super) fn resolve(&self, zone: Option<&str>) -> Result<(Timing, MailLimits, StormBounds), Wrong> {
        let zone = match zone {
            None => TimeZone::system(),
            Some(name) => TimeZone::get(name).map_err(|_| {
                let message = format!("`{name}` is no time zone; write an IANA name such as `Europe/Berlin` or `UTC`");
                (vec!["timezone"], message)
            })?,
        };
        let usual = Timing::default();
        let [informational, low, medium, high, critical] = usual.lanes;
        let lanes = [
            self.informational.unwrap_or(informational),
            self.low.unwrap_or(low),
            self.medium.unwrap_or(medium),
            self.high.unwrap_or(high),
            self.critical.unwrap_or(critical),
        ];
        let daily_at = match &self.daily_at {
            None => usual.daily_at,
            Some(text) => hour(text)
                .ok_or_else(|| (vec!["telling", "daily_at"], format!("`{text}` is no hour of a day; write `08:00`")))?,
        };
        let weekly_on = self.weekly_on.map_or(usual.weekly_on, Day::weekday);
        Ok((Timing { lanes, daily_at, weekly_on, zone }, self.limits()?, self.storm()?))
    }

    fn limits(&self) -> Result<MailLimits, Wrong> {
        let usual = MailLimits::default();
        let limit = |key: &'static str, written: Option<u64>, usual: u64| match written {
            Some(0) => Err((vec!["telling", key], "with 0 nothing would ever be told; write at least 1".to_owned())),
            written => Ok(written.unwrap_or(usual)),
        };
        Ok(MailLimits {
            per_hour: limit("per_hour", self.per_hour, usual.per_hour)?,
            per_day: limit("per_day", self.per_day, usual.per_day)?,
            per_minute: limit("per_minute", self.per_minute, usual.per_minute)?,
        })
    }

    fn storm(&self) -> Result<StormBounds, Wrong> {
        let usual = StormBounds::default();
        let Some(entry) = &self.storm else { return Ok(usual) };
        let wrong = |key: &'static str, message: String| (vec!["telling", "storm", key], message);
        if entry.findings == Some(0) {
            return Err(wrong("findings", "with 0 whatever fires would be held; write at least 1".to_owned()));
        }
        let share = entry.share.as_ref().map(|text| {
            let advice = || format!("`{text}` is no share of a file; write a whole percentage from `1%` to `100%`");
            percent(text).ok_or_else(|| wrong("share", advice()))
        });
        let percent = share.transpose()?.unwrap_or(usual.percent);
        Ok(StormBounds { findings: entry.findings.unwrap_or(usual.findings), percent })
    }
}

/// `20%`: hundredths, from 1 to 100.
fn percent(text: &str) -> Option<u64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    number.parse().ok().filter(|percent| (1..=100).contains(percent))
}

fn hour(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |digits: &str| (1..=2).contains(&digits.len()).then(|| digits.parse::<i8>().ok()).flatten();
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}
