//! Files that somebody must look at: held, told of, released or set aside; and what a file's columns cannot answer.

use tidewaiter::ledger::{FileChange, FileRow, FileState, Ledger};

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

/// The text of a mail without its line breaks.
fn in_one_line(mail: &str) -> String {
    body(mail).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_column_that_a_rule_reads_and_that_went_away_holds_the_file_and_names_the_rule() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    bench.write("drop/november.csv", without("consignee", &format!("{HEADER}{}", hit(2))));
    bench.run();
    assert_eq!(state_of(&bench, "november.csv"), FileState::Held);
    let mail = in_one_line(&told(&bench)[0]);
    let release = &bench.typed("release", "november.csv");
    for part in ["consignee.name (read by su-35)", "nobody was told anything", release] {
        assert!(mail.contains(part), "{part} in:\n{mail}");
    }
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "nothing of November is told");

    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    let typed = "tidewaiter release november.csv, or tidewaiter discard november.csv";
    for part in ["is held, and goes out under a banner on", "read by su-35", typed] {
        assert!(status.contains(part), "{part} in:\n{status}");
    }

    bench.write("drop/december.csv", without("consignor", &format!("{HEADER}{}", hit(3))));
    bench.run();
    assert_eq!(state_of(&bench, "december.csv"), FileState::Done, "no rule reads the consignor");
}

#[test]
fn a_file_without_records_is_held_where_every_file_had_some() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", quiet(1)));
    bench.run();
    bench.write("drop/november.csv", format!("{HEADER}\n"));
    bench.run();
    assert_eq!(state_of(&bench, "november.csv"), FileState::Held);
    assert!(body(&told(&bench)[0]).contains("it has no record, and every file of this source before it had some"));
    tidewaiter(&bench.path(""), &["release", "november.csv"]).success();
    bench.run();
    assert_eq!(state_of(&bench, "november.csv"), FileState::Done);
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("without any record, the last with records "), "{status}");
    bench.write("drop/december.csv", HEADER);
    bench.run();
    assert_eq!(state_of(&bench, "december.csv"), FileState::Done, "empty ones come from this source");
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
    let mail = in_one_line(&told(&bench)[0]);
    for part in ["row 3", "10/24/2022", "What to do:", &bench.typed("release", "october.csv")] {
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

/// Rows of which some have cells beyond the header.
fn ragged(whole: u32, ragged: u32) -> String {
    let rows: String = (1..=whole).map(hit).collect();
    let wide: String = (0..ragged).map(|number| format!("R-{number},1,2022-10-24,A,B,85,x,1,one,two\n")).collect();
    format!("{HEADER}{rows}{wide}")
}

fn json(bench: &Bench, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&printed(&tidewaiter(&bench.path(""), arguments).success())).unwrap()
}

/// As if the time at which a held file goes on had come.
fn a_day_passes(bench: &Bench, name: &str) {
    let row = files(bench).into_iter().find(|row| row.name == name).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&bench.config().ledger).await.unwrap();
        let due = FileChange { state: row.state, problem: row.problem, moved_to: None, look_again_at: Some(1) };
        ledger.set_file(row.id, &due, 1).await.unwrap();
    });
}

#[test]
fn a_file_of_which_a_fifth_is_rejected_is_held_and_goes_out_under_a_banner_after_a_day() {
    let bench = Bench::new();
    bench.write("drop/few.csv", ragged(30, 19));
    bench.run();
    assert_eq!(state_of(&bench, "few.csv"), FileState::Done, "nineteen are not twenty");
    bench.write("drop/part.csv", ragged(81, 20));
    bench.run();
    assert_eq!(state_of(&bench, "part.csv"), FileState::Done, "less than a fifth");
    let before = bench.mails_to("analyst@example.org").len();
    bench.write("drop/many.csv", ragged(70, 20).replace("D-", "E-"));
    bench.run();
    assert_eq!(state_of(&bench, "many.csv"), FileState::Held);
    assert_eq!(bench.mails_to("analyst@example.org").len(), before);
    let why = "20 of 90 rows could not be read as records (mostly: the row has 10 cells under 8 headings, 20 times, \
               first in row 72)";
    let mail = in_one_line(&told(&bench)[0]);
    for part in [why, "its rejected rows in", &bench.typed("discard", "many.csv"), "After 24 hours"] {
        assert!(mail.contains(part), "{part} in:\n{mail}");
    }
    let status = json(&bench, &["status", "--json"]);
    assert_eq!(status["open_files"][0]["problem"]["message"], why);
    assert!(status["open_files"][0]["look_again_at"].is_string(), "{status}");
    assert_eq!(status["wrong"][0]["do"], "tidewaiter release many.csv, or tidewaiter discard many.csv");

    a_day_passes(&bench, "many.csv");
    bench.run();
    assert_eq!(state_of(&bench, "many.csv"), FileState::Done);
    let banner = "This file was held for a day, and nobody has said whether it is right: 20 of 90 rows";
    let bodies = bench.mails_to("analyst@example.org").iter().map(|mail| body(mail)).collect::<Vec<_>>();
    let bodies = bodies.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    assert!(bodies.iter().any(|text| text.contains(banner)), "{bodies:#?}");
    assert_eq!(json(&bench, &["status", "--json"])["wrong"], serde_json::json!([]));
}

