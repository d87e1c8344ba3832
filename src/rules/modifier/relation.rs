//! `fieldref` and `differs`: one cell against another of the same record.

use super::question::target;
use super::{Flag, Modifiers, Operator, Scalar};
use crate::rules::names;
use crate::rules::report::Report;
use crate::rules::{FieldRelation, Question};

pub(super) fn read(modifiers: &Modifiers, value: &Scalar, report: &mut Report<'_>) -> Option<(&'static str, Question)> {
    let Some(target) = target(&value.text) else {
        report.error("unknown-field", &value.span, format!("`{}` is not the name of one field", value.text));
        let known = names::all();
        report.guess(&value.text, known.iter().map(String::as_str));
        return None;
    };
    let (word, relation) = match modifiers.operator {
        Some(Operator::Differs) => ("differs", FieldRelation::Differs),
        Some(Operator::Contains) => ("fieldref|contains", FieldRelation::Contains),
        Some(Operator::StartsWith) => ("fieldref|startswith", FieldRelation::StartsWith),
        Some(Operator::EndsWith) => ("fieldref|endswith", FieldRelation::EndsWith),
        Some(Operator::Gt) => ("fieldref|gt", FieldRelation::Gt),
        Some(Operator::Gte) => ("fieldref|gte", FieldRelation::Gte),
        Some(Operator::Lt) => ("fieldref|lt", FieldRelation::Lt),
        Some(Operator::Lte) => ("fieldref|lte", FieldRelation::Lte),
        _ if modifiers.has(Flag::Neq) => ("fieldref|neq", FieldRelation::Neq),
        _ => ("fieldref", FieldRelation::Same),
    };
    Some((word, Question::Field(relation, target)))
}
