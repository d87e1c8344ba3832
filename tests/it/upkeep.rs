//! What the daemon says about itself: metrics and health, sources that fell silent, the week, the canary, many troubles.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tidewaiter::ledger::Ledger;

use crate::bench::{Bench, HEADER, hit, quiet, subject};
use crate::commands::{printed, tidewaiter};

const DAY: i64 = 86_400 * 1_000_000;

fn bench(more: &str) -> Bench {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", format!("{config}{more}"));
    bench
}

fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

fn note(bench: &Bench, key: &str, value: Option<&str>) -> Option<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&bench.config().ledger).await.unwrap();
        if let Some(value) = value {
            ledger.set_note(key, value).await.unwrap();
        }
        let note = ledger.note(key).await.unwrap();
        ledger.close().await;
        note
    })
}

fn subjects(bench: &Bench, address: &str) -> Vec<String> {
    bench.mails_to(address).iter().map(|mail| subject(mail)).collect()
}

/// What is wrong, as the status says it.
pub fn wrong(bench: &Bench) -> Vec<String> {
    let status = tidewaiter(&bench.path(""), &["status", "--json"]).success();
    let status: serde_json::Value = serde_json::from_str(&printed(&status)).unwrap();
    status["wrong"].as_array().unwrap().iter().map(|wrong| wrong["what"].as_str().unwrap().to_owned()).collect()
}

