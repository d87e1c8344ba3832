//! Facts about the ledger, on a real SQLite file.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::alert::{FileReport, News, Told};
use crate::finding::{Evidence, Finding, Identity};
use crate::notification::{Kind, Notification};
use crate::record::{Field, Part, Record, Role, SourceFile};
use crate::rule_card::{Lane, Level, RuleCard};

const ANALYST: &str = "analyst@example.org";

pub(super) async fn ledger() -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("state?/100% sure #1/ledger.db")).await.unwrap();
    (folder, ledger)
}

fn rule() -> RuleCard {
    RuleCard {
        title: "Su-35 parts".into(),
        level: Level::Critical,
        version: "0123456789ab".into(),
        reads: vec!["description".into(), "raw.Примечание".into()],
        ..RuleCard::sample("su-35")
    }
}

/// A line of declaration 7, item 1.
pub(super) fn line(description: &str, office: &str) -> Finding {
    let source = SourceFile { source: "harbor".into(), file: "h.csv".into(), member: None, sheet: None, sha256: None };
    Finding {
        rule: Arc::new(rule()),
        record: Record {
            source: Arc::new(source),
            row: 2,
            fields: vec![
                (Field::DeclarationId, "7".into()),
                (Field::ItemNumber, "1".into()),
                (Field::DeclarationDate, "2022-10-24".into()),
                (Field::CustomsOffice, office.into()),
                (Field::Party(Role::Consignee, Part::Name), "АО «КРЭТ»\0".into()),
                (Field::Description, description.into()),
                (Field::ValueUsd, "10.50".into()),
            ],
            raw: vec![("Примечание".into(), "x".into())],
            computed_usd: false,
        },
        evidence: vec![evidence(None)],
        group: vec![],
    }
}

pub(super) fn evidence(entity: Option<&str>) -> Evidence {
    Evidence {
        selection: "parts".into(),
        field: "description".into(),
        operator: "mentions".into(),
        value: "su-35".into(),
        matched: "Su-35".into(),
        entity: entity.map(str::to_owned),
        score: Some(97),
        ..Evidence::default()
    }
}

pub(super) fn staged(finding: Finding) -> StagedFinding {
    StagedFinding { key: finding.key(&Identity { scope: "harbor".into(), ..Identity::default() }, 0), finding }
}

pub(super) fn mail(id: &str) -> Notification {
    Notification {
        message_id: id.into(),
        kind: Kind::Alert,
        recipient: "analyst@example.org".into(),
        sender: "tidewaiter@example.org".into(),
        subject: "critical: Su-35 parts".into(),
        message: b"Subject: x\r\n\r\nbody".to_vec(),
        without_attachment: Some(b"short".to_vec()),
    }
}

async fn claim(ledger: &Ledger, name: &str) -> i64 {
    let new = NewFile { source: "harbor".into(), name: name.into(), work_name: format!("1-{name}"), size: 9 };
    ledger.begin_claim(&new, 1).await.unwrap()
}

pub(super) fn outcome() -> Published {
    let source = SourceFile { source: "harbor".into(), file: "h.csv".into(), member: None, sheet: None, sha256: None };
    let report = FileReport { source, records: 5, rejects: 1, skipped: 0, notes: vec![], banner: None };
    Published { report, layout: "ru".into(), supplied: vec!["description".into()] }
}

