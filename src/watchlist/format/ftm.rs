//! FollowTheMoney entities, one JSON object a line, as OpenSanctions publishes them (`entities.ftm.json`).
//! In: lines. Out: companies, persons, vessels …; ownership, directorships, parents; sanctions as listings; addresses.
//!
//! Schema: <https://followthemoney.tech/explorer/> (`Ownership.owner/asset/percentage`, `Directorship.director/organization`,
//! `UnknownLink.subject/object`, `LegalEntity.parent`, `Sanction.entity`, `Address.full`); files:
//! <https://www.opensanctions.org/docs/bulk/json/>.
use super::super::entry::{Entry, Listed, Place, Stake, Word};
use super::super::scribe::Scribe;
use super::lines::Lines;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;
use std::io::{BufRead, Read};

/// A line longer than this is no entity.
const LONGEST_LINE: u64 = 16 << 20;

#[derive(Debug, Deserialize)]
struct Statement {
    id: String,
    schema: String,
    #[serde(default)]
    caption: Option<String>,
    #[serde(default)]
    properties: FxHashMap<String, Value>,
}

pub(super) fn read(mut lines: Lines, scribe: &mut Scribe) {
    let mut line = Vec::new();
    let mut addresses = Addresses::default();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        let at = Place::Line(number);
        match lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(cause) => return super::unreadable(scribe, at, &cause),
        }
        if line.len() as u64 == LONGEST_LINE {
            return scribe.error("invalid-json", at, "a line of more than 16 MiB".to_owned());
        }
        if line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a) {
            continue;
        }
        match serde_json::from_slice::<Statement>(&line) {
            Ok(statement) => take(&statement, at, (&mut addresses, scribe)),
            Err(_) if !line.ends_with(b"\n") => {
                scribe.error("cut-off", at, "the file ends in the middle of an entity: it is cut off".to_owned());
            }
            Err(cause) => scribe.warn("invalid-json", at, format!("this line is no entity and is left out: {cause}")),
        }
    }
    addresses.hand_over(scribe);
}

/// Addresses that are entities of their own, and who refers to them.
#[derive(Default)]
struct Addresses {
    full: FxHashMap<String, String>,
    wanted: Vec<(String, String, Place)>,
}

impl Addresses {
    fn hand_over(self, scribe: &mut Scribe) {
        for (address, entity, at) in self.wanted {
            if let Some(full) = self.full.get(&address) {
                scribe.amend(Entry { addresses: vec![full.clone()], ..Entry::new(entity, "", at) });
            }
        }
    }
}

impl Statement {
    fn all(&self, property: &str) -> Vec<&str> {
        let values = match self.properties.get(property) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        values.iter().filter_map(text).filter(|text| !text.trim().is_empty()).collect()
    }

    fn first(&self, property: &str) -> Option<&str> {
        self.all(property).first().copied()
    }

    fn owned(&self, properties: &[&str]) -> Vec<String> {
        properties.iter().flat_map(|property| self.all(property)).map(str::to_owned).collect()
    }

    fn word(&self, property: &str, at: Place) -> Option<Word> {
        self.first(property).map(|text| Word::new(text, at))
    }
}

/// A value; in nested files it may be the entity itself.
fn text(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("id")?.as_str())
}

fn take(statement: &Statement, at: Place, (addresses, scribe): (&mut Addresses, &mut Scribe)) {
    match statement.schema.as_str() {
        "Ownership" => stakes(statement, ("owner", "asset", "own"), at, scribe),
        "Directorship" => stakes(statement, ("director", "organization", "control"), at, scribe),
        // Whether a link is a stake, only its role can say.
        "UnknownLink" if tells_a_stake(statement) => stakes(statement, ("subject", "object", "unknown"), at, scribe),
        "Sanction" => listing(statement, at, scribe),
        "Address" => {
            if let Some(full) = statement.first("full") {
                addresses.full.insert(statement.id.clone(), full.to_owned());
            }
        }
        "Company" | "Organization" | "LegalEntity" | "PublicBody" | "Person" | "Vessel" | "Airplane" | "Vehicle" => {
            let wanted = statement.all("addressEntity");
            addresses.wanted.extend(wanted.into_iter().map(|id| (id.to_owned(), statement.id.clone(), at)));
            entity(statement, at, scribe);
        }
        _ => {}
    }
}

