//! Examples of a rule: maps of field and value → records, read as intake would read a file's cells.

use super::Example;
use super::document::known_keys;
use super::names;
use super::report::Report;
use crate::record::{Field, FieldKind, Record, SourceFile};
use crate::value::{self, DateOrder, DecimalMark};
use crate::yaml::{Node, Value};
use std::sync::Arc;

/// Reads `examples:`.
pub(super) fn read(node: Option<&Node>, report: &mut Report<'_>) -> Vec<Example> {
    let Some(node) = node else { return Vec::new() };
    let Value::Map(entries) = &node.value else {
        report.error("wrong-shape", &node.span, "`examples` is a map with the lists `fires` and `quiet`");
        return Vec::new();
    };
    known_keys("`examples`", entries, &["fires", "quiet"], report);
    let mut examples: Vec<Example> = Vec::new();
    for (key, value) in entries {
        let fires = key.text() == Some("fires");
        let Value::List(items) = &value.value else {
            if !value.is_null() {
                report.error("wrong-shape", &value.span, "examples are a list of maps");
            }
            continue;
        };
        for item in items {
            let row = u64::try_from(examples.len()).unwrap_or(u64::MAX).saturating_add(1);
            examples.push(Example { fires, record: record(item, row, report), span: item.span.clone() });
        }
    }
    examples
}

/// Reads one record.
pub(super) fn record(item: &Node, row: u64, report: &mut Report<'_>) -> Record {
    let source = Arc::new(SourceFile {
        source: String::new(),
        file: report.source.path.clone(),
        member: None,
        sheet: None,
        sha256: None,
    });
    let mut record = Record { source, row, fields: Vec::new(), raw: Vec::new(), computed_usd: false };
    fill(&mut record, item, report);
    record.fields.sort_by_key(|entry| entry.0.index());
    record
}

fn fill(record: &mut Record, item: &Node, report: &mut Report<'_>) {
    let Value::Map(entries) = &item.value else {
        report.error("wrong-shape", &item.span, "an example is a map of fields and values");
        return;
    };
    for (key, value) in entries {
        let Some(name) = key.text() else { continue };
        match &value.value {
            Value::Map(parts) => {
                for (part, value) in parts {
                    let Some(text) = part.text() else { continue };
                    cell(record, (&format!("{name}.{text}"), part), value, report);
                }
            }
            Value::Scalar { .. } | Value::List(_) => cell(record, (name, key), value, report),
        }
    }
}

fn cell(record: &mut Record, key: (&str, &Node), value: &Node, report: &mut Report<'_>) {
    let (name, key) = key;
    let Some(text) = value.text() else {
        report.error("wrong-shape", &value.span, "a cell is one text");
        return;
    };
    if let Some(heading) = name.strip_prefix("raw.").filter(|heading| !heading.trim().is_empty()) {
        record.raw.push((heading.to_owned(), if value.is_null() { String::new() } else { text.to_owned() }));
        return;
    }
    let Some(field) = names::single_field(name) else {
        names::tell_unknown(name, &key.span, report);
        return;
    };
    if value.is_null() {
        return;
    }
    let Some(cell) = as_intake_reads(field, text) else {
        let message = format!("`{text}` cannot be read as {}", wanted(field.kind()));
        report.error("unreadable-cell", &value.span, message);
        return;
    };
    if record.get(field).is_some() {
        report.error("duplicate-key", &key.span, format!("`{field}` is given twice"));
        return;
    }
    record.fields.push((field, cell));
}

fn as_intake_reads(field: Field, text: &str) -> Option<String> {
    match field.kind() {
        FieldKind::Date => value::date(text, DateOrder::DayFirst),
        FieldKind::Country => value::country(text).map(str::to_owned),
        FieldKind::Hs => value::hs_digits(text),
        FieldKind::Number => value::number(text, DecimalMark::Point)
            .or_else(|| value::number(text, DecimalMark::Comma))
            .map(|number| number.to_string()),
        FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text | FieldKind::Code => Some(text.trim().to_owned()),
    }
}

fn wanted(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Date => "a date",
        FieldKind::Country => "a country",
        FieldKind::Hs => "a tariff code",
        FieldKind::Number => "a number",
        FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text | FieldKind::Code => "a text",
    }
}
