//! Ways out: a relay that is out and the one that stands in for it, refused senders, sizes, a local command, merged mail.

use std::net::TcpListener;
use std::sync::atomic::Ordering;

use tidewaiter::ledger::{Ledger, OutboxListing};
use tidewaiter::notification::{Kind, Notification};

use crate::bench::{Bench, HEADER, hit, read_all, subject};
use crate::commands::{printed, tidewaiter};
use crate::relay::Relay;
use crate::telling::storm;
use crate::upkeep::wrong;

const HOUR: i64 = 3600 * 1_000_000;

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn relay_at(port: u16) -> String {
    format!("smtp://127.0.0.1:{port}?tls=none")
}

/// An installation with a hit in its drop folder, whose mail keys end with these.
fn bench(transport: &str, mail: &str) -> Bench {
    let bench = Bench::with_transport(transport);
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace(", timeout: 5s", &format!(", timeout: 5s{mail}")));
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench
}

struct Book {
    runtime: tokio::runtime::Runtime,
    ledger: Ledger,
}

impl Book {
    fn of(bench: &Bench) -> Book {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let ledger = runtime.block_on(Ledger::open(&bench.config().ledger)).unwrap();
        Book { runtime, ledger }
    }

    /// As a daemon leaves it that was stopped while its relay was down.
    fn down_since(&self, micros: i64) {
        self.runtime.block_on(self.ledger.set_note("relay-down-since", &micros.to_string())).unwrap();
    }

    fn outbox(&self) -> Vec<OutboxListing> {
        self.runtime.block_on(self.ledger.outbox(1000)).unwrap()
    }

    fn put(&self, mails: &[Notification]) {
        let put = async { self.ledger.begin_notices(now()).await.unwrap().commit(mails).await.unwrap() };
        self.runtime.block_on(put);
    }
}

fn waiting_mail(number: u32, level: &str) -> Notification {
    let id = format!("{number}@example.org");
    let head = format!("Message-ID: <{id}>\r\nSubject: mail {number}\r\nX-Tidewaiter-Level: {level}\r\n");
    Notification {
        message_id: id,
        kind: Kind::Alert,
        recipient: "analyst@example.org".into(),
        sender: "tidewaiter@example.org".into(),
        subject: format!("mail {number}"),
        message: format!("{head}\r\nwhat mail {number} tells\r\n").into_bytes(),
        without_attachment: None,
    }
}

#[test]
fn while_the_relay_is_out_the_fallback_takes_the_mail_and_the_operators_are_told() {
    let relay = Relay::start();
    let fallback = format!(", fallback: {{ transport: '{}' }}", relay_at(relay.port));
    let bench = bench(&relay_at(closed_port()), &fallback);
    Book::of(&bench).down_since(now() - HOUR / 2);
    bench.run();
    let accepted = relay.accepted.lock().unwrap();
    let alerts = accepted.iter().filter(|(recipient, _)| recipient == "analyst@example.org").count();
    assert_eq!(alerts, 1);
    let told: Vec<&String> =
        accepted.iter().filter(|(recipient, _)| recipient == "ops@example.org").map(|(_, mail)| mail).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("The fallback takes the mail meanwhile"), "{}", told[0]);
    assert_eq!(read_all(&bench.path("state/operator-mail/new")).len(), 1);
}

#[test]
fn a_relay_that_refuses_the_sender_burns_no_message_and_the_fallback_takes_it() {
    let (first, second) = (Relay::start(), Relay::start());
    let fallback = format!(", fallback: {{ transport: '{}' }}", relay_at(second.port));
    let bench = bench(&relay_at(first.port), &fallback);
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace("from: tidewaiter@", "from: stranger@"));
    *second.ill.lock().unwrap() = false;
    bench.run();
    assert!(first.recipients().is_empty());
    assert_eq!(second.recipients(), ["analyst@example.org", "ops@example.org"].map(str::to_owned).into());
    let book = Book::of(&bench);
    assert!(book.outbox().iter().all(|row| row.attempts == 1), "{:?}", book.outbox());
    let told = &read_all(&bench.path("state/operator-mail/new"))[0];
    assert!(subject(told).starts_with("the relay refuses every mail"), "{told}");
}

