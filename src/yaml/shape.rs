//! A closed shape, given as a JSON Schema, over a node: every key that is unknown, missing or of the wrong kind, at its
//! place, and the value with what is wrong left out.
//!
//! In: a node and the schema that the file's type derives. Out: JSON for serde, and problems. It judges no value's meaning.

use super::{Node, Value};
use crate::problem::{Problem, SourceText, did_you_mean};
use serde_json::Value as Json;
use std::sync::Arc;

/// Reads a node as the schema says.
pub fn read(node: &Node, schema: &Json, source: &Arc<SourceText>) -> (Json, Vec<Problem>) {
    let mut reader = Reader { root: schema, source, problems: Vec::new() };
    let value = reader.value(node, schema, "the file").unwrap_or(Json::Null);
    (value, reader.problems)
}

struct Reader<'a> {
    root: &'a Json,
    source: &'a Arc<SourceText>,
    problems: Vec<Problem>,
}

/// The kinds of JSON values that a schema may ask for.
const KINDS: [(&str, &str); 6] = [
    ("object", "a map"),
    ("array", "a list"),
    ("string", "a text"),
    ("boolean", "`true` or `false`"),
    ("integer", "a whole number"),
    ("number", "a number"),
];

impl<'a> Reader<'a> {
    fn value(&mut self, node: &Node, schema: &'a Json, what: &str) -> Option<Json> {
        let branches = self.branches(schema);
        if node.is_null() && (branches.is_empty() || branches.iter().any(|branch| is_kind(branch, "null"))) {
            return Some(Json::Null);
        }
        for (kind, _) in KINDS {
            let fitting = branches.iter().find(|branch| is_kind(branch, kind));
            if let Some(value) = fitting.and_then(|branch| self.of_kind(node, (kind, branch), what)) {
                return Some(value);
            }
        }
        let wanted: Vec<&str> = KINDS
            .iter()
            .filter(|kind| branches.iter().any(|branch| is_kind(branch, kind.0)))
            .map(|kind| kind.1)
            .collect();
        self.error("wrong-shape", node, format!("{what} must be {}", wanted.join(" or ")));
        None
    }

    /// `None` when the node is of another kind.
    fn of_kind(&mut self, node: &Node, of: (&str, &'a Json), what: &str) -> Option<Json> {
        let (kind, schema) = of;
        match (kind, &node.value) {
            ("object", Value::Map(entries)) => Some(self.map(node, entries, (schema, what))),
            ("array", Value::List(items)) => {
                let inner = schema.get("items").unwrap_or(&Json::Null);
                let what = format!("an entry of {what}");
                Some(items.iter().filter_map(|item| self.value(item, inner, &what)).collect())
            }
            ("string", Value::Scalar { text, .. }) if !node.is_null() => {
                let words: Vec<&str> = schema
                    .get("enum")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Json::as_str)
                    .collect();
                if !words.is_empty() && !words.contains(&text.as_str()) {
                    self.error("wrong-value", node, format!("{what} is {}, not `{text}`", words.join(", ")));
                    self.guess(text, words.into_iter());
                }
                Some(Json::from(text.as_str()))
            }
            ("boolean", Value::Scalar { text, plain: true }) => text.parse::<bool>().ok().map(Json::from),
            ("integer", Value::Scalar { text, plain: true }) => {
                let least = schema.get("minimum").and_then(Json::as_f64).unwrap_or(f64::MIN);
                text.parse::<i64>().ok().filter(|number| *number as f64 >= least).map(Json::from)
            }
            ("number", Value::Scalar { text, plain: true }) => text.parse::<f64>().ok().map(Json::from),
            _ => None,
        }
    }

