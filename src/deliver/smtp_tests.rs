//! The SMTP transport against a scripted relay on the loopback interface.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::notification::Kind;

/// What the relay answers: (command that it begins with, reply); an empty reply closes, `…` never answers.
type Script = &'static [(&'static str, &'static str)];

const USUAL: Script = &[
    ("", "220 relay\r\n"),
    ("EHLO", "250-relay\r\n250 AUTH PLAIN LOGIN\r\n"),
    ("AUTH", "235 ok\r\n"),
    ("MAIL", "250 ok\r\n"),
    ("RCPT", "250 ok\r\n"),
    ("DATA", "354 go on\r\n"),
    (".", "250 2.0.0 queued as 42\r\n"),
    ("QUIT", "221 bye\r\n"),
];

fn reply(script: Script, command: &str) -> &'static str {
    let find = |script: Script| script.iter().find(|(begin, _)| *begin == command).map(|(_, reply)| *reply);
    find(script).or_else(|| find(USUAL)).unwrap_or("500 what\r\n")
}

/// Serves one connection and returns all lines that it was told.
async fn relay(listener: TcpListener, script: Script) -> Vec<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut heard = Vec::new();
    let mut command = String::new();
    let mut in_data = false;
    loop {
        match reply(script, &command) {
            _ if in_data && command != "." => {}
            "" => return heard,
            "…" => std::future::pending().await,
            words => {
                write.write_all(words.as_bytes()).await.unwrap();
                in_data = words.starts_with("354");
                if command == "QUIT" {
                    return heard;
                }
            }
        }
        let Ok(Some(line)) = lines.next_line().await else { return heard };
        command = if in_data { line.clone() } else { line.split([' ', ':']).next().unwrap().to_owned() };
        heard.push(line);
    }
}

fn notification() -> Notification {
    Notification {
        message_id: "a@host".into(),
        kind: Kind::Alert,
        recipient: "desk@example.org".into(),
        sender: "tide@example.org".into(),
        subject: "s".into(),
        message: b"Subject: s\r\n\r\nMAIL\r\n.\r\nwhole\r\n".to_vec(),
        without_attachment: Some(b"Subject: s\r\n\r\nshort\r\n".to_vec()),
    }
}

fn transport(port: u16, user: Option<&str>) -> Transport {
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        tls: SmtpTls::PlainInsecure,
        user: user.map(str::to_owned),
        password: user.map(|_| "secret".to_owned().into()),
        timeout: Duration::from_millis(1500),
        ca_file: None,
        hello_name: "client.example.org\r\nRSET".into(),
    };
    Transport::Smtp(SmtpTransport::new(settings).unwrap())
}

async fn converse(script: Script, user: Option<&str>) -> (Outcome, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap().port(), user);
    let serving = tokio::spawn(relay(listener, script));
    let outcome = transport.send(&notification()).await;
    drop(transport);
    let hangs = script.iter().any(|(_, reply)| *reply == "…");
    let heard = if hangs { Vec::new() } else { serving.await.unwrap() };
    (outcome, heard)
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered { .. } => "delivered",
        Outcome::Deferred { .. } => "deferred",
        Outcome::Refused { .. } => "refused",
        Outcome::TooLarge { .. } => "too large",
        Outcome::TransportRefused { .. } => "transport refused",
    }
}

async fn check(script: Script, expected: &str) {
    let (outcome, _) = converse(script, Some("user")).await;
    assert_eq!(word(&outcome), expected, "{script:?}: {outcome:?}");
}

#[tokio::test]
async fn a_relay_that_accepts_is_told_the_whole_message() {
    let (outcome, heard) = converse(&[], None).await;
    assert_eq!(outcome, Outcome::Delivered { reply: "250 2.0.0 queued as 42".into() });
    assert_eq!(heard[0], "EHLO client.example.orgRSET");
    assert!(heard.contains(&"MAIL FROM:<tide@example.org>".to_owned()), "{heard:?}");
    assert!(heard.contains(&"RCPT TO:<desk@example.org>".to_owned()));
    assert!(heard.contains(&"..".to_owned()) && heard.contains(&"whole".to_owned()), "dots are stuffed");
}

#[tokio::test]
async fn a_temporary_no_defers_at_every_step() {
    for script in [
        &[("", "421 busy\r\n")] as Script,
        &[("AUTH", "454 later\r\n")],
        &[("MAIL", "451 later\r\n")],
        &[("RCPT", "450 greylisted\r\n")],
        &[("DATA", "451 later\r\n")],
        &[(".", "452 disk full\r\n")],
    ] {
        check(script, "deferred").await;
    }
}

#[tokio::test]
async fn a_permanent_no_is_judged_by_its_step() {
    check(&[("", "554 no mail here\r\n")], "transport refused").await;
    check(&[("AUTH", "535 5.7.8 bad credentials\r\n")], "transport refused").await;
    check(&[("MAIL", "550 5.7.1 sender refused\r\n")], "transport refused").await;
    check(&[("MAIL", "530 log in first\r\n")], "transport refused").await;
    check(&[("RCPT", "550 5.1.1 no such user\r\n")], "refused").await;
    check(&[("RCPT", "552 5.2.2 mailbox full\r\n")], "refused").await;
    check(&[(".", "552 too much\r\n")], "too large").await;
    check(&[(".", "554 message size exceeds limit\r\n")], "too large").await;
    check(&[(".", "554 spam\r\n")], "refused").await;
}

#[tokio::test]
async fn a_connection_that_breaks_defers() {
    check(&[("", "")], "deferred").await;
    check(&[("RCPT", "")], "deferred").await;
    check(&[(".", "")], "deferred").await;
    check(&[("EHLO", "garbage\r\n")], "deferred").await;
}

#[tokio::test]
async fn a_relay_that_hangs_defers_within_the_timeout() {
    check(&[("", "…")], "deferred").await;
    check(&[(".", "…")], "deferred").await;
}

#[tokio::test]
async fn a_relay_that_offers_no_login_is_at_fault_itself() {
    check(&[("EHLO", "250 relay\r\n")], "transport refused").await;
}

#[tokio::test]
async fn a_failed_goodbye_does_not_make_an_accepted_mail_unsent() {
    check(&[("QUIT", "")], "delivered").await;
}

#[tokio::test]
async fn nobody_listening_defers_and_encryption_is_never_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(word(&transport(port, None).send(&notification()).await), "deferred");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        tls: SmtpTls::Starttls,
        user: None,
        password: None,
        timeout: Duration::from_secs(5),
        ca_file: None,
        hello_name: String::new(),
    };
    let serving = tokio::spawn(relay(listener, &[]));
    let strict = Transport::Smtp(SmtpTransport::new(settings).unwrap());
    assert_eq!(word(&strict.send(&notification()).await), "deferred");
    assert!(serving.await.unwrap().iter().all(|line| !line.starts_with("MAIL")));
}

#[tokio::test]
async fn the_twin_without_the_attachment_is_sent_when_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap().port(), None);
    let serving = tokio::spawn(relay(listener, &[]));
    assert_eq!(word(&transport.without_attachment(&notification()).await), "delivered");
    assert!(serving.await.unwrap().contains(&"short".to_owned()));
}
