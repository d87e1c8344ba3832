//! The names of all watchlists, searchable. In: names with their entities, once; then a party's name. Out: the list's names
//! that it may be, each with a score and the pieces that it rests on. Names are kept once, as numbers of distinct words.
mod block;
mod edit;
mod explain;
mod score;

pub use explain::{Piece, PieceKind};

use crate::party::{Form, Kind, Name, Word, readings};
use block::{Blocks, Counts, pieces_of};
use edit::letter_set;
use rustc_hash::FxHashMap;
use score::{Beside, Outcome, Scorer, Weighed};
use smallvec::SmallVec;

/// A word that this many names in a thousand have tells little.
const FEWEST_NAMES: f32 = 1_500.0;
/// A cell shorter than this was not cut off by its column.
const CUT_LENGTH: usize = 28;

/// One distinct word of all lists.
#[derive(Debug)]
struct Entry {
    sound: (u32, u32),
    kind: Kind,
    symbol: u16,
    han: u32,
    spelling: u32,
    letters: u64,
    /// How many entities have it.
    entities: u32,
    last: u32,
    weight: f32,
}

/// A name of an entity.
#[derive(Debug, Clone, Copy)]
struct Listed {
    entity: u32,
    /// 0 for the primary name, then the aliases in order.
    alias: u16,
    words: (u32, u8),
    form: Option<Form>,
}

/// All names.
#[derive(Debug, Default)]
pub(super) struct Names {
    sounds: String,
    vocabulary: Vec<Entry>,
    /// Hash of a word, and its number; a hash that is taken moves on by one.
    by_sound: FxHashMap<u64, u32>,
    words: Vec<u32>,
    listed: Vec<Listed>,
    /// Hash of the key of a name, and the name, in order.
    exact: Vec<(u64, u32)>,
    blocks: Blocks,
}

/// A list's name that a party's may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) entity: u32,
    pub(super) alias: u16,
    pub(super) score: f32,
}

/// Buffers of a search, used again for every name.
#[derive(Debug, Default)]
pub struct Scratch {
    counts: Counts,
    scorer: Scorer,
    /// What the names of this cell were found to be: it gives one name with its legal form and without.
    recent: Vec<(Asked, Vec<Found>)>,
    turn: usize,
}

/// What makes two searches the same.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    key: u64,
    least: f32,
    may_be_cut: bool,
    /// How many names and letters the lists have, so that other lists' answers are not taken for theirs.
    of: (usize, usize),
}

/// Searches that are remembered.
const MOST_RECENT: usize = 4;

impl Scratch {
    /// To be called before the names of another cell: within one cell a name without its form is the name with it.
    pub fn begin_cell(&mut self) {
        self.recent.clear();
        self.turn = 0;
    }

    fn remember(&mut self, asked: Asked, found: Vec<Found>) {
        let slot = self.turn % MOST_RECENT;
        self.turn = self.turn.wrapping_add(1);
        match self.recent.get_mut(slot) {
            Some(old) => *old = (asked, found),
            None => self.recent.push((asked, found)),
        }
    }
}

fn keep_best(best: &mut Vec<Found>, found: Found) {
    match best.iter_mut().find(|one| one.entity == found.entity) {
        Some(known) if known.score >= found.score => {}
        Some(known) => *known = found,
        None => best.push(found),
    }
}

/// A cell this long may have lost the end of its name.
fn may_be_cut(written: &str) -> bool {
    written.len() >= CUT_LENGTH && written.chars().count() >= CUT_LENGTH
}

impl Names {
    /// Adds a name of an entity; entities come in order.
    pub(super) fn add(&mut self, entity: u32, alias: u16, written: &str) {
        for name in readings(written) {
            let Some(key) = name.key() else { continue };
            let first = self.words.len() as u32;
            for word in name.words() {
                let number = self.number(&name, word);
                if let Some(entry) = self.vocabulary.get_mut(number as usize)
                    && entry.last != entity + 1
                {
                    entry.last = entity + 1;
                    entry.entities += 1;
                }
                self.words.push(number);
            }
            let place = self.listed.len() as u32;
            self.listed.push(Listed { entity, alias, words: (first, name.words().len() as u8), form: name.form() });
            self.exact.push((hash(&key), place));
        }
    }

