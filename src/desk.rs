//! The analyst's desk: the texts under the rules folder, read, checked, compiled and bound into one plan.
//!
//! In: a folder, or texts from elsewhere (the ledger's last good ones, the shipped ones). Out: a [`Desk`] that files are
//! read and evaluated with, and every problem of every text. It decides nothing about what happens to a broken text.

#![expect(clippy::disallowed_methods, reason = "reads the rules folder")]

mod folder;

pub use folder::{content_hash, is_test, read_folder, read_tests, stamp};

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::evaluate::{self, Plan};
use crate::finding::hash;
use crate::intake::{Layouts, RATES, Rates};
use crate::problem::{self, Problem, SourceText};
use crate::rules::{self, Known, RuleSet, RuleTexts};
use crate::watchlist::{ListFile, Watchlists, list_name};

/// What a text is, by the folder that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum TextKind {
    Rule,
    List,
    Watchlist,
    Layout,
}

impl TextKind {
    /// Every kind with its folder below the rules folder and the endings that are read there.
    pub const ALL: [(TextKind, &'static str, &'static [&'static str]); 4] = [
        (TextKind::Rule, "", &["yaml", "yml"]),
        (TextKind::List, "lists", &["txt", "csv", "yaml", "yml"]),
        (TextKind::Watchlist, "watchlists", &["yaml", "yml", "csv", "tsv", "txt", "json", "jsonl", "ndjson", "xml"]),
        (TextKind::Layout, "layouts", &["yaml", "yml"]),
    ];

    /// The word in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            TextKind::Rule => "rule",
            TextKind::List => "list",
            TextKind::Watchlist => "watchlist",
            TextKind::Layout => "layout",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<TextKind> {
        TextKind::ALL.into_iter().map(|entry| entry.0).find(|kind| kind.name() == name)
    }
}

/// One text that an analyst edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskText {
    /// What it is.
    pub kind: TextKind,
    /// Path and text; of a watchlist in a folder the path alone.
    pub source: Arc<SourceText>,
    /// Where a watchlist's content lies, since it may be large.
    pub content: Option<ListContent>,
}

/// The content of a file of a watchlist, which is read when it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListContent {
    /// The file that holds it.
    pub at: PathBuf,
    /// Of its bytes, 32 hex digits.
    pub hash: String,
}

impl DeskText {
    /// A text that is held whole.
    pub fn new(kind: TextKind, path: impl Into<String>, text: impl Into<String>) -> DeskText {
        DeskText { kind, source: SourceText::new(path, text), content: None }
    }

    /// What it says, by hash.
    fn identity(&self) -> &str {
        self.content.as_ref().map_or(self.source.text.as_str(), |content| content.hash.as_str())
    }
}

/// The watchlists that were loaded last, so that an edit of a rule does not load them again.
#[derive(Debug, Default)]
pub struct Shelf {
    key: String,
    lists: Arc<Watchlists>,
    problems: Vec<Problem>,
}

impl Shelf {
    /// The watchlists among the texts, loaded unless they are here already.
    pub fn take(&mut self, texts: &[DeskText]) -> (Arc<Watchlists>, Vec<Problem>) {
        let chosen: Vec<&DeskText> = texts.iter().filter(|text| text.kind == TextKind::Watchlist).collect();
        let parts: Vec<&str> = chosen.iter().flat_map(|text| [text.source.path.as_str(), text.identity()]).collect();
        let key = hash(&parts);
        if self.key != key {
            let mut unreadable = Vec::new();
            let files = chosen.iter().filter_map(|text| match open(text) {
                Ok(content) => {
                    let path = text.source.path.clone();
                    Some(ListFile { list: list_name(&path).to_owned(), path, content })
                }
                Err(cause) => {
                    let message = format!("cannot be read: {cause}");
                    unreadable.push(Problem::whole_file("unreadable", text.source.path.clone(), message));
                    None
                }
            });
            let (lists, problems) = Watchlists::read(files);
            *self = Shelf { key, lists: Arc::new(lists), problems };
            self.problems.extend(unreadable);
        }
        (self.lists.clone(), self.problems.clone())
    }
}

/// The rules folder that a file belongs to: its own folder, or the one above `lists`, `watchlists` and `layouts`.
pub fn folder_of(path: &Path) -> PathBuf {
    let parent = path.parent().unwrap_or(Path::new(""));
    let name = parent.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let is_below = TextKind::ALL.iter().any(|(_, below, _)| !below.is_empty() && *below == name);
    let folder = if is_below { parent.parent().unwrap_or(parent) } else { parent };
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
}

fn open(text: &DeskText) -> std::io::Result<Box<dyn Read + '_>> {
    Ok(match &text.content {
        Some(content) => Box::new(std::fs::File::open(&content.at)?),
        None => Box::new(text.source.text.as_bytes()),
    })
}

/// Everything that a file is read and evaluated with; never changes once made.
#[derive(Debug)]
pub struct Desk {
    /// Compiled rules, also those that could not be bound.
    pub rules: RuleSet,
    /// The rules, bound.
    pub plan: Plan,
    /// The watchlists that the plan is bound to.
    pub watchlists: Arc<Watchlists>,
    /// How files are read.
    pub layouts: Layouts,
    /// Hash of every text and the program's version: which plan a finding was made by.
    pub id: String,
}

