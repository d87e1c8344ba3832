//! Foot: where the records of a mail stand and by which rules they were found. Pure.

use crate::alert::{Alert, FileReport};
use crate::prose::{Labelled, NAME, labelled, words};

/// Notes about columns of a file.
const MOST_NOTES: usize = 5;
/// Files named in the foot.
const MOST_FILES: usize = 5;
/// Rules named in the foot.
const MOST_RULES: usize = 20;

/// Files, what was read of them, and rules.
pub(super) fn foot(alerts: &[Alert]) -> Vec<Labelled> {
    let mut files: Vec<&FileReport> = Vec::new();
    for file in alerts.iter().flat_map(|alert| &alert.files) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let mut foot: Vec<Labelled> = files.iter().take(MOST_FILES).flat_map(|file| file_foot(file)).collect();
    let more = files.len().saturating_sub(MOST_FILES) as u64;
    if more > 0 {
        foot.push(labelled("Files", &format!("and {}", words::counted(more, "more file")), NAME));
    }
    let mut rules: Vec<String> = Vec::new();
    for alert in alerts {
        let rule = format!("{}, version {}", alert.rule.id, alert.rule.version);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    foot.extend(rules.iter().take(MOST_RULES).map(|rule| labelled("Rule", rule, NAME)));
    let more = rules.len().saturating_sub(MOST_RULES) as u64;
    foot.extend((more > 0).then(|| labelled("Rules", &format!("and {}", words::counted(more, "more rule")), NAME)));
    foot
}

fn file_foot(file: &FileReport) -> Vec<Labelled> {
    let mut foot = vec![labelled("File", &words::file(&file.source), 300)];
    foot.extend(file.source.sha256.as_ref().map(|sha256| labelled("SHA-256", sha256, 64)));
    let mut read = words::counted(file.records, "record");
    read.push_str(&format!(", {} rejected", words::counted(file.rejects, "row")));
    if file.skipped > 0 {
        read.push_str(&format!(", {} with totals or headings skipped", words::counted(file.skipped, "row")));
    }
    foot.push(labelled("Read", &read, NAME));
    foot.extend(file.notes.iter().take(MOST_NOTES).map(|note| labelled("Note", note, 300)));
    let more = file.notes.len().saturating_sub(MOST_NOTES) as u64;
    foot.extend(
        (more > 0).then(|| labelled("Note", &format!("and {} of other columns", words::counted(more, "note")), NAME)),
    );
    foot
}