/// Reads a file of these findings; answers what is told, and how many were told before.
async fn publish(ledger: &Ledger, findings: Vec<Finding>) -> (Vec<Told>, u64) {
    let file = claim(ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    let findings: Vec<StagedFinding> = findings.into_iter().map(staged).collect();
    ledger.stage(&attempt, &findings).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    for head in publication.compare().await.unwrap() {
        publication.put_alert(&alert("key", head, Lane::File), 3).await.unwrap();
    }
    let repeated = publication.repeated().await.unwrap();
    publication.commit(&outcome(), 3).await.unwrap();
    let mut told = Vec::new();
    for (letter, draft) in drafts(ledger, 3, carried(100, 1 << 20)).await {
        let id = format!("m{}@x", draft.first());
        assert!(ledger.put_letter(&letter, (&draft, &mail(&id)), (None, 3)).await.unwrap());
        for alert in draft.alerts {
            assert_eq!(alert.told.len() as u64, alert.totals.new + alert.totals.amended);
            told.extend(alert.told);
        }
    }
    (told, repeated)
}

/// An alert that is told to the analyst at once.
fn alert(key: &str, head: AlertHead, lane: Lane) -> NewAlert {
    let tellings = vec![NewTelling { recipient: ANALYST.into(), lane, state: NewTellingState::Due(3) }];
    NewAlert { key: key.into(), head, report: outcome().report, storm: None, tellings }
}

fn carried(findings: i64, bytes: i64) -> Carried {
    Carried { tellings: 100, findings, bytes }
}

/// Every mail that is due.
async fn drafts(ledger: &Ledger, now: i64, most: Carried) -> Vec<(DueLetter, Draft)> {
    let mut drafts = Vec::new();
    for letter in ledger.due_letters(now).await.unwrap() {
        let draft = ledger.draft(&letter, now, most).await.unwrap();
        drafts.push((letter, draft));
    }
    drafts
}

/// One file a step; each is described by the news it gives.
pub(super) async fn check(files: Vec<Vec<Finding>>, expected: &[&str]) {
    let (_folder, ledger) = ledger().await;
    for (findings, expected) in files.into_iter().zip(expected) {
        let (told, repeated) = publish(&ledger, findings).await;
        let mut words: Vec<String> = told
            .iter()
            .map(|told| match &told.news {
                News::New => "new".to_owned(),
                News::Amended { before } => format!("was {}", before.record.get(Field::Description).unwrap()),
                News::NewToReader { .. } => "new to the reader".to_owned(),
            })
            .collect();
        words.extend((0..repeated).map(|_| "repeated".to_owned()));
        assert_eq!(words.join(", "), *expected);
    }
}

#[tokio::test]
async fn the_same_finding_again_is_counted_and_not_told() {
    check(vec![vec![line("a", "o")], vec![line("a", "o")]], &["new", "repeated"]).await;
}

#[tokio::test]
async fn a_change_in_a_field_that_the_rule_does_not_read_is_no_news() {
    check(vec![vec![line("a", "o")], vec![line("a", "other")]], &["new", "repeated"]).await;
}

#[tokio::test]
async fn a_change_in_a_field_that_the_rule_reads_amends_and_going_back_is_silent() {
    let files = vec![vec![line("a", "o")], vec![line("b", "o")], vec![line("a", "o")], vec![line("c", "o")]];
    check(files, &["new", "was a", "repeated", "was b"]).await;
}

#[tokio::test]
async fn a_change_in_a_raw_cell_that_the_rule_reads_amends() {
    let mut changed = line("a", "o");
    changed.record.raw = vec![("примечание ".into(), "y".into())];
    check(vec![vec![line("a", "o")], vec![changed.clone()], vec![changed]], &["new", "was a", "repeated"]).await;
}

#[tokio::test]
async fn an_entity_that_was_not_matched_before_amends() {
    let with = |entities: &[&str]| {
        let mut finding = line("a", "o");
        finding.evidence = entities.iter().map(|entity| evidence(Some(entity))).collect();
        finding
    };
    let files = vec![vec![with(&["KRET"])], vec![with(&["Rostec"])], vec![with(&["KRET", "Rostec"])], vec![with(&[])]];
    check(files, &["new", "was a", "repeated", "repeated"]).await;
}

#[tokio::test]
async fn overlapping_exports_tell_each_record_once_and_what_was_amended() {
    let (_folder, ledger) = ledger().await;
    let export = |change: &dyn Fn(u32, &mut Finding)| {
        let lines = (0..5_000).map(|number| {
            let mut finding = line("parts", "o");
            finding.record.fields[0].1 = number.to_string();
            change(number, &mut finding);
            finding
        });
        lines.collect::<Vec<_>>()
    };
    let amend = |number: u32, finding: &mut Finding| {
        if number < 40 {
            finding.record.fields[5].1 = "other parts".into();
        }
    };
    let amend_and_go_back = |number: u32, finding: &mut Finding| {
        if number >= 5 {
            amend(number, finding);
        }
        if (100..103).contains(&number) {
            finding.evidence = vec![evidence(Some("KRET"))];
        }
    };
    let files = [export(&|_, _| {}), export(&amend), export(&amend_and_go_back)];
    for (findings, expected) in files.into_iter().zip([(5_000, 0), (0, 40), (0, 3)]) {
        let file = claim(&ledger, "h.csv").await;
        let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
        ledger.stage(&attempt, &findings.into_iter().map(staged).collect::<Vec<_>>()).await.unwrap();
        let mut publication = ledger.begin_publication(&attempt).await.unwrap();
        let heads = publication.compare().await.unwrap();
        let [head] = heads.as_slice() else { panic!("{heads:?}") };
        assert_eq!((head.totals.new, head.totals.amended), expected);
        assert_eq!(publication.repeated().await.unwrap(), 5_000 - expected.0 - expected.1);
        publication.commit(&outcome(), 3).await.unwrap();
    }
    assert_eq!(ledger.counts().await.unwrap().findings, 5_043);
}

#[tokio::test]
async fn different_lines_under_one_key_are_all_told_and_identical_ones_once() {
    let lines = || vec![line("a", "o"), line("b", "o"), line("a", "o")];
    check(vec![lines(), lines()], &["new, new", "repeated, repeated"]).await;
}

#[tokio::test]
async fn what_is_told_comes_back_whole_under_its_number() {
    let (_folder, ledger) = ledger().await;
    let (first, _) = publish(&ledger, vec![line("a", "o")]).await;
    let (second, _) = publish(&ledger, vec![line("a", "o"), line("b", "o")]).await;
    assert_eq!(first[0].finding, line("a", "o"));
    assert_eq!((first[0].id, second[0].id), (1, 3), "numbers are reserved for the whole file");
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM finding ORDER BY id").fetch_all(&ledger.pool).await.unwrap();
    assert_eq!(ids, [1, 3]);
    assert_eq!(ledger.rule_hits().await.unwrap(), [("su-35".to_owned(), 2, Some(3))]);
}

#[tokio::test]
async fn totals_are_by_group_and_true_beyond_what_is_carried() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    for chunk in 0..3 {
        let findings = (0..4_000).map(|row| {
            let mut finding = line(&format!("{chunk}.{row}"), "o");
            finding.group = vec![if row < 10 { "few".into() } else { "many".into() }];
            finding.record.fields[2].1 = if row == 3 { String::new() } else { format!("2022-1{}-01", row % 3) };
            finding.record.row = row;
            staged(finding)
        });
        ledger.stage(&attempt, &findings.collect::<Vec<_>>()).await.unwrap();
    }
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    let heads = publication.compare().await.unwrap();
    assert_eq!(heads.len(), 2);
    let (few, many) = (&heads[0], &heads[1]);
    assert_eq!((few.group.as_slice(), few.totals.new, many.totals.new), (["few".to_owned()].as_slice(), 30, 11_970));
    assert_eq!((few.totals.value_usd.as_deref(), many.totals.value_usd.as_deref()), (Some("315"), Some("125685")));
    for head in heads {
        publication.put_alert(&alert(&head.group.concat(), head, Lane::File), 3).await.unwrap();
    }
    publication.commit(&outcome(), 3).await.unwrap();
    let fifty = drafts(&ledger, 3, carried(50, i64::MAX)).await.remove(0).1;
    let told = |draft: &Draft| draft.alerts.iter().map(|alert| alert.told.len()).collect::<Vec<_>>();
    assert_eq!(told(&fifty), [25, 25], "each has a like part");
    let few_bytes = drafts(&ledger, 3, carried(50, 200)).await.remove(0).1;
    assert_eq!(told(&few_bytes), [1, 1], "the rest is not read for nothing");
    let told = &fifty.alerts[0].told;
    assert_eq!(told[0].finding.record.get(Field::DeclarationDate), Some("2022-12-01"));
    assert_eq!(told[24].finding.record.get(Field::DeclarationDate), Some("2022-10-01"));
}

