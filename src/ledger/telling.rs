//! Tellings: what is due to whom, the alerts of one mail as the ledger has them, and the moment in which it is told.
//!
//! A mail is drafted from what is committed, rendered elsewhere, and put into the outbox in one transaction with its
//! tellings: told once, under one Message-ID, or still due. Memory is bounded; totals are true.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::compare::{json, record};
use super::outbox::enqueue;
use super::totals::join;
use super::{Ledger, LedgerError, take_numbers};
use crate::alert::{Alert, FileReport, News, Told, Totals};
use crate::finding::Finding;
use crate::notification::{Made, Notification};
use crate::record::Field;
use crate::rule_card::{Lane, Level, RuleCard};

/// Findings that every alert of a mail may show, however many the others have.
const FAIR: i64 = 20;
const HOUR: i64 = 60 * 60 * 1_000_000;
const MINUTE: i64 = 60 * 1_000_000;

/// How much one mail carries.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    /// Tellings that it is made of at most; what is beyond them waits for the next.
    pub tellings: i64,
    /// Findings that are held in memory at most; the totals count all of them.
    pub findings: i64,
    /// Bytes of their records, as stored, after which no more are held.
    pub bytes: i64,
}

/// Whom an alert is told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTelling {
    /// The address; empty when there is none.
    pub recipient: String,
    /// The lane.
    pub lane: Lane,
    /// Waits, or held.
    pub state: NewTellingState,
}

/// How a telling begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewTellingState {
    /// It is due then. A later hour of a burst moves the whole burst of the recipient.
    Due(i64),
    /// It is held, with the reason's word.
    Held(&'static str),
}

/// A mail that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLetter {
    /// The address.
    pub recipient: String,
    /// The lane.
    pub lane: Lane,
    /// The file in the lane of files, else 0.
    pub batch: i64,
    /// The highest level in it.
    pub level: Level,
}

/// What a mail tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Most severe first, then in the order in which they were made.
    pub alerts: Vec<Alert>,
    /// Message-IDs of the first mails about them, distinct, in their order.
    pub roots: Vec<String>,
    /// Whether some of it was over a limit when it was due.
    pub deferred: bool,
    pub(super) tellings: Vec<i64>,
}

impl Draft {
    /// The first of its tellings: no other mail has it.
    pub fn first(&self) -> i64 {
        self.tellings.iter().copied().min().unwrap_or(0)
    }
}

