//! Room: whether a file system has enough of it to take files in. In: a folder. Out: a sentence, or nothing.

use std::path::Path;

/// Says so when a file system is nearly full: under 5 %, where that is less than 1 GiB, else under 1 GiB.
pub fn crowded(folder: &Path) -> Option<String> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    let (free, all) = (stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize));
    let little = free < (all / 20).min(1 << 30);
    little.then(|| format!("{} has only {} MiB free", folder.display(), free >> 20))
}
