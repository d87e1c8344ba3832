//! Maildir: notification → a file in `new/`, for mutt, Thunderbird or a mail server on the same machine.
//!
//! Durable before it is reported: file and folder are synced, and the rename is the commit. A message that already
//! stands in `new/` or `cur/` is not written twice. Nothing is ever deleted but an own leftover in `tmp/`.

#![expect(clippy::disallowed_methods, reason = "a transport: writes messages into a folder")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::finding::hash;
use crate::notification::{Notification, Outcome};

/// A Maildir folder (<https://cr.yp.to/proto/maildir.html>).
#[derive(Debug, Clone)]
pub struct Maildir {
    dir: PathBuf,
}

impl Maildir {
    /// Opens a Maildir, making `tmp`, `new` and `cur` where they are missing.
    pub fn open(dir: &Path) -> io::Result<Maildir> {
        for part in ["tmp", "new", "cur"] {
            fs::create_dir_all(dir.join(part))?;
        }
        Ok(Maildir { dir: dir.to_owned() })
    }

    /// Delivers a notification into the folder.
    pub async fn deliver(&self, notification: &Notification) -> Outcome {
        let (maildir, id, message) = (self.clone(), notification.message_id.clone(), notification.message.clone());
        let written = tokio::task::spawn_blocking(move || maildir.write(&id, &message)).await;
        written.unwrap_or_else(|error| Outcome::Unreachable { reason: format!("the writer ended: {error}") })
    }

    fn write(&self, message_id: &str, message: &[u8]) -> Outcome {
        let name = format!("{}.tidewaiter", hash(&[message_id]));
        match self.commit(&name, message) {
            Ok(reply) => Outcome::Delivered { reply },
            Err(error) => Outcome::Unreachable {
                reason: format!("the maildir {} cannot be written: {error}", self.dir.display()),
            },
        }
    }

    fn commit(&self, name: &str, message: &[u8]) -> io::Result<String> {
        if self.holds(name)? {
            return Ok(format!("already stands in the maildir as {name}"));
        }
        let draft = self.dir.join("tmp").join(name);
        let mut file = File::create(&draft)?;
        file.write_all(&unix_lines(message))?;
        file.sync_all()?;
        fs::rename(&draft, self.dir.join("new").join(name))?;
        File::open(self.dir.join("new"))?.sync_all()?;
        Ok(format!("stands in the maildir as new/{name}"))
    }

    /// A reader moves a mail from `new` to `cur` and appends flags after a colon.
    fn holds(&self, name: &str) -> io::Result<bool> {
        if self.dir.join("new").join(name).try_exists()? {
            return Ok(true);
        }
        for entry in fs::read_dir(self.dir.join("cur"))? {
            if entry?.file_name().to_string_lossy().starts_with(name) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Messages on a Unix disk end their lines with LF; the CR belongs to the wire.
pub(super) fn unix_lines(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut bytes = message.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\r' || bytes.peek() != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_message_stands_in_new_with_unix_lines() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(dir.path()).unwrap();
        assert!(matches!(maildir.write("a@host", b"A: b\r\n\r\nc\r\n"), Outcome::Delivered { .. }));
        let new = dir.path().join("new");
        let [name] = &names(&new)[..] else { panic!("one file") };
        assert_eq!(fs::read(new.join(name)).unwrap(), b"A: b\n\nc\n");
        assert!(names(&dir.path().join("tmp")).is_empty());
    }

    #[test]
    fn a_repeat_is_not_doubled_even_when_it_was_read() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(dir.path()).unwrap();
        maildir.write("a@host", b"1");
        maildir.write("a@host", b"1");
        let name = names(&dir.path().join("new")).pop().unwrap();
        fs::rename(dir.path().join("new").join(&name), dir.path().join("cur").join(format!("{name}:2,S"))).unwrap();
        assert!(matches!(maildir.write("a@host", b"1"), Outcome::Delivered { .. }));
        assert!(names(&dir.path().join("new")).is_empty());
        maildir.write("b@host", b"1");
        assert_eq!(names(&dir.path().join("new")).len(), 1);
    }

    #[test]
    fn a_leftover_of_a_crash_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(dir.path()).unwrap();
        let name = format!("{}.tidewaiter", hash(&["a@host"]));
        fs::write(dir.path().join("tmp").join(&name), b"half of a longer text").unwrap();
        maildir.write("a@host", b"whole");
        assert_eq!(fs::read(dir.path().join("new").join(&name)).unwrap(), b"whole");
    }

    #[test]
    fn a_folder_that_went_away_is_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let maildir = Maildir::open(dir.path()).unwrap();
        fs::remove_dir_all(dir.path().join("tmp")).unwrap();
        assert!(matches!(maildir.write("a@host", b"1"), Outcome::Unreachable { .. }));
    }
}
