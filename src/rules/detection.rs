//! Selections: the maps and lists under `detection` → trees of predicates.
//!
//! A map is AND, a list OR; a key is a field and modifiers; texts without a field are keywords. It binds no entity.

use super::lists::Lists;
use super::modifier::{self, Flag, Modifiers, Operator, Scalar};
use super::names::{self, Place};
use super::report::Report;
use super::values::written;
use super::{NamedEntity, Ownership, Predicate, Question, Target, Test};
use crate::record::{Field, FieldKind};
use crate::yaml::{Node, Value};
use std::ops::Range;

/// Where words without a field are looked for: wherever the record says what the file says, letter by letter.
const SEARCHED: [FieldKind; 4] = [FieldKind::Text, FieldKind::PartyName, FieldKind::Code, FieldKind::PartyId];

/// Reads the selections of one rule.
pub(super) struct Detection<'r, 's> {
    pub(super) report: &'r mut Report<'s>,
    pub(super) lists: &'r Lists,
    /// What `owned_by` means where a key does not say.
    pub(super) ownership: Ownership,
    /// Names that watchlists must supply.
    pub(super) names: Vec<NamedEntity>,
    /// The rule's `matching.min_score`, in hundredths.
    pub(super) min_score: Option<u16>,
}

impl Detection<'_, '_> {
    /// What a selection asks; `None` when a problem is told.
    pub(super) fn selection(&mut self, node: &Node) -> Option<Test> {
        match &node.value {
            Value::Map(entries) if entries.is_empty() => self.empty(node),
            Value::List(items) if items.is_empty() => self.empty(node),
            Value::Map(entries) => {
                let tests: Vec<_> = entries.iter().map(|(key, value)| self.key(key, value)).collect();
                whole(tests).map(|tests| combine(tests, Test::All))
            }
            Value::List(items) if items.iter().all(|item| item.text().is_some()) => {
                self.keywords(node, &Modifiers::default())
            }
            Value::List(items) => {
                let tests: Vec<_> = items.iter().map(|item| self.selection(item)).collect();
                whole(tests).map(|tests| combine(tests, Test::Any))
            }
            Value::Scalar { .. } => self.keywords(node, &Modifiers::default()),
        }
    }

    fn empty(&mut self, node: &Node) -> Option<Test> {
        self.report.error("empty-selection", &node.span, "a selection must ask for something");
        None
    }

    fn key(&mut self, key: &Node, value: &Node) -> Option<Test> {
        let (name, span, modifiers) = self.head(key)?;
        if name.is_empty() {
            return self.keywords(value, &modifiers);
        }
        let before = self.report.problems.len();
        let test = self.field((&name, &span), &modifiers, value);
        self.blame_the_modifier(before, (key, span.end));
        test
    }

    /// A modifier that does not fit is the slip, not the value behind it.
    fn blame_the_modifier(&mut self, before: usize, (key, name_ends): (&Node, usize)) {
        for problem in self.report.problems.iter_mut().skip(before) {
            let whole = key.span.end > name_ends + 1 && problem.code == "modifier-does-not-fit";
            let elsewhere = |span: &Range<usize>| span.start >= key.span.end || span.end == name_ends;
            if whole && problem.span.as_ref().is_some_and(elsewhere) {
                let quote = usize::from(matches!(key.value, Value::Scalar { plain: false, .. }));
                problem.span = Some(name_ends + 1..key.span.end - quote);
            }
        }
        self.report.problems.dedup();
    }

    fn field(&mut self, at: (&str, &Range<usize>), modifiers: &Modifiers, value: &Node) -> Option<Test> {
        let (name, span) = at;
        match names::resolve(name) {
            Some(Place::Party(who)) => self.party(&who, modifiers, (span, value)),
            Some(Place::Cells(targets, kind)) => self.cells((&targets, kind), modifiers, (span, value)),
            Some(Place::HsDigits(digits)) => self.hs_digits(digits, modifiers, (span, value)),
            None => {
                names::tell_unknown(name, span, self.report);
                None
            }
        }
    }

    /// A key's field name with its place, and the modifiers.
    pub(super) fn head(&mut self, key: &Node) -> Option<(String, Range<usize>, Modifiers)> {
        let text = key.text()?;
        let mut words = Vec::new();
        let mut start = 0;
        for word in text.split('|') {
            words.push((word, key.part(self.report.source, start..start + word.len())));
            start += word.len() + 1;
        }
        let (name, span) = words.first().map(|word| (word.0.to_owned(), word.1.clone()))?;
        let modifiers = modifier::parse(&words, self.report)?;
        Some((name, span, modifiers))
    }

