//! Explaining: one rule, one record → selection by selection, value by value, with what is in the way, in sentences for
//! the rule's author. The same evaluator answers as for files; nothing is decided here.

use std::sync::Arc;

use serde::Serialize;

use super::ask::{RoleCells, RowOf, resolve};
use super::evidence::{Fired, Named};
use super::near::{self, Names};
use super::view::View;
use super::wording::{self, cut, said};
use super::{BoundRule, BoundTest, Memo, Plan, answers, bind, why_not};
use crate::problem::Problem;
use crate::record::Record;
use crate::rules::{Comparison, FieldRelation, PartyTest, Predicate, Question, Rule, RuleSet};
use crate::text::{NearMiss, ScanText};

/// Selection by selection, value by value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Whether the rule fires.
    pub fires: bool,
    /// The condition in words.
    pub condition: String,
    /// Selections that keep the rule from firing, as few as would do; empty when it fires.
    pub missing: Vec<Missing>,
    /// Each selection.
    pub selections: Vec<SelectionExplanation>,
}

/// A selection that stands against the condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Missing {
    /// Its name.
    pub selection: String,
    /// Whether it would have to hold (`true`) or not to hold.
    pub should_hold: bool,
}

/// One selection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelectionExplanation {
    /// Name.
    pub name: String,
    /// Held.
    pub held: bool,
    /// What was asked, all of it or one of it.
    pub answer: Answer,
}

/// A question, or several.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// One.
    Asked(Asked),
    /// Several.
    Group(Group),
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Whether it answers as the rule wants.
    pub held: bool,
    /// The question, `description mentions Su-35*`; begins with `not` when the rule wants it not to hold.
    pub question: String,
    /// What the cell says to it.
    pub answer: String,
    /// What is in the way of a question that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
    /// To rank by.
    #[serde(skip)]
    nearness: u8,
    #[serde(skip)]
    is_missing: bool,
}

/// Several questions, of which all or one must hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Whether it holds.
    pub held: bool,
    /// `all of` or `one of`.
    pub wanted: &'static str,
    /// Those that matter, in the rule's order.
    pub answers: Vec<Answer>,
    /// How many more were asked and do not hold.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Answers of one list that are told one by one; of a longer one, those that matter.
const TOLD: usize = 6;

impl Answer {
    /// Whether it answers as the rule wants.
    pub fn held(&self) -> bool {
        match self {
            Answer::Asked(asked) => asked.held,
            Answer::Group(group) => group.held,
        }
    }

    /// How much it matters to a reader: what holds, then what nearly does, then what has a cell at all.
    fn weight(&self) -> (bool, u8, bool) {
        match self {
            Answer::Asked(asked) => (asked.held, asked.nearness, !asked.is_missing),
            Answer::Group(group) => {
                let best = group.answers.iter().map(Answer::weight).max().unwrap_or_default();
                (group.held, best.1, best.2)
            }
        }
    }
}

/// A plan of just this rule.
pub(super) fn alone(plan: &Plan, rule: &Rule) -> (Plan, Vec<Problem>) {
    bind(&RuleSet { rules: vec![Arc::new(rule.clone())] }, plan.watchlists.clone())
}

pub(super) fn explain(plan: &Plan, rule: &Rule, record: &Record) -> Explanation {
    let (plan, problems) = alone(plan, rule);
    let condition = wording::condition(rule);
    match plan.rules.first() {
        Some(bound) => told(&plan, bound, record, condition),
        None => unusable(problems, condition),
    }
}

fn unusable(problems: Vec<Problem>, condition: String) -> Explanation {
    let asked = |problem: Problem| {
        Answer::Asked(Asked {
            held: false,
            question: "the rule cannot be used".to_owned(),
            answer: problem.message,
            near: problem.hint,
            nearness: 0,
            is_missing: false,
        })
    };
    let answers = problems.into_iter().map(asked).collect();
    let answer = Answer::Group(Group { held: false, wanted: "all of", answers, more: 0 });
    let selection = SelectionExplanation { name: "the rule".to_owned(), held: false, answer };
    Explanation { fires: false, condition, missing: Vec::new(), selections: vec![selection] }
}

