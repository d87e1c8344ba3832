//! Rules as people write them, over small tables.

use super::*;
use crate::problem::SourceText;
use crate::record::{Column, Field, Part, Role, SourceFile};
use crate::rules::{Known, RuleTexts, compile};

const WATCHLIST: &str = "\
name: Two firms
source: test
entities:
  - id: rostec
    name: Rostec
    aliases: [Ростех]
    country: RU
    topics: [sanction]
    source: test
  - id: kret
    name: AO KRET
    aliases: ['АО «КРЭТ»']
    country: RU
    parents:
      - {id: rostec, kind: unknown, source: 'EU 269/2014'}
    source: test
";

const SU_35: &str = "\
title: Su-35 parts to a Rostec subsidiary
id: su-35-parts-to-rostec
status: stable
level: critical
description: Parts for Su-35 fighters, declared for Rostec or for a company under it.
detection:
  su_35_parts:
    description: [Su-35*, Flanker-E]
  to_rostec:
    any_recipient|owned_by: Rostec
  scale_models:
    hs_code: 9503
  condition: su_35_parts and to_rostec and not scale_models
alert:
  group_by: [to_rostec.entity]
examples:
  fires:
    - consignor: AVIC International Holding Corp
      consignee: АО «КРЭТ»
      description: ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35
      declaration_date: 2022-10-24
  quiet:
    - consignee: АО «КРЭТ»
      description: МОДЕЛЬ САМОЛЁТА СУ-35
      hs_code: 9503007500
";

const NAME: Field = Field::Party(Role::Consignee, Part::Name);

fn watchlists() -> Arc<Watchlists> {
    let (lists, problems) = Watchlists::load(&[SourceText::new("watchlists/two.yaml", WATCHLIST)]);
    assert_eq!(problems, []);
    Arc::new(lists)
}

pub(super) fn rules(text: &str) -> RuleSet {
    let texts = RuleTexts { rules: vec![SourceText::new("rules/a.yaml", text)], lists: Vec::new() };
    let (set, problems) = compile(&texts, &Known::default());
    assert_eq!(problems.iter().filter(|problem| problem.is_error()).collect::<Vec<_>>(), Vec::<&Problem>::new());
    set
}

pub(super) fn rule_text(detection: &str) -> String {
    format!("title: T\nid: a\nlevel: high\ndetection:\n  sel:\n    {detection}\n  condition: sel\n")
}

fn batch(fields: &[Field], rows: &[&[&str]]) -> Batch {
    let source = SourceFile { source: String::new(), file: "f.csv".into(), member: None, sheet: None, sha256: None };
    let mut batch = Batch::new(Arc::new(source), ["Vendor Name".to_owned()].into_iter().collect());
    for (place, field) in fields.iter().enumerate() {
        let mut column = Column::default();
        rows.iter().for_each(|row| column.push(row.get(place).unwrap_or(&"")));
        batch.set_column(*field, column);
    }
    for number in 0..rows.len() {
        batch.rows.push(number as u64 + 2);
        batch.raw[0].push(if number == 0 { " ACME " } else { "" });
    }
    batch
}

/// Rows for which a detection holds, without watchlists.
fn rows(detection: &str, batch: &Batch) -> Vec<usize> {
    let (plan, problems) = bind(&rules(&rule_text(detection)), Arc::default());
    assert_eq!(problems, [], "{detection}");
    let mut memo = Memo::default();
    let cold: Vec<_> =
        evaluate(&plan, batch, &mut memo).into_iter().map(|firing| (firing.row, firing.evidence)).collect();
    let warm: Vec<_> =
        evaluate(&plan, batch, &mut memo).into_iter().map(|firing| (firing.row, firing.evidence)).collect();
    assert_eq!(cold, warm, "{detection}: memory changes results");
    cold.into_iter().map(|(row, _)| row).collect()
}

fn goods() -> Batch {
    use Field::{DeclarationDate, Description, DispatchCountry, HsCode, OriginCountry, ValueUsd};
    batch(
        &[Description, HsCode, OriginCountry, DispatchCountry, ValueUsd, DeclarationDate],
        &[
            &["ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35", "8803300000", "CN", "TR", "1500.50", "2022-10-24"],
            &["Integrated circuits (SU-350)", "8542310000", "TR", "TR", "20", "2022-02"],
            &["", "", "", "", "", ""],
            &["МИКРОСХЕМЫ ИНТЕГРАЛЬНЫЕ", "8541", "US", "", "3000", "2021"],
        ],
    )
}

#[test]
fn each_kind_of_question_finds_its_rows() {
    let batch = goods();
    for (detection, expected) in [
        ("description: Su-35*", &[0][..]),
        ("description|contains: su-35", &[1]),
        ("description|contains: САМОЛёТА", &[0]),
        ("description|re: '(?i)микросхем|circuit'", &[1, 3]),
        ("description|startswith: integrated", &[1]),
        ("hs_code: 8541-8542", &[1, 3]),
        ("hs_code: 8803", &[0]),
        ("origin_country: China", &[0]),
        ("value_usd|gte: '1,500.50'", &[0, 3]),
        ("declaration_date|on_or_after: 2022-02-24", &[0]),
        ("declaration_date|before: 2022-02-24", &[3]),
        ("dispatch_country|differs: origin_country", &[0]),
        ("raw.vendor_name: acme", &[0]),
        ("source.file: '*.csv'", &[0, 1, 2, 3]),
        ("source.row: 3", &[1]),
    ] {
        assert_eq!(rows(detection, &batch), expected, "{detection}");
    }
}

