//! Values of a key: texts as the rule writes them, lists put in where `%name%` stands. It gives them no meaning; the field
//! and its modifiers do.

use super::detection::Detection;
use super::lists::reference;
use super::modifier::{Flag, Modifiers, Scalar};
use crate::problem::SourceText;
use crate::yaml::{Node, Value};

/// The most values that lists inside one value make.
const MOST_VALUES: usize = 100_000;

/// A value in parts.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    /// The name in `%name%`.
    List(String),
}

impl Detection<'_, '_> {
    /// Values of a key, lists put in; `None` when a problem is told. With `expand` lists may stand inside a value.
    pub(super) fn values(&mut self, node: &Node, modifiers: &Modifiers) -> Option<Vec<Scalar>> {
        let items = match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Scalar { .. } | Value::Map(_) => vec![node],
        };
        if items.is_empty() {
            self.report.error("empty-value", &node.span, "an empty list asks for nothing");
            return None;
        }
        let mut out = Vec::new();
        let mut sound = true;
        for item in items {
            let Some(text) = item.text() else {
                self.report.error("wrong-shape", &item.span, "a value must be a text here");
                if matches!(item.value, Value::Map(_)) {
                    self.report.hint("put the value in quotes if the colon is part of it");
                }
                sound = false;
                continue;
            };
            if is_glued_list(self.report.source, item) {
                self.report.error("wrong-shape", &item.span, "these lines are one text, not a list");
                self.report.hint("put a space behind each hyphen that opens a value: `- Su-35`");
                sound = false;
                continue;
            }
            let pieces = match reference(text) {
                Some(name) => vec![Piece::List(name.to_owned())],
                None if modifiers.has(Flag::Expand) => pieces(text),
                None => vec![Piece::Text(text.to_owned())],
            };
            match self.expanded(&pieces, item) {
                Some(texts) => out.extend(texts.into_iter().map(|value| Scalar {
                    missing: item.is_null(),
                    text: value,
                    written: text.to_owned(),
                    span: item.span.clone(),
                })),
                None => sound = false,
            }
        }
        if sound && out.is_empty() {
            self.report.error("empty-value", &node.span, "the list has no values");
        }
        (sound && !out.is_empty()).then_some(out)
    }

    /// Every text that the pieces make, each list in turn.
    fn expanded(&mut self, pieces: &[Piece], item: &Node) -> Option<Vec<String>> {
        let mut texts = vec![String::new()];
        for piece in pieces {
            let name = match piece {
                Piece::Text(text) => {
                    texts.iter_mut().for_each(|value| value.push_str(text));
                    continue;
                }
                Piece::List(name) => name,
            };
            let Some(values) = self.lists.get(name) else {
                self.report.error("unknown-list", &item.span, format!("there is no list `{name}`"));
                self.report.guess(name, self.lists.names());
                return None;
            };
            if self.lists.is_broken(name) {
                self.report.error("broken-list", &item.span, format!("the list `{name}` cannot be read"));
                return None;
            }
            let values: Vec<&String> = values.iter().filter(|value| !value.is_empty()).collect();
            if texts.len().saturating_mul(values.len()) > MOST_VALUES {
                let message = format!("the lists in this value make more than {MOST_VALUES} values");
                self.report.error("too-many-values", &item.span, message);
                return None;
            }
            texts = texts.iter().flat_map(|start| values.iter().map(move |value| format!("{start}{value}"))).collect();
        }
        Some(texts)
    }
}

/// Texts and lists of a value with `expand`; `\%` is a percent sign.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = vec![Piece::Text(String::new())];
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or("");
        let end = after.find('%').map(|end| end + 2).and_then(|end| Some((end, reference(rest.get(..end)?)?)));
        match (letter, end) {
            ('%', Some((end, name))) => {
                pieces.extend([Piece::List(name.to_owned()), Piece::Text(String::new())]);
                rest = rest.get(end..).unwrap_or("");
                continue;
            }
            ('\\', _) if after.starts_with('%') => {
                push(&mut pieces, '%');
                rest = after.get(1..).unwrap_or("");
                continue;
            }
            _ => push(&mut pieces, letter),
        }
        rest = after;
    }
    pieces
}

fn push(pieces: &mut [Piece], letter: char) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.push(letter);
    }
}

/// `-a` below `-b`, unquoted: a text of two lines that was meant as a list.
fn is_glued_list(source: &SourceText, item: &Node) -> bool {
    let text = source.text.get(item.span.clone()).unwrap_or("");
    matches!(item.value, Value::Scalar { plain: true, .. })
        && text.starts_with('-')
        && text.lines().count() > 1
        && text.lines().all(|line| line.trim_start().starts_with('-'))
}

/// What the rule wrote, each reference to a list once.
pub(super) fn written(values: &[Scalar]) -> String {
    let mut words: Vec<&str> = values.iter().map(|value| value.written.as_str()).collect();
    words.dedup();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_inside_a_value_and_a_percent_sign_can_be_meant() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let list = |name: &str| Piece::List(name.to_owned());
        for (value, expected) in [
            ("%a%", vec![text(""), list("a"), text("")]),
            ("x%a%-%b%y", vec![text("x"), list("a"), text("-"), list("b"), text("y")]),
            ("100%", vec![text("100%")]),
            ("100% of %a%", vec![text("100% of "), list("a"), text("")]),
            (r"\%plain%a%", vec![text("%plain"), list("a"), text("")]),
            (r"\%a%", vec![text("%a%")]),
            ("%%", vec![text("%%")]),
        ] {
            assert_eq!(pieces(value), expected, "{value}");
        }
    }
}
