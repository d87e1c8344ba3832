//! Health: how each source does and how old the mail is, for metrics, `status` and the daemon's own mails.

use sqlx::Row;

use super::{FileState, Ledger, LedgerError};

/// What came from a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceHealth {
    /// Its name.
    pub source: String,
    /// Files by state, those that occur.
    pub files: Vec<(FileState, i64)>,
    /// Records of files that were published.
    pub records: i64,
    /// Rows of them that could not be records.
    pub rejects: i64,
    /// When the last file was published, in microseconds.
    pub last_at: Option<i64>,
    /// When the last one was that had a record.
    pub last_records_at: Option<i64>,
}

/// What happened since a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// Files that were published.
    pub files: i64,
    /// Their records.
    pub records: i64,
    /// Their rejected rows.
    pub rejects: i64,
    /// Files that failed.
    pub failed: i64,
    /// Findings published.
    pub findings: i64,
    /// Mail that went out.
    pub delivered: i64,
}

impl Ledger {
    /// How each source does that ever had a file, by name; but for the canary's.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn source_health(&self) -> Result<Vec<SourceHealth>, LedgerError> {
        let sql = "SELECT source, state, COUNT(*) AS many, CAST(COALESCE(SUM(records), 0) AS BIGINT) AS records, \
                   CAST(COALESCE(SUM(rejects), 0) AS BIGINT) AS rejects, \
                   MAX(CASE WHEN state IN ('done', 'finishing') THEN done_at END) AS last_at, \
                   MAX(CASE WHEN state IN ('done', 'finishing') AND records > 0 THEN done_at END) AS last_records_at \
                   FROM file WHERE source <> 'tidewaiter-canary' GROUP BY source, state ORDER BY source, state";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        let mut sources: Vec<SourceHealth> = Vec::new();
        for row in &rows {
            let source: String = row.try_get("source")?;
            if sources.last().is_none_or(|last| last.source != source) {
                sources.push(SourceHealth { source, ..SourceHealth::default() });
            }
            let Some(health) = sources.last_mut() else { continue };
            let (word, many): (String, i64) = (row.try_get("state")?, row.try_get("many")?);
            health.files.extend(FileState::ALL.into_iter().find(|state| state.as_str() == word).map(|s| (s, many)));
            health.records += row.try_get::<i64, _>("records")?;
            health.rejects += row.try_get::<i64, _>("rejects")?;
            health.last_at = health.last_at.max(row.try_get("last_at")?);
            health.last_records_at = health.last_records_at.max(row.try_get("last_records_at")?);
        }
        Ok(sources)
    }

    /// Whether files of a source were published, and each of them had a record.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn always_had_records(&self, source: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT MIN(records) FROM file WHERE source = $1 AND state IN ('done', 'finishing')";
        let fewest: Option<i64> = sqlx::query_scalar(sql).bind(source).fetch_one(&self.pool).await?;
        Ok(fewest.is_some_and(|fewest| fewest > 0))
    }

    /// When the oldest mail that waits was put in.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn oldest_waiting(&self) -> Result<Option<i64>, LedgerError> {
        let query = sqlx::query_scalar("SELECT MIN(first_at) FROM outbox WHERE state = 'waiting'");
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// Whether the mails of the canary that was dropped at a moment are out, all of them.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn canary_is_out(&self, dropped_at: i64) -> Result<bool, LedgerError> {
        let sql = "SELECT COUNT(*) AS many, COALESCE(SUM(CASE WHEN state = 'delivered' THEN 1 ELSE 0 END), 0) AS out \
                   FROM outbox WHERE kind = 'alert' AND first_at >= $1 AND alert_key IN \
                   (SELECT key FROM alert WHERE rule = 'tidewaiter-canary')";
        let row = sqlx::query(sql).bind(dropped_at).fetch_one(&self.pool).await?;
        let (many, out): (i64, i64) = (row.try_get("many")?, row.try_get("out")?);
        Ok(many > 0 && many == out)
    }

    /// What happened since a moment, but for the canary's.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn since(&self, at: i64) -> Result<Since, LedgerError> {
        let sql = "SELECT COALESCE(SUM(CASE WHEN state IN ('done', 'finishing') THEN 1 ELSE 0 END), 0) AS files, \
                   COALESCE(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) AS failed, \
                   CAST(COALESCE(SUM(records), 0) AS BIGINT) AS records, \
                   CAST(COALESCE(SUM(rejects), 0) AS BIGINT) AS rejects \
                   FROM file WHERE done_at >= $1 AND source <> 'tidewaiter-canary'";
        let row = sqlx::query(sql).bind(at).fetch_one(&self.pool).await?;
        let findings = "SELECT COUNT(*) FROM finding WHERE found_at >= $1 AND rule <> 'tidewaiter-canary'";
        let delivered = "SELECT COUNT(*) FROM outbox WHERE state = 'delivered' AND settled_at >= $1";
        Ok(Since {
            files: row.try_get("files")?,
            records: row.try_get("records")?,
            rejects: row.try_get("rejects")?,
            failed: row.try_get("failed")?,
            findings: sqlx::query_scalar(findings).bind(at).fetch_one(&self.pool).await?,
            delivered: sqlx::query_scalar(delivered).bind(at).fetch_one(&self.pool).await?,
        })
    }
}