#[test]
fn maps_and_lists_nest() {
    let batch = goods();
    for (detection, expected) in [
        ("{description|contains: '*', hs_code: 8803}", &[0][..]),
        ("- hs_code: 8803\n    - origin_country: [US, TR]", &[0, 1, 3]),
        ("- {hs_code: 85, origin_country: TR}\n    - {hs_code: 85, value_usd|gt: 100}", &[1, 3]),
        ("- {hs_code: [8803, 8542], value_usd|lt: 100}\n    - [circuit, {origin_country: US}]", &[1, 3]),
        ("- - su-35\n      - {hs_code: 8541}\n    - {value_usd: 20}", &[1, 3]),
        ("[integrated, интегральные]", &[1, 3]),
        ("- su-35*", &[1]),
        ("- 'integrated*(su'", &[1]),
        ("- 'su-35?)'", &[1]),
        ("- 'СУ-35'", &[0]),
        ("su", &[1]),
        ("'|all': [integrated, su-350]", &[1]),
        ("'|all': [integrated, интегральные]", &[]),
        ("{'|all': [integrated, su-350], hs_code: 8542}", &[1]),
        ("'|mentions': su-35", &[0]),
        ("'|cased': integrated", &[]),
        ("'|re|i': 'integr.*su'", &[1]),
    ] {
        let text = rule_text(detection).replace("    su\n", "    - su\n");
        let (plan, problems) = bind(&rules(&text), Arc::default());
        assert_eq!(problems, [], "{detection}");
        let mut fired: Vec<_> = evaluate(&plan, &batch, &mut Memo::default()).iter().map(|firing| firing.row).collect();
        fired.dedup();
        assert_eq!(fired, expected, "{detection}");
    }
}

#[test]
fn keywords_are_looked_for_anywhere_in_the_record() {
    let id = Field::Party(Role::Consignee, Part::Id);
    let address = Field::Party(Role::Buyer, Part::Address);
    let fields = [NAME, id, address, Field::Model, Field::BillOfLading, Field::InvoiceNumber, Field::OriginCountry];
    let row = ["ACME", "7703695246", "12 Harbour Road", "X-9", "MSCU1234567", "INV/77", "TR"];
    let table = batch(&fields, &[&row]);
    for (word, expected) in [
        ("acme", 1),
        ("7703695246", 1),
        ("harbour", 1),
        ("x-9", 1),
        ("mscu12", 1),
        ("inv/77", 1),
        ("TR", 0),
        ("absent", 0),
    ] {
        assert_eq!(rows(&format!("- {word}"), &table).len(), expected, "{word}");
    }
    assert_eq!(rows("'|all': [acme, harbour, 'inv/']", &table), [0], "each in a place of its own");
}

#[test]
fn a_missing_cell_answers_only_negative_questions() {
    let batch = goods();
    assert_eq!(rows("description|exists: false", &batch), [2]);
    assert_eq!(rows("description|exists: true", &batch), [0, 1, 3]);
    assert_eq!(rows("value_usd|neq: 20", &batch), [0, 2, 3]);
    assert_eq!(rows("description|contains|neq: integrated", &batch), [0, 2, 3]);
    assert_eq!(rows("description|contains|neq: [integrated, микросхемы]", &batch), [0, 2]);
    assert_eq!(rows("description|contains|all|neq: [integrated, circuits]", &batch), [0, 2, 3]);
    assert_eq!(rows("description|contains|all|neq: [integrated, radar]", &batch), [0, 1, 2, 3]);
    assert_eq!(rows("value_usd|lt: 100", &batch), [1]);
    assert_eq!(rows("brand|exists: false", &batch), [0, 1, 2, 3], "an absent column is missing in every row");
    assert_eq!(rows("brand|neq: x", &batch), [0, 1, 2, 3]);
    assert_eq!(rows("brand: x", &batch), [] as [usize; 0]);
}

fn evaluate_su_35(consignee: &str, description: &str) -> Vec<Firing> {
    let (plan, problems) = bind(&rules(SU_35), watchlists());
    assert_eq!(problems, []);
    evaluate(&plan, &batch(&[NAME, Field::Description], &[&[consignee, description]]), &mut Memo::default())
}

/// A batch of one raw column.
fn raw(cells: &[&str]) -> Batch {
    let mut batch = batch(&[], &cells.iter().map(|_| &[][..]).collect::<Vec<_>>());
    batch.raw[0] = Column::default();
    cells.iter().for_each(|cell| batch.raw[0].push(cell));
    batch
}

