//! The configuration changed while the daemon runs: what can be taken is in force at once, what cannot is named, and a
//! broken one changes nothing.

use std::process::{Child, Command, Stdio};

use crate::bench::{Bench, HEADER, RULE, Running, hit, read_all, subject};
use crate::commands::{printed, tidewaiter};
use crate::relay::Relay;
use crate::telling::storm;

fn config(bench: &Bench) -> String {
    std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap()
}

fn operators(bench: &Bench) -> Vec<String> {
    bench.mails_to("ops@example.org").iter().map(|mail| subject(mail)).collect()
}

fn wrong(bench: &Bench) -> String {
    let printed = printed(&tidewaiter(&bench.path(""), &["status", "--json"]));
    serde_json::from_str::<serde_json::Value>(&printed).unwrap()["wrong"].to_string()
}

/// Drops an export of its own, and waits for its mail to somebody.
fn told(bench: &Bench, daemon: &Running, (number, to): (u32, &str)) {
    let before = bench.mails_to(to).len();
    bench.write(&format!("drop/export-{number}.csv"), format!("{HEADER}{}", hit(number)));
    daemon.until("an alert", || bench.mails_to(to).len() > before);
}

#[test]
fn new_recipients_and_routes_are_in_force_without_a_restart_and_what_needs_one_is_named() {
    let bench = Bench::new();
    let daemon = bench.start();
    told(&bench, &daemon, (1, "analyst@example.org"));
    let changed =
        config(&bench).replace("default: analyst@example.org", "default: new@example.org, night: n@example.org");
    let more = "routes: [{ rule: su-35, to: [default, night] }]\nmetrics: 127.0.0.1:1\n";
    bench.write("tidewaiter.yaml", changed.clone() + more);
    daemon.until("the change", || operators(&bench).iter().any(|subject| subject == "a restart is needed: metrics"));
    told(&bench, &daemon, (2, "new@example.org"));
    daemon.until("the mail to the other one", || bench.mails_to("n@example.org").len() == 1);
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "who is not named any more is told no more");
    assert!(wrong(&bench).contains("not in force yet: metrics"), "{}", wrong(&bench));
    bench.write("tidewaiter.yaml", changed);
    daemon.until("the change taken back", || wrong(&bench) == "[]");
    daemon.stop();
}

#[test]
fn a_broken_configuration_changes_nothing_and_is_told_with_its_place_until_it_is_mended() {
    let bench = Bench::new();
    let daemon = bench.start();
    let good = config(&bench);
    bench.write("tidewaiter.yaml", good.replace("default: analyst@", "default: nobody, d: analyst@"));
    daemon.until("the slip to be told", || !operators(&bench).is_empty());
    let told_of = &operators(&bench)[0];
    assert!(told_of.starts_with("tidewaiter.yaml:4:24: ") && told_of.contains("`nobody`"), "{told_of}");
    told(&bench, &daemon, (1, "analyst@example.org"));
    // Status is asked with a configuration that can be read.
    bench.write("other.yaml", &good);
    let status = || printed(&tidewaiter(&bench.path(""), &["status", "-c", "other.yaml"]));
    assert!(status().contains("the configuration cannot be used as it is written"), "{}", status());
    bench.write("tidewaiter.yaml", good.replace("analyst@", "mended@"));
    daemon.until("the mended one", || !status().contains("cannot be used as it is written"));
    told(&bench, &daemon, (2, "mended@example.org"));
    assert_eq!(operators(&bench).len(), 1);
    daemon.stop();
}

#[test]
fn a_rule_that_tells_somebody_who_was_removed_goes_on_and_the_others_are_told() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", format!("{RULE}alert: {{ to: desk }}\n"));
    let before = config(&bench);
    bench.write("tidewaiter.yaml", before.replace("recipients: {", "recipients: { desk: d@example.org,"));
    let daemon = bench.start();
    told(&bench, &daemon, (1, "d@example.org"));
    bench.write("tidewaiter.yaml", &before);
    daemon.until("the rule to be told of", || operators(&bench).iter().any(|subject| subject.contains("`desk`")));
    told(&bench, &daemon, (2, "analyst@example.org"));
    // No other file waits for it to be mended.
    bench.write("rules/parts.yaml", RULE.replace("id: su-35", "id: parts").replace("title: ", "title: Second, "));
    let rules = || printed(&tidewaiter(&bench.path(""), &["rules", "--json"]));
    daemon.until("the new rule", || {
        rules().contains(r#""id":"parts","level":"critical""#) && !rules().contains("not-yet")
    });
    told(&bench, &daemon, (3, "analyst@example.org"));
    assert!(bench.mails_to("analyst@example.org").iter().any(|mail| subject(mail).contains("1 more rule")));
    daemon.stop();
    let daemon = bench.start();
    told(&bench, &daemon, (4, "analyst@example.org"));
    daemon.stop();
}

