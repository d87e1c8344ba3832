//! Watch: file events and scans → sightings. The only user of `notify`.
//!
//! In: drop folders. Out: what lies in them, oldest first, and a wake-up call when something happens. Events only wake;
//! the scan is the truth, so a lost event costs time and never a file. It moves and opens nothing.

#![expect(clippy::disallowed_methods, reason = "looks at the drop folders")]

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::intake::settle::{Look, Sighting};

/// What a scan saw.
#[derive(Debug, Default)]
pub struct Scan {
    /// Files to be taken, by modification time, then name.
    pub sightings: Vec<Sighting>,
    /// What is never taken, with the reason.
    pub unknown: Vec<(PathBuf, String)>,
}

/// Whether sub-folders are scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recursion {
    /// The folder alone.
    Flat,
    /// Everything below it.
    Deep,
}

/// Sub-folders below a drop folder that are scanned at most.
const DEEPEST: usize = 16;
const IGNORED_ENDINGS: [&str; 9] =
    [".tmp", ".part", ".partial", ".filepart", ".crdownload", ".inprogress", ".swp", ".lock", "~"];

/// Whether a name says that the file is not meant for us.
pub fn is_ignored(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with('.') || name.starts_with("~$") || IGNORED_ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

/// Looks at a folder.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn scan(folder: &Path, recursion: Recursion) -> io::Result<Scan> {
    let mut scan = Scan::default();
    scan_folder(folder, recursion, DEEPEST, &mut scan)?;
    scan.sightings.sort_by(|a, b| (a.look.modified, &a.path).cmp(&(b.look.modified, &b.path)));
    Ok(scan)
}

fn scan_folder(folder: &Path, recursion: Recursion, depth: usize, scan: &mut Scan) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        if is_ignored(&entry.file_name().to_string_lossy()) {
            continue;
        }
        // A file that vanishes between listing and looking was taken away by its owner.
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        let kind = metadata.file_type();
        if kind.is_file() {
            scan.sightings.push(Sighting { path, look: look(&metadata) });
        } else if kind.is_dir() {
            let why = match recursion {
                Recursion::Flat => Some("it is a folder, and the source is not `recursive`"),
                Recursion::Deep if depth == 0 => Some("it is a folder too far down"),
                Recursion::Deep => {
                    scan_folder(&path, recursion, depth - 1, scan).err().map(|_| "it is a folder that cannot be read")
                }
            };
            scan.unknown.extend(why.map(|why| (path, why.to_owned())));
        } else {
            let what = if kind.is_symlink() { "a symbolic link" } else { "not a regular file" };
            scan.unknown.push((path, format!("it is {what}")));
        }
    }
    Ok(())
}

/// How a file looks now; nothing when it is gone or is no regular file any more.
pub fn look_at(path: &Path) -> Option<Look> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    metadata.is_file().then(|| look(&metadata))
}

fn look(metadata: &Metadata) -> Look {
    Look {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// Wakes whoever waits when something happens in the folders.
pub struct Watch {
    bell: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Arms a watch; where events cannot be had (network file systems, no watches left), the scans alone must do.
    pub fn new(folders: &[PathBuf]) -> Watch {
        let bell = Arc::new(Notify::new());
        let ring = bell.clone();
        let on_event = move |event: notify::Result<notify::Event>| {
            let read_only = matches!(&event, Ok(event) if event.kind.is_access());
            if !read_only {
                ring.notify_one();
            }
        };
        let watcher = notify::recommended_watcher(on_event).and_then(|mut watcher| {
            for folder in folders.iter().filter(|folder| !is_network(folder)) {
                watcher.watch(folder, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        if let Err(error) = &watcher {
            tracing::warn!(%error, "no file events: the folders are scanned only");
        }
        Watch { bell, _watcher: watcher.ok() }
    }

    /// Returns when something has happened since the last call.
    pub async fn woken(&self) {
        self.bell.notified().await;
    }
}

/// Whether a folder lies on NFS, SMB or FUSE, where events do not come or do not tell all.
pub fn is_network(folder: &Path) -> bool {
    const NETWORK: [u64; 5] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546];
    let magic = rustix::fs::statfs(folder).map(|stat| stat.f_type as u64 & 0xFFFF_FFFF);
    let network = magic.is_ok_and(|magic| NETWORK.contains(&magic));
    if network {
        tracing::info!(folder = %folder.display(), "a network file system: scanned, not watched");
    }
    network
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_sees_regular_files_oldest_first_and_names_what_it_does_not_take() {
        let folder = tempfile::tempdir().unwrap();
        for (name, at) in [("b.csv", 2), ("a.csv", 3), (".hidden", 1), ("half.part", 1)] {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(at)).unwrap();
        }
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/c.csv"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.csv")).unwrap();
        let flat = scan(folder.path(), Recursion::Flat).unwrap();
        let names: Vec<_> = flat.sightings.iter().map(|s| s.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["b.csv", "a.csv"]);
        let unknown: Vec<_> =
            flat.unknown.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(unknown.len(), 2, "the folder and the link: {unknown:?}");
        assert_eq!(scan(folder.path(), Recursion::Deep).unwrap().sightings.len(), 3);
    }
}
