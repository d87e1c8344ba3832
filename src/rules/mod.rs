//! Rules: a folder of YAML texts → compiled rules and problems with positions.
//!
//! In: [`RuleTexts`]. Out: a [`RuleSet`] and every problem of every file at once; one bad file never stops the others.
//! It reads no file and no watchlist: entities stay names here and are bound in `evaluate::bind`.

mod block;
mod condition;
mod define;
mod detection;
mod document;
mod example;
mod filter;
mod folder;
mod lists;
mod logsource;
mod meaning;
mod modifier;
mod names;
mod party_key;
mod report;
pub mod schema;
pub mod style;
mod test_file;
mod values;

pub use lists::list_name;
#[cfg(test)]
pub(crate) use modifier::evidence_words;
pub use test_file::{RuleTest, Tested, read_tests};

use crate::problem::{Problem, SourceText};
use crate::record::{Field, FieldSet, Record, Role};
use crate::rule_card::RuleCard;
use crate::text::{Pattern, Term};
use crate::value::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Texts of a rules folder, read by whoever may read files.
#[derive(Debug, Clone, Default)]
pub struct RuleTexts {
    /// `*.yaml` of the folder.
    pub rules: Vec<Arc<SourceText>>,
    /// `lists/*.{txt,csv,yaml}`; the name is the file stem.
    pub lists: Vec<Arc<SourceText>>,
}
/// What a rule file may name besides watchlist entities.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Recipient names of the configuration; `None` = not known, do not check.
    pub recipients: Option<Vec<String>>,
    /// Source names of the configuration; `None` = not known, do not check.
    pub sources: Option<Vec<String>>,
}
/// All compiled rules.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    /// In order of id.
    pub rules: Vec<Arc<Rule>>,
}
/// A compiled rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What it says of itself.
    pub card: Arc<RuleCard>,
    /// The file it stands in.
    pub source: Arc<SourceText>,
    /// Named selections in order: its own, those of definitions, those of filters.
    pub selections: Vec<Selection>,
    /// Over selection indices, filters included.
    pub condition: Condition,
    /// The filters that speak of it.
    pub filters: Vec<AppliedFilter>,
    /// Its examples.
    pub examples: Vec<Example>,
    /// Names that must be bound to watchlists, with their place in the source.
    pub names: Vec<NamedEntity>,
}
/// A filter as part of a rule's condition.
#[derive(Debug, Clone)]
pub struct AppliedFilter {
    /// Its id, else the name of its file.
    pub name: String,
    /// The file it stands in.
    pub source: Arc<SourceText>,
    /// Where.
    pub span: std::ops::Range<usize>,
    /// Its part of the rule's condition.
    pub condition: Condition,
}
/// The selection of records that a rule's or a filter's `logsource` does not mean; never evidence.
pub(crate) const ANOTHER_SOURCE: &str = "another source";
/// A name in a rule that a watchlist must supply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedEntity {
    /// As written.
    pub name: String,
    /// The text that it stands in: the rule's own, a definition's or a filter's.
    pub source: Arc<SourceText>,
    /// Where.
    pub span: std::ops::Range<usize>,
    /// An entity, or a list/topic/programme.
    pub kind: NameKind,
}
/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum NameKind {
    Entity,
    Listed,
    Address,
}
/// A named selection.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Its name.
    pub name: String,
    /// What must hold.
    pub test: Test,
}
/// A tree of predicates.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Every one.
    All(Vec<Test>),
    /// At least one.
    Any(Vec<Test>),
    /// The other way.
    Not(Box<Test>),
    /// A leaf.
    Is(Predicate),
}
/// A condition over selections.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Both and all.
    And(Vec<Condition>),
    /// One of.
    Or(Vec<Condition>),
    /// Not.
    Not(Box<Condition>),
    /// At least N of.
    AtLeast(usize, Vec<Condition>),
    /// Index of a selection.
    Selection(usize),
}
/// Where a predicate looks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A canonical field.
    Field(Field),
    /// A raw cell by heading key ([`crate::text::heading_key`]).
    Raw(String),
    /// `name`, `file`, `member`, `sheet`, `row`, `sha256`.
    Source(String),
    /// Reckoned: `value_usd` by `net_mass_kg`, else by `gross_mass_kg`; missing where one of the two is missing or zero.
    UsdPerKg,
}
/// One question to one place; equal ones of different rules are evaluated once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// Where.
    pub target: Target,
    /// The modifier's word for evidence: `mentions`, `hs`, `contains`, …
    pub operator: &'static str,
    /// What the rule wrote, for evidence.
    pub written: String,
    /// The question.
    pub question: Question,
}
/// The question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// The cell is there (`true`) or missing.
    Exists(bool),
    /// Sigma patterns.
    Matches(Pattern),
    /// A Sigma pattern that must not match; holds on a missing value.
    NotMatches(Pattern),
    /// Source of a checked regex.
    Regex(String),
    /// Words.
    Mentions(Term),
    /// Code prefixes, or an inclusive range of equal-length prefixes.
    Hs(HsRange),
    /// One of these alpha-2 codes.
    Country(Vec<String>),
    /// Number comparison.
    Number(Comparison, Decimal),
    /// Date comparison with canonical text (`2022`, `2022-10` or `2022-10-24`).
    Date(Comparison, String),
    /// A part of a date, compared as a number.
    DatePart(DatePart, Comparison, u16),
    /// Equal (folded) or not to another field's cell; `Differs`: both known and different.
    Field(FieldRelation, Target),
    /// The party of a role; `target` is then its name field.
    Party(PartyTest),
}
/// HS prefixes `from..=until` compared over their length; `from == until` for one prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub struct HsRange {
    pub from: String,
    pub until: String,
}
/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "Sigma's words")]
pub enum Comparison {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
}
/// A part of a date; the week is that of ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "Sigma's words")]
pub enum DatePart {
    Day,
    Week,
    Month,
    Year,
}
/// How two fields stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the modifiers' words")]
pub enum FieldRelation {
    Same,
    Differs,
    StartsWith,
    EndsWith,
    Contains,
    Gt,
    Gte,
    Lt,
    Lte,
    Neq,
}
/// Everything asked of *one* party (principal or intermediary) of a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartyTest {
    /// Whose cell.
    pub role: Role,
    /// Only names that stand as intermediaries.
    pub only_intermediaries: bool,
    /// The rule's own `matching.min_score`, in hundredths; `None` leaves it to the matcher.
    pub min_score: Option<u16>,
    /// All must hold of the same party.
    pub asks: Vec<PartyAsk>,
}
/// What makes a party count as being under an owner; the watchlists say what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ownership {
    /// Any chain of stakes.
    #[default]
    Any,
    /// Direct shares that sum to 50 % or more, step by step.
    Ofac50,
    /// Such shares, or stated control.
    Control,
}
/// One thing asked of a party.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PartyAsk {
    /// It is one of these entities (ids or names); `or_name`: else its folded name equals a name here (bare values).
    Entity {
        /// As written.
        names: Vec<String>,
        /// Bare value semantics.
        or_name: bool,
    },
    /// It is one of these or under one.
    OwnedBy(Ownership, Vec<String>),
    /// It stands on one of these lists, topics, programmes.
    Listed(Vec<String>),
    /// The same, and the listing was in force on the record's declaration date.
    ListedOnDate(Vec<String>),
    /// Its address is that of an entity: of these lists, topics, programmes, or one of these entities.
    AddressOf(Vec<String>),
    /// Its country column (or its entity's country for intermediaries) is one of these.
    Country(Vec<String>),
    /// Another question on its name, id or address cell.
    Cell(crate::record::Part, Box<Question>),
    /// Any of.
    Any(Vec<PartyAsk>),
    /// Not.
    Not(Box<PartyAsk>),
}
/// An example of a rule.
#[derive(Debug, Clone)]
pub struct Example {
    /// Whether the rule must fire.
    pub fires: bool,
    /// The record (canonical cells read as intake would).
    pub record: Record,
    /// Place in the source.
    pub span: std::ops::Range<usize>,
}
/// Parses, checks and compiles every text; one bad file never stops the others.
pub fn compile(texts: &RuleTexts, known: &Known) -> (RuleSet, Vec<Problem>) {
    folder::compile(texts, known)
}

