//! YAML nodes with positions: `{text, style, span}`, scalars as source text. The only user of the YAML parser for rule files.
//!
//! In: a source text. Out: one [`Node`] a document and what is wrong, both at once. Aliases are expanded within [`Limits`].
//! It gives no scalar a type: `NO`, `0102` and `1e5` stay the texts that they are.

mod build;
pub mod shape;
mod slip;

use crate::problem::{Problem, SourceText};
use granit_parser::{Event, Parser};
use std::ops::Range;
use std::sync::Arc;

/// The code of what no YAML parser can read.
const CODE: &str = "yaml-syntax";

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Byte range in the source.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar's text; `plain` when unquoted.
    Scalar {
        /// Source text of plain scalars, decoded text of quoted ones.
        text: String,
        /// Unquoted.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map in order; keys are scalars.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Whether it says "nothing": unquoted `null` or no text at all.
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, plain } => text.is_empty() || (*plain && text == "null"),
            Value::List(_) | Value::Map(_) => false,
        }
    }

    /// The value of a map's key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value),
            Value::Scalar { .. } | Value::List(_) => None,
        }
    }

    /// The node at the end of a path of keys and places in lists, as far as it goes.
    pub fn at(&self, path: &[&str]) -> &Node {
        let Some((first, rest)) = path.split_first() else { return self };
        let inner = match &self.value {
            Value::List(items) => first.parse::<usize>().ok().and_then(|place| items.get(place)),
            Value::Map(_) | Value::Scalar { .. } => self.get(first),
        };
        inner.map_or(self, |inner| inner.at(rest))
    }

    /// Where a part of the scalar's text stands in the source; the whole scalar when escapes or folding hide it.
    pub fn part(&self, source: &SourceText, part: Range<usize>) -> Range<usize> {
        let Some(wanted) = self.text().and_then(|text| text.get(part.clone())) else { return self.span.clone() };
        let quote = usize::from(matches!(self.value, Value::Scalar { plain: false, .. }));
        let base = self.span.start + quote;
        let range = base + part.start..base + part.end;
        let there = range.end <= self.span.end && source.text.get(range.clone()) == Some(wanted);
        if there { range } else { self.span.clone() }
    }
}

/// Limits against hostile files.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes after aliases are expanded.
    pub nodes: usize,
    /// Aliases.
    pub aliases: usize,
    /// Nesting.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 50_000, aliases: 50, depth: 32 }
    }
}

/// The documents of a file, and what is wrong (duplicate keys, limits, syntax).
///
/// A document with a syntax error is left out, the ones after it are read. Documents without content are left out.
pub fn parse(source: &Arc<SourceText>, limits: Limits) -> (Vec<Node>, Vec<Problem>) {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(&source.text, options);
    let mut builder = build::Builder::new(source, limits);
    while let Some(next) = parser.next_event() {
        match next {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(source.text.len()..source.text.len());
                if builder.take(event, range).is_err() {
                    break;
                }
            }
            Err(error) => {
                builder.abandon(&error);
                match parser.proceed_next_document() {
                    Ok(true) => {}
                    Ok(false) | Err(_) => break,
                }
            }
        }
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(node: &Node, out: &mut Vec<String>) {
        match &node.value {
            Value::Scalar { text, .. } => out.push(text.clone()),
            Value::List(items) => items.iter().for_each(|item| texts(item, out)),
            Value::Map(entries) => entries.iter().for_each(|(_, value)| texts(value, out)),
        }
    }

    fn check(text: &str, expected: &[&str]) {
        let (documents, problems) = parse(&SourceText::new("a.yaml", text), Limits::default());
        assert_eq!(problems, [], "{text}");
        let mut out = Vec::new();
        documents.iter().for_each(|node| texts(node, &mut out));
        assert_eq!(out, expected);
    }

    fn problem(text: &str) -> (&'static str, (usize, usize)) {
        let (_, problems) = parse(&SourceText::new("a.yaml", text), Limits::default());
        let first = problems.first().unwrap_or_else(|| panic!("no problem in {text}"));
        (first.code, first.position())
    }

    #[test]
    fn scalars_keep_their_source_text() {
        check(
            "[NO, 0102, 8802.40, 1e5, 2022-10-24, yes, ~, null]",
            &["NO", "0102", "8802.40", "1e5", "2022-10-24", "yes", "~", "null"],
        );
        check("a: 12345678901234567890\nb: 'it''s'\nc: \"\\u0416\"\n", &["12345678901234567890", "it's", "Ж"]);
    }

    #[test]
    fn a_missing_value_is_empty_and_a_tilde_is_text() {
        let (documents, _) = parse(&SourceText::new("a", "a:\nb: ~\nc: 'null'\nd: null\n"), Limits::default());
        let shown: Vec<_> = ["a", "b", "c", "d"].iter().map(|key| documents[0].get(key).unwrap().is_null()).collect();
        assert_eq!(shown, [true, false, false, true]);
    }

    #[test]
    fn spans_are_bytes_even_after_cyrillic() {
        let text = "\u{feff}имя: значение\nдругое: 'x\u{301}y'\n";
        let (documents, problems) = parse(&SourceText::new("a", text), Limits::default());
        assert_eq!(problems, []);
        assert_eq!(&text[documents[0].get("имя").unwrap().span.clone()], "значение");
        assert_eq!(&text[documents[0].get("другое").unwrap().span.clone()], "'x\u{301}y'");
    }

    #[test]
    fn a_part_of_a_scalar_has_its_own_place() {
        let source = SourceText::new("a", "k: 'one of them'\n");
        let (documents, _) = parse(&source, Limits::default());
        let part = documents[0].get("k").unwrap().part(&source, 7..11);
        assert_eq!(&source.text[part], "them");
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        for (text, code, place) in [
            ("a: 1\nb: 2\na: 3\n", "duplicate-key", (3, 1)),
            ("имя: {б: 1, б: 2}\n", "duplicate-key", (1, 13)),
            ("? [a, b]\n: c\n", "key-not-text", (1, 3)),
            ("a: *b\n", "unknown-anchor", (1, 4)),
            ("a: !!binary aGk=\n", "yaml-tag", (1, 4)),
            ("a: &x b\n", "unused-anchor", (1, 4)),
            ("<<: {a: b}\n", "merge-key", (1, 1)),
            ("a: &x [*x]\n", "alias-of-itself", (1, 8)),
        ] {
            assert_eq!(problem(text), (code, place), "{text}");
        }
        assert_eq!(problem("a:\n\t- b\n").0, "yaml-syntax");
        assert_eq!(problem("a: [b\n").0, "yaml-syntax");
    }

    #[test]
    fn an_alias_bomb_ends_at_the_limit() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = level - 1;
            bomb.push_str(&format!(
                "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
            ));
        }
        assert_eq!(problem(&bomb).0, "too-large");
        assert_eq!(problem(&format!("{}x", "- ".repeat(200))).0, "too-deep");
    }

    #[test]
    fn documents_after_a_broken_one_are_read() {
        let (documents, problems) = parse(&SourceText::new("a", "a: 1\n---\nb: [\n---\nc: 3\n"), Limits::default());
        assert_eq!(problems.len(), 1);
        assert_eq!(documents.len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-a&*:{}\\[\\]'\"|>#%!?,~ \t\nяё]{0,60}") {
            let source = SourceText::new("a", text);
            let (documents, problems) = parse(&source, Limits::default());
            for problem in &problems { let _ = problem.position(); }
            for node in &documents { assert!(source.text.get(node.span.clone()).is_some()); }
        }
    }
}
