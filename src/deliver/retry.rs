//! Retry: attempts so far → when the next one is due. Pure: the clock and the dice are arguments.

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Unix time in microseconds.
    At(i64),
    /// Given up: kept as a dead letter.
    Dead,
}

/// Microseconds before the second attempt, the third, …; hourly after the last.
const STEPS: [i64; 6] = [30 * SECOND, 60 * SECOND, 120 * SECOND, 300 * SECOND, 900 * SECOND, 1800 * SECOND];
const HOURLY: i64 = 3600 * SECOND;
const PATIENCE: i64 = 7 * 24 * HOURLY;
const SECOND: i64 = 1_000_000;
const ATTEMPTS: i64 = 40;

/// When a message that was deferred `attempts` times (1 after the first failure) is tried again.
///
/// `first_at` (the first attempt) and `now` are Unix microseconds; `jitter` lies between -1 and 1 and moves the wait by
/// up to a fifth. A message dies only after seven days *and* forty attempts, so that neither a jump of the clock nor
/// a busy relay burns it.
pub fn next_try(attempts: i64, first_at: i64, now: i64, jitter: f64) -> NextTry {
    if now.saturating_sub(first_at) >= PATIENCE && attempts >= ATTEMPTS {
        return NextTry::Dead;
    }
    let step = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX);
    let wait = STEPS.get(step).copied().unwrap_or(HOURLY);
    NextTry::At(now.saturating_add(wait).saturating_add(shift(wait, jitter)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a fifth of an hour at most")]
fn shift(wait: i64, jitter: f64) -> i64 {
    let jitter = if jitter.is_finite() { jitter.clamp(-1.0, 1.0) } else { 0.0 };
    (wait as f64 * 0.2 * jitter).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour() {
        let waits: Vec<NextTry> = (1..=8).map(|attempts| next_try(attempts, 0, 0, 0.0)).collect();
        let expected = [30, 60, 120, 300, 900, 1800, 3600, 3600].map(|seconds| NextTry::At(seconds * SECOND));
        assert_eq!(waits, expected);
    }

    #[test]
    fn the_dice_move_a_wait_by_a_fifth_at_most() {
        assert_eq!(next_try(7, 0, 0, 1.0), NextTry::At(4320 * SECOND));
        assert_eq!(next_try(7, 0, 0, -1.0), NextTry::At(2880 * SECOND));
        assert_eq!(next_try(7, 0, 0, 99.0), NextTry::At(4320 * SECOND));
        assert_eq!(next_try(7, 0, 0, f64::NAN), NextTry::At(3600 * SECOND));
    }

    #[test]
    fn a_message_dies_after_a_week_and_forty_attempts_not_before() {
        assert_eq!(next_try(40, 0, PATIENCE, 0.0), NextTry::Dead);
        assert!(matches!(next_try(39, 0, PATIENCE * 50, 0.0), NextTry::At(_)));
        assert!(matches!(next_try(4000, 0, PATIENCE - 1, 0.0), NextTry::At(_)));
        assert!(matches!(next_try(i64::MIN, i64::MAX, i64::MIN, 0.0), NextTry::At(_)));
    }
}
