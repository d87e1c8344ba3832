//! Storms: a rule that fired so often in one file that its alerts are held until somebody looked, or a day has passed.

use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::compare::json;
use super::draft::told;
use super::outbox::enqueue;
use super::{Ledger, LedgerError, clean, take_numbers};
use crate::alert::{HeldUntil, Told, WasHeld};
use crate::notification::Notification;
use crate::rule_card::RuleCard;

/// Findings that the operators are shown of a storm.
const EXAMPLES: i64 = 10;

/// A storm as triage saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStorm {
    /// The rule.
    pub rule: String,
    /// New and amended findings in the file.
    pub findings: u64,
    /// Why it is one, in words.
    pub reason: String,
}

/// A storm that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// The ledger's number.
    pub id: i64,
    /// The rule as it stood then.
    pub rule: Arc<RuleCard>,
    /// The file's name.
    pub file: String,
    /// How many findings.
    pub findings: u64,
    /// Why it is held.
    pub reason: String,
    /// Since when.
    pub made_at: i64,
}

/// How a storm ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StormEnd {
    /// It is told: somebody looked at it.
    Released,
    /// It is told: nobody looked at it for a day.
    Overdue,
    /// It is never told.
    Discarded,
}

impl StormEnd {
    fn word(self) -> &'static str {
        match self {
            StormEnd::Released => "released",
            StormEnd::Overdue => "overdue",
            StormEnd::Discarded => "discarded",
        }
    }
}

/// What a storm was that an alert was part of: of the columns storm_since, storm_until, storm_reason, storm_outcome.
pub(super) fn was_held(row: &AnyRow) -> Result<Option<WasHeld>, LedgerError> {
    let Some(until) = row.try_get::<Option<i64>, _>("storm_until")? else { return Ok(None) };
    let end = match row.try_get::<String, _>("storm_outcome")? == StormEnd::Overdue.word() {
        true => HeldUntil::Overdue,
        false => HeldUntil::Released,
    };
    Ok(Some(WasHeld { since: row.try_get("storm_since")?, until, why: row.try_get("storm_reason")?, end }))
}

/// What is known of a held storm.
macro_rules! held_storms {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.findings, s.reason, s.made_at, f.name, c.card FROM storm s ",
            "JOIN attempt t ON t.id = s.attempt JOIN file f ON f.id = t.file ",
            "JOIN rule_card c ON c.attempt = s.attempt AND c.rule = s.rule WHERE s.settled_at IS NULL ",
            $rest
        )
    };
}

