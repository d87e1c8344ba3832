//! Test files of rules, `*.test.yaml`: records, or a file of them, and the rules that must fire.
//!
//! In: a text, and the ids of the rules. Out: the tests, and what is wrong with the text, with its place. It runs nothing.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::document::known_keys;
use super::example;
use super::report::Report;
use crate::problem::{Problem, SourceText};
use crate::record::Record;
use crate::yaml::{self, Node, Value};

/// One test.
#[derive(Debug, Clone)]
pub struct RuleTest {
    /// What it shows; `test 3` when it has no name.
    pub name: String,
    /// Its place in the text.
    pub span: Range<usize>,
    /// Rules that are looked at; all when empty.
    pub only: Vec<String>,
    /// What is evaluated, and what must fire.
    pub tested: Tested,
}

/// What a test evaluates.
#[derive(Debug, Clone)]
pub enum Tested {
    /// One record, and the rules that must fire for it.
    Record(Box<Record>, Vec<String>),
    /// A file beside the test file.
    File {
        /// Its path, as written.
        path: String,
        /// Where the path stands.
        span: Range<usize>,
        /// The layout, when it is named.
        layout: Option<String>,
        /// Rules that must fire, by row; every other row must stay quiet.
        fires: BTreeMap<u64, Vec<String>>,
    },
}

const KEYS: [&str; 2] = ["only", "tests"];
const TEST_KEYS: [&str; 6] = ["name", "record", "file", "layout", "only", "fires"];

/// Reads a test file; `ids` are the rules that it may name.
pub fn read_tests(source: &Arc<SourceText>, ids: &[&str]) -> (Vec<RuleTest>, Vec<Problem>) {
    let (documents, mut problems) = yaml::parse(source, yaml::Limits::default());
    let mut report = Report::new(source);
    let mut tests = Vec::new();
    for node in &documents {
        let mut reader = Reader { ids, report: &mut report, only: Vec::new() };
        reader.document(node, &mut tests);
    }
    problems.append(&mut report.problems);
    (tests, problems)
}

struct Reader<'r, 's> {
    ids: &'r [&'r str],
    report: &'r mut Report<'s>,
    only: Vec<String>,
}

impl Reader<'_, '_> {
    fn document(&mut self, node: &Node, tests: &mut Vec<RuleTest>) {
        let Value::Map(entries) = &node.value else {
            self.report.error("wrong-shape", &node.span, "a test file is a map with a list `tests`");
            return;
        };
        known_keys("a test file", entries, &KEYS, self.report);
        self.only = node.get("only").map(|only| self.rules("only", only)).unwrap_or_default();
        let Some(list) = node.get("tests") else {
            let start = node.span.start;
            self.report.error("missing-key", &(start..start), "a test file needs `tests`");
            return;
        };
        let Value::List(items) = &list.value else {
            self.report.error("wrong-shape", &list.span, "`tests` is a list");
            return;
        };
        for item in items {
            let number = tests.len() + 1;
            tests.extend(self.test(item, number));
        }
    }

    fn test(&mut self, node: &Node, number: usize) -> Option<RuleTest> {
        let Value::Map(entries) = &node.value else {
            self.report.error("wrong-shape", &node.span, "a test is a map with `record` or `file`, and `fires`");
            return None;
        };
        let before = self.report.problems.len();
        known_keys("a test", entries, &TEST_KEYS, self.report);
        let name = node.get("name").and_then(|name| self.report.text("name", name)).map(str::to_owned);
        let only = match node.get("only") {
            Some(only) => self.rules("only", only),
            None => self.only.clone(),
        };
        let tested = self.tested(node, number)?;
        let name = name.unwrap_or_else(|| format!("test {number}"));
        let sound = self.report.problems.len() == before;
        sound.then_some(RuleTest { name, span: node.span.start..node.span.start, only, tested })
    }

