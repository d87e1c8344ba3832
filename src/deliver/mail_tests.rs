//! What leaves the house: whole mails, parsed back by an independent parser.

use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::alert::{Alert, News, Version};
use crate::notification::Kind;
use crate::record::{Field, Part, Role};

fn sender() -> Sender {
    Sender { from: "Tidewaiter <tide@example.org>".into(), host: "mail.example.org".into() }
}

fn mail(alert: &Alert, root: Option<&str>) -> Notification {
    let roots: Vec<String> = root.into_iter().map(str::to_owned).collect();
    let letter = Letter {
        alerts: std::slice::from_ref(alert),
        occasion: &Occasion::default(),
        recipient: "desk@example.org",
        roots: &roots,
        now: "2022-11-01T08:00:00Z".parse().unwrap(),
        id: uuid::Uuid::from_u128(7),
    };
    alert_letter(&letter, &sender(), &Templates::shipped().unwrap()).unwrap()
}

fn text(notification: &Notification) -> String {
    MessageParser::default().parse(&notification.message).unwrap().body_text(0).unwrap().replace("\r\n", "\n")
}

fn rule_of(alert: &mut Alert) -> &mut crate::rule_card::RuleCard {
    std::sync::Arc::make_mut(&mut alert.rule)
}

#[test]
fn the_plain_part_reads_well() {
    insta::assert_snapshot!(text(&mail(&sample::alert(1), None)), @r"
    CRITICAL: Su-35 parts to a Rostec subsidiary
    1 record (3,703,702.50 USD in all)

    Parts for the Su-35 that are declared for a company under Rostec.

    1. 2022-10-24  Example Trading <Ltd> → АО «КРЭТ» [AO «KRET»]
       Goods: Блок для самолёта СУ-35 & запчасти; изделие СУ-35
          [Blok dlya samoleta SU-35 & zapchasti; izdelie SU-35]
       Value: 1,234,567.50 USD
       HS code: 8807300000
       Countries: Made in United States (US), sent from Hong Kong (HK)
       Why: description mentions Su-35*: ‘СУ-35’
       Why: consignee ‘АО «КРЭТ»’ is AO KRET: INN 7703695246 is AO KRET's; AO KRET —subsidiary, share unknown (EU 269/2014)→ Rostec
       Where: october.csv, row 1, declaration 10702070/241022/0001, item 1

    Known reasons for a false alert:
    - Scale models and toys

    References of the rule:
    - https://example.org/source

    The whole of every record is in the attached CSV file.

    -- 
    File: october.csv
    SHA-256: abababababababababababababababababababababababababababababababab
    Read: 1,200 records, 2 rows rejected
    Rule: su-35-rostec, version a1b2c3d4e5f6

    A record is a claim in a customs file and not proof of anything.
    To stop or change these mails, write to tide@example.org.
    A known exception belongs in the rule; `tidewaiter silence add --rule RULE` silences it for a while.
    ");
}

#[test]
fn a_group_is_named_by_its_selection() {
    let mut alert = sample::alert(1);
    alert.group = vec![("to_rostec.entity".into(), "AO KRET".into())];
    let text = text(&mail(&alert, None));
    assert!(text.contains("\nTo rostec: AO KRET\n"), "{text}");
}

#[test]
fn headers_say_what_filters_need() {
    let notification = mail(&sample::alert(3), Some("root@mail.example.org"));
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    let subject = "critical: Su-35 parts to a Rostec subsidiary: 3 records, AO KRET";
    assert_eq!(parsed.subject(), Some(subject));
    assert_eq!(notification.subject, subject);
    assert_eq!(parsed.message_id(), Some("00000000-0000-0000-0000-000000000007@mail.example.org"));
    assert_eq!(notification.message_id, parsed.message_id().unwrap());
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Tidewaiter"));
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("desk@example.org"));
    assert_eq!(parsed.in_reply_to().as_text(), Some("root@mail.example.org"));
    assert_eq!(parsed.references().as_text(), Some("root@mail.example.org"));
    assert_eq!(parsed.date().unwrap().to_rfc3339(), "2022-11-01T08:00:00Z");
    let raw = |name: &str| parsed.header_raw(name).unwrap().trim().to_owned();
    assert_eq!(raw("Auto-Submitted"), "auto-generated");
    assert_eq!(raw("X-Auto-Response-Suppress"), "All");
    assert_eq!(raw("List-Id"), "<alerts.tidewaiter.mail.example.org>");
    assert_eq!(raw("X-Tidewaiter-Rule"), "su-35-rostec");
    assert_eq!(raw("X-Tidewaiter-Level"), "critical");
    assert_eq!(raw("X-Tidewaiter-Finding").split_whitespace().count(), 3);
    assert_eq!((notification.sender.as_str(), notification.kind), ("tide@example.org", Kind::Alert));
}