impl Ledger {
    /// Mails that are due: digests first, so that no limit starves them, then the most severe.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn due_letters(&self, now: i64) -> Result<Vec<DueLetter>, LedgerError> {
        let sql = "SELECT recipient, lane, batch, MAX(level) AS level FROM telling \
                   WHERE state = 'waiting' AND due_at <= $1 GROUP BY recipient, lane, batch \
                   ORDER BY CASE WHEN lane IN ('daily', 'weekly') THEN 0 ELSE 1 END, MAX(level) DESC, MIN(id) LIMIT 500";
        let rows = sqlx::query(sql).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(due_letter).collect()
    }

    /// When the next telling is due.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn next_telling_at(&self) -> Result<Option<i64>, LedgerError> {
        let query = sqlx::query_scalar("SELECT MIN(due_at) FROM telling WHERE state = 'waiting'");
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// Makes every burst due now, since nothing more comes; answers how many tellings it moved.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn end_bursts(&self, now: i64) -> Result<u64, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE telling SET due_at = $1 WHERE state = 'waiting' AND lane = 'burst' AND due_at > $1";
        let ended = sqlx::query(sql).bind(now).execute(write.connection()).await?.rows_affected();
        write.commit().await?;
        Ok(ended)
    }

    /// Mails with alerts that were made lately, for a recipient and for all.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn made_lately(&self, recipient: &str, now: i64) -> Result<Made, LedgerError> {
        const ALL: &str = "SELECT COUNT(*) FROM letter WHERE made_at > $1 AND made_at <= $2";
        const DAY: &str = "SELECT COUNT(*) FROM letter WHERE made_at > $1 AND made_at <= $2 AND recipient = $3";
        const NOT_CRITICAL: &str =
            "SELECT COUNT(*) FROM letter WHERE made_at > $1 AND made_at <= $2 AND recipient = $3 AND level < 4";
        let minute: i64 = sqlx::query_scalar(ALL).bind(now - MINUTE).bind(now).fetch_one(&self.pool).await?;
        let day = sqlx::query_scalar(DAY).bind(now - 24 * HOUR).bind(now).bind(recipient);
        let day: i64 = day.fetch_one(&self.pool).await?;
        let hour = sqlx::query_scalar(NOT_CRITICAL).bind(now - HOUR).bind(now).bind(recipient);
        let hour: i64 = hour.fetch_one(&self.pool).await?;
        let count = |many: i64| u64::try_from(many).unwrap_or(0);
        Ok(Made { hour: count(hour), day: count(day), minute: count(minute) })
    }

    /// Whether a recipient was told a digest of this local date.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn digest_is_made(&self, letter: &DueLetter, date: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT COUNT(*) FROM letter WHERE recipient = $1 AND lane = $2 AND local_date = $3";
        let query = sqlx::query_scalar(sql).bind(&letter.recipient).bind(letter.lane.name()).bind(date);
        let many: i64 = query.fetch_one(&self.pool).await?;
        Ok(many > 0)
    }

    /// Moves what is due in a mail to a digest that is due later; `why` is `limit`, or nothing that a reader must know.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn defer_letter(
        &self,
        letter: &DueLetter,
        (digest, due_at): (Lane, i64),
        (why, now): (Option<&'static str>, i64),
    ) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE telling SET lane = $1, batch = 0, due_at = $2, reason = COALESCE($7, reason) \
                   WHERE recipient = $3 AND lane = $4 AND batch = $5 AND state = 'waiting' AND due_at <= $6";
        let query = sqlx::query(sql).bind(digest.name()).bind(due_at).bind(&letter.recipient);
        let query = query.bind(letter.lane.name()).bind(letter.batch).bind(now).bind(why);
        query.execute(write.connection()).await?;
        write.commit().await
    }

    /// What a due mail tells.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn draft(&self, letter: &DueLetter, now: i64, most: Carried) -> Result<Draft, LedgerError> {
        let mut heaps = Heaps::default();
        let sql = "SELECT t.id AS telling, t.reason, a.key, a.rule, a.group_values, a.attempt, a.report, a.totals, \
                   a.as_summary, c.card FROM telling t JOIN alert a ON a.id = t.alert \
                   JOIN rule_card c ON c.attempt = a.attempt AND c.rule = a.rule \
                   WHERE t.recipient = $1 AND t.lane = $2 AND t.batch = $3 AND t.state = 'waiting' AND t.due_at <= $4 \
                   ORDER BY t.level DESC, t.id LIMIT $5";
        let query = sqlx::query(sql).bind(&letter.recipient).bind(letter.lane.name()).bind(letter.batch);
        let mut rows = query.bind(now).bind(most.tellings).fetch(&self.pool);
        while let Some(row) = rows.try_next().await? {
            heaps.add(&row)?;
        }
        drop(rows);
        self.fill(&mut heaps, most).await?;
        let mut draft = Draft { deferred: heaps.deferred, tellings: heaps.tellings, ..Draft::default() };
        for heap in heaps.heaps {
            let sql = "SELECT message_id FROM thread WHERE alert_key = $1 AND recipient = $2";
            let root = sqlx::query_scalar(sql).bind(&heap.alert.key).bind(&letter.recipient);
            let root: Option<String> = root.fetch_optional(&self.pool).await?;
            draft.roots.extend(root.filter(|root| !draft.roots.contains(root)));
            draft.alerts.push(heap.alert);
        }
        Ok(draft)
    }

    /// Carries findings into the alerts, as many as `most` allows; each alert may have its fair few.
    async fn fill(&self, heaps: &mut Heaps, mut most: Carried) -> Result<(), LedgerError> {
        let mut behind = heaps.heaps.len() as i64;
        for heap in &mut heaps.heaps {
            behind -= 1;
            let mut left = most.findings.saturating_sub(behind.saturating_mul(FAIR)).max(FAIR.min(most.findings));
            let places = std::mem::take(&mut heap.places);
            for place in &places {
                let told = self.told(place, &heap.alert, Carried { findings: left, ..most }).await?;
                left -= told.0.len() as i64;
                most.findings -= told.0.len() as i64;
                most.bytes -= told.1;
                heap.alert.told.extend(told.0);
            }
            if places.len() > 1 {
                let date = |told: &Told| told.finding.record.get(Field::DeclarationDate).unwrap_or("").to_owned();
                heap.alert.told.sort_by_cached_key(|told| std::cmp::Reverse(date(told)));
            }
        }
        Ok(())
    }

    /// Findings of an alert, newest declaration first, those without a date last, then by row; and the bytes they took.
    async fn told(&self, place: &Place, alert: &Alert, most: Carried) -> Result<(Vec<Told>, i64), LedgerError> {
        let sql = "SELECT f.id, f.key, f.source, f.line, f.record, LENGTH(f.record) AS bytes, f.evidence, f.amends, \
                   o.source AS old_source, o.line AS old_line, o.record AS old_record \
                   FROM finding f LEFT JOIN finding o ON o.id = f.amends \
                   WHERE f.attempt = $1 AND f.rule = $2 AND f.group_values = $3 AND f.silence IS NULL \
                   ORDER BY f.declared DESC, f.line, f.id LIMIT $4";
        let query = sqlx::query(sql).bind(place.attempt).bind(&alert.rule.id).bind(&place.group);
        let mut rows = query.bind(most.findings.max(0)).fetch(&self.pool);
        let group: Vec<String> = alert.group.iter().map(|(_, value)| value.clone()).collect();
        let (mut found, mut bytes) = (Vec::new(), 0_i64);
        while let Some(row) = rows.try_next().await? {
            // An alert is never told without a single record, however long the others' are.
            if bytes >= most.bytes && !found.is_empty() {
                break;
            }
            bytes += row.try_get::<i64, _>("bytes")?;
            found.push(told(&row, &alert.rule, &group)?);
        }
        Ok((found, bytes))
    }

    /// Puts a mail into the outbox and marks what it tells as told; false when some of that is not due any more.
    ///
    /// # Errors
    /// When the ledger fails; nothing is told then.
    pub async fn put_letter(
        &self,
        letter: &DueLetter,
        (draft, notification): (&Draft, &Notification),
        (local_date, now): (Option<&str>, i64),
    ) -> Result<bool, LedgerError> {
        let mut write = self.write().await?;
        let sql =
            "UPDATE telling SET state = 'told', message_id = $2, settled_at = $3 WHERE id = $1 AND state = 'waiting'";
        for id in &draft.tellings {
            let query = sqlx::query(sql).bind(*id).bind(&notification.message_id).bind(now);
            if query.execute(write.connection()).await?.rows_affected() == 0 {
                write.roll_back().await?;
                return Ok(false);
            }
        }
        let sql = "INSERT INTO letter (message_id, recipient, lane, local_date, level, made_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(sql).bind(&notification.message_id).bind(&letter.recipient).bind(letter.lane.name());
        let query = query.bind(local_date.map(str::to_owned)).bind(rank(letter.level)).bind(now);
        query.execute(write.connection()).await?;
        for alert in &draft.alerts {
            let sql = "INSERT INTO thread (alert_key, recipient, message_id) VALUES ($1, $2, $3) \
                       ON CONFLICT (alert_key, recipient) DO NOTHING";
            let query = sqlx::query(sql).bind(&alert.key).bind(&letter.recipient).bind(&notification.message_id);
            query.execute(write.connection()).await?;
        }
        let key = draft.alerts.first().map(|alert| alert.key.as_str());
        enqueue(write.connection(), notification, (key, now)).await?;
        write.commit().await?;
        Ok(true)
    }
}

