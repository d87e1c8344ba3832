//! The Consolidated Screening List of the US International Trade Administration, as CSV and as JSON. In: rows under
//! headings, or objects. Out: entities with the list that they stand on (Entity List, Denied Persons, Unverified, Military
//! End User, SDN, …) as programme and period.
//!
//! Fields: <https://developer.trade.gov/consolidated-screening-list.html>; the file may be `{"results": […]}` or an array.
use super::super::entry::{Entry, Listed, Place, Word};
use super::super::scribe::Scribe;
use super::json;
use super::lines::Lines;
use super::table::{Row, Table, column, joined};
use serde_json::Value;

/// What both shapes say of an entity.
#[derive(Default)]
struct Party {
    id: String,
    source: String,
    number: String,
    name: String,
    aliases: Vec<String>,
    programmes: Vec<String>,
    addresses: Vec<String>,
    countries: Vec<String>,
    documents: Vec<String>,
    from: String,
    until: String,
    notice: String,
}

pub(super) fn read_table(headings: &[String], table: &mut Table, scribe: &mut Scribe) {
    while let Some(row) = table.next(scribe) {
        let party = of_row(headings, &row);
        scribe.entity(entry(party, row.at));
    }
}

pub(super) fn read_json(lines: Lines, scribe: &mut Scribe) {
    json::each(lines, scribe, |value, at, scribe| scribe.entity(entry(of_value(value), at)));
}

fn of_row(headings: &[String], row: &Row) -> Party {
    let one = |name: &str| row.cell(column(headings, name)).to_owned();
    let many = |name: &str| -> Vec<String> {
        joined(row.cell(column(headings, name)), ";").into_iter().map(str::to_owned).collect()
    };
    let addresses = many("addresses");
    let mut countries: Vec<String> = vec![one("vessel_flag")];
    // `…, Nicosia, 1066, CY`: the country stands last.
    countries
        .extend(addresses.iter().filter_map(|address| address.rsplit(',').next()).map(|last| last.trim().to_owned()));
    countries.extend(many("citizenships"));
    Party {
        id: one("_id"),
        source: one("source"),
        number: one("entity_number"),
        name: one("name"),
        aliases: many("alt_names"),
        programmes: many("programs"),
        addresses,
        countries,
        documents: many("ids"),
        from: one("start_date"),
        until: one("end_date"),
        notice: one("federal_register_notice"),
    }
}

fn of_value(value: &Value) -> Party {
    let one = |key: &str| match value.get(key) {
        Some(Value::Number(number)) => number.to_string(),
        _ => json::text(value, key).to_owned(),
    };
    let many = |key: &str| -> Vec<String> { json::texts(value, key).into_iter().map(str::to_owned).collect() };
    let joined = |part: &Value, keys: &[&str]| {
        let filled: Vec<&str> = keys.iter().map(|key| json::text(part, key)).filter(|text| !text.is_empty()).collect();
        filled.join(", ")
    };
    let keys = ["address", "city", "state", "postal_code", "country"];
    let addresses = json::items(value, "addresses");
    let mut countries = vec![one("vessel_flag"), one("country")];
    countries.extend(addresses.iter().map(|address| json::text(address, "country").to_owned()));
    countries.extend(many("citizenships"));
    Party {
        id: one("id"),
        source: one("source"),
        number: one("entity_number"),
        name: one("name"),
        aliases: many("alt_names"),
        programmes: many("programs"),
        addresses: addresses.iter().map(|address| joined(address, &keys)).collect(),
        countries,
        documents: json::items(value, "ids").iter().map(|one| joined(one, &["type", "number", "country"])).collect(),
        from: one("start_date"),
        until: one("end_date"),
        notice: one("federal_register_notice"),
    }
}

fn entry(party: Party, at: Place) -> Entry {
    let mut entry = Entry::new(id(&party), party.name, at);
    entry.aliases = party.aliases;
    let known = party.countries.into_iter().filter(|country| crate::value::country(country).is_some());
    entry.countries = known.map(|country| Word::new(country, at)).collect();
    entry.documents = party.documents;
    entry.addresses = party.addresses;
    let day = |text: &str| Some(Word::new(text, at)).filter(|word| word.filled().is_some());
    // `Entity List (EL) - Bureau of Industry and Security`: the short form names the list.
    let short = party.source.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(short, _)| short);
    let list = short.unwrap_or(&party.source).trim().to_owned();
    let notice = Some(party.notice.as_str()).filter(|notice| !notice.is_empty());
    let source = notice.map_or_else(|| party.source.clone(), |notice| format!("{}, {notice}", party.source));
    let programmes = std::iter::once(list.clone()).chain(party.programmes).filter(|programme| !programme.is_empty());
    entry.listed = programmes
        .map(|programme| Listed {
            programme,
            from: day(&party.from),
            until: day(&party.until),
            source: Some(source.clone()),
        })
        .collect();
    let export = ["EL", "DPL", "UVL", "MEU", "ISN", "DTC"].contains(&list.as_str());
    entry.topics = vec![if export { "export.control" } else { "sanction" }.to_owned()];
    entry.source = Some(party.source).filter(|source| !source.is_empty());
    entry
}

/// OFAC's number where it is one, else the list's own, else a hash: the same for the same name on the same list.
fn id(party: &Party) -> String {
    let treasury = party.source.contains("Treasury");
    if treasury && !party.number.is_empty() {
        return format!("ofac-{}", party.number);
    }
    if party.id.is_empty() || party.name.is_empty() {
        let text = format!("{}|{}", party.source, party.name.to_lowercase());
        return format!("csl-{}", blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect::<String>());
    }
    format!("csl-{}", party.id)
}