#[test]
fn an_unquoted_value_means_its_text() {
    for (written, cell, other) in [
        ("NO", "NO", "false"),
        ("0102", "0102", "102"),
        ("0102", "0102", "66"),
        ("8802.40", "8802.40", "8802.4"),
        ("1e5", "1E5", "100000"),
        ("12345678901234567890", "12345678901234567890", "12345678901234567891"),
        ("2022-10-24", "2022-10-24", "2022-10-24T00:00:00"),
        ("~", "~", ""),
        ("yes", "Yes", "true"),
        ("0x1F", "0x1f", "31"),
        ("1_000", "1_000", "1000"),
        (".inf", ".inf", "inf"),
    ] {
        assert_eq!(rows(&format!("raw.vendor_name: {written}"), &raw(&[other, cell])), [1], "{written}");
        let texts = batch(&[Field::ContractNumber], &[&[other], &[cell]]);
        assert_eq!(rows(&format!("contract_number: {written}"), &texts), [1], "{written}");
    }
    let exact =
        batch(&[Field::ValueUsd], &[&["12345678901234567890"], &["12345678901234567891"], &["12345678901234567889.5"]]);
    assert_eq!(rows("value_usd: 12345678901234567890", &exact), [0]);
    assert_eq!(rows("value_usd|gt: 12345678901234567890", &exact), [1]);
    assert_eq!(rows("value_usd|lt: 12345678901234567890", &exact), [2]);
}

/// What holds for a cell with a word, an empty one and, in a column that is not there, for an absent one.
#[test]
fn null_absent_and_empty_are_one_and_the_same() {
    let table = batch(&[Field::Brand], &[&["ACME"], &[""]]);
    let cells = raw(&["ACME", "", " \t"]);
    for (asked, there, missing) in [
        (": null", false, true),
        (": ''", false, true),
        (": \"\"", false, true),
        (": 'null'", false, false),
        (": ~", false, false),
        (": [null, other]", false, true),
        (": [null, acme]", true, true),
        ("|exists: true", true, false),
        ("|exists: false", false, true),
        ("|exists: yes", true, false),
        ("|neq: null", true, false),
        ("|neq: ''", true, false),
        ("|neq: other", true, true),
        ("|neq: acme", false, true),
        ("|neq: [other, acme]", false, true),
        ("|neq: [other, null]", true, false),
        ("|all|neq: [other, acme]", true, true),
        ("|contains|neq: cm", false, true),
        ("|contains|all|neq: [ac, zz]", true, true),
        ("|re|neq: 'A.*'", false, true),
        (": '*'", true, false),
        ("|re: '^$'", false, false),
        ("|fieldref: model", false, false),
        ("|fieldref|neq: model", true, true),
        ("|contains|fieldref|neq: model", true, true),
    ] {
        let expected =
            |rows: usize| -> Vec<usize> { (0..rows).filter(|row| if *row == 0 { there } else { missing }).collect() };
        if ![": '*'", ": ~"].contains(&asked) {
            assert_eq!(rows(&format!("brand{asked}"), &table), expected(2), "brand{asked}");
        }
        assert_eq!(rows(&format!("raw.vendor_name{asked}"), &cells), expected(3), "raw{asked}");
        let absent = if missing { vec![0, 1] } else { Vec::new() };
        assert_eq!(rows(&format!("quantity_unit{asked}"), &table), absent, "absent{asked}");
        assert_eq!(rows(&format!("raw.nowhere{asked}"), &table), absent, "raw absent{asked}");
    }
}

#[test]
fn sigma_holds_on_raw_cells_and_wherever_its_modifiers_stand() {
    let cells =
        ["Café «X» 10\\20", "cafe\u{301} «x» 10\\20", "CAFÉ", "a*b", "axb", "line\nbreak", "STRASSE", "500", "500.0"];
    let table = raw(&cells);
    for (asked, expected) in [
        (": 'café «x» 10\\20'", &[0, 1][..]),
        (": caf?", &[2]),
        (": 'caf*'", &[0, 1, 2]),
        (": 'a\\*b'", &[3]),
        (": 'a*b'", &[3, 4]),
        (": 'line*break'", &[5]),
        (": 'line?break'", &[5]),
        (": straße", &[6]),
        (": 500", &[7]),
        ("|contains: '10\\20'", &[0, 1]),
        ("|contains: '10\\\\20'", &[0, 1]),
        ("|contains: '«?»'", &[0, 1]),
        ("|startswith: 'CAF'", &[0, 1, 2]),
        ("|startswith: 'c?f'", &[0, 1, 2]),
        ("|endswith: '?é'", &[2]),
        ("|endswith: '*0'", &[0, 1, 7, 8]),
        ("|contains|all: [caf, x]", &[0, 1]),
        ("|contains|cased: 'Caf'", &[0]),
        ("|cased: 'CAF?'", &[2]),
        ("|exactly: 'a*b'", &[3]),
        ("|exactly|cased: 'A*B'", &[]),
        ("|re: 'Caf.'", &[0]),
        ("|re|i: 'CAF.'", &[0, 1, 2]),
        ("|re: '^break'", &[]),
        ("|re|m: '^break'", &[5]),
        ("|re: 'line.break'", &[]),
        ("|re|s: 'line.break'", &[5]),
        ("|re|i|m|s: 'LINE.^BREAK$'", &[5]),
        ("|gt: 499", &[7, 8]),
        ("|gte: 500.00", &[7, 8]),
        ("|mentions: cafe x", &[0, 1]),
    ] {
        assert_eq!(rows(&format!("raw.vendor_name{asked}"), &table), expected, "{asked}");
    }
}

