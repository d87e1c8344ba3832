//! A relay that refuses: the others get their mail, and the operators are told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::bench::{Bench, HEADER, hit, read_all};

type Accepted = Arc<Mutex<Vec<(String, String)>>>;

/// Speaks enough SMTP to take mail; refuses every recipient whose address begins with `refused`.
fn relay() -> (u16, Accepted) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Accepted::default();
    let kept = accepted.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let kept = kept.clone();
            std::thread::spawn(move || converse(stream.unwrap(), &kept));
        }
    });
    (port, accepted)
}

fn converse(mut stream: TcpStream, accepted: &Accepted) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
    say("220 relay.example.org ESMTP")?;
    let mut recipient = String::new();
    while let Some(Ok(line)) = lines.next() {
        let word = line.split([' ', ':']).next().unwrap_or("").to_uppercase();
        match word.as_str() {
            "EHLO" => say("250-relay.example.org\r\n250 8BITMIME")?,
            "RCPT" if line.contains("<refused") => say("550 5.1.1 no such mailbox")?,
            "RCPT" => {
                recipient = line.split(['<', '>']).nth(1)?.to_owned();
                say("250 2.1.5 ok")?;
            }
            "DATA" => {
                say("354 go on")?;
                let body: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                accepted.lock().unwrap().push((recipient.clone(), body.join("\n")));
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
    let (port, accepted) = relay();
    let bench = Bench::with_transport(&format!("smtp://127.0.0.1:{port}?tls=none"));
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    let three = "default: [one@example.org, refused@example.org, three@example.org]";
    bench.write("tidewaiter.yaml", config.replace("default: analyst@example.org", three));
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let accepted = accepted.lock().unwrap();
    let mut recipients: Vec<&str> = accepted.iter().map(|(recipient, _)| recipient.as_str()).collect();
    recipients.sort_unstable();
    assert_eq!(recipients, ["one@example.org", "ops@example.org", "three@example.org"]);
    let told = &accepted.iter().find(|(recipient, _)| recipient == "ops@example.org").unwrap().1;
    assert!(told.contains("refused@example.org"), "{told}");
    assert_eq!(read_all(&bench.path("state/operator-mail/new")).len(), 1, "and a copy is left on this machine");
}
