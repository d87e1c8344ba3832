//! Arrival: what one scan of a drop folder says about each file: taken, waited for, or told of.
//!
//! In: a scan and what was seen before. Out: an [`Arrival`] for each file. A done marker, or a `NAME.sha256` beside the
//! file whose checksum holds, replaces the wait. Both are never taken themselves and stay where they are; one that is
//! older than its file belongs to an earlier file of that name. It moves nothing.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::config::SourceSettings;
use crate::intake::settle::{Look, Settling, Sighting, Verdict};
use crate::intake::{open_nofollow, sha256_while};
use crate::watch::Scan;

/// What a file that holds a checksum is named after its file.
const CHECKSUM: &str = ".sha256";
/// Such a file is one line.
const LONGEST_CHECKSUM: u64 = 4096;
/// Digits of a SHA-256.
const DIGITS: usize = 64;

/// What becomes of a dropped file now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is whole.
    Take,
    /// It is not yet; what is the matter is the end of a sentence that begins with “it”.
    Wait {
        /// When it was first seen.
        since: Instant,
        /// What is the matter.
        what: &'static str,
    },
    /// Nothing will come of it by itself: nothing is in it, or what says that it is whole has not come.
    Lack {
        /// When it was first seen.
        since: Instant,
        /// What is the matter.
        what: &'static str,
    },
    /// It has settled, and its content is not what the checksum beside it says.
    Differs,
}

/// What was seen of the files of one source.
pub struct Arrivals {
    settling: Settling,
    marker: Option<(String, String)>,
    differing: HashMap<PathBuf, (Look, Look)>,
}

impl Arrivals {
    /// As the source is configured.
    pub fn new(source: &SourceSettings) -> Arrivals {
        let halves = |pattern: &String| pattern.split_once("{name}").map(|(a, b)| (a.to_owned(), b.to_owned()));
        Arrivals {
            settling: Settling::new(source.settle_for),
            marker: source.done_marker.as_ref().and_then(halves),
            differing: HashMap::new(),
        }
    }

    /// Judges every file of a scan, in its order; `go_on` may end the reading of large files.
    pub fn judge(&mut self, scan: &Scan, go_on: impl Fn() -> bool) -> Vec<(Sighting, Arrival)> {
        self.settling.keep(&scan.sightings);
        let looks: HashMap<&Path, Look> = scan.sightings.iter().map(|one| (one.path.as_path(), one.look)).collect();
        self.differing.retain(|path, _| looks.contains_key(path.as_path()));
        let files = scan.sightings.iter().filter(|sighting| !self.is_companion(&sighting.path));
        let files: Vec<Sighting> = files.cloned().collect();
        let judged = files.into_iter().map(|sighting| {
            let arrival = self.file(&sighting, &looks, &go_on);
            (sighting, arrival)
        });
        judged.collect()
    }

    fn file(&mut self, sighting: &Sighting, looks: &HashMap<&Path, Look>, go_on: &impl Fn() -> bool) -> Arrival {
        let (verdict, since) = self.settling.look(sighting, Instant::now());
        let name = sighting.path.file_name().unwrap_or_default().to_string_lossy();
        let beside = |companion: String| {
            let path = sighting.path.with_file_name(companion);
            let look = *looks.get(path.as_path())?;
            (look.modified >= sighting.look.modified).then_some((path, look))
        };
        if let Some((path, look)) = beside(format!("{name}{CHECKSUM}")) {
            let looks = (sighting.look, look);
            if self.differing.get(&sighting.path) != Some(&looks) {
                if checksum_holds(&sighting.path, &path, go_on) {
                    return Arrival::Take;
                }
                self.differing.insert(sighting.path.clone(), looks);
            }
            if verdict == Verdict::Settled {
                return Arrival::Differs;
            }
        } else if let Some((start, end)) = &self.marker {
            return match beside(format!("{start}{name}{end}")) {
                Some(_) => Arrival::Take,
                None => Arrival::Lack { since, what: "has no done marker beside it that is as new as it" },
            };
        }
        match verdict {
            Verdict::Settled => Arrival::Take,
            Verdict::Waiting => Arrival::Wait { since, what: "still changes" },
            Verdict::Empty => Arrival::Lack { since, what: "is empty" },
        }
    }

