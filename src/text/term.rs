//! Terms of `mentions`. In: a term as a rule writes it, and folded texts. Out: where the term stands.
//!
//! The literals that it asks for stand in the folded text whenever the term does; the reverse is decided by `find`.
use super::letters;
use super::scan::{Kind, ScanText, Token};
use super::stem::Stem;
use std::ops::Range;

/// How `mentions` treats inflection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Inflection {
    /// Words of five and more Cyrillic letters match by their stem.
    Dictionary,
    /// No stems.
    Literal,
    /// Stems for every word, English too.
    Inflected,
}

/// Most words between the two sides of `...`.
pub(super) const NEAR_WORDS: usize = 5;
/// Words shorter than this have no stem of their own in the dictionary form, and are not read in Latin letters of the same
/// shape: `тор` is not the English word `TOP`.
const SHORTEST_STEMMED: usize = 5;

/// A compiled `mentions` term: whole words in order, case, script, confusables, hyphens folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// As written.
    pub written: String,
    /// Stretches between `...`, none empty.
    stretches: Vec<Vec<Element>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) keys: Vec<String>,
    stem: Option<Stem>,
    /// The word goes on with further letters (`*`).
    open: bool,
    parted: bool,
}

impl Term {
    /// Compiles a term; the error is a sentence for the rule's author.
    pub fn parse(written: &str, inflection: Inflection) -> Result<Term, String> {
        if written.len() > 1_000 {
            return Err("a term may have at most 1,000 bytes".to_owned());
        }
        let spelled = written.replace('…', "...");
        let parts: Vec<&str> = spelled.split("...").collect();
        if !parts.iter().all(|part| stars_end_words(part)) {
            return Err(format!("`{written}`: a `*` stands for further letters at the end of a word, as in `Su-35*`"));
        }
        let stretches: Vec<Vec<Element>> = parts.iter().map(|part| elements(part, inflection)).collect();
        if stretches.iter().any(Vec::is_empty) {
            return Err(format!("`{written}`: a term needs a word, and one on each side of `...`"));
        }
        Ok(Term { written: written.to_owned(), stretches })
    }

    /// Its parts between `...`.
    pub(super) fn stretches(&self) -> &[Vec<Element>] {
        &self.stretches
    }

    /// The first place in the text where the term stands, as a byte range of the *original* text.
    pub fn find(&self, text: &ScanText, original: &str) -> Option<Range<usize>> {
        (0..text.tokens.len()).find_map(|start| self.at(text, original, start))
    }

    /// The places where it stands, in order, none over another, at most so many.
    pub fn find_all(&self, text: &ScanText, original: &str, most: usize) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for (start, token) in text.tokens.iter().enumerate() {
            if found.len() >= most {
                break;
            }
            if found.last().is_none_or(|last| last.end <= token.range().start) {
                found.extend(self.at(text, original, start));
            }
        }
        found
    }

    /// Where it ends when it begins with this token.
    fn at(&self, text: &ScanText, original: &str, start: usize) -> Option<Range<usize>> {
        let (first, rest) = self.stretches.split_first()?;
        let end = stretch_end(first, text, original, start)?;
        let end = rest.iter().try_fold(vec![end], |ends, stretch| near_ends(stretch, text, original, &ends))?;
        let last = end.iter().min()?.checked_sub(1)?;
        Some(text.tokens.get(start)?.range().start..text.tokens.get(last)?.range().end)
    }

    /// Literals one of which stands in `ScanText::folded` whenever the term is mentioned; never empty strings.
    pub fn required_literals(&self) -> Vec<String> {
        let mut best: Vec<String> = Vec::new();
        for stretch in &self.stretches {
            for place in 0..stretch.len() {
                for literals in literals_at(stretch, place) {
                    let length = |set: &[String]| set.iter().map(String::len).min().unwrap_or(0);
                    if length(&literals) > length(&best) {
                        best = literals;
                    }
                }
            }
        }
        best
    }
}

