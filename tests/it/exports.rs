//! The same records in every dialect, encoding and wrapping; and what happens to files that are broken.

use std::io::{Seek, Write};

use tidewaiter::intake::{self, Isolation, Known, LayoutChoice, Layouts, Limits, OpenSettings, ReadError};
use tidewaiter::problem::SourceText;
use tidewaiter::record::{Field, FieldSet, Part, Record, Role, SourceFile};

const RECORDS: [[&str; 5]; 3] = [
    ["D-1", "24.10.2022", "AVIC INTERNATIONAL", "АО «КРЭТ», г. Москва", "1200000,5"],
    ["D-2", "31.08.2022", "POLY TECHNOLOGIES; INC", "АО \"РОСОБОРОНЭКСПОРТ\"", "310000"],
    ["D-3", "04.10.2022", "CHINA TALY", "ЗАПЧАСТИ\nДЛЯ РЛС", "1 540,25"],
];

fn settings() -> OpenSettings {
    OpenSettings {
        layout: LayoutChoice::Auto,
        limits: Limits::default(),
        isolation: Isolation::Thread,
        needs: FieldSet::every(),
        known: Known::default(),
    }
}

fn layouts() -> Layouts {
    let text = "layout: t\nfields:\n  declaration_id: [declaration]\n  declaration_date: [date]\n  consignor.name: [consignor]\n  consignee.name: [consignee]\n  value_usd: [usd]\n";
    let (layouts, problems) = Layouts::load(&[SourceText::new("t.yaml", text)]);
    assert!(problems.is_empty(), "{problems:?}");
    layouts
}

fn read_with(bytes: &[u8], settings: &OpenSettings) -> Result<Vec<Record>, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let source = SourceFile { source: String::new(), file: "t".into(), member: None, sheet: None, sha256: None };
    let mut reading = intake::open(file, source, &layouts(), settings)?;
    let mut records = Vec::new();
    while let Some(batch) = reading.next() {
        let batch = batch?;
        records.extend((0..batch.len()).map(|row| reading.record(&batch, row)));
    }
    Ok(records)
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, ReadError> {
    read_with(bytes, &settings())
}

fn table(delimiter: u8, end: &str) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(["Declaration", "DATE", "Consignor", "consignee", "USD"]).unwrap();
    for record in RECORDS {
        writer.write_record(record).unwrap();
    }
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    // Line breaks inside a cell stay as they are; only the ends of rows change.
    text.replace("\nДЛЯ", "\u{1}ДЛЯ").replace('\n', end).replace('\u{1}', "\n")
}

