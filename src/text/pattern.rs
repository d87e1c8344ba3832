//! Sigma patterns. In: a pattern and a cell. Out: whether it matches, in time linear in both for each `*`.
//!
//! Sigma 2.1 specification, "Escaping": `*` any run, `?` one character; `\*`, `\?` and `\\` before a wildcard are
//! literal; a single backslash before another character is a plain backslash.
use super::sigma_fold;

/// Where a pattern must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the modifiers' words")]
pub enum Anchor {
    Whole,
    Contains,
    StartsWith,
    EndsWith,
}

/// Whether letter case matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum Case {
    Folded,
    Exact,
}

/// A Sigma pattern: `*`, `?`, backslash rules; the whole cell unless the modifier says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    /// As written.
    pub written: String,
    /// Stretches between the stars.
    parts: Vec<Vec<Sign>>,
    case: Case,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Sign {
    Letter(char),
    Any,
}

impl Pattern {
    /// Compiles; `cased` switches folding off.
    pub fn parse(written: &str, anchor: Anchor, case: Case) -> Result<Pattern, String> {
        if written.len() > 10_000 {
            return Err("a pattern may have at most 10,000 bytes".to_owned());
        }
        let mut parts = split(written, case);
        if matches!(anchor, Anchor::Contains | Anchor::EndsWith) {
            parts.insert(0, Vec::new());
        }
        if matches!(anchor, Anchor::Contains | Anchor::StartsWith) {
            parts.push(Vec::new());
        }
        Ok(Pattern { written: written.to_owned(), parts, case })
    }

    /// Whether the text matches.
    pub fn is_match(&self, text: &str) -> bool {
        let text = units(text, self.case, self.has_any());
        let Some((first, rest)) = self.parts.split_first() else { return text.is_empty() };
        let Some((last, middle)) = rest.split_last() else { return taken(first, &text) == Some(text.len()) };
        let Some(mut text) = taken(first, &text).and_then(|end| text.get(end..)) else { return false };
        for part in middle {
            let mut starts = 0..=text.len();
            let end = starts.find_map(|at| Some(at + taken(part, text.get(at..)?)?));
            let Some(after) = end.and_then(|end| text.get(end..)) else { return false };
            text = after;
        }
        let earliest = text.len().saturating_sub(last.len() * LONGEST_FOLD);
        (earliest..=text.len()).any(|at| text.get(at..).is_some_and(|end| taken(last, end) == Some(end.len())))
    }

    /// Where it must stand, for a pattern without wildcards of its own.
    pub(crate) fn anchor(&self) -> Anchor {
        let is_open = |end: Option<&Vec<Sign>>| self.parts.len() > 1 && end.is_some_and(Vec::is_empty);
        match (is_open(self.parts.first()), is_open(self.parts.last())) {
            (false, false) => Anchor::Whole,
            (false, true) => Anchor::StartsWith,
            (true, false) => Anchor::EndsWith,
            (true, true) => Anchor::Contains,
        }
    }

    fn has_any(&self) -> bool {
        self.parts.iter().flatten().any(|sign| matches!(sign, Sign::Any))
    }
}

/// A letter of the folded text, and whether a letter of the text itself begins with it: `ß` folds to two.
#[derive(Debug, Clone, Copy)]
struct Unit {
    letter: char,
    begins: bool,
}

/// The most letters that one folds to.
const LONGEST_FOLD: usize = 3;

/// The text as patterns see it; where letters begin is only told when a pattern counts them.
fn units(text: &str, case: Case, counted: bool) -> Vec<Unit> {
    let folded = normal(text, case);
    let alone = |folded: &str| folded.chars().map(|letter| Unit { letter, begins: true }).collect();
    if !counted || case == Case::Exact || text.is_ascii() {
        return alone(&folded);
    }
    let mut units = Vec::with_capacity(folded.len());
    for letter in normal(text, Case::Exact).chars() {
        let own = sigma_fold(letter.encode_utf8(&mut [0; 4]));
        units.extend(own.chars().enumerate().map(|(place, letter)| Unit { letter, begins: place == 0 }));
    }
    // Letters that only compose once they are folded are counted as they then stand.
    let same = folded.chars().eq(units.iter().map(|unit| unit.letter));
    if same { units } else { alone(&folded) }
}

fn normal(text: &str, case: Case) -> String {
    match case {
        Case::Folded => sigma_fold(text),
        Case::Exact => icu_normalizer::ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned(),
    }
}

/// How many units a part takes from the start of the text, `None` when it does not stand there.
fn taken(part: &[Sign], text: &[Unit]) -> Option<usize> {
    let mut at = 0;
    for sign in part {
        let unit = text.get(at)?;
        at += 1;
        match sign {
            Sign::Letter(letter) if *letter != unit.letter => return None,
            Sign::Any if !unit.begins => return None,
            Sign::Letter(_) => {}
            Sign::Any => at += text.get(at..)?.iter().take_while(|unit| !unit.begins).count(),
        }
    }
    Some(at)
}

