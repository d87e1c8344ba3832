//! Exports of any bytes: what a bad disk, a broken transfer or ill will makes of a file is read or refused with a reason;
//! it ends nothing, and nothing is made up from it.
//!
//! What can abort its reader is read by the child, as the product does it. `TIDEWAITER_MUTATIONS=10000` tries more and
//! tells what became of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tidewaiter::desk::{self, Desk, TextKind};
use tidewaiter::intake::{self, Isolation, Known, LayoutChoice, Limits, OpenSettings, ReadError};
use tidewaiter::record::{FieldSet, SourceFile};
use tidewaiter::rules;

use crate::containers::{self, forms, records};

/// The most records that a file of sixty may seem to hold after a change.
const MOST: usize = 2000;
/// Every record is told, so that it can be compared.
const RULE: &str = "title: All\nid: all\ndetection: {goods: {declaration_id|exists: true}, condition: goods}\n";
/// Forms with a sum over all bytes: what is read of them is what was written.
const SUMMED: [&str; 5] = ["gzip", "zip", "zip in zip", "7z", "XLSX"];
/// Files that one command is given.
const AT_ONCE: usize = 200;

/// What means something to a reader of text; a change of nothing but letters, too.
const PIECES: [&str; 34] = [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ",",
    ";",
    "\t",
    "|",
    "\"",
    "\"\"",
    "'",
    "\0",
    "{",
    "}",
    "[",
    "]",
    ":",
    "\\u0000",
    "\\",
    "1e999",
    "99999999999999999999",
    "-1",
    "<table>",
    "</td>",
    "<td rowspan=9999 colspan=9999>",
    "<!--",
    "&#0;",
    "&#x110000;",
    "]]>",
    "\u{feff}",
    "<row>",
    "</row>",
    "<c r=\"XFD1048576\"><v>1</v></c>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
];

