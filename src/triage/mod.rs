//! Triage: told or held back, with a reason; to whom and when. Pure, `now` is an argument.
//!
//! A rule's card, the routing and the timing go in, a [`Telling`] comes out. Nothing here renders, stores or sends.

mod limits;
mod route;
mod timing;

use std::collections::BTreeMap;

pub use limits::{MailLimits, Passage, StormBounds, passage, storm};
pub use route::{Because, Route, RouteSettings, route};
pub use timing::Timing;

use crate::finding::hash;
use crate::rule_card::{Lane, RuleCard};

/// Who can be told, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// Names that are told when neither a rule nor a route names anybody.
    pub default: Vec<String>,
    /// Names to addresses.
    pub recipients: BTreeMap<String, Vec<String>>,
    /// Read from the top; the first that fits decides.
    pub routes: Vec<RouteSettings>,
}

/// The decision about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Telling {
    /// Told in a lane.
    In {
        /// Which decides when.
        lane: Lane,
        /// Distinct addresses, in the order in which they are named.
        addresses: Vec<String>,
    },
    /// Kept back.
    Held {
        /// Why.
        reason: HeldReason,
    },
}

/// Why an alert is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldReason {
    /// Neither the rule nor the default leads to an address.
    NobodyToTell,
}

impl HeldReason {
    /// The word in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            HeldReason::NobodyToTell => "nobody_to_tell",
        }
    }
}

/// Whether a rule's findings in the records of a source are told, when, and to whom.
pub fn decide(rule: &RuleCard, source: &str, (routing, timing): (&Routing, &Timing)) -> Telling {
    match route(rule, source, routing).addresses {
        addresses if addresses.is_empty() => Telling::Held { reason: HeldReason::NobodyToTell },
        addresses => Telling::In { lane: timing.lane(rule), addresses },
    }
}

/// Who answers for a rule: the addresses of `alert.owner`, which names a recipient or is an address itself, else the
/// operators.
pub fn owners(rule: &RuleCard, routing: &Routing, operators: &[String]) -> Vec<String> {
    let named = rule.alert.owner.as_ref().and_then(|owner| match routing.recipients.get(owner) {
        Some(addresses) => Some(addresses.clone()),
        None => owner.contains('@').then(|| vec![owner.clone()]),
    });
    named.unwrap_or_else(|| operators.to_vec())
}

/// Identity of a mail thread: the rule and the values of its `group_by`.
pub fn alert_key(rule_id: &str, group: &[String]) -> String {
    let parts: Vec<&str> = std::iter::once(rule_id).chain(group.iter().map(String::as_str)).collect();
    hash(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_card::Level;

    fn rule() -> RuleCard {
        RuleCard::sample("r")
    }

    fn routing() -> Routing {
        let recipients = [("default".to_owned(), vec!["a@example.org".to_owned()])].into();
        Routing { default: vec!["default".to_owned()], recipients, routes: vec![] }
    }

    #[test]
    fn an_alert_without_any_address_is_held() {
        let decided = decide(&rule(), "imports", (&Routing::default(), &Timing::default()));
        assert_eq!(decided, Telling::Held { reason: HeldReason::NobodyToTell });
    }

    #[test]
    fn a_rule_is_told_by_its_level_or_as_it_says_itself() {
        let lane = |rule: &RuleCard| match decide(rule, "imports", (&routing(), &Timing::default())) {
            Telling::In { lane, .. } => lane,
            Telling::Held { .. } => panic!("held"),
        };
        let mut rule = rule();
        for (level, expected) in Level::ALL.into_iter().zip(["weekly", "weekly", "daily", "burst", "file"]) {
            rule.level = level;
            assert_eq!(lane(&rule).name(), expected);
        }
        rule.alert.send = Some(Lane::Daily);
        assert_eq!(lane(&rule), Lane::Daily);
    }

    #[test]
    fn an_owner_is_a_recipient_or_an_address_and_else_the_operators_answer() {
        let owners = |owner: Option<&str>| {
            let mut rule = rule();
            rule.alert.owner = owner.map(str::to_owned);
            owners(&rule, &routing(), &["ops@example.org".to_owned()]).concat()
        };
        assert_eq!(owners(Some("default")), "a@example.org");
        assert_eq!(owners(Some("jane@example.org")), "jane@example.org");
        assert_eq!(owners(Some("the desk")), "ops@example.org");
        assert_eq!(owners(None), "ops@example.org");
    }

    #[test]
    fn the_key_tells_groups_apart() {
        let key = |group: &[&str]| alert_key("r", &group.iter().map(|&part| part.to_owned()).collect::<Vec<_>>());
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["ab"]));
        assert_ne!(key(&["ab", ""]), key(&["a", "b"]));
    }
}
