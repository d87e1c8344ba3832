//! Attachment: the findings of a mail's alerts, whole, → CSV for a spreadsheet.
//!
//! No cell can become a formula. At most 10,000 rows and 5 MiB; what is cut off is said, never hidden.

use std::collections::{HashMap, HashSet};

use crate::alert::{Alert, Told};
use crate::record::{Field, Record};

const MAX_ROWS: usize = 10_000;
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The CSV and how much of the alerts it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attachment {
    /// UTF-8, header row first, CRLF line ends.
    pub csv: Vec<u8>,
    /// Findings in it.
    pub rows: u64,
}

/// Columns: `rule, level, file, row, sha256`, canonical fields that any record has, then `raw.*`.
pub(super) fn attachment(alerts: &[Alert]) -> Result<Attachment, csv::Error> {
    let columns = Columns::of(alerts.iter().flat_map(|alert| &alert.told));
    let mut csv = line(&columns.header())?;
    let mut rows = 0;
    let all = alerts.iter().flat_map(|alert| alert.told.iter().map(move |told| (alert, told)));
    for (alert, told) in all.take(MAX_ROWS) {
        let next = line(&columns.cells(alert, told))?;
        if csv.len() + next.len() > MAX_BYTES {
            break;
        }
        csv.extend(next);
        rows += 1;
    }
    Ok(Attachment { csv, rows })
}

struct Columns {
    fields: Vec<Field>,
    raw: Vec<String>,
}

impl Columns {
    fn of<'t>(told: impl Iterator<Item = &'t Told>) -> Columns {
        let mut present = crate::record::FieldSet::default();
        let mut seen = HashSet::new();
        let mut raw = Vec::new();
        for told in told {
            told.finding.record.fields.iter().for_each(|(field, _)| present.insert(*field));
            for (heading, _) in headed(&told.finding.record) {
                if seen.insert(heading.clone()) {
                    raw.push(heading);
                }
            }
        }
        Columns { fields: Field::all().filter(|field| present.contains(*field)).collect(), raw }
    }

    fn header(&self) -> Vec<String> {
        let fixed = ["rule", "level", "file", "row", "sha256"].map(str::to_owned);
        let fields = self.fields.iter().map(|field| field.name());
        let raw = self.raw.iter().map(|heading| format!("raw.{heading}"));
        fixed.into_iter().chain(fields).chain(raw).collect()
    }

    fn cells(&self, alert: &Alert, told: &Told) -> Vec<String> {
        let record = &told.finding.record;
        let raw: HashMap<String, &str> = headed(record).into_iter().collect();
        let fixed = [
            alert.rule.id.clone(),
            alert.rule.level.name().to_owned(),
            crate::prose::words::file(&record.source),
            record.row.to_string(),
            record.source.sha256.clone().unwrap_or_default(),
        ];
        let fields = self.fields.iter().map(|field| record.get(*field).unwrap_or("").to_owned());
        let cells = self.raw.iter().map(|heading| raw.get(heading).copied().unwrap_or("").to_owned());
        fixed.into_iter().chain(fields).chain(cells).collect()
    }
}

/// Raw cells by heading; the second cell under one heading is `Heading (2)`, so that none is lost.
fn headed(record: &Record) -> Vec<(String, &str)> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let cells = record.raw.iter().map(|(heading, cell)| {
        let times = seen.entry(heading).or_default();
        *times += 1;
        let heading = if *times == 1 { heading.clone() } else { format!("{heading} ({times})") };
        (heading, cell.as_str())
    });
    cells.collect()
}

fn line(cells: &[String]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| neutral(cell)))?;
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A cell that a spreadsheet would run gets an apostrophe, which makes it text.
pub(crate) fn neutral(cell: &str) -> String {
    let cell = cell.replace('\0', "");
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_cell_never_becomes_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        assert_eq!(neutral("\0=1"), "'=1");
        assert_eq!(neutral("1-1=0"), "1-1=0");
    }

    #[test]
    fn every_finding_is_a_row_with_its_raw_cells() {
        let mut alert = sample::alert(2);
        alert.told[1].finding.record.raw.push(("=Extra".into(), "=HYPERLINK(\"x\")".into()));
        let attachment = attachment(std::slice::from_ref(&alert)).unwrap();
        assert_eq!(attachment.rows, 2);
        let mut reader = csv::Reader::from_reader(attachment.csv.as_slice());
        let header = reader.headers().unwrap().clone();
        assert_eq!(
            header.iter().take(6).collect::<Vec<_>>(),
            ["rule", "level", "file", "row", "sha256", "declaration_id"]
        );
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(header.iter().next_back(), Some("raw.=Extra"));
        assert_eq!(rows[1].iter().next_back(), Some("'=HYPERLINK(\"x\")"));
        assert_eq!(rows[0].iter().next_back(), Some(""));
    }

    #[test]
    fn a_huge_alert_is_cut_at_a_whole_row() {
        let mut alert = sample::alert(3);
        for told in &mut alert.told {
            told.finding.record.raw.push(("Text".into(), "x".repeat(2 * 1024 * 1024)));
        }
        let attachment = attachment(std::slice::from_ref(&alert)).unwrap();
        assert_eq!(attachment.rows, 2);
        assert!(attachment.csv.ends_with(b"\r\n") && attachment.csv.len() <= MAX_BYTES);
    }
}
