//! The scribe: what a format writes into while it reads one file. In: entries and problems with their places. Out: both
//! in the loader, problems bounded by file.
use super::entry::{Entry, Place, Word};
use super::load::Loader;
use crate::problem::{Problem, Severity, SourceText};
use std::sync::Arc;

/// Problems of one file that are told one by one.
const MOST_PROBLEMS: usize = 20;

/// What a name that nobody has means in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strangers {
    /// A slip of the author: the file is broken.
    Refuse,
    /// A publisher's statement about someone outside of its list: counted.
    Count,
    /// An entity: the file names the firms itself.
    Admit,
}

#[derive(Debug)]
pub(super) struct FileState {
    pub(super) list: usize,
    path: String,
    /// The text, where the format keeps it.
    text: Option<Arc<SourceText>>,
    pub(super) strangers: Strangers,
    told: usize,
    pub(super) untold: usize,
    pub(super) unknown: usize,
    pub(super) first_unknown: Option<Word>,
}

impl FileState {
    pub(super) fn new(list: usize, path: String) -> FileState {
        let strangers = Strangers::Count;
        FileState { list, path, text: None, strangers, told: 0, untold: 0, unknown: 0, first_unknown: None }
    }
}

impl Loader {
    pub(super) fn problem(&mut self, file: usize, severity: Severity, code: &'static str, at: Place, message: String) {
        let Some(state) = self.files.get_mut(file) else { return };
        if state.told >= MOST_PROBLEMS && severity != Severity::Error && code != "more-problems" {
            state.untold += 1;
            return;
        }
        state.told += 1;
        let problem = match (at, &state.text) {
            (Place::Span(from, to), Some(text)) => Problem::error(code, text, from..to, message),
            (Place::Line(line), _) => {
                Problem::error(code, &SourceText::at_line(state.path.clone(), line), 0..0, message)
            }
            (Place::Span(..) | Place::Nowhere, _) => Problem::whole_file(code, state.path.clone(), message),
        };
        self.problems.push(Problem { severity, ..problem });
    }
}

/// What a format writes into: the entries and the problems of one file.
pub(super) struct Scribe<'l> {
    loader: &'l mut Loader,
    file: usize,
}

impl Scribe<'_> {
    pub(super) fn new(loader: &mut Loader, file: usize) -> Scribe<'_> {
        Scribe { loader, file }
    }

    /// An entity of the list; one without a name is a problem.
    pub(super) fn entity(&mut self, entry: Entry) {
        if entry.name.trim().is_empty() || entry.id.filled().is_none() {
            self.warn("no-name", entry.at, "an entry without an id or a name is left out".to_owned());
            return;
        }
        self.loader.take(self.file, entry);
    }

    /// More about the entity of that id, which may stand further on or in another file.
    pub(super) fn amend(&mut self, entry: Entry) {
        self.loader.amendments.push((self.file, entry));
    }

    /// Something is wrong; the rest of the file works.
    pub(super) fn warn(&mut self, code: &'static str, at: Place, message: String) {
        self.loader.problem(self.file, Severity::Warning, code, at, message);
    }

    /// The file cannot be trusted.
    pub(super) fn error(&mut self, code: &'static str, at: Place, message: String) {
        self.loader.problem(self.file, Severity::Error, code, at, message);
    }

    /// A problem that the format has made itself.
    pub(super) fn problem(&mut self, problem: Problem) {
        self.loader.problems.push(problem);
    }

    /// What a name that nobody has means in this file.
    pub(super) fn strangers(&mut self, strangers: Strangers) {
        if let Some(file) = self.loader.files.get_mut(self.file) {
            file.strangers = strangers;
        }
    }

    /// Keeps the text, so that problems can show their line.
    pub(super) fn keep(&mut self, text: String) -> Arc<SourceText> {
        let source = SourceText::new(self.path(), text);
        if let Some(file) = self.loader.files.get_mut(self.file) {
            file.text = Some(source.clone());
        }
        source
    }

    /// The file's path as the user knows it.
    pub(super) fn path(&self) -> String {
        self.loader.files.get(self.file).map(|file| file.path.clone()).unwrap_or_default()
    }
}
