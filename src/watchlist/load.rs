//! From entries as written to watchlists as meant. In: the files of all lists, as streams. Out: [`Watchlists`] and every
//! problem. One bad file or value never stops the others; of one file at most twenty problems are told, and how many more
//! there are. No file is ever held whole, but for our own YAML.
use super::entity::{Entity, Listing};
use super::entry::{Entry, Listed, Stake, Word};
use super::format;
use super::scribe::{FileState, Scribe};
use super::{ListFile, Watchlists};
use crate::party::keys;
use crate::problem::{Problem, Severity, SourceText};
use crate::value::{DateOrder, Identifier, country, date, identifiers};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Entities of all lists together; more is a mistake or an attack.
const MOST_ENTITIES: usize = 4_000_000;

/// Gathers entries, then joins them.
#[derive(Default)]
pub(super) struct Loader {
    pub(super) lists: Watchlists,
    pub(super) files: Vec<FileState>,
    /// What waits until all entities are known, each with its file: stakes and `same_as` of an entity, and entries that add.
    pub(super) stakes: Vec<(usize, u32, Stake)>,
    pub(super) same_as: Vec<(u32, Word)>,
    pub(super) amendments: Vec<(usize, Entry)>,
    pub(super) problems: Vec<Problem>,
    /// Texts that many entities share: topics and programmes.
    shared: FxHashSet<Arc<str>>,
}

impl Watchlists {
    /// Reads the texts of watchlist files; value plus problems.
    pub fn load(sources: &[Arc<SourceText>]) -> (Watchlists, Vec<Problem>) {
        Watchlists::read(sources.iter().map(|source| ListFile {
            list: super::list_name(&source.path).to_owned(),
            path: source.path.clone(),
            content: Box::new(source.text.as_bytes()),
        }))
    }

    /// Reads watchlist files as streams; files of one list name are one list. Value plus problems.
    pub fn read<'f>(files: impl IntoIterator<Item = ListFile<'f>>) -> (Watchlists, Vec<Problem>) {
        let mut loader = Loader::default();
        for file in files {
            loader.file(file);
        }
        loader.finish()
    }
}

impl Loader {
    fn file(&mut self, file: ListFile) {
        let known = self.lists.lists.iter().position(|list| *list == file.list);
        let list = known.unwrap_or_else(|| {
            self.lists.lists.push(file.list.clone());
            self.lists.lists.len() - 1
        });
        self.files.push(FileState::new(list, file.path));
        let file_number = self.files.len() - 1;
        format::read(file.content, &mut Scribe::new(self, file_number));
    }

    pub(super) fn take(&mut self, file: usize, entry: Entry) {
        let list = self.files.get(file).map_or(0, |file| file.list);
        let Ok(place) = u32::try_from(self.lists.entities.len()) else { return };
        if self.lists.entities.len() >= MOST_ENTITIES {
            self.problem(
                file,
                Severity::Error,
                "too-many",
                entry.at,
                "the lists hold more than 4,000,000 entities".into(),
            );
            return;
        }
        self.lists.by_id.entry(key_of(&entry.id.text)).or_default().push(place);
        self.index_names(place, std::iter::once(&entry.name));
        self.lists.entities.push(Entity {
            id: entry.id.text.clone(),
            name: entry.name.clone(),
            list,
            source: entry.source.clone(),
            ..Entity::default()
        });
        self.amend(file, place, entry);
    }

