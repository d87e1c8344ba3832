//! The Denied Persons List of the US Bureau of Industry and Security, as its text file. In: rows parted by tabs. Out:
//! entities with the period of the denial; one firm may stand in several rows, one for each address.
//!
//! Published at <https://www.bis.gov/licensing/guidance-on-end-user-and-end-use-controls-and-us-person-controls>; days are
//! written `MM/DD/YYYY`.
use super::super::entry::{Entry, Listed, Word};
use super::super::scribe::Scribe;
use super::table::{Row, Table, column};
use crate::value::{DateOrder, date};

pub(super) fn read(headings: &[String], table: &mut Table, scribe: &mut Scribe) {
    while let Some(row) = table.next(scribe) {
        let entry = entry(headings, &row);
        scribe.entity(entry);
    }
}

fn entry(headings: &[String], row: &Row) -> Entry {
    let one = |name: &str| row.cell(column(headings, name)).to_owned();
    let day = |name: &str| date(&one(name), DateOrder::MonthFirst).map(|day| Word::new(day, row.at));
    let name = one("name");
    let hash = blake3::hash(name.to_lowercase().as_bytes()).to_hex().chars().take(16).collect::<String>();
    let parts = ["street_address", "city", "state", "postal_code", "country"].map(one);
    let address: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let one = |name: &str| row.cell(column(headings, name)).to_owned();
    let mut entry = Entry::new(format!("dpl-{hash}"), name, row.at);
    entry.addresses = vec![address.join(", ")];
    entry.countries = vec![Word::new(one("country"), row.at)];
    entry.topics = vec!["export.control".to_owned()];
    entry.listed = vec![Listed {
        programme: "DPL".to_owned(),
        from: day("effective_date"),
        until: day("expiration_date"),
        source: Some(one("fr_citation")).filter(|citation| !citation.is_empty()),
    }];
    entry.source = Some("BIS Denied Persons List".to_owned());
    entry
}
