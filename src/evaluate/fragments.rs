//! Fragments: patterns and regexes are asked only of cells in which a literal stands that they cannot do without. In: a
//! cell. Out: those that hold. Where a cell holds letters that the quick fold does not know, every regex is asked.

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};
use rustc_hash::FxHashMap;

use super::leaf::Leaf;
use crate::text::{Anchor, Case, Pattern, sigma_fold};

/// The most literals that stand for one regex.
const MOST_LITERALS: usize = 64;

/// Patterns and regexes of one column behind one automaton.
#[derive(Debug)]
pub(crate) struct Fragments {
    automaton: AhoCorasick,
    owners: Vec<Vec<u32>>,
    leaves: Vec<(u32, Asked)>,
    regexes: Vec<u32>,
}

/// Buffers that are used again for every cell.
#[derive(Debug, Default)]
pub(crate) struct FragmentScratch {
    folded: String,
    seen: Vec<u32>,
    turn: u32,
}

#[derive(Debug)]
enum Asked {
    /// A pattern without wildcards: the place of its literal decides.
    Plain(Anchor),
    Pattern(Pattern),
    Regex(Regex),
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

/// Sigma's fold of a text, and whether every letter was a quick one.
fn fold_into(text: &str, out: &mut String) -> bool {
    out.clear();
    for letter in text.chars() {
        match quick(letter) {
            Some(folded) => out.push(folded),
            None => {
                *out = sigma_fold(text);
                return false;
            }
        }
    }
    true
}

impl Fragments {
    /// Takes over the questions that have a fragment and leaves the others.
    pub(crate) fn take_from(leaves: &mut Vec<(u32, Leaf)>) -> Result<Option<Fragments>, aho_corasick::BuildError> {
        let mut literals: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        let (mut taken, mut left, mut regexes) = (Vec::new(), Vec::new(), Vec::new());
        for (local, leaf) in leaves.drain(..) {
            let Some((fragments, asked)) = fragments_of(&leaf) else {
                left.push((local, leaf));
                continue;
            };
            let place = u32::try_from(taken.len()).unwrap_or(u32::MAX);
            fragments.into_iter().for_each(|literal| literals.entry(literal).or_default().push(place));
            if matches!(asked, Asked::Regex(_)) {
                regexes.push(place);
            }
            taken.push((local, asked));
        }
        *leaves = left;
        if taken.is_empty() {
            return Ok(None);
        }
        let mut literals: Vec<(String, Vec<u32>)> = literals.into_iter().collect();
        literals.sort();
        let (patterns, owners): (Vec<String>, Vec<Vec<u32>>) = literals.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(super::cells::automaton_kind(&patterns)))
            .build(&patterns)?;
        Ok(Some(Fragments { automaton, owners, leaves: taken, regexes }))
    }

    /// Adds those that hold.
    pub(crate) fn find(&self, cell: &str, scratch: &mut FragmentScratch, held: &mut Vec<u32>) {
        let FragmentScratch { folded, seen, turn } = scratch;
        let quickly = fold_into(cell, folded);
        seen.resize(seen.len().max(self.leaves.len()), 0);
        *turn = turn.wrapping_add(1);
        if *turn == 0 {
            seen.fill(0);
            *turn = 1;
        }
        let mut ask = |place: u32, stands: (bool, bool)| {
            let Some(last) = seen.get_mut(place as usize).filter(|last| **last != *turn) else { return };
            let Some((local, asked)) = self.leaves.get(place as usize) else { return };
            // A plain literal may stand once more, further on, where it holds.
            let (holds, settled) = match asked {
                Asked::Plain(anchor) => {
                    let holds = plainly(*anchor, stands);
                    (holds, holds)
                }
                Asked::Pattern(pattern) => (pattern.is_match(cell), true),
                Asked::Regex(regex) => (regex.is_match(cell), true),
            };
            if settled {
                *last = *turn;
            }
            if holds {
                held.push(*local);
            }
        };
        if !quickly {
            self.regexes.iter().for_each(|place| ask(*place, (false, false)));
        }
        for found in self.automaton.find_overlapping_iter(folded.as_str()) {
            let stands = (found.start() == 0, found.end() == folded.len());
            let owners = self.owners.get(found.pattern().as_usize());
            owners.into_iter().flatten().for_each(|place| ask(*place, stands));
        }
    }
}

fn plainly(anchor: Anchor, (at_start, at_end): (bool, bool)) -> bool {
    match anchor {
        Anchor::Whole => at_start && at_end,
        Anchor::Contains => true,
        Anchor::StartsWith => at_start,
        Anchor::EndsWith => at_end,
    }
}

fn fragments_of(leaf: &Leaf) -> Option<(Vec<String>, Asked)> {
    match leaf {
        Leaf::Matches(pattern) => of_pattern(pattern),
        Leaf::Regex(regex) => {
            let hir = regex_syntax::parse(regex.as_str()).ok()?;
            let literals = required(&hir)?;
            literals.iter().all(|literal| literal.len() > 1).then(|| (literals, Asked::Regex(regex.clone())))
        }
        _ => None,
    }
}

