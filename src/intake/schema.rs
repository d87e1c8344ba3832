//! The JSON Schema of layouts, for completion and hover in an editor, and the shape that `check` holds them to.

use serde_json::{Map, Value, json};

use crate::record::Field;

/// JSON Schema (draft 2020-12) of a layout. It says less than `check`, never more.
pub fn schema() -> Value {
    of(|value, description| {
        let fields: Map<String, Value> = Field::all().map(|field| (field.name(), value.clone())).collect();
        json!({"type": "object", "description": description, "additionalProperties": false, "properties": fields})
    })
}

/// The same with any word as a field: what is no field is told with more than its place.
pub fn shape() -> Value {
    of(|value, description| json!({"type": "object", "description": description, "additionalProperties": value}))
}

fn of(by_field: impl Fn(&Value, &str) -> Value) -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let scalar = |description: &str| json!({"type": ["string", "number"], "description": description});
    let words =
        |words: &[&str], description: &str| json!({"type": "string", "enum": words, "description": description});
    let derived = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "heading": scalar("The column"),
            "join": {"type": "array", "items": scalar("A column"), "description": "Columns that are put together, empty cells left out"},
            "with": text("What stands between joined cells; a space when absent"),
            "times": scalar("What the number is multiplied with: 1000 for a column in thousands"),
            "unit": words(&super::layout::UNITS, "The unit of a column of masses; kg when absent")
        }
    });
    let origins = json!({"type": "array", "items": {"anyOf": [scalar("A column's heading"), derived]}});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tidewaiter layout",
        "description": "Which heading of a file is which field",
        "type": "object",
        "required": ["layout", "fields"],
        "additionalProperties": false,
        "properties": {
            "layout": text("Its name, as `layout:` of a source and `--layout` write it"),
            "title": text("What kind of file it reads"),
            "source": text("Where the headings come from"),
            "encoding": text("Such as windows-1251; found by itself when absent"),
            "date_order": words(&["dmy", "mdy"], "Found by itself when absent"),
            "decimal": words(&["comma", "point"], "Found by itself when absent"),
            "fields": by_field(&origins, "Each field with its headings; the first that is there wins"),
            "constants": by_field(&scalar("The value"), "Values that every record has")
        }
    })
}