#[tokio::test]
async fn a_crash_before_the_commit_publishes_nothing_and_the_file_is_told_whole_afterwards() {
    let (folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    ledger.stage(&attempt, &[staged(line("a", "o"))]).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    assert_eq!(publication.compare().await.unwrap().len(), 1);
    drop(publication);
    ledger.close().await;
    let ledger = Ledger::open(&folder.path().join("state?/100% sure #1/ledger.db")).await.unwrap();
    assert_eq!(ledger.counts().await.unwrap().findings, 0);
    let again = ledger.begin_attempt(file, "plan", 4).await.unwrap();
    assert_eq!(again.number, 2);
    assert!(ledger.stage(&attempt, &[staged(line("a", "o"))]).await.is_err(), "the dead attempt stages no more");
    ledger.stage(&again, &[staged(line("a", "o"))]).await.unwrap();
    let mut publication = ledger.begin_publication(&again).await.unwrap();
    assert_eq!(publication.compare().await.unwrap()[0].totals.new, 1);
    publication.commit(&outcome(), 5).await.unwrap();
    assert_eq!(ledger.counts().await.unwrap().findings, 1);
    assert!(ledger.begin_publication(&again).await.is_err(), "an attempt is published once");
}

#[tokio::test]
async fn only_attempts_that_died_are_counted() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let ended = ledger.begin_attempt(file, "plan", 1).await.unwrap();
    ledger.end_attempt(&ended, "cut short").await.unwrap();
    let numbers = [1, 2, 3, 4];
    for number in numbers {
        assert_eq!(ledger.begin_attempt(file, "plan", 1).await.unwrap().number, number);
    }
    assert_eq!(ledger.file(file).await.unwrap().unwrap().attempts, 3);
    assert!(ledger.begin_attempt(file + 1, "plan", 1).await.is_err());
}

#[tokio::test]
async fn a_published_file_is_finishing_with_its_alerts_and_threads_hang_on_the_first_mail() {
    let (_folder, ledger) = ledger().await;
    let most = carried(9, 1 << 20);
    for (n, description) in ["a", "b"].into_iter().enumerate() {
        let file = claim(&ledger, "h.csv").await;
        let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
        ledger.stage(&attempt, &[staged(line(description, "o"))]).await.unwrap();
        let mut publication = ledger.begin_publication(&attempt).await.unwrap();
        let head = publication.compare().await.unwrap().remove(0);
        publication.put_alert(&alert("key", head, Lane::File), 3).await.unwrap();
        publication.commit(&outcome(), 3).await.unwrap();
        let row = ledger.file(file).await.unwrap().unwrap();
        assert_eq!((row.state, row.records, row.rejects, row.findings), (FileState::Finishing, 5, 1, 1));
        let (letter, draft) = drafts(&ledger, 3, most).await.remove(0);
        let root = draft.roots.first().map(String::as_str);
        assert_eq!(root, (n > 0).then_some("m0@x"));
        let mail = mail(&format!("m{n}@x"));
        assert!(ledger.put_letter(&letter, (&draft, &mail), (None, 3)).await.unwrap());
        assert!(!ledger.put_letter(&letter, (&draft, &mail), (None, 3)).await.unwrap(), "nothing is told twice");
    }
    let counts = ledger.counts().await.unwrap();
    assert_eq!((counts.findings, counts.alerts, counts.outbox_waiting), (2, 2, 2));
    assert_eq!(counts.files, [(FileState::Finishing, 2)]);
    assert_eq!(ledger.headings("harbor", "ru").await.unwrap(), Some(vec!["description".to_owned()]));
    assert_eq!(ledger.headings("harbor", "us").await.unwrap(), None);
    assert!(ledger.discard_claim(1).await.is_err(), "published findings keep their file");
}

