//! `scan` over real files: its formats, what it counts, what it does about files that cannot be read.

use crate::bench::{Bench, HEADER, hit, quiet};
use crate::commands::{printed, tidewaiter};

fn bench() -> Bench {
    let bench = Bench::new();
    let other = "title: Toys\nid: toys\ndetection: {goods: {hs_code: 9503}, condition: goods}\n";
    bench.write("rules/toys.yaml", other);
    let undated = hit(5).replace("2022-10-24", "");
    let september = hit(4).replace("2022-10-24", "2022-09-01").replace("ЗАПЧАСТИ", "<script>alert(1)</script>");
    bench.write("a.csv", format!("{HEADER}{}{}{}", hit(1), quiet(2), hit(3)));
    bench.write("b.csv", format!("{HEADER}{september}{undated}"));
    bench
}

fn told(output: &assert_cmd::assert::Assert) -> String {
    String::from_utf8_lossy(&output.get_output().stderr).into_owned()
}

#[test]
fn a_table_ends_with_the_counts_of_each_rule_and_month_over_all_files() {
    let bench = bench();
    let table = printed(&tidewaiter(&bench.path(""), &["scan", "a.csv", "b.csv", "--limit", "1"]).success());
    insta::assert_snapshot!(table);
    let one =
        printed(&tidewaiter(&bench.path(""), &["scan", "a.csv", "--rule", "toys", "--format", "jsonl"]).success());
    assert_eq!(one.lines().count(), 1);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&one).unwrap()["rule"], "toys");
    let wrong = told(&tidewaiter(&bench.path(""), &["scan", "a.csv", "--rule", "toy"]).code(2));
    assert!(wrong.contains("did you mean `toys`"), "{wrong}");
}

#[test]
fn a_report_is_one_file_with_true_totals_marked_words_and_nothing_from_elsewhere() {
    let bench = bench();
    let arguments = ["scan", "a.csv", "b.csv", "--format", "html", "--limit", "3"];
    let html = printed(&tidewaiter(&bench.path(""), &arguments).success());
    for part in
        ["5 findings", "no date", "2022-09", ">СУ-35</mark>", "is AO KRET", "1 more finding not shown.", "row 2"]
    {
        assert!(html.contains(part), "{part} in {html}");
    }
    for foreign in ["http:", "https:", "src=", "<script", "url(", "@import"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(html.contains("&lt;script&gt;"), "what a cell says is shown, not run");
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_are_read() {
    let bench = bench();
    bench.write("bad.csv", b"\0\x01\x02\x03".repeat(100));
    let run = tidewaiter(&bench.path(""), &["scan", "bad.csv", "a.csv", "--format", "csv"]).code(1);
    assert_eq!(printed(&run).lines().count(), 4, "a head and three findings: {}", printed(&run));
    assert!(told(&run).contains("tidewaiter: bad.csv"), "{}", told(&run));
    let run = tidewaiter(&bench.path(""), &["scan", "gone.csv", "a.csv"]).code(4);
    assert!(told(&run).contains("gone.csv") && told(&run).contains("a.csv: 3 records"), "{}", told(&run));
}
