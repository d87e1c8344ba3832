//! Room: how much of each alert a mail shows, when it cannot show all. Pure.
//!
//! What is most severe is shown first: up to twenty records of every alert of a level, in turns, before the next level has
//! its first.

use crate::alert::Alert;
use crate::rule_card::Level;

/// Records of an alert that are shown.
const RECORDS: usize = 20;
/// Lines of a summary that are shown.
const LINES: usize = 30;
/// Records that nearly always fit.
const FEW: usize = 16;
/// Lines of a summary that take about as much room as a record.
const LINES_A_RECORD: usize = 6;

/// The alerts by their places, each as often as it may have room for a record, in the order in which room is given.
pub(super) fn turns(alerts: &[Alert]) -> Vec<usize> {
    let mut turns = Vec::new();
    for level in Level::ALL.into_iter().rev() {
        let of_level = || alerts.iter().enumerate().filter(move |(_, alert)| alert.rule.level == level);
        for round in 0..RECORDS {
            turns.extend(of_level().filter(|(_, alert)| round < wanted(alert)).map(|(at, _)| at));
        }
    }
    turns
}

/// An alert without anything to show still has its title and its count.
fn wanted(alert: &Alert) -> usize {
    let wanted = match alert.rule.alert.summary {
        true => alert.totals.by_party_and_month.len().min(LINES).div_ceil(LINES_A_RECORD),
        false => alert.told.len().min(RECORDS),
    };
    wanted.max(1)
}

/// How often each of so many alerts had its turn.
pub(super) fn given(alerts: usize, turns: &[usize]) -> Vec<usize> {
    let mut given = vec![0; alerts];
    for at in turns {
        given.get_mut(*at).into_iter().for_each(|many| *many += 1);
    }
    given
}

/// Records, or lines of a summary, that an alert shows for the turns that it had.
pub(super) fn shown(alert: &Alert, turns: usize) -> usize {
    match alert.rule.alert.summary {
        true => alert.totals.by_party_and_month.len().min(turns * LINES_A_RECORD),
        false => alert.told.len().min(turns),
    }
}

/// The largest of the numbers up to `most` for which `make` makes something that fits, and what it makes; of 1 when none
/// does. It begins with few and doubles: nothing is made that is many times too large.
pub(super) fn largest<T, E>(
    most: usize,
    make: impl Fn(usize) -> Result<T, E>,
    fits: impl Fn(&T) -> bool,
) -> Result<T, E> {
    let (mut low, mut best) = (1, make(1)?);
    let (mut next, mut above) = (FEW.min(most), most + 1);
    while low < next && next < above {
        let made = make(next)?;
        if fits(&made) {
            (low, best) = (next, made);
        } else {
            above = next;
        }
        next = if above > most { (low * 2).min(most) } else { low.midpoint(above) };
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn alert(level: Level, records: u64) -> Alert {
        let mut alert = sample::alert(records);
        std::sync::Arc::make_mut(&mut alert.rule).level = level;
        alert
    }

    #[test]
    fn what_is_critical_has_its_twenty_before_anything_lesser_has_one() {
        let alerts = [alert(Level::Critical, 30), alert(Level::Critical, 2), alert(Level::High, 9)];
        let turns = turns(&alerts);
        let given = |room| given(3, &turns[..room]);
        assert_eq!(given(2), [1, 1, 0]);
        assert_eq!(given(4), [2, 2, 0]);
        assert_eq!(given(22), [20, 2, 0]);
        assert_eq!(given(25), [20, 2, 3]);
        assert_eq!(turns.len(), 31);
    }

    #[test]
    fn the_most_that_fits_is_found() {
        let find = |most, limit| largest(most, Ok::<usize, ()>, |made| *made <= limit).unwrap();
        let found = [find(9, 20), find(40, 17), find(40, 15), find(400, 399), find(40, 1), find(40, 0), find(0, 0)];
        assert_eq!(found, [9, 17, 15, 399, 1, 1, 1]);
    }
}