#[tokio::test]
async fn the_same_rule_of_several_files_is_one_alert_of_a_digest_with_totals_over_all() {
    let (_folder, ledger) = ledger().await;
    for n in 0..3 {
        let file = claim(&ledger, &format!("{n}.csv")).await;
        let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
        ledger.stage(&attempt, &[staged(line(&format!("{n}"), "o"))]).await.unwrap();
        let mut publication = ledger.begin_publication(&attempt).await.unwrap();
        let head = publication.compare().await.unwrap().remove(0);
        let mut alert = alert("key", head, Lane::Daily);
        alert.report.source.file = format!("{n}.csv");
        publication.put_alert(&alert, 3).await.unwrap();
        publication.commit(&outcome(), 3).await.unwrap();
    }
    let mut all = drafts(&ledger, 3, carried(9, 1 << 20)).await;
    let (letter, draft) = all.remove(0);
    assert!(all.is_empty());
    let [alert] = draft.alerts.as_slice() else { panic!("{draft:?}") };
    assert_eq!((alert.totals.new, alert.totals.amended, alert.files.len(), alert.told.len()), (1, 2, 3, 3));
    assert_eq!(alert.totals.value_usd.as_deref(), Some("31.5"));
    assert!(!ledger.digest_is_made(&letter, "2026-03-29").await.unwrap());
    assert!(ledger.put_letter(&letter, (&draft, &mail("d@x")), (Some("2026-03-29"), 9)).await.unwrap());
    assert!(ledger.digest_is_made(&letter, "2026-03-29").await.unwrap());
    let made = ledger.made_lately(ANALYST, 9).await.unwrap();
    assert_eq!((made.hour, made.day, made.minute), (0, 1, 1), "what is critical does not count for the hour");
}

#[tokio::test]
async fn what_is_beyond_one_mail_is_told_in_the_next_and_nothing_twice() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    let findings = (0..5).map(|row| {
        let mut finding = line(&format!("{row}"), "o");
        finding.group = vec![format!("{row}")];
        // The first is the least severe, so that it is in the last mail.
        Arc::make_mut(&mut finding.rule).level = if row == 0 { Level::Low } else { Level::Critical };
        Arc::make_mut(&mut finding.rule).id = format!("rule-{row}");
        staged(finding)
    });
    ledger.stage(&attempt, &findings.collect::<Vec<_>>()).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    for head in publication.compare().await.unwrap() {
        publication.put_alert(&alert(&head.group.concat(), head, Lane::Burst), 3).await.unwrap();
    }
    publication.commit(&outcome(), 3).await.unwrap();
    let (mut mails, mut told) = (Vec::new(), Vec::new());
    while let Some((letter, draft)) = drafts(&ledger, 3, Carried { tellings: 2, ..carried(9, 1 << 20) }).await.pop() {
        let id = format!("m{}@x", draft.first());
        assert!(ledger.put_letter(&letter, (&draft, &mail(&id)), (None, 3)).await.unwrap());
        mails.push(draft.alerts.len());
        told.extend(draft.alerts.into_iter().flat_map(|alert| alert.told).map(|told| told.key));
    }
    assert_eq!(mails, [2, 2, 1]);
    assert_eq!(told.iter().collect::<std::collections::BTreeSet<_>>().len(), 5, "{told:?}");
    assert_eq!(ledger.counts().await.unwrap().outbox_waiting, 3, "each under a Message-ID of its own");
}

#[tokio::test]
async fn the_lines_of_a_summary_are_added_up_over_all_files_and_cut_afterwards() {
    let (_folder, ledger) = ledger().await;
    for (n, many) in [5_u32, 4].into_iter().enumerate() {
        let file = claim(&ledger, &format!("{n}.csv")).await;
        let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
        // 250 other parties with more records than ZZZ LLC in each file alone, or as many.
        let line_of = |row: u32, party: &str| {
            let mut finding = line("parts", "o");
            finding.record.fields[0].1 = format!("{n}.{row}.{party}");
            finding.record.fields[4].1 = party.to_owned();
            finding.record.fields[6].1 = "1000.10".to_owned();
            staged(finding)
        };
        let mut findings: Vec<StagedFinding> = (0..many).map(|row| line_of(row, "ZZZ LLC")).collect();
        findings.extend(
            (0..250)
                .flat_map(|party| (0..6).map(move |row| (row, format!("{n} party {party}"))))
                .map(|(row, party)| line_of(row, &party)),
        );
        ledger.stage(&attempt, &findings).await.unwrap();
        let mut publication = ledger.begin_publication(&attempt).await.unwrap();
        let mut head = publication.compare().await.unwrap().remove(0);
        head.rule.alert.summary = true;
        publication.put_alert(&alert("key", head, Lane::Daily), 3).await.unwrap();
        publication.commit(&outcome(), 3).await.unwrap();
    }
    let (_, draft) = drafts(&ledger, 3, Carried { tellings: 99, findings: 9, bytes: 1 << 20 }).await.remove(0);
    let totals = &draft.alerts[0].totals;
    let first = &totals.by_party_and_month[0];
    assert_eq!((first.consignee.as_str(), first.records), ("ZZZ LLC", 9));
    assert_eq!(first.value_usd.as_deref(), Some("9000.9"));
    assert_eq!((totals.by_party_and_month.len(), totals.lines, totals.new), (200, 501, 3_009));
    assert_eq!(totals.value_usd.as_deref(), Some("3009300.9"));
}

