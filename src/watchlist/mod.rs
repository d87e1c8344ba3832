//! Watchlists: entities with names, identifiers and owners. Loads our own YAML; finds a party; follows ownership.
//!
//! In: the texts of watchlist files, then candidates. Out: hits, lists, paths of ownership. It never reads a file.
mod address;
mod card;
mod entity;
mod entry;
mod find;
mod format;
mod join;
mod load;
mod names;
mod ownership;
#[cfg(test)]
mod ownership_tests;
mod schema;
mod scribe;
mod share;

pub use address::Addresses;
pub use card::EntityCard;
pub use names::{Piece, PieceKind, Scratch};
pub use ownership::{Certainty, Mode, Under};
pub use schema::schema;

use crate::party::Standing;
use crate::value::Identifier;
use entity::{Entity, Listing};
use names::Names;
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::Read;

/// Index of an entity in [`Watchlists`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

/// A name counts as an entity's from this score on, unless a rule says otherwise.
pub const DEFAULT_MIN_SCORE: Score = Score(8_000);

/// How surely a party is an entity: 0 to 1, kept in ten-thousandths so that it orders and compares exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score(u16);

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Seek<'s> {
    /// Names below this score are no hits.
    pub least: Score,
    /// The party's country, alpha-2, where it is known.
    pub country: Option<&'s str>,
}

/// How a party was recognised.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Who.
    pub entity: EntityId,
    /// How surely; 1 for identifiers and for names that are the same.
    pub score: Score,
    /// The list's name that it was recognised by; empty when an identifier was enough.
    pub alias: String,
    /// What speaks for it and against it.
    pub pieces: Vec<Piece>,
    /// In words: `INN 7703695246 is AO KRET's`, `‘АО КРЭТ’ is written like AO KRET`.
    pub why: String,
}

/// A hit in a cell that may name several parties.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The entity, with evidence.
    pub hit: Hit,
    /// The part of the cell that is its name.
    pub matched: String,
    /// How that part stands in the cell.
    pub standing: Standing,
}

/// A file of a list, as a stream.
pub struct ListFile<'f> {
    /// The list's name; several files may make one list.
    pub list: String,
    /// The path as the user knows it.
    pub path: String,
    /// What it says.
    pub content: Box<dyn Read + 'f>,
}

/// A list's name: the file's name without its ending, `ofac` for `ofac.csv` and for `ofac.ftm.json`; of a file in a folder
/// below `watchlists/` the folder's name, since its files are one list.
pub fn list_name(path: &str) -> &str {
    let mut parts = path.rsplit(['/', '\\']);
    let name = parts.next().unwrap_or(path);
    if let (Some(folder), Some("watchlists")) = (parts.next(), parts.next()) {
        return folder;
    }
    let mut stem = name;
    for ending in ["yaml", "yml", "csv", "txt", "tsv", "json", "jsonl", "ndjson", "xml", "ftm", "simple", "targets"] {
        let shorter =
            stem.rsplit_once('.').filter(|(left, last)| !left.is_empty() && last.eq_ignore_ascii_case(ending));
        stem = shorter.map_or(stem, |(left, _)| left);
    }
    stem
}

/// All watchlists, bound together by shared identifiers and `same_as`.
#[derive(Debug, Default)]
pub struct Watchlists {
    entities: Vec<Entity>,
    by_id: FxHashMap<String, Vec<u32>>,
    found_by: Names,
    by_identifier: FxHashMap<Identifier, Vec<u32>>,
    /// Entities that are one, by the group's number.
    groups: Vec<Vec<u32>>,
    /// By the owner's group: the entity that states a stake, and which of its parents it is.
    assets: FxHashMap<u32, Vec<(u32, u32)>>,
    lists: Vec<String>,
}

impl Score {
    /// A score from hundredths, as rules write it.
    pub fn of_hundredths(hundredths: u16) -> Score {
        Score(hundredths.min(100) * 100)
    }