/// Writes down whom an alert is told to.
pub(super) async fn put_telling(
    connection: &mut AnyConnection,
    (alert, file, level): (i64, i64, Level),
    (telling, now): (&NewTelling, i64),
) -> Result<(), LedgerError> {
    let (state, reason, due_at) = match telling.state {
        NewTellingState::Due(at) => ("waiting", None, at),
        NewTellingState::Held(reason) => ("held", Some(reason), now),
    };
    if telling.lane == Lane::Burst && state == "waiting" {
        let sql = "UPDATE telling SET due_at = $2 WHERE recipient = $1 AND lane = 'burst' AND state = 'waiting' \
                   AND due_at > $3";
        sqlx::query(sql).bind(&telling.recipient).bind(due_at).bind(now).execute(&mut *connection).await?;
    }
    let id = take_numbers(connection, "telling", 1).await?;
    let sql = "INSERT INTO telling (id, alert, recipient, lane, batch, level, state, reason, made_at, due_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let batch = if telling.lane == Lane::File { file } else { 0 };
    let query = sqlx::query(sql).bind(id).bind(alert).bind(&telling.recipient).bind(telling.lane.name()).bind(batch);
    let query = query.bind(rank(level)).bind(state).bind(reason).bind(now).bind(due_at);
    query.execute(connection).await?;
    Ok(())
}