#[tokio::test]
async fn a_large_alert_leaves_the_others_their_part_and_a_long_record_is_passed_over() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    let of = |group: &str, row: u64, letters: usize| {
        let mut finding = line(&"x".repeat(letters), "o");
        finding.record.fields[0].1 = format!("{group}.{row}");
        (finding.group, finding.record.row) = (vec![group.to_owned()], row);
        staged(finding)
    };
    let mut findings: Vec<StagedFinding> = (0..40).map(|row| of("large", row, 20_000)).collect();
    findings.extend((0..10).map(|group| of(&format!("small {group}"), 1, 10)));
    findings.extend([of("odd", 1, 300_000), of("odd", 2, 10)]);
    ledger.stage(&attempt, &findings).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    for head in publication.compare().await.unwrap() {
        publication.put_alert(&alert(&head.group.concat(), head, Lane::File), 3).await.unwrap();
    }
    publication.commit(&outcome(), 3).await.unwrap();
    let (_, draft) = drafts(&ledger, 3, Carried { tellings: 99, findings: 99, bytes: 200_000 }).await.remove(0);
    let carried: Vec<usize> = draft.alerts.iter().map(|alert| alert.told.len()).collect();
    assert!((7..10).contains(&carried[0]), "{carried:?}");
    assert!(carried[1..].iter().all(|many| *many == 1), "{carried:?}");
    assert_eq!(draft.alerts[11].told[0].finding.record.row, 2, "the short one of the odd group");
    let (_, none) = drafts(&ledger, 3, Carried { tellings: 99, findings: 99, bytes: 10 }).await.remove(0);
    assert!(none.alerts.iter().filter(|alert| alert.told.is_empty()).count() > 8, "what is far too much is not held");
}

#[tokio::test]
async fn what_was_held_as_a_storm_is_known_when_it_is_told() {
    use crate::alert::{HeldUntil, WasHeld};

    for (end, expected, until) in [(true, HeldUntil::Released, 7), (false, HeldUntil::Overdue, 9)] {
        let (_folder, ledger) = ledger().await;
        let file = claim(&ledger, "h.csv").await;
        let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
        ledger.stage(&attempt, &[staged(line("a", "o"))]).await.unwrap();
        let mut publication = ledger.begin_publication(&attempt).await.unwrap();
        let mut new = alert("key", publication.compare().await.unwrap().remove(0), Lane::File);
        new.tellings[0].state = NewTellingState::Held("storm");
        let storm = NewStorm { rule: "su-35".into(), findings: 1, reason: "too many".into() };
        new.storm = Some(publication.put_storm(&storm, 3).await.unwrap());
        publication.put_alert(&new, 3).await.unwrap();
        publication.commit(&outcome(), 3).await.unwrap();
        match end {
            true => assert_eq!(ledger.end_storms("su-35", StormEnd::Released, 7).await.unwrap(), Some(1)),
            false => assert_eq!(ledger.release_overdue_storms(5, 9).await.unwrap(), Some(1)),
        }
        let (_, draft) = drafts(&ledger, 9, Carried { tellings: 9, findings: 9, bytes: 1 << 20 }).await.remove(0);
        let held = WasHeld { since: 3, until, why: "too many".into(), end: expected };
        assert_eq!(draft.alerts[0].held, [held]);
    }
}

#[tokio::test]
async fn what_one_mail_told_is_found_by_it_and_by_the_mail_that_took_it_along() {
    let (_folder, ledger) = ledger().await;
    let (told, _) = publish(&ledger, vec![line("a", "o")]).await;
    publish(&ledger, vec![line("b", "o")]).await;
    let first = ledger.outbox(9).await.unwrap().pop().unwrap();
    ledger.merge(&[first.id], &mail("both@x"), 9).await.unwrap();
    let find = async |mail: Option<&str>| {
        let mut found = Vec::new();
        let wanted = Wanted { mail: mail.map(str::to_owned), ..Wanted::default() };
        let take = |one: Found| {
            found.push((one.told.id, one.state().to_owned(), one.told.news.word()));
            std::ops::ControlFlow::Continue(())
        };
        ledger.findings(&wanted, take).await.unwrap();
        found
    };
    let one = [(told[0].id, "told".to_owned(), "new")];
    assert_eq!(find(Some(&first.message_id)).await, one);
    assert_eq!(find(Some("both@x")).await, one);
    assert_eq!(find(Some("other@x")).await, []);
    assert_eq!(find(None).await.iter().map(|found| found.2).collect::<Vec<_>>(), ["new", "amended"]);
    assert_eq!(ledger.message_id(first.id).await.unwrap(), Some(first.message_id));
    assert_eq!((ledger.message_id(99).await.unwrap(), ledger.last_finding().await.unwrap()), (None, 2));
}

