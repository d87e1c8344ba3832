//! What a compiled rule means: its version, what it reads, what it needs. Evaluates nothing.

use super::{Condition, PartyAsk, Predicate, Question, Rule, Selection, Target, Test, UNIT_PRICE};
use crate::record::{Field, FieldSet, Part};
use std::collections::BTreeSet;

/// Calls back for every predicate.
pub(super) fn each(test: &Test, visit: &mut impl FnMut(&Predicate)) {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| each(test, visit)),
        Test::Not(test) => each(test, visit),
        Test::Is(predicate) => visit(predicate),
    }
}

/// Every place that the selections look at.
pub(super) fn places(selections: &[Selection]) -> BTreeSet<Target> {
    let mut places = BTreeSet::new();
    for selection in selections {
        each(&selection.test, &mut |predicate| places.extend(predicate.places()));
    }
    places
}

impl Predicate {
    /// Every place that it looks at.
    pub(crate) fn places(&self) -> BTreeSet<Target> {
        let mut places = BTreeSet::from([self.target.clone()]);
        match &self.question {
            Question::Field(_, other) => {
                places.insert(other.clone());
            }
            Question::Party(party) => {
                let mut parts = BTreeSet::from([Part::Name, Part::Id]);
                party.asks.iter().for_each(|ask| asked_parts(ask, &mut parts));
                places.extend(parts.into_iter().map(|part| Target::Field(Field::Party(party.role, part))));
            }
            _ => {}
        }
        places
    }
}

fn asked_parts(ask: &PartyAsk, parts: &mut BTreeSet<Part>) {
    match ask {
        PartyAsk::Country(_) => {
            parts.insert(Part::Country);
        }
        PartyAsk::Cell(part, _) => {
            parts.insert(*part);
        }
        PartyAsk::Any(asks) => asks.iter().for_each(|ask| asked_parts(ask, parts)),
        PartyAsk::Not(ask) => asked_parts(ask, parts),
        PartyAsk::AddressOf(_) => {
            parts.insert(Part::Address);
        }
        PartyAsk::Entity { .. } | PartyAsk::OwnedBy(..) | PartyAsk::Listed(_) | PartyAsk::ListedOnDate(_) => {}
    }
}

/// Names of canonical fields and `raw.` headings that the selections read.
pub(super) fn reads(selections: &[Selection]) -> Vec<String> {
    let mut names = Vec::new();
    for place in places(selections) {
        match place {
            Target::Field(field) => names.push(field.name()),
            Target::Raw(key) => names.push(format!("raw.{key}")),
            Target::Source(part) => names.push(format!("source.{part}")),
            Target::UsdPerKg => names.extend(UNIT_PRICE.map(Field::name)),
        }
    }
    names
}

/// Adds what a rule reads, what it groups by and what its mails show first.
pub(super) fn needs(rule: &Rule, set: &mut FieldSet) {
    let mut dated = false;
    for selection in &rule.selections {
        each(&selection.test, &mut |predicate| dated |= matches!(predicate.question, Question::Party(_)));
    }
    if dated {
        // Ownership holds on the record's date.
        set.insert(Field::DeclarationDate);
    }
    places(&rule.selections).iter().for_each(|place| place.add_to(set));
    let shown = rule.card.fields.iter().chain(&rule.card.alert.group_by);
    shown.filter_map(|name| super::names::single_field(name)).for_each(|field| set.insert(field));
}

/// Hash of the compiled meaning, 12 hex digits: comments and the order of keys do not change it.
pub(super) fn version(selections: &[Selection], condition: &Condition) -> String {
    let mut named: Vec<String> =
        selections.iter().map(|selection| format!("{}={}", selection.name, of_test(&selection.test))).collect();
    named.sort();
    named.push(of_condition(condition, selections));
    let parts: Vec<&str> = named.iter().map(String::as_str).collect();
    crate::finding::hash(&parts).chars().take(12).collect()
}

fn sorted(word: &str, mut parts: Vec<String>) -> String {
    parts.sort();
    parts.dedup();
    format!("{word}({})", parts.join(","))
}

fn of_test(test: &Test) -> String {
    match test {
        Test::All(tests) => sorted("all", tests.iter().map(of_test).collect()),
        Test::Any(tests) => sorted("any", tests.iter().map(of_test).collect()),
        Test::Not(test) => format!("not({})", of_test(test)),
        Test::Is(predicate) => format!("{:?}{}", predicate.target, of_question(&predicate.question)),
    }
}

fn of_question(question: &Question) -> String {
    match question {
        Question::Party(party) => {
            let asks = sorted("every", party.asks.iter().map(of_ask).collect());
            format!("{:?}{}{asks}", party.role, if party.only_intermediaries { "between" } else { "" })
        }
        other => format!("{other:?}"),
    }
}

fn of_ask(ask: &PartyAsk) -> String {
    match ask {
        PartyAsk::Entity { names, or_name: true } => sorted("called", names.clone()),
        PartyAsk::Entity { names, or_name: false } => sorted("entity", names.clone()),
        PartyAsk::OwnedBy(mode, names) => sorted(&format!("under {mode:?}"), names.clone()),
        PartyAsk::Listed(names) => sorted("listed", names.clone()),
        PartyAsk::ListedOnDate(names) => sorted("listed on date", names.clone()),
        PartyAsk::AddressOf(names) => sorted("address", names.clone()),
        PartyAsk::Country(codes) => sorted("country", codes.clone()),
        PartyAsk::Cell(part, question) => format!("{part:?}{}", of_question(question)),
        PartyAsk::Any(asks) => sorted("any", asks.iter().map(of_ask).collect()),
        PartyAsk::Not(ask) => format!("not({})", of_ask(ask)),
    }
}

fn of_condition(condition: &Condition, selections: &[Selection]) -> String {
    let all = |parts: &[Condition]| parts.iter().map(|part| of_condition(part, selections)).collect();
    match condition {
        Condition::And(parts) => sorted("and", all(parts)),
        Condition::Or(parts) => sorted("or", all(parts)),
        Condition::Not(part) => format!("not({})", of_condition(part, selections)),
        Condition::AtLeast(count, parts) => sorted(&format!("at_least_{count}"), all(parts)),
        Condition::Selection(index) => {
            selections.get(*index).map_or_else(String::new, |selection| selection.name.clone())
        }
    }
}
