//! Gathers the problems of one document; decides nothing.

use crate::problem::{Problem, SourceText, did_you_mean};
use crate::yaml::{Node, Value};
use std::ops::Range;
use std::sync::Arc;

pub(super) struct Report<'a> {
    pub(super) source: &'a Arc<SourceText>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: &'a Arc<SourceText>) -> Report<'a> {
        Report { source, problems: Vec::new() }
    }

    pub(super) fn error(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>) {
        // One slip, one problem: the values of one list have one place in the rule.
        let told = |last: &Problem| last.code == code && last.span.as_ref() == Some(span);
        if !self.problems.last().is_some_and(told) {
            self.problems.push(Problem::error(code, self.source, span.clone(), message));
        }
    }

    pub(super) fn warning(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::warning(code, self.source, span.clone(), message));
    }

    /// Advice for the problem told last.
    pub(super) fn hint(&mut self, hint: impl Into<String>) {
        if let Some(last) = self.problems.last_mut() {
            *last = last.clone().with_hint(hint);
        }
    }

    /// "Did you mean" for the problem told last.
    pub(super) fn guess<'b>(&mut self, written: &str, candidates: impl IntoIterator<Item = &'b str>) {
        if let Some(near) = did_you_mean(written, candidates) {
            self.hint(format!("did you mean `{near}`?"));
        }
    }

    /// The text of a scalar that must say something.
    pub(super) fn text<'n>(&mut self, key: &str, node: &'n Node) -> Option<&'n str> {
        match node.text().map(str::trim) {
            Some(text) if !node.is_null() && !text.is_empty() => Some(text),
            Some(_) => {
                self.error("empty-value", &node.span, format!("`{key}` says nothing"));
                None
            }
            None => {
                self.error("wrong-shape", &node.span, format!("`{key}` must be a text"));
                None
            }
        }
    }

    /// A text or a list of texts; nothing for a null.
    pub(super) fn texts(&mut self, key: &str, node: &Node) -> Vec<(String, Range<usize>)> {
        let items = match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Scalar { .. } if node.is_null() => Vec::new(),
            Value::Scalar { .. } => vec![node],
            Value::Map(_) => {
                self.error("wrong-shape", &node.span, format!("`{key}` must be a text or a list of texts"));
                Vec::new()
            }
        };
        items.into_iter().filter_map(|item| Some((self.text(key, item)?.to_owned(), item.span.clone()))).collect()
    }
}
