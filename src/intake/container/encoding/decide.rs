//! Decide: bytes of a text's start, middle and end → its encoding, or why there is a doubt.
//!
//! In: samples. Out: an encoding whose text reads like words; else an error that says what was guessed, what it looks like
//! and what to write. Pure.

use encoding_rs::{Encoding, GB18030, IBM866, KOI8_R, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};

use super::super::super::{ENCODING_DOUBTFUL, ReadError};
use super::words::{Words, around};

/// Bytes around letters outside ASCII that a decision rests on.
const LOOKED_AT: usize = 64 << 10;
/// Cyrillic letters are usual enough below this mean rank.
const USUAL: usize = 12;
/// Below so many letters nothing is known of how usual they are.
const ENOUGH_LETTERS: usize = 8;
/// Of a UTF-8 text, this share of letters may be broken, and it is still one.
const BROKEN_SHARE: usize = 10;
/// Control signs that may stand in a text.
const STRAY: usize = 2;
/// So many letters of UTF-8 are no chance.
const NO_CHANCE: usize = 20;
/// Runs of letters outside ASCII that are looked at for a second encoding.
const RUNS: usize = 1000;
/// Question marks in a row that stand for a word whose letters were lost.
const LOST_WORD: &str = "????";

/// What the samples of a text say.
pub enum Decision {
    /// All of it is in this encoding.
    Is(&'static Encoding),
    /// There are no letters outside ASCII yet.
    AsciiSoFar,
}

/// Decides by the start of a text and pieces of the rest, which begin and end with lines.
///
/// # Errors
/// When it is no text, or no encoding makes words of it.
pub fn decide(start: &[u8], elsewhere: &[u8]) -> Result<Decision, ReadError> {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return Ok(Decision::Is(encoding));
    }
    if let Some(encoding) = utf_16_without_mark(start) {
        return Ok(Decision::Is(encoding));
    }
    let controls = start.iter().filter(|byte| matches!(byte, 0..=8 | 14..=31)).count();
    if controls > STRAY && controls * 100 > start.len() {
        let message = "the file is no text: it has bytes that no table has";
        return Err(ReadError::new("not-text", message).hint("export it as CSV"));
    }
    if start.is_ascii() && elsewhere.is_ascii() {
        return lost_letters(start).map_or(Ok(Decision::AsciiSoFar), Err);
    }
    let (first, rest) = (utf_8(start), utf_8(elsewhere));
    if first != Utf8::No && rest != Utf8::No {
        let text = format!("{}\n{}", UTF_8.decode(start).0, UTF_8.decode(elsewhere).0);
        return saved_wrongly(&text).map_or(Ok(Decision::Is(UTF_8)), Err);
    }
    if let Some(error) = two_encodings(start, &rest) {
        return Err(error);
    }
    let sample = [letters_of(start), b"\n", letters_of(elsewhere)].concat();
    if let Some(error) = broken_utf_8(&sample) {
        return Err(error);
    }
    let encoding = guess(&sample);
    let text = encoding.decode_without_bom_handling(&sample).0;
    match Words::of(&text) {
        words if words.are_doubtful() => Err(wrongly_read(encoding, &sample, &words)),
        _ => Ok(Decision::Is(encoding)),
    }
}

/// UTF-8 at its start, and not further on.
fn two_encodings(start: &[u8], rest: &Utf8) -> Option<ReadError> {
    let valid = match simdutf8::compat::from_utf8(start) {
        Ok(_) => start.len(),
        Err(error) => error.valid_up_to(),
    };
    let before = std::str::from_utf8(start.get(..valid)?).ok()?;
    let letters = before.chars().filter(|letter| !letter.is_ascii()).count();
    if letters < NO_CHANCE || valid == start.len() && *rest != Utf8::No || broken_utf_8(start).is_some() {
        return None;
    }
    let line = 1 + memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64;
    match valid == start.len() {
        false => Some(broken_later(UTF_8, before, line)),
        true => {
            let message = "the encoding is in doubt: utf-8 at the start of the file and not further on";
            Some(doubtful(message.to_owned(), "", BROKEN_HINT.to_owned()))
        }
    }
}

