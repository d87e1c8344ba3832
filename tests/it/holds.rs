//! Files that somebody must look at: held, told of, released or set aside; and what a file's columns cannot answer.

use tidewaiter::ledger::{FileRow, FileState, Ledger};

use crate::bench::{Bench, HEADER, RULE, hit, quiet};
use crate::commands::{printed, tidewaiter};

const DOUBTFUL: &str = "declaration,item,date,consignor,consignee,hs,goods,usd\n\
    D-1,1,24/10/2022,A,B,85,x,1\nD-2,1,10/24/2022,A,B,85,x,1\n";

fn files(bench: &Bench) -> Vec<FileRow> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { Ledger::open(&bench.config().ledger).await.unwrap().files(100).await.unwrap() })
}

fn state_of(bench: &Bench, name: &str) -> FileState {
    files(bench).iter().find(|row| row.name == name).unwrap().state
}

fn told(bench: &Bench) -> Vec<String> {
    bench.mails_to("ops@example.org")
}

fn body(mail: &str) -> String {
    mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap().body_text(0).unwrap().into_owned()
}

fn without(heading: &str, lines: &str) -> String {
    let place = HEADER.trim_end().split(',').position(|name| name == heading).unwrap();
    let cut = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[..place], &cells[place + 1..]].concat().join(",")
    };
    lines.lines().map(|line| cut(line) + "\n").collect()
}

#[test]
fn a_column_that_a_rule_reads_and_that_went_away_holds_the_file_and_names_the_rule() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    bench.write("drop/november.csv", without("consignee", &format!("{HEADER}{}", hit(2))));
    bench.run();
    assert_eq!(state_of(&bench, "november.csv"), FileState::Held);
    let mail = body(&told(&bench)[0]);
    for part in ["consignee.name (read by su-35)", "nobody was told anything", "tidewaiter release november.csv"] {
        assert!(mail.contains(part), "{part} in:\n{mail}");
    }
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "nothing of November is told");

    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("held until you say") && status.contains("read by su-35"), "{status}");

    bench.write("drop/december.csv", without("consignor", &format!("{HEADER}{}", hit(3))));
    bench.run();
    assert_eq!(state_of(&bench, "december.csv"), FileState::Done, "no rule reads the consignor");
}

#[test]
fn a_heading_that_a_rule_reads_raw_is_missed_as_well() {
    let bench = Bench::new();
    bench.write("rules/berth.yaml", "title: B\nid: berth\ndetection:\n  s: {raw.Berth: 7}\n  condition: s\n");
    let with_berth = |line: String| line.replace('\n', ",7\n");
    let header = HEADER.replace('\n', ",Berth\n");
    bench.write("drop/october.csv", format!("{header}{}", with_berth(quiet(1))));
    bench.run();
    bench.write("drop/november.csv", format!("{HEADER}{}", quiet(2)));
    bench.run();
    assert_eq!(state_of(&bench, "november.csv"), FileState::Held);
    assert!(body(&told(&bench)[0]).contains("raw.berth (read by berth)"), "{}", body(&told(&bench)[0]));
}

#[test]
fn a_released_file_is_told_under_a_banner_and_a_discarded_one_goes_to_failed_untold() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let changed = |declaration: u32| without("hs", &format!("{HEADER}{}", hit(declaration)));
    let rule = RULE.replace("  condition: goods and", "  toys: {hs_code: 9503}\n  condition: not toys and goods and");
    bench.write("rules/su-35.yaml", rule);
    bench.write("drop/november.csv", changed(2));
    bench.run();
    bench.write("drop/december.csv", changed(3));
    bench.run();

    let released = tidewaiter(&bench.path(""), &["release", "drop/november.csv", "--json"]).success();
    let released: serde_json::Value = serde_json::from_str(&printed(&released)).unwrap();
    assert_eq!((&released["done"], &released["name"]), (&"released".into(), &"november.csv".into()));
    tidewaiter(&bench.path(""), &["discard", "december.csv"]).success();
    bench.run();
    assert_eq!(state_of(&bench, "november.csv"), FileState::Done);
    let mails = bench.mails_to("analyst@example.org");
    assert_eq!(mails.len(), 2);
    let banner = mails.iter().map(|mail| body(mail)).find(|mail| mail.contains("held and then released"));
    assert!(banner.unwrap().contains("hs_code (read by su-35)"));
    assert!(bench.path("drop/.tidewaiter/failed/december.csv").exists());
    assert!(bench.path("drop/.tidewaiter/failed/december.csv.error.json").exists());
}

