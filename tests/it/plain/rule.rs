//! A small abstract rule: a tree of what the generator chose, which `yaml` writes for the product and `judge` evaluates.

/// The columns of the exports here; most are mapped to a field, two are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Number,
    Date,
    Goods,
    Brand,
    Tariff,
    Origin,
    Dispatch,
    Value,
    Net,
    Sender,
    Receiver,
    ReceiverId,
    ReceiverCountry,
    Buyer,
    Note,
    Extra,
}

/// Heading in the file and the field that the layout makes of it.
pub const COLUMNS: [(Column, &str, &str); 16] = [
    (Column::Number, "Number", "declaration_id"),
    (Column::Date, "Date", "declaration_date"),
    (Column::Goods, "Goods", "description"),
    (Column::Brand, "Brand", "brand"),
    (Column::Tariff, "Tariff", "hs_code"),
    (Column::Origin, "Origin", "origin_country"),
    (Column::Dispatch, "Dispatch", "dispatch_country"),
    (Column::Value, "Value", "value_usd"),
    (Column::Net, "Net", "net_mass_kg"),
    (Column::Sender, "Sender", "consignor.name"),
    (Column::Receiver, "Receiver", "consignee.name"),
    (Column::ReceiverId, "Receiver no", "consignee.id"),
    (Column::ReceiverCountry, "Receiver country", "consignee.country"),
    (Column::Buyer, "Buyer", "buyer.name"),
    (Column::Note, "Note", ""),
    (Column::Extra, "Extra", ""),
];

/// Where a key looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Raw(Column),
    Field(Column),
    /// `usd_per_kg`.
    Price,
}

/// Everything that stands in a rules folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Maps that every condition may name.
    pub definitions: Vec<Vec<Item>>,
    pub filters: Vec<Filter>,
    pub rules: Vec<Rule>,
}

/// Takes away what the map holds of.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Places of the rules that it speaks of; of all when there is none.
    pub rules: Vec<usize>,
    pub map: Vec<Item>,
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub id: String,
    pub selections: Vec<Selection>,
    /// Several mean OR.
    pub conditions: Vec<Condition>,
}

/// Names of the selections, by their place; the last begins with an underscore.
pub const NAMES: [&str; 4] = ["goods_a", "goods_b", "other", "_aside"];

#[derive(Debug, Clone)]
pub enum Selection {
    Map(Vec<Item>),
    Maps(Vec<Vec<Item>>),
    Words { all: bool, values: Vec<Pattern> },
}

#[derive(Debug, Clone)]
pub enum Condition {
    One(usize),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    AllOf(Selector),
    /// At least so many; never more than there are.
    Of(usize, Selector),
    /// A definition by its place; the first selection where there is none.
    Defined(usize),
}

#[derive(Debug, Clone, Copy)]
pub enum Selector {
    Them,
    Goods,
    Aside,
    Anything,
}

/// One key of a map with its values.
#[derive(Debug, Clone)]
pub enum Item {
    Text {
        place: Place,
        how: How,
        cased: bool,
        neq: bool,
        all: bool,
        values: Vec<Value>,
    },
    Regex {
        place: Place,
        flags: &'static str,
        source: &'static str,
        neq: bool,
    },
    Exists {
        place: Place,
        there: bool,
    },
    Amount {
        place: Place,
        order: Order,
        amount: &'static str,
        neq: bool,
    },
    Between {
        place: Place,
        from: &'static str,
        until: &'static str,
    },
    Day {
        place: Place,
        order: Order,
        day: &'static str,
        neq: bool,
    },
    DayPart {
        place: Place,
        part: Part,
        order: Order,
        numbers: Vec<u16>,
        neq: bool,
    },
    Tariff {
        place: Place,
        ranges: Vec<(&'static str, &'static str)>,
        neq: bool,
    },
    Country {
        place: Place,
        spellings: Vec<&'static str>,
        neq: bool,
    },
    Mentions {
        place: Place,
        kind: Kind,
        terms: Vec<&'static str>,
        all: bool,
        neq: bool,
    },
    Refers {
        left: Place,
        how: Relation,
        right: Place,
        neq: bool,
    },
    Differs {
        left: Place,
        right: Place,
    },
    Party {
        who: Who,
        ask: Ask,
    },
    /// One map or several, each speaking of one party.
    Parties {
        who: Who,
        maps: Vec<Vec<Ask>>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Whole,
    Contains,
    StartsWith,
    EndsWith,
}

#[derive(Debug, Clone)]
pub enum Value {
    Pattern(Pattern),
    /// `null` or `''`.
    Missing(&'static str),
}

/// A text with wildcards; `doubled`: a plain backslash is always written twice.
#[derive(Debug, Clone)]
pub struct Pattern {
    pub pieces: Vec<Piece>,
    pub doubled: bool,
}

#[derive(Debug, Clone)]
pub enum Piece {
    Plain(String),
    Run,
    One,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Equal,
    Gt,
    Gte,
    Lt,
    Lte,
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Day,
    Week,
    Month,
    Year,
}

/// How words are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By stems of long Cyrillic words.
    Dictionary,
    Literal,
    Inflected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Same,
    Contains,
    StartsWith,
    EndsWith,
    Gt,
    Gte,
    Lt,
    Lte,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Consignor,
    Consignee,
    Buyer,
    AnyParty,
    AnySender,
    AnyRecipient,
    Intermediary,
}

/// What is asked of one party.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A bare value: that entity, else that name.
    Named(Vec<&'static str>),
    Entity(Vec<&'static str>),
    OwnedBy(Vec<&'static str>),
    Listed(Vec<&'static str>),
    Country(Vec<&'static str>),
    Contains(Pattern),
    StartsWith(Pattern),
}

impl Filter {
    pub fn speaks_of(&self, rule: usize, count: usize) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|place| place % count == rule)
    }
}

impl Folder {
    /// One rule, with the definitions and the filters that speak of it.
    pub fn only(&self, rule: usize) -> Folder {
        let spoken = self.filters.iter().filter(|filter| filter.speaks_of(rule, self.rules.len()));
        Folder {
            definitions: self.definitions.clone(),
            filters: spoken.map(|filter| Filter { rules: Vec::new(), ..filter.clone() }).collect(),
            rules: vec![self.rules[rule].clone()],
        }
    }
}

impl Column {
    pub fn index(self) -> usize {
        COLUMNS.iter().position(|entry| entry.0 == self).unwrap()
    }
}

impl Selector {
    /// Which of the first `count` selections it means; `them` always means some.
    pub fn chosen(self, count: usize) -> Vec<usize> {
        let of = |prefix: &str| (0..count).filter(|place| NAMES[*place].starts_with(prefix)).collect::<Vec<_>>();
        let spoken: Vec<usize> = (0..count).filter(|place| !NAMES[*place].starts_with('_')).collect();
        match self {
            Selector::Them | Selector::Anything => spoken,
            Selector::Goods => of("goods_"),
            Selector::Aside if of("_aside").is_empty() => spoken,
            Selector::Aside => of("_aside"),
        }
    }
}
