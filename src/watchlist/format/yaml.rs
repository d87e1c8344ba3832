//! Our own YAML (and the same written as JSON). In: a text, held whole so that problems can show its lines. Out: entries,
//! or the one problem that breaks the file, with its place. It never judges what the values mean.
use super::super::entry::{Entry, Listed, Place, Stake, Word};
use super::super::scribe::{Scribe, Strangers};
use super::lines::Lines;
use crate::problem::{Problem, SourceText};
use crate::yaml;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_yaml::Spanned;
use std::collections::BTreeMap;
use std::io::Read;
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
struct EntityWritten {
    #[schemars(with = "String")]
    id: Spanned<String>,
    #[schemars(with = "String")]
    name: Spanned<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    weak_aliases: Vec<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    country: Option<Spanned<String>>,
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    identifiers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    same_as: Vec<Spanned<String>>,
    #[serde(default)]
    listed: Vec<ListedWritten>,
    #[serde(default)]
    parents: Vec<ParentWritten>,
    #[serde(default)]
    source: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListedWritten {
    programme: String,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    from: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    until: Option<Spanned<String>>,
    #[serde(default)]
    source: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ParentWritten {
    #[schemars(with = "String")]
    id: Spanned<String>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    percent: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    kind: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    from: Option<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    until: Option<Spanned<String>>,
    #[serde(default)]
    source: Option<String>,
}

/// The largest text that is read.
const LARGEST: u64 = 64 << 20;

pub(super) fn read(lines: Lines, scribe: &mut Scribe) {
    scribe.strangers(Strangers::Refuse);
    let mut text = String::new();
    if let Err(cause) = lines.take(LARGEST).read_to_string(&mut text) {
        return super::unreadable(scribe, Place::Nowhere, &cause);
    }
    if text.len() as u64 >= LARGEST {
        let message = "a YAML list of more than 64 MiB; write it as a table `id,name,…`".to_owned();
        return scribe.error("too-large", Place::Nowhere, message);
    }
    let source = scribe.keep(text);
    match entities(&source) {
        Ok(entities) => entities.into_iter().for_each(|written| scribe.entity(entry(&source, written))),
        Err(problems) => problems.into_iter().for_each(|problem| scribe.problem(problem)),
    }
}

/// The entities of a file; an entity without a source of its own has the file's.
fn entities(source: &Arc<SourceText>) -> Result<Vec<EntityWritten>, Vec<Problem>> {
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
    let bare = first.is_some_and(|line| line.starts_with(['-', '[']));
    let schema = || if bare { schema_for!(Vec<EntityWritten>) } else { schema_for!(FileWritten) };
    read.map_err(|error| problems(source, &error, schema()))
}

fn entry(source: &SourceText, written: EntityWritten) -> Entry {
    let word = |spanned: Spanned<String>| {
        let at = Place::span(&span_of(source, &spanned.referenced));
        Word { text: spanned.value, at }
    };
    let listed = |one: ListedWritten| Listed {
        programme: one.programme,
        from: one.from.map(word),
        until: one.until.map(word),
        source: one.source,
    };
    let stake = |one: ParentWritten| Stake {
        owner: word(one.id),
        share: one.percent.map(word),
        kind: one.kind.map(word),
        from: one.from.map(word),
        until: one.until.map(word),
        source: one.source,
    };
    let id = word(written.id);
    Entry {
        at: id.at,
        id,
        name: written.name.value,
        aliases: written.aliases,
        weak_aliases: written.weak_aliases,
        countries: written.country.map(word).into_iter().collect(),
        identifiers: written.identifiers.into_iter().map(|(kind, value)| (kind, word(value))).collect(),
        documents: Vec::new(),
        addresses: written.addresses,
        topics: written.topics,
        same_as: written.same_as.into_iter().map(word).collect(),
        listed: written.listed.into_iter().map(listed).collect(),
        parents: written.parents.into_iter().map(stake).collect(),
        source: written.source,
    }
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
fn span_of(source: &SourceText, location: &serde_yaml::Location) -> Range<usize> {
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
