//! New, amended or told before: staged findings against what was published.
//!
//! Most of it is said in SQL; only findings whose key is published with other content are looked at one by one, in
//! pages, so that memory does not grow with the file.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::LedgerError;
use crate::finding::{Evidence, Finding, hash};
use crate::record::{Field, Record, SourceFile};
use crate::rule_card::RuleCard;

/// Findings looked at together.
const PAGE: i64 = 200;
/// Versions of one finding that are looked at, newest first. Identical ones are found whatever their age.
const VERSIONS: i64 = 64;

/// Identity of what was told under a key: what the export says in canonical cells and in the raw cells that the rule
/// reads, and the entities matched, as their lists number them.
pub(super) fn stored_content(finding: &Finding) -> String {
    let mut parts = vec![finding.content()];
    for read in finding.rule.reads.iter().filter(|read| read.starts_with("raw.")) {
        parts.push(format!("{read}={}", cells(&finding.record, read).join("\u{1f}")));
    }
    let entities = finding.evidence.iter().filter_map(|one| one.entity_id.as_deref().or(one.entity.as_deref()));
    let known: BTreeSet<&str> = entities.collect();
    parts.extend(known.into_iter().map(|entity| format!("entity={entity}")));
    hash(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Fills `news` and `told` of everything that the attempt staged.
pub(super) async fn mark(connection: &mut AnyConnection, attempt: i64) -> Result<(), LedgerError> {
    for sql in [
        // The same line once more under the same key of the same file.
        "UPDATE staging SET news = 'twin' WHERE attempt = $1 AND seq > (SELECT MIN(same.seq) FROM staging same \
         WHERE same.attempt = $1 AND same.key = staging.key AND same.content = staging.content)",
        "UPDATE staging SET news = 'repeated', told = (SELECT f.id FROM finding f WHERE f.key = staging.key \
         AND f.content = staging.content) WHERE attempt = $1 AND news IS NULL AND EXISTS (SELECT 1 FROM finding f \
         WHERE f.key = staging.key AND f.content = staging.content)",
        "UPDATE staging SET news = 'new' WHERE attempt = $1 AND news IS NULL AND NOT EXISTS (SELECT 1 FROM finding f \
         WHERE f.key = staging.key)",
    ] {
        sqlx::query(sql).bind(attempt).execute(&mut *connection).await?;
    }
    mark_one_by_one(connection, attempt).await
}

async fn mark_one_by_one(connection: &mut AnyConnection, attempt: i64) -> Result<(), LedgerError> {
    let sql = "SELECT s.seq, s.key, s.source, s.line, s.record, s.evidence, c.card FROM staging s \
               JOIN rule_card c ON c.attempt = s.attempt AND c.rule = s.rule \
               WHERE s.attempt = $1 AND s.seq > $2 AND s.news IS NULL ORDER BY s.seq LIMIT $3";
    let mut after = 0_i64;
    loop {
        let page = sqlx::query(sql).bind(attempt).bind(after).bind(PAGE).fetch_all(&mut *connection).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.try_get("seq")?;
        for row in &page {
            let (news, told) = verdict(connection, row).await?;
            let query = sqlx::query("UPDATE staging SET news = $3, told = $4 WHERE attempt = $1 AND seq = $2");
            let query = query.bind(attempt).bind(row.try_get::<i64, _>("seq")?).bind(news).bind(told);
            query.execute(&mut *connection).await?;
        }
    }
}

/// Repeated when versions told before read the same and their entities, together, cover the ones matched now.
async fn verdict(connection: &mut AnyConnection, row: &AnyRow) -> Result<(&'static str, i64), LedgerError> {
    let card: RuleCard = json(row, "card")?;
    let now = record(row, ["source", "line", "record"])?;
    let evidence: Vec<Evidence> = json(row, "evidence")?;
    let mut missing: Vec<&Evidence> = evidence.iter().filter(|one| one.entity.is_some()).collect();
    let sql = "SELECT id, source, line, record, evidence FROM finding WHERE key = $1 ORDER BY id DESC LIMIT $2";
    let query = sqlx::query(sql).bind(row.try_get::<String, _>("key")?).bind(VERSIONS);
    let versions = query.fetch_all(connection).await?;
    let mut latest = 0;
    for version in &versions {
        let id: i64 = version.try_get("id")?;
        latest = latest.max(id);
        if !reads_the_same(&card, &now, &record(version, ["source", "line", "record"])?) {
            continue;
        }
        let matched: Vec<Evidence> = json(version, "evidence")?;
        missing.retain(|now| !matched.iter().any(|known| now.is_same_entity(known)));
        if missing.is_empty() {
            return Ok(("repeated", id));
        }
    }
    Ok(("amended", latest))
}

/// A JSON column.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, LedgerError> {
    serde_json::from_slice(&row.try_get::<Vec<u8>, _>(column)?).map_err(LedgerError::json(column))
}

/// The record of the columns named: source, line, record.
pub(super) fn record(row: &AnyRow, [source, line, cells]: [&'static str; 3]) -> Result<Record, LedgerError> {
    let source: SourceFile = json(row, source)?;
    let line = u64::try_from(row.try_get::<i64, _>(line)?).unwrap_or(0);
    Ok(Record::from_json(Arc::new(source), line, &json(row, cells)?))
}

/// What is computed from the record does not count: the export says the same, whatever a rate is now.
fn reads_the_same(card: &RuleCard, now: &Record, before: &Record) -> bool {
    let is_computed = |read: &str| now.computed_usd && read == Field::ValueUsd.name();
    card.reads.iter().all(|read| is_computed(read) || cells(now, read) == cells(before, read))
}

/// What a record says under a name that a rule reads: a field, all parts of a party (`consignee`), or `raw.` heading.
fn cells<'a>(record: &'a Record, read: &str) -> Vec<&'a str> {
    if let Some(heading) = read.strip_prefix("raw.") {
        let heading = fold(heading);
        let raw = record.raw.iter().filter(|(name, _)| fold(name) == heading);
        return raw.map(|(_, cell)| cell.as_str()).collect();
    }
    if let Some(field) = Field::from_name(read) {
        return vec![record.get(field).unwrap_or("")];
    }
    let parts = Field::all()
        .filter(|field| matches!(field, Field::Party(..)))
        .filter(|field| field.name().strip_prefix(read).is_some_and(|part| part.starts_with('.')));
    parts.map(|field| record.get(field).unwrap_or("")).collect()
}

/// Headings are compared without case, spaces and signs, as rules write them.
fn fold(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
