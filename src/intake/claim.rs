//! Claim: the only file mover. Renames never replace, and both folders are on disk before a move counts.

#![expect(clippy::disallowed_methods, reason = "moves and opens dropped files")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use sha2::{Digest, Sha256};

/// The folders of one source, on one file system with its drop folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Where files are dropped.
    pub drop: PathBuf,
    /// Where the files go that were taken.
    pub state: PathBuf,
}

impl Folders {
    /// The usual place: `.tidewaiter` inside the drop folder, which a scan never looks into.
    pub fn beside(drop: &Path) -> Folders {
        Folders { drop: drop.to_owned(), state: drop.join(".tidewaiter") }
    }

    /// Files in hand.
    pub fn work(&self) -> PathBuf {
        self.state.join("work")
    }

    /// Published files, below year and month.
    pub fn done(&self) -> PathBuf {
        self.state.join("done")
    }

    /// Files that cannot be read.
    pub fn failed(&self) -> PathBuf {
        self.state.join("failed")
    }

    /// Content that was done before.
    pub fn duplicates(&self) -> PathBuf {
        self.state.join("duplicates")
    }
}

/// Moves by rename without ever replacing: a number goes before the extension when the name is taken. Both folders are
/// synced before it returns.
///
/// # Errors
/// When the file is gone, is on another file system, or the folders cannot be written.
pub fn move_file(from: &Path, to_folder: &Path, name: &str) -> io::Result<PathBuf> {
    loop {
        let to = free_place(to_folder, name)?;
        match move_to(from, &to) {
            // Somebody else took the name in between.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            moved => return moved.map(|()| to),
        }
    }
}

/// A path in a folder where nothing is yet, for a file of that name; a number goes before the extension when the name is
/// taken.
///
/// # Errors
/// When the name is none, or the folder cannot be looked at.
pub fn free_place(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let name = Path::new(name).file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    let name = fitting(&name);
    for number in 1..10_000 {
        let to = folder.join(numbered(&name, number));
        match std::fs::symlink_metadata(&to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(to),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Err(io::Error::other(format!("10,000 files are named {name} there")))
}

/// Moves by rename to a path where nothing is; both folders are synced before it returns.
///
/// # Errors
/// When something is there, the file is gone, is on another file system, or the folders cannot be written. The file may
/// have been moved all the same when it was the syncing that failed.
pub fn move_to(from: &Path, to: &Path) -> io::Result<()> {
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?;
    let folder = |path: &Path| path.parent().unwrap_or(Path::new(".")).to_owned();
    sync_folder(&folder(to))?;
    sync_folder(&folder(from))
}

/// Bytes of a name at most, so that a number, `.error.json` or `.rejected.csv` still fits behind it.
const LONGEST_NAME: usize = 200;

/// A name that is too long loses its middle: start and ending tell what it was.
fn fitting(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let start = name.get(..name.floor_char_boundary(LONGEST_NAME - 60)).unwrap_or("");
    let end = name.get(name.ceil_char_boundary(name.len() - 50)..).unwrap_or("");
    format!("{start}…{end}")
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 {
        return name.to_owned();
    }
    match name.split_once('.') {
        Some((stem, endings)) if !stem.is_empty() => format!("{stem}-{number}.{endings}"),
        _ => format!("{name}-{number}"),
    }
}

/// Puts a folder's names on the disk.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes a small file whole: hidden name, synced, renamed, folder synced. A hidden file that a crash left is written over
/// when it is done again.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let hidden = folder.join(format!(".{}.part", path.file_name().unwrap_or_default().to_string_lossy()));
    let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let file = OpenOptions::new().create(true).write(true).truncate(true).custom_flags(nofollow).open(&hidden);
    let mut file = file?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&hidden, path)?;
    sync_folder(folder)
}

/// Opens without following a symbolic link and without waiting on a FIFO; refuses what is not a regular file.
///
/// # Errors
/// When it cannot be opened or is not a regular file.
pub fn open_nofollow(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Lower-case hex SHA-256 of an open file from its start; rewinds it.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(file: &mut File) -> io::Result<String> {
    sha256_while(file, || true)
}

/// The same, asking before each piece whether to go on.
///
/// # Errors
/// When it cannot be read; `Interrupted` when it was not to go on.
pub fn sha256_while(file: &mut File, go_on: impl Fn() -> bool) -> io::Result<String> {
    file.rewind()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    while go_on() {
        match file.read(&mut buffer)? {
            0 => {
                file.rewind()?;
                return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
            }
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
    Err(io::ErrorKind::Interrupted.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("in"), folder.path().join("out"));
        std::fs::create_dir(&from).unwrap();
        std::fs::create_dir(&to).unwrap();
        for (text, expected) in [("one", "x.csv.gz"), ("two", "x-2.csv.gz")] {
            std::fs::write(from.join("x.csv.gz"), text).unwrap();
            let moved = move_file(&from.join("x.csv.gz"), &to, "x.csv.gz").unwrap();
            assert_eq!(moved, to.join(expected));
            assert_eq!(std::fs::read_to_string(moved).unwrap(), text);
        }
    }

    #[test]
    fn a_name_as_long_as_the_file_system_allows_leaves_room_for_its_companions() {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{}.csv.gz", "ж".repeat(124));
        let from = folder.path().join(&name);
        std::fs::write(&from, "x").unwrap();
        let to = folder.path().join("out");
        std::fs::create_dir(&to).unwrap();
        let moved = move_file(&from, &to, &name).unwrap();
        assert!(moved.to_str().unwrap().ends_with(".csv.gz"));
        write_beside(Path::new(&format!("{}.error.json", moved.display())), b"{}").unwrap();
    }

    #[test]
    fn what_a_crash_left_of_a_small_file_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".x.error.json.part"), "half of something longer").unwrap();
        write_beside(&folder.path().join("x.error.json"), b"{}").unwrap();
        let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["x.error.json"]);
        assert_eq!(std::fs::read(folder.path().join("x.error.json")).unwrap(), b"{}");
    }

    #[test]
    fn links_and_folders_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(open_nofollow(&link).is_err());
        assert!(open_nofollow(folder.path()).is_err());
    }

    #[test]
    fn the_hash_is_the_published_one_of_abc() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        assert_eq!(sha256(&mut file).unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
