//! Leaving: what the courier notes of a message around its attempts, and the messages that one mail takes along.

use super::outbox::{OutboxRow, enqueue, outbox_row};
use super::{Ledger, LedgerError};
use crate::notification::Notification;

impl Ledger {
    /// Notes that the other side may have a message from now on.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn leaves(&self, id: i64, now: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let query = sqlx::query("UPDATE outbox SET handed_at = COALESCE(handed_at, $2) WHERE id = $1");
        query.bind(id).bind(now).execute(write.connection()).await?;
        write.commit().await
    }

    /// Notes that the other side has not taken a message, as it said itself.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn came_back(&self, id: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE outbox SET handed_at = NULL WHERE id = $1").bind(id).execute(write.connection()).await?;
        write.commit().await
    }

    /// The recipients for whom more than one alert waits that nobody else may have.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn crowded_recipients(&self) -> Result<Vec<String>, LedgerError> {
        let sql = "SELECT recipient FROM outbox WHERE state = 'waiting' AND kind = 'alert' AND handed_at IS NULL \
                   GROUP BY recipient HAVING COUNT(*) > 1 ORDER BY recipient";
        Ok(sqlx::query_scalar(sql).fetch_all(&self.pool).await?)
    }

    /// The alerts that wait for a recipient and that nobody else may have, the oldest first, after a number; as many as
    /// the bytes allow, and one at least.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn waiting_for(&self, recipient: &str, after: i64, bytes: i64) -> Result<Vec<OutboxRow>, LedgerError> {
        let sql = "SELECT id, LENGTH(message) AS size FROM outbox WHERE state = 'waiting' AND kind = 'alert' \
                   AND handed_at IS NULL AND recipient = $1 AND id > $2 ORDER BY id";
        let sizes: Vec<(i64, i64)> = sqlx::query_as(sql).bind(recipient).bind(after).fetch_all(&self.pool).await?;
        let (mut rows, mut sum) = (Vec::new(), 0_i64);
        for (id, size) in sizes {
            sum = sum.saturating_add(size);
            if sum > bytes && !rows.is_empty() {
                break;
            }
            let sql = "SELECT id, state, kind, message_id, recipient, sender, subject, message, without_attachment, \
                       attempts, first_at, handed_at FROM outbox WHERE id = $1";
            let row = sqlx::query(sql).bind(id).fetch_one(&self.pool).await?;
            rows.push(outbox_row(&row)?);
        }
        Ok(rows)
    }

    /// Puts one message in the place of several.
    ///
    /// # Errors
    /// When the ledger fails; the several stay then.
    pub async fn merge(&self, ids: &[i64], into: &Notification, now: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        enqueue(write.connection(), into, (None, now)).await?;
        for id in ids {
            let sql = "UPDATE outbox SET state = 'merged', settled_at = $2, last_reply = $3 \
                       WHERE id = $1 AND state = 'waiting' AND handed_at IS NULL";
            let said = format!("goes along with {}", into.message_id);
            let changed = sqlx::query(sql).bind(id).bind(now).bind(said).execute(write.connection()).await?;
            if changed.rows_affected() == 0 {
                return Err(LedgerError::Unknown { what: "outbox message that waits", id: *id });
            }
        }
        write.commit().await
    }

    /// Makes everything due that waits for the relay: it works again, or is another one. How often each was tried stays.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn make_due(&self, now: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE outbox SET next_at = $1 WHERE state = 'waiting' AND next_at > $1 AND waits_for_relay = 1";
        sqlx::query(sql).bind(now).execute(write.connection()).await?;
        write.commit().await
    }
}