#[test]
fn the_bytes_are_ascii_with_short_lines_and_never_change() {
    let notification = mail(&sample::alert(20), None);
    for message in [&notification.message, notification.without_attachment.as_ref().unwrap()] {
        assert!(message.is_ascii());
        let lines: Vec<&[u8]> = message.split(|byte| *byte == b'\n').collect();
        assert!(lines.iter().all(|line| line.len() <= 998));
        assert!(lines[..lines.len() - 1].iter().all(|line| line.ends_with(b"\r")));
    }
    assert_eq!(notification, mail(&sample::alert(20), None));
}

#[test]
fn no_text_of_a_rule_or_a_record_becomes_a_header() {
    let mut alert = sample::alert(1);
    let evil = "x\r\nBcc: evil@example.org\r\n\r\nbody \u{2028}\u{85}Bcc: e@example.org";
    let rule = rule_of(&mut alert);
    rule.title = evil.into();
    rule.id = evil.into();
    alert.told[0].finding.evidence[1].entity = Some(evil.into());
    let notification = mail(&alert, Some("a@b>\r\nBcc: evil@example.org"));
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    assert!(parsed.bcc().is_none() && parsed.references().as_text().is_none());
    assert_eq!(parsed.subject(), Some(notification.subject.as_str()));
    assert!(notification.subject.starts_with("critical: x Bcc: evil@example.org"));
    assert!(notification.subject.chars().count() <= 120);
    assert_eq!(parsed.attachment_count(), 1);
}

#[test]
fn a_rule_with_brackets_in_its_title_puts_none_into_the_subject() {
    let mut alert = sample::alert(1);
    rule_of(&mut alert).title = "[test] drones".into();
    assert!(mail(&alert, None).subject.contains(": (test) drones: "));
}

#[test]
fn a_subject_in_cyrillic_survives_and_a_long_title_gives_way() {
    let mut alert = sample::alert(1);
    rule_of(&mut alert).title = "Запчасти для самолётов ".repeat(20);
    let notification = mail(&alert, None);
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    assert_eq!(parsed.subject(), Some(notification.subject.as_str()));
    assert!(notification.subject.ends_with("…: 1 record, AO KRET"), "{}", notification.subject);
    assert!(notification.subject.chars().count() <= 120);
}

#[test]
fn the_html_marks_and_escapes() {
    let notification = mail(&sample::alert(1), None);
    let html = html_of(&notification);
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    assert_eq!(html.trim_end(), parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end());
    assert_eq!(html.matches(">СУ-35</mark>").count(), 2);
    assert!(html.contains("&amp; запчасти") && html.contains("Example Trading &lt;Ltd&gt;"));
    assert!(!html.contains("<Ltd>"));
    assert!(html.contains("1,234,567.50 USD") && html.contains("&lt;") && html.contains("color-scheme"));
    for remote in ["http:", "src=", "url(", "@import", "<script", "<link"] {
        assert!(!html.contains(remote), "{remote}");
    }
}

