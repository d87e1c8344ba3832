//! Doubts: what is odd about a file that was read whole, so that somebody should look at it before it counts.
//!
//! In: what was read, what the last file of the source supplied, the rules. Out: a reason in a sentence, or none. It tells
//! nobody and moves nothing.

use super::DaemonError;
use super::attempt::Job;
use super::office::Office;
use super::publish::WholeFile;
use crate::desk::Desk;
use crate::intake::Reject;

/// A file is held when at least this many rows, and this share of them, could not be records.
const HELD_REJECTS: u64 = 20;
const HELD_SHARE: u64 = 5;
/// Columns that are named as gone, rules that are named as reading one, and reasons of rejects that are told apart.
const MOST_COLUMNS: usize = 10;
const MOST_RULES: usize = 5;
const MOST_REASONS: usize = 50;

/// Why the rows of a file were rejected.
#[derive(Default)]
pub struct Reasons {
    known: Vec<Reason>,
}

struct Reason {
    text: String,
    times: u64,
    first: u64,
}

impl Reasons {
    /// Counts one more; beyond a bound of reasons, only those that are known.
    pub fn count(&mut self, reject: &Reject) {
        if let Some(reason) = self.known.iter_mut().find(|reason| reason.text == reject.reason) {
            reason.times += 1;
        } else if self.known.len() < MOST_REASONS {
            self.known.push(Reason { text: reject.reason.clone(), times: 1, first: reject.row });
        }
    }

    /// The one that came most often, with how often and where first.
    pub fn commonest(&self) -> Option<String> {
        let Reason { text, times, first } = self.known.iter().max_by_key(|reason| reason.times)?;
        // A part that could not be read at all has no row.
        let place = if *first == 0 { String::new() } else { format!(", first in row {first}") };
        Some(format!("{text}, {times} times{place}"))
    }
}

/// Why somebody should look at a file before it counts, if there is a reason.
///
/// # Errors
/// When the ledger fails.
pub async fn doubt(
    office: &Office,
    job: &Job<'_>,
    whole: &WholeFile,
    desk: &Desk,
) -> Result<Option<String>, DaemonError> {
    let (records, rejects) = (whole.report.records, whole.report.rejects);
    if rejects >= HELD_REJECTS && rejects * HELD_SHARE > records + rejects {
        let why = whole.commonest_reject.as_ref().map_or_else(String::new, |why| format!(" (mostly: {why})"));
        return Ok(Some(format!("{rejects} of {} rows could not be read as records{why}", records + rejects)));
    }
    if records == 0 && office.ledger.always_had_records(&job.source.name).await? {
        return Ok(Some("it has no record, and every file of this source before it had some".to_owned()));
    }
    let Some(before) = office.ledger.headings(&job.source.name, &whole.layout).await? else { return Ok(None) };
    let gone: Vec<String> = before
        .into_iter()
        .filter(|name| !whole.supplied.contains(name))
        .filter_map(|name| {
            let rules = desk.plan.rules().iter().filter(|rule| rule.card.reads.contains(&name));
            let ids: Vec<&str> = rules.map(|rule| rule.card.id.as_str()).collect();
            (!ids.is_empty()).then(|| format!("{name} (read by {})", first_of(&ids, (MOST_RULES, ", "))))
        })
        .collect();
    let columns: Vec<&str> = gone.iter().map(String::as_str).collect();
    let columns = first_of(&columns, (MOST_COLUMNS, "; "));
    let reason = format!("the last file of this source had columns that this one has not: {columns}");
    Ok((!gone.is_empty()).then_some(reason))
}

/// The first few, and how many there are besides.
fn first_of(names: &[&str], (most, between): (usize, &str)) -> String {
    let listed = names.iter().take(most).copied().collect::<Vec<_>>().join(between);
    match names.len().saturating_sub(most) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}
