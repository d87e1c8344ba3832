//! Sheet: findings, whole → rows of one table for a spreadsheet, in mails and in what is written out of the ledger. Pure.
//!
//! The order of the columns is a promise that `docs/alerts.md` writes down. No cell can become a formula.

use std::collections::{HashMap, HashSet};

use super::MessageError;
use super::change::differing;
use crate::alert::{News, Told};
use crate::prose::{sentence_case, words};
use crate::record::{Field, FieldSet, Record};

/// Excel takes a file without it for one in the code page of its country.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";
/// What every row begins with.
const FIXED: [&str; 9] = ["rule", "level", "group", "news", "evidence", "was", "file", "row", "sha256"];

/// The columns of a table: the fixed ones, the canonical fields that some record has, then `raw.*`.
#[derive(Debug, Default)]
pub struct Columns {
    /// Columns after the fixed ones, which whoever writes the table fills.
    added: &'static [&'static str],
    fields: FieldSet,
    raw: Vec<String>,
    known: HashSet<String>,
}

impl Columns {
    /// Columns with some more after the fixed ones.
    pub fn with(added: &'static [&'static str]) -> Columns {
        Columns { added, ..Columns::default() }
    }

    /// Makes room for a record that will be a row.
    pub fn note(&mut self, record: &Record) {
        record.fields.iter().for_each(|(field, _)| self.fields.insert(*field));
        for (heading, _) in headed(record) {
            if !self.known.contains(&heading) {
                self.known.insert(heading.clone());
                self.raw.push(heading);
            }
        }
    }

    /// The line of headings, with which a file begins.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn head(&self) -> Result<Vec<u8>, MessageError> {
        let fields = self.fields().map(|field| field.name());
        let raw = self.raw.iter().map(|heading| format!("raw.{heading}"));
        let fixed = FIXED.iter().chain(self.added).map(|name| (*name).to_owned());
        let cells: Vec<String> = fixed.chain(fields).chain(raw).collect();
        Ok([BYTE_ORDER_MARK.as_bytes(), &line(&cells)?].concat())
    }

    /// The cells of a finding, with those of the added columns.
    pub fn cells(&self, told: &Told, added: &[String]) -> Vec<String> {
        let (finding, record) = (&told.finding, &told.finding.record);
        let raw: HashMap<String, &str> = headed(record).into_iter().collect();
        let fixed = [
            finding.rule.id.clone(),
            finding.rule.level.name().to_owned(),
            group(told),
            told.news.word().to_owned(),
            evidence(told),
            was(told),
            words::file(&record.source),
            record.row.to_string(),
            record.source.sha256.clone().unwrap_or_default(),
        ];
        let added = (0..self.added.len()).map(|at| added.get(at).cloned().unwrap_or_default());
        let fields = self.fields().map(|field| record.get(field).unwrap_or("").to_owned());
        let cells = self.raw.iter().map(|heading| raw.get(heading).copied().unwrap_or("").to_owned());
        fixed.into_iter().chain(added).chain(fields).chain(cells).collect()
    }

    fn fields(&self) -> impl Iterator<Item = Field> {
        Field::all().filter(|field| self.fields.contains(*field))
    }
}

/// `to_rostec.entity: AO KRET; origin_country: US`.
fn group(told: &Told) -> String {
    let names = told.finding.rule.alert.group_by.iter();
    let said = names.zip(&told.finding.group).map(|(name, value)| format!("{name}: {value}"));
    said.collect::<Vec<_>>().join("; ")
}

/// The evidence in words, a sentence once.
fn evidence(told: &Told) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for sentence in told.finding.evidence.iter().map(words::why) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join("; ")
}