#[test]
fn no_text_is_small() {
    for (name, text) in
        [("alert", include_str!("templates/alert.html")), ("op", include_str!("templates/operator.html"))]
    {
        for size in text.split("font-size:").skip(1) {
            let pixels: u32 = size.split("px").next().unwrap().parse().unwrap();
            assert!(pixels >= 14, "{name} has text of {pixels} px");
        }
    }
}

#[test]
fn the_html_stays_small_however_large_the_records_are() {
    let mut alert = sample::alert(300);
    for told in &mut alert.told {
        told.finding.record.fields[6].1 = "<&>\"' запчасти".repeat(5000);
        told.finding.record.fields[4].1 = "&".repeat(5000);
        let one = told.finding.evidence[0].clone();
        told.finding.evidence.extend((0..40).map(|n| {
            let mut more = one.clone();
            more.value = format!("{n}{}", "<".repeat(3000));
            more
        }));
    }
    let notification = mail(&alert, None);
    let html = html_of(&notification);
    assert!(html.len() < 90_000, "{}", html.len());
    assert!(html.contains("300 records") && html.contains("more records are in the attached file."));
}

#[test]
fn an_amended_record_shows_old_and_new() {
    let mut alert = sample::alert(1);
    let mut before = sample::record(1);
    before.fields[6].1 = "Прежний <текст>".into();
    before.fields.retain(|(field, _)| *field != Field::ValueUsd);
    let evidence = alert.told[0].finding.evidence.clone();
    alert.told[0].news = News::Amended { before: Box::new(Version { record: before, evidence }) };
    (alert.totals.new, alert.totals.amended) = (0, 1);
    let notification = mail(&alert, None);
    let text = text(&notification);
    assert!(text.contains("Changed, Description: was Прежний <текст>; is Блок для"), "{text}");
    assert!(text.contains("Changed, Value in USD: was (nothing); is 1,234,567.50"), "{text}");
    let place = "october.csv, row 1, declaration 10702070/241022/0001, item 1";
    assert!(text.contains(&format!("   Told to you before as it stood in {place}.\n")), "{text}");
    assert!(!text.contains("Now "), "{text}");
    assert!(notification.subject.contains("1 amended record, "));
    assert!(html_of(&notification).contains("Прежний &lt;текст&gt;"));
}

#[test]
fn an_amended_record_says_which_entity_is_new() {
    let mut alert = sample::alert(1);
    let mut evidence = alert.told[0].finding.evidence.clone();
    evidence[1].entity = Some("Rostec".into());
    alert.told[0].news = News::Amended { before: Box::new(Version { record: sample::record(1), evidence }) };
    let text = text(&mail(&alert, None)).replace("\n", " ");
    assert!(text.contains("Now matches AO KRET: consignee ‘АО «КРЭТ»’ is AO KRET"), "{text}");
}

#[test]
fn a_record_of_which_others_were_told_before_is_new_to_its_reader() {
    let mut alert = sample::alert(1);
    let version = Version { record: sample::record(7), evidence: vec![] };
    alert.told[0].news = News::NewToReader { before: Box::new(version) };
    let notification = mail(&alert, None);
    let text = text(&notification);
    assert!(
        text.contains("New to you: an earlier version was not told to you. It stood in october.csv, row 7,"),
        "{text}"
    );
    assert!(!text.contains("Changed") && !text.contains("amended") && !notification.subject.contains("amended"));
}

#[test]
fn a_summary_shows_totals_instead_of_records() {
    let mut alert = sample::alert(3);
    rule_of(&mut alert).alert.summary = true;
    let line = alert.totals.by_party_and_month[0].clone();
    alert.totals.by_party_and_month = vec![line; 40];
    (alert.totals.new, alert.totals.lines) = (5_000, 4_000);
    alert.totals.value_usd = Some("200000000".into());
    let text = text(&mail(&alert, None));
    assert_eq!(text.matches("- 2022-10: 3 records, 3,703,702.50 USD\n").count(), 30, "{text}");
    // Thirty lines of three records and 3,703,702.50 USD are shown: what the others come to is the rest of the true totals.
    let rest = "3,970 more lines with 4,910 records, worth 88,888,925 USD, are not shown here. The attached file holds 3 of \
                the 5,000 records.";
    assert!(text.contains(rest), "{text}");
    assert!(!text.contains("Where:"));
}

