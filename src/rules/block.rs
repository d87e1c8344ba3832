//! A block: named selections with a condition, as they stand under `detection:`, under `filter:` and in a definition.
//!
//! In: a map, and the names of the folder's definitions. Out: what the block asks, definitions still by name; they are
//! put in by [`super::define::Definitions::complete`].

use super::condition;
use super::define::Names;
use super::detection::Detection;
use super::lists::Lists;
use super::report::Report;
use super::{Condition, NamedEntity, Ownership, Selection};
use crate::problem::did_you_mean;
use crate::yaml::{Node, Value};
use std::ops::Range;

/// What a block's keys are read with.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) lists: &'c Lists,
    pub(super) definitions: &'c Names,
    /// What `owned_by` means where a key does not say.
    pub(super) ownership: Ownership,
}

/// What a block asks. The condition counts the selections first, then the definitions that it names.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) selections: Vec<Selection>,
    pub(super) condition: Condition,
    /// Definitions that the condition names, each with its place.
    pub(super) shared: Vec<(String, Range<usize>)>,
    /// Names that watchlists must supply.
    pub(super) names: Vec<NamedEntity>,
}

/// Reads a block; `others` are keys of the map that are no selections. `None` when a problem is told.
pub(super) fn read(node: &Node, others: &[&str], context: Context<'_>, report: &mut Report<'_>) -> Option<Block> {
    let Value::Map(entries) = &node.value else { return None };
    let near = |entry: &&(Node, Node)| entry.0.text().is_some_and(|text| did_you_mean(text, ["condition"]).is_some());
    if let Some((key, _)) = entries.iter().find(near).filter(|_| node.get("condition").is_none()) {
        report.error("unknown-key", &key.span, format!("`{}` names no selection", key.text().unwrap_or("")));
        report.hint("did you mean `condition`?");
        return None;
    }
    let chosen: Vec<&(Node, Node)> =
        entries.iter().filter(|(key, _)| key.text().is_none_or(|text| !others.contains(&text))).collect();
    let own: Vec<String> = chosen.iter().map(|(key, _)| key.text().unwrap_or("").to_owned()).collect();
    for (key, _) in &chosen {
        clash(key, context.definitions, report);
    }
    let Context { lists, ownership, .. } = context;
    let mut reader = Detection { report: &mut *report, lists, ownership, names: Vec::new() };
    let tests: Vec<_> = chosen.iter().map(|(_, value)| reader.selection(value)).collect();
    let names = reader.names;
    let Some(written) = node.get("condition") else {
        let start = node.span.start;
        report.error("missing-key", &(start..start), "a `condition` is needed beside the selections");
        report.hint(format!("add below the selections: `condition: {}`", own.join(" and ")));
        return None;
    };
    let scope = condition::Scope { own: &own, shared: context.definitions };
    let read = condition::read(written, &scope, report)?;
    for ((key, _), name) in chosen.iter().zip(&own).enumerate().filter(|(at, _)| !read.used.contains(at)).map(|it| it.1)
    {
        report.warning("unused-selection", &key.span, format!("the condition does not name `{name}`"));
    }
    let tests: Option<Vec<_>> = tests.into_iter().collect();
    let selections = own.into_iter().zip(tests?).map(|(name, test)| Selection { name, test }).collect();
    Some(Block { selections, condition: read.condition, shared: read.shared, names })
}

fn clash(key: &Node, definitions: &Names, report: &mut Report<'_>) {
    let Some((name, place)) = key.text().and_then(|name| Some((name, definitions.place(name)?))) else { return };
    // No error: a new definition must not turn off a rule that has long had a selection of that name.
    report.warning("name-clash", &key.span, format!("`{name}` means this selection, not the definition in {place}"));
    report.hint("give one of the two another name");
}
