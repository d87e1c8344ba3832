//! Numbers and dates: `gt gte lt lte between on_or_after before`, and equality.

use super::{Modifiers, Operator, Scalar};
use crate::record::FieldKind;
use crate::rules::report::Report;
use crate::rules::{Comparison, DatePart, Question};
use crate::value::{self, DateOrder};

pub(super) fn read(
    operator: Operator,
    kind: Option<FieldKind>,
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<Question> {
    let dated = matches!(operator, Operator::OnOrAfter | Operator::Before);
    if dated && kind.is_some_and(|kind| kind != FieldKind::Date) {
        let message = format!("`{}` compares dates; this field is none", operator.name());
        report.error("modifier-does-not-fit", &value.span, message);
        return None;
    }
    compare(of(operator), if dated { Some(FieldKind::Date) } else { kind }, value, report)
}

/// The comparison that the word stands for.
pub(super) fn of(operator: Operator) -> Comparison {
    match operator {
        Operator::Gt => Comparison::Gt,
        Operator::Gte | Operator::OnOrAfter => Comparison::Gte,
        Operator::Lt | Operator::Before => Comparison::Lt,
        _ => Comparison::Lte,
    }
}

pub(super) fn equal(kind: Option<FieldKind>, value: &Scalar, report: &mut Report<'_>) -> Option<Question> {
    compare(Comparison::Eq, kind, value, report)
}

/// `between: [a, b]`, both ends included, with the word for evidence.
pub(in crate::rules) fn pair(
    kind: Option<FieldKind>,
    modifiers: &Modifiers,
    values: &[Scalar],
    report: &mut Report<'_>,
) -> Option<(&'static str, [Question; 2])> {
    let [from, until] = values else {
        let span = values.first().map_or(0..0, |first| first.span.clone());
        report.error("wrong-shape", &span, "`between` needs two values");
        report.hint("write both ends: `[1000, 5000]`");
        return None;
    };
    let mut side = |comparison, value| match modifiers.part {
        Some(asked) => part(kind, (asked, comparison), value, report).map(|(_, question)| question),
        None => compare(comparison, kind, value, report),
    };
    let (low, high) = (side(Comparison::Gte, from), side(Comparison::Lte, until));
    let (low, high) = (low?, high?);
    let backwards = match (&low, &high) {
        (Question::Number(_, low), Question::Number(_, high)) => low > high,
        (Question::DatePart(_, _, low), Question::DatePart(_, _, high)) => low > high,
        (Question::Date(_, low), Question::Date(_, high)) => low > high && !low.starts_with(high.as_str()),
        _ => true,
    };
    if backwards {
        report.error("bad-range", &until.span, "the second value must not be less than the first, nor of another kind");
        return None;
    }
    let word = modifiers.part.map_or("between", |part| {
        let [.., between] = part_words(part);
        between
    });
    Some((word, [low, high]))
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
        report.error(code, &value.span, format!("{} is no {wanted}", value.shown()));
        let signs = [(">=", "gte"), ("<=", "lte"), (">", "gt"), ("<", "lt")];
        if let Some((sign, word)) = signs.into_iter().find(|entry| value.text.starts_with(entry.0)) {
            let number = value.text.trim_start_matches(sign).trim();
            report.hint(format!("write the comparison behind the field: `|{word}: {number}`"));
        }
    }
    question
}

/// The words for evidence: equal, the four orders, between.
pub(super) fn part_words(part: DatePart) -> [&'static str; 6] {
    match part {
        DatePart::Day => ["day", "day gt", "day gte", "day lt", "day lte", "day between"],
        DatePart::Week => ["week", "week gt", "week gte", "week lt", "week lte", "week between"],
        DatePart::Month => ["month", "month gt", "month gte", "month lt", "month lte", "month between"],
        DatePart::Year => ["year", "year gt", "year gte", "year lt", "year lte", "year between"],
    }
}

/// `day`, `week`, `month`, `year` of a date, with the words for evidence.
pub(super) fn part(
    kind: Option<FieldKind>,
    (part, comparison): (DatePart, Comparison),
    value: &Scalar,
    report: &mut Report<'_>,
) -> Option<(&'static str, Question)> {
    let range = match part {
        DatePart::Day => 1..=31,
        DatePart::Week => 1..=53,
        DatePart::Month => 1..=12,
        DatePart::Year => 1900..=2199,
    };
    let [equal, gt, gte, lt, lte, _] = part_words(part);
    let word = match comparison {
        Comparison::Eq | Comparison::Neq => equal,
        Comparison::Gt => gt,
        Comparison::Gte => gte,
        Comparison::Lt => lt,
        Comparison::Lte => lte,
    };
    if kind.is_some_and(|kind| kind != FieldKind::Date) {
        report.error(
            "modifier-does-not-fit",
            &value.span,
            format!("`{equal}` is a part of a date; this field is none"),
        );
        return None;
    }
    let number = value.text.trim().parse::<u16>().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let message = format!("`{}` is no {equal}: it runs from {} to {}", value.text, range.start(), range.end());
        report.error("not-a-number", &value.span, message);
    }
    number.map(|number| (word, Question::DatePart(part, comparison, number)))
}

/// A year stands for itself; bare digits are never taken for a spreadsheet's day number.
fn date(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().all(|c| c.is_ascii_digit()) && text.len() != 8 {
        return (text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))).then(|| text.to_owned());
    }
    value::date(text, DateOrder::DayFirst)
}
