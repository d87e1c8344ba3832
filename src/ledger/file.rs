//! Files: what was claimed, where it stands, where it went. The moving itself is intake's.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Ledger, LedgerError, clean, take_numbers};

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileState {
    /// Its move into `work/` is meant, and may or may not have happened.
    Claiming,
    /// In `work/`, read or about to be.
    Work,
    /// Published; its move out of `work/` is meant.
    Finishing,
    /// Published and moved.
    Done,
    /// Could not be read.
    Failed,
    /// Someone has to look at it.
    Held,
    /// The same bytes of the same source were published before.
    Duplicate,
    /// Cut short; it is looked at again.
    Waiting,
}

impl FileState {
    /// Every state.
    pub const ALL: [FileState; 8] = [
        FileState::Claiming,
        FileState::Work,
        FileState::Finishing,
        FileState::Done,
        FileState::Failed,
        FileState::Held,
        FileState::Duplicate,
        FileState::Waiting,
    ];

    /// The word in the ledger and in `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            FileState::Claiming => "claiming",
            FileState::Work => "work",
            FileState::Finishing => "finishing",
            FileState::Done => "done",
            FileState::Failed => "failed",
            FileState::Held => "held",
            FileState::Duplicate => "duplicate",
            FileState::Waiting => "waiting",
        }
    }

    /// The state of that word.
    pub fn parse(word: &str) -> Option<FileState> {
        FileState::ALL.into_iter().find(|state| state.as_str() == word)
    }

    fn is_end(self) -> bool {
        matches!(self, FileState::Done | FileState::Failed | FileState::Duplicate)
    }
}

/// A file about to be moved into `work/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// The source's name.
    pub source: String,
    /// The name as it was dropped.
    pub name: String,
    /// The name in `work/`.
    pub work_name: String,
    /// Bytes.
    pub size: i64,
}

/// A file as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The ledger's number.
    pub id: i64,
    /// The source's name.
    pub source: String,
    /// The name as it was dropped.
    pub name: String,
    /// The name in `work/`.
    pub work_name: String,
    /// Where it stands.
    pub state: FileState,
    /// Lower-case hex, once it is known.
    pub sha256: Option<String>,
    /// Bytes.
    pub size: i64,
    /// Attempts that died.
    pub attempts: i64,
    /// Records read, once published.
    pub records: i64,
    /// Rows that could not be records, once published.
    pub rejects: i64,
    /// Findings new or amended, once published.
    pub findings: i64,
    /// Why it is not done, as JSON.
    pub problem: Option<String>,
    /// Where it lies now.
    pub moved_to: Option<String>,
    /// When a waiting file is looked at again.
    pub look_again_at: Option<i64>,
    /// How many times it was put to waiting.
    pub looks: i64,
    /// When it was claimed.
    pub seen_at: i64,
    /// When it came to an end.
    pub done_at: Option<i64>,
}

/// A file's new state; `None` clears problem and time, and leaves the place as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where it stands now.
    pub state: FileState,
    /// Why, as JSON.
    pub problem: Option<String>,
    /// Where it lies now.
    pub moved_to: Option<String>,
    /// When it is looked at again.
    pub look_again_at: Option<i64>,
}

/// What the hash of a claimed file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Never published.
    Fresh,
    /// Published before, by the same source.
    Duplicate {
        /// The file that was published.
        of_file: i64,
        /// Its name.
        name: String,
    },
}

macro_rules! select_file {
    ($tail:literal) => {
        concat!(
            "SELECT id, source, name, work_name, state, sha256, size, attempts, records, rejects, findings, problem, ",
            "moved_to, look_again_at, looks, seen_at, done_at FROM file ",
            $tail
        )
    };
}

impl Ledger {
    /// Writes down that a file is about to be moved into `work/`, and answers its number.
    ///
    /// # Errors
    /// When the ledger fails; the file must not be moved then.
    pub async fn begin_claim(&self, new: &NewFile, now: i64) -> Result<i64, LedgerError> {
        let mut write = self.write().await?;
        let id = take_numbers(write.connection(), "file", 1).await?;
        let sql = "INSERT INTO file (id, source, name, work_name, state, size, seen_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let query = sqlx::query(sql).bind(id).bind(&new.source).bind(clean(&new.name)).bind(clean(&new.work_name));
        let query = query.bind(FileState::Claiming.as_str()).bind(new.size).bind(now);
        query.execute(write.connection()).await?;
        write.commit().await?;
        Ok(id)
    }

    /// Writes down that the file is in `work/` and what it hashes to; says whether it was published before.
    ///
    /// # Errors
    /// When the ledger fails or does not know the file.
    pub async fn claimed(&self, file: i64, sha256: &str, _now: i64) -> Result<Claimed, LedgerError> {
        let mut write = self.write().await?;
        let change = sqlx::query("UPDATE file SET state = 'work', sha256 = $2 WHERE id = $1").bind(file).bind(sha256);
        if change.execute(write.connection()).await?.rows_affected() == 0 {
            return Err(LedgerError::Unknown { what: "file", id: file });
        }
        let sql = "SELECT old.id, old.name FROM file old JOIN file new ON new.source = old.source \
                   WHERE new.id = $1 AND old.id <> new.id AND old.sha256 = $2 AND old.state IN ('done', 'finishing') \
                   ORDER BY old.id LIMIT 1";
        let old = sqlx::query(sql).bind(file).bind(sha256).fetch_optional(write.connection()).await?;
        write.commit().await?;
        Ok(match old {
            Some(row) => Claimed::Duplicate { of_file: row.try_get("id")?, name: row.try_get("name")? },
            None => Claimed::Fresh,
        })
    }

