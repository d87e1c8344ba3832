//! The golden copy of the Global Legal Entity Identifier Foundation: who is who (Level 1) and who consolidates whom
//! (Level 2), as XML. In: `LEIRecord` or `RelationshipRecord` elements. Out: entities; stakes, mostly of unknown share,
//! because accounting consolidation states none.
//!
//! Formats: LEI-CDF 3.1 and RR-CDF 2.1, <https://www.gleif.org/en/about-lei/common-data-file-format>.
use super::super::entry::{Entry, Place, Stake, Word};
use super::super::scribe::Scribe;
use super::lines::Lines;
use super::xml::{self, Element};

pub(super) fn read(lines: Lines, scribe: &mut Scribe) {
    xml::each(lines, scribe, &["LEIRecord", "RelationshipRecord"], |record, at, scribe| {
        if record.name == "LEIRecord" {
            scribe.entity(entity(record, at));
        } else if let Some(entry) = relationship(record, at) {
            scribe.amend(entry);
        }
    });
}

fn id(lei: &str) -> String {
    format!("lei-{lei}")
}

fn entity(record: &Element, at: Place) -> Entry {
    let lei = record.at(&["LEI"]);
    let mut entry = Entry::new(id(lei), record.at(&["Entity", "LegalName"]), at);
    entry.identifiers = vec![("lei".to_owned(), Word::new(lei, at))];
    for entity in record.all("Entity") {
        for names in ["OtherEntityNames", "TransliteratedOtherEntityNames"] {
            let lists = entity.all(names).flat_map(|list| &list.children);
            entry.aliases.extend(lists.map(|name| name.text.trim().to_owned()));
        }
        for address in ["LegalAddress", "HeadquartersAddress"].into_iter().flat_map(|kind| entity.all(kind)) {
            let parts = ["FirstAddressLine", "AdditionalAddressLine", "City", "PostalCode", "Country"];
            let parts = parts.map(|part| address.at(&[part]));
            let filled: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            entry.addresses.push(filled.join(", "));
        }
        // `US-DE` is a state of a country.
        let jurisdiction = entity.at(&["LegalJurisdiction"]).split('-').next().unwrap_or("");
        entry.countries = vec![Word::new(jurisdiction, at), Word::new(entity.at(&["LegalAddress", "Country"]), at)];
        entry.documents = vec![entity.at(&["RegistrationAuthority", "RegistrationAuthorityEntityID"]).to_owned()];
    }
    entry.addresses.dedup();
    entry.source = Some("GLEIF Level 1".to_owned());
    entry
}

fn relationship(record: &Element, at: Place) -> Option<Entry> {
    let relationship = record.all("Relationship").next()?;
    let kind = match relationship.at(&["RelationshipType"]) {
        "IS_DIRECTLY_CONSOLIDATED_BY" | "IS_ULTIMATELY_CONSOLIDATED_BY" | "IS_INTERNATIONAL_BRANCH_OF" => "own",
        _ => "control",
    };
    let day = |name: &str| {
        let periods = relationship.all("RelationshipPeriods").flat_map(|periods| periods.all("RelationshipPeriod"));
        let own = periods.filter(|period| period.at(&["PeriodType"]) == "RELATIONSHIP_PERIOD");
        own.map(|period| period.at(&[name]).chars().take(10).collect::<String>()).find(|day| !day.is_empty())
    };
    let (from, until) = (day("StartDate"), day("EndDate"));
    // A relationship that is over, nobody says since when.
    if relationship.at(&["RelationshipStatus"]) == "INACTIVE" && until.is_none() {
        return None;
    }
    let ultimate = relationship.at(&["RelationshipType"]) == "IS_ULTIMATELY_CONSOLIDATED_BY";
    let quantifiers = relationship.all("RelationshipQuantifiers").flat_map(|all| all.all("RelationshipQuantifier"));
    let shares = quantifiers.filter(|one| one.at(&["QuantifierUnits"]) == "PERCENTAGE" && !ultimate);
    let share = shares.map(|one| Word::new(one.at(&["QuantifierAmount"]), at)).next();
    let words = relationship.at(&["RelationshipType"]).to_lowercase().replace('_', " ");
    let stake = Stake {
        owner: Word::new(id(relationship.at(&["EndNode", "NodeID"])), at),
        share,
        kind: Some(Word::new(kind, at)),
        from: from.map(|day| Word::new(day, at)),
        until: until.map(|day| Word::new(day, at)),
        source: Some(format!("GLEIF Level 2: {words}")),
    };
    Some(Entry { parents: vec![stake], ..Entry::new(id(relationship.at(&["StartNode", "NodeID"])), "", at) })
}
