//! The keeper of watchlists: copies of the versions in force, which lists are held because they shrank, and which entities
//! are new. In: the files of the rules folder, the operator's word. Out: what a desk loads, and the state of each list in a
//! note of the ledger. Copies lie in `watchlists/` of the state folder by the hash of their bytes: the version in force and
//! the one before it, of each list, and one that is held.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::DaemonError;
use super::office::make_folder;
use crate::desk::{self, DeskText, ListContent, TextKind};
use crate::ledger::{AcceptedText, Ledger};
use crate::watchlist::{ListFile, Watchlists, list_name};

/// The note in the ledger; a list's acceptance stands in a note of its own, so that the command line and the daemon never
/// write the same one.
const NOTE: &str = "watchlists";
/// How long an entity counts as new.
const NEW_FOR_MICROS: i64 = 90 * 86_400 * 1_000_000;
/// New entities that are remembered of one list.
const MOST_NEW: usize = 100_000;

/// A version of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its files.
    pub files: Vec<KeptFile>,
    /// How many entities it has.
    pub entities: usize,
    /// Since when it is in force, or was seen, in microseconds.
    pub at: i64,
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptFile {
    /// As the operator knows it.
    pub path: String,
    /// Of its bytes.
    pub hash: String,
}

/// An entity that an earlier version of its list did not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEntity {
    /// The list's own id.
    pub id: String,
    /// Since when, in microseconds.
    pub at: i64,
}

/// What is known of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListState {
    /// What findings are made with.
    pub in_force: Version,
    /// What was in force before.
    pub previous: Option<Version>,
    /// A version that lacks more than a fifth of the entities, and waits for the operator.
    pub held: Option<Version>,
    /// Entities that came in the last 90 days.
    pub new: Vec<NewEntity>,
}

/// The states of all lists, by name.
pub type ListStates = BTreeMap<String, ListState>;

impl Version {
    /// The same for the same content.
    fn key(&self) -> Vec<(&str, &str)> {
        self.files.iter().map(|file| (file.path.as_str(), file.hash.as_str())).collect()
    }

    /// What a loader reads of it, out of the copies.
    ///
    /// # Errors
    /// When a copy is gone.
    pub fn load(&self, state: &Path, list: &str) -> io::Result<Watchlists> {
        let mut files = Vec::new();
        for file in &self.files {
            let content = Box::new(File::open(copy_of(state, &file.hash))?);
            files.push(ListFile { list: list.to_owned(), path: file.path.clone(), content });
        }
        Ok(Watchlists::read(files).0)
    }
}

