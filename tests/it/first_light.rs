//! A file dropped into a folder becomes a mailed alert, once, and nothing is lost on the way.

use crate::bench::{Bench, HEADER, hit, quiet, subject};

fn names(bench: &Bench, below: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![bench.path(below)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.file_name().unwrap().to_string_lossy().into_owned()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_dropped_export_becomes_one_mail_with_its_evidence() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}{}", hit(1), quiet(2)));
    bench.run();
    let mails = bench.mails_to("analyst@example.org");
    assert_eq!(mails.len(), 1);
    let subject = subject(&mails[0]);
    assert!(subject.starts_with("critical: Su-35 parts to Rostec: 1 record"), "{subject}");
    let message = mail_parser::MessageParser::default().parse(mails[0].as_bytes()).unwrap();
    let text = message.body_text(0).unwrap();
    for part in ["AO KRET", "EU Reg 269/2014 Annex I entity no 148", "october.csv", "СУ-35", "AVIC INTERNATIONAL"] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    assert_eq!(names(&bench, "drop/.tidewaiter/done"), ["october.csv"]);
    assert!(names(&bench, "drop/.tidewaiter/work").is_empty());
}

#[test]
fn the_same_content_and_the_same_shipment_are_told_once() {
    let bench = Bench::new();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    bench.write("drop/again.csv", format!("{HEADER}{}", hit(1)));
    bench.write("drop/overlapping.csv", format!("{HEADER}{}{}", hit(1), quiet(3)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1);
    assert_eq!(names(&bench, "drop/.tidewaiter/duplicates"), ["again.csv"]);
}

#[test]
fn two_different_lines_under_one_declaration_key_are_both_told() {
    let bench = Bench::new();
    let other = hit(1).replace("1200000", "7");
    bench.write("drop/october.csv", format!("{HEADER}{}{other}", hit(1)));
    bench.run();
    let mails = bench.mails_to("analyst@example.org");
    assert_eq!(mails.len(), 1);
    assert!(subject(&mails[0]).contains("2 records"), "{}", subject(&mails[0]));
}

#[test]
fn a_file_that_cannot_be_read_fails_with_its_reason_and_the_next_one_is_read() {
    let bench = Bench::new();
    let mut noise: Vec<u8> = (0..4096u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    noise[100] = 0;
    bench.write("drop/a-noise.csv", noise);
    bench.write("drop/b-good.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1);
    assert_eq!(names(&bench, "drop/.tidewaiter/failed"), ["a-noise.csv", "a-noise.csv.error.json"]);
    let told = bench.mails_to("ops@example.org");
    assert_eq!(told.len(), 1);
    assert!(subject(&told[0]).contains("a-noise.csv"), "{}", subject(&told[0]));
}

#[test]
fn too_many_rejects_hold_the_file_and_nobody_is_told_of_findings() {
    let bench = Bench::new();
    let bad: String = (0..30).map(|n| format!("D-{n},1,2022-10-24,A,B,C,D,1,too,many,cells\n")).collect();
    bench.write("drop/odd.csv", format!("{HEADER}{}{bad}", hit(1)));
    bench.run();
    assert!(bench.mails_to("analyst@example.org").is_empty());
    assert!(subject(&bench.mails_to("ops@example.org")[0]).contains("held"));
}

#[test]
fn a_broken_rule_keeps_its_last_good_version_across_a_restart_and_is_told_with_its_position() {
    let bench = Bench::new();
    bench.run();
    bench.write("rules/su-35.yaml", crate::bench::RULE.replace("description: [Su-35*]", "descriptoin: [Su-35*]"));
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    bench.run();
    assert_eq!(bench.mails_to("analyst@example.org").len(), 1, "the last good version fires");
    let told = bench.mails_to("ops@example.org");
    assert_eq!(told.len(), 1);
    assert!(subject(&told[0]).contains("su-35.yaml:7:5"), "{}", subject(&told[0]));
}

#[test]
fn a_stop_in_the_middle_of_a_file_publishes_nothing_and_the_next_start_tells_it_whole() {
    let bench = Bench::new();
    let rows: String = (0..30_000).map(|n| if n % 10_000 == 0 { hit(n) } else { quiet(n) }).collect();
    bench.write("drop/long.csv", format!("{HEADER}{rows}"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let daemon = tidewaiter::daemon::run(bench.config(), tidewaiter::daemon::Until::Stopped, stop.clone());
    runtime.block_on(async {
        let running = tokio::spawn(daemon);
        while names(&bench, "drop/.tidewaiter/work").is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        running.await.unwrap().unwrap();
    });
    drop(runtime);
    assert!(bench.mails().is_empty(), "nothing was published");
    bench.run();
    let mails = bench.mails_to("analyst@example.org");
    assert_eq!(mails.len(), 1);
    assert!(subject(&mails[0]).contains("3 records"), "{}", subject(&mails[0]));
}

#[test]
fn a_truncated_gzip_tells_nobody_anything_and_its_corrected_successor_is_told_whole() {
    let bench = Bench::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let rows: String = (1..=500).map(|n| if n <= 3 { hit(n) } else { quiet(n) }).collect();
    std::io::Write::write_all(&mut encoder, format!("{HEADER}{rows}").as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    runtime.block_on(async {
        let daemon = tidewaiter::daemon::run(bench.config(), tidewaiter::daemon::Until::Stopped, stop.clone());
        bench.write("drop/october.csv.gz", &whole[..whole.len() - 6]);
        let running = tokio::spawn(daemon);
        while names(&bench, "drop/.tidewaiter/work").is_empty() {
            tokio::task::yield_now().await;
        }
        bench.write("drop/october.csv.gz", &whole);
        while bench.mails_to("analyst@example.org").is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        running.await.unwrap().unwrap();
    });
    let mails = bench.mails_to("analyst@example.org");
    assert_eq!(mails.len(), 1);
    assert!(subject(&mails[0]).contains("3 records"), "{}", subject(&mails[0]));
}

#[test]
fn a_failed_file_whose_move_a_crash_cut_off_is_moved_at_the_next_start() {
    use tidewaiter::ledger::{FileChange, FileState, Ledger, NewFile};
    let bench = Bench::new();
    bench.run();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger = Ledger::open(&bench.config().ledger).await.unwrap();
        let new = NewFile { source: "imports".into(), name: "bad.csv".into(), work_name: "w-bad.csv".into(), size: 1 };
        let id = ledger.begin_claim(&new, 1).await.unwrap();
        let problem = Some("{\"code\":\"not-text\"}".to_owned());
        let change = FileChange { state: FileState::Failed, problem, moved_to: None, look_again_at: None };
        ledger.set_file(id, &change, 2).await.unwrap();
    });
    bench.write("drop/.tidewaiter/work/w-bad.csv", "x");
    bench.run();
    assert_eq!(names(&bench, "drop/.tidewaiter/failed"), ["bad.csv", "bad.csv.error.json"]);
    assert!(names(&bench, "drop/.tidewaiter/work").is_empty());
}
