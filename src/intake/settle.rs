//! Settling: when a dropped file is complete. Pure; the clock is an argument.
//!
//! Settled = looked the same at least three times over at least `settle_for`, measured since *we* saw it; its own times
//! are compared with each other, never with now.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How a file looked: any write, rename or replacement changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Modification time: seconds, nanoseconds.
    pub modified: (i64, i64),
    /// Change time: seconds, nanoseconds.
    pub changed: (i64, i64),
}

/// A regular file in a drop folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Where it lies.
    pub path: PathBuf,
    /// How it looked.
    pub look: Look,
}

/// What one more look says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be taken.
    Settled,
    /// Not yet.
    Waiting,
    /// Nothing is in it yet, so there is nothing to take.
    Empty,
}

const LOOKS: u32 = 3;

#[derive(Debug)]
struct Seen {
    look: Look,
    first: Instant,
    same_since: Instant,
    looks: u32,
}

/// What was seen of the files of one source.
#[derive(Debug)]
pub struct Settling {
    settle_for: Duration,
    seen: HashMap<PathBuf, Seen>,
}

impl Settling {
    /// Files must look the same for that long.
    pub fn new(settle_for: Duration) -> Settling {
        Settling { settle_for, seen: HashMap::new() }
    }

    /// Forgets files that are not there any more.
    pub fn keep(&mut self, sightings: &[Sighting]) {
        let there: HashSet<&Path> = sightings.iter().map(|sighting| sighting.path.as_path()).collect();
        self.seen.retain(|path, _| there.contains(path.as_path()));
    }

    /// One more look at a file, and when it was first seen.
    pub fn look(&mut self, sighting: &Sighting, now: Instant) -> (Verdict, Instant) {
        let fresh = || Seen { look: sighting.look, first: now, same_since: now, looks: 0 };
        let seen = self.seen.entry(sighting.path.clone()).or_insert_with(fresh);
        if seen.look != sighting.look {
            *seen = Seen { first: seen.first, ..fresh() };
        }
        seen.looks += 1;
        let settled = seen.looks >= LOOKS && now.duration_since(seen.same_since) >= self.settle_for;
        let verdict = match settled {
            _ if seen.look.size == 0 => Verdict::Empty,
            true => Verdict::Settled,
            false => Verdict::Waiting,
        };
        (verdict, seen.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(size: u64) -> Sighting {
        Sighting { path: "a.csv".into(), look: Look { device: 1, inode: 2, size, modified: (0, 0), changed: (0, 0) } }
    }

    #[test]
    fn a_file_settles_after_three_equal_looks_over_the_whole_time() {
        let (mut settling, start) = (Settling::new(Duration::from_secs(10)), Instant::now());
        for (seconds, settled) in [(0, false), (1, false), (2, false), (9, false), (10, true)] {
            let (verdict, since) = settling.look(&sighting(5), start + Duration::from_secs(seconds));
            assert_eq!((verdict == Verdict::Settled, since), (settled, start), "after {seconds} s");
        }
    }

    #[test]
    fn a_file_still_growing_never_settles_and_keeps_its_first_time() {
        let (mut settling, start) = (Settling::new(Duration::from_secs(1)), Instant::now());
        for step in 0..50 {
            let verdict = settling.look(&sighting(step + 1), start + Duration::from_secs(step));
            assert_eq!(verdict, (Verdict::Waiting, start));
        }
    }

    #[test]
    fn an_empty_file_is_waited_for() {
        let (mut settling, start) = (Settling::new(Duration::ZERO), Instant::now());
        for _ in 0..5 {
            assert_eq!(settling.look(&sighting(0), start), (Verdict::Empty, start));
        }
    }
}