impl Ledger {
    /// Storms that are held, the oldest first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn storms(&self) -> Result<Vec<Storm>, LedgerError> {
        let rows = sqlx::query(held_storms!("ORDER BY s.id")).fetch_all(&self.pool).await?;
        rows.iter().map(storm).collect()
    }

    /// Held storms of which nobody was told yet.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn unannounced_storms(&self) -> Result<Vec<Storm>, LedgerError> {
        let unannounced = held_storms!("AND s.announced_at IS NULL ORDER BY s.id LIMIT 100");
        let rows = sqlx::query(unannounced).fetch_all(&self.pool).await?;
        rows.iter().map(storm).collect()
    }

    /// Some findings of a storm, newest declaration first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn storm_examples(&self, storm: &Storm) -> Result<Vec<Told>, LedgerError> {
        let sql = "SELECT f.id, f.key, f.source, f.line, f.record, f.evidence, f.amends, o.source AS old_source, \
                   o.line AS old_line, o.record AS old_record, o.evidence AS old_evidence FROM finding f LEFT JOIN finding o ON o.id = f.amends \
                   WHERE f.attempt = (SELECT attempt FROM storm WHERE id = $1) AND f.rule = $2 AND f.silence IS NULL \
                   ORDER BY f.declared DESC, f.line, f.id LIMIT $3";
        let query = sqlx::query(sql).bind(storm.id).bind(&storm.rule.id).bind(EXAMPLES);
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter().map(|row| told(row, &storm.rule, &[])).collect()
    }

    /// Tells of storms: the mails go into the outbox, and they count as announced.
    ///
    /// # Errors
    /// When the ledger fails; nothing is told then.
    pub async fn announce_storms(
        &self,
        storms: &[i64],
        notifications: &[Notification],
        now: i64,
    ) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        for id in storms {
            let query = sqlx::query("UPDATE storm SET announced_at = $2 WHERE id = $1").bind(*id).bind(now);
            query.execute(write.connection()).await?;
        }
        for notification in notifications {
            enqueue(write.connection(), notification, (None, now)).await?;
        }
        write.commit().await
    }

    /// Ends the held storms of a rule; answers how many findings they had, `None` when none is held.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn end_storms(&self, rule: &str, end: StormEnd, now: i64) -> Result<Option<u64>, LedgerError> {
        let sql = "SELECT id, findings FROM storm WHERE rule = $1 AND settled_at IS NULL";
        let rows = sqlx::query(sql).bind(rule).fetch_all(&self.pool).await?;
        self.end_all(&rows, end, now).await
    }

    /// Releases the storms that began before a time.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn release_overdue_storms(&self, before: i64, now: i64) -> Result<Option<u64>, LedgerError> {
        let sql = "SELECT id, findings FROM storm WHERE made_at <= $1 AND settled_at IS NULL";
        let rows = sqlx::query(sql).bind(before).fetch_all(&self.pool).await?;
        self.end_all(&rows, StormEnd::Overdue, now).await
    }

    async fn end_all(&self, rows: &[AnyRow], end: StormEnd, now: i64) -> Result<Option<u64>, LedgerError> {
        if rows.is_empty() {
            return Ok(None);
        }
        let mut write = self.write().await?;
        let mut findings = 0_i64;
        for row in rows {
            let id: i64 = row.try_get("id")?;
            let ended = end_one(write.connection(), id, (end, now)).await?;
            findings += if ended { row.try_get::<i64, _>("findings")? } else { 0 };
        }
        write.commit().await?;
        Ok(Some(u64::try_from(findings).unwrap_or(0)))
    }
}

/// Ends one storm, unless somebody else was faster.
async fn end_one(connection: &mut AnyConnection, id: i64, (end, now): (StormEnd, i64)) -> Result<bool, LedgerError> {
    let tellings = match end {
        StormEnd::Released | StormEnd::Overdue => {
            "UPDATE telling SET state = 'waiting', lane = 'burst', batch = 0, due_at = $2, reason = 'storm' \
             WHERE state = 'held' AND reason = 'storm' AND alert IN (SELECT id FROM alert WHERE storm = $1)"
        }
        StormEnd::Discarded => {
            "UPDATE telling SET state = 'discarded', settled_at = $2 WHERE state = 'held' AND reason = 'storm' \
             AND alert IN (SELECT id FROM alert WHERE storm = $1)"
        }
    };
    let sql = "UPDATE storm SET settled_at = $2, outcome = $3 WHERE id = $1 AND settled_at IS NULL";
    let ended = sqlx::query(sql).bind(id).bind(now).bind(end.word()).execute(&mut *connection).await?.rows_affected();
    if ended > 0 {
        sqlx::query(tellings).bind(id).bind(now).execute(connection).await?;
    }
    Ok(ended > 0)
}

/// Writes a storm down; its alerts name it by the number.
pub(super) async fn put_storm(
    connection: &mut AnyConnection,
    attempt: i64,
    (storm, now): (&NewStorm, i64),
) -> Result<i64, LedgerError> {
    let id = take_numbers(connection, "storm", 1).await?;
    let sql = "INSERT INTO storm (id, rule, attempt, findings, reason, made_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(sql).bind(id).bind(&storm.rule).bind(attempt);
    let query = query.bind(i64::try_from(storm.findings).unwrap_or(i64::MAX)).bind(clean(&storm.reason)).bind(now);
    query.execute(connection).await?;
    Ok(id)
}

fn storm(row: &AnyRow) -> Result<Storm, LedgerError> {
    let card: RuleCard = json(row, "card")?;
    Ok(Storm {
        id: row.try_get("id")?,
        rule: Arc::new(card),
        file: row.try_get("name")?,
        findings: u64::try_from(row.try_get::<i64, _>("findings")?).unwrap_or(0),
        reason: row.try_get("reason")?,
        made_at: row.try_get("made_at")?,
    })
}