/// What an amended record said where it differs.
fn was(told: &Told) -> String {
    let News::Amended { before } = &told.news else { return String::new() };
    let said = differing(&before.record, &told.finding.record, &told.finding.rule).into_iter().map(|change| {
        let label = sentence_case(&words::field(&change.name));
        format!("{label}: {}", change.before.unwrap_or("(nothing)"))
    });
    said.collect::<Vec<_>>().join("; ")
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

/// One line of a table, in which no cell can become a formula.
///
/// # Errors
/// When the line cannot be written.
pub fn line(cells: &[String]) -> Result<Vec<u8>, MessageError> {
    let fail = |error: csv::Error| MessageError::Assembly { reason: error.to_string() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| neutral(cell))).map_err(fail)?;
    writer.into_inner().map_err(|error| fail(csv::Error::from(error.into_error())))
}

/// A cell with an apostrophe before whatever a spreadsheet would run: at its start, and after each sign at which a
/// spreadsheet of another country begins a cell of its own.
pub(crate) fn neutral(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len() + 1);
    let mut starts = true;
    for c in cell.chars().filter(|c| *c != '\0') {
        let runs = matches!(c, '=' | '+' | '-' | '@' | '\u{FF1D}' | '\u{FF0B}' | '\u{FF0D}' | '\u{FF20}');
        if starts && (runs || (out.is_empty() && matches!(c, '\t' | '\r' | '\n'))) {
            out.push('\'');
        }
        starts = matches!(c, ';' | '\t' | '\r' | '\n');
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_cell_never_becomes_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\u{FF1D}1+1"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        for (cell, expected) in [
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\0=1", "'=1"),
            ("x;=HYPERLINK(\"http://e\")", "x;'=HYPERLINK(\"http://e\")"),
            ("a\t@b\r\n+c", "a\t'@b\r\n'+c"),
            ("1-1=0", "1-1=0"),
            ("pump; valve -5", "pump; valve -5"),
            ("", ""),
        ] {
            assert_eq!(neutral(cell), expected);
        }
    }

    /// The only row of a table, by heading.
    fn row(told: &Told) -> HashMap<String, String> {
        let mut columns = Columns::default();
        columns.note(&told.finding.record);
        let table = [columns.head().unwrap(), line(&columns.cells(told, &[])).unwrap()].concat();
        assert!(table.starts_with(b"\xEF\xBB\xBFrule,level,group,news,evidence,was,file,row,sha256,declaration_id,"));
        let mut reader = csv::Reader::from_reader(table.as_slice());
        reader.deserialize().next().unwrap().unwrap()
    }

    #[test]
    fn a_row_says_why_in_which_group_and_what_was() {
        let mut told = sample::alert(1).told.remove(0);
        let mut rule = sample::rule();
        rule.alert.group_by = vec!["party.entity".into()];
        told.finding.rule = std::sync::Arc::new(rule);
        told.finding.group = vec!["AO KRET".into()];
        let new = row(&told);
        assert_eq!((new["news"].as_str(), new["was"].as_str()), ("new", ""));
        assert_eq!(new["group"], "party.entity: AO KRET");
        assert!(new["evidence"].starts_with("description ") && new["evidence"].contains("; consignee ‘АО «КРЭТ»’ is"));
        let mut before = told.finding.record.clone();
        before.fields.retain(|(field, _)| *field != Field::ValueUsd);
        before.fields[6].1 = "Прежний".into();
        told.news = News::Amended {
            before: Box::new(crate::alert::Version { record: before, evidence: told.finding.evidence.clone() }),
        };
        let amended = row(&told);
        assert_eq!(amended["news"], "amended");
        assert_eq!(amended["was"], "Description: Прежний; Value in USD: (nothing)");
    }

    #[test]
    fn no_cell_under_a_heading_that_comes_twice_is_lost() {
        let mut told = sample::alert(1).told.remove(0);
        told.finding.record.raw = vec![("A".into(), "1".into()), ("A".into(), "=2".into())];
        let row = row(&told);
        assert_eq!((row["raw.A"].as_str(), row["raw.A (2)"].as_str()), ("1", "'=2"));
    }
}
