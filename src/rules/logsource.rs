//! `logsource`: kept for Sigma's sake. Its `product` may name a source of the configuration, whose records alone are then
//! meant; a record of no named source (a one-off scan, an example) is always meant.

use super::document::known_keys;
use super::report::Report;
use super::{ANOTHER_SOURCE, Known, Predicate, Question, Selection, Target, Test};
use crate::problem::{Problem, Severity, did_you_mean};
use crate::text::{Anchor, Case, Pattern};
use crate::yaml::{Node, Value};

const KEYS: [&str; 4] = ["category", "product", "service", "definition"];

/// The selection of records that are not meant; `None` where every source is.
pub(super) fn read(node: Option<&Node>, known: &Known, report: &mut Report<'_>) -> Option<Selection> {
    let node = node?;
    let Value::Map(entries) = &node.value else {
        report.error("wrong-shape", &node.span, "`logsource` must be a map");
        return None;
    };
    known_keys("`logsource`", entries, &KEYS, report);
    let product = node.get("product")?;
    let name = report.text("product", product)?;
    if let Some(sources) = known.sources.as_ref().filter(|sources| !sources.iter().any(|source| source == name)) {
        let message = format!("no source is named `{name}`: the records of every source are meant");
        let problem = Problem::warning("unknown-source", report.source, product.span.clone(), message);
        let guess = did_you_mean(name, sources.iter().map(String::as_str));
        let hint = guess.map(|near| format!("did you mean `{near}`?"));
        report.problems.push(Problem { severity: Severity::Note, hint, ..problem });
        return None;
    }
    let literal: String = name.chars().flat_map(|c| escape(c).into_iter().chain([c])).collect();
    let pattern = Pattern::parse(&literal, Anchor::Whole, Case::Exact);
    let pattern = pattern.map_err(|why| report.error("bad-pattern", &product.span, why)).ok()?;
    let is = |operator, written: &str, question| {
        let target = Target::Source("name".to_owned());
        Test::Is(Predicate { target, operator, written: written.to_owned(), question })
    };
    let tests = vec![is("exists", "true", Question::Exists(true)), is("neq", name, Question::NotMatches(pattern))];
    Some(Selection { name: ANOTHER_SOURCE.to_owned(), test: Test::All(tests) })
}

fn escape(letter: char) -> Option<char> {
    matches!(letter, '*' | '?' | '\\').then_some('\\')
}