    fn tested(&mut self, node: &Node, number: usize) -> Option<Tested> {
        let Some(fires) = node.get("fires") else {
            let start = node.span.start;
            self.report.error("missing-key", &(start..start), "a test says which rules it `fires`");
            self.report.hint("`fires: []` when none may");
            return None;
        };
        match (node.get("record"), node.get("file")) {
            (Some(record), None) => {
                if let Some(layout) = node.get("layout") {
                    self.report.error("wrong-shape", &layout.span, "`layout` belongs to a `file`");
                }
                let row = u64::try_from(number).unwrap_or(u64::MAX);
                let record = example::record(record, row, self.report);
                Some(Tested::Record(Box::new(record), self.rules("fires", fires)))
            }
            (None, Some(file)) => {
                let path = self.report.text("file", file)?.to_owned();
                let layout = node.get("layout").and_then(|layout| self.report.text("layout", layout));
                let layout = layout.map(str::to_owned);
                Some(Tested::File { path, span: file.span.clone(), layout, fires: self.rows(fires) })
            }
            (Some(_), Some(file)) => {
                self.report.error("wrong-shape", &file.span, "a test has a `record` or a `file`, not both");
                None
            }
            (None, None) => {
                let start = node.span.start;
                self.report.error("missing-key", &(start..start), "a test needs a `record` or a `file`");
                None
            }
        }
    }

    /// `{17: [rule]}`; an empty list means that nothing fires.
    fn rows(&mut self, node: &Node) -> BTreeMap<u64, Vec<String>> {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::List(items) if items.is_empty() => &[],
            Value::List(_) | Value::Scalar { .. } => {
                self.report.error("wrong-shape", &node.span, "for a file, `fires` is a map of rows and rules");
                self.report.hint("fires: {17: [a-rule], 40: [a-rule, another]}");
                &[]
            }
        };
        let mut rows = BTreeMap::new();
        for (key, value) in entries {
            match key.text().and_then(|text| text.parse::<u64>().ok()).filter(|row| *row > 0) {
                Some(row) => {
                    rows.insert(row, self.rules("fires", value));
                }
                None => {
                    let message = "a row is a number, as a spreadsheet shows it";
                    self.report.error("wrong-value", &key.span, message);
                }
            }
        }
        rows
    }

    /// Ids of rules that are there.
    fn rules(&mut self, key: &str, node: &Node) -> Vec<String> {
        let mut ids = Vec::new();
        for (id, span) in self.report.texts(key, node) {
            if self.ids.contains(&id.as_str()) {
                ids.push(id);
            } else {
                self.report.error("unknown-rule", &span, format!("there is no rule `{id}`"));
                self.report.guess(&id, self.ids.iter().copied());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(&'static str, (usize, usize))> {
        let (_, problems) = read_tests(&SourceText::new("a.test.yaml", text), &["su-35", "toys"]);
        problems.iter().map(|problem| (problem.code, problem.position())).collect()
    }

    #[test]
    fn records_and_files_are_read_with_what_must_fire() {
        let text = "only: [su-35]\ntests:\n  - name: a\n    record: {consignee: {name: X, id: '1'}, hs_code: 9503}\n    fires: []\n  \
                    - file: e.csv\n    only: toys\n    fires: {17: toys}\n";
        let (tests, found) = read_tests(&SourceText::new("a.test.yaml", text), &["su-35", "toys"]);
        assert_eq!(found, []);
        assert_eq!((tests[0].name.as_str(), tests[0].only.as_slice()), ("a", ["su-35".to_owned()].as_slice()));
        assert!(
            matches!(&tests[0].tested, Tested::Record(record, fires) if record.fields.len() == 3 && fires.is_empty())
        );
        assert_eq!((tests[1].name.as_str(), tests[1].only.as_slice()), ("test 2", ["toys".to_owned()].as_slice()));
        assert!(matches!(&tests[1].tested, Tested::File { fires, .. } if fires[&17] == ["toys"]));
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, code, place) in [
            ("- a\n", "wrong-shape", (1, 1)),
            ("test: []\n", "unknown-key", (1, 1)),
            ("only: []\n", "missing-key", (1, 1)),
            ("tests:\n  - record: {consigne: x}\n    fires: []\n", "unknown-field", (2, 14)),
            ("tests:\n  - record: {consignee: x}\n", "missing-key", (2, 5)),
            ("tests:\n  - record: {consignee: x}\n    fires: [su-36]\n", "unknown-rule", (3, 13)),
            ("tests:\n  - file: a.csv\n    fires: [su-35]\n", "wrong-shape", (3, 12)),
            ("tests:\n  - file: a.csv\n    fires: {last: su-35}\n", "wrong-value", (3, 13)),
            ("tests:\n  - fires: []\n", "missing-key", (2, 5)),
            ("tests:\n  - {file: a, record: {}, fires: []}\n", "wrong-shape", (2, 12)),
        ] {
            assert!(problems(text).contains(&(code, place)), "{text}: {:?}", problems(text));
        }
    }
}
