//! The plain evaluator: does a rule hold for one record, row by row and key by key, from the raw cells.
//!
//! It is slow and obviously right, and it names nothing of the product: folding, numbers, dates, countries, words and
//! parties are spelt out here by hand, for the vocabulary that `generate` draws from.

pub mod parties;
mod values;
mod words;

use super::rule::{
    Column, Condition, Folder, How, Item, Order, Pattern, Piece, Place, Relation, Rule, Selection, Value,
};

/// One row: a raw cell for each column.
#[derive(Debug, Clone)]
pub struct Row(pub Vec<String>);

impl Row {
    pub fn raw(&self, column: Column) -> &str {
        &self.0[column.index()]
    }

    /// The cell that a key sees; `None` when it is missing.
    fn cell(&self, place: Place) -> Option<String> {
        match place {
            Place::Raw(column) => Some(self.raw(column).trim()).filter(|cell| !cell.is_empty()).map(str::to_owned),
            Place::Field(column) => values::canonical(column, self.raw(column)),
            Place::Price => values::price(self.raw(Column::Value), self.raw(Column::Net)),
        }
    }
}

/// Whether a rule of the folder fires.
pub fn fires(folder: &Folder, rule: usize, row: &Row) -> bool {
    let Rule { selections, conditions, .. } = &folder.rules[rule];
    let held: Vec<bool> = selections.iter().map(|selection| selected(selection, row)).collect();
    let all = |map: &Vec<Item>| map.iter().all(|item| asked(item, row));
    let defined: Vec<bool> = folder.definitions.iter().map(all).collect();
    let mut spoken = folder.filters.iter().filter(|filter| filter.speaks_of(rule, folder.rules.len()));
    let harmless = spoken.any(|filter| all(&filter.map));
    !harmless && conditions.iter().any(|condition| holds(condition, &held, &defined))
}

fn holds(condition: &Condition, held: &[bool], defined: &[bool]) -> bool {
    match condition {
        Condition::One(place) => held[place % held.len()],
        Condition::And(parts) => parts.iter().all(|part| holds(part, held, defined)),
        Condition::Or(parts) => parts.iter().any(|part| holds(part, held, defined)),
        Condition::Not(part) => !holds(part, held, defined),
        Condition::Defined(_) if defined.is_empty() => held[0],
        Condition::Defined(place) => defined[place % defined.len()],
        Condition::AllOf(selector) => selector.chosen(held.len()).iter().all(|place| held[*place]),
        Condition::Of(least, selector) => {
            let chosen = selector.chosen(held.len());
            chosen.iter().filter(|place| held[**place]).count() >= (*least).clamp(1, chosen.len())
        }
    }
}

/// The texts that keywords are looked for in.
const TEXTS: [Column; 7] =
    [Column::Number, Column::ReceiverId, Column::Goods, Column::Brand, Column::Sender, Column::Receiver, Column::Buyer];

fn selected(selection: &Selection, row: &Row) -> bool {
    match selection {
        Selection::Map(items) => items.iter().all(|item| asked(item, row)),
        Selection::Maps(maps) => maps.iter().any(|items| items.iter().all(|item| asked(item, row))),
        Selection::Words { all, values } => {
            let stands = |value: &Pattern| {
                let mut cells = TEXTS.iter().filter_map(|column| row.cell(Place::Field(*column)));
                cells.any(|cell| text_matches(value, How::Contains, false, &cell))
            };
            if *all { values.iter().all(stands) } else { values.iter().any(stands) }
        }
    }
}

