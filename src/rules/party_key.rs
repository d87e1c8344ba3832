//! Keys over parties: a bare role or group, `owned_by`, `entity`, `listed`, and maps that speak of one party.

use super::detection::{Detection, combine, whole};
use super::modifier::{self, Flag, Modifiers, Operator, Scalar};
use super::names::{self, Who};
use super::values::written;
use super::{NameKind, NamedEntity, Ownership, PartyAsk, PartyTest, Predicate, Question, Target, Test};
use crate::record::{Field, Part, Role};
use crate::yaml::{Node, Value};
use std::ops::Range;

/// The keys of a map under a role or group.
const KEYS: [&str; 9] = ["entity", "owned_by", "listed", "listed_on_date", "name", "country", "id", "inn", "address"];

/// What is asked of a party, with words for evidence.
struct Asked {
    operator: &'static str,
    written: String,
    asks: Vec<PartyAsk>,
}

impl Detection<'_, '_> {
    /// A key whose field is a role or a group.
    pub(super) fn party(&mut self, who: &Who, modifiers: &Modifiers, at: (&Range<usize>, &Node)) -> Option<Test> {
        let (span, node) = at;
        let maps: Vec<&Node> = match &node.value {
            Value::Map(_) => vec![node],
            Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Map(_))) => {
                items.iter().collect()
            }
            Value::List(_) | Value::Scalar { .. } => Vec::new(),
        };
        if !maps.is_empty() {
            return self.maps(who, modifiers, (span, &maps));
        }
        let values = self.values(node, modifiers)?;
        if who.is_group() && !self.may_ask_a_group(modifiers, &values, span) {
            return None;
        }
        let bare = modifiers.is_bare() && !modifiers.has(Flag::Neq);
        let identity = modifiers.operator.is_some_and(Operator::asks_of_party);
        let country = modifiers.operator == Some(Operator::Country);
        if !(bare || identity || country) {
            return self.name_cells(who, modifiers, (span, &values));
        }
        let (missing, known): (Vec<Scalar>, Vec<Scalar>) = values.into_iter().partition(|value| value.missing);
        let mut tests = Vec::new();
        if !missing.is_empty() {
            tests.push(self.name_cells(who, modifiers, (span, &missing)));
        }
        let groups: Vec<&[Scalar]> = match (known.is_empty(), modifiers.has(Flag::All)) {
            (true, _) => Vec::new(),
            (false, true) => known.chunks(1).collect(),
            (false, false) => vec![&known],
        };
        for group in groups {
            let asked = self.identity(modifiers, group);
            tests.push(asked.map(|asked| test(who, &asked)));
        }
        let tests = whole(tests)?;
        let test = combine(tests, if modifiers.has(Flag::All) { Test::All } else { Test::Any });
        Some(if modifiers.has(Flag::Neq) { Test::Not(Box::new(test)) } else { test })
    }

    /// Who a party is: an entity, under an owner, on a list, of a country.
    fn identity(&mut self, modifiers: &Modifiers, values: &[Scalar]) -> Option<Asked> {
        let names = || values.iter().map(|value| value.text.trim().to_owned()).collect::<Vec<_>>();
        if let Some(empty) = values.iter().find(|value| value.missing) {
            self.report.error("empty-value", &empty.span, "a name is needed here");
            return None;
        }
        let ask = match modifiers.operator {
            Some(Operator::Entity) => {
                self.bind_later(values, NameKind::Entity);
                PartyAsk::Entity { names: names(), or_name: false }
            }
            Some(Operator::OwnedBy) => {
                self.bind_later(values, NameKind::Entity);
                PartyAsk::OwnedBy(modifiers.ownership(self.ownership), names())
            }
            Some(Operator::Listed) => {
                self.bind_later(values, NameKind::Listed);
                PartyAsk::Listed(names())
            }
            Some(Operator::ListedOnDate) => {
                self.bind_later(values, NameKind::Listed);
                PartyAsk::ListedOnDate(names())
            }
            Some(Operator::Address) => {
                self.bind_later(values, NameKind::Address);
                PartyAsk::AddressOf(names())
            }
            Some(Operator::Country) => PartyAsk::Country(modifier::codes(values, self.report)?),
            _ => PartyAsk::Entity { names: names(), or_name: true },
        };
        let operator = match &ask {
            PartyAsk::OwnedBy(Ownership::Ofac50, _) => "owned_by|ofac50",
            PartyAsk::OwnedBy(Ownership::Control, _) => "owned_by|control",
            _ => modifiers.operator.map_or("entity", Operator::name),
        };
        Some(Asked { operator, written: written(values), asks: vec![ask] })
    }

    fn bind_later(&mut self, values: &[Scalar], kind: NameKind) {
        let source = self.report.source;
        self.names.extend(values.iter().map(|value| NamedEntity {
            name: value.text.trim().to_owned(),
            source: source.clone(),
            span: value.span.clone(),
            kind,
        }));
    }

    /// Text modifiers on a role: its name cell, or the name of the intermediary.
    fn name_cells(&mut self, who: &Who, modifiers: &Modifiers, at: (&Range<usize>, &[Scalar])) -> Option<Test> {
        if matches!(modifiers.operator, Some(Operator::Hs | Operator::OnOrAfter | Operator::Before | Operator::Between))
        {
            let word = modifiers.operator.map_or("", Operator::name);
            self.report.error("modifier-does-not-fit", at.0, format!("`{word}` does not fit a party"));
            return None;
        }
        let role = *who.roles.first()?;
        let field = Field::Party(role, Part::Name);
        let asked = self.cell(&Target::Field(field), Some(field.kind()), modifiers, at.1)?;
        if who.only_intermediaries {
            let operator = modifiers.operator.map_or("equals", Operator::name);
            let asked = Asked { operator, written: written(at.1), asks: asks(asked, Part::Name) };
            return Some(test(who, &asked));
        }
        let tests = who.roles.iter().map(|role| on_role(&asked, *role)).collect();
        Some(combine(tests, Test::Any))
    }

    fn maps(&mut self, who: &Who, modifiers: &Modifiers, at: (&Range<usize>, &[&Node])) -> Option<Test> {
        if *modifiers != Modifiers::default() {
            self.report.error("modifier-does-not-fit", at.0, "a map under a party takes its modifiers inside");
            return None;
        }
        let tests = at.1.iter().map(|node| {
            let asked = self.map(node)?;
            Some(test(who, &asked))
        });
        let tests: Vec<_> = tests.collect();
        whole(tests).map(|tests| combine(tests, Test::Any))
    }

    fn map(&mut self, node: &Node) -> Option<Asked> {
        let Value::Map(entries) = &node.value else {
            self.report.error("wrong-shape", &node.span, "this must be a map like the others of its list");
            return None;
        };
        if entries.is_empty() {
            self.report.error("empty-selection", &node.span, "a party must be asked for something");
            return None;
        }
        let mut all = Asked { operator: "party", written: String::new(), asks: Vec::new() };
        let mut words = Vec::new();
        let mut sound = true;
        for (key, value) in entries {
            match self.map_key(key, value) {
                Some(asked) => {
                    words.push(format!("{}: {}", key.text().unwrap_or(""), asked.written));
                    all.asks.extend(asked.asks);
                }
                None => sound = false,
            }
        }
        all.written = words.join(", ");
        sound.then_some(all)
    }

    /// One key of a map that speaks of one party.
    fn map_key(&mut self, key: &Node, value: &Node) -> Option<Asked> {
        let (name, span, modifiers) = self.head(key)?;
        if modifiers.operator.is_some_and(|operator| operator.name() == name && operator != Operator::Address) {
            let values = self.values(value, &modifiers)?;
            let asked = self.identity(&modifiers, &values)?;
            return Some(turned(asked, &modifiers));
        }
        let Some(part) = names::part(&name) else {
            self.report.error("unknown-key", &span, format!("a party has no `{name}`"));
            self.report.guess(&name, KEYS);
            return None;
        };
        let values = self.values(value, &modifiers)?;
        let identity = modifiers.is_bare() || modifiers.operator.is_some_and(Operator::asks_of_party);
        let identity = identity && part == Part::Name || modifiers.operator == Some(Operator::Address);
        if identity && !values.iter().any(|value| value.missing) {
            let asked = self.identity(&modifiers, &values)?;
            return Some(turned(asked, &modifiers));
        }
        let field = Field::Party(Role::Consignee, part);
        let test = self.cell(&Target::Field(field), Some(field.kind()), &modifiers, &values)?;
        Some(Asked { operator: "party", written: written(&values), asks: asks(test, part) })
    }
}

