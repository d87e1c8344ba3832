//! A finding → one line: for a terminal, and for a spreadsheet.

use crate::finding::Finding;
use crate::record::{Field, Part, Role};

/// The headings of [`csv`].
pub(super) const CSV_HEAD: &str = "rule,level,file,row,date,consignor,consignee,hs_code,description,value_usd,matched";

fn cell(finding: &Finding, field: Field) -> &str {
    finding.record.get(field).unwrap_or("")
}

fn matched(finding: &Finding) -> String {
    let mut words: Vec<&str> = Vec::new();
    for matched in finding.evidence.iter().map(|evidence| evidence.matched.as_str()) {
        if !matched.is_empty() && !words.contains(&matched) {
            words.push(matched);
        }
    }
    words.join("; ")
}

/// A line for a terminal, without signs that would move its cursor.
pub(super) fn table(finding: &Finding) -> String {
    let line = format!(
        "{:<13} {:<42} row {:<7} {} {} \u{2192} {}: {}",
        finding.rule.level.name(),
        finding.rule.id,
        finding.record.row,
        cell(finding, Field::DeclarationDate),
        cell(finding, Field::Party(Role::Consignor, Part::Name)),
        cell(finding, Field::Party(Role::Consignee, Part::Name)),
        matched(finding),
    );
    crate::prose::clean_line(&line)
}

/// A row for a spreadsheet, in which no cell can become a formula.
pub(super) fn csv(finding: &Finding) -> String {
    let row = finding.record.row.to_string();
    let matched = matched(finding);
    let cells = [
        finding.rule.id.as_str(),
        finding.rule.level.name(),
        &finding.record.source.file,
        &row,
        cell(finding, Field::DeclarationDate),
        cell(finding, Field::Party(Role::Consignor, Part::Name)),
        cell(finding, Field::Party(Role::Consignee, Part::Name)),
        cell(finding, Field::HsCode),
        cell(finding, Field::Description),
        cell(finding, Field::ValueUsd),
        &matched,
    ];
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let written = writer.write_record(cells.map(crate::deliver::neutral_cell));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default().trim_end_matches('\n').to_owned()
}