#[derive(PartialEq, Eq)]
enum Utf8 {
    Ascii,
    Yes,
    No,
}

/// A character that the sample cuts through at its end does not count.
fn utf_8(sample: &[u8]) -> Utf8 {
    match simdutf8::compat::from_utf8(sample) {
        Ok(_) if sample.is_ascii() => Utf8::Ascii,
        Ok(_) => Utf8::Yes,
        Err(error) if error.error_len().is_none() => Utf8::Yes,
        Err(_) => Utf8::No,
    }
}

/// The piece of a sample that begins a little before its first letters outside ASCII.
fn letters_of(sample: &[u8]) -> &[u8] {
    let Some(first) = sample.iter().position(|byte| *byte >= 0x80) else { return &[] };
    let from = first.saturating_sub(256);
    sample.get(from..(from + LOOKED_AT).min(sample.len())).unwrap_or(sample)
}

/// Text in UTF-16 has a zero in every other byte where it is Latin, and a few other high bytes where it is Cyrillic.
pub fn utf_16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let share = |odd: usize| {
        let high = sample.iter().skip(odd).step_by(2);
        high.filter(|byte| matches!(byte, 0 | 4)).count() * 10 > sample.len() * 4
    };
    let zeros = sample.iter().filter(|byte| **byte == 0).count() * 20 > sample.len();
    match (zeros && sample.len() >= 4, share(1), share(0)) {
        (true, true, false) => Some(UTF_16LE),
        (true, false, true) => Some(UTF_16BE),
        _ => None,
    }
}

/// The code page in which a sample reads best.
pub fn guess(sample: &[u8]) -> &'static Encoding {
    let sample = letters_of(sample);
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, false);
    let usual = detector.guess(None, chardetng::Utf8Detection::Deny);
    let mut best: Option<(usize, &'static Encoding)> = None;
    for encoding in [WINDOWS_1251, IBM866, KOI8_R] {
        let words = Words::of(&encoding.decode_without_bom_handling(sample).0);
        let wrong = (words.bad + words.mixed) * 100 / words.all().max(1);
        let is_known = words.letters < ENOUGH_LETTERS || words.mean_rank() <= USUAL;
        if words.letters == 0 || wrong > 30 || !is_known {
            continue;
        }
        let score = wrong + 4 * words.mean_rank();
        if best.is_none_or(|(other, _)| score < other) {
            best = Some((score, encoding));
        }
    }
    let plain = Words::of(&WINDOWS_1251.decode_without_bom_handling(sample).0);
    let detected = Words::of(&usual.decode_without_bom_handling(sample).0);
    match best {
        // A few letters say less than what the detector knows of languages, unless it makes no words of them.
        Some((_, cyrillic))
            if letters_in(sample) >= ENOUGH_LETTERS
                || detected.bad + detected.all_accents > 0
                || is_cyrillic(usual) =>
        {
            cyrillic
        }
        // Of signs alone, `№` is the one that tables have.
        _ if plain.all() == 0 => WINDOWS_1251,
        _ if usual == encoding_rs::GBK => GB18030,
        _ => usual,
    }
}

fn letters_in(sample: &[u8]) -> usize {
    sample.iter().filter(|byte| **byte >= 0x80).count()
}

fn is_cyrillic(encoding: &'static Encoding) -> bool {
    [WINDOWS_1251, IBM866, KOI8_R, encoding_rs::KOI8_U, encoding_rs::ISO_8859_5].contains(&encoding)
}

/// A doubt about the text of a sample that was decoded, while it is read on.
pub fn doubt(encoding: &'static Encoding, text: &str) -> Option<ReadError> {
    if encoding == UTF_8 || encoding == UTF_16LE || encoding == UTF_16BE {
        return saved_wrongly(text);
    }
    let words = Words::of(text);
    words.are_doubtful().then(|| wrongly_read(encoding, &encoding.encode(text).0, &words))
}

