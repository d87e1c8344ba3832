//! Binding: rules and watchlists → a plan. Equal predicates of different rules become one, names become sets of
//! entities, regexes are compiled. A rule with a name that no watchlist knows is left out, with a problem at its place;
//! the others are not touched by it.

use std::collections::HashMap;
use std::sync::Arc;

use super::ask::{Ask, BoundParty};
use super::cells::Group;
use super::leaf::Leaf;
use super::parties::PartyGroup;
use super::{BoundRule, BoundTest, GroupBy, Plan, Relation};
use crate::party;
use crate::problem::{Problem, did_you_mean};
use crate::record::{Field, FieldSet, Part, Role};
use crate::rules::{
    Condition, NameKind, Ownership, PartyAsk, PartyTest, Predicate, Question, Rule, RuleSet, Target, Test,
    field_aliases,
};
use crate::text::heading_key;
use crate::watchlist::{EntityId, Mode, Under, Watchlists};

/// Why a name cannot be bound.
type Refusal = (&'static str, String, Option<String>);
type Resolved = Result<Arc<[EntityId]>, (String, Refusal)>;

struct Binder<'b> {
    watchlists: &'b Watchlists,
    ids: HashMap<Predicate, usize>,
    bound: Vec<BoundLeaf>,
    sets: HashMap<(NameKind, bool, Vec<String>), Resolved>,
    under: HashMap<(Ownership, Arc<[EntityId]>), Arc<Under>>,
    needs: FieldSet,
}

#[derive(Debug, Clone)]
enum BoundLeaf {
    Cell(Leaf),
    Related,
    Party(BoundParty),
}

