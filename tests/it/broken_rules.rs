//! A rule file broken in ten ways: the last good version goes on working, and one mail says where the slip is.

use crate::bench::{Bench, HEADER, RULE, hit, subject};

/// What is replaced, by what, and the line that the mail must name.
const BREAKS: [(&str, &str, usize); 10] = [
    ("    description: [Su-35*]", "    descriptoin: [Su-35*]", 7),
    ("any_recipient|owned_by", "any_recipient|owned_bye", 9),
    ("owned_by: Rostec", "owned_by: Rostecc", 9),
    ("condition: goods and to_rostec", "condition: goods and to_rostek", 10),
    ("condition: goods and to_rostec", "condition: (goods and to_rostec", 10),
    ("level: critical", "level: kritical", 3),
    ("id: su-35", "id: su-35\nid: su-35", 3),
    ("title:", "titel:", 1),
    ("    description: [Su-35*]", "    description: [Su-35*", 7),
    ("    description: [Su-35*]", "    description|re: '(?=Su)'", 7),
];

/// The body of a mail as its reader sees it.
fn body(mail: &str) -> String {
    let message = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
    message.body_text(0).unwrap().into_owned()
}

/// `error[code]: message` of each error in a text.
fn codes(text: &str) -> Vec<String> {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let errors = words.split("error[").skip(1).map(|error| error.split(" -->").next().unwrap().to_owned());
    errors.collect()
}

fn check(bench: &Bench) -> Vec<String> {
    let config = bench.path("tidewaiter.yaml");
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_tidewaiter")).arg("check").arg(config).output();
    codes(&String::from_utf8(command.unwrap().stdout).unwrap())
}

#[test]
fn a_rule_whose_example_fails_is_not_taken_and_a_watchlist_that_breaks_an_example_is() {
    let bench = Bench::new();
    let example = "examples:\n  fires:\n    - {consignee: АО «КРЭТ», description: СУ-35}\n";
    bench.write("rules/su-35.yaml", format!("{RULE}{example}"));
    bench.run();
    bench.write("rules/su-35.yaml", format!("{RULE}{example}").replace("[Su-35*]", "[Su-57*]"));
    bench.write("drop/one.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "the version that did what it says goes on");
    bench.write("rules/su-35.yaml", format!("{RULE}{example}"));
    let without_parent = crate::bench::WATCHLIST.lines().filter(|line| !line.contains("parents:")).collect::<Vec<_>>();
    bench.write("rules/watchlists/seed.yaml", without_parent.join("\n"));
    bench.write("drop/two.csv", format!("{HEADER}{}", hit(2)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "the new watchlist is in force");
    let told = bench.mails_to("ops@example.org");
    assert!(told.iter().all(|mail| body(mail).contains("example-quiet")), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn each_of_ten_slips_is_told_once_with_its_line_and_turns_nothing_off() {
    let bench = Bench::new();
    bench.run();
    for (number, (from, to, line)) in (1u32..).zip(BREAKS) {
        let broken = RULE.replace(from, to);
        assert_ne!(broken, RULE, "{to}");
        bench.write("rules/su-35.yaml", broken);
        bench.write("drop/export.csv", format!("{HEADER}{}", hit(number)));
        bench.run();
        bench.run();
        assert_eq!(bench.mails_to("analyst@example.org").len(), number as usize, "{to}: the last good version fires");
        let told = bench.mails_to("ops@example.org");
        assert_eq!(told.len(), number as usize, "{to}: told once");
        let place = format!("su-35.yaml:{line}:");
        let checked = check(&bench);
        assert!(
            told.iter().any(|mail| codes(&body(mail)) == checked),
            "{to}: the daemon says {checked:?} as `check` does"
        );
        assert!(
            told.iter().any(|mail| subject(mail).contains(&place)),
            "{to}: {place} in {:?}",
            told.iter().map(|mail| subject(mail)).collect::<Vec<_>>()
        );
    }
}
