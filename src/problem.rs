//! Problems: what is wrong in a file that a person wrote, where, and what to do about it.
//!
//! In: a source text and a byte span in it. Out: a [`Problem`] that can be shown with file, line, column and an excerpt.
//! It never reads a file and never decides what happens to a file that has problems.

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
            message: message.into(),
            hint: None,
            source: source.clone(),
            span: Some(span),
        }
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
        Problem { severity: Severity::Error, code, message: message.into(), hint: None, source, span: None }
    }

    /// The same problem with advice.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the file or rule cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// 1-based line and column, `(1, 1)` when the whole file is meant.
    pub fn position(&self) -> (usize, usize) {
        self.span.as_ref().map_or((1, 1), |span| self.source.position(span.start))
    }
}

/// `file:line:col: error[code]: message (hint)` on one line; [`render`] draws the excerpt.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        let word = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{}:{line}:{column}: {word}[{}]: {}", self.source.path, self.code, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// The problem as a compiler shows it: title, place, the line with the span underlined, help.
pub fn render(problem: &Problem) -> String {
    use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
    let level = match problem.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let title = level.primary_title(&problem.message).id(problem.code);
    let mut group = annotate_snippets::Group::with_title(title);
    match &problem.span {
        Some(_) if problem.source.text.is_empty() => {
            let origin = annotate_snippets::Origin::path(&problem.source.path).line(problem.source.first_line);
            group = group.element(origin);
        }
        Some(span) => {
            let end = problem.source.text.len();
            let range = span.start.min(end)..span.end.clamp(span.start.min(end), end);
            group = group.element(
                Snippet::source(&problem.source.text)
                    .path(&problem.source.path)
                    .annotation(AnnotationKind::Primary.span(range)),
            );
        }
        None => group = group.element(annotate_snippets::Origin::path(&problem.source.path)),
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(hint));
    }
    Renderer::plain().render(&[group])
}

/// The candidate nearest to what was written, when it is near enough to be a slip.
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&written.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
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
    fn a_slip_is_guessed_and_a_stranger_is_not() {
        assert_eq!(did_you_mean("consigne", ["consignor", "consignee"]), Some("consignee"));
        assert_eq!(did_you_mean("zzz", ["consignor", "consignee"]), None);
    }
}
