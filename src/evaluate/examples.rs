//! Examples: the records in a rule that must fire and those that must not, asked as a file's would be. In: a plan. Out: a
//! problem for each that does not do what its rule says.

use super::explain::alone;
use super::view::View;
use super::{Memo, Plan, answers, wording};
use crate::problem::Problem;
use crate::rules::{AppliedFilter, Condition, Example, Rule};

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
    if let Some(filters) = removed_by(rule, |condition| answers.condition(condition, &bound.tests).get(0)) {
        let message = format!("this example should fire, and would but for {filters}");
        return Some(Problem::warning("filter-removes-example", &rule.source, example.span.clone(), message));
    }
    let (holding, failing) = (listed(&by_outcome(true)), listed(&by_outcome(false)));
    let states = format!("holding: {holding}; not holding: {failing}");
    let (code, message) = if example.fires {
        ("example-quiet", format!("this example should fire, but the condition does not hold ({states})"))
    } else {
        ("example-fires", format!("this example should stay quiet, but the condition holds ({states})"))
    };
    Some(Problem::error(code, &rule.source, example.span.clone(), message))
}

/// The filters that alone keep a rule from firing; `None` where its own condition does not hold.
fn removed_by(rule: &Rule, holds: impl Fn(&Condition) -> bool) -> Option<String> {
    let denying: Vec<&AppliedFilter> = rule.filters.iter().filter(|filter| !holds(&filter.condition)).collect();
    if denying.is_empty() || !holds(rule.own_condition()) {
        return None;
    }
    Some(denying.into_iter().map(wording::filter).collect::<Vec<_>>().join(" and "))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
