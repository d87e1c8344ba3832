//! The YAML that says an abstract rule. In: a rule. Out: a text for the product. It evaluates nothing.

use std::fmt::{self, Display, Formatter};

use super::rule::*;

impl Selector {
    fn written(self, count: usize) -> &'static str {
        match self {
            Selector::Aside if count == NAMES.len() => "_as*",
            Selector::Them | Selector::Aside => "them",
            Selector::Goods => "goods_*",
            Selector::Anything => "*",
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Place::Raw(column) => write!(f, "raw.{}", COLUMNS[column.index()].1),
            Place::Price => f.write_str("usd_per_kg"),
            Place::Field(column) => f.write_str(COLUMNS[column.index()].2),
        }
    }
}

impl Pattern {
    /// As Sigma writes it.
    pub fn written(&self) -> String {
        let mut out = String::new();
        for (place, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Run => out.push('*'),
                Piece::One => out.push('?'),
                Piece::Plain(text) => {
                    let last = place + 1 == self.pieces.len();
                    let letters: Vec<char> = text.chars().collect();
                    for (at, letter) in letters.iter().enumerate() {
                        let next = letters.get(at + 1);
                        let special = next.map_or(!last, |next| matches!(next, '*' | '?' | '\\'));
                        if matches!(letter, '*' | '?') || (*letter == '\\' && (self.doubled || special)) {
                            out.push('\\');
                        }
                        out.push(*letter);
                    }
                }
            }
        }
        out
    }
}

