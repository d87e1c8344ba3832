//! Combining: answers of predicates → rows of a selection → rows of a condition. Nothing is asked here.

use super::BoundTest;
use super::bitmap::Bitmap;
use crate::rules::Condition;

/// Rows of the batch and the answer of each predicate.
pub(crate) struct Answers {
    pub(crate) rows: usize,
    pub(crate) predicates: Vec<Bitmap>,
}

impl Answers {
    /// Rows for which the test holds.
    pub(crate) fn test(&self, test: &BoundTest) -> Bitmap {
        match test {
            BoundTest::All(tests) => all(tests, self.rows, |test| self.test(test)),
            BoundTest::Any(tests) => any(tests, |test| self.test(test)),
            BoundTest::Not(test) => self.test(test).negated(self.rows),
            BoundTest::Is(predicate) => self.predicates.get(*predicate).cloned().unwrap_or_default(),
        }
    }

    /// Whether the test holds for one row.
    pub(crate) fn holds(&self, test: &BoundTest, row: usize) -> bool {
        match test {
            BoundTest::All(tests) => tests.iter().all(|test| self.holds(test, row)),
            BoundTest::Any(tests) => tests.iter().any(|test| self.holds(test, row)),
            BoundTest::Not(test) => !self.holds(test, row),
            BoundTest::Is(predicate) => self.predicates.get(*predicate).is_some_and(|bitmap| bitmap.get(row)),
        }
    }

    /// Rows for which the condition holds over these selections.
    pub(crate) fn condition(&self, condition: &Condition, selections: &[BoundTest]) -> Bitmap {
        let part = |condition: &Condition| self.condition(condition, selections);
        match condition {
            Condition::And(parts) => all(parts, self.rows, part),
            Condition::Or(parts) => any(parts, part),
            Condition::Not(inner) => part(inner).negated(self.rows),
            Condition::AtLeast(0, _) => Bitmap::all(self.rows),
            Condition::AtLeast(1, parts) => any(parts, part),
            Condition::AtLeast(wanted, parts) => at_least(*wanted, parts, self.rows, part),
            Condition::Selection(place) => selections.get(*place).map(|test| self.test(test)).unwrap_or_default(),
        }
    }
}

fn all<T>(parts: &[T], rows: usize, of: impl Fn(&T) -> Bitmap) -> Bitmap {
    let Some((first, rest)) = parts.split_first() else { return Bitmap::all(rows) };
    let mut held = of(first);
    for part in rest {
        if held.is_empty() {
            return Bitmap::default();
        }
        held.and_with(&of(part));
    }
    held
}

fn any<T>(parts: &[T], of: impl Fn(&T) -> Bitmap) -> Bitmap {
    let mut held = Bitmap::default();
    for part in parts {
        held.or_with(&of(part));
    }
    held
}

fn at_least<T>(wanted: usize, parts: &[T], rows: usize, of: impl Fn(&T) -> Bitmap) -> Bitmap {
    let mut counts = vec![0usize; rows];
    for part in parts {
        for row in of(part).rows() {
            if let Some(count) = counts.get_mut(row) {
                *count += 1;
            }
        }
    }
    let mut held = Bitmap::default();
    for (row, count) in counts.into_iter().enumerate() {
        if count >= wanted {
            held.set(row);
        }
    }
    held
}
