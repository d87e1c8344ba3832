//! The consolidated list of the United Nations Security Council, as XML. In: `INDIVIDUAL` and `ENTITY` elements. Out:
//! entities with their aliases, addresses and the day of their listing.
//!
//! Published at <https://main.un.org/securitycouncil/en/content/un-sc-consolidated-list>; schema
//! <https://www.un.org/sc/resources/sc-sanctions.xsd>.
use super::super::entry::{Entry, Listed, Place, Word};
use super::super::scribe::Scribe;
use super::lines::Lines;
use super::xml::{self, Element};

pub(super) fn read(lines: Lines, scribe: &mut Scribe) {
    xml::each(lines, scribe, &["INDIVIDUAL", "ENTITY"], |record, at, scribe| scribe.entity(entry(record, at)));
}

fn entry(record: &Element, at: Place) -> Entry {
    let parts = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"].map(|part| record.at(&[part]));
    let whole = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    // A firm of several names has them in one element, parted by semicolons.
    let mut names = whole.split(';').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let mut entry = Entry::new(format!("unsc-{}", record.at(&["DATAID"])), names.next().unwrap_or_default(), at);
    entry.aliases = names.chain(record.texts("NAME_ORIGINAL_SCRIPT")).collect();
    for alias in record.children.iter().filter(|child| child.name.ends_with("_ALIAS")) {
        let names = alias.texts("ALIAS_NAME");
        if alias.at(&["QUALITY"]).eq_ignore_ascii_case("low") {
            entry.weak_aliases.extend(names);
        } else {
            entry.aliases.extend(names);
        }
    }
    for address in record.children.iter().filter(|child| child.name.ends_with("_ADDRESS")) {
        let parts = ["STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE", "COUNTRY"].map(|part| address.at(&[part]));
        let filled: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        entry.addresses.push(filled.join(", "));
        entry.countries.push(Word::new(address.at(&["COUNTRY"]), at));
    }
    let nationalities = record.all("NATIONALITY").flat_map(|nationality| nationality.texts("VALUE"));
    let nationalities = nationalities.map(|country| Word::new(country, at)).collect::<Vec<_>>();
    entry.countries.splice(0..0, nationalities);
    entry.countries.retain(|word| crate::value::country(&word.text).is_some());
    entry.topics = vec!["sanction".to_owned()];
    entry.listed = vec![Listed {
        programme: record.at(&["UN_LIST_TYPE"]).to_owned(),
        from: Some(Word::new(record.at(&["LISTED_ON"]).chars().take(10).collect::<String>(), at)),
        until: None,
        source: Some(format!("UN Security Council, {}", record.at(&["REFERENCE_NUMBER"]))),
    }];
    entry.source = Some(format!("UN Security Council, {}", record.at(&["REFERENCE_NUMBER"])));
    entry
}