/// Whether one key of a map holds.
pub fn asked(item: &Item, row: &Row) -> bool {
    match item {
        Item::Text { place, how, cased, neq, all, values } => {
            let cell = row.cell(*place);
            let one = |value: &Value| match (value, &cell) {
                (Value::Missing(_), cell) => cell.is_none(),
                (Value::Pattern(_), None) => false,
                (Value::Pattern(pattern), Some(cell)) => text_matches(pattern, *how, *cased, cell),
            };
            *neq != if *all { values.iter().all(one) } else { values.iter().any(one) }
        }
        Item::Regex { place, flags, source, neq } => {
            let source = if flags.is_empty() { (*source).to_owned() } else { format!("(?{flags}){source}") };
            let regex = regex::Regex::new(&source).unwrap();
            *neq != row.cell(*place).is_some_and(|cell| regex.is_match(&cell))
        }
        Item::Exists { place, there } => row.cell(*place).is_some() == *there,
        Item::Amount { place, order, amount, neq } => {
            let (cell, asked) = (row.cell(*place), values::amount(amount).unwrap());
            let found = cell.and_then(|cell| values::amount(&cell));
            *neq != found.is_some_and(|found| ordered(*order, (&found, &found), (&asked, &asked)))
        }
        Item::Between { place, from, until } => {
            let found = row.cell(*place).and_then(|cell| values::amount(&cell));
            found.is_some_and(|found| values::amount(from).unwrap() <= found && found <= values::amount(until).unwrap())
        }
        Item::Day { place, order, day, neq } => {
            let found = row.cell(*place).and_then(|cell| values::days(&cell));
            let asked = values::asked_days(day);
            *neq != found.is_some_and(|found| ordered(*order, (&found.0, &found.1), (&asked.0, &asked.1)))
        }
        Item::DayPart { place, part, order, numbers, neq } => {
            let found = row.cell(*place).and_then(|cell| values::part(&cell, *part));
            let one = |asked: &u16, found: u16| ordered(*order, (&found, &found), (asked, asked));
            *neq != found.is_some_and(|found| numbers.iter().any(|asked| one(asked, found)))
        }
        Item::Tariff { place, ranges, neq } => {
            let found = row.cell(*place).and_then(|cell| values::tariff(&cell));
            *neq != found.is_some_and(|code| ranges.iter().any(|range| values::in_range(&code, *range)))
        }
        Item::Country { place, spellings, neq } => {
            let found = row.cell(*place).and_then(|cell| values::country(&cell));
            *neq != found.is_some_and(|code| spellings.iter().any(|one| values::country(one) == Some(code)))
        }
        Item::Mentions { place, kind, terms, all, neq } => {
            let cell = row.cell(*place).unwrap_or_default();
            let one = |term: &&str| words::mentions(term, *kind, &cell);
            *neq != if *all { terms.iter().all(one) } else { terms.iter().any(one) }
        }
        Item::Refers { left, how, right, neq } => {
            let both = row.cell(*left).zip(row.cell(*right));
            *neq != both.is_some_and(|(left, right)| related(*how, &left, &right))
        }
        Item::Differs { left, right } => {
            let both = row.cell(*left).zip(row.cell(*right));
            both.is_some_and(|(left, right)| !values::same(&left, &right))
        }
        Item::Party { who, ask } => parties::asked_of_cells(*who, ask, row),
        Item::Parties { who, maps } => {
            let parties = parties::parties(*who, row);
            maps.iter().any(|asks| parties.iter().any(|party| asks.iter().all(|ask| party.answers(ask))))
        }
    }
}

/// Whether what a cell may mean, from its first to its last, stands so to what is asked, whichever of it is true.
fn ordered<T: Ord>(order: Order, (first, last): (&T, &T), (from, until): (&T, &T)) -> bool {
    match order {
        Order::Equal => from <= first && last <= until,
        Order::Gt => first > until,
        Order::Gte => first >= from,
        Order::Lt => last < from,
        Order::Lte => last <= until,
    }
}

fn related(how: Relation, left: &str, right: &str) -> bool {
    let texts = || (values::fold(left), values::fold(right));
    let amounts = || values::amount(left).zip(values::amount(right));
    match how {
        Relation::Same => values::same(left, right),
        Relation::Contains => texts().0.contains(&texts().1),
        Relation::StartsWith => texts().0.starts_with(&texts().1),
        Relation::EndsWith => texts().0.ends_with(&texts().1),
        Relation::Gt => amounts().is_some_and(|(left, right)| left > right),
        Relation::Gte => amounts().is_some_and(|(left, right)| left >= right),
        Relation::Lt => amounts().is_some_and(|(left, right)| left < right),
        Relation::Lte => amounts().is_some_and(|(left, right)| left <= right),
    }
}

fn text_matches(pattern: &Pattern, how: How, cased: bool, cell: &str) -> bool {
    let mut pieces: Vec<Piece> = pattern.pieces.clone();
    if matches!(how, How::Contains | How::EndsWith) {
        pieces.insert(0, Piece::Run);
    }
    if matches!(how, How::Contains | How::StartsWith) {
        pieces.push(Piece::Run);
    }
    let mut signs = Vec::new();
    for piece in &pieces {
        match piece {
            Piece::Plain(text) => signs.extend(letters(text, cased).into_iter().map(|letter| Sign::Letter(letter.0))),
            Piece::Run => signs.push(Sign::Run),
            Piece::One => signs.push(Sign::One),
        }
    }
    glob(&signs, &letters(cell, cased))
}

/// The letters that are compared, and whether a letter of the text begins with it: `ß` folds to two.
fn letters(text: &str, cased: bool) -> Vec<(char, bool)> {
    let composed = values::composed(text);
    let folded = |letter: char| if cased { letter.to_string() } else { values::folded(letter) };
    let own = |letter| folded(letter).chars().enumerate().map(|(n, part)| (part, n == 0)).collect::<Vec<_>>();
    composed.chars().flat_map(own).collect()
}

enum Sign {
    Letter(char),
    One,
    Run,
}

/// The textbook table: `reached[n]` tells whether the signs so far can take the first `n` letters.
fn glob(signs: &[Sign], text: &[(char, bool)]) -> bool {
    let begins = |at: usize| text.get(at).is_none_or(|letter| letter.1);
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for sign in signs {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let whole = |from: usize| begins(from) && begins(at) && (from + 1..at).all(|inside| !begins(inside));
            next[at] = match sign {
                Sign::Letter(letter) => at > 0 && reached[at - 1] && text[at - 1].0 == *letter,
                Sign::One => (0..at).any(|from| reached[from] && whole(from)),
                Sign::Run => reached[..=at].contains(&true),
            };
        }
        reached = next;
    }
    reached[text.len()]
}
