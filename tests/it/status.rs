//! `tidewaiter status`: one screen that says whether it works and what to type.

use assert_cmd::Command;
use assert_cmd::assert::Assert;

use crate::bench::{Bench, HEADER, hit, quiet};

fn status(bench: &Bench, arguments: &[&str]) -> Assert {
    let mut command = Command::cargo_bin("tidewaiter").unwrap();
    command.current_dir(bench.path("")).arg("status").args(arguments).assert()
}

fn shown(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn json(bench: &Bench) -> serde_json::Value {
    serde_json::from_str(&shown(&status(bench, &["--json"]).success())).unwrap()
}

#[test]
fn a_daemon_that_works_says_what_came_and_fired_and_that_nothing_is_wrong() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}{}", hit(1), quiet(2)));
    let daemon = bench.start();
    daemon.until("a mail", || bench.mails().len() == 1);
    daemon.until("its end", || json(&bench)["outbox"]["delivered"] == 1);
    let page = shown(&status(&bench, &["--check"]).success());
    for part in [
        "It works, since ",
        "What came (in 7 days: 1 file, 2 records, 0 rejected rows)",
        "(1 done)",
        "october.csv (imports): 2 records, 0 rejected, 1 finding",
        "What fired (in 7 days: 1 finding)",
        "su-35",
        "What waits: 0 mails; 0 files held. Mail so far: 1 delivered, 0 given up.",
        "Nothing is wrong.",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.lines().count() <= 24, "it fits on a screen: {page}");
    daemon.stop();
    let page = shown(&status(&bench, &["--check"]).code(1));
    assert!(page.contains("It does not run."), "{page}");
}

#[test]
fn what_is_wrong_stands_with_what_to_type_until_it_is_mended() {
    let bench = Bench::new();
    bench.write("rules/broken.yaml", "title: Broken\nlevel: high\ndetection: {}\n");
    bench.write("drop/noise of october.csv", [0xff, 0xfe, 0x00, 0x00, 0x81, 0x90]);
    bench.run();
    let page = shown(&status(&bench, &[]).success());
    for part in
        ["What is wrong, and what to type", "failed: ", "tidewaiter retry 'noise of october.csv'", "tidewaiter check"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let whole = json(&bench);
    assert_eq!(whole["daemon"]["state"], "stopped");
    assert_eq!(whole["wrong"].as_array().unwrap().len(), 2, "{whole}");
    assert!(whole["wrong"][0]["what"].is_string() && whole["wrong"][0]["do"].is_string());
    std::fs::remove_file(bench.path("rules/broken.yaml")).unwrap();
    bench.write("drop/november.csv", format!("{HEADER}{}", quiet(2)));
    bench.run();
    assert_eq!(json(&bench)["wrong"].as_array().unwrap().len(), 1, "another file that was read does not mend this one");
    std::fs::remove_file(bench.path("drop/.tidewaiter/failed/noise of october.csv")).unwrap();
    assert_eq!(json(&bench)["wrong"], serde_json::json!([]), "somebody took it away");
}

/// The commands that a text shows, as a shell would take them.
fn commands(text: &str) -> Vec<Vec<String>> {
    let pieces = text.split("tidewaiter ").skip(1).map(|piece| piece.split([',', '`', '\n']).next().unwrap());
    pieces.map(|piece| piece.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn a_command_that_status_or_a_mail_shows_works_where_it_is_read() {
    let bench = Bench::new();
    let lines: String = (0..500).map(|n| if n % 4 == 0 { hit(n) } else { quiet(n) }).collect();
    bench.write("drop/storm.csv", format!("{HEADER}{lines}"));
    bench.run();
    let elsewhere = tempfile::tempdir().unwrap();
    let type_in = |command: &[String]| {
        Command::cargo_bin("tidewaiter").unwrap().current_dir(elsewhere.path()).args(command).assert()
    };
    let config = bench.path("tidewaiter.yaml").display().to_string();
    let page = shown(&type_in(&["status".to_owned(), "-c".to_owned(), config]).success());
    let (_, wrong) = page.split_once("what to type").unwrap();
    let typed = commands(wrong);
    assert_eq!(typed.iter().map(|command| command[0].as_str()).collect::<Vec<_>>(), ["release", "discard"], "{page}");
    type_in(&typed[0]).success();
    type_in(&typed[1]).code(2);
    let mail = &bench.mails_to("ops@example.org")[0];
    let text = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap().body_text(0).unwrap().into_owned();
    for command in commands(&text.replace('\n', " ")) {
        let said = String::from_utf8_lossy(&type_in(&command).code(2).get_output().stderr).into_owned();
        assert!(said.contains("no storm of such a rule is held"), "{command:?}: {said}");
    }
}
