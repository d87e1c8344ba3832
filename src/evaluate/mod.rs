//! Evaluate: rules bound to watchlists over batches → firings with evidence. Pure and synchronous.
//!
//! In: a rule set, watchlists, batches. Out: firings in row order, then rule order; problems of names that no watchlist
//! knows; explanations. Equal predicates of different rules are asked once and answer with a bitmap; conditions combine
//! bitmaps; only rows that fire get evidence. It never reads a file or a clock, and what it remembers between batches
//! changes time, never results.

mod applicable;
mod ask;
mod bind;
mod bitmap;
mod cells;
mod combine;
mod evidence;
mod examples;
mod explain;
mod fragments;
mod ladder;
mod leaf;
mod near;
mod parties;
mod style;
mod view;
mod why_not;
mod wording;

use std::collections::HashMap;
use std::sync::Arc;

pub use self::applicable::NotApplicable;
pub use self::explain::{Answer, Asked, Explanation, Group, Missing, SelectionExplanation};
pub use self::why_not::{WhyNot, WhyNotReport};

use self::bitmap::Bitmap;
use self::combine::Answers;
use self::evidence::Fired;
use self::view::View;
use crate::finding::{Evidence, Finding};
use crate::problem::Problem;
use crate::record::{Batch, FieldSet, Record};
use crate::rules::{FieldRelation, Predicate, Rule, RuleSet, Target};
use crate::watchlist::Watchlists;

/// All rules compiled together and bound to watchlists.
#[derive(Debug)]
pub struct Plan {
    /// Tells the memos of this plan from those of another.
    identity: Arc<()>,
    needs: FieldSet,
    all: Vec<Arc<Rule>>,
    rules: Vec<BoundRule>,
    predicates: Vec<Predicate>,
    groups: Vec<cells::Group>,
    parties: Vec<parties::PartyGroup>,
    relations: Vec<Relation>,
    /// Party tests by predicate.
    tests: HashMap<usize, ask::BoundParty>,
    /// Questions that a piece of a cell answers, by predicate.
    leaves: HashMap<usize, leaf::Leaf>,
    watchlists: Arc<Watchlists>,
}

/// What is remembered between batches; changes time, never results; dies with its Plan.
#[derive(Debug)]
pub struct Memo {
    /// Distinct values remembered a column, and a role.
    entries: usize,
    identity: Option<Arc<()>>,
    cells: Vec<cells::CellMemo>,
    parties: Vec<parties::PartyMemo>,
    scratch: cells::Scratch,
}

/// A rule that held for a row.
#[derive(Debug, Clone)]
pub struct Firing {
    /// Row in the batch.
    pub row: usize,
    /// The rule.
    pub rule: Arc<Rule>,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Values of `alert.group_by`.
    pub group: Vec<String>,
}

/// A rule over predicates by number.
#[derive(Debug)]
struct BoundRule {
    rule: Arc<Rule>,
    tests: Vec<BoundTest>,
    /// Selections that are evidence when they hold: not only under a `not`.
    shown: Vec<bool>,
    group: Vec<GroupBy>,
}

/// [`crate::rules::Test`] over predicates by number.
#[derive(Debug)]
enum BoundTest {
    All(Vec<BoundTest>),
    Any(Vec<BoundTest>),
    Not(Box<BoundTest>),
    Is(usize),
}

/// An entry of `alert.group_by`.
#[derive(Debug)]
enum GroupBy {
    /// The entity of a selection's evidence.
    Entity(usize),
    Cell(Target),
    Nothing,
}

/// A predicate over two cells of a row.
#[derive(Debug)]
struct Relation {
    predicate: usize,
    left: Target,
    relation: FieldRelation,
    right: Target,
}

/// Binds names in rules to watchlists; a rule whose names are unknown or ambiguous is left out, with a problem at its place.
pub fn bind(rules: &RuleSet, watchlists: Arc<Watchlists>) -> (Plan, Vec<Problem>) {
    bind::bind(rules, watchlists)
}

impl Plan {
    /// What the rules read.
    pub fn needs(&self) -> &FieldSet {
        &self.needs
    }

    /// The watchlists that its rules are bound to.
    pub fn watchlists(&self) -> &Arc<Watchlists> {
        &self.watchlists
    }

    /// A plan of some of its rules, bound to the same watchlists.
    #[must_use]
    pub fn only(&self, rules: Vec<Arc<Rule>>) -> Plan {
        bind(&RuleSet { rules }, self.watchlists.clone()).0
    }