#[tokio::test]
async fn a_summary_that_waits_while_the_program_is_renewed_is_added_up_all_the_same() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    let mut finding = line("a", "o");
    finding.record.fields[4].1 = "АО «КРЭТ»".into();
    ledger.stage(&attempt, &[staged(finding)]).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    let mut head = publication.compare().await.unwrap().remove(0);
    head.rule.alert.summary = true;
    publication.put_alert(&alert("key", head, Lane::Daily), 3).await.unwrap();
    publication.commit(&outcome(), 3).await.unwrap();
    let lines = async || {
        let (_, draft) = drafts(&ledger, 3, carried(9, 1 << 20)).await.remove(0);
        draft.alerts[0].totals.by_party_and_month.clone()
    };
    let before = lines().await;
    assert_eq!((before[0].value_usd.as_deref(), before[0].month.as_str()), (Some("10.5"), "2022-10"));
    let blank = "UPDATE finding SET consignor = '', consignee = '', value_usd = ''";
    sqlx::query(blank).execute(&ledger.pool).await.unwrap();
    assert_ne!(lines().await, before);
    let migration = schema::MIGRATIONS.iter().find_map(|sql| sql.split(';').find(|part| part.contains("json_extract")));
    sqlx::raw_sql(migration.unwrap()).execute(&ledger.pool).await.unwrap();
    assert_eq!(lines().await, before);
}

#[tokio::test]
async fn what_is_deferred_joins_the_digest_and_is_counted() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    ledger.stage(&attempt, &[staged(line("a", "o"))]).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    let head = publication.compare().await.unwrap().remove(0);
    publication.put_alert(&alert("key", head, Lane::Burst), 3).await.unwrap();
    publication.commit(&outcome(), 3).await.unwrap();
    let letter = ledger.due_letters(3).await.unwrap().remove(0);
    ledger.defer_letter(&letter, (Lane::Daily, 100), (Some("limit"), 3)).await.unwrap();
    assert!(ledger.due_letters(99).await.unwrap().is_empty());
    let untold = |why, many| crate::alert::UntoldCount { why, many };
    let rows = untold(crate::alert::Untold::Rows, 1);
    assert_eq!(ledger.untold(9).await.unwrap(), [untold(crate::alert::Untold::Deferred, 1), rows]);
    let (_, draft) = drafts(&ledger, 100, carried(9, 1 << 20)).await.remove(0);
    assert!(draft.deferred);
}

#[tokio::test]
async fn what_is_due_to_an_address_that_is_gone_is_told_once_to_each_heir() {
    let (_folder, ledger) = ledger().await;
    let file = claim(&ledger, "h.csv").await;
    let attempt = ledger.begin_attempt(file, "plan", 2).await.unwrap();
    ledger.stage(&attempt, &[staged(line("a", "o"))]).await.unwrap();
    let mut publication = ledger.begin_publication(&attempt).await.unwrap();
    let mut new = alert("key", publication.compare().await.unwrap().remove(0), Lane::Daily);
    new.tellings.push(NewTelling { recipient: "heir@x".into(), ..new.tellings[0].clone() });
    publication.put_alert(&new, 3).await.unwrap();
    publication.commit(&outcome(), 3).await.unwrap();
    let heirs = ["heir@x".to_owned(), "other@x".to_owned()];
    let in_use = [ANALYST.to_uppercase(), heirs[0].clone()];
    assert_eq!(ledger.hand_over(&in_use, &heirs).await.unwrap(), 0, "nobody is gone");
    assert_eq!(ledger.hand_over(&heirs, &heirs).await.unwrap(), 1);
    let due = ledger.due_letters(3).await.unwrap();
    assert_eq!(due.iter().map(|letter| letter.recipient.as_str()).collect::<Vec<_>>(), ["heir@x", "other@x"]);
    for letter in due {
        assert_eq!(ledger.draft(&letter, 3, carried(9, 1 << 20)).await.unwrap().alerts[0].told.len(), 1);
    }
}

