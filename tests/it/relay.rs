//! A relay that refuses, defers, hangs or hangs up: the others get their mail, the operators are told, nothing is lost.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tidewaiter::ledger::{Ledger, OutboxListing};

use crate::bench::{Bench, HEADER, hit, read_all};

/// Recipient and message of each mail that was taken.
pub type Accepted = Arc<Mutex<Vec<(String, String)>>>;

/// What a relay does with a recipient, by how the address begins, while it is ill.
const REFUSED: &str = "refused@";
const DEFERRED: &str = "deferred@";
const HANGS: &str = "hangs@";
const DROPPED: &str = "dropped@";
/// Takes no mail with an attachment.
const SMALL: &str = "small@";
/// Knows nobody who sends under this name.
const STRANGER: &str = "stranger@";

pub struct Relay {
    pub port: u16,
    pub accepted: Accepted,
    /// How often a sender was named to it.
    pub asked: Arc<AtomicUsize>,
    pub ill: Arc<Mutex<bool>>,
}

impl Relay {
    /// Speaks enough SMTP to take mail.
    pub fn start() -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay {
            port: listener.local_addr().unwrap().port(),
            accepted: Accepted::default(),
            asked: Arc::default(),
            ill: Arc::new(Mutex::new(true)),
        };
        let (accepted, asked, ill) = (relay.accepted.clone(), relay.asked.clone(), relay.ill.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (accepted, asked, ill) = (accepted.clone(), asked.clone(), *ill.lock().unwrap());
                std::thread::spawn(move || converse(stream.unwrap(), ill, (&accepted, &asked)));
            }
        });
        relay
    }

    /// An installation whose default recipients are these.
    pub fn bench(&self, recipients: &[&str]) -> Bench {
        let bench = Bench::with_transport(&format!("smtp://127.0.0.1:{}?tls=none", self.port));
        let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
        let list = format!("default: [{}]", recipients.join(", "));
        bench.write("tidewaiter.yaml", config.replace("default: analyst@example.org", &list));
        bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
        bench
    }

    /// Who got mail. On a busy machine an answer may come too late, and the mail once more.
    pub fn recipients(&self) -> BTreeSet<String> {
        self.accepted.lock().unwrap().iter().map(|(recipient, _)| recipient.clone()).collect()
    }
}

fn converse(mut stream: TcpStream, ill: bool, (accepted, asked): (&Accepted, &AtomicUsize)) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
    say("220 relay.example.org ESMTP")?;
    let mut recipient = String::new();
    while let Some(Ok(line)) = lines.next() {
        let word = line.split([' ', ':']).next().unwrap_or("").to_uppercase();
        asked.fetch_add(usize::from(word == "MAIL"), Ordering::SeqCst);
        match word.as_str() {
            "EHLO" => say("250-relay.example.org\r\n250 8BITMIME")?,
            "MAIL" if ill && line.contains(STRANGER) => say("550 5.7.1 sender not known")?,
            "RCPT" => {
                recipient = line.split(['<', '>']).nth(1)?.to_owned();
                match () {
                    () if ill && recipient.starts_with(REFUSED) => say("550 5.1.1 no such mailbox")?,
                    () if ill && recipient.starts_with(DEFERRED) => say("451 4.3.0 try again later")?,
                    () => say("250 2.1.5 ok")?,
                }
            }
            "DATA" => {
                say("354 go on")?;
                let body: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                if ill && recipient.starts_with(HANGS) {
                    // Says nothing until the other side has had enough.
                    lines.next();
                    return None;
                }
                if ill && recipient.starts_with(SMALL) && body.iter().any(|line| line.contains("text/csv")) {
                    say("552 5.3.4 message too big for system")?;
                    continue;
                }
                accepted.lock().unwrap().push((recipient.clone(), body.join("\n")));
                if ill && recipient.starts_with(DROPPED) {
                    return None;
                }
                say("250 2.0.0 taken")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
    None
}

#[test]
fn one_refused_recipient_of_three_blocks_nobody_and_is_told() {
    let relay = Relay::start();
    let bench = relay.bench(&["one@example.org", "refused@example.org", "three@example.org"]);
    bench.run();
    let expected = ["one@example.org", "ops@example.org", "three@example.org"].map(str::to_owned);
    assert_eq!(relay.recipients(), BTreeSet::from(expected));
    let accepted = relay.accepted.lock().unwrap();
    let told = &accepted.iter().find(|(recipient, _)| recipient == "ops@example.org").unwrap().1;
    assert!(told.contains("refused@example.org"), "{told}");
    assert_eq!(read_all(&bench.path("state/operator-mail/new")).len(), 1, "and a copy is left on this machine");
}

#[test]
fn a_relay_that_defers_hangs_or_hangs_up_delays_its_own_mail_alone_and_loses_none() {
    let relay = Relay::start();
    let bench = relay.bench(&["deferred@example.org", "dropped@example.org", "hangs@example.org", "well@example.org"]);
    let daemon = bench.start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    daemon.until("a ledger", || bench.path("state/ledger.db-wal").exists() && !relay.recipients().is_empty());
    let ledger = runtime.block_on(Ledger::open(&bench.config().ledger)).unwrap();
    let outbox = || runtime.block_on(ledger.outbox(100)).unwrap();
    let of = |rows: Vec<OutboxListing>, state: &str| -> Vec<OutboxListing> {
        rows.into_iter().filter(|row| row.state == state).collect()
    };
    daemon.until("three mails to be put off", || {
        of(outbox(), "waiting").iter().filter(|row| row.attempts > 0).count() == 3
    });
    let delivered: Vec<String> = of(outbox(), "delivered").into_iter().map(|row| row.recipient).collect();
    assert_eq!(delivered, ["well@example.org"]);
    for row in of(outbox(), "waiting") {
        assert_eq!(row.attempts, 1, "that another mail went out does not bring it forward: {row:?}");
        let said = row.last_reply.unwrap();
        let expected = match row.recipient.split('@').next().unwrap() {
            "deferred" => "451",
            "hangs" => "did not answer within 5s",
            _ => "",
        };
        assert!(said.contains(expected), "{}: {said}", row.recipient);
    }
    *relay.ill.lock().unwrap() = false;
    for row in of(outbox(), "waiting") {
        assert!(runtime.block_on(ledger.requeue(row.id, 0)).unwrap());
    }
    daemon.until("all to be delivered", || of(outbox(), "delivered").len() == 4);
    daemon.stop();
    // What was taken before the relay hung up was taken once more, under the same Message-ID.
    assert_eq!(relay.recipients().len(), 4);
    let accepted = relay.accepted.lock().unwrap();
    let id = |message: &str| message.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned();
    let ids: Vec<String> =
        accepted.iter().filter(|(to, _)| to.starts_with(DROPPED)).map(|(_, message)| id(message)).collect();
    assert_eq!(ids[0], ids[1]);
}
