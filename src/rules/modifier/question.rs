//! A value and its modifiers → what is asked of a cell of some kind. A question that could never hold is a problem.

use super::{Flag, Modifiers, Operator, Scalar, comparison, hs, relation, sigma, words};
use crate::record::FieldKind;
use crate::rules::report::Report;
use crate::rules::{Comparison, Question, Target};
use crate::text::Inflection;

/// Whether the question can mean anything in cells of the kind.
pub(in crate::rules) fn fits(
    kind: Option<FieldKind>,
    modifiers: &Modifiers,
    values: &[Scalar],
    report: &mut Report<'_>,
) -> bool {
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
pub(in crate::rules) fn question(
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
pub(super) fn target(name: &str) -> Option<Target> {
    use crate::rules::names::{Place, resolve};
    match resolve(name)? {
        Place::Cells(targets, _) => match targets.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        },
        Place::Party(who) if !who.is_group() => who.targets(crate::record::Part::Name).into_iter().next(),
        Place::Party(_) | Place::HsDigits(_) => None,
    }
}
