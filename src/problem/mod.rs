//! Problems: what is wrong in a file that a person wrote, where, and what to do about it.
//!
//! In: a source text and a byte span in it. Out: a [`Problem`] that can be shown with file, line, column and an excerpt.
//! It never reads a file and never decides what happens to a file that has problems.

mod codes;
mod render;

pub use codes::{CodeRow, code_row, code_table};
pub use render::{Paint, render, render_with};

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file's name, as the user knows it, and its whole text.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The path as shown to the user (relative where the user gave it so).
    pub path: String,
    /// The whole text; empty where a file is too large to be kept.
    pub text: String,
    /// The line that the text begins at: 1, or where a problem stands in a file that is not kept.
    pub first_line: usize,
}

impl SourceText {
    /// A shared source text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<SourceText> {
        Arc::new(SourceText { path: path.into(), text: text.into(), first_line: 1 })
    }

    /// A place in a file whose text is not kept: a line, from 1.
    pub fn at_line(path: impl Into<String>, line: usize) -> Arc<SourceText> {
        Arc::new(SourceText { path: path.into(), text: String::new(), first_line: line.max(1) })
    }

    /// 1-based line and column (in characters) of a byte offset; an offset past the end is the end.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = self.text.get(..offset).unwrap_or("");
        let line = before.matches('\n').count() + self.first_line;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file works; a reader would still want to know.
    Note,
    /// The file works, but probably not as meant.
    Warning,
    /// The file (or the rule) cannot be used.
    Error,
}

impl Severity {
    /// The word in every format.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// A stable kebab-case code, such as `unknown-field`.
    pub code: &'static str,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// What to do: "did you mean `consignee`?".
    pub hint: Option<String>,
    /// The text that the problem is in.
    pub source: Arc<SourceText>,
    /// Byte range in the source; `None` when the whole file is meant.
    pub span: Option<Range<usize>>,
}

impl Problem {
    /// An error at a byte range of a source.
    pub fn error(
        code: &'static str,
        source: &Arc<SourceText>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Problem {
        Problem {
            severity: Severity::Error,
            code,
            message: shortened(message.into()),
            hint: None,
            source: source.clone(),
            span: Some(span),
        }
    }

    /// A note on style at a byte range of a source: everything works.
    pub fn note(
        code: &'static str,
        source: &Arc<SourceText>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Problem {
        Problem { severity: Severity::Note, ..Problem::error(code, source, span, message) }
    }

    /// A warning at a byte range of a source.
    pub fn warning(
        code: &'static str,
        source: &Arc<SourceText>,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(code, source, span, message) }
    }

    /// An error about a file as a whole.
    pub fn whole_file(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Problem {
        let source = SourceText::new(path, "");
        Problem { severity: Severity::Error, code, message: shortened(message.into()), hint: None, source, span: None }
    }

    /// The same problem with advice.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(shortened(hint.into()));
        self
    }

    /// What to do: the hint for this very place, else what mends problems of the code.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref().or_else(|| self.fix())
    }

    /// What mends problems of the code, wherever they stand.
    pub fn fix(&self) -> Option<&'static str> {
        code_row(self.code).map(|row| row.fix)
    }

    /// Whether the file or rule cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether it says that an example does not do what it says.
    pub fn is_about_an_example(&self) -> bool {
        ["example-quiet", "example-fires"].contains(&self.code)
    }

    /// Whether the rule can be used all the same: an example of it is wrong, or somebody is to be told whom the
    /// configuration does not know (any more), so that the others are told in his place.
    pub fn spares_the_rule(&self) -> bool {
        self.is_about_an_example() || self.is_about_a_recipient()
    }

    /// Whether it says that somebody is to be told whom the configuration does not know.
    pub fn is_about_a_recipient(&self) -> bool {
        self.code == "unknown-recipient"
    }

    /// 1-based line and column, `(1, 1)` when the whole file is meant.
    pub fn position(&self) -> (usize, usize) {
        self.span.as_ref().map_or((1, 1), |span| self.source.position(span.start))
    }

    /// 1-based line and column behind the last character.
    pub fn end_position(&self) -> (usize, usize) {
        self.span.as_ref().map_or((1, 1), |span| self.source.position(span.end.max(span.start)))
    }
}

/// `file:line:col: error[code]: message (hint)` on one line; [`render`] draws the excerpt.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        let word = self.severity.name();
        write!(f, "{}:{line}:{column}: {word}[{}]: {}", self.source.path, self.code, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// The longest message: a file of megabytes must not become a mail of megabytes.
const LONGEST_MESSAGE: usize = 400;

fn shortened(message: String) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or("")),
        None => message,
    }
}

