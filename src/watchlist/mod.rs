//! Watchlists: entities with names, identifiers and owners. Loads our own YAML; finds a party; follows ownership.
//!
//! In: the texts of watchlist files, then candidates. Out: hits, lists, paths of ownership. It never reads a file.
mod file;
mod load;
mod ownership;

use crate::party::{Candidate, keys};
use crate::value::Identifier;
use load::Entity;
use rustc_hash::{FxHashMap, FxHashSet};

/// Index of an entity in [`Watchlists`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

/// How a party was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Who.
    pub entity: EntityId,
    /// In hundredths; 100 for identifiers and exact folded names.
    pub score: u16,
    /// In words: `INN 7703695246 is AO KRET's`, `‘АО КРЭТ’ is written like AO KRET`.
    pub why: String,
}

/// All watchlists, bound together by shared identifiers and `same_as`.
#[derive(Debug, Default)]
pub struct Watchlists {
    entities: Vec<Entity>,
    by_id: FxHashMap<String, Vec<u32>>,
    by_key: FxHashMap<String, Vec<u32>>,
    by_identifier: FxHashMap<Identifier, Vec<u32>>,
    /// Entities that are one, by the group's number.
    groups: Vec<Vec<u32>>,
    lists: Vec<String>,
}

impl Watchlists {
    /// Entities of that id or name (folded) in any list; empty when unknown. `Err` when it is ambiguous (conflicting identifiers): a sentence.
    pub fn named(&self, name: &str) -> Result<Vec<EntityId>, String> {
        let by_id = self.by_id.get(&name.trim().to_lowercase());
        let found: Vec<u32> = match by_id {
            Some(found) => found.clone(),
            None => keys(name).iter().filter_map(|key| self.by_key.get(key)).flatten().copied().collect(),
        };
        let all = self.whole_groups(&found);
        let mut known: FxHashMap<&str, (&Identifier, u32)> = FxHashMap::default();
        for entity in all.iter().filter_map(|id| self.entity(*id)) {
            for identifier in &entity.identifiers {
                let (first, group) = *known.entry(identifier.kind).or_insert((identifier, entity.group));
                // Within one group the lists have said that the identifiers belong together.
                if first != identifier && group != entity.group {
                    return Err(format!(
                        "`{name}` is ambiguous: {} has {} {}, another entity of that name has {}",
                        entity.name,
                        identifier.kind.to_uppercase(),
                        identifier.text,
                        first.text
                    ));
                }
            }
        }
        Ok(all)
    }