/// What the port answers to these bytes; nothing when it hangs up.
fn ask(port: u16, request: &[u8]) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return String::new() };
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(port: u16, path: &str) -> String {
    ask(port, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
}

#[test]
fn metrics_and_health_are_answered_and_hostile_requests_are_not_listened_to() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bench = bench(&format!("metrics: 127.0.0.1:{port}\n"));
    bench.write("drop/october.csv", format!("{HEADER}{}{}", hit(1), quiet(2)));
    let daemon = bench.start();
    daemon.until("ready", || get(port, "/readyz").starts_with("HTTP/1.1 200"));
    daemon.until("a mail", || bench.mails().len() == 1);
    daemon.until("the mail to be counted", || {
        get(port, "/metrics").contains("tidewaiter_outbox_messages{state=\"delivered\"} 1\n")
    });
    let page = get(port, "/metrics");
    for line in [
        "tidewaiter_files{source=\"imports\",state=\"done\"} 1",
        "tidewaiter_records_total{source=\"imports\"} 2",
        "tidewaiter_rejects_total{source=\"imports\"} 0",
        "tidewaiter_findings_total{rule=\"su-35\"} 1",
        "tidewaiter_rules{state=\"in_force\"} 1",
        "tidewaiter_rules{state=\"broken\"} 0",
        "tidewaiter_outbox_oldest_seconds 0",
        "# TYPE tidewaiter_evaluation_seconds_total counter",
        "tidewaiter_last_file_timestamp_seconds{source=\"imports\"} 1",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(get(port, "/healthz").ends_with("\r\n\r\nok\n"));
    assert!(get(port, "/etc/passwd").starts_with("HTTP/1.1 404"));
    assert!(ask(port, b"DELETE /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert!(ask(port, b"\x16\x03\x01\r\n\r\n").starts_with("HTTP/1.1 400"));
    // A head without an end: the answer may be lost with what was not read of it, but the next asker is heard.
    let long = ask(port, &[b'a'; 1 << 20]);
    assert!(long.is_empty() || long.starts_with("HTTP/1.1 431"), "{long}");
    let silent: Vec<TcpStream> = (0..40).filter_map(|_| TcpStream::connect(("127.0.0.1", port)).ok()).collect();
    drop(silent);
    daemon.until("an answer", || get(port, "/healthz").starts_with("HTTP/1.1 200"));
    daemon.stop();
}

#[test]
fn a_port_that_is_taken_ends_the_start_with_the_key() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = bench(&format!("metrics: {}\n", taken.local_addr().unwrap()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let run = tidewaiter::daemon::run(bench.config(), tidewaiter::daemon::Until::Idle, Default::default());
    let error = runtime.block_on(run).unwrap_err().to_string();
    assert!(error.contains("metrics: 127.0.0.1") && error.contains("in use"), "{error}");
}

#[test]
fn a_source_that_fell_silent_is_told_once_across_restarts_and_its_return_once() {
    let bench = bench("all_quiet: never\n");
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    bench.write("tidewaiter.yaml", config.replace("folder: drop,", "folder: drop, expect_every: 3d,"));
    let waited = format!("{{\"since\":{},\"told_at\":null}}", now() - 4 * DAY);
    note(&bench, "expected imports", Some(&waited));
    let told = || subjects(&bench, "ops@example.org");
    for _ in 0..2 {
        let daemon = bench.start();
        daemon.until("the silence to be told", || told() == ["no export from imports for 4 days"]);
        daemon.stop();
    }
    bench.write("drop/empty.csv", HEADER);
    let daemon = bench.start();
    daemon.until("a file without records", || bench.path("drop/.tidewaiter/done").exists());
    daemon.until("the silence in the status", || {
        wrong(&bench).iter().any(|what| what == "no export from imports for 4 days")
    });
    daemon.stop();
    let page = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(page.contains("without any record, as all before it"), "{page}");
    assert_eq!(told().len(), 1, "a file without records is no export");
    bench.write("drop/october.csv", format!("{HEADER}{}", quiet(1)));
    bench.run();
    let daemon = bench.start();
    daemon.until("the return to be told", || told().len() == 2);
    daemon.until("nothing to be wrong", || wrong(&bench).is_empty());
    daemon.stop();
    assert!(told().contains(&"an export came from imports again".to_owned()), "{:?}", told());
    assert!(note(&bench, "expected imports", None).unwrap().contains("\"told_at\":null"));
}

#[test]
fn what_is_in_the_way_of_files_stands_in_the_status_until_it_is_gone() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bench = bench(&format!("metrics: 127.0.0.1:{port}\n"));
    let daemon = bench.start();
    daemon.until("ready", || get(port, "/readyz").starts_with("HTTP/1.1 200"));
    std::os::unix::fs::symlink("/etc/hostname", bench.path("drop/link.csv")).unwrap();
    daemon.until("the link in the status", || {
        wrong(&bench).iter().any(|what| what.contains("drop/link.csv of imports is not taken: it is a symbolic link"))
    });
    assert!(get(port, "/readyz").starts_with("HTTP/1.1 200"), "other files are taken");
    std::fs::remove_file(bench.path("drop/link.csv")).unwrap();
    daemon.until("nothing to be wrong", || wrong(&bench).is_empty());

    std::fs::rename(bench.path("drop"), bench.path("away")).unwrap();
    let gone = "intake of imports rests: the drop folder is gone";
    daemon.until("the folder in the status", || wrong(&bench) == [gone]);
    let answer = get(port, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(gone), "{answer}");
    assert!(get(port, "/healthz").starts_with("HTTP/1.1 200"));
    tidewaiter(&bench.path(""), &["status", "--check"]).code(1);
    std::fs::rename(bench.path("away"), bench.path("drop")).unwrap();
    daemon.until("nothing to be wrong", || wrong(&bench).is_empty());
    assert!(get(port, "/readyz").starts_with("HTTP/1.1 200"));
    daemon.stop();
}

#[test]
fn a_week_that_is_over_is_told_once_and_a_first_start_tells_nothing() {
    let bench = bench("");
    bench.write("drop/october.csv", format!("{HEADER}{}{}", hit(1), quiet(2)));
    let daemon = bench.start();
    daemon.until("a mail", || bench.mails().len() == 1);
    daemon.until("the first Monday to be noted", || note(&bench, "all-quiet", None).is_some());
    daemon.stop();
    note(&bench, "all-quiet", Some("2026-01-05"));
    let daemon = bench.start();
    daemon.until("the week to be told", || subjects(&bench, "ops@example.org").len() == 1);
    daemon.stop();
    assert_eq!(subjects(&bench, "ops@example.org"), ["all quiet: 1 file, 2 records, 1 finding in a week"]);
    assert_ne!(note(&bench, "all-quiet", None).unwrap(), "2026-01-05");
}

#[test]
fn a_canary_goes_the_whole_way_and_counts_nowhere() {
    // A rule that fires for every record does not see it.
    let bench = bench("canary: { source: imports, at: 00:00, to: default }\n");
    bench.write(
        "rules/all.yaml",
        "title: All\nid: all\nlevel: high\ndetection:\n  a:\n    description|exists: true\n  condition: a\n",
    );
    let mails = || subjects(&bench, "analyst@example.org");
    let daemon = bench.start();
    daemon.until("the canary's mail", || !mails().is_empty());
    daemon.stop();
    let daemon = bench.start();
    daemon
        .until("its confirmation", || note(&bench, "canary", None).is_some_and(|note| note.contains("\"confirmed\"")));
    daemon.stop();
    assert_eq!(mails(), ["informational: Test, the daily canary of tidewaiter: 1 record"]);
    assert!(bench.mails()[0].contains("This is a test, and nothing was found"), "{}", bench.mails()[0]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&bench.config().ledger).await.unwrap();
        let counts = ledger.counts().await.unwrap();
        assert_eq!((counts.findings, counts.alerts, counts.files.len()), (0, 0, 0));
        assert!(ledger.files(10).await.unwrap().is_empty() && ledger.rule_hits().await.unwrap().is_empty());
        assert!(ledger.source_health().await.unwrap().is_empty());
    });
}

#[test]
fn a_canary_whose_mail_is_not_confirmed_is_told() {
    let bench = bench("canary: { source: imports, at: 00:00, to: default }\n");
    let today = jiff::ZonedDateTime::now().date();
    let gone = format!("{{\"date\":\"{today}\",\"dropped_at\":{},\"end\":\"open\"}}", now() - DAY / 12);
    note(&bench, "canary", Some(&gone));
    let daemon = bench.start();
    daemon.until("the operators to be told", || !subjects(&bench, "ops@example.org").is_empty());
    daemon.stop();
    assert_eq!(subjects(&bench, "ops@example.org"), [format!("the canary of {today} has not arrived")]);
}

#[test]
fn many_failed_files_are_few_mails_and_none_is_forgotten() {
    let bench = bench("all_quiet: never\n");
    for number in 1..=9 {
        bench.write(&format!("drop/noise-{number}.csv"), [&[0xff, 0xfe, 0, 0, number][..], &[number; 99]].concat());
    }
    bench.run();
    assert_eq!(subjects(&bench, "ops@example.org").len(), 6, "{:?}", subjects(&bench, "ops@example.org"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rest = runtime.block_on(async {
        let ledger = Ledger::open(&bench.config().ledger).await.unwrap();
        let mut turn = ledger.begin_notices(now() + DAY / 24).await.unwrap();
        turn.take_gathered().await.unwrap()
    });
    assert_eq!(rest.len(), 3);
}

#[test]
fn the_ledger_is_copied_once_a_night_and_a_copy_that_fails_is_told() {
    let bench = bench("all_quiet: never\nbackup: { folder: copies, keep: 2 }\n");
    bench.write("drop/october.csv", format!("{HEADER}{}{}", hit(1), quiet(2)));
    for name in ["copies/ledger-2025-01-01.db", "copies/ledger-2025-01-02.db", "copies/mine.db"] {
        bench.write(name, "older");
    }
    let daemon = bench.start();
    daemon.until("a mail", || bench.mails().len() == 1);
    daemon.until("the first night to be noted", || note(&bench, "nightly", None).is_some());
    daemon.stop();
    let copies = || {
        let entries = std::fs::read_dir(bench.path("copies")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(copies().len(), 3, "there is nothing yet on the first day");

    let night = r#"{"date":"2026-01-05","copied_at":null,"problem":null}"#;
    note(&bench, "nightly", Some(night));
    let daemon = bench.start();
    daemon.until("the copy", || {
        note(&bench, "nightly", None).unwrap().contains("\"problem\":null")
            && copies().len() == 3
            && copies()[1] != "ledger-2025-01-02.db"
    });
    daemon.stop();
    let names = copies();
    assert_eq!((names[0].as_str(), names[2].as_str()), ("ledger-2025-01-02.db", "mine.db"), "{names:?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let files =
        runtime.block_on(async { Ledger::open(&bench.path("copies").join(&names[1])).await.unwrap().files(9).await });
    assert_eq!(files.unwrap().len(), 1, "a copy is a ledger");

    std::fs::remove_dir_all(bench.path("copies")).unwrap();
    bench.write("copies", "in the way");
    note(&bench, "nightly", Some(night));
    let daemon = bench.start();
    daemon.until("the failure to be told", || subjects(&bench, "ops@example.org").len() == 1);
    daemon.stop();
    let told = &subjects(&bench, "ops@example.org")[0];
    assert!(told.starts_with("the ledger was not copied: ") && told.contains("copies"), "{told}");
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("the nightly copy of the ledger could not be made"), "{status}");
    std::fs::remove_file(bench.path("copies")).unwrap();
    tidewaiter(&bench.path(""), &["backup"]).success();
    let status = printed(&tidewaiter(&bench.path(""), &["status"]).success());
    assert!(status.contains("Nothing is wrong") && status.contains("was last copied"), "{status}");
}

#[test]
fn a_copy_of_the_ledger_is_made_by_hand_and_never_over_another_file() {
    let bench = bench("");
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    let run = |arguments: &[&str]| tidewaiter(&bench.path(""), arguments);
    let said = printed(&run(&["backup"]).success());
    assert!(said.contains("state/backup/ledger-2") && said.contains("found good"), "{said}");
    let made: serde_json::Value =
        serde_json::from_str(&printed(&run(&["backup", "mine.db", "--json"]).success())).unwrap();
    assert_eq!(made["bytes"], std::fs::metadata(bench.path("mine.db")).unwrap().len());
    run(&["backup", "mine.db"]).code(2);
    // As it is restored.
    std::fs::remove_dir_all(bench.path("state")).unwrap();
    bench.write("state/ledger.db", std::fs::read(bench.path("mine.db")).unwrap());
    bench.write("drop/again.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "what was told is remembered");
}
