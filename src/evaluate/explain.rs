//! Explaining: one rule, one record → selection by selection, value by value, in sentences for the rule's author. The
//! same evaluator answers as for files; nothing is decided here.

use std::sync::Arc;

use super::ask::{RoleCells, RowOf, resolve};
use super::combine::Answers;
use super::evidence::Fired;
use super::view::View;
use super::{BoundTest, Explanation, Memo, Plan, SelectionExplanation, answers, bind};
use crate::problem::Problem;
use crate::record::Record;
use crate::rules::{Comparison, Condition, Example, FieldRelation, PartyTest, Predicate, Question, Rule, RuleSet};

/// A plan of just this rule.
fn alone(plan: &Plan, rule: &Rule) -> (Plan, Vec<Problem>) {
    bind(&RuleSet { rules: vec![Arc::new(rule.clone())] }, plan.watchlists.clone())
}

pub(super) fn explain(plan: &Plan, rule: &Rule, record: &Record) -> Explanation {
    let (plan, problems) = alone(plan, rule);
    let condition = words(&rule.condition, rule, Place::Outside);
    let Some(bound) = plan.rules.first() else {
        let lines = problems.into_iter().map(|problem| (false, problem.message)).collect();
        let selection = SelectionExplanation { name: "the rule cannot be used".to_owned(), held: false, lines };
        return Explanation { fires: false, condition, selections: vec![selection] };
    };
    let batch = record.to_batch();
    let view = View::new(&batch);
    let answers = answers(&plan, &view, &mut Memo::default());
    let fired = Fired { plan: &plan, view: &view, answers: &answers, row: 0 };
    let explain_one = |(selection, test): (&crate::rules::Selection, &BoundTest)| {
        let mut lines = Vec::new();
        fired.lines(test, Sense::Asked, &mut lines);
        SelectionExplanation { name: selection.name.clone(), held: answers.holds(test, 0), lines }
    };
    Explanation {
        fires: answers.condition(&rule.condition, &bound.tests).get(0),
        condition,
        selections: rule.selections.iter().zip(&bound.tests).map(explain_one).collect(),
    }
}

/// A problem for each example that does not do what it says.
pub(super) fn run_examples(plan: &Plan) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in plan.rules().iter().filter(|rule| !rule.examples.is_empty()) {
        let (single, _) = alone(plan, rule);
        let mut memo = Memo::default();
        problems.extend(rule.examples.iter().filter_map(|example| run(&single, rule, (example, &mut memo))));
    }
    problems
}

fn run(plan: &Plan, rule: &Rule, (example, memo): (&Example, &mut Memo)) -> Option<Problem> {
    let bound = plan.rules.first()?;
    let batch = example.record.to_batch();
    let view = View::new(&batch);
    let answers = answers(plan, &view, memo);
    let fires = answers.condition(&rule.condition, &bound.tests).get(0);
    if fires == example.fires {
        return None;
    }
    let by_outcome = |held: bool| -> Vec<String> {
        let named = rule.selections.iter().zip(&bound.tests);
        let chosen = named.filter(|(_, test)| answers.holds(test, 0) == held);
        chosen.map(|(selection, _)| format!("`{}`", selection.name)).collect()
    };
    let (holding, failing) = (listed(&by_outcome(true)), listed(&by_outcome(false)));
    let states = format!("holding: {holding}; not holding: {failing}");
    let (code, message) = if example.fires {
        ("example-quiet", format!("this example should fire, but the condition does not hold ({states})"))
    } else {
        ("example-fires", format!("this example should stay quiet, but the condition holds ({states})"))
    };
    Some(Problem::error(code, &rule.source, example.span.clone(), message))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Whether a predicate is asked, or asked to fail.
#[derive(Clone, Copy)]
enum Sense {
    Asked,
    Denied,
}

impl Fired<'_> {
    fn lines(&self, test: &BoundTest, sense: Sense, out: &mut Vec<(bool, String)>) {
        match test {
            BoundTest::All(tests) | BoundTest::Any(tests) => {
                tests.iter().for_each(|test| self.lines(test, sense, out));
            }
            BoundTest::Not(test) => {
                let turned = match sense {
                    Sense::Asked => Sense::Denied,
                    Sense::Denied => Sense::Asked,
                };
                self.lines(test, turned, out);
            }
            BoundTest::Is(id) => {
                let Some(predicate) = self.plan.predicates.get(*id) else { return };
                let held = Answers::holds(self.answers, test, self.row);
                let mut sentence = self.sentence((*id, predicate), held);
                let holds = match sense {
                    Sense::Asked => held,
                    Sense::Denied => !held,
                };
                if matches!(sense, Sense::Denied) {
                    sentence.insert_str(0, "not: ");
                }
                if holds && (matches!(sense, Sense::Denied) || is_negative(predicate)) && self.is_missing(predicate) {
                    sentence.push_str(", and `neq` holds on a missing value");
                }
                out.push((holds, sentence));
            }
        }
    }

    fn sentence(&self, (id, predicate): (usize, &Predicate), held: bool) -> String {
        let field = self.view.name(&predicate.target);
        let asked = format!("{field} {} {}", predicate.operator, predicate.written);
        let answer = match (&predicate.question, self.plan.tests.get(&id)) {
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
        };
        format!("{}: {}, {answer}", asked.trim_end(), if held { "yes" } else { "no" })
    }

    fn why(&self, (id, predicate): (usize, &Predicate), field: &str) -> String {
        let exists = matches!(predicate.question, Question::Exists(_));
        if exists || is_negative(predicate) || self.is_missing(predicate) {
            return self.says(predicate, field);
        }
        format!("‘{}’", self.matched(id, predicate))
    }

    fn is_missing(&self, predicate: &Predicate) -> bool {
        !matches!(predicate.question, Question::Party(_)) && self.cell(&predicate.target).is_none()
    }

    fn says(&self, predicate: &Predicate, field: &str) -> String {
        said(self.cell(&predicate.target), field)
    }

    fn recognised(&self, named: &super::evidence::Named) -> String {
        let Some(witness) = &named.witness else { return format!("‘{}’", named.name) };
        let entity = self.plan.watchlists.name(witness.entity);
        format!("‘{}’ is {entity} ({})", named.name, witness.path.join("; "))
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

fn said(cell: Option<String>, field: &str) -> String {
    cell.map_or_else(|| format!("{field} is missing"), |cell| format!("{field} says ‘{cell}’"))
}

/// Where a condition stands, for brackets.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Place {
    Outside,
    InOr,
    InAnd,
    InNot,
}

fn words(condition: &Condition, rule: &Rule, place: Place) -> String {
    let joined = |parts: &[Condition], word: &str, inside: Place| {
        let parts: Vec<String> = parts.iter().map(|part| words(part, rule, inside)).collect();
        let text = parts.join(word);
        if place >= inside && parts.len() > 1 { format!("({text})") } else { text }
    };
    match condition {
        Condition::And(parts) => joined(parts, " and ", Place::InAnd),
        Condition::Or(parts) => joined(parts, " or ", Place::InOr),
        Condition::Not(part) => format!("not {}", words(part, rule, Place::InNot)),
        Condition::AtLeast(count, parts) => {
            let parts: Vec<String> = parts.iter().map(|part| words(part, rule, Place::Outside)).collect();
            format!("at least {count} of ({})", parts.join(", "))
        }
        Condition::Selection(index) => {
            rule.selections.get(*index).map_or_else(String::new, |selection| selection.name.clone())
        }
    }
}
