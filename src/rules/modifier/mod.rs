//! Modifiers: the words after `|` in a key → what to ask, one file a family. They know values; they know no record.

mod comparison;
mod country;
mod hs;
mod key;
mod question;
mod refused;
mod relation;
mod sigma;
mod words;

pub(super) use comparison::pair as between;
pub(super) use country::codes;
pub(super) use key::parse;
pub(super) use question::{fits, question};

use super::{DatePart, Ownership};
use crate::text::Inflection;
use std::collections::BTreeSet;
use std::ops::Range;

/// What a key asks; at most one stands in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Contains,
    StartsWith,
    EndsWith,
    Exists,
    Re,
    Gt,
    Gte,
    Lt,
    Lte,
    Mentions,
    Hs,
    Country,
    Entity,
    Listed,
    ListedOnDate,
    OwnedBy,
    Address,
    Exactly,
    Differs,
    Between,
    OnOrAfter,
    Before,
}

/// What changes how a key asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flag {
    All,
    Cased,
    Neq,
    FieldRef,
    Literal,
    Inflected,
    IgnoreCase,
    MultiLine,
    DotAll,
    Expand,
    AnyStake,
    Ofac50,
    Control,
}

const OPERATORS: [(&str, Operator); 22] = [
    ("contains", Operator::Contains),
    ("startswith", Operator::StartsWith),
    ("endswith", Operator::EndsWith),
    ("exists", Operator::Exists),
    ("re", Operator::Re),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("mentions", Operator::Mentions),
    ("hs", Operator::Hs),
    ("country", Operator::Country),
    ("entity", Operator::Entity),
    ("listed", Operator::Listed),
    ("listed_on_date", Operator::ListedOnDate),
    ("owned_by", Operator::OwnedBy),
    ("address", Operator::Address),
    ("exactly", Operator::Exactly),
    ("differs", Operator::Differs),
    ("between", Operator::Between),
    ("on_or_after", Operator::OnOrAfter),
    ("before", Operator::Before),
];

const FLAGS: [(&str, Flag); 13] = [
    ("all", Flag::All),
    ("cased", Flag::Cased),
    ("neq", Flag::Neq),
    ("fieldref", Flag::FieldRef),
    ("literal", Flag::Literal),
    ("inflected", Flag::Inflected),
    ("i", Flag::IgnoreCase),
    ("m", Flag::MultiLine),
    ("s", Flag::DotAll),
    ("expand", Flag::Expand),
    ("any", Flag::AnyStake),
    ("ofac50", Flag::Ofac50),
    ("control", Flag::Control),
];

const PARTS: [(&str, DatePart); 4] =
    [("day", DatePart::Day), ("week", DatePart::Week), ("month", DatePart::Month), ("year", DatePart::Year)];

impl Operator {
    /// The word in rules and evidence.
    pub(super) fn name(self) -> &'static str {
        OPERATORS.iter().find(|entry| entry.1 == self).map_or("", |entry| entry.0)
    }

    /// Whether it asks who a party is.
    pub(super) fn asks_of_party(self) -> bool {
        match self {
            Operator::Entity | Operator::Listed | Operator::ListedOnDate | Operator::OwnedBy | Operator::Address => {
                true
            }
            Operator::Contains
            | Operator::StartsWith
            | Operator::EndsWith
            | Operator::Exists
            | Operator::Re
            | Operator::Gt
            | Operator::Gte
            | Operator::Lt
            | Operator::Lte
            | Operator::Mentions
            | Operator::Hs
            | Operator::Country
            | Operator::Exactly
            | Operator::Differs
            | Operator::Between
            | Operator::OnOrAfter
            | Operator::Before => false,
        }
    }
}

/// The modifiers of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Modifiers {
    pub(super) operator: Option<Operator>,
    /// What of a date is compared.
    part: Option<DatePart>,
    flags: BTreeSet<Flag>,
}

impl Modifiers {
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// Whether nothing stands after the field's name that changes the question.
    pub(super) fn is_bare(&self) -> bool {
        self.operator.is_none()
            && self.part.is_none()
            && self.flags.iter().all(|flag| matches!(flag, Flag::Expand | Flag::All | Flag::Neq))
    }

    /// Whether it can only be asked of a value that is there.
    pub(super) fn asks_for_a_value(&self) -> bool {
        self.part.is_some() || self.operator.is_some_and(|operator| operator != Operator::Exactly)
    }

    /// What `owned_by` means here: the mode that the key names, else the rule's.
    pub(super) fn ownership(&self, of_rule: Ownership) -> Ownership {
        match (self.has(Flag::AnyStake), self.has(Flag::Ofac50), self.has(Flag::Control)) {
            (true, _, _) => Ownership::Any,
            (false, true, _) => Ownership::Ofac50,
            (false, false, true) => Ownership::Control,
            (false, false, false) => of_rule,
        }
    }

    /// The same without a flag, for asking and then combining the answers.
    pub(super) fn without(&self, flag: Flag) -> Modifiers {
        let mut other = self.clone();
        other.flags.remove(&flag);
        other
    }

    fn inflection(&self) -> Inflection {
        match (self.has(Flag::Literal), self.has(Flag::Inflected)) {
            (true, _) => Inflection::Literal,
            (false, true) => Inflection::Inflected,
            (false, false) => Inflection::Dictionary,
        }
    }
}

/// One value of a key.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    /// The value, lists expanded.
    pub(super) text: String,
    /// As the rule writes it: `%name%` for a list's value.
    pub(super) written: String,
    /// In the source.
    pub(super) span: Range<usize>,
    /// `null` or the empty text.
    pub(super) missing: bool,
}

impl Scalar {
    /// For a message: the value, and the list that it came from.
    pub(super) fn shown(&self) -> String {
        match super::lists::reference(&self.written) {
            Some(list) if self.written != self.text => format!("`{}` in the list `{list}`", self.text),
            _ => format!("`{}`", self.text),
        }
    }
}

/// Every word that evidence may have for how a cell answered.
#[cfg(test)]
pub(crate) fn evidence_words() -> std::collections::BTreeSet<&'static str> {
    let operators = OPERATORS.into_iter().map(|entry| entry.0);
    let parts = PARTS.into_iter().flat_map(|entry| comparison::part_words(entry.1));
    let relations = relation::WORDS.into_iter().map(|entry| entry.0);
    let others = ["equals", "neq", "party", "owned_by|ofac50", "owned_by|control"];
    operators.chain(parts).chain(relations).chain(others).collect()
}
