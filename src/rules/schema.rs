//! The JSON Schema of rule files, for completion and hover in an editor. It says less than `check`, never more.

use super::document::STATUSES;
use super::names;
use crate::rule_card::Level;
use serde_json::{Value, json};

/// JSON Schema (draft 2020-12) of one document of a rules folder: a rule, definitions or a filter, told apart by their keys.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tidewaiter rule",
        "description": "A rule over customs records, in the manner of Sigma 2.1, or definitions or a filter of such rules",
        "type": "object",
        "if": {"required": ["define"]},
        "then": definitions(),
        "else": {"if": {"required": ["filter"]}, "then": filter(), "else": rule()}
    })
}

fn rule() -> Value {
    let levels: Vec<&str> = Level::ALL.into_iter().map(Level::name).collect();
    json!({
        "description": "A rule over customs records",
        "required": ["title", "id", "detection"],
        "additionalProperties": false,
        "properties": {
            "title": {"type": "string", "description": "One line for the subject of a mail"},
            "id": {
                "type": "string",
                "pattern": "^([a-z0-9]+(-[a-z0-9]+)*|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$",
                "description": "Kebab-case or a UUID, unique over all files; part of every finding's key"
            },
            "name": {"type": "string", "description": "Sigma's short name"},
            "status": {"enum": STATUSES, "description": "How far the rule is"},
            "level": {"enum": levels, "default": "medium", "description": "How much a finding matters"},
            "description": {"type": "string", "description": "What the rule looks for, in sentences"},
            "references": texts("Where the rule's facts come from"),
            "author": {"type": "string"},
            "date": {"type": "string", "description": "When it was written: 2022-10-24"},
            "modified": {"type": "string", "description": "When it was last changed"},
            "license": {"type": "string"},
            "taxonomy": {"type": "string"},
            "related": {"type": "array", "description": "Sigma's related rules"},
            "tags": texts("Free words for routes"),
            "falsepositives": texts("Known reasons for a false alert"),
            "fields": texts("Fields that a mail shows first"),
            "logsource": logsource(),
            "detection": detection(),
            "ownership": ownership(),
            "alert": alert(),
            "examples": examples()
        }
    })
}

/// The keys of a document, with no word on what stands under them but for those that are told.
fn document(keys: &[&str], told: Value) -> Value {
    let mut properties: serde_json::Map<String, Value> =
        keys.iter().map(|key| ((*key).to_owned(), json!({}))).collect();
    if let Value::Object(told) = told {
        properties.extend(told);
    }
    json!({"additionalProperties": false, "properties": properties})
}

fn definitions() -> Value {
    let selection = json!({
        "description": "A selection, or a map with selections and a `condition` over them and over other definitions",
        "type": ["object", "array", "string"]
    });
    let define = json!({
        "type": "object",
        "description": "Selections that every rule of the folder may name in its condition",
        "additionalProperties": selection
    });
    document(&super::define::KEYS, json!({"define": define, "ownership": ownership()}))
}

fn filter() -> Value {
    let mut block = detection();
    if let Some(block) = block.as_object_mut() {
        block.insert("description".to_owned(), json!("What is taken away: selections, and `condition: not selection`"));
        block.insert("required".to_owned(), json!(["rules", "condition"]));
        if let Some(properties) = block.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("rules".to_owned(), texts("Ids or names of rules, or `any`"));
        }
    }
    let told =
        json!({"title": {"type": "string"}, "logsource": logsource(), "ownership": ownership(), "filter": block});
    let mut filter = document(&super::filter::KEYS, told);
    if let Some(filter) = filter.as_object_mut() {
        filter.insert("required".to_owned(), json!(["title", "filter"]));
    }
    filter
}

fn ownership() -> Value {
    json!({"enum": ["any", "ofac50", "control"], "default": "any", "description": "What `owned_by` means here"})
}

fn texts(description: &str) -> Value {
    json!({
        "description": description,
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    })
}

fn logsource() -> Value {
    json!({
        "type": "object",
        "description": "Optional, as in Sigma",
        "additionalProperties": false,
        "properties": {
            "category": {"type": "string"},
            "product": {"type": "string"},
            "service": {"type": "string"},
            "definition": {"type": "string"}
        }
    })
}

fn detection() -> Value {
    let fields = names::all().join(", ");
    let selection = json!({
        "description": format!("A map is AND, a list is OR. Keys are `field` or `field|modifier`. Fields: raw.<heading>, {fields}"),
        "type": ["object", "array", "string"]
    });
    json!({
        "type": "object",
        "description": "Named selections and a condition over them",
        "required": ["condition"],
        "properties": {
            "condition": texts("or < and < not < `1 of X`, `all of X` < parentheses; a list is OR")
        },
        "additionalProperties": selection
    })
}

fn alert() -> Value {
    json!({
        "type": "object",
        "description": "Who is told and how",
        "additionalProperties": false,
        "properties": {
            "to": texts("Names of recipients in the configuration"),
            "owner": {"type": "string", "description": "Who answers for the rule"},
            "group_by": texts("A canonical field, a role, or SELECTION.entity"),
            "as": {"const": "summary", "description": "Totals by party and month instead of record by record"}
        }
    })
}

fn examples() -> Value {
    let records = |description: &str| json!({"type": "array", "items": {"type": "object"}, "description": description});
    json!({
        "type": "object",
        "description": "Records that show what the rule means; `check` runs them",
        "additionalProperties": false,
        "properties": {
            "fires": records("Records that it fires on"),
            "quiet": records("Records that it stays quiet on")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_and_filters_are_no_rules_to_an_editor() {
        let schema = schema();
        assert_eq!(schema["then"]["properties"]["define"]["type"], "object");
        let filter = &schema["else"]["then"];
        assert_eq!(filter["required"], json!(["title", "filter"]));
        assert!(filter["properties"]["filter"]["properties"]["rules"].is_object());
        assert_eq!(schema["else"]["else"]["required"], json!(["title", "id", "detection"]));
    }

    #[test]
    fn the_schema_knows_every_key_that_rules_accept() {
        let schema = rule();
        let properties = schema["properties"].as_object().unwrap();
        let mut known: Vec<&str> = super::super::document::KEYS.to_vec();
        known.sort_unstable();
        let mut described: Vec<&str> = properties.keys().map(String::as_str).collect();
        described.sort_unstable();
        assert_eq!(described, known);
        for key in super::super::document::ALERT_KEYS {
            assert!(properties["alert"]["properties"].get(key).is_some(), "{key}");
        }
    }
}