fn doubtful(message: String, excerpt: &str, hint: String) -> ReadError {
    let excerpt = excerpt.chars().take(120).collect();
    ReadError { excerpt: Some(excerpt), ..ReadError::new(ENCODING_DOUBTFUL, message) }.hint(hint)
}

/// The name that a layout writes.
fn name(encoding: &'static Encoding) -> String {
    encoding.name().to_lowercase()
}

/// Bytes that the best guess makes no words of.
fn wrongly_read(encoding: &'static Encoding, sample: &[u8], words: &Words) -> ReadError {
    let shown = words.example.clone().unwrap_or_default();
    let guessed = name(encoding);
    let message = format!(
        "the encoding is in doubt: taken for {guessed}, {} of {} words with letters outside ASCII are none, such as `{shown}`",
        words.bad,
        words.good + words.bad
    );
    let best = better(encoding, sample);
    let hint = match best {
        Some(other) => format!("if it is {}, write `encoding: {}` in its layout", name(other), name(other)),
        None => format!(
            "export it again in one encoding, or write the right one in its layout, such as `encoding: ibm866`; `encoding: {guessed}` reads it as it stands"
        ),
    };
    doubtful(message, &shown, hint)
}

fn better(than: &'static Encoding, sample: &[u8]) -> Option<&'static Encoding> {
    let candidates = [UTF_8, WINDOWS_1251, IBM866, KOI8_R, GB18030, WINDOWS_1252];
    candidates.into_iter().filter(|encoding| *encoding != than).find(|encoding| {
        let (text, _, is_broken) = encoding.decode(sample);
        let words = Words::of(&text);
        !is_broken && words.good > 10 * (words.bad + words.mixed) && (words.letters == 0 || words.mean_rank() <= USUAL)
    })
}

/// A text whose letters were taken for those of another encoding before it was saved; no `encoding:` mends that.
fn saved_wrongly(text: &str) -> Option<ReadError> {
    let words = Words::of(text);
    let error = |count: usize, what: &str, (shown, meant): (&str, Option<&str>)| {
        let meant = meant.map_or_else(|| format!(", such as `{shown}`"), |meant| format!(": `{shown}` is `{meant}`"));
        let message = format!("the encoding is in doubt: {count} words outside ASCII {what}{meant}");
        let hint = "it was saved in the wrong encoding before: export it again, or write `encoding: utf-8` in its layout to read it as it stands";
        Some(doubtful(message, shown, hint.to_owned()))
    };
    let taken = |was: &'static Encoding, for_: &'static Encoding| {
        format!("are {} that was taken for {}", name(was), name(for_))
    };
    if let Some((taken_for, count, shown, meant)) = twice_encoded(text) {
        return error(count, &taken(UTF_8, taken_for), (&shown, Some(&meant)));
    }
    if !words.are_doubtful() {
        return None;
    }
    let shown = words.example.clone().unwrap_or_default();
    if text.matches('\u{fffd}').count() > words.bad / 2 {
        return error(words.bad, "have a � in place of letters that were lost", (&shown, None));
    }
    for (taken_for, was) in [
        (WINDOWS_1252, WINDOWS_1251),
        (WINDOWS_1251, IBM866),
        (WINDOWS_1252, KOI8_R),
        (WINDOWS_1252, IBM866),
        (WINDOWS_1251, KOI8_R),
    ] {
        if let Some(meant) = turned_back(&shown, taken_for, was) {
            return error(words.bad, &taken(was, taken_for), (&shown, Some(&meant)));
        }
    }
    error(words.bad, "are none", (&shown, None))
}

/// UTF-8 whose bytes were taken for letters: most runs outside ASCII are whole UTF-8 when they are bytes again. Which
/// encoding, how many, and the first with what it was.
fn twice_encoded(text: &str) -> Option<(&'static Encoding, usize, String, String)> {
    let runs: Vec<&str> =
        text.split(|letter: char| letter.is_ascii()).filter(|run| !run.is_empty()).take(RUNS).collect();
    [WINDOWS_1252, WINDOWS_1251, IBM866, KOI8_R].into_iter().find_map(|taken_for| {
        let meant = |run: &&str| {
            let bytes = bytes_again(run, taken_for)?;
            let meant = String::from_utf8(bytes).ok().filter(|meant| !meant.is_ascii());
            meant.map(|meant| (run.to_string(), meant))
        };
        let mut turned = runs.iter().filter_map(meant);
        let (shown, was) = turned.next()?;
        let count = 1 + turned.count();
        (count >= 3 && count * 2 >= runs.len()).then_some((taken_for, count, shown, was))
    })
}

/// The bytes that letters were taken from. What is called Latin has controls where windows-1252 has signs.
fn bytes_again(letters: &str, taken_for: &'static Encoding) -> Option<Vec<u8>> {
    let latin: Option<Vec<u8>> = letters.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
    match latin.filter(|_| taken_for == WINDOWS_1252) {
        Some(bytes) => Some(bytes),
        None => {
            let (bytes, _, is_lost) = taken_for.encode(letters);
            (!is_lost).then(|| bytes.into_owned())
        }
    }
}

/// What a piece was before one encoding was taken for another, where that makes words of it.
fn turned_back(piece: &str, taken_for: &'static Encoding, was: &'static Encoding) -> Option<String> {
    let mut good = 0;
    let mut meant = Vec::new();
    for word in piece.split(' ') {
        let Some(bytes) = bytes_again(word, taken_for) else { continue };
        let (text, _, is_broken) = was.decode(&bytes);
        // The piece may cut through its first and last word.
        if is_broken {
            continue;
        }
        let words = Words::of(&text);
        if words.bad + words.mixed > 0 || words.letters > 0 && words.mean_rank() > USUAL + 3 {
            return None;
        }
        good += words.good;
        meant.push(text.into_owned());
    }
    (good > 0).then(|| meant.join(" "))
}

/// UTF-8 but for a few letters, as a program makes it that cuts texts after so many bytes.
fn broken_utf_8(sample: &[u8]) -> Option<ReadError> {
    let text = String::from_utf8_lossy(sample);
    let broken = text.matches('\u{fffd}').count();
    let whole = text.chars().filter(|letter| !letter.is_ascii() && *letter != '\u{fffd}').count();
    if broken == 0 || broken * BROKEN_SHARE > whole {
        return None;
    }
    let at = text.find('\u{fffd}')?;
    let shown = around(&text, at, at + '\u{fffd}'.len_utf8());
    let places = if broken == 1 { "a place" } else { &format!("{broken} places") };
    let message = format!("the encoding is in doubt: utf-8 but for {places} where it breaks, such as `{shown}`");
    Some(doubtful(message, &shown, BROKEN_HINT.to_owned()))
}

/// What to do about a text that is one encoding but for a few places.
pub const BROKEN_HINT: &str = "export it again in one encoding, or write `encoding: utf-8` in its layout: what cannot be decoded is then shown as � and counted";

/// A text that breaks off its encoding after it was decided on.
pub fn broken_later(encoding: &'static Encoding, before: &str, line: u64) -> ReadError {
    let last = before.trim_end().rsplit(['\n', '\r']).next().unwrap_or("");
    let shown: String = last.chars().skip(last.chars().count().saturating_sub(40)).collect();
    let name = name(encoding);
    let message = format!(
        "the encoding is in doubt: {name} up to line {line}, and not there: what comes behind `{shown}` cannot be decoded"
    );
    ReadError { row: Some(line), ..doubtful(message, &shown, BROKEN_HINT.replace("utf-8", &name)) }
}

/// Words of question marks where letters were: whoever wrote the file could not write them.
fn lost_letters(sample: &[u8]) -> Option<ReadError> {
    let text = std::str::from_utf8(sample).ok()?;
    let lost = text.split(|c: char| c != '?').filter(|run| run.len() >= LOST_WORD.len()).count();
    let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() >= 4).count();
    if lost < 5 || lost * 4 < words {
        return None;
    }
    let at = text.find(LOST_WORD)?;
    let shown = around(text, at, at + LOST_WORD.len());
    let message = format!(
        "{lost} words are question marks, such as `{shown}`: their letters were lost when the file was written"
    );
    let hint = "export it again as UTF-8, or write `encoding: utf-8` in its layout to read it as it stands";
    Some(doubtful(message, &shown, hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSSIAN: &str =
        "номер;товар;получатель\n1;ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35;АО «КРЭТ», г. Москва\n2;Блок управления;ООО Ромашка\n";

    fn decided(bytes: &[u8]) -> &'static Encoding {
        match decide(bytes, &[]).unwrap_or_else(|error| panic!("{error}")) {
            Decision::Is(encoding) => encoding,
            Decision::AsciiSoFar => panic!("ASCII"),
        }
    }

    #[test]
    fn every_code_page_is_known_by_its_words() {
        for encoding in [UTF_8, WINDOWS_1251, IBM866, KOI8_R] {
            for text in [RUSSIAN.to_owned(), RUSSIAN.to_uppercase(), RUSSIAN.to_lowercase()] {
                let text = text.replace(['«', '»'], "\"");
                assert_eq!(decided(&encoding.encode(&text).0), encoding, "{text}");
            }
        }
        for (encoding, text) in [
            (GB18030, "品名;收货人\n集成电路;中国航空技术国际控股有限公司\n"),
            (WINDOWS_1252, "désignation;société\nPièces détachées pour hélicoptère;Société Générale d'Équipement\n"),
            (encoding_rs::WINDOWS_1254, "ürün;alıcı\nYağlı boyalar ve çelik ürünleri;Işık Dış Ticaret Şirketi\n"),
        ] {
            assert_eq!(decided(&encoding.encode(text).0), encoding, "{text}");
        }
        for text in ["a;b\nООО;1\n", "a;b\n1;№ 5\n", "a;b\n1;ИМЭК\n", "a;b\n1;ВЭД;x\n"] {
            assert_eq!(decided(&WINDOWS_1251.encode(text).0).decode(&WINDOWS_1251.encode(text).0).0, text);
        }
    }

    #[test]
    fn what_was_saved_wrongly_is_told_with_what_it_was() {
        let taken = |was: &'static Encoding, for_: &'static Encoding| -> String {
            for_.decode_without_bom_handling(&was.encode(RUSSIAN).0).0.into_owned()
        };
        for (was, for_, meant) in [
            (UTF_8, WINDOWS_1252, "utf-8 that was taken for windows-1252"),
            (UTF_8, WINDOWS_1251, "utf-8 that was taken for windows-1251"),
            (WINDOWS_1251, WINDOWS_1252, "windows-1251 that was taken for windows-1252"),
            (IBM866, WINDOWS_1251, "ibm866 that was taken for windows-1251"),
        ] {
            let text = taken(was, for_);
            let error = decide(text.as_bytes(), &[]).err().unwrap_or_else(|| panic!("{text} is taken"));
            assert!(error.holds() && error.message.contains(meant), "{error}");
        }
    }

    #[test]
    fn two_encodings_in_one_file_and_cut_letters_are_a_doubt() {
        let two = [RUSSIAN.as_bytes(), &WINDOWS_1251.encode(RUSSIAN).0].concat();
        assert!(decide(&two, &[]).err().unwrap().holds());
        assert!(decide(RUSSIAN.as_bytes(), &WINDOWS_1251.encode(RUSSIAN).0).err().unwrap().holds());
        let cut = RUSSIAN.replace("Ромашка", "Ром\u{1}").into_bytes();
        let cut: Vec<u8> = cut.into_iter().map(|byte| if byte == 1 { 0xD0 } else { byte }).collect();
        let error = decide(&cut, &[]).err().unwrap();
        assert!(error.holds() && error.message.contains("utf-8 but for a place"), "{error}");
        let lost = "a;b\n????? ??? ????????;???? «????»\n".repeat(5).replace(['«', '»'], "\"");
        assert!(decide(lost.as_bytes(), &[]).err().unwrap().message.contains("question marks"));
    }
}
