//! Which rules cannot fire for a file whatever its rows hold, because it lacks the columns that they ask. In: a plan and
//! the columns that a file supplies. Out: the rules and what they miss. A missing cell answers as it does in a row.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::combine::Answers;
use super::view::View;
use super::{BoundRule, BoundTest, Memo, Plan, answers, wording};
use crate::record::{Field, FieldSet, Part, Record, Role, SourceFile};
use crate::rule_card::RuleCard;
use crate::rules::{Condition, Question, Target};

/// A rule that a file cannot make fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplicable {
    /// The rule.
    pub rule: Arc<RuleCard>,
    /// What it asks and the file has not: roles of parties, canonical fields, `raw.` headings.
    pub missing: Vec<String>,
}

pub(super) fn not_applicable(plan: &Plan, supplied: &FieldSet) -> Vec<NotApplicable> {
    let source = SourceFile { source: String::new(), file: String::new(), member: None, sheet: None, sha256: None };
    let nothing = Record { source: Arc::new(source), row: 1, fields: Vec::new(), raw: Vec::new(), computed_usd: false };
    let batch = nothing.to_batch();
    let of_nothing = answers(plan, &View::new(&batch), &mut Memo::default());
    let file = File { plan, supplied, of_nothing };
    let cannot = |bound: &&BoundRule| file.condition(&bound.rule.condition, &bound.tests) == Some(false);
    let told = plan.rules.iter().filter(cannot).filter_map(|bound| {
        let missing = file.missing(bound);
        // A rule that no record could make fire is another matter than what a file lacks.
        (!missing.is_empty()).then(|| NotApplicable { rule: bound.rule.card.clone(), missing })
    });
    told.collect()
}

/// A sentence for a file's report: such rules have not found nothing, they could not be asked.
pub(super) fn unasked(plan: &Plan, supplied: &FieldSet) -> Option<String> {
    let rules = not_applicable(plan, supplied);
    let mut by_missing: Vec<(&[String], Vec<&str>)> = Vec::new();
    for one in &rules {
        match by_missing.iter_mut().find(|(missing, _)| *missing == one.missing) {
            Some((_, ids)) => ids.push(&one.rule.id),
            None => by_missing.push((&one.missing, vec![&one.rule.id])),
        }
    }
    let many = if rules.len() == 1 { "1 rule is".to_owned() } else { format!("{} rules are", rules.len()) };
    let parts: Vec<String> = by_missing
        .iter()
        .map(|(missing, ids)| format!("it has no {} ({})", wording::either(missing), wording::some(ids)))
        .collect();
    (!rules.is_empty()).then(|| format!("{many} not applicable to this file: {}", parts.join("; ")))
}

/// What is known of every row of a file before one is read: yes, no, or nothing.
struct File<'f> {
    plan: &'f Plan,
    supplied: &'f FieldSet,
    of_nothing: Answers,
}

impl File<'_> {
    fn predicate(&self, place: usize) -> Option<bool> {
        let predicate = self.plan.predicates.get(place)?;
        let places = predicate.places();
        let mut is_there = places.iter().map(|place| place.is_among(self.supplied));
        // Two cells are compared only where both are there.
        let may_depend = match predicate.question {
            Question::Field(..) => is_there.all(|there| there),
            _ => is_there.any(|there| there),
        };
        (!may_depend).then(|| self.of_nothing.predicates.get(place).is_some_and(|rows| rows.get(0)))
    }

    fn test(&self, test: &BoundTest) -> Option<bool> {
        match test {
            BoundTest::All(tests) => at_least(tests.len(), tests.iter().map(|test| self.test(test))),
            BoundTest::Any(tests) => at_least(1, tests.iter().map(|test| self.test(test))),
            BoundTest::Not(test) => self.test(test).map(|held| !held),
            BoundTest::Is(place) => self.predicate(*place),
        }
    }

    fn condition(&self, condition: &Condition, selections: &[BoundTest]) -> Option<bool> {
        let each = |parts: &[Condition]| -> Vec<Option<bool>> {
            parts.iter().map(|part| self.condition(part, selections)).collect()
        };
        match condition {
            Condition::And(parts) => at_least(parts.len(), each(parts).into_iter()),
            Condition::Or(parts) => at_least(1, each(parts).into_iter()),
            Condition::Not(inner) => self.condition(inner, selections).map(|held| !held),
            Condition::AtLeast(wanted, parts) => at_least(*wanted, each(parts).into_iter()),
            Condition::Selection(place) => selections.get(*place).and_then(|test| self.test(test)),
        }
    }

    /// What the rule asks and the file has not.
    fn missing(&self, bound: &BoundRule) -> Vec<String> {
        let mut places = BTreeSet::new();
        self.condition_missed((&bound.rule.condition, true), bound, &mut places);
        let missing = places.iter().filter(|place| !place.is_among(self.supplied));
        let mut names: Vec<String> = Vec::new();
        for name in missing.map(|place| self.named(place)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let is_role = |name: &String| Role::ALL.into_iter().any(|role| role.name() == name);
        if names.iter().filter(|name| is_role(name)).count() == Role::ALL.len() {
            names.retain(|name| !is_role(name));
            names.push("parties".to_owned());
        }
        names
    }

    /// What answers otherwise than the condition wants: a filter that lets everything pass is not missed.
    fn condition_missed(
        &self,
        (condition, wanted): (&Condition, bool),
        bound: &BoundRule,
        places: &mut BTreeSet<Target>,
    ) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) | Condition::AtLeast(_, parts) => {
                parts.iter().for_each(|part| self.condition_missed((part, wanted), bound, places));
            }
            Condition::Not(inner) => self.condition_missed((inner, !wanted), bound, places),
            Condition::Selection(place) => {
                bound.tests.get(*place).into_iter().for_each(|test| self.missed((test, wanted), places));
            }
        }
    }

    fn missed(&self, (test, wanted): (&BoundTest, bool), places: &mut BTreeSet<Target>) {
        match test {
            BoundTest::All(tests) | BoundTest::Any(tests) => {
                tests.iter().for_each(|test| self.missed((test, wanted), places));
            }
            BoundTest::Not(test) => self.missed((test, !wanted), places),
            BoundTest::Is(place) if self.predicate(*place) == Some(!wanted) => {
                places.extend(self.plan.predicates.get(*place).into_iter().flat_map(|predicate| predicate.places()));
            }
            BoundTest::Is(_) => {}
        }
    }

    /// A party of which nothing is there is one thing to a reader.
    fn named(&self, place: &Target) -> String {
        let is_there = |role| Part::ALL.into_iter().any(|part| self.supplied.contains(Field::Party(role, part)));
        match place {
            Target::Field(Field::Party(role, _)) if !is_there(*role) => role.name().to_owned(),
            Target::Field(field) => field.name(),
            Target::Raw(key) => format!("raw.{key}"),
            Target::Source(part) => format!("source.{part}"),
            Target::UsdPerKg => "usd_per_kg".to_owned(),
        }
    }
}

/// Whether so many of these hold, when enough of them are known.
fn at_least(wanted: usize, parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let (mut held, mut unknown) = (0, 0);
    for part in parts {
        match part {
            Some(true) => held += 1,
            Some(false) => {}
            None => unknown += 1,
        }
    }
    if held >= wanted {
        return Some(true);
    }
    (held + unknown < wanted).then_some(false)
}
