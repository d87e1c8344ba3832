//! What the program carries along: the shipped rules, lists, watchlists, layouts and the sample export.

use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::desk::{self, DeskText, TextKind};
use crate::problem::SourceText;

static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The sample export of the demo, written for the purpose.
pub const SAMPLE: &[u8] = include_bytes!("../../examples/sample-export.csv");

/// The shipped texts, ready for a desk.
pub fn texts() -> Vec<DeskText> {
    let mut texts = Vec::new();
    for (kind, below, endings) in TextKind::ALL {
        let folder = if below.is_empty() { Some(&RULES) } else { RULES.get_dir(below) };
        for file in folder.into_iter().flat_map(Dir::files) {
            let ending = file.path().extension().and_then(|ending| ending.to_str()).unwrap_or("");
            let read = endings.contains(&ending) && !desk::is_test(file.path());
            if let (true, Some(text)) = (read, file.contents_utf8()) {
                let path = format!("rules/{}", file.path().display());
                texts.push(DeskText::new(kind, path, text));
            }
        }
    }
    texts
}

/// The shipped test files.
pub fn tests() -> Vec<Arc<SourceText>> {
    let files = RULES.files().filter(|file| desk::is_test(file.path()));
    let text = |file: &include_dir::File<'_>| {
        Some(SourceText::new(format!("rules/{}", file.path().display()), file.contents_utf8()?))
    };
    files.filter_map(text).collect()
}

/// Writes the shipped texts below a folder; files that are there already are left alone.
pub fn write(folder: &Path) -> std::io::Result<()> {
    write_dir(&RULES, folder)
}

fn write_dir(dir: &Dir<'_>, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for file in dir.files() {
        let Some(name) = file.path().file_name() else { continue };
        let path = folder.join(name);
        if !path.exists() {
            std::fs::write(path, file.contents())?;
        }
    }
    for inner in dir.dirs() {
        let Some(name) = inner.path().file_name() else { continue };
        write_dir(inner, &folder.join(name))?;
    }
    Ok(())
}