#[test]
fn fields_are_compared_with_fields() {
    use Field::{Brand, Description, DispatchCountry, GrossMassKg, Model, NetMassKg, OriginCountry};
    let table = batch(
        &[Description, Brand, Model, NetMassKg, GrossMassKg, OriginCountry, DispatchCountry],
        &[
            &["ACME pump", "acme", "PUMP", "10", "9.50", "CN", "TR"],
            &["acme", "ACME", "", "10", "10.0", "CN", "CN"],
            &["Pump by Acme", "Acme", "by", "9", "10", "", "TR"],
        ],
    );
    for (asked, expected) in [
        ("description|fieldref: brand", &[1][..]),
        ("description|fieldref|neq: brand", &[0, 2]),
        ("description|startswith|fieldref: brand", &[0, 1]),
        ("description|endswith|fieldref: brand", &[1, 2]),
        ("description|endswith|fieldref: model", &[0]),
        ("description|contains|fieldref: model", &[0, 2]),
        ("description|contains|fieldref: [brand, model]", &[0, 1, 2]),
        ("description|contains|all|fieldref: [brand, model]", &[0, 2]),
        ("description|contains|fieldref|neq: model", &[1]),
        ("net_mass_kg|gt|fieldref: gross_mass_kg", &[0]),
        ("net_mass_kg|gte|fieldref: gross_mass_kg", &[0, 1]),
        ("net_mass_kg|lt|fieldref: gross_mass_kg", &[2]),
        ("net_mass_kg|fieldref: gross_mass_kg", &[1]),
        ("origin_country|differs: dispatch_country", &[0]),
        ("origin_country|fieldref|neq: dispatch_country", &[0, 2]),
        ("raw.vendor_name|fieldref: brand", &[0]),
    ] {
        assert_eq!(rows(asked, &table), expected, "{asked}");
    }
}

#[test]
fn numbers_and_dates_are_compared_as_such() {
    use Field::{DeclarationDate, ValueUsd};
    let table = batch(
        &[ValueUsd, DeclarationDate],
        &[
            &["1500", "2022-02-23"],
            &["1500.00", "2022-02-24"],
            &["1200000", "2022-03"],
            &["9", "2023-01-01"],
            &["-3", ""],
        ],
    );
    for (detection, expected) in [
        ("value_usd: '1,500.00'", &[0, 1][..]),
        ("value_usd: '1 500,00'", &[0, 1]),
        ("value_usd: [1.2M, 9.0]", &[2, 3]),
        ("value_usd|lt: 10", &[3, 4]),
        ("value_usd|lte: '-3'", &[4]),
        ("value_usd|between: [9, 1500]", &[0, 1, 3]),
        ("value_usd|between|neq: [9, 1500]", &[2, 4]),
        ("value_usd|exactly: 1500.0", &[0, 1]),
        ("value_usd|startswith: '15'", &[0, 1]),
        ("declaration_date|on_or_after: 2022-02-24", &[1, 2, 3]),
        ("declaration_date|before: 2022-02-24", &[0]),
        ("declaration_date|between: [2022-02-24, 2022-12-31]", &[1, 2]),
        ("declaration_date|between: [2022-03, 2023]", &[2, 3]),
        ("declaration_date: 2022", &[0, 1, 2]),
        ("declaration_date: 24.02.2022", &[1]),
        ("declaration_date|gt: 2022-03", &[3]),
        ("declaration_date|startswith: 2022-02", &[0, 1]),
        ("declaration_date|neq: 2022", &[3, 4]),
    ] {
        assert_eq!(rows(detection, &table), expected, "{detection}");
    }
}

#[test]
fn codes_begin_with_their_prefix_and_countries_have_many_names() {
    use Field::{HsCode, OriginCountry};
    let table =
        batch(&[HsCode, OriginCountry], &[&["8541400000", "NO"], &["0102390000", "TR"], &["8542", "RU"], &["", ""]]);
    for (detection, expected) in [
        ("hs_code: 8541.40", &[0][..]),
        ("hs_code: 0102", &[1]),
        ("hs_code: 8541-8542", &[0, 2]),
        ("hs_code: 8542.31", &[]),
        ("hs_code|exactly: 8542", &[2]),
        ("hs_code|startswith: 85", &[0, 2]),
        ("hs_code|neq: 85", &[1, 3]),
        ("hs2: 85", &[0, 2]),
        ("hs4: [8541, 0102]", &[0, 1]),
        ("hs6: 854140", &[0]),
        ("origin_country: NO", &[0]),
        ("origin_country: Norway", &[0]),
        ("origin_country: [ТУРЦИЯ, NOR]", &[0, 1]),
        ("origin_country: 792", &[1]),
        ("origin_country|neq: Россия", &[0, 1, 3]),
        ("origin_country|contains: 'n'", &[0]),
    ] {
        assert_eq!(rows(detection, &table), expected, "{detection}");
    }
}

#[test]
fn parts_of_dates_are_numbers() {
    let table =
        batch(&[Field::DeclarationDate], &[&["2022-10-24"], &["2022-02"], &[""], &["2021-01-01"], &["2020-12-31"]]);
    for (asked, expected) in [
        ("year: 2022", &[0, 1][..]),
        ("year|gte: 2021", &[0, 1, 3]),
        ("month: [2, 10]", &[0, 1]),
        ("month|between: [1, 3]", &[1, 3]),
        ("month|lt: 3", &[1, 3]),
        ("day: 24", &[0]),
        ("day|lte: 31", &[0, 3, 4]),
        ("week: 53", &[3, 4]),
        ("week: 43", &[0]),
        ("month|neq: 10", &[1, 2, 3, 4]),
        ("day|neq: 24", &[1, 2, 3, 4]),
    ] {
        assert_eq!(rows(&format!("declaration_date|{asked}"), &table), expected, "{asked}");
    }
}