    /// Files that are not at an end, oldest first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn open_files(&self) -> Result<Vec<FileRow>, LedgerError> {
        let sql = select_file!("WHERE state IN ('claiming', 'work', 'finishing', 'held', 'waiting') ORDER BY id");
        rows(&sqlx::query(sql).fetch_all(&self.pool).await?)
    }

    /// One file.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn file(&self, id: i64) -> Result<Option<FileRow>, LedgerError> {
        let row = sqlx::query(select_file!("WHERE id = $1")).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(file_row).transpose()
    }

    /// The last files, newest first, but for the canary's.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn files(&self, limit: i64) -> Result<Vec<FileRow>, LedgerError> {
        let sql = select_file!("WHERE source <> 'tidewaiter-canary' ORDER BY id DESC LIMIT $1");
        rows(&sqlx::query(sql).bind(limit.max(0)).fetch_all(&self.pool).await?)
    }

    /// Files dropped under a name, newest first, at most 1,000.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn find_files(&self, name: &str) -> Result<Vec<FileRow>, LedgerError> {
        let sql = select_file!("WHERE name = $1 OR work_name = $1 ORDER BY id DESC LIMIT 1000");
        rows(&sqlx::query(sql).bind(clean(name)).fetch_all(&self.pool).await?)
    }

    /// Files in a state, newest first, at most 100, but for the canary's.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn files_in(&self, state: FileState) -> Result<Vec<FileRow>, LedgerError> {
        let sql = select_file!("WHERE state = $1 AND source <> 'tidewaiter-canary' ORDER BY id DESC LIMIT 100");
        rows(&sqlx::query(sql).bind(state.as_str()).fetch_all(&self.pool).await?)
    }

    /// Changes where a file stands.
    ///
    /// # Errors
    /// When the ledger fails or does not know the file.
    pub async fn set_file(&self, file: i64, change: &FileChange, now: i64) -> Result<(), LedgerError> {
        match self.update_file((file, None), change, now).await? {
            true => Ok(()),
            false => Err(LedgerError::Unknown { what: "file", id: file }),
        }
    }

    /// Changes where a file stands, unless it has left the state in which it was seen; says whether it was changed.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn decide_file(&self, seen: &FileRow, change: &FileChange, now: i64) -> Result<bool, LedgerError> {
        self.update_file((seen.id, Some(seen.state)), change, now).await
    }

    async fn update_file(
        &self,
        (file, seen): (i64, Option<FileState>),
        change: &FileChange,
        now: i64,
    ) -> Result<bool, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE file SET state = $2, problem = $3, moved_to = COALESCE($4, moved_to), look_again_at = $5, \
                   looks = looks + $6, done_at = COALESCE(done_at, $7) WHERE id = $1 AND ($8 = '' OR state = $8)";
        let query = sqlx::query(sql).bind(file).bind(change.state.as_str()).bind(change.problem.as_deref().map(clean));
        let query = query.bind(change.moved_to.as_deref().map(clean)).bind(change.look_again_at);
        let query =
            query.bind(i64::from(change.state == FileState::Waiting)).bind(change.state.is_end().then_some(now));
        let query = query.bind(seen.map_or("", FileState::as_str));
        let changed = query.execute(write.connection()).await?.rows_affected() > 0;
        write.commit().await?;
        Ok(changed)
    }

    /// Forgets a claim whose file was never moved. A file with published findings is not forgotten.
    ///
    /// # Errors
    /// When the ledger fails or the file has published findings.
    pub async fn discard_claim(&self, file: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        for sql in [
            "DELETE FROM staging WHERE attempt IN (SELECT id FROM attempt WHERE file = $1)",
            "DELETE FROM rule_card WHERE attempt IN (SELECT id FROM attempt WHERE file = $1)",
            "DELETE FROM attempt WHERE file = $1",
            "DELETE FROM file WHERE id = $1",
        ] {
            sqlx::query(sql).bind(file).execute(write.connection()).await?;
        }
        write.commit().await
    }

    /// Fields that the last published file of a source and layout supplied.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn headings(&self, source: &str, layout: &str) -> Result<Option<Vec<String>>, LedgerError> {
        let query = sqlx::query_scalar("SELECT supplied FROM heading WHERE source = $1 AND layout = $2");
        let supplied: Option<String> = query.bind(source).bind(layout).fetch_optional(&self.pool).await?;
        supplied.map(|json| serde_json::from_str(&json).map_err(LedgerError::json("heading"))).transpose()
    }
}

fn rows(rows: &[AnyRow]) -> Result<Vec<FileRow>, LedgerError> {
    rows.iter().map(file_row).collect()
}

fn file_row(row: &AnyRow) -> Result<FileRow, LedgerError> {
    let word: String = row.try_get("state")?;
    let state = FileState::parse(&word).ok_or(LedgerError::Word { what: "state of a file", word })?;
    Ok(FileRow {
        id: row.try_get("id")?,
        source: row.try_get("source")?,
        name: row.try_get("name")?,
        work_name: row.try_get("work_name")?,
        state,
        sha256: row.try_get("sha256")?,
        size: row.try_get("size")?,
        attempts: row.try_get("attempts")?,
        records: row.try_get("records")?,
        rejects: row.try_get("rejects")?,
        findings: row.try_get("findings")?,
        problem: row.try_get("problem")?,
        moved_to: row.try_get("moved_to")?,
        look_again_at: row.try_get("look_again_at")?,
        looks: row.try_get("looks")?,
        seen_at: row.try_get("seen_at")?,
        done_at: row.try_get("done_at")?,
    })
}
