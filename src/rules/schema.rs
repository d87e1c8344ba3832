//! The JSON Schemas of rule files, lists and test files, for completion and hover in an editor. They say less than
//! `check`, never more.

use super::document::STATUSES;
use super::names;
use crate::record::{Field, FieldKind, Part, Role};
use crate::rule_card::Level;
use serde_json::{Map, Value, json};

/// Where the words of a schema are explained.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// JSON Schema (draft 2020-12) of one document of a rule file: a rule, definitions or a filter.
pub fn schema() -> Value {
    json!({
        "$schema": DRAFT,
        "title": "tidewaiter rule",
        "description": "A rule over customs records, in the manner of Sigma 2.1; or definitions, or a filter",
        "type": "object",
        "if": {"required": ["define"]},
        "then": definitions(),
        "else": {"if": {"required": ["filter"]}, "then": filter(), "else": rule()},
        "$defs": {"selection": selection(), "map": selection_map(), "record": record()}
    })
}

/// What a rule, definitions and a filter say of themselves.
fn head() -> Map<String, Value> {
    let head = json!({
        "title": {"type": "string", "description": "One line for the subject of a mail"},
        "id": {
            "type": "string",
            "pattern": "^([a-z0-9]+(-[a-z0-9]+)*|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$",
            "description": "Kebab-case or a UUID, unique over all files; part of every finding's key"
        },
        "description": {"type": "string", "description": "What it looks for, in sentences"},
        "references": texts("Where the facts come from"),
        "author": {"type": "string"},
        "date": {"type": "string", "description": "When it was written: 2022-10-24"},
        "modified": {"type": "string", "description": "When it was last changed"},
        "license": {"type": "string"},
        "tags": texts("Free words for routes"),
        "ownership": {
            "enum": ["any", "ofac50", "control"], "default": "any",
            "description": "What `owned_by` means here: any chain of owners, shares that sum to 50 %, or stated control as well"
        },
        "matching": {
            "type": "object",
            "description": "How sure a name must be",
            "additionalProperties": false,
            "properties": {
                "min_score": {
                    "type": "number", "minimum": 0.5, "maximum": 1, "default": 0.8,
                    "description": "The score from which on a name is an entity's"
                }
            }
        }
    });
    match head {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn document(required: &[&str], own: Value) -> Value {
    let mut properties = head();
    if let Value::Object(own) = own {
        properties.extend(own);
    }
    json!({"required": required, "additionalProperties": false, "properties": properties})
}

fn rule() -> Value {
    let levels: Vec<&str> = Level::ALL.into_iter().map(Level::name).collect();
    document(
        &["title", "id", "detection"],
        json!({
            "name": {"type": "string", "description": "Sigma's short name"},
            "status": {"enum": STATUSES, "description": "How far the rule is"},
            "level": {"enum": levels, "default": "medium", "description": "How much a finding matters"},
            "taxonomy": {"type": "string"},
            "related": {"type": "array", "description": "Sigma's related rules"},
            "falsepositives": texts("Known reasons for a false alert"),
            "fields": texts("Fields that a mail shows first"),
            "logsource": logsource(),
            "detection": block("Named selections and a condition over them", None),
            "alert": alert(),
            "examples": examples()
        }),
    )
}

fn definitions() -> Value {
    let define = json!({
        "type": "object",
        "description": "Selections that every rule of the folder may name in its condition",
        "additionalProperties": {"$ref": "#/$defs/selection"}
    });
    document(&["define"], json!({"define": define}))
}

fn filter() -> Value {
    let rules = ("rules", texts("Ids or names of rules, or `any`"));
    let filter = block("Takes records away from rules: write `condition: not harmless`", Some(rules));
    document(
        &["title", "filter"],
        json!({
            "name": {"type": "string", "description": "Sigma's short name"},
            "taxonomy": {"type": "string"},
            "related": {"type": "array", "description": "Sigma's related rules"},
            "logsource": logsource(),
            "filter": filter
        }),
    )
}

/// Selections with a condition, and a further key that must be there.
fn block(description: &str, further: Option<(&str, Value)>) -> Value {
    let condition = texts("or < and < not < `1 of X`, `all of X`, `2 of X` < parentheses; a list is OR");
    let properties: Map<String, Value> =
        [("condition", condition)].into_iter().chain(further).map(|(key, value)| (key.to_owned(), value)).collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
        "additionalProperties": {"$ref": "#/$defs/selection"}
    })
}

