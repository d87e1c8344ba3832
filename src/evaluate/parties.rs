//! All questions to the parties of one role. In: name, id, country and address cells. Out: a bitmap a predicate. Each
//! distinct name and id is segmented and looked up once, within bounds; only what depends on the rest of the row is asked
//! again for each row. A party with no cell at all answers nothing.

use rustc_hash::FxHashMap;

use super::ask::{BoundParty, Party, RoleCells, RowOf, resolve};
use super::bitmap::Bitmap;
use super::cells::Scratch;
use super::view::View;
use crate::record::Role;
use crate::watchlist::Watchlists;

const MOST_BYTES: usize = 16 << 20;

/// The party predicates of one role.
#[derive(Debug)]
pub(crate) struct PartyGroup {
    role: Role,
    tests: Vec<(usize, BoundParty)>,
    always: Vec<u32>,
    on_hit: Vec<u32>,
    by_name: FxHashMap<String, Vec<u32>>,
}

/// What the distinct names of a role answered.
#[derive(Debug)]
pub(crate) struct PartyMemo {
    entries: usize,
    answers: FxHashMap<Box<str>, Answer>,
    bytes: usize,
    key: String,
}

#[derive(Debug, Default)]
struct Answer {
    held: Box<[u32]>,
    maybe: Box<[u32]>,
    /// Kept only where a row must be asked again.
    parties: Box<[Party]>,
}

impl PartyGroup {
    pub(crate) fn new(role: Role, tests: Vec<(usize, BoundParty)>) -> PartyGroup {
        let mut group = PartyGroup {
            role,
            tests: Vec::new(),
            always: Vec::new(),
            on_hit: Vec::new(),
            by_name: FxHashMap::default(),
        };
        for (place, (predicate, test)) in (0u32..).zip(tests) {
            match test.needs_hit() {
                None => group.always.push(place),
                Some(names) => {
                    group.on_hit.push(place);
                    for name in names {
                        group.by_name.entry(name).or_default().push(place);
                    }
                }
            }
            group.tests.push((predicate, test));
        }
        group
    }

    /// Answers every predicate for every row of a batch.
    pub(crate) fn answer(
        &self,
        (view, watchlists): (&View, &Watchlists),
        memo: (&mut PartyMemo, &mut Scratch),
        answers: &mut [Bitmap],
    ) {
        let cells = RoleCells::new(view, self.role);
        if cells.is_absent() {
            return;
        }
        let (memo, scratch) = memo;
        for row in 0..view.len() {
            let row = RowOf { cells: &cells, row };
            if row.is_missing() {
                continue;
            }
            let PartyMemo { answers: known, key, .. } = memo;
            key.clear();
            key.extend([row.name(), "\u{1}", row.id()]);
            if let Some(answer) = known.get(key.as_str()) {
                self.mark(answer, (&row, watchlists), (scratch, answers));
                continue;
            }
            let answer = self.ask(&row, watchlists, scratch);
            self.mark(&answer, (&row, watchlists), (scratch, answers));
            memo.remember(answer);
        }
    }

    fn ask(&self, row: &RowOf, watchlists: &Watchlists, scratch: &mut Scratch) -> Answer {
        let parties = resolve(row.name(), row.id(), watchlists);
        let hit = parties.iter().any(|party| !party.hits.is_empty());
        let mut places: Vec<u32> = self.always.clone();
        if hit {
            places.extend(&self.on_hit);
        } else if !self.by_name.is_empty() {
            let keys = parties.iter().flat_map(|party| party.keys().iter().map(String::as_str));
            let named = keys.chain([row.id()]).filter_map(|key| self.by_name.get(key)).flatten();
            places.extend(named);
            places.sort_unstable();
            places.dedup();
        }
        let (mut held, mut maybe) = (Vec::new(), Vec::new());
        for place in places {
            let Some((_, test)) = self.tests.get(place as usize) else { continue };
            match test.before_row(&parties, (row.id(), watchlists), &mut scratch.scan) {
                Some(true) => held.push(place),
                None => maybe.push(place),
                Some(false) => {}
            }
        }
        let parties = if maybe.is_empty() { Box::default() } else { parties.into() };
        Answer { held: held.into(), maybe: maybe.into(), parties }
    }

    fn mark(
        &self,
        answer: &Answer,
        (row, watchlists): (&RowOf, &Watchlists),
        (scratch, answers): (&mut Scratch, &mut [Bitmap]),
    ) {
        for (place, certain) in
            answer.held.iter().map(|place| (place, true)).chain(answer.maybe.iter().map(|place| (place, false)))
        {
            let Some((predicate, test)) = self.tests.get(*place as usize) else { continue };
            let Some(bitmap) = answers.get_mut(*predicate) else { continue };
            if certain || test.in_row(&answer.parties, (row, watchlists), &mut scratch.scan) {
                bitmap.set(row.row);
            }
        }
    }
}

impl PartyMemo {
    pub(crate) fn of(entries: usize) -> PartyMemo {
        PartyMemo { entries, answers: FxHashMap::default(), bytes: 0, key: String::new() }
    }

    fn remember(&mut self, answer: Answer) {
        if self.answers.len() >= self.entries || self.bytes >= MOST_BYTES {
            self.answers = FxHashMap::default();
            self.bytes = 0;
        }
        let parties: usize = answer.parties.iter().map(Party::bytes).sum();
        self.bytes += self.key.len() + (answer.held.len() + answer.maybe.len()) * 4 + parties + 96;
        self.answers.insert(self.key.as_str().into(), answer);
    }
}
