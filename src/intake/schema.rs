//! The JSON Schema of layouts, for completion and hover in an editor. It says less than `check`, never more.

use serde_json::{Map, Value, json};

use crate::record::Field;

/// JSON Schema (draft 2020-12) of a layout.
pub fn schema() -> Value {
    let by_field = |value: &Value, description: &str| {
        let fields: Map<String, Value> = Field::all().map(|field| (field.name(), value.clone())).collect();
        json!({"type": "object", "description": description, "additionalProperties": false, "properties": fields})
    };
    let headings = json!({"type": "array", "items": {"type": ["string", "number"]}});
    let text = |description: &str| json!({"type": "string", "description": description});
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
            "date_order": {"enum": ["dmy", "mdy"], "description": "Found by itself when absent"},
            "decimal": {"enum": ["comma", "point"], "description": "Found by itself when absent"},
            "fields": by_field(&headings, "Each field with its headings; the first that is there wins"),
            "constants": by_field(&json!({"type": ["string", "number"]}), "Values that every record has")
        }
    })
}
