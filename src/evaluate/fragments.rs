//! Fragments: terms, patterns and regexes are asked only of cells in which a literal stands that they cannot do without.
//! In: a cell. Out: those that hold. The literals of a column stand in one automaton over the coarse reading of its cells;
//! where a cell has letters on which folds do not agree, every pattern and regex is asked.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};
use rustc_hash::FxHashMap;

use super::leaf::Leaf;
use crate::text::{Anchor, Case, Coarse, Pattern, ScanText, Term, coarse, sigma_fold};

/// The most literals that stand for one regex.
const MOST_LITERALS: usize = 64;
/// Automata over more bytes of literals are kept in the compact form.
const DENSE_LITERALS: usize = 40_000;
/// A class of more letters has no one reading.
const WIDEST_CLASS: u32 = 64;

/// The questions of one column behind one automaton.
#[derive(Debug)]
pub(crate) struct Fragments {
    automaton: AhoCorasick,
    owners: Vec<Vec<u32>>,
    asked: Vec<(u32, Asked)>,
    /// Those that an odd cell is asked for, whatever stands in it.
    on_odd: Vec<u32>,
}

/// Buffers that are used again for every cell.
#[derive(Debug, Default)]
pub(crate) struct FragmentScratch {
    coarse: Coarse,
    folded: String,
    seen: Vec<u32>,
    turn: u32,
}

#[derive(Debug)]
enum Asked {
    Term(Term),
    /// A folded pattern without wildcards: the place of its literal decides.
    Plain(Anchor, String),
    Pattern(Pattern),
    Regex(Regex),
}

impl Fragments {
    /// Takes over the questions that have a fragment and leaves the others.
    pub(crate) fn take_from(leaves: &mut Vec<(u32, Leaf)>) -> Result<Option<Fragments>, aho_corasick::BuildError> {
        let mut literals: FxHashMap<Vec<u8>, Vec<u32>> = FxHashMap::default();
        let (mut asked, mut left, mut on_odd) = (Vec::new(), Vec::new(), Vec::new());
        for (local, leaf) in leaves.drain(..) {
            let Some((fragments, question)) = fragments_of(&leaf) else {
                left.push((local, leaf));
                continue;
            };
            let place = u32::try_from(asked.len()).unwrap_or(u32::MAX);
            fragments.into_iter().for_each(|literal| literals.entry(literal).or_default().push(place));
            if !matches!(question, Asked::Term(_)) {
                on_odd.push(place);
            }
            asked.push((local, question));
        }
        *leaves = left;
        if asked.is_empty() {
            return Ok(None);
        }
        let mut literals: Vec<(Vec<u8>, Vec<u32>)> = literals.into_iter().collect();
        literals.sort();
        let (patterns, owners): (Vec<Vec<u8>>, Vec<Vec<u32>>) = literals.into_iter().unzip();
        let dense = patterns.iter().map(Vec::len).sum::<usize>() <= DENSE_LITERALS;
        let kind = if dense { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).kind(Some(kind)).build(&patterns)?;
        Ok(Some(Fragments { automaton, owners, asked, on_odd }))
    }

    /// Adds those that hold.
    pub(crate) fn find(&self, cell: &str, (scratch, scan): (&mut FragmentScratch, &mut ScanText), held: &mut Vec<u32>) {
        let FragmentScratch { coarse, folded, seen, turn } = scratch;
        coarse.read(cell);
        seen.resize(seen.len().max(self.asked.len()), 0);
        *turn = turn.wrapping_add(1);
        if *turn == 0 {
            seen.fill(0);
            *turn = 1;
        }
        let mut folds = Folds { cell, scan, folded, scanned: false, sigma: false };
        let mut ask = |place: u32| {
            let fresh = seen.get_mut(place as usize).is_some_and(|seen| std::mem::replace(seen, *turn) != *turn);
            let Some((local, asked)) = self.asked.get(place as usize).filter(|_| fresh) else { return };
            if folds.hold(asked) {
                held.push(*local);
            }
        };
        if coarse.is_odd() {
            self.on_odd.iter().for_each(|place| ask(*place));
        }
        for found in self.automaton.find_overlapping_iter(coarse.bytes()) {
            let owners = self.owners.get(found.pattern().as_usize());
            owners.into_iter().flatten().for_each(|place| ask(*place));
        }
    }
}