fn texts(description: &str) -> Value {
    let text = json!(["string", "number"]);
    json!({"description": description, "anyOf": [{"type": text}, {"type": "array", "items": {"type": text}}]})
}

fn logsource() -> Value {
    json!({
        "type": "object",
        "description": "Optional, as in Sigma; `product` may name a source of the configuration",
        "additionalProperties": false,
        "properties": {
            "category": {"type": "string"},
            "product": {"type": "string"},
            "service": {"type": "string"},
            "definition": {"type": "string"}
        }
    })
}

fn selection() -> Value {
    let scalar = json!(["string", "number", "boolean", "null"]);
    json!({
        "description": "A map is AND, a list is OR",
        "anyOf": [
            {"$ref": "#/$defs/map"},
            {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/map"}, {"type": scalar}]}},
            {"type": scalar}
        ]
    })
}

/// A map of fields; a definition with a condition of its own is one as well, so other keys are left to `check`.
fn selection_map() -> Value {
    let mut properties = Map::new();
    for field in Field::all() {
        offer(&mut properties, &field.name(), field.kind());
    }
    for role in Role::ALL {
        offer(&mut properties, role.name(), FieldKind::PartyName);
    }
    for group in ["any_party", "any_sender", "any_recipient", "intermediary"] {
        offer(&mut properties, group, FieldKind::PartyName);
    }
    for (alias, name) in names::ALIASES {
        properties.insert(alias.to_owned(), json!({"description": format!("Another word for {name}")}));
    }
    json!({"type": "object", "properties": properties})
}

/// A field with the modifiers that fit it.
fn offer(properties: &mut Map<String, Value>, name: &str, kind: FieldKind) {
    let (bare, modifiers): (&str, &[&str]) = match kind {
        FieldKind::PartyName => (
            "that entity of a watchlist, else that name; a map speaks of one party",
            &["entity", "listed", "listed_on_date", "owned_by", "owned_by|ofac50", "address", "mentions"],
        ),
        FieldKind::Text => {
            ("the words, as `mentions`", &["mentions", "mentions|inflected", "contains", "re", "exists"])
        }
        FieldKind::Hs => ("the code begins with it: 8541, 8541.40, 8541-8542, '%chpl_tier_1%'", &["hs", "exists"]),
        FieldKind::Country => ("that country in any spelling", &["country", "differs", "neq", "exists"]),
        FieldKind::Number => ("equal", &["gt", "gte", "lt", "lte", "between", "exists"]),
        FieldKind::Date => {
            ("that day, month or year", &["on_or_after", "before", "between", "year", "month", "exists"])
        }
        FieldKind::PartyId | FieldKind::Code => ("the whole cell", &["contains", "startswith", "exists"]),
    };
    let description = format!("A bare value asks: {bare}");
    properties.insert(name.to_owned(), json!({"description": description}));
    for modifier in modifiers {
        properties.insert(format!("{name}|{modifier}"), json!({"description": format!("`{modifier}`: docs/rules.md")}));
    }
}

fn alert() -> Value {
    json!({
        "type": "object",
        "description": "Who is told and how",
        "additionalProperties": false,
        "properties": {
            "to": texts("Names of recipients in the configuration"),
            "owner": {"type": "string", "description": "Who answers for the rule: the name of a recipient in the configuration, or a mail address"},
            "group_by": texts("A canonical field, a role, or SELECTION.entity"),
            "send": {
                "enum": crate::rule_card::Lane::ALL.map(crate::rule_card::Lane::name),
                "description": "When it is told; by its level when absent"
            },
            "as": {"const": "summary", "description": "Totals by party and month instead of record by record"}
        }
    })
}

fn examples() -> Value {
    let records =
        |description: &str| json!({"type": "array", "items": {"$ref": "#/$defs/record"}, "description": description});
    json!({
        "type": "object",
        "description": "Records that show what the rule means; `check` and `test` run them",
        "additionalProperties": false,
        "properties": {
            "fires": records("Records that it fires on"),
            "quiet": records("Records that it stays quiet on")
        }
    })
}

/// A record as examples and tests write it.
fn record() -> Value {
    let cell = || json!({"type": ["string", "number", "boolean", "null"]});
    let mut properties = Map::new();
    for field in Field::all() {
        properties.insert(field.name(), cell());
    }
    let parts: Map<String, Value> = Part::ALL.into_iter().map(|part| (part.name().to_owned(), cell())).collect();
    let aliases = names::ALIASES.into_iter().map(|entry| entry.0);
    for party in Role::ALL.into_iter().map(Role::name).chain(aliases) {
        let whole = json!({"type": "object", "properties": parts.clone()});
        properties.insert(party.to_owned(), json!({"anyOf": [cell(), whole]}));
    }
    json!({"type": "object", "description": "Fields and cells; what is left out is missing", "properties": properties})
}

/// JSON Schema of a YAML list in `lists/`.
pub fn list_schema() -> Value {
    let values = json!({
        "type": "array", "description": "One value each; quote what begins with 0 or looks like a number with a point",
        "items": {"type": ["string", "number", "boolean"]}
    });
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "$schema": DRAFT,
        "title": "tidewaiter list",
        "description": "Values that rules name as '%file-name%'",
        "anyOf": [values, {
            "type": "object",
            "required": ["values"],
            "additionalProperties": false,
            "properties": {
                "title": text("What the values are"),
                "source": text("Where they come from"),
                "description": text("More about them"),
                "references": texts("Where they can be read"),
                "licence": text("Their licence"),
                "license": text("Their licence"),
                "date": text("As of when"),
                "values": values
            }
        }]
    })
}