fn told(plan: &Plan, bound: &BoundRule, record: &Record, condition: String) -> Explanation {
    let rule = &bound.rule;
    let batch = record.to_batch();
    let view = View::new(&batch);
    let answers = answers(plan, &view, &mut Memo::default());
    let fired = Fired { plan, view: &view, answers: &answers, row: 0 };
    let names = Names::new(&plan.watchlists);
    let explain_one = |(selection, test): (&crate::rules::Selection, &BoundTest)| SelectionExplanation {
        name: selection.name.clone(),
        held: answers.holds(test, 0),
        answer: fired.answer(test, Sense::Asked, &names),
    };
    let fires = answers.condition(&rule.condition, &bound.tests).get(0);
    let held: Vec<bool> = bound.tests.iter().map(|test| answers.holds(test, 0)).collect();
    let missing = if fires { Vec::new() } else { why_not::missing(rule, &held) };
    let selections = rule.selections.iter().zip(&bound.tests).map(explain_one).collect();
    Explanation { fires, condition, missing, selections }
}

/// Whether a predicate is asked, or asked to fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Asked,
    Denied,
}

impl Sense {
    fn turned(self) -> Sense {
        match self {
            Sense::Asked => Sense::Denied,
            Sense::Denied => Sense::Asked,
        }
    }
}