#[test]
fn a_price_by_weight_is_missing_where_one_of_the_two_is() {
    use Field::{GrossMassKg, NetMassKg, ValueUsd};
    let table = batch(
        &[ValueUsd, NetMassKg, GrossMassKg],
        &[
            &["100", "3", "50"],
            &["100", "", "50"],
            &["100", "0", "4"],
            &["100", "", ""],
            &["", "3", "4"],
            &["0", "3", "4"],
            &["12345678901234567890.5", "1", ""],
        ],
    );
    for (asked, expected) in [
        ("usd_per_kg|gt: 33.33", &[0, 6][..]),
        ("usd_per_kg: 33.333333", &[0]),
        ("usd_per_kg: 2", &[1]),
        ("usd_per_kg: 25", &[2]),
        ("usd_per_kg|between: [2, 25]", &[1, 2]),
        ("usd_per_kg|exists: false", &[3, 4, 5]),
        ("usd_per_kg|neq: 2", &[0, 2, 3, 4, 5, 6]),
        ("usd_per_kg|fieldref: value_usd", &[6]),
    ] {
        assert_eq!(rows(asked, &table), expected, "{asked}");
    }
    let (plan, _) = bind(&rules(&rule_text("usd_per_kg|gt: 33")), Arc::default());
    assert!([ValueUsd, NetMassKg, GrossMassKg].into_iter().all(|field| plan.needs().contains(field)));
    let firing = evaluate(&plan, &table, &mut Memo::default()).remove(0);
    assert_eq!((firing.evidence[0].field.as_str(), firing.evidence[0].matched.as_str()), ("usd_per_kg", "33.333333"));
}

#[test]
fn the_su_35_rule_fires_with_the_ownership_path_and_the_piece_of_the_cell() {
    let fired = evaluate_su_35("АО «КРЭТ»", "ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35");
    assert_eq!(fired.len(), 1);
    let [goods, party] = &fired[0].evidence[..] else { panic!("{:?}", fired[0].evidence) };
    assert_eq!((goods.field.as_str(), goods.matched.as_str()), ("description", "СУ-35"));
    assert_eq!((party.field.as_str(), party.operator.as_str()), ("consignee.name", "owned_by"));
    assert_eq!(party.entity.as_deref(), Some("AO KRET"));
    assert!(party.path.iter().any(|step| step.contains("Rostec") && step.contains("EU 269/2014")), "{:?}", party.path);
    assert_eq!(fired[0].group, ["AO KRET"]);
    assert!(evaluate_su_35("ООО «РОМАШКА»", "ЗАПЧАСТИ СУ-35").is_empty());
    assert!(evaluate_su_35("АО «КРЭТ»", "ЗАПЧАСТИ").is_empty());
}

#[test]
fn a_party_behind_an_intermediary_and_an_intermediary_are_found() {
    for cell in ["OOO ROMASHKA ON BEHALF OF ROSTEC", "OOO ROMASHKA THROUGH ROSTEC"] {
        let fired = evaluate_su_35(cell, "Flanker-E spares");
        assert_eq!(fired.len(), 1);
        assert_eq!(fired[0].group, ["Rostec"]);
    }
}

#[test]
fn examples_do_what_they_say_and_a_wrong_one_is_told() {
    let (plan, _) = bind(&rules(SU_35), watchlists());
    assert_eq!(run_examples(&plan), []);
    let wrong = SU_35.replace("hs_code: 9503007500", "hs_code: 8803").replace("ДЛЯ САМОЛЁТА СУ-35", "ДЛЯ САМОЛЁТА");
    let (plan, _) = bind(&rules(&wrong), watchlists());
    let problems = run_examples(&plan);
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["example-quiet", "example-fires"]);
    assert!(problems[0].message.contains("not holding: `su_35_parts`"), "{}", problems[0].message);
}

#[test]
fn an_unknown_name_leaves_its_rule_out_at_its_place() {
    let text = SU_35.replace("owned_by: Rostec", "owned_by: Rostek");
    let (plan, problems) = bind(&rules(&text), watchlists());
    assert!(plan.rules().is_empty());
    assert_eq!(problems[0].code, "unknown-entity");
    assert!(problems[0].hint.as_ref().is_some_and(|hint| hint.contains("Rostec")), "{problems:?}");
    assert_eq!(problems[0].position().0, 10);
    let (plan, problems) = bind(&rules(&rule_text("consignee: Nobody Ltd")), watchlists());
    assert_eq!((plan.rules().len(), problems.len()), (1, 0), "a bare name needs no watchlist");
}

#[test]
fn a_bare_name_is_found_by_its_folded_form() {
    let table = batch(&[NAME], &[&["ООО «Ромашка»"], &["ООО «Роза»"], &[""]]);
    assert_eq!(rows("consignee: ООО РОМАШКА", &table), [0]);
}

