//! Tellings: what is due to whom, when, and the moment in which it is told.
//!
//! A mail is drafted from what is committed (`draft.rs`), rendered elsewhere, and put into the outbox in one transaction
//! with its tellings: told once, under one Message-ID, or still due.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::outbox::enqueue;
use super::{Ledger, LedgerError, take_numbers};
use crate::alert::Alert;
use crate::notification::{Made, Notification};
use crate::rule_card::{Lane, Level};

const HOUR: i64 = 60 * 60 * 1_000_000;
const MINUTE: i64 = 60 * 1_000_000;

/// How much one mail carries.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// Tellings that it is made of at most; what is beyond them waits for the next.
    pub tellings: i64,
    /// Findings that are held in memory at most; the totals count all of them.
    pub findings: i64,
    /// Bytes of their records, as stored, after which no more are held.
    pub bytes: i64,
}

/// Whom an alert is told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTelling {
    /// The address; empty when there is none.
    pub recipient: String,
    /// The lane.
    pub lane: Lane,
    /// Waits, or held.
    pub state: NewTellingState,
}

/// How a telling begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewTellingState {
    /// It is due then. A later hour of a burst moves the whole burst of the recipient.
    Due(i64),
    /// It is held, with the reason's word.
    Held(&'static str),
}

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLetter {
    /// The address.
    pub recipient: String,
    /// The lane.
    pub lane: Lane,
    /// The file in the lane of files, else 0.
    pub batch: i64,
    /// The highest level in it.
    pub level: Level,
}

/// What a mail tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Most severe first, then in the order in which they were made.
    pub alerts: Vec<Alert>,
    /// Message-IDs of the first mails about them, distinct, in their order.
    pub roots: Vec<String>,
    /// Whether some of it was over a limit when it was due.
    pub deferred: bool,
    pub(super) tellings: Vec<i64>,
}

impl Draft {
    /// The first of its tellings: no other mail has it.
    pub fn first(&self) -> i64 {
        self.tellings.iter().copied().min().unwrap_or(0)
    }
}

impl Ledger {
    /// Mails that are due: digests first, so that no limit starves them, then the most severe.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn due_letters(&self, now: i64) -> Result<Vec<DueLetter>, LedgerError> {
        let sql = "SELECT recipient, lane, batch, MAX(level) AS level FROM telling \
                   WHERE state = 'waiting' AND due_at <= $1 GROUP BY recipient, lane, batch \
                   ORDER BY CASE WHEN lane IN ('daily', 'weekly') THEN 0 ELSE 1 END, MAX(level) DESC, MIN(id) LIMIT 500";
        let rows = sqlx::query(sql).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(due_letter).collect()
    }

    /// When the next telling is due.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn next_telling_at(&self) -> Result<Option<i64>, LedgerError> {
        let query = sqlx::query_scalar("SELECT MIN(due_at) FROM telling WHERE state = 'waiting'");
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// Makes every burst due now, since nothing more comes; answers how many tellings it moved.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn end_bursts(&self, now: i64) -> Result<u64, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE telling SET due_at = $1 WHERE state = 'waiting' AND lane = 'burst' AND due_at > $1";
        let ended = sqlx::query(sql).bind(now).execute(write.connection()).await?.rows_affected();
        write.commit().await?;
        Ok(ended)
    }

    /// Mails with alerts that were made lately, for a recipient and for all.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn made_lately(&self, recipient: &str, now: i64) -> Result<Made, LedgerError> {
        const ALL: &str = "SELECT COUNT(*) FROM letter WHERE made_at > $1 AND made_at <= $2";
        const DAY: &str = "SELECT COUNT(*) FROM letter WHERE made_at > $1 AND made_at <= $2 AND recipient = $3";
        const NOT_CRITICAL: &str =
            "SELECT COUNT(*) FROM letter WHERE made_at > $1 AND made_at <= $2 AND recipient = $3 AND level < 4";
        let minute: i64 = sqlx::query_scalar(ALL).bind(now - MINUTE).bind(now).fetch_one(&self.pool).await?;
        let day = sqlx::query_scalar(DAY).bind(now - 24 * HOUR).bind(now).bind(recipient);
        let day: i64 = day.fetch_one(&self.pool).await?;
        let hour = sqlx::query_scalar(NOT_CRITICAL).bind(now - HOUR).bind(now).bind(recipient);
        let hour: i64 = hour.fetch_one(&self.pool).await?;
        let count = |many: i64| u64::try_from(many).unwrap_or(0);
        Ok(Made { hour: count(hour), day: count(day), minute: count(minute) })
    }

    /// Whether a recipient was told a digest of this local date.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn digest_is_made(&self, letter: &DueLetter, date: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT COUNT(*) FROM letter WHERE recipient = $1 AND lane = $2 AND local_date = $3";
        let query = sqlx::query_scalar(sql).bind(&letter.recipient).bind(letter.lane.name()).bind(date);
        let many: i64 = query.fetch_one(&self.pool).await?;
        Ok(many > 0)
    }

    /// Moves what is due in a mail to a digest that is due later; `why` is `limit`, or nothing that a reader must know.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn defer_letter(
        &self,
        letter: &DueLetter,
        (digest, due_at): (Lane, i64),
        (why, now): (Option<&'static str>, i64),
    ) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE telling SET lane = $1, batch = 0, due_at = $2, reason = COALESCE($7, reason) \
                   WHERE recipient = $3 AND lane = $4 AND batch = $5 AND state = 'waiting' AND due_at <= $6";
        let query = sqlx::query(sql).bind(digest.name()).bind(due_at).bind(&letter.recipient);
        let query = query.bind(letter.lane.name()).bind(letter.batch).bind(now).bind(why);
        query.execute(write.connection()).await?;
        write.commit().await
    }

    /// Puts a mail into the outbox and marks what it tells as told; false when some of that is not due any more.
    ///
    /// # Errors
    /// When the ledger fails; nothing is told then.
    pub async fn put_letter(
        &self,
        letter: &DueLetter,
        (draft, notification): (&Draft, &Notification),
        (local_date, now): (Option<&str>, i64),
    ) -> Result<bool, LedgerError> {
        let mut write = self.write().await?;
        let sql =
            "UPDATE telling SET state = 'told', message_id = $2, settled_at = $3 WHERE id = $1 AND state = 'waiting'";
        for id in &draft.tellings {
            let query = sqlx::query(sql).bind(*id).bind(&notification.message_id).bind(now);
            if query.execute(write.connection()).await?.rows_affected() == 0 {
                write.roll_back().await?;
                return Ok(false);
            }
        }
        let sql = "INSERT INTO letter (message_id, recipient, lane, local_date, level, made_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(sql).bind(&notification.message_id).bind(&letter.recipient).bind(letter.lane.name());
        let query = query.bind(local_date.map(str::to_owned)).bind(rank(letter.level)).bind(now);
        query.execute(write.connection()).await?;
        for alert in &draft.alerts {
            let sql = "INSERT INTO thread (alert_key, recipient, message_id) VALUES ($1, $2, $3) \
                       ON CONFLICT (alert_key, recipient) DO NOTHING";
            let query = sqlx::query(sql).bind(&alert.key).bind(&letter.recipient).bind(&notification.message_id);
            query.execute(write.connection()).await?;
        }
        let key = draft.alerts.first().map(|alert| alert.key.as_str());
        enqueue(write.connection(), notification, (key, now)).await?;
        write.commit().await?;
        Ok(true)
    }
}

