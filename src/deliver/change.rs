//! Change: a record as it was told and as it is now → where they differ. Pure.

use crate::prose::cell;
use crate::record::{Field, Record};
use crate::rule_card::RuleCard;

/// A field in which two versions of a record differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    /// The field, or `raw.` and the heading.
    pub name: String,
    /// What it said.
    pub before: Option<&'a str>,
    /// What it says.
    pub after: Option<&'a str>,
}

/// Field by field what differs: canonical fields first, then raw columns that the rule reads.
pub(super) fn differing<'a>(before: &'a Record, after: &'a Record, rule: &RuleCard) -> Vec<Difference<'a>> {
    let canonical = Field::all().map(|field| field.name());
    let raw = rule.reads.iter().filter(|name| name.starts_with("raw.")).cloned();
    let both = canonical.chain(raw).map(|name| {
        let (before, after) = (cell(before, &name), cell(after, &name));
        Difference { name, before, after }
    });
    both.filter(|difference| difference.before != difference.after).collect()
}
