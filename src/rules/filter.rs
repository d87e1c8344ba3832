//! Filters: Sigma's documents that take records away from rules without touching the rules.
//!
//! In: a document with `filter:`. Out: a filter; applied to a rule, its condition must hold beside the rule's own. It
//! judges no record.

use super::block::{self, Block, Context};
use super::define::{Definitions, rewritten};
use super::document::{self, known_keys};
use super::report::Report;
use super::{AppliedFilter, Condition, Known, Rule, Selection, logsource};
use crate::problem::SourceText;
use crate::yaml::{Node, Value};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// The keys of a filter's document.
pub(super) const KEYS: [&str; 15] = [
    "title",
    "id",
    "name",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "license",
    "related",
    "tags",
    "taxonomy",
    "logsource",
    "ownership",
    "filter",
];

/// A filter and the rules that it speaks of.
#[derive(Debug)]
pub(super) struct Filter {
    name: String,
    source: Arc<SourceText>,
    span: Range<usize>,
    pub(super) rules: Rules,
    block: Block,
    elsewhere: Option<Selection>,
}

/// The rules that a filter speaks of.
#[derive(Debug)]
pub(super) enum Rules {
    All,
    /// Ids or names, each with its place.
    Named(Vec<(String, Range<usize>)>),
}

impl Rules {
    /// Ids and names, each with its place.
    pub(super) fn named(&self) -> &[(String, Range<usize>)] {
        match self {
            Rules::All => &[],
            Rules::Named(named) => named,
        }
    }
}

/// Reads a document; `None` when a problem is told.
pub(super) fn read(
    node: &Node,
    report: &mut Report<'_>,
    (context, known, definitions): (Context<'_>, &Known, &Definitions),
) -> Option<Filter> {
    if let Value::Map(entries) = &node.value {
        known_keys("a filter", entries, &KEYS, report);
    }
    document::required(node, "title", report);
    let id = node.get("id").map(|_| document::id(node, report));
    let elsewhere = logsource::read(node.get("logsource"), known, report);
    let context = Context { ownership: document::ownership(node, report), ..context };
    let filter = node.get("filter")?;
    if !matches!(filter.value, Value::Map(_)) {
        report.error("wrong-shape", &filter.span, "`filter` must be a map with `rules`, selections and a `condition`");
        return None;
    }
    let rules = rules(filter, report);
    let block = block::read(filter, &["condition", "rules"], context, report)?;
    if let Some(condition) = filter.get("condition").filter(|_| !denies(&block.condition)) {
        let message = "the rules then fire only where this holds; a filter is wanted to take records away";
        report.warning("filter-inverted", &condition.span, message);
        report.hint(format!("write `condition: not {}`", condition.text().unwrap_or("selection").trim()));
    }
    let block = definitions.complete(block, report)?;
    let name = match id {
        Some(id) => id?.0,
        None => stem(report.source),
    };
    Some(Filter { name, source: report.source.clone(), span: node.span.clone(), rules: rules?, block, elsewhere })
}

fn rules(filter: &Node, report: &mut Report<'_>) -> Option<Rules> {
    let Some(node) = filter.get("rules") else {
        let start = filter.span.start;
        report.error("missing-key", &(start..start), "a filter needs `rules`");
        report.hint("a list of rule ids, or `any`");
        return None;
    };
    if node.text().is_some_and(|text| ["any", "all"].contains(&text.to_lowercase().as_str())) {
        return Some(Rules::All);
    }
    let named = report.texts("rules", node);
    if named.is_empty() {
        report.error("empty-value", &node.span, "the filter speaks of no rule");
        report.hint("a list of rule ids, or `any`");
        return None;
    }
    Some(Rules::Named(named))
}

fn stem(source: &SourceText) -> String {
    Path::new(&source.path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

/// Whether something must not hold.
fn denies(condition: &Condition) -> bool {
    match condition {
        Condition::And(parts) | Condition::Or(parts) | Condition::AtLeast(_, parts) => parts.iter().any(denies),
        Condition::Not(_) => true,
        Condition::Selection(_) => false,
    }
}

impl Filter {
    /// Adds the filter's condition to the rule's own; its selections stand under the filter's name.
    pub(super) fn apply(&self, rule: &mut Rule) {
        let first = rule.selections.len();
        let named = |selection: &Selection| Selection {
            name: format!("{}.{}", self.name, selection.name),
            test: selection.test.clone(),
        };
        rule.selections.extend(self.block.selections.iter().map(named));
        let mut condition = rewritten(&self.block.condition, &|at| Some(Condition::Selection(first + at)));
        if let Some(elsewhere) = &self.elsewhere {
            condition = Condition::Or(vec![Condition::Selection(rule.selections.len()), condition]);
            rule.selections.push(elsewhere.clone());
        }
        for entity in &self.block.names {
            if !rule.names.contains(entity) {
                rule.names.push(entity.clone());
            }
        }
        rule.filters.push(AppliedFilter {
            name: self.name.clone(),
            source: self.source.clone(),
            span: self.span.clone(),
            condition: condition.clone(),
        });
        rule.condition = match std::mem::replace(&mut rule.condition, Condition::And(Vec::new())) {
            Condition::And(mut parts) if rule.filters.len() > 1 => {
                parts.push(condition);
                Condition::And(parts)
            }
            own => Condition::And(vec![own, condition]),
        };
    }

    /// `file:line:column`.
    pub(super) fn place(&self) -> String {
        super::define::place(&self.source, &self.span)
    }

    /// Its name among filters.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The text that it stands in.
    pub(super) fn source(&self) -> &Arc<SourceText> {
        &self.source
    }
}
