//! Why a rule does not fire. In: a rule, batch after batch of a file. Out: how many records lack what, and the few that
//! came nearest to firing, explained. Memory does not grow with the file. It decides nothing.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::evidence::Fired;
use super::explain::{Explanation, Missing, alone, explain};
use super::near::Names;
use super::view::View;
use super::{BoundTest, Memo, Plan, answers};
use crate::problem::Problem;
use crate::record::{Batch, Record};
use crate::rules::{Condition, Rule};

/// Distinct cells whose nearness is remembered.
const REMEMBERED: usize = 100_000;
/// Distinct sets of missing selections that are counted apart.
const MOST_SETS: usize = 1_000;

/// Gathers the records that came nearest to firing.
pub struct WhyNot {
    plan: Plan,
    memo: Memo,
    names: Names,
    keep: usize,
    nearness: FxHashMap<(usize, String), u8>,
    nearest: Vec<Candidate>,
    lacking: BTreeMap<Vec<Missing>, u64>,
    fired: u64,
    records: u64,
}

struct Candidate {
    missing: Vec<Missing>,
    nearness: u8,
    record: Record,
}

/// What became of a whole file.
#[derive(Debug)]
pub struct WhyNotReport {
    /// Records that the rule fires for.
    pub fired: u64,
    /// All records.
    pub records: u64,
    /// What is missing and in how many records, least missing first.
    pub lacking: Vec<(Vec<Missing>, u64)>,
    /// The nearest records, nearest first, each explained.
    pub nearest: Vec<(Record, Explanation)>,
}

impl WhyNot {
    /// For one rule; keeps that many records.
    ///
    /// # Errors
    /// The problems of a rule that cannot be bound.
    pub fn new(plan: &Plan, rule: &Rule, keep: usize) -> Result<WhyNot, Vec<Problem>> {
        let (plan, problems) = alone(plan, rule);
        if plan.rules.is_empty() {
            return Err(problems);
        }
        let names = Names::new(&plan.watchlists);
        Ok(WhyNot {
            plan,
            names,
            memo: Memo::default(),
            keep,
            nearness: FxHashMap::default(),
            nearest: Vec::new(),
            lacking: BTreeMap::new(),
            fired: 0,
            records: 0,
        })
    }

    /// Takes the next records of the file; `record` makes one of them whole.
    pub fn take(&mut self, batch: &Batch, record: impl Fn(usize) -> Record) {
        let WhyNot { plan, memo, names, nearness, nearest, lacking, .. } = self;
        let Some(bound) = plan.rules.first() else { return };
        let view = View::new(batch);
        let answers = answers(plan, &view, memo);
        let fires = answers.condition(&bound.rule.condition, &bound.tests);
        let selections: Vec<_> = bound.tests.iter().map(|test| answers.test(test)).collect();
        self.records += batch.len() as u64;
        for row in 0..batch.len() {
            if fires.get(row) {
                self.fired += 1;
                continue;
            }
            let held: Vec<bool> = selections.iter().map(|rows| rows.get(row)).collect();
            let missing = missing(&bound.rule, &held);
            let far = nearest.last().filter(|_| nearest.len() >= self.keep);
            let too_far = far.is_some_and(|last| last.missing.len() < missing.len());
            if !too_far {
                let fired = Fired { plan, view: &view, answers: &answers, row };
                let near = Ranking { fired: &fired, names, known: nearness }.of(&missing);
                insert(nearest, self.keep, (&missing, near), || record(row));
            }
            if lacking.len() < MOST_SETS || lacking.contains_key(&missing) {
                *lacking.entry(missing).or_insert(0) += 1;
            }
        }
    }

    /// Explains the records that came nearest.
    pub fn finish(self) -> WhyNotReport {
        let Some(bound) = self.plan.rules.first() else {
            return WhyNotReport { fired: 0, records: 0, lacking: Vec::new(), nearest: Vec::new() };
        };
        let explained = self.nearest.into_iter().map(|candidate| {
            let explanation = explain(&self.plan, &bound.rule, &candidate.record);
            (candidate.record, explanation)
        });
        let nearest = explained.collect();
        let mut lacking: Vec<(Vec<Missing>, u64)> = self.lacking.into_iter().collect();
        lacking.sort_by_key(|(missing, count)| (missing.len(), std::cmp::Reverse(*count)));
        WhyNotReport { fired: self.fired, records: self.records, lacking, nearest }
    }
}