/// A scalar of YAML: plain where that is safe, so that `NO` and `0102` are tried as they are typed.
pub fn scalar(text: &str) -> String {
    let plain = !text.is_empty() && text != "null" && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    if plain {
        return text.to_owned();
    }
    if !text.chars().any(|c| c.is_control() || c == '\u{feff}' || c == '\u{2028}') {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || c == '\u{feff}' || c == '\u{2028}' => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn list(values: &[String]) -> String {
    match values {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn scalars<T: AsRef<str>>(values: &[T]) -> String {
    list(&values.iter().map(|value| scalar(value.as_ref())).collect::<Vec<_>>())
}

fn flags(words: &[(&str, bool)]) -> String {
    words.iter().filter(|word| word.1).map(|word| format!("|{}", word.0)).collect()
}

impl Item {
    /// The key: field and modifiers.
    pub fn key(&self) -> String {
        match self {
            Item::Text { place, how, cased, neq, all, .. } => {
                let how = match how {
                    How::Whole => "",
                    How::Contains => "|contains",
                    How::StartsWith => "|startswith",
                    How::EndsWith => "|endswith",
                };
                format!("{place}{how}{}", flags(&[("cased", *cased), ("all", *all), ("neq", *neq)]))
            }
            Item::Regex { place, flags: letters, neq, .. } => {
                let letters: String = letters.chars().map(|letter| format!("|{letter}")).collect();
                format!("{place}|re{letters}{}", flags(&[("neq", *neq)]))
            }
            Item::Exists { place, .. } => format!("{place}|exists"),
            Item::Amount { place, order, neq, .. } => format!("{place}{}{}", order.word(), flags(&[("neq", *neq)])),
            Item::Day { place, order, neq, .. } => {
                let word = match order {
                    Order::Gte => "|on_or_after",
                    Order::Lt => "|before",
                    other => other.word(),
                };
                format!("{place}{word}{}", flags(&[("neq", *neq)]))
            }
            Item::DayPart { place, part, order, neq, .. } => {
                let part = match part {
                    Part::Day => "day",
                    Part::Week => "week",
                    Part::Month => "month",
                    Part::Year => "year",
                };
                format!("{place}|{part}{}{}", order.word(), flags(&[("neq", *neq)]))
            }
            Item::Between { place, .. } => format!("{place}|between"),
            Item::Tariff { place, neq, .. } => format!("{place}|hs{}", flags(&[("neq", *neq)])),
            Item::Country { place, neq, .. } => format!("{place}|country{}", flags(&[("neq", *neq)])),
            Item::Mentions { place, kind, all, neq, .. } => {
                let kind = match kind {
                    Kind::Dictionary => "",
                    Kind::Literal => "|literal",
                    Kind::Inflected => "|inflected",
                };
                format!("{place}|mentions{kind}{}", flags(&[("all", *all), ("neq", *neq)]))
            }
            Item::Refers { left, how, neq, .. } => format!("{left}|fieldref{}{}", how.word(), flags(&[("neq", *neq)])),
            Item::Differs { left, .. } => format!("{left}|differs"),
            Item::Party { who, ask } => {
                format!("{}{}", who.name(), ask.word().map_or(String::new(), |w| format!("|{w}")))
            }
            Item::Parties { who, .. } => who.name().to_owned(),
        }
    }

    fn value(&self) -> String {
        match self {
            Item::Text { values, .. } => {
                let written = values.iter().map(|value| match value {
                    Value::Pattern(pattern) => scalar(&pattern.written()),
                    Value::Missing(word) => (*word).to_owned(),
                });
                list(&written.collect::<Vec<_>>())
            }
            Item::Regex { source, .. } => scalar(source),
            Item::Exists { there, .. } => there.to_string(),
            Item::Amount { amount, .. } => scalar(amount),
            Item::Between { from, until, .. } => scalars(&[*from, *until]),
            Item::Day { day, .. } => (*day).to_owned(),
            Item::DayPart { numbers, .. } => list(&numbers.iter().map(u16::to_string).collect::<Vec<_>>()),
            Item::Tariff { ranges, .. } => {
                let written = ranges.iter().map(|(from, until)| match from == until {
                    true => scalar(from),
                    false => format!("{from}-{until}"),
                });
                list(&written.collect::<Vec<_>>())
            }
            Item::Country { spellings, .. } => scalars(spellings),
            Item::Mentions { terms, .. } => scalars(terms),
            Item::Refers { right, .. } | Item::Differs { right, .. } => right.to_string(),
            Item::Party { ask, .. } => ask.value(),
            Item::Parties { maps, .. } => {
                let map = |asks: &Vec<Ask>| {
                    let keys = asks.iter().map(|ask| format!("{}: {}", ask.key_in_map(), ask.value()));
                    format!("{{{}}}", keys.collect::<Vec<_>>().join(", "))
                };
                list(&maps.iter().map(map).collect::<Vec<_>>())
            }
        }
    }
}

impl Order {
    fn word(self) -> &'static str {
        match self {
            Order::Equal => "",
            Order::Gt => "|gt",
            Order::Gte => "|gte",
            Order::Lt => "|lt",
            Order::Lte => "|lte",
        }
    }
}

impl Relation {
    fn word(self) -> &'static str {
        match self {
            Relation::Same => "",
            Relation::Contains => "|contains",
            Relation::StartsWith => "|startswith",
            Relation::EndsWith => "|endswith",
            Relation::Gt => "|gt",
            Relation::Gte => "|gte",
            Relation::Lt => "|lt",
            Relation::Lte => "|lte",
        }
    }
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Who::Consignor => "consignor",
            Who::Consignee => "consignee",
            Who::Buyer => "buyer",
            Who::AnyParty => "any_party",
            Who::AnySender => "any_sender",
            Who::AnyRecipient => "any_recipient",
            Who::Intermediary => "intermediary",
        }
    }
}

impl Ask {
    fn word(&self) -> Option<&'static str> {
        Some(match self {
            Ask::Named(_) => return None,
            Ask::Entity(_) => "entity",
            Ask::OwnedBy(_) => "owned_by",
            Ask::Listed(_) => "listed",
            Ask::Country(_) => "country",
            Ask::Contains(_) => "contains",
            Ask::StartsWith(_) => "startswith",
        })
    }

    pub fn key_in_map(&self) -> String {
        match self {
            Ask::Named(_) => "name".to_owned(),
            Ask::Contains(_) | Ask::StartsWith(_) => format!("name|{}", self.word().unwrap()),
            other => other.word().unwrap().to_owned(),
        }
    }

    fn value(&self) -> String {
        match self {
            Ask::Named(names) | Ask::Entity(names) | Ask::OwnedBy(names) => scalars(names),
            Ask::Listed(names) | Ask::Country(names) => scalars(names),
            Ask::Contains(pattern) | Ask::StartsWith(pattern) => scalar(&pattern.written()),
        }
    }
}

