//! When what is told: at the end of the file, together, in a digest, later or not at all; and nothing is dropped unseen.

use crate::bench::{Bench, HEADER, RULE, hit, quiet, subject};
use crate::commands::{printed, tidewaiter};

const SECOND: &str = "\
title: Aircraft parts
id: parts
level: critical
description: Parts of aircraft.
detection:
  goods:
    hs_code|hs: '8807'
  condition: goods
";

fn at_level(level: &str) -> Bench {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", RULE.replace("critical", level));
    bench
}

fn status(bench: &Bench) -> serde_json::Value {
    serde_json::from_str(&printed(&tidewaiter(&bench.path(""), &["status", "--json"]).success())).unwrap()
}

fn analyst(bench: &Bench) -> Vec<String> {
    bench.mails_to("analyst@example.org")
}

#[test]
fn all_that_a_file_tells_at_its_end_is_one_mail() {
    let bench = Bench::new();
    bench.write("rules/parts.yaml", SECOND);
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let mails = analyst(&bench);
    assert_eq!(mails.len(), 1);
    assert!(subject(&mails[0]).ends_with(", and 1 more rule"), "{}", subject(&mails[0]));
    assert!(
        mails[0].contains("X-Tidewaiter-Rule: parts, su-35") || mails[0].contains("X-Tidewaiter-Rule: su-35, parts")
    );
}

#[test]
fn what_several_files_raise_at_level_high_is_one_mail_when_they_are_over() {
    let bench = at_level("high");
    for n in 1..4 {
        bench.write(&format!("drop/{n}.csv"), format!("{HEADER}{}", hit(n)));
    }
    bench.run();
    let mails = analyst(&bench);
    assert_eq!(mails.len(), 1);
    assert!(subject(&mails[0]).contains("3 records"), "{}", subject(&mails[0]));
}

#[test]
fn what_waits_for_its_hour_is_counted() {
    let bench = at_level("medium");
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert!(bench.mails().is_empty());
    assert_eq!(status(&bench)["untold"]["waiting"], 1);
    bench.write("rules/su-35.yaml", RULE.replace("critical", "medium") + "alert: { send: file }\n");
    bench.write("drop/november.csv", format!("{HEADER}{}", hit(2)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 1, "the rule says itself when it is told");
    assert_eq!(status(&bench)["untold"]["waiting"], 1);
}

#[test]
fn a_run_until_idle_ends_while_a_digest_waits_for_the_limit_of_the_day() {
    let bench = at_level("medium");
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", format!("{config}telling: {{ per_day: 1 }}\n"));
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    // The hour of the digest has come, and its reader has had his mail of the day.
    let now = jiff::Timestamp::now().as_microsecond();
    let letter = format!(
        "INSERT INTO letter (message_id, recipient, lane, local_date, level, made_at) VALUES ('a@b', 'analyst@example.org', 'file', NULL, 3, {now})"
    );
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        sqlx::any::install_default_drivers();
        let path = bench.config().ledger;
        let pool = sqlx::AnyPool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        for sql in [letter.as_str(), "UPDATE telling SET due_at = 1"] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
        }
        pool.close().await;
    });
    bench.run();
    assert!(bench.mails().is_empty());
    assert_eq!(status(&bench)["untold"]["waiting"], 1);
}

#[test]
fn a_silenced_finding_is_recorded_counted_and_not_told() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let until = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(240)).unwrap();
    let until = until.strftime("%Y-%m-%d").to_string();
    let folder = bench.path("");
    let add = |rest: &[&str]| {
        let always = ["silence", "add", "--author", "me@example.org", "--reason", "known", "--until"];
        tidewaiter(&folder, &[&always[..], &[until.as_str()], rest].concat())
    };
    let said = printed(&add(&["--rule", "su-35", "--field", "consignee.name=ао «крэт»"]).success());
    assert!(said.contains("it would have covered 1 of 1 finding of the last 30 days"), "{said}");
    for (wrong, says) in [
        (vec!["--rule", "su-53"], "did you mean `su-35`?"),
        (vec!["--field", "consinee.name=x"], "did you mean `consignee.name`?"),
        (vec!["--field", "consinee=x"], "did you mean `consignee`?"),
        (vec!["--field", "origin_country=Chyna"], "Chyna"),
        (vec!["--source", "nowhere"], "no source `nowhere`"),
        (vec![], "say what to silence"),
    ] {
        let said = String::from_utf8_lossy(&add(&wrong).code(2).get_output().stderr).into_owned();
        assert!(said.contains(says), "{said}");
    }
    bench.write("drop/november.csv", format!("{HEADER}{}", hit(2)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 1, "the second is not told");
    let shown = status(&bench);
    assert_eq!((&shown["findings"], &shown["untold"]["silenced"]), (&2.into(), &1.into()));
    let list = printed(&tidewaiter(&folder, &["silence", "list"]).success());
    assert!(list.contains("rule su-35, consignee.name = ао «крэт»") && list.contains("1 finding;"), "{list}");
    tidewaiter(&folder, &["silence", "end", "1"]).success();
    tidewaiter(&folder, &["silence", "end", "1"]).code(2);
    bench.write("drop/december.csv", format!("{HEADER}{}", hit(3)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 2, "the third is");
    let summary = bench.mails_to("me@example.org");
    assert!(subject(&summary[0]).starts_with("silence 1 is over"), "{}", subject(&summary[0]));
}

#[test]
fn a_silence_covers_what_a_rule_with_its_field_would_find_and_says_when_that_is_nothing() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let until = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(240)).unwrap();
    let until = until.strftime("%Y-%m-%d").to_string();
    let add = |field: &str| {
        let rest = ["--field", field, "--author", "me@example.org", "--reason", "known", "--until", &until];
        let config = bench.path("tidewaiter.yaml");
        let (before, after) = (["silence", "add"], ["-c", config.to_str().unwrap()]);
        printed(&tidewaiter(&bench.path(""), &[&before[..], &rest, &after].concat()).success())
    };
    let said = add("raw.NOSUCH=1");
    let warns = "warning: it would have covered none of 1 finding of the last 30 days, none of which has raw.NOSUCH";
    assert!(said.contains(warns), "{said}");
    let said = add("hs_code=8806");
    assert!(said.contains("covered none of 1 finding of the last 30 days; if that is not what you mean"), "{said}");
    for (number, field) in
        ["any_recipient=KRET", "raw.GOODS=*СУ-35", "value_usd=1,200,000", "declaration_date=24.10.2022"]
            .iter()
            .enumerate()
    {
        let said = add(field);
        assert!(said.contains("it would have covered ") && !said.contains("none"), "{field}: {said}");
        bench.write("drop/november.csv", format!("{HEADER}{}", hit(10 + number as u32)));
        bench.run();
        assert_eq!(analyst(&bench).len(), 1, "{field}");
        let number = (number + 3).to_string();
        tidewaiter(&bench.path(""), &["silence", "end", &number]).success();
    }
    bench.write("drop/december.csv", format!("{HEADER}{}", hit(99)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 2, "what covers nothing silences nothing");
}

