//! Publication: the one transaction in which a file's findings become alerts, and it is written down whom each is told to
//! and when. All of it, or nothing. No mail is rendered here: the pen is held no longer than it takes.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::attempt::{end, must_be_open};
use super::compare::{json, mark};
use super::silence::hush;
use super::storm::{NewStorm, put_storm};
use super::telling::{NewTelling, put_telling};
use super::totals::{Heap, total};
use super::{Attempt, Ledger, LedgerError, Write, take_numbers};
use crate::alert::{FileReport, Totals};
use crate::record::Record;
use crate::rule_card::RuleCard;
use crate::silence::Matcher;

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

/// An alert to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// H(rule, group).
    pub key: String,
    /// The rule, the group, true totals.
    pub head: AlertHead,
    /// The file.
    pub report: FileReport,
    /// The storm that it is part of.
    pub storm: Option<i64>,
    /// Whom it is told to, or why not.
    pub tellings: Vec<NewTelling>,
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
                   AND s.silence IS NULL AND s.news IN ('new', 'amended') GROUP BY s.rule, s.group_values ORDER BY MIN(s.seq)";
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
                   record, evidence, amends, silence, seen, found_at, last_seen_at, consignor, consignee, value_usd) \
                   SELECT s.seq + $2, s.key, s.content, s.rule, s.group_values, $3, s.attempt, s.declared, s.source, \
                   s.line, s.record, s.evidence, s.told, s.silence, 1, $4, $4, s.consignor, s.consignee, s.value_usd FROM staging s WHERE s.attempt = $1 AND s.news IN ('new', 'amended')";
        let query = sqlx::query(sql).bind(self.attempt.id).bind(base).bind(self.attempt.file).bind(now);
        let inserted = query.execute(self.write.connection()).await?.rows_affected();
        Ok(i64::try_from(inserted).unwrap_or(i64::MAX))
    }

    /// Puts an alert in, with whom it is told to; it counts when all is committed.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn put_alert(&mut self, alert: &NewAlert, now: i64) -> Result<(), LedgerError> {
        let NewAlert { key, head, report, .. } = alert;
        let connection = self.write.connection();
        let id = take_numbers(connection, "alert", 1).await?;
        let findings = head.totals.new.saturating_add(head.totals.amended);
        let sql = "INSERT INTO alert (id, key, rule, group_values, file, made_at, attempt, report, totals, \
                   findings, as_summary, storm) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let query = sqlx::query(sql).bind(id).bind(key).bind(&head.rule.id);
        let query = query.bind(serde_json::to_string(&head.group).map_err(LedgerError::json("group"))?);
        let query = query.bind(self.attempt.file).bind(now).bind(self.attempt.id);
        let query = query.bind(serde_json::to_vec(report).map_err(LedgerError::json("report"))?);
        let query = query.bind(serde_json::to_vec(&head.totals).map_err(LedgerError::json("totals"))?);
        let query = query.bind(i64::try_from(findings).unwrap_or(i64::MAX));
        let query = query.bind(i64::from(head.rule.alert.summary)).bind(alert.storm);
        query.execute(&mut *connection).await?;
        let batch = self.attempt.file;
        for telling in &alert.tellings {
            put_telling(self.write.connection(), (id, batch, head.rule.level), (telling, now)).await?;
        }
        Ok(())
    }

    /// Marks what silences in force cover, so that it is recorded and not told. To be called before the comparison; it is
    /// asked whether a silence with a field, which may cover a record, does.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn silence<C>(&mut self, source: &str, covers: C, now: i64) -> Result<u64, LedgerError>
    where
        C: FnMut(&Matcher, &Record) -> bool,
    {
        self.base().await?;
        hush(self.write.connection(), (self.attempt.id, source), covers, now).await
    }

    /// Puts a storm in; its alerts name it.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn put_storm(&mut self, storm: &NewStorm, now: i64) -> Result<i64, LedgerError> {
        put_storm(self.write.connection(), self.attempt.id, (storm, now)).await
    }

    /// When the burst began that waits for a recipient.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn burst_began(&mut self, recipient: &str) -> Result<Option<i64>, LedgerError> {
        let sql = "SELECT MIN(made_at) FROM telling WHERE recipient = $1 AND state = 'waiting' AND lane = 'burst'";
        Ok(sqlx::query_scalar(sql).bind(recipient).fetch_one(self.write.connection()).await?)
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
