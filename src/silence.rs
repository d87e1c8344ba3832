//! A silence: what somebody asked not to be told of, why, and until when. Pure data and what it covers.
//!
//! It never takes a finding away: silenced findings are recorded and counted.

use crate::record::{Field, Record};
use crate::rule_card::RuleCard;

/// What a silence covers: every condition that is there must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matcher {
    /// The rule's id.
    pub rule: Option<String>,
    /// One of the rule's tags.
    pub tag: Option<String>,
    /// The source of the record.
    pub source: Option<String>,
    /// A field as a rule names it, and what its cell says, as a rule writes it.
    pub field: Option<(String, String)>,
}

impl Matcher {
    /// Whether it could cover findings of a rule in a file of a source.
    pub fn may_cover(&self, rule: &RuleCard, source: &str) -> bool {
        self.rule.as_ref().is_none_or(|id| *id == rule.id)
            && self.tag.as_ref().is_none_or(|tag| rule.tags.contains(tag))
            && self.source.as_ref().is_none_or(|name| name == source)
    }

    /// Whether the cell of its field is its value, without regard to case and spaces around it. That is the least that it
    /// covers; how a rule compares them is asked elsewhere.
    pub fn says_the_same(&self, record: &Record) -> bool {
        let Some((name, value)) = &self.field else { return true };
        let same = |cell: &str| cell.trim().to_lowercase() == value.trim().to_lowercase();
        match name.strip_prefix("raw.") {
            Some(heading) => record.raw.iter().any(|(name, cell)| name.trim() == heading.trim() && same(cell)),
            None => Field::from_name(name).and_then(|field| record.get(field)).is_some_and(same),
        }
    }

    /// `rule su-35, consignee.name = AO KRET`
    pub fn words(&self) -> String {
        let named = [("rule", &self.rule), ("tag", &self.tag), ("source", &self.source)];
        let named = named.into_iter().filter_map(|(word, value)| Some(format!("{word} {}", value.as_ref()?)));
        let field = self.field.as_ref().map(|(field, value)| format!("{field} = {value}"));
        named.chain(field).collect::<Vec<_>>().join(", ")
    }
}

/// A silence as the ledger holds it. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The ledger's number.
    pub id: i64,
    /// What it covers.
    pub matcher: Matcher,
    /// The address of whoever asked for it; reminders go there.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub made_at: i64,
    /// Until when, at the latest.
    pub until_at: i64,
    /// When somebody ended it before its time.
    pub ended_at: Option<i64>,
}

impl Silence {
    /// Whether it is in force.
    pub fn in_force(&self, now: i64) -> bool {
        self.ended_at.is_none() && now < self.until_at
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::{Part, Role, SourceFile};

    fn rule() -> RuleCard {
        RuleCard { tags: vec!["russia".into()], ..RuleCard::sample("su-35") }
    }

    fn record() -> Record {
        let source = SourceFile { source: "s".into(), file: "f".into(), member: None, sheet: None, sha256: None };
        let name = (Field::Party(Role::Consignee, Part::Name), " АО «КРЭТ»".into());
        Record {
            source: Arc::new(source),
            row: 1,
            fields: vec![name],
            raw: vec![("Vendor".into(), "X".into())],
            computed_usd: false,
        }
    }

    fn check(change: impl Fn(&mut Matcher), expected: bool) {
        let mut matcher = Matcher::default();
        change(&mut matcher);
        assert_eq!(matcher.may_cover(&rule(), "imports") && matcher.says_the_same(&record()), expected, "{matcher:?}");
    }

    #[test]
    fn every_condition_that_is_there_must_hold() {
        let some = |text: &str| Some(text.to_owned());
        let field = |field: &str, value: &str| Some((field.to_owned(), value.to_owned()));
        check(|matcher| matcher.rule = some("su-35"), true);
        check(|matcher| matcher.rule = some("su-3"), false);
        check(|matcher| matcher.tag = some("russia"), true);
        check(|matcher| matcher.tag = some("china"), false);
        check(|matcher| matcher.source = some("imports"), true);
        check(|matcher| matcher.source = some("exports"), false);
        check(|matcher| matcher.field = field("consignee.name", "ао «крэт» "), true);
        check(|matcher| matcher.field = field("consignee.name", "крэт"), false);
        check(|matcher| matcher.field = field("consignor.name", ""), false);
        check(|matcher| matcher.field = field("raw.Vendor", "x"), true);
        check(|matcher| (matcher.rule, matcher.tag) = (some("su-35"), some("china")), false);
    }

    #[test]
    fn a_silence_is_in_force_until_its_end_or_until_it_is_ended() {
        let silence = Silence {
            id: 1,
            matcher: Matcher::default(),
            author: "a@example.org".into(),
            reason: "known".into(),
            made_at: 0,
            until_at: 10,
            ended_at: None,
        };
        assert!(silence.in_force(9) && !silence.in_force(10));
        assert!(!Silence { ended_at: Some(5), ..silence }.in_force(9));
    }
}
