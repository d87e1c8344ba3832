//! Many bounds on one number. In: the number of each row. Out: a bitmap a bound. A number is compared with few of the
//! bounds: where one holds, all easier ones do. Equality is no bound and is not asked here.

use super::bitmap::Bitmap;
use super::leaf;
use crate::rules::Comparison;
use crate::value::Decimal;

/// Bounds of one direction, the easiest first.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    comparison: Comparison,
    bound: Decimal,
    predicate: usize,
}

/// The rows of a batch by how many steps of a ladder hold for them.
pub(crate) struct Climbs {
    by_height: Vec<Bitmap>,
}

impl Ladder {
    /// Adds a bound; [`Ladder::sort`] must follow the last one.
    pub(crate) fn add(&mut self, comparison: Comparison, bound: Decimal, predicate: usize) {
        self.steps.push(Step { comparison, bound, predicate });
    }

    /// Puts the easiest bound first: the lowest of lower bounds, the highest of upper ones.
    pub(crate) fn sort(&mut self) {
        self.steps.sort_by(|a, b| {
            let easier = if is_upper(a.comparison) { b.bound.cmp(&a.bound) } else { a.bound.cmp(&b.bound) };
            easier.then(is_strict(a.comparison).cmp(&is_strict(b.comparison)))
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) fn climbs(&self) -> Climbs {
        Climbs { by_height: vec![Bitmap::default(); self.steps.len() + 1] }
    }

    /// Takes the number of a row.
    pub(crate) fn climb(&self, number: Decimal, row: usize, climbs: &mut Climbs) {
        let holds = |step: &Step| leaf::compares(step.comparison, Some(number), &step.bound);
        let height = self.steps.partition_point(holds);
        if let Some(rows) = climbs.by_height.get_mut(height).filter(|_| height > 0) {
            rows.set(row);
        }
    }

    /// Answers every bound.
    pub(crate) fn answer(&self, climbs: Climbs, answers: &mut [Bitmap]) {
        let mut so_far = Bitmap::default();
        for (step, rows) in self.steps.iter().zip(climbs.by_height.iter().skip(1)).rev() {
            so_far.or_with(rows);
            if let Some(bitmap) = answers.get_mut(step.predicate) {
                bitmap.or_with(&so_far);
            }
        }
    }
}

/// Whether the comparison bounds a number from above.
pub(crate) fn is_upper(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::Lt | Comparison::Lte)
}

fn is_strict(comparison: Comparison) -> bool {
    matches!(comparison, Comparison::Lt | Comparison::Gt)
}

/// Whether a ladder can hold it.
pub(crate) fn is_bound(comparison: Comparison) -> bool {
    !matches!(comparison, Comparison::Eq | Comparison::Neq)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_ladder_answers_as_each_bound_alone(
            bounds in proptest::collection::vec((0..6i64, proptest::bool::ANY), 0..12), upper in proptest::bool::ANY,
            numbers in proptest::collection::vec(0..6i64, 0..80)
        ) {
            let kind = |strict: bool| match (upper, strict) {
                (true, true) => Comparison::Lt,
                (true, false) => Comparison::Lte,
                (false, true) => Comparison::Gt,
                (false, false) => Comparison::Gte,
            };
            let mut ladder = Ladder::default();
            for (predicate, (bound, strict)) in bounds.iter().enumerate() {
                ladder.add(kind(*strict), Decimal::from(*bound), predicate);
            }
            ladder.sort();
            let mut climbs = ladder.climbs();
            for (row, number) in numbers.iter().enumerate() {
                ladder.climb(Decimal::from(*number), row, &mut climbs);
            }
            let mut answers = vec![Bitmap::default(); bounds.len()];
            ladder.answer(climbs, &mut answers);
            for (answer, (bound, strict)) in answers.iter().zip(&bounds) {
                for (row, number) in numbers.iter().enumerate() {
                    let alone = leaf::compares(kind(*strict), Some(Decimal::from(*number)), &Decimal::from(*bound));
                    proptest::prop_assert_eq!(answer.get(row), alone);
                }
            }
        }
    }
}