fn split(written: &str, case: Case) -> Vec<Vec<Sign>> {
    let mut parts = vec![Vec::new()];
    let mut run = String::new();
    let mut chars = written.chars().peekable();
    // Literal runs are folded whole, so that a letter and its combining mark fold as in the text.
    let flush = |run: &mut String, parts: &mut Vec<Vec<Sign>>| {
        let folded = normal(run, case);
        if let Some(part) = parts.last_mut() {
            part.extend(folded.chars().map(Sign::Letter));
        }
        run.clear();
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek().copied() {
                Some(next @ ('*' | '?' | '\\')) => {
                    chars.next();
                    run.push(next);
                }
                _ => run.push('\\'),
            },
            '*' => {
                flush(&mut run, &mut parts);
                parts.push(Vec::new());
            }
            '?' => {
                flush(&mut run, &mut parts);
                if let Some(part) = parts.last_mut() {
                    part.push(Sign::Any);
                }
            }
            _ => run.push(c),
        }
    }
    flush(&mut run, &mut parts);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern, Anchor::Whole, Case::Folded).unwrap().is_match(text)
    }

    /// Specification 2.1, "Wildcards" and "Escaping", line by line: pattern, what it matches, what it does not.
    #[test]
    fn wildcards_and_escapes_follow_the_specification() {
        let table: &[(&str, &[&str], &[&str])] = &[
            // `?` one mandatory character, `*` any run, line ends too.
            ("prog?.exe", &["progA.exe", "PROGb.EXE"], &["prog.exe", "progAB.exe", "xprogA.exe"]),
            (
                "antivirus_V*.exe",
                &["antivirus_V1.exe", "antivirus_V21.2.1.exe", "antivirus_V.exe"],
                &["antivirus_V1.exe.bak"],
            ),
            ("*something", &["something", "a\nsomething"], &["something else"]),
            ("something*", &["something", "something\r\nelse"], &["a something"]),
            ("*something*", &["something", "a something b"], &["some thing"]),
            ("*", &["", "a", "\n"], &[]),
            ("**", &["", "a"], &[]),
            ("?", &["a", "ж", "ß", "İ", "e\u{301}", "\n"], &["", "ab"]),
            ("*?", &["a", "ab"], &[""]),
            ("a*?b", &["axb", "axxb"], &["ab"]),
            ("", &[""], &["a"]),
            // A single backslash before anything but a wildcard or a backslash is plain.
            (r"C:\dir\file", &[r"c:\DIR\FILE"], &[r"C:\\dir\\file"]),
            (r"C:\\dir", &[r"C:\dir"], &[r"C:\\dir"]),
            (r"a\", &[r"a\"], &["a", r"a\\"]),
            // An escaped wildcard is plain.
            (r"a\*b", &["a*b"], &["axb", "ab", r"a\*b"]),
            (r"a\?b", &["a?b"], &["axb", r"a\?b"]),
            // An escaped backslash before a wildcard: a backslash, then the wildcard.
            (r"a\\*b", &[r"a\b", r"a\xxb"], &["a*b", "axb"]),
            (r"a\\?b", &[r"a\xb"], &[r"a\b", "a?b"]),
            // Three: both are plain.
            (r"a\\\*b", &[r"a\*b"], &[r"a\xb", r"a\\*b"]),
            // Three or four are two.
            (r"a\\\b", &[r"a\\b"], &[r"a\b", r"a\\\b"]),
            (r"a\\\\b", &[r"a\\b"], &[r"a\\\b"]),
            (r"\\\\*\share", &[r"\\host\share"], &[r"\host\share"]),
            // The whole cell, case aside by full folding, composed or not.
            ("abc", &["ABC"], &["abcd", "xabc", " abc"]),
            ("ПЛАТА*", &["плата печатная"], &["плат"]),
            ("strasse", &["STRAßE", "straße"], &["strase"]),
            ("stra?e", &["straße", "STRAGE"], &["strasse"]),
            ("?stanbul", &["İSTANBUL", "istanbul"], &["iistanbul"]),
            ("straß?", &["STRASSE"], &["STRASS"]),
            ("*?e", &["straße"], &["e"]),
            ("caf?", &["cafe\u{301}", "CAFÉ"], &["café "]),
            ("caf\u{e9}", &["cafe\u{301}"], &["cafe"]),
            ("ΣΊΣΥΦΟΣ", &["σίσυφος"], &[]),
            ("*a*b*", &["xxaxxbxx", "ab"], &["ba"]),
            ("*ab", &["aab", "xab"], &["abx"]),
        ];
        for (pattern, yes, no) in table {
            yes.iter().for_each(|text| assert!(matches(pattern, text), "{pattern} matches {text}"));
            no.iter().for_each(|text| assert!(!matches(pattern, text), "{pattern} does not match {text}"));
        }
    }

    #[test]
    fn an_exact_case_still_knows_composed_letters() {
        let is = |pattern, text: &str| Pattern::parse(pattern, Anchor::Whole, Case::Exact).unwrap().is_match(text);
        assert!(is("Caf\u{e9}", "Cafe\u{301}") && !is("Caf\u{e9}", "cafe\u{301}"));
        assert!(is("Stra?e", "Straße") && !is("Strasse", "Straße"));
    }

    #[test]
    fn modifiers_anchor_and_case_counts_when_asked() {
        let is = |anchor, case, text: &str| Pattern::parse("Su-35", anchor, case).unwrap().is_match(text);
        assert!(is(Anchor::Contains, Case::Folded, "x su-35 y"));
        assert!(!is(Anchor::Contains, Case::Exact, "x su-35 y"));
        assert!(is(Anchor::StartsWith, Case::Exact, "Su-35S"));
        assert!(is(Anchor::EndsWith, Case::Folded, "the SU-35"));
        assert!(!is(Anchor::EndsWith, Case::Folded, "SU-350"));
    }

    #[test]
    fn many_stars_stay_fast() {
        let pattern = "a*".repeat(500) + "b";
        assert!(!matches(&pattern, &"a".repeat(5_000)));
    }
}