#[test]
fn what_is_discarded_while_it_is_read_is_not_told() {
    let bench = Bench::new();
    bench.write("drop/many.csv", ragged(0, 9_000) + &(1..=30_000).map(quiet).collect::<String>() + &hit(1));
    bench.run();
    assert_eq!(state_of(&bench, "many.csv"), FileState::Held);
    a_day_passes(&bench, "many.csv");
    let row = files(&bench).remove(0);
    let rejects = bench.path(&format!("drop/.tidewaiter/work/{}.rejected.csv", row.work_name));
    std::fs::remove_file(&rejects).unwrap();
    let running = bench.start();
    running.until("it is read again", || rejects.exists());
    tidewaiter(&bench.path(""), &["discard", "many.csv"]).success();
    running.until("it is put aside", || bench.path("drop/.tidewaiter/failed/many.csv").exists());
    running.stop();
    assert_eq!(state_of(&bench, "many.csv"), FileState::Failed);
    assert_eq!(bench.mails_to("analyst@example.org"), Vec::<String>::new());
}

#[test]
fn a_doubt_that_the_layout_settles_is_gone_once_the_file_is_released() {
    let bench = Bench::new();
    let layout = |mark: &str| format!("{}decimal: {mark}\n", crate::bench::LAYOUT);
    bench.write("rules/layouts/harbor.yaml", layout("comma"));
    let amounts = hit(1).replace("1200000", "\"1,200,000.50\"") + &quiet(2).replace(",100\n", ",\"1,000\"\n");
    bench.write("drop/october.csv", format!("{HEADER}{amounts}"));
    bench.run();
    assert_eq!(state_of(&bench, "october.csv"), FileState::Held);
    let held = &json(&bench, &["status", "--json"])["open_files"][0];
    assert_eq!(held["problem"]["code"], "decimal-mark");

    a_day_passes(&bench, "october.csv");
    bench.run();
    assert_eq!(state_of(&bench, "october.csv"), FileState::Held, "what may be misread does not go out by itself");

    bench.write("rules/layouts/harbor.yaml", layout("point"));
    tidewaiter(&bench.path(""), &["release", "october.csv"]).success();
    bench.run();
    assert_eq!(state_of(&bench, "october.csv"), FileState::Done);
    let mail = body(&bench.mails_to("analyst@example.org")[0]);
    assert!(!mail.contains("was held"), "it was read as it is meant: {mail}");
}

#[test]
fn a_running_daemon_takes_a_release_a_discard_and_a_retry() {
    let bench = Bench::new();
    bench.write("rules/toys.yaml", "title: T\nid: toys\ndetection:\n  s: {hs_code: 9503}\n  condition: s\n");
    bench.write("drop/first.csv", format!("{HEADER}{}", quiet(1)));
    bench.run();
    let running = bench.start();
    for (number, name) in [(2, "right.csv"), (3, "wrong.csv")] {
        bench.write(&format!("drop/{name}"), without("hs", &format!("{HEADER}{}", hit(number))));
    }
    bench.write("drop/bad.csv", "nothing,known\n1,2\n");
    let is = |name: &str, state: FileState| files(&bench).iter().any(|row| row.name == name && row.state == state);
    running.until("both are held", || is("right.csv", FileState::Held) && is("wrong.csv", FileState::Held));
    running.until("the third fails", || bench.path("drop/.tidewaiter/failed/bad.csv").exists());
    tidewaiter(&bench.path(""), &["release", "right.csv"]).success();
    tidewaiter(&bench.path(""), &["discard", "wrong.csv"]).success();
    running.until("it is released", || is("right.csv", FileState::Done));
    running.until("it is put aside", || bench.path("drop/.tidewaiter/failed/wrong.csv").exists());
    tidewaiter(&bench.path(""), &["retry", "bad.csv"]).success();
    running.until("it has failed again", || files(&bench).iter().filter(|row| row.name == "bad.csv").count() == 2);
    running.stop();
}

#[test]
fn a_failed_file_is_named_by_the_path_where_it_lies_and_a_wrong_name_says_what_became_of_it() {
    let bench = Bench::new();
    for number in 1..=2 {
        bench.write("drop/october.csv", format!("nothing,known{number}\n1,2\n"));
        bench.run();
    }
    let second = files(&bench).into_iter().max_by_key(|row| row.id).unwrap();
    let done = json(&bench, &["retry", second.moved_to.as_deref().unwrap(), "--json"]);
    assert_eq!((&done["done"], &done["id"]), (&"retried".into(), &second.id.into()));

    bench.write("drop/november.csv", format!("{HEADER}{}", quiet(1)));
    bench.run();
    let told = tidewaiter(&bench.path(""), &["release", "november.csv"]).code(2);
    let told = String::from_utf8_lossy(&told.get_output().stderr).into_owned();
    assert!(told.contains("there is no held file `november.csv`: the last one is done since"), "{told}");
}