#[test]
fn without_a_fallback_a_refused_sender_pauses_the_mail_and_is_told_in_the_local_folder() {
    let relay = Relay::start();
    let bench = relay.bench(&["one@example.org", "two@example.org", "three@example.org", "four@example.org"]);
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace("from: tidewaiter@", "from: stranger@"));
    let daemon = bench.start();
    daemon.until("a notice in the local folder", || !read_all(&bench.path("state/operator-mail/new")).is_empty());
    daemon.until("the refusal in the status", || {
        matches!(&wrong(&bench)[..], [what] if what.starts_with("the relay refuses the sender or the password, and no mail goes out: "))
    });
    let rows = Book::of(&bench).outbox();
    assert!(rows.iter().all(|row| row.state == "waiting" && row.attempts == 0), "{rows:?}");
    assert_eq!(relay.asked.load(Ordering::SeqCst), 1, "the others would be told the same");
    assert!(relay.recipients().is_empty());
    daemon.stop();
    bench.run();
    assert!(relay.recipients().is_empty(), "a run until idle ends while every mail waits for its hour");
    let daemon = bench.start();
    bench.write("tidewaiter.yaml", config);
    *relay.ill.lock().unwrap() = false;
    daemon.until("the mails to go out", || relay.recipients().len() == 5);
    daemon.until("nothing to be wrong", || wrong(&bench).is_empty());
    daemon.stop();
}

#[test]
fn of_a_storm_a_copy_stays_on_this_machine_while_the_relay_is_out() {
    let bench = bench(&relay_at(closed_port()), "");
    storm(&bench, 0);
    let left = || read_all(&bench.path("state/operator-mail/new"));
    let daemon = bench.start();
    daemon.until("a copy in the local folder", || !left().is_empty());
    daemon.stop();
    let subjects: Vec<String> = left().iter().map(|mail| subject(mail)).collect();
    assert_eq!(subjects, ["storm held: Su-35 parts to Rostec: 125 findings"]);
}

#[test]
fn what_is_too_large_goes_out_once_more_without_its_attachment() {
    let relay = Relay::start();
    let bench = relay.bench(&["small@example.org"]);
    bench.run();
    let accepted = relay.accepted.lock().unwrap();
    let [(_, mail)] = &accepted[..] else { panic!("one mail: {accepted:?}") };
    assert!(mail.contains("Su-35") && !mail.contains("text/csv"), "{mail}");
    assert_eq!(Book::of(&bench).outbox()[0].attempts, 2);
}

#[test]
fn a_local_command_takes_the_mail() {
    let bench = bench("sendmail:bin/sendmail", "");
    let script = format!("#!/bin/sh\necho \"$@\" > {0}/arguments\ncat > {0}/mail\n", bench.path("").display());
    bench.write("bin/sendmail", script);
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bench.path("bin/sendmail"), permissions).unwrap();
    bench.run();
    let arguments = std::fs::read_to_string(bench.path("arguments")).unwrap();
    assert_eq!(arguments.trim(), "-i -f tidewaiter@example.org -- analyst@example.org");
    assert!(subject(&std::fs::read_to_string(bench.path("mail")).unwrap()).starts_with("critical: Su-35"));
}

#[test]
fn what_waited_out_a_long_outage_comes_as_one_mail_but_for_what_is_critical_or_perhaps_arrived() {
    let relay = Relay::start();
    let bench = Bench::with_transport(&relay_at(relay.port));
    let book = Book::of(&bench);
    let levels = ["high", "high", "critical", "medium", "low"];
    let mails: Vec<Notification> = (1..).zip(levels).map(|(number, level)| waiting_mail(number, level)).collect();
    book.put(&mails);
    book.runtime.block_on(book.ledger.leaves(5, now())).unwrap();
    book.down_since(now() - 2 * HOUR);
    bench.run();
    let states: Vec<(String, String)> =
        book.outbox().into_iter().rev().take(6).map(|row| (row.subject, row.state)).collect();
    let accepted = relay.accepted.lock().unwrap();
    // The first probes the relay by itself; operators are told of the outage besides.
    let mails: Vec<&String> =
        accepted.iter().filter(|(recipient, _)| recipient == "analyst@example.org").map(|(_, mail)| mail).collect();
    let with = |text: &str| mails.iter().filter(|mail| mail.contains(text)).count();
    for number in 1..=5 {
        assert_eq!(with(&format!("what mail {number} tells")), 1, "{states:?}");
    }
    let back = accepted.iter().filter(|(_, mail)| mail.contains("Subject: the relay takes mail again")).count();
    assert_eq!(back, 1);
    let merged = mails.iter().find(|mail| mail.contains("X-Tidewaiter-Merged")).expect("a merged mail");
    let inside: Vec<u32> = (1..=5).filter(|number| merged.contains(&format!("what mail {number} tells"))).collect();
    assert_eq!(inside, [2, 4], "{states:?}");
}

#[test]
fn a_mail_in_the_outbox_is_shown_as_it_reads() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let shown = printed(&tidewaiter(&bench.path(""), &["outbox", "show", "1", "--text"]).success());
    assert!(
        shown.starts_with("To: analyst@example.org\nSubject: critical: Su-35 parts to Rostec: 1 record"),
        "{shown}"
    );
    for part in ["Goods: ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35", "A record is a claim in a customs file"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("<html") && !shown.contains("Content-Type"), "{shown}");
}
