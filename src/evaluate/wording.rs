//! Wording: conditions and cells as a rule's author reads them. Nothing is asked or decided here.

use crate::rules::{AppliedFilter, Condition, Rule};

/// Letters of a cell that are quoted.
const QUOTED: usize = 160;

/// What a cell says.
pub(super) fn said(cell: Option<String>, field: &str) -> String {
    cell.map_or_else(|| format!("{field} is missing"), |cell| format!("{field} says ‘{}’", cut(&cell)))
}

/// As much of a cell as is quoted.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("").trim_end()),
        None => text.to_owned(),
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Names that are listed when there are many.
const LISTED: usize = 5;

/// The first few names, and how many there are besides.
pub(super) fn some(names: &[&str]) -> String {
    let listed = names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// Where a condition stands, for brackets.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Place {
    Outside,
    InOr,
    InAnd,
    InNot,
}

/// The condition of a rule with the names of its selections, and the filters that have a part in it.
pub(super) fn condition(rule: &Rule) -> String {
    let condition = words(&rule.condition, rule, Place::Outside);
    if rule.filters.is_empty() {
        return condition;
    }
    let filters: Vec<String> = rule.filters.iter().map(filter).collect();
    format!("{condition}, by {}", filters.join(" and "))
}

/// A filter and where it stands.
pub(super) fn filter(filter: &AppliedFilter) -> String {
    let (line, column) = filter.source.position(filter.span.start);
    format!("the filter `{}` ({}:{line}:{column})", filter.name, filter.source.path)
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