#[test]
fn a_banner_and_a_cut_attachment_are_said() {
    let mut alert = sample::alert(3);
    alert.totals.new = 12_345;
    alert.files[0].banner = Some("Held for two hours".into());
    let text = text(&mail(&alert, None));
    assert!(text.contains("NOTE: Held for two hours"));
    assert!(text.contains("The attached CSV file holds 3 of 12,345 records; there is no room"), "{text}");
    assert!(text.contains("12,342 more records are not shown here; the attached file holds 3 of the 12,345."));
    let pointer = "All of them can be had from tide@example.org, who runs this watcher: `tidewaiter findings --mail \
                   00000000-0000-0000-0000-000000000007@mail.example.org --format csv` writes them out.";
    assert!(text.contains(pointer), "{text}");
}

#[test]
fn the_attachment_goes_along_once_and_stays_behind_in_the_twin() {
    let notification = mail(&sample::alert(2), None);
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    let csv = parsed.attachment(0).unwrap();
    assert_eq!(csv.attachment_name(), Some("su-35-rostec.csv"));
    assert!(String::from_utf8(csv.contents().to_vec()).unwrap().starts_with("\u{FEFF}rule,level,group,news,"));
    let twin = MessageParser::default().parse(notification.without_attachment.as_ref().unwrap()).unwrap();
    assert_eq!((twin.attachment_count(), twin.message_id()), (0, parsed.message_id()));
    let text = twin.body_text(0).unwrap();
    assert!(!text.contains("attached") && text.contains("was left out: with it, the mail was too large"), "{text}");
    assert!(
        text.contains("findings --mail 00000000-0000-0000-0000-000000000007@mail.example.org --format csv"),
        "{text}"
    );
    assert!(twin.body_html(0).unwrap().contains("was left out"));
}

#[test]
fn a_record_without_anything_is_still_told() {
    let mut alert = sample::alert(1);
    alert.told[0].finding.record.fields.clear();
    alert.told[0].finding.record.raw.clear();
    alert.told[0].finding.evidence.clear();
    let notification = mail(&alert, None);
    assert!(text(&notification).contains("no date  not named → not named"));
    assert_eq!(notification.subject, "critical: Su-35 parts to a Rostec subsidiary: 1 record");
}

#[test]
fn an_address_that_cannot_be_delivered_to_is_refused() {
    let alert = sample::alert(1);
    let templates = Templates::shipped().unwrap();
    for recipient in ["", "nobody", "a@b\r\nBcc: c@d", "x <a@example.org>", "почта@example.org", "a b@example.org"]
    {
        let letter = Letter {
            alerts: std::slice::from_ref(&alert),
            occasion: &Occasion::default(),
            recipient,
            roots: &[],
            now: jiff::Timestamp::UNIX_EPOCH,
            id: uuid::Uuid::nil(),
        };
        let refused = alert_letter(&letter, &sender(), &templates);
        assert!(matches!(refused, Err(MessageError::Address { .. })), "{recipient}");
    }
    let local = Sender { from: "tide@localhost".into(), host: String::new() };
    let letter = Letter {
        alerts: std::slice::from_ref(&alert),
        occasion: &Occasion::default(),
        recipient: "desk@localhost",
        roots: &[],
        now: jiff::Timestamp::MIN,
        id: uuid::Uuid::nil(),
    };
    assert!(alert_letter(&letter, &local, &templates).is_ok());
}

