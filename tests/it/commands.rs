//! The small commands as their user sees them: `rules`, `completions`, `man`.

use assert_cmd::Command;

use crate::bench::{Bench, HEADER, RULE, hit};

/// The built program in a folder.
pub fn tidewaiter(folder: &std::path::Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("tidewaiter").unwrap().current_dir(folder).args(arguments).assert()
}

/// What it printed.
pub fn printed(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

fn listed(bench: &Bench) -> serde_json::Value {
    let printed = printed(&tidewaiter(&bench.path(""), &["rules", "--json"]).success());
    serde_json::from_str::<serde_json::Value>(&printed).unwrap()[0].clone()
}

#[test]
fn rules_says_what_runs_since_when_and_how_often_it_fired() {
    let bench = Bench::new();
    let rule = listed(&bench);
    assert_eq!((&rule["id"], &rule["running"]), (&"su-35".into(), &serde_json::Value::Null));
    assert_eq!(rule["version"].as_str().unwrap().len(), 12);

    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let first = listed(&bench);
    assert_eq!((&first["running"], &first["hits"]), (&"file".into(), &1.into()));
    assert!(first["since"].as_str().is_some() && first["last_hit"].as_str().is_some(), "{first}");

    bench.write("rules/su-35.yaml", RULE.replace("[Su-35*]", "[Su-35*, Su-37]"));
    let edited = listed(&bench);
    assert_eq!(edited["running"], "not-yet");
    assert_ne!(edited["version"], first["version"]);

    bench.write("rules/su-35.yaml", RULE.replace("owned_by", "owned_bye"));
    let broken = listed(&bench);
    assert_eq!((&broken["running"], &broken["version"]), (&"last-good".into(), &first["version"]));
    let table = printed(&tidewaiter(&bench.path(""), &["rules"]).success());
    assert!(table.contains("last good, of 2") && table.contains("1 file has problems"), "{table}");
}

#[test]
fn a_shell_completes_and_man_explains_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let completions = printed(&tidewaiter(folder.path(), &["completions", shell]).success());
        assert!(completions.contains("explain") && completions.contains("scan"), "{shell}");
    }
    assert!(printed(&tidewaiter(folder.path(), &["man"]).success()).contains(".TH tidewaiter"));
    tidewaiter(folder.path(), &["man", "man1"]).success();
    for page in ["tidewaiter.1", "tidewaiter-check.1", "tidewaiter-outbox-show.1"] {
        assert!(folder.path().join("man1").join(page).exists(), "{page}");
    }
}

#[test]
fn route_says_who_is_told_of_which_source_and_why() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    let route = |arguments: &[&str]| printed(&tidewaiter(&bench.path(""), &[&["route"], arguments].concat()).success());
    assert!(route(&["su-35"]).contains("because neither the rule nor a route names anybody"), "{}", route(&["su-35"]));

    bench.write(
        "tidewaiter.yaml",
        format!("{config}routes:\n  - {{level: low, to: default}}\n  - {{rule: su-*, to: default}}\n"),
    );
    let all: serde_json::Value = serde_json::from_str(&route(&["--json"])).unwrap();
    assert_eq!(all[0]["because"], "route 2 is the first that fits");
    assert_eq!(all[0]["to"], serde_json::json!(["default"]));
    let checked = printed(&tidewaiter(&bench.path(""), &["check"]).success());
    assert!(checked.contains("warning[idle-route]: no rule fits this route"), "{checked}");
    assert_eq!(checked.matches("idle-route").count(), 1, "{checked}");

    let unknown = tidewaiter(&bench.path(""), &["route", "su-36"]).code(2);
    assert!(String::from_utf8_lossy(&unknown.get_output().stderr).contains("did you mean `su-35`?"));
    tidewaiter(&bench.path(""), &["route", "--source", "nowhere"]).code(2);
}

#[test]
fn the_preview_of_a_summary_has_its_lines_by_party_and_month() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", format!("{RULE}alert: {{as: summary}}\n"));
    let december = hit(3).replace("2022-10-24", "2022-12-01");
    bench.write("october.csv", format!("{HEADER}{}{}{december}", hit(1), hit(2)));
    tidewaiter(&bench.path(""), &["preview", "su-35", "october.csv"]).success();
    let mail = std::fs::read(bench.path("su-35.eml")).unwrap();
    let mail = mail_parser::MessageParser::default().parse(&mail).unwrap();
    let text = mail.body_text(0).unwrap();
    assert!(text.contains("3,600,000 USD"), "{text}");
    for part in ["2022-10", "2,400,000", "2022-12", "1,200,000"] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[test]
fn the_preview_of_a_rule_that_groups_shows_each_group_with_its_own_totals() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", format!("{RULE}alert: {{group_by: [origin_country, consignor.name]}}\n"));
    let other = hit(3).replace("AVIC INTERNATIONAL HOLDING CORP", "SAMPLE TRADE LTD");
    bench.write("october.csv", format!("{HEADER}{}{}{other}", hit(1), hit(2)));
    tidewaiter(&bench.path(""), &["preview", "su-35", "october.csv"]).success();
    let mail = std::fs::read(bench.path("su-35.eml")).unwrap();
    let text = mail_parser::MessageParser::default().parse(&mail).unwrap().body_text(0).unwrap().into_owned();
    for part in ["3 records (3,600,000 USD in all)", "2 records (2,400,000 USD in all)", "Consignor: SAMPLE TRADE LTD"]
    {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
}

#[test]
fn a_configuration_named_from_elsewhere_is_the_same_installation() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    let run = |folder: &str, config: &str| {
        tidewaiter(&bench.path(folder), &["run", "--until-idle", "-c", config]).success();
    };
    run("", "tidewaiter.yaml");
    run("drop", bench.path("tidewaiter.yaml").to_str().unwrap());
    run("rules", "../tidewaiter.yaml");
    assert_eq!(bench.mails_to("ops@example.org"), Vec::<String>::new(), "no rule was removed");
    assert_eq!(listed(&bench)["running"], "file");
}
