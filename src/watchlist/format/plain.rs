//! Our own tables: `id,name[,aliases,country,…]` for entities, `parent,child,percent[,kind,start,end,source]` for stakes.
//! In: rows under headings. Out: entities, or stakes between entities; a firm that no list has is made one of this list.
use super::super::entry::{Entry, Listed, Stake, Word};
use super::super::scribe::{Scribe, Strangers};
use super::table::{Row, Table, column, joined};
use crate::problem::did_you_mean;

/// The columns of a table of entities.
const ENTITY: [&str; 22] = [
    "id",
    "name",
    "aliases",
    "country",
    "countries",
    "inn",
    "ogrn",
    "ogrnip",
    "kpp",
    "lei",
    "imo",
    "uscc",
    "addresses",
    "topics",
    "same_as",
    "programme",
    "programs",
    "from",
    "until",
    "parent",
    "percent",
    "source",
];
const IDENTIFIERS: [&str; 7] = ["inn", "ogrn", "ogrnip", "kpp", "lei", "imo", "uscc"];
/// The columns of a table of stakes.
const STAKES: [&str; 7] = ["parent", "child", "percent", "kind", "start", "end", "source"];

pub(super) fn read(headings: &[String], table: &mut Table, scribe: &mut Scribe) {
    known(headings, &ENTITY, scribe);
    while let Some(row) = table.next(scribe) {
        let entry = entity(headings, &row);
        scribe.entity(entry);
    }
}

pub(super) fn read_stakes(headings: &[String], table: &mut Table, scribe: &mut Scribe) {
    known(headings, &STAKES, scribe);
    scribe.strangers(Strangers::Admit);
    while let Some(row) = table.next(scribe) {
        let word = |name: &str| Some(Word::new(row.cell(column(headings, name)), row.at));
        let one = |name: &str| row.cell(column(headings, name)).to_owned();
        if one("parent").is_empty() || one("child").is_empty() {
            scribe.warn("no-name", row.at, "a row without a parent or a child is left out".to_owned());
            continue;
        }
        let stake = Stake {
            owner: word("parent").unwrap_or_default(),
            share: word("percent"),
            kind: word("kind").filter(|kind| kind.filled().is_some()).or_else(|| Some(Word::new("own", row.at))),
            from: word("start"),
            until: word("end"),
            source: Some(one("source")).filter(|source| !source.is_empty()),
        };
        scribe.amend(Entry { parents: vec![stake], ..Entry::new(one("child"), "", row.at) });
    }
}

fn known(headings: &[String], columns: &[&str], scribe: &mut Scribe) {
    for heading in headings.iter().filter(|heading| !columns.contains(&heading.as_str())) {
        let guess = did_you_mean(heading, columns.iter().copied());
        let guess = guess.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("the column `{heading}` is not known and is not read{guess}");
        scribe.warn("unknown-column", super::Place::Line(1), message);
    }
}

fn entity(headings: &[String], row: &Row) -> Entry {
    let one = |name: &str| row.cell(column(headings, name)).to_owned();
    let word = |name: &str| Some(Word::new(one(name), row.at)).filter(|word| word.filled().is_some());
    let many = |name: &str| -> Vec<String> {
        joined(row.cell(column(headings, name)), ";").into_iter().map(str::to_owned).collect()
    };
    let id = if column(headings, "id").is_some() { one("id") } else { one("name") };
    let mut entry = Entry::new(id, one("name"), row.at);
    entry.aliases = many("aliases");
    let countries = many("country").into_iter().chain(many("countries"));
    entry.countries = countries.map(|country| Word::new(country, row.at)).collect();
    entry.identifiers = IDENTIFIERS.iter().filter_map(|kind| Some(((*kind).to_owned(), word(kind)?))).collect();
    entry.addresses = many("addresses");
    entry.topics = many("topics");
    entry.same_as = many("same_as").into_iter().map(|other| Word::new(other, row.at)).collect();
    let programmes = many("programme").into_iter().chain(many("programs"));
    let listed = |programme| Listed { programme, from: word("from"), until: word("until"), source: None };
    entry.listed = programmes.map(listed).collect();
    let stake = |owner| Stake {
        owner,
        share: word("percent"),
        kind: Some(Word::new("own", row.at)),
        source: word("source").map(|word| word.text),
        ..Stake::default()
    };
    entry.parents = word("parent").map(stake).into_iter().collect();
    entry.source = word("source").map(|word| word.text);
    entry
}