/// Whether each `*` follows a letter or a digit and is followed by nothing or a blank.
fn stars_end_words(part: &str) -> bool {
    part.match_indices('*').all(|(at, star)| {
        let (before, after) = part.split_at(at);
        let after = after.get(star.len()..).unwrap_or("");
        let before = before.trim_end_matches(letters::is_ignorable);
        before.ends_with(char::is_alphanumeric) && (after.is_empty() || after.starts_with(char::is_whitespace))
    })
}

fn elements(part: &str, inflection: Inflection) -> Vec<Element> {
    let mut text = ScanText::default();
    text.fold(part);
    let element = |token: &Token| {
        let after = part.get(token.range().end..).unwrap_or("").trim_start_matches(letters::is_ignorable);
        let open = after.starts_with('*');
        let mut keys: Vec<String> = text.keys(token).filter(|key| !key.is_empty()).map(str::to_owned).collect();
        let long = ScanText::cyrillic_word(token, part).is_some_and(|word| word.chars().count() >= SHORTEST_STEMMED);
        keys.extend(ScanText::latin_shape(token, part).filter(|_| long));
        let mut known = std::collections::BTreeSet::new();
        keys.retain(|key| known.insert(key.clone()));
        let stem = if open { None } else { stem(token, part, inflection) };
        Element { kind: token.kind, stem, keys, open, parted: token.parted }
    };
    text.tokens.iter().map(element).filter(|element| !element.keys.is_empty()).collect()
}

fn stem(token: &Token, original: &str, inflection: Inflection) -> Option<Stem> {
    if token.kind != Kind::Letters || inflection == Inflection::Literal {
        return None;
    }
    if let Some(word) = ScanText::cyrillic_word(token, original) {
        let long = word.chars().count() >= SHORTEST_STEMMED || inflection == Inflection::Inflected;
        return long.then(|| Stem::russian(&word)).flatten();
    }
    let word = original.get(token.range()).unwrap_or("").to_lowercase();
    let english =
        inflection == Inflection::Inflected && word.len() >= 3 && word.bytes().all(|b| b.is_ascii_lowercase());
    english.then(|| Stem::english(&word))
}

/// The token after the stretch when it stands at `start`, at word boundaries on both sides.
pub(super) fn stretch_end(stretch: &[Element], text: &ScanText, original: &str, start: usize) -> Option<usize> {
    if text.tokens.get(start)?.glued {
        return None;
    }
    let mut at = start;
    for (place, element) in stretch.iter().enumerate() {
        let token = text.tokens.get(at)?;
        // In `SU, 35` the comma parts two things; in a code that the term writes together it never stands.
        let code = place > 0 && (token.kind == Kind::Digits) != (text.tokens.get(at - 1)?.kind == Kind::Digits);
        if code && token.parted && !element.parted {
            return None;
        }
        if !agrees(element, token, text, original) {
            return None;
        }
        at += 1;
        let further = |next: &&Token| next.glued && next.kind == Kind::Letters;
        if element.open && token.kind == Kind::Digits && text.tokens.get(at).as_ref().is_some_and(further) {
            at += 1;
        }
    }
    (!text.tokens.get(at).is_some_and(|next| next.glued)).then_some(at)
}

pub(super) fn agrees(element: &Element, token: &Token, text: &ScanText, original: &str) -> bool {
    if element.kind != token.kind {
        return false;
    }
    let equal = |key: &str, own: &String| match element.open && element.kind == Kind::Letters {
        true => key.starts_with(own.as_str()) && ends_between_letters(token, original, own),
        false => key == own,
    };
    if text.keys(token).any(|key| element.keys.iter().any(|own| equal(key, own))) {
        return true;
    }
    let Some(stem) = &element.stem else { return false };
    let cyrillic = || ScanText::cyrillic_word(token, original).is_some_and(|word| stem.is_of_cyrillic(&word));
    let beginning = stem.beginning();
    text.keys(token).any(|key| key.starts_with(&beginning) && (stem.is_of_latin(key) || cyrillic()))
}