fn check(name: &str, bytes: &[u8]) {
    let records = read(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let dates: Vec<_> = records.iter().map(|record| record.get(Field::DeclarationDate)).collect();
    assert_eq!(dates, [Some("2022-10-24"), Some("2022-08-31"), Some("2022-10-04")], "{name}");
    let values: Vec<_> = records.iter().map(|record| record.get(Field::ValueUsd)).collect();
    assert_eq!(values, [Some("1200000.5"), Some("310000"), Some("1540.25")], "{name}");
    let names: Vec<_> = records.iter().map(|record| record.get(Field::Party(Role::Consignee, Part::Name))).collect();
    assert_eq!(names, RECORDS.map(|record| Some(record[3])), "{name}");
    assert_eq!(records.iter().map(|record| record.row).collect::<Vec<_>>(), [2, 3, 4], "{name}");
}

#[test]
fn the_same_records_come_out_of_every_dialect() {
    for (delimiter, name) in [(b',', "comma"), (b';', "semicolon"), (b'\t', "tab"), (b'|', "bar")] {
        for end in ["\n", "\r\n", "\r"] {
            check(&format!("{name} {end:?}"), table(delimiter, end).as_bytes());
        }
    }
}

#[test]
fn the_same_records_come_out_of_every_encoding() {
    let text = table(b';', "\r\n");
    for encoding in [encoding_rs::WINDOWS_1251, encoding_rs::GB18030] {
        check(encoding.name(), &encoding.encode(&text).0);
    }
    check("utf-8 with mark", format!("\u{feff}{text}").as_bytes());
    for (name, big) in [("utf-16le", false), ("utf-16be", true)] {
        let units = |mark: bool| -> Vec<u8> {
            let marked = format!("{}{text}", if mark { "\u{feff}" } else { "" });
            marked.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        check(name, &units(true));
        check(&format!("{name} without mark"), &units(false));
    }
}

#[test]
fn the_same_records_come_out_of_gzip_and_zstandard() {
    let text = table(b',', "\n");
    check("gz", &gzip(text.as_bytes()));
    check("zst", &zstd::encode_all(text.as_bytes(), 3).unwrap());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_text_that_ends_inside_its_last_row_is_cut_short() {
    let header = "declaration,date,consignor,consignee,hs";
    let row = "D-1,2022-10-24,A,B,8541";
    let end = |text: &str| read(text.as_bytes()).map_err(|error| (error.code, error.row));
    let cut = |row: u64| Err(("cut-short".into(), Some(row)));
    assert_eq!(end(&format!("{header}\n{row}\nD-2,2022-10-24,AV")), cut(3));
    assert_eq!(end(&format!("{header}\nD-1,2022-10-24")), cut(2));
    assert_eq!(read(&gzip(format!("{header}\n{row}\nD-2,2022-10-24").as_bytes())).unwrap_err().code, "cut-short");
    for whole in [
        format!("{header}\n{row}\n{row}"),
        format!("{header}\n{row}\nD-2,2022-10-24,AV\n"),
        format!("{header}\nD-1,2022-10-24\nD-2,2022-10-24,AV"),
        format!("{header}\n{row}\nTOTAL"),
    ] {
        assert!(end(&whole).is_ok(), "{whole}: {:?}", end(&whole));
    }
}

#[test]
fn broken_files_say_what_is_wrong() {
    let text = table(b',', "\n");
    let whole = gzip(text.repeat(50).as_bytes());
    let unclosed = format!("{text}D-4,01.01.2022,\"A,B,C\n");
    let small = OpenSettings { limits: Limits { row: 1 << 20, ..Limits::default() }, ..settings() };
    let cases: [(&str, Vec<u8>); 7] = [
        ("empty-file", Vec::new()),
        ("not-text", b"consignor,consignee\n\x00\x01\x02".to_vec()),
        ("cut-short", whole[..whole.len() - 9].to_vec()),
        ("unclosed-quote", unclosed.into_bytes()),
        ("unsupported-format", b"Rar!\x1A\x07\x01\x00rest".to_vec()),
        ("cut-short", b"PK\x03\x04rest".to_vec()),
        ("no-layout", b"a,b\n1,2\n".to_vec()),
    ];
    for (code, bytes) in cases {
        assert_eq!(read(&bytes).unwrap_err().code, code);
    }
    let long = format!("{text}{}", "x".repeat(2 << 20));
    assert_eq!(read_with(long.as_bytes(), &small).unwrap_err().code, "row-too-long");
    let tight = OpenSettings { limits: Limits { decompressed: 1 << 20, ..Limits::default() }, ..settings() };
    let bomb = gzip(format!("{text}{}", "D-4,01.01.2022,A,B,1\n".repeat(100_000)).as_bytes());
    assert_eq!(read_with(&bomb, &tight).unwrap_err().code, "too-much-inside");
}

#[test]
fn an_order_of_day_and_month_that_is_contradicted_late_is_known_to_the_next_attempt() {
    let mut text = "declaration,date,consignor\n".to_owned();
    for n in 0..20_000 {
        text.push_str(&format!("D-{n},01/02/2022,A\n"));
    }
    text.push_str("D-last,12/31/2022,A\n");
    let first = read(text.as_bytes()).unwrap_err();
    assert_eq!((&*first.code, first.row), ("date-order", Some(20_002)));
    let first_again = first.clone();
    let second = OpenSettings { known: first.learnt.unwrap(), ..settings() };
    let records = read_with(text.as_bytes(), &second).unwrap();
    assert_eq!(records[0].get(Field::DeclarationDate), Some("2022-01-02"));
    text.push_str("D-odd,31/12/2022,A\n");
    let mixed = read_with(text.as_bytes(), &second).unwrap_err();
    assert!(mixed.holds() && mixed.learnt.is_none() && !first_again.holds(), "{mixed}");
    assert_eq!((&*mixed.code, mixed.row), ("date-order", Some(20_003)));
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    let text =
        "\nExport of October\n\ndeclaration,date,consignor\nD-1,2022-10-24,\"A\nB\"\n\n\nD-2,2022-10-25,C\nИТОГО,,\n";
    let rows: Vec<_> = read(text.as_bytes()).unwrap().iter().map(|record| record.row).collect();
    assert_eq!(rows, [5, 8]);
}

/// Headings of real tables, as far as they tell the families apart, and the layout that knows them.
const FAMILIES: [(&str, &str); 15] = [
    ("market-inside-colombia", "Exporter,Buyer,Total_Value_USD"),
    (
        "panjiva-us-imports",
        "Bill of Lading Number,Arrival Date,Consignee,Shipper,Goods Shipped,Kilos,Value,HS Code Desc.",
    ),
    (
        "us-ams",
        "master_bol_number,actual_arrival_date,shipper_party_name,consignee_name,description_text,harmonized_number",
    ),
    ("us-bill-of-lading", "ARRIVAL_DATE,SHIPER,CONSIGNEE,GROSS_WIGHT_KG,FOREIGN_PORT,US_PORT,PRODUCT_DESCRIPTION"),
    ("peru-import", "CODI_ADUAN,NUME_CORRE,NUME_SERIE,FECH_INGSI,LIBR_TRIBU,DNOMBRE,PART_NANDI,DESC_COMER,PAIS_ORIGE"),
    ("chile-import", "NUMENCRIPTADO,NUMITEM,DNOMBRE,DMARCA,DVARIEDAD,ARANC_NAC,CIF_ITEM"),
    ("followthemoney", "ccdNumber,vedCode,goodsDescription,sender,receiver,contractHolder,originCountry"),
    ("comtrade", "period,flowCode,cmdCode,primaryValue,netWgt"),
    ("comtrade-legacy", "Trade Flow,Commodity Code,Commodity,Netweight (kg),Trade Value (US$)"),
    ("ru-open-statistics", "NAPR,PERIOD,STRANA,TNVED,EDIZM,STOIM,NETTO,KOL"),
    ("trademo", "Shipment Date,Document Number,Shipper Name,Consignee Name,Country of Export,Shipment Value (USD)"),
    (
        "kcs-import",
        "Declaration ID,Date,Office ID,Importer ID,Seller ID,HS6 Code,Country of Departure,Net Mass,Item Price",
    ),
    (
        "resold-trade",
        "IMP_DATE,HS_CODE,PRODUCT_DESCRIPTION,SUPPLIER_NAME,IEC,IMPORTER_NAME,ORIGIN_COUNTRY,TOTALVALUEUSD,CHA NAME",
    ),
    ("ru-g-columns", "ND,G32,G072,G022,G082,G31_1,G33,G46"),
    ("ru-titles", "Номер декларации,Дата,Отправитель,Получатель,Код ТН ВЭД,Описание товара,Страна происхождения"),
];

#[test]
fn each_family_of_headings_is_known() {
    let (texts, problems) = tidewaiter::desk::read_folder(std::path::Path::new("rules")).unwrap();
    assert_eq!(problems, []);
    let (desk, _) = tidewaiter::desk::Desk::build(&texts, &tidewaiter::rules::Known::default());
    for (name, headings) in FAMILIES {
        let cells = headings.split(',').map(|_| "1").collect::<Vec<_>>().join(",");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(format!("{headings}\n{cells}\n").as_bytes()).unwrap();
        file.rewind().unwrap();
        let source = SourceFile { source: String::new(), file: "t".into(), member: None, sheet: None, sha256: None };
        let reading = intake::open(file, source, &desk.layouts, &settings()).unwrap();
        assert_eq!(reading.layout().name, name);
        let mapped = Field::all().filter(|field| reading.supplied().contains(*field)).count();
        assert!(mapped >= headings.split(',').count().min(5), "{name}: {mapped} fields");
    }
}
