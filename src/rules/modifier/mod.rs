//! Modifiers: the words after `|` in a key → what to ask, one file a family. They know values; they know no record.

mod comparison;
mod country;
mod hs;
mod refused;
mod relation;
mod sigma;
mod words;

pub(super) use comparison::pair as between;
pub(super) use country::codes;

use super::report::Report;
use super::{Comparison, DatePart, Ownership, Question, Target};
use crate::record::FieldKind;
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

/// Who a party is, as a key of a map that speaks of one party.
const IDENTITIES: [&str; 4] = ["entity", "owned_by", "listed", "listed_on_date"];

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

/// Reads the words of a key behind its field, each with its place; `owned_by` and its like, which stand where a field
/// does in a map that speaks of one party, are read as the operators that they are.
pub(super) fn parse(key: &[(&str, Range<usize>)], report: &mut Report<'_>) -> Option<Modifiers> {
    let identity = key.first().is_some_and(|(name, _)| IDENTITIES.contains(name));
    let words = if identity { key } else { key.get(1..).unwrap_or_default() };
    let mut modifiers = Modifiers::default();
    let before = report.problems.len();
    for (word, span) in words {
        if let Some((_, operator)) = OPERATORS.iter().find(|entry| entry.0 == *word) {
            if let Some(first) = modifiers.operator.replace(*operator) {
                let message = format!("`{}` and `{word}` cannot stand together", first.name());
                report.error("modifiers-clash", span, message);
            }
        } else if let Some((_, part)) = PARTS.iter().find(|entry| entry.0 == *word) {
            if modifiers.part.replace(*part).is_some() {
                report.error("modifiers-clash", span, "one part of a date can be asked for at a time");
            }
        } else if let Some((_, flag)) = FLAGS.iter().find(|entry| entry.0 == *word) {
            modifiers.flags.insert(*flag);
        } else if let Some((_, advice)) = refused::REFUSED.iter().find(|entry| entry.0 == *word) {
            report.error("refused-modifier", span, format!("`{word}` of Sigma has no meaning in a customs record"));
            report.hint(*advice);
        } else {
            report.error("unknown-modifier", span, format!("unknown modifier `{word}`"));
            let known = OPERATORS.iter().map(|entry| entry.0).chain(FLAGS.iter().map(|entry| entry.0));
            report.guess(word, known.chain(PARTS.iter().map(|entry| entry.0)).filter(|known| known.len() > 1));
        }
    }
    let last = words.last().map_or(0..0, |word| word.1.clone());
    if let Some(message) = clash(&modifiers) {
        report.error("modifiers-clash", &last, message);
    }
    let wordy = modifiers.has(Flag::Literal) || modifiers.has(Flag::Inflected);
    if modifiers.operator.is_none() && wordy {
        modifiers.operator = Some(Operator::Mentions);
    }
    (report.problems.len() == before).then_some(modifiers)
}

fn clash(modifiers: &Modifiers) -> Option<String> {
    use Operator::{Contains, EndsWith, Exists, Gt, Gte, Lt, Lte, Mentions, Re, StartsWith};
    let operator = modifiers.operator;
    let allowed = |flag: Flag, operators: &[Operator], bare: Option<()>| {
        let fits = operator.map_or(bare.is_some(), |operator| operators.contains(&operator));
        modifiers.has(flag) && !fits
    };
    if allowed(Flag::IgnoreCase, &[Re], None)
        || allowed(Flag::MultiLine, &[Re], None)
        || allowed(Flag::DotAll, &[Re], None)
    {
        return Some("`i`, `m` and `s` belong to `re`".to_owned());
    }
    if allowed(Flag::Literal, &[Mentions], Some(())) || allowed(Flag::Inflected, &[Mentions], Some(())) {
        return Some("`literal` and `inflected` belong to `mentions`".to_owned());
    }
    if modifiers.has(Flag::Literal) && modifiers.has(Flag::Inflected) {
        return Some("`literal` and `inflected` cannot stand together".to_owned());
    }
    if allowed(Flag::Cased, &[Contains, StartsWith, EndsWith, Operator::Exactly], Some(())) {
        return Some("`cased` belongs to whole values, `contains`, `startswith` and `endswith`".to_owned());
    }
    if allowed(Flag::FieldRef, &[Contains, StartsWith, EndsWith, Gt, Gte, Lt, Lte], Some(())) {
        return Some("`fieldref` goes with `contains`, `startswith`, `endswith`, `gt`, `gte`, `lt`, `lte`".to_owned());
    }
    let modes = [Flag::AnyStake, Flag::Ofac50, Flag::Control].into_iter().filter(|mode| modifiers.has(*mode)).count();
    if modes > 0 && operator != Some(Operator::OwnedBy) {
        return Some("`any`, `ofac50` and `control` belong to `owned_by`".to_owned());
    }
    if modes > 1 {
        return Some("one of `any`, `ofac50` and `control` is enough".to_owned());
    }
    if modifiers.has(Flag::FieldRef) && modifiers.has(Flag::Cased) {
        return Some("`cased` and `fieldref` cannot stand together: two fields are compared case aside".to_owned());
    }
    if modifiers.part.is_some()
        && (!matches!(operator, None | Some(Gt | Gte | Lt | Lte | Operator::Between))
            || modifiers.has(Flag::FieldRef)
            || modifiers.has(Flag::Cased))
    {
        return Some(
            "`day`, `week`, `month` and `year` go alone or with `gt`, `gte`, `lt`, `lte`, `between`".to_owned(),
        );
    }
    if operator == Some(Exists) && !modifiers.flags.is_empty() {
        return Some("`exists` stands alone: `exists: true` or `exists: false`".to_owned());
    }
    None
}

