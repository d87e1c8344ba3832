//! Evaluate: rules bound to watchlists over batches → firings with evidence. Pure and synchronous.
use crate::finding::{Evidence, Finding};
use crate::problem::Problem;
use crate::record::{Batch, FieldSet, Record};
use crate::rules::{Rule, RuleSet};
use crate::watchlist::Watchlists;
use std::sync::Arc;
/// All rules compiled together and bound to watchlists.
#[derive(Debug)]
pub struct Plan {}
/// What is remembered between batches; changes time, never results; dies with its Plan.
#[derive(Debug, Default)]
pub struct Memo {}
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
/// Binds names in rules to watchlists; a rule whose names are unknown or ambiguous is left out, with a problem at its place.
pub fn bind(_rules: &RuleSet, _watchlists: Arc<Watchlists>) -> (Plan, Vec<Problem>) {
    unimplemented!()
}
impl Plan {
    /// What the rules read.
    pub fn needs(&self) -> &FieldSet {
        unimplemented!()
    }
    /// The rules that are bound.
    pub fn rules(&self) -> &[Arc<Rule>] {
        unimplemented!()
    }
}
/// Evaluates a batch; firings in row order, then rule order.
pub fn evaluate(_plan: &Plan, _batch: &Batch, _memo: &mut Memo) -> Vec<Firing> {
    unimplemented!()
}
/// Selection by selection, value by value.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Whether the rule fires.
    pub fires: bool,
    /// The condition in words.
    pub condition: String,
    /// Each selection.
    pub selections: Vec<SelectionExplanation>,
}
/// One selection.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionExplanation {
    /// Name.
    pub name: String,
    /// Held.
    pub held: bool,
    /// One line a predicate: (held, sentence such as "description mentions Su-35*: yes, ‘СУ-35’").
    pub lines: Vec<(bool, String)>,
}
/// Explains one rule for one record.
pub fn explain(_plan: &Plan, _rule: &Rule, _record: &Record) -> Explanation {
    unimplemented!()
}
/// Runs the examples of all bound rules; a problem for each that does not do what it says.
pub fn run_examples(_plan: &Plan) -> Vec<Problem> {
    unimplemented!()
}
/// A firing with its whole record.
pub fn finding(firing: Firing, record: Record) -> Finding {
    Finding { rule: firing.rule.card.clone(), record, evidence: firing.evidence, group: firing.group }
}
