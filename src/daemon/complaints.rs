//! What a source's worker has to complain of, in words: files that it does not take, folders that fail, a full disk.
//!
//! In: what happened. Out: a [`Trouble`] for the operators, or nothing when it was said before. It sends nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::DaemonError;
use super::notices::Trouble;
use super::wrong::{Wrong, quoted};
use crate::config::SourceSettings;
use crate::watch::Scan;

/// Files that one mail names.
const LISTED: usize = 20;

/// A file that is not taken, and why, as a sentence that begins with “it”.
pub type Untaken = (PathBuf, String);

/// What was said of the files of one source.
#[derive(Debug, Default)]
pub struct Complaints {
    said: HashSet<PathBuf>,
}

impl Complaints {
    /// What is not there any more may be told of again when it comes back.
    pub fn forget(&mut self, scan: &Scan) {
        let there: HashSet<&Path> = scan.sightings.iter().map(|sighting| sighting.path.as_path()).collect();
        let unknown: HashSet<&Path> = scan.unknown.iter().map(|(path, _)| path.as_path()).collect();
        self.said.retain(|path| there.contains(path.as_path()) || unknown.contains(path.as_path()));
    }

    /// One mail for all that is new among what is not taken, so that a thousand links are not a thousand mails.
    pub fn untaken(&mut self, source: &str, untaken: &[Untaken]) -> Option<Trouble> {
        let new: Vec<&Untaken> = untaken.iter().filter(|(path, _)| self.said.insert(path.clone())).collect();
        let (path, why) = new.first()?;
        let others = if new.len() > 1 { format!(" (and {} more)", new.len() - 1) } else { String::new() };
        let mut paragraphs = vec![format!("In the drop folder of source {source}:")];
        paragraphs.extend(new.iter().take(LISTED).map(|(path, why)| format!("{} is not read: {why}.", path.display())));
        paragraphs.extend((new.len() > LISTED).then(|| format!("And {} more.", new.len() - LISTED)));
        paragraphs.push("Only regular files that tidewaiter's user may read and move are taken.".to_owned());
        Some(Trouble {
            kind: "not-taken",
            about: new.iter().map(|(path, _)| path.display().to_string()).collect::<Vec<_>>().join("\n"),
            subject: format!("not taken: {}: {why}{others}", path.display()),
            paragraphs,
        })
    }
}

/// Files that are not taken, for as long as they lie there.
pub fn still_untaken(source: &SourceSettings, untaken: &[Untaken]) -> Option<Wrong> {
    let (path, why) = untaken.first()?;
    let others = if untaken.len() > 1 { format!(" (and {} more)", untaken.len() - 1) } else { String::new() };
    Some(Wrong {
        what: format!("{} of {} is not taken: {why}{others}", path.display(), source.name),
        command: format!("ls -la {}", quoted(&source.folder.display().to_string())),
    })
}

/// Nothing of the source is taken, for as long as that lasts.
pub fn intake_rests(source: &SourceSettings, why: &str) -> Wrong {
    let folder = quoted(&source.folder.display().to_string());
    Wrong {
        what: format!("intake of {} rests: {why}", source.name),
        command: format!("ls -ld {folder}; df -h {folder}"),
    }
}

/// A folder of the source fails.
pub fn stuck(source: &str, error: &DaemonError) -> Trouble {
    Trouble {
        kind: "source-stuck",
        about: source.to_owned(),
        subject: format!("intake of {source} is stuck: {error}"),
        paragraphs: vec![
            format!("The folders of source {source} fail: {error}."),
            "Nothing is lost; intake of this source goes on by itself as soon as that works again.".to_owned(),
        ],
    }
}

/// There is no room.
pub fn disk_full(source: &str, why: &str) -> Trouble {
    Trouble {
        kind: "disk-full",
        about: source.to_owned(),
        subject: format!("intake pauses: {why}"),
        paragraphs: vec![format!("{why}. Intake of {source} goes on by itself when there is room.")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_links_are_one_mail_and_are_told_again_only_when_they_went_away() {
        let links: Vec<Untaken> = (0..1000).map(|n| (PathBuf::from(format!("{n}")), "it is a link".into())).collect();
        let mut complaints = Complaints::default();
        let trouble = complaints.untaken("imports", &links).unwrap();
        assert_eq!(trouble.subject, "not taken: 0: it is a link (and 999 more)");
        assert_eq!(trouble.paragraphs.len(), 1 + LISTED + 2);
        assert!(complaints.untaken("imports", &links).is_none());
        complaints.forget(&Scan { unknown: links[1..].to_vec(), ..Scan::default() });
        assert_eq!(complaints.untaken("imports", &links).unwrap().subject, "not taken: 0: it is a link");
    }
}
