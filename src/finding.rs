//! A finding: this rule held for this record, on this evidence. Nothing here evaluates, stores or tells.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::record::{Field, Record};
use crate::rule_card::RuleCard;

/// Why one selection of a rule held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Where in the cell the words stand that answered, from byte to byte; empty where it is the whole cell or not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<(usize, usize)>,
    /// The other cell, where two cells of the record are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// The watchlist entity that the party is, by name.
    #[serde(default)]
    pub entity: Option<String>,
    /// The entity as its list knows it, whatever it is called there: `LIST/ID`. Older findings do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// How the party was recognised. Older findings do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// The name in the list that the party's name is or is like, when it is not the entity's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
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

impl Evidence {
    /// Whether both found a party to be one entity, whatever it is called in its list; by name where one is too old to have
    /// a number.
    pub fn is_same_entity(&self, other: &Evidence) -> bool {
        match (&self.entity_id, &other.entity_id) {
            (Some(id), Some(other)) => id == other,
            _ => self.entity.is_some() && self.entity == other.entity,
        }
    }
}

/// How a party was recognised as an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// By a number that only that firm has.
    Identifier,
    /// Its name is one of the entity's, spelling and script folded.
    Name,
    /// Its name is like one of the entity's.
    Likeness,
    /// By an address of the entity.
    Address,
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

/// What makes a record the same one across files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The source's name, or what several sources share.
    pub scope: String,
    /// Fields that tell one record from every other; empty for the usual ones.
    pub record_key: Vec<Field>,
}

impl Finding {
    /// Identity across files: H(rule id, scope, record key, key version), 32 hex digits.
    ///
    /// The record key is the cells of the identity's fields, when all are there; by itself those of declaration and item
    /// number. Else it is a fixed set of canonical cells, and `occurrence` (from 0) tells identical rows of a file apart.
    pub fn key(&self, identity: &Identity, occurrence: u32) -> String {
        let fields = match identity.record_key.as_slice() {
            [] => &[Field::DeclarationId, Field::ItemNumber],
            fields => fields,
        };
        let cells: Option<Vec<&str>> = fields.iter().map(|field| self.record.get(*field)).collect();
        let record_key = match cells {
            Some(cells) if identity.record_key.is_empty() => hash(&[&["declared"], cells.as_slice()].concat()),
            Some(cells) => hash(&[&["fields"], cells.as_slice()].concat()),
            None => hash(&["cells", &self.cells(is_in_key), &occurrence.to_string()]),
        };
        hash(&[&self.rule.id, &identity.scope, &record_key, KEY_VERSION])
    }

    /// Hash of the canonical cells, 32 hex digits: equal for rows that say the same, whatever is computed from them.
    pub fn content(&self) -> String {
        self.cells(|field| field != Field::ValueUsd || !self.record.computed_usd)
    }

    fn cells(&self, counts: impl Fn(Field) -> bool) -> String {
        let counted = self.record.fields.iter().filter(|(field, _)| counts(*field));
        let cells: Vec<String> = counted.map(|(field, cell)| format!("{field}={cell}")).collect();
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

/// The cells that are part of a key when nothing better is there. The set never changes: a field that is read from now on
/// would make every record a new one. What is computed, such as dollars from rates, is not in it.
fn is_in_key(field: Field) -> bool {
    match field {
        Field::DeclarationId
        | Field::ItemNumber
        | Field::DeclarationDate
        | Field::Direction
        | Field::ProcedureCode
        | Field::CustomsOffice
        | Field::BillOfLading
        | Field::Party(..)
        | Field::HsCode
        | Field::Description
        | Field::Brand
        | Field::Model
        | Field::OriginCountry
        | Field::DispatchCountry
        | Field::DestinationCountry
        | Field::TradingCountry
        | Field::Quantity
        | Field::QuantityUnit
        | Field::NetMassKg
        | Field::GrossMassKg
        | Field::Packages
        | Field::InvoiceValue
        | Field::InvoiceCurrency
        | Field::CustomsValue
        | Field::Incoterms
        | Field::DeliveryPlace
        | Field::TransportMode
        | Field::TransportId
        | Field::ContainerIds
        | Field::LoadingPort
        | Field::DischargePort
        | Field::ContractNumber
        | Field::InvoiceNumber => true,
        Field::HsDescription | Field::ValueUsd => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Part, Role, SourceFile};

    fn finding(fields: &[(Field, &str)]) -> Finding {
        let rule = RuleCard::sample("r");
        let source = SourceFile { source: "s".into(), file: "f".into(), member: None, sheet: None, sha256: None };
        let fields = fields.iter().map(|(field, cell)| (*field, (*cell).to_owned())).collect();
        let record = Record { source: Arc::new(source), row: 1, fields, raw: vec![], computed_usd: false };
        Finding { rule: Arc::new(rule), record, evidence: vec![], group: vec![] }
    }

    fn identity(record_key: &[Field]) -> Identity {
        Identity { scope: "s".into(), record_key: record_key.to_vec() }
    }

    /// Whether two records are the same one.
    fn check(record_key: &[Field], [one, other]: [&[(Field, &str)]; 2], expected: bool) {
        let key = |fields| finding(fields).key(&identity(record_key), 0);
        assert_eq!(key(one) == key(other), expected, "{one:?} {other:?}");
    }

    const NAME: Field = Field::Party(Role::Consignee, Part::Name);

    #[test]
    fn declaration_and_item_number_say_which_record_it_is() {
        let with =
            |description| [(Field::DeclarationId, "7"), (Field::ItemNumber, "1"), (Field::Description, description)];
        check(&[], [&with("a"), &with("b")], true);
        check(&[], [&[(Field::DeclarationId, "7"), (NAME, "a")], &[(Field::DeclarationId, "7"), (NAME, "b")]], false);
    }

    #[test]
    fn a_source_may_say_what_tells_its_records_apart() {
        let with = |waybill, description| [(Field::BillOfLading, waybill), (Field::Description, description)];
        check(&[Field::BillOfLading], [&with("1", "a"), &with("1", "b")], true);
        check(&[Field::BillOfLading], [&with("1", "a"), &with("2", "a")], false);
        check(&[Field::BillOfLading], [&[(Field::Description, "a")], &[(Field::Description, "b")]], false);
    }

    #[test]
    fn what_is_computed_makes_no_other_record() {
        check(&[], [&[(NAME, "a"), (Field::ValueUsd, "1")], &[(NAME, "a"), (Field::ValueUsd, "2")]], true);
        check(&[], [&[(NAME, "a"), (Field::InvoiceValue, "1")], &[(NAME, "a"), (Field::InvoiceValue, "2")]], false);
    }

    #[test]
    fn identical_rows_and_other_scopes_are_other_records() {
        let one = finding(&[(NAME, "a")]);
        assert_ne!(one.key(&identity(&[]), 0), one.key(&identity(&[]), 1));
        let shared = Identity { scope: "shared".into(), ..Identity::default() };
        assert_ne!(one.key(&identity(&[]), 0), one.key(&shared, 0));
    }
}
