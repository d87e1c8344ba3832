//! Rule folders of any bytes: what an editor, a merge or a bad disk makes of a file is told of, and ends nothing.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tidewaiter::desk::{Desk, DeskText, TextKind};
use tidewaiter::problem::{SourceText, render};
use tidewaiter::rules::Known;

/// One change of a text, at a place given in parts of the whole.
#[derive(Debug, Clone)]
enum Change {
    Delete(f64, usize),
    Insert(f64, String),
    /// A stretch of the text once more, elsewhere.
    Repeat(f64, f64, usize),
}

/// What means something in YAML, in a condition or in a key, and what never should.
const PIECES: [&str; 44] = [
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "|",
    ">",
    "'",
    "\"",
    "[",
    "]",
    "{",
    "}",
    "%",
    "---\n",
    "...\n",
    "\u{feff}",
    "\u{0}",
    "\u{202e}",
    "\u{85}",
    "null",
    "~",
    "not ",
    " and ",
    " or ",
    "1 of them",
    "all of ",
    "(",
    ")",
    "|re",
    "|contains|all",
    "|neq",
    "raw.",
    "any_party",
    "9999999999999999999999",
    "1e999",
    "Ё",
    "\\",
];

fn change() -> impl Strategy<Value = Change> {
    let part = || 0.0..1.0f64;
    prop_oneof![
        (part(), 1..40usize).prop_map(|(at, many)| Change::Delete(at, many)),
        (part(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Change::Insert(at, piece.to_owned())),
        (part(), any::<char>()).prop_map(|(at, letter)| Change::Insert(at, letter.to_string())),
        (part(), part(), 1..200usize).prop_map(|(from, to, many)| Change::Repeat(from, to, many)),
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
fn changed(text: &str, changes: &[Change]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for change in changes {
        let place = |part: f64| (part * letters.len() as f64) as usize;
        match change {
            Change::Delete(at, many) => {
                let at = place(*at);
                letters.drain(at..(at + many).min(letters.len()));
            }
            Change::Insert(at, piece) => {
                let at = place(*at);
                letters.splice(at..at, piece.chars());
            }
            Change::Repeat(from, to, many) => {
                let (from, to) = (place(*from), place(*to));
                let piece: Vec<char> = letters.iter().skip(from).take(*many).copied().collect();
                letters.splice(to..to, piece);
            }
        }
    }
    letters.into_iter().collect()
}

/// Every shipped text that is small enough to be built hundreds of times.
fn shipped() -> Vec<(TextKind, String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut texts = Vec::new();
    for (kind, below, endings) in TextKind::ALL {
        for entry in std::fs::read_dir(root.join(below)).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
            if path.is_file() && endings.contains(&ending) && !path.to_string_lossy().contains(".test.") {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                texts.extend((text.len() < 6000).then_some((kind, name, text)));
            }
        }
    }
    texts
}

/// Everything that is said of a text has its place in the text and can be shown.
fn judge(kind: TextKind, name: &str, text: &str) {
    let texts = [DeskText::new(kind, name, text), DeskText::new(TextKind::List, "lists/hubs.txt", "Turkey\n")];
    let (desk, mut problems) = Desk::build(&texts, &Known::default());
    problems.extend(desk.style(&texts));
    for problem in &problems {
        let source: &Arc<SourceText> = &problem.source;
        let end = problem.span.as_ref().map_or(0, |span| span.end);
        assert!(source.text.is_empty() || end <= source.text.len(), "{problem:?}");
        assert!(render(problem).contains(problem.code), "{problem:?}");
        assert!(problem.fix().is_some(), "`{}` has no row in docs/problems.md", problem.code);
    }
}

#[test]
fn a_text_of_the_rules_folder_however_spoilt_is_judged() {
    let shipped = shipped();
    assert!(shipped.len() > 30, "{} texts", shipped.len());
    let spoilt = (prop::sample::select(shipped), prop::collection::vec(change(), 1..6));
    let cases = std::env::var("TIDEWAITER_MUTATIONS").ok().and_then(|many| many.parse().ok()).unwrap_or(1500);
    let config = Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_230_204), ..Config::default() };
    let judged = TestRunner::new(config).run(&spoilt, |((kind, name, text), changes)| {
        judge(kind, &name, &changed(&text, &changes));
        Ok(())
    });
    judged.unwrap();
}
