//! What counts as an amendment of what was told, and whose amendment it is.

use super::tests::{check, evidence, ledger, line, mail, outcome, staged};
use super::*;
use crate::alert::{News, Told, Totals, Version};
use crate::finding::{Evidence, Finding};
use crate::notification::Notification;
use crate::record::Field;
use crate::rule_card::Lane;
use crate::silence::Matcher;

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

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";
const DUE: NewTellingState = NewTellingState::Due(3);

/// A file with one line, in an alert of this key, for these readers.
async fn read(ledger: &Ledger, finding: Finding, alert: (&str, &[(&str, NewTellingState)])) {
    read_all(ledger, vec![finding], alert).await;
}

async fn read_all(ledger: &Ledger, findings: Vec<Finding>, (key, to): (&str, &[(&str, NewTellingState)])) {
    let new = NewFile { source: "harbor".into(), name: "h.csv".into(), work_name: "1-h.csv".into(), size: 9 };
    let file = ledger.begin_claim(&new, 1).await.unwrap();
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    ledger.stage(&attempt, &findings.into_iter().map(staged).collect::<Vec<_>>()).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    publication.silence("harbor", |_, _| true, 3).await.unwrap();
    for head in publication.compare().await.unwrap() {
        let telling = |(recipient, state): &(&str, NewTellingState)| NewTelling {
            recipient: (*recipient).to_owned(),
            lane: Lane::Burst,
            state: state.clone(),
        };
        let tellings = to.iter().map(telling).collect();
        let alert = NewAlert { key: key.into(), head, report: outcome().report, storm: None, tellings };
        publication.put_alert(&alert, 3).await.unwrap();
    }
    publication.commit(&outcome(), 3).await.unwrap();
}

/// The mail that is due to a reader, put into the outbox under this Message-ID: what each of its findings is to him, how
/// many are new and amended, and the mails that it refers to.
async fn told_to(ledger: &Ledger, reader: &str, id: &str) -> (Vec<String>, (u64, u64), Vec<String>) {
    let due = ledger.due_letters(3).await.unwrap();
    let letter = due.into_iter().find(|letter| letter.recipient == reader).unwrap();
    let most = Carried { tellings: 100, findings: 100, bytes: 1 << 20 };
    let draft = ledger.draft(&letter, 3, most).await.unwrap();
    let notification = Notification { recipient: reader.into(), ..mail(id) };
    assert!(ledger.put_letter(&letter, (&draft, &notification), (None, 3)).await.unwrap());
    let said = |version: &Version| version.record.get(Field::Description).unwrap().to_owned();
    let word = |told: &Told| match &told.news {
        News::New => "new".to_owned(),
        News::Amended { before } => format!("was {}", said(before)),
        News::NewToReader { before } => format!("new to him, was {}", said(before)),
    };
    let words = draft.alerts.iter().flat_map(|alert| &alert.told).map(word).collect();
    let count = |of: fn(&Totals) -> u64| draft.alerts.iter().map(|alert| of(&alert.totals)).sum();
    (words, (count(|totals| totals.new), count(|totals| totals.amended)), draft.roots)
}

fn grouped(description: &str, group: &str) -> Finding {
    Finding { group: vec![group.into()], ..line(description, "o") }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn an_amended_finding_refers_to_the_mail_that_told_it_first_in_whatever_group() {
    let (_folder, ledger) = ledger().await;
    read(&ledger, grouped("a", "KRET"), ("kret", &[(ANN, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m1@x").await, (words(&["new"]), (1, 0), words(&[])));
    read(&ledger, grouped("b", "Rosoboronexport"), ("rosoboronexport", &[(ANN, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m2@x").await, (words(&["was a"]), (0, 1), words(&["m1@x"])));
    read(&ledger, grouped("c", "Rosoboronexport"), ("rosoboronexport", &[(ANN, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m3@x").await, (words(&["was b"]), (0, 1), words(&["m1@x", "m2@x"])));
}

#[tokio::test]
async fn what_only_others_were_told_is_new_to_a_reader_and_he_is_shown_what_he_was_told_last() {
    let (_folder, ledger) = ledger().await;
    read(&ledger, line("a", "o"), ("key", &[(ANN, DUE)])).await;
    told_to(&ledger, ANN, "m1@x").await;
    read(&ledger, line("b", "o"), ("key", &[(BOB, DUE)])).await;
    assert_eq!(told_to(&ledger, BOB, "m2@x").await, (words(&["new to him, was a"]), (1, 0), words(&[])));
    read(&ledger, line("c", "o"), ("key", &[(ANN, DUE), (BOB, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m3@x").await, (words(&["was a"]), (0, 1), words(&["m1@x"])));
    assert_eq!(told_to(&ledger, BOB, "m4@x").await, (words(&["was b"]), (0, 1), words(&["m2@x"])));
}

#[tokio::test]
async fn what_was_held_is_new_to_its_reader() {
    let (_folder, ledger) = ledger().await;
    read(&ledger, line("a", "o"), ("key", &[(ANN, NewTellingState::Held("storm"))])).await;
    read(&ledger, line("b", "o"), ("key", &[(ANN, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m1@x").await, (words(&["new to him, was a"]), (1, 0), words(&[])));
}

#[tokio::test]
async fn what_was_silenced_beside_others_of_its_alert_is_new_to_its_reader() {
    let (_folder, ledger) = ledger().await;
    let field = Some(("description".to_owned(), "a".to_owned()));
    let matcher = Matcher { field, ..Matcher::default() };
    let silence = NewSilence { matcher, author: ANN.into(), reason: "known".into(), until_at: 9 };
    ledger.add_silence(&silence, 1).await.unwrap();
    let mut other = line("x", "o");
    other.record.fields[1].1 = "2".into();
    read_all(&ledger, vec![line("a", "o"), other], ("key", &[(ANN, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m1@x").await, (words(&["new"]), (1, 0), words(&[])));
    read(&ledger, line("b", "o"), ("other", &[(ANN, DUE)])).await;
    assert_eq!(told_to(&ledger, ANN, "m2@x").await, (words(&["new to him, was a"]), (1, 0), words(&[])));
}

#[tokio::test]
async fn a_version_that_the_same_mail_tells_counts_as_told() {
    let (_folder, ledger) = ledger().await;
    read(&ledger, line("a", "o"), ("key", &[(ANN, DUE)])).await;
    read(&ledger, line("b", "o"), ("key", &[(ANN, DUE)])).await;
    let (mut told, totals, roots) = told_to(&ledger, ANN, "m1@x").await;
    told.sort();
    assert_eq!((told, totals, roots), (words(&["new", "was a"]), (1, 1), words(&[])));
}
