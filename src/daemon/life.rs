//! Life: a small file in the state folder that says every half minute that the daemon lives, and as soon as that changes
//! what is in its way; `status` reads it.
//!
//! A file, because a look at the ledger would say what was, not what is. It is gone after a stop, and old after a death.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::hindrances::{Hindrance, Matter};
use super::wrong::{Wrong, quoted};

/// A sign older than this is of a daemon that is dead or stuck: one is given every half minute.
const OLD: i64 = 120 * 1_000_000;

/// Most signs have the same length, filled up with blanks: a block of the disk, so that a full one takes them too.
const ROOM: usize = 4096;
/// Hindrances that a sign names, and the characters of each: thousands of links are no reason for a long one.
const NAMED: usize = 8;
const LONGEST: usize = 250;

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// When it was given, in microseconds.
    pub at: i64,
    /// Since when the daemon runs.
    pub since: i64,
    /// Workers that stand still.
    pub still: Vec<String>,
    /// What is in the workers' way.
    #[serde(default)]
    pub hindrances: Vec<Hindrance>,
}

/// How the daemon does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// It works.
    Works(Sign),
    /// It lives, and some of its workers stand still.
    Stuck(Sign),
    /// It gave its last sign long ago.
    Silent(Sign),
    /// It was stopped, or never started.
    Stopped,
}

fn file(state: &Path) -> PathBuf {
    state.join("alive.json")
}

/// Gives a sign. One that cannot be given is missed by those who look for it, and harms nothing.
pub fn give(state: &Path, sign: &Sign) {
    let mut sign = sign.clone();
    sign.hindrances.truncate(NAMED);
    for hindrance in &mut sign.hindrances {
        hindrance.wrong.what = hindrance.wrong.what.chars().take(LONGEST).collect();
    }
    if let Err(cause) = write(&file(state), &serde_json::json!(sign).to_string()) {
        tracing::debug!(%cause, "no sign of life could be given");
    }
}

/// In one call, and over what was there, so that whoever reads meanwhile reads one sign or the other.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
    let padded = format!("{text:<ROOM$}");
    file.write_all(padded.as_bytes())?;
    file.set_len(padded.len() as u64)
}

/// The sign of a daemon that cannot start before there is room on the disk.
pub fn waits_for_room(state: &Path, now: i64) -> Sign {
    let command = format!("df -h {}", quoted(&state.display().to_string()));
    let wrong = Wrong { what: "the disk is full: nothing is done before there is room".to_owned(), command };
    Sign { at: now, since: now, still: Vec::new(), hindrances: vec![Hindrance { matter: Matter::Start, wrong }] }
}

/// Takes the sign away at a stop.
pub fn end(state: &Path) {
    let _ = std::fs::remove_file(file(state));
}

/// How the daemon of a state folder does.
pub fn look(state: &Path, now: i64) -> Life {
    let text = std::fs::read_to_string(file(state)).unwrap_or_default();
    match serde_json::from_str::<Sign>(&text) {
        Err(_) => Life::Stopped,
        Ok(sign) if now.saturating_sub(sign.at) >= OLD => Life::Silent(sign),
        Ok(sign) if !sign.still.is_empty() => Life::Stuck(sign),
        Ok(sign) => Life::Works(sign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_believed_while_it_is_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let still = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let sign = |names: &[&str]| Sign { at: 100, since: 1, still: still(names), hindrances: Vec::new() };
        assert_eq!(look(folder.path(), 0), Life::Stopped);
        give(folder.path(), &sign(&[]));
        assert_eq!(look(folder.path(), 200), Life::Works(sign(&[])));
        assert_eq!(look(folder.path(), 100 + OLD), Life::Silent(sign(&[])));
        give(folder.path(), &sign(&["courier"]));
        assert_eq!(look(folder.path(), 200), Life::Stuck(sign(&["courier"])));
        end(folder.path());
        assert_eq!(look(folder.path(), 200), Life::Stopped);
    }
}