#[test]
fn a_file_that_may_be_misread_is_held_with_advice_and_read_anew_when_released() {
    let bench = Bench::new();
    bench.write("drop/october.csv", DOUBTFUL);
    bench.run();
    assert_eq!(state_of(&bench, "october.csv"), FileState::Held);
    let mail = body(&told(&bench)[0]);
    for part in ["row 3", "10/24/2022", "What to do:", "tidewaiter release october.csv"] {
        assert!(mail.contains(part), "{part} in:\n{mail}");
    }
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("mend the export"), "the advice is in the status: {status}");

    tidewaiter(&bench.path(""), &["release", "october.csv"]).success();
    bench.run();
    assert_eq!(state_of(&bench, "october.csv"), FileState::Held, "nothing was mended");
    assert_eq!(told(&bench).len(), 1, "the same is told once a day");
}

#[test]
fn a_name_that_several_files_have_is_chosen_by_number() {
    let bench = Bench::new();
    for number in 1..=2 {
        bench.write("drop/october.csv", format!("nothing,known{number}\n1,2\n"));
        bench.run();
    }
    let told = tidewaiter(&bench.path(""), &["retry", "october.csv"]).code(2);
    let told = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(told.contains("several files named october.csv are failed"), "{told}");
    let first = files(&bench).iter().map(|row| row.id).min().unwrap().to_string();
    assert!(told.contains(&format!("  {first}  2")), "{told}");
    tidewaiter(&bench.path(""), &["retry", &first]).success();
    tidewaiter(&bench.path(""), &["retry", &first]).code(2);
    tidewaiter(&bench.path(""), &["retry", "october.csv"]).success();
    tidewaiter(&bench.path(""), &["release", "october.csv"]).code(2);
}

#[test]
fn rejected_rows_lie_beside_the_file_and_run_in_no_spreadsheet() {
    let bench = Bench::new();
    let wide = "=cmd|' /C calc'!A0,1,2022-10-24,A,B,85,x,1,one,two\n";
    bench.write("drop/october.csv", format!("{HEADER}{}{wide}", hit(1)));
    bench.run();
    let month = jiff::Timestamp::now().strftime("%Y/%m").to_string();
    let beside = bench.path(&format!("drop/.tidewaiter/done/{month}/october.csv.rejected.csv"));
    let rejected = std::fs::read_to_string(beside).unwrap();
    assert!(rejected.contains("the row has 10 cells under 8 headings") && rejected.contains("'=cmd"), "{rejected}");
    assert!(body(&bench.mails_to("analyst@example.org")[0]).contains("1 record, 1 row rejected"));
    let status: serde_json::Value =
        serde_json::from_str(&printed(&tidewaiter(&bench.path(""), &["status", "--json"]).success())).unwrap();
    assert_eq!(status["files"][0]["rejects"], 1);
}

#[test]
fn a_rule_that_asks_what_a_file_has_not_is_not_applicable_and_not_merely_quiet() {
    let bench = Bench::new();
    let chips = "title: C\nid: chips\nlevel: critical\ndetection:\n  s: {hs_code: 8541}\n  condition: s\n";
    let either = "title: E\nid: either\nlevel: critical\ndetection:\n  a: {hs_code: 8541}\n  b: {brand: x}\n  condition: a or b\n";
    let missing = "title: M\nid: no-brand\nlevel: critical\ndetection:\n  a: {hs_code: 8541}\n  b: {brand: null}\n  condition: a and b\n";
    bench.write("rules/chips.yaml", format!("{chips}---\n{either}---\n{missing}"));
    bench.write("totals.csv", "hs,usd\n854110,7\n847130,8\n");
    let scanned = tidewaiter(&bench.path(""), &["scan", "totals.csv"]).success();
    let told = String::from_utf8_lossy(&scanned.get_output().stderr).into_owned();
    let expected =
        "1 rule is not applicable to this file: it has no consignee, buyer, notify_party or description (su-35)";
    assert!(told.contains(expected), "{told}");
    let found = printed(&scanned);
    for fired in ["chips", "either", "no-brand"] {
        assert!(found.contains(fired), "{fired}: {found}");
    }
    bench.write("drop/totals.csv", "hs,usd\n854110,7\n847130,8\n");
    bench.run();
    let mail = bench.mails_to("analyst@example.org").iter().map(|mail| body(mail)).next().unwrap();
    let mail = mail.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(mail.contains("1 rule is not applicable to this file"), "{mail}");
    assert!(bench.mails_to("ops@example.org").is_empty());
}