/// Writes down whom an alert is told to.
pub(super) async fn put_telling(
    connection: &mut AnyConnection,
    (alert, file, level): (i64, i64, Level),
    (telling, now): (&NewTelling, i64),
) -> Result<(), LedgerError> {
    let (state, reason, due_at) = match telling.state {
        NewTellingState::Due(at) => ("waiting", None, at),
        NewTellingState::Held(reason) => ("held", Some(reason), now),
    };
    if telling.lane == Lane::Burst && state == "waiting" {
        let sql = "UPDATE telling SET due_at = $2 WHERE recipient = $1 AND lane = 'burst' AND state = 'waiting' \
                   AND due_at > $3";
        sqlx::query(sql).bind(&telling.recipient).bind(due_at).bind(now).execute(&mut *connection).await?;
    }
    let id = take_numbers(connection, "telling", 1).await?;
    let sql = "INSERT INTO telling (id, alert, recipient, lane, batch, level, state, reason, made_at, due_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let batch = if telling.lane == Lane::File { file } else { 0 };
    let query = sqlx::query(sql).bind(id).bind(alert).bind(&telling.recipient).bind(telling.lane.name()).bind(batch);
    let query = query.bind(rank(level)).bind(state).bind(reason).bind(now).bind(due_at);
    query.execute(connection).await?;
    Ok(())
}

fn due_letter(row: &AnyRow) -> Result<DueLetter, LedgerError> {
    let word: String = row.try_get("lane")?;
    let lane = Lane::ALL.into_iter().find(|lane| lane.name() == word);
    let level = usize::try_from(row.try_get::<i64, _>("level")?).ok().and_then(|rank| Level::ALL.get(rank).copied());
    Ok(DueLetter {
        recipient: row.try_get("recipient")?,
        lane: lane.ok_or(LedgerError::Word { what: "lane", word })?,
        batch: row.try_get("batch")?,
        level: level.unwrap_or(Level::Critical),
    })
}

/// 0 for informational to 4 for critical.
fn rank(level: Level) -> i64 {
    Level::ALL.iter().position(|known| *known == level).unwrap_or(0) as i64
}