/// Whether the question can mean anything in cells of the kind.
pub(super) fn fits(kind: Option<FieldKind>, modifiers: &Modifiers, values: &[Scalar], report: &mut Report<'_>) -> bool {
    use FieldKind::{Code, Country, Date, Hs, Number, Text};
    let (Some(kind), Some(operator)) = (kind, modifiers.operator) else { return true };
    let (fits, advice) = match operator {
        Operator::Mentions => (!matches!(kind, Hs | Country | Number | Date), "write the value without a modifier"),
        Operator::Hs => (kind == Hs, "`hs` belongs to `hs_code`"),
        Operator::Country => {
            (matches!(kind, Country | Text | Code), "`country` belongs to parties and to fields of countries")
        }
        _ => (true, ""),
    };
    if !fits {
        let span = values.first().map_or(0..0, |value| value.span.clone());
        report.error("modifier-does-not-fit", &span, format!("`{}` can never hold for this field", operator.name()));
        report.hint(advice);
    }
    fits
}

/// What is asked of a cell of a kind, with the word for evidence; `neq` and `all` are the caller's.
pub(super) fn question(
    kind: Option<FieldKind>,
    modifiers: &Modifiers,
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<(&'static str, Question)> {
    if modifiers.has(Flag::FieldRef) || modifiers.operator == Some(Operator::Differs) {
        return relation::read(modifiers, value, report);
    }
    if value.text.is_empty() {
        report.error("empty-value", &value.span, "the value says nothing");
        return None;
    }
    if let Some(part) = modifiers.part {
        let comparison = modifiers.operator.map_or(Comparison::Eq, comparison::of);
        return comparison::part(kind, (part, comparison), value, report);
    }
    let Some(operator) = modifiers.operator else { return bare(kind, modifiers, value, report) };
    let question = match operator {
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
            if let Some(why) = never_matches(kind, &value.text) {
                report.error("never-matches", &value.span, why);
                report.hint("write the value without a text modifier");
                return None;
            }
            sigma::pattern(modifiers, value, report).map(Question::Matches)
        }
        Operator::Re => sigma::regex(modifiers, value, report),
        Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte | Operator::OnOrAfter | Operator::Before => {
            comparison::read(operator, kind, value, report)
        }
        Operator::Mentions => words::term(value, modifiers.inflection(), report),
        Operator::Hs => hs::read(value, report),
        Operator::Exactly => return exactly(kind, modifiers, value, report),
        Operator::Entity | Operator::Listed | Operator::ListedOnDate | Operator::OwnedBy | Operator::Address => {
            let message = format!("`{}` asks who a party is; this is no party", operator.name());
            report.error("modifier-does-not-fit", &value.span, message);
            None
        }
        Operator::Exists | Operator::Between | Operator::Country | Operator::Differs => {
            let message = format!("`{}` does not fit here", operator.name());
            report.error("modifier-does-not-fit", &value.span, message);
            None
        }
    };
    Some((operator.name(), question?))
}

/// Why a text can stand in no cell of the kind.
fn never_matches(kind: Option<FieldKind>, text: &str) -> Option<&'static str> {
    let mut letters = text.chars().filter(|letter| !matches!(letter, '*' | '?' | '\\'));
    match kind {
        Some(FieldKind::Hs) if letters.any(|letter| !letter.is_ascii_digit()) => {
            Some("cells of this field are digits only")
        }
        Some(FieldKind::Country) if letters.count() > 2 => Some("cells of this field are two-letter country codes"),
        _ => None,
    }
}

/// A value without an operator means what the field's kind suggests.
fn bare(
    kind: Option<FieldKind>,
    modifiers: &Modifiers,
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<(&'static str, Question)> {
    let sigma = modifiers.has(Flag::Cased) || modifiers.has(Flag::Neq);
    match kind {
        Some(FieldKind::Hs) if !modifiers.has(Flag::Cased) => Some(("hs", hs::read(value, report)?)),
        Some(FieldKind::Number | FieldKind::Date) => Some(("equals", comparison::equal(kind, value, report)?)),
        Some(FieldKind::Text) if !sigma => Some(("mentions", words::term(value, Inflection::Dictionary, report)?)),
        Some(FieldKind::PartyId) if !sigma => Some(("mentions", words::term(value, Inflection::Literal, report)?)),
        Some(
            FieldKind::PartyName
            | FieldKind::PartyId
            | FieldKind::Text
            | FieldKind::Code
            | FieldKind::Country
            | FieldKind::Hs,
        )
        | None => Some(("equals", Question::Matches(sigma::pattern(modifiers, value, report)?))),
    }
}

fn exactly(
    kind: Option<FieldKind>,
    modifiers: &Modifiers,
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<(&'static str, Question)> {
    let question = match kind {
        Some(FieldKind::Number | FieldKind::Date) => comparison::equal(kind, value, report)?,
        Some(FieldKind::Hs) => {
            let digits: String = value.text.chars().filter(char::is_ascii_digit).collect();
            let whole = Scalar { text: digits, ..value.clone() };
            hs::read(value, report)?;
            Question::Matches(sigma::literal(modifiers, &whole, report)?)
        }
        Some(FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text | FieldKind::Code | FieldKind::Country)
        | None => Question::Matches(sigma::literal(modifiers, value, report)?),
    };
    Some(("exactly", question))
}

/// The cell that a name in a value means, for `fieldref` and `differs`.
fn target(name: &str) -> Option<Target> {
    use super::names::{Place, resolve};
    match resolve(name)? {
        Place::Cells(targets, _) => match targets.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
        Place::Party(who) if !who.is_group() => who.targets(crate::record::Part::Name).into_iter().next(),
        Place::Party(_) | Place::HsDigits(_) => None,
    }
}
