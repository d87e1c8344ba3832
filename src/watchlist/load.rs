//! From files as written to watchlists as meant. In: source texts. Out: [`Watchlists`] and every problem.
//! One bad file or value never stops the others.
use super::Watchlists;
use super::file::{EntityWritten, ListedWritten, ParentWritten, nearest, read, span_of};
use super::share::{Kind, Share};
use crate::party::keys;
use crate::problem::{Problem, SourceText};
use crate::value::{DateOrder, Identifier, country, date};
use rustc_hash::FxHashMap;
use serde_yaml::Spanned;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Entity {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) list: usize,
    pub(super) country: Option<&'static str>,
    pub(super) identifiers: Vec<Identifier>,
    pub(super) topics: Vec<String>,
    pub(super) addresses: Vec<String>,
    pub(super) listed: Vec<Listing>,
    pub(super) parents: Vec<Parent>,
    pub(super) source: Option<String>,
    pub(super) group: u32,
}

#[derive(Debug)]
pub(super) struct Listing {
    pub(super) programme: String,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) source: Option<String>,
}

impl Listing {
    /// `listed: eu-269-2014 from 2014-09-12 (Regulation (EU) No 959/2014)`.
    pub(super) fn words(&self) -> String {
        let part =
            |word: &str, day: &Option<String>| day.as_ref().map(|day| format!(" {word} {day}")).unwrap_or_default();
        let source = self.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
        format!("listed: {}{}{}{source}", self.programme, part("from", &self.from), part("until", &self.until))
    }
}

#[derive(Debug)]
pub(super) struct Parent {
    /// Any entity of the parent's group.
    pub(super) owner: u32,
    pub(super) share: Option<Share>,
    pub(super) kind: Kind,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) source: Option<String>,
}

/// What waits until all entities are known.
struct Pending {
    source: Arc<SourceText>,
    same_as: Vec<Spanned<String>>,
    parents: Vec<ParentWritten>,
}

impl Watchlists {
    /// Reads the texts of watchlist files; value plus problems.
    pub fn load(sources: &[Arc<SourceText>]) -> (Watchlists, Vec<Problem>) {
        let mut loader = Loader::default();
        for source in sources {
            let list = loader.lists.lists.len();
            loader.lists.lists.push(stem(&source.path));
            match read(source) {
                Ok(entities) => entities.into_iter().for_each(|entity| loader.take(source, list, entity)),
                Err(problems) => loader.problems.extend(problems),
            }
        }
        loader.finish()
    }
}

fn stem(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name).to_owned()
}

#[derive(Default)]
struct Loader {
    lists: Watchlists,
    pending: Vec<Pending>,
    problems: Vec<Problem>,
}

impl Loader {
    fn take(&mut self, source: &Arc<SourceText>, list: usize, written: EntityWritten) {
        let Ok(place) = u32::try_from(self.lists.entities.len()) else { return };
        let known = self.known_country(source, written.country.as_ref());
        let identifiers = self.identifiers(source, &written);
        for name in std::iter::once(&written.name.value).chain(&written.aliases) {
            for key in keys(name) {
                push_new(self.lists.by_key.entry(key).or_default(), place);
            }
        }
        push_new(self.lists.by_id.entry(written.id.value.trim().to_lowercase()).or_default(), place);
        for identifier in &identifiers {
            push_new(self.lists.by_identifier.entry(identifier.clone()).or_default(), place);
        }
        let listed = written.listed.iter().map(|one| self.listing(source, one)).collect();
        self.pending.push(Pending { source: source.clone(), same_as: written.same_as, parents: written.parents });
        self.lists.entities.push(Entity {
            id: written.id.value,
            name: written.name.value,
            aliases: written.aliases,
            list,
            country: known,
            identifiers,
            topics: written.topics,
            addresses: written.addresses,
            listed,
            parents: Vec::new(),
            source: written.source,
            group: 0,
        });
    }

