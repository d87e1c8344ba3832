//! Style, as far as only a bound plan shows it: examples that show nothing, entities that records may write otherwise.
//! In: a plan. Out: notes with positions.

use super::Plan;
use super::explain::explain;
use crate::problem::Problem;
use crate::rules::{NameKind, NamedEntity, Rule};

pub(super) fn notes(plan: &Plan) -> Vec<Problem> {
    let mut notes: Vec<Problem> = Vec::new();
    for rule in plan.rules() {
        let found = rule.names.iter().filter_map(|name| one_script(plan, name)).chain(vague_examples(plan, rule));
        // What a definition or a filter says is told once, however many rules use it.
        for note in found {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// A quiet example that more than one selection keeps quiet does not show what any of them is for.
fn vague_examples<'p>(plan: &'p Plan, rule: &'p Rule) -> impl Iterator<Item = Problem> + use<'p> {
    rule.examples.iter().filter(|example| !example.fires).filter_map(|example| {
        let missing = explain(plan, rule, &example.record).missing;
        let names: Vec<String> = missing.iter().map(|missing| format!("`{}`", missing.selection)).collect();
        (names.len() > 1).then(|| {
            let message = format!("this example stays quiet for more than one reason: {}", names.join(", "));
            Problem::note("vague-example", &rule.source, example.span.clone(), message)
                .with_hint("let it differ from a record that fires in one thing alone")
        })
    })
}

fn one_script(plan: &Plan, named: &NamedEntity) -> Option<Problem> {
    let entities = match named.kind {
        NameKind::Entity => plan.watchlists.named(&named.name).ok()?,
        NameKind::Listed | NameKind::Address => return None,
    };
    plan.watchlists.in_one_script(&entities).then(|| {
        let message = format!("the watchlist has the names of `{}` in one script only", named.name);
        Problem::note("one-script", &named.source, named.span.clone(), message)
            .with_hint("add the name that records of the other script would have, where you know it")
    })
}