impl Fired<'_> {
    fn answer(&self, test: &BoundTest, sense: Sense, names: &Names) -> Answer {
        match test {
            BoundTest::All(tests) => self.several(tests, (sense == Sense::Asked, sense), names),
            BoundTest::Any(tests) => self.several(tests, (sense == Sense::Denied, sense), names),
            BoundTest::Not(test) => self.answer(test, sense.turned(), names),
            BoundTest::Is(id) => Answer::Asked(self.asked(*id, sense, names)),
        }
    }

    fn several(&self, tests: &[BoundTest], (every, sense): (bool, Sense), names: &Names) -> Answer {
        let mut answers: Vec<Answer> = tests.iter().map(|test| self.answer(test, sense, names)).collect();
        let held = if every { answers.iter().all(Answer::held) } else { answers.iter().any(Answer::held) };
        let more = if every { 0 } else { keep_what_matters(&mut answers) };
        match (answers.len(), answers.pop()) {
            (1, Some(only)) if more == 0 => only,
            (_, last) => {
                answers.extend(last);
                Answer::Group(Group { held, wanted: if every { "all of" } else { "one of" }, answers, more })
            }
        }
    }

    fn asked(&self, id: usize, sense: Sense, names: &Names) -> Asked {
        let Some(predicate) = self.plan.predicates.get(id) else {
            return Asked {
                held: false,
                question: String::new(),
                answer: String::new(),
                near: None,
                nearness: 0,
                is_missing: true,
            };
        };
        let held = self.answers.holds(&BoundTest::Is(id), self.row);
        let field = self.view.name(&predicate.target);
        let question = format!("{field} {} {}", predicate.operator, predicate.written).trim_end().to_owned();
        let near = match (held, sense) {
            (false, Sense::Asked) => self.near((id, predicate), names),
            (true, _) | (false, Sense::Denied) => None,
        };
        let holds = held == (sense == Sense::Asked);
        let mut answer = self.sentence((id, predicate), held);
        if holds && (sense == Sense::Denied || is_negative(predicate)) && self.is_missing(predicate) {
            answer.push_str(", and `neq` holds on a missing value");
        }
        Asked {
            held: holds,
            question: if sense == Sense::Denied { format!("not {question}") } else { question },
            answer,
            nearness: near.as_ref().map_or(0, |near| near.nearness),
            near: near.map(|near| near.words).filter(|words| !words.is_empty()),
            is_missing: self.cell(&predicate.target).is_none(),
        }
    }

    /// What keeps a predicate from holding.
    pub(super) fn near(&self, (id, predicate): (usize, &Predicate), names: &Names) -> Option<NearMiss> {
        let Question::Party(test) = &predicate.question else {
            return near::of_cell(&predicate.question, &self.cell(&predicate.target)?, &mut ScanText::default());
        };
        let cells = RoleCells::new(self.view, test.role);
        let row = RowOf { cells: &cells, row: self.row };
        let parties = resolve(row.name(), row.id(), &self.plan.watchlists);
        let asked = self.plan.tests.get(&id).map(|bound| bound.asked_names()).unwrap_or_default();
        let like_asked = parties.iter().filter_map(|party| near::alike(&party.candidate.name, &asked));
        if let Some(near) = like_asked.max_by_key(|near| near.nearness) {
            return Some(near);
        }
        if parties.iter().any(|party| !party.hits.is_empty()) {
            return Some(NearMiss::new(50, ""));
        }
        let near = parties.iter().filter_map(|party| names.nearest(&party.candidate.name));
        near.max_by_key(|near| near.nearness)
    }

    fn sentence(&self, (id, predicate): (usize, &Predicate), held: bool) -> String {
        let field = self.view.name(&predicate.target);
        match (&predicate.question, self.plan.tests.get(&id)) {
            (Question::Party(test), Some(bound)) if held => match self.named(test, bound) {
                Some(named) => self.recognised(&named),
                None => "it holds".to_owned(),
            },
            (Question::Party(test), _) => self.unrecognised(test, &field),
            (Question::Field(_, other), _) => {
                let other_name = self.view.name(other);
                format!("{}; {}", self.says(predicate, &field), said(self.cell(other), &other_name))
            }
            _ if held => self.why((id, predicate), &field),
            _ => self.says(predicate, &field),
        }
    }

    fn why(&self, (id, predicate): (usize, &Predicate), field: &str) -> String {
        let exists = matches!(predicate.question, Question::Exists(_));
        if exists || is_negative(predicate) || self.is_missing(predicate) {
            return self.says(predicate, field);
        }
        format!("‘{}’", cut(&self.matched(id, predicate)))
    }

    fn is_missing(&self, predicate: &Predicate) -> bool {
        !matches!(predicate.question, Question::Party(_)) && self.cell(&predicate.target).is_none()
    }

    fn says(&self, predicate: &Predicate, field: &str) -> String {
        said(self.cell(&predicate.target), field)
    }

    fn recognised(&self, named: &Named) -> String {
        let Some(witness) = &named.witness else { return format!("‘{}’", cut(&named.name)) };
        let entity = self.plan.watchlists.name(witness.entity);
        format!("‘{}’ is {entity} ({})", cut(&named.name), witness.path.join("; "))
    }

    fn unrecognised(&self, test: &PartyTest, field: &str) -> String {
        let cells = RoleCells::new(self.view, test.role);
        let row = RowOf { cells: &cells, row: self.row };
        if row.is_missing() {
            return format!("{field} is missing");
        }
        let watchlists = &*self.plan.watchlists;
        let parties = resolve(row.name(), row.id(), watchlists);
        let mut known: Vec<&str> =
            parties.iter().flat_map(|party| &party.hits).map(|hit| watchlists.name(hit.entity)).collect();
        known.sort_unstable();
        known.dedup();
        let written = if row.name().is_empty() { row.id() } else { row.name() };
        let written = cut(written);
        if known.is_empty() {
            return format!("‘{written}’ is nobody that a watchlist knows");
        }
        format!("‘{written}’ is {}, of whom not all that is asked holds", known.join(" or "))
    }
}

/// Whether it was asked with `neq`.
fn is_negative(predicate: &Predicate) -> bool {
    matches!(
        &predicate.question,
        Question::NotMatches(_)
            | Question::Number(Comparison::Neq, _)
            | Question::Date(Comparison::Neq, _)
            | Question::DatePart(_, Comparison::Neq, _)
            | Question::Field(FieldRelation::Neq, _)
    )
}

/// Leaves the answers that a reader needs, in order; returns how many went away.
fn keep_what_matters(answers: &mut Vec<Answer>) -> usize {
    let before = answers.len();
    if before <= TOLD {
        return 0;
    }
    let mut weights: Vec<((bool, u8, bool), std::cmp::Reverse<usize>)> =
        answers.iter().enumerate().map(|(place, answer)| (answer.weight(), std::cmp::Reverse(place))).collect();
    weights.sort_unstable_by(|a, b| b.cmp(a));
    let told = weights.iter().filter(|(weight, _)| *weight > (false, 0, true)).count().clamp(1, TOLD);
    let kept: Vec<usize> = weights.iter().take(told).map(|(_, place)| place.0).collect();
    let mut place = 0;
    answers.retain(|_| {
        place += 1;
        kept.contains(&(place - 1))
    });
    before - answers.len()
}
