//! How surely two names are one. In: two names as weighted words. Out: a score from 0 to 1 and what it rests on.
//!
//! Words are aligned, equal ones first, then near ones, then words that are written together in one name and apart in the
//! other. What agrees stands against what does not: a word that contradicts weighs more than one that is only missing, and
//! without a telling word in common there is no score at all.
use super::edit::distance;
use crate::party::{Family, Form, Kind};
use smallvec::SmallVec;

/// A word of a name with its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed<'w> {
    pub(super) sound: &'w str,
    pub(super) kind: Kind,
    pub(super) symbol: u16,
    pub(super) han: u32,
    pub(super) spelling: u32,
    /// 0 to 1: how much it tells.
    pub(super) weight: f32,
    pub(super) letters: u64,
}

/// How words of two names stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Equal.
    Same,
    /// Different words that stand for the same.
    Meaning,
    /// Nearly equal letters.
    Spelling,
    /// Written together in one and apart in the other.
    Joined,
    /// A legal form is glued to the word.
    Glued,
    /// Cut off at the end of the cell.
    Cut,
    /// Only in the cell.
    Extra,
    /// Only in the list.
    Missing,
}

/// Words of the one name beside words of the other, by their places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) left: (u8, u8),
    pub(super) right: (u8, u8),
    pub(super) how: How,
    pub(super) near: f32,
    pub(super) weight: f32,
}

/// What the names are besides their words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside {
    /// The forms of both.
    pub(super) forms: (Option<Form>, Option<Form>),
    /// The cell is so long that its name may be cut off.
    pub(super) may_be_cut: bool,
}

/// A score and what it rests on.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) score: f32,
    pub(super) pairs: SmallVec<[Pair; 12]>,
}

impl Outcome {
    /// Whether a word differs by letters.
    pub(super) fn has_slips(&self) -> bool {
        self.pairs.iter().any(|pair| pair.how == How::Spelling)
    }
}

/// Words less alike than this are two words.
const ALIKE: f32 = 0.66;
/// Words less alike than this are not taken for one in another order.
const SURELY_ALIKE: f32 = 0.8;
/// What a difference inside an aligned word costs, per weight.
const UNLIKE: f32 = 1.2;
/// What a contradiction costs, per weight of the two words.
const CONTRADICTS: f32 = 0.6;
/// What a word costs that only the cell has, or only the list.
const EXTRA: f32 = 0.4;
const MISSING: f32 = 0.41;
/// The part of what is missing that counts when the cell was cut off.
const CUT: f32 = 0.2;
/// Common words that agree beside a telling one say more than their weight.
const COMMON: f32 = 1.6;
/// The more agrees, the more may differ: agreement counts with this power.
const POWER: f32 = 1.75;
/// When one telling word alone agrees, whatever else there is costs more, up to a limit.
const ALONE: f32 = 0.5;
const MOST_ALONE: f32 = 0.4;
/// Names that agree in common words alone must agree the better.
const IN_COMMON: f32 = 2.9;
/// A word that weighs less than this tells nothing by itself.
const TELLING: f32 = 0.5;

/// Buffers, used again.
#[derive(Debug, Default)]
pub(super) struct Scorer {
    left: String,
    right: String,
}

struct Alignment<'a> {
    query: &'a [Weighed<'a>],
    entity: &'a [Weighed<'a>],
    free: (u32, u32),
    pairs: SmallVec<[Pair; 12]>,
}

impl Scorer {
    /// Compares a cell's name with a list's.
    pub(super) fn compare(&mut self, query: &[Weighed], entity: &[Weighed], beside: Beside) -> Outcome {
        let (query, entity) = (query.get(..32).unwrap_or(query), entity.get(..32).unwrap_or(entity));
        let all = |words: &[Weighed]| if words.len() >= 32 { u32::MAX } else { (1 << words.len()) - 1 };
        let mut found = Alignment { query, entity, free: (all(query), all(entity)), pairs: SmallVec::new() };
        found.take_equal();
        let several = query.len() > 1 || entity.len() > 1;
        if found.both_free() && several {
            self.take_joined(&mut found, 1.0);
        }
        if found.both_free() {
            found.take_glued();
            self.take_near(&mut found);
        }
        if found.both_free() && several {
            self.take_joined(&mut found, 0.84);
        }
        let cut = beside.may_be_cut && found.is_cut();
        found.conclude(beside, cut)
    }

