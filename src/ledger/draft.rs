//! Draft: what one mail tells → its alerts as the ledger has them, with as many findings as memory allows.
//!
//! Memory is bounded and shared fairly over the alerts; totals are true, however little is carried along.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::compare::{json, record};
use super::earlier::{Reader, told_before};
use super::storm::was_held;
use super::telling::{Carried, Draft, DueLetter};
use super::totals::{Summed, join};
use super::{Ledger, LedgerError};
use crate::alert::{Alert, FileReport, News, Told, Totals, Version};
use crate::finding::Finding;
use crate::record::Field;
use crate::rule_card::RuleCard;

/// An alert is never told without a single record, however long it is, until all together are this many times too long.
const OVER: i64 = 4;

impl Ledger {
    /// What a due mail tells.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn draft(&self, letter: &DueLetter, now: i64, most: Carried) -> Result<Draft, LedgerError> {
        let mut heaps = Heaps::default();
        let sql = "SELECT t.id AS telling, t.reason, a.key, a.rule, a.group_values, a.attempt, a.report, a.totals, \
                   a.as_summary, c.card, s.made_at AS storm_since, s.settled_at AS storm_until, \
                   s.reason AS storm_reason, s.outcome AS storm_outcome FROM telling t JOIN alert a ON a.id = t.alert \
                   JOIN rule_card c ON c.attempt = a.attempt AND c.rule = a.rule LEFT JOIN storm s ON s.id = a.storm \
                   WHERE t.recipient = $1 AND t.lane = $2 AND t.batch = $3 AND t.state = 'waiting' AND t.due_at <= $4 \
                   ORDER BY t.level DESC, t.id LIMIT $5";
        let query = sqlx::query(sql).bind(&letter.recipient).bind(letter.lane.name()).bind(letter.batch);
        let mut rows = query.bind(now).bind(most.tellings).fetch(&self.pool);
        while let Some(row) = rows.try_next().await? {
            heaps.add(&row)?;
        }
        drop(rows);
        let reader = Reader { letter, now };
        for heap in &mut heaps.heaps {
            self.count_for_reader(heap, reader).await?;
        }
        self.fill(&mut heaps.heaps, reader, most).await?;
        let mut draft = Draft { deferred: heaps.deferred, tellings: heaps.tellings, ..Draft::default() };
        for mut heap in heaps.heaps {
            for root in self.first_mails(&heap.alert.told, reader).await? {
                draft.roots.extend(Some(root).filter(|root| !draft.roots.contains(root)));
            }
            let sql = "SELECT message_id FROM thread WHERE alert_key = $1 AND recipient = $2";
            let root = sqlx::query_scalar(sql).bind(&heap.alert.key).bind(&letter.recipient);
            let root: Option<String> = root.fetch_optional(&self.pool).await?;
            draft.roots.extend(root.filter(|root| !draft.roots.contains(root)));
            if heap.alert.rule.alert.summary {
                let summed = Summed { letter, now, tellings: most.tellings, alert: &heap.alert.key };
                let (lines, many) = self.lines(summed).await?;
                (heap.alert.totals.by_party_and_month, heap.alert.totals.lines) = (lines, many);
            }
            draft.alerts.push(heap.alert);
        }
        Ok(draft)
    }

    /// What was told to others alone counts as new to this reader.
    async fn count_for_reader(&self, heap: &mut Heap, reader: Reader<'_>) -> Result<(), LedgerError> {
        let totals = &mut heap.alert.totals;
        if totals.amended == 0 {
            return Ok(());
        }
        for place in &heap.places {
            let untold = self.never_told((place.attempt, &heap.alert.rule.id, &place.group), reader).await?;
            totals.new = totals.new.saturating_add(untold);
            totals.amended = totals.amended.saturating_sub(untold);
        }
        Ok(())
    }

    /// Carries findings into the alerts: first as many of each as of the others, then what is left, the most severe first.
    async fn fill(&self, heaps: &mut [Heap], reader: Reader<'_>, most: Carried) -> Result<(), LedgerError> {
        let mut left = most;
        for at in 0..heaps.len() {
            let behind = (heaps.len() - at) as i64;
            let part = Carried { findings: (left.findings + behind - 1) / behind, bytes: left.bytes / behind, ..left };
            let Some(heap) = heaps.get_mut(at) else { break };
            self.carry(heap, reader, (part, left.bytes > most.bytes.saturating_mul(-OVER))).await?;
            left = heap.taken_from(left);
        }
        for heap in heaps {
            let carried = heap.alert.told.len() as u64;
            if left.findings > 0 && left.bytes > 0 && carried < heap.alert.totals.new + heap.alert.totals.amended {
                let again =
                    Carried { findings: left.findings + carried as i64, bytes: left.bytes + heap.bytes, ..left };
                self.carry(heap, reader, (again, carried > 0)).await?;
                left = heap.taken_from(Carried { findings: again.findings, bytes: again.bytes, ..left });
            }
        }
        Ok(())
    }

    /// Carries findings of an alert, newest declaration first, those without a date last, then by row. One that is too
    /// long is passed over; when nothing fits, the first is carried all the same if it `must` be.
    async fn carry(
        &self,
        heap: &mut Heap,
        reader: Reader<'_>,
        (most, must): (Carried, bool),
    ) -> Result<(), LedgerError> {
        let sql = concat!(
            "SELECT f.*, o.source AS old_source, o.line AS old_line, o.record AS old_record, o.evidence AS old_evidence, ",
            "LENGTH(f.record) + COALESCE(LENGTH(o.record), 0) AS bytes FROM (SELECT f.id, f.key, f.source, f.line, ",
            "f.record, f.evidence, f.declared, f.amends, CASE WHEN f.amends IS NULL THEN NULL ELSE (",
            told_before!("MAX(p.id)"),
            ") END AS was FROM finding f ",
            "WHERE f.attempt = $1 AND f.rule = $2 AND f.group_values = $3 AND f.silence IS NULL ",
            "ORDER BY f.declared DESC, f.line, f.id LIMIT $8) f ",
            "LEFT JOIN finding o ON o.id = COALESCE(f.was, f.amends) ORDER BY f.declared DESC, f.line, f.id"
        );
        let group: Vec<String> = heap.alert.group.iter().map(|(_, value)| value.clone()).collect();
        let (mut carried, mut bytes, mut first) = (Vec::new(), 0_i64, None);
        for place in &heap.places {
            let query = sqlx::query(sql).bind(place.attempt).bind(&heap.alert.rule.id).bind(&place.group);
            let query = reader.bind(query).bind(most.findings.saturating_sub(carried.len() as i64).max(0));
            let mut rows = query.fetch(&self.pool);
            while let Some(row) = rows.try_next().await? {
                let length: i64 = row.try_get("bytes")?;
                if bytes.saturating_add(length) <= most.bytes {
                    bytes += length;
                    carried.push(told_to_reader(&row, &heap.alert.rule, &group)?);
                } else if carried.is_empty() && first.is_none() && must {
                    first = Some((told_to_reader(&row, &heap.alert.rule, &group)?, length));
                }
            }
        }
        if carried.is_empty()
            && let Some((told, length)) = first
        {
            carried.push(told);
            bytes = length;
        }
        if heap.places.len() > 1 {
            let date = |told: &Told| told.finding.record.get(Field::DeclarationDate).unwrap_or("").to_owned();
            carried.sort_by_cached_key(|told| std::cmp::Reverse(date(told)));
        }
        (heap.alert.told, heap.bytes) = (carried, bytes);
        Ok(())
    }
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
    /// Of the records that it carries.
    bytes: i64,
}

