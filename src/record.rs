//! Records: the canonical fields of one goods line, and the columnar batch that carries many of them.
//!
//! A cell is text in canonical form: dates `2022-10-24` (or `2022-10` when only the month is known), numbers with a
//! decimal point and no separators, countries ISO alpha-2, HS codes digits only. A missing value is the empty cell.
//! Nothing here reads a file or knows a layout.

use std::fmt;
use std::sync::Arc;

/// The parts that a party plays in a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the word of the customs form")]
pub enum Role {
    Consignor,
    Consignee,
    Buyer,
    Seller,
    Declarant,
    Manufacturer,
    NotifyParty,
    Carrier,
}

impl Role {
    /// Every role, in the order of the canonical record.
    pub const ALL: [Role; 8] = [
        Role::Consignor,
        Role::Consignee,
        Role::Buyer,
        Role::Seller,
        Role::Declarant,
        Role::Manufacturer,
        Role::NotifyParty,
        Role::Carrier,
    ];

    /// The name in rules and layouts.
    pub fn name(self) -> &'static str {
        match self {
            Role::Consignor => "consignor",
            Role::Consignee => "consignee",
            Role::Buyer => "buyer",
            Role::Seller => "seller",
            Role::Declarant => "declarant",
            Role::Manufacturer => "manufacturer",
            Role::NotifyParty => "notify_party",
            Role::Carrier => "carrier",
        }
    }
}

/// What a file may tell of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum Part {
    Name,
    Address,
    Country,
    Id,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 4] = [Part::Name, Part::Address, Part::Country, Part::Id];

    /// The name in rules and layouts.
    pub fn name(self) -> &'static str {
        match self {
            Part::Name => "name",
            Part::Address => "address",
            Part::Country => "country",
            Part::Id => "id",
        }
    }
}

/// How the cells of a field are written and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// The name of a party.
    PartyName,
    /// Identifiers of a party (INN, OGRN, …).
    PartyId,
    /// Free text.
    Text,
    /// A code or word that is compared whole.
    Code,
    /// ISO alpha-2.
    Country,
    /// Digits of a tariff code.
    Hs,
    /// A decimal number.
    Number,
    /// A calendar day or month.
    Date,
}

/// A canonical field. `Field::ALL` gives the order of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each variant is the field of the same name; docs/fields.md describes them")]
pub enum Field {
    DeclarationId,
    ItemNumber,
    DeclarationDate,
    Direction,
    ProcedureCode,
    CustomsOffice,
    BillOfLading,
    Party(Role, Part),
    HsCode,
    Description,
    HsDescription,
    Brand,
    Model,
    OriginCountry,
    DispatchCountry,
    DestinationCountry,
    TradingCountry,
    Quantity,
    QuantityUnit,
    NetMassKg,
    GrossMassKg,
    Packages,
    InvoiceValue,
    InvoiceCurrency,
    CustomsValue,
    ValueUsd,
    Incoterms,
    DeliveryPlace,
    TransportMode,
    TransportId,
    ContainerIds,
    LoadingPort,
    DischargePort,
    ContractNumber,
    InvoiceNumber,
}

