//! Ways out: which of two relays takes the next message. Pure: the clock is an argument.
//!
//! In: what became of attempts. Out: a way for a message, or none until the next probe. The relay that is out is probed
//! every five minutes with one message. It sends nothing.

use crate::notification::Outcome;

const MINUTE: i64 = 60 * 1_000_000;
/// A relay that cannot be reached for this long is out: the other one takes the mail, and the operators are told.
const OUT_AFTER: i64 = 15 * MINUTE;
/// How long a relay that is out, or that refuses the sender, rests between two messages that probe it.
const PROBE_EVERY: i64 = 5 * MINUTE;
/// How long a message that one relay may have is kept from the other; after that, twice is better than never.
const KEPT_APART: i64 = 24 * 60 * MINUTE;

/// A way out of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The transport of the configuration.
    First,
    /// The one that stands in for it.
    Fallback,
}

/// Which way a message takes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    Take(Way),
    /// None before this moment.
    Wait(i64),
}

#[derive(Debug, Clone, Default)]
struct Health {
    down_since: Option<i64>,
    refuses: bool,
    /// Whether its last word on sender and password was good.
    knows_us: bool,
    probe_at: i64,
}

impl Health {
    fn is_out(&self, now: i64) -> bool {
        self.refuses || self.down_since.is_some_and(|since| was_told_of(since, now))
    }

    /// Whether a probe is due; a probe far ahead was set by a clock that was wrong.
    fn takes_probe(&mut self, now: i64) -> bool {
        let due = now >= self.probe_at || self.probe_at > now.saturating_add(PROBE_EVERY);
        if due {
            self.probe_at = now.saturating_add(PROBE_EVERY);
        }
        due
    }
}

/// Whether an outage that began then is long enough that the operators were told of it.
pub fn was_told_of(since: i64, now: i64) -> bool {
    now.saturating_sub(since) >= OUT_AFTER
}

/// The health of the relays.
#[derive(Debug, Clone)]
pub struct Ways {
    first: Health,
    fallback: Option<Health>,
}

/// What an outcome says of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing new.
    Same,
    /// It fails since just now.
    Fails,
    /// It works again, and had not since that moment.
    Works(i64),
}

impl Ways {
    /// As they were left: the first relay may have been down already.
    pub fn new(down_since: Option<i64>, has_fallback: bool) -> Ways {
        let first = Health { down_since, ..Health::default() };
        Ways { first, fallback: has_fallback.then(Health::default) }
    }

    /// Since when the first relay is out, when it is.
    pub fn out_since(&self, now: i64) -> Option<i64> {
        self.first.down_since.filter(|_| self.first.is_out(now))
    }

    /// Whether one message at a time asks a relay: others would be told the same while its word on the sender or the
    /// password is not known to be good, and when it works again after an outage they may go as one.
    pub fn is_asked_singly(&self, way: Way, now: i64) -> bool {
        let health = self.health(way);
        !health.knows_us || health.is_out(now)
    }

    fn health(&self, way: Way) -> &Health {
        match (way, &self.fallback) {
            (Way::Fallback, Some(fallback)) => fallback,
            _ => &self.first,
        }
    }

    /// Whether the first relay refuses the sender or the password.
    pub fn is_refused(&self) -> bool {
        self.first.refuses
    }

    /// The way for a message that perhaps one relay has since `handed_at`.
    pub fn choose(&mut self, handed_at: Option<i64>, now: i64) -> Choice {
        if !self.first.is_out(now) || self.first.takes_probe(now) {
            return Choice::Take(Way::First);
        }
        let free = handed_at.is_none_or(|at| now.saturating_sub(at) >= KEPT_APART);
        if let Some(fallback) = self.fallback.as_mut().filter(|_| free)
            && (!fallback.refuses || fallback.takes_probe(now))
        {
            return Choice::Take(Way::Fallback);
        }
        // Each message would be told the same, and a relay that is asked too often locks the account.
        match self.first.refuses || self.fallback.is_some() {
            true => Choice::Wait(self.first.probe_at),
            false => Choice::Take(Way::First),
        }
    }

    /// Whether there is a relay for what has just failed at the first one.
    pub fn stands_in(&self, now: i64) -> bool {
        self.first.is_out(now) && self.fallback.as_ref().is_some_and(|fallback| !fallback.is_out(now))
    }

