//! Ledger: the only memory. Staging by chunk, one publishing transaction a file, the outbox with it.
//!
//! In: what the daemon decided. Out: what was decided before. It never reads the clock (times come in as `now`,
//! microseconds since 1970), never moves a file, never sends anything, and what it answered `Ok` to survives a power
//! cut. One writer at a time: a [`Publication`] holds the pen until it is committed, abandoned or dropped.

mod accepted;
#[cfg(test)]
mod amended_tests;
mod attempt;
mod compare;
mod draft;
mod earlier;
mod error;
mod file;
mod found;
mod health;
mod heirs;
mod leaving;
mod notice;
mod outbox;
#[cfg(test)]
mod post_tests;
mod publication;
mod schema;
mod silence;
mod status;
mod storm;
mod telling;
#[cfg(test)]
mod tests;
mod totals;
mod untold;

use std::path::Path;
use std::sync::Arc;

use sqlx::{Any, AnyConnection, AnyPool, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};

pub use accepted::AcceptedText;
pub use attempt::{Attempt, StagedFinding};
pub use error::LedgerError;
pub use file::{Claimed, FileChange, FileRow, FileState, NewFile};
pub use found::{Found, Telling, Wanted};
pub use health::{Since, SourceHealth};
pub use notice::{Admission, Notice, NoticeTurn};
pub use outbox::{OutboxListing, OutboxRow, OutboxStep, Waits};
pub use publication::{AlertHead, NewAlert, Publication, Published};
pub use silence::{NewSilence, SilenceSum};
pub use status::Counts;
pub use storm::{NewStorm, Storm, StormEnd};
pub use telling::{Carried, Draft, DueLetter, NewTelling, NewTellingState};
pub use untold::Silenced;

/// The ledger, open. Clones share connections and the pen.
#[derive(Debug, Clone)]
pub struct Ledger {
    pool: AnyPool,
    pen: Arc<Mutex<()>>,
}

impl Ledger {
    /// Opens the ledger at a path and makes or migrates it; an existing one is copied beside itself before a migration.
    ///
    /// # Errors
    /// When the file cannot be opened, is of a newer program, or the SQLite library is too old to be trusted.
    pub async fn open(path: &Path) -> Result<Ledger, LedgerError> {
        let pool = schema::open(path).await?;
        Ok(Ledger { pool, pen: Arc::default() })
    }

    /// Writes a whole copy of the ledger to a path where no file is yet, while work goes on, and reads all of it again.
    ///
    /// # Errors
    /// When the file is there already, cannot be written, or is not what was written.
    pub async fn backup(&self, to: &Path) -> Result<(), LedgerError> {
        schema::copy(&self.pool, to).await?;
        schema::check(to).await
    }

    /// Closes every connection; what is committed is in the main file then.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// A write transaction, alone until it ends; dropped without `commit` it never was.
    async fn write(&self) -> Result<Write, LedgerError> {
        // A file with a million findings may be published for minutes: whoever else writes waits as long.
        let turn = self.pen.clone().lock_owned().await;
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Write { transaction, _turn: turn })
    }
}

/// An open write transaction and the pen. Fields drop in order: the roll-back starts before the pen is free.
#[derive(Debug)]
struct Write {
    transaction: Transaction<'static, Any>,
    _turn: OwnedMutexGuard<()>,
}

impl Write {
    fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    async fn commit(self) -> Result<(), LedgerError> {
        self.transaction.commit().await.map_err(LedgerError::from)
    }

    async fn roll_back(self) -> Result<(), LedgerError> {
        self.transaction.rollback().await.map_err(LedgerError::from)
    }
}

/// Takes `many` numbers of a table and answers the last; a number is never given twice.
async fn take_numbers(connection: &mut AnyConnection, table: &str, many: i64) -> Result<i64, LedgerError> {
    let query = sqlx::query_scalar("UPDATE counter SET value = value + $2 WHERE name = $1 RETURNING value");
    Ok(query.bind(table).bind(many).fetch_one(connection).await?)
}

/// Text columns refuse NUL in some databases, and cells are hostile.
fn clean(text: &str) -> String {
    text.replace('\0', " ")
}
