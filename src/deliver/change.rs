//! Change: a record as it was told and as it is now → where they differ, and where it stood. Pure.

use crate::alert::{News, Told};
use crate::finding::Evidence;
use crate::prose::{cell, clean, words};
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

/// Where an earlier version stood, and whom the record matches since; or that it was not told to this reader.
pub(super) fn earlier(told: &Told) -> Vec<String> {
    let before = match &told.news {
        News::New => return Vec::new(),
        News::NewToReader { before } => {
            let place = words::place(&before.record);
            return vec![format!("New to you: an earlier version was not told to you. It stood in {place}.")];
        }
        News::Amended { before } => before,
    };
    let is_known = |evidence: &Evidence| before.evidence.iter().any(|known| evidence.is_same_entity(known));
    let now = &told.finding.evidence;
    let also = if now.iter().any(is_known) { " also" } else { "" };
    let mut said = vec![format!("Told to you before as it stood in {}.", words::place(&before.record))];
    for evidence in now.iter().filter(|evidence| !is_known(evidence)) {
        let Some(entity) = &evidence.entity else { continue };
        let sentence = format!("Now{also} matches {}: {}.", clean(entity, 160), words::why(evidence));
        said.extend(Some(sentence).filter(|sentence| !said.contains(sentence)));
    }
    said
}
