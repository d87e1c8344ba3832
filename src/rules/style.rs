//! Style: what works, and that a careful author would write otherwise. Notes only, for `check`.
//!
//! In: the texts of a folder and which of its rules can be used. Out: notes with positions. A rule that has an error is not
//! asked for its style.

use super::lists::list_name;
use super::names::{self, Place};
use super::{RuleTexts, Target};
use crate::problem::{Problem, SourceText};
use crate::record::{Field, FieldKind, FieldSet, Part};
use crate::yaml::{self, Node, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Notes on lists and on the rules of these ids; `supplied` are the fields that any layout knows, none when there are no
/// layouts.
pub fn notes(texts: &RuleTexts, sound: &BTreeSet<&str>, supplied: Option<&FieldSet>) -> Vec<Problem> {
    let mut notes: Vec<Problem> = unused_lists(texts).collect();
    for source in &texts.rules {
        let (documents, _) = yaml::parse(source, yaml::Limits::default());
        for document in &documents {
            let Some(id) = document.get("id").filter(|id| id.text().is_some_and(|id| sound.contains(id))) else {
                continue;
            };
            let mut reader = Reader { source, supplied, notes: &mut notes };
            if document.get("filter").is_none() && document.get("examples").is_none() {
                let told = "the rule has no examples: nothing shows that it fires, and that it stays quiet";
                reader.note(
                    "no-examples",
                    id,
                    told,
                    "write `examples:` with records that fire and records that stay quiet",
                );
            }
            if let Some(Value::Map(selections)) = document.get("detection").map(|detection| &detection.value) {
                let selections = selections.iter().filter(|(name, _)| name.text() != Some("condition"));
                selections.for_each(|(_, selection)| reader.selection(selection));
            }
        }
    }
    notes
}

/// Lists that no text of a rule names.
fn unused_lists(texts: &RuleTexts) -> impl Iterator<Item = Problem> + use<'_> {
    let is_named = |name: &str| {
        let written = format!("%{name}%");
        texts.rules.iter().any(|source| source.text.contains(&written))
    };
    texts.lists.iter().filter_map(move |source| {
        let name = list_name(&source.path);
        let told = format!("no rule uses the list `{name}`");
        (!is_named(&name)).then(|| {
            Problem::note("unused-list", source, 0..0, told)
                .with_hint(format!("write '%{name}%' where a value stands, or delete the file"))
        })
    })
}

struct Reader<'r> {
    source: &'r Arc<SourceText>,
    supplied: Option<&'r FieldSet>,
    notes: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn note(&mut self, code: &'static str, at: &Node, message: impl Into<String>, hint: impl Into<String>) {
        self.notes.push(Problem::note(code, self.source, at.span.clone(), message).with_hint(hint));
    }

    fn selection(&mut self, node: &Node) {
        match &node.value {
            Value::Map(entries) => entries.iter().for_each(|(key, value)| self.key(key, value)),
            Value::List(items) => items.iter().for_each(|item| self.selection(item)),
            Value::Scalar { .. } => {}
        }
    }

    fn key(&mut self, key: &Node, value: &Node) {
        let Some(text) = key.text() else { return };
        let mut words = text.split('|');
        let name = words.next().unwrap_or("");
        let Some(place) = names::resolve(name) else { return };
        if let Some(field) = single(&place).filter(|field| self.supplied.is_some_and(|known| !known.contains(*field))) {
            let told = format!("no layout supplies `{field}`: it is missing in every record");
            self.note(
                "unsupplied-field",
                key,
                told,
                "add its heading to a layout in `rules/layouts/`, or read the column as `raw.HEADING`",
            );
        }
        let is_text = matches!(place, Place::Cells(_, Some(FieldKind::Text)));
        let modifiers: Vec<&str> = words.collect();
        if is_text && matches!(modifiers.as_slice(), ["contains"] | ["contains", "all"]) && is_of_words(value) {
            let told = format!(
                "`contains` looks inside words and at these very letters; `{name}|mentions` finds the words in any case, script and ending"
            );
            self.note(
                "contains-for-words",
                key,
                told,
                format!("write `{name}|mentions`, unless a part of a word is meant"),
            );
        }
    }
}

/// The one canonical field that a key reads; groups of parties ask whoever is there.
fn single(place: &Place) -> Option<Field> {
    match place {
        Place::Cells(targets, Some(_)) => match targets.as_slice() {
            [Target::Field(field)] => Some(*field),
            _ => None,
        },
        Place::Party(who) if !who.is_group() => who.roles.first().map(|role| Field::Party(*role, Part::Name)),
        Place::Cells(..) | Place::HsDigits(_) | Place::Party(_) => None,
    }
}

/// Whether every value is a word or a phrase of at least three letters, without a sign that `contains` alone understands.
fn is_of_words(value: &Node) -> bool {
    let is_phrase = |text: &str| {
        let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
        letters >= 3 && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-'))
    };
    match &value.value {
        Value::List(items) => !items.is_empty() && items.iter().all(|item| item.text().is_some_and(is_phrase)),
        Value::Scalar { .. } => value.text().is_some_and(is_phrase),
        Value::Map(_) => false,
    }
}
