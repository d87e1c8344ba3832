//! Vitals: whether the workers move and whether the daemon is ready, for those who ask over the network.
//!
//! In: pulses. Out: the names of workers that stand still. A pulse is judged between two questions: nothing samples it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::telemetry::Pulse;

/// A worker rests for half a minute at most.
const STILL_AFTER: Duration = Duration::from_secs(120);

/// What was seen of one worker.
#[derive(Debug)]
struct Seen {
    worker: String,
    pulse: Pulse,
    count: u64,
    moved_at: Instant,
}

/// The workers' pulses, and whether the first look at every folder is done.
#[derive(Debug)]
pub struct Vitals {
    workers: Mutex<Vec<Seen>>,
    ready: AtomicBool,
}

impl Vitals {
    /// Of these workers, by name.
    pub fn new(workers: Vec<(String, Pulse)>) -> Vitals {
        let now = Instant::now();
        let seen = |(worker, pulse): (String, Pulse)| Seen { worker, count: pulse.count(), pulse, moved_at: now };
        Vitals { workers: Mutex::new(workers.into_iter().map(seen).collect()), ready: AtomicBool::new(false) }
    }

    /// Says that every folder was looked at once.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::SeqCst);
    }

    /// Whether every folder was looked at once.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    /// The workers that have not moved for too long.
    pub fn still(&self, now: Instant) -> Vec<String> {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut still = Vec::new();
        for seen in workers.iter_mut() {
            let count = seen.pulse.count();
            if count != seen.count {
                (seen.count, seen.moved_at) = (count, now);
            } else if now.saturating_duration_since(seen.moved_at) >= STILL_AFTER {
                still.push(seen.worker.clone());
            }
        }
        still
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_stands_still_is_named_until_it_moves() {
        let (lively, stuck) = (Pulse::default(), Pulse::default());
        let vitals = Vitals::new(vec![("lively".into(), lively.clone()), ("stuck".into(), stuck.clone())]);
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(vitals.still(later(60)).is_empty());
        lively.beat();
        assert_eq!(vitals.still(later(130)), ["stuck"]);
        stuck.beat();
        assert!(vitals.still(later(140)).is_empty());
    }
}