    fn take_near(&mut self, found: &mut Alignment) {
        let mut near: SmallVec<[(f32, u8, u8); 16]> = SmallVec::new();
        for (i, x) in found.free_words(Side::Query) {
            for (j, y) in found.free_words(Side::Entity) {
                let alike = self.alike(x, y);
                if alike >= ALIKE {
                    near.push((alike, i, j));
                }
            }
        }
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.abs_diff(a.2).cmp(&b.1.abs_diff(b.2))));
        for (alike, i, j) in near {
            if found.is_free(Side::Query, i) && found.is_free(Side::Entity, j) {
                found.pair((i, i + 1), (j, j + 1), (How::Spelling, alike));
            }
        }
    }

    /// 0 to 1; 0 at once when the words cannot be near.
    fn alike(&mut self, x: &Weighed, y: &Weighed) -> f32 {
        let fixed = |word: &Weighed| word.kind == Kind::Number || word.kind == Kind::Particle;
        // Pinyin is a reading, not a spelling: it is the same or another word.
        if fixed(x) || fixed(y) || x.han != 0 || y.han != 0 {
            return 0.0;
        }
        let (a, b) = (x.sound.len(), y.sound.len());
        if a.abs_diff(b) > 1 + a.max(b) / 4 {
            return 0.0;
        }
        let apart = (x.letters & !y.letters).count_ones() + (y.letters & !x.letters).count_ones();
        if apart as usize > 1 + a.max(b) / 3 {
            return 0.0;
        }
        self.nearness(x.sound, y.sound, ALIKE)
    }

    /// 0 to 1; below `least` it may be any smaller number.
    fn nearness(&mut self, a: &str, b: &str, least: f32) -> f32 {
        // sh, ch and zh are one sound of two letters.
        let letters = |word: &str| word.len() + word.bytes().filter(u8::is_ascii_uppercase).count();
        let length = (letters(a) + letters(b)) as f32 / 2.0;
        // One letter in a short word makes another word.
        let steep = if length <= 4.5 { 1.6 } else { 1.0 };
        let cost = distance(a, b, length * (1.0 - least) / steep + 0.01);
        (1.0 - steep * cost / length).max(0.0)
    }

    /// `NAFT IRAN` and `NAFTIRAN`; only words beside each other, of which one at least is still free.
    fn take_joined(&mut self, found: &mut Alignment, least: f32) {
        for side in [Side::Query, Side::Entity] {
            let mut start = 0u8;
            while (start as usize) < found.words(side).len() {
                let end = (start + 2..=start + 4).find(|end| self.join(found, (side, least), (start, *end)));
                start = end.unwrap_or(start + 1);
            }
        }
    }

    fn join(&mut self, found: &mut Alignment, (side, least): (Side, f32), run: (u8, u8)) -> bool {
        let words = found.words(side);
        let Some(several) = words.get(usize::from(run.0)..usize::from(run.1)) else { return false };
        let free = (run.0..run.1).all(|at| found.is_free(side, at));
        if !free {
            return false;
        }
        let length: usize = several.iter().map(|word| word.sound.len()).sum();
        let other = side.other();
        let fits = |word: &Weighed| word.sound.len().abs_diff(length) <= 2 + length / 6;
        let may_pair = side == Side::Query && found.free_words(other).count() > 1;
        if !may_pair && !found.free_words(other).any(|(_, word)| fits(word)) {
            return false;
        }
        self.left.clear();
        several.iter().for_each(|word| push_joined(&mut self.left, word.sound));
        let other = side.other();
        let best =
            found.free_words(other).map(|(at, word)| ((at, at + 1), word.sound.len())).collect::<SmallVec<[_; 8]>>();
        for (place, length) in best {
            let whole = std::mem::take(&mut self.left);
            let sound = found.words(other).get(usize::from(place.0)).map_or("", |word| word.sound);
            let near = length.abs_diff(whole.len()) <= 1 + length / 6;
            let alike = if whole == sound {
                1.0
            } else if near && least < 1.0 {
                self.nearness(&whole, sound, least)
            } else {
                0.0
            };
            self.left = whole;
            if alike >= least {
                match side {
                    Side::Query => found.pair(run, place, (How::Joined, alike)),
                    Side::Entity => found.pair(place, run, (How::Joined, alike)),
                }
                return true;
            }
        }
        self.join_runs(found, side, run)
    }

    /// `AL SARAF` and `ALSA RAF`: runs of two on both sides.
    fn join_runs(&mut self, found: &mut Alignment, side: Side, run: (u8, u8)) -> bool {
        if side == Side::Entity {
            return false;
        }
        for start in 0..found.entity.len().saturating_sub(1) as u8 {
            if !(found.is_free(Side::Entity, start) && found.is_free(Side::Entity, start + 1)) {
                continue;
            }
            self.right.clear();
            let pair = found.entity.get(usize::from(start)..usize::from(start) + 2).unwrap_or(&[]);
            pair.iter().for_each(|word| push_joined(&mut self.right, word.sound));
            if self.left == self.right {
                found.pair(run, (start, start + 2), (How::Joined, 1.0));
                return true;
            }
        }
        false
    }
}