#[test]
fn everything_asked_under_a_role_is_asked_of_one_party() {
    let country = Field::Party(Role::Consignee, Part::Country);
    let table = batch(&[NAME, country], &[&["Rostec", "TR"], &["Rostec", "RU"], &["Rostec", ""], &["Other", "TR"]]);
    let text = rule_text("any_recipient: {owned_by: Rostec, country: TR}");
    let (plan, _) = bind(&rules(&text), watchlists());
    let found: Vec<usize> = evaluate(&plan, &table, &mut Memo::default()).iter().map(|firing| firing.row).collect();
    assert_eq!(found, [0]);
    assert!(plan.needs().contains(country) && plan.needs().contains(Field::DeclarationDate));
}

#[test]
fn an_explanation_quotes_the_cell_or_says_that_it_is_missing() {
    let set = rules(SU_35);
    let (plan, _) = bind(&set, watchlists());
    let rule = &set.rules[0];
    let record = batch(&[NAME, Field::Description], &[&["АО «КРЭТ»", "модель СУ-35"]]).record(0);
    let told = explain(&plan, rule, &record);
    assert!(told.fires);
    assert_eq!(told.condition, "su_35_parts and to_rostec and not scale_models");
    let json = serde_json::to_string(&told).unwrap();
    for part in ["‘СУ-35’", "‘АО «КРЭТ»’ is AO KRET", "hs_code is missing", "buyer.name is missing"] {
        assert!(json.contains(part), "{part} in {json}");
    }
}

const FILTERED: &str = "\
title: T
id: a
detection:
  goods: {description: pump}
  condition: goods and to_rostec
examples:
  fires:
    - {description: pump, consignee: Rostec}
    - {description: pump, consignee: AO KRET}
  quiet:
    - {description: pump, consignee: ACME}
---
define:
  to_rostec: {consignee|owned_by: Rostec}
---
title: Known buyers
id: known
logsource: {product: imports}
filter:
  rules: [a]
  kret: {consignee|entity: kret}
  condition: not kret
";

#[test]
fn a_filter_takes_records_of_its_source_away_and_says_so() {
    let set = rules(FILTERED);
    let (plan, problems) = bind(&set, watchlists());
    assert_eq!(problems, []);
    let found = |source: &str| -> Vec<usize> {
        let mut table = batch(&[NAME, Field::Description], &[&["Rostec", "pump"], &["AO KRET", "pump"]]);
        table.source = Arc::new(SourceFile { source: source.to_owned(), ..(*table.source).clone() });
        let fired = evaluate(&plan, &table, &mut Memo::default());
        assert!(fired.iter().flat_map(|firing| &firing.evidence).all(|it| it.selection != "another source"));
        fired.iter().map(|firing| firing.row).collect()
    };
    assert_eq!(found("imports"), [0]);
    assert_eq!(found("exports"), [0, 1], "the filter is meant for imports alone");
    assert_eq!(found(""), [0], "a scan has no source");
    let problems = run_examples(&plan);
    assert_eq!((problems.len(), problems[0].code), (1, "filter-removes-example"));
    assert_eq!(
        problems[0].message,
        "this example should fire, and would but for the filter `known` (rules/a.yaml:16:1)"
    );
    assert!(!problems[0].is_error());
    let record = batch(&[NAME, Field::Description], &[&["AO KRET", "pump"]]).record(0);
    let told = explain(&plan, &set.rules[0], &record);
    assert_eq!(
        told.condition,
        "(goods and to_rostec) and (another source or not known.kret), by the filter `known` (rules/a.yaml:16:1)"
    );
    let held: Vec<_> = told.selections.iter().map(|selection| (selection.name.as_str(), selection.held)).collect();
    assert_eq!(held, [("goods", true), ("to_rostec", true), ("known.kret", true), ("another source", false)]);
}

#[test]
fn a_definition_is_evidence_under_its_name() {
    let (plan, _) = bind(&rules(FILTERED), watchlists());
    let table = batch(&[NAME, Field::Description], &[&["Rostec", "pump"]]);
    let firing = evaluate(&plan, &table, &mut Memo::default()).remove(0);
    let told: Vec<_> = firing.evidence.iter().map(|it| (it.selection.as_str(), it.operator.as_str())).collect();
    assert_eq!(told, [("goods", "mentions"), ("to_rostec", "owned_by")]);
}

#[test]
fn a_slip_in_a_definition_is_told_once_at_its_place() {
    let twice = FILTERED.replace("Rostec}\n---\ntitle: K", "Rostek}\n---\ntitle: K");
    let second = FILTERED.split("---").next().unwrap().replace("id: a", "id: b");
    let (plan, problems) = bind(&rules(&format!("{twice}---\n{second}")), watchlists());
    assert!(plan.rules().is_empty());
    assert_eq!((problems.len(), problems[0].code, problems[0].position()), (1, "unknown-entity", (14, 35)));
}

#[test]
fn a_rule_of_a_source_speaks_of_its_records_alone() {
    let text = rule_text("description: pump").replace("level: high", "logsource: {product: imports}");
    let (plan, _) = bind(&rules(&text), Arc::default());
    for (source, expected) in [("imports", 1), ("exports", 0), ("Imports", 0), ("", 1)] {
        let mut table = batch(&[Field::Description], &[&["pump"]]);
        table.source = Arc::new(SourceFile { source: source.to_owned(), ..(*table.source).clone() });
        let fired = evaluate(&plan, &table, &mut Memo::default());
        assert_eq!(fired.len(), expected, "{source}");
        assert!(fired.iter().all(|firing| firing.evidence.len() == 1));
    }
}