    fn map(&mut self, node: &Node, entries: &[(Node, Node)], of: (&'a Json, &str)) -> Json {
        let (schema, what) = of;
        let properties = schema.get("properties").and_then(Json::as_object);
        let names: Vec<&'a str> = properties.into_iter().flatten().map(|entry| entry.0.as_str()).collect();
        let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
        let mut out = serde_json::Map::new();
        let mut slips = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.text() else { continue };
            let Some(inner) = properties.and_then(|properties| properties.get(name)).or(rest) else {
                self.error("unknown-key", key, format!("{what} has no key `{name}`"));
                slips.extend(self.guess(name, names.iter().copied()));
                continue;
            };
            if let Some(value) = self.value(value, inner, &format!("`{name}`")) {
                out.insert(name.to_owned(), value);
            }
        }
        for name in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            // A key that is there under a wrong name is one slip, not two.
            if node.get(name).is_none() && !slips.contains(&name) {
                let start = node.span.start;
                let place = Node { span: start..start, value: node.value.clone() };
                self.error("missing-key", &place, format!("{what} needs `{name}`"));
            }
        }
        Json::Object(out)
    }

    /// The alternatives that a schema stands for, references followed.
    fn branches(&self, schema: &'a Json) -> Vec<&'a Json> {
        if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
            let found = name.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return found.map(|found| self.branches(found)).unwrap_or_default();
        }
        let many = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array);
        match many {
            Some(many) => many.iter().flat_map(|one| self.branches(one)).collect(),
            None if schema.get("type").is_some() => vec![schema],
            None => Vec::new(),
        }
    }

    fn error(&mut self, code: &'static str, node: &Node, message: String) {
        self.problems.push(Problem::error(code, self.source, node.span.clone(), message));
    }

    /// "Did you mean" for the problem told last.
    fn guess<'b>(&mut self, written: &str, known: impl Iterator<Item = &'b str>) -> Option<&'b str> {
        let near = did_you_mean(written, known)?;
        let last = self.problems.pop()?;
        self.problems.push(last.with_hint(format!("did you mean `{near}`?")));
        Some(near)
    }
}

fn is_kind(schema: &Json, kind: &str) -> bool {
    match schema.get("type") {
        Some(Json::String(one)) => one == kind,
        Some(Json::Array(many)) => many.iter().any(|one| one.as_str() == Some(kind)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, parse};

    fn check(text: &str, expected: &[&str]) -> Json {
        let schema = serde_json::json!({
            "type": "object", "additionalProperties": false, "required": ["name", "parts"],
            "properties": {
                "name": {"type": "string"},
                "loud": {"type": ["boolean", "null"]},
                "to": {"anyOf": [{"$ref": "#/$defs/addresses"}, {"type": "null"}]},
                "order": {"type": "string", "enum": ["dmy", "mdy"]},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
            },
            "$defs": {
                "addresses": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                "part": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 0}}, "additionalProperties": false},
            },
        });
        let source = SourceText::new("a", text);
        let (documents, _) = parse(&source, Limits::default());
        let (value, problems) = read(&documents[0], &schema, &source);
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{text}");
        value
    }

    #[test]
    fn a_sound_file_becomes_its_value_and_texts_keep_their_spelling() {
        let value = check("{name: 0102, loud: true, to: [a, b], parts: [{size: 7}], order: mdy}", &[]);
        assert_eq!(
            value,
            serde_json::json!({"name": "0102", "loud": true, "to": ["a", "b"], "parts": [{"size": 7}], "order": "mdy"})
        );
    }

    #[test]
    fn every_slip_is_told_at_once_and_each_once() {
        check(
            "nmae: x\nloud: maybe\nto: {a: b}\norder: ymd\nparts:\n  - {siz: 7}\n  - {size: -1}\n",
            &[
                "a:1:1: error[unknown-key]: the file has no key `nmae` (did you mean `name`?)",
                "a:2:7: error[wrong-shape]: `loud` must be `true` or `false`",
                "a:3:5: error[wrong-shape]: `to` must be a list or a text",
                "a:4:8: error[wrong-value]: `order` is dmy, mdy, not `ymd`",
                "a:6:6: error[unknown-key]: an entry of `parts` has no key `siz` (did you mean `size`?)",
                "a:7:12: error[wrong-shape]: `size` must be a whole number",
            ],
        );
        check(
            "loud: true\n",
            &["a:1:1: error[missing-key]: the file needs `name`", "a:1:1: error[missing-key]: the file needs `parts`"],
        );
    }
}
