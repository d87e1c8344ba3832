//! All questions to one column. In: a column. Out: a bitmap a predicate. Terms share one automaton over their literals;
//! patterns and regexes are asked only where a fragment of theirs stands;
//! cells of columns with few distinct values are decided once and remembered, within bounds. It never reads two columns.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rustc_hash::FxHashMap;

use super::bitmap::Bitmap;
use super::fragments::{FragmentScratch, Fragments};
use super::leaf::{Leaf, is_free_text};
use super::view::{Cells, View};
use crate::rules::Target;
use crate::text::{ScanText, Term};

/// Bytes remembered a column.
const MOST_BYTES: usize = 16 << 20;
/// Automata over more bytes of literals are kept in the compact form.
const DENSE_LITERALS: usize = 40_000;

/// The predicates of one target.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) target: Target,
    predicates: Vec<usize>,
    leaves: Vec<(u32, Leaf)>,
    exists: Vec<(usize, bool)>,
    on_missing: Vec<usize>,
    scanner: Option<Scanner>,
    fragments: Option<Fragments>,
    remembers: bool,
}

/// What a column's distinct cells answered.
#[derive(Debug)]
pub(crate) struct CellMemo {
    entries: usize,
    answers: FxHashMap<Box<str>, Box<[u32]>>,
    bytes: usize,
}

/// Buffers that are used again for every cell.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) scan: ScanText,
    fragments: FragmentScratch,
    held: Vec<u32>,
    seen: Vec<u32>,
    turn: u32,
}

impl Group {
    /// Builds the group of a target from its predicates' numbers and questions.
    pub(crate) fn new(target: Target, questions: Vec<(usize, Leaf)>) -> Result<Group, aho_corasick::BuildError> {
        let remembers = match &target {
            Target::Field(field) => !is_free_text(*field),
            Target::Raw(_) | Target::Source(_) => true,
            Target::UsdPerKg => false,
        };
        let mut group = Group {
            target,
            predicates: Vec::new(),
            leaves: Vec::new(),
            exists: Vec::new(),
            on_missing: Vec::new(),
            scanner: None,
            fragments: None,
            remembers,
        };
        let mut terms = Vec::new();
        for (predicate, leaf) in questions {
            group.add(predicate, leaf, &mut terms);
        }
        if !terms.is_empty() {
            group.scanner = Some(Scanner::new(terms)?);
        }
        group.fragments = Fragments::take_from(&mut group.leaves)?;
        Ok(group)
    }

    fn add(&mut self, predicate: usize, leaf: Leaf, terms: &mut Vec<(u32, Term)>) {
        if let Leaf::Exists(there) = leaf {
            self.exists.push((predicate, there));
            return;
        }
        if leaf.holds_on_missing() {
            self.on_missing.push(predicate);
        }
        let local = u32::try_from(self.predicates.len()).unwrap_or(u32::MAX);
        self.predicates.push(predicate);
        match leaf {
            Leaf::Mentions(term) => terms.push((local, term)),
            leaf => self.leaves.push((local, leaf)),
        }
    }

    /// Answers every predicate for every row of a batch.
    pub(crate) fn answer(&self, view: &View, memo: (&mut CellMemo, &mut Scratch), answers: &mut [Bitmap]) {
        let cells = view.cells(&self.target);
        let present = self.present(&cells, view.len(), memo, answers);
        if self.exists.is_empty() && self.on_missing.is_empty() {
            return;
        }
        let missing = present.negated(view.len());
        for predicate in &self.on_missing {
            or_into(answers, *predicate, &missing);
        }
        for (predicate, there) in &self.exists {
            or_into(answers, *predicate, if *there { &present } else { &missing });
        }
    }

    fn present(
        &self,
        cells: &Cells,
        rows: usize,
        (memo, scratch): (&mut CellMemo, &mut Scratch),
        answers: &mut [Bitmap],
    ) -> Bitmap {
        let mut present = Bitmap::default();
        if cells.is_absent() {
            return present;
        }
        for row in 0..rows {
            let Some(cell) = cells.get(row) else { continue };
            present.set(row);
            if self.predicates.is_empty() {
                continue;
            }
            if let Some(known) = memo.answers.get(cell) {
                self.mark(known, row, answers);
                continue;
            }
            self.ask(cell, scratch);
            self.mark(&scratch.held, row, answers);
            if self.remembers {
                memo.remember(cell, &scratch.held);
            }
        }
        present
    }