#[test]
fn a_failed_file_has_its_reason_with_the_sheet_beside_it_and_in_the_status() {
    let bench = Bench::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("Notes").unwrap().write_string(0, 0, "remember the milk").unwrap();
    bench.write("drop/notes.xlsx", book.save_to_buffer().unwrap());
    // Workbooks are read by a child of the program.
    tidewaiter(&bench.path(""), &["run", "--until-idle"]).success();
    assert_eq!(state_of(&bench, "notes.xlsx"), FileState::Failed);
    let beside = std::fs::read_to_string(bench.path("drop/.tidewaiter/failed/notes.xlsx.error.json")).unwrap();
    let error: serde_json::Value = serde_json::from_str(&beside).unwrap();
    assert_eq!((&error["file"], &error["code"]), (&"notes.xlsx".into(), &"no-layout".into()));
    assert_eq!((&error["sheet"], &error["row"]), (&"sheet Notes".into(), &1.into()));
    assert!(error["excerpt"].as_str().unwrap().contains("remember the milk") && error["hint"].is_string(), "{error}");
    let mail = body(&told(&bench)[0]);
    assert!(mail.contains("at sheet Notes, row 1"), "{mail}");
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("tidewaiter retry notes.xlsx"), "{status}");
}

#[test]
fn a_file_that_waits_for_its_other_half_says_when_it_is_looked_at_again() {
    let bench = Bench::new();
    let book = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, format!("{HEADER}{}", hit(1)).as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    bench.write("drop/october.csv.gz", &book[..book.len() - 6]);
    let running = bench.start();
    running.until("it waits", || files(&bench).iter().any(|row| row.state == FileState::Waiting));
    running.stop();
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(
        status.contains("october.csv.gz of imports is not whole yet:") && status.contains("looked at again on"),
        "{status}"
    );
}

#[test]
fn totals_of_countries_name_the_rules_about_parties_that_they_cannot_answer() {
    let bench = Bench::new();
    let comtrade = std::fs::read_to_string("rules/layouts/comtrade.yaml").unwrap();
    bench.write("rules/layouts/comtrade.yaml", comtrade);
    let rules = [
        ("anyone", "s: {any_party|owned_by: Rostec}", "s"),
        ("street", "s: {consignee.address|contains: harbour}", "s"),
        ("detour", "s: {dispatch_country|differs: origin_country}", "s"),
        ("not-toys", "s: {hs_code: 8542}\n  toys: {description|mentions: toy}", "s and not toys"),
    ];
    for (id, selections, condition) in rules {
        let text =
            format!("title: {id}\nid: {id}\nlevel: critical\ndetection:\n  {selections}\n  condition: {condition}\n");
        bench.write(&format!("rules/{id}.yaml"), text);
    }
    bench.write(
        "drop/totals.csv",
        "period,flowCode,cmdCode,cmdDesc,primaryValue,netWgt\n202210,M,854231,Processors,9,5\n",
    );
    bench.run();
    let done = &json(&bench, &["status", "--json"])["files"][0];
    assert_eq!((&done["state"], &done["problem"]["code"]), (&"done".into(), &"not-applicable".into()));
    let told = done["problem"]["message"].as_str().unwrap();
    assert!(told.starts_with("4 rules are not applicable to this file: "), "{told}");
    for part in [
        "it has no parties (anyone)",
        "it has no consignee (street)",
        "it has no origin_country or dispatch_country (detour)",
        "it has no consignee, buyer, notify_party or description (su-35)",
    ] {
        assert!(told.contains(part), "{part} in: {told}");
    }
    let mails = bench.mails_to("analyst@example.org");
    assert_eq!(mails.len(), 1, "a filter that a file cannot answer lets everything pass");
}

#[test]
fn a_failed_file_is_spoken_of_until_it_is_dropped_again_or_set_aside_whatever_good_came_since() {
    let bench = Bench::new();
    bench.write("drop/first.csv", "nothing,known\n1,2\n");
    bench.run();
    bench.write("drop/second.csv", "nothing,known2\n1,2\n");
    bench.run();
    bench.write("drop/good.csv", format!("{HEADER}{}", quiet(1)));
    bench.run();
    let wrong = || {
        let status = printed(&tidewaiter(&bench.path(""), &["status", "--json"]).success());
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        status["wrong"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["what"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(wrong().iter().filter(|what| what.contains("failed")).count(), 2, "{:?}", wrong());
    tidewaiter(&bench.path(""), &["discard", "first.csv"]).success();
    bench.write("drop/second.csv", format!("{HEADER}{}", quiet(2)));
    bench.run();
    assert_eq!(wrong(), Vec::<String>::new());
    assert!(bench.path("drop/.tidewaiter/failed/first.csv").exists(), "set aside, and still there");
}
