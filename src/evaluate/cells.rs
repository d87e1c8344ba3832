//! All questions to one column. In: a column. Out: a bitmap a predicate. Terms, patterns and regexes are
//! asked only where a fragment of theirs stands; cells of columns with few distinct values are decided once and remembered, within bounds. It never reads two columns.

use rustc_hash::FxHashMap;

use super::bitmap::Bitmap;
use super::fragments::{FragmentScratch, Fragments};
use super::ladder::{self, Ladder};
use super::leaf::{self, Leaf, is_free_text};
use super::view::{Cells, View};
use crate::rules::Target;
use crate::text::ScanText;

/// Bytes remembered a column.
const MOST_BYTES: usize = 16 << 20;

/// The predicates of one target.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) target: Target,
    predicates: Vec<usize>,
    leaves: Vec<(u32, Leaf)>,
    /// Bounds of the number that a cell is: lower ones, upper ones.
    bounds: [Ladder; 2],
    exists: Vec<(usize, bool)>,
    on_missing: Vec<usize>,
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
            bounds: Default::default(),
            exists: Vec::new(),
            on_missing: Vec::new(),
            fragments: None,
            remembers,
        };
        for (predicate, leaf) in questions {
            group.add(predicate, leaf);
        }
        group.bounds.iter_mut().for_each(Ladder::sort);
        group.fragments = Fragments::take_from(&mut group.leaves)?;
        // What stands behind fragments is asked in less time than it takes to remember it.
        group.remembers &= !group.leaves.is_empty();
        Ok(group)
    }

    fn add(&mut self, predicate: usize, leaf: Leaf) {
        if let Leaf::Exists(there) = leaf {
            self.exists.push((predicate, there));
            return;
        }
        if let Leaf::Number(comparison, bound) = leaf
            && ladder::is_bound(comparison)
        {
            let [lower, upper] = &mut self.bounds;
            let ladder = if ladder::is_upper(comparison) { upper } else { lower };
            ladder.add(comparison, bound, predicate);
            return;
        }
        if leaf.holds_on_missing() {
            self.on_missing.push(predicate);
        }
        let local = u32::try_from(self.predicates.len()).unwrap_or(u32::MAX);
        self.predicates.push(predicate);
        self.leaves.push((local, leaf));
    }

    /// Answers every predicate for every row of a batch.
    pub(crate) fn answer(&self, view: &View, memo: (&mut CellMemo, &mut Scratch), answers: &mut [Bitmap]) {
        let cells = view.cells(&self.target);
        let present = self.present(&cells, view.len(), memo, answers);
        self.compare(&cells, view.len(), answers);
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
            if self.remembers
                && let Some(known) = memo.answers.get(cell)
            {
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

    /// Reads the number of each cell once for all bounds.
    fn compare(&self, cells: &Cells, rows: usize, answers: &mut [Bitmap]) {
        if cells.is_absent() || self.bounds.iter().all(Ladder::is_empty) {
            return;
        }
        let mut climbs = self.bounds.each_ref().map(Ladder::climbs);
        let numbers = (0..rows).filter_map(|row| Some((row, leaf::number(cells.get(row)?)?)));
        for (row, number) in numbers {
            for (ladder, climbs) in self.bounds.iter().zip(&mut climbs) {
                ladder.climb(number, row, climbs);
            }
        }
        for (ladder, climbs) in self.bounds.iter().zip(climbs) {
            ladder.answer(climbs, answers);
        }
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
        let Scratch { scan, fragments, held } = scratch;
        if let Some(all) = &self.fragments {
            all.find(cell, (fragments, scan), held);
        }
        for (local, leaf) in &self.leaves {
            if leaf.holds(cell, scan) {
                held.push(*local);
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
