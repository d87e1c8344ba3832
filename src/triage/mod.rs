//! Triage: told or held back, with a reason; who is told. Pure, `now` is an argument.
//!
//! A rule's card and the routing go in, a [`Telling`] comes out. Nothing here renders, stores or sends.

mod route;

use std::collections::BTreeMap;

pub use route::{Because, Route, RouteSettings, route};

use crate::finding::hash;
use crate::rule_card::RuleCard;

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
    /// Told at once.
    Now {
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

/// Whether a rule's findings in the records of a source are told, and to whom.
pub fn decide(rule: &RuleCard, source: &str, routing: &Routing) -> Telling {
    match route(rule, source, routing).addresses {
        addresses if addresses.is_empty() => Telling::Held { reason: HeldReason::NobodyToTell },
        addresses => Telling::Now { addresses },
    }
}

/// Identity of a mail thread: the rule and the values of its `group_by`.
pub fn alert_key(rule_id: &str, group: &[String]) -> String {
    let parts: Vec<&str> = std::iter::once(rule_id).chain(group.iter().map(String::as_str)).collect();
    hash(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_card::{AlertSettings, Level};

    fn rule() -> RuleCard {
        RuleCard {
            id: "r".into(),
            title: "t".into(),
            level: Level::High,
            description: String::new(),
            references: vec![],
            tags: vec![],
            falsepositives: vec![],
            fields: vec![],
            version: "0".into(),
            reads: vec![],
            alert: AlertSettings::default(),
        }
    }

    #[test]
    fn an_alert_without_any_address_is_held() {
        assert_eq!(decide(&rule(), "imports", &Routing::default()), Telling::Held { reason: HeldReason::NobodyToTell });
    }

    #[test]
    fn the_key_tells_groups_apart() {
        let key = |group: &[&str]| alert_key("r", &group.iter().map(|&part| part.to_owned()).collect::<Vec<_>>());
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["ab"]));
        assert_ne!(key(&["ab", ""]), key(&["a", "b"]));
    }
}