/// A cell and its exact folds, each made when it is first needed.
struct Folds<'f> {
    cell: &'f str,
    scan: &'f mut ScanText,
    folded: &'f mut String,
    scanned: bool,
    sigma: bool,
}

impl Folds<'_> {
    fn hold(&mut self, asked: &Asked) -> bool {
        match asked {
            Asked::Term(term) => {
                if !std::mem::replace(&mut self.scanned, true) {
                    self.scan.fold(self.cell);
                }
                term.find(self.scan, self.cell).is_some()
            }
            Asked::Plain(anchor, literal) => {
                if !std::mem::replace(&mut self.sigma, true) {
                    sigma_into(self.cell, self.folded);
                }
                match anchor {
                    Anchor::Whole => self.folded == literal,
                    Anchor::Contains => self.folded.contains(literal.as_str()),
                    Anchor::StartsWith => self.folded.starts_with(literal.as_str()),
                    Anchor::EndsWith => self.folded.ends_with(literal.as_str()),
                }
            }
            Asked::Pattern(pattern) => pattern.is_match(self.cell),
            Asked::Regex(regex) => regex.is_match(self.cell),
        }
    }
}

/// Sigma's fold, letter by letter where each folds alone and to one letter.
fn sigma_into(text: &str, out: &mut String) {
    out.clear();
    for letter in text.chars() {
        match quick(letter) {
            Some(folded) => out.push(folded),
            None => {
                *out = sigma_fold(text);
                return;
            }
        }
    }
}

/// Folds a letter that folds alone and to one letter, whatever stands beside it.
fn quick(letter: char) -> Option<char> {
    match letter {
        '\0'..='\u{7f}' => Some(letter.to_ascii_lowercase()),
        '\u{410}'..='\u{42f}' => char::from_u32(u32::from(letter) + 0x20),
        '\u{430}'..='\u{45f}' => Some(letter),
        '\u{400}'..='\u{40f}' => char::from_u32(u32::from(letter) + 0x50),
        '«' | '»' | '°' | '±' | '×' | '№' | '\u{a0}' | '\u{2013}'..='\u{2014}' | '\u{2018}'..='\u{201e}' => {
            Some(letter)
        }
        _ => None,
    }
}

fn fragments_of(leaf: &Leaf) -> Option<(Vec<Vec<u8>>, Asked)> {
    let (fragments, asked) = match leaf {
        Leaf::Mentions(term) => {
            let literals = term.required_literals().iter().map(|literal| coarse(literal)).collect();
            (literals, Asked::Term(term.clone()))
        }
        Leaf::Matches(pattern) => of_pattern(pattern)?,
        Leaf::Regex(regex) => {
            let literals = shortest(required(&regex_syntax::parse(regex.as_str()).ok()?)?);
            if literals.iter().any(|literal| literal.len() < 2) {
                return None;
            }
            (literals, Asked::Regex(regex.clone()))
        }
        _ => return None,
    };
    (!fragments.is_empty() && fragments.iter().all(|literal| !literal.is_empty())).then_some((fragments, asked))
}

/// The longest literal run of a pattern.
fn of_pattern(pattern: &Pattern) -> Option<(Vec<Vec<u8>>, Asked)> {
    let written = pattern.written.as_str();
    let anchors = [Anchor::Whole, Anchor::Contains, Anchor::StartsWith, Anchor::EndsWith];
    let same = |anchor: Anchor| Pattern::parse(written, anchor, Case::Folded).is_ok_and(|parsed| parsed == *pattern);
    // Runs between wildcards; a backslash ends a run too, which only makes the literal shorter.
    let runs = written.split(['*', '?', '\\']).map(coarse);
    let longest = runs.max_by_key(Vec::len)?;
    let plain = anchors.into_iter().find(|anchor| same(*anchor)).filter(|_| !written.contains(['*', '?', '\\']));
    let asked = match plain {
        Some(anchor) => Asked::Plain(anchor, sigma_fold(written)),
        None => Asked::Pattern(pattern.clone()),
    };
    Some((vec![longest], asked))
}