#[test]
fn an_explanation_says_that_neq_holds_on_a_missing_value() {
    let record = batch(&[Field::Description], &[&["x"]]).record(0);
    for detection in
        ["brand|neq: x", "origin_country|neq: NO", "brand|fieldref|neq: model", "declaration_date|month|neq: 5"]
    {
        let set = rules(&rule_text(detection));
        let (plan, _) = bind(&set, watchlists());
        let asked = only_asked(&explain(&plan, &set.rules[0], &record));
        let told = asked.answer.contains("is missing") && asked.answer.ends_with("and `neq` holds on a missing value");
        assert!(asked.held && told, "{asked:?}");
    }
    let set = rules(&rule_text("description|neq: y"));
    let (plan, _) = bind(&set, watchlists());
    let asked = only_asked(&explain(&plan, &set.rules[0], &record));
    let told = (asked.held, asked.question.as_str(), asked.answer.as_str());
    assert_eq!(told, (true, "description neq y", "description says ‘x’"));
}

fn only_asked(told: &Explanation) -> Asked {
    match &told.selections[0].answer {
        Answer::Asked(asked) => asked.clone(),
        Answer::Group(group) => panic!("several questions: {group:?}"),
    }
}

#[test]
fn findings_come_in_row_order_then_rule_order() {
    let text =
        ["b", "a"].map(|id| rule_text("hs_code|exists: true").replace("id: a", &format!("id: {id}"))).join("---\n");
    let (plan, _) = bind(&rules(&text), Arc::default());
    let fired = evaluate(&plan, &goods(), &mut Memo::default());
    let order: Vec<_> = fired.iter().map(|firing| (firing.row, firing.rule.card.id.as_str())).collect();
    assert_eq!(order, [(0, "a"), (0, "b"), (1, "a"), (1, "b"), (3, "a"), (3, "b")]);
}

#[test]
fn a_batch_says_what_its_records_say_one_by_one() {
    let country = Field::Party(Role::Consignee, Part::Country);
    let fields = [NAME, country, Field::Description, Field::HsCode, Field::DeclarationDate];
    let names = ["АО «КРЭТ»", "Rostec", "ООО РОМАШКА", "ROMASHKA THROUGH ROSTEC", ""];
    let goods = ["СУ-35", "Flanker-E kit", "плата печатная", "", "é SU-35"];
    let cells: Vec<[&str; 5]> = (0..150)
        .map(|n| {
            [
                names[n % 5],
                ["TR", "", "RU"][n % 3],
                goods[n / 5 % 5],
                ["9503", "8803", ""][n / 7 % 3],
                ["2022-10-24", "2021", ""][n % 3],
            ]
        })
        .collect();
    let table = batch(&fields, &cells.iter().map(|row| &row[..]).collect::<Vec<_>>());
    let detections = [
        "consignee: {owned_by: Rostec, country: TR}",
        "any_recipient|country: RU",
        "description|re: '(?i)su-?35|плата'",
        "description|contains|neq: flanker",
        "intermediary|entity: Rostec",
        "consignee.name|startswith: ro",
    ];
    let text: Vec<String> = (0..)
        .zip(detections)
        .map(|(n, detection)| rule_text(detection).replace("id: a", &format!("id: r{n}")))
        .chain([SU_35.to_owned()])
        .collect();
    let (plan, problems) = bind(&rules(&text.join("---\n")), watchlists());
    assert_eq!(problems, []);
    let told = |firing: Firing| (firing.rule.card.id.clone(), firing.evidence, firing.group);
    let together: Vec<_> = evaluate(&plan, &table, &mut Memo::default()).into_iter().map(told).collect();
    let alone = (0..table.len()).flat_map(|row| evaluate(&plan, &table.record(row).to_batch(), &mut Memo::default()));
    assert_eq!(together, alone.map(told).collect::<Vec<_>>());
    let fired: std::collections::BTreeSet<&str> = together.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(fired.len(), detections.len() + 1, "every rule fires somewhere: {fired:?}");
}

const STAKES: &str = "\
entities:
  - {id: holding, name: Sample Holding, aliases: [Пример Холдинг]}
  - {id: majority, name: Majority Works, parents: [{id: holding, percent: 51, kind: own}]}
  - {id: quarter, name: Quarter Works, parents: [{id: holding, percent: 25, kind: own}, {id: holding, kind: control}]}
  - {id: unstated, name: Unstated Works, parents: [{id: holding, kind: own, source: a register}]}
  - {id: sold, name: Sold Works, parents: [{id: holding, percent: 80, kind: own, until: 2021-12-31}]}
  - id: depot
    name: Sample Depot
    addresses: ['Primernaya street 17, Moscow']
    topics: [export.control]
    listed: [{programme: test-list, from: 2022-03-08, until: 2023-06, source: a notice}]
";