    fn number(&mut self, name: &Name, word: &Word) -> u32 {
        let sound = name.sound(word);
        let slot = match self.slot(sound, word) {
            Ok(known) => return known,
            Err(slot) => slot,
        };
        let next = self.vocabulary.len() as u32;
        let start = self.sounds.len() as u32;
        self.sounds.push_str(sound);
        self.vocabulary.push(Entry {
            sound: (start, self.sounds.len() as u32),
            kind: word.kind,
            symbol: word.symbol,
            han: word.han,
            spelling: word.spelling,
            letters: letter_set(sound),
            entities: 0,
            last: 0,
            weight: 0.0,
        });
        self.by_sound.insert(slot, next);
        next
    }

    /// The number of a word, or the free slot for it.
    fn slot(&self, sound: &str, word: &Word) -> Result<u32, u64> {
        let mut slot = hash(&(sound, word.han, word.spelling));
        while let Some(number) = self.by_sound.get(&slot) {
            let same = |entry: &&Entry| {
                self.sound(entry) == sound
                    && (entry.han, entry.spelling, entry.kind) == (word.han, word.spelling, word.kind)
            };
            if self.vocabulary.get(*number as usize).filter(same).is_some() {
                return Ok(*number);
            }
            slot = slot.wrapping_add(1);
        }
        Err(slot)
    }

    /// Makes the names searchable; to be called when all are there.
    pub(super) fn finish(&mut self) {
        let entities = self.listed.iter().map(|one| one.entity).max().map_or(0, |last| last + 1);
        let all = (entities as f32).max(FEWEST_NAMES);
        for entry in &mut self.vocabulary {
            let length = (entry.sound.1 - entry.sound.0) as usize;
            let rarity = (all / entry.entities.max(1) as f32).ln() / all.ln();
            entry.weight = weight((entry.kind, length), rarity);
        }
        self.exact.sort_unstable();
        self.words.shrink_to_fit();
        self.listed.shrink_to_fit();
        self.blocks = Blocks::build(self.listed.len() as u32, |name, out| {
            let words = self.listed.get(name as usize).map(|listed| self.entries(listed));
            let telling = words.into_iter().flatten().filter(|entry| entry.kind != Kind::Particle);
            pieces_of(telling.map(|entry| self.sound(entry)), out);
        });
    }

    /// The entities whose name is the same but for form, case, script and abbreviations.
    pub(super) fn exact(&self, written: &str) -> Vec<u32> {
        let mut out = Vec::new();
        let mut scorer = Scorer::default();
        for name in readings(written) {
            let Some(wanted) = name.key().map(|key| hash(&key)) else { continue };
            let from = self.exact.partition_point(|(known, _)| *known < wanted);
            let same = self.exact.iter().skip(from).take_while(|(known, _)| *known == wanted);
            for listed in same.filter_map(|(_, place)| self.listed.get(*place as usize)) {
                // `Rostecc` sounds like Rostec, and is a slip.
                let outcome = scorer.compare(&self.weigh(&name), &self.weighed(listed), Beside::default());
                if !outcome.has_slips() && !out.contains(&listed.entity) {
                    out.push(listed.entity);
                }
            }
        }
        out
    }

    /// The best name of each entity that a party's name may be, from a score upward, in no order.
    pub(super) fn search(&self, written: &str, least: f32, scratch: &mut Scratch) -> Vec<Found> {
        let mut best: Vec<Found> = Vec::new();
        let (may_be_cut, of) = (may_be_cut(written), (self.listed.len(), self.sounds.len()));
        for name in readings(written) {
            let Some(asked) = name.key().map(|key| Asked { key: hash(&key), least, may_be_cut, of }) else { continue };
            match scratch.recent.iter().find(|(known, _)| *known == asked) {
                Some((_, found)) => found.iter().for_each(|found| keep_best(&mut best, *found)),
                None => {
                    let found = self.compare_likely(&name, asked, scratch);
                    found.iter().for_each(|found| keep_best(&mut best, *found));
                    scratch.remember(asked, found);
                }
            }
        }
        best
    }