    fn mark(&self, held: &[u32], row: usize, answers: &mut [Bitmap]) {
        for local in held {
            let predicate = self.predicates.get(*local as usize);
            if let Some(bitmap) = predicate.and_then(|predicate| answers.get_mut(*predicate)) {
                bitmap.set(row);
            }
        }
    }

    fn ask(&self, cell: &str, scratch: &mut Scratch) {
        scratch.held.clear();
        if let Some(scanner) = &self.scanner {
            scanner.find(cell, scratch);
        }
        if let Some(fragments) = &self.fragments {
            fragments.find(cell, &mut scratch.fragments, &mut scratch.held);
        }
        for (local, leaf) in &self.leaves {
            if leaf.holds(cell, &mut scratch.scan) {
                scratch.held.push(*local);
            }
        }
    }
}

fn or_into(answers: &mut [Bitmap], predicate: usize, rows: &Bitmap) {
    if let Some(bitmap) = answers.get_mut(predicate) {
        bitmap.or_with(rows);
    }
}

impl CellMemo {
    pub(crate) fn of(entries: usize) -> CellMemo {
        CellMemo { entries, answers: FxHashMap::default(), bytes: 0 }
    }

    fn remember(&mut self, cell: &str, held: &[u32]) {
        if self.answers.len() >= self.entries || self.bytes >= MOST_BYTES {
            self.answers = FxHashMap::default();
            self.bytes = 0;
        }
        self.bytes += cell.len() + held.len() * 4 + 48;
        self.answers.insert(cell.into(), held.into());
    }
}

/// The fast form while it is small.
pub(crate) fn automaton_kind(patterns: &[String]) -> AhoCorasickKind {
    let dense = patterns.iter().map(String::len).sum::<usize>() <= DENSE_LITERALS;
    if dense { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA }
}

/// One automaton for the literals of all terms; candidates are verified one by one.
#[derive(Debug)]
struct Scanner {
    automaton: AhoCorasick,
    owners: Vec<Vec<u32>>,
    always: Vec<u32>,
    terms: Vec<(u32, Term)>,
}

impl Scanner {
    fn new(terms: Vec<(u32, Term)>) -> Result<Scanner, aho_corasick::BuildError> {
        let mut literals: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        let mut always = Vec::new();
        for (place, (_, term)) in (0u32..).zip(&terms) {
            let required = term.required_literals();
            if required.is_empty() || required.iter().any(String::is_empty) {
                always.push(place);
                continue;
            }
            for literal in required {
                literals.entry(literal).or_default().push(place);
            }
        }
        let mut literals: Vec<(String, Vec<u32>)> = literals.into_iter().collect();
        literals.sort();
        let (patterns, owners): (Vec<String>, Vec<Vec<u32>>) = literals.into_iter().unzip();
        let mut builder = AhoCorasick::builder();
        let automaton =
            builder.match_kind(MatchKind::Standard).kind(Some(automaton_kind(&patterns))).build(&patterns)?;
        Ok(Scanner { automaton, owners, always, terms })
    }

    fn find(&self, cell: &str, scratch: &mut Scratch) {
        let Scratch { scan, held, seen, turn, .. } = scratch;
        scan.fold(cell);
        seen.resize(seen.len().max(self.terms.len()), 0);
        *turn = turn.wrapping_add(1);
        if *turn == 0 {
            seen.fill(0);
            *turn = 1;
        }
        let mut verify = |place: u32| {
            let fresh = seen.get_mut(place as usize).is_some_and(|seen| std::mem::replace(seen, *turn) != *turn);
            let term = self.terms.get(place as usize).filter(|_| fresh);
            if let Some((local, _)) = term.filter(|(_, term)| term.find(scan, cell).is_some()) {
                held.push(*local);
            }
        };
        self.always.iter().for_each(|place| verify(*place));
        for found in self.automaton.find_overlapping_iter(scan.folded.as_str()) {
            let owners = self.owners.get(found.pattern().as_usize());
            owners.into_iter().flatten().for_each(|place| verify(*place));
        }
    }
}
