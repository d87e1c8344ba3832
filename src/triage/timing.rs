//! Timing: a rule's level → the lane in which it is told, and the local hours at which lanes are due. Pure.
//!
//! Hours are local ones of a time zone: 08:00 is 08:00 on both sides of a change of the clocks. An hour that is skipped is
//! told after the gap, one that comes twice is told the first time.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::rule_card::{Lane, Level, RuleCard};

/// A burst is over when nothing came for this long.
const QUIET: SignedDuration = SignedDuration::from_mins(2);
/// A burst is told this long after it began, even if it goes on.
const LONGEST_BURST: SignedDuration = SignedDuration::from_mins(15);

/// When what is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The lane of each level, in the order of [`Level::ALL`].
    pub lanes: [Lane; 5],
    /// When digests are due.
    pub daily_at: Time,
    /// The day of the weekly digest.
    pub weekly_on: Weekday,
    /// Whose hours these are.
    pub zone: TimeZone,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            lanes: [Lane::Weekly, Lane::Weekly, Lane::Daily, Lane::Burst, Lane::File],
            daily_at: Time::constant(8, 0, 0, 0),
            weekly_on: Weekday::Monday,
            zone: TimeZone::UTC,
        }
    }
}

impl Timing {
    /// The lane of a rule: what it says itself, else that of its level.
    pub fn lane(&self, rule: &RuleCard) -> Lane {
        let [informational, low, medium, high, critical] = self.lanes;
        rule.alert.send.unwrap_or(match rule.level {
            Level::Informational => informational,
            Level::Low => low,
            Level::Medium => medium,
            Level::High => high,
            Level::Critical => critical,
        })
    }

    /// When something that is found now is due in a lane; `began` is when the burst that it joins began.
    pub fn due(&self, lane: Lane, now: Timestamp, began: Timestamp) -> Timestamp {
        match lane {
            Lane::File => now,
            Lane::Burst => later(now, QUIET).min(later(began, LONGEST_BURST)),
            Lane::Daily | Lane::Weekly => self.next(lane, now),
        }
    }

    /// The local date of the last digest of a lane that was due by now; `None` for lanes that have no hour.
    pub fn digest_date(&self, lane: Lane, now: Timestamp) -> Option<Date> {
        let today = now.to_zoned_datetime(self.zone.clone()).date();
        let back = (0..=7).filter_map(|days| today.checked_sub(days.days()).ok());
        back.filter(|date| self.is_due_on(lane, *date)).find(|date| self.hour_of(*date).is_some_and(|at| at <= now))
    }

    /// The next hour of a digest after now.
    fn next(&self, lane: Lane, now: Timestamp) -> Timestamp {
        let today = now.to_zoned_datetime(self.zone.clone()).date();
        let days = (0..=8).filter_map(|days| today.checked_add(days.days()).ok());
        let hours = days.filter(|date| self.is_due_on(lane, *date)).filter_map(|date| self.hour_of(date));
        hours.into_iter().find(|at| *at > now).unwrap_or(now)
    }

    fn is_due_on(&self, lane: Lane, date: Date) -> bool {
        match lane {
            Lane::File | Lane::Burst => false,
            Lane::Daily => true,
            Lane::Weekly => date.weekday() == self.weekly_on,
        }
    }

    fn hour_of(&self, date: Date) -> Option<Timestamp> {
        let zoned = self.zone.to_ambiguous_zoned_datetime(date.to_datetime(self.daily_at)).compatible();
        zoned.ok().map(|zoned| zoned.timestamp())
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(hour: i8, minute: i8) -> Timing {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Timing { daily_at: Time::constant(hour, minute, 0, 0), zone, ..Timing::default() }
    }

    fn check(timing: &Timing, lane: Lane, now: &str, expected: &str) {
        let now: Timestamp = now.parse().unwrap();
        assert_eq!(timing.due(lane, now, now).to_string(), expected);
    }

    #[test]
    fn the_daily_hour_is_local_on_both_sides_of_a_change_of_the_clocks() {
        let timing = berlin(8, 0);
        check(&timing, Lane::Daily, "2026-03-28T06:59:59Z", "2026-03-28T07:00:00Z");
        check(&timing, Lane::Daily, "2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z");
        check(&timing, Lane::Daily, "2026-10-24T06:00:00Z", "2026-10-25T07:00:00Z");
    }

    #[test]
    fn a_skipped_hour_is_told_after_the_gap_and_a_doubled_one_the_first_time() {
        let timing = berlin(2, 30);
        check(&timing, Lane::Daily, "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z");
        check(&timing, Lane::Daily, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z");
        check(&timing, Lane::Daily, "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
    }

    #[test]
    fn the_weekly_digest_is_due_on_its_day_alone() {
        let timing = berlin(8, 0);
        check(&timing, Lane::Weekly, "2026-03-25T12:00:00Z", "2026-03-30T06:00:00Z");
        check(&timing, Lane::Weekly, "2026-03-30T06:00:00Z", "2026-04-06T06:00:00Z");
    }

    #[test]
    fn a_missed_digest_bears_the_date_on_which_it_was_due() {
        let timing = berlin(8, 0);
        let date = |lane, now: &str| timing.digest_date(lane, now.parse().unwrap()).map(|date| date.to_string());
        assert_eq!(date(Lane::Daily, "2026-03-31T05:59:00Z").as_deref(), Some("2026-03-30"));
        assert_eq!(date(Lane::Daily, "2026-03-31T06:00:00Z").as_deref(), Some("2026-03-31"));
        assert_eq!(date(Lane::Weekly, "2026-04-02T06:00:00Z").as_deref(), Some("2026-03-30"));
        assert_eq!(date(Lane::Burst, "2026-04-02T06:00:00Z"), None);
    }

    #[test]
    fn a_burst_is_told_when_it_is_quiet_and_after_a_quarter_of_an_hour_at_the_latest() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let due = |now, began| berlin(8, 0).due(Lane::Burst, at(now), at(began)).to_string();
        assert_eq!(due("2026-04-02T06:00:00Z", "2026-04-02T06:00:00Z"), "2026-04-02T06:02:00Z");
        assert_eq!(due("2026-04-02T06:14:00Z", "2026-04-02T06:00:00Z"), "2026-04-02T06:15:00Z");
    }
}