/// The coarse readings of all that the expression matches, where they are few.
fn readings(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let nothing = || vec![Vec::new()];
    let all = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => nothing(),
        HirKind::Literal(literal) => vec![coarse(std::str::from_utf8(&literal.0).ok()?)],
        HirKind::Class(class) => of_class(class)?,
        HirKind::Capture(capture) => readings(&capture.sub)?,
        HirKind::Concat(parts) => parts.iter().try_fold(nothing(), |left, part| joined(&left, &readings(part)?))?,
        HirKind::Alternation(parts) => parts.iter().map(readings).collect::<Option<Vec<_>>>()?.concat(),
        HirKind::Repetition(repeated) => {
            let once = readings(&repeated.sub)?;
            match (repeated.min, repeated.max) {
                // Signs without a reading may stand there as often as they like.
                _ if once == nothing() => nothing(),
                (0, Some(1)) => [once, nothing()].concat(),
                _ => return None,
            }
        }
    };
    (all.len() <= MOST_LITERALS).then_some(all)
}

/// Every left part before every right part, where they are few.
fn joined(left: &[Vec<u8>], right: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let few = left.len() * right.len() <= MOST_LITERALS;
    few.then(|| left.iter().flat_map(|left| right.iter().map(move |right| [&**left, right].concat())).collect())
}

/// The different readings of the letters of a class.
fn of_class(class: &Class) -> Option<Vec<Vec<u8>>> {
    let Class::Unicode(class) = class else { return None };
    let width: u32 = class.iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum();
    if width > WIDEST_CLASS {
        return None;
    }
    let letters = class.iter().flat_map(|range| range.start()..=range.end());
    let mut readings: Vec<Vec<u8>> = letters.map(|letter| coarse(letter.encode_utf8(&mut [0; 4]))).collect();
    readings.sort();
    readings.dedup();
    Some(readings)
}

/// The literals without those in which another one stands.
fn shortest(literals: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let within = |one: &[u8], other: &[u8]| {
        (1..other.len()).contains(&one.len()) && other.windows(one.len()).any(|part| part == one)
    };
    let needed = literals.iter().filter(|literal| !literals.iter().any(|other| within(other, literal)));
    needed.cloned().collect()
}

/// Literals one of which stands in the reading of every cell that matches and is not odd.
fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    if let Some(all) = readings(hir) {
        return all.iter().all(|literal| !literal.is_empty()).then_some(all);
    }
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => required(&repeated.sub),
        HirKind::Alternation(parts) => {
            let each: Option<Vec<Vec<Vec<u8>>>> = parts.iter().map(required).collect();
            each.map(|each| each.concat()).filter(|all| all.len() <= MOST_LITERALS)
        }
        HirKind::Concat(parts) => best_of(parts),
        _ => None,
    }
}