/// Puts a record among the nearest, unless one that says the same is there.
fn insert(
    nearest: &mut Vec<Candidate>,
    keep: usize,
    (missing, nearness): (&[Missing], u8),
    record: impl FnOnce() -> Record,
) {
    let rank = |missing: &[Missing], nearness: u8| (missing.len(), std::cmp::Reverse(nearness));
    let own = rank(missing, nearness);
    let place = nearest.partition_point(|other| rank(&other.missing, other.nearness) <= own);
    if place >= keep {
        return;
    }
    let record = record();
    let same = |other: &Candidate| other.missing == missing && says_the_same(&other.record, &record);
    if nearest.iter().any(same) {
        return;
    }
    nearest.insert(place, Candidate { missing: missing.to_vec(), nearness, record });
    nearest.truncate(keep);
}

/// Whether two records name the same parties and goods: one of them shows what both lack.
fn says_the_same(one: &Record, other: &Record) -> bool {
    use crate::record::{Field, Part};
    let telling = |field: &Field| matches!(field, Field::Description | Field::HsCode | Field::Party(_, Part::Name));
    let cells = |record: &Record| -> Vec<(Field, String)> {
        record.fields.iter().filter(|(field, _)| telling(field)).cloned().collect()
    };
    cells(one) == cells(other)
}

/// How near the selections that are missing came to holding.
struct Ranking<'r, 'f> {
    fired: &'r Fired<'f>,
    names: &'r Names,
    known: &'r mut FxHashMap<(usize, String), u8>,
}

impl Ranking<'_, '_> {
    fn of(mut self, missing: &[Missing]) -> u8 {
        let Some(bound) = self.fired.plan.rules.first() else { return 0 };
        let mut nearness = 0;
        for (selection, test) in bound.rule.selections.iter().zip(&bound.tests) {
            if missing.iter().any(|one| one.should_hold && one.selection == selection.name) {
                nearness = nearness.max(self.test(test));
            }
        }
        nearness
    }

    fn test(&mut self, test: &BoundTest) -> u8 {
        match test {
            BoundTest::All(tests) | BoundTest::Any(tests) => {
                tests.iter().map(|test| self.test(test)).max().unwrap_or(0)
            }
            BoundTest::Not(_) => 0,
            BoundTest::Is(id) => self.predicate(*id),
        }
    }

    fn predicate(&mut self, id: usize) -> u8 {
        let held = self.fired.answers.holds(&BoundTest::Is(id), self.fired.row);
        let Some(predicate) = self.fired.plan.predicates.get(id).filter(|_| !held) else { return 0 };
        let Some(cell) = self.fired.cell(&predicate.target) else { return 0 };
        let key = (id, cell);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let near = self.fired.near((id, predicate), self.names).map_or(0, |near| near.nearness);
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(key, near);
        near
    }
}

/// The fewest selections that would have to answer the other way for the condition to hold.
pub(super) fn missing(rule: &Rule, held: &[bool]) -> Vec<Missing> {
    let mut found = turned(&rule.condition, held, Wanted::Holds);
    found.sort_unstable();
    found.dedup();
    let name = |place: usize| rule.selections.get(place).map(|selection| selection.name.clone());
    let missing = |place: usize| Some(Missing { selection: name(place)?, should_hold: !*held.get(place)? });
    found.into_iter().filter_map(missing).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Holds,
    Fails,
}

/// Selections to turn so that a condition answers as wanted.
fn turned(condition: &Condition, held: &[bool], wanted: Wanted) -> Vec<usize> {
    let each = |parts: &[Condition], wanted: Wanted| -> Vec<Vec<usize>> {
        parts.iter().map(|part| turned(part, held, wanted)).collect()
    };
    match (condition, wanted) {
        (Condition::Selection(place), _) => {
            let holds = held.get(*place).copied().unwrap_or(false);
            if holds == (wanted == Wanted::Holds) { Vec::new() } else { vec![*place] }
        }
        (Condition::Not(part), Wanted::Holds) => turned(part, held, Wanted::Fails),
        (Condition::Not(part), Wanted::Fails) => turned(part, held, Wanted::Holds),
        (Condition::And(parts), Wanted::Holds) | (Condition::Or(parts), Wanted::Fails) => each(parts, wanted).concat(),
        (Condition::Or(parts), Wanted::Holds) | (Condition::And(parts), Wanted::Fails) => {
            each(parts, wanted).into_iter().min_by_key(Vec::len).unwrap_or_default()
        }
        (Condition::AtLeast(count, parts), Wanted::Holds) => fewest(each(parts, wanted), *count),
        (Condition::AtLeast(count, parts), Wanted::Fails) => {
            fewest(each(parts, wanted), (parts.len() + 1).saturating_sub(*count))
        }
    }
}

fn fewest(mut sets: Vec<Vec<usize>>, count: usize) -> Vec<usize> {
    sets.sort_by_key(Vec::len);
    sets.into_iter().take(count).flatten().collect()
}
