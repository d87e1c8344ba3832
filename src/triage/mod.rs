//! Triage: told or held back, with a reason; who is told. Pure, `now` is an argument.
//!
//! A rule's card and the routing go in, a [`Telling`] comes out. Nothing here renders, stores or sends.

use std::collections::BTreeMap;

use crate::finding::hash;
use crate::rule_card::RuleCard;

/// Who can be told, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// Names that are told when a rule names nobody.
    pub default: Vec<String>,
    /// Names to addresses.
    pub recipients: BTreeMap<String, Vec<String>>,
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

/// Who is told of a rule's findings: `alert.to`, else the default; a rule of which no name is known falls back too.
pub fn decide(rule: &RuleCard, routing: &Routing) -> Telling {
    let named = addresses(&rule.alert.to, routing);
    let unknown = rule.alert.to.iter().any(|name| !routing.recipients.contains_key(name));
    let mut chosen = named;
    if chosen.is_empty() || unknown {
        add_distinct(&mut chosen, addresses(&routing.default, routing));
    }
    if chosen.is_empty() {
        return Telling::Held { reason: HeldReason::NobodyToTell };
    }
    Telling::Now { addresses: chosen }
}

/// Identity of a mail thread: the rule and the values of its `group_by`.
pub fn alert_key(rule_id: &str, group: &[String]) -> String {
    let parts: Vec<&str> = std::iter::once(rule_id).chain(group.iter().map(String::as_str)).collect();
    hash(&parts)
}

fn addresses(names: &[String], routing: &Routing) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        add_distinct(&mut found, routing.recipients.get(name).cloned().unwrap_or_default());
    }
    found
}

/// Addresses that differ only in letter case are one mailbox in practice, and nobody wants a mail twice.
fn add_distinct(found: &mut Vec<String>, more: Vec<String>) {
    for address in more {
        if !found.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
            found.push(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_card::{AlertSettings, Level};

    fn rule(to: &[&str]) -> RuleCard {
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
            alert: AlertSettings { to: to.iter().map(|&name| name.to_owned()).collect(), ..AlertSettings::default() },
        }
    }

    fn check(to: &[&str], expected: &[&str]) {
        let recipients = [
            ("desk", vec!["a@example.org", "b@example.org"]),
            ("night", vec!["B@example.org", "c@example.org"]),
            ("all", vec!["d@example.org"]),
        ];
        let recipients = recipients
            .into_iter()
            .map(|(name, list)| (name.to_owned(), list.into_iter().map(str::to_owned).collect()))
            .collect();
        let routing = Routing { default: vec!["all".into()], recipients };
        let expected = expected.iter().map(|&address| address.to_owned()).collect();
        assert_eq!(decide(&rule(to), &routing), Telling::Now { addresses: expected });
    }

    #[test]
    fn a_rule_names_who_is_told() {
        check(&["desk"], &["a@example.org", "b@example.org"]);
    }

    #[test]
    fn nobody_is_told_twice() {
        check(&["desk", "night"], &["a@example.org", "b@example.org", "c@example.org"]);
    }

    #[test]
    fn a_rule_that_names_nobody_or_a_stranger_falls_back_to_the_default() {
        check(&[], &["d@example.org"]);
        check(&["stranger"], &["d@example.org"]);
        check(&["desk", "stranger"], &["a@example.org", "b@example.org", "d@example.org"]);
    }

    #[test]
    fn an_alert_without_any_address_is_held() {
        assert_eq!(decide(&rule(&[]), &Routing::default()), Telling::Held { reason: HeldReason::NobodyToTell });
    }

    #[test]
    fn the_key_tells_groups_apart() {
        let key = |group: &[&str]| alert_key("r", &group.iter().map(|&part| part.to_owned()).collect::<Vec<_>>());
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        assert_ne!(key(&["a", "b"]), key(&["ab"]));
        assert_ne!(key(&["ab", ""]), key(&["a", "b"]));
    }
}
