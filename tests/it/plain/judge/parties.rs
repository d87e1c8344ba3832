//! Parties by hand: five firms of a tiny watchlist, found by exact names and numbers, and who stands between.

use super::super::rule::{Ask, Column, How, Place, Who};
use super::{Row, text_matches, values};

/// A firm of the watchlist that `record` writes.
pub struct Firm {
    pub id: &'static str,
    pub names: &'static [&'static str],
    pub number: &'static str,
    pub country: &'static str,
    pub list: &'static str,
    pub topic: &'static str,
    pub owner: &'static str,
}

/// Invented firms with invented numbers.
pub const FIRMS: [Firm; 4] = [
    Firm {
        id: "ostrov",
        names: &["Ostrov Holding"],
        number: "5000000000",
        country: "UZ",
        list: "harbour",
        topic: "sanction",
        owner: "",
    },
    Firm {
        id: "lagoon",
        names: &["Lagoon Yards", "Blue Bay Docks"],
        number: "",
        country: "TR",
        list: "harbour",
        topic: "",
        owner: "ostrov",
    },
    Firm {
        id: "heron",
        names: &["Heron Optics"],
        number: "6000000001",
        country: "",
        list: "harbour",
        topic: "",
        owner: "lagoon",
    },
    Firm {
        id: "cobalt",
        names: &["Cobalt Reef"],
        number: "",
        country: "CN",
        list: "reef",
        topic: "export.control",
        owner: "",
    },
];

/// Ten digits that are a number; the last one belongs to nobody here.
const NUMBERS: [&str; 3] = ["5000000000", "6000000001", "7000000003"];

/// A party that a cell names.
#[derive(Debug)]
pub struct Party {
    name: String,
    between: bool,
    numbers: Vec<&'static str>,
    /// Number and country as the record's own columns have them.
    id: Option<String>,
    country: Option<String>,
}

/// A key over a role or a group.
pub fn asked_of_cells(who: Who, ask: &Ask, row: &Row) -> bool {
    let pattern = match ask {
        Ask::Contains(pattern) => Some((pattern, How::Contains)),
        Ask::StartsWith(pattern) => Some((pattern, How::StartsWith)),
        _ => None,
    };
    match pattern {
        // Text is looked for in the whole cell, unless only those between are asked.
        Some((pattern, how)) if who != Who::Intermediary => {
            let mut cells = columns(who).into_iter().filter_map(|column| row.cell(Place::Field(column)));
            cells.any(|cell| text_matches(pattern, how, false, &cell))
        }
        _ => parties(who, row).iter().any(|party| party.answers(ask)),
    }
}

fn columns(who: Who) -> Vec<Column> {
    match who {
        Who::Consignor | Who::AnySender => vec![Column::Sender],
        Who::Consignee => vec![Column::Receiver],
        Who::Buyer => vec![Column::Buyer],
        Who::AnyRecipient => vec![Column::Receiver, Column::Buyer],
        Who::AnyParty | Who::Intermediary => vec![Column::Sender, Column::Receiver, Column::Buyer],
    }
}

/// The parties of a role or a group.
pub fn parties(who: Who, row: &Row) -> Vec<Party> {
    let all = columns(who).into_iter().flat_map(|column| of_column(column, row));
    all.filter(|party| who != Who::Intermediary || party.between).collect()
}

fn of_column(column: Column, row: &Row) -> Vec<Party> {
    let own = |other: Column| if column == Column::Receiver { row.cell(Place::Field(other)) } else { None };
    let (id, country) = (own(Column::ReceiverId), own(Column::ReceiverCountry));
    let cell = row.cell(Place::Field(column));
    if cell.is_none() && id.is_none() && country.is_none() {
        return Vec::new();
    }
    let cell = cell.unwrap_or_default();
    let upper = cell.to_uppercase();
    // `A ON BEHALF OF B`: A stands between. `A THROUGH B`: B does.
    let (principal, between) = if let Some(at) = upper.find(" ON BEHALF OF ") {
        (cell[at + 14..].to_owned(), Some(cell[..at].to_owned()))
    } else if let Some(at) = upper.find(" THROUGH ") {
        (cell[..at].to_owned(), Some(cell[at + 9..].to_owned()))
    } else {
        (cell.clone(), None)
    };
    let numbers_in = |text: &str| NUMBERS.into_iter().filter(|number| text.contains(number)).collect::<Vec<_>>();
    let mut numbers = numbers_in(id.as_deref().unwrap_or(""));
    numbers.extend(numbers_in(&principal));
    let named = principal.split(", ИНН").next().unwrap_or("").to_owned();
    let mut out: Vec<Party> = Vec::new();
    for name in [named, cell] {
        out.push(Party { name, between: false, numbers: numbers.clone(), id: id.clone(), country: country.clone() });
    }
    out.extend(between.map(|name| Party {
        numbers: numbers_in(&name),
        name: name.split(", ИНН").next().unwrap_or("").to_owned(),
        between: true,
        id: None,
        country: None,
    }));
    out
}

/// A name without its legal form, case aside.
fn core(name: &str) -> String {
    let small = name.to_lowercase();
    small.strip_suffix(" llc").unwrap_or(&small).to_owned()
}

fn firm(id: &str) -> Option<&'static Firm> {
    FIRMS.iter().find(|firm| firm.id == id || firm.names.iter().any(|name| core(name) == core(id)))
}

impl Party {
    /// The firms that it is: by number, else by name unless the numbers contradict.
    fn firms(&self) -> Vec<&'static Firm> {
        let by_number: Vec<&Firm> =
            FIRMS.iter().filter(|firm| !firm.number.is_empty() && self.numbers.contains(&firm.number)).collect();
        if !by_number.is_empty() {
            return by_number;
        }
        let called = |firm: &&Firm| firm.names.iter().any(|name| core(name) == core(&self.name));
        let agrees = |firm: &&Firm| firm.number.is_empty() || self.numbers.is_empty();
        FIRMS.iter().filter(called).filter(agrees).collect()
    }

    pub fn answers(&self, ask: &Ask) -> bool {
        let is = |asked: &&str| self.firms().iter().any(|one| firm(asked).is_some_and(|firm| firm.id == one.id));
        match ask {
            Ask::Entity(names) => names.iter().any(is),
            Ask::Named(names) => names.iter().any(|name| {
                is(name) || core(name) == core(&self.name) || (!self.between && self.id.as_deref() == Some(name))
            }),
            Ask::OwnedBy(names) => names.iter().any(|name| {
                let owner = firm(name).unwrap();
                self.firms().iter().any(|one| under(one, owner))
            }),
            Ask::Listed(names) => names.iter().any(|name| {
                self.firms().iter().any(|one| match name.strip_prefix("topic:") {
                    Some(topic) => one.topic == topic,
                    None => one.list == *name,
                })
            }),
            Ask::Country(spellings) => {
                let asked: Vec<&str> = spellings.iter().filter_map(|one| values::country(one)).collect();
                match &self.country {
                    Some(code) => asked.contains(&code.as_str()),
                    None => self.firms().iter().any(|one| asked.contains(&one.country)),
                }
            }
            Ask::Contains(pattern) => self.text_matches(pattern, How::Contains),
            Ask::StartsWith(pattern) => self.text_matches(pattern, How::StartsWith),
        }
    }

    fn text_matches(&self, pattern: &super::Pattern, how: How) -> bool {
        !self.name.is_empty() && text_matches(pattern, how, false, &self.name)
    }
}

fn under(one: &Firm, owner: &Firm) -> bool {
    one.id == owner.id || firm(one.owner).is_some_and(|next| under(next, owner))
}