const PARTY_FIELDS: usize = Role::ALL.len() * Part::ALL.len();
const BEFORE_PARTIES: [(Field, &str, FieldKind); 7] = [
    (Field::DeclarationId, "declaration_id", FieldKind::Code),
    (Field::ItemNumber, "item_number", FieldKind::Code),
    (Field::DeclarationDate, "declaration_date", FieldKind::Date),
    (Field::Direction, "direction", FieldKind::Code),
    (Field::ProcedureCode, "procedure_code", FieldKind::Code),
    (Field::CustomsOffice, "customs_office", FieldKind::Text),
    (Field::BillOfLading, "bill_of_lading", FieldKind::Code),
];
const AFTER_PARTIES: [(Field, &str, FieldKind); 27] = [
    (Field::HsCode, "hs_code", FieldKind::Hs),
    (Field::Description, "description", FieldKind::Text),
    (Field::HsDescription, "hs_description", FieldKind::Text),
    (Field::Brand, "brand", FieldKind::Text),
    (Field::Model, "model", FieldKind::Text),
    (Field::OriginCountry, "origin_country", FieldKind::Country),
    (Field::DispatchCountry, "dispatch_country", FieldKind::Country),
    (Field::DestinationCountry, "destination_country", FieldKind::Country),
    (Field::TradingCountry, "trading_country", FieldKind::Country),
    (Field::Quantity, "quantity", FieldKind::Number),
    (Field::QuantityUnit, "quantity_unit", FieldKind::Code),
    (Field::NetMassKg, "net_mass_kg", FieldKind::Number),
    (Field::GrossMassKg, "gross_mass_kg", FieldKind::Number),
    (Field::Packages, "packages", FieldKind::Number),
    (Field::InvoiceValue, "invoice_value", FieldKind::Number),
    (Field::InvoiceCurrency, "invoice_currency", FieldKind::Code),
    (Field::CustomsValue, "customs_value", FieldKind::Number),
    (Field::ValueUsd, "value_usd", FieldKind::Number),
    (Field::Incoterms, "incoterms", FieldKind::Code),
    (Field::DeliveryPlace, "delivery_place", FieldKind::Text),
    (Field::TransportMode, "transport_mode", FieldKind::Code),
    (Field::TransportId, "transport_id", FieldKind::Code),
    (Field::ContainerIds, "container_ids", FieldKind::Text),
    (Field::LoadingPort, "loading_port", FieldKind::Text),
    (Field::DischargePort, "discharge_port", FieldKind::Text),
    (Field::ContractNumber, "contract_number", FieldKind::Code),
    (Field::InvoiceNumber, "invoice_number", FieldKind::Code),
];

impl Field {
    /// How many canonical fields there are.
    pub const COUNT: usize = BEFORE_PARTIES.len() + PARTY_FIELDS + AFTER_PARTIES.len();

    /// Every field, in the order of the record.
    pub fn all() -> impl Iterator<Item = Field> {
        let parties =
            Role::ALL.into_iter().flat_map(|role| Part::ALL.into_iter().map(move |part| Field::Party(role, part)));
        BEFORE_PARTIES
            .into_iter()
            .map(|entry| entry.0)
            .chain(parties)
            .chain(AFTER_PARTIES.into_iter().map(|entry| entry.0))
    }

    /// The place in the order of the record, below [`Field::COUNT`].
    pub fn index(self) -> usize {
        if let Field::Party(role, part) = self {
            return BEFORE_PARTIES.len() + role as usize * Part::ALL.len() + part as usize;
        }
        let before = BEFORE_PARTIES.iter().position(|entry| entry.0 == self);
        before.unwrap_or_else(|| {
            let after = AFTER_PARTIES.iter().position(|entry| entry.0 == self).unwrap_or(0);
            BEFORE_PARTIES.len() + PARTY_FIELDS + after
        })
    }

    /// The name in rules, layouts and JSON: `consignee.name`, `hs_code`.
    pub fn name(self) -> String {
        match self {
            Field::Party(role, part) => format!("{}.{}", role.name(), part.name()),
            _ => self.table_entry().map_or_else(String::new, |entry| entry.1.to_owned()),
        }
    }

    /// How the cells are written and compared.
    pub fn kind(self) -> FieldKind {
        match self {
            Field::Party(_, Part::Name) => FieldKind::PartyName,
            Field::Party(_, Part::Id) => FieldKind::PartyId,
            Field::Party(_, Part::Address) => FieldKind::Text,
            Field::Party(_, Part::Country) => FieldKind::Country,
            _ => self.table_entry().map_or(FieldKind::Text, |entry| entry.2),
        }
    }

    /// The field of that exact canonical name; aliases are the rules' business.
    pub fn from_name(name: &str) -> Option<Field> {
        Field::all().find(|field| field.name() == name)
    }

    fn table_entry(self) -> Option<(Field, &'static str, FieldKind)> {
        BEFORE_PARTIES.into_iter().chain(AFTER_PARTIES).find(|entry| entry.0 == self)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// A set of canonical fields, and whether raw cells are read by heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    bits: u128,
    /// Folded headings (see [`crate::text::heading_key`]) of raw cells that are read.
    pub raw: std::collections::BTreeSet<String>,
}

impl FieldSet {
    /// Every canonical field, no raw cell.
    pub fn every() -> FieldSet {
        Field::all().fold(FieldSet::default(), |mut set, field| {
            set.insert(field);
            set
        })
    }

