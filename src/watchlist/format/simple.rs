//! OpenSanctions' simplified table (`targets.simple.csv`). In: rows under headings. Out: entities.
//!
//! Columns: <https://www.opensanctions.org/docs/bulk/csv/>; cells of many values are joined by `;`, a value that holds one
//! itself stands in double quotes.
use super::super::entry::{Entry, Listed, Word};
use super::super::scribe::Scribe;
use super::table::{Row, Table, column};

pub(super) fn read(headings: &[String], table: &mut Table, scribe: &mut Scribe) {
    while let Some(row) = table.next(scribe) {
        let entry = entry(headings, &row);
        scribe.entity(entry);
    }
}

fn entry(headings: &[String], row: &Row) -> Entry {
    let one = |name: &str| row.cell(column(headings, name)).to_owned();
    let many = |name: &str| values(row.cell(column(headings, name)));
    let mut entry = Entry::new(one("id"), one("name"), row.at);
    entry.aliases = many("aliases");
    let countries = many("countries").into_iter().filter(|code| crate::value::country(code).is_some());
    entry.countries = countries.map(|code| Word::new(code, row.at)).collect();
    entry.addresses = many("addresses");
    entry.documents = many("identifiers");
    let programmes = many("program_ids").into_iter();
    entry.listed = programmes.map(|programme| Listed { programme, ..Listed::default() }).collect();
    if !one("sanctions").is_empty() {
        entry.topics.push("sanction".to_owned());
    }
    entry.source = Some(one("dataset")).filter(|dataset| !dataset.is_empty());
    entry
}

/// The values of a cell that joins them by `;`.
fn values(cell: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(b';').from_reader(cell.as_bytes());
    let first = reader.records().next().and_then(Result::ok);
    let values = first.iter().flatten().map(|value| value.trim().to_owned());
    values.filter(|value| !value.is_empty()).collect()
}