/// What the ledger says of the lists.
///
/// # Errors
/// When the ledger fails.
pub async fn states(ledger: &Ledger) -> Result<ListStates, DaemonError> {
    let note = ledger.note(NOTE).await?;
    Ok(note.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Takes the version of a list that is held, from the daemon's next look on.
///
/// # Errors
/// When the ledger fails.
pub async fn accept(ledger: &Ledger, list: &str, held: &Version) -> Result<(), DaemonError> {
    Ok(ledger.set_note(&acceptance(list), &serde_json::json!(held.files).to_string()).await?)
}

/// Whether the operator has accepted a version.
///
/// # Errors
/// When the ledger fails.
pub async fn is_accepted(ledger: &Ledger, list: &str, version: &Version) -> Result<bool, DaemonError> {
    let note = ledger.note(&acceptance(list)).await?;
    let files = note.and_then(|text| serde_json::from_str::<Vec<KeptFile>>(&text).ok());
    Ok(files.is_some_and(|files| files == version.files))
}

fn acceptance(list: &str) -> String {
    format!("watchlist accepted {list}")
}

/// The versions among the texts, by list; entities are not counted yet.
pub fn versions(texts: &[DeskText], now: i64) -> BTreeMap<String, Version> {
    let mut versions: BTreeMap<String, Version> = BTreeMap::new();
    for text in texts.iter().filter(|text| text.kind == TextKind::Watchlist) {
        let Some(content) = &text.content else { continue };
        let version = versions.entry(list_name(&text.source.path).to_owned()).or_default();
        version.at = now;
        version.files.push(KeptFile { path: text.source.path.clone(), hash: content.hash.clone() });
        version.files.sort();
    }
    versions
}

/// Copies the watchlists among the texts, and turns the texts to the copies: what is loaded is what is kept.
///
/// # Errors
/// When a copy cannot be made.
pub fn keep(state: &Path, texts: &mut [DeskText]) -> Result<(), DaemonError> {
    let folder = state.join("watchlists");
    make_folder(&folder)?;
    for content in texts.iter_mut().filter_map(|text| text.content.as_mut()) {
        let copy = copy_of(state, &content.hash);
        let kept = if copy.exists() { Ok(content.hash.clone()) } else { copy_in(&folder, &content.at) };
        let hash = kept.map_err(|cause| DaemonError::io(&copy, cause))?;
        *content = ListContent { at: copy_of(state, &hash), hash };
    }
    Ok(())
}

/// The copy's name is the hash of what was copied, whatever the file says by now.
fn copy_in(folder: &Path, from: &Path) -> io::Result<String> {
    let mut copy = tempfile::NamedTempFile::new_in(folder)?;
    io::copy(&mut File::open(from)?, copy.as_file_mut())?;
    copy.as_file().sync_all()?;
    let hash = desk::content_hash(copy.path())?;
    copy.persist(folder.join(&hash)).map_err(|failed| failed.error)?;
    Ok(hash)
}

fn copy_of(state: &Path, hash: &str) -> PathBuf {
    state.join("watchlists").join(hash)
}

/// Deletes the copies that no state names.
pub fn prune(state: &Path, states: &ListStates) {
    let versions = states.values().flat_map(|one| [Some(&one.in_force), one.previous.as_ref(), one.held.as_ref()]);
    let named: BTreeSet<&str> =
        versions.flatten().flat_map(|version| &version.files).map(|file| file.hash.as_str()).collect();
    for entry in std::fs::read_dir(state.join("watchlists")).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| named.contains(name)) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The row of the manifest: of a watchlist the hash alone.
pub fn accepted_row(text: &DeskText, now: i64) -> AcceptedText {
    let said = match &text.content {
        Some(content) => format!("{HASH}{}", content.hash),
        None => text.source.text.clone(),
    };
    AcceptedText { kind: text.kind.name().to_owned(), path: text.source.path.clone(), text: said, accepted_at: now }
}

const HASH: &str = "blake3:";

/// The text that a row of the manifest stands for; `None` when its copy is gone.
pub fn accepted_text(state: &Path, row: &AcceptedText) -> Option<DeskText> {
    let kind = TextKind::from_name(&row.kind)?;
    let hash = row.text.strip_prefix(HASH).filter(|_| kind == TextKind::Watchlist);
    let Some(hash) = hash else { return Some(DeskText::new(kind, row.path.clone(), row.text.clone())) };
    let at = copy_of(state, hash);
    if !at.exists() {
        tracing::warn!(list = row.path, "the kept copy of a watchlist is gone");
        return None;
    }
    let content = ListContent { at, hash: hash.to_owned() };
    Some(DeskText { content: Some(content), ..DeskText::new(kind, row.path.clone(), "") })
}

/// Whether a list that had `before` entities and has `now` lacks more than a fifth of them.
pub fn has_shrunk(before: usize, now: usize) -> bool {
    now.saturating_mul(5) < before.saturating_mul(4)
}

/// Writes down what is in force now; entities that the version before did not have are marked as new.
///
/// # Errors
/// When the ledger fails.
pub async fn put_in_force(
    (ledger, state): (&Ledger, &Path),
    versions: BTreeMap<String, Version>,
    lists: &Watchlists,
) -> Result<(), DaemonError> {
    let mut states = states(ledger).await?;
    states.retain(|list, _| versions.contains_key(list));
    for (list, version) in versions {
        let now = version.at;
        let known = states.entry(list.clone()).or_default();
        if known.in_force.key() == version.key() {
            continue;
        }
        if known.held.as_ref().is_some_and(|held| held.key() == version.key()) {
            known.held = None;
        }
        let first = known.in_force.files.is_empty();
        let before = std::mem::replace(&mut known.in_force, version);
        known.new.retain(|one| now.saturating_sub(one.at) < NEW_FOR_MICROS);
        if !first {
            mark_new(known, (&before, state), (&list, lists));
            known.previous = Some(before);
        }
    }
    write(ledger, &states).await?;
    prune(state, &states);
    Ok(())
}

fn mark_new(known: &mut ListState, (before, state): (&Version, &Path), (list, lists): (&str, &Watchlists)) {
    // Without the copy of what was before, nothing can be called new.
    let Ok(old) = before.load(state, list) else { return };
    let old_ids: FxHashSet<&str> = old.members(list).into_iter().map(|id| old.id_of(id)).collect();
    let ids = lists.members(list).into_iter().map(|id| lists.id_of(id));
    let mut new: Vec<NewEntity> = ids
        .filter(|id| !old_ids.contains(id))
        .map(|id| NewEntity { id: id.to_owned(), at: known.in_force.at })
        .collect();
    new.append(&mut known.new);
    new.truncate(MOST_NEW);
    known.new = new;
}

/// Writes down what the lists' states are.
///
/// # Errors
/// When the ledger fails.
pub async fn write(ledger: &Ledger, states: &ListStates) -> Result<(), DaemonError> {
    Ok(ledger.set_note(NOTE, &serde_json::json!(states).to_string()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_shrunk_when_more_than_a_fifth_is_gone() {
        for (before, now, expected) in [
            (100, 80, false),
            (100, 79, true),
            (100, 200, false),
            (0, 0, false),
            (1, 0, true),
            (4, 3, true),
            (5, 4, false),
        ] {
            assert_eq!(has_shrunk(before, now), expected, "{before} to {now}");
        }
    }
}
