//! Found: published findings, one at a time, each with what became of it. A stream: memory does not grow with how many.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::compare::json;
use super::draft::told;
use super::{Ledger, LedgerError};
use crate::alert::Told;
use crate::rule_card::RuleCard;

/// Alerts whose tellings are remembered while findings pass by.
const REMEMBERED: usize = 1_000;

/// Which findings are meant; what is absent fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Told by the mail of this Message-ID, without angle brackets, or by a mail that it took along.
    pub mail: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// Of this source.
    pub source: Option<String>,
    /// Of the files of this name, as they were dropped.
    pub file: Option<String>,
    /// Found at this time or later.
    pub since: Option<i64>,
    /// Found before this time.
    pub before: Option<i64>,
    /// No finding of a higher number.
    pub up_to: Option<i64>,
}

/// A published finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What was found, and what it amends.
    pub told: Told,
    /// When.
    pub found_at: i64,
    /// The silence that covers it.
    pub silence: Option<i64>,
    /// Whom it is told to; nobody when it is silenced.
    pub tellings: Vec<Telling>,
}

/// What became of a finding for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The address; empty when there is none.
    pub recipient: String,
    /// `waiting`, `held`, `told` or `discarded`.
    pub state: String,
    /// Why it is held or joined a later mail.
    pub reason: Option<String>,
    /// The mail that told it.
    pub message_id: Option<String>,
    /// When it was told or discarded.
    pub settled_at: Option<i64>,
}

impl Found {
    /// What became of it in one word: `told` when anybody was told, else `waiting`, `held`, `discarded` or `silenced`.
    pub fn state(&self) -> &str {
        let words = ["told", "waiting", "held", "discarded"];
        let is = |word: &&str| self.tellings.iter().any(|telling| telling.state == *word);
        let unheard = if self.silence.is_some() { "silenced" } else { "recorded" };
        words.into_iter().find(is).unwrap_or(unheard)
    }
}

/// What the findings of an alert have in common: attempt, rule, group.
type AlertOf = (i64, String, String);

macro_rules! select_found {
    ($where:literal) => {
        concat!(
            "SELECT f.id, f.key, f.rule, f.group_values, f.attempt, f.source, f.line, f.record, f.evidence, f.amends, ",
            "f.silence, f.found_at, o.source AS old_source, o.line AS old_line, o.record AS old_record, ",
            "o.evidence AS old_evidence, c.card ",
            "FROM finding f JOIN file h ON h.id = f.file JOIN rule_card c ON c.attempt = f.attempt AND c.rule = f.rule ",
            "LEFT JOIN finding o ON o.id = f.amends WHERE ",
            $where,
            " AND f.id <= $1 AND ($2 IS NULL OR f.rule = $2) AND ($3 IS NULL OR h.source = $3) ",
            "AND ($4 IS NULL OR h.name = $4) AND f.found_at >= $5 AND f.found_at < $6 ORDER BY f.id"
        )
    };
}

const ALL: &str = select_found!("f.id > 0");
/// It begins at the mail: without the sign, the index of what is silenced would be taken, and all findings be looked at.
const OF_A_MAIL: &str = select_found!(
    "+f.silence IS NULL AND f.id IN (SELECT x.id FROM telling t JOIN alert a ON a.id = t.alert \
     JOIN finding x ON x.attempt = a.attempt AND x.rule = a.rule AND x.group_values = a.group_values \
     WHERE t.message_id IN (SELECT $7 UNION ALL SELECT message_id FROM outbox WHERE state = 'merged' \
     AND last_reply = 'goes along with ' || $7))"
);

impl Ledger {
    /// Gives the findings that are wanted, in the order of their numbers, until `take` breaks off.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn findings(
        &self,
        wanted: &Wanted,
        mut take: impl FnMut(Found) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let sql = if wanted.mail.is_some() { OF_A_MAIL } else { ALL };
        let query = sqlx::query(sql).bind(wanted.up_to.unwrap_or(i64::MAX)).bind(wanted.rule.clone());
        let query = query.bind(wanted.source.clone()).bind(wanted.file.clone());
        let mut query = query.bind(wanted.since.unwrap_or(i64::MIN)).bind(wanted.before.unwrap_or(i64::MAX));
        if let Some(mail) = &wanted.mail {
            query = query.bind(mail.clone());
        }
        let mut rows = query.fetch(&self.pool);
        let mut alerts: HashMap<AlertOf, (Arc<RuleCard>, Vec<Telling>)> = HashMap::new();
        while let Some(row) = rows.try_next().await? {
            let alert: AlertOf = (row.try_get("attempt")?, row.try_get("rule")?, row.try_get("group_values")?);
            if !alerts.contains_key(&alert) {
                if alerts.len() >= REMEMBERED {
                    alerts.clear();
                }
                let known = (Arc::new(json::<RuleCard>(&row, "card")?), self.tellings(&alert).await?);
                alerts.insert(alert.clone(), known);
            }
            let Some((rule, tellings)) = alerts.get(&alert) else { continue };
            if take(found(&row, rule, tellings)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    async fn tellings(&self, (attempt, rule, group): &AlertOf) -> Result<Vec<Telling>, LedgerError> {
        let sql = "SELECT t.recipient, t.state, t.reason, t.message_id, t.settled_at FROM alert a \
                   JOIN telling t ON t.alert = a.id WHERE a.attempt = $1 AND a.rule = $2 AND a.group_values = $3 \
                   ORDER BY t.id";
        let rows = sqlx::query(sql).bind(*attempt).bind(rule).bind(group).fetch_all(&self.pool).await?;
        let telling = |row: &AnyRow| {
            Ok(Telling {
                recipient: row.try_get("recipient")?,
                state: row.try_get("state")?,
                reason: row.try_get("reason")?,
                message_id: row.try_get("message_id")?,
                settled_at: row.try_get("settled_at")?,
            })
        };
        rows.iter().map(telling).collect()
    }

    /// The highest number of a finding; 0 when there is none.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn last_finding(&self) -> Result<i64, LedgerError> {
        let query = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM finding");
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// The Message-ID of a message of the outbox, by its number.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn message_id(&self, id: i64) -> Result<Option<String>, LedgerError> {
        let query = sqlx::query_scalar("SELECT message_id FROM outbox WHERE id = $1").bind(id);
        Ok(query.fetch_optional(&self.pool).await?)
    }
}

fn found(row: &AnyRow, rule: &Arc<RuleCard>, tellings: &[Telling]) -> Result<Found, LedgerError> {
    let group: String = row.try_get("group_values")?;
    let group: Vec<String> = serde_json::from_str(&group).map_err(LedgerError::json("group"))?;
    let silence: Option<i64> = row.try_get("silence")?;
    Ok(Found {
        told: told(row, rule, &group)?,
        found_at: row.try_get("found_at")?,
        silence,
        tellings: if silence.is_some() { Vec::new() } else { tellings.to_vec() },
    })
}
