//! One file from container to findings: used by the daemon and by `scan`, `explain` and `preview` alike.
//!
//! In: a reading and a desk. Out: findings with whole records, chunk by chunk in row order, and the rows that could not
//! be records. Synchronous; it stores nothing and tells nobody.

use crate::desk::Desk;
use crate::evaluate::{self, Memo};
use crate::finding::Finding;
use crate::intake::{Counts, ReadError, Reading, Reject};

/// What one batch gave.
#[derive(Debug)]
pub struct Chunk {
    /// In row order.
    pub findings: Vec<Finding>,
    /// Rows that could not be records.
    pub rejects: Vec<Reject>,
    /// Counts so far.
    pub counts: Counts,
}

/// Why a run ended before the file did.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// The file cannot be read on.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Whoever takes the chunks gave up.
    #[error("{0}")]
    Taker(E),
}

/// Reads and evaluates a file to its end, handing on every chunk.
///
/// # Errors
/// When the file cannot be read on, or `take` refuses a chunk.
pub fn run<E>(
    reading: &mut Reading,
    desk: &Desk,
    mut take: impl FnMut(Chunk) -> Result<(), E>,
) -> Result<Counts, RunError<E>> {
    let mut memo = Memo::default();
    while let Some(batch) = reading.next() {
        let batch = batch?;
        let firings = evaluate::evaluate(&desk.plan, &batch, &mut memo);
        let findings = firings
            .into_iter()
            .map(|firing| {
                let record = reading.record(&batch, firing.row);
                evaluate::finding(firing, record)
            })
            .collect();
        let chunk = Chunk { findings, rejects: reading.take_rejects(), counts: reading.counts() };
        take(chunk).map_err(RunError::Taker)?;
    }
    let rest = Chunk { findings: Vec::new(), rejects: reading.take_rejects(), counts: reading.counts() };
    take(rest).map_err(RunError::Taker)?;
    Ok(reading.counts())
}

/// What a reader must know of a file that was read to its end, a sentence each: rules that could not be asked, cells that
/// could not be read.
pub fn notes(reading: &Reading, desk: &Desk) -> Vec<String> {
    let unasked = evaluate::unasked(&desk.plan, reading.supplied());
    unasked.into_iter().chain(reading.notes().iter().map(ToString::to_string)).collect()
}
