//! When what is told, and how many mails there may be: `timezone:` and `telling:` as written → as meant.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::rule_card::Lane;
use crate::triage::{MailLimits, Timing};

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
}

/// A key of the configuration, and what is wrong with its value.
type Wrong = (Vec<&'static str>, String);

impl TellingEntry {
    /// What it means in a time zone; the system's when none is named.
    ///
    /// # Errors
    /// The first value that cannot be meant.
    pub(super) fn resolve(&self, zone: Option<&str>) -> Result<(Timing, MailLimits), Wrong> {
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
        Ok((Timing { lanes, daily_at, weekly_on, zone }, self.limits()?))
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
}

fn hour(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |digits: &str| (1..=2).contains(&digits.len()).then(|| digits.parse::<i8>().ok()).flatten();
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}
