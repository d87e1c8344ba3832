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
    slip("YAML that cannot be read", "[Su-35*]", "[Su-35*", "8:"),
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
    slip("text that is not UTF-8", "title: Su-35", "title: \u{1}", "1:1"),
];

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

fn breaks_while_it_runs(slip: &Break) {
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
    let message = mail_parser::MessageParser::default().parse(told[0].as_bytes()).unwrap();
    let text = message.body_text(0).unwrap();
    assert!(text.contains("is still running"), "{}: {text}", slip.what);
}

#[test]
fn each_way_to_break_a_rule_while_the_daemon_runs_is_told_once_with_its_place_and_turns_nothing_off() {
    std::thread::scope(|scope| {
        let tests = BREAKS.each_ref().map(|slip| (slip, scope.spawn(|| breaks_while_it_runs(slip))));
        for (slip, test) in tests {
            assert!(test.join().is_ok(), "{}", slip.what);
        }
    });
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
    let message = mail_parser::MessageParser::default().parse(broken.as_bytes()).unwrap();
    assert!(message.body_text(0).unwrap().contains("left out until it is mended"));
}