/// The longest literals among runs of parts with few readings and what single parts need.
fn best_of(parts: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut run = vec![Vec::new()];
    let mut choices: Vec<Vec<Vec<u8>>> = Vec::new();
    for part in parts {
        if let Some(all) = readings(part) {
            run = joined(&run, &all).unwrap_or_else(|| {
                choices.push(std::mem::take(&mut run));
                all
            });
            continue;
        }
        // What is repeated stands behind the run at least once.
        if let HirKind::Repetition(repeated) = part.kind()
            && repeated.min > 0
            && let Some(longer) = readings(&repeated.sub).and_then(|once| joined(&run, &once))
        {
            run = longer;
        }
        choices.push(std::mem::replace(&mut run, vec![Vec::new()]));
        choices.extend(required(part));
    }
    choices.push(run);
    let length = |choice: &Vec<Vec<u8>>| choice.iter().map(Vec::len).min().unwrap_or(0);
    // Words are rarer than figures of the same length.
    let worded = |choice: &Vec<Vec<u8>>| choice.iter().all(|literal| !literal.iter().all(u8::is_ascii_digit));
    choices.into_iter().max_by_key(|choice| (length(choice), worded(choice))).filter(|choice| length(choice) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Inflection;

    fn literals(regex: &str) -> Option<Vec<String>> {
        let found = shortest(required(&regex_syntax::parse(regex).unwrap())?);
        Some(found.into_iter().map(|literal| String::from_utf8(literal).unwrap()).collect())
    }

    #[test]
    fn a_regex_names_the_literals_it_cannot_do_without() {
        assert_eq!(literals("(?i)su-?35"), Some(vec!["su35".into()]));
        assert_eq!(literals(r"(?i)\bsu[\s-]*35s?\b"), Some(vec!["su35".into()]));
        let words = ["mikposknema", "mikposknemu", "sipsuit"].map(String::from);
        assert_eq!(literals("(?i)микросхем[аы]|circuit"), Some(words.to_vec()));
        assert_eq!(literals("(?i)(мк|su)[ -]?24[a-z]?"), Some(vec!["mk24".into(), "su24".into()]));
        let figures: Vec<String> = (0..10).map(|figure| format!("ad{figure}")).collect();
        assert_eq!(literals("(?i)ad[0-9]{4}[a-z]{1,3}-ga"), Some(figures));
        assert_eq!(literals("[СC]400"), Some(vec!["s400".into()]));
        assert_eq!(literals("a*"), None);
        assert_eq!(literals(r"\d+kg(s|z)?"), Some(vec!["kg".into()]));
    }

    /// Every question of every kind, alone and behind the automaton.
    fn check(cells: &[&str], regexes: &[&str], patterns: &[&str], terms: &[&str]) {
        let mut leaves: Vec<Leaf> =
            regexes.iter().filter_map(|regex| super::super::leaf::regex(regex).ok()).map(Leaf::Regex).collect();
        for anchor in [Anchor::Whole, Anchor::Contains, Anchor::StartsWith, Anchor::EndsWith] {
            for case in [Case::Folded, Case::Exact] {
                leaves.extend(patterns.iter().map(|text| Leaf::Matches(Pattern::parse(text, anchor, case).unwrap())));
            }
        }
        for inflection in [Inflection::Dictionary, Inflection::Literal, Inflection::Inflected] {
            leaves.extend(terms.iter().filter_map(|term| Term::parse(term, inflection).ok()).map(Leaf::Mentions));
        }
        let mut numbered: Vec<(u32, Leaf)> = (0u32..).zip(leaves.iter().cloned()).collect();
        let Some(fragments) = Fragments::take_from(&mut numbered).unwrap() else { return };
        let (mut scratch, mut scan) = (FragmentScratch::default(), ScanText::default());
        for cell in cells {
            let mut held = Vec::new();
            fragments.find(cell, (&mut scratch, &mut scan), &mut held);
            held.sort_unstable();
            let asked = fragments.asked.iter().map(|(local, _)| *local);
            let expected: Vec<u32> = asked.filter(|local| leaves[*local as usize].holds(cell, &mut scan)).collect();
            let odd = held.iter().chain(&expected).find(|local| held.contains(local) != expected.contains(local));
            assert!(odd.is_none(), "{cell:?}: {:?}", odd.map(|local| &leaves[*local as usize]));
        }
    }

    #[test]
    fn fragments_answer_like_the_questions_themselves() {
        check(
            &[
                "",
                "SU-35 parts",
                "ПЛАТА печатная",
                "parts",
                "é plata",
                "e\u{301} SU-35",
                "a*b",
                "K\u{212a}g",
                "aab",
                "ﾄﾞ ﬁ",
            ],
            &["(?i)su-?35", "(?i)плата|parts$", "kk?", "(?i)kg", "^a", "\u{301}", "e.", "(?i)[sſ]u", "и", "(?i)ſu"],
            &["su-35*", "parts", "*плата*", "a\\*b", "e", "É*", "ab", "kkg", "?u-3", "\u{301}", "fi", "ﾄ", "ſu"],
            &["Su-35", "плата", "é", "fi", "kg"],
        );
    }

    /// Letters of many folds.
    const LETTERS: &str = "[sScCхХxhkKиИіїуyюßſᲀКaàа\u{301}\u{306}\u{308}\u{200b}ﬁﾄﾞ١1-]{1,4}";

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_fragment_never_misses_what_the_question_accepts(
            asked in proptest::collection::vec(LETTERS, 1..6), cells in proptest::collection::vec(LETTERS, 1..6)
        ) {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
            let caseless: Vec<String> = asked
                .iter()
                .zip(asked.iter().rev())
                .flat_map(|(one, other)| {
                    [format!("(?i){one}"), format!("({one}|x)[ -]?{other}+"), format!("[{one}]{{2}}{other}?с*h")]
                })
                .collect();
            let regexes: Vec<&str> = caseless.iter().map(String::as_str).chain(asked.iter().copied()).collect();
            check(&cells, &regexes, &asked, &asked);
        }
    }
}
