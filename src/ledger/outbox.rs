//! The outbox: rendered mail, when it is due, what became of it.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Ledger, LedgerError, clean, take_numbers};
use crate::notification::{Kind, Notification};

/// No message waits longer than an hour and a fifth between two attempts: one that is due later was put off by a clock
/// that was wrong.
const LONGEST_WAIT: i64 = 2 * 60 * 60 * 1_000_000;

/// A message that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The ledger's number.
    pub id: i64,
    /// The message.
    pub notification: Notification,
    /// Attempts burnt so far.
    pub attempts: i64,
    /// When it was put in (or put back by an operator).
    pub first_at: i64,
    /// `waiting`, `delivered`, `dead` or `merged`.
    pub state: String,
    /// Since when the other side may have it without having said so.
    pub handed_at: Option<i64>,
}

/// A message in a listing, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxListing {
    /// The ledger's number.
    pub id: i64,
    /// `waiting`, `delivered`, `dead` or `discarded` after it, or `merged` into a later one.
    pub state: String,
    /// The address.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// Without angle brackets.
    pub message_id: String,
    /// `alert` or `operator`.
    pub kind: String,
    /// Attempts burnt so far.
    pub attempts: i64,
    /// When it is tried next, while it waits.
    pub next_at: Option<i64>,
    /// The relay's last words, or what failed.
    pub last_reply: Option<String>,
}

/// What a message waits for that is tried again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// The relay: as soon as that works, the message is due.
    ForRelay,
    /// Its own hour, whatever becomes of others: it was put off by itself, or the other side may have it.
    ForItsHour,
}

/// What becomes of a message after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxStep {
    /// It is out.
    Delivered {
        /// The relay's last words.
        reply: String,
    },
    /// Once more, later.
    RetryAt {
        /// When.
        at: i64,
        /// Why.
        reason: String,
        /// What it waits for.
        waits: Waits,
    },
    /// Never; kept for an operator.
    Dead {
        /// Why.
        reason: String,
    },
    /// Once more now, without the attachment; dead when there is none to drop.
    DropAttachment {
        /// Why.
        reason: String,
    },
    /// The transport is at fault: later, and no attempt is burnt.
    Pause {
        /// Until when.
        until: i64,
        /// Why.
        reason: String,
    },
}

const MESSAGE: &str = "SELECT kind, message_id, recipient, sender, subject, message, without_attachment FROM outbox \
                       WHERE id = $1";

impl Ledger {
    /// Messages to be sent now, the longest due first, then in the order they were put in; those in hand are left out.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn due(&self, now: i64, in_hand: &[i64], limit: usize) -> Result<Vec<OutboxRow>, LedgerError> {
        let sql = "SELECT id FROM outbox WHERE state = 'waiting' AND (next_at <= $1 OR next_at > $3) \
                   ORDER BY next_at, id LIMIT $2";
        let most = i64::try_from(limit.saturating_add(in_hand.len())).unwrap_or(i64::MAX);
        let query = sqlx::query_scalar(sql).bind(now).bind(most).bind(now.saturating_add(LONGEST_WAIT));
        let ids: Vec<i64> = query.fetch_all(&self.pool).await?;
        let mut due = Vec::new();
        for id in ids.into_iter().filter(|id| !in_hand.contains(id)).take(limit) {
            let sql = "SELECT id, state, kind, message_id, recipient, sender, subject, message, without_attachment, \
                       attempts, first_at, handed_at FROM outbox WHERE id = $1 AND state = 'waiting'";
            let row = sqlx::query(sql).bind(id).fetch_optional(&self.pool).await?;
            due.extend(row.as_ref().map(outbox_row).transpose()?);
        }
        Ok(due)
    }

    /// When the next waiting message is due.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn next_due_at(&self) -> Result<Option<i64>, LedgerError> {
        let query = sqlx::query_scalar("SELECT MIN(next_at) FROM outbox WHERE state = 'waiting'");
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// Writes down what became of a message.
    ///
    /// # Errors
    /// When the ledger fails or has no such message.
    pub async fn record_outcome(&self, id: i64, step: &OutboxStep, now: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let query = match step {
            OutboxStep::Delivered { reply } => settle(id, "delivered", reply).bind(now),
            OutboxStep::Dead { reason } => settle(id, "dead", reason).bind(now),
            OutboxStep::RetryAt { at, reason, waits } => postpone(id, (1, *waits), reason).bind(*at),
            OutboxStep::Pause { until, reason } => postpone(id, (0, Waits::ForRelay), reason).bind(*until),
            OutboxStep::DropAttachment { reason } => sqlx::query(
                "UPDATE outbox SET state = CASE WHEN without_attachment IS NULL THEN 'dead' ELSE state END, \
                 message = COALESCE(without_attachment, message), without_attachment = NULL, \
                 attempts = attempts + 1, last_reply = $2, next_at = $3 WHERE id = $1",
            )
            .bind(id)
            .bind(clean(reason))
            .bind(now),
        };
        if query.execute(write.connection()).await?.rows_affected() == 0 {
            return Err(LedgerError::Unknown { what: "outbox message", id });
        }
        write.commit().await
    }

    /// The last messages, newest first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn outbox(&self, limit: i64) -> Result<Vec<OutboxListing>, LedgerError> {
        let sql = "SELECT id, state, recipient, subject, message_id, kind, attempts, \
                   CASE WHEN state = 'waiting' THEN next_at END AS next_at, last_reply FROM outbox \
                   ORDER BY id DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(limit.max(0)).fetch_all(&self.pool).await?;
        rows.iter().map(listing).collect()
    }

    /// Sets a message that was given up aside for good; false when there is none.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn discard_mail(&self, id: i64) -> Result<bool, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE outbox SET state = 'discarded' WHERE id = $1 AND state = 'dead'";
        let changed = sqlx::query(sql).bind(id).execute(write.connection()).await?.rows_affected();
        write.commit().await?;
        Ok(changed > 0)
    }

    /// The messages that were given up, newest first, at most 1,000.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn dead_letters(&self) -> Result<Vec<OutboxListing>, LedgerError> {
        let sql = "SELECT id, state, recipient, subject, message_id, kind, attempts, NULL AS next_at, last_reply \
                   FROM outbox WHERE state = 'dead' ORDER BY id DESC LIMIT 1000";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        rows.iter().map(listing).collect()
    }

    /// One message, whole.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn outbox_message(&self, id: i64) -> Result<Option<Notification>, LedgerError> {
        let row = sqlx::query(MESSAGE).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(notification).transpose()
    }

    /// Puts a dead or waiting message back as if it were new; false when there is none, or it is out.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn requeue(&self, id: i64, now: i64) -> Result<bool, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE outbox SET state = 'waiting', attempts = 0, first_at = $2, next_at = $2, settled_at = NULL \
                   WHERE id = $1 AND state IN ('waiting', 'dead', 'discarded')";
        let changed = sqlx::query(sql).bind(id).bind(now).execute(write.connection()).await?.rows_affected();
        write.commit().await?;
        Ok(changed > 0)
    }

    /// Empties the texts of some messages that were out before then, a few hundred at most, and keeps their rows; answers
    /// how many.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn drop_texts(&self, before: i64) -> Result<u64, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE outbox SET message = $2, without_attachment = NULL WHERE id IN (SELECT id FROM outbox \
                   WHERE state IN ('delivered', 'merged') AND settled_at < $1 AND LENGTH(message) > 0 \
                   ORDER BY id LIMIT 200)";
        let emptied = sqlx::query(sql).bind(before).bind(Vec::new()).execute(write.connection()).await?.rows_affected();
        write.commit().await?;
        Ok(emptied)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, <sqlx::Any as sqlx::Database>::Arguments>;

