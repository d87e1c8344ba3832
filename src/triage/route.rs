//! Routes: a rule and the source of its records → the recipients, and why. Pure.
//!
//! What the rule says of itself comes first, then the first route of the configuration that fits, then the default.

use std::fmt;

use super::Routing;
use crate::rule_card::{Level, RuleCard};

/// One entry of `routes:`: it fits when every condition that it has holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteSettings {
    /// Levels, any of which fits; empty fits every level.
    pub levels: Vec<Level>,
    /// Tags, one of which the rule must have.
    pub tags: Vec<String>,
    /// Ids of rules, or beginnings of ids that end in `*`.
    pub rules: Vec<String>,
    /// Sources of the records.
    pub sources: Vec<String>,
    /// Names of recipients.
    pub to: Vec<String>,
}

impl RouteSettings {
    /// Whether it speaks of a rule, whatever the source.
    pub fn fits_rule(&self, rule: &RuleCard) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => rule.id.starts_with(start),
            None => *pattern == rule.id,
        };
        (self.levels.is_empty() || self.levels.contains(&rule.level))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| rule.tags.contains(tag)))
            && (self.rules.is_empty() || self.rules.iter().any(fits))
    }

    fn fits(&self, rule: &RuleCard, source: &str) -> bool {
        self.fits_rule(rule) && (self.sources.is_empty() || self.sources.iter().any(|name| name == source))
    }
}

/// Why these recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// `alert.to` of the rule names them.
    Rule,
    /// The rule names somebody whom the configuration does not know, so that the others are told too.
    Stranger(String),
    /// The route at this place, from 1, is the first that fits.
    Route(usize),
    /// No route fits.
    Default,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Because::Rule => f.write_str("`alert.to` of the rule says so"),
            Because::Stranger(name) => {
                write!(f, "`alert.to` of the rule names `{name}`, whom the configuration does not know")
            }
            Because::Route(place) => write!(f, "route {place} is the first that fits"),
            Because::Default => f.write_str("neither the rule nor a route names anybody"),
        }
    }
}

/// Who is told, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Names of recipients.
    pub names: Vec<String>,
    /// Their distinct addresses, in the order in which they are named.
    pub addresses: Vec<String>,
    /// Why they.
    pub because: Because,
}

/// Who is told of a rule's findings in the records of a source.
pub fn route(rule: &RuleCard, source: &str, routing: &Routing) -> Route {
    let stranger = rule.alert.to.iter().find(|name| !routing.recipients.contains_key(*name));
    let (mut names, because) = match stranger {
        None if !rule.alert.to.is_empty() => (Vec::new(), Because::Rule),
        Some(name) => (by_route(rule, source, routing).0, Because::Stranger(name.clone())),
        None => by_route(rule, source, routing),
    };
    names.splice(0..0, rule.alert.to.iter().filter(|name| Some(*name) != stranger).cloned());
    Route { addresses: addresses(&names, routing), names, because }
}

fn by_route(rule: &RuleCard, source: &str, routing: &Routing) -> (Vec<String>, Because) {
    let fitting = routing.routes.iter().zip(1..).find(|(route, _)| route.fits(rule, source));
    match fitting {
        Some((route, place)) => (route.to.clone(), Because::Route(place)),
        None => (routing.default.clone(), Because::Default),
    }
}

/// Addresses that differ only in letter case are one mailbox in practice, and nobody wants a mail twice: each is written as
/// the first of them is.
fn addresses(names: &[String], routing: &Routing) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for address in names.iter().filter_map(|name| routing.recipients.get(name)).flatten() {
        let mut all = routing.recipients.values().flatten();
        let address = all.find(|known| known.eq_ignore_ascii_case(address)).unwrap_or(address);
        if !found.contains(address) {
            found.push(address.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_card::AlertSettings;

    fn rule(to: &[&str]) -> RuleCard {
        RuleCard {
            tags: vec!["russia".into()],
            alert: AlertSettings { to: texts(to), ..AlertSettings::default() },
            ..RuleCard::sample("su-35")
        }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn routing(routes: Vec<RouteSettings>) -> Routing {
        let recipients = [
            ("desk", texts(&["a@example.org", "b@example.org"])),
            ("night", texts(&["B@example.org", "c@example.org"])),
            ("all", texts(&["d@example.org"])),
        ];
        let recipients = recipients.into_iter().map(|(name, list)| (name.to_owned(), list)).collect();
        Routing { default: texts(&["all"]), recipients, routes }
    }

    fn told(to: &[&str], routes: Vec<RouteSettings>) -> (String, Because) {
        let route = route(&rule(to), "imports", &routing(routes));
        let letters = route.addresses.iter().map(|address| address.trim_end_matches("@example.org"));
        (letters.collect::<Vec<_>>().concat(), route.because)
    }

    #[test]
    fn a_rule_names_who_is_told_and_nobody_is_told_twice() {
        assert_eq!(told(&["desk"], vec![]), ("ab".into(), Because::Rule));
        assert_eq!(told(&["desk", "night"], vec![]), ("abc".into(), Because::Rule));
        assert_eq!(
            told(&["night"], vec![]),
            ("bc".into(), Because::Rule),
            "another rule's mail is to the same address"
        );
    }

    #[test]
    fn a_rule_that_names_nobody_or_a_stranger_is_told_to_the_default_too() {
        assert_eq!(told(&[], vec![]), ("d".into(), Because::Default));
        assert_eq!(told(&["stranger"], vec![]), ("d".into(), Because::Stranger("stranger".into())));
        assert_eq!(told(&["desk", "stranger"], vec![]), ("abd".into(), Because::Stranger("stranger".into())));
    }

    #[test]
    fn the_first_route_whose_every_condition_holds_decides() {
        let night = RouteSettings { to: texts(&["night"]), ..RouteSettings::default() };
        let with = |change: &dyn Fn(&mut RouteSettings)| {
            let mut route = RouteSettings { to: texts(&["desk"]), ..RouteSettings::default() };
            change(&mut route);
            told(&[], vec![route, night.clone()]).0
        };
        assert_eq!(with(&|route| route.levels = vec![Level::Low, Level::High]), "ab");
        assert_eq!(with(&|route| route.levels = vec![Level::Low]), "bc");
        assert_eq!(with(&|route| route.tags = texts(&["china", "russia"])), "ab");
        assert_eq!(with(&|route| route.tags = texts(&["china"])), "bc");
        assert_eq!(with(&|route| route.rules = texts(&["su-*"])), "ab");
        assert_eq!(with(&|route| route.rules = texts(&["su"])), "bc");
        assert_eq!(with(&|route| route.sources = texts(&["imports"])), "ab");
        let mut exports =
            RouteSettings { sources: texts(&["exports"]), to: texts(&["desk"]), ..RouteSettings::default() };
        exports.rules = texts(&["su-35"]);
        assert_eq!(told(&[], vec![exports, night]), ("bc".into(), Because::Route(2)));
    }

    #[test]
    fn a_rule_that_names_somebody_is_not_routed() {
        let night = RouteSettings { to: texts(&["night"]), ..RouteSettings::default() };
        assert_eq!(told(&["all"], vec![night]), ("d".into(), Because::Rule));
    }
}