fn tells_a_stake(statement: &Statement) -> bool {
    let roles = statement.all("role").join(" ").to_lowercase();
    ["own", "parent", "holding", "sharehold", "control"].iter().any(|word| roles.contains(word))
}

fn entity(statement: &Statement, at: Place, scribe: &mut Scribe) {
    let names = statement.all("name");
    let name = statement.caption.as_deref().filter(|caption| names.contains(caption)).or(names.first().copied());
    let name = name.or(statement.caption.as_deref()).unwrap_or("");
    let mut entry = Entry::new(statement.id.clone(), name, at);
    entry.aliases = statement.owned(&["name", "alias", "previousName", "abbreviation"]);
    entry.aliases.retain(|alias| alias != name);
    entry.weak_aliases = statement.owned(&["weakAlias"]);
    let countries = ["country", "jurisdiction", "mainCountry", "flag", "nationality"];
    let countries = countries.iter().flat_map(|property| statement.all(property));
    // Codes of states that are no more, or of unions, are no problem of the file.
    entry.countries =
        countries.filter(|code| crate::value::country(code).is_some()).map(|code| Word::new(code, at)).collect();
    let kinds = [("innCode", "inn"), ("kppCode", "kpp"), ("leiCode", "lei"), ("uscCode", "uscc"), ("imoNumber", "imo")];
    for (property, kind) in kinds {
        let codes = statement.all(property).into_iter();
        entry.identifiers.extend(codes.map(|code| (kind.to_owned(), Word::new(code, at))));
    }
    let registers = statement.all("ogrnCode").into_iter();
    let kind = |code: &str| if code.trim().len() == 15 { "ogrnip" } else { "ogrn" };
    entry.identifiers.extend(registers.map(|code| (kind(code).to_owned(), Word::new(code, at))));
    entry.documents = statement.owned(&["taxNumber", "registrationNumber"]);
    entry.addresses = statement.owned(&["address"]);
    entry.topics = statement.owned(&["topics"]);
    entry.source = statement.first("sourceUrl").map(str::to_owned);
    let stake = |owner: &str| Stake {
        owner: Word::new(owner, at),
        kind: Some(Word::new("own", at)),
        source: Some("stated as its parent".to_owned()),
        ..Stake::default()
    };
    entry.parents = statement.all("parent").into_iter().map(stake).collect();
    scribe.entity(entry);
}

fn stakes(statement: &Statement, (owner, asset, kind): (&str, &str, &str), at: Place, scribe: &mut Scribe) {
    for asset in statement.all(asset) {
        let stake = |owner: &str| Stake {
            owner: Word::new(owner, at),
            share: statement.word("percentage", at),
            kind: Some(Word::new(kind, at)),
            from: statement.word("startDate", at),
            until: statement.word("endDate", at),
            source: statement.first("role").or(statement.first("sourceUrl")).map(str::to_owned),
        };
        let parents = statement.all(owner).into_iter().map(stake).collect();
        scribe.amend(Entry { parents, ..Entry::new(asset, "", at) });
    }
}

fn listing(statement: &Statement, at: Place, scribe: &mut Scribe) {
    let programme = ["programId", "program", "authority"].iter().find_map(|property| statement.first(property));
    for entity in statement.all("entity") {
        let listed = Listed {
            programme: programme.unwrap_or("sanction").to_owned(),
            from: statement.word("listingDate", at).or_else(|| statement.word("startDate", at)),
            until: statement.word("endDate", at),
            source: statement.first("authority").map(str::to_owned),
        };
        scribe.amend(Entry { listed: vec![listed], ..Entry::new(entity, "", at) });
    }
}
