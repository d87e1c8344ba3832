//! Counts of findings by rule and month. In: findings. Out: a table of rules and months, for a terminal and a report.
//! Memory grows with rules and months, not with findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cli::columns::{Side, aligned};
use crate::finding::Finding;
use crate::record::Field;
use crate::rule_card::RuleCard;

/// Where findings without a declaration date are counted.
pub(super) const NO_DATE: &str = "no date";
/// More months than this are told as years, more years than this as the last ones and `earlier`.
const MOST_COLUMNS: usize = 24;
/// Columns that stand side by side in a terminal.
const SIDE_BY_SIDE: usize = 12;

/// Counts so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rules: BTreeMap<String, (Arc<RuleCard>, Months)>,
}

#[derive(Debug, Default)]
struct Months {
    total: u64,
    by_month: BTreeMap<String, u64>,
    undated: u64,
}

/// Rules by months.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ByMonth {
    /// Months or years, then `no date` when there are findings without one.
    pub heads: Vec<String>,
    /// Worst level first, then the busiest.
    pub rows: Vec<RuleRow>,
}

/// One rule's counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleRow {
    /// The rule.
    pub card: Arc<RuleCard>,
    /// All findings.
    pub total: u64,
    /// One count a head.
    pub counts: Vec<u64>,
}

impl Tally {
    /// Counts a finding; how many its rule has now.
    pub(super) fn add(&mut self, finding: &Finding) -> u64 {
        let (_, months) =
            self.rules.entry(finding.rule.id.clone()).or_insert_with(|| (finding.rule.clone(), Months::default()));
        months.total += 1;
        match finding.record.get(Field::DeclarationDate) {
            Some(date) => {
                let month = date.get(..7).or(date.get(..4)).unwrap_or(date);
                *months.by_month.entry(month.to_owned()).or_insert(0) += 1;
            }
            None => months.undated += 1,
        }
        months.total
    }

    /// The table.
    pub(super) fn by_month(&self) -> ByMonth {
        let months = || self.rules.values().flat_map(|(_, months)| months.by_month.keys());
        let all: BTreeSet<&str> = months().map(String::as_str).collect();
        let years: BTreeSet<&str> = months().map(|month| year(month)).collect();
        let (mut heads, name): (Vec<String>, fn(&str) -> &str) = match all.len() <= MOST_COLUMNS {
            true => (all.into_iter().map(str::to_owned).collect(), |month| month),
            false => (years.into_iter().map(str::to_owned).collect(), year),
        };
        if heads.len() > MOST_COLUMNS {
            heads.drain(..=heads.len() - MOST_COLUMNS);
            heads.insert(0, "earlier".to_owned());
        }
        let undated = self.rules.values().any(|(_, months)| months.undated > 0);
        heads.extend(undated.then(|| NO_DATE.to_owned()));
        let row = |(card, months): &(Arc<RuleCard>, Months)| {
            let mut counts = vec![0; heads.len()];
            for (month, count) in &months.by_month {
                let place = heads.iter().position(|head| head == name(month)).unwrap_or(0);
                counts.get_mut(place).into_iter().for_each(|slot| *slot += count);
            }
            counts.last_mut().filter(|_| undated).into_iter().for_each(|slot| *slot += months.undated);
            RuleRow { card: card.clone(), total: months.total, counts }
        };
        let mut rows: Vec<RuleRow> = self.rules.values().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.card.level, row.total)));
        ByMonth { heads, rows }
    }
}

fn year(month: &str) -> &str {
    month.get(..4).unwrap_or(month)
}

/// The table for a terminal: total, then the months, a dozen side by side.
pub(super) fn lines(table: &ByMonth) -> Vec<String> {
    if table.rows.is_empty() {
        return vec!["no findings".to_owned()];
    }
    let count = |count: &u64| if *count == 0 { "·".to_owned() } else { count.to_string() };
    let mut lines = Vec::new();
    for start in (0..table.heads.len()).step_by(SIDE_BY_SIDE) {
        let end = (start + SIDE_BY_SIDE).min(table.heads.len());
        let mut head = vec!["rule".to_owned(), "total".to_owned()];
        head.extend(table.heads.get(start..end).into_iter().flatten().cloned());
        let mut rows = vec![head];
        for row in &table.rows {
            let mut cells = vec![row.card.id.clone(), row.total.to_string()];
            cells.extend(row.counts.get(start..end).into_iter().flatten().map(count));
            rows.push(cells);
        }
        let mut sides = vec![Side::Left];
        sides.resize(rows.first().map_or(1, Vec::len), Side::Right);
        lines.push(String::new());
        lines.extend(aligned(&sides, &rows));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Record, SourceFile};
    use crate::rule_card::Level;

    fn finding(rule: &str, date: Option<&str>) -> Finding {
        let card = RuleCard {
            title: rule.to_owned(),
            level: if rule == "b" { Level::High } else { Level::Low },
            ..RuleCard::sample(rule)
        };
        let source = SourceFile { source: String::new(), file: String::new(), member: None, sheet: None, sha256: None };
        let fields = date.map(|date| (Field::DeclarationDate, date.to_owned())).into_iter().collect();
        let record = Record { source: Arc::new(source), row: 1, fields, raw: vec![], computed_usd: false };
        Finding { rule: Arc::new(card), record, evidence: vec![], group: vec![] }
    }

    #[test]
    fn findings_are_counted_by_rule_and_month_and_without_a_date_apart() {
        let mut tally = Tally::default();
        for (rule, date) in [
            ("a", Some("2022-10-24")),
            ("a", Some("2022-10")),
            ("b", Some("2022-09-01")),
            ("a", None),
            ("a", Some("2022")),
        ] {
            tally.add(&finding(rule, date));
        }
        assert_eq!(
            lines(&tally.by_month()),
            [
                "",
                "rule  total  2022  2022-09  2022-10  no date",
                "b         1     ·        1        ·        ·",
                "a         4     1        ·        2        1",
            ]
        );
        assert_eq!(lines(&Tally::default().by_month()), ["no findings"]);
    }

    #[test]
    fn many_months_are_told_as_years_and_many_years_as_the_last_ones() {
        let mut tally = Tally::default();
        for month in 0..30 {
            tally.add(&finding("a", Some(&format!("{}-{:02}-01", 2020 + month / 12, month % 12 + 1))));
        }
        let table = tally.by_month();
        assert_eq!(
            (table.heads, &table.rows[0].counts),
            (vec!["2020".into(), "2021".into(), "2022".into()], &vec![12, 12, 6])
        );
        for year in 0..300 {
            tally.add(&finding("a", Some(&format!("{:04}-01-01", 1700 + year))));
        }
        let table = tally.by_month();
        assert_eq!((table.heads.len(), table.heads[0].as_str(), table.heads[1].as_str()), (24, "earlier", "1980"));
        assert_eq!(table.rows[0].counts.iter().sum::<u64>(), 330);
    }
}