#[test]
fn another_relay_takes_the_mail_that_waits_for_the_first() {
    let relay = Relay::start();
    let bench = relay.bench(&["a@example.org"]);
    let port = format!(":{}?", relay.port);
    let good = config(&bench);
    // Nothing listens on the port of a socket that was closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    bench.write("tidewaiter.yaml", good.replace(&port, &format!(":{closed}?")));
    let daemon = bench.start();
    let failed = || printed(&tidewaiter(&bench.path(""), &["outbox", "--json"])).contains(r#""attempts":1"#);
    daemon.until("the first attempt", failed);
    bench.write("tidewaiter.yaml", good);
    daemon.until("the mail at the other relay", || relay.recipients().contains("a@example.org"));
    daemon.stop();
}

/// The program itself, as a service manager runs it.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_hangup_takes_what_no_look_at_the_files_shows_such_as_a_new_password() {
    let bench = Bench::with_transport("smtp://127.0.0.1:1?tls=none");
    bench.write("password", "old");
    bench.write("tidewaiter.yaml", config(&bench).replace("from:", "user: tide, password_file: password, from:"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
    command.args(["run", "-c"]).arg(bench.path("tidewaiter.yaml")).stdout(Stdio::null()).stderr(Stdio::null());
    let service = Service(command.spawn().unwrap());
    let until = |holds: &dyn Fn() -> bool| {
        let started = std::time::Instant::now();
        while !holds() {
            assert!(started.elapsed().as_secs() < 60, "waited a minute");
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    };
    bench.write("drop/1.csv", format!("{HEADER}{}", hit(1)));
    until(&|| bench.path("drop/.tidewaiter/done").exists());
    std::fs::remove_file(bench.path("password")).unwrap();
    let hangup = format!("kill -HUP {}", service.0.id());
    assert!(Command::new("sh").args(["-c", &hangup]).status().unwrap().success());
    let told = || read_all(&bench.path("state/operator-mail/new"));
    until(&|| told().iter().any(|mail| subject(mail).contains("mail.password_file: cannot read")));
}

#[test]
fn a_file_that_two_layouts_read_differently_is_read_once_its_source_names_one() {
    let bench = Bench::new();
    let harbor = std::fs::read_to_string(bench.path("rules/layouts/harbor.yaml")).unwrap();
    let other = harbor.replace("harbor", "quay").replace("consignee", "buyer").replace("[buyer]", "[consignee]");
    bench.write("rules/layouts/quay.yaml", other);
    let daemon = bench.start();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    daemon.until("the doubt to be told", || operators(&bench).iter().any(|subject| subject.contains("october.csv")));
    bench.write("tidewaiter.yaml", config(&bench).replace("folder: drop", "folder: drop, layout: harbor"));
    // Whatever the order in which the daemon takes the two: a release by the old configuration is in doubt again.
    let alerted = || !bench.mails_to("analyst@example.org").is_empty();
    daemon.until("the alert", || {
        tidewaiter(&bench.path(""), &["release", "october.csv"]);
        alerted()
    });
    daemon.stop();
}

#[test]
fn what_is_held_for_somebody_who_was_removed_is_told_to_the_default_recipient() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", format!("{RULE}alert: {{ to: desk }}\n"));
    let before = config(&bench);
    bench.write("tidewaiter.yaml", before.replace("recipients: {", "recipients: { desk: d@example.org,"));
    storm(&bench, 0);
    bench.run();
    bench.write("rules/su-35.yaml", RULE);
    bench.write("tidewaiter.yaml", before);
    tidewaiter(&bench.path(""), &["release", "su-35"]).success();
    bench.run();
    assert!(bench.mails_to("d@example.org").is_empty());
    let told = bench.mails_to("analyst@example.org");
    assert!(told.len() == 1 && subject(&told[0]).contains("125 records"), "{}", told.len());
}

#[test]
fn a_new_rule_that_tells_somebody_unknown_is_told_of_and_finds_what_it_finds() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", format!("{RULE}alert: {{ to: dsek }}\n"));
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1);
    let told = operators(&bench);
    assert!(told.len() == 1 && told[0].contains("no recipient is named `dsek`"), "{told:?}");
    tidewaiter(&bench.path(""), &["check"]).code(1);
}
