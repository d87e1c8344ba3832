//! The analyst's desk: the texts under the rules folder, read, checked, compiled and bound into one plan.
//!
//! In: a folder, or texts from elsewhere (the ledger's last good ones, the shipped ones). Out: a [`Desk`] that files are
//! read and evaluated with, and every problem of every text. It decides nothing about what happens to a broken text.

#![expect(clippy::disallowed_methods, reason = "reads the rules folder")]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::evaluate::{self, Plan};
use crate::finding::hash;
use crate::intake::Layouts;
use crate::problem::{self, Problem, SourceText};
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
                Ok(source) => texts.push(DeskText { kind, source }),
                Err(problem) => problems.push(problem),
            }
        }
    }
    Ok((texts, problems))
}

/// The rules folder that a file belongs to: its own folder, or the one above `lists`, `watchlists` and `layouts`.
pub fn folder_of(path: &Path) -> PathBuf {
    let parent = path.parent().unwrap_or(Path::new(""));
    let name = parent.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let is_below = TextKind::ALL.iter().any(|(_, below, _)| !below.is_empty() && *below == name);
    let folder = if is_below { parent.parent().unwrap_or(parent) } else { parent };
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
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

fn read_text(path: &Path) -> Result<Arc<SourceText>, Problem> {
    let shown = path.display().to_string();
    let unreadable = |cause: String| Problem::whole_file("unreadable", &shown, format!("cannot be read: {cause}"));
    let size = std::fs::metadata(path).map_err(|cause| unreadable(cause.to_string()))?.len();
    if size > LARGEST_TEXT {
        let message = format!("{size} bytes are more than the {LARGEST_TEXT} that are read");
        return Err(Problem::whole_file("too-large", &shown, message));
    }
    let bytes = std::fs::read(path).map_err(|cause| unreadable(cause.to_string()))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText::new(shown, text)),
        Err(error) => Err(not_utf8(&shown, error.as_bytes(), error.utf8_error().valid_up_to())),
    }
}

/// The place where the text stops being UTF-8, shown in the encoding that it is probably in.
fn not_utf8(path: &str, bytes: &[u8], valid: usize) -> Problem {
    let message = format!("this is not UTF-8: the byte at offset {valid} begins no character");
    let Some(encoding) = crate::intake::guess_encoding(bytes) else {
        let hint = "this looks like no text at all; save it as UTF-8 text";
        return Problem::whole_file("not-utf8", path, message).with_hint(hint);
    };
    let (text, _, _) = encoding.decode(bytes);
    let before = bytes.get(..valid).map_or(0, |before| encoding.decode(before).0.len());
    let source = SourceText::new(path, text);
    let hint = format!("it looks like {}: open it in an editor and save it as UTF-8", encoding.name().to_lowercase());
    Problem::error("not-utf8", &source, before..before, message).with_hint(hint)
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
    /// Compiles, binds and runs the examples. Value and problems: the only judge of texts, for `check`, start and reload
    /// alike. The problems are sorted by file and place.
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
        problems.extend(
            texts.iter().filter(|text| matches!(text.kind, TextKind::Watchlist | TextKind::Layout)).filter_map(emptied),
        );
        problems.extend(evaluate::run_examples(&plan));
        let mut problems = without_echoes(problems, texts);
        problem::sort(&mut problems);
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

/// What is missing because another file is broken is told with that file, not once more for each rule that waits for it.
fn without_echoes(problems: Vec<Problem>, texts: &[DeskText]) -> Vec<Problem> {
    let broken = broken_paths(&problems);
    let broken: Vec<&Arc<SourceText>> =
        texts.iter().map(|text| &text.source).filter(|source| broken.contains(&source.path)).collect();
    let origin = |echo: &Problem| -> Option<String> {
        let name = echo.span.clone().and_then(|span| echo.source.text.get(span))?;
        let name = name.trim_matches(['\'', '"', '%']).to_lowercase();
        let supplies = |source: &Arc<SourceText>| match echo.code {
            "broken-list" => rules::list_name(&source.path).to_lowercase() == name,
            "broken-definition" => source.text.to_lowercase().contains(&format!("{name}:")),
            "unknown-entity" => source.path != echo.source.path && source.text.to_lowercase().contains(&name),
            _ => false,
        };
        broken.iter().find(|source| supplies(source)).map(|source| source.path.clone())
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
