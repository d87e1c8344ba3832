//! A rule file broken while the daemon runs: the last good version goes on working, after a restart too, and one mail
//! says where the slip is.

use crate::bench::{Bench, HEADER, RULE, Running, hit, subject};

/// What an analyst does to a rule file, and the place that the mail must name.
struct Break {
    what: &'static str,
    from: &'static str,
    to: &'static str,
    place: &'static str,
}

const fn slip(what: &'static str, from: &'static str, to: &'static str, place: &'static str) -> Break {
    Break { what, from, to, place }
}

const BREAKS: [Break; 15] = [
    slip("YAML that cannot be read", "[Su-35*]", "[Su-35*", "7:18"),
    slip("an unknown key", "title:", "titel:", "1:1"),
    slip("an unknown field", "description: [Su-35*]", "descriptoin: [Su-35*]", "7:5"),
    slip("an unknown modifier", "any_recipient|owned_by", "any_recipient|owned_bye", "9:"),
    slip("a missing condition", "  condition: goods and to_rostec\n", "", "6:"),
    slip("an unknown selection", "goods and to_rostec", "goods and to_rostek", "10:"),
    slip("an open bracket", "goods and to_rostec", "(goods and to_rostec", "10:"),
    slip("an unknown list", "[Su-35*]", "[su-35, '%fighters%']", "7:"),
    slip("an unknown entity", "owned_by: Rostec", "owned_by: Rostecc", "9:"),
    slip("an unknown level", "level: critical", "level: kritical", "3:8"),
    slip("a key twice", "id: su-35", "id: su-35\nid: su-35", "3:1"),
    slip("a pattern that no engine runs in linear time", "description: [Su-35*]", "description|re: '(?=Su)'", "7:"),
    slip("an emptied file", RULE, "", "1:1"),
    slip(
        "a removed detection",
        "detection:\n  goods:\n    description: [Su-35*]\n  to_rostec:\n    any_recipient|owned_by: Rostec\n  condition: goods and to_rostec\n",
        "",
        "1:1",
    ),
    slip("text that is not UTF-8", "title: Su-35", "title: \u{1}", "1:8"),
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

impl Break {
    fn bytes(&self) -> Vec<u8> {
        let broken = RULE.replace(self.from, self.to);
        assert_ne!(broken, RULE, "{}", self.what);
        // Stands for a byte that UTF-8 does not know.
        broken.bytes().map(|byte| if byte == 1 { 0xd1 } else { byte }).collect()
    }
}

fn alerts(bench: &Bench) -> usize {
    bench.mails_to("analyst@example.org").len()
}

/// Drops an export of its own, and waits until the rule fires for it.
fn fires(bench: &Bench, daemon: &Running, number: u32) {
    let before = alerts(bench);
    bench.write(&format!("drop/export-{number}.csv"), format!("{HEADER}{}", hit(number)));
    daemon.until("an alert by the last good version", || alerts(bench) > before);
    assert_eq!(alerts(bench), before + 1);
}

/// The installation, and the mail about the broken file.
fn breaks_while_it_runs(slip: &Break) -> (Bench, String) {
    let bench = Bench::new();
    let daemon = bench.start();
    fires(&bench, &daemon, 1);
    bench.write("rules/su-35.yaml", slip.bytes());
    daemon.until(slip.what, || !bench.mails_to("ops@example.org").is_empty());
    fires(&bench, &daemon, 2);
    daemon.stop();
    let daemon = bench.start();
    fires(&bench, &daemon, 3);
    daemon.stop();
    let told = bench.mails_to("ops@example.org");
    let subjects: Vec<String> = told.iter().map(|mail| subject(mail)).collect();
    assert_eq!(told.len(), 1, "{}: told once: {subjects:?}", slip.what);
    let place = format!("su-35.yaml:{}", slip.place);
    assert!(subjects[0].contains(&place), "{}: {place} in {subjects:?}", slip.what);
    let text = body(&told[0]);
    assert!(text.contains("is still running"), "{}: {text}", slip.what);
    (bench, text)
}

#[test]
fn each_way_to_break_a_rule_while_the_daemon_runs_is_told_once_with_its_place_and_turns_nothing_off() {
    let mut checks = Vec::new();
    std::thread::scope(|scope| {
        let tests = BREAKS.each_ref().map(|slip| (slip, scope.spawn(|| breaks_while_it_runs(slip))));
        for (slip, test) in tests {
            let (bench, told) = test.join().expect(slip.what);
            checks.push((slip, bench, told));
        }
    });
    // Only now: a program that is started holds the locks of the daemons beside it for an instant.
    for (slip, bench, told) in checks {
        assert_eq!(codes(&told), check(&bench), "{}: the daemon says what `check` says", slip.what);
    }
}

#[test]
fn a_removed_rule_is_obeyed_and_told_and_a_broken_one_that_was_never_good_is_left_out() {
    let bench = Bench::new();
    let daemon = bench.start();
    fires(&bench, &daemon, 1);
    std::fs::rename(bench.path("rules/su-35.yaml"), bench.path("removed")).unwrap();
    bench.write("rules/other.yaml", RULE.replace("id: su-35", "id: other"));
    let told = |words: &str| bench.mails_to("ops@example.org").iter().any(|mail| subject(mail).contains(words));
    daemon.until("word of the removed rule", || told("su-35.yaml: removed"));
    bench.write("rules/new.yaml", RULE.replace("Rostec", "Rostecc"));
    daemon.until("word of the broken rule", || told("new.yaml:9:"));
    fires(&bench, &daemon, 2);
    daemon.stop();
    let broken = bench.mails_to("ops@example.org").into_iter().find(|mail| subject(mail).contains("new.yaml")).unwrap();
    assert!(body(&broken).contains("left out until it is mended"));
}
