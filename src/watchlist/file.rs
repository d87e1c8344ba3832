//! Our own YAML: what a watchlist file says, as written. In: a source text. Out: the file's shape, or a problem with
//! its place. It never judges what the values mean.
use crate::problem::{Problem, SourceText};
use serde::Deserialize;
use serde_yaml::Spanned;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A file with a head.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWritten {
    #[serde(default, rename = "name")]
    _name: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    entities: Vec<EntityWritten>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityWritten {
    pub(super) id: Spanned<String>,
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    pub(super) country: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    #[serde(default)]
    pub(super) identifiers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) topics: Vec<String>,
    #[serde(default)]
    pub(super) same_as: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) listed: Vec<ListedWritten>,
    #[serde(default)]
    pub(super) parents: Vec<ParentWritten>,
    #[serde(default)]
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListedWritten {
    pub(super) programme: String,
    #[serde(default)]
    pub(super) from: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) until: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParentWritten {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    pub(super) percent: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) kind: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) from: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) until: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) source: Option<String>,
}

/// Every key of the format, for "did you mean".
const KEYS: [&str; 17] = [
    "id",
    "name",
    "aliases",
    "country",
    "addresses",
    "identifiers",
    "topics",
    "same_as",
    "listed",
    "parents",
    "source",
    "programme",
    "from",
    "until",
    "percent",
    "kind",
    "entities",
];

/// The entities of a file; an entity without a source of its own has the file's.
pub(super) fn read(source: &Arc<SourceText>) -> Result<Vec<EntityWritten>, Problem> {
    let first =
        source.text.lines().map(str::trim).find(|line| !(line.is_empty() || line.starts_with('#') || *line == "---"));
    let text = source.text.as_str();
    let read = match first {
        None => return Ok(Vec::new()),
        Some(line) if line.starts_with('-') || line.starts_with('[') => {
            serde_yaml::from_str::<Vec<EntityWritten>>(text)
        }
        Some(_) => serde_yaml::from_str::<FileWritten>(text).map(|file| {
            let mut entities = file.entities;
            for entity in &mut entities {
                entity.source = entity.source.take().or_else(|| file.source.clone());
            }
            entities
        }),
    };
    read.map_err(|error| problem(source, &error))
}

fn problem(source: &Arc<SourceText>, error: &serde_yaml::Error) -> Problem {
    let error = error.without_snippet();
    let span = error.location().map_or(0..0, |location| span_of(source, &location));
    let message = error.to_string();
    let message = message.lines().next().unwrap_or("not a watchlist").trim_end_matches('.').to_owned();
    let unknown = message.split_once("unknown field").and_then(|(_, rest)| rest.split('`').nth(1));
    match unknown {
        Some(key) => {
            let problem = Problem::error("unknown-key", source, span, format!("unknown key `{key}` in a watchlist"));
            match nearest(key, KEYS.into_iter()) {
                Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
                None => problem,
            }
        }
        None => Problem::error("invalid-watchlist", source, span, message),
    }
}

/// The byte range of a place in the file.
pub(super) fn span_of(source: &SourceText, location: &serde_yaml::Location) -> Range<usize> {
    let end = source.text.len();
    let span = location.span();
    let (start, length) = match (span.byte_offset(), span.byte_len()) {
        (Some(start), length) => (start as usize, length.unwrap_or(0) as usize),
        (None, _) => (offset_of(source, location), 0),
    };
    let start = start.min(end);
    start..start.saturating_add(length).min(end)
}

fn offset_of(source: &SourceText, location: &serde_yaml::Location) -> usize {
    let (line, column) = (location.line().max(1) as usize, location.column().max(1) as usize);
    let before: usize = source.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let inside = source.text.get(before..).unwrap_or("").char_indices().nth(column - 1).map_or(0, |(at, _)| at);
    before + inside
}

/// The known word that is written most like this one.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.map(|one| (strsim::jaro_winkler(&one.to_lowercase(), &word.to_lowercase()), one));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, one)| one)
}
