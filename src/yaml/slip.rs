//! A parser's error → the slip that a person made: where it is, in plain words, and what to write instead.
//!
//! In: the error, the source, where brackets stand open. Out: a problem. The parser tells where it got lost; the slip often
//! stands before that.

use super::CODE;
use crate::problem::{Problem, SourceText};
use granit_parser::{ErrorKind, ScanError};
use std::ops::Range;
use std::sync::Arc;

/// The problem that an error means; `open` are the starts of the collections that are open, outermost first.
pub(super) fn problem(source: &Arc<SourceText>, error: &ScanError, open: &[usize]) -> Problem {
    let slip = Slip { source, text: &source.text, at: error.marker().byte_offset().unwrap_or(source.text.len()) };
    slip.bracket(error.kind(), open)
        .or_else(|| slip.kind(error))
        .unwrap_or_else(|| slip.told(slip.letter(), format!("this is not YAML: {}", error.info()), None))
}

/// The value at a place, as far as it goes, in quotes.
pub(super) fn quoted(text: &str, at: usize) -> String {
    let line = text.get(at..).unwrap_or("").lines().next().unwrap_or("");
    let end = line.find([',', ']', '}']).or_else(|| line.find(" #")).unwrap_or(line.len());
    format!("'{}'", line.get(..end).unwrap_or(line).trim_end().replace('\'', "''"))
}

struct Slip<'s> {
    source: &'s Arc<SourceText>,
    text: &'s str,
    at: usize,
}

