//! Our own YAML: what a watchlist file says, as written. In: a source text. Out: the file's shape, or a problem with
//! its place. It never judges what the values mean.
use crate::problem::{Problem, SourceText};
use crate::yaml;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_yaml::Spanned;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A file with a head.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileWritten {
    #[serde(default, rename = "name")]
    _name: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    entities: Vec<EntityWritten>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityWritten {
    #[schemars(with = "String")]
    pub(super) id: Spanned<String>,
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) country: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) identifiers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) topics: Vec<String>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) same_as: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) listed: Vec<ListedWritten>,
    #[serde(default)]
    pub(super) parents: Vec<ParentWritten>,
    #[serde(default)]
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListedWritten {
    pub(super) programme: String,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) from: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) until: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) source: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParentWritten {
    #[schemars(with = "String")]
    pub(super) id: Spanned<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) percent: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) kind: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) from: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(super) until: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) source: Option<String>,
}

/// The entities of a file; an entity without a source of its own has the file's.
pub(super) fn read(source: &Arc<SourceText>) -> Result<Vec<EntityWritten>, Vec<Problem>> {
    let first =
        source.text.lines().map(str::trim).find(|line| !(line.is_empty() || line.starts_with('#') || *line == "---"));
    let text = source.text.as_str();
    let bare = first.is_some_and(|line| line.starts_with(['-', '[']));
    let read = match first {
        None => return Ok(Vec::new()),
        Some(_) if bare => serde_yaml::from_str::<Vec<EntityWritten>>(text),
        Some(_) => serde_yaml::from_str::<FileWritten>(text).map(|file| {
            let mut entities = file.entities;
            for entity in &mut entities {
                entity.source = entity.source.take().or_else(|| file.source.clone());
            }
            entities
        }),
    };
    read.map_err(|error| problems(source, &error, if bare { schema_for!(Vec<EntityWritten>) } else { schema() }))
}

/// The shape of a watchlist file.
pub(super) fn schema() -> Schema {
    schema_for!(FileWritten)
}

/// Nodes of the largest watchlist that is looked through for every slip.
const LOOKED_THROUGH: usize = 2_000_000;

/// Everything that is wrong with the shape; what the reader said when that is nothing.
fn problems(source: &Arc<SourceText>, error: &serde_yaml::Error, schema: Schema) -> Vec<Problem> {
    let limits = yaml::Limits { nodes: LOOKED_THROUGH, ..yaml::Limits::default() };
    let (documents, mut problems) = yaml::parse(source, limits);
    if !problems.iter().any(Problem::is_error)
        && let Some(node) = documents.first()
    {
        problems.extend(yaml::shape::read(node, &schema.into(), source).1);
    }
    if !problems.iter().any(Problem::is_error) {
        let error = error.without_snippet();
        let span = error.location().map_or(0..0, |location| span_of(source, &location));
        let message = error.to_string();
        let message = message.lines().next().unwrap_or("not a watchlist").trim_end_matches('.');
        problems.push(Problem::error("invalid-watchlist", source, span, message));
    }
    problems
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
