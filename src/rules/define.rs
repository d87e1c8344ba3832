//! Definitions: `define:` documents → selections that every rule of the folder may use by name in a condition.
//!
//! In: documents. Out: what each name stands for, and what is wrong: names given twice, circles, nesting without end.
//! A definition may use others. It binds no entity and evaluates nothing.

use super::block::{self, Block, Context};
use super::detection::Detection;
use super::document::{known_keys, min_score, ownership};
use super::report::Report;
use super::{Condition, NamedEntity, Selection};
use crate::problem::{Problem, SourceText};
use crate::yaml::{Node, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// The keys of a document of definitions.
pub(super) const KEYS: [&str; 12] = [
    "title",
    "id",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "license",
    "tags",
    "ownership",
    "matching",
    "define",
];
/// Words that a condition keeps for itself.
const WORDS: [&str; 7] = ["and", "or", "not", "of", "all", "any", "them"];
/// The most definitions that stand inside one another.
const MOST_NESTED: usize = 16;
/// The most words of a condition once its definitions are put in.
const LARGEST_CONDITION: usize = 10_000;

/// Where each definition stands, known before any is read.
#[derive(Debug, Default)]
pub(super) struct Names {
    places: BTreeMap<String, (Arc<SourceText>, Range<usize>)>,
    /// Those that some condition names, sound or not.
    used: RefCell<BTreeSet<String>>,
    /// A text that cannot be read, in which more may stand.
    pub(super) unread: Option<String>,
}

impl Names {
    /// `file:line:column` of a definition.
    pub(super) fn place(&self, name: &str) -> Option<String> {
        self.places.get(name).map(|(source, span)| place(source, span))
    }

    /// Whether there is such a definition, which is then in use.
    pub(super) fn take(&self, name: &str) -> bool {
        let there = self.places.contains_key(name);
        if there {
            self.used.borrow_mut().insert(name.to_owned());
        }
        there
    }

    /// A note for each definition that nothing uses.
    pub(super) fn unused(&self) -> Vec<Problem> {
        let used = self.used.borrow();
        let unused = self.places.iter().filter(|entry| !used.contains(entry.0));
        let note = |(name, (source, span)): (&String, &(Arc<SourceText>, Range<usize>))| {
            Problem::note("unused-definition", source, span.clone(), format!("nothing uses the definition `{name}`"))
        };
        unused.map(note).collect()
    }

    /// Every name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }
}

/// `file:line:column`.
pub(super) fn place(source: &SourceText, span: &Range<usize>) -> String {
    let (line, column) = source.position(span.start);
    format!("{}:{line}:{column}", source.path)
}

/// Gathers the names of all documents; a name that is given again is a problem at its second place.
pub(super) fn names<'d>(
    documents: impl Iterator<Item = (&'d Arc<SourceText>, &'d Node)>,
    problems: &mut Vec<Problem>,
) -> Names {
    let mut names = Names::default();
    for (source, node) in documents {
        let Some(Value::Map(entries)) = node.get("define").map(|define| &define.value) else { continue };
        for (key, _) in entries {
            let Some(name) = key.text() else { continue };
            match names.place(name) {
                Some(first) => {
                    let message = format!("`{name}` is defined already, in {first}");
                    problems.push(Problem::error("duplicate-definition", source, key.span.clone(), message));
                }
                None => {
                    names.places.insert(name.to_owned(), (source.clone(), key.span.clone()));
                }
            }
        }
    }
    names
}

/// A definition as read, others still by name.
#[derive(Debug)]
struct Draft {
    source: Arc<SourceText>,
    block: Option<Block>,
}

/// What a name stands for: a condition over selections of its own.
#[derive(Debug, Clone)]
struct Meaning {
    selections: Vec<Selection>,
    condition: Condition,
    names: Vec<NamedEntity>,
}

/// Every definition of the folder.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    drafts: BTreeMap<String, Draft>,
    meanings: BTreeMap<String, Option<Meaning>>,
}

impl Definitions {
    /// Reads a document.
    pub(super) fn read(&mut self, node: &Node, report: &mut Report<'_>, context: Context<'_>) {
        if let Value::Map(entries) = &node.value {
            known_keys("a document of definitions", entries, &KEYS, report);
        }
        let context = Context { ownership: ownership(node, report), min_score: min_score(node, report), ..context };
        let Some(define) = node.get("define") else { return };
        let Value::Map(entries) = &define.value else {
            report.error("wrong-shape", &define.span, "`define` must be a map of names and selections");
            return;
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or("");
            let before = report.problems.len();
            let block = one(key, value, context, report);
            let sound = !report.problems.iter().skip(before).any(Problem::is_error);
            if !self.drafts.contains_key(name) {
                let draft = Draft { source: report.source.clone(), block: block.filter(|_| sound) };
                self.drafts.insert(name.to_owned(), draft);
            }
        }
    }

    /// Knows the names of a document whose file cannot be read whole, so that none of them is used.
    pub(super) fn distrust(&mut self, node: &Node, source: &Arc<SourceText>) {
        let Some(Value::Map(entries)) = node.get("define").map(|define| &define.value) else { return };
        for name in entries.iter().filter_map(|(key, _)| key.text()) {
            self.drafts.insert(name.to_owned(), Draft { source: source.clone(), block: None });
        }
    }

    /// Puts the definitions into one another, once all are read.
    pub(super) fn settle(&mut self, problems: &mut Vec<Problem>) {
        let names: Vec<String> = self.drafts.keys().cloned().collect();
        for name in names {
            self.settle_one(&name, &mut Vec::new(), problems);
        }
    }

