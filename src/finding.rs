//! A finding: this rule held for this record, on this evidence. Nothing here evaluates, stores or tells.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::record::{Field, Record};
use crate::rule_card::RuleCard;

/// Why one selection of a rule held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The selection in the rule.
    pub selection: String,
    /// The field that was looked at: `consignee.name`, `raw.Vendor`.
    pub field: String,
    /// The modifier: `mentions`, `owned_by`, `hs`, …
    pub operator: String,
    /// What the rule asked for, as written.
    pub value: String,
    /// The text of the record that answered, as it stands in the cell, so that it can be marked.
    pub matched: String,
    /// The watchlist entity that the party is, by name.
    #[serde(default)]
    pub entity: Option<String>,
    /// How sure the name match is: 1 for an identifier or an exact folded name.
    #[serde(default, with = "score")]
    pub score: Option<u16>,
    /// Ownership from the entity up: `AO KRET —subsidiary, share unknown (EU 269/2014)→ Rostec`; and how it was identified.
    #[serde(default)]
    pub path: Vec<String>,
    /// It holds only if a share that no list states is large enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possible: bool,
}

/// Scores are kept in hundredths so that evidence compares exactly, and written as `0.97`.
mod score {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(score: &Option<u16>, serializer: S) -> Result<S::Ok, S::Error> {
        match score {
            Some(hundredths) => serializer.serialize_f64(f64::from(*hundredths) / 100.0),
            None => serializer.serialize_none(),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score lies between 0 and 1")]
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.map(|score| (score.clamp(0.0, 1.0) * 100.0).round() as u16))
    }
}

/// One rule that held for one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Arc<RuleCard>,
    /// The record, whole.
    pub record: Record,
    /// Why, selection by selection.
    pub evidence: Vec<Evidence>,
    /// Values of the rule's `alert.group_by`, in its order; empty text where missing.
    pub group: Vec<String>,
}

/// The version of the way that keys are made; it is part of every key.
pub const KEY_VERSION: &str = "1";

impl Finding {
    /// Identity across files: H(rule id, scope, record key, key version), 32 hex digits.
    ///
    /// `scope` is the source's name. The record key is declaration and item number when both are there, else the
    /// canonical cells; `occurrence` (from 0) tells identical rows of one file apart and is ignored for declarations.
    pub fn key(&self, scope: &str, occurrence: u32) -> String {
        let declared = self.record.get(Field::DeclarationId).zip(self.record.get(Field::ItemNumber));
        let record_key = match declared {
            Some((declaration, item)) => hash(&["declared", declaration, item]),
            None => hash(&["cells", &self.content(), &occurrence.to_string()]),
        };
        hash(&[&self.rule.id, scope, &record_key, KEY_VERSION])
    }

    /// Hash of the canonical cells, 32 hex digits: equal for rows that say the same.
    pub fn content(&self) -> String {
        let cells: Vec<String> = self.record.fields.iter().map(|(field, cell)| format!("{field}={cell}")).collect();
        hash(&cells.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The stable JSON of `scan --format jsonl`.
    pub fn to_json(&self) -> serde_json::Value {
        let source = &self.record.source;
        serde_json::json!({
            "rule": self.rule.id,
            "title": self.rule.title,
            "level": self.rule.level.name(),
            "source": {
                "file": source.file,
                "member": source.member,
                "sheet": source.sheet,
                "row": self.record.row,
                "sha256": source.sha256,
            },
            "record": self.record.to_json(),
            "evidence": self.evidence,
        })
    }
}

/// Blake3 of length-prefixed parts, 32 hex digits.
pub fn hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}
