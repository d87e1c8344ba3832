//! A text folded once for all terms. In: a text. Out: tokens with up to three keys each, and one buffer to search in.
//!
//! A token is a run of letters, a run of digits, or one Han, kana or Hangul sign. Its keys: its transliteration; read
//! with Latin look-alikes as Cyrillic; read with Cyrillic look-alikes as Latin. The last two exist only in a text with
//! Cyrillic letters, and there only where scripts are mixed in a run of words or digits stand beside the letters. It
//! never normalises across words.
use super::letters;
use std::ops::Range;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Letters,
    Digits,
    /// Han, kana, Hangul.
    Sign,
}

/// How far two scripts are looked for when letters are taken for mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Words joined by hyphens and digits: goods text.
    Run,
    /// The whole text: a name.
    Whole,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    start: u32,
    end: u32,
    key: (u32, u32),
    twins: [(u32, u32); 2],
    /// No separator between this token and the one before, and neither is a sign that is a word.
    pub(super) glued: bool,
    /// A comma, semicolon or colon stands before it.
    pub(super) parted: bool,
    /// Belongs to the run of the token before.
    linked: bool,
    pub(super) cyrillic: bool,
    latin: bool,
}

impl Token {
    /// Bytes of the original text.
    pub(super) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A text folded once for all terms: variants end to end in one buffer for a case-sensitive multi-pattern search.
#[derive(Debug, Default)]
pub struct ScanText {
    /// What literals are searched in.
    pub folded: String,
    pub(super) tokens: Vec<Token>,
    letters: String,
}

#[derive(Default)]
struct Gap {
    signs: u32,
    blank: bool,
    hyphen: bool,
    parted: bool,
}

impl ScanText {
    /// Folds a text, reusing the buffers.
    pub fn fold(&mut self, original: &str) {
        self.fold_within(original, Reach::Run);
    }

    pub(super) fn fold_within(&mut self, original: &str, reach: Reach) {
        self.folded.clear();
        self.tokens.clear();
        // Offsets are kept in 32 bits; a cell of 4 GiB cannot arrive, and what lies beyond would only not be searched.
        if u32::try_from(original.len().saturating_mul(4)).is_err() {
            return;
        }
        self.split(original);
        self.add_twins(original, reach);
    }

    fn split(&mut self, original: &str) {
        let mut gap = Gap { signs: 1, ..Gap::default() };
        letters::fold_text(original, &mut |folded, place| {
            self.take(folded, place.start as u32..place.end as u32, &mut gap);
        });
    }

    fn take(&mut self, c: char, place: Range<u32>, gap: &mut Gap) {
        let kind = match c {
            'a'..='z' | 'а'..='я' => Kind::Letters,
            '0'..='9' => Kind::Digits,
            _ if letters::is_word_sign(c) => Kind::Sign,
            _ if c.is_alphabetic() => Kind::Letters,
            _ if c.is_numeric() => Kind::Digits,
            _ => return gap.note(c),
        };
        let cyrillic = letters::is_cyrillic(c);
        let continues =
            gap.signs == 0 && kind != Kind::Sign && self.tokens.last().is_some_and(|last| last.kind == kind);
        if !continues {
            self.open(kind, &place, gap);
        }
        *gap = Gap::default();
        match letters::latin_of(c).filter(|_| cyrillic) {
            Some(latin) => self.folded.push_str(latin),
            None => self.folded.push(c),
        }
        let length = self.folded.len() as u32;
        if let Some(token) = self.tokens.last_mut() {
            token.end = place.end;
            token.key.1 = length;
            token.cyrillic |= cyrillic;
            token.latin |= c.is_ascii_lowercase();
        }
    }

    fn open(&mut self, kind: Kind, place: &Range<u32>, gap: &Gap) {
        let before = self.tokens.last().map(|token| token.kind);
        let sign = kind == Kind::Sign || before == Some(Kind::Sign);
        let digits = kind == Kind::Digits || before == Some(Kind::Digits);
        let close = gap.signs == 0 || (gap.signs == 1 && (gap.hyphen || (gap.blank && digits)));
        let at = self.folded.len() as u32;
        self.tokens.push(Token {
            kind,
            start: place.start,
            end: place.end,
            key: (at, at),
            twins: [(0, 0); 2],
            glued: before.is_some() && gap.signs == 0 && !sign,
            parted: gap.parted,
            linked: before.is_some() && close,
            cyrillic: false,
            latin: false,
        });
    }

