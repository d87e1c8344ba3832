//! Attempts at a file, and the findings that one stages chunk by chunk. Nothing here is told to anybody.

use std::collections::BTreeSet;

use sqlx::AnyConnection;

use super::compare::stored_content;
use super::{Ledger, LedgerError, clean, take_numbers};
use crate::finding::Finding;
use crate::record::{Field, Part, Role};

/// One reading of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The ledger's number.
    pub id: i64,
    /// The file.
    pub file: i64,
    /// 1 for the first; one more for each attempt that died before it.
    pub number: i64,
}

/// A finding with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFinding {
    /// See [`Finding::key`].
    pub key: String,
    /// What was found.
    pub finding: Finding,
}

impl Ledger {
    /// Begins an attempt before the file is opened; one that never ended died, and what it staged is dropped.
    ///
    /// # Errors
    /// When the ledger fails or does not know the file; the file must not be opened then.
    pub async fn begin_attempt(&self, file: i64, plan: &str, now: i64) -> Result<Attempt, LedgerError> {
        let mut write = self.write().await?;
        drop_staging_of_file(write.connection(), file).await?;
        let died = sqlx::query("UPDATE attempt SET outcome = 'died' WHERE file = $1 AND outcome IS NULL");
        let died = died.bind(file).execute(write.connection()).await?.rows_affected();
        let counted = sqlx::query_scalar("UPDATE file SET attempts = attempts + $2 WHERE id = $1 RETURNING attempts");
        let counted = counted.bind(file).bind(i64::try_from(died).unwrap_or(i64::MAX));
        let died: Option<i64> = counted.fetch_optional(write.connection()).await?;
        let died = died.ok_or(LedgerError::Unknown { what: "file", id: file })?;
        let attempt =
            Attempt { id: take_numbers(write.connection(), "attempt", 1).await?, file, number: died.saturating_add(1) };
        let query = sqlx::query("INSERT INTO attempt (id, file, number, plan, started_at) VALUES ($1, $2, $3, $4, $5)");
        let query = query.bind(attempt.id).bind(file).bind(attempt.number).bind(plan).bind(now);
        query.execute(write.connection()).await?;
        write.commit().await?;
        Ok(attempt)
    }

    /// Ends an attempt without publishing, with a word that says how, and drops what it staged.
    ///
    /// # Errors
    /// When the ledger fails, or the attempt is over already.
    pub async fn end_attempt(&self, attempt: &Attempt, outcome: &str) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        end(write.connection(), attempt, outcome).await?;
        sqlx::query("DELETE FROM rule_card WHERE attempt = $1").bind(attempt.id).execute(write.connection()).await?;
        write.commit().await
    }

    /// Stages a chunk of findings: all of them or none.
    ///
    /// # Errors
    /// When the ledger fails, or the attempt is over.
    pub async fn stage(&self, attempt: &Attempt, findings: &[StagedFinding]) -> Result<(), LedgerError> {
        if findings.is_empty() {
            return Ok(());
        }
        let mut write = self.write().await?;
        must_be_open(write.connection(), attempt).await?;
        let last = sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM staging WHERE attempt = $1").bind(attempt.id);
        let last: i64 = last.fetch_one(write.connection()).await?;
        let mut cards = BTreeSet::new();
        for (seq, staged) in (last.saturating_add(1)..).zip(findings) {
            if cards.insert(staged.finding.rule.id.as_str()) {
                insert_card(write.connection(), attempt, &staged.finding).await?;
            }
            insert_staged(write.connection(), (attempt.id, seq), staged).await?;
        }
        write.commit().await
    }
}

/// Ends the attempt and drops its staging.
pub(super) async fn end(connection: &mut AnyConnection, attempt: &Attempt, outcome: &str) -> Result<(), LedgerError> {
    sqlx::query("DELETE FROM staging WHERE attempt = $1").bind(attempt.id).execute(&mut *connection).await?;
    let ended = sqlx::query("UPDATE attempt SET outcome = $2 WHERE id = $1 AND outcome IS NULL");
    let ended = ended.bind(attempt.id).bind(outcome).execute(connection).await?;
    if ended.rows_affected() == 0 {
        return Err(LedgerError::Unknown { what: "attempt", id: attempt.id });
    }
    Ok(())
}

/// An attempt that was given up must not write beside its successor.
pub(super) async fn must_be_open(connection: &mut AnyConnection, attempt: &Attempt) -> Result<(), LedgerError> {
    let open = sqlx::query_scalar("SELECT COUNT(*) FROM attempt WHERE id = $1 AND outcome IS NULL").bind(attempt.id);
    let open: i64 = open.fetch_one(connection).await?;
    if open == 0 { Err(LedgerError::Unknown { what: "attempt", id: attempt.id }) } else { Ok(()) }
}

async fn drop_staging_of_file(connection: &mut AnyConnection, file: i64) -> Result<(), LedgerError> {
    for sql in [
        "DELETE FROM staging WHERE attempt IN (SELECT id FROM attempt WHERE file = $1)",
        "DELETE FROM rule_card WHERE attempt IN (SELECT id FROM attempt WHERE file = $1 AND outcome IS NULL)",
    ] {
        sqlx::query(sql).bind(file).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_card(connection: &mut AnyConnection, attempt: &Attempt, finding: &Finding) -> Result<(), LedgerError> {
    let card = serde_json::to_vec(&*finding.rule).map_err(LedgerError::json("rule card"))?;
    let sql = "INSERT INTO rule_card (attempt, rule, card) VALUES ($1, $2, $3) ON CONFLICT (attempt, rule) DO NOTHING";
    sqlx::query(sql).bind(attempt.id).bind(&finding.rule.id).bind(card).execute(connection).await?;
    Ok(())
}

const INSERT_STAGED: &str = "INSERT INTO staging (attempt, seq, key, content, rule, group_values, declared, consignor, \
     consignee, value_usd, source, line, record, evidence) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

async fn insert_staged(
    connection: &mut AnyConnection,
    (attempt, seq): (i64, i64),
    staged: &StagedFinding,
) -> Result<(), LedgerError> {
    let StagedFinding { key, finding } = staged;
    let record = &finding.record;
    let cell = |field| clean(record.get(field).unwrap_or(""));
    let group = serde_json::to_string(&finding.group).map_err(LedgerError::json("group"))?;
    let source = serde_json::to_vec(&*record.source).map_err(LedgerError::json("source"))?;
    let evidence = serde_json::to_vec(&finding.evidence).map_err(LedgerError::json("evidence"))?;
    let query = sqlx::query(INSERT_STAGED).bind(attempt).bind(seq).bind(key).bind(stored_content(finding));
    let query = query.bind(&finding.rule.id).bind(group).bind(cell(Field::DeclarationDate));
    let query = query.bind(cell(Field::Party(Role::Consignor, Part::Name)));
    let query = query.bind(cell(Field::Party(Role::Consignee, Part::Name))).bind(cell(Field::ValueUsd));
    let query = query.bind(source).bind(i64::try_from(record.row).unwrap_or(i64::MAX));
    let query = query.bind(serde_json::to_vec(&record.to_json()).map_err(LedgerError::json("record"))?);
    query.bind(evidence).execute(connection).await?;
    Ok(())
}
