//! Watchlists under the daemon: the last good version is kept, a list that shrank waits for the operator, and what is new is
//! marked.

use crate::bench::{Bench, HEADER, hit, subject};
use crate::commands::{printed, tidewaiter};
use tidewaiter::daemon::lists::{self, ListStates};
use tidewaiter::ledger::Ledger;

const LISTED: &str = "\
title: A listed party
id: listed-party
level: critical
detection:
  party:
    any_party|listed: firms
  condition: party
";

/// A table of so many made-up firms; the consignee of the test records is the last one.
fn firms(count: usize) -> String {
    let rows: String = (1..count).map(|n| format!("f{n},Sample Works Number {n}\n")).collect();
    format!("id,name\n{rows}kret,АО «КРЭТ»\n")
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("rules/listed.yaml", LISTED);
    bench.write("rules/watchlists/firms.csv", firms(100));
    bench.run();
    bench
}

fn on_ledger<T>(bench: &Bench, work: impl AsyncFn(&Ledger) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { work(&Ledger::open(&bench.config().ledger).await.unwrap()).await })
}

fn states(bench: &Bench) -> ListStates {
    on_ledger(bench, async |ledger| lists::states(ledger).await.unwrap())
}

/// Drops a record of the listed consignee; whether the rule fired for it.
fn fires(bench: &Bench, number: u32) -> bool {
    let told =
        || bench.mails_to("analyst@example.org").iter().filter(|mail| subject(mail).contains("A listed party")).count();
    let before = told();
    bench.write("drop/export.csv", format!("{HEADER}{}", hit(number)));
    bench.run();
    told() > before
}

#[test]
fn a_list_that_lost_more_than_a_fifth_is_held_across_restarts_until_it_is_accepted() {
    let bench = bench();
    assert!(fires(&bench, 1));
    let small: String = firms(100).lines().take(41).map(|line| format!("{line}\n")).collect();
    bench.write("rules/watchlists/firms.csv", &small);
    assert!(fires(&bench, 2), "the old list stays in force");
    assert!(fires(&bench, 3), "after a restart too");
    let told = bench.mails_to("ops@example.org");
    assert_eq!(told.len(), 1, "told once");
    assert_eq!(subject(&told[0]), "watchlist firms has shrunk from 100 to 40 entities and is held");
    let held = states(&bench)["firms"].held.clone().unwrap();
    assert_eq!(held.entities, 40);

    on_ledger(&bench, async |ledger| lists::accept(ledger, "firms", &held).await.unwrap());
    assert!(!fires(&bench, 4), "the new list does not have the firm");
    let state = states(&bench).remove("firms").unwrap();
    assert_eq!((state.held, state.in_force.entities), (None, 40));
}

#[test]
fn a_list_that_is_cut_off_is_told_and_its_last_good_version_goes_on() {
    let bench = bench();
    let ftm: String = (0..50)
        .map(|n| {
            format!("{{\"id\":\"m{n}\",\"schema\":\"Company\",\"properties\":{{\"name\":[\"Made-up Works {n}\"]}}}}\n")
        })
        .chain(["{\"id\":\"k\",\"schema\":\"Company\",\"properties\":{\"name\":[\"AO KRET\"]}}\n".to_owned()])
        .collect();
    bench.write("rules/watchlists/more.ftm.json", &ftm);
    bench.write("rules/listed.yaml", LISTED.replace("listed: firms", "listed: more"));
    assert!(fires(&bench, 1));
    bench.write("rules/watchlists/more.ftm.json", &ftm[..ftm.len() - 30]);
    assert!(fires(&bench, 2), "the last good list goes on");
    let told = bench.mails_to("ops@example.org");
    assert_eq!(told.len(), 1);
    assert!(subject(&told[0]).contains("more.ftm.json:51:1"), "{}", subject(&told[0]));
}

#[test]
fn entities_that_an_earlier_version_did_not_have_are_marked_as_new() {
    let bench = bench();
    assert!(states(&bench)["firms"].new.is_empty(), "the first version is not news");
    bench.write("rules/watchlists/firms.csv", firms(102));
    bench.run();
    let state = states(&bench).remove("firms").unwrap();
    let new: Vec<&str> = state.new.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(new, ["f100", "f101"]);
    assert_eq!((state.in_force.entities, state.previous.unwrap().entities), (102, 100));
}

#[test]
fn copies_of_lists_are_kept_for_the_version_in_force_and_the_one_before() {
    let bench = bench();
    for count in [101, 102, 103, 104] {
        bench.write("rules/watchlists/firms.csv", firms(count));
        bench.run();
    }
    let copies = std::fs::read_dir(bench.path("state/watchlists")).unwrap().count();
    assert_eq!(copies, 3, "two of firms.csv and one of seed.yaml");
}

fn said(bench: &Bench, arguments: &[&str]) -> serde_json::Value {
    let arguments: Vec<&str> = ["watchlist"].iter().chain(arguments).chain(&["--json"]).copied().collect();
    serde_json::from_str(&printed(&tidewaiter(&bench.path(""), &arguments).success())).unwrap()
}

#[test]
fn the_command_lists_shows_compares_and_accepts() {
    let bench = bench();
    assert_eq!(said(&bench, &["list"])[0]["entities"], 100);
    assert!(said(&bench, &["diff", "firms"]).is_null(), "nothing to compare yet");
    let small: String = firms(100).lines().take(41).map(|line| format!("{line}\n")).collect();
    bench.write("rules/watchlists/firms.csv", small.replace("Number 5\n", "Number Five\n") + "z,Other Works\n");
    bench.run();
    let listed = said(&bench, &["list"]);
    assert_eq!((&listed[0]["entities"], &listed[0]["held"]), (&100.into(), &41.into()), "{listed}");
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("watchlist firms has shrunk to 41 entities and is held"), "{status}");
    let kret = said(&bench, &["show", "firms", "kret"]);
    assert_eq!((&kret["name"], &kret["same_as"][0]), (&"АО «КРЭТ»".into(), &serde_json::Value::Null));
    let shown = printed(&tidewaiter(&bench.path(""), &["watchlist", "show", "seed", "AO KRET"]).success());
    assert!(shown.contains("AO KRET —subsidiary, share unknown (EU Reg 269/2014"), "{shown}");
    let difference = said(&bench, &["diff", "firms"]);
    assert_eq!(difference["went"].as_array().unwrap().len(), 60);
    assert_eq!(difference["came"][0]["id"], "z");
    assert_eq!(
        difference["changed"],
        serde_json::json!([{"id": "f5", "name": "Sample Works Number Five", "fields": ["name"]}])
    );
    tidewaiter(&bench.path(""), &["watchlist", "accept", "firms"]).success();
    bench.run();
    assert_eq!(said(&bench, &["list"])[0]["entities"], 41);
    let difference = said(&bench, &["diff", "firms"]);
    assert_eq!(difference["new"][0]["id"], "z");
    for (arguments, hint) in [
        (["watchlist", "show", "firm"].as_slice(), "did you mean `firms`"),
        (&["watchlist", "show", "firms", "fz5"], "has no entity `fz5`"),
        (&["watchlist", "accept", "firms"], "no version of `firms` is held"),
    ] {
        let failed = tidewaiter(&bench.path(""), arguments).code(2);
        let told = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert!(told.contains(hint), "{told}");
    }
}