    /// Learns from what became of an attempt.
    pub fn heed(&mut self, way: Way, outcome: &Outcome, now: i64) -> Turn {
        let health = match (way, &mut self.fallback) {
            (Way::Fallback, Some(fallback)) => fallback,
            _ => &mut self.first,
        };
        match outcome {
            Outcome::Delivered { .. } | Outcome::Refused { .. } | Outcome::TooLarge { .. } => {
                let since = health.down_since;
                *health = Health { knows_us: true, ..Health::default() };
                since.map_or(Turn::Same, Turn::Works)
            }
            // It took the sender, and perhaps nothing else from anybody: neither good nor bad.
            Outcome::Deferred { .. } => {
                health.knows_us = true;
                Turn::Same
            }
            Outcome::Unreachable { .. } | Outcome::Unconfirmed { .. } | Outcome::TransportRefused { .. } => {
                let refuses = matches!(outcome, Outcome::TransportRefused { .. });
                let fresh = health.down_since.is_none();
                health.down_since = Some(health.down_since.unwrap_or(now).min(now));
                health.refuses |= refuses;
                // What it fell silent over, it took the sender for.
                health.knows_us = !refuses && (health.knows_us || matches!(outcome, Outcome::Unconfirmed { .. }));
                health.probe_at = now.saturating_add(PROBE_EVERY);
                if fresh { Turn::Fails } else { Turn::Same }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(word: &str) -> Outcome {
        let reason = String::new();
        match word {
            "ok" => Outcome::Delivered { reply: reason },
            "later" => Outcome::Deferred { reason },
            "down" => Outcome::Unreachable { reason },
            "silent" => Outcome::Unconfirmed { reason },
            "refused" => Outcome::TransportRefused { reason },
            _ => panic!("{word}"),
        }
    }

    #[test]
    fn the_other_relay_takes_the_mail_after_a_quarter_of_an_hour_and_gives_it_back_when_a_probe_succeeds() {
        let mut ways = Ways::new(None, true);
        assert_eq!(ways.heed(Way::First, &outcome("down"), 0), Turn::Fails);
        assert_eq!(ways.choose(None, 14 * MINUTE), Choice::Take(Way::First));
        assert_eq!(ways.heed(Way::First, &outcome("down"), 14 * MINUTE), Turn::Same);
        assert_eq!(ways.out_since(15 * MINUTE), Some(0));
        assert_eq!(ways.choose(None, 15 * MINUTE), Choice::Take(Way::Fallback));
        assert_eq!(ways.choose(None, 19 * MINUTE), Choice::Take(Way::First), "a probe");
        assert_eq!(ways.choose(None, 19 * MINUTE), Choice::Take(Way::Fallback), "and one alone");
        assert_eq!(ways.heed(Way::First, &outcome("later"), 19 * MINUTE), Turn::Same);
        assert_eq!(ways.heed(Way::First, &outcome("ok"), 20 * MINUTE), Turn::Works(0));
        assert_eq!(ways.choose(None, 20 * MINUTE), Choice::Take(Way::First));
    }

    #[test]
    fn what_one_relay_may_have_is_kept_from_the_other_for_a_day() {
        let mut ways = Ways::new(Some(0), true);
        assert_eq!(ways.choose(Some(0), 30 * MINUTE), Choice::Take(Way::First), "a probe");
        assert_eq!(ways.choose(Some(0), 30 * MINUTE), Choice::Wait(35 * MINUTE));
        assert_eq!(ways.choose(Some(0), 24 * 60 * MINUTE), Choice::Take(Way::First), "a probe");
        assert_eq!(ways.choose(Some(0), 24 * 60 * MINUTE), Choice::Take(Way::Fallback));
    }

    #[test]
    fn a_relay_that_refuses_the_sender_is_asked_by_one_message_in_five_minutes() {
        let mut ways = Ways::new(None, false);
        ways.heed(Way::First, &outcome("refused"), 0);
        assert_eq!(ways.choose(None, 1), Choice::Wait(5 * MINUTE));
        assert_eq!(ways.choose(None, 5 * MINUTE), Choice::Take(Way::First));
        assert_eq!(ways.choose(None, 5 * MINUTE), Choice::Wait(10 * MINUTE));
        ways.heed(Way::First, &outcome("ok"), 6 * MINUTE);
        assert_eq!(ways.choose(None, 6 * MINUTE), Choice::Take(Way::First));
        let mut with_another = Ways::new(None, true);
        with_another.heed(Way::First, &outcome("refused"), 0);
        assert_eq!(with_another.choose(None, 1), Choice::Take(Way::Fallback));
        assert_eq!(with_another.choose(Some(0), 1), Choice::Wait(5 * MINUTE));
    }

    #[test]
    fn a_relay_is_asked_by_one_message_at_a_time_until_it_is_known_to_take_the_sender() {
        for (word, singly) in [("ok", false), ("later", false), ("silent", false), ("down", true), ("refused", true)] {
            let mut ways = Ways::new(None, true);
            assert!(ways.is_asked_singly(Way::First, 0));
            ways.heed(Way::First, &outcome(word), 0);
            assert_eq!(ways.is_asked_singly(Way::First, 0), singly, "{word}");
            assert!(ways.is_asked_singly(Way::Fallback, 0), "that is another relay");
            ways.heed(Way::First, &outcome("ok"), 0);
            ways.heed(Way::First, &outcome("down"), 0);
            assert!(
                !ways.is_asked_singly(Way::First, 0),
                "one conversation that breaks off says nothing of the sender"
            );
            assert!(ways.is_asked_singly(Way::First, 15 * MINUTE), "it is out");
        }
    }

    #[test]
    fn a_clock_that_was_put_back_stops_no_probe() {
        let mut ways = Ways::new(None, false);
        ways.heed(Way::First, &outcome("refused"), 1000 * MINUTE);
        assert_eq!(ways.choose(None, 0), Choice::Take(Way::First));
    }
}