/// The consignees for which the detection holds, with `?` where it is only possible.
fn held(detection: &str, rows: &[&[&str]]) -> Vec<String> {
    let (lists, problems) = Watchlists::load(&[SourceText::new("watchlists/stakes.yaml", STAKES)]);
    assert_eq!(problems, []);
    let (plan, problems) = bind(&rules(&rule_text(detection)), Arc::new(lists));
    assert_eq!(problems, []);
    let address = Field::Party(Role::Consignee, Part::Address);
    let batch = batch(&[NAME, Field::DeclarationDate, address], rows);
    let told = |firing: Firing| {
        let evidence = &firing.evidence[0];
        format!("{}{}", evidence.matched, if evidence.possible { "?" } else { "" })
    };
    evaluate(&plan, &batch, &mut Memo::default()).into_iter().map(told).collect()
}

#[test]
fn ownership_is_asked_in_three_modes() {
    let rows: &[&[&str]] = &[
        &["Majority Works", "2022-10-24"],
        &["Quarter Works", "2022-10-24"],
        &["Unstated Works", "2022-10-24"],
        &["Sold Works", "2022-10-24"],
        &["Sold Works", "2021-10-24"],
        &["Sold Works", ""],
        &["Sample Holding", "2022-10-24"],
        &["Nobody Known", "2022-10-24"],
    ];
    let any = ["Majority Works", "Quarter Works", "Unstated Works", "Sold Works", "Sold Works", "Sample Holding"];
    let ofac50 = ["Majority Works", "Unstated Works?", "Sold Works", "Sold Works", "Sample Holding"];
    let control = ["Majority Works", "Quarter Works", "Unstated Works?", "Sold Works", "Sold Works", "Sample Holding"];
    assert_eq!(held("consignee|owned_by: Пример Холдинг", rows), any);
    assert_eq!(held("consignee|owned_by|ofac50: Sample Holding", rows), ofac50);
    assert_eq!(held("consignee|owned_by|control: holding", rows), control);
    assert_eq!(held("consignee: {owned_by|ofac50: holding}", rows), ofac50);
    assert_eq!(held("consignee: {owned_by|ofac50|neq: holding}", &[&["Quarter Works", "2022"]]), ["Quarter Works"]);
}

#[test]
fn a_rule_may_set_the_mode_of_ownership_and_a_key_may_set_it_back() {
    let text = |key: &str| rule_text(&format!("consignee|{key}: holding")) + "ownership: ofac50\n";
    let (lists, _) = Watchlists::load(&[SourceText::new("watchlists/stakes.yaml", STAKES)]);
    let lists = Arc::new(lists);
    for (key, expected) in [("owned_by", 0), ("owned_by|any", 1), ("owned_by|control", 1), ("owned_by|ofac50", 0)] {
        let (plan, _) = bind(&rules(&text(key)), lists.clone());
        let batch = batch(&[NAME], &[&["Quarter Works"]]);
        assert_eq!(evaluate(&plan, &batch, &mut Memo::default()).len(), expected, "{key}");
    }
}

#[test]
fn evidence_of_a_possible_ownership_says_so() {
    let (lists, _) = Watchlists::load(&[SourceText::new("watchlists/stakes.yaml", STAKES)]);
    let (plan, _) = bind(&rules(&rule_text("consignee|owned_by|ofac50: holding")), Arc::new(lists));
    let batch = batch(&[NAME], &[&["Unstated Works"]]);
    let evidence = evaluate(&plan, &batch, &mut Memo::default())[0].evidence[0].clone();
    assert_eq!(evidence.operator, "owned_by|ofac50");
    assert_eq!(evidence.path.last().unwrap(), "Unstated Works —subsidiary, share unknown (a register)→ Sample Holding");
    assert_eq!(serde_json::to_value(&evidence).unwrap()["possible"], true);
}

#[test]
fn a_listing_is_asked_on_the_day_of_the_record() {
    let rows: &[&[&str]] = &[
        &["Sample Depot", "2022-03-07"],
        &["Sample Depot", "2022-03-08"],
        &["Sample Depot", "2022-03"],
        &["Sample Depot", "2023-06-30"],
        &["Sample Depot", "2023-07-01"],
        &["Sample Depot", ""],
    ];
    for what in ["stakes", "topic:export.control", "programme:test-list"] {
        assert_eq!(held(&format!("consignee|listed_on_date: {what}"), rows).len(), 4, "{what}");
        assert_eq!(held(&format!("consignee|listed: {what}"), rows).len(), 6, "{what}");
    }
    assert_eq!(held("any_recipient: {listed_on_date: stakes}", rows).len(), 4);
}

#[test]
fn a_party_is_known_by_a_listed_address() {
    let rows: &[&[&str]] = &[
        &["ООО «Ромашка»", "2022-10-24", "109147, Москва, ул. Примерная, 17"],
        &["ООО «Ромашка»", "2022-10-24", "Москва"],
        &["Romashka LLC, Primernaya St. 17, Moscow, Russia", "2022-10-24", ""],
        &["ООО «Ромашка»", "2022-10-24", "Москва, ул. Примерная, 71"],
    ];
    for detection in [
        "consignee|address: depot",
        "consignee.address|address: Sample Depot",
        "any_party|address: topic:export.control",
        "consignee: {address|address: stakes}",
    ] {
        assert_eq!(held(detection, rows).len(), 2, "{detection}");
    }
}
