//! `resolve` as its user sees it: names in, who they are out, in order, with evidence.

use serde_json::Value;

use crate::bench::Bench;
use crate::commands::{printed, tidewaiter};

const LIST: &str = "\
id,name,aliases,country
f-1,Ostrov Radar Works JSC,ОСТРОВ РАДАР; ORW Electronics,RU
f-2,Heron Optics Ltd,,TR
f-3,Blue Bay Shipping Company Limited,BBS Lines,
";

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("firms.csv", LIST);
    bench
}

fn answers(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let all: Vec<&str> = ["resolve", "--list", "firms.csv", "--json"].iter().chain(arguments).copied().collect();
    let told = printed(&tidewaiter(&bench.path(""), &all).success());
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn first(answer: &Value) -> Option<(&str, f64)> {
    let hit = answer["hits"].get(0)?;
    Some((hit["id"].as_str()?, hit["score"].as_f64()?))
}

#[test]
fn a_name_is_found_in_any_spelling_and_says_by_what() {
    let bench = bench();
    for (name, id) in [
        ("OSTROV RADAR WORKS", "f-1"),
        ("АО «ОСТРОВ РАДАР»", "f-1"),
        ("JSC OSTROV RADAR WORKS, 115184 MOSCOW, STROMYNKA 27", "f-1"),
        ("GLOBAL CARGO FZE ON BEHALF OF HERON OPTICS", "f-2"),
        ("HERON OPTICKS LTD", "f-2"),
        ("BLUE BAY SHPG CO LTD", "f-3"),
        ("LTD BLUEBAY SHIPPING", "f-3"),
    ] {
        let answers = answers(&bench, &[name]);
        let (found, score) = first(&answers[0]).unwrap_or_else(|| panic!("{name}: {}", answers[0]));
        assert_eq!(found, id, "{name}");
        assert!((0.8..=1.0).contains(&score), "{name}: {score}");
        let evidence = answers[0]["hits"][0]["evidence"].as_array().unwrap();
        assert!(evidence.iter().all(|piece| piece["kind"].is_string() && piece["weight"].is_number()), "{evidence:?}");
    }
}

#[test]
fn forms_trade_words_cities_and_nothing_are_nobody() {
    let bench = bench();
    let names = ["CORP", "LLC", "TRADING", "АО", "MOSCOW", "Limited Company", "SHIPPING COMPANY LIMITED", "WORKS", ""];
    for answer in answers(&bench, &names) {
        assert_eq!(answer["hits"], Value::Array(Vec::new()), "{answer}");
    }
}

#[test]
fn a_surer_name_comes_first_and_no_two_kinds_of_likeness_are_as_sure() {
    let bench = bench();
    let scores: Vec<f64> =
        answers(&bench, &["Heron Optics Ltd", "HERON OPTICS LLC", "HERON OPTICZ", "HERON OPTIKZ WORKS"])
            .iter()
            .map(|answer| first(answer).map_or(0.0, |hit| hit.1))
            .collect();
    assert!(scores.windows(2).all(|two| two[0] > two[1]), "{scores:?}");
    assert!((scores[0] - 1.0).abs() < 1e-9, "{scores:?}");
}

#[test]
fn a_column_is_read_in_order_and_each_row_has_its_answer() {
    let bench = bench();
    let rows: String =
        (0..3_000).map(|row| format!("{row};{}\n", if row % 3 == 0 { "HERON OPTICS" } else { "Nobody" })).collect();
    bench.write("parties.csv", format!("row;Consignee\n{rows}"));
    let answers = answers(&bench, &["--input", "parties.csv", "--column", "consignee"]);
    assert_eq!(answers.len(), 3_000);
    assert!(answers.iter().enumerate().all(|(row, answer)| first(answer).is_some() == (row % 3 == 0)));
    let wrong =
        tidewaiter(&bench.path(""), &["resolve", "--list", "firms.csv", "--input", "parties.csv", "--column", "buyer"])
            .code(2);
    let told = String::from_utf8_lossy(&wrong.get_output().stderr).into_owned();
    assert!(told.contains("no column `buyer`") && told.contains("row, Consignee"), "{told}");
}

#[test]
fn a_table_is_for_eyes_and_a_csv_for_a_spreadsheet() {
    let bench = bench();
    let run = |arguments: &[&str]| printed(&tidewaiter(&bench.path(""), arguments).success());
    let table = run(&["resolve", "--list", "firms.csv", "HERON OPTICS", "Nobody"]);
    assert!(table.contains("0.99  Heron Optics Ltd  (firms/f-2)") && table.contains("nobody"), "{table}");
    let csv = run(&["resolve", "--list", "firms.csv", "--format", "csv", "=HERON OPTICS", "Nobody"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[1].starts_with("'=HERON OPTICS,0.99"), "{csv}");
    assert_eq!(lines[2], "Nobody,,,,,,,,", "{csv}");
}

#[test]
fn hostile_names_are_answered_at_once() {
    let bench = bench();
    let long = "A, ".repeat(20_000);
    let words = "HERON OPTICS ".repeat(5_000);
    bench.write("hostile.txt", format!("{long}\n{words}\n(((((((\n\u{0}\u{202e}\n"));
    assert_eq!(answers(&bench, &["--input", "hostile.txt"]).len(), 4);
}