    /// Adds the look-alike readings of tokens, each between the keys of its neighbours, so that a literal of a word
    /// and the digits beside it is found in the buffer whichever reading fits.
    fn add_twins(&mut self, original: &str, reach: Reach) {
        if !self.tokens.iter().any(|token| token.cyrillic) {
            return;
        }
        let mut run_start = 0;
        while run_start < self.tokens.len() {
            let rest = self.tokens.get(run_start + 1..).unwrap_or(&[]);
            let run_length = match reach {
                Reach::Run => 1 + rest.iter().take_while(|token| token.linked).count(),
                Reach::Whole => 1 + rest.len(),
            };
            let run = self.tokens.get(run_start..run_start + run_length).unwrap_or(&[]);
            let mixed = run.iter().any(|token| token.cyrillic) && run.iter().any(|token| token.latin);
            let digits = run.iter().any(|token| token.kind == Kind::Digits);
            if mixed || digits {
                (run_start..run_start + run_length).for_each(|place| self.add_twin(original, place));
            }
            run_start += run_length;
        }
    }

    fn add_twin(&mut self, original: &str, place: usize) {
        let Some(token) = self.tokens.get(place).copied().filter(|token| token.kind == Kind::Letters) else { return };
        let written = original.get(token.range()).unwrap_or("");
        if token.latin {
            let twin = self.read(written, |c| match c.is_ascii_lowercase() {
                true => letters::cyrillic_twin(c),
                false => Some(c),
            });
            if twin {
                self.append_twin(place, 0);
            }
        }
        if token.cyrillic {
            let twin = self.read(written, |c| match letters::is_cyrillic(c) {
                true => letters::latin_twin(c),
                false => Some(c),
            });
            if twin {
                self.append_twin(place, 1);
            }
        }
    }

    /// Puts the transliterated reading into `letters`; false when a letter has no twin.
    fn read(&mut self, written: &str, twin: impl Fn(char) -> Option<char>) -> bool {
        self.letters.clear();
        let mut whole = true;
        letters::fold_text(written, &mut |folded, _| match twin(folded) {
            Some(letter) => match letters::latin_of(letter) {
                Some(latin) => self.letters.push_str(latin),
                None => self.letters.push(letter),
            },
            None => whole = false,
        });
        whole && !self.letters.is_empty()
    }

    fn append_twin(&mut self, place: usize, slot: usize) {
        let key_range = |token: &Token| token.key.0 as usize..token.key.1 as usize;
        let before = place.checked_sub(1).and_then(|at| self.tokens.get(at)).map(key_range).unwrap_or(0..0);
        let after = self.tokens.get(place + 1).map(key_range).unwrap_or(0..0);
        self.folded.push('\n');
        self.folded.extend_from_within(before);
        let start = self.folded.len() as u32;
        self.folded.push_str(&self.letters);
        let end = self.folded.len() as u32;
        self.folded.extend_from_within(after);
        if let Some(slot) = self.tokens.get_mut(place).and_then(|token| token.twins.get_mut(slot)) {
            *slot = (start, end);
        }
    }

    /// The keys of a token: one to three, the transliteration first.
    pub(super) fn keys(&self, token: &Token) -> impl Iterator<Item = &str> {
        let [first, second] = token.twins;
        [token.key, first, second]
            .into_iter()
            .enumerate()
            .filter(|(place, range)| *place == 0 || range.0 < range.1)
            .map(|(_, range)| self.folded.get(range.0 as usize..range.1 as usize).unwrap_or(""))
    }

    /// The Cyrillic letters of a token, Latin look-alikes among them read as Cyrillic; `None` for a Latin word.
    pub(super) fn cyrillic_word(token: &Token, original: &str) -> Option<String> {
        if !token.cyrillic || token.kind != Kind::Letters {
            return None;
        }
        let mut word = Some(String::new());
        letters::fold_text(original.get(token.range()).unwrap_or(""), &mut |folded, _| {
            let letter = if folded.is_ascii_lowercase() { letters::cyrillic_twin(folded) } else { Some(folded) };
            word = word.take().zip(letter).map(|(word, letter)| word + letter.encode_utf8(&mut [0; 4]));
        });
        word
    }

    /// The Latin word of the same shape as a Cyrillic one; `None` when a letter has no twin.
    pub(super) fn latin_shape(token: &Token, original: &str) -> Option<String> {
        ScanText::cyrillic_word(token, original)?.chars().map(letters::latin_twin).collect()
    }
}

impl Gap {
    fn note(&mut self, c: char) {
        self.signs = self.signs.saturating_add(1);
        self.blank |= c.is_whitespace();
        self.hyphen |= matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '/' | '.' | '_');
        self.parted |= matches!(c, ',' | ';' | ':' | '，' | '；' | '：' | '、');
    }
}
