//! Mail templates of the operator's own: used, told of when they break, and never a reason to lose a mail.

use crate::bench::{Bench, HEADER, RULE, hit, subject};
use crate::commands::{printed, tidewaiter};

fn bench(files: &[(&str, &str)]) -> Bench {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace("from:", "templates: own, from:"));
    std::fs::create_dir_all(bench.path("own")).unwrap();
    files.iter().for_each(|(name, text)| bench.write(&format!("own/{name}"), text));
    bench
}

fn body(mail: &str) -> String {
    mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap().body_text(0).unwrap().into_owned()
}

fn alerts(bench: &Bench) -> Vec<String> {
    bench.mails_to("analyst@example.org").iter().map(|mail| body(mail)).collect()
}

fn operators(bench: &Bench) -> Vec<String> {
    bench.mails_to("ops@example.org").iter().map(|mail| subject(mail)).collect()
}

#[test]
fn a_template_of_ones_own_makes_the_mail_and_an_edit_is_in_force_for_the_next() {
    let bench = bench(&[("alert.txt", "{{ title }}, asks the desk\n")]);
    let daemon = bench.start();
    bench.write("drop/1.csv", format!("{HEADER}{}", hit(1)));
    daemon.until("an alert", || alerts(&bench).len() == 1);
    assert_eq!(alerts(&bench), ["Su-35 parts to Rostec, asks the desk\n"]);
    bench.write("own/alert.txt", "{{ titel }}");
    daemon.until("the slip to be told", || !operators(&bench).is_empty());
    assert_eq!(operators(&bench), ["alert.txt:1:4: no mail has a `titel`"]);
    bench.write("drop/2.csv", format!("{HEADER}{}", hit(2)));
    daemon.until("an alert", || alerts(&bench).len() == 2);
    assert!(alerts(&bench).iter().any(|text| text.contains("A record is a claim")), "the shipped text stands in");
    let status = || printed(&tidewaiter(&bench.path(""), &["status"]));
    assert!(status().contains("a mail template is not used"), "{}", status());
    bench.write("own/alert.txt", "mended {{ title }}");
    daemon.until("the mended one", || !status().contains("a mail template is not used"));
    daemon.stop();
}

#[test]
fn a_template_that_fails_on_a_mail_is_told_and_the_mail_goes_out_once() {
    let text = "{% if rules[0].groups[0].records[0].from.text == 'AVIC' %}{{ rules[9].title }}{% endif %}fine";
    let bench = bench(&[("alert.txt", text)]);
    let line = hit(1).replace("AVIC INTERNATIONAL HOLDING CORP", "AVIC");
    bench.write("drop/1.csv", format!("{HEADER}{line}"));
    let daemon = bench.start();
    daemon.until("the failure to be told", || !operators(&bench).is_empty());
    daemon.stop();
    assert!(operators(&bench)[0].starts_with("alert.txt:1:"), "{:?}", operators(&bench));
    assert_eq!(alerts(&bench).len(), 1);
    assert!(alerts(&bench)[0].contains("A record is a claim"), "{}", alerts(&bench)[0]);
}

#[test]
fn check_names_what_is_wrong_with_templates_and_preview_tries_them() {
    let bench = bench(&[("alert.html", "<p>{{ title }}</p>\n{% for a in rules %}"), ("alerts.txt", "")]);
    let run = |arguments: &[&str]| tidewaiter(&bench.path(""), arguments);
    let told = printed(&run(&["check"]).code(1));
    for part in ["own/alert.html:2:", "own/alerts.txt", "did you mean `alert.txt`?", "2 errors"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    std::fs::remove_file(bench.path("own/alerts.txt")).unwrap();
    bench.write("own/alert.html", "<p>Ours: {{ title }} {{ rules[0].groups[0].records[0].to.html }}</p>");
    run(&["check"]).success();
    assert!(printed(&run(&["templates"]).success()).contains("own/alert.html\n"));
    bench.write("export.csv", format!("{HEADER}{}", hit(1)));
    bench.write("rules/su-35.yaml", RULE);
    run(&["preview", "su-35", "export.csv", "--templates", "own"]).success();
    let page = std::fs::read_to_string(bench.path("su-35.html")).unwrap();
    assert!(
        page.starts_with("<p>Ours: Su-35 parts to Rostec") && page.contains("&lt;mark"),
        "data stays escaped: {page}"
    );
}

#[test]
fn the_shipped_templates_are_written_once_and_can_be_used_as_they_are() {
    let bench = bench(&[("alert.txt", "mine {{ title }}")]);
    let run = |arguments: &[&str]| tidewaiter(&bench.path(""), arguments);
    let told = printed(&run(&["templates", "--write", "own"]).success());
    assert!(told.contains("own/alert.txt is there already") && told.contains("wrote own/style.html"), "{told}");
    assert_eq!(std::fs::read_to_string(bench.path("own/alert.txt")).unwrap(), "mine {{ title }}");
    run(&["check"]).success();
}