    fn is_companion(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let marks = |(start, end): &(String, String)| {
            name.len() > start.len() + end.len() && name.starts_with(start.as_str()) && name.ends_with(end.as_str())
        };
        name.ends_with(CHECKSUM) || self.marker.as_ref().is_some_and(marks)
    }
}

/// Whether the content has the checksum that the file beside it begins with or holds after an equals sign, as
/// `sha256sum` writes it with and without `--tag`. A file that cannot be read has not.
fn checksum_holds(file: &Path, checksum: &Path, go_on: &impl Fn() -> bool) -> bool {
    let written = || {
        let mut text = String::new();
        open_nofollow(checksum).ok()?.take(LONGEST_CHECKSUM).read_to_string(&mut text).ok()?;
        let is_sum = |word: &&str| word.len() == DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        text.split_whitespace().map(|word| word.trim_start_matches('\\')).find(is_sum).map(str::to_lowercase)
    };
    let found = || sha256_while(&mut open_nofollow(file).ok()?, go_on).ok();
    written().is_some_and(|written| found().is_some_and(|found| found == written))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::intake::LayoutChoice;
    use crate::watch::{Recursion, scan};

    struct Drop {
        folder: tempfile::TempDir,
        arrivals: Arrivals,
    }

    fn drop_folder(settle_for: Duration, done_marker: Option<&str>) -> Drop {
        let folder = tempfile::tempdir().unwrap();
        let source = SourceSettings {
            name: "s".into(),
            folder: folder.path().to_owned(),
            layout: LayoutChoice::Auto,
            settle_for,
            scan_every: Duration::from_secs(1),
            recursive: false,
            done_marker: done_marker.map(str::to_owned),
            identity: crate::finding::Identity::default(),
            backfill: false,
            expect_every: None,
        };
        Drop { arrivals: Arrivals::new(&source), folder }
    }

    impl Drop {
        fn write(&self, name: &str, text: &str, at: u64) {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().write(true).open(path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(at)).unwrap();
        }

        fn judge(&mut self) -> Vec<(String, Arrival)> {
            let seen = scan(self.folder.path(), Recursion::Flat).unwrap();
            let judged = self.arrivals.judge(&seen, || true).into_iter();
            judged.map(|(one, arrival)| (one.path.file_name().unwrap().to_str().unwrap().into(), arrival)).collect()
        }
    }

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_checksum_that_holds_replaces_the_wait() {
        for text in [format!("{OF_ABC}  a.csv\n"), format!("SHA256 (a.csv) = {}", OF_ABC.to_uppercase())] {
            let mut drop = drop_folder(LONG, None);
            drop.write("a.csv", "abc", 10);
            assert!(matches!(drop.judge()[0].1, Arrival::Wait { .. }));
            drop.write("a.csv.sha256", &text, 10);
            assert_eq!(drop.judge(), [("a.csv".to_owned(), Arrival::Take)]);
        }
    }

    #[test]
    fn a_settled_file_with_another_checksum_is_not_taken_until_one_of_the_two_changes() {
        let mut drop = drop_folder(Duration::ZERO, None);
        drop.write("a.csv", "abd", 10);
        drop.write("a.csv.sha256", OF_ABC, 10);
        drop.judge();
        drop.judge();
        assert_eq!(drop.judge(), [("a.csv".to_owned(), Arrival::Differs)]);
        drop.write("a.csv", "abc", 10);
        assert_eq!(drop.judge(), [("a.csv".to_owned(), Arrival::Take)]);
    }

    #[test]
    fn a_companion_that_is_older_than_its_file_belongs_to_an_earlier_one() {
        let mut drop = drop_folder(LONG, Some("{name}.done"));
        drop.write("a.csv", "abc", 10);
        drop.write("a.csv.done", "", 9);
        assert!(matches!(drop.judge()[..], [(_, Arrival::Lack { .. })]), "the marker is not taken either");
        drop.write("a.csv.done", "", 10);
        assert_eq!(drop.judge(), [("a.csv".to_owned(), Arrival::Take)]);
    }

    #[test]
    fn a_marker_alone_is_waited_with() {
        let mut drop = drop_folder(Duration::ZERO, Some("done-{name}"));
        drop.write("done-a.csv", "", 9);
        drop.write("b.csv.sha256", OF_ABC, 9);
        assert!(drop.judge().is_empty());
    }
}