/// Sorts by file and place, each problem once.
pub fn sort(problems: &mut Vec<Problem>) {
    let start = |problem: &Problem| problem.span.as_ref().map_or(0, |span| span.start);
    problems.sort_by(|a, b| {
        let files = a.source.path.cmp(&b.source.path);
        files.then_with(|| start(a).cmp(&start(b))).then_with(|| b.severity.cmp(&a.severity))
    });
    problems.dedup();
}

/// Problems of one file beyond which nobody reads on: a million slips must not become a million excerpts.
const MOST_OF_A_FILE: usize = 100;

/// Keeps the first hundred problems of each file, errors before others, and says how many there are besides. Takes and
/// leaves them sorted.
pub fn limit(problems: &mut Vec<Problem>) {
    let mut kept = Vec::new();
    for of_a_file in problems.chunk_by(|a, b| a.source.path == b.source.path) {
        let mut told: Vec<&Problem> = of_a_file.iter().collect();
        told.sort_by_key(|problem| !problem.is_error());
        kept.extend(told.iter().take(MOST_OF_A_FILE).copied().cloned());
        if let [first, .., last] = of_a_file
            && told.len() > MOST_OF_A_FILE
        {
            let end = last.span.clone().unwrap_or(0..0);
            let message = format!("and {} more problems in this file", told.len() - MOST_OF_A_FILE);
            kept.push(Problem::note("more-problems", &first.source, end, message));
        }
    }
    sort(&mut kept);
    *problems = kept;
}

/// Longer words are no slip of the pen.
const LONGEST_SLIP: usize = 100;

/// The candidate nearest to what was written, when it is near enough to be a slip.
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > LONGEST_SLIP {
        return None;
    }
    let written = written.to_lowercase();
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let distances = candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&written, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1));
    let nearest = distances.min().map(|(_, candidate)| candidate);
    nearest.or_else(|| {
        let whole_piece =
            |candidate: &&&str| written.len() > 3 && candidate.split(['_', '.']).any(|piece| piece == written);
        candidates.iter().filter(whole_piece).min_by_key(|candidate| candidate.len()).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_not_bytes() {
        let source = SourceText::new("a.yaml", "title: x\nимя: y\n");
        let start = source.text.find('y').unwrap();
        assert_eq!(source.position(start), (2, 6));
    }

    #[test]
    fn a_rendered_problem_shows_place_line_and_hint() {
        let source = SourceText::new("rules/a.yaml", "detection:\n  sel:\n    consigne: x\n");
        let start = source.text.find("consigne").unwrap();
        let problem = Problem::error("unknown-field", &source, start..start + 8, "unknown field `consigne`")
            .with_hint("did you mean `consignee`?");
        let shown = render(&problem);
        for part in ["rules/a.yaml:3:5", "consigne: x", "^^^^^^^^", "did you mean", "unknown-field"] {
            assert!(shown.contains(part), "{part} in:\n{shown}");
        }
    }

    #[test]
    fn of_a_file_full_of_slips_the_first_hundred_are_told_errors_first_and_the_rest_counted() {
        let (many, one) = (SourceText::new("a.yaml", "x".repeat(200)), SourceText::new("b.yaml", "x"));
        let slip = |at: usize| match at {
            150 => Problem::error("unknown-key", &many, at..at + 1, "wrong"),
            at => Problem::warning("wrong-shape", &many, at..at + 1, "odd"),
        };
        let mut problems: Vec<Problem> = (0..200).map(slip).collect();
        problems.push(Problem::error("no-rule", &one, 0..1, "empty"));
        limit(&mut problems);
        assert_eq!(problems.len(), 102);
        assert_eq!(
            problems.iter().filter(|problem| problem.is_error()).count(),
            2,
            "no error is left out for a warning"
        );
        assert_eq!(problems[100].to_string(), "a.yaml:1:200: note[more-problems]: and 100 more problems in this file");
        assert_eq!(problems[101].source.path, "b.yaml");
    }

    #[test]
    fn a_slip_is_guessed_and_a_stranger_is_not() {
        assert_eq!(did_you_mean("consigne", ["consignor", "consignee"]), Some("consignee"));
        assert_eq!(did_you_mean("zzz", ["consignor", "consignee"]), None);
        assert_eq!(did_you_mean("origin", ["hs_code", "origin_country"]), Some("origin_country"));
    }
}
