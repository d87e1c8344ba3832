//! The formats of watchlists, one a file. In: a stream. Out: entries and problems, written into a [`Scribe`]. A file is
//! known by what it says, never by its name. Nothing is held whole but our own YAML; nested, endless and cut-off input ends
//! in a problem.
mod bods;
mod csl;
mod dpl;
mod ftm;
mod gleif;
mod json;
mod lines;
mod ofac;
mod plain;
mod simple;
mod table;
mod un;
mod xml;
mod yaml;

use super::entry::Place;
use super::scribe::Scribe;
use lines::Lines;
use std::io::{BufRead, BufReader, Read};

/// What is looked at to know a format.
const HEAD: usize = 64 << 10;
/// The largest file that is read.
const LARGEST: u64 = 4 << 30;

/// Reads a file of any format.
pub(super) fn read(content: Box<dyn Read + '_>, scribe: &mut Scribe) {
    let mut reader = BufReader::with_capacity(HEAD, content.take(LARGEST));
    let head = match reader.fill_buf() {
        Ok(head) => head.to_vec(),
        Err(cause) => return unreadable(scribe, Place::Nowhere, &cause),
    };
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        let message = "the file is UTF-16; save it as UTF-8".to_owned();
        return scribe.error("not-utf-8", Place::Line(1), message);
    }
    let mark = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    reader.consume(mark);
    let text = String::from_utf8_lossy(head.get(mark..).unwrap_or_default());
    if head.len() < HEAD && text.trim().is_empty() {
        let message = "the file is empty; remove it when it is not wanted any more".to_owned();
        return scribe.error("empty-file", Place::Line(1), message);
    }
    let lines = Lines::new(&mut reader);
    match Format::of(&text) {
        Format::Yaml => yaml::read(lines, scribe),
        Format::Ftm => ftm::read(lines, scribe),
        Format::Bods => bods::read(lines, scribe),
        Format::CslJson => csl::read_json(lines, scribe),
        Format::Un => un::read(lines, scribe),
        Format::Gleif => gleif::read(lines, scribe),
        Format::Table(delimiter) => tables(lines, delimiter, scribe),
        Format::Unknown(what) => scribe.error("unknown-format", Place::Line(1), format!("{what} is no watchlist")),
    }
}

fn unreadable(scribe: &mut Scribe, at: Place, cause: &std::io::Error) {
    scribe.error("unreadable", at, format!("cannot be read: {cause}"));
}

/// A table is known by its headings, or by its first row where the publisher writes none.
fn tables(lines: Lines, delimiter: u8, scribe: &mut Scribe) {
    let mut table = table::Table::new(lines, delimiter);
    let Some(first) = table.next(scribe) else {
        return table.end(scribe);
    };
    let headings: Vec<String> =
        first.cells.iter().map(|cell| cell.trim().to_lowercase().replace([' ', '-'], "_")).collect();
    let has = |names: &[&str]| names.iter().all(|name| headings.iter().any(|heading| heading == name));
    if ofac::is_row(&first) {
        ofac::read(first, &mut table, scribe);
    } else if has(&["id", "schema", "name", "aliases"]) {
        simple::read(&headings, &mut table, scribe);
    } else if has(&["source", "name", "alt_names"]) {
        csl::read_table(&headings, &mut table, scribe);
    } else if has(&["name", "street_address", "effective_date"]) {
        dpl::read(&headings, &mut table, scribe);
    } else if has(&["parent", "child"]) {
        plain::read_stakes(&headings, &mut table, scribe);
    } else if has(&["name"]) {
        plain::read(&headings, &mut table, scribe);
    } else {
        let message = "the headings are of no known list; our own are `id,name` and `parent,child,percent`".to_owned();
        return scribe.error("unknown-format", Place::Line(1), message);
    }
    table.end(scribe);
}

#[derive(Debug, PartialEq, Eq)]
enum Format {
    Yaml,
    Ftm,
    Bods,
    CslJson,
    Un,
    Gleif,
    Table(u8),
    Unknown(&'static str),
}

impl Format {
    fn of(head: &str) -> Format {
        let text = head.trim_start();
        match text.chars().next() {
            Some('<') => Format::of_xml(text),
            Some('{' | '[') if text.trim_start_matches(['[', '{', ' ', '\t', '\r', '\n']).starts_with('"') => {
                Format::of_json(text)
            }
            _ => Format::of_text(text),
        }
    }

    fn of_xml(text: &str) -> Format {
        let first = text.split('<').skip(1).find(|tag| !tag.starts_with(['?', '!']));
        let name = first.and_then(|tag| tag.split([' ', '>', '\t', '\r', '\n', '/']).next()).unwrap_or("");
        match name.rsplit(':').next().unwrap_or("") {
            "CONSOLIDATED_LIST" => Format::Un,
            "LEIData" | "RelationshipData" => Format::Gleif,
            _ => Format::Unknown("this XML"),
        }
    }

    fn of_json(text: &str) -> Format {
        let has = |key: &str| text.contains(&format!("\"{key}\""));
        if has("schema") && has("properties") {
            Format::Ftm
        } else if has("statementId") || has("recordType") {
            Format::Bods
        } else if has("source_list_url") || has("source_information_url") || has("alt_names") {
            Format::CslJson
        } else if text.starts_with('[') || has("entities") {
            // Our own YAML may be written as JSON.
            Format::Yaml
        } else {
            Format::Unknown("this JSON")
        }
    }

    fn of_text(text: &str) -> Format {
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        let heading = line.trim_start_matches('"');
        // OFAC's remarks hold more semicolons than the row has commas.
        if heading.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(',') && !heading.starts_with(',') {
            return Format::Table(b',');
        }
        let is_yaml = heading.starts_with(['#', '-']) || (line.contains(": ") || line.trim_end().ends_with(':'));
        let by_count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
        let delimiter =
            [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| (by_count(delimiter), *delimiter == b','));
        match delimiter.filter(|delimiter| by_count(delimiter) > 0) {
            Some(delimiter)
                if !is_yaml || line.starts_with('"') || heading.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Format::Table(delimiter)
            }
            None if line.trim().eq_ignore_ascii_case("name") => Format::Table(b','),
            Some(_) | None => Format::Yaml,
        }
    }
}

#[cfg(test)]
mod tests;