/// Where the findings of an alert stand.
struct Place {
    attempt: i64,
    group: String,
}

/// One rule and group of a mail.
struct Heap {
    alert: Alert,
    places: Vec<Place>,
}

#[derive(Default)]
struct Heaps {
    heaps: Vec<Heap>,
    at: HashMap<String, usize>,
    /// The card of a rule as it was read last: most attempts have the same.
    cards: HashMap<String, (Vec<u8>, Arc<RuleCard>)>,
    tellings: Vec<i64>,
    deferred: bool,
}

impl Heaps {
    fn add(&mut self, row: &AnyRow) -> Result<(), LedgerError> {
        self.tellings.push(row.try_get("telling")?);
        self.deferred |= row.try_get::<Option<String>, _>("reason")?.as_deref() == Some("limit");
        let rule = self.card(row)?;
        let group: String = row.try_get("group_values")?;
        let place = Place { attempt: row.try_get("attempt")?, group: group.clone() };
        let (report, totals): (FileReport, Totals) = (json(row, "report")?, json(row, "totals")?);
        let key: String = row.try_get("key")?;
        if let Some(heap) = self.at.get(&key).and_then(|at| self.heaps.get_mut(*at)) {
            join(&mut heap.alert.totals, totals);
            heap.alert.files.push(report);
            heap.alert.rule = rule;
            heap.places.push(place);
            return Ok(());
        }
        let values: Vec<String> = serde_json::from_str(&group).map_err(LedgerError::json("group"))?;
        let group = rule.alert.group_by.iter().cloned().zip(values).collect();
        self.at.insert(key.clone(), self.heaps.len());
        let alert = Alert { key, rule, group, told: Vec::new(), totals, files: vec![report] };
        self.heaps.push(Heap { alert, places: vec![place] });
        Ok(())
    }

    fn card(&mut self, row: &AnyRow) -> Result<Arc<RuleCard>, LedgerError> {
        let mut bytes: Vec<u8> = row.try_get("card")?;
        let summary = row.try_get::<i64, _>("as_summary")? != 0;
        bytes.push(u8::from(summary));
        let rule: String = row.try_get("rule")?;
        if let Some((known, card)) = self.cards.get(&rule)
            && *known == bytes
        {
            return Ok(card.clone());
        }
        let mut card: RuleCard = json(row, "card")?;
        card.alert.summary |= summary;
        let card = Arc::new(card);
        self.cards.insert(rule, (bytes, card.clone()));
        Ok(card)
    }
}

/// A published finding of the columns id, key, source, line, record, evidence, and old ones when it amends.
pub(super) fn told(row: &AnyRow, rule: &Arc<RuleCard>, group: &[String]) -> Result<Told, LedgerError> {
    let news = match row.try_get::<Option<i64>, _>("amends")? {
        Some(_) => News::Amended { before: Box::new(record(row, ["old_source", "old_line", "old_record"])?) },
        None => News::New,
    };
    let finding = Finding {
        rule: rule.clone(),
        record: record(row, ["source", "line", "record"])?,
        evidence: json(row, "evidence")?,
        group: group.to_vec(),
    };
    Ok(Told { id: row.try_get("id")?, key: row.try_get("key")?, finding, news })
}

fn due_letter(row: &AnyRow) -> Result<DueLetter, LedgerError> {
    let word: String = row.try_get("lane")?;
    let lane = Lane::ALL.into_iter().find(|lane| lane.name() == word);
    let level = usize::try_from(row.try_get::<i64, _>("level")?).ok().and_then(|rank| Level::ALL.get(rank).copied());
    Ok(DueLetter {
        recipient: row.try_get("recipient")?,
        lane: lane.ok_or(LedgerError::Word { what: "lane", word })?,
        batch: row.try_get("batch")?,
        level: level.unwrap_or(Level::Critical),
    })
}

/// 0 for informational to 4 for critical.
fn rank(level: Level) -> i64 {
    Level::ALL.iter().position(|known| *known == level).unwrap_or(0) as i64
}
