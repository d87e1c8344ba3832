//! What is tried: strategies for rows and rules over one small vocabulary, so that cells repeat and rules share keys.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::judge::Row;
use super::rule::*;
use super::vocabulary::*;

/// One row; its number makes it a record whatever else is missing.
pub fn row() -> impl Strategy<Value = Row> {
    let cells = COLUMNS.map(|(column, ..)| match column {
        Column::Number => Just("R").boxed(),
        Column::Date => select(&DATES[..]).boxed(),
        Column::Goods => select(&GOODS[..]).boxed(),
        Column::Brand => prop_oneof![select(&GOODS[..]), select(&TEXTS[..])].boxed(),
        Column::Tariff => select(&TARIFFS[..]).boxed(),
        Column::Origin | Column::Dispatch | Column::ReceiverCountry => select(&COUNTRIES[..]).boxed(),
        Column::Value | Column::Net => select(&AMOUNTS[..]).boxed(),
        Column::Sender | Column::Receiver | Column::Buyer => select(&SENDERS[..]).boxed(),
        Column::ReceiverId => select(&NUMBERS[..]).boxed(),
        Column::Note | Column::Extra => prop_oneof![select(&TEXTS[..]), select(&AMOUNTS[..])].boxed(),
    });
    cells.to_vec().prop_map(|cells| Row(cells.into_iter().map(str::to_owned).collect()))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let words = [
        "ACME",
        "a",
        "b",
        "*",
        "?",
        r"\",
        r"\\",
        "ss",
        "e",
        "\u{301}",
        "É",
        "two",
        "\n",
        "su",
        "35",
        "SU-35",
        "АНТЕНН",
        "антенн",
        "1",
        "10",
        "0102",
        "NO",
        "K",
        "i\u{307}",
        "heron",
        "Plain Trading",
        "ß",
        "ſ",
        "-",
    ];
    let piece = prop_oneof![
        6 => select(words.to_vec()).prop_map(|word| Piece::Plain(word.to_owned())),
        1 => Just(Piece::Run),
        1 => Just(Piece::One),
    ];
    // A text of the cells, or one with a wildcard for a part of it.
    let texts = TEXTS.iter().chain(&SENDERS).filter(|text| !text.trim().is_empty());
    let near = (select(texts.copied().collect::<Vec<_>>()), 0..8usize, 0..4usize).prop_map(|(text, at, how)| {
        let letters: Vec<char> = text.trim().chars().collect();
        let (before, after) = letters.split_at(at % letters.len());
        let plain = |letters: &[char]| Piece::Plain(letters.iter().collect());
        let pieces = match how {
            0 => vec![plain(&letters)],
            1 => vec![plain(before), Piece::Run],
            2 => vec![Piece::Run, plain(after)],
            _ => vec![plain(before), Piece::One, plain(&after[1..])],
        };
        pieces.into_iter().filter(|piece| !matches!(piece, Piece::Plain(text) if text.is_empty())).collect()
    });
    let pieces = prop_oneof![near, vec(piece, 1..4)];
    (pieces, any::<bool>()).prop_map(|(pieces, doubled)| Pattern { pieces: joined(pieces), doubled })
}

/// Neighbouring plain texts as one, so that a backslash sees what comes after it.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Plain(before)), Piece::Plain(text)) => before.push_str(&text),
            (_, piece) => out.push(piece),
        }
    }
    out
}

fn text_place() -> impl Strategy<Value = Place> {
    let places = [
        Place::Raw(Column::Note),
        Place::Raw(Column::Extra),
        Place::Raw(Column::Goods),
        Place::Raw(Column::Sender),
        Place::Raw(Column::Tariff),
        Place::Field(Column::Goods),
        Place::Field(Column::Brand),
        Place::Field(Column::Receiver),
    ];
    select(places.to_vec())
}

