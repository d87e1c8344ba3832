//! The analyst's desk: the texts under the rules folder, read, checked, compiled and bound into one plan.
//!
//! In: a folder, or texts from elsewhere (the ledger's last good ones, the shipped ones). Out: a [`Desk`] that files are
//! read and evaluated with, and every problem of every text. It decides nothing about what happens to a broken text.

#![expect(clippy::disallowed_methods, reason = "reads the rules folder")]

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::evaluate::{self, Plan};
use crate::finding::hash;
use crate::intake::Layouts;
use crate::problem::{Problem, Severity, SourceText};
use crate::rules::{self, Known, RuleSet, RuleTexts};
use crate::watchlist::Watchlists;

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
        (TextKind::Watchlist, "watchlists", &["yaml", "yml"]),
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
    /// Path and text.
    pub source: Arc<SourceText>,
}

/// The largest text that is read.
const LARGEST_TEXT: u64 = 64 << 20;

/// Reads every text of a rules folder; a file that cannot be read is a problem, not an end.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn read_folder(folder: &Path) -> io::Result<(Vec<DeskText>, Vec<Problem>)> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    std::fs::read_dir(folder)?;
    for (kind, below, endings) in TextKind::ALL {
        let Ok(entries) = std::fs::read_dir(folder.join(below)) else { continue };
        let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        paths.sort();
        for path in paths.iter().filter(|path| is_read(path, endings)) {
            match read_text(path) {
                Ok(text) => texts.push(DeskText { kind, source: SourceText::new(path.display().to_string(), text) }),
                Err(cause) => problems.push(
                    Problem::whole_file("unreadable", path.display().to_string(), format!("cannot be read: {cause}"))
                        .with_hint("make it a readable UTF-8 text of at most 64 MiB"),
                ),
            }
        }
    }
    Ok((texts, problems))
}

/// Changes whenever a text is written, added or removed: paths, sizes and times, without reading the texts.
pub fn stamp(folder: &Path) -> String {
    let mut parts = Vec::new();
    for (_, below, endings) in TextKind::ALL {
        let Ok(entries) = std::fs::read_dir(folder.join(below)) else { continue };
        for path in
            entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| is_read(path, endings))
        {
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            parts.push(format!("{} {} {:?}", path.display(), metadata.len(), metadata.modified().ok()));
        }
    }
    parts.sort();
    hash(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn is_read(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    !name.starts_with('.') && !name.ends_with(".test.yaml") && endings.contains(&ending) && path.is_file()
}

fn read_text(path: &Path) -> io::Result<String> {
    let size = std::fs::metadata(path)?.len();
    if size > LARGEST_TEXT {
        return Err(io::Error::other(format!("{size} bytes are more than 64 MiB")));
    }
    std::fs::read_to_string(path)
}

/// Everything that a file is read and evaluated with; never changes once made.
#[derive(Debug)]
pub struct Desk {
    /// Compiled rules, also those that could not be bound.
    pub rules: RuleSet,
    /// The rules, bound.
    pub plan: Plan,
    /// How files are read.
    pub layouts: Layouts,
    /// Hash of every text and the program's version: which plan a finding was made by.
    pub id: String,
}

impl Desk {
    /// Compiles and binds; value and problems, worst first within a file as written.
    pub fn build(texts: &[DeskText], known: &Known) -> (Desk, Vec<Problem>) {
        let of = |kind: TextKind| -> Vec<Arc<SourceText>> {
            texts.iter().filter(|text| text.kind == kind).map(|text| text.source.clone()).collect()
        };
        let rule_texts = RuleTexts { rules: of(TextKind::Rule), lists: of(TextKind::List) };
        let (rules, mut problems) = rules::compile(&rule_texts, known);
        let (watchlists, more) = Watchlists::load(&of(TextKind::Watchlist));
        problems.extend(more);
        let (layouts, more) = Layouts::load(&of(TextKind::Layout));
        problems.extend(more);
        let (plan, more) = evaluate::bind(&rules, Arc::new(watchlists));
        problems.extend(more);
        problems.extend(texts.iter().filter(|text| text.kind != TextKind::Rule).filter_map(emptied));
        let mut parts = vec![env!("CARGO_PKG_VERSION")];
        parts.extend(texts.iter().flat_map(|text| [text.source.path.as_str(), text.source.text.as_str()]));
        let id = hash(&parts);
        (Desk { rules, plan, layouts, id }, problems)
    }
}

/// A list or watchlist that was emptied would quietly turn off what rests on it.
fn emptied(text: &DeskText) -> Option<Problem> {
    let empty = text.source.text.trim_start_matches('\u{feff}').trim().is_empty();
    let problem = || Problem::error("empty-file", &text.source, 0..0, "the file is empty");
    empty.then(|| problem().with_hint("remove the file when it is not wanted any more"))
}

/// The paths that have an error among the problems.
pub fn broken_paths(problems: &[Problem]) -> std::collections::BTreeSet<String> {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| problem.source.path.clone()).collect()
}