    /// All ids and names, for "did you mean".
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entities.iter().flat_map(|entity| {
            [entity.id.as_str(), entity.name.as_str()].into_iter().chain(entity.aliases.iter().map(String::as_str))
        })
    }

    /// The names of the lists (file stems).
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(String::as_str)
    }

    /// Entities of a list (file stem), of `topic:X` or of `programme:X`; `None` when there is no such list, topic or programme.
    pub fn listed(&self, what: &str) -> Option<Vec<EntityId>> {
        let same = |one: &str, other: &str| one.to_lowercase() == other.trim().to_lowercase();
        let chosen: Vec<u32> = if let Some(topic) = what.strip_prefix("topic:") {
            self.chosen(|entity| entity.topics.iter().any(|one| same(one, topic)))
        } else if let Some(programme) = what.strip_prefix("programme:") {
            self.chosen(|entity| entity.listed.iter().any(|one| same(&one.programme, programme)))
        } else {
            let list = self.lists.iter().position(|one| same(one, what))?;
            return Some(self.whole_groups(&self.chosen(|entity| entity.list == list)));
        };
        (!chosen.is_empty()).then(|| self.whole_groups(&chosen))
    }

    /// Whether an entity (or one that is the same) was listed on a day, and by which programmes and sources.
    ///
    /// A listing without dates counts on every day; an entity whose list states no listing at all has none here.
    pub fn listings_on(&self, entity: EntityId, day: Option<&str>) -> Vec<String> {
        let Some(own) = self.entity(entity) else { return Vec::new() };
        let members = self.groups.get(own.group as usize).into_iter().flatten().filter_map(|place| self.at(*place));
        let listings = members.flat_map(|one| &one.listed);
        let in_force = listings.filter(|one| ownership::valid_on(one.from.as_deref(), one.until.as_deref(), day));
        let words = in_force.map(|one| match &one.source {
            Some(source) => format!("{} ({source})", one.programme),
            None => one.programme.clone(),
        });
        words.collect()
    }

    /// Who a candidate is: identifiers first, then exact folded names.
    pub fn find(&self, candidate: &Candidate) -> Vec<Hit> {
        let by_identifier = self.find_by_identifier(candidate);
        if !by_identifier.is_empty() {
            return by_identifier;
        }
        let mut hits: Vec<Hit> = Vec::new();
        for place in keys(&candidate.name).iter().filter_map(|key| self.by_key.get(key)).flatten() {
            let Some(entity) = self.at(*place) else { continue };
            if self.contradicts(entity.group, &candidate.identifiers) {
                continue;
            }
            let why = format!("‘{}’ is written like {}", candidate.name, entity.name);
            self.add_group(&mut hits, *place, &why);
        }
        hits
    }

    /// Primary name.
    pub fn name(&self, entity: EntityId) -> &str {
        self.entity(entity).map_or("", |entity| &entity.name)
    }

    /// The list (file stem) that the entity stands in.
    pub fn list_of(&self, entity: EntityId) -> &str {
        self.entity(entity).and_then(|entity| self.lists.get(entity.list)).map_or("", String::as_str)
    }

    /// Where the entity's facts come from, when the list says so.
    pub fn source_of(&self, entity: EntityId) -> Option<&str> {
        self.entity(entity)?.source.as_deref()
    }

    /// Alpha-2 country, when known.
    pub fn country(&self, entity: EntityId) -> Option<&str> {
        let own = self.entity(entity)?;
        let same = self.groups.get(own.group as usize)?.iter().filter_map(|place| self.at(*place));
        std::iter::once(own).chain(same).find_map(|one| one.country)
    }

    fn find_by_identifier(&self, candidate: &Candidate) -> Vec<Hit> {
        let mut hits = Vec::new();
        for identifier in &candidate.identifiers {
            for place in self.by_identifier.get(identifier).into_iter().flatten() {
                let name = self.at(*place).map_or("", |entity| &entity.name);
                let why = format!("{} {} is {name}'s", identifier.kind.to_uppercase(), identifier.text);
                self.add_group(&mut hits, *place, &why);
            }
        }
        hits
    }

    /// An identifier of the same kind that is another one speaks against the name.
    fn contradicts(&self, group: u32, identifiers: &[Identifier]) -> bool {
        let members = self.groups.get(group as usize).into_iter().flatten().filter_map(|place| self.at(*place));
        let known: Vec<&Identifier> = members.flat_map(|entity| &entity.identifiers).collect();
        identifiers.iter().any(|one| {
            // A branch has a KPP of its own.
            one.kind != "kpp" && known.iter().any(|other| other.kind == one.kind) && !known.contains(&one)
        })
    }

    fn add_group(&self, hits: &mut Vec<Hit>, place: u32, why: &str) {
        for entity in self.whole_groups(&[place]) {
            if !hits.iter().any(|hit| hit.entity == entity) {
                hits.push(Hit { entity, score: 100, why: why.to_owned() });
            }
        }
    }

    fn chosen(&self, wanted: impl Fn(&Entity) -> bool) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.entities);
        numbered.filter(|(_, entity)| wanted(entity)).map(|(place, _)| place).collect()
    }

    /// The entities and all that are the same as they, each once.
    fn whole_groups(&self, places: &[u32]) -> Vec<EntityId> {
        let mut seen = FxHashSet::default();
        let mut out = Vec::new();
        for entity in places.iter().filter_map(|place| self.at(*place)) {
            if seen.insert(entity.group) {
                out.extend(self.groups.get(entity.group as usize).into_iter().flatten().map(|place| EntityId(*place)));
            }
        }
        out
    }

    fn entity(&self, id: EntityId) -> Option<&Entity> {
        self.at(id.0)
    }

    fn at(&self, place: u32) -> Option<&Entity> {
        self.entities.get(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::party::segment;
    use crate::problem::{Problem, SourceText};

    const ROSTEC: &str = "\
name: Rostec and what is under it
source: public registers
entities:
  - id: rostec
    name: Rostec
    aliases: [Ростех, Rostekh]
    country: RU
    identifiers: {inn: \"7704274402\"}
    topics: [export.control]
  - id: kret
    name: AO KRET
    aliases: [АО «КРЭТ», Concern Radio-Electronic Technologies]
    country: Russia
    identifiers: {inn: \"7703695246\"}
    listed: [{programme: EU-UKR, from: 2014-09-12, source: EU Reg 269/2014}]
    parents: [{id: rostec, kind: own, from: 2009-01, until: 2023-01, source: EU Reg 269/2014 Annex I entity no 148}]
  - id: plant
    name: Avionics Plant
    parents: [{id: kret, percent: 51}, {id: plant}]
";
    const OTHER: &str = "- {id: ofac-1, name: Kontsern Kret, identifiers: {inn: 7703695246}, topics: [sanction]}\n";

    fn load(texts: &[(&str, &str)]) -> (Watchlists, Vec<Problem>) {
        let sources: Vec<_> = texts.iter().map(|(path, text)| SourceText::new(*path, *text)).collect();
        Watchlists::load(&sources)
    }

    fn lists() -> Watchlists {
        let (lists, problems) = load(&[("rules/watchlists/rostec.yaml", ROSTEC), ("ofac.yaml", OTHER)]);
        assert_eq!(problems, Vec::new());
        lists
    }

    fn found(lists: &Watchlists, cell: &str, id: &str) -> Vec<String> {
        let mut names: Vec<String> = segment(cell, id)
            .iter()
            .flat_map(|candidate| lists.find(candidate))
            .map(|hit| lists.name(hit.entity).to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    #[test]
    fn a_party_is_found_by_identifier_and_by_name() {
        let lists = lists();
        for (cell, id) in
            [("АО КРЭТ", ""), ("unknown", "7703695246"), ("JSC KRET, MOSCOW", ""), ("КРЭТ ИНН 7703695246", "")]
        {
            assert_eq!(found(&lists, cell, id), ["AO KRET", "Kontsern Kret"], "{cell}");
        }
        assert!(found(&lists, "АО КРЭТ", "7718852163").is_empty(), "another INN contradicts");
        assert!(found(&lists, "ООО КРЕТЕКС", "").is_empty());
    }

    #[test]
    fn lists_topics_and_programmes_are_asked_by_name() {
        let lists = lists();
        assert_eq!(lists.listed("rostec").unwrap().len(), 4);
        assert_eq!(lists.listed("ofac").unwrap().len(), 2);
        assert_eq!(lists.listed("topic:sanction").unwrap().len(), 2);
        assert_eq!(lists.listed("programme:EU-UKR").unwrap().len(), 2);
        let kret = lists.named("kret").unwrap()[0];
        assert_eq!(lists.listings_on(kret, Some("2022-10-24")), ["EU-UKR (EU Reg 269/2014)"]);
        assert!(lists.listings_on(kret, Some("2014-01")).is_empty());
        assert_eq!(lists.listed("topic:nothing"), None);
        assert_eq!(lists.listed("nothing"), None);
    }

    #[test]
    fn ownership_goes_up_any_chain_that_is_valid_on_the_day() {
        let lists = lists();
        let rostec = lists.named("Ростех").unwrap();
        let plant = lists.named("plant").unwrap()[0];
        let steps = lists.owned_by(plant, &rostec, Some("2022-10-24")).unwrap();
        assert_eq!(
            steps,
            [
                "Avionics Plant —51 %→ AO KRET",
                "AO KRET —subsidiary, share unknown (EU Reg 269/2014 Annex I entity no 148)→ Rostec"
            ]
        );
        assert_eq!(lists.owned_by(plant, &rostec, Some("2023-02-01")), None);
        assert_eq!(lists.owned_by(plant, &rostec, Some("2008")), None);
        assert!(lists.owned_by(plant, &rostec, Some("2023-01")).is_some());
        assert!(lists.owned_by(plant, &rostec, None).is_some());
        assert_eq!(lists.owned_by(rostec[0], &rostec, None), Some(Vec::new()));
        assert_eq!(lists.owned_by(rostec[0], &[plant], None), None);
    }

    #[test]
    fn a_joined_entity_shares_owners_and_country() {
        let lists = lists();
        let ofac = lists.named("ofac-1").unwrap();
        assert_eq!(ofac.len(), 2);
        for one in ofac {
            assert_eq!(lists.country(one), Some("RU"));
            assert!(lists.owned_by(one, &lists.named("rostec").unwrap(), None).is_some());
        }
    }

    #[test]
    fn a_name_with_conflicting_identifiers_is_ambiguous() {
        let text = "- {id: a, name: Vega, identifiers: {inn: \"7703695246\"}}\n- {id: b, name: Вега, identifiers: {inn: \"7718852163\"}}\n";
        let (lists, _) = load(&[("a.yaml", text)]);
        assert!(lists.named("VEGA").unwrap_err().contains("ambiguous"));
        assert_eq!(lists.named("a").unwrap().len(), 1);
        assert!(lists.named("nobody").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_in_a_list_is_told_with_its_place() {
        let (lists, problems) = load(&[("a.yaml", "- id: a\n  name: Alpha Works\n  alias: [b]\n")]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].code, problems[0].position()), ("unknown-key", (3, 3)), "{}", problems[0]);
        assert_eq!(problems[0].hint.as_deref(), Some("did you mean `aliases`?"));
        assert_eq!(lists.names().count(), 0);

        let text = "- id: a\n  name: Alpha Works\n  country: Atlantis\n  identifiers: {inn: \"1\", foo: x}\n  parents: [{id: aa}]\n";
        let codes = |problems: &[Problem]| problems.iter().map(|one| one.code).collect::<Vec<_>>();
        let (lists, problems) = load(&[("a.yaml", text), ("b.yaml", ":"), ("c.yaml", "")]);
        assert!(codes(&problems).contains(&"unknown-country"), "{problems:?}");
        assert!(codes(&problems).contains(&"unknown-identifier"), "{problems:?}");
        assert!(codes(&problems).contains(&"unknown-entity"), "{problems:?}");
        assert_eq!(lists.named("a").unwrap().len(), 1, "the rest of the file still works");
    }
}
