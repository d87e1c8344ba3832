//! The JSON Schema of our own watchlist files, for completion and hover in an editor. It says less than `check`, never more.

use serde_json::{Value, json};

/// JSON Schema (draft 2020-12) of a watchlist in YAML.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tidewaiter watchlist",
        "description": "Entities with their names, identifiers, listings and owners; its file name is what `listed` asks for",
        "anyOf": [
            {
                "type": "object",
                "required": ["entities"],
                "additionalProperties": false,
                "properties": {
                    "name": text("What the list is"),
                    "source": text("Where the list as a whole comes from; of every entity that names none"),
                    "entities": {"type": "array", "items": {"$ref": "#/$defs/entity"}}
                }
            },
            {"type": "array", "items": {"$ref": "#/$defs/entity"}}
        ],
        "$defs": {"entity": entity()}
    })
}

fn text(description: &str) -> Value {
    json!({"type": ["string", "number"], "description": description})
}

fn texts(description: &str) -> Value {
    json!({"type": "array", "items": {"type": ["string", "number"]}, "description": description})
}

fn entity() -> Value {
    let listed = json!({
        "type": "object",
        "required": ["programme"],
        "additionalProperties": false,
        "properties": {
            "programme": text("What `listed: programme:…` asks for"),
            "from": text("First day: 2014-09-12, 2014-09 or 2014"),
            "until": text("Last day; it is still listed when absent"),
            "source": text("Where the listing stands")
        }
    });
    let parent = json!({
        "type": "object",
        "required": ["id"],
        "additionalProperties": false,
        "properties": {
            "id": text("The owner, an entity of this or another list"),
            "percent": text("The share, only where a source states it"),
            "kind": {"type": "string", "description": "own, control or unknown"},
            "from": text("First day"),
            "until": text("Last day"),
            "source": text("Where the fact stands")
        }
    });
    json!({
        "type": "object",
        "required": ["id", "name"],
        "additionalProperties": false,
        "properties": {
            "id": text("Unique over all lists"),
            "name": text("The main name"),
            "aliases": texts("Other names as records write them: Latin, Cyrillic, Chinese, short forms"),
            "weak_aliases": texts("Further names; one of a single word finds nobody by itself"),
            "country": text("In any spelling"),
            "addresses": texts("Where it is; `address` asks for them"),
            "identifiers": {
                "type": "object",
                "description": "Quote them: they are digits, not numbers",
                "additionalProperties": {"type": ["string", "number"]}
            },
            "topics": texts("What `listed: topic:…` asks for"),
            "same_as": texts("Ids of entities of other lists that are the same"),
            "listed": {"type": "array", "items": listed},
            "parents": {"type": "array", "items": parent, "description": "Who owns it"},
            "source": text("Where the facts come from")
        }
    })
}