impl Rule {
    /// The condition without the filters' parts.
    pub fn own_condition(&self) -> &Condition {
        match &self.condition {
            Condition::And(parts) if !self.filters.is_empty() => parts.first().unwrap_or(&self.condition),
            condition => condition,
        }
    }
}

impl Target {
    /// Adds the cells that it is read from.
    pub(crate) fn add_to(&self, set: &mut FieldSet) {
        match self {
            Target::Field(field) => set.insert(*field),
            Target::Raw(key) => {
                set.raw.insert(key.clone());
            }
            Target::Source(_) => {}
            Target::UsdPerKg => UNIT_PRICE.into_iter().for_each(|field| set.insert(field)),
        }
    }

    /// Whether a table that supplies these columns has anything there; what is said of the file itself always is.
    pub(crate) fn is_among(&self, supplied: &FieldSet) -> bool {
        match self {
            Target::Field(field) => supplied.contains(*field),
            Target::Raw(key) => supplied.raw.contains(key),
            Target::Source(_) => true,
            Target::UsdPerKg => {
                let [value, net, gross] = UNIT_PRICE.map(|field| supplied.contains(field));
                value && (net || gross)
            }
        }
    }
}

/// What `usd_per_kg` is reckoned from.
const UNIT_PRICE: [Field; 3] = [Field::ValueUsd, Field::NetMassKg, Field::GrossMassKg];

impl RuleSet {
    /// What the rules read, what they group by and what their mails show first.
    pub fn needs(&self) -> FieldSet {
        let mut set = FieldSet::default();
        for rule in &self.rules {
            meaning::needs(rule, &mut set);
        }
        set
    }
}

/// Other words for field names that rules accept, each with the canonical name that it stands for.
pub fn field_aliases() -> BTreeMap<&'static str, &'static str> {
    names::ALIASES.into_iter().collect()
}

#[cfg(test)]
mod folder_tests;
#[cfg(test)]
mod tests;
