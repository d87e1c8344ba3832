//! Facts about notices, and about messages that leave, on a real SQLite file.

use super::tests::{ledger, mail};
use super::*;
use crate::notification::{Kind, Notification};

const MINUTE: i64 = 60 * 1_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

async fn admit(ledger: &Ledger, kind: &str, about: &str, now: i64) -> Admission {
    let notice = Notice { kind: kind.into(), about: about.into(), subject: "s".into(), paragraphs: vec!["p".into()] };
    let mut turn = ledger.begin_notices(now).await.unwrap();
    let admission = turn.admit(&notice).await.unwrap();
    turn.commit(&[]).await.unwrap();
    admission
}

#[tokio::test]
async fn a_notice_is_told_once_a_day() {
    let (_folder, ledger) = ledger().await;
    for (about, now, expected) in [
        ("a", DAY, Admission::Tell),
        ("a", 2 * DAY - 1, Admission::Known),
        ("b", 2 * DAY - 1, Admission::Tell),
        ("a", 2 * DAY, Admission::Tell),
        ("a", 5, Admission::Tell),
    ] {
        assert_eq!(admit(&ledger, "rule-broken", about, now).await, expected, "{about} at {now}");
    }
}

#[tokio::test]
async fn of_one_kind_six_mails_go_out_within_an_hour_and_the_rest_is_told_in_one() {
    let (_folder, ledger) = ledger().await;
    for n in 1..=6 {
        assert_eq!(admit(&ledger, "file-failed", &n.to_string(), DAY + n).await, Admission::Tell, "{n}");
    }
    assert_eq!(admit(&ledger, "file-failed", "7", DAY + 7).await, Admission::Gathered);
    assert_eq!(admit(&ledger, "file-failed", "7", DAY + 8).await, Admission::Known, "it waits already");
    assert_eq!(admit(&ledger, "file-failed", "8", DAY + 9).await, Admission::Gathered);
    assert_eq!(admit(&ledger, "disk-full", "x", DAY + 9).await, Admission::Tell, "each kind has its own turns");
    let taken = async |now| {
        let mut turn = ledger.begin_notices(now).await.unwrap();
        let taken = turn.take_gathered().await.unwrap();
        turn.commit(&[]).await.unwrap();
        taken.into_iter().map(|notice| notice.about).collect::<Vec<_>>()
    };
    assert!(taken(DAY + HOUR / 2).await.is_empty());
    assert!(ledger.has_gathered().await.unwrap());
    assert_eq!(taken(DAY + HOUR + 3).await, ["7", "8"]);
    assert!(!ledger.has_gathered().await.unwrap());
    assert_eq!(admit(&ledger, "file-failed", "7", DAY + 2 * HOUR).await, Admission::Known);
}

#[tokio::test]
async fn what_was_told_in_a_turn_that_was_dropped_is_told_anew() {
    let (_folder, ledger) = ledger().await;
    let notice = Notice { kind: "k".into(), about: "a".into(), subject: "s".into(), paragraphs: vec![] };
    let mut turn = ledger.begin_notices(DAY).await.unwrap();
    assert_eq!(turn.admit(&notice).await.unwrap(), Admission::Tell);
    drop(turn);
    assert_eq!(admit(&ledger, "k", "a", DAY).await, Admission::Tell);
}

#[tokio::test]
async fn a_message_that_was_on_its_way_is_known_as_such_until_it_came_back() {
    let (_folder, ledger) = ledger().await;
    ledger.begin_notices(0).await.unwrap().commit(&[mail("1@x")]).await.unwrap();
    let handed = async || ledger.due(100, &[], 1).await.unwrap()[0].handed_at;
    assert_eq!(handed().await, None);
    ledger.leaves(1, 7).await.unwrap();
    ledger.leaves(1, 9).await.unwrap();
    assert_eq!(handed().await, Some(7), "since the first time");
    ledger.came_back(1).await.unwrap();
    assert_eq!(handed().await, None);
}

#[tokio::test]
async fn a_message_that_a_wrong_clock_put_off_is_due() {
    let (_folder, ledger) = ledger().await;
    ledger.begin_notices(400 * DAY).await.unwrap().commit(&[mail("1@x")]).await.unwrap();
    assert_eq!(ledger.due(DAY, &[], 1).await.unwrap().len(), 1);
    let wait = OutboxStep::RetryAt { at: DAY + HOUR, reason: String::new(), waits: Waits::ForItsHour };
    ledger.record_outcome(1, &wait, DAY).await.unwrap();
    assert!(ledger.due(DAY, &[], 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_relay_that_works_again_makes_due_what_waits_for_it_alone() {
    let (_folder, ledger) = ledger().await;
    ledger.begin_notices(0).await.unwrap().commit(&["1@x", "2@x", "3@x"].map(mail)).await.unwrap();
    let retry = |waits| OutboxStep::RetryAt { at: HOUR, reason: String::new(), waits };
    ledger.record_outcome(1, &retry(Waits::ForRelay), 0).await.unwrap();
    ledger.record_outcome(2, &retry(Waits::ForItsHour), 0).await.unwrap();
    let refused = OutboxStep::Pause { until: HOUR, reason: String::new() };
    ledger.record_outcome(3, &refused, 0).await.unwrap();
    let due = async || ledger.due(1, &[], 9).await.unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert!(due().await.is_empty());
    ledger.make_due(1).await.unwrap();
    assert_eq!(due().await, [1, 3]);
    ledger.record_outcome(1, &retry(Waits::ForItsHour), 1).await.unwrap();
    ledger.make_due(1).await.unwrap();
    assert_eq!(due().await, [3], "it waited for the relay before, and does no more");
}

#[tokio::test]
async fn merged_messages_wait_no_more_and_one_that_perhaps_arrived_is_not_merged() {
    let (_folder, ledger) = ledger().await;
    let mails = ["1@x", "2@x", "3@x", "4@x"].map(|id| Notification { kind: Kind::Alert, ..mail(id) });
    ledger.begin_notices(0).await.unwrap().commit(&mails).await.unwrap();
    ledger.leaves(2, 1).await.unwrap();
    let recipients = ledger.crowded_recipients().await.unwrap();
    assert_eq!(recipients.len(), 1);
    let ids = async |after, bytes| {
        let rows = ledger.waiting_for(&recipients[0], after, bytes).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(0, 1 << 20).await, [1, 3, 4]);
    assert_eq!(ids(0, 1).await, [1], "one at least");
    assert_eq!(ids(1, 1 << 20).await, [3, 4]);
    let into = Notification { kind: Kind::Alert, ..mail("5@x") };
    assert!(ledger.merge(&[1, 2], &into, 5).await.is_err());
    assert_eq!(ids(0, 1 << 20).await, [1, 3, 4], "all or nothing");
    ledger.merge(&[1, 3], &into, 5).await.unwrap();
    let waiting: Vec<String> =
        ledger.due(9, &[], 9).await.unwrap().into_iter().map(|row| row.notification.message_id).collect();
    assert_eq!(waiting, ["2@x", "4@x", "5@x"]);
    assert!(!ledger.requeue(1, 9).await.unwrap(), "what went along is not sent again");
}
