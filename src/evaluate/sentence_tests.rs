//! What a reader is told of each operator: rules as people write them, over one record each, to the sentence in the mail.

use std::collections::BTreeSet;

use super::tests::{rule_text, rules};
use super::*;
use crate::problem::SourceText;
use crate::prose::words::why;
use crate::record::{Field, Part, Role, SourceFile};

const WATCHLIST: &str = "\
name: Three firms
source: test
entities:
  - id: rostec
    name: Rostec
    country: RU
    source: test
  - id: kret
    name: AO KRET
    aliases: [Концерн Радиоэлектронные технологии]
    country: RU
    addresses: ['109240, Moscow, ul. Goncharnaya, d. 20/1']
    identifiers: {inn: '7703695246'}
    listed: [{programme: P1, from: 2014-07-31, source: test}]
    parents:
      - {id: rostec, percent: 100, kind: own, source: test}
    source: test
";

/// A detection, a record, and the sentence.
type Case<'a> = (&'a str, &'a [(Field, &'a str)], &'a str);

/// The sentences for what a detection found in a record, with the operators' words.
fn told(detection: &str, cells: &[(Field, &str)]) -> Vec<(String, String)> {
    let (lists, problems) = Watchlists::load(&[SourceText::new("watchlists/firms.yaml", WATCHLIST)]);
    assert_eq!(problems.iter().filter(|problem| problem.is_error()).collect::<Vec<_>>(), Vec::<&Problem>::new());
    let (plan, problems) = bind(&rules(&rule_text(detection)), Arc::new(lists));
    assert_eq!(problems, [], "{detection}");
    let source = SourceFile { source: String::new(), file: "f.csv".into(), member: None, sheet: None, sha256: None };
    let record = Record {
        source: Arc::new(source),
        row: 2,
        fields: cells.iter().map(|(field, cell)| (*field, (*cell).to_owned())).collect(),
        raw: vec![("Vendor Name".into(), " ACME Tools ".into())],
        computed_usd: false,
    };
    let firings = evaluate(&plan, &record.to_batch(), &mut Memo::default());
    let evidence = firings.first().map_or_else(|| panic!("{detection} does not fire"), |firing| &firing.evidence);
    evidence.iter().map(|evidence| (evidence.operator.clone(), why(evidence))).collect()
}