    fn known_country(&mut self, source: &Arc<SourceText>, written: Option<&Spanned<String>>) -> Option<&'static str> {
        let written = written.filter(|written| !written.value.trim().is_empty())?;
        let known = country(&written.value);
        if known.is_none() {
            let message = format!("`{}` is not a country that is known", written.value);
            self.warn("unknown-country", source, written, message);
        }
        known
    }

    fn identifiers(&mut self, source: &Arc<SourceText>, written: &EntityWritten) -> Vec<Identifier> {
        const KINDS: [&str; 7] = ["inn", "ogrn", "ogrnip", "kpp", "lei", "imo", "uscc"];
        let mut out = Vec::new();
        for (kind, value) in &written.identifiers {
            let Some(kind) = KINDS.into_iter().find(|known| *known == kind) else {
                let message = format!("`{kind}` is no kind of identifier; known are {}", KINDS.join(", "));
                self.warn("unknown-identifier", source, value, message);
                continue;
            };
            let text: String = value.value.to_uppercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
            if text.is_empty() {
                continue;
            }
            let valid = crate::value::identifiers(&format!("{} {text}", kind.to_uppercase()));
            if !valid.iter().any(|one| one.kind == kind && one.text == text) {
                let message = format!("{} `{}` has a wrong checksum or length", kind.to_uppercase(), value.value);
                self.warn("invalid-identifier", source, value, message);
            }
            out.push(Identifier { kind, text });
        }
        out
    }

    fn listing(&mut self, source: &Arc<SourceText>, written: &ListedWritten) -> Listing {
        Listing {
            programme: written.programme.clone(),
            from: self.day(source, written.from.as_ref()),
            until: self.day(source, written.until.as_ref()),
            source: written.source.clone(),
        }
    }

    fn day(&mut self, source: &Arc<SourceText>, written: Option<&Spanned<String>>) -> Option<String> {
        let written = written.filter(|written| !written.value.trim().is_empty())?;
        let text = written.value.trim();
        if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(text.to_owned());
        }
        let day = date(text, DateOrder::DayFirst);
        if day.is_none() {
            self.warn("invalid-date", source, written, format!("`{text}` is not a date"));
        }
        day
    }

    fn warn(&mut self, code: &'static str, source: &Arc<SourceText>, place: &Spanned<String>, message: String) {
        self.problems.push(Problem::warning(code, source, span_of(source, &place.referenced), message));
    }

    fn finish(mut self) -> (Watchlists, Vec<Problem>) {
        let mut pending = std::mem::take(&mut self.pending);
        self.join(&pending);
        for (place, one) in pending.iter_mut().enumerate() {
            let parents = std::mem::take(&mut one.parents);
            let parents = parents.into_iter().filter_map(|parent| self.parent(&one.source, parent)).collect();
            if let Some(entity) = self.lists.entities.get_mut(place) {
                entity.parents = parents;
            }
        }
        self.lists.index_assets();
        (self.lists, self.problems)
    }

    /// Joins entities that share an id, an identifier or a `same_as` into groups.
    fn join(&mut self, pending: &[Pending]) {
        let mut leads: Vec<usize> = (0..self.lists.entities.len()).collect();
        let companies = self.lists.by_identifier.iter().filter(|(identifier, _)| identifier.kind != "kpp");
        for same in companies.map(|(_, same)| same).chain(self.lists.by_id.values()) {
            for pair in same.windows(2) {
                if let [a, b] = pair {
                    unite(&mut leads, *a as usize, *b as usize);
                }
            }
        }
        for (place, one) in pending.iter().enumerate() {
            for other in &one.same_as {
                // What `same_as` names may stand in a list that is not loaded here.
                for found in self.lists.by_id.get(&other.value.trim().to_lowercase()).into_iter().flatten() {
                    unite(&mut leads, place, *found as usize);
                }
            }
        }
        let mut numbers: FxHashMap<usize, u32> = FxHashMap::default();
        for (place, entity) in (0u32..).zip(&mut self.lists.entities) {
            let lead = lead(&mut leads, place as usize);
            let next = self.lists.groups.len() as u32;
            entity.group = *numbers.entry(lead).or_insert(next);
            if entity.group == next {
                self.lists.groups.push(Vec::new());
            }
            if let Some(group) = self.lists.groups.get_mut(entity.group as usize) {
                group.push(place);
            }
        }
    }

    fn parent(&mut self, source: &Arc<SourceText>, written: ParentWritten) -> Option<Parent> {
        let (from, until) = (self.day(source, written.from.as_ref()), self.day(source, written.until.as_ref()));
        let share = written.percent.as_ref().and_then(|text| self.share(source, text));
        let kind = written.kind.as_ref().map(|word| self.kind(source, word)).unwrap_or_default();
        let named = self.lists.named(&written.id.value).unwrap_or_default();
        let Some(owner) = named.first() else {
            let id = &written.id.value;
            let problem = Problem::error(
                "unknown-entity",
                source,
                span_of(source, &written.id.referenced),
                format!("the parent `{id}` is in no watchlist"),
            );
            let near = nearest(id, self.lists.names().filter(|name| name != id));
            self.problems.push(match near {
                Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
                None => problem,
            });
            return None;
        };
        Some(Parent { owner: owner.0, share, kind, from, until, source: written.source })
    }

    fn share(&mut self, source: &Arc<SourceText>, written: &Spanned<String>) -> Option<Share> {
        let share = Share::read(&written.value);
        if share.is_err() {
            let message = format!("`{}` is not a share from 0 to 100 nor an interval such as 25-50", written.value);
            self.warn("invalid-percent", source, written, message);
        }
        share.ok().flatten()
    }

    fn kind(&mut self, source: &Arc<SourceText>, written: &Spanned<String>) -> Kind {
        Kind::from_word(&written.value).unwrap_or_else(|| {
            let message = format!("`{}` is no kind of stake; known are own, control, unknown", written.value);
            self.warn("unknown-kind", source, written, message);
            Kind::Unknown
        })
    }
}

fn push_new(places: &mut Vec<u32>, place: u32) {
    if !places.contains(&place) {
        places.push(place);
    }
}

fn lead(leads: &mut [usize], mut place: usize) -> usize {
    while let Some(next) = leads.get(place).copied().filter(|next| *next != place) {
        let further = leads.get(next).copied().unwrap_or(next);
        if let Some(slot) = leads.get_mut(place) {
            *slot = further;
        }
        place = next;
    }
    place
}

fn unite(leads: &mut [usize], a: usize, b: usize) {
    let (a, b) = (lead(leads, a), lead(leads, b));
    if let Some(slot) = leads.get_mut(a.max(b)) {
        *slot = a.min(b);
    }
}