fn text() -> impl Strategy<Value = Item> {
    let how = select(vec![How::Whole, How::Contains, How::StartsWith, How::EndsWith]);
    let missing = weighted(0.15, select(vec!["null", "''", ""]));
    let some = |odds: f64| proptest::bool::weighted(odds);
    (text_place(), how, (some(0.2), some(0.2), some(0.2)), vec(pattern(), 1..4), missing).prop_map(
        |(place, how, (cased, neq, all), patterns, missing)| {
            // On a field of words a bare value is `mentions`, and a missing value is asked for without a modifier.
            let place = match (how, place) {
                (How::Whole, Place::Field(_)) => Place::Raw(Column::Note),
                _ => place,
            };
            let mut values: Vec<Value> = patterns.into_iter().map(Value::Pattern).collect();
            if let Some(word) = missing.filter(|word| how == How::Whole && !(cased && word.is_empty())) {
                if word.is_empty() {
                    values = vec![Value::Missing("null")];
                } else {
                    values.push(Value::Missing(word));
                }
            }
            Item::Text { place, how, cased, neq, all, values }
        },
    )
}

fn regex() -> impl Strategy<Value = Item> {
    let sources = [
        "su-?35",
        "(su|су).{0,2}35",
        "^a",
        "b$",
        "антенн[аы]",
        "a.b",
        r"\d+[.,]\d",
        "acme|plain trading",
        "k",
        "ss",
        r"\bheron\b",
        "e",
        "(?:two|lines)$",
        "x*",
        "holding( llc)?",
        "[а-я]{5,}",
        "ß",
    ];
    let flags = select(vec!["", "i", "i", "m", "s", "im"]);
    (text_place(), flags, select(sources.to_vec()), proptest::bool::weighted(0.2))
        .prop_map(|(place, flags, source, neq)| Item::Regex { place, flags, source, neq })
}

fn place_of(columns: &[Column]) -> impl Strategy<Value = Place> + use<> {
    let places: Vec<Place> = columns.iter().flat_map(|column| [Place::Field(*column), Place::Raw(*column)]).collect();
    select(places)
}

fn amounts() -> impl Strategy<Value = Item> {
    let numbers = ["0", "5", "1500", "1,500.00", "1 500,5", "1.5k", "12.5", "-3", "12345678901234567890"];
    let orders = select(vec![Order::Equal, Order::Gt, Order::Gte, Order::Lt, Order::Lte]);
    let place = || prop_oneof![3 => place_of(&[Column::Value, Column::Net]), 1 => Just(Place::Price)];
    let one = (place(), orders, select(numbers.to_vec()), proptest::bool::weighted(0.2)).prop_map(
        |(place, order, amount, neq)| {
            // On a raw cell a bare number is Sigma's: the whole text.
            let order = if order == Order::Equal && matches!(place, Place::Raw(_)) { Order::Lt } else { order };
            Item::Amount { place, order, amount, neq }
        },
    );
    let ranges = select(vec![("0", "5"), ("-3", "1500"), ("12.5", "1,500.00"), ("5", "5")]);
    let between = (place(), ranges).prop_map(|(place, (from, until))| Item::Between { place, from, until });
    prop_oneof![3 => one, 1 => between]
}

fn days() -> impl Strategy<Value = Item> {
    let orders = select(vec![Order::Equal, Order::Gt, Order::Gte, Order::Lt, Order::Lte]);
    let days = ["2022-10-24", "2022-10", "2022", "2022-02-24", "2022-02-23", "2021-12-31", "2023-01-01"];
    (place_of(&[Column::Date]), orders, select(days.to_vec()), proptest::bool::weighted(0.2)).prop_map(
        |(place, order, day, neq)| {
            // Only `on_or_after` and `before` make a date of a raw cell in every case; `2022` alone is a number there.
            let order = match place {
                Place::Raw(_) if order == Order::Equal || day == "2022" => Order::Gte,
                _ => order,
            };
            Item::Day { place, order, day, neq }
        },
    )
}

