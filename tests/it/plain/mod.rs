//! The fast evaluator held against a plain one: over generated rules and rows, the product finds what `judge` finds,
//! whatever it remembers, however the rows are cut into batches, and whichever other rules are asked beside.
//!
//! `PROPTEST_CASES` and `PROPTEST_RNG_SEED` try more and others.

mod generate;
mod judge;
mod record;
mod rule;
mod vocabulary;
mod yaml;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use tidewaiter::evaluate::{Memo, Plan, evaluate};
use tidewaiter::record::Batch;

use self::judge::Row;
use self::rule::{COLUMNS, Folder};

/// Rule and row.
type Found = BTreeSet<(String, u64)>;

/// Which rows the header leaves the first one to stand in.
const FIRST_ROW: u64 = 2;

fn found(plan: &Plan, batches: &[Batch], memo: &mut Memo) -> Found {
    let mut found = Found::new();
    for batch in batches {
        let firings = evaluate(plan, batch, memo);
        found.extend(firings.iter().map(|firing| (firing.rule.card.id.clone(), batch.rows[firing.row])));
    }
    found
}

fn plainly(folder: &Folder, rows: &[Row]) -> Found {
    let rules = folder.rules.iter().enumerate();
    let fired = rules.flat_map(|(place, rule)| {
        let rows = (FIRST_ROW..).zip(rows).filter(move |(_, row)| judge::fires(folder, place, row));
        rows.map(|(number, _)| (rule.id.clone(), number))
    });
    fired.collect()
}

fn agree(how: &str, fast: &Found, plain: &Found, (folder, rows): (&Folder, &[Row])) -> Result<(), TestCaseError> {
    let Some((id, number)) = fast.symmetric_difference(plain).next() else { return Ok(()) };
    let rule = folder.rules.iter().position(|rule| rule.id == *id).unwrap();
    let row = &rows[(number - FIRST_ROW) as usize];
    let cells = COLUMNS.iter().zip(&row.0).filter(|(_, cell)| !cell.is_empty());
    let cells: Vec<String> = cells.map(|(column, cell)| format!("  {}: {cell:?}", column.1)).collect();
    let says = |found: &Found| if found.contains(&(id.clone(), *number)) { "fires" } else { "stays quiet" };
    let (fast, plain, only) = (says(fast), says(plain), folder.only(rule));
    let told = format!("{how}: row {number} {fast}, plainly it {plain}\n{only}\n{}", cells.join("\n"));
    Err(TestCaseError::fail(told))
}

fn hold(folder: &Folder, rows: &[Row]) -> Result<(), TestCaseError> {
    let (case, plain) = ((folder, rows), plainly(folder, rows));
    let plan = record::plan(folder);
    let whole = record::batch(rows, &plan);
    for size in [rows.len(), 3, 1] {
        let batches = record::cut(&whole, size);
        let afresh = |batch| found(&plan, std::slice::from_ref(batch), &mut Memo::default());
        let fast = batches.iter().flat_map(afresh).collect();
        agree(&format!("batches of {size}, nothing remembered"), &fast, &plain, case)?;
        for entries in [100_000, 1, 0] {
            let mut memo = Memo::of(entries);
            for run in ["filling it", "with it warm"] {
                let how = format!("batches of {size}, a memo of {entries}, {run}");
                agree(&how, &found(&plan, &batches, &mut memo), &plain, case)?;
            }
        }
    }
    let mut stale = Memo::default();
    for (place, rule) in folder.rules.iter().enumerate() {
        let alone = record::plan(&folder.only(place));
        let fast = found(&alone, &[record::batch(rows, &alone)], &mut stale);
        let plain = plain.iter().filter(|(id, _)| *id == rule.id).cloned().collect();
        agree("the rule alone, with what the one before remembered", &fast, &plain, case)?;
    }
    Ok(())
}

fn config() -> Config {
    let wished = Config::default();
    let own = |name: &str| std::env::var_os(name).is_none();
    Config {
        cases: if own("PROPTEST_CASES") { 240 } else { wished.cases },
        rng_seed: if own("PROPTEST_RNG_SEED") { RngSeed::Fixed(35) } else { wished.rng_seed },
        failure_persistence: None,
        max_shrink_iters: 500,
        ..wished
    }
}

#[test]
fn the_fast_evaluator_finds_what_the_plain_one_finds() {
    let case = (generate::folder(), vec(generate::row(), 1..25));
    let outcome = TestRunner::new(config()).run(&case, |(folder, rows)| hold(&folder, &rows));
    if let Err(proptest::test_runner::TestError::Fail(reason, _)) = &outcome {
        panic!("{reason}");
    }
    outcome.unwrap();
}

/// A property over keys that never hold, or always do, would prove nothing.
#[test]
fn every_kind_of_key_is_tried_both_where_it_holds_and_where_it_does_not() {
    let seen: RefCell<BTreeMap<String, [usize; 2]>> = RefCell::default();
    let case = (generate::item(), vec(generate::row(), 20));
    let outcome = TestRunner::new(Config { cases: 2_400, ..config() }).run(&case, |(item, rows)| {
        let key = item.key();
        let (place, words) = key.split_once('|').unwrap_or((&key, ""));
        let place = if place.starts_with("raw.") { "raw" } else { place };
        let kind = if place == "raw" || !words.is_empty() { words } else { place };
        let mut seen = seen.borrow_mut();
        let counts = seen.entry(kind.to_owned()).or_default();
        rows.iter().for_each(|row| counts[usize::from(judge::asked(&item, row))] += 1);
        Ok(())
    });
    outcome.unwrap();
    let seen = seen.into_inner();
    let kinds = [
        "",
        "contains",
        "startswith",
        "endswith",
        "neq",
        "contains|cased",
        "re",
        "re|i",
        "re|neq",
        "exists",
        "gt",
        "gte",
        "lt",
        "lte",
        "between",
        "on_or_after",
        "before",
        "declaration_date",
        "day",
        "week",
        "month",
        "year",
        "month|gt",
        "hs",
        "hs|neq",
        "country",
        "country|neq",
        "mentions",
        "mentions|literal",
        "mentions|inflected",
        "mentions|all",
        "mentions|neq",
        "fieldref",
        "fieldref|contains",
        "fieldref|gt",
        "differs",
        "entity",
        "owned_by",
        "listed",
        "consignee",
        "any_recipient",
        "any_party",
        "intermediary",
    ];
    for kind in kinds {
        let counts = seen.get(kind).copied().unwrap_or_default();
        assert!(counts.iter().all(|count| *count > 0), "{kind}: {counts:?} do not hold and hold\n{seen:?}");
    }
}

#[test]
fn the_plain_evaluator_names_nothing_of_the_product() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/plain");
    let judge = std::fs::read_dir(folder.join("judge")).unwrap().map(|entry| entry.unwrap().path());
    let paths: Vec<_> = judge.chain([folder.join("rule.rs")]).collect();
    assert_eq!(paths.len(), 5);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("tidewaiter") && !text.contains("record::"), "{}", path.display());
    }
}
