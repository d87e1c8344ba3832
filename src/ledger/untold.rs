//! What is not told, or not yet, by reason: of everybody for `status`, of one reader for the foot of his digest.

use std::collections::{BTreeMap, HashSet};

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::compare::json;
use super::{Draft, Ledger, LedgerError};
use crate::alert::{Untold, UntoldCount};
use crate::rule_card::RuleCard;

const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000_000;
/// Rows and files that concern whoever reads anything; `$1` is now, `$2` a week before.
const UNREAD: [(Untold, &str); 2] = [
    (Untold::Rows, "SELECT CAST(COALESCE(SUM(rejects), 0) AS BIGINT) FROM file WHERE done_at <= $1 AND done_at > $2"),
    (Untold::Files, "SELECT COUNT(*) FROM file WHERE state IN ('failed', 'held') AND seen_at <= $1 AND seen_at > $2"),
];

/// Findings of one rule in the records of one source that a silence in force covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// The rule as it stood last.
    pub rule: RuleCard,
    /// The source.
    pub source: String,
    /// How many findings.
    pub findings: u64,
}

impl Ledger {
    /// Everything that is not told to anybody, or not yet; what does not occur is left out.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn untold(&self, now: i64) -> Result<Vec<UntoldCount>, LedgerError> {
        let sql = "SELECT state, reason, CAST(SUM(findings) AS BIGINT) AS findings FROM \
                   (SELECT DISTINCT t.state, t.reason, a.id, a.findings FROM telling t JOIN alert a ON a.id = t.alert \
                   WHERE t.state IN ('waiting', 'held') OR t.state = 'discarded' AND t.settled_at > $1) AS untold \
                   GROUP BY state, reason";
        let mut counts = self.unread(now).await?;
        for row in sqlx::query(sql).bind(now - WEEK).fetch_all(&self.pool).await? {
            count(&mut counts, &row)?;
        }
        for silenced in self.silenced(now).await? {
            *counts.entry(Untold::Silenced).or_default() += silenced.findings;
        }
        Ok(listed(counts))
    }

    /// What a reader is not told, or not yet, besides what this draft tells him; without what is silenced, since no address
    /// stands in the ledger for it.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn untold_to(&self, recipient: &str, draft: &Draft, now: i64) -> Result<Vec<UntoldCount>, LedgerError> {
        let sql = "SELECT t.id, t.state, t.reason, a.findings FROM telling t JOIN alert a ON a.id = t.alert \
                   WHERE t.recipient = $1 AND t.state IN ('waiting', 'held', 'discarded') \
                   AND (t.state <> 'discarded' OR t.settled_at > $2)";
        let told: HashSet<i64> = draft.tellings.iter().copied().collect();
        let mut counts = self.unread(now).await?;
        let mut rows = sqlx::query(sql).bind(recipient).bind(now - WEEK).fetch(&self.pool);
        while let Some(row) = rows.try_next().await? {
            if !told.contains(&row.try_get("id")?) {
                count(&mut counts, &row)?;
            }
        }
        Ok(listed(counts))
    }

    /// What the silences in force cover, by rule and source.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn silenced(&self, now: i64) -> Result<Vec<Silenced>, LedgerError> {
        let sql = "SELECT s.source, s.findings, c.card FROM \
                   (SELECT f.rule, x.source, COUNT(*) AS findings, MAX(f.attempt) AS attempt FROM finding f \
                   JOIN file x ON x.id = f.file WHERE f.silence IN \
                   (SELECT id FROM silence WHERE ended_at IS NULL AND until_at > $1) GROUP BY f.rule, x.source) AS s \
                   JOIN rule_card c ON c.attempt = s.attempt AND c.rule = s.rule";
        let rows = sqlx::query(sql).bind(now).fetch_all(&self.pool).await?;
        let read = |row: &AnyRow| {
            Ok(Silenced { rule: json(row, "card")?, source: row.try_get("source")?, findings: findings(row)? })
        };
        rows.iter().map(read).collect()
    }

    async fn unread(&self, now: i64) -> Result<BTreeMap<Untold, u64>, LedgerError> {
        let mut counts = BTreeMap::new();
        for (why, sql) in UNREAD {
            let many: i64 = sqlx::query_scalar(sql).bind(now).bind(now - WEEK).fetch_one(&self.pool).await?;
            counts.insert(why, u64::try_from(many).unwrap_or(0));
        }
        Ok(counts)
    }
}

/// Adds the findings of a telling to those of its reason.
fn count(counts: &mut BTreeMap<Untold, u64>, row: &AnyRow) -> Result<(), LedgerError> {
    let (state, reason): (String, Option<String>) = (row.try_get("state")?, row.try_get("reason")?);
    let why = match (state.as_str(), reason.as_deref()) {
        ("waiting", Some("limit")) => Untold::Deferred,
        ("waiting", _) => Untold::Waiting,
        ("discarded", _) => Untold::Discarded,
        (_, Some("storm")) => Untold::Storm,
        (_, _) => Untold::Nobody,
    };
    *counts.entry(why).or_default() += findings(row)?;
    Ok(())
}

fn findings(row: &AnyRow) -> Result<u64, LedgerError> {
    Ok(u64::try_from(row.try_get::<i64, _>("findings")?).unwrap_or(0))
}

fn listed(counts: BTreeMap<Untold, u64>) -> Vec<UntoldCount> {
    counts.into_iter().filter(|(_, many)| *many > 0).map(|(why, many)| UntoldCount { why, many }).collect()
}