fn turned(mut asked: Asked, modifiers: &Modifiers) -> Asked {
    if modifiers.has(Flag::Neq) {
        asked.asks = asked.asks.into_iter().map(|ask| PartyAsk::Not(Box::new(ask))).collect();
    }
    asked
}

fn test(who: &Who, asked: &Asked) -> Test {
    let tests = who.roles.iter().map(|role| {
        let party = PartyTest { role: *role, only_intermediaries: who.only_intermediaries, asks: asked.asks.clone() };
        Test::Is(Predicate {
            target: Target::Field(Field::Party(*role, Part::Name)),
            operator: asked.operator,
            written: asked.written.clone(),
            question: Question::Party(party),
        })
    });
    combine(tests.collect(), Test::Any)
}

/// A test of one cell as things asked of the party that it belongs to.
fn asks(test: Test, part: Part) -> Vec<PartyAsk> {
    match test {
        Test::All(tests) => tests.into_iter().flat_map(|test| asks(test, part)).collect(),
        other => vec![ask(other, part)],
    }
}

fn ask(test: Test, part: Part) -> PartyAsk {
    match test {
        Test::Any(tests) => PartyAsk::Any(tests.into_iter().map(|test| ask(test, part)).collect()),
        Test::Not(test) => PartyAsk::Not(Box::new(ask(*test, part))),
        // All of them = not any that fails; `PartyAsk` has no word of its own for it.
        Test::All(tests) => {
            let fails = tests.into_iter().map(|test| PartyAsk::Not(Box::new(ask(test, part))));
            PartyAsk::Not(Box::new(PartyAsk::Any(fails.collect())))
        }
        Test::Is(Predicate { question: Question::Country(codes), .. }) if part == Part::Country => {
            PartyAsk::Country(codes)
        }
        Test::Is(predicate) => PartyAsk::Cell(part, Box::new(predicate.question)),
    }
}

fn on_role(test: &Test, role: Role) -> Test {
    match test {
        Test::All(tests) => Test::All(tests.iter().map(|test| on_role(test, role)).collect()),
        Test::Any(tests) => Test::Any(tests.iter().map(|test| on_role(test, role)).collect()),
        Test::Not(test) => Test::Not(Box::new(on_role(test, role))),
        Test::Is(predicate) => {
            Test::Is(Predicate { target: Target::Field(Field::Party(role, Part::Name)), ..predicate.clone() })
        }
    }
}