/// One change of a file, at a place given in parts of the whole.
#[derive(Debug, Clone)]
enum Change {
    /// Bits of one byte.
    Flip(f64, u8),
    Cut(f64),
    Insert(f64, Vec<u8>),
    Remove(f64, usize),
    /// A block once more, elsewhere.
    Repeat(f64, f64, usize),
    Swap(f64, f64, usize),
    /// A field of so many bytes with every bit set: the largest length, or minus one.
    Fill(f64, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let part = || 0.0..1.0f64;
    prop_oneof![
        4 => (part(), 1..=255u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        1 => part().prop_map(Change::Cut),
        2 => (part(), prop::collection::vec(any::<u8>(), 1..16)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        6 => (part(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Change::Insert(at, piece.into())),
        2 => (part(), 1..64usize).prop_map(|(at, many)| Change::Remove(at, many)),
        2 => (part(), part(), 1..600usize).prop_map(|(from, to, many)| Change::Repeat(from, to, many)),
        2 => (part(), part(), 1..600usize).prop_map(|(one, other, many)| Change::Swap(one, other, many)),
        4 => (part(), prop::sample::select(vec![1, 2, 4, 8])).prop_map(|(at, many)| Change::Fill(at, many)),
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        let length = bytes.len();
        let place = |part: f64| (part * length as f64) as usize;
        let block = |from: usize, many: usize| from..(from + many).min(length);
        match change {
            Change::Flip(at, bits) => bytes.iter_mut().skip(place(*at)).take(1).for_each(|byte| *byte ^= bits),
            Change::Cut(at) => bytes.truncate(place(*at)),
            Change::Insert(at, piece) => drop(bytes.splice(place(*at)..place(*at), piece.iter().copied())),
            Change::Remove(at, many) => drop(bytes.drain(block(place(*at), *many))),
            Change::Repeat(from, to, many) => {
                let piece = bytes[block(place(*from), *many)].to_vec();
                bytes.splice(place(*to)..place(*to), piece);
            }
            Change::Swap(one, other, many) => {
                let (one, other) = (place(*one), place(*other));
                (0..*many)
                    .filter(|step| one.max(other) + step < length)
                    .for_each(|step| bytes.swap(one + step, other + step));
            }
            Change::Fill(at, many) => bytes[block(place(*at), *many)].fill(0xFF),
        }
    }
    bytes
}

/// The members of a ZIP archive, which a workbook is too.
fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let member = |index| {
        let (mut member, mut bytes) = (archive.by_index(index).unwrap(), Vec::new());
        member.read_to_end(&mut bytes).unwrap();
        (member.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(member).collect()
}

/// A file that was changed, and where.
struct Spoilt {
    bytes: Vec<u8>,
    changes: String,
}

/// What is changed: the file's own bytes, or those of its members, so that a checksum does not stop every change at the door.
enum Body {
    Whole(Vec<u8>),
    Members(Vec<(String, Vec<u8>)>),
}

impl Body {
    /// The file as it was written.
    fn written(&self) -> Vec<u8> {
        match self {
            Body::Whole(bytes) => bytes.clone(),
            Body::Members(members) => packed(members),
        }
    }

    /// So many changed files, the same ones in each run.
    fn spoilt(&self) -> impl Iterator<Item = Spoilt> {
        let config = Config { rng_seed: RngSeed::Fixed(20_221_024), ..Config::default() };
        let mut runner = TestRunner::new(config);
        let many = std::env::var("TIDEWAITER_MUTATIONS").ok().and_then(|many| many.parse().ok()).unwrap_or(AT_ONCE);
        let choice = (any::<prop::sample::Index>(), prop::collection::vec(change(), 1..4));
        (0..many).map(move |_| {
            let (member, changes) = choice.new_tree(&mut runner).unwrap().current();
            let bytes = match self {
                Body::Whole(bytes) => changed(bytes, &changes),
                Body::Members(members) => {
                    let mut members = members.clone();
                    let member = member.index(members.len());
                    let (_, bytes) = &mut members[member];
                    *bytes = changed(bytes, &changes);
                    packed(&members)
                }
            };
            Spoilt { bytes, changes: format!("{changes:?} in {}", member.index(100)) }
        })
    }
}

fn packed(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    containers::zip(&members)
}

/// The shipped layouts, and nothing that takes time.
fn layouts() -> Desk {
    let (mut texts, problems) = desk::read_folder(Path::new("rules")).unwrap();
    assert_eq!(problems, []);
    texts.retain(|text| text.kind == TextKind::Layout);
    Desk::build(&texts, &rules::Known::default()).0
}

/// The records, each as a text.
fn read(bytes: &[u8], desk: &Desk) -> Result<Vec<String>, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let source = SourceFile { source: String::new(), file: "t".into(), member: None, sheet: None, sha256: None };
    let settings = OpenSettings {
        layout: LayoutChoice::Auto,
        limits: Limits::default(),
        isolation: Isolation::Thread,
        needs: FieldSet::every(),
        known: Known::default(),
    };
    let mut reading = intake::open(file, source, &desk.layouts, &settings)?;
    let mut records = Vec::new();
    while let Some(batch) = reading.next() {
        let batch = batch?;
        records.extend((0..batch.len()).map(|row| format!("{:?}", reading.record(&batch, row).fields)));
    }
    Ok(records)
}

/// How many files ended how; the words of an error without what differs from file to file.
#[derive(Default)]
struct Told(BTreeMap<String, u64>);

impl Told {
    fn count(&mut self, what: &str) {
        let words: String = what.chars().filter(|letter| !letter.is_ascii_digit()).take(90).collect();
        *self.0.entry(words).or_default() += 1;
    }

    #[expect(clippy::print_stderr, reason = "figures that were asked for")]
    fn tell(&self, form: &str) {
        if std::env::var_os("TIDEWAITER_MUTATIONS").is_some() {
            let mut text = format!("{form}\n");
            self.0.iter().for_each(|(what, many)| writeln!(text, "{many:7} {what}").unwrap());
            eprint!("{text}");
        }
    }
}

/// What must hold of any file that was read.
fn judge(form: &str, (records, whole): (&[String], &[String]), changes: &str) {
    assert!(records.len() <= MOST, "{form}: {} records of {changes}", records.len());
    assert!(!SUMMED.contains(&form) || records.is_empty() || records == whole, "{form} was misread: {changes}");
}

/// Readers of our own end on any bytes with records or with an error that says what to do about it.
fn here(form: &str, body: &Body) {
    let (desk, mut told) = (layouts(), Told::default());
    let whole = read(&body.written(), &desk).unwrap();
    for Spoilt { bytes, changes } in body.spoilt() {
        match read(&bytes, &desk) {
            Ok(records) => {
                judge(form, (&records, &whole), &changes);
                told.count("read");
            }
            Err(error) => {
                assert!(!error.code.is_empty() && !error.message.is_empty(), "{form}: {changes}");
                assert!(!error.message.contains("gave up"), "{form}: {error} of {changes}");
                told.count(&format!("{}: {}", error.code, error.message));
            }
        }
    }
    told.tell(form);
}

/// Readers of others may give up, inside the child: the command reads every file or says why not.
fn by_the_child(form: &str, body: &Body) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("toys.yaml"), RULE).unwrap();
    std::fs::create_dir(folder.path().join("layouts")).unwrap();
    for layout in std::fs::read_dir("rules/layouts").unwrap().map(Result::unwrap) {
        std::fs::copy(layout.path(), folder.path().join("layouts").join(layout.file_name())).unwrap();
    }
    let (whole, mut told) = (body.written(), Told::default());
    let mut spoilt = body.spoilt().peekable();
    while spoilt.peek().is_some() {
        let some: Vec<Spoilt> = spoilt.by_ref().take(AT_ONCE).collect();
        let names: Vec<String> = (0..some.len()).map(|number| format!("spoilt-{number}-")).collect();
        std::fs::write(folder.path().join("whole"), &whole).unwrap();
        for (name, Spoilt { bytes, .. }) in names.iter().zip(&some) {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let mut command = assert_cmd::Command::cargo_bin("tidewaiter").unwrap();
        command.current_dir(folder.path()).args(["scan", "--rules", ".", "--format", "jsonl", "whole"]).args(&names);
        let output = command.timeout(Duration::from_secs(300)).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let found = by_file(&String::from_utf8(output.stdout).unwrap());
        let of_file = |name: &str| found.get(name).map_or(&[][..], Vec::as_slice);
        assert!(!of_file("whole").is_empty(), "{form}: {text:.300}");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{form}: {:?}\n{text:.300}", output.status);
        for (name, Spoilt { changes, .. }) in names.iter().zip(&some) {
            let line = text.lines().find_map(|line| line.split_once(name.as_str()));
            let (_, line) = line.unwrap_or_else(|| panic!("{form}: nothing is said of {changes}"));
            if line.contains(" records, ") {
                judge(form, (of_file(name), of_file("whole")), changes);
                told.count("read");
            } else {
                let ours = line.contains("gave up at src/") || line.contains("ended before the end");
                assert!(!ours && line.contains("; "), "{form}: {line} of {changes}");
                told.count(line);
            }
        }
    }
    told.tell(form);
}

/// Records that were found, by the name of their file.
fn by_file(lines: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines.lines() {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = finding["source"]["file"].as_str().unwrap().to_owned();
        found.entry(file).or_default().push(finding["record"].to_string());
    }
    found
}

fn form(name: &str) -> Body {
    let found = forms(&records()[..12]).into_iter().find(|(form, _)| *form == name);
    Body::Whole(found.unwrap_or_else(|| panic!("{name}")).1)
}

fn inside(name: &str) -> Body {
    match form(name) {
        Body::Whole(bytes) => Body::Members(members(&bytes)),
        inside @ Body::Members(_) => inside,
    }
}

#[test]
fn spoilt_text_is_read_or_refused() {
    for name in ["comma, UTF-8", "semicolon, windows-1251, CRLF", "comma, UTF-16LE", "bar, CR only", "tab, GB18030"] {
        here(name, &form(name));
    }
}

#[test]
fn a_spoilt_archive_is_read_or_refused() {
    for name in ["gzip", "zstd", "zip", "zip in zip"] {
        here(name, &form(name));
    }
    here("a relational set", &Body::Members(members(&containers::declarations())));
}

#[test]
fn spoilt_json_and_web_pages_are_read_or_refused() {
    for name in ["JSON lines", "JSON array", "JSON in an envelope", "web page, windows-1251"] {
        here(name, &form(name));
    }
}

#[test]
fn a_spoilt_table_of_dbase_is_read_or_refused() {
    for name in ["DBF, code page 866, language byte missing", "DBF, windows-1251"] {
        here(name, &form(name));
    }
}

#[test]
fn a_spoilt_workbook_is_read_or_refused() {
    by_the_child("XLSX", &form("XLSX"));
    by_the_child("XLSX, its parts", &inside("XLSX of dates and numbers"));
    by_the_child("XLS", &form("XLS"));
    by_the_child("ODS, its parts", &inside("ODS"));
}

#[test]
fn spoilt_parquet_and_7z_are_read_or_refused() {
    by_the_child("Parquet", &form("Parquet"));
    by_the_child("7z", &form("7z"));
}
