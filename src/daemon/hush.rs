//! Hush: whether a silence covers a record; its field is read and compared as a rule reads and compares one.
//!
//! In: what a silence covers, records, the watchlists in force. Out: yes or no, or what is wrong with `FIELD=VALUE`. That is
//! compiled as a rule of this one selection, so that the two can never differ. It knows no silence's time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::evaluate::{self, Memo, Plan};
use crate::problem::{Problem, SourceText};
use crate::record::Record;
use crate::rules::{self, Known, RuleTexts};
use crate::silence::Matcher;
use crate::watchlist::Watchlists;

/// Distinct cells that are remembered of one field.
const REMEMBERED: usize = 1000;

/// The fields of silences, each compiled when it is first asked.
#[derive(Debug)]
pub struct Hush {
    watchlists: Arc<Watchlists>,
    asked: HashMap<(String, String), Option<(Plan, Memo)>>,
}

impl Hush {
    /// Parties are known by these watchlists.
    pub fn new(watchlists: Arc<Watchlists>) -> Hush {
        Hush { watchlists, asked: HashMap::new() }
    }

    /// Whether it covers a record, given that it may. A field that a rule could not read, of a silence that was made before
    /// this was checked, is compared as text.
    pub fn covers(&mut self, matcher: &Matcher, record: &Record) -> bool {
        let Some(field) = &matcher.field else { return true };
        if matcher.says_the_same(record) {
            return true;
        }
        let compile = || Some((question(field, &self.watchlists).ok()?, Memo::of(REMEMBERED)));
        let asked = self.asked.entry(field.clone()).or_insert_with(compile);
        let Some((plan, memo)) = asked else { return false };
        !evaluate::evaluate(plan, &record.to_batch(), memo).is_empty()
    }
}

/// `FIELD=VALUE` as a plan of one rule.
///
/// # Errors
/// What a rule with this field and value would be refused for.
pub fn question((field, value): &(String, String), watchlists: &Arc<Watchlists>) -> Result<Plan, Problem> {
    if value.is_empty() {
        // In a rule that is a missing cell, which a slip in a shell would write as well.
        let problem = Problem::error("empty-value", &SourceText::new("--field", ""), 0..0, "the value says nothing");
        return Err(problem.with_hint(format!("write `{field}|exists=false` for cells that are missing")));
    }
    let (field, value) = (serde_json::json!(field), serde_json::json!(value));
    let text = format!(
        "title: silence\nid: silence\nlevel: low\ndetection:\n  covered:\n    {field}: {value}\n  condition: covered\n"
    );
    let texts = RuleTexts { rules: vec![SourceText::new("--field", text)], lists: Vec::new() };
    let (set, mut problems) = rules::compile(&texts, &Known::default());
    let (plan, unbound) = evaluate::bind(&set, watchlists.clone());
    problems.extend(unbound);
    match problems.into_iter().find(Problem::is_error) {
        Some(problem) => Err(problem),
        None => Ok(plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, SourceFile};

    fn record(cells: &[(&str, &str)]) -> Record {
        let source = SourceFile { source: "s".into(), file: "f".into(), member: None, sheet: None, sha256: None };
        let (raw, fields): (Vec<_>, Vec<_>) = cells.iter().partition(|(name, _)| name.starts_with("raw."));
        let fields = fields.into_iter().map(|(name, cell)| (Field::from_name(name).unwrap(), (*cell).to_owned()));
        let raw = raw.into_iter().map(|(name, cell)| (name.trim_start_matches("raw.").to_owned(), (*cell).to_owned()));
        Record { source: Arc::new(source), row: 1, fields: fields.collect(), raw: raw.collect(), computed_usd: false }
    }

    fn check(field: &str, value: &str, expected: bool) {
        let record = record(&[
            ("consignee.name", "ООО \"ПРИМЕР\""),
            ("origin_country", "CN"),
            ("value_usd", "2000"),
            ("declaration_date", "2022-10-05"),
            ("hs_code", "8806100000"),
            ("description", "Пылесос бытовой"),
            ("raw.description", "Vacuum cleaner"),
        ]);
        let matcher = Matcher { field: Some((field.to_owned(), value.to_owned())), ..Matcher::default() };
        assert_eq!(Hush::new(Arc::default()).covers(&matcher, &record), expected, "{field}={value}");
    }

    #[test]
    fn a_field_is_read_as_a_rule_reads_it() {
        for (field, value) in [
            ("raw.DESCRIPTION", "vacuum cleaner"),
            ("raw.description", "VACUUM*"),
            ("origin_country", "China"),
            ("origin_country", "Китай"),
            ("origin_country", "CN"),
            ("value_usd", "2,000"),
            ("value_usd", "2000.00"),
            ("value_usd|gte", "1500"),
            ("declaration_date", "05.10.2022"),
            ("declaration_date", "2022-10"),
            ("consignee.name", "ООО «ПРИМЕР»"),
            ("consignee", "ооо «пример»"),
            ("any_party", "OOO \"ПРИМЕР\""),
            ("importer", "ООО Пример"),
            ("hs_code", "8806"),
            ("hs_code", "8806 10"),
            ("description", "пылесос"),
            ("source.name", "s"),
        ] {
            check(field, value, true);
        }
        for (field, value) in [
            ("raw.description", "vacuum"),
            ("origin_country", "Japan"),
            ("value_usd", "2001"),
            ("declaration_date", "06.10.2022"),
            ("consignee", "ООО ДРУГОЙ"),
            ("consignor", "ООО «ПРИМЕР»"),
            ("hs_code", "8807"),
            ("description", "фен"),
        ] {
            check(field, value, false);
        }
    }

    #[test]
    fn what_a_rule_would_be_refused_for_is_refused() {
        let refused = |field: &str, value: &str| {
            let problem = question(&(field.to_owned(), value.to_owned()), &Arc::default()).unwrap_err();
            (problem.message, problem.hint.unwrap_or_default())
        };
        let (message, hint) = refused("consigne", "X");
        assert_eq!(message, "unknown field `consigne`");
        assert!(hint.contains("`consignee`"), "{hint}");
        refused("origin_country", "Chyna");
        refused("value_usd", "much");
        refused("hs_code", "drone");
        refused("consignee", "");
        refused("raw.", "x");
        refused("consignee\": {}\ntitle", "x");
        check("consignor|exists", "false", true);
    }

    #[test]
    fn a_silence_of_old_that_no_rule_could_read_is_compared_as_text() {
        check("origin_country", "cn ", true);
        check("consignee.id", "", false);
    }
}