fn day_parts() -> impl Strategy<Value = Item> {
    let orders = select(vec![Order::Equal, Order::Equal, Order::Gt, Order::Gte, Order::Lt, Order::Lte]);
    let numbers = [
        (Part::Day, vec![1, 24, 31]),
        (Part::Week, vec![8, 43, 52]),
        (Part::Month, vec![1, 2, 10, 12]),
        (Part::Year, vec![2021, 2022, 2023]),
    ];
    let asked = select(numbers.to_vec()).prop_flat_map(|(part, numbers)| (Just(part), vec(select(numbers), 1..3)));
    (place_of(&[Column::Date]), asked, orders, proptest::bool::weighted(0.2)).prop_map(
        |(place, (part, numbers), order, neq)| {
            let numbers = if order == Order::Equal { numbers } else { numbers[..1].to_vec() };
            Item::DayPart { place, part, order, numbers, neq }
        },
    )
}

fn tariffs() -> impl Strategy<Value = Item> {
    let ranges = [
        ("8541", "8541"),
        ("8541.40", "8541.40"),
        ("8541", "8542"),
        ("01", "02"),
        ("0102", "0102"),
        ("85", "88"),
        ("95", "95"),
    ];
    (place_of(&[Column::Tariff]), vec(select(ranges.to_vec()), 1..3), proptest::bool::weighted(0.2))
        .prop_map(|(place, ranges, neq)| Item::Tariff { place, ranges, neq })
}

fn spellings() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(vec!["TR", "792", "Турция", "China", "CN", "UZ", "NO", "NA", "Норвегия"]), 1..3).prop_map(|names| {
        names
            .into_iter()
            .map(|name| {
                if name == "Турция" {
                    "ТУРЦИЯ"
                } else if name == "Норвегия" {
                    "НОРВЕГИЯ"
                } else {
                    name
                }
            })
            .collect()
    })
}

fn countries() -> impl Strategy<Value = Item> {
    (place_of(&[Column::Origin, Column::Dispatch]), spellings(), proptest::bool::weighted(0.2))
        .prop_map(|(place, spellings, neq)| Item::Country { place, spellings, neq })
}

fn mentions() -> impl Strategy<Value = Item> {
    let terms = [
        "Su-35",
        "Су-35",
        "su 35",
        "Su-35*",
        "Flanker-E",
        "антенна",
        "АНТЕННЫ",
        "antenna",
        "антенн*",
        "самолёт",
        "дрон",
        "дроны",
        "drone",
        "drones",
        "苏-35",
        "su ... антенна",
        "антенна ... flanker-e",
        "антенна ... flanker-e ... 35",
        "35",
        "E",
        "su, 35",
        "flanker",
        "SU*",
    ];
    let kinds = select(vec![Kind::Dictionary, Kind::Dictionary, Kind::Literal, Kind::Inflected]);
    let places = select(vec![Place::Field(Column::Goods), Place::Raw(Column::Goods)]);
    let odds = || proptest::bool::weighted(0.2);
    (places, kinds, vec(select(terms.to_vec()), 1..4), odds(), odds())
        .prop_map(|(place, kind, terms, all, neq)| Item::Mentions { place, kind, terms, all, neq })
}

fn relations() -> impl Strategy<Value = Item> {
    let texts = [
        Place::Raw(Column::Note),
        Place::Raw(Column::Extra),
        Place::Field(Column::Brand),
        Place::Field(Column::Sender),
    ];
    let words = vec![Relation::Same, Relation::Contains, Relation::StartsWith, Relation::EndsWith];
    let orders = vec![Relation::Gt, Relation::Gte, Relation::Lt, Relation::Lte, Relation::Same];
    let amounts =
        [Place::Field(Column::Value), Place::Field(Column::Net), Place::Raw(Column::Value), Place::Raw(Column::Net)];
    let of = |places: &[Place], how: Vec<Relation>| {
        (select(places.to_vec()), select(how), select(places.to_vec()), proptest::bool::weighted(0.2))
            .prop_map(|(left, how, right, neq)| Item::Refers { left, how, right, neq })
    };
    let differs = select(vec![
        (Place::Field(Column::Origin), Place::Field(Column::Dispatch)),
        (Place::Raw(Column::Note), Place::Raw(Column::Extra)),
        (Place::Field(Column::Dispatch), Place::Field(Column::ReceiverCountry)),
    ]);
    let differs = differs.prop_map(|(left, right)| Item::Differs { left, right });
    prop_oneof![of(&texts, words), of(&amounts, orders), differs]
}

