//! Totals over all findings of an alert, also of those that no mail carries. One of them in memory at a time.
//!
//! What a file's alert is worth is added up when it is published; the lines of a summary are added up when they are told,
//! over all files of the mail at once: what is cut before is not there to be added.

use std::collections::HashMap;
use std::str::FromStr;

use futures_util::TryStreamExt;
use rust_decimal::Decimal;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::telling::DueLetter;
use super::{Ledger, LedgerError};
use crate::alert::{PartyMonth, Totals};

/// Lines of a summary that are carried along.
const LINES: i64 = 200;

/// What an alert is made of: attempt, rule, group as JSON text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heap<'a> {
    pub attempt: i64,
    pub rule: &'a str,
    pub group: &'a str,
}

type Line = (String, String, String);

/// Adds up what is staged; the counts are given.
pub(super) async fn total(
    connection: &mut AnyConnection,
    heap: Heap<'_>,
    (new, amended): (u64, u64),
) -> Result<Totals, LedgerError> {
    let mut sum = None;
    let sql = "SELECT value_usd FROM staging WHERE attempt = $1 AND rule = $2 AND group_values = $3 \
               AND silence IS NULL AND news IN ('new', 'amended') ORDER BY seq";
    let mut rows = sqlx::query(sql).bind(heap.attempt).bind(heap.rule).bind(heap.group).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        value(&row)?.into_iter().for_each(|value| add(&mut sum, value));
    }
    Ok(Totals { new, amended, value_usd: sum.map(text), ..Totals::default() })
}

/// An alert of a mail, over all files that it tells of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summed<'a> {
    pub letter: &'a DueLetter,
    pub now: i64,
    /// Tellings that the mail is made of at most.
    pub tellings: i64,
    /// The alert's key.
    pub alert: &'a str,
}

/// The findings of an alert of a mail, which `draft` makes of the same tellings.
macro_rules! findings_summed {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT f.consignor, f.consignee, SUBSTR(f.declared, 1, 7) AS month, ",
            $columns,
            " FROM finding f JOIN (SELECT DISTINCT a.attempt, a.rule, a.group_values FROM alert a JOIN telling t ",
            "ON t.alert = a.id WHERE a.key = $6 AND t.id IN (SELECT id FROM telling WHERE recipient = $1 AND lane = $2 ",
            "AND batch = $3 AND state = 'waiting' AND due_at <= $4 ORDER BY level DESC, id LIMIT $5)) p ",
            "ON f.attempt = p.attempt AND f.rule = p.rule AND f.group_values = p.group_values AND f.silence IS NULL",
            $rest
        )
    };
}

const SUMMED: &str = findings_summed!(
    "COUNT(*) AS records, COUNT(*) OVER () AS many",
    " GROUP BY f.consignor, f.consignee, SUBSTR(f.declared, 1, 7) \
     ORDER BY COUNT(*) DESC, f.consignor, f.consignee, SUBSTR(f.declared, 1, 7) LIMIT $7"
);
const VALUES: &str = findings_summed!("f.value_usd", " ORDER BY f.id");

impl Ledger {
    /// The lines of a summary with the most records, and how many lines there are.
    pub(super) async fn lines(&self, of: Summed<'_>) -> Result<(Vec<PartyMonth>, u64), LedgerError> {
        let query = |sql: &'static str| {
            let query = sqlx::query(sql).bind(&of.letter.recipient).bind(of.letter.lane.name()).bind(of.letter.batch);
            query.bind(of.now).bind(of.tellings).bind(of.alert)
        };
        let rows = query(SUMMED).bind(LINES).fetch_all(&self.pool).await?;
        let mut many = 0;
        let mut lines = Vec::with_capacity(rows.len());
        for row in &rows {
            many = count(row, "many")?;
            let (consignor, consignee, month) = named(row)?;
            lines.push(PartyMonth { consignor, consignee, month, records: count(row, "records")?, value_usd: None });
        }
        let places: HashMap<Line, usize> = lines.iter().enumerate().map(|(place, line)| (name(line), place)).collect();
        let mut sums: Vec<Option<Decimal>> = vec![None; lines.len()];
        let mut rows = query(VALUES).fetch(&self.pool);
        while let Some(row) = rows.try_next().await? {
            let Some(value) = value(&row)? else { continue };
            if let Some(slot) = places.get(&named(&row)?).and_then(|place| sums.get_mut(*place)) {
                add(slot, value);
            }
        }
        for (line, sum) in lines.iter_mut().zip(sums) {
            line.value_usd = sum.map(text);
        }
        Ok((lines, many))
    }
}

fn count(row: &AnyRow, column: &str) -> Result<u64, LedgerError> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

fn name(line: &PartyMonth) -> Line {
    (line.consignor.clone(), line.consignee.clone(), line.month.clone())
}

fn named(row: &AnyRow) -> Result<Line, LedgerError> {
    Ok((row.try_get("consignor")?, row.try_get("consignee")?, row.try_get("month")?))
}

fn value(row: &AnyRow) -> Result<Option<Decimal>, LedgerError> {
    Ok(Decimal::from_str(&row.try_get::<String, _>("value_usd")?).ok())
}

/// A sum beyond what a decimal holds stays where it was: only an absurd file gets there.
fn add(sum: &mut Option<Decimal>, value: Decimal) {
    let so_far = sum.unwrap_or_default();
    *sum = Some(so_far.checked_add(value).unwrap_or(so_far));
}

fn text(sum: Decimal) -> String {
    sum.normalize().to_string()
}

/// The totals of the same alert of several files together.
pub(super) fn join(all: &mut Totals, more: &Totals) {
    all.new = all.new.saturating_add(more.new);
    all.amended = all.amended.saturating_add(more.amended);
    let mut sum = parsed(all.value_usd.as_ref());
    if let Some(value) = parsed(more.value_usd.as_ref()) {
        add(&mut sum, value);
    }
    all.value_usd = sum.map(text);
}

fn parsed(sum: Option<&String>) -> Option<Decimal> {
    sum.and_then(|text| Decimal::from_str(text).ok())
}