    fn settle_one(&mut self, name: &str, inside: &mut Vec<String>, problems: &mut Vec<Problem>) {
        if self.meanings.contains_key(name) {
            return;
        }
        let Some((source, block)) = self.drafts.get(name).map(|draft| (draft.source.clone(), draft.block.clone()))
        else {
            return;
        };
        let mut report = Report::new(&source);
        let meaning = block.and_then(|block| {
            inside.push(name.to_owned());
            let sound = self.settle_inner(&block, (inside, problems), &mut report);
            inside.pop();
            let Block { selections, condition, names, .. } =
                sound.then(|| self.complete(block, &mut report)).flatten()?;
            Some(Meaning { selections, condition, names })
        });
        problems.append(&mut report.problems);
        self.meanings.insert(name.to_owned(), meaning);
    }

    fn settle_inner(
        &mut self,
        block: &Block,
        (inside, problems): (&mut Vec<String>, &mut Vec<Problem>),
        report: &mut Report<'_>,
    ) -> bool {
        let mut sound = true;
        for (other, span) in &block.shared {
            if let Some(from) = inside.iter().position(|name| name == other) {
                let circle: Vec<&str> = inside.iter().skip(from).map(String::as_str).chain([other.as_str()]).collect();
                report.error(
                    "definition-circle",
                    span,
                    format!("a definition cannot use itself: {}", circle.join(" → ")),
                );
                sound = false;
            } else if inside.len() >= MOST_NESTED {
                let message = format!("definitions stand inside one another more than {MOST_NESTED} deep");
                report.error("definition-too-deep", span, message);
                sound = false;
            } else {
                self.settle_one(other, inside, problems);
            }
        }
        sound
    }

    /// The block with the definitions that it names put in; `None` when one of them cannot be used.
    pub(super) fn complete(&self, block: Block, report: &mut Report<'_>) -> Option<Block> {
        let Block { mut selections, condition, shared, mut names } = block;
        let own = selections.len();
        let mut parts = Vec::new();
        for (name, span) in &shared {
            let meaning = self.meaning(name, span, report)?;
            let mut places = Vec::new();
            for selection in &meaning.selections {
                let known = selections.iter().skip(own).position(|known| known.name == selection.name);
                places.push(known.map_or(selections.len(), |known| own + known));
                if known.is_none() {
                    selections.push(selection.clone());
                }
            }
            for entity in &meaning.names {
                if !names.contains(entity) {
                    names.push(entity.clone());
                }
            }
            parts.push(rewritten(&meaning.condition, &|at| places.get(at).map(|at| Condition::Selection(*at))));
        }
        let sizes: Vec<usize> = parts.iter().map(|part| size(part, &|_| 1)).collect();
        let part = |at: usize| at.checked_sub(own);
        if size(&condition, &|at| part(at).and_then(|at| sizes.get(at).copied()).unwrap_or(1)) > LARGEST_CONDITION {
            let span = shared.first().map_or(0..0, |first| first.1.clone());
            let message = format!("with its definitions this condition has more than {LARGEST_CONDITION} words");
            report.error("condition-too-large", &span, message);
            return None;
        }
        let condition = rewritten(&condition, &|at| parts.get(part(at)?).cloned());
        Some(Block { selections, condition, shared: Vec::new(), names })
    }

    fn meaning(&self, name: &str, span: &Range<usize>, report: &mut Report<'_>) -> Option<&Meaning> {
        let meaning = self.meanings.get(name).and_then(Option::as_ref);
        if meaning.is_none() {
            report.error("broken-definition", span, format!("the definition `{name}` cannot be used"));
            if let Some(draft) = self.drafts.get(name) {
                report.hint(format!("see what is wrong with it in {}", draft.source.path));
            }
        }
        meaning
    }
}

/// A definition is a selection, or a map with a `condition` over selections of its own.
fn one(key: &Node, value: &Node, context: Context<'_>, report: &mut Report<'_>) -> Option<Block> {
    let name = key.text().unwrap_or("");
    let reserved = WORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
    if name.is_empty()
        || reserved
        || name.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '|' | '*' | '.'))
    {
        report.error("bad-name", &key.span, format!("a condition could not name the definition `{name}`"));
        report.hint("letters, digits and `_`, and none of the words and, or, not, of, all, any, them");
        return None;
    }
    if value.get("condition").is_some() {
        let mut block = block::read(value, &["condition"], context, report)?;
        block.selections.iter_mut().for_each(|selection| selection.name = format!("{name}.{}", selection.name));
        return Some(block);
    }
    let Context { lists, ownership, min_score, .. } = context;
    let mut reader = Detection { report, lists, ownership, min_score, names: Vec::new() };
    let test = reader.selection(value)?;
    let selections = vec![Selection { name: name.to_owned(), test }];
    Some(Block { selections, condition: Condition::Selection(0), shared: Vec::new(), names: reader.names })
}

/// The condition with some selections replaced.
pub(super) fn rewritten(condition: &Condition, other: &impl Fn(usize) -> Option<Condition>) -> Condition {
    let all = |parts: &[Condition]| parts.iter().map(|part| rewritten(part, other)).collect();
    match condition {
        Condition::And(parts) => Condition::And(all(parts)),
        Condition::Or(parts) => Condition::Or(all(parts)),
        Condition::Not(part) => Condition::Not(Box::new(rewritten(part, other))),
        Condition::AtLeast(count, parts) => Condition::AtLeast(*count, all(parts)),
        Condition::Selection(at) => other(*at).unwrap_or(Condition::Selection(*at)),
    }
}

fn size(condition: &Condition, of: &impl Fn(usize) -> usize) -> usize {
    match condition {
        Condition::And(parts) | Condition::Or(parts) | Condition::AtLeast(_, parts) => {
            parts.iter().map(|part| size(part, of)).sum::<usize>() + 1
        }
        Condition::Not(part) => size(part, of) + 1,
        Condition::Selection(at) => of(*at),
    }
}
