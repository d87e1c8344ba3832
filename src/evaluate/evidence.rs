//! Evidence: for a row that fired, the cells that made its selections hold. In: a rule, a row, the answers. Out: evidence
//! in the order of the rule, and the values to group by. Runs only for rows that fire.

use super::ask::{BoundParty, Party, RoleCells, RowOf, Witness, resolve};
use super::combine::Answers;
use super::view::View;
use super::{BoundRule, BoundTest, GroupBy, Plan};
use crate::finding::Evidence;
use crate::rules::{ANOTHER_SOURCE, PartyTest, Predicate, Question, Target};
use crate::text::{ScanText, name_keys};
use crate::watchlist::{Certainty, Scratch};

/// A row of a batch and what is known of it.
pub(super) struct Fired<'f> {
    pub(super) plan: &'f Plan,
    pub(super) view: &'f View<'f>,
    pub(super) answers: &'f Answers,
    pub(super) row: usize,
}

/// A party for which a test holds.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) witness: Option<Witness>,
}

impl Fired<'_> {
    /// Evidence of every selection that held and is not asked to fail.
    pub(super) fn evidence(&self, bound: &BoundRule) -> Vec<Evidence> {
        let mut all = Vec::new();
        let selections = bound.rule.selections.iter().zip(&bound.tests).zip(&bound.shown);
        for ((selection, test), shown) in selections {
            if *shown && selection.name != ANOTHER_SOURCE && self.answers.holds(test, self.row) {
                self.walk(test, &selection.name, &mut all);
            }
        }
        all
    }

    fn walk(&self, test: &BoundTest, selection: &str, out: &mut Vec<Evidence>) {
        match test {
            BoundTest::All(tests) | BoundTest::Any(tests) => {
                for test in tests.iter().filter(|test| self.answers.holds(test, self.row)) {
                    self.walk(test, selection, out);
                }
            }
            BoundTest::Not(_) => {}
            BoundTest::Is(id) => {
                let Some(predicate) = self.plan.predicates.get(*id) else { return };
                let found = self.of(*id, predicate, selection);
                let told = out.iter().any(|known| {
                    known.selection == found.selection
                        && known.field == found.field
                        && known.matched == found.matched
                        && known.operator == found.operator
                });
                if !told {
                    out.push(found);
                }
            }
        }
    }

    fn of(&self, id: usize, predicate: &Predicate, selection: &str) -> Evidence {
        let mut evidence = Evidence {
            selection: selection.to_owned(),
            field: self.view.name(&predicate.target),
            operator: predicate.operator.to_owned(),
            value: predicate.written.clone(),
            ..Evidence::default()
        };
        match (&predicate.question, self.plan.tests.get(&id)) {
            (Question::Party(test), Some(bound)) => self.tell_party(test, bound, &mut evidence),
            (Question::Field(_, other), _) => {
                evidence.matched = self.matched(id, predicate);
                evidence.other = self.cell(other);
            }
            _ => {
                evidence.places = self.places(id, predicate);
                evidence.matched = self.matched(id, predicate);
            }
        }
        evidence
    }

    fn tell_party(&self, test: &PartyTest, bound: &BoundParty, evidence: &mut Evidence) {
        let Some(named) = self.named(test, bound) else { return };
        evidence.matched = named.name;
        if let Some(witness) = named.witness {
            let lists = &self.plan.watchlists;
            let name = lists.name(witness.entity);
            evidence.entity = Some(name.to_owned());
            evidence.entity_id = Some(format!("{}/{}", lists.list_of(witness.entity), lists.id(witness.entity)));
            evidence.basis = Some(witness.basis);
            evidence.alias = Some(witness.alias).filter(|alias| !alias.is_empty() && alias != name);
            evidence.score = Some(witness.score);
            evidence.path = witness.path;
            evidence.possible = witness.certainty == Certainty::Possible;
        }
    }

    /// The party for which the test holds: the surest, then the first in the cell.
    pub(super) fn named(&self, test: &PartyTest, bound: &BoundParty) -> Option<Named> {
        let cells = RoleCells::new(self.view, test.role);
        let row = RowOf { cells: &cells, row: self.row };
        if row.is_missing() {
            return None;
        }
        let watchlists = &*self.plan.watchlists;
        let mut scan = ScanText::default();
        let parties = resolve(&row, (watchlists, bound.least), &mut Scratch::default());
        let holding = parties.iter().filter(|party| bound.holds_of(party, (&row, watchlists), &mut scan));
        let mut named: Vec<Named> = holding
            .map(|party: &Party| Named {
                name: if party.candidate.name.is_empty() { row.id() } else { &party.candidate.name }.to_owned(),
                witness: bound.witness(party, &row, watchlists),
            })
            .collect();
        named.sort_by_key(|named| std::cmp::Reverse(named.witness.as_ref().map_or(0, |witness| witness.score)));
        named.into_iter().next()
    }

    /// The piece of the cell that answers.
    pub(super) fn matched(&self, id: usize, predicate: &Predicate) -> String {
        let cells = self.view.cells(&predicate.target);
        let Some(cell) = cells.get(self.row) else { return String::new() };
        self.plan.leaves.get(&id).map_or(cell, |leaf| leaf.matched(cell)).to_owned()
    }

    /// Where in the cell the words stand that answer; nothing where it is the whole cell that does.
    fn places(&self, id: usize, predicate: &Predicate) -> Vec<(usize, usize)> {
        let cells = self.view.cells(&predicate.target);
        let found = cells.get(self.row).zip(self.plan.leaves.get(&id));
        let places = found.map_or_else(Vec::new, |(cell, leaf)| leaf.places(cell));
        places.into_iter().map(|place| (place.start, place.end)).collect()
    }

    /// The values of `alert.group_by`.
    pub(super) fn group(&self, bound: &BoundRule, evidence: &[Evidence]) -> Vec<String> {
        bound.group.iter().map(|by| self.group_value(bound, by, evidence)).collect()
    }

    fn group_value(&self, bound: &BoundRule, by: &GroupBy, evidence: &[Evidence]) -> String {
        match by {
            GroupBy::Nothing => String::new(),
            GroupBy::Cell(target) => self.view.cells(target).get(self.row).unwrap_or("").to_owned(),
            GroupBy::Entity(place) => {
                let name = bound.rule.selections.get(*place).map_or("", |selection| selection.name.as_str());
                let mut of_selection = evidence.iter().filter(|evidence| evidence.selection == name);
                let entity = of_selection.clone().find_map(|evidence| evidence.entity.clone());
                let folded = |text: &str| name_keys(text).into_iter().next().unwrap_or_else(|| text.to_owned());
                entity.or_else(|| of_selection.next().map(|first| folded(&first.matched))).unwrap_or_default()
            }
        }
    }

    /// The cell as it stands.
    pub(super) fn cell(&self, target: &Target) -> Option<String> {
        self.view.cells(target).get(self.row).map(str::to_owned)
    }
}