#[test]
fn an_operator_notice_keeps_its_lines() {
    let letter = OperatorLetter {
        kind: "broken_rule",
        about: "rules/su-35.yml",
        subject: "rule su-35.yml is broken\r\nBcc: x@example.org",
        paragraphs: &["line 4: unknown key\n    levle: high\n    ^^^^^ <here>".to_owned(), "Still running.".to_owned()],
        recipient: "ops@example.org",
        now: jiff::Timestamp::UNIX_EPOCH,
        id: uuid::Uuid::from_u128(9),
    };
    let notification = operator_letter(&letter, &sender(), &Templates::shipped().unwrap()).unwrap();
    let text = text(&notification);
    assert!(text.contains("line 4: unknown key\n    levle: high\n    ^^^^^ <here>\n\nStill running."), "{text}");
    assert!(html_of(&notification).contains("^^^^^ &lt;here&gt;"));
    assert_eq!(notification.subject, "rule su-35.yml is broken Bcc: x@example.org");
    assert_eq!((notification.kind, notification.without_attachment), (Kind::Operator, None));
}

/// The sample under another rule.
fn other(id: &str, level: crate::rule_card::Level, count: u64) -> Alert {
    let mut alert = sample::alert(count);
    let rule = rule_of(&mut alert);
    (rule.id, rule.title, rule.level) = (id.into(), format!("Rule {id}"), level);
    for told in &mut alert.told {
        told.finding.rule = alert.rule.clone();
    }
    alert
}

#[test]
fn several_alerts_are_one_mail_that_shows_the_first_twenty_of_each() {
    use crate::alert::{Untold, UntoldCount};
    use crate::rule_card::Level;

    let mut alerts = vec![sample::alert(30), other("b", Level::High, 30), other("c", Level::High, 2)];
    alerts[2].files[0].source.file = "november.csv".into();
    let occasion = Occasion {
        title: Some("Daily digest, 2022-11-01".into()),
        deferred: true,
        untold: vec![UntoldCount { why: Untold::Storm, many: 1_204 }],
    };
    let roots = ["a@x".to_owned(), "b@x".to_owned()];
    let letter = Letter {
        alerts: &alerts,
        occasion: &occasion,
        recipient: "desk@example.org",
        roots: &roots,
        now: jiff::Timestamp::UNIX_EPOCH,
        id: uuid::Uuid::from_u128(7),
    };
    let notification = alert_letter(&letter, &sender(), &Templates::shipped().unwrap()).unwrap();
    let expected = "critical: Su-35 parts to a Rostec subsidiary: 30 records, AO KRET, and 2 more rules";
    assert_eq!(notification.subject, expected);
    let text = text(&notification);
    for part in [
        "Daily digest, 2022-11-01\n",
        "62 records of 3 rules",
        "- high: Rule b: 30 records, AO KRET\n",
        "joined this one",
        "10 more records are in the attached file.",
        "\n1,204 findings held as a storm",
        "File: october.csv",
        "File: november.csv",
        "Rule: b, version a1b2c3d4e5f6",
    ] {
        assert!(text.contains(part) || text.contains(&part.replace("\n1", "\n- 1")), "{part}\n{text}");
    }
    assert_eq!(text.matches("   Where: ").count(), 42, "twenty, twenty and two");
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    assert_eq!(parsed.references().as_text_list().unwrap(), ["a@x", "b@x"]);
    assert_eq!(parsed.in_reply_to().as_text(), Some("a@x"));
    assert_eq!(parsed.header_raw("X-Tidewaiter-Level").unwrap().trim(), "critical, high");
    let csv = String::from_utf8(parsed.attachment(0).unwrap().contents().to_vec()).unwrap();
    assert_eq!(csv.lines().count(), 63, "every record of every alert");
    assert!(html_of(&notification).contains("62 records of 3 rules"));
}

