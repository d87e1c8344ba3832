//! A survey → one JSON object, for programs. Keys are added, never renamed or removed.

use std::path::Path;

use serde_json::{Value, json};

use super::show::{guessed, letters};
use crate::intake::{ColumnSurvey, Contradiction, Survey, TableSurvey};

/// The whole survey.
pub fn whole(file: &Path, survey: &Survey) -> Value {
    let tables: Vec<Value> = survey.tables.iter().map(table).collect();
    json!({"file": file.display().to_string(), "container": survey.container, "tables": tables})
}

fn table(table: &TableSurvey) -> Value {
    let trouble = table.trouble.as_ref().map(|trouble| {
        json!({"code": trouble.code, "message": trouble.message, "row": trouble.row, "column": trouble.column,
               "hint": trouble.hint})
    });
    let runner_up = table.runner_up.as_ref().map(|next| {
        let contradictions: Vec<Value> = next.contradictions.iter().map(|one| contradiction(table, one)).collect();
        json!({"layout": next.layout, "columns": next.size, "contradictions": contradictions})
    });
    let disputed: Vec<Value> = table.disputed.iter().map(|one| contradiction(table, one)).collect();
    let constants: Vec<Value> =
        table.constants.iter().map(|(field, value)| json!({"field": field.name(), "value": value})).collect();
    json!({
        "member": table.member, "sheet": table.sheet, "encoding": table.encoding, "delimiter": table.delimiter,
        "trouble": trouble, "header_row": table.header, "layout": table.layout, "mapped": table.mapped(),
        "runner_up": runner_up, "disputed": disputed, "constants": constants,
        "columns": table.columns.iter().enumerate().map(column).collect::<Vec<Value>>(),
    })
}

fn contradiction(table: &TableSurvey, one: &Contradiction) -> Value {
    let heading = one.column.and_then(|column| table.columns.get(column)).map(|column| column.heading.as_str());
    json!({"heading": heading, "field": one.field.name(), "other_field": one.other_field.name(), "layout": one.other})
}

fn column((index, column): (usize, &ColumnSurvey)) -> Value {
    let samples: Vec<Value> =
        column.samples.iter().map(|sample| json!({"written": sample.written, "read": sample.read})).collect();
    let guess = column.guess.as_ref().map(|guess| {
        let fields: Vec<Value> =
            guess.fields.iter().map(|(field, layout)| json!({"field": field.name(), "layout": layout})).collect();
        json!({"fields": fields, "like": guess.like, "text": guessed(guess)})
    });
    json!({
        "column": letters(index), "heading": column.heading,
        "fields": column.fields.iter().map(ToString::to_string).collect::<Vec<String>>(),
        "joined": column.joined.as_ref().map(|(headings, _)| headings), "times": column.times, "ways": column.ways,
        "samples": samples, "guess": guess,
    })
}
