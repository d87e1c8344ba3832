//! The rules folder: which files it has, what they say. In: a folder. Out: texts with their kinds; of watchlists, which may
//! be large, only the place and the hash. A file that cannot be read is a problem, not an end.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DeskText, ListContent, TextKind};
use crate::finding::hash;
use crate::problem::{Problem, SourceText};

/// The largest text that is read.
const LARGEST_TEXT: u64 = 64 << 20;
/// The largest file of a watchlist.
const LARGEST_LIST: u64 = 1 << 30;

/// Reads every text of a rules folder; a file that cannot be read is a problem, not an end.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn read_folder(folder: &Path) -> io::Result<(Vec<DeskText>, Vec<Problem>)> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    std::fs::read_dir(folder)?;
    for (kind, path) in files(folder) {
        match read_text(kind, &path) {
            Ok(text) => texts.push(text),
            Err(problem) => problems.push(problem),
        }
    }
    Ok((texts, problems))
}

/// Reads the test files of a rules folder, `*.test.yaml` beside the rules.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn read_tests(folder: &Path) -> io::Result<(Vec<Arc<SourceText>>, Vec<Problem>)> {
    std::fs::read_dir(folder)?;
    let mut paths = entries(folder);
    paths.retain(|path| is_test(path) && path.is_file());
    paths.sort();
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match read_text(TextKind::Rule, &path) {
            Ok(text) => texts.push(text.source),
            Err(cause) => {
                let shown = path.display().to_string();
                problems.push(Problem::whole_file("unreadable", shown, format!("cannot be read: {cause}")));
            }
        }
    }
    Ok((texts, problems))
}

/// Whether a path is a test file, which is no rule.
pub fn is_test(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    !name.starts_with('.') && (name.ends_with(".test.yaml") || name.ends_with(".test.yml"))
}

/// Changes whenever a text is written, added or removed: paths, sizes and times, without reading the texts.
pub fn stamp(folder: &Path) -> String {
    let mut parts = Vec::new();
    for (_, path) in files(folder) {
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        parts.push(format!("{} {} {:?}", path.display(), metadata.len(), metadata.modified().ok()));
    }
    parts.sort();
    hash(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Every file that is read, by kind and path; the files of a folder below `watchlists/` are one list.
fn files(folder: &Path) -> Vec<(TextKind, PathBuf)> {
    let mut found = Vec::new();
    for (kind, below, endings) in TextKind::ALL {
        let place = folder.join(below);
        let mut paths = entries(&place);
        if kind == TextKind::Watchlist {
            let inner: Vec<PathBuf> =
                paths.iter().filter(|path| is_folder(path)).flat_map(|path| entries(path)).collect();
            paths.extend(inner);
        }
        paths.retain(|path| is_read(path, endings));
        paths.sort();
        found.extend(paths.into_iter().map(|path| (kind, path)));
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
}

fn is_folder(path: &Path) -> bool {
    let hidden = path.file_name().and_then(|name| name.to_str()).is_none_or(|name| name.starts_with('.'));
    !hidden && path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn is_read(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    let known = endings.iter().any(|known| known.eq_ignore_ascii_case(ending));
    known && !name.starts_with('.') && !is_test(path) && path.is_file()
}

fn read_text(kind: TextKind, path: &Path) -> Result<DeskText, Problem> {
    let name = path.display().to_string();
    let unreadable = |cause: io::Error| Problem::whole_file("unreadable", &name, format!("cannot be read: {cause}"));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    let largest = if kind == TextKind::Watchlist { LARGEST_LIST } else { LARGEST_TEXT };
    if size > largest {
        let message = format!("{size} bytes are more than the {} MiB that are read", largest >> 20);
        return Err(Problem::whole_file("too-large", &name, message));
    }
    match kind {
        TextKind::Watchlist => {
            let content = ListContent { at: path.to_owned(), hash: content_hash(path).map_err(unreadable)? };
            Ok(DeskText { kind, source: SourceText::new(name, ""), content: Some(content) })
        }
        TextKind::Rule | TextKind::List | TextKind::Layout => {
            match String::from_utf8(std::fs::read(path).map_err(unreadable)?) {
                Ok(text) => Ok(DeskText::new(kind, name, text)),
                Err(error) => Err(not_utf8(&name, error.as_bytes(), error.utf8_error().valid_up_to())),
            }
        }
    }
}

/// The place where the text stops being UTF-8, shown in the encoding that it is probably in.
fn not_utf8(path: &str, bytes: &[u8], valid: usize) -> Problem {
    let message = format!("this is not UTF-8: the byte at offset {valid} begins no character");
    let Some(encoding) = crate::intake::guess_encoding(bytes) else {
        let hint = "this looks like no text at all; save it as UTF-8 text";
        return Problem::whole_file("not-utf-8", path, message).with_hint(hint);
    };
    let (text, _, _) = encoding.decode(bytes);
    let before = bytes.get(..valid).map_or(0, |before| encoding.decode(before).0.len());
    let source = SourceText::new(path, text);
    let hint = format!("it looks like {}: open it in an editor and save it as UTF-8", encoding.name().to_lowercase());
    Problem::error("not-utf-8", &source, before..before, message).with_hint(hint)
}

/// Hash of a file's bytes, 32 hex digits.
///
/// # Errors
/// When the file cannot be read.
pub fn content_hash(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().chars().take(32).collect());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}
