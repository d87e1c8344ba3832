//! What `status` shows: counts, hits of rules, small notes.

use std::collections::BTreeMap;

use sqlx::Row;

use super::{FileState, Ledger, LedgerError, clean};

/// How much there is of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Published findings.
    pub findings: i64,
    /// Alerts made, held back ones too.
    pub alerts: i64,
    /// Mail that waits.
    pub outbox_waiting: i64,
    /// Mail that was given up.
    pub outbox_dead: i64,
    /// Mail that is out.
    pub outbox_delivered: i64,
    /// Files by the word of their state, those that occur.
    pub files: Vec<(FileState, i64)>,
}

impl Ledger {
    /// Counts everything, but for the canary's.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn counts(&self) -> Result<Counts, LedgerError> {
        let outbox = self.by_state("SELECT state, COUNT(*) AS many FROM outbox GROUP BY state").await?;
        let files = self
            .by_state("SELECT state, COUNT(*) AS many FROM file WHERE source <> 'tidewaiter-canary' GROUP BY state")
            .await?;
        let of = |state: &str| outbox.get(state).copied().unwrap_or(0);
        Ok(Counts {
            findings: sqlx::query_scalar("SELECT COUNT(*) FROM finding WHERE rule <> 'tidewaiter-canary'")
                .fetch_one(&self.pool)
                .await?,
            alerts: sqlx::query_scalar("SELECT COUNT(*) FROM alert WHERE rule <> 'tidewaiter-canary'")
                .fetch_one(&self.pool)
                .await?,
            outbox_waiting: of("waiting"),
            outbox_dead: of("dead"),
            outbox_delivered: of("delivered"),
            files: FileState::ALL
                .into_iter()
                .filter_map(|state| files.get(state.as_str()).map(|many| (state, *many)))
                .collect(),
        })
    }

    /// How many mails wait.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn outbox_waiting(&self) -> Result<i64, LedgerError> {
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'");
        Ok(query.fetch_one(&self.pool).await?)
    }

    async fn by_state(&self, sql: &'static str) -> Result<BTreeMap<String, i64>, LedgerError> {
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("state")?, row.try_get("many")?))).collect()
    }

    /// Rule, published findings, and when the last was found; the busiest first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn rule_hits(&self) -> Result<Vec<(String, i64, Option<i64>)>, LedgerError> {
        let sql = "SELECT rule, COUNT(*) AS many, MAX(found_at) AS last_at FROM finding WHERE rule <> 'tidewaiter-canary' GROUP BY rule \
                   ORDER BY COUNT(*) DESC, rule";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let hits = rows.iter().map(|row| Ok((row.try_get("rule")?, row.try_get("many")?, row.try_get("last_at")?)));
        hits.collect()
    }

    /// Keeps a small fact for `status`.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn set_note(&self, key: &str, value: &str) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let sql =
            "INSERT INTO note (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        sqlx::query(sql).bind(key).bind(clean(value)).execute(write.connection()).await?;
        write.commit().await
    }

    /// The name of this ledger among all others; the one given, when it has none yet.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn installation(&self, new: &str) -> Result<String, LedgerError> {
        let mut write = self.write().await?;
        let sql = "INSERT INTO note (key, value) VALUES ('installation', $1) ON CONFLICT (key) DO NOTHING";
        sqlx::query(sql).bind(new).execute(write.connection()).await?;
        write.commit().await?;
        Ok(self.note("installation").await?.unwrap_or_else(|| new.to_owned()))
    }

    /// A small fact.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn note(&self, key: &str) -> Result<Option<String>, LedgerError> {
        let query = sqlx::query_scalar("SELECT value FROM note WHERE key = $1");
        Ok(query.bind(key).fetch_optional(&self.pool).await?)
    }
}