impl Heap {
    fn taken_from(&self, left: Carried) -> Carried {
        let findings = left.findings.saturating_sub(self.alert.told.len() as i64);
        Carried { findings, bytes: left.bytes.saturating_sub(self.bytes), ..left }
    }
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
        let held = was_held(row)?;
        let key: String = row.try_get("key")?;
        if let Some(heap) = self.at.get(&key).and_then(|at| self.heaps.get_mut(*at)) {
            join(&mut heap.alert.totals, &totals);
            heap.alert.files.push(report);
            heap.alert.held.extend(held);
            heap.alert.rule = rule;
            heap.places.push(place);
            return Ok(());
        }
        let values: Vec<String> = serde_json::from_str(&group).map_err(LedgerError::json("group"))?;
        let group = rule.alert.group_by.iter().cloned().zip(values).collect();
        self.at.insert(key.clone(), self.heaps.len());
        let held = held.into_iter().collect();
        let alert = Alert { key, rule, group, told: Vec::new(), totals, files: vec![report], held };
        self.heaps.push(Heap { alert, places: vec![place], bytes: 0 });
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

/// The same of the column `was` as well: the earlier version that the reader was told.
fn told_to_reader(row: &AnyRow, rule: &Arc<RuleCard>, group: &[String]) -> Result<Told, LedgerError> {
    let mut told = told(row, rule, group)?;
    if let News::Amended { before } = &told.news
        && row.try_get::<Option<i64>, _>("was")?.is_none()
    {
        told.news = News::NewToReader { before: before.clone() };
    }
    Ok(told)
}

/// A published finding of the columns id, key, source, line, record, evidence, and old ones when it amends.
pub(super) fn told(row: &AnyRow, rule: &Arc<RuleCard>, group: &[String]) -> Result<Told, LedgerError> {
    let news = match row.try_get::<Option<i64>, _>("amends")? {
        Some(_) => {
            let record = record(row, ["old_source", "old_line", "old_record"])?;
            News::Amended { before: Box::new(Version { record, evidence: json(row, "old_evidence")? }) }
        }
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