#[tokio::test]
async fn the_same_bytes_of_the_same_source_are_a_duplicate_once_published() {
    let (_folder, ledger) = ledger().await;
    let first = claim(&ledger, "a.csv").await;
    let second = claim(&ledger, "b.csv").await;
    assert_eq!(ledger.claimed(first, "aa", 1).await.unwrap(), Claimed::Fresh);
    assert_eq!(ledger.claimed(second, "aa", 1).await.unwrap(), Claimed::Fresh, "the first is not published yet");
    let done =
        FileChange { state: FileState::Done, problem: None, moved_to: Some("done/a.csv".into()), look_again_at: None };
    ledger.set_file(first, &done, 7).await.unwrap();
    let duplicate = Claimed::Duplicate { of_file: first, name: "a.csv".into() };
    assert_eq!(ledger.claimed(second, "aa", 1).await.unwrap(), duplicate);
    assert_eq!(ledger.file(first).await.unwrap().unwrap().done_at, Some(7));
    assert_eq!(ledger.open_files().await.unwrap().iter().map(|file| file.id).collect::<Vec<_>>(), [second]);
    let waiting = FileChange { state: FileState::Waiting, problem: None, moved_to: None, look_again_at: Some(9) };
    ledger.set_file(second, &waiting, 8).await.unwrap();
    let row = ledger.find_files("b.csv").await.unwrap().remove(0);
    assert_eq!((row.looks, row.look_again_at, row.done_at), (1, Some(9), None));
    ledger.discard_claim(second).await.unwrap();
    assert_eq!(claim(&ledger, "c.csv").await, 3, "a number is never given twice");
    assert_eq!(ledger.files(10).await.unwrap().iter().map(|file| file.id).collect::<Vec<_>>(), [3, 1]);
}

#[tokio::test]
async fn the_outbox_gives_what_is_due_in_order_and_remembers_what_became_of_it() {
    let (_folder, ledger) = ledger().await;
    let mails = [mail("1@x"), mail("2@x"), mail("3@x"), mail("1@x")];
    ledger.begin_notices(10).await.unwrap().commit(&mails).await.unwrap();
    let due = ledger.due(10, &[], 10).await.unwrap();
    assert_eq!(due.iter().map(|row| row.notification.clone()).collect::<Vec<_>>(), mails[..3]);
    assert!(ledger.due(9, &[], 10).await.unwrap().is_empty());
    let [first, second, third] = [due[0].id, due[1].id, due[2].id];
    let step = |id, step| {
        let ledger = ledger.clone();
        async move { ledger.record_outcome(id, &step, 20).await.unwrap() }
    };
    step(first, OutboxStep::RetryAt { at: 50, reason: "421".into(), waits: Waits::ForRelay }).await;
    step(second, OutboxStep::Pause { until: 40, reason: "535".into() }).await;
    step(third, OutboxStep::DropAttachment { reason: "552".into() }).await;
    assert_eq!(ledger.next_due_at().await.unwrap(), Some(20));
    let due = ledger.due(60, &[], 10).await.unwrap();
    assert_eq!(due.iter().map(|row| (row.id, row.attempts)).collect::<Vec<_>>(), [(third, 1), (second, 0), (first, 1)]);
    assert_eq!(due[0].notification.message, b"short");
    step(third, OutboxStep::DropAttachment { reason: "552 again".into() }).await;
    step(first, OutboxStep::Delivered { reply: "250 ok".into() }).await;
    let counts = ledger.counts().await.unwrap();
    assert_eq!((counts.outbox_waiting, counts.outbox_dead, counts.outbox_delivered), (1, 1, 1));
    let listed = ledger.outbox(10).await.unwrap();
    assert_eq!((listed[0].state.as_str(), listed[0].last_reply.as_deref()), ("dead", Some("552 again")));
    assert_eq!((listed[2].next_at, listed[1].next_at), (None, Some(40)));
    assert!(ledger.requeue(third, 70).await.unwrap());
    assert!(!ledger.requeue(first, 70).await.unwrap(), "what is delivered is not sent again");
    assert_eq!(ledger.outbox_message(third).await.unwrap().unwrap().message_id, "3@x");
    assert_eq!(ledger.drop_texts(20).await.unwrap(), 0, "it is not old enough");
    assert_eq!((ledger.drop_texts(21).await.unwrap(), ledger.drop_texts(21).await.unwrap()), (1, 0));
    let text = |message: Notification| message.message.len();
    assert_eq!(ledger.outbox_message(first).await.unwrap().map(text), Some(0));
    assert!(ledger.due(70, &[], 10).await.unwrap().iter().all(|row| !row.notification.message.is_empty()));
    assert!(ledger.record_outcome(99, &OutboxStep::Dead { reason: String::new() }, 1).await.is_err());
}

#[tokio::test]
async fn accepted_texts_come_back_and_an_unchanged_one_keeps_its_date() {
    let (_folder, ledger) = ledger().await;
    let text = |path: &str, text: &str, accepted_at| AcceptedText {
        kind: "rule".into(),
        path: path.into(),
        text: text.into(),
        accepted_at,
    };
    ledger.accept_texts(&[text("a", "1", 0), text("b", "1\0", 0)], 10).await.unwrap();
    assert_eq!(ledger.accepted_texts().await.unwrap(), [text("a", "1", 10), text("b", "1\0", 10)]);
    ledger.accept_texts(&[text("a", "1", 0), text("c", "2", 0)], 20).await.unwrap();
    assert_eq!(ledger.accepted_texts().await.unwrap(), [text("a", "1", 10), text("c", "2", 20)]);
    ledger.set_note("health", "good").await.unwrap();
    ledger.set_note("health", "bad").await.unwrap();
    assert_eq!(ledger.note("health").await.unwrap().as_deref(), Some("bad"));
    assert_eq!(ledger.note("none").await.unwrap(), None);
}