#[test]
fn every_operator_is_told_in_a_sentence() {
    use Field::{DeclarationDate as Day, Description as Goods, DispatchCountry, GrossMassKg, HsCode, NetMassKg};
    use Field::{DestinationCountry, OriginCountry, ValueUsd};
    const TO: Field = Field::Party(Role::Consignee, Part::Name);
    const BUYER: Field = Field::Party(Role::Buyer, Part::Name);
    const TO_ID: Field = Field::Party(Role::Consignee, Part::Id);
    const TO_COUNTRY: Field = Field::Party(Role::Consignee, Part::Country);
    const TO_ADDRESS: Field = Field::Party(Role::Consignee, Part::Address);
    let date: &[(Field, &str)] = &[(Day, "2022-10-24")];
    let usd: &[(Field, &str)] = &[(ValueUsd, "12000.5")];
    let masses: &[(Field, &str)] = &[(NetMassKg, "10"), (GrossMassKg, "9.5")];
    let kret: &[(Field, &str)] = &[(TO, "КРЭТ ЗАВОД"), (TO_ID, "7703695246"), (Day, "2022-10-24")];
    let table: &[Case] = &[
        ("description|mentions: Su-35*", &[(Goods, "PARTS СУ-35")], "description mentions Su-35*: ‘СУ-35’"),
        ("description|contains: su-3", &[(Goods, "SU-35")], "description contains su-3: ‘SU-3’"),
        ("description|startswith: su", &[(Goods, "SU-35")], "description begins with su: ‘SU’"),
        ("description|endswith: '35'", &[(Goods, "SU-35")], "description ends with 35"),
        ("description|re: 'S.-3\\d'", &[(Goods, "a SU-35")], "description matches the pattern S.-3\\d: ‘SU-35’"),
        ("description|exactly: SU-35", &[(Goods, "su-35")], "description is exactly SU-35: ‘su-35’"),
        ("description|neq: toy", &[(Goods, "SU-35")], "description is not toy: ‘SU-35’"),
        ("description|neq: toy", &[(TO, "x")], "description is empty, and so is not toy"),
        ("destination_country|exists: false", &[(TO, "x")], "destination country is empty"),
        ("destination_country: null", &[(TO, "x")], "destination country is empty"),
        ("destination_country|exists: true", &[(DestinationCountry, "KZ")], "destination country is filled in: ‘KZ’"),
        ("raw.vendor name: acme*", &[(TO, "x")], "column ‘Vendor Name’ is acme*: ‘ACME Tools’"),
        ("hs_code|hs: '8807'", &[(HsCode, "880730")], "HS code is under 8807: ‘880730’"),
        ("dispatch_country|country: China", &[(DispatchCountry, "CN")], "dispatch country is China (CN)"),
        (
            "consignee|country: [China, TR]",
            &[(TO, "ACME"), (TO_COUNTRY, "TR")],
            "consignee ‘ACME’ is of China (CN) or Türkiye (TR)",
        ),
        ("value_usd: 12000.50", usd, "value in USD is 12,000.50"),
        ("value_usd|gt: 1500", usd, "value in USD is more than 1,500: 12,000.50"),
        ("value_usd|gte: 1500", usd, "value in USD is at least 1,500: 12,000.50"),
        ("value_usd|lt: 50000", usd, "value in USD is less than 50,000: 12,000.50"),
        ("value_usd|lte: 50k", usd, "value in USD is at most 50k: 12,000.50"),
        ("declaration_date|gt: 2022", &[(Day, "2023-01-01")], "declaration date is after 2022: ‘2023-01-01’"),
        ("value_usd|between: [1000, 50000]", usd, "value in USD is between 1,000 and 50,000: 12,000.50"),
        ("declaration_date|on_or_after: 2022-02-24", date, "declaration date is on or after 2022-02-24: ‘2022-10-24’"),
        ("declaration_date|before: 2023", date, "declaration date is before 2023: ‘2022-10-24’"),
        ("declaration_date|month: 10", date, "the month of the declaration date is 10: ‘2022-10-24’"),
        ("declaration_date|day: 24", date, "the day of the declaration date is 24: ‘2022-10-24’"),
        ("declaration_date|week: 43", date, "the week of the declaration date is 43: ‘2022-10-24’"),
        ("declaration_date|year: 2022", date, "the year of the declaration date is 2022: ‘2022-10-24’"),
        ("declaration_date|day|gt: 23", date, "the day of the declaration date is more than 23: ‘2022-10-24’"),
        ("declaration_date|week|gte: 43", date, "the week of the declaration date is at least 43: ‘2022-10-24’"),
        ("declaration_date|year|lt: 2023", date, "the year of the declaration date is less than 2023: ‘2022-10-24’"),
        ("declaration_date|year|lte: 2022", date, "the year of the declaration date is at most 2022: ‘2022-10-24’"),
        (
            "declaration_date|month|between: [9, 11]",
            date,
            "the month of the declaration date is between 9 and 11: ‘2022-10-24’",
        ),
        (
            "dispatch_country|differs: origin_country",
            &[(DispatchCountry, "AE"), (OriginCountry, "CN")],
            "dispatch country United Arab Emirates (AE) differs from origin country China (CN)",
        ),
        (
            "consignee.name|fieldref: buyer.name",
            &[(TO, "Acme"), (BUYER, "ACME")],
            "consignee ‘Acme’ is the same as buyer ‘ACME’",
        ),
        ("consignee.name|fieldref|neq: buyer.name", &[(TO, "Acme")], "consignee ‘Acme’ differs from buyer (empty)"),
        (
            "consignee.name|fieldref|contains: buyer.name",
            &[(TO, "The Acme Co"), (BUYER, "ACME")],
            "consignee ‘The Acme Co’ contains buyer ‘ACME’",
        ),
        (
            "consignee.name|fieldref|startswith: buyer.name",
            &[(TO, "Acme Co"), (BUYER, "ACME")],
            "consignee ‘Acme Co’ begins with buyer ‘ACME’",
        ),
        (
            "consignee.name|fieldref|endswith: buyer.name",
            &[(TO, "The Acme"), (BUYER, "ACME")],
            "consignee ‘The Acme’ ends with buyer ‘ACME’",
        ),
        ("net_mass_kg|fieldref|gt: gross_mass_kg", masses, "net mass in kg ‘10’ is more than gross mass in kg ‘9.5’"),
        ("net_mass_kg|fieldref|gte: gross_mass_kg", masses, "net mass in kg ‘10’ is at least gross mass in kg ‘9.5’"),
        ("gross_mass_kg|fieldref|lt: net_mass_kg", masses, "gross mass in kg ‘9.5’ is less than net mass in kg ‘10’"),
        ("gross_mass_kg|fieldref|lte: net_mass_kg", masses, "gross mass in kg ‘9.5’ is at most net mass in kg ‘10’"),
        ("consignee|entity: AO KRET", kret, "consignee ‘КРЭТ ЗАВОД’ is AO KRET: INN 7703695246 is AO KRET's"),
        ("consignee: AO KRET", &[(TO, "АО КРЭТ")], "consignee ‘АО КРЭТ’ is AO KRET by name (1.00)"),
        (
            "consignee: Acme Ltd",
            &[(TO, "ACME LTD.")],
            "consignee has the name that is asked for, Acme Ltd: ‘ACME LTD.’",
        ),
        (
            "consignee|listed: firms",
            kret,
            "consignee ‘КРЭТ ЗАВОД’ is AO KRET: INN 7703695246 is AO KRET's; it is in the list ‘firms’",
        ),
        (
            "consignee|listed_on_date: programme:P1",
            kret,
            "consignee ‘КРЭТ ЗАВОД’ is AO KRET: INN 7703695246 is AO KRET's; listed: P1 from 2014-07-31 (test)",
        ),
        (
            "consignee|owned_by: Rostec",
            kret,
            "consignee ‘КРЭТ ЗАВОД’ is AO KRET: INN 7703695246 is AO KRET's; AO KRET —100 % (test)→ Rostec",
        ),
        (
            "consignee|owned_by|ofac50: Rostec",
            kret,
            "consignee ‘КРЭТ ЗАВОД’ is AO KRET: INN 7703695246 is AO KRET's; AO KRET —100 % (test)→ Rostec",
        ),
        (
            "consignee|owned_by|control: Rostec",
            kret,
            "consignee ‘КРЭТ ЗАВОД’ is AO KRET: INN 7703695246 is AO KRET's; AO KRET —100 % (test)→ Rostec",
        ),
        (
            "consignee|address: AO KRET",
            &[(TO, "ACME"), (TO_ADDRESS, "MOSCOW, 109240, GONCHARNAYA UL., D 20/1")],
            "consignee ‘ACME’ may be AO KRET: the address is AO KRET's: 109240, Moscow, ul. Goncharnaya, d. 20/1",
        ),
        (
            "consignee: {name|contains: acm, country: TR}",
            &[(TO, "ACME"), (TO_COUNTRY, "TR")],
            "consignee fits all that is asked of it, name|contains: acm, country: TR: ‘ACME’",
        ),
    ];
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (detection, cells, expected) in table {
        let sentences = told(detection, cells);
        let [(operator, sentence)] = sentences.as_slice() else { panic!("{detection}: {sentences:?}") };
        if sentence != expected {
            wrong.push(format!("{detection}\n  {sentence}\n  {expected}"));
        }
        seen.insert(operator.clone());
    }
    assert_eq!(wrong, Vec::<String>::new());
    // Each part of a date is compared in the same words.
    let is_shown = |word: &str| {
        let order = word.split_once(' ').filter(|(part, _)| ["day", "week", "month", "year"].contains(part));
        seen.contains(word)
            || seen.iter().any(|known| order.is_some_and(|(_, order)| known.ends_with(&format!(" {order}"))))
    };
    let untold: Vec<&str> = crate::rules::evidence_words().into_iter().filter(|word| !is_shown(word)).collect();
    assert_eq!(untold, Vec::<&str>::new(), "these operators have no sentence");
}

