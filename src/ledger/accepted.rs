//! Accepted texts: the last set of rules, lists, watchlists and layouts that worked, by hash, and its manifest.

use std::collections::BTreeMap;

use sqlx::Row;

use super::{Ledger, LedgerError};
use crate::finding::hash;

/// A text that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedText {
    /// `rule`, `list`, `watchlist`, `layout`.
    pub kind: String,
    /// Where it was read.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Since when this very text is accepted; the ledger's answer, ignored when given.
    pub accepted_at: i64,
}

impl Ledger {
    /// Replaces the manifest. A text that was there already keeps its date.
    ///
    /// # Errors
    /// When the ledger fails; the manifest is as it was then.
    pub async fn accept_texts(&self, texts: &[AcceptedText], now: i64) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let rows = sqlx::query("SELECT kind, path, hash, accepted_at FROM manifest").fetch_all(write.connection());
        let mut since = BTreeMap::new();
        for row in rows.await? {
            let entry: (String, String, String) = (row.try_get("kind")?, row.try_get("path")?, row.try_get("hash")?);
            since.insert(entry, row.try_get::<i64, _>("accepted_at")?);
        }
        sqlx::query("DELETE FROM manifest").execute(write.connection()).await?;
        for text in texts {
            let hash = hash(&[&text.text]);
            let sql = "INSERT INTO accepted_text (hash, text) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
            let stored = sqlx::query(sql).bind(&hash).bind(text.text.clone().into_bytes());
            stored.execute(write.connection()).await?;
            let entry = (text.kind.clone(), text.path.clone(), hash);
            let at = since.get(&entry).copied().unwrap_or(now);
            let sql = "INSERT INTO manifest (kind, path, hash, accepted_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (kind, path) DO UPDATE SET hash = excluded.hash, accepted_at = excluded.accepted_at";
            let query = sqlx::query(sql).bind(entry.0).bind(entry.1).bind(entry.2).bind(at);
            query.execute(write.connection()).await?;
        }
        let unused = "DELETE FROM accepted_text WHERE hash NOT IN (SELECT hash FROM manifest)";
        sqlx::query(unused).execute(write.connection()).await?;
        write.commit().await
    }

    /// The last good set, by kind and path.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn accepted_texts(&self) -> Result<Vec<AcceptedText>, LedgerError> {
        let sql = "SELECT m.kind, m.path, m.accepted_at, t.text FROM manifest m \
                   JOIN accepted_text t ON t.hash = m.hash ORDER BY m.kind, m.path";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let text = |row: &sqlx::any::AnyRow| {
            let text: Vec<u8> = row.try_get("text")?;
            Ok(AcceptedText {
                kind: row.try_get("kind")?,
                path: row.try_get("path")?,
                text: String::from_utf8_lossy(&text).into_owned(),
                accepted_at: row.try_get("accepted_at")?,
            })
        };
        rows.iter().map(text).collect()
    }
}