#[test]
fn a_mail_of_hundreds_of_alerts_stays_small_and_counts_them_all() {
    let alerts: Vec<Alert> = (0..300).map(|n| other(&format!("r{n}"), crate::rule_card::Level::Low, 2)).collect();
    let letter = Letter {
        alerts: &alerts,
        occasion: &Occasion::default(),
        recipient: "desk@example.org",
        roots: &[],
        now: jiff::Timestamp::UNIX_EPOCH,
        id: uuid::Uuid::from_u128(7),
    };
    let notification = alert_letter(&letter, &sender(), &Templates::shipped().unwrap()).unwrap();
    let html = html_of(&notification);
    assert!(html.len() < 90_000, "{}", html.len());
    assert!(html.contains("600 records of 300 rules"), "{html}");
    assert!(html.contains("and 295 more rules with 590 records: 295 low"), "{html}");
    assert!(html.contains("Rules: and 280 more rules"), "the foot counts those that it does not name: {html}");
    let shown = html.matches("<b>Where</b>").count();
    assert!(html.contains(&format!("and {} more alerts with", 240 - shown)), "{shown}: {html}");
}

fn mail_of(alerts: &[Alert]) -> Notification {
    let letter = Letter {
        alerts,
        occasion: &Occasion::default(),
        recipient: "desk@example.org",
        roots: &[],
        now: jiff::Timestamp::UNIX_EPOCH,
        id: uuid::Uuid::from_u128(7),
    };
    alert_letter(&letter, &sender(), &Templates::shipped().unwrap()).unwrap()
}

#[test]
fn a_critical_alert_loses_no_record_to_lesser_ones() {
    use crate::rule_card::Level;

    let mut alerts = vec![sample::alert(20)];
    alerts.extend((0..30).map(|n| other(&format!("r{n}"), Level::High, 20)));
    let notification = mail_of(&alerts);
    let html = html_of(&notification);
    assert!(html.len() < 90_000, "{}", html.len());
    let first = html.split("Rule r0</h1>").next().unwrap();
    assert_eq!(first.matches("<b>Where</b>").count(), 20);
    assert!(html.contains("high: Rule r29: 20 records, AO KRET (in the attached file alone)"), "{html}");
    assert!(text(&notification).matches("   Where: ").count() > 100, "the plain part has its own room");
}

#[test]
fn of_a_rule_in_several_groups_everything_but_the_records_is_said_once() {
    use crate::rule_card::Level;

    let group = |name: &str| {
        let mut alert = other("party", Level::High, 2);
        alert.group = vec![("to.entity".into(), name.into())];
        alert
    };
    let alerts = [group("KRET"), other("b", Level::High, 1), group("Almaz"), group("KRET 2")];
    let text = text(&mail_of(&alerts));
    for once in ["HIGH: Rule party\n6 records", "- high: Rule party: 6 records in 3 groups\n"] {
        assert_eq!(text.matches(once).count(), 1, "{once} in {text}");
    }
    for twice in ["Scale models and toys", "https://example.org/source", "Parts for the Su-35 that are declared"] {
        assert_eq!(text.matches(twice).count(), 2, "{twice}, once a rule, in {text}");
    }
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} in {text}"));
    assert!(place("To: Almaz\n2 records") < place("To: KRET 2\n2 records"));
    assert!(place("To: KRET 2") < place("HIGH: Rule b"), "{text}");
}

#[test]
fn what_was_held_as_a_storm_says_since_when_why_and_how_it_came_to_be_told() {
    use crate::alert::{HeldUntil, WasHeld};

    let mut alert = sample::alert(1);
    let held =
        |since, end| WasHeld { since, until: since + 3_600_000_000, why: "more than 1,000 findings".into(), end };
    alert.held = vec![held(0, HeldUntil::Released), held(86_400_000_000, HeldUntil::Overdue)];
    let notification = mail(&alert, None);
    let text = text(&notification);
    let released = "NOTE: Held as a storm since 1970-01-01 00:00 UTC: more than 1,000 findings. Somebody looked at it and \
                    released it on 1970-01-01 01:00 UTC.";
    assert!(text.contains(released), "{text}");
    assert!(
        text.contains("since 1970-01-02 00:00 UTC: more than 1,000 findings. Nobody has looked at it within 24 hours")
    );
    assert!(html_of(&notification).contains("Held as a storm since 1970-01-01 00:00 UTC"));
}

