//! Joining: entries that name others → groups of entities that are one, stakes between them. In: all that a loader has
//! gathered. Out: [`Watchlists`] and every problem. What a name that nobody has means is decided by its file.
use super::Watchlists;
use super::entity::Parent;
use super::entry::{Entry, Place, Stake, Word};
use super::load::{Loader, key_of};
use super::scribe::Strangers;
use super::share::{Kind, Share};
use crate::party::keys;
use crate::problem::{Problem, Severity, did_you_mean};
use rustc_hash::FxHashMap;

impl Loader {
    pub(super) fn finish(mut self) -> (Watchlists, Vec<Problem>) {
        self.admit_strangers();
        for (file, entry) in std::mem::take(&mut self.amendments) {
            let found = self.lists.by_id.get(&key_of(&entry.id.text)).cloned().unwrap_or_default();
            let list = self.files.get(file).map(|file| file.list);
            let own = found.iter().find(|place| self.lists.at(**place).map(|one| one.list) == list);
            match own.or(found.first()).copied() {
                Some(place) => self.amend(file, place, entry),
                None => self.unknown(file, &entry.id),
            }
        }
        self.join();
        for (file, place, stake) in std::mem::take(&mut self.stakes) {
            if let Some(parent) = self.parent(file, stake)
                && let Some(entity) = self.lists.entities.get_mut(place as usize)
            {
                entity.parents.push(parent);
            }
        }
        self.lists.index_assets();
        (0..self.files.len()).for_each(|file| self.close(file));
        (self.lists, self.problems)
    }

    /// What was counted in a file becomes one problem each.
    fn close(&mut self, file: usize) {
        let Some(state) = self.files.get(file) else { return };
        let (unknown, untold, first) = (state.unknown, state.untold, state.first_unknown.clone().unwrap_or_default());
        if unknown > 0 {
            let message =
                format!("{unknown} statements name an entity that no watchlist has; the first is `{}`", first.text);
            self.problem(file, Severity::Note, "unknown-entity", first.at, message);
        }
        if untold > 0 {
            let message = format!("{untold} more problems in this file");
            self.problem(file, Severity::Warning, "more-problems", Place::Nowhere, message);
        }
    }

    fn admit_strangers(&mut self) {
        let admits = |file: &usize| self.files.get(*file).is_some_and(|file| file.strangers == Strangers::Admit);
        let named: Vec<(usize, Word)> = self
            .amendments
            .iter()
            .filter(|(file, _)| admits(file))
            .flat_map(|(file, entry)| {
                let owners = entry.parents.iter().map(|stake| &stake.owner);
                std::iter::once(&entry.id).chain(owners).map(|word| (*file, word.clone()))
            })
            .collect();
        for (file, word) in named {
            if self.someone(&word.text).is_none() {
                self.take(file, Entry::new(word.text.trim(), word.text.trim(), word.at));
            }
        }
        // The child of such a file may be written as a name of an entity that another list knows by its id.
        let mut amendments = std::mem::take(&mut self.amendments);
        for (file, entry) in &mut amendments {
            let admits = self.files.get(*file).is_some_and(|file| file.strangers == Strangers::Admit);
            let known = if admits { self.someone(&entry.id.text) } else { None };
            if let Some(found) = known.and_then(|place| self.lists.at(place)) {
                entry.id.text.clone_from(&found.id);
            }
        }
        self.amendments = amendments;
    }

    /// Joins entities that share an id, an identifier or a `same_as` into groups.
    fn join(&mut self) {
        let mut leads: Vec<usize> = (0..self.lists.entities.len()).collect();
        let companies = self.lists.by_identifier.iter().filter(|(identifier, _)| identifier.kind != "kpp");
        for same in companies.map(|(_, same)| same).chain(self.lists.by_id.values()) {
            for pair in same.windows(2) {
                if let [a, b] = pair {
                    unite(&mut leads, *a as usize, *b as usize);
                }
            }
        }
        for (place, other) in &self.same_as {
            // What `same_as` names may stand in a list that is not loaded here.
            for found in self.lists.by_id.get(&key_of(&other.text)).into_iter().flatten() {
                unite(&mut leads, *place as usize, *found as usize);
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

    fn parent(&mut self, file: usize, written: Stake) -> Option<Parent> {
        let (from, until) = (self.day(file, written.from.as_ref()), self.day(file, written.until.as_ref()));
        let share = written.share.as_ref().and_then(|word| self.stake(file, word));
        let kind = written.kind.as_ref().map(|word| self.kind(file, word)).unwrap_or_default();
        let strangers = self.files.get(file).map_or(Strangers::Count, |file| file.strangers);
        let owner = match (self.lists.by_id.get(&key_of(&written.owner.text)), strangers) {
            (Some(found), _) => found.first().copied(),
            (None, Strangers::Count) => None,
            (None, Strangers::Refuse | Strangers::Admit) => self.someone(&written.owner.text),
        };
        let Some(owner) = owner else {
            self.unknown(file, &written.owner);
            return None;
        };
        let source = written.source.as_ref().map(|source| self.share(source));
        Some(Parent { owner, share, kind, from, until, source })
    }

    /// The first entity of that id, else of that name.
    fn someone(&self, name: &str) -> Option<u32> {
        let by_name = || keys(name).iter().find_map(|key| self.lists.by_key.get(key)?.first().copied());
        self.lists.by_id.get(&key_of(name)).and_then(|found| found.first().copied()).or_else(by_name)
    }

    fn unknown(&mut self, file: usize, named: &Word) {
        let Some(state) = self.files.get_mut(file) else { return };
        if state.strangers != Strangers::Refuse {
            state.unknown += 1;
            state.first_unknown.get_or_insert_with(|| named.clone());
            return;
        }
        let id = &named.text;
        let near = did_you_mean(id, self.lists.names().filter(|name| name != id)).map(str::to_owned);
        let message = format!("the parent `{id}` is in no watchlist");
        self.problem(file, Severity::Error, "unknown-entity", named.at, message);
        if let (Some(near), Some(last)) = (near, self.problems.last_mut()) {
            last.hint.get_or_insert_with(|| format!("did you mean `{near}`?"));
        }
    }

    fn stake(&mut self, file: usize, written: &Word) -> Option<Share> {
        let share = Share::read(&written.text);
        if share.is_err() {
            let message = format!("`{}` is not a share from 0 to 100 nor an interval such as 25-50", written.text);
            self.problem(file, Severity::Warning, "invalid-percent", written.at, message);
        }
        share.ok().flatten()
    }

    fn kind(&mut self, file: usize, written: &Word) -> Kind {
        Kind::from_word(&written.text).unwrap_or_else(|| {
            let message = format!("`{}` is no kind of stake; known are own, control, unknown", written.text);
            self.problem(file, Severity::Warning, "unknown-kind", written.at, message);
            Kind::Unknown
        })
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
