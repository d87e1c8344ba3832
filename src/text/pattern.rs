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
        let text: Vec<char> = match self.case {
            Case::Folded => sigma_fold(text).chars().collect(),
            Case::Exact => text.chars().collect(),
        };
        let Some((first, rest)) = self.parts.split_first() else { return text.is_empty() };
        let Some((last, middle)) = rest.split_last() else { return same(first, &text) };
        let Some(mut text) = text.get(first.len()..).filter(|_| starts(first, &text)) else { return false };
        for part in middle {
            let Some(at) = position(part, text) else { return false };
            text = text.get(at + part.len()..).unwrap_or(&[]);
        }
        text.len() >= last.len() && text.get(text.len() - last.len()..).is_some_and(|end| same(last, end))
    }
}

fn split(written: &str, case: Case) -> Vec<Vec<Sign>> {
    let mut parts = vec![Vec::new()];
    let mut run = String::new();
    let mut chars = written.chars().peekable();
    // Literal runs are folded whole, so that a letter and its combining mark fold as in the text.
    let flush = |run: &mut String, parts: &mut Vec<Vec<Sign>>| {
        let folded = match case {
            Case::Folded => sigma_fold(run),
            Case::Exact => run.clone(),
        };
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

fn starts(part: &[Sign], text: &[char]) -> bool {
    text.len() >= part.len()
        && part.iter().zip(text).all(|(sign, c)| match sign {
            Sign::Letter(letter) => letter == c,
            Sign::Any => true,
        })
}

fn same(part: &[Sign], text: &[char]) -> bool {
    part.len() == text.len() && starts(part, text)
}

fn position(part: &[Sign], text: &[char]) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?).find(|at| text.get(*at..).is_some_and(|rest| starts(part, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern, Anchor::Whole, Case::Folded).unwrap().is_match(text)
    }

    #[test]
    fn stars_and_question_marks_follow_sigma() {
        assert!(matches("su-*", "SU-35\nparts"));
        assert!(!matches("su-?", "su-35"));
        assert!(matches("su-??", "su-35"));
        assert!(matches(r"a\*b", "a*b"));
        assert!(!matches(r"a\*b", "axb"));
        assert!(matches(r"a\\*b", r"a\xxb"));
        assert!(matches(r"C:\dir", r"c:\DIR"));
        assert!(matches(r"a\\b", r"a\b"));
        assert!(matches("*", ""));
        assert!(matches("ПЛАТА*", "плата печатная"));
        assert!(!matches("abc", "abcd"));
        assert!(matches("*a*b*", "xxaxxbxx"));
        assert!(!matches("*ab", "abx"));
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