/// A doubled letter at the seam is one, as inside words.
fn push_joined(out: &mut String, word: &str) {
    let seam = out.chars().next_back().filter(|last| !last.is_ascii_digit());
    out.push_str(if seam.is_some() && word.chars().next() == seam { word.get(1..).unwrap_or("") } else { word });
}

/// What an agreement rests on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    ByName,
    InCommonWords,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Query,
    Entity,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Query => Side::Entity,
            Side::Entity => Side::Query,
        }
    }
}

impl<'a> Alignment<'a> {
    fn words(&self, side: Side) -> &'a [Weighed<'a>] {
        match side {
            Side::Query => self.query,
            Side::Entity => self.entity,
        }
    }

    fn mask(&self, side: Side) -> u32 {
        match side {
            Side::Query => self.free.0,
            Side::Entity => self.free.1,
        }
    }

    fn is_free(&self, side: Side, at: u8) -> bool {
        at < 32 && self.mask(side) >> at & 1 == 1
    }

    fn free_words(&self, side: Side) -> impl Iterator<Item = (u8, &'a Weighed<'a>)> + use<'a> {
        let mask = self.mask(side);
        (0u8..).zip(self.words(side)).filter(move |(at, _)| mask >> at & 1 == 1)
    }

    fn both_free(&self) -> bool {
        self.free.0 != 0 && self.free.1 != 0
    }

    fn weight(&self, side: Side, (from, to): (u8, u8)) -> f32 {
        let words = self.words(side).get(usize::from(from)..usize::from(to)).unwrap_or(&[]);
        words.iter().map(|word| word.weight).sum()
    }

    fn pair(&mut self, left: (u8, u8), right: (u8, u8), (how, near): (How, f32)) {
        (left.0..left.1).for_each(|at| self.free.0 &= !(1 << at));
        (right.0..right.1).for_each(|at| self.free.1 &= !(1 << at));
        let (query, entity) = (self.weight(Side::Query, left), self.weight(Side::Entity, right));
        // A word of the trade with an error in it is still one: the list says how much it tells.
        let weight = if how == How::Spelling { query.min(entity) } else { query.max(entity) };
        self.pairs.push(Pair { left, right, how, near, weight });
    }

    /// Words that are equal, or stand for the same.
    fn take_equal(&mut self) {
        for (i, x) in (0u8..32).zip(self.query) {
            let mut meant = None;
            let mut same = None;
            for (j, y) in self.free_words(Side::Entity) {
                if x.sound == y.sound && (x.han == y.han || x.han == 0 || y.han == 0) {
                    same = Some((j, heard_alike(x, y)));
                    break;
                }
                if x.symbol != 0 && x.symbol == y.symbol {
                    meant = meant.or(Some(j));
                }
            }
            match (same, meant) {
                (Some((j, near)), _) if near < 1.0 => self.pair((i, i + 1), (j, j + 1), (How::Spelling, near)),
                (Some((j, _)), _) => self.pair((i, i + 1), (j, j + 1), (How::Same, 1.0)),
                (None, Some(j)) => self.pair((i, i + 1), (j, j + 1), (How::Meaning, 0.985)),
                (None, None) => {}
            }
        }
    }

    /// `SIEMENSAG`, `OJSCSOVFRACHT`: the rest of the word is a legal form.
    fn take_glued(&mut self) {
        const FORMS: [&str; 15] =
            ["Jsc", "isc", "oisc", "piJsc", "pJsc", "cJsc", "lc", "llc", "ltd", "ao", "oao", "pao", "zao", "o", "ag"];
        let queries: SmallVec<[_; 8]> = self.free_words(Side::Query).collect();
        for (i, x) in queries {
            let entities: SmallVec<[_; 8]> = self.free_words(Side::Entity).collect();
            for (j, y) in entities {
                let (long, short) = if x.sound.len() > y.sound.len() { (x.sound, y.sound) } else { (y.sound, x.sound) };
                let rest = long.strip_prefix(short).or_else(|| long.strip_suffix(short));
                let glued = short.len() > 3 && rest.is_some_and(|rest| FORMS.iter().any(|form| fits(rest, form)));
                if glued && self.is_free(Side::Query, i) && self.is_free(Side::Entity, j) {
                    self.pair((i, i + 1), (j, j + 1), (How::Glued, 0.97));
                }
            }
        }
    }

    /// Whether the cell holds the beginning of the list's name and nothing else.
    fn is_cut(&mut self) -> bool {
        let mut last = self.free_words(Side::Query);
        let (first, second) = (last.next(), last.next());
        drop(last);
        if second.is_some() {
            return false;
        }
        if let Some((i, x)) = first {
            let at_end = usize::from(i) + 1 == self.query.len();
            let begun = self.free_words(Side::Entity).find(|(_, y)| y.sound.starts_with(x.sound) || x.sound.len() <= 2);
            if !at_end || self.pairs.is_empty() {
                return false;
            }
            match begun {
                Some((j, _)) => self.pair((i, i + 1), (j, j + 1), (How::Cut, 0.9)),
                // The beginning of a legal form.
                None if super::FORM_WORDS.iter().any(|form| form.starts_with(x.sound)) => self.free.0 &= !(1 << i),
                None => return false,
            }
        }
        let reached = self.pairs.iter().map(|pair| pair.right.1).max().unwrap_or(0);
        self.free_words(Side::Entity).all(|(at, _)| at >= reached)
    }

    fn conclude(mut self, beside: Beside, cut: bool) -> Outcome {
        let (mut agrees, mut differs, mut anchor, mut telling) = (0.0, 0.0, 0.0f32, 0);
        for pair in &self.pairs {
            let near = if pair.how == How::Spelling || pair.how == How::Joined { pair.near } else { 1.0 };
            differs += pair.weight * (1.0 - pair.near) * UNLIKE;
            if self.tells(pair) {
                agrees += pair.weight * near;
                anchor = anchor.max(pair.weight * near);
                telling += 1;
            } else {
                agrees += pair.weight * near * COMMON;
            }
        }
        let left: f32 = self.free_words(Side::Query).map(|(_, word)| word.weight).sum();
        let right: f32 = self.free_words(Side::Entity).map(|(_, word)| word.weight).sum();
        let against = left.min(right);
        let (extra, missing) = (left - against, (right - against) * if cut { CUT } else { 1.0 });
        let mut costs = differs + 2.0 * against * CONTRADICTS + extra * EXTRA + missing * MISSING;
        if telling < 2 {
            costs += ALONE * (against + extra + missing).min(MOST_ALONE);
        }
        let sure = match self.told(anchor) {
            Told::ByName => 1.0,
            Told::InCommonWords => 1.0 / IN_COMMON,
            Told::Nothing => 0.0,
        };
        let agrees = agrees.powf(POWER) * sure;
        let score = if agrees > 0.0 { agrees / (agrees + costs) * self.order() * forms(beside.forms) } else { 0.0 };
        self.add_rest();
        Outcome { score, pairs: self.pairs }
    }

    fn tells(&self, pair: &Pair) -> bool {
        let words = self.words(Side::Entity).get(usize::from(pair.right.0)..usize::from(pair.right.1)).unwrap_or(&[]);
        let is_name = |word: &Weighed| word.kind == Kind::Word;
        // Common words written together are a name where there is no other: IRANAIR.
        let made_of_common = words.len() > 1 && pair.how == How::Joined && !self.entity.iter().any(is_name);
        words.iter().any(is_name) || made_of_common
    }

    /// What the agreement rests on. Names that have no telling word may only rest on several common ones.
    fn told(&self, anchor: f32) -> Told {
        let most = |side: Side| {
            let words = self.words(side).iter().filter(|word| word.kind == Kind::Word);
            words.map(|word| word.weight).fold(0.0f32, f32::max)
        };
        let (query, entity) = (most(Side::Query), most(Side::Entity));
        if anchor > 0.0 && anchor >= TELLING.min(0.6 * query.min(entity)) {
            return Told::ByName;
        }
        let common = self.pairs.iter().filter(|pair| pair.weight > 0.1 && pair.how != How::Cut).count();
        let only_places = self.pairs.iter().all(|pair| {
            let word = self.query.get(usize::from(pair.left.0));
            word.is_none_or(|word| matches!(word.kind, Kind::Place | Kind::Particle))
        });
        if entity < TELLING && common > 1 && !only_places { Told::InCommonWords } else { Told::Nothing }
    }

    /// Words in another order are a little less sure, and much less when one of them is only alike.
    fn order(&self) -> f32 {
        let mut pairs: SmallVec<[(u8, u8); 12]> = self.pairs.iter().map(|pair| (pair.left.0, pair.right.0)).collect();
        pairs.sort_unstable();
        let turns = pairs.windows(2).filter(|two| matches!(two, [a, b] if a.1 > b.1)).count();
        let slips = self.pairs.iter().any(|pair| pair.how == How::Spelling && pair.near < SURELY_ALIKE);
        match turns {
            0 => 1.0,
            _ if slips => 0.9,
            1 => 0.985,
            _ => 0.97,
        }
    }

    fn add_rest(&mut self) {
        let extra: SmallVec<[_; 8]> = self.free_words(Side::Query).map(|(at, word)| (at, word.weight)).collect();
        for (at, weight) in extra {
            self.pairs.push(Pair { left: (at, at + 1), right: (0, 0), how: How::Extra, near: 0.0, weight });
        }
        let missing: SmallVec<[_; 8]> = self.free_words(Side::Entity).map(|(at, word)| (at, word.weight)).collect();
        for (at, weight) in missing {
            self.pairs.push(Pair { left: (0, 0), right: (at, at + 1), how: How::Missing, near: 0.0, weight });
        }
    }
}