#[tokio::test]
async fn a_ledger_of_a_newer_program_is_refused_and_a_backup_is_a_ledger() {
    let (folder, ledger) = ledger().await;
    claim(&ledger, "a.csv").await;
    let copy = folder.path().join("copy.db");
    ledger.backup(&copy).await.unwrap();
    assert_eq!(Ledger::open(&copy).await.unwrap().files(9).await.unwrap().len(), 1);
    assert!(ledger.backup(&copy).await.is_err(), "a copy is never written over");
    sqlx::query("INSERT INTO ledger_schema (version) VALUES (99)").execute(&ledger.pool).await.unwrap();
    let error = Ledger::open(&folder.path().join("state?/100% sure #1/ledger.db")).await.unwrap_err();
    assert!(matches!(error, LedgerError::NewerSchema { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn every_connection_waits_for_the_disk_and_for_others() {
    let (folder, ledger) = ledger().await;
    let pragma = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&ledger.pool);
    assert_eq!(pragma("PRAGMA synchronous").await.unwrap(), 2);
    assert_eq!(pragma("PRAGMA foreign_keys").await.unwrap(), 1);
    assert!(folder.path().join("state?/100% sure #1/ledger.db-wal").exists());
}

#[tokio::test]
async fn many_writers_take_turns() {
    let (_folder, ledger) = ledger().await;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..40 {
        let ledger = ledger.clone();
        writers.spawn(async move { claim(&ledger, &format!("{number}.csv")).await });
    }
    let mut ids = writers.join_all().await;
    ids.sort_unstable();
    assert_eq!(ids, (1..=40).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_full_disk_is_told_apart() {
    let (_folder, ledger) = ledger().await;
    let mut write = ledger.write().await.unwrap();
    sqlx::raw_sql("PRAGMA max_page_count = 1").execute(write.connection()).await.unwrap();
    let big = sqlx::query("INSERT INTO note (key, value) VALUES ('k', $1)").bind("x".repeat(1_000_000));
    let error = LedgerError::from(big.execute(write.connection()).await.unwrap_err());
    assert!(error.is_disk_full(), "{error}");
    assert!(!LedgerError::Unknown { what: "file", id: 1 }.is_disk_full());
}

#[tokio::test]
async fn a_transaction_that_a_full_disk_broke_off_spoils_no_later_one() {
    let (_folder, ledger) = ledger().await;
    let mut write = ledger.write().await.unwrap();
    sqlx::raw_sql("PRAGMA max_page_count = 1").execute(write.connection()).await.unwrap();
    let big = sqlx::query("INSERT INTO note (key, value) VALUES ('k', $1)").bind("x".repeat(1_000_000));
    big.execute(write.connection()).await.unwrap_err();
    drop(write);
    for number in 0..8 {
        ledger.set_note("number", &number.to_string()).await.unwrap();
    }
}

#[tokio::test]
async fn an_existing_ledger_is_copied_before_it_is_migrated_and_a_failed_migration_leaves_it_as_it_was() {
    let (folder, ledger) = ledger().await;
    claim(&ledger, "a.csv").await;
    let path = folder.path().join("ledger.db");
    let version = schema::MIGRATIONS.len();
    let with = |next| [vec!["never run again"; version], vec![next]].concat();
    let broken = with("CREATE TABLE more (a BIGINT); CREATE TABLE more (a BIGINT)");
    assert!(schema::migrate(&ledger.pool, &path, &broken).await.is_err());
    schema::migrate(&ledger.pool, &path, &with("CREATE TABLE more (a BIGINT)")).await.unwrap();
    let copy = Ledger::open(&folder.path().join(format!("ledger.db.v{version}.copy"))).await.unwrap();
    assert_eq!(copy.files(9).await.unwrap().len(), 1);
    assert!(sqlx::query("SELECT a FROM more").fetch_all(&copy.pool).await.is_err(), "the copy is from before");
    assert!(sqlx::query("SELECT a FROM more").fetch_all(&ledger.pool).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_decision_on_a_file_that_has_moved_on_changes_nothing() {
    let (_folder, ledger) = ledger().await;
    let new = NewFile { source: "harbor".into(), name: "h.csv".into(), work_name: "w-h.csv".into(), size: 1 };
    let id = ledger.begin_claim(&new, 1).await.unwrap();
    let change = |state| FileChange { state, problem: None, moved_to: None, look_again_at: None };
    ledger.set_file(id, &change(FileState::Held), 2).await.unwrap();
    let seen = ledger.file(id).await.unwrap().unwrap();
    assert_eq!(ledger.files_in(FileState::Held).await.unwrap(), std::slice::from_ref(&seen));
    ledger.set_file(id, &change(FileState::Done), 3).await.unwrap();
    assert!(!ledger.decide_file(&seen, &change(FileState::Failed), 4).await.unwrap());
    let now = ledger.file(id).await.unwrap().unwrap();
    assert_eq!(now.state, FileState::Done);
    assert!(ledger.decide_file(&now, &change(FileState::Failed), 5).await.unwrap());
}