/// The longest literal run of a folded pattern; `None` for exact-case ones, which do not see the folded text.
fn of_pattern(pattern: &Pattern) -> Option<(Vec<String>, Asked)> {
    let anchors = [Anchor::Whole, Anchor::Contains, Anchor::StartsWith, Anchor::EndsWith];
    let written = pattern.written.as_str();
    let anchor = anchors
        .into_iter()
        .find(|anchor| Pattern::parse(written, *anchor, Case::Folded).as_ref().is_ok_and(|parsed| parsed == pattern))?;
    // Runs between wildcards; a backslash ends a run too, which only makes the literal shorter.
    let plain = !written.contains(['*', '?', '\\']);
    let longest = written.split(['*', '?', '\\']).max_by_key(|run| run.len()).filter(|run| !run.is_empty())?;
    if !plain && (written.contains('\\') && !longest.is_ascii()) {
        return None;
    }
    let asked = if plain { Asked::Plain(anchor) } else { Asked::Pattern(pattern.clone()) };
    Some((vec![sigma_fold(longest)], asked))
}

/// The one folded text that the expression matches among quick letters.
fn exact(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Empty => Some(String::new()),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok()?.chars().map(quick).collect(),
        HirKind::Class(class) => one_letter(class).map(String::from),
        HirKind::Capture(capture) => exact(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(exact).collect(),
        HirKind::Look(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => None,
    }
}

/// The letter that all quick letters of a class fold to.
fn one_letter(class: &Class) -> Option<char> {
    let mut letter = None;
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(_) => return None,
    };
    for folded in ranges
        .iter()
        .filter(|(from, until)| u32::from(*until) - u32::from(*from) < 4)
        .flat_map(|(from, until)| *from..=*until)
    {
        match (quick(folded), letter) {
            (Some(folded), None) => letter = Some(folded),
            (Some(folded), Some(known)) if folded != known => return None,
            _ => {}
        }
    }
    let narrow = ranges.iter().all(|(from, until)| u32::from(*until) - u32::from(*from) < 4);
    letter.filter(|_| narrow)
}

/// Folded literals one of which stands in every quick text that matches.
fn required(hir: &Hir) -> Option<Vec<String>> {
    if let Some(text) = exact(hir) {
        return (!text.is_empty()).then(|| vec![text]);
    }
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => required(&repeated.sub),
        HirKind::Alternation(parts) => {
            let each: Option<Vec<Vec<String>>> = parts.iter().map(required).collect();
            each.map(|each| each.concat()).filter(|all| all.len() <= MOST_LITERALS)
        }
        HirKind::Concat(parts) => best_of(parts),
        _ => None,
    }
}

fn best_of(parts: &[Hir]) -> Option<Vec<String>> {
    let mut run = String::new();
    let mut choices: Vec<Vec<String>> = Vec::new();
    for part in parts {
        match exact(part) {
            Some(text) => run.push_str(&text),
            None => {
                choices.push(vec![std::mem::take(&mut run)]);
                choices.extend(required(part));
            }
        }
    }
    choices.push(vec![run]);
    let shortest = |choice: &Vec<String>| choice.iter().map(String::len).min().unwrap_or(0);
    // Words are rarer than figures of the same length.
    let worded = |choice: &Vec<String>| choice.iter().all(|literal| literal.contains(char::is_alphabetic));
    choices.into_iter().max_by_key(|choice| (shortest(choice), worded(choice))).filter(|choice| shortest(choice) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(regex: &str) -> Option<Vec<String>> {
        required(&regex_syntax::parse(regex).unwrap())
    }

    #[test]
    fn a_regex_names_the_literals_it_cannot_do_without() {
        assert_eq!(literals("(?i)su-?35"), Some(vec!["su".into()]));
        assert_eq!(literals("(?i)микросхем[аы]|circuit"), Some(vec!["микросхем".into(), "circuit".into()]));
        assert_eq!(literals("a*"), None);
        assert_eq!(literals(r"\d+kg(s|z)?"), Some(vec!["kg".into()]));
    }

    #[test]
    fn fragments_answer_like_the_questions_themselves() {
        let cells =
            ["", "SU-35 parts", "ПЛАТА печатная", "parts", "é plata", "e\u{301} SU-35", "a*b", "K\u{212a}g", "aab"];
        let regexes = ["(?i)su-?35", "(?i)плата|parts$", "kk?", "(?i)kg", "^a", "\u{301}", "e.", "(?i)[sſ]u"];
        let patterns = ["su-35*", "parts", "*плата*", "a\\*b", "e", "É*", "ab", "kkg", "?u-3", "\u{301}"];
        let mut leaves: Vec<Leaf> =
            regexes.iter().map(|regex| Leaf::Regex(super::super::leaf::regex(regex).unwrap())).collect();
        for anchor in [Anchor::Whole, Anchor::Contains, Anchor::StartsWith, Anchor::EndsWith] {
            for case in [Case::Folded, Case::Exact] {
                leaves.extend(patterns.iter().map(|text| Leaf::Matches(Pattern::parse(text, anchor, case).unwrap())));
            }
        }
        let mut numbered: Vec<(u32, Leaf)> = (0u32..).zip(leaves.iter().cloned()).collect();
        let fragments = Fragments::take_from(&mut numbered).unwrap().unwrap();
        assert!(fragments.leaves.len() > 30, "most have a fragment");
        let (mut scratch, mut scan) = (FragmentScratch::default(), crate::text::ScanText::default());
        for cell in cells {
            let mut held = Vec::new();
            fragments.find(cell, &mut scratch, &mut held);
            held.sort_unstable();
            let asked = fragments.leaves.iter().map(|(local, _)| *local);
            let expected: Vec<u32> = asked.filter(|local| leaves[*local as usize].holds(cell, &mut scan)).collect();
            assert_eq!(held, expected, "{cell}");
        }
    }
}