    /// The rules that are bound, in order of id.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.all
    }
}

/// Evaluates a batch; firings in row order, then rule order.
pub fn evaluate(plan: &Plan, batch: &Batch, memo: &mut Memo) -> Vec<Firing> {
    if batch.is_empty() || plan.rules.is_empty() {
        return Vec::new();
    }
    let view = View::new(batch);
    let answers = answers(plan, &view, memo);
    let mut fired = Vec::new();
    for (place, bound) in plan.rules.iter().enumerate() {
        let rows = answers.condition(&bound.rule.condition, &bound.tests);
        fired.extend(rows.rows().map(|row| (row, place)));
    }
    fired.sort_unstable();
    let firing = |(row, place): (usize, usize)| {
        let bound = plan.rules.get(place)?;
        let fired = Fired { plan, view: &view, answers: &answers, row };
        let evidence = fired.evidence(bound);
        let group = fired.group(bound, &evidence);
        Some(Firing { row, rule: bound.rule.clone(), evidence, group })
    };
    fired.into_iter().filter_map(firing).collect()
}

/// Asks every predicate of the plan for every row.
fn answers(plan: &Plan, view: &View, memo: &mut Memo) -> Answers {
    memo.belong_to(plan);
    let Memo { cells, parties, scratch, .. } = memo;
    let mut predicates = vec![Bitmap::default(); plan.predicates.len()];
    for (group, memo) in plan.groups.iter().zip(cells) {
        group.answer(view, (memo, scratch), &mut predicates);
    }
    for (group, memo) in plan.parties.iter().zip(parties) {
        group.answer((view, &plan.watchlists), (memo, scratch), &mut predicates);
    }
    for relation in &plan.relations {
        relate(relation, view, &mut predicates);
    }
    Answers { rows: view.len(), predicates }
}

fn relate(relation: &Relation, view: &View, predicates: &mut [Bitmap]) {
    let Some(bitmap) = predicates.get_mut(relation.predicate) else { return };
    let (left, right) = (view.cells(&relation.left), view.cells(&relation.right));
    for row in 0..view.len() {
        if leaf::related(relation.relation, left.get(row), right.get(row)) {
            bitmap.set(row);
        }
    }
}

impl Default for Memo {
    fn default() -> Memo {
        Memo::of(100_000)
    }
}

impl Memo {
    /// A memo that remembers at most so many distinct values of each column and each role.
    pub fn of(entries: usize) -> Memo {
        Memo { entries, identity: None, cells: Vec::new(), parties: Vec::new(), scratch: cells::Scratch::default() }
    }

    /// Forgets what another plan left behind.
    fn belong_to(&mut self, plan: &Plan) {
        if self.identity.as_ref().is_some_and(|identity| Arc::ptr_eq(identity, &plan.identity)) {
            return;
        }
        let entries = self.entries;
        *self = Memo { identity: Some(plan.identity.clone()), ..Memo::of(entries) };
        self.cells.resize_with(plan.groups.len(), || cells::CellMemo::of(entries));
        self.parties.resize_with(plan.parties.len(), || parties::PartyMemo::of(entries));
    }
}

/// Explains one rule for one record.
pub fn explain(plan: &Plan, rule: &Rule, record: &Record) -> Explanation {
    explain::explain(plan, rule, record)
}

/// Runs the examples of all bound rules; a problem for each that does not do what it says.
pub fn run_examples(plan: &Plan) -> Vec<Problem> {
    examples::run_examples(plan)
}

/// Rules that no row of a file with these columns can make fire, and what they miss.
pub fn not_applicable(plan: &Plan, supplied: &FieldSet) -> Vec<NotApplicable> {
    applicable::not_applicable(plan, supplied)
}

/// The same in a sentence for the file's report; nothing when every rule can be asked.
pub fn unasked(plan: &Plan, supplied: &FieldSet) -> Option<String> {
    applicable::unasked(plan, supplied)
}

/// What the rules of a plan do, and a careful author would write otherwise.
pub fn style(plan: &Plan) -> Vec<Problem> {
    style::notes(plan)
}

/// A firing with its whole record.
pub fn finding(firing: Firing, record: Record) -> Finding {
    Finding { rule: firing.rule.card.clone(), record, evidence: firing.evidence, group: firing.group }
}

#[cfg(test)]
mod sentence_tests;
#[cfg(test)]
mod tests;
