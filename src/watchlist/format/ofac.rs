//! The lists of the US Office of Foreign Assets Control as delimited files: `SDN.CSV`, `ALT.CSV`, `ADD.CSV`,
//! `SDN_COMMENTS.CSV`, and `CONS_*` of the consolidated (non-SDN) list. In: rows without headings. Out: entities, further
//! names, addresses and remarks, joined by OFAC's number; the files of one release stand in one folder.
//!
//! Specification: OFAC, "Data specification", <https://ofac.treasury.gov/media/29976/download> (`dat_spec.txt`): null is `-0-`,
//! programmes are parted by `] [`, and remarks hold identifiers and weak aliases.
use super::super::entry::{Entry, Listed, Word};
use super::super::scribe::Scribe;
use super::table::{Row, Table};

/// Whether a row is the first of such a file: numbers where they must be, and a known width.
pub(super) fn is_row(row: &Row) -> bool {
    let number = |column: usize| row.cells.get(column).is_some_and(|cell| is_number(cell));
    match row.cells.len() {
        12 | 2 => number(0),
        5 | 6 => number(0) && number(1),
        _ => false,
    }
}

fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    !cell.is_empty() && cell.len() <= 10 && cell.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn read(first: Row, table: &mut Table, scribe: &mut Scribe) {
    let width = first.cells.len();
    let mut next = Some(first);
    while let Some(row) = next {
        if is_row(&row) {
            match width {
                12 => scribe.entity(entity(&row)),
                5 => scribe.amend(Entry { aliases: names(row.value(3)), ..of(&row) }),
                6 => scribe.amend(address(&row)),
                _ => scribe.amend(remarks(row.value(1), of(&row))),
            }
        } else {
            scribe.warn("no-number", row.at, "this row does not begin with OFAC's number and is left out".to_owned());
        }
        next = table.next(scribe);
    }
}

impl Row {
    /// A cell; empty where it is OFAC's null.
    fn value(&self, column: usize) -> &str {
        let cell = self.cell(Some(column));
        if cell == "-0-" { "" } else { cell }
    }
}

fn of(row: &Row) -> Entry {
    Entry::new(format!("ofac-{}", row.value(0)), "", row.at)
}

fn entity(row: &Row) -> Entry {
    let mut all = names(row.value(1)).into_iter();
    let name = all.next().unwrap_or_default();
    let mut entry = Entry { name, aliases: all.collect(), ..of(row) };
    if row.value(2) != "individual" {
        entry.aliases.clear();
    }
    let programmes = row.value(3).split("] [").map(|one| one.trim_matches(['[', ']', ' ']));
    let listed = programmes.filter(|programme| !programme.is_empty());
    entry.listed = listed.map(|programme| Listed { programme: programme.to_owned(), ..Listed::default() }).collect();
    entry.topics = vec!["sanction".to_owned()];
    entry.countries = vec![Word::new(row.value(9), row.at)];
    entry.source = Some("OFAC".to_owned());
    remarks(row.value(11), entry)
}

/// A name, and for `FAMILY, Given` also the name in its usual order.
fn names(written: &str) -> Vec<String> {
    let mut names = vec![written.to_owned()];
    if let Some((family, given)) = written.split_once(", ").filter(|(_, given)| !given.contains(',')) {
        names.push(format!("{given} {family}"));
    }
    names.retain(|name| !name.is_empty());
    names
}

fn address(row: &Row) -> Entry {
    let parts = [row.value(2), row.value(3), row.value(4)];
    let written: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Entry { addresses: vec![written.join(", ")], countries: vec![Word::new(row.value(4), row.at)], ..of(row) }
}

/// Weak aliases and documents out of the remarks: `a.k.a. 'HESA'; Tax ID No. 7704274402 (Russia).`
fn remarks(text: &str, mut entry: Entry) -> Entry {
    for remark in text.split(';').map(|remark| remark.trim().trim_end_matches('.')) {
        let alias = ["a.k.a. '", "f.k.a. '", "n.k.a. '"].iter().find_map(|lead| remark.strip_prefix(lead));
        if let Some(alias) = alias {
            entry.weak_aliases.push(alias.trim_end_matches('\'').to_owned());
        } else if remark.contains("(Russia)") {
            entry.identifiers.extend(
                crate::value::identifiers(remark)
                    .into_iter()
                    .map(|one| (one.kind.to_owned(), Word::new(one.text, entry.at))),
            );
        } else {
            entry.documents.push(remark.to_owned());
        }
    }
    entry
}