    fn hs_digits(&mut self, digits: usize, modifiers: &Modifiers, at: (&Range<usize>, &Node)) -> Option<Test> {
        let test = self.cells((&[Target::Field(Field::HsCode)], Some(FieldKind::Hs)), modifiers, at)?;
        let mut sound = true;
        super::meaning::each(&test, &mut |predicate| match &predicate.question {
            Question::Hs(range) => sound &= range.from.len() == digits,
            Question::Exists(_) => {}
            _ => sound = false,
        });
        if !sound {
            let message = format!("`hs{digits}` is compared with codes of {digits} digits");
            self.report.error("bad-hs-code", &at.1.span, message);
        }
        sound.then_some(test)
    }

    /// One question over one cell, or over each cell of a group.
    fn cells(
        &mut self,
        cells: (&[Target], Option<FieldKind>),
        modifiers: &Modifiers,
        at: (&Range<usize>, &Node),
    ) -> Option<Test> {
        let (targets, kind) = cells;
        let of_party = modifiers.operator.is_some_and(Operator::asks_of_party);
        let bare_name = kind == Some(FieldKind::PartyName) && modifiers.is_bare() && !modifiers.has(Flag::Neq);
        let by_address = modifiers.operator == Some(Operator::Address) && targets.iter().all(is_address);
        if by_address || (kind == Some(FieldKind::PartyName) && (of_party || bare_name)) {
            let roles = targets.iter().filter_map(|target| match target {
                Target::Field(Field::Party(role, _)) => Some(*role),
                _ => None,
            });
            let who = names::Who { roles: roles.collect(), only_intermediaries: false };
            return self.party(&who, modifiers, at);
        }
        let values = self.values(at.1, modifiers)?;
        if targets.len() > 1 && !self.may_ask_a_group(modifiers, &values, at.0) {
            return None;
        }
        let first = targets.first()?;
        let test = self.cell(first, kind, modifiers, &values)?;
        Some(combine(targets.iter().map(|target| retarget(&test, target)).collect(), Test::Any))
    }

    /// "Not" over a group would hold as soon as one member differs, which nobody means.
    pub(super) fn may_ask_a_group(&mut self, modifiers: &Modifiers, values: &[Scalar], span: &Range<usize>) -> bool {
        let absent = modifiers.operator == Some(Operator::Exists)
            && values.iter().any(|value| truth(&value.text) == Some(false));
        let missing = modifiers.operator.is_none() && values.iter().any(|value| value.missing);
        if !modifiers.has(Flag::Neq) && !absent && !missing {
            return true;
        }
        self.report.error("negation-on-a-group", span, "over a group of parties this would hold for almost any record");
        self.report.hint("name the selection without it and write `not selection` in the condition");
        false
    }

    /// The question over one cell.
    pub(super) fn cell(
        &mut self,
        target: &Target,
        kind: Option<FieldKind>,
        modifiers: &Modifiers,
        values: &[Scalar],
    ) -> Option<Test> {
        if !modifier::fits(kind, modifiers, values, self.report) {
            return None;
        }
        let is = |operator, written: &str, question| {
            Test::Is(Predicate { target: target.clone(), operator, written: written.to_owned(), question })
        };
        match modifiers.operator {
            Some(Operator::Exists) => {
                let (there, written) = self.asked_to_exist(values)?;
                return Some(is("exists", &written, Question::Exists(there)));
            }
            Some(Operator::Between) => {
                let (operator, questions) = modifier::between(kind, modifiers, values, self.report)?;
                let written = written(values);
                let test = Test::All(questions.map(|question| is(operator, &written, question)).to_vec());
                return Some(if modifiers.has(Flag::Neq) { Test::Not(Box::new(test)) } else { test });
            }
            _ => {}
        }
        let typed =
            modifiers.is_bare() || (modifiers.operator == Some(Operator::Exactly) && !modifiers.has(Flag::Cased));
        let by_country = modifiers.operator == Some(Operator::Country) || (kind == Some(FieldKind::Country) && typed);
        let mut tests = Vec::new();
        let known: Vec<Scalar> = values.iter().filter(|value| !value.missing).cloned().collect();
        if values.iter().any(|value| value.missing) {
            if modifiers.asks_for_a_value() {
                let span = values.iter().find(|value| value.missing).map_or(0..0, |value| value.span.clone());
                self.report.error("empty-value", &span, "a missing value is asked for without a modifier");
                return None;
            }
            tests.push(Some(is("exists", "null", Question::Exists(modifiers.has(Flag::Neq)))));
        }
        if by_country && !known.is_empty() {
            let test = modifier::codes(&known, self.report)
                .map(|codes| is("country", &written(&known), Question::Country(codes)));
            tests.push(test.map(|test| if modifiers.has(Flag::Neq) { Test::Not(Box::new(test)) } else { test }));
        } else {
            for value in &known {
                let asked = modifier::question(kind, modifiers, value, self.report);
                tests.push(asked.map(|(operator, question)| match question {
                    Question::Matches(pattern) if modifiers.has(Flag::Neq) => {
                        is("neq", &value.text, Question::NotMatches(pattern))
                    }
                    // Saying `neq` is already part of comparing two fields.
                    question @ Question::Field(super::FieldRelation::Neq, _) => is(operator, &value.text, question),
                    question if modifiers.has(Flag::Neq) => Test::Not(Box::new(is(operator, &value.text, question))),
                    question => is(operator, &value.text, question),
                }));
            }
        }
        // `neq` turns the whole key: not one of the values, or with `all` not every one of them.
        let every = modifiers.has(Flag::All) != modifiers.has(Flag::Neq);
        whole(tests).map(|tests| combine(tests, if every { Test::All } else { Test::Any }))
    }