fn settle<'q>(id: i64, state: &'static str, reply: &str) -> Query<'q> {
    let sql = "UPDATE outbox SET attempts = attempts + 1, state = $2, last_reply = $3, settled_at = $4 WHERE id = $1";
    sqlx::query(sql).bind(id).bind(state).bind(clean(reply))
}

fn postpone<'q>(id: i64, (burnt, waits): (i64, Waits), reason: &str) -> Query<'q> {
    let sql = "UPDATE outbox SET attempts = attempts + $2, last_reply = $3, waits_for_relay = $4, next_at = $5 \
               WHERE id = $1";
    sqlx::query(sql).bind(id).bind(burnt).bind(clean(reason)).bind(i64::from(waits == Waits::ForRelay))
}

/// Puts a message into the outbox, due now; the same Message-ID for the same address is put in once.
pub(super) async fn enqueue(
    connection: &mut AnyConnection,
    notification: &Notification,
    (alert_key, now): (Option<&str>, i64),
) -> Result<(), LedgerError> {
    let id = take_numbers(connection, "outbox", 1).await?;
    let sql = "INSERT INTO outbox (id, state, kind, alert_key, message_id, recipient, sender, subject, message, \
               without_attachment, attempts, first_at, next_at) \
               VALUES ($1, 'waiting', $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10) \
               ON CONFLICT (message_id, recipient) DO NOTHING";
    let query = sqlx::query(sql).bind(id).bind(notification.kind.name()).bind(alert_key.map(str::to_owned));
    let query = query.bind(&notification.message_id).bind(&notification.recipient).bind(&notification.sender);
    let query = query.bind(clean(&notification.subject)).bind(notification.message.clone());
    let query = query.bind(notification.without_attachment.clone()).bind(now);
    query.execute(connection).await?;
    Ok(())
}

pub(super) fn outbox_row(row: &AnyRow) -> Result<OutboxRow, LedgerError> {
    Ok(OutboxRow {
        id: row.try_get("id")?,
        notification: notification(row)?,
        attempts: row.try_get("attempts")?,
        first_at: row.try_get("first_at")?,
        state: row.try_get("state")?,
        handed_at: row.try_get("handed_at")?,
    })
}

fn notification(row: &AnyRow) -> Result<Notification, LedgerError> {
    let word: String = row.try_get("kind")?;
    let kind = [Kind::Alert, Kind::Operator].into_iter().find(|kind| kind.name() == word);
    Ok(Notification {
        message_id: row.try_get("message_id")?,
        kind: kind.ok_or(LedgerError::Word { what: "kind of message", word })?,
        recipient: row.try_get("recipient")?,
        sender: row.try_get("sender")?,
        subject: row.try_get("subject")?,
        message: row.try_get("message")?,
        without_attachment: row.try_get("without_attachment")?,
    })
}

fn listing(row: &AnyRow) -> Result<OutboxListing, LedgerError> {
    Ok(OutboxListing {
        id: row.try_get("id")?,
        state: row.try_get("state")?,
        recipient: row.try_get("recipient")?,
        subject: row.try_get("subject")?,
        message_id: row.try_get("message_id")?,
        kind: row.try_get("kind")?,
        attempts: row.try_get("attempts")?,
        next_at: row.try_get("next_at")?,
        last_reply: row.try_get("last_reply")?,
    })
}