/// The texts of a kind.
fn of(texts: &[DeskText], kind: TextKind) -> Vec<Arc<SourceText>> {
    texts.iter().filter(|text| text.kind == kind).map(|text| text.source.clone()).collect()
}

impl Desk {
    /// What works and could be written better, for `check`: notes on rules and lists.
    pub fn style(&self, texts: &[DeskText]) -> Vec<Problem> {
        let rule_texts = RuleTexts { rules: of(texts, TextKind::Rule), lists: of(texts, TextKind::List) };
        let sound = self.plan.rules().iter().map(|rule| rule.card.id.as_str()).collect();
        let mut notes = rules::style::notes(&rule_texts, &sound, self.layouts.supplied().as_ref());
        notes.extend(evaluate::style(&self.plan));
        // Rates are used by the reading of files.
        notes.retain(|note| note.code != "unused-list" || rules::list_name(&note.source.path) != RATES);
        problem::sort(&mut notes);
        notes
    }

    /// Compiles, binds and runs the examples. Value and problems: the only judge of texts, for `check`, start and reload
    /// alike. The problems are sorted by file and place.
    pub fn build(texts: &[DeskText], known: &Known) -> (Desk, Vec<Problem>) {
        Desk::build_from(texts, known, &mut Shelf::default())
    }

    /// The same; watchlists that have not changed are taken from the shelf.
    pub fn build_from(texts: &[DeskText], known: &Known, shelf: &mut Shelf) -> (Desk, Vec<Problem>) {
        let rule_texts = RuleTexts { rules: of(texts, TextKind::Rule), lists: of(texts, TextKind::List) };
        let (rules, mut problems) = rules::compile(&rule_texts, known);
        let (watchlists, more) = shelf.take(texts);
        problems.extend(more);
        let (mut layouts, more) = Layouts::load(&of(texts, TextKind::Layout));
        problems.extend(more);
        let (rates, more) = rates(&rule_texts.lists);
        problems.extend(more);
        layouts.rates = rates;
        let (plan, more) = evaluate::bind(&rules, watchlists.clone());
        problems.extend(more);
        problems.extend(texts.iter().filter(|text| text.kind == TextKind::Layout).filter_map(emptied));
        problems.extend(evaluate::run_examples(&plan));
        let mut problems = without_echoes(problems);
        problem::sort(&mut problems);
        problem::limit(&mut problems);
        let mut parts = vec![env!("CARGO_PKG_VERSION")];
        parts.extend(texts.iter().flat_map(|text| [text.source.path.as_str(), text.identity()]));
        let id = hash(&parts);
        (Desk { rules, plan, watchlists, layouts, id }, problems)
    }
}

/// The rates among the lists, if they are there.
fn rates(lists: &[Arc<SourceText>]) -> (Arc<Rates>, Vec<Problem>) {
    let found = lists.iter().find(|list| rules::list_name(&list.path) == RATES && list.path.ends_with(".csv"));
    let (rates, problems) = found.map(Rates::load).unwrap_or_default();
    (Arc::new(rates), problems)
}

/// A list or layout that was emptied would quietly turn off what rests on it.
fn emptied(text: &DeskText) -> Option<Problem> {
    // A rule file is told by its own reader, a watchlist by its.
    if matches!(text.kind, TextKind::Rule | TextKind::Watchlist) {
        return None;
    }
    let empty = text.source.text.trim_start_matches('\u{feff}').trim().is_empty();
    let problem = || Problem::error("empty-file", &text.source, 0..0, "the file is empty");
    empty.then(|| problem().with_hint("remove the file when it is not wanted any more"))
}

/// What is missing because another file is broken is told with that file, not once more for each rule that waits for it.
fn without_echoes(problems: Vec<Problem>) -> Vec<Problem> {
    let errors = problems.iter().filter(|problem| problem.is_error());
    let broken: BTreeMap<String, Arc<SourceText>> =
        errors.map(|problem| (problem.source.path.clone(), problem.source.clone())).collect();
    let origin = |echo: &Problem| -> Option<String> {
        let name = echo.span.clone().and_then(|span| echo.source.text.get(span))?;
        let name = name.trim_matches(['\'', '"', '%']).to_lowercase();
        let supplies = |source: &Arc<SourceText>| match echo.code {
            "broken-list" => rules::list_name(&source.path).to_lowercase() == name,
            "broken-definition" => source.text.to_lowercase().contains(&format!("{name}:")),
            "unknown-entity" => source.path != echo.source.path && source.text.to_lowercase().contains(&name),
            _ => false,
        };
        broken.values().find(|source| supplies(source)).map(|source| source.path.clone())
    };
    let mut waiting: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut told = Vec::new();
    for problem in problems {
        match origin(&problem) {
            Some(path) => drop(waiting.entry(path).or_default().insert(problem.source.path.clone())),
            None => told.push(problem),
        }
    }
    for (path, rules) in waiting {
        let first = told.iter_mut().find(|problem| problem.is_error() && problem.source.path == path);
        if let Some(first) = first {
            let rules: Vec<String> = rules.into_iter().filter(|rule| *rule != path).collect();
            if rules.is_empty() {
                continue;
            }
            first.message.push_str(&format!("; until it is mended, {} cannot be used", rules.join(", ")));
        }
    }
    told
}

/// The paths that have an error among the problems.
pub fn broken_paths(problems: &[Problem]) -> BTreeSet<String> {
    problems.iter().filter(|problem| problem.is_error()).map(|problem| problem.source.path.clone()).collect()
}
