//! Limits: how many mails somebody gets, and when a rule fires so often that somebody should look first. Pure.
//!
//! A limit defers and never drops: what is over it joins the next digest, which says so.

use crate::notification::Made;
use crate::rule_card::{Lane, Level, RuleCard};

/// Mails at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLimits {
    /// To one recipient within an hour, those with something critical not counted.
    pub per_hour: u64,
    /// To one recipient within a day.
    pub per_day: u64,
    /// To all within a minute.
    pub per_minute: u64,
}

impl Default for MailLimits {
    fn default() -> MailLimits {
        MailLimits { per_hour: 20, per_day: 100, per_minute: 60 }
    }
}

/// Whether a mail that is due is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Now.
    Free,
    /// Not within this minute: it stays due.
    WaitsAMinute,
    /// Not before the recipient's hour or day is over: it stays due.
    Waits,
    /// What it tells joins the next digest.
    JoinsDigest,
}

/// Holds a mail of a lane, with something of this level in it, against the limits.
pub fn passage((lane, level): (Lane, Level), made: Made, limits: MailLimits) -> Passage {
    if made.minute >= limits.per_minute {
        return Passage::WaitsAMinute;
    }
    let hour_is_full = made.hour >= limits.per_hour && level != Level::Critical;
    if !hour_is_full && made.day < limits.per_day {
        return Passage::Free;
    }
    match lane {
        Lane::File | Lane::Burst => Passage::JoinsDigest,
        Lane::Daily | Lane::Weekly => Passage::Waits,
    }
}

/// Above what a rule's findings in one file are held until somebody has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StormBounds {
    /// New and amended findings.
    pub findings: u64,
    /// Their share of the records, in hundredths, in a file of 500 or more.
    pub percent: u64,
}

impl Default for StormBounds {
    fn default() -> StormBounds {
        StormBounds { findings: 1_000, percent: 20 }
    }
}

/// Records of a file from which a share of them is telling.
const STORM_RECORDS: u64 = 500;

/// Why a rule's findings in a file of so many records are held, in words; `None` when they are not.
pub fn storm(rule: &RuleCard, findings: u64, records: u64, most: StormBounds) -> Option<String> {
    if rule.alert.summary {
        return None;
    }
    if findings > most.findings {
        return Some(format!("{findings} new or amended findings from one file, more than {}", most.findings));
    }
    let large = records >= STORM_RECORDS && findings.saturating_mul(100) > records.saturating_mul(most.percent);
    large.then(|| format!("{findings} of {records} records of one file, more than {} %", most.percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_card::AlertSettings;

    fn check(lane: Lane, level: Level, (hour, day, minute): (u64, u64, u64), expected: Passage) {
        let made = Made { hour, day, minute };
        assert_eq!(passage((lane, level), made, MailLimits::default()), expected, "{lane:?} {level:?} {made:?}");
    }

    #[test]
    fn over_a_limit_findings_join_the_next_digest_and_a_digest_waits() {
        check(Lane::Burst, Level::High, (19, 99, 59), Passage::Free);
        check(Lane::Burst, Level::High, (20, 20, 0), Passage::JoinsDigest);
        check(Lane::File, Level::High, (0, 100, 0), Passage::JoinsDigest);
        check(Lane::Daily, Level::High, (20, 20, 0), Passage::Waits);
        check(Lane::Burst, Level::High, (0, 0, 60), Passage::WaitsAMinute);
    }

    #[test]
    fn what_is_critical_is_exempt_from_the_hour() {
        check(Lane::File, Level::Critical, (20, 20, 0), Passage::Free);
        check(Lane::File, Level::Critical, (20, 100, 0), Passage::JoinsDigest);
    }

    #[test]
    fn many_findings_or_a_large_share_of_a_file_are_a_storm_and_a_summary_never_is() {
        let rule = |summary| RuleCard {
            alert: AlertSettings { summary, ..AlertSettings::default() },
            ..RuleCard::sample("r")
        };
        let usual = StormBounds::default();
        let held = |findings, records| storm(&rule(false), findings, records, usual).is_some();
        assert!(!held(1_000, 1_000_000) && held(1_001, 1_000_000));
        assert!(!held(100, 500) && held(101, 500) && !held(400, 499));
        assert_eq!(storm(&rule(true), 5_000, 5_000, usual), None);
        let noisy = StormBounds { findings: 5_000, percent: 100 };
        assert_eq!(storm(&rule(false), 5_000, 5_000, noisy), None);
        assert!(storm(&rule(false), 5_001, 9_000, noisy).is_some());
    }
}