    /// Adds a field.
    pub fn insert(&mut self, field: Field) {
        self.bits |= 1 << field.index();
    }

    /// Adds what another set holds.
    pub fn extend(&mut self, other: &FieldSet) {
        self.bits |= other.bits;
        self.raw.extend(other.raw.iter().cloned());
    }

    /// Whether the field is in the set.
    pub fn contains(&self, field: Field) -> bool {
        self.bits >> field.index() & 1 == 1
    }
}

/// The file that records come from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourceFile {
    /// The name of the source in the configuration; empty for a one-off scan.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The file's name as it was dropped (without folders), or the path given to `scan`.
    pub file: String,
    /// The member of an archive.
    pub member: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Lower-case hex SHA-256 of the whole file, when known.
    pub sha256: Option<String>,
}

/// One column of a batch: cell texts end to end. Empty means missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    ends: Vec<u32>,
    bytes: String,
}

impl Column {
    /// Adds a cell at the end.
    pub fn push(&mut self, cell: &str) {
        self.bytes.push_str(cell);
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }

    /// An empty column with room for so many rows and bytes.
    pub fn with_room(rows: usize, bytes: usize) -> Column {
        Column { ends: Vec::with_capacity(rows), bytes: String::with_capacity(bytes) }
    }

    /// The cell of a row, `None` when it is missing (or the row is not there).
    pub fn get(&self, row: usize) -> Option<&str> {
        let cell = self.cell(row);
        (!cell.is_empty()).then_some(cell)
    }

    /// The cell of a row, empty when it is missing.
    pub fn cell(&self, row: usize) -> &str {
        let Some(&end) = self.ends.get(row) else { return "" };
        let start = if row == 0 { 0 } else { self.ends.get(row - 1).copied().unwrap_or(0) };
        self.bytes.get(start as usize..end as usize).unwrap_or("")
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cells in row order, empty where missing.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.cell(row))
    }

    /// Bytes of text held.
    pub fn text_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Some thousands of records of one file, as columns.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Where the records come from.
    pub source: Arc<SourceFile>,
    /// The headings of the file as written.
    pub headings: Arc<[String]>,
    /// Row number of each record as a spreadsheet shows it: 1-based, header rows counted.
    pub rows: Vec<u64>,
    columns: Vec<Option<Column>>,
    /// The cells as they stand in the file (decoded, untrimmed), one column a heading.
    pub raw: Vec<Column>,
}

impl Batch {
    /// An empty batch.
    pub fn new(source: Arc<SourceFile>, headings: Arc<[String]>) -> Batch {
        let raw = vec![Column::default(); headings.len()];
        Batch { source, headings, rows: Vec::new(), columns: vec![None; Field::COUNT], raw }
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A field's cells; `None` when the layout does not supply it or nobody needs it.
    pub fn column(&self, field: Field) -> Option<&Column> {
        self.columns.get(field.index()).and_then(Option::as_ref)
    }

    /// Puts a column in its place.
    pub fn set_column(&mut self, field: Field, column: Column) {
        if let Some(slot) = self.columns.get_mut(field.index()) {
            *slot = Some(column);
        }
    }

    /// The cell of a field in a row, `None` when missing.
    pub fn get(&self, field: Field, row: usize) -> Option<&str> {
        self.column(field)?.get(row)
    }

    /// The record of a row with the columns that are here.
    pub fn record(&self, row: usize) -> Record {
        let fields =
            Field::all().filter_map(|field| self.get(field, row).map(|cell| (field, cell.to_owned()))).collect();
        let raw =
            self.headings.iter().zip(&self.raw).map(|(heading, column)| (heading.clone(), column.cell(row).to_owned()));
        Record {
            source: self.source.clone(),
            row: self.rows.get(row).copied().unwrap_or(0),
            fields,
            raw: raw.collect(),
            computed_usd: false,
        }
    }
}

/// The key under which JSON lists the cells that the file does not say.
const COMPUTED: &str = "computed";

/// One goods line, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it comes from.
    pub source: Arc<SourceFile>,
    /// 1-based row as a spreadsheet shows it.
    pub row: u64,
    /// Canonical cells, in the order of the record; missing ones are absent.
    pub fields: Vec<(Field, String)>,
    /// Heading and cell as they stand in the file.
    pub raw: Vec<(String, String)>,
    /// Whether `value_usd` is not what the file says but was computed, from rates that may be other ones tomorrow.
    pub computed_usd: bool,
}