/// `кас*` does not reach into the ш of `каша`, whose transliteration begins with an s.
fn ends_between_letters(token: &Token, original: &str, own: &str) -> bool {
    let Some(word) = ScanText::cyrillic_word(token, original) else { return true };
    let mut spelled = String::new();
    for c in word.chars() {
        match letters::latin_of(c) {
            Some(latin) => spelled.push_str(latin),
            None => spelled.push(c),
        }
        if spelled.len() >= own.len() {
            break;
        }
    }
    // A reading by shape, not by sound, has a letter for each letter.
    spelled == own || !spelled.starts_with(own)
}

/// Where the next stretch may end when the one before ended at one of `ends`; `None` when nowhere.
fn near_ends(stretch: &[Element], text: &ScanText, original: &str, ends: &[usize]) -> Option<Vec<usize>> {
    let mut found: Vec<usize> = Vec::new();
    for end in ends {
        let mut words = 0;
        for start in *end..text.tokens.len() {
            if let Some(next) = stretch_end(stretch, text, original, start)
                && !found.contains(&next)
            {
                found.push(next);
            }
            if text.tokens.get(start + 1).is_none_or(|next| !next.glued) {
                words += 1;
            }
            if words > NEAR_WORDS {
                break;
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Literal sets for the element at a place: alone, and with the digits beside it.
fn literals_at(stretch: &[Element], place: usize) -> Vec<Vec<String>> {
    let Some(element) = stretch.get(place) else { return Vec::new() };
    let alone = element_literals(element);
    if alone.iter().any(String::is_empty) {
        return Vec::new();
    }
    let mut sets = vec![alone.clone()];
    if element.kind != Kind::Letters {
        return sets;
    }
    let digits = |at: Option<usize>| {
        let beside = at.and_then(|at| stretch.get(at)).filter(|beside| beside.kind == Kind::Digits)?;
        beside.keys.first().cloned()
    };
    let before = digits(place.checked_sub(1)).unwrap_or_default();
    // What follows a stem or an open word is not known.
    let after = if element.stem.is_some() || element.open { None } else { digits(Some(place + 1)) }.unwrap_or_default();
    if !(before.is_empty() && after.is_empty()) {
        sets.push(alone.iter().map(|key| format!("{before}{key}{after}")).collect());
    }
    sets
}

fn element_literals(element: &Element) -> Vec<String> {
    match &element.stem {
        None => element.keys.clone(),
        Some(stem) => {
            let beginning = stem.beginning();
            let mut literals: Vec<String> =
                element.keys.iter().filter(|key| !key.starts_with(&beginning)).cloned().collect();
            literals.push(beginning);
            literals
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(term: &str, inflection: Inflection, text: &'a str) -> Option<&'a str> {
        let term = Term::parse(term, inflection).unwrap();
        let mut scan = ScanText::default();
        scan.fold(text);
        let found = term.find(&scan, text)?;
        let literals = term.required_literals();
        assert!(!literals.is_empty() && literals.iter().all(|literal| !literal.is_empty()), "{term:?}");
        assert!(literals.iter().any(|one| scan.folded.contains(one)), "{literals:?} not in {:?}", scan.folded);
        Some(&text[found])
    }

    fn check(term: &str, mentioned: &[&str], not: &[&str]) {
        for text in mentioned {
            let long = format!("ДЛЯ {text}, НОВЫЙ");
            assert_eq!(find(term, Inflection::Dictionary, text), Some(*text), "{term} in {text}");
            assert_eq!(find(term, Inflection::Dictionary, &long), Some(*text), "{term} in {long}");
        }
        for text in not {
            assert_eq!(find(term, Inflection::Dictionary, text), None, "{term} in {text}");
        }
    }

    #[test]
    fn a_code_is_found_in_every_spelling() {
        let spellings =
            ["Su-35", "SU 35", "Су-35", "СУ35", "Cу-35", "SУ-35", "SU\u{2011}35", "su–35", "S\u{200b}U-35", "ＳＵ-35"];
        check("Su-35", &spellings, &["SU-350", "ASU-35", "SU-35S", "SU, 35", "1SU-35", "SU 3 5"]);
        check("Су-35", &spellings[..5], &["SU-350", "СУ-350"]);
        check("Su-35*", &["SU-35", "SU-35S", "SU-35UB", "СУ-35С"], &["SU-350", "SU-35S1"]);
        check("96L6E", &["96L6E", "96Л6Е", "96L6-E", "96 Л6Е", "96l6e"], &["96L6EX", "196L6E"]);
        check("RB-531BE", &["RB-531BE", "РБ-531БЕ", "РБ-531БЭ", "RB 531 BE", "RB-531ВЕ", "РB-531BE"], &["RB-531"]);
        check("M-17", &["М-17", "M17", "m 17"], &["M-170", "AM-17", "МИ-17"]);
        check("苏-35", &["苏-35", "苏35"], &["苏-350"]);
        assert_eq!(find("Su-35", Inflection::Dictionary, "飞机SU-35零件"), Some("SU-35"));
    }

    #[test]
    fn long_cyrillic_words_match_by_stem_unless_literal() {
        check("самолёт", &["САМОЛЕТА", "самолётов", "Самолет", "CАМОЛЕТА"], &["самолетик", "вертолет"]);
        assert_eq!(find("самолёт", Inflection::Literal, "самолета"), None);
        assert_eq!(find("самолёт", Inflection::Literal, "САМОЛЕТ"), Some("САМОЛЕТ"));
        check("шасси", &["ШАССИ"], &[]);
        check("дрон", &["дрон"], &["дроны"]);
        assert_eq!(find("дрон", Inflection::Inflected, "дроны"), Some("дроны"));
    }

    #[test]
    fn inflected_stems_english_and_its_literals_hold() {
        let pairs = [
            ("battery", "batteries"),
            ("possible", "possibility"),
            ("dying", "die"),
            ("sky", "skies"),
            ("relate", "relational"),
            ("drone", "drones"),
            ("organize", "organization"),
            ("engine", "engines"),
            ("hop", "hopping"),
        ];
        for (term, text) in pairs {
            if super::super::stem::Stem::english(term).is_of_latin(text) {
                assert_eq!(find(term, Inflection::Inflected, text), Some(text), "{term}");
            }
        }
        assert_eq!(find("batteries", Inflection::Inflected, "lithium battery"), Some("battery"));
        assert_eq!(find("battery", Inflection::Dictionary, "batteries"), None);
    }

    #[test]
    fn an_ellipsis_bridges_at_most_five_words() {
        check("прицел ... ночной", &["прицелы оптические для ночной"], &["прицел a b c d e f ночной", "ночной прицел"]);
        check("a ... b ... c", &["a b c", "a x b y z c"], &["a c b"]);
        assert_eq!(find("ship ... gun", Inflection::Literal, "ship 1 2 3 4 5 gun"), Some("ship 1 2 3 4 5 gun"));
    }

    #[test]
    fn words_stand_in_order_whatever_is_between() {
        check("Flanker-E", &["FLANKER E", "flanker-e"], &["flankere", "flanker"]);
        check("DJI Mavic", &["DJI  MAVIC", "dji-mavic"], &["DJIMAVIC", "Mavic DJI"]);
    }

    #[test]
    fn a_term_without_a_word_is_refused() {
        for bad in ["", "  ", "...", "a ...", "*", "a*b", "- *", "--"] {
            assert!(Term::parse(bad, Inflection::Dictionary).is_err(), "{bad}");
        }
    }

    #[test]
    fn hostile_text_is_only_text() {
        for text in ["\u{306}", "и\u{306}", "\u{0}", "ﷺ½№㎏", "ьъ", "İıß", "\u{1f600}5", "a\u{301}\u{200d}b"]
        {
            for term in ["½", "й", "ﷺ", "b", "i"] {
                let _ = find(term, Inflection::Inflected, text);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn whenever_found_a_literal_stands_in_the_folded_text(
            term in "[SCУCсuЛlВBЕE ,.\\-]{1,4}[0-9]{0,2}[ -]?[ВEаА]{0,2}\\*?", text in "[SCУCсuЛlВBЕE ,.\\-]{1,4}[0-9]{0,2}[ -]?[ВEаА]{0,2}"
        ) {
            for inflection in [Inflection::Dictionary, Inflection::Literal, Inflection::Inflected] {
                if Term::parse(&term, inflection).is_ok() {
                    find(&term, inflection, &text);
                }
            }
        }
    }
}