/// JSON Schema of a test file, `*.test.yaml`.
pub fn test_schema() -> Value {
    let rules = |description: &str| texts(description);
    let rows = json!({
        "description": "Rows and the rules that fire for them; every other row stays quiet",
        "anyOf": [
            {"type": "object", "patternProperties": {"^[1-9][0-9]*$": rules("Rules")}, "additionalProperties": false},
            {"type": "array", "maxItems": 0}
        ]
    });
    let common = json!({
        "name": {"type": "string", "description": "What the test shows"},
        "only": rules("Rules that are looked at; others may fire")
    });
    let case = |required: &str, own: Value| {
        let mut properties = common.clone();
        if let (Some(all), Value::Object(own)) = (properties.as_object_mut(), own) {
            all.extend(own);
        }
        json!({"type": "object", "required": [required, "fires"], "additionalProperties": false, "properties": properties})
    };
    let of_record =
        json!({"record": {"$ref": "#/$defs/record"}, "fires": rules("Rules that fire, and no others; [] for none")});
    let of_file = json!({
        "file": {"type": "string", "description": "A file of records, by its path from here"},
        "layout": {"type": "string", "description": "Its layout; chosen by the headings when absent"},
        "fires": rows
    });
    json!({
        "$schema": DRAFT,
        "title": "tidewaiter rule tests",
        "description": "Records, or a file of them, and the rules that must fire; run by `tidewaiter test`",
        "type": "object",
        "required": ["tests"],
        "additionalProperties": false,
        "properties": {
            "only": rules("Rules that are looked at in every test of this file; all when absent"),
            "tests": {
                "type": "array",
                "items": {"if": {"required": ["file"]}, "then": case("file", of_file), "else": case("record", of_record)}
            }
        },
        "$defs": {"record": record()}
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &Value, keys: &[&str]) {
        let mut known = keys.to_vec();
        known.sort_unstable();
        let mut described: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        described.sort_unstable();
        assert_eq!(described, known);
    }

    #[test]
    fn the_schema_knows_every_key_that_rules_definitions_and_filters_accept() {
        check(&rule(), &super::super::document::KEYS);
        check(&rule()["properties"]["alert"], &super::super::document::ALERT_KEYS);
        check(&definitions(), &super::super::define::KEYS);
        check(&filter(), &super::super::filter::KEYS);
    }
}
