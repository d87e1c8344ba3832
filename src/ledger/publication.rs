//! Publication: the one transaction in which a file's findings become alerts and mail. All of it, or nothing.

use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::attempt::{end, must_be_open};
use super::compare::{json, mark, record};
use super::outbox::enqueue;
use super::totals::{Heap, total};
use super::{Attempt, Ledger, LedgerError, Write, take_numbers};
use crate::alert::{FileReport, News, Told, Totals};
use crate::finding::Finding;
use crate::notification::Notification;
use crate::rule_card::RuleCard;

/// The open transaction. Dropped without [`Publication::commit`], nothing was published.
#[derive(Debug)]
pub struct Publication {
    write: Write,
    attempt: Attempt,
    /// Added to a staged finding's place in the file it gives the finding's number; `None` until compared.
    base: Option<i64>,
}

/// Findings of one rule and group that are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertHead {
    /// The rule as it stood for this attempt.
    pub rule: RuleCard,
    /// Values of the rule's `group_by`.
    pub group: Vec<String>,
    /// True totals.
    pub totals: Totals,
}

/// What one alert came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAlert {
    /// H(rule, group).
    pub key: String,
    /// The rule.
    pub rule: String,
    /// The group's values, as JSON text.
    pub group: String,
    /// The mails; none when it is held back.
    pub notifications: Vec<Notification>,
}

/// What a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Records, rejects.
    pub report: FileReport,
    /// The layout's name.
    pub layout: String,
    /// Fields that the file supplied.
    pub supplied: Vec<String>,
}

impl Ledger {
    /// Begins to publish an attempt. Every other writer waits until it ends, so ask for nothing else meanwhile.
    ///
    /// # Errors
    /// When the ledger fails, or the attempt is over.
    pub async fn begin_publication(&self, attempt: &Attempt) -> Result<Publication, LedgerError> {
        let mut write = self.write().await?;
        must_be_open(write.connection(), attempt).await?;
        Ok(Publication { write, attempt: attempt.clone(), base: None })
    }
}