impl Condition {
    fn written(&self, count: usize, definitions: usize) -> String {
        let joined = |parts: &[Condition], word: &str| {
            parts.iter().map(|part| part.inside(count, definitions)).collect::<Vec<_>>().join(word)
        };
        match self {
            Condition::One(place) => NAMES[place % count].to_owned(),
            Condition::And(parts) => joined(parts, " and "),
            Condition::Or(parts) => joined(parts, " or "),
            Condition::Not(part) => format!("not {}", part.inside(count, definitions)),
            Condition::Defined(_) if definitions == 0 => NAMES[0].to_owned(),
            Condition::Defined(place) => format!("defined_{}", place % definitions),
            Condition::AllOf(selector) => format!("all of {}", selector.written(count)),
            Condition::Of(least, selector) => {
                let most = selector.chosen(count).len();
                format!("{} of {}", (*least).clamp(1, most), selector.written(count))
            }
        }
    }

    /// In parentheses where what stands around binds closer.
    fn inside(&self, count: usize, definitions: usize) -> String {
        match self {
            Condition::And(_) | Condition::Or(_) => format!("({})", self.written(count, definitions)),
            _ => self.written(count, definitions),
        }
    }
}

fn map(f: &mut Formatter<'_>, items: &[Item]) -> fmt::Result {
    items.iter().try_for_each(|item| writeln!(f, "    {}: {}", item.key(), item.value()))
}

impl Selection {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Selection::Map(items) => map(f, items),
            Selection::Maps(maps) => {
                for items in maps {
                    for (place, item) in items.iter().enumerate() {
                        let lead = if place == 0 { '-' } else { ' ' };
                        writeln!(f, "    {lead} {}: {}", item.key(), item.value())?;
                    }
                }
                Ok(())
            }
            Selection::Words { all: true, values } => {
                let written: Vec<String> = values.iter().map(Pattern::written).collect();
                writeln!(f, "    '|all': {}", scalars(&written))
            }
            Selection::Words { all: false, values } => {
                values.iter().try_for_each(|value| writeln!(f, "    - {}", scalar(&value.written())))
            }
        }
    }
}

impl Rule {
    fn write(&self, f: &mut Formatter<'_>, definitions: usize) -> fmt::Result {
        writeln!(f, "title: Generated\nid: {}\nlevel: low\ndetection:", self.id)?;
        for (name, selection) in NAMES.iter().zip(&self.selections) {
            writeln!(f, "  {name}:")?;
            selection.write(f)?;
        }
        writeln!(f, "  condition:")?;
        let count = self.selections.len();
        self.conditions.iter().try_for_each(|one| writeln!(f, "    - {}", one.written(count, definitions)))
    }
}

impl Display for Folder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.definitions.is_empty() {
            writeln!(f, "define:")?;
        }
        for (number, items) in self.definitions.iter().enumerate() {
            writeln!(f, "  defined_{number}:")?;
            map(f, items)?;
        }
        for (number, filter) in self.filters.iter().enumerate() {
            writeln!(f, "---\ntitle: Generated\nid: filter-{number}\nfilter:\n  harmless:")?;
            map(f, &filter.map)?;
            let spoken = (0..self.rules.len()).filter(|rule| filter.speaks_of(*rule, self.rules.len()));
            let ids: Vec<&str> = spoken.map(|rule| self.rules[rule].id.as_str()).collect();
            let rules = if filter.rules.is_empty() { "any".to_owned() } else { format!("[{}]", ids.join(", ")) };
            writeln!(f, "  rules: {rules}\n  condition: not harmless")?;
        }
        self.rules.iter().try_for_each(|rule| {
            writeln!(f, "---")?;
            rule.write(f, self.definitions.len())
        })
    }
}