    fn index_names<'n>(&mut self, place: u32, names: impl Iterator<Item = &'n String>) {
        for key in names.flat_map(|name| keys(name)) {
            push_new(self.lists.by_key.entry(key).or_default(), place);
        }
    }

    /// Adds what an entry says to an entity.
    pub(super) fn amend(&mut self, file: usize, place: u32, entry: Entry) {
        let known = self.known_country(file, &entry.countries);
        let identifiers = self.identifiers(file, &entry);
        for identifier in &identifiers {
            push_new(self.lists.by_identifier.entry(identifier.clone()).or_default(), place);
        }
        self.index_names(place, entry.aliases.iter());
        // A weak alias of one word would hit strangers; the publisher warns of it.
        self.index_names(place, entry.weak_aliases.iter().filter(|alias| alias.split_whitespace().nth(1).is_some()));
        let listed: Vec<Listing> = entry.listed.iter().map(|one| self.listing(file, one)).collect();
        let topics: Vec<Arc<str>> = entry.topics.iter().map(|topic| self.share(topic)).collect();
        self.same_as.extend(entry.same_as.into_iter().map(|other| (place, other)));
        self.stakes.extend(entry.parents.into_iter().map(|stake| (file, place, stake)));
        let Some(entity) = self.lists.entities.get_mut(place as usize) else { return };
        entity.country = entity.country.or(known);
        let aliases = entry.aliases.into_iter().chain(entry.weak_aliases);
        let new = aliases.filter(|alias| *alias != entity.name && !alias.trim().is_empty());
        let new: Vec<String> = new.collect();
        entity.aliases.extend(new);
        entity.addresses.extend(entry.addresses.into_iter().filter(|address| !address.trim().is_empty()));
        entity.identifiers.extend(identifiers);
        entity.listed.extend(listed);
        for topic in topics {
            if !entity.topics.contains(&topic) {
                entity.topics.push(topic);
            }
        }
    }

    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.shared.insert(new.clone());
        new
    }

    fn known_country(&mut self, file: usize, written: &[Word]) -> Option<&'static str> {
        let mut filled = written.iter().filter(|word| word.filled().is_some()).peekable();
        let first = filled.peek().copied()?;
        let known = filled.find_map(|word| country(&word.text));
        if known.is_none() {
            let message = format!("`{}` is not a country that is known", first.text);
            self.problem(file, Severity::Warning, "unknown-country", first.at, message);
        }
        known
    }

    fn identifiers(&mut self, file: usize, entry: &Entry) -> Vec<Identifier> {
        const KINDS: [&str; 7] = ["inn", "ogrn", "ogrnip", "kpp", "lei", "imo", "uscc"];
        let mut out = Vec::new();
        for (kind, word) in &entry.identifiers {
            let Some(kind) = KINDS.into_iter().find(|known| known == kind) else {
                let message = format!("`{kind}` is no kind of identifier; known are {}", KINDS.join(", "));
                self.problem(file, Severity::Warning, "unknown-identifier", word.at, message);
                continue;
            };
            let text: String = word.text.to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
            if text.is_empty() {
                continue;
            }
            let text = if kind == "imo" { text.trim_start_matches("IMO").to_owned() } else { text };
            let valid = identifiers(&format!("{} {text}", kind.to_uppercase()));
            if !valid.iter().any(|one| one.kind == kind && one.text == text) {
                let message = format!("{} `{}` has a wrong checksum or length", kind.to_uppercase(), word.text);
                self.problem(file, Severity::Warning, "invalid-identifier", word.at, message);
            }
            out.push(Identifier { kind, text });
        }
        let russian = entry.countries.iter().any(|word| country(&word.text) == Some("RU"));
        let found = entry.documents.iter().flat_map(|text| identifiers(text));
        // Ten digits are an INN by chance one time in ten; only of a Russian firm are they meant as one.
        for one in found.filter(|one| russian || matches!(one.kind, "lei" | "uscc" | "imo")) {
            if !out.contains(&one) {
                out.push(one);
            }
        }
        out
    }

    fn listing(&mut self, file: usize, written: &Listed) -> Listing {
        Listing {
            programme: self.share(&written.programme),
            from: self.day(file, written.from.as_ref()),
            until: self.day(file, written.until.as_ref()),
            source: written.source.as_ref().map(|source| self.share(source)),
        }
    }

    pub(super) fn day(&mut self, file: usize, written: Option<&Word>) -> Option<String> {
        let written = written?;
        let text = written.filled()?;
        if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(text.to_owned());
        }
        let day = date(text, DateOrder::DayFirst);
        if day.is_none() {
            self.problem(file, Severity::Warning, "invalid-date", written.at, format!("`{text}` is not a date"));
        }
        day
    }
}

pub(super) fn key_of(id: &str) -> String {
    id.trim().to_lowercase()
}

fn push_new(places: &mut Vec<u32>, place: u32) {
    if places.last() != Some(&place) && !places.contains(&place) {
        places.push(place);
    }
}