    fn compare_likely(&self, name: &Name, asked: Asked, scratch: &mut Scratch) -> Vec<Found> {
        let query = self.weigh(name);
        let telling = query.iter().filter(|word| word.kind != Kind::Particle);
        let likely = self.blocks.likeliest(telling.map(|word| word.sound), &mut scratch.counts);
        let mut best = Vec::new();
        for listed in likely.iter().filter_map(|place| self.listed.get(*place as usize)) {
            let beside = Beside { forms: (name.form(), listed.form), may_be_cut: asked.may_be_cut };
            let score = scratch.scorer.compare(&query, &self.weighed(listed), beside).score;
            if score >= asked.least && score > 0.0 {
                keep_best(&mut best, Found { entity: listed.entity, alias: listed.alias, score });
            }
        }
        best
    }

    /// What a score between two names rests on.
    pub(super) fn explain(&self, written: &str, alias: &str, scratch: &mut Scratch) -> (f32, Vec<Piece>) {
        let mut best = (0.0, Vec::new());
        let may_be_cut = may_be_cut(written);
        for query in readings(written) {
            for entity in readings(alias) {
                let beside = Beside { forms: (query.form(), entity.form()), may_be_cut };
                let outcome: Outcome = scratch.scorer.compare(&self.weigh(&query), &self.weigh(&entity), beside);
                if outcome.score > best.0 || best.1.is_empty() {
                    best = (outcome.score, explain::pieces((written, &query), (alias, &entity), &outcome));
                }
            }
        }
        best
    }

    fn weigh<'n>(&self, name: &'n Name) -> SmallVec<[Weighed<'n>; 12]> {
        let weighed = name.words().iter().map(|word| {
            let sound = name.sound(word);
            let number = self.slot(sound, word).ok();
            let known = number.and_then(|number| self.vocabulary.get(number as usize));
            let weight = known.map_or_else(|| strange((word.kind, sound)), |entry| entry.weight);
            let letters = known.map_or_else(|| letter_set(sound), |entry| entry.letters);
            Weighed {
                sound,
                kind: word.kind,
                symbol: word.symbol,
                han: word.han,
                spelling: word.spelling,
                weight,
                letters,
            }
        });
        weighed.collect()
    }

    fn weighed(&self, listed: &Listed) -> SmallVec<[Weighed<'_>; 12]> {
        let weighed = self.entries(listed).map(|entry| Weighed {
            sound: self.sound(entry),
            kind: entry.kind,
            symbol: entry.symbol,
            han: entry.han,
            spelling: entry.spelling,
            weight: entry.weight,
            letters: entry.letters,
        });
        weighed.collect()
    }

    fn entries(&self, listed: &Listed) -> impl Iterator<Item = &Entry> {
        let (from, count) = (listed.words.0 as usize, usize::from(listed.words.1));
        let numbers = self.words.get(from..from + count).unwrap_or(&[]);
        numbers.iter().filter_map(|number| self.vocabulary.get(*number as usize))
    }

    fn sound(&self, entry: &Entry) -> &str {
        self.sounds.get(entry.sound.0 as usize..entry.sound.1 as usize).unwrap_or("")
    }
}

/// Long words of legal forms, as sounds, in which typing errors are met.
const FORM_WORDS: [&str; 11] = [
    "kompani",
    "companiia",
    "companii",
    "limited",
    "corporation",
    "incorporated",
    "private",
    "venture",
    "obWestvo",
    "akcionernoe",
    "gesellSaft",
];

/// The weight of a word that no list has: little when it is a legal form with an error in it.
fn strange((kind, sound): (Kind, &str)) -> f32 {
    let near = |form: &str| form.len().abs_diff(sound.len()) <= 1 && edit::distance(form, sound, 2.2) <= 2.1;
    match kind {
        Kind::Word if sound.len() > 4 && FORM_WORDS.iter().any(|form| near(form)) => 0.1,
        _ => weight((kind, sound.len()), 1.0),
    }
}

/// What a word tells: a name by how rare it is in the lists, a word of the trade little, a particle next to nothing.
fn weight((kind, length): (Kind, usize), rarity: f32) -> f32 {
    match kind {
        Kind::Word => {
            let short = match length {
                0..=1 => 0.3,
                2 => 0.55,
                3 => 0.85,
                _ => 1.0,
            };
            short * rarity.clamp(0.4, 1.0)
        }
        Kind::Number => 0.8,
        Kind::Place => 0.45,
        Kind::Generic => 0.36,
        Kind::Structure => 0.2,
        Kind::Particle => 0.06,
    }
}

fn hash(key: &impl std::hash::Hash) -> u64 {
    use std::hash::{BuildHasher, BuildHasherDefault};
    BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one(key)
}
