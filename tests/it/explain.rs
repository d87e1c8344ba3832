//! `explain` for one record and for a whole file, as an analyst reads it.

use crate::bench::{Bench, HEADER, hit, quiet};
use crate::commands::{printed, tidewaiter};

const RULE: &str = "\
title: Su-35 parts to Rostec
id: su-35
level: critical
detection:
  goods:
    description: [Su-35*, radar ... antenna]
  to_rostec:
    any_recipient|owned_by: Rostec
  dear:
    value_usd|gte: 1M
  toys:
    hs_code: 9503
  condition: goods and to_rostec and dear and not toys
";

/// A line with its own goods, consignee and value.
fn line(number: u32, goods: &str, consignee: &str, value: &str) -> String {
    format!("D-{number},1,2022-10-24,AVIC,{consignee},8807300000,{goods},{value}\n")
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", RULE);
    let near = [
        line(3, "PUMP SU-350", "АО «КРЭТ»", "1200000"),
        line(4, "СУ-35", "АО «КРЭД»", "1200000"),
        line(5, "СУ-35", "АО «КРЭТ»", "999000"),
        line(6, "BOLTS", "SOMEBODY", "5"),
    ];
    bench.write("e.csv", format!("{HEADER}{}{}{}", hit(1), quiet(2), near.concat()));
    bench
}

#[test]
fn a_record_is_explained_selection_by_selection_with_what_is_in_the_way() {
    let bench = bench();
    let told = printed(&tidewaiter(&bench.path(""), &["explain", "su-35", "e.csv:5"]).success());
    insta::assert_snapshot!(told);
    let fires = printed(&tidewaiter(&bench.path(""), &["explain", "su-35", "e.csv:2"]).success());
    assert!(fires.starts_with("e.csv row 2: su-35 fires\n"), "{fires}");
    let json = printed(&tidewaiter(&bench.path(""), &["explain", "su-35", "e.csv:6", "--json"]).success());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["missing"], serde_json::json!([{ "selection": "dear", "should_hold": true }]));
    assert_eq!(json["selections"][2]["answer"]["near"], "1000 too little");
}

#[test]
fn of_a_whole_file_the_records_that_came_nearest_are_shown() {
    let bench = bench();
    let told =
        printed(&tidewaiter(&bench.path(""), &["explain", "su-35", "e.csv", "--why-not", "--top", "3"]).success());
    insta::assert_snapshot!(told);
    let json = printed(&tidewaiter(&bench.path(""), &["explain", "su-35", "e.csv", "--why-not", "--json"]).success());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["records"], &json["fires"]), (&6.into(), &1.into()));
    assert_eq!(json["nearest"].as_array().unwrap().len(), 5);
}

#[test]
fn a_place_without_a_row_says_what_to_write() {
    let bench = bench();
    let output = tidewaiter(&bench.path(""), &["explain", "su-35", "e.csv"]).code(2).get_output().clone();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("e.csv:17") && told.contains("--why-not"), "{told}");
}

#[test]
fn a_name_that_is_asked_for_with_a_slip_is_almost_the_one_in_the_record() {
    let bench = bench();
    let rule = "title: Avic\nid: avic\ndetection: {from: {consignor: AVIX}, condition: from}\n";
    bench.write("rules/avic.yaml", rule);
    let told = printed(&tidewaiter(&bench.path(""), &["explain", "avic", "e.csv:4"]).success());
    assert!(told.contains("near: the name is almost the one asked for (0.8"), "{told}");
}
