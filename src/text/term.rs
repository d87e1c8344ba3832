//! Terms of `mentions`. In: a term as a rule writes it, and folded texts. Out: where the term stands.
//!
//! The literals that it asks for stand in the folded text whenever the term does; the reverse is decided by `find`.
use super::letters;
use super::scan::{Kind, ScanText, Token};
use rust_stemmers::{Algorithm, Stemmer};
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
/// Words shorter than this have no stem of their own in the dictionary form.
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
    /// The term goes on with further letters (`*`).
    open: bool,
    /// No blank stands before it in the term: with its neighbour it is a code.
    close: bool,
    parted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stem {
    /// The Russian stem, in Cyrillic.
    Russian(String),
    English(String),
}

impl Term {
    /// Compiles a term; the error is a sentence for the rule's author.
    pub fn parse(written: &str, inflection: Inflection) -> Result<Term, String> {
        if written.len() > 1_000 {
            return Err("a term may have at most 1,000 bytes".to_owned());
        }
        let trimmed = written.trim();
        let (body, open) = match trimmed.strip_suffix('*') {
            Some(body) => (body, true),
            None => (trimmed, false),
        };
        if body.contains('*') {
            return Err(format!("`{written}`: a `*` may only stand at the end of a term"));
        }
        if open && body.ends_with(|c: char| !c.is_alphanumeric()) {
            return Err(format!("`{written}`: a `*` must follow a letter or a digit"));
        }
        let spelled = body.replace('…', "...");
        let parts: Vec<&str> = spelled.split("...").collect();
        let last = parts.len().saturating_sub(1);
        let stretch = |(place, part): (usize, &&str)| elements(part, inflection, open && place == last);
        let stretches: Vec<Vec<Element>> = parts.iter().enumerate().map(stretch).collect();
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
        let (first, rest) = self.stretches.split_first()?;
        (0..text.tokens.len()).find_map(|start| {
            let end = stretch_end(first, text, original, start)?;
            let end = rest.iter().try_fold(vec![end], |ends, stretch| near_ends(stretch, text, original, &ends))?;
            let last = end.iter().min()?.checked_sub(1)?;
            Some(text.tokens.get(start)?.range().start..text.tokens.get(last)?.range().end)
        })
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

fn elements(part: &str, inflection: Inflection, open: bool) -> Vec<Element> {
    let mut text = ScanText::default();
    text.fold(part);
    let last = text.tokens.len().saturating_sub(1);
    let mut before = 0;
    let element = |(place, token): (usize, &Token)| {
        let mut keys: Vec<String> = Vec::new();
        for key in text.keys(token).filter(|key| !key.is_empty()) {
            if !keys.iter().any(|known| known == key) {
                keys.push(key.to_owned());
            }
        }
        let open = open && place == last;
        let gap = part.get(before..token.range().start).unwrap_or("");
        before = token.range().end;
        Element {
            kind: token.kind,
            stem: if open { None } else { stem(token, part, inflection) },
            keys,
            open,
            close: !gap.contains(char::is_whitespace),
            parted: token.parted,
        }
    };
    text.tokens.iter().enumerate().map(element).filter(|element| !element.keys.is_empty()).collect()
}

fn stem(token: &Token, original: &str, inflection: Inflection) -> Option<Stem> {
    if token.kind != Kind::Letters || inflection == Inflection::Literal {
        return None;
    }
    if let Some(word) = ScanText::cyrillic_word(token, original) {
        let long = word.chars().count() >= SHORTEST_STEMMED || inflection == Inflection::Inflected;
        let stem = russian_stem(&word);
        return (long && !latin(&stem).is_empty()).then_some(Stem::Russian(stem));
    }
    let word = original.get(token.range()).unwrap_or("").to_lowercase();
    let english =
        inflection == Inflection::Inflected && word.len() >= 3 && word.bytes().all(|b| b.is_ascii_lowercase());
    english.then(|| Stem::English(english_stem(&word)))
}

fn russian_stem(word: &str) -> String {
    Stemmer::create(Algorithm::Russian).stem(word).into_owned()
}

fn english_stem(word: &str) -> String {
    Stemmer::create(Algorithm::English).stem(word).into_owned()
}

fn latin(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        match letters::latin_of(c) {
            Some(latin) => out.push_str(latin),
            None => out.push(c),
        }
    }
    out
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
    let fits = |key: &str| {
        let equal = |own: &String| {
            if element.open && element.kind == Kind::Letters { key.starts_with(own.as_str()) } else { key == own }
        };
        element.keys.iter().any(equal)
    };
    if text.keys(token).any(fits) {
        return true;
    }
    match &element.stem {
        None => false,
        Some(Stem::Russian(stem)) => {
            let prefix = latin(stem);
            text.keys(token).any(|key| key.starts_with(&prefix))
                && ScanText::cyrillic_word(token, original).is_some_and(|word| russian_stem(&word) == *stem)
        }
        Some(Stem::English(stem)) => {
            text.keys(token).any(|key| key.is_ascii() && key.len() >= 3 && english_stem(key) == *stem)
        }
    }
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
        Some(Stem::Russian(stem)) => {
            let mut literals = element.keys.clone();
            literals.push(latin(stem));
            literals.sort();
            literals.dedup();
            literals
        }
        // Porter's stemmer changes at most the last two letters of what it keeps (`batteries`, `dying`).
        Some(Stem::English(stem)) => {
            let kept = stem.len().saturating_sub(2).max(1);
            vec![stem.get(..kept).unwrap_or(stem).to_owned()]
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
            if english_stem(term) == english_stem(text) {
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