    /// A score from 0 to 1; `None` for any other number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    pub fn of_fraction(fraction: f64) -> Option<Score> {
        (0.0..=1.0).contains(&fraction).then(|| Score((fraction * 10_000.0).round() as u16))
    }

    /// Its hundredths, rounded down: only what is the same is 1.
    pub fn hundredths(self) -> u16 {
        self.0 / 100
    }

    /// From 0 to 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

impl Watchlists {
    /// Entities of that id or name (folded) in any list; empty when unknown. `Err` when it is ambiguous (conflicting identifiers): a sentence.
    pub fn named(&self, name: &str) -> Result<Vec<EntityId>, String> {
        let by_id = self.by_id.get(&name.trim().to_lowercase());
        let found: Vec<u32> = match by_id {
            Some(found) => found.clone(),
            None => self.found_by.exact(name),
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

    /// Whether the names of entities that are one, of a country that writes Cyrillic or Chinese, are all in one script,
    /// while records write both.
    pub fn in_one_script(&self, one: &[EntityId]) -> bool {
        let entities = || one.iter().filter_map(|id| self.entity(*id));
        let Some(own) = entities().find_map(|entity| own_script(entity.country?)) else { return false };
        let has = |script: fn(char) -> bool| {
            let mut names = entities().flat_map(|entity| std::iter::once(&entity.name).chain(&entity.aliases));
            names.any(|name| name.chars().any(script))
        };
        !(has(own) && has(|letter| letter.is_ascii_alphabetic()))
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
        let chosen = self.chosen(|entity| self.is_listed_as(entity, what));
        let is_list = self.lists.iter().any(|one| same(one, what));
        (is_list || !chosen.is_empty()).then(|| self.whole_groups(&chosen))
    }

    /// How an entity (or one that is the same) was listed on a day: in words, by these lists, topics and programmes.
    ///
    /// A listing without dates counts on every day, and so does certainty on a list (or having a topic) that states no
    /// listing of the entity at all: since when is not known then, and the words say so. Without a day every listing
    /// counts; a month or a year counts when the listing was in force on some day of it.
    pub fn listings_on(&self, entity: EntityId, names: &[String], day: Option<&str>) -> Vec<String> {
        let Some(own) = self.entity(entity) else { return Vec::new() };
        let members = self.groups.get(own.group as usize).into_iter().flatten().filter_map(|place| self.at(*place));
        let mut all: Vec<String> = Vec::new();
        for member in members {
            for name in names.iter().filter(|name| self.is_listed_as(member, name)) {
                let programme = name.strip_prefix("programme:");
                let in_force = |one: &&Listing| {
                    programme.is_none_or(|wanted| same(&one.programme, wanted))
                        && ownership::valid_on(one.from.as_deref(), one.until.as_deref(), day)
                };
                all.extend(member.listed.iter().filter(in_force).map(Listing::words));
                if member.listed.is_empty() {
                    all.push(format!("listed: {name}; since when is not stated"));
                }
            }
        }
        all.dedup();
        all
    }

    fn is_listed_as(&self, entity: &Entity, what: &str) -> bool {
        if let Some(topic) = what.strip_prefix("topic:") {
            entity.topics.iter().any(|one| same(one, topic))
        } else if let Some(programme) = what.strip_prefix("programme:") {
            entity.listed.iter().any(|one| same(&one.programme, programme))
        } else {
            self.lists.get(entity.list).is_some_and(|list| same(list, what))
        }
    }

    /// The id in its list.
    pub fn id(&self, entity: EntityId) -> &str {
        self.entity(entity).map_or("", |entity| &entity.id)
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

    fn chosen(&self, wanted: impl Fn(&Entity) -> bool) -> Vec<u32> {
        let numbered = (0u32..).zip(&self.entities);
        numbered.filter(|(_, entity)| wanted(entity)).map(|(place, _)| place).collect()
    }

    fn index_assets(&mut self) {
        let mut assets: FxHashMap<u32, Vec<(u32, u32)>> = FxHashMap::default();
        for (place, entity) in (0u32..).zip(&self.entities) {
            for (number, parent) in (0u32..).zip(&entity.parents) {
                let Some(owner) = self.at(parent.owner) else { continue };
                assets.entry(owner.group).or_default().push((place, number));
            }
        }
        self.assets = assets;
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

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.trim().to_lowercase()
}

/// The letters that records of a country write besides Latin ones, where there are such.
fn own_script(country: &str) -> Option<fn(char) -> bool> {
    match country {
        "RU" | "BY" | "UA" | "KZ" | "KG" | "TJ" | "MN" | "BG" | "RS" | "MK" => Some(crate::text::is_cyrillic),
        "CN" | "HK" | "MO" | "TW" => Some(crate::text::is_han),
        _ => None,
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
            .flat_map(|candidate| lists.find(candidate, Seek::default(), &mut Scratch::default()))
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
        let on = |name: &str, day| lists.listings_on(kret, &[name.to_owned()], day);
        let listed = ["listed: EU-UKR from 2014-09-12 (EU Reg 269/2014)"];
        for day in [Some("2022-10-24"), Some("2014-09-12"), Some("2014-09"), Some("2014"), None] {
            assert_eq!(on("rostec", day), listed, "{day:?}");
            assert_eq!(on("programme:eu-ukr", day), listed, "{day:?}");
        }
        assert!(on("rostec", Some("2014-09-11")).is_empty());
        assert!(on("programme:other", None).is_empty());
        assert_eq!(on("ofac", Some("2014-01-01")), ["listed: ofac; since when is not stated"]);
        assert_eq!(on("topic:sanction", Some("2014-01-01")), ["listed: topic:sanction; since when is not stated"]);
        assert_eq!(lists.listed("topic:nothing"), None);
        assert_eq!(lists.listed("nothing"), None);
    }

    #[test]
    fn ownership_goes_up_any_chain_that_is_valid_on_the_day() {
        let lists = lists();
        let rostec = lists.named("Ростех").unwrap();
        let plant = lists.named("plant").unwrap()[0];
        let under = lists.under(&rostec, Mode::Any);
        let steps = under.path(&lists, plant, Some("2022-10-24")).unwrap();
        assert_eq!(
            steps,
            [
                "Avionics Plant —51 %→ AO KRET",
                "AO KRET —subsidiary, share unknown (EU Reg 269/2014 Annex I entity no 148)→ Rostec"
            ]
        );
        for (day, holds) in
            [("2023-02-01", false), ("2008", false), ("2008-12-31", false), ("2023-01", true), ("2009", true)]
        {
            assert_eq!(under.holds(&lists, plant, Some(day)).is_some(), holds, "{day}");
        }
        assert!(under.holds(&lists, plant, None).is_some());
        assert_eq!(under.path(&lists, rostec[0], None), Some(Vec::new()));
        assert_eq!(lists.under(&[plant], Mode::Any).holds(&lists, rostec[0], None), None);
    }

    #[test]
    fn a_joined_entity_shares_owners_and_country() {
        let lists = lists();
        let ofac = lists.named("ofac-1").unwrap();
        assert_eq!(ofac.len(), 2);
        for one in ofac {
            assert_eq!(lists.country(one), Some("RU"));
            assert!(lists.under(&lists.named("rostec").unwrap(), Mode::Any).holds(&lists, one, None).is_some());
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
    fn a_word_that_only_sounds_like_one_with_a_meaning_is_a_slip() {
        let (lists, _) = load(&[("a.yaml", "- {id: a, name: Sinno Electronics}\n")]);
        assert_eq!(lists.named("Sino Electronics").unwrap(), [], "Sino- means China, Sinno is a name");
        assert_eq!(lists.named("SINNO ELEC").unwrap().len(), 1);
        let candidates = segment("SINO ELECTRONICS", "");
        let hits = candidates.iter().flat_map(|one| lists.find(one, Seek::default(), &mut Scratch::default()));
        assert!(hits.into_iter().all(|hit| hit.score < Score(10_000)));
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
