//! What counts as an amendment of what was told, and whose amendment it is.

use super::tests::{check, evidence, line};
use crate::finding::{Evidence, Finding};
use crate::record::Field;

/// A line whose consignee is an entity of this name and number.
fn of_entity(name: &str, id: Option<&str>) -> Finding {
    let found = Evidence { entity_id: id.map(str::to_owned), ..evidence(Some(name)) };
    Finding { evidence: vec![found], ..line("a", "o") }
}

/// A line that is worth so much by the rates of the day, or by its own words.
fn worth(usd: &str, computed_usd: bool) -> Finding {
    let mut finding = line("a", "o");
    finding.rule = std::sync::Arc::new(crate::rule_card::RuleCard {
        reads: vec!["description".into(), "value_usd".into()],
        ..(*finding.rule).clone()
    });
    finding.record.computed_usd = computed_usd;
    let cells = finding.record.fields.iter_mut();
    cells.filter(|(field, _)| *field == Field::ValueUsd).for_each(|(_, cell)| usd.clone_into(cell));
    finding
}

#[tokio::test]
async fn an_entity_that_is_renamed_in_its_list_is_no_news() {
    let files = vec![
        vec![of_entity("AO KRET", Some("firms/kret"))],
        vec![of_entity("Concern Radio-Electronic Technologies", Some("firms/kret"))],
        vec![of_entity("AO KRET", Some("firms/other"))],
    ];
    check(files, &["new", "repeated", "was a"]).await;
}

#[tokio::test]
async fn findings_of_a_ledger_without_numbers_of_entities_are_compared_by_name() {
    let files = vec![
        vec![of_entity("AO KRET", None)],
        vec![of_entity("AO KRET", Some("firms/kret"))],
        vec![of_entity("Rostec", Some("firms/rostec"))],
    ];
    check(files, &["new", "repeated", "was a"]).await;
}

#[tokio::test]
async fn another_rate_amends_nothing_and_another_stated_value_does() {
    let files = vec![
        vec![worth("970", true)],
        vec![worth("980", true)],
        vec![worth("970", true)],
        vec![worth("990", false)],
        vec![worth("991", false)],
        vec![worth("990", false)],
    ];
    check(files, &["new", "repeated", "repeated", "was a", "was a", "repeated"]).await;
}
