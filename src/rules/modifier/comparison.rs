//! Numbers and dates: `gt gte lt lte between on_or_after before`, and equality.

use super::{Operator, Scalar};
use crate::record::FieldKind;
use crate::rules::report::Report;
use crate::rules::{Comparison, Question};
use crate::value::{self, DateOrder};

pub(super) fn read(
    operator: Operator,
    kind: Option<FieldKind>,
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<Question> {
    let comparison = match operator {
        Operator::Gt => Comparison::Gt,
        Operator::Gte | Operator::OnOrAfter => Comparison::Gte,
        Operator::Lt | Operator::Before => Comparison::Lt,
        _ => Comparison::Lte,
    };
    let dated = matches!(operator, Operator::OnOrAfter | Operator::Before);
    if dated && kind.is_some_and(|kind| kind != FieldKind::Date) {
        let message = format!("`{}` compares dates; this field is none", operator.name());
        report.error("modifier-does-not-fit", &value.span, message);
        return None;
    }
    compare(comparison, if dated { Some(FieldKind::Date) } else { kind }, value, report)
}

pub(super) fn equal(kind: Option<FieldKind>, value: &Scalar, report: &mut Report<'_>) -> Option<Question> {
    compare(Comparison::Eq, kind, value, report)
}

/// `between: [a, b]`, both ends included.
pub(in crate::rules) fn pair(
    kind: Option<FieldKind>,
    values: &[Scalar],
    report: &mut Report<'_>,
) -> Option<[Question; 2]> {
    let [from, until] = values else {
        let span = values.first().map_or(0..0, |first| first.span.clone());
        report.error("wrong-shape", &span, "`between` needs a list of two values: [from, until]");
        return None;
    };
    let low = compare(Comparison::Gte, kind, from, report);
    let high = compare(Comparison::Lte, kind, until, report);
    let (low, high) = (low?, high?);
    let backwards = match (&low, &high) {
        (Question::Number(_, low), Question::Number(_, high)) => low > high,
        (Question::Date(_, low), Question::Date(_, high)) => low > high && !low.starts_with(high.as_str()),
        _ => true,
    };
    if backwards {
        report.error("bad-range", &until.span, "the second value must not be less than the first, nor of another kind");
        return None;
    }
    Some([low, high])
}

fn compare(
    comparison: Comparison,
    kind: Option<FieldKind>,
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<Question> {
    let number = || value::rule_number(&value.text).map(|number| Question::Number(comparison, number));
    let day = || date(&value.text).map(|day| Question::Date(comparison, day));
    let (question, wanted) = match kind {
        Some(FieldKind::Number) => (number(), "number"),
        Some(FieldKind::Date) => (day(), "date"),
        Some(FieldKind::Text | FieldKind::Code) | None => (number().or_else(day), "number or date"),
        Some(FieldKind::PartyName | FieldKind::PartyId | FieldKind::Country | FieldKind::Hs) => {
            report.error("modifier-does-not-fit", &value.span, "only numbers and dates have an order");
            return None;
        }
    };
    if question.is_none() {
        let code = if wanted == "date" { "not-a-date" } else { "not-a-number" };
        report.error(code, &value.span, format!("`{}` is no {wanted}", value.text));
        if wanted == "date" {
            report.hint("write it as 2022-10-24, 2022-10 or 2022");
        }
    }
    question
}

/// A year stands for itself; bare digits are never taken for a spreadsheet's day number.
fn date(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().all(|c| c.is_ascii_digit()) && text.len() != 8 {
        return (text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))).then(|| text.to_owned());
    }
    value::date(text, DateOrder::DayFirst)
}
