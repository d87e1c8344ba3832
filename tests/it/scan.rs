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

#[test]
fn cells_that_could_not_be_read_are_told_by_column_to_the_terminal_and_in_every_mail_about_the_file() {
    let bench = bench();
    let odd = hit(6).replace("1200000", "see invoice").replace("2022-10-24", "31.02.2022");
    bench.write("odd.csv", format!("{HEADER}{}{odd}{}", hit(1), quiet(2).replace("9503007500", "9.503E+09")));
    let notes = [
        "`usd`: no number, read as missing: 1 cell in row 3 (`see invoice`)",
        "`date`: no date, read as missing: 1 cell in row 3 (`31.02.2022`)",
        "`hs`: a code that lost digits to a power of ten, read as missing: 1 cell in row 4 (`9.503E+09`)",
    ];
    let run = tidewaiter(&bench.path(""), &["scan", "odd.csv"]).success();
    for note in notes {
        assert!(told(&run).contains(&format!("  note: {note}\n")), "{note} in {}", told(&run));
    }
    let report = printed(&tidewaiter(&bench.path(""), &["scan", "odd.csv", "--format", "html"]).success());
    assert!(report.contains("read as missing: 1 cell in row 3 (`31.02.2022`)"), "{report}");
    std::fs::rename(bench.path("odd.csv"), bench.path("drop/odd.csv")).unwrap();
    bench.run();
    let mails = bench.mails_to("analyst@example.org");
    let parsed = mail_parser::MessageParser::default().parse(mails[0].as_bytes()).unwrap();
    let text = parsed.body_text(0).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    for note in notes {
        assert!(text.contains(note), "{note} in {text}");
    }
}

#[test]
fn an_order_of_dates_that_shows_at_the_end_is_known_before_the_first_finding_is_printed() {
    let bench = bench();
    let mut text = HEADER.to_owned();
    (0..10_010).for_each(|n| text.push_str(&quiet(n).replace("2022-10-24", "01/02/2022")));
    text.insert_str(HEADER.len(), &hit(7).replace("2022-10-24", "03/04/2022"));
    text.push_str(&hit(8).replace("2022-10-24", "12/31/2022"));
    bench.write("long.csv", &text);
    let printed =
        printed(&tidewaiter(&bench.path(""), &["scan", "long.csv", "--format", "jsonl", "--rule", "su-35"]).success());
    let dates: Vec<String> = printed
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["record"]["declaration_date"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(dates, ["2022-03-04", "2022-12-31"]);
    bench.write("mixed.csv", text + &hit(9).replace("2022-10-24", "31/12/2022"));
    let run = tidewaiter(&bench.path(""), &["scan", "mixed.csv"]).code(1);
    assert!(told(&run).contains("dates of both orders") && told(&run).contains("mend the export"), "{}", told(&run));
}