pub(super) fn bind(rules: &RuleSet, watchlists: Arc<Watchlists>) -> (Plan, Vec<Problem>) {
    let mut binder = Binder {
        watchlists: &watchlists,
        ids: HashMap::new(),
        bound: Vec::new(),
        sets: HashMap::new(),
        under: HashMap::new(),
        needs: FieldSet::default(),
    };
    let (mut bound, mut problems) = (Vec::new(), Vec::new());
    let mut sorted: Vec<&Arc<Rule>> = rules.rules.iter().collect();
    sorted.sort_by(|a, b| a.card.id.cmp(&b.card.id));
    for rule in sorted {
        match binder.rule(rule) {
            Ok(rule) => bound.push(rule),
            // A definition's or a filter's slip is told once, however many rules use it.
            Err(found) => {
                for problem in found {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    let Binder { ids, bound: leaves, needs, .. } = binder;
    let mut plan = Plan {
        identity: Arc::new(()),
        needs,
        all: bound.iter().map(|bound| bound.rule.clone()).collect(),
        rules: bound,
        predicates: Vec::new(),
        groups: Vec::new(),
        parties: Vec::new(),
        relations: Vec::new(),
        tests: HashMap::new(),
        leaves: HashMap::new(),
        watchlists,
    };
    let mut predicates: Vec<(Predicate, usize)> = ids.into_iter().collect();
    predicates.sort_by_key(|(_, id)| *id);
    plan.predicates = predicates.into_iter().map(|(predicate, _)| predicate).collect();
    if let Err(error) = arrange(&mut plan, leaves) {
        problems.push(Problem::whole_file("too-many-words", "rules", format!("the words cannot be searched: {error}")));
        plan.rules.clear();
        plan.all.clear();
    }
    (plan, problems)
}

/// Puts each predicate into the group of its column.
fn arrange(plan: &mut Plan, leaves: Vec<BoundLeaf>) -> Result<(), aho_corasick::BuildError> {
    let mut cells: HashMap<Target, Vec<(usize, Leaf)>> = HashMap::new();
    let mut parties: HashMap<Role, Vec<(usize, BoundParty)>> = HashMap::new();
    for (id, (predicate, leaf)) in plan.predicates.iter().zip(leaves).enumerate() {
        match (leaf, &predicate.question) {
            (BoundLeaf::Cell(leaf), _) => {
                if leaf.matches_a_piece() {
                    plan.leaves.insert(id, leaf.clone());
                }
                cells.entry(predicate.target.clone()).or_default().push((id, leaf));
            }
            (BoundLeaf::Party(test), Question::Party(PartyTest { role, .. })) => {
                plan.tests.insert(id, test.clone());
                parties.entry(*role).or_default().push((id, test));
            }
            (BoundLeaf::Related, Question::Field(relation, other)) => plan.relations.push(Relation {
                predicate: id,
                left: predicate.target.clone(),
                relation: *relation,
                right: other.clone(),
            }),
            (BoundLeaf::Party(_) | BoundLeaf::Related, _) => {}
        }
    }
    let groups: Result<Vec<Group>, _> = cells.into_iter().map(|(target, leaves)| Group::new(target, leaves)).collect();
    plan.groups = groups?;
    plan.groups.sort_by(|a, b| a.target.cmp(&b.target));
    plan.parties = parties.into_iter().map(|(role, tests)| PartyGroup::new(role, tests)).collect();
    Ok(())
}

impl Binder<'_> {
    fn rule(&mut self, rule: &Arc<Rule>) -> Result<BoundRule, Vec<Problem>> {
        let mut predicates = Vec::new();
        rule.selections.iter().for_each(|selection| leaves(&selection.test, &mut predicates));
        let mut problems = Vec::new();
        let mut compiled = Vec::new();
        for predicate in predicates {
            match self.leaf(rule, predicate) {
                Ok(leaf) => compiled.push((predicate, leaf)),
                Err(problem) => problems.push(problem),
            }
        }
        problems.dedup();
        if !problems.is_empty() {
            return Err(problems);
        }
        for (predicate, leaf) in compiled {
            self.need(predicate);
            if !self.ids.contains_key(predicate) {
                self.ids.insert(predicate.clone(), self.bound.len());
                self.bound.push(leaf);
            }
        }
        let tests = rule.selections.iter().map(|selection| self.test(&selection.test)).collect();
        let mut shown = vec![false; rule.selections.len()];
        positive(&rule.condition, &mut shown);
        let group = rule.card.alert.group_by.iter().map(|entry| self.group_by(rule, entry)).collect();
        Ok(BoundRule { rule: rule.clone(), tests, shown, group })
    }

    fn test(&self, test: &Test) -> BoundTest {
        match test {
            Test::All(tests) => BoundTest::All(tests.iter().map(|test| self.test(test)).collect()),
            Test::Any(tests) => BoundTest::Any(tests.iter().map(|test| self.test(test)).collect()),
            Test::Not(test) => BoundTest::Not(Box::new(self.test(test))),
            Test::Is(predicate) => BoundTest::Is(self.ids.get(predicate).copied().unwrap_or(usize::MAX)),
        }
    }

    fn leaf(&mut self, rule: &Rule, predicate: &Predicate) -> Result<BoundLeaf, Problem> {
        if let Question::Party(test) = &predicate.question {
            let asks: Result<Vec<Ask>, Problem> = test.asks.iter().map(|ask| self.ask(rule, ask)).collect();
            return Ok(BoundLeaf::Party(BoundParty { only_intermediaries: test.only_intermediaries, asks: asks? }));
        }
        let leaf = Leaf::compile(&predicate.question).map_err(|message| bad_question(rule, message))?;
        Ok(leaf.map_or(BoundLeaf::Related, BoundLeaf::Cell))
    }

    fn ask(&mut self, rule: &Rule, ask: &PartyAsk) -> Result<Ask, Problem> {
        Ok(match ask {
            PartyAsk::Entity { names, or_name } => {
                let entities = self.set(rule, (NameKind::Entity, *or_name), names)?;
                let texts = names.iter().flat_map(|name| party::keys(name).into_iter().chain([name.clone()]));
                let texts = if *or_name { texts.collect() } else { Vec::new() };
                Ask::Entity { entities, texts }
            }
            PartyAsk::OwnedBy(ownership, names) => {
                let owners = self.set(rule, (NameKind::Entity, false), names)?;
                let under = || Arc::new(self.watchlists.under(&owners, mode(*ownership)));
                Ask::OwnedBy(self.under.entry((*ownership, owners.clone())).or_insert_with(under).clone())
            }
            PartyAsk::Listed(names) => Ask::Listed(self.set(rule, (NameKind::Listed, false), names)?),
            PartyAsk::ListedOnDate(names) => {
                let entities = self.set(rule, (NameKind::Listed, false), names)?;
                Ask::ListedOnDate(entities, names.clone())
            }
            PartyAsk::AddressOf(names) => {
                let entities = self.set(rule, (NameKind::Address, false), names)?;
                Ask::AddressOf(Arc::new(self.watchlists.addresses(&entities)))
            }
            PartyAsk::Country(codes) => Ask::Country(codes.clone()),
            PartyAsk::Cell(part, question) => match question.as_ref() {
                Question::Field(relation, target) => Ask::Related(*part, *relation, target.clone()),
                Question::Party(test) => Ask::Any(vec![self.ask(rule, &PartyAsk::Any(test.asks.clone()))?]),
                question => {
                    let leaf = Leaf::compile(question).map_err(|message| bad_question(rule, message))?;
                    leaf.map_or(Ask::Any(Vec::new()), |leaf| Ask::Cell(*part, leaf))
                }
            },
            PartyAsk::Any(asks) => {
                Ask::Any(asks.iter().map(|ask| self.ask(rule, ask)).collect::<Result<Vec<Ask>, Problem>>()?)
            }
            PartyAsk::Not(ask) => Ask::Not(Box::new(self.ask(rule, ask)?)),
        })
    }

    /// The entities that names mean, found once for equal lists of names.
    fn set(&mut self, rule: &Rule, kind: (NameKind, bool), names: &[String]) -> Result<Arc<[EntityId]>, Problem> {
        let watchlists = self.watchlists;
        let key = (kind.0, kind.1, names.to_vec());
        let found = self.sets.entry(key).or_insert_with(|| entities(watchlists, kind, names));
        found.clone().map_err(|(name, (code, message, hint))| {
            let place = rule.names.iter().find(|known| known.name == name && known.kind == kind.0);
            let (source, span) = place.map_or((&rule.source, 0..0), |known| (&known.source, known.span.clone()));
            let problem = Problem::error(code, source, span, message);
            match hint {
                Some(hint) => problem.with_hint(hint),
                None => problem,
            }
        })
    }

    fn need(&mut self, predicate: &Predicate) {
        predicate.target.add_to(&mut self.needs);
        match &predicate.question {
            Question::Field(_, other) => other.add_to(&mut self.needs),
            Question::Party(test) => {
                for part in Part::ALL {
                    self.needs.insert(Field::Party(test.role, part));
                }
                test.asks.iter().for_each(|ask| self.need_ask(ask));
            }
            _ => {}
        }
    }

    fn need_ask(&mut self, ask: &PartyAsk) {
        match ask {
            PartyAsk::OwnedBy(..) | PartyAsk::ListedOnDate(_) => self.needs.insert(Field::DeclarationDate),
            PartyAsk::Any(asks) => asks.iter().for_each(|ask| self.need_ask(ask)),
            PartyAsk::Not(ask) => self.need_ask(ask),
            PartyAsk::Cell(_, question) => {
                if let Question::Field(_, target) = question.as_ref() {
                    target.add_to(&mut self.needs);
                }
            }
            PartyAsk::Entity { .. } | PartyAsk::Listed(_) | PartyAsk::AddressOf(_) | PartyAsk::Country(_) => {}
        }
    }

    fn group_by(&mut self, rule: &Rule, entry: &str) -> GroupBy {
        let selection = |name: &str| rule.selections.iter().position(|selection| selection.name == name);
        if let Some(place) = entry.strip_suffix(".entity").and_then(selection) {
            return GroupBy::Entity(place);
        }
        let target = entry.strip_prefix("raw.").map(|heading| Target::Raw(heading_key(heading)));
        match target.or_else(|| group_field(entry).map(Target::Field)) {
            Some(target) => {
                target.add_to(&mut self.needs);
                GroupBy::Cell(target)
            }
            None => GroupBy::Nothing,
        }
    }
}

fn mode(ownership: Ownership) -> Mode {
    match ownership {
        Ownership::Any => Mode::Any,
        Ownership::Ofac50 => Mode::Ofac50,
        Ownership::Control => Mode::Control,
    }
}

fn bad_question(rule: &Rule, message: String) -> Problem {
    Problem::error("bad-regex", &rule.source, 0..0, message)
}

/// A canonical field, an alias of one, or a role (its name).
fn group_field(entry: &str) -> Option<Field> {
    let role = Role::ALL.into_iter().find(|role| role.name() == entry);
    let alias = || field_aliases().get(entry).and_then(|name| Field::from_name(name));
    role.map(|role| Field::Party(role, Part::Name)).or_else(|| Field::from_name(entry)).or_else(alias)
}

fn entities(watchlists: &Watchlists, (kind, or_name): (NameKind, bool), names: &[String]) -> Resolved {
    let mut all = Vec::new();
    for name in names {
        let found = match kind {
            NameKind::Entity => named(watchlists, name, or_name),
            NameKind::Listed => watchlists.listed(name).ok_or_else(|| unlisted(watchlists, name)),
            NameKind::Address => watchlists.listed(name).map_or_else(|| named(watchlists, name, or_name), Ok),
        };
        all.extend(found.map_err(|refusal| (name.clone(), refusal))?);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all.into())
}

fn unlisted(watchlists: &Watchlists, name: &str) -> Refusal {
    let hint = did_you_mean(name, watchlists.lists()).map(|near| format!("did you mean `{near}`?"));
    ("unknown-list", format!("no watchlist, topic or programme is called `{name}`"), hint)
}

fn named(watchlists: &Watchlists, name: &str, or_name: bool) -> Result<Vec<EntityId>, Refusal> {
    match watchlists.named(name) {
        Ok(found) if found.is_empty() && !or_name => {
            let hint = did_you_mean(name, watchlists.names()).map(|near| format!("did you mean `{near}`?"));
            Err(("unknown-entity", format!("no watchlist has an entity `{name}`"), hint))
        }
        Ok(found) => Ok(found),
        Err(why) => Err(("ambiguous-entity", why, Some("name it by its id".to_owned()))),
    }
}

fn leaves<'t>(test: &'t Test, out: &mut Vec<&'t Predicate>) {
    match test {
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| leaves(test, out)),
        Test::Not(test) => leaves(test, out),
        Test::Is(predicate) => out.push(predicate),
    }
}

/// Marks the selections that stand somewhere in the condition without a `not` before them.
fn positive(condition: &Condition, shown: &mut [bool]) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) | Condition::AtLeast(_, parts) => {
            parts.iter().for_each(|part| positive(part, shown));
        }
        Condition::Not(_) => {}
        Condition::Selection(place) => {
            if let Some(shown) = shown.get_mut(*place) {
                *shown = true;
            }
        }
    }
}
