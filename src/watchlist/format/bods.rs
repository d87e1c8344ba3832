//! The Beneficial Ownership Data Standard 0.4: statements of entities, persons and relationships, as a JSON array or one a
//! line. In: statements. Out: entities, and a stake for each interest; what is said last of a record counts.
//!
//! Schema: <https://standard.openownership.org/en/0.4.0/standard/reference.html> (`recordType`, `recordDetails`,
//! `interests[].share` as exact or interval, `directOrIndirect`). Shares of an *indirect* interest are not direct ones and
//! are taken as unknown; interests other than shareholding are control.
use super::super::entry::{Entry, Place, Stake, Word};
use super::super::scribe::Scribe;
use super::json;
use super::lines::Lines;
use rustc_hash::FxHashMap;
use serde_json::Value;

pub(super) fn read(lines: Lines, scribe: &mut Scribe) {
    // By record: a later statement replaces the earlier one, a closed record has ended.
    let mut relationships: FxHashMap<String, (Value, Place)> = FxHashMap::default();
    json::each(lines, scribe, |statement, at, scribe| match json::text(statement, "recordType") {
        "entity" | "person" => entity(statement, at, scribe),
        "relationship" => {
            relationships.insert(json::text(statement, "recordId").to_owned(), (statement.clone(), at));
        }
        other => scribe.warn("unknown-statement", at, format!("`{other}` is no kind of record of BODS 0.4")),
    });
    let mut all: Vec<(String, (Value, Place))> = relationships.into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    for (_, (statement, at)) in all {
        if let Some(entry) = relationship(&statement, at) {
            scribe.amend(entry);
        }
    }
}

fn entity(statement: &Value, at: Place, scribe: &mut Scribe) {
    let details = statement.get("recordDetails").unwrap_or(&Value::Null);
    let names = json::items(details, "names").iter().map(|name| json::text(name, "fullName").to_owned());
    let alternates = json::texts(details, "alternateNames").into_iter().map(str::to_owned);
    let mut names = std::iter::once(json::text(details, "name").to_owned()).chain(names).chain(alternates);
    let Some(name) = names.find(|name| !name.is_empty()) else {
        // An anonymous or unknown person: nobody can be found by it.
        return;
    };
    let mut entry = Entry::new(json::text(statement, "recordId"), name, at);
    entry.aliases = names.collect();
    let jurisdiction = details.get("jurisdiction").map(|one| json::text(one, "code"));
    let nationalities = json::items(details, "nationalities").iter().map(|one| json::text(one, "code"));
    let codes = jurisdiction.into_iter().chain(nationalities).filter_map(|code| code.split('-').next());
    entry.countries = codes.map(|code| Word::new(code, at)).collect();
    for identifier in json::items(details, "identifiers") {
        let (scheme, id) = (json::text(identifier, "scheme"), json::text(identifier, "id"));
        match scheme {
            "RU-INN" => entry.identifiers.push(("inn".to_owned(), Word::new(id, at))),
            "RU-OGRN" => entry.identifiers.push(("ogrn".to_owned(), Word::new(id, at))),
            "XI-LEI" => entry.identifiers.push(("lei".to_owned(), Word::new(id, at))),
            _ => entry.documents.push(id.to_owned()),
        }
    }
    let addresses = json::items(details, "addresses").iter().map(|one| json::text(one, "address").to_owned());
    entry.addresses = addresses.collect();
    entry.source = source(statement);
    scribe.entity(entry);
}

fn source(statement: &Value) -> Option<String> {
    let publisher = statement.get("publicationDetails")?.get("publisher")?;
    Some(json::text(publisher, "name").to_owned()).filter(|name| !name.is_empty())
}

fn relationship(statement: &Value, at: Place) -> Option<Entry> {
    let details = statement.get("recordDetails")?;
    // An interested party that is an object is a reason why none is named.
    let owner = details.get("interestedParty")?.as_str()?;
    let closed = (json::text(statement, "recordStatus") == "closed").then(|| json::text(statement, "statementDate"));
    let base = |kind: &str| Stake {
        owner: Word::new(owner, at),
        kind: Some(Word::new(kind, at)),
        until: closed.map(|day| Word::new(day, at)),
        source: source(statement),
        ..Stake::default()
    };
    let interests = json::items(details, "interests");
    let mut parents: Vec<Stake> = interests.iter().map(|interest| stake(interest, at, &base)).collect();
    if parents.is_empty() {
        parents.push(base("unknown"));
    }
    Some(Entry { parents, ..Entry::new(json::text(details, "subject"), "", at) })
}

fn stake(interest: &Value, at: Place, base: &impl Fn(&str) -> Stake) -> Stake {
    let kind = match json::text(interest, "type") {
        "shareholding" => "own",
        "" | "unknownInterest" | "unpublishedInterest" => "unknown",
        _ => "control",
    };
    let stake = base(kind);
    let day = |key: &str| Some(Word::new(json::text(interest, key), at)).filter(|word| word.filled().is_some());
    let direct = json::text(interest, "directOrIndirect") != "indirect";
    let share = interest.get("share").filter(|_| direct && kind == "own").and_then(share);
    Stake {
        share: share.map(|text| Word::new(text, at)),
        from: day("startDate"),
        until: day("endDate").or(stake.until),
        ..stake
    }
}

/// The interval as our own lists write one.
fn share(share: &Value) -> Option<String> {
    let number = |key: &str| share.get(key).and_then(Value::as_f64);
    let either = |plain: &str, exclusive: &str| number(plain).or_else(|| number(exclusive));
    if let Some(exact) = number("exact") {
        return Some(exact.to_string());
    }
    let below = share.get("maximum").is_none() && share.get("exclusiveMaximum").is_some();
    match (either("minimum", "exclusiveMinimum"), either("maximum", "exclusiveMaximum")) {
        (Some(least), Some(most)) => Some(format!("{least}-{most}")),
        (Some(least), None) => Some(format!(">={least}")),
        (None, Some(most)) => Some(format!("{}{most}", if below { "<" } else { "<=" })),
        (None, None) => None,
    }
}
