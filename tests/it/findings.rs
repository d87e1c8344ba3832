//! What the ledger holds is listed whole, with what became of it: also what a mail had no room for.

use mail_parser::{MessageParser, MimeHeaders};

use crate::bench::{Bench, HEADER, RULE, hit};
use crate::commands::{printed, tidewaiter};

fn lines(bench: &Bench, arguments: &[&str]) -> Vec<serde_json::Value> {
    let all = [&["findings", "--format", "jsonl"], arguments].concat();
    let printed = printed(&tidewaiter(&bench.path(""), &all).success());
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn table(csv: &[u8]) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(csv);
    (reader.headers().unwrap().clone(), reader.records().map(Result::unwrap).collect())
}

#[test]
fn a_mail_that_could_not_hold_every_record_points_to_a_command_that_writes_them_all() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", RULE.to_owned() + "alert: { as: summary }\n");
    let rows: String = (0..10_050).map(hit).collect();
    bench.write("drop/october.csv", format!("{HEADER}{rows}"));
    bench.run();
    let mails = bench.mails_to("analyst@example.org");
    let mail = MessageParser::default().parse(mails[0].as_bytes()).unwrap();
    let text = mail.body_text(0).unwrap();
    let command = text.split("`tidewaiter ").nth(1).unwrap().split('`').next().unwrap();
    let arguments: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(arguments[..2], ["findings", "--mail"]);
    let written = tidewaiter(&bench.path(""), &arguments).success();
    let (header, rows) = table(&written.get_output().stdout);
    assert_eq!(rows.len(), 10_050);
    let (attached, some) = table(mail.attachment(0).unwrap().contents());
    let held = format!("The attached CSV file holds {},{:03} of 10,050 records", some.len() / 1000, some.len() % 1000);
    assert!((7_000..=10_000).contains(&some.len()) && text.contains(&held), "{text}");
    let without: Vec<&str> = header.iter().filter(|name| !["state", "message_id"].contains(name)).collect();
    assert_eq!(without, attached.iter().collect::<Vec<_>>(), "the same columns, and two more");
    assert!(rows.iter().all(|row| &row[9] == "told" && &row[10] == arguments[2]));
    assert_eq!(mail.attachment(0).unwrap().attachment_name(), Some("su-35.csv"));
}

#[test]
fn findings_are_listed_with_what_became_of_them() {
    let bench = Bench::new();
    let medium = RULE.replace("critical", "medium").replace("id: su-35", "id: su-35-later");
    bench.write("rules/later.yaml", medium);
    bench.write("drop/october.csv", format!("{HEADER}{}{}", hit(1), hit(2)));
    bench.run();
    bench.write("drop/november.csv", format!("{HEADER}{}", hit(1).replace("ЗАПЧАСТИ", "ДВИГАТЕЛЬ")));
    bench.run();
    let all = lines(&bench, &[]);
    assert_eq!(all.len(), 6);
    let told = lines(&bench, &["--rule", "su-35"]);
    let later = lines(&bench, &["--rule", "su-35-later", "--file", "october.csv"]);
    assert_eq!((told.len(), later.len()), (3, 2));
    let first = &told[0];
    assert_eq!(
        (&first["state"], &first["news"], &first["was"]),
        (&"told".into(), &"new".into(), &serde_json::Value::Null)
    );
    assert_eq!(first["record"]["consignee"]["name"], "АО «КРЭТ»");
    assert_eq!(first["evidence"][0]["selection"], "goods");
    assert_eq!(
        (&first["tellings"][0]["recipient"], &first["source"]["row"]),
        (&"analyst@example.org".into(), &2.into())
    );
    assert_eq!(first["message_ids"][0], first["tellings"][0]["message_id"]);
    assert_eq!((&later[0]["state"], &later[0]["message_ids"]), (&"waiting".into(), &serde_json::json!([])));
    let amended = &told[2];
    assert_eq!(amended["news"], "amended");
    assert_eq!(amended["was"]["record"]["description"], "ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35");
    let id = first["message_ids"][0].as_str().unwrap();
    assert_eq!(lines(&bench, &["--mail", &format!("<{id}>")]).len(), 2);
    assert_eq!(lines(&bench, &["--mail", "1"]).len(), 2, "the first mail of the outbox");
    assert_eq!(lines(&bench, &["--source", "imports", "--since", "2020-01-01"]).len(), 6);
    assert_eq!(lines(&bench, &["--until", "2020-01-01"]).len(), 0);
    let shown = printed(&tidewaiter(&bench.path(""), &["findings", "--file", "november.csv"]).success());
    assert!(
        shown.contains("told") && shown.contains("november.csv, row 2") && shown.ends_with("2 findings\n"),
        "{shown}"
    );
}

#[test]
fn what_cannot_be_meant_is_said_with_what_to_do() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    for (wrong, says) in [
        (["--mail", "99"], "there is no message 99; `tidewaiter outbox` lists them"),
        (["--mail", "no@such.mail"], "that mail told none"),
        (["--source", "importz"], "did you mean `imports`?"),
        (["--rule", "su-53"], "did you mean `su-35`?"),
        (["--file", "octobre.csv"], "no file of the name octobre.csv"),
        (["--since", "yesterday"], "--since"),
    ] {
        let said = tidewaiter(&bench.path(""), &[&["findings"], &wrong[..]].concat()).code(2);
        let said = String::from_utf8_lossy(&said.get_output().stderr).into_owned();
        assert!(said.contains(says), "{says}: {said}");
    }
}
