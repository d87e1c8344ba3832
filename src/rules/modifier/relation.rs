//! `fieldref` and `differs`: one cell against another of the same record.

use super::question::target;
use super::{Flag, Modifiers, Operator, Scalar};
use crate::rules::names;
use crate::rules::report::Report;
use crate::rules::{FieldRelation, Question};

/// The words for evidence.
pub(super) const WORDS: [(&str, FieldRelation); 10] = [
    ("differs", FieldRelation::Differs),
    ("fieldref", FieldRelation::Same),
    ("fieldref|neq", FieldRelation::Neq),
    ("fieldref|contains", FieldRelation::Contains),
    ("fieldref|startswith", FieldRelation::StartsWith),
    ("fieldref|endswith", FieldRelation::EndsWith),
    ("fieldref|gt", FieldRelation::Gt),
    ("fieldref|gte", FieldRelation::Gte),
    ("fieldref|lt", FieldRelation::Lt),
    ("fieldref|lte", FieldRelation::Lte),
];

pub(super) fn read(modifiers: &Modifiers, value: &Scalar, report: &mut Report<'_>) -> Option<(&'static str, Question)> {
    let Some(target) = target(&value.text) else {
        report.error("unknown-field", &value.span, format!("`{}` is not the name of one field", value.text));
        let known = names::all();
        report.guess(&value.text, known.iter().map(String::as_str));
        return None;
    };
    let relation = match modifiers.operator {
        Some(Operator::Differs) => FieldRelation::Differs,
        Some(Operator::Contains) => FieldRelation::Contains,
        Some(Operator::StartsWith) => FieldRelation::StartsWith,
        Some(Operator::EndsWith) => FieldRelation::EndsWith,
        Some(Operator::Gt) => FieldRelation::Gt,
        Some(Operator::Gte) => FieldRelation::Gte,
        Some(Operator::Lt) => FieldRelation::Lt,
        Some(Operator::Lte) => FieldRelation::Lte,
        _ if modifiers.has(Flag::Neq) => FieldRelation::Neq,
        _ => FieldRelation::Same,
    };
    let word = WORDS.into_iter().find(|entry| entry.1 == relation).map_or("", |entry| entry.0);
    Some((word, Question::Field(relation, target)))
}
