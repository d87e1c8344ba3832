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

fn password(user: Option<&str>) -> Login {
    user.map_or(Login::Nobody, |user| Login::Password { user: user.to_owned(), password: "secret".into() })
}

fn transport(port: u16, login: Login) -> Transport {
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        tls: SmtpTls::PlainInsecure,
        login,
        timeout: Duration::from_millis(1500),
        ca_file: None,
        hello_name: "client.example.org\r\nRSET".into(),
    };
    Transport::Smtp(SmtpTransport::new(settings).unwrap())
}

async fn converse(script: Script, login: Login) -> (Outcome, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap().port(), login);
    let serving = tokio::spawn(relay(listener, script));
    let outcome = transport.send(&notification(), async || Ok(())).await;
    drop(transport);
    let hangs = script.iter().any(|(_, reply)| *reply == "…");
    let heard = if hangs { Vec::new() } else { serving.await.unwrap() };
    (outcome, heard)
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered { .. } => "delivered",
        Outcome::Deferred { .. } => "deferred",
        Outcome::Unreachable { .. } => "unreachable",
        Outcome::Unconfirmed { .. } => "unconfirmed",
        Outcome::Refused { .. } => "refused",
        Outcome::TooLarge { .. } => "too large",
        Outcome::TransportRefused { .. } => "transport refused",
    }
}

async fn check(script: Script, expected: &str) {
    let (outcome, _) = converse(script, password(Some("user"))).await;
    assert_eq!(word(&outcome), expected, "{script:?}: {outcome:?}");
}

#[tokio::test]
async fn a_relay_that_accepts_is_told_the_whole_message() {
    let (outcome, heard) = converse(&[], Login::Nobody).await;
    assert_eq!(outcome, Outcome::Delivered { reply: "250 2.0.0 queued as 42".into() });
    assert_eq!(heard[0], "EHLO client.example.orgRSET");
    assert!(heard.contains(&"MAIL FROM:<tide@example.org>".to_owned()), "{heard:?}");
    assert!(heard.contains(&"RCPT TO:<desk@example.org>".to_owned()));
    assert!(heard.contains(&"..".to_owned()) && heard.contains(&"whole".to_owned()), "dots are stuffed");
}

#[tokio::test]
async fn a_temporary_no_is_of_the_relay_or_of_the_message() {
    check(&[("", "421 busy\r\n")], "unreachable").await;
    check(&[("AUTH", "454 later\r\n")], "unreachable").await;
    check(&[("MAIL", "451 later\r\n")], "unreachable").await;
    check(&[("RCPT", "421 closing\r\n")], "unreachable").await;
    check(&[("RCPT", "450 greylisted\r\n")], "deferred").await;
    check(&[("DATA", "451 later\r\n")], "deferred").await;
    check(&[(".", "452 disk full\r\n")], "deferred").await;
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
async fn a_connection_that_breaks_before_the_message_sent_nothing_and_after_it_perhaps_all() {
    check(&[("", "")], "unreachable").await;
    check(&[("RCPT", "")], "unreachable").await;
    check(&[("DATA", "")], "unreachable").await;
    check(&[("EHLO", "garbage\r\n")], "unreachable").await;
    check(&[(".", "")], "unconfirmed").await;
}

#[tokio::test]
async fn a_message_does_not_leave_before_that_is_noted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap().port(), Login::Nobody);
    let serving = tokio::spawn(relay(listener, &[]));
    let outcome = transport.send(&notification(), async || Err("the disk is full".to_owned())).await;
    assert_eq!(outcome, Outcome::Deferred { reason: "the disk is full".to_owned() });
    drop(transport);
    let heard = serving.await.unwrap();
    assert!(heard.contains(&"DATA".to_owned()) && !heard.contains(&"whole".to_owned()), "{heard:?}");
}

#[tokio::test]
async fn a_token_that_a_command_prints_logs_in() {
    let command = |script: &str| TokenCommand {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        timeout: Duration::from_secs(20),
    };
    let script: Script = &[("EHLO", "250-relay\r\n250 AUTH XOAUTH2\r\n")];
    let login = |script: &str| Login::Token { user: "tide".to_owned(), command: command(script) };
    let (outcome, heard) = converse(script, login("echo ya29.token")).await;
    assert_eq!(word(&outcome), "delivered", "{outcome:?}");
    // user=tide^Aauth=Bearer ya29.token^A^A in base64.
    assert_eq!(heard[1], "AUTH XOAUTH2 dXNlcj10aWRlAWF1dGg9QmVhcmVyIHlhMjkudG9rZW4BAQ==");
    let refused: Script =
        &[("EHLO", "250-relay\r\n250 AUTH XOAUTH2\r\n"), ("AUTH", "334 eyJzdGF0dXMiOiI0MDAifQ==\r\n")];
    let (outcome, _) = converse(refused, login("echo ya29.old")).await;
    assert_eq!(word(&outcome), "transport refused", "{outcome:?}");
    let transport = transport(9, login("exit 1"));
    assert_eq!(word(&transport.send(&notification(), async || Ok(())).await), "transport refused");
}

#[tokio::test]
async fn a_relay_that_hangs_is_waited_for_no_longer_than_the_timeout() {
    check(&[("", "…")], "unreachable").await;
    check(&[(".", "…")], "unconfirmed").await;
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
async fn nobody_listening_is_unreachable_and_encryption_is_never_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(word(&transport(port, Login::Nobody).send(&notification(), async || Ok(())).await), "unreachable");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        tls: SmtpTls::Starttls,
        login: Login::Nobody,
        timeout: Duration::from_secs(5),
        ca_file: None,
        hello_name: String::new(),
    };
    let serving = tokio::spawn(relay(listener, &[]));
    let strict = Transport::Smtp(SmtpTransport::new(settings).unwrap());
    assert_eq!(word(&strict.send(&notification(), async || Ok(())).await), "unreachable");
    assert!(serving.await.unwrap().iter().all(|line| !line.starts_with("MAIL")));
}
