//! What can go wrong with the ledger, by what the caller does next.

use std::path::PathBuf;

/// The primary result code of SQLite for a full disk (`SQLITE_FULL`, sqlite.org/rescode.html).
const SQLITE_FULL: i64 = 13;
/// PostgreSQL's `disk_full` (Appendix A of its manual).
const POSTGRES_DISK_FULL: &str = "53100";

/// Why the ledger did not do it. Nothing of the failed step is kept.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The file or its folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The path cannot be named to the database.
    #[error("{}: the path of the ledger must be UTF-8", path.display())]
    Path {
        /// Which.
        path: PathBuf,
    },
    /// A copy that cannot be relied on.
    #[error("{}: the copy of the ledger is damaged: {said}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What the database says of it.
        said: String,
    },
    /// A newer program wrote this ledger.
    #[error(
        "the ledger has schema version {found} and this program knows up to {known}: install the newer program, or go back to the copy made before the upgrade"
    )]
    NewerSchema {
        /// In the ledger.
        found: i64,
        /// In the program.
        known: i64,
    },
    /// The SQLite library can lose data.
    #[error("SQLite {found} is too old: 3.51.3 or newer is needed")]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// No row of that number, or it is over.
    #[error("the ledger has no open {what} number {id}")]
    Unknown {
        /// `file`, `attempt`, `outbox message`.
        what: &'static str,
        /// The number.
        id: i64,
    },
    /// What is stored cannot be read back, or what is given cannot be stored.
    #[error("a {what} in the ledger is not what it should be: {source}")]
    Json {
        /// Which shape.
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A word that this program does not know.
    #[error("the ledger holds the unknown {what} {word:?}")]
    Word {
        /// Which kind of word.
        what: &'static str,
        /// The word.
        word: String,
    },
}

impl LedgerError {
    /// Whether waiting for space is the way out.
    pub fn is_disk_full(&self) -> bool {
        match self {
            LedgerError::Database(sqlx::Error::Database(error)) => error.code().is_some_and(|code| {
                code == POSTGRES_DISK_FULL || code.parse::<i64>().is_ok_and(|code| code & 0xff == SQLITE_FULL)
            }),
            LedgerError::Database(sqlx::Error::Io(source)) | LedgerError::File { source, .. } => {
                source.kind() == std::io::ErrorKind::StorageFull
            }
            _ => false,
        }
    }

    /// For `map_err` on what is written or read as JSON.
    pub(super) fn json(what: &'static str) -> impl Fn(serde_json::Error) -> LedgerError {
        move |source| LedgerError::Json { what, source }
    }
}
