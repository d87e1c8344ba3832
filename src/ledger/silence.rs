//! Silences: kept, applied to what a file staged, and counted. What they cover is recorded all the same.

use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::compare::{json, record};
use super::draft::told;
use super::outbox::enqueue;
use super::{Ledger, LedgerError, clean, take_numbers};
use crate::alert::Told;
use crate::notification::Notification;
use crate::record::Record;
use crate::rule_card::RuleCard;
use crate::silence::{Matcher, Silence};

/// Findings looked at together.
const PAGE: i64 = 500;
/// Findings shown of what was silenced.
const EXAMPLES: i64 = 5;
const WEEK: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// A silence that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSilence {
    /// What it covers.
    pub matcher: Matcher,
    /// A mail address.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until_at: i64,
}

/// What a silence came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SilenceSum {
    /// Findings by rule, the most first.
    pub rules: Vec<(String, u64)>,
    /// Some of them, newest first.
    pub examples: Vec<Told>,
}

macro_rules! select_silence {
    ($rest:literal) => {
        concat!(
            "SELECT id, rule, tag, source, field, value, author, reason, made_at, until_at, ended_at FROM silence ",
            $rest
        )
    };
}

const ALL: &str = select_silence!("ORDER BY id");

impl Ledger {
    /// Begins a silence; answers its number.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn add_silence(&self, silence: &NewSilence, now: i64) -> Result<i64, LedgerError> {
        let mut write = self.write().await?;
        let id = take_numbers(write.connection(), "silence", 1).await?;
        let sql = "INSERT INTO silence (id, rule, tag, source, field, value, author, reason, made_at, until_at, \
                   reminded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)";
        let matcher = silence.matcher.clone();
        let (field, value) = matcher.field.unzip();
        let query = sqlx::query(sql).bind(id).bind(matcher.rule).bind(matcher.tag).bind(matcher.source);
        let query = query.bind(field).bind(value).bind(clean(&silence.author)).bind(clean(&silence.reason));
        query.bind(now).bind(silence.until_at).execute(write.connection()).await?;
        write.commit().await?;
        Ok(id)
    }

    /// Every silence that there ever was, the oldest first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn silences(&self) -> Result<Vec<Silence>, LedgerError> {
        let rows = sqlx::query(ALL).fetch_all(&self.pool).await?;
        rows.iter().map(silence).collect()
    }

    /// The findings since a moment, newest first, a page of them before a number: each with its number, the record and the
    /// rule as it then stood.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn findings_before(&self, before: i64, since: i64) -> Result<Vec<(i64, Record, RuleCard)>, LedgerError> {
        let sql = "SELECT f.id, f.source, f.line, f.record, c.card FROM finding f \
                   JOIN rule_card c ON c.attempt = f.attempt AND c.rule = f.rule \
                   WHERE f.id < $1 AND f.found_at >= $2 AND f.rule <> 'tidewaiter-canary' ORDER BY f.id DESC LIMIT $3";
        let rows = sqlx::query(sql).bind(before).bind(since).bind(PAGE).fetch_all(&self.pool).await?;
        let finding = |row: &AnyRow| {
            Ok((row.try_get("id")?, record(row, ["source", "line", "record"])?, json::<RuleCard>(row, "card")?))
        };
        rows.iter().map(finding).collect()
    }

    /// Ends a silence before its time; false when none of that number is in force.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn end_silence(&self, id: i64, now: i64) -> Result<bool, LedgerError> {
        let mut write = self.write().await?;
        let sql = "UPDATE silence SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND until_at > $2";
        let ended = sqlx::query(sql).bind(id).bind(now).execute(write.connection()).await?.rows_affected();
        write.commit().await?;
        Ok(ended > 0)
    }

    /// Silences in force whose author was told of them a week ago.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn silences_to_remind_of(&self, now: i64) -> Result<Vec<Silence>, LedgerError> {
        let sql = select_silence!("WHERE ended_at IS NULL AND until_at > $1 AND reminded_at <= $2 ORDER BY id");
        let rows = sqlx::query(sql).bind(now).bind(now - WEEK).fetch_all(&self.pool).await?;
        rows.iter().map(silence).collect()
    }

    /// Silences that are over and that nobody has summed up.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn silences_to_sum_up(&self, now: i64) -> Result<Vec<Silence>, LedgerError> {
        let sql = select_silence!("WHERE (ended_at IS NOT NULL OR until_at <= $1) AND summed_at IS NULL ORDER BY id");
        let rows = sqlx::query(sql).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(silence).collect()
    }

    /// What a silence came to so far.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn silence_sum(&self, id: i64) -> Result<SilenceSum, LedgerError> {
        let sql =
            "SELECT rule, COUNT(*) AS many FROM finding WHERE silence = $1 GROUP BY rule ORDER BY COUNT(*) DESC, rule";
        let rows = sqlx::query(sql).bind(id).fetch_all(&self.pool).await?;
        let count =
            |row: &AnyRow| Ok((row.try_get("rule")?, u64::try_from(row.try_get::<i64, _>("many")?).unwrap_or(0)));
        let rules: Result<Vec<(String, u64)>, LedgerError> = rows.iter().map(count).collect();
        let sql = "SELECT f.id, f.key, f.source, f.line, f.record, f.evidence, f.amends, o.source AS old_source, \
                   o.line AS old_line, o.record AS old_record, o.evidence AS old_evidence, c.card FROM finding f \
                   JOIN rule_card c ON c.attempt = f.attempt AND c.rule = f.rule \
                   LEFT JOIN finding o ON o.id = f.amends WHERE f.silence = $1 ORDER BY f.id DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(id).bind(EXAMPLES).fetch_all(&self.pool).await?;
        let example = |row: &AnyRow| told(row, &Arc::new(json::<RuleCard>(row, "card")?), &[]);
        let examples: Result<Vec<Told>, LedgerError> = rows.iter().map(example).collect();
        Ok(SilenceSum { rules: rules?, examples: examples? })
    }

    /// Tells the author of a silence: that it is in force, or what it came to now that it is over.
    ///
    /// # Errors
    /// When the ledger fails; nothing is told then.
    pub async fn tell_of_silence(
        &self,
        silence: &Silence,
        notification: &Notification,
        now: i64,
    ) -> Result<(), LedgerError> {
        let mut write = self.write().await?;
        let sql = match silence.in_force(now) {
            true => "UPDATE silence SET reminded_at = $2 WHERE id = $1",
            false => "UPDATE silence SET summed_at = $2 WHERE id = $1",
        };
        sqlx::query(sql).bind(silence.id).bind(now).execute(write.connection()).await?;
        enqueue(write.connection(), notification, (None, now)).await?;
        write.commit().await
    }
}