/// An export of 500 records of which too many fire.
pub fn storm(bench: &Bench, first: u32) {
    let lines: Vec<String> = (first..first + 500).map(|n| if n % 4 == 0 { hit(n) } else { quiet(n) }).collect();
    bench.write(&format!("drop/storm-{first}.csv"), format!("{HEADER}{}", lines.concat()));
}

#[test]
fn a_storm_is_held_and_the_operators_decide() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", RULE.to_owned() + "alert: { owner: jane@example.org }\n");
    storm(&bench, 0);
    bench.run();
    assert!(analyst(&bench).is_empty());
    for person in ["ops@example.org", "jane@example.org"] {
        let told = bench.mails_to(person);
        assert_eq!(subject(&told[0]), "storm held: Su-35 parts to Rostec: 125 findings", "{person}");
    }
    let shown = status(&bench);
    assert_eq!((&shown["untold"]["storm"], &shown["storms"][0]["rule"]), (&125.into(), &"su-35".into()));

    tidewaiter(&bench.path(""), &["release", "su-35"]).success();
    bench.run();
    let mails = analyst(&bench);
    assert!(mails.len() == 1 && subject(&mails[0]).contains("125 records"), "{:?}", mails.first().map(|m| subject(m)));
    assert!(mails[0].contains("NOTE: Held as a storm since "), "{}", mails[0]);

    storm(&bench, 1000);
    bench.run();
    tidewaiter(&bench.path(""), &["discard", "su-35"]).success();
    tidewaiter(&bench.path(""), &["discard", "su-35"]).code(2);
    bench.run();
    assert_eq!(analyst(&bench).len(), 1);
    let shown = status(&bench);
    assert_eq!((&shown["untold"]["discarded"], &shown["untold"]["storm"]), (&125.into(), &serde_json::Value::Null));
}

#[test]
fn the_configuration_says_what_a_storm_is() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config + "telling: { storm: { share: 25% } }\n");
    storm(&bench, 0);
    bench.run();
    assert!(subject(&analyst(&bench)[0]).contains("125 records"), "a quarter is not more than a quarter");
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace("share: 25%", "findings: 124, share: 100%"));
    storm(&bench, 1000);
    bench.run();
    assert_eq!((analyst(&bench).len(), &status(&bench)["untold"]["storm"]), (1, &125.into()));
}

#[test]
fn history_that_is_loaded_is_one_summary_of_a_digest_and_no_storm() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace("folder: drop,", "folder: drop, backfill: true,"));
    storm(&bench, 0);
    bench.run();
    assert!(bench.mails().is_empty());
    let shown = status(&bench);
    assert_eq!((&shown["findings"], &shown["untold"]["waiting"]), (&125.into(), &125.into()));
}

#[test]
fn sources_that_hold_the_same_records_tell_them_once_and_a_source_may_name_its_key() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    let sources = "identity: both, folder: drop,";
    let second = "  - { name: more, identity: both, folder: more, settle_for: 1ms, scan_every: 50ms }\n  \
                  - { name: own, record_key: [consignee.name], folder: own, settle_for: 1ms, scan_every: 50ms }\nmail:";
    bench.write("tidewaiter.yaml", config.replace("folder: drop,", sources).replace("mail:", second));
    std::fs::create_dir_all(bench.path("own")).unwrap();
    std::fs::create_dir_all(bench.path("more")).unwrap();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 1);
    bench.write("more/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 1, "the other source has told it");
    bench.write("own/a.csv", format!("{HEADER}{}", hit(3)));
    bench.run();
    bench.write("own/b.csv", format!("{HEADER}{}", hit(4)));
    bench.run();
    assert_eq!(analyst(&bench).len(), 2, "another declaration, and the same consignee");
}
