//! A problem as a compiler shows it: title, place, the line with the slip underlined, what to do.
//!
//! In: a problem. Out: text for a terminal, a file or a mail. Control characters of the source never reach the terminal.

use super::{Problem, Severity, SourceText};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::ops::Range;

/// Whether the text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// For files and mails.
    Plain,
    /// For a terminal.
    Coloured,
}

/// Bytes of the longest line that is drawn.
const LONGEST_LINE: usize = 2_000;

/// The problem in plain text.
pub fn render(problem: &Problem) -> String {
    render_with(problem, Paint::Plain)
}

/// The problem, coloured or not.
pub fn render_with(problem: &Problem, paint: Paint) -> String {
    let level = match problem.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let mut group = Group::with_title(level.primary_title(&problem.message).id(problem.code));
    let path = problem.source.path.as_str();
    group = match &problem.span {
        None => group.element(Origin::path(path)),
        Some(span) => match excerpt(&problem.source, span) {
            Some((line, number, range)) => {
                let snippet = Snippet::source(line).line_start(number).path(path);
                group.element(snippet.annotation(AnnotationKind::Primary.span(range)))
            }
            None => {
                let (line, column) = problem.position();
                group.element(Origin::path(path).line(line).char_column(column))
            }
        },
    };
    if let Some(advice) = problem.advice() {
        group = group.element(Level::HELP.message(advice));
    }
    match paint {
        Paint::Plain => Renderer::plain().render(&[group]),
        Paint::Coloured => Renderer::styled().render(&[group]),
    }
}

/// The line that a span begins in, its number, and the part of the span in it; nothing when the line is too long.
fn excerpt<'s>(source: &'s SourceText, span: &Range<usize>) -> Option<(&'s str, usize, Range<usize>)> {
    let text = source.text.as_str();
    let start = span.start.min(text.len());
    let begins = text.get(..start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = text.get(begins..)?;
    let line = rest.find('\n').map_or(rest, |end| rest.get(..end).unwrap_or(rest)).trim_end();
    if line.len() > LONGEST_LINE || text.is_empty() {
        return None;
    }
    let from = (start - begins).min(line.len());
    let until = span.end.saturating_sub(begins).clamp(from, line.len());
    Some((line, source.position(start).0, from..until))
}
