//! What the reloader has to complain of, in words: files that break or go away, layouts that are not there.
//!
//! In: problems, and since when each text is accepted. Out: a [`Trouble`] for each matter. It sends nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::notices::Trouble;
use crate::desk::DeskText;
use crate::finding::hash;
use crate::problem::{self, Problem};

/// Since when each text is accepted, by its path, in microseconds since 1970.
type Since = BTreeMap<String, i64>;

/// One matter for every file with errors, with every problem of it. Of those that are not `barred` the text is in force.
pub fn broken(
    problems: &[Problem],
    (told, barred): (&BTreeSet<String>, &BTreeSet<String>),
    since: &Since,
) -> Vec<Trouble> {
    let of_file = |path: &String| {
        let of_file: Vec<&Problem> =
            problems.iter().filter(|problem| problem.is_error() && problem.source.path == *path).collect();
        let first = of_file.first()?;
        let (line, column) = first.position();
        // A file that did not change may be broken by another one, in more than one way.
        let lines: Vec<String> = of_file.iter().map(ToString::to_string).collect();
        let about = [first.source.text.as_str(), &lines.join("\n")];
        let mut paragraphs = vec![match barred.contains(path) {
            true => format!("{path} cannot be used as it stands. {}", kept(since.get(path))),
            false => format!(
                "{path} names somebody whom the configuration does not know. It is in force all the same: who is told by \
                 `routes:` or by default is told in his place."
            ),
        }];
        paragraphs.extend(of_file.iter().map(|problem| problem::render(problem)));
        paragraphs
            .push("Mend the file; it is taken as soon as it is saved. `tidewaiter check` shows the same.".to_owned());
        Some(Trouble {
            kind: "rule-broken",
            about: format!("{path} {}", hash(&about)),
            subject: format!("{path}:{line}:{column}: {}", first.message),
            paragraphs,
        })
    };
    told.iter().filter_map(of_file).collect()
}

/// What runs in place of a broken file.
fn kept(since: Option<&i64>) -> String {
    match since.and_then(|at| jiff::Timestamp::from_microsecond(*at).ok()) {
        Some(at) => {
            format!("The version of {} is still running, also after a restart.", at.strftime("%Y-%m-%d %H:%M UTC"))
        }
        None => "It is left out until it is mended; every other file works.".to_owned(),
    }
}

/// A removed file is obeyed; one matter names all that are gone.
pub fn removed(texts: &[DeskText], since: &Since) -> Option<Trouble> {
    let there: BTreeSet<&str> = texts.iter().map(|text| text.source.path.as_str()).collect();
    let gone: Vec<&str> = since.keys().map(String::as_str).filter(|path| !there.contains(path)).collect();
    let first = gone.first()?;
    let others = if gone.len() > 1 { format!(" and {} more", gone.len() - 1) } else { String::new() };
    let mut paragraphs = vec!["These files were removed, and what they said is not in force any more:".to_owned()];
    paragraphs.extend(gone.iter().map(|path| (*path).to_owned()));
    paragraphs.push("If that was not meant, put them back; they are taken as soon as they are there.".to_owned());
    let (about, subject) = (hash(&gone), format!("{first}{others}: removed"));
    Some(Trouble { kind: "rule-removed", about, subject, paragraphs })
}

/// Sources that name a layout that is not there (any more): their files cannot be read, the others are.
pub fn unknown_layouts(unknown: &[Problem]) -> Option<Trouble> {
    let first = unknown.first()?;
    let (line, column) = first.position();
    let shown: Vec<String> = unknown.iter().map(problem::render).collect();
    let about = hash(&shown.iter().map(String::as_str).collect::<Vec<_>>());
    let mut paragraphs =
        vec!["Files of this source cannot be read and will fail; every other source works.".to_owned()];
    paragraphs.extend(shown);
    paragraphs.push(
        "Put the layout into rules/layouts (it is taken as soon as it is there), or correct the name in the configuration. \
         `tidewaiter check` shows the same, and `tidewaiter retry FILE` puts a failed file back."
            .to_owned(),
    );
    let subject = format!("{}:{line}:{column}: {}", first.source.path, first.message);
    Some(Trouble { kind: "unknown-layout", about, subject, paragraphs })
}