/// Marks what silences in force cover of what an attempt staged; answers how many. The oldest silence that covers counts.
pub(super) async fn hush<C>(
    connection: &mut AnyConnection,
    (attempt, source): (i64, &str),
    mut covers: C,
    now: i64,
) -> Result<u64, LedgerError>
where
    C: FnMut(&Matcher, &Record) -> bool,
{
    let rows = sqlx::query(ALL).fetch_all(&mut *connection).await?;
    let silences: Result<Vec<Silence>, LedgerError> = rows.iter().map(silence).collect();
    let silences: Vec<Silence> = silences?.into_iter().filter(|silence| silence.in_force(now)).collect();
    if silences.is_empty() {
        return Ok(0);
    }
    let cards = sqlx::query("SELECT card FROM rule_card WHERE attempt = $1").bind(attempt);
    let cards = cards.fetch_all(&mut *connection).await?;
    let mut hushed = 0;
    for row in &cards {
        let card: RuleCard = json(row, "card")?;
        for silence in silences.iter().filter(|silence| silence.matcher.may_cover(&card, source)) {
            hushed += match silence.matcher.field {
                None => hush_rule(connection, (attempt, &card.id), silence.id).await?,
                Some(_) => hush_records(connection, (attempt, &card.id), silence, &mut covers).await?,
            };
        }
    }
    Ok(hushed)
}

async fn hush_rule(
    connection: &mut AnyConnection,
    (attempt, rule): (i64, &str),
    silence: i64,
) -> Result<u64, LedgerError> {
    let sql = "UPDATE staging SET silence = $3 WHERE attempt = $1 AND rule = $2 AND silence IS NULL \
               AND news IN ('new', 'amended')";
    Ok(sqlx::query(sql).bind(attempt).bind(rule).bind(silence).execute(connection).await?.rows_affected())
}

async fn hush_records<C>(
    connection: &mut AnyConnection,
    (attempt, rule): (i64, &str),
    silence: &Silence,
    covers: &mut C,
) -> Result<u64, LedgerError>
where
    C: FnMut(&Matcher, &Record) -> bool,
{
    let sql = "SELECT seq, source, line, record FROM staging WHERE attempt = $1 AND rule = $2 AND seq > $3 \
               AND silence IS NULL AND news IN ('new', 'amended') ORDER BY seq LIMIT $4";
    let (mut after, mut hushed) = (0_i64, 0);
    loop {
        let page = sqlx::query(sql).bind(attempt).bind(rule).bind(after).bind(PAGE).fetch_all(&mut *connection).await?;
        let Some(last) = page.last() else { return Ok(hushed) };
        after = last.try_get("seq")?;
        for row in &page {
            if !covers(&silence.matcher, &record(row, ["source", "line", "record"])?) {
                continue;
            }
            let query = sqlx::query("UPDATE staging SET silence = $3 WHERE attempt = $1 AND seq = $2");
            let query = query.bind(attempt).bind(row.try_get::<i64, _>("seq")?).bind(silence.id);
            hushed += query.execute(&mut *connection).await?.rows_affected();
        }
    }
}

fn silence(row: &AnyRow) -> Result<Silence, LedgerError> {
    let field: Option<String> = row.try_get("field")?;
    let value: Option<String> = row.try_get("value")?;
    let matcher = Matcher {
        rule: row.try_get("rule")?,
        tag: row.try_get("tag")?,
        source: row.try_get("source")?,
        field: field.zip(value),
    };
    Ok(Silence {
        id: row.try_get("id")?,
        matcher,
        author: row.try_get("author")?,
        reason: row.try_get("reason")?,
        made_at: row.try_get("made_at")?,
        until_at: row.try_get("until_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}