#[test]
fn no_record_is_in_neither_the_mail_nor_its_file_without_being_counted_and_pointed_to() {
    use crate::rule_card::Level;

    let mut alerts = vec![sample::alert(400)];
    for told in &mut alerts[0].told {
        told.finding.record.raw.push(("Text".into(), "x".repeat(20_000)));
    }
    alerts.extend((0..30).map(|n| other(&format!("n{n}"), Level::Critical, 12)));
    alerts[30].told.clear();
    let notification = mail_of(&alerts);
    let html = html_of(&notification);
    let parsed = MessageParser::default().parse(&notification.message).unwrap();
    let mut rows = csv::Reader::from_reader(parsed.attachment(0).unwrap().contents());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    for n in 0..29 {
        assert_eq!(rows.iter().filter(|row| &row[0] == format!("n{n}").as_str()).count(), 12, "n{n}");
    }
    let held = format!("The attached CSV file holds {} of 760 records", rows.len());
    assert!(html.contains(&held) && html.contains("tidewaiter findings --mail"), "{html}");
    assert!(html.contains("critical: Rule n29: 12 records (neither here nor in the attached file)"), "{html}");
}

#[tokio::test]
async fn a_maildir_takes_the_mail_once() {
    let dir = tempfile::tempdir().unwrap();
    let transport = Transport::Maildir(Maildir::open(dir.path()).unwrap());
    let notification = mail(&sample::alert(1), None);
    for _ in 0..2 {
        let outcome = transport.send(&notification, async || Ok(())).await;
        assert!(matches!(outcome, crate::notification::Outcome::Delivered { .. }), "{outcome:?}");
    }
    assert_eq!(std::fs::read_dir(dir.path().join("new")).unwrap().count(), 1);
    assert_eq!(Field::Party(Role::Consignee, Part::Name).name(), "consignee.name");
}

#[test]
fn every_mail_goes_along_whole_under_one_message_id() {
    let mails = [mail(&sample::alert(1), None), mail(&sample::alert(2), None)];
    let told = OperatorLetter {
        kind: "",
        about: "",
        subject: "2 alerts that waited",
        paragraphs: &["The relay could not be reached.".to_owned()],
        recipient: &mails[0].recipient,
        now: jiff::Timestamp::UNIX_EPOCH,
        id: uuid::Uuid::from_u128(9),
    };
    let merged = merged_letter(&told, &mails, (&sender(), &Templates::shipped().unwrap())).unwrap();
    assert!(merged.message.is_ascii());
    let parsed = mail_parser::MessageParser::default().parse(&merged.message[..]).unwrap();
    assert_eq!(parsed.message_id(), Some(merged.message_id.as_str()));
    let inner: Vec<&mail_parser::Message> = parsed.attachments().filter_map(|part| part.message()).collect();
    assert_eq!(inner.len(), 2);
    for (inner, mail) in inner.iter().zip(&mails) {
        assert_eq!(inner.message_id(), Some(mail.message_id.as_str()));
        assert_eq!(inner.attachment_count(), 1, "its table goes along");
    }
    assert!(parsed.body_text(0).unwrap().contains("could not be reached"));
    let twin = merged.without_attachment.unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&twin[..]).unwrap();
    let tables = |message: &mail_parser::Message| message.attachment_count();
    assert_eq!(parsed.attachments().filter_map(|part| part.message()).map(tables).sum::<usize>(), 0);
    assert_eq!(parsed.attachments().count(), 2, "for a relay that finds the whole too large");
}