#[test]
fn a_party_is_an_entity_by_a_number_or_its_own_name_and_else_is_written_like_it() {
    const TO: Field = Field::Party(Role::Consignee, Part::Name);
    const TO_ID: Field = Field::Party(Role::Consignee, Part::Id);
    let says = |cells: &[(Field, &str)]| {
        let told = told("consignee|entity: AO KRET", cells);
        told.into_iter().map(|(_, sentence)| sentence).collect::<Vec<_>>()
    };
    for (cells, sentence) in [
        (&[(TO, "X"), (TO_ID, "7703695246")][..], "consignee ‘X’ is AO KRET: INN 7703695246 is AO KRET's"),
        (&[(TO, "АО «КРЭТ»")], "consignee ‘АО «КРЭТ»’ is AO KRET by name (1.00)"),
        (&[(TO, "ООО КРЭТ")], "consignee ‘ООО КРЭТ’ is written like AO KRET (0.98)"),
        (
            &[(TO, "KONTSERN RADIOELEKTRONNYE TEKHNOLOGII")],
            "consignee ‘KONTSERN RADIOELEKTRONNYE TEKHNOLOGII’ is ‘Концерн Радиоэлектронные технологии’ by name (1.00), which is AO KRET",
        ),
        (
            &[(TO, "KONTSERN RADIOELEKTRONIYE TEKHNOLOGI")],
            "consignee ‘KONTSERN RADIOELEKTRONIYE TEKHNOLOGI’ is written like ‘Концерн Радиоэлектронные технологии’ (0.99), which is AO KRET",
        ),
    ] {
        assert_eq!(says(cells), [sentence]);
    }
}
