//! One company name in a shape that can be compared. In: a name in any script. Out: its words as sounds, each with what it
//! says, where it stands in the text, and the name's legal form. It never compares.
//!
//! Look-alike letters are read by the word's own script (a Cyrillic О inside a Latin word is Latin), else by the name's; a
//! word that both scripts could have written gives a second reading.
use super::forms::{Form, forms};
use super::sound::push_sounds;
use super::symbols::{Kind, Symbol, symbols};
use crate::text::{cyrillic_twin, fold_char, is_cyrillic, is_han, latin_twin};
use pinyin::ToPinyin;
use std::ops::Range;

/// Names are read up to here; what follows is no name.
const LONGEST_NAME: usize = 512;
/// Words after this many are not compared.
const MOST_WORDS: usize = 32;
/// What is left of a name without its form must have this many letters to mean anything.
const SHORTEST: usize = 3;

/// A name, ready to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    sounds: String,
    /// The words without the legal forms.
    words: Vec<Word>,
    form: Option<Form>,
}

/// One word of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    sound: (u16, u16),
    source: (u16, u16),
    /// What it says.
    pub kind: Kind,
    /// Equal for words that stand for the same; 0 stands for nothing.
    pub symbol: u16,
    /// The Han signs that it was written with, hashed; 0 for another script.
    pub han: u32,
    /// Its letters as written, folded and hashed, with the script: words that only sound alike are told apart.
    pub spelling: u32,
    /// Initials that were joined: S. A.
    initials: bool,
}

impl Name {
    /// Its words without legal forms.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// How a word sounds: a–z and digits, S C Z J W for sh ch zh dzh shch.
    pub fn sound(&self, word: &Word) -> &str {
        self.sounds.get(usize::from(word.sound.0)..usize::from(word.sound.1)).unwrap_or("")
    }

    /// The legal form, the most telling one when there are several.
    pub fn form(&self) -> Option<Form> {
        self.form
    }

    /// Whether nothing is left to compare: empty, or a legal form and a scrap.
    pub fn is_nothing(&self) -> bool {
        let telling = self.words.iter().filter(|word| word.kind != Kind::Particle);
        let length = |word: &Word| {
            if word.han == 0 { self.sound(word).len().max(word.source().len().min(SHORTEST)) } else { SHORTEST }
        };
        telling.map(length).sum::<usize>() < SHORTEST
    }

    /// Equal for names that are the same but for script, case, punctuation, form and abbreviations; `None` for nothing.
    pub fn key(&self) -> Option<String> {
        if self.is_nothing() {
            return None;
        }
        let mut key = String::with_capacity(self.sounds.len() + self.words.len());
        for word in self.words.iter().filter(|word| word.kind != Kind::Particle || self.words.len() == 1) {
            if !key.is_empty() {
                key.push(' ');
            }
            match word.symbol {
                0 => key.push_str(self.sound(word)),
                symbol => key.extend(['#', char::from_u32(0x100 + u32::from(symbol)).unwrap_or('?')]),
            }
        }
        Some(key)
    }

    fn push(&mut self, word: Word) {
        if self.words.len() < MOST_WORDS {
            self.words.push(word);
        }
    }
}

impl Word {
    /// Where it stands in the name as written, in bytes.
    pub fn source(&self) -> Range<usize> {
        usize::from(self.source.0)..usize::from(self.source.1)
    }
}

/// The readings of a name: one, or two where a word may be of either script.
pub fn readings(written: &str) -> Vec<Name> {
    let pieces = Pieces::of(written);
    let mut all = vec![pieces.name(Reading::AsWritten)];
    if pieces.list.iter().any(|piece| piece.either) {
        all.push(pieces.name(Reading::OtherScript));
    }
    all
}

/// A name's keys for exact folded comparison, without its legal form; a form or a scrap alone gives none.
pub fn keys(written: &str) -> Vec<String> {
    let mut keys: Vec<String> = readings(written).iter().filter_map(Name::key).collect();
    keys.dedup();
    keys
}

