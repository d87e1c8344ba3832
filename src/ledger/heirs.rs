//! Heirs: what is due to an address that nobody is told at any more → due to those who are told in its place.
//!
//! In: the addresses in use, and the heirs. Out: how much was handed over. What an heir is told of anyway he is told once.

use sqlx::Row;

use super::{Ledger, LedgerError, take_numbers};

impl Ledger {
    /// Hands what waits or is held for any address that is not among those `in_use` over to the `heirs`; answers how many
    /// tellings that were.
    ///
    /// # Errors
    /// When the ledger fails; nothing is handed over then.
    pub async fn hand_over(&self, in_use: &[String], heirs: &[String]) -> Result<u64, LedgerError> {
        let sql = "SELECT DISTINCT recipient FROM telling WHERE state IN ('waiting', 'held') AND recipient <> ''";
        let mut gone: Vec<String> = sqlx::query_scalar(sql).fetch_all(&self.pool).await?;
        gone.retain(|address| !in_use.iter().any(|known| known.eq_ignore_ascii_case(address)));
        if gone.is_empty() || heirs.is_empty() {
            return Ok(0);
        }
        let mut write = self.write().await?;
        let mut handed = 0;
        for address in &gone {
            let sql = "SELECT id FROM telling WHERE recipient = $1 AND state IN ('waiting', 'held') ORDER BY id";
            let rows = sqlx::query(sql).bind(address).fetch_all(write.connection()).await?;
            for row in rows {
                let old: i64 = row.try_get("id")?;
                for heir in heirs {
                    let id = take_numbers(write.connection(), "telling", 1).await?;
                    let sql = "INSERT INTO telling (id, alert, recipient, lane, batch, level, state, reason, made_at, due_at) \
                               SELECT $1, alert, $2, lane, batch, level, state, reason, made_at, due_at FROM telling \
                               WHERE id = $3 ON CONFLICT (alert, recipient) DO NOTHING";
                    sqlx::query(sql).bind(id).bind(heir).bind(old).execute(write.connection()).await?;
                }
                sqlx::query("DELETE FROM telling WHERE id = $1").bind(old).execute(write.connection()).await?;
                handed += 1;
            }
        }
        write.commit().await?;
        Ok(handed)
    }
}
