//! Addresses of entities. In: addresses as lists and records write them. Out: the entity whose address a record's text
//! contains, part by part. A city, a country or a street without a number never makes a match.
use super::{EntityId, Watchlists};
use crate::text::name_words;
use crate::value::country;
use rustc_hash::FxHashMap;

/// A word with its readings in Latin letters.
type Word = Vec<String>;

/// The addresses of some entities, found by their rarest word.
#[derive(Debug, Default)]
pub struct Addresses {
    all: Vec<Address>,
    by_rarest: FxHashMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct Address {
    entity: EntityId,
    written: String,
    parts: Vec<Vec<Word>>,
}

/// Words that say what kind of thing a number or a name is, in the writing that folding gives them.
const KINDS: [&str; 61] = [
    "street",
    "str",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "av",
    "lane",
    "ln",
    "boulevard",
    "blvd",
    "highway",
    "square",
    "embankment",
    "emb",
    "prospect",
    "building",
    "bldg",
    "bld",
    "house",
    "room",
    "rm",
    "office",
    "floor",
    "fl",
    "suite",
    "ste",
    "unit",
    "no",
    "number",
    "district",
    "city",
    "ul",
    "ulitsa",
    "ulica",
    "prospekt",
    "pr",
    "kt",
    "pereulok",
    "per",
    "naberezhnaya",
    "nab",
    "shosse",
    "sh",
    "ploshchad",
    "pl",
    "bulvar",
    "dom",
    "d",
    "korpus",
    "korp",
    "k",
    "stroenie",
    "ofis",
    "of",
    "g",
    "gorod",
    "sankt",
    "saint",
    "etazh",
];

/// Cities whose English name is another word than the transliterated one.
const CITIES: [(&str, &str); 3] = [("moscow", "moskva"), ("petersburg", "peterburg"), ("peking", "beijing")];

impl Watchlists {
    /// The addresses of the entities that are whole enough to tell one place from another.
    pub fn addresses(&self, entities: &[EntityId]) -> Addresses {
        let mut all = Vec::new();
        for id in entities {
            for written in self.entity(*id).into_iter().flat_map(|entity| &entity.addresses) {
                let parts = parts(written);
                if tells_a_place(&parts) {
                    all.push(Address { entity: *id, written: written.clone(), parts });
                }
            }
        }
        Addresses::index(all)
    }
}

impl Addresses {
    fn index(all: Vec<Address>) -> Addresses {
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        let readings = |address: &'_ Address| address.parts.iter().flatten().cloned().collect::<Vec<Word>>();
        for reading in all.iter().flat_map(|address| address.parts.iter().flatten().flatten()) {
            *counts.entry(reading).or_default() += 1;
        }
        let mut by_rarest: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (number, address) in all.iter().enumerate() {
            let often = |word: &Word| -> usize { word.iter().filter_map(|reading| counts.get(reading.as_str())).sum() };
            for reading in readings(address).into_iter().min_by_key(often).into_iter().flatten() {
                by_rarest.entry(reading).or_default().push(number);
            }
        }
        Addresses { all, by_rarest }
    }

    /// The first entity whose address the text contains, and that address as the list writes it.
    pub fn find(&self, text: &str) -> Option<(EntityId, String)> {
        if self.all.is_empty() || text.len() > 2_000 {
            return None;
        }
        let words: Vec<Word> = parts(text).into_iter().flatten().collect();
        let candidates = words.iter().flatten().filter_map(|reading| self.by_rarest.get(reading)).flatten();
        let found = candidates.filter_map(|number| self.all.get(*number)).find(|address| {
            address.parts.iter().all(|part| words.windows(part.len()).any(|window| agree(window, part)))
        })?;
        Some((found.entity, found.written.clone()))
    }
}

fn agree(window: &[Word], part: &[Word]) -> bool {
    window.iter().zip(part).all(|(left, right)| left.iter().any(|reading| right.contains(reading)))
}

/// What stands between commas, as words; countries, postal codes and words for kinds are left out.
fn parts(text: &str) -> Vec<Vec<Word>> {
    let pieces = text.split([',', ';', '\n']).filter(|piece| country(piece.trim()).is_none());
    pieces.map(words).filter(|words| !words.is_empty()).collect()
}

fn words(piece: &str) -> Vec<Word> {
    let kind = |word: &Word| word.iter().any(|reading| KINDS.contains(&reading.as_str()));
    let code = |word: &Word| {
        word.iter().all(|reading| reading.len() >= 5 && reading.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut words: Vec<Word> = name_words(piece);
    words.retain(|word| !kind(word) && !code(word));
    for reading in words.iter_mut().flatten() {
        if let Some((_, city)) = CITIES.iter().find(|(english, _)| english == reading) {
            (*city).clone_into(reading);
        }
    }
    words
}

/// A number and two words besides, at least.
fn tells_a_place(parts: &[Vec<Word>]) -> bool {
    let digits = |word: &&Word| word.iter().any(|reading| reading.bytes().any(|byte| byte.is_ascii_digit()));
    let words: Vec<&Word> = parts.iter().flatten().collect();
    let numbers = words.iter().filter(|word| digits(word)).count();
    let names = words.iter().filter(|word| !digits(word) && word.iter().any(|reading| reading.chars().count() >= 3));
    numbers >= 1 && names.count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::SourceText;

    #[test]
    fn an_address_is_found_in_any_order_and_script_and_a_city_alone_is_not() {
        let list = "- {id: a, name: Sample Works, addresses: ['Primernaya street 17, Moscow, Russia', Moscow, 'Long Lane, Leeds']}\n";
        let (lists, problems) = Watchlists::load(&[SourceText::new("a.yaml", list)]);
        assert_eq!(problems, Vec::new());
        let addresses = lists.addresses(&lists.named("a").unwrap());
        for same in [
            "Primernaya street 17, Moscow, Russia",
            "109147, г. Москва, ул. Примерная, д. 17",
            "RUSSIA, MOSCOW 109147, PRIMERNAYA UL. 17, OFFICE 4",
            "Примерная 17 Москва",
        ] {
            assert!(addresses.find(same).is_some(), "{same}");
        }
        for other in
            ["Moscow", "Primernaya street 18, Moscow", "Primernaya street 17, Tver", "Long Lane, Leeds", "", ",,"]
        {
            assert!(addresses.find(other).is_none(), "{other}");
        }
    }
}