impl Publication {
    /// Compares what is staged with what was published; answers what is to be told, in the file's order.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn compare(&mut self) -> Result<Vec<AlertHead>, LedgerError> {
        self.base().await?;
        let sql = "SELECT s.rule, s.group_values, CAST(SUM(CASE WHEN s.news = 'new' THEN 1 ELSE 0 END) AS BIGINT) \
                   AS new_ones, COUNT(*) AS all_ones FROM staging s WHERE s.attempt = $1 \
                   AND s.news IN ('new', 'amended') GROUP BY s.rule, s.group_values ORDER BY MIN(s.seq)";
        let rows = sqlx::query(sql).bind(self.attempt.id).fetch_all(self.write.connection()).await?;
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            heads.push(self.head(row).await?);
        }
        Ok(heads)
    }

    async fn head(&mut self, row: &AnyRow) -> Result<AlertHead, LedgerError> {
        let (rule, group): (String, String) = (row.try_get("rule")?, row.try_get("group_values")?);
        let (new, all): (i64, i64) = (row.try_get("new_ones")?, row.try_get("all_ones")?);
        let counts = (count(new), count(all.saturating_sub(new)));
        let query = sqlx::query("SELECT card FROM rule_card WHERE attempt = $1 AND rule = $2");
        let card = query.bind(self.attempt.id).bind(&rule).fetch_one(self.write.connection()).await?;
        let heap = Heap { attempt: self.attempt.id, rule: &rule, group: &group };
        let totals = total(self.write.connection(), heap, counts).await?;
        let group = serde_json::from_str(&group).map_err(LedgerError::json("group"))?;
        Ok(AlertHead { rule: json(&card, "card")?, group, totals })
    }

    /// The findings of a head, newest declaration first, those without a date last, then by row.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn told(&mut self, head: &AlertHead, limit: i64) -> Result<Vec<Told>, LedgerError> {
        let base = self.base().await?;
        let group = serde_json::to_string(&head.group).map_err(LedgerError::json("group"))?;
        let sql = "SELECT s.seq, s.source, s.line, s.record, s.evidence, s.news, f.source AS old_source, \
                   f.line AS old_line, f.record AS old_record FROM staging s LEFT JOIN finding f ON f.id = s.told \
                   WHERE s.attempt = $1 AND s.rule = $2 AND s.group_values = $3 AND s.news IN ('new', 'amended') \
                   ORDER BY s.declared DESC, s.line, s.seq LIMIT $4";
        let query = sqlx::query(sql).bind(self.attempt.id).bind(&head.rule.id).bind(group).bind(limit.max(0));
        let mut rows = query.fetch(self.write.connection());
        let rule = Arc::new(head.rule.clone());
        let mut found = Vec::new();
        // One row in the driver's shape at a time: thousands of them are larger than what is made of them.
        while let Some(row) = rows.try_next().await? {
            found.push(told(&row, &rule, (&head.group, base))?);
        }
        Ok(found)
    }

    /// Message-ID of the first mail about an alert key.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn thread_root(&mut self, alert_key: &str) -> Result<Option<String>, LedgerError> {
        let sql =
            "SELECT root_message_id FROM alert WHERE key = $1 AND root_message_id IS NOT NULL ORDER BY id LIMIT 1";
        Ok(sqlx::query_scalar(sql).bind(alert_key).fetch_optional(self.write.connection()).await?)
    }

    /// How many findings of the file were told before.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn repeated(&mut self) -> Result<u64, LedgerError> {
        self.base().await?;
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM staging WHERE attempt = $1 AND news = 'repeated'");
        Ok(count(query.bind(self.attempt.id).fetch_one(self.write.connection()).await?))
    }

    /// Publishes: findings, the file `finishing`, the attempt over, and with them the alerts that were put in.
    ///
    /// # Errors
    /// When the ledger fails; nothing is published then.
    pub async fn commit(mut self, outcome: &Published, now: i64) -> Result<(), LedgerError> {
        let findings = self.publish_findings(now).await?;
        self.publish_file(outcome, findings, now).await?;
        end(self.write.connection(), &self.attempt, "published").await?;
        self.write.commit().await
    }

    /// Publishes nothing; what is staged stays until the attempt ends.
    pub async fn abandon(self) {
        if let Err(error) = self.write.roll_back().await {
            tracing::debug!(%error, "a publication was abandoned with its connection");
        }
    }

    /// Compares once, and reserves the numbers of the findings.
    async fn base(&mut self) -> Result<i64, LedgerError> {
        if let Some(base) = self.base {
            return Ok(base);
        }
        mark(self.write.connection(), self.attempt.id).await?;
        let last = sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM staging WHERE attempt = $1");
        let last: i64 = last.bind(self.attempt.id).fetch_one(self.write.connection()).await?;
        let base = take_numbers(self.write.connection(), "finding", last).await? - last;
        self.base = Some(base);
        Ok(base)
    }

    async fn publish_findings(&mut self, now: i64) -> Result<i64, LedgerError> {
        let base = self.base().await?;
        let seen = "UPDATE finding SET seen = seen + 1, last_seen_at = $2 WHERE id IN (SELECT told FROM staging \
                    WHERE attempt = $1 AND news = 'repeated')";
        sqlx::query(seen).bind(self.attempt.id).bind(now).execute(self.write.connection()).await?;
        let sql = "INSERT INTO finding (id, key, content, rule, group_values, file, attempt, declared, source, line, \
                   record, evidence, amends, seen, found_at, last_seen_at) SELECT s.seq + $2, s.key, s.content, \
                   s.rule, s.group_values, $3, s.attempt, s.declared, s.source, s.line, s.record, s.evidence, s.told, \
                   1, $4, $4 FROM staging s WHERE s.attempt = $1 AND s.news IN ('new', 'amended')";
        let query = sqlx::query(sql).bind(self.attempt.id).bind(base).bind(self.attempt.file).bind(now);
        let inserted = query.execute(self.write.connection()).await?.rows_affected();
        Ok(i64::try_from(inserted).unwrap_or(i64::MAX))
    }

    /// Puts an alert and its mails in, so that one alone is in memory at a time; they count when all is committed.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn put_alert(&mut self, alert: &PublishedAlert, now: i64) -> Result<(), LedgerError> {
        let root = match self.thread_root(&alert.key).await? {
            Some(root) => Some(root),
            None => alert.notifications.first().map(|first| first.message_id.clone()),
        };
        let connection = self.write.connection();
        let id = take_numbers(connection, "alert", 1).await?;
        let sql = "INSERT INTO alert (id, key, rule, group_values, file, root_message_id, notifications, made_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let query = sqlx::query(sql).bind(id).bind(&alert.key).bind(&alert.rule).bind(&alert.group);
        let query = query.bind(self.attempt.file).bind(root).bind(alert.notifications.len() as i64).bind(now);
        query.execute(&mut *connection).await?;
        for notification in &alert.notifications {
            enqueue(connection, notification, (Some(&alert.key), now)).await?;
        }
        Ok(())
    }

    async fn publish_file(&mut self, outcome: &Published, findings: i64, now: i64) -> Result<(), LedgerError> {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let sql = "UPDATE file SET state = 'finishing', records = $2, rejects = $3, findings = $4, problem = NULL, \
                   look_again_at = NULL, done_at = $5 WHERE id = $1";
        let query = sqlx::query(sql).bind(self.attempt.file).bind(whole(outcome.report.records));
        let query = query.bind(whole(outcome.report.rejects)).bind(findings).bind(now);
        query.execute(self.write.connection()).await?;
        let supplied = serde_json::to_string(&outcome.supplied).map_err(LedgerError::json("heading"))?;
        let sql = "INSERT INTO heading (source, layout, supplied) SELECT source, $2, $3 FROM file WHERE id = $1 \
                   ON CONFLICT (source, layout) DO UPDATE SET supplied = excluded.supplied";
        let query = sqlx::query(sql).bind(self.attempt.file).bind(&outcome.layout).bind(supplied);
        query.execute(self.write.connection()).await?;
        Ok(())
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn told(row: &AnyRow, rule: &Arc<RuleCard>, (group, base): (&[String], i64)) -> Result<Told, LedgerError> {
    let news = match row.try_get::<String, _>("news")?.as_str() {
        "amended" => News::Amended { before: Box::new(record(row, ["old_source", "old_line", "old_record"])?) },
        _ => News::New,
    };
    let finding = Finding {
        rule: rule.clone(),
        record: record(row, ["source", "line", "record"])?,
        evidence: json(row, "evidence")?,
        group: group.to_vec(),
    };
    Ok(Told { id: row.try_get::<i64, _>("seq")?.saturating_add(base), finding, news })
}
