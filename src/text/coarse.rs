//! The coarse reading of a text, in which literals are searched for. In: a text. Out: about one byte a letter.
//!
//! Letters that any fold may take for each other are one: case, look-alikes, transliteration, marks. Signs that are no
//! letters and no digits are left out. Whatever a term, a pattern or a regex needs to find stands in the coarse reading
//! too; that it stands there proves nothing, and whoever asked must look at the cell itself.
use super::{letters, sigma_fold};
use std::sync::OnceLock;

/// Letters below this code are looked up in a table.
const TABLE: usize = 0x500;

/// A buffer that is read into again and again.
#[derive(Debug, Default)]
pub(crate) struct Coarse {
    bytes: Vec<u8>,
    odd: bool,
}

/// The coarse reading of one letter.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    bytes: [u8; 6],
    length: u8,
    odd: bool,
}

/// The coarse reading of a literal.
pub(crate) fn coarse(literal: &str) -> Vec<u8> {
    let mut text = Coarse::default();
    text.read(literal);
    text.bytes
}

impl Coarse {
    /// Reads a text, reusing the buffer.
    pub(crate) fn read(&mut self, text: &str) {
        self.bytes.clear();
        self.bytes.reserve(text.len());
        self.odd = false;
        let table = table();
        for c in text.chars() {
            match table.get(c as usize) {
                Some(entry) if !entry.odd => self.push(entry),
                _ if !self.read_further(c) => return self.read_marked(text),
                _ => {}
            }
        }
    }

    /// The reading.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there are letters on which folds do not agree, so that only terms are sure to be found here.
    pub(crate) fn is_odd(&self) -> bool {
        self.odd
    }

    #[inline]
    fn push(&mut self, entry: &Entry) {
        match entry.bytes {
            _ if entry.length == 0 => {}
            [one, ..] if entry.length == 1 => self.bytes.push(one),
            bytes => self.bytes.extend_from_slice(bytes.get(..usize::from(entry.length)).unwrap_or(&[])),
        }
    }

    /// Letters beyond the table; false at a mark, which belongs to the letter before it.
    fn read_further(&mut self, c: char) -> bool {
        match c {
            '\u{2000}'..='\u{206f}' => {}
            '№' => self.bytes.extend_from_slice(b"no"),
            '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}' => self.read_rare(c),
            _ if letters::is_mark(c) => return false,
            _ if letters::is_word_sign(c) => push_letter(c, &mut self.bytes),
            _ => self.read_rare(c),
        }
        true
    }

    fn read_rare(&mut self, c: char) {
        letters::fold_char(c, &mut |folded| push_folded(folded, &mut self.bytes));
        self.odd |= is_odd(c);
    }

    fn read_marked(&mut self, text: &str) {
        self.bytes.clear();
        self.odd = true;
        letters::fold_text(text, &mut |folded, _| push_folded(folded, &mut self.bytes));
    }
}

fn table() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let entry = |code| {
            let Some(c) = char::from_u32(code) else { return Entry::default() };
            let mut read = Vec::new();
            letters::fold_char(c, &mut |folded| push_folded(folded, &mut read));
            let mut entry = Entry { odd: letters::is_mark(c) || is_odd(c), ..Entry::default() };
            match entry.bytes.get_mut(..read.len()) {
                Some(room) => {
                    room.copy_from_slice(&read);
                    entry.length = read.len() as u8;
                }
                None => entry.odd = true,
            }
            entry
        };
        (0..TABLE as u32).map(entry).collect()
    })
}

/// Whether the letter is read otherwise than what Sigma's fold makes of it.
fn is_odd(c: char) -> bool {
    let read = |text: &str| {
        let mut out = Vec::new();
        letters::fold_text(text, &mut |folded, _| push_folded(folded, &mut out));
        out
    };
    let mut buffer = [0; 4];
    let alone: &str = c.encode_utf8(&mut buffer);
    read(alone) != read(&sigma_fold(alone))
}

/// A folded letter, by its transliteration.
fn push_folded(folded: char, out: &mut Vec<u8>) {
    match letters::latin_of(folded) {
        Some(latin) => latin.chars().for_each(|c| push_letter(c, out)),
        None => push_letter(folded, out),
    }
}

/// The letter that stands for all that its transliteration or shape may be taken for.
fn push_letter(letter: char, out: &mut Vec<u8>) {
    match letter {
        'v' => out.push(b'b'),
        'c' => out.push(b's'),
        'h' => out.push(b'n'),
        'r' => out.push(b'p'),
        'y' => out.push(b'u'),
        // х is `kh` by its sound, `x` by its shape.
        'x' => out.extend_from_slice(b"kn"),
        '0'..='9' | 'a'..='z' => out.push(letter as u8),
        _ if letter.is_alphanumeric() => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ScanText, scan::Kind};
    use super::*;

    #[test]
    fn every_reading_of_a_token_is_read_alike() {
        let mut scan = ScanText::default();
        for text in
            ["РB-531ВЕ СХЕМА Cу-35", "КРЭТ X-31 ХЛОР", "щука ЯЧЕЙКА ЇЖАК Œuvre", "ДЖЕЙ И\u{306}ОД ЁЛКА НH", "YУЫЙ"]
        {
            scan.fold(text);
            let read = coarse(text);
            let mut from = 0;
            for token in &scan.tokens {
                let own = coarse(&text[token.range()]);
                assert!(token.kind != Kind::Letters || !own.is_empty());
                assert!(read[from..].starts_with(&own), "{text}");
                from += own.len();
                scan.keys(token).for_each(|key| assert_eq!(coarse(key), own, "{key} in {text}"));
            }
        }
    }

    #[test]
    fn every_letter_is_read_as_sigma_folds_it_or_is_odd() {
        let mut text = Coarse::default();
        // Beyond lie Han, whose composed forms stand from U+2F800 on, and signs.
        for c in (0..0x1_f000).chain(0x2_f800..0x2_fa20).filter_map(char::from_u32) {
            let alone = c.to_string();
            text.read(&alone);
            let folded = coarse(&sigma_fold(&alone));
            assert!(text.is_odd() || text.bytes() == folded, "{c:?}");
        }
        for usual in
            ["ЗАПЧАСТИ ДЛЯ САМОЛЁТА «СУ-35» № 5", "PARÇA ŞASİ Getriebe für", "机载雷达", "ДВИГУН ЇЖАК ҚОЗҒАЛТҚЫШ"]
        {
            text.read(usual);
            assert!(!text.is_odd(), "{usual}");
        }
    }
}
