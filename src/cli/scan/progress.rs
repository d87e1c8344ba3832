//! How far a scan is: bytes of the files read of all there are, how fast, and how long it will take. Only on a terminal.
//!
//! The position is that of the file that is being read, asked through a second handle on it, so that reading need not
//! know of it; of a compressed file it counts the bytes as they lie on the disk.

use std::cell::Cell;
use std::fs::File;
use std::io::{IsTerminal, Seek};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

const LOOK: &str = "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left  {msg}";

/// The bar over all files.
pub(super) struct Progress {
    bar: ProgressBar,
    /// Bytes of the files that are done.
    before: Cell<u64>,
}

impl Progress {
    pub(super) fn new(files: &[PathBuf]) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress { bar: ProgressBar::hidden(), before: Cell::new(0) };
        }
        let total = files.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum();
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template(LOOK) {
            bar.set_style(style);
        }
        Progress { bar, before: Cell::new(0) }
    }

    /// Begins a file.
    pub(super) fn file(&self, path: &Path, file: &File) -> Watched<'_> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        Watched { progress: self, file: file.try_clone().ok(), size, name }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// One file under the bar.
pub(super) struct Watched<'p> {
    progress: &'p Progress,
    file: Option<File>,
    size: u64,
    name: String,
}

impl Watched<'_> {
    /// Shows where the file is.
    pub(super) fn at(&self, records: u64) {
        if !self.progress.bar.is_hidden() {
            self.progress.bar.set_position(self.progress.before.get() + self.position());
            self.progress.bar.set_message(format!("{}: {records} records", self.name));
        }
    }

    fn position(&self) -> u64 {
        let position = self.file.as_ref().and_then(|mut file| file.stream_position().ok());
        position.unwrap_or(0).min(self.size)
    }
}

/// The file is done, read or not.
impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.progress.before.set(self.progress.before.get() + self.size);
        self.progress.bar.set_position(self.progress.before.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_position_is_that_of_the_file_that_is_read() {
        let mut file = tempfile::tempfile().unwrap();
        file.set_len(1000).unwrap();
        let progress = Progress { bar: ProgressBar::hidden(), before: Cell::new(50) };
        let watched = progress.file(Path::new("a/export.csv"), &file);
        file.read_exact(&mut [0; 400]).unwrap();
        assert_eq!((watched.position(), watched.name.as_str()), (400, "export.csv"));
        drop(watched);
        assert_eq!(progress.before.get(), 1050);
    }
}