impl Slip<'_> {
    fn told(&self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) -> Problem {
        let problem = Problem::error(CODE, self.source, span, message);
        match hint {
            Some(hint) => problem.with_hint(hint),
            None => problem,
        }
    }

    /// The character at the place.
    fn letter(&self) -> Range<usize> {
        let at = self.at.min(self.text.len());
        let length = self.text.get(at..).and_then(|rest| rest.chars().next()).filter(|next| *next != '\n');
        at..at + length.map_or(0, char::len_utf8)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    fn line(&self, start: usize) -> &str {
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }

    /// A bracket that is open on a line before the place where the parser got lost.
    fn bracket(&self, kind: &ErrorKind, open: &[usize]) -> Option<Problem> {
        if matches!(kind, ErrorKind::UnclosedQuotedScalar | ErrorKind::UnexpectedCharacter { .. }) {
            return None;
        }
        let is_bracket = |start: &&usize| self.text.get(**start..).is_some_and(|rest| rest.starts_with(['[', '{']));
        let start = *open.iter().rev().find(is_bracket)?;
        if start >= self.line_start(self.at) {
            return None;
        }
        let bracket = self.text.get(start..start + 1)?;
        let message = format!("this `{bracket}` is not closed, or a comma is missing after it");
        Some(self.told(start..start + 1, message, Some(format!("close it with `{}`", closing(bracket)))))
    }

    fn kind(&self, error: &ScanError) -> Option<Problem> {
        let letter = self.letter();
        let rest = self.text.get(letter.start..).unwrap_or("");
        Some(match error.kind() {
            ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => self.tab(),
            ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
                let message = format!("the character U+{:04X} stands here, which no text has", u32::from(*character));
                Problem::error("control-character", self.source, letter, message)
            }
            ErrorKind::UnexpectedCharacter { character: '`' } => {
                let hint = format!("write {}", quoted(self.text, letter.start));
                self.told(letter, "a value may not begin with a back-tick unless it is quoted", Some(hint))
            }
            ErrorKind::UnexpectedCharacter { character } => {
                let message = format!("a value may not begin with `{character}` unless it is quoted");
                self.told(letter.clone(), message, Some(format!("write {}", quoted(self.text, letter.start))))
            }
            // A `%` at the beginning of a line is taken for a directive.
            _ if rest.starts_with('%') => {
                let message = "a value may not begin with `%` unless it is quoted";
                self.told(letter.clone(), message, Some(format!("write {}", quoted(self.text, letter.start))))
            }
            ErrorKind::MappingValueNotAllowed => self.colon(),
            ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent => self.told(
                letter,
                "this quote is not closed",
                Some("close it; a quote inside '…' is written twice".into()),
            ),
            ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
                let hint = "put the whole value into one pair of quotes; a quote inside '…' is written twice";
                self.told(letter, "something follows the closing quote", Some(hint.into()))
            }
            ErrorKind::UnclosedFlowCollection { open } => {
                let hint = format!("close it with `{}`", closing(&open.to_string()));
                self.told(letter, format!("this `{open}` is not closed"), Some(hint))
            }
            ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::InvalidIndentation
            | ErrorKind::ExpectedBlockSequenceEntry => {
                let hint = "what belongs together begins in the same column; indent with spaces";
                self.told(letter, "this line is indented unlike the lines that it belongs to", Some(hint.into()))
            }
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
                let hint = "write `key: value`, with a space behind the colon";
                self.told(letter, "this line is no `key: value`", Some(hint.into()))
            }
            ErrorKind::InvalidBlockScalarHeader => self.block_header(rest),
            ErrorKind::MissingAnchorOrAliasName => {
                let hint = format!("write {}", quoted(self.text, letter.start));
                self.told(letter, "`*` and `&` have a meaning of their own unless they are quoted", Some(hint))
            }
            _ => return None,
        })
    }

    fn tab(&self) -> Problem {
        let tab = self.text.get(..self.at).filter(|before| before.ends_with('\t')).map_or(self.at, |_| self.at - 1);
        self.told(
            tab..tab + 1,
            "a tab stands where only spaces may indent",
            Some("replace each tab by two spaces".into()),
        )
    }

    /// Two slips look alike to the parser: a colon too many in a value, and a colon without a space on the line before.
    fn colon(&self) -> Problem {
        let start = self.line_start(self.at);
        let before = self.text.get(start..self.at).unwrap_or("");
        if let Some(key) = before.find(": ") {
            let value = start + key + 2 + before.get(key + 2..).map_or(0, |rest| rest.len() - rest.trim_start().len());
            let hint = format!("write {} {}", before.get(..=key).unwrap_or("").trim_start(), quoted(self.text, value));
            return self.told(self.letter(), "a colon and a space stand inside a value that is not quoted", Some(hint));
        }
        let above = start.checked_sub(1).map(|end| self.line_start(end));
        let glued = above.and_then(|above| {
            let line = self.line(above);
            let colon = line.find(':').filter(|_| !line.contains(": "))?;
            (!line.trim_end().ends_with(':')).then_some((above + colon, line))
        });
        match glued {
            Some((colon, line)) => {
                let hint = format!("write {}", line.trim().replacen(':', ": ", 1));
                self.told(colon..colon + 1, "a space is missing behind this colon", Some(hint))
            }
            None => {
                let hint = "put the value above in quotes, or indent this line as the one above";
                self.told(self.letter(), "this colon makes a key where none can stand", Some(hint.into()))
            }
        }
    }

    /// `>` and `|` open a block text; an analyst who writes `> 5000` means a comparison.
    fn block_header(&self, rest: &str) -> Problem {
        let sign = rest.chars().next().unwrap_or('>');
        let key = self.line(self.line_start(self.at)).split(':').next().unwrap_or("").trim();
        let hint = match (sign, rest.starts_with(">=")) {
            ('>', true) => format!("write the comparison behind the field: `{key}|gte: {}`", rest_of(rest, 2)),
            ('>', false) => format!("write the comparison behind the field: `{key}|gt: {}`", rest_of(rest, 1)),
            _ => format!("write {}", quoted(self.text, self.at)),
        };
        self.told(self.letter(), format!("`{sign}` opens a text of several lines here"), Some(hint))
    }
}

fn rest_of(rest: &str, skip: usize) -> &str {
    rest.lines().next().and_then(|line| line.get(skip..)).unwrap_or("").trim()
}

fn closing(bracket: &str) -> &'static str {
    if bracket == "[" { "]" } else { "}" }
}