fn who() -> impl Strategy<Value = Who> {
    select(vec![
        Who::Consignor,
        Who::Consignee,
        Who::Buyer,
        Who::AnyParty,
        Who::AnySender,
        Who::AnyRecipient,
        Who::Intermediary,
    ])
}

fn ask() -> impl Strategy<Value = Ask> {
    let firms =
        || vec(select(vec!["ostrov", "Ostrov Holding", "lagoon", "Blue Bay Docks", "HERON OPTICS", "cobalt"]), 1..3);
    let names =
        select(vec!["Heron Optics", "Plain Trading", "plain trading llc", "Meadow Goods", "Nobody", "6000000001"]);
    prop_oneof![
        1 => vec(names, 1..3).prop_map(Ask::Named),
        1 => firms().prop_map(Ask::Entity),
        3 => firms().prop_map(Ask::OwnedBy),
        1 => vec(select(vec!["harbour", "reef", "topic:sanction", "topic:export.control"]), 1..3).prop_map(Ask::Listed),
        2 => spellings().prop_map(Ask::Country),
        1 => pattern().prop_map(Ask::Contains),
        1 => pattern().prop_map(Ask::StartsWith),
    ]
}

fn parties() -> impl Strategy<Value = Item> {
    let map = vec(ask(), 1..4).prop_map(|asks| unique(asks, Ask::key_in_map));
    prop_oneof![
        (who(), ask()).prop_map(|(who, ask)| Item::Party { who, ask }),
        (who(), vec(map, 1..3)).prop_map(|(who, maps)| Item::Parties { who, maps }),
    ]
}

/// A map has each key once.
fn unique<T>(items: Vec<T>, key: impl Fn(&T) -> String) -> Vec<T> {
    let mut seen = std::collections::BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(key(item))).collect()
}

/// One key of a map.
pub fn item() -> impl Strategy<Value = Item> {
    let exists = (text_place(), any::<bool>()).prop_map(|(place, there)| Item::Exists { place, there });
    prop_oneof![
        4 => text(),
        2 => regex(),
        1 => exists,
        2 => amounts(),
        2 => days(),
        2 => day_parts(),
        1 => tariffs(),
        1 => countries(),
        3 => mentions(),
        2 => relations(),
        3 => parties(),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let selector = || select(vec![Selector::Them, Selector::Goods, Selector::Aside, Selector::Anything]);
    let leaf = prop_oneof![
        4 => (0..NAMES.len()).prop_map(Condition::One),
        1 => (0..2usize).prop_map(Condition::Defined),
        1 => selector().prop_map(Condition::AllOf),
        1 => (1..4usize, selector()).prop_map(|(least, selector)| Condition::Of(least, selector)),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Condition::And),
            vec(inner.clone(), 2..4).prop_map(Condition::Or),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

/// Several rules over few keys, so that they share predicates; definitions and filters over the same keys.
pub fn folder() -> impl Strategy<Value = Folder> {
    vec(item(), 2..7).prop_flat_map(|pool| {
        let map = move || vec(select(pool.clone()), 1..4).prop_map(|items| unique(items, Item::key));
        let words = (any::<bool>(), vec(pattern(), 1..3)).prop_map(|(all, values)| Selection::Words { all, values });
        let selection = prop_oneof![
            6 => map().prop_map(Selection::Map),
            2 => vec(map(), 2..4).prop_map(Selection::Maps),
            1 => words,
        ];
        let rule = (vec(selection, 1..=NAMES.len()), vec(condition(), 1..3));
        let filter = (vec(0..4usize, 0..2), map()).prop_map(|(rules, map)| Filter { rules, map });
        (vec(rule, 1..5), vec(map(), 0..3), vec(filter, 0..2)).prop_map(|(rules, definitions, filters)| {
            let numbered = rules.into_iter().enumerate();
            let named = |(n, (selections, conditions))| Rule { id: format!("r-{n}"), selections, conditions };
            Folder { definitions, filters, rules: numbered.map(named).collect() }
        })
    })
}