    fn asked_to_exist(&mut self, values: &[Scalar]) -> Option<(bool, String)> {
        let only = values.first().filter(|_| values.len() == 1);
        let asked = only.and_then(|value| Some((truth(&value.text)?, value.text.clone())));
        if asked.is_none() {
            let span = values.first().map_or(0..0, |value| value.span.clone());
            self.report.error("wrong-value", &span, "`exists` is `true` or `false`");
        }
        asked
    }

    /// Texts without a field: searched in every cell of the record that holds a text, a number of a paper or an identifier.
    fn keywords(&mut self, node: &Node, modifiers: &Modifiers) -> Option<Test> {
        let values = self.values(node, modifiers)?;
        let mut asked = modifiers.clone();
        match asked.operator {
            None if !asked.has(Flag::FieldRef) && !asked.asks_for_a_value() => {
                asked.operator = Some(Operator::Contains)
            }
            Some(Operator::Contains | Operator::Mentions | Operator::Re) if !asked.has(Flag::FieldRef) => {}
            _ => {
                let message = "without a field go `all`, `contains`, `cased`, `re` and `mentions`";
                self.report.error("modifier-does-not-fit", &node.span, message);
                return None;
            }
        }
        if asked.has(Flag::Neq) {
            self.report.error("negation-on-a-group", &node.span, "some field of a record always lacks the word");
            self.report.hint("name the selection without `neq` and write `not selection` in the condition");
            return None;
        }
        let asked = asked.without(Flag::All);
        let fields: Vec<Target> =
            Field::all().filter(|field| SEARCHED.contains(&field.kind())).map(Target::Field).collect();
        let first = fields.first()?;
        let tests = values.iter().map(|value| {
            let test = self.cell(first, Some(FieldKind::Text), &asked, std::slice::from_ref(value))?;
            Some(combine(fields.iter().map(|field| retarget(&test, field)).collect(), Test::Any))
        });
        let tests: Vec<_> = tests.collect();
        whole(tests).map(|tests| combine(tests, if modifiers.has(Flag::All) { Test::All } else { Test::Any }))
    }
}

fn is_address(target: &Target) -> bool {
    matches!(target, Target::Field(Field::Party(_, crate::record::Part::Address)))
}

/// All of them, or nothing when one is missing.
pub(super) fn whole<T>(parts: Vec<Option<T>>) -> Option<Vec<T>> {
    parts.into_iter().collect()
}

/// One test alone, several as told.
pub(super) fn combine(mut tests: Vec<Test>, many: fn(Vec<Test>) -> Test) -> Test {
    match (tests.len(), tests.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            tests.extend(last);
            many(tests)
        }
    }
}

fn retarget(test: &Test, target: &Target) -> Test {
    match test {
        Test::All(tests) => Test::All(tests.iter().map(|test| retarget(test, target)).collect()),
        Test::Any(tests) => Test::Any(tests.iter().map(|test| retarget(test, target)).collect()),
        Test::Not(test) => Test::Not(Box::new(retarget(test, target))),
        Test::Is(predicate) => Test::Is(Predicate { target: target.clone(), ..predicate.clone() }),
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}
