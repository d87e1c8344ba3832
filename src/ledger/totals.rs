//! Totals over all findings of an alert, also of those that no mail carries. One of them in memory at a time.

use std::collections::HashMap;
use std::str::FromStr;

use futures_util::TryStreamExt;
use rust_decimal::Decimal;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::LedgerError;
use crate::alert::{PartyMonth, Totals};

/// Lines of a summary.
const LINES: i64 = 200;

/// What an alert is made of: attempt, rule, group as JSON text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heap<'a> {
    pub attempt: i64,
    pub rule: &'a str,
    pub group: &'a str,
}

type Line = (String, String, String);

/// Adds up sums and lines; the counts are given.
pub(super) async fn total(
    connection: &mut AnyConnection,
    heap: Heap<'_>,
    (new, amended): (u64, u64),
) -> Result<Totals, LedgerError> {
    let mut lines = lines(&mut *connection, heap).await?;
    let places: HashMap<Line, usize> = lines.iter().enumerate().map(|(place, line)| (name(line), place)).collect();
    let mut sums: Vec<Option<Decimal>> = vec![None; lines.len()];
    let mut sum = None;
    let sql = "SELECT consignor, consignee, SUBSTR(declared, 1, 7) AS month, value_usd FROM staging \
               WHERE attempt = $1 AND rule = $2 AND group_values = $3 AND silence IS NULL \
               AND news IN ('new', 'amended') ORDER BY seq";
    let mut rows = sqlx::query(sql).bind(heap.attempt).bind(heap.rule).bind(heap.group).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let Some(value) = value(&row)? else { continue };
        add(&mut sum, value);
        if let Some(slot) = places.get(&named(&row)?).and_then(|place| sums.get_mut(*place)) {
            add(slot, value);
        }
    }
    for (line, sum) in lines.iter_mut().zip(sums) {
        line.value_usd = sum.map(text);
    }
    Ok(Totals { new, amended, value_usd: sum.map(text), by_party_and_month: lines })
}

async fn lines(connection: &mut AnyConnection, heap: Heap<'_>) -> Result<Vec<PartyMonth>, LedgerError> {
    let sql = "SELECT consignor, consignee, SUBSTR(declared, 1, 7) AS month, COUNT(*) AS records FROM staging \
               WHERE attempt = $1 AND rule = $2 AND group_values = $3 AND silence IS NULL \
               AND news IN ('new', 'amended') \
               GROUP BY consignor, consignee, SUBSTR(declared, 1, 7) \
               ORDER BY COUNT(*) DESC, consignor, consignee, SUBSTR(declared, 1, 7) LIMIT $4";
    let query = sqlx::query(sql).bind(heap.attempt).bind(heap.rule).bind(heap.group).bind(LINES);
    let rows = query.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (consignor, consignee, month) = named(row)?;
            let records = u64::try_from(row.try_get::<i64, _>("records")?).unwrap_or(0);
            Ok(PartyMonth { consignor, consignee, month, records, value_usd: None })
        })
        .collect()
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

/// The totals of the same alert of several files together; lines beyond the most are left out, the smallest first.
pub(super) fn join(all: &mut Totals, more: Totals) {
    all.new = all.new.saturating_add(more.new);
    all.amended = all.amended.saturating_add(more.amended);
    let mut sum = parsed(all.value_usd.as_ref());
    if let Some(value) = parsed(more.value_usd.as_ref()) {
        add(&mut sum, value);
    }
    all.value_usd = sum.map(text);
    for line in more.by_party_and_month {
        match all.by_party_and_month.iter_mut().find(|known| name(known) == name(&line)) {
            Some(known) => {
                known.records = known.records.saturating_add(line.records);
                let mut sum = parsed(known.value_usd.as_ref());
                if let Some(value) = parsed(line.value_usd.as_ref()) {
                    add(&mut sum, value);
                }
                known.value_usd = sum.map(text);
            }
            None => all.by_party_and_month.push(line),
        }
    }
    all.by_party_and_month.sort_by_key(|line| std::cmp::Reverse(line.records));
    all.by_party_and_month.truncate(usize::try_from(LINES).unwrap_or(usize::MAX));
}

fn parsed(sum: Option<&String>) -> Option<Decimal> {
    sum.and_then(|text| Decimal::from_str(text).ok())
}