/// Two Latin words that sound alike but are written differently are nearly one; the shorter, the less.
fn heard_alike(x: &Weighed, y: &Weighed) -> f32 {
    let differ = x.kind != Kind::Number && x.spelling != 0 && y.spelling != 0 && x.spelling != y.spelling;
    match x.sound.len() {
        _ if !differ => 1.0,
        0..=4 => 0.86,
        5 => 0.92,
        6 => 0.95,
        _ => 0.975,
    }
}

/// A form as sounds, h dropped where it is not heard.
fn fits(rest: &str, form: &str) -> bool {
    rest == form || (form == "gmb" && rest == "gmbh")
}

/// Legal forms never make a match; another kind of body speaks against one.
fn forms((query, entity): (Option<Form>, Option<Form>)) -> f32 {
    match (query, entity) {
        (Some(a), Some(b)) if a.class == b.class => 1.0,
        (Some(a), Some(b)) if a.family == b.family => 0.995,
        (Some(a), Some(b)) => match (a.family, b.family) {
            (Family::Firm, _) | (_, Family::Firm) => 0.994,
            (Family::NonProfit, _) | (_, Family::NonProfit) => 0.75,
            (Family::Sole, _) | (_, Family::Sole) => 0.93,
            (Family::Stock | Family::Limited | Family::Partnership | Family::State, _) => 0.985,
        },
        (None, None) => 1.0,
        (Some(_), None) | (None, Some(_)) => 0.992,
    }
}