/// Whether a text says only where: places, numbers and particles.
pub(super) fn is_only_where(written: &str) -> bool {
    let name = Pieces::of(written).name(Reading::AsWritten);
    name.form.is_none()
        && name.words.iter().all(|word| matches!(word.kind, Kind::Place | Kind::Number | Kind::Particle))
}

/// Whether a text is a place and nothing else.
pub(super) fn names_a_place(written: &str) -> bool {
    match sounds(written).as_slice() {
        [word] => symbols().of(word),
        [first, second] => symbols().of_pair(first, second),
        _ => None,
    }
    .is_some_and(|symbol| symbol.kind == Kind::Place)
}

/// Whether a text ends in a legal form, of four words at most.
pub(super) fn ends_in_form(written: &str) -> bool {
    let words = sounds(last_words(written, 4));
    (0..words.len()).any(|from| {
        let Some((first, rest)) = words.get(from..).and_then(<[String]>::split_first) else { return false };
        forms().starting(first).iter().any(|spelling| spelling.rest == rest)
    })
}

/// The last words of a text, divided by blanks.
fn last_words(written: &str, count: usize) -> &str {
    let mut starts = written.char_indices().rev().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    starts.nth(count - 1).and_then(|at| written.get(at..)).unwrap_or(written)
}

/// The words of a text as sounds, forms and all: for the tables.
pub(super) fn sounds(written: &str) -> Vec<String> {
    let pieces = Pieces::of(written);
    let mut out = Vec::new();
    for piece in &pieces.list {
        let mut sound = String::new();
        push_sounds(pieces.letters(piece), &mut sound);
        if !sound.is_empty() {
            out.push(sound);
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    AsWritten,
    OtherScript,
}

/// A run of letters and digits, or of Han signs, or joined initials.
#[derive(Debug, Clone, Copy)]
struct Piece {
    letters: (u16, u16),
    source: (u16, u16),
    is_han: bool,
    has_digit: bool,
    initials: bool,
    /// Each letter looks like one of the other script, in which the rest of the name is written.
    either: bool,
}

#[derive(Debug, Default)]
struct Pieces {
    letters: Vec<char>,
    list: Vec<Piece>,
}

impl Pieces {
    fn of(written: &str) -> Pieces {
        let mut pieces = Pieces::default();
        let (mut open, mut possessive) = (false, false);
        for (at, c) in written.char_indices().take_while(|(at, _)| *at < LONGEST_NAME) {
            let place = (at as u16, (at + c.len_utf8()) as u16);
            match c {
                '\'' | '’' | '‘' | '`' | 'ʼ' | '´' | '′' => {
                    possessive = open;
                    continue;
                }
                '&' => {
                    "and".chars().enumerate().for_each(|(nth, letter)| pieces.take(letter, place, nth > 0));
                    open = false;
                    continue;
                }
                _ => {}
            }
            // IRAN'S is Iran.
            let next = written.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
            if std::mem::take(&mut possessive) && matches!(c, 's' | 'S') && !next.is_some_and(char::is_alphanumeric) {
                continue;
            }
            let mut parted = false;
            fold_char(c, &mut |folded| {
                if matches!(folded, 'a'..='z' | '0'..='9' | 'а'..='я') || folded.is_alphanumeric() {
                    pieces.take(folded, place, open);
                    open = true;
                } else {
                    parted = true;
                }
            });
            open &= !parted;
        }
        pieces.join_initials();
        pieces.read_scripts();
        pieces
    }

    fn letters(&self, piece: &Piece) -> &[char] {
        self.letters.get(usize::from(piece.letters.0)..usize::from(piece.letters.1)).unwrap_or(&[])
    }

    /// Adds a letter to the last piece, or begins a new one.
    fn take(&mut self, c: char, place: (u16, u16), glued: bool) {
        let han = is_han(c);
        let at = self.letters.len() as u16;
        let last = self.list.last_mut().filter(|last| glued && last.is_han == han);
        self.letters.push(c);
        match last {
            Some(piece) => {
                piece.letters.1 = at + 1;
                piece.source.1 = place.1;
                piece.has_digit |= is_digit(c);
            }
            None => self.list.push(Piece {
                letters: (at, at + 1),
                source: place,
                is_han: han,
                has_digit: is_digit(c),
                initials: false,
                either: false,
            }),
        }
    }

    /// `S. A.` and `L.L.C` are one word each.
    fn join_initials(&mut self) {
        let mut joined: Vec<Piece> = Vec::with_capacity(self.list.len());
        let mut before_was_single = false;
        for piece in self.list.drain(..) {
            let single = piece.letters.1 - piece.letters.0 == 1 && !piece.is_han && !piece.has_digit;
            match joined.last_mut().filter(|_| single && before_was_single) {
                Some(last) => {
                    last.letters.1 = piece.letters.1;
                    last.source.1 = piece.source.1;
                    last.initials = true;
                }
                None => joined.push(piece),
            }
            before_was_single = single;
        }
        self.list = joined;
    }

    /// Look-alike letters: each piece is brought to one script.
    fn read_scripts(&mut self) {
        let Pieces { letters, list } = self;
        let only = |letters: &[char]| {
            letters.iter().fold((0u32, 0u32), |(latin, cyrillic), c| match c {
                'a'..='z' if cyrillic_twin(*c).is_none() => (latin + 1, cyrillic),
                c if is_cyrillic(*c) && latin_twin(*c).is_none() => (latin, cyrillic + 1),
                _ => (latin, cyrillic),
            })
        };
        let name = only(letters);
        if !letters.iter().any(|c| is_cyrillic(*c)) || !letters.iter().any(char::is_ascii_lowercase) {
            // One script alone; its look-alikes may still be the other's, but nothing says so.
            return;
        }
        for piece in list.iter_mut().filter(|piece| !piece.is_han) {
            let Some(word) = letters.get_mut(usize::from(piece.letters.0)..usize::from(piece.letters.1)) else {
                continue;
            };
            let cyrillic = word.iter().filter(|c| is_cyrillic(**c)).count();
            let latin = word.iter().filter(|c| c.is_ascii_lowercase()).count();
            let (only_latin, only_cyrillic) = only(word);
            let script = match (only_latin > 0, only_cyrillic > 0) {
                (true, true) => continue,
                (true, false) => Script::Latin,
                (false, true) => Script::Cyrillic,
                (false, false) if latin == 0 || cyrillic == 0 => {
                    let other = if latin == 0 { name.0 > 0 && name.1 == 0 } else { name.1 > 0 && name.0 == 0 };
                    piece.either = other && word.len() >= SHORTEST;
                    continue;
                }
                (false, false) if name.0 > name.1 => Script::Latin,
                (false, false) if name.1 > name.0 => Script::Cyrillic,
                (false, false) => {
                    if latin > cyrillic {
                        Script::Latin
                    } else {
                        Script::Cyrillic
                    }
                }
            };
            word.iter_mut().for_each(|c| *c = script.read(*c));
        }
    }

    fn name(&self, reading: Reading) -> Name {
        let mut name = Name::default();
        let mut turned = Vec::new();
        for piece in &self.list {
            let letters = self.letters(piece);
            if piece.is_han {
                push_han(&mut name, letters, piece.source);
                continue;
            }
            let letters = match reading {
                Reading::OtherScript if piece.either => {
                    turned.clear();
                    turned.extend(letters.iter().map(|c| cyrillic_twin(*c).or_else(|| latin_twin(*c)).unwrap_or(*c)));
                    &turned
                }
                Reading::AsWritten | Reading::OtherScript => letters,
            };
            push_word(&mut name, letters, piece);
        }
        take_forms(&mut name);
        name
    }
}

/// Whether a letter is a digit or a number; most are neither, and cheap to tell.
fn is_digit(c: char) -> bool {
    !matches!(c, 'a'..='z' | 'а'..='я') && c.is_numeric()
}

#[derive(Clone, Copy)]
enum Script {
    Latin,
    Cyrillic,
}

impl Script {
    fn read(self, c: char) -> char {
        match self {
            Script::Latin => latin_twin(c),
            Script::Cyrillic => cyrillic_twin(c),
        }
        .unwrap_or(c)
    }
}

fn push_word(name: &mut Name, letters: &[char], piece: &Piece) {
    let start = name.sounds.len();
    let digits = letters.iter().take_while(|c| c.is_ascii_digit()).count();
    let tail: String = letters.iter().skip(digits).collect();
    let (mut kind, mut symbol) = (Kind::Number, 0);
    if piece.has_digit {
        // 27th, 1st, 2-й: the number alone.
        let ordinal = digits > 0 && matches!(tail.as_str(), "st" | "nd" | "rd" | "th" | "й" | "я" | "го" | "ый");
        let kept = if ordinal || tail.is_empty() { letters.get(..digits).unwrap_or(letters) } else { letters };
        if kept.iter().all(char::is_ascii_digit) {
            name.sounds.extend(kept);
        } else {
            push_sounds(kept, &mut name.sounds);
        }
    } else {
        push_sounds(letters, &mut name.sounds);
        let sound = name.sounds.get(start..).unwrap_or("");
        if let Some(number) = symbols().number(sound) {
            name.sounds.truncate(start);
            name.sounds.push_str(number);
        } else {
            let known = symbols().of(sound).unwrap_or(Symbol { number: 0, kind: Kind::Word });
            (kind, symbol) = (known.kind, known.number);
        }
    }
    if name.sounds.len() == start {
        return;
    }
    let sound = (start as u16, name.sounds.len() as u16);
    let word = Word {
        sound,
        source: piece.source,
        kind,
        symbol,
        han: 0,
        spelling: spelling(letters),
        initials: piece.initials,
    };
    if !join_to_last(name, &word) {
        name.push(word);
    }
}

/// The letters of a Latin word; 0 for another script, whose spelling in Latin letters is a choice.
fn spelling(letters: &[char]) -> u32 {
    let latin = letters.iter().all(|c| c.is_ascii_alphanumeric());
    let hash = letters.iter().fold(7u32, |hash, c| hash.wrapping_mul(31).wrapping_add(*c as u32));
    if latin { hash.max(1) } else { 0 }
}

/// HONG KONG is one word, and forty four is 44.
fn join_to_last(name: &mut Name, word: &Word) -> bool {
    let Some(last) = name.words.last().copied() else { return false };
    let (before, this) = (name.sound(&last), name.sound(word));
    if last.kind == Kind::Number && word.kind == Kind::Number {
        let tens = before.len() == 2 && before.ends_with('0') && usize::from(last.source.1 - last.source.0) > 2;
        if !(tens && this.len() == 1 && this != "0") {
            return false;
        }
        let sum = format!("{}{this}", before.get(..1).unwrap_or(""));
        name.sounds.truncate(usize::from(last.sound.0));
        name.sounds.push_str(&sum);
        if let Some(last) = name.words.last_mut() {
            *last = Word { sound: (last.sound.0, last.sound.0 + 2), source: (last.source.0, word.source.1), ..*last };
        }
        return true;
    }
    let Some(symbol) = symbols().of_pair(before, this) else { return false };
    if let Some(last) = name.words.last_mut() {
        last.sound.1 = word.sound.1;
        last.source.1 = word.source.1;
        (last.kind, last.symbol) = (symbol.kind, symbol.number);
    }
    true
}

/// A run of Han signs: the form off, places and words of the trade apart, the rest in pinyin.
fn push_han(name: &mut Name, run: &[char], source: (u16, u16)) {
    let mut rest = run;
    loop {
        let (without, form) = forms().without_han(rest);
        let Some(form) = form else { break };
        name.form = name.form.or(Some(form));
        rest = without;
    }
    while !rest.is_empty() {
        let known = (0..rest.len()).find_map(|at| {
            let (length, symbol) = symbols().han_phrase(rest.get(at..)?)?;
            Some((at, length, symbol))
        });
        let (at, length, symbol) = known.unwrap_or((rest.len(), 0, Symbol { number: 0, kind: Kind::Word }));
        let (own, behind) = rest.split_at(at);
        push_pinyin(name, own, (Symbol { number: 0, kind: Kind::Word }, source));
        let (phrase, behind) = behind.split_at(length.min(behind.len()));
        push_pinyin(name, phrase, (symbol, source));
        rest = behind;
    }
}

fn push_pinyin(name: &mut Name, signs: &[char], (symbol, source): (Symbol, (u16, u16))) {
    if signs.is_empty() {
        return;
    }
    let start = name.sounds.len();
    let mut letters = Vec::new();
    for sign in signs {
        match sign.to_pinyin() {
            Some(pinyin) => pinyin.plain().chars().for_each(|c| fold_char(c, &mut |folded| letters.push(folded))),
            None => letters.push(*sign),
        }
    }
    push_sounds(&letters, &mut name.sounds);
    let han = signs.iter().fold(17u32, |hash, sign| hash.wrapping_mul(31).wrapping_add(*sign as u32)).max(1);
    name.push(Word {
        sound: (start as u16, name.sounds.len() as u16),
        source,
        kind: symbol.kind,
        symbol: symbol.number,
        han,
        spelling: 0,
        initials: false,
    });
}

/// Takes the legal forms out of the words: anywhere when they are unmistakable, else at the ends.
fn take_forms(name: &mut Name) {
    let mut found: Vec<(Range<usize>, Form, bool)> = Vec::new();
    let mut at = 0;
    while let Some(first) = name.words.get(at) {
        let spelling = forms().starting(name.sound(first)).iter().find(|spelling| {
            let rest = name.words.get(at + 1..at + 1 + spelling.rest.len());
            rest.is_some_and(|rest| rest.iter().zip(&spelling.rest).all(|(word, form)| name.sound(word) == form))
        });
        match spelling {
            Some(spelling) => {
                let end = at + 1 + spelling.rest.len();
                found.push((at..end, spelling.form, spelling.only_at_ends && !first.initials));
                at = end;
            }
            None => at += 1,
        }
    }
    let mut front = 0;
    let mut back = name.words.len();
    let mut taken = vec![false; found.len()];
    for (nth, (range, ..)) in found.iter().enumerate() {
        if range.start == front {
            front = range.end;
            taken.iter_mut().skip(nth).take(1).for_each(|slot| *slot = true);
        }
    }
    for (nth, (range, ..)) in found.iter().enumerate().rev() {
        if range.end == back {
            back = range.start;
            taken.iter_mut().skip(nth).take(1).for_each(|slot| *slot = true);
        }
    }
    let mut is_form = vec![false; name.words.len()];
    for ((range, form, only_at_ends), at_end) in found.into_iter().zip(taken) {
        if at_end || !only_at_ends {
            is_form.iter_mut().skip(range.start).take(range.len()).for_each(|slot| *slot = true);
            let telling = |form: &Form| form.family != super::forms::Family::Firm;
            name.form = Some(name.form.filter(|known| telling(known) || !telling(&form)).unwrap_or(form));
        }
    }
    let mut is_form = is_form.into_iter();
    name.words.retain(|_| !is_form.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        keys(a).iter().any(|key| keys(b).contains(key))
    }

    #[test]
    fn spellings_of_one_name_share_a_key() {
        let groups: &[&[&str]] = &[
            &[
                "АО КРЭТ",
                "AO KRET",
                "JSC KRET",
                "АО «КРЭТ»",
                "КРЭТ",
                "АО KРЭТ",
                "Акционерное общество «КРЭТ»",
                "КРЭТ, АО",
            ],
            &["ALMAZ-ANTEI", "ALMAZ ANTEY", "АЛМАЗ – АНТЕЙ", "Almaz-Antej", "АLMAZ-АNTEY"],
            &["ROSOBORONEKSPORT JSC", "ROSOBORONEXPORT", "РОСОБОРОНЭКСПОРТ, АО", "АО РОСОБОРОНЭКСПОРТ"],
            &["KONTSERN RADIOELEKTRONNYE TEKHNOLOGII", "КОНЦЕРН РАДИОЭЛЕКТРОННЫЕ ТЕХНОЛОГИИ"],
            &["POLY TECHNOLOGIES, INC.", "POLY TECHNOLOGIES", "РОLY ТECHNOLOGIES INC", "Poly  Tech"],
            &["AVIC INTERNATIONAL HOLDING CORP", "AVIC INTL HOLDING CORP.", "AVIC INTERNATIONAL HOLDING CORPORATION"],
            &["FUJIAN NANAN BAOFENG ELECTRONIC CO", "FUJIAN NANAN BAOFENG ELECTRONIC CO., LTD"],
            &["L.L.C. ACME GULF", "Acme Gulf LLC", "ACME GULF L L C"],
            &["SINO S. A.", "Sino SA"],
            &["保利科技有限公司", "保利科技"],
            &["PROCTER & GAMBLE", "Procter and Gamble Co."],
            &["Siemens Aktiengesellschaft", "SIEMENS AG"],
            &["TRIGRON LOJISTIK LTD. ŞTİ.", "Trigron Lojistik Limited Şirketi", "TRIGRON LOJISTIK"],
            &["1st Bank", "First Bank"],
            &["Brigade forty-four", "Brigade Forty 4", "BRIGADE 44"],
            &["ТОВ «Зоря»", "Zoria LLC", "ZORYA, TOV"],
            &["HONG KONG LIDA", "HONGKONG LIDA"],
            &["IRAN'S ALUMINUM", "IRAN ALUMINUM"],
        ];
        for group in groups {
            for other in *group {
                let (first, other) = (group[0], other);
                assert!(same(first, other), "{first} and {other}: {:?} {:?}", keys(first), keys(other));
            }
        }
    }

    #[test]
    fn different_names_do_not_share_a_key() {
        for (a, b) in [
            ("АО КРЭТ", "ООО КРЕТЕКС"),
            ("АНТЕЙ-АЛМАЗНЫЙ ИНСТРУМЕНТ", "АЛМАЗ-АНТЕЙ"),
            ("BEIJING LIDA", "BEIYING LIDA"),
            ("POLY TECHNOLOGIES", "POLY"),
            ("JIANG LI", "YANG LI"),
            ("FUND 1", "FUND 2"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_form_or_a_scrap_alone_has_no_key() {
        for nothing in [
            "CORP",
            "АО",
            "Co., Ltd.",
            "",
            " - ",
            "AO AB",
            "ООО «АБ»",
            "有限公司",
            "LLC",
            "the",
            "Общество с ограниченной ответственностью",
        ] {
            assert_eq!(keys(nothing), Vec::<String>::new(), "{nothing}");
        }
    }

    #[test]
    fn a_form_is_tagged_by_its_class() {
        let class = |written: &str| readings(written)[0].form().map(|form| form.class);
        for (written, expected) in [
            ("АО КРЭТ", "jsc"),
            ("JSC KRET", "jsc"),
            ("КРЕТЕКС ООО", "llc"),
            ("ACME TRADING CO. L.L.C", "llc"),
            ("BAOFENG CO., LTD", "ltd"),
            ("保利科技股份有限公司", "stock ltd"),
            ("Volkswagen Gesellschaft mit beschränkter Haftung", "gmbh"),
            ("SERVICES S.A. URANTIA", "sa"),
            ("ГУП УЗМАШЭКСПОРТ", "gup"),
            ("GULF DRONES FZCO", "fze"),
        ] {
            assert_eq!(class(written), Some(expected), "{written}: {:?}", readings(written));
        }
    }

    #[test]
    fn han_words_are_read_by_their_meaning_and_in_pinyin() {
        let name = &readings("福建南安宝峰电子有限公司")[0];
        let heard: Vec<&str> = name.words().iter().map(|word| name.sound(word)).collect();
        assert_eq!(heard, ["fuJian", "nananbaofeng", "dianzi"]);
        assert_eq!(name.words()[0].kind, Kind::Place);
        assert_eq!(name.words().last().unwrap().kind, Kind::Generic);
    }

    #[test]
    fn a_hostile_name_is_only_a_name() {
        for hostile in
            ["\u{0}", "a".repeat(70_000).as_str(), "A ".repeat(40_000).as_str(), "\u{202e}\u{300}", "９９９", "İı"]
        {
            for name in readings(hostile) {
                assert!(name.words().len() <= MOST_WORDS);
            }
        }
    }
}