impl Record {
    /// A canonical cell, `None` when missing.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, cell)| cell.as_str())
    }

    /// A batch of just this record, so that one evaluator serves examples, `explain` and files alike.
    pub fn to_batch(&self) -> Batch {
        let headings: Arc<[String]> = self.raw.iter().map(|(heading, _)| heading.clone()).collect();
        let mut batch = Batch::new(self.source.clone(), headings);
        batch.rows.push(self.row);
        for field in Field::all() {
            let mut column = Column::default();
            column.push(self.get(field).unwrap_or(""));
            batch.set_column(field, column);
        }
        for (column, (_, cell)) in batch.raw.iter_mut().zip(&self.raw) {
            column.push(cell);
        }
        batch
    }

    /// The JSON shape of `scan --format jsonl`: canonical fields (parties nested), then `raw`, and `computed`.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::{Map, Value};
        let mut out = Map::new();
        for (field, cell) in &self.fields {
            let value = Value::String(cell.clone());
            match field {
                Field::Party(role, part) => {
                    let party = out.entry(role.name()).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(party) = party {
                        party.insert(part.name().to_owned(), value);
                    }
                }
                _ => {
                    out.insert(field.name(), value);
                }
            }
        }
        let raw = self.raw.iter().map(|(heading, cell)| (heading.clone(), Value::String(cell.clone())));
        out.insert("raw".to_owned(), Value::Object(raw.collect()));
        if self.computed_usd {
            out.insert(COMPUTED.to_owned(), Value::from(vec![Field::ValueUsd.name()]));
        }
        Value::Object(out)
    }

    /// Reads back what [`Record::to_json`] wrote.
    pub fn from_json(source: Arc<SourceFile>, row: u64, json: &serde_json::Value) -> Record {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
        let cell = |field: Field| match field {
            Field::Party(role, part) => json.get(role.name()).and_then(|party| party.get(part.name())).map(text),
            _ => json.get(field.name()).map(text),
        };
        let fields = Field::all().filter_map(|field| cell(field).map(|cell| (field, cell))).collect();
        let raw = json.get("raw").and_then(serde_json::Value::as_object);
        let raw = raw.into_iter().flatten().map(|(heading, value)| (heading.clone(), text(value))).collect();
        Record { source, row, fields, raw, computed_usd: json.get(COMPUTED).is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_own_place_and_name() {
        for (place, field) in Field::all().enumerate() {
            assert_eq!(field.index(), place, "{field}");
            assert_eq!(Field::from_name(&field.name()), Some(field));
        }
        assert_eq!(Field::all().count(), Field::COUNT);
        const { assert!(Field::COUNT <= 128) };
    }

    #[test]
    fn a_record_survives_its_json() {
        let source =
            Arc::new(SourceFile { source: "a".into(), file: "f.csv".into(), member: None, sheet: None, sha256: None });
        let record = Record {
            source: source.clone(),
            row: 7,
            fields: vec![
                (Field::DeclarationDate, "2022-10-24".into()),
                (Field::Party(Role::Consignee, Part::Name), "АО «КРЭТ»".into()),
            ],
            raw: vec![("Получатель".into(), "АО «КРЭТ»".into())],
            computed_usd: false,
        };
        assert_eq!(Record::from_json(source.clone(), 7, &record.to_json()), record);
        assert_eq!(record.to_batch().record(0), record);
        let computed = Record { computed_usd: true, ..record };
        assert_eq!(Record::from_json(source, 7, &computed.to_json()), computed);
    }
}
