//! Layouts at work: which one reads a file, what becomes of headings that mean two things, joined columns and factors.

use std::io::{Seek, Write};

use tidewaiter::desk::{Desk, DeskText, TextKind};
use tidewaiter::intake::{self, Isolation, Known, LayoutChoice, Layouts, Limits, OpenSettings, ReadError, Reading};
use tidewaiter::problem::SourceText;
use tidewaiter::record::{Field, FieldSet, Part, Record, Role, SourceFile};

use crate::bench::{Bench, HEADER, LAYOUT, hit, subject};
use crate::commands::{printed, tidewaiter};

const CONSIGNEE: Field = Field::Party(Role::Consignee, Part::Name);

fn shipped() -> Layouts {
    let (texts, _) = tidewaiter::desk::read_folder(std::path::Path::new("rules")).unwrap();
    let texts: Vec<DeskText> = texts.into_iter().filter(|text| text.kind == TextKind::Layout).collect();
    Desk::build(&texts, &tidewaiter::rules::Known::default()).0.layouts
}

fn own(text: &str) -> Layouts {
    let (layouts, problems) = Layouts::load(&[SourceText::new("t.yaml", text)]);
    assert_eq!(problems, []);
    layouts
}

fn open(layouts: &Layouts, text: &str) -> Result<Reading, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    let source = SourceFile { source: String::new(), file: "t".into(), member: None, sheet: None, sha256: None };
    let settings = OpenSettings {
        layout: LayoutChoice::Auto,
        limits: Limits::default(),
        isolation: Isolation::Thread,
        needs: FieldSet::every(),
        known: Known::default(),
    };
    intake::open(file, source, layouts, &settings)
}

/// The layout's name and the first record, which a batch and a whole record tell alike.
fn first(layouts: &Layouts, text: &str) -> (String, Record) {
    let mut reading = open(layouts, text).unwrap();
    let batch = reading.next().unwrap().unwrap();
    let record = reading.record(&batch, 0);
    for field in Field::all() {
        assert_eq!(batch.get(field, 0), record.get(field), "{field}");
    }
    (reading.layout().name.clone(), record)
}

#[test]
fn joined_columns_are_put_together_in_the_layouts_order_and_empty_cells_left_out() {
    let text = "CODI_ADUAN,ANO_PRESE,NUME_CORRE,DNOMBRE,DESC_OTROS,DESC_COMER,DESC_MATCO,PART_NANDI\n\
                118,2022,004711,IMPORTADORA DE PRUEBA SAC,PARA AERONAVES, TORNILLO ,,7318150000\n";
    let (layout, record) = first(&shipped(), text);
    assert_eq!(layout, "peru-import");
    assert_eq!(record.get(Field::Description), Some("TORNILLO PARA AERONAVES"));
    assert_eq!(record.get(Field::DeclarationId), Some("118-2022-004711"));
    let (_, record) = first(&shipped(), &text.replace("ANO_PRESE", "YEAR"));
    assert_eq!(record.get(Field::DeclarationId), Some("004711"), "a number of which a part is missing is none");
}

#[test]
fn one_heading_means_the_importer_in_peru_the_product_in_chile_and_nothing_where_nothing_tells() {
    let peru = "CODI_ADUAN,NUME_CORRE,DNOMBRE,PART_NANDI\n118,4711,IMPORTADORA DE PRUEBA SAC,7318150000\n";
    let (_, record) = first(&shipped(), peru);
    assert_eq!(record.get(CONSIGNEE), Some("IMPORTADORA DE PRUEBA SAC"));
    let chile = "NUMITEM,DNOMBRE,DMARCA,ARANC_NAC\n1,TORNILLO,ACME,73181500\n";
    let (_, record) = first(&shipped(), chile);
    assert_eq!((record.get(Field::Description), record.get(CONSIGNEE)), (Some("TORNILLO"), None));
    let neither = "DNOMBRE,hs code,quantity,net weight\nTORNILLO,73181500,5,2\n";
    let (_, record) = first(&shipped(), neither);
    assert_eq!((record.get(Field::Description), record.get(CONSIGNEE)), (None, None));
    assert_eq!(record.get(Field::HsCode), Some("73181500"));
    assert!(open(&shipped(), "DNOMBRE,X\nTORNILLO,1\n").is_err(), "one heading alone is no layout");
}

#[test]
fn a_file_that_two_layouts_fit_equally_well_is_not_read_when_they_disagree_about_a_party() {
    let error = open(&shipped(), "Exporter,Buyer\nA,B\n").err().unwrap();
    assert_eq!((&*error.code, error.row, error.column.as_deref()), ("layout-ambiguous", Some(1), Some("Buyer")));
    assert!(error.holds(), "{error}");
    for part in ["`consignee.name`", "`buyer.name`", "`market-inside-colombia`", "`plain-english`"] {
        assert!(error.message.contains(part), "{error}");
    }
    // One heading more tells which it is.
    let (_, record) = first(&shipped(), "Exporter,Buyer,Total_Value_USD\nA,B,5\n");
    assert_eq!(record.get(CONSIGNEE), Some("B"));
    let (_, record) = first(&shipped(), "Exporter,Buyer,hs code\nA,B,7318\n");
    assert_eq!(record.get(Field::Party(Role::Buyer, Part::Name)), Some("B"));
}

#[test]
fn what_else_two_layouts_disagree_about_is_left_out_and_noted() {
    let one = "layout: one\nfields: {description: [goods], brand: [mark], hs_code: [code]}\n";
    let other = "layout: other\nfields: {description: [goods], model: [mark], hs_code: [code], quantity: [qty]}\n";
    let sources = [SourceText::new("1", one), SourceText::new("2", other)];
    let (layouts, _) = Layouts::load(&sources);
    let (_, record) = first(&layouts, "goods,mark,code\nBOLT,X-5,7318\n");
    assert_eq!((record.get(Field::Brand), record.get(Field::Model)), (None, None));
    assert_eq!((record.get(Field::Description), record.raw[1].1.as_str()), (Some("BOLT"), "X-5"));
    let reading = open(&layouts, "goods,mark,code\nBOLT,X-5,7318\n").unwrap();
    let noted = reading.notes()[0].to_string();
    assert!(noted.starts_with("`mark`: two layouts") && noted.contains("brand or model"), "{noted}");

    // The same headings read a resold export and a resold import: only the direction is in doubt.
    let headings = "DECLARATION_NO,EXPORTER_TIN,EXPORTER_NAME,CUSTOMS_APPLICANT_NAME,PROCEDURE_CODE";
    let (_, record) = first(&shipped(), &format!("{headings}\n1,2,A,B,40\n"));
    assert_eq!(record.get(Field::Direction), None);
}

#[test]
fn what_a_layout_says_of_dates_does_not_bind_a_file_that_another_fits_as_well() {
    let one = "layout: one\ndate_order: dmy\nfields: {description: [goods], declaration_date: [date]}\n";
    let other = "layout: other\nfields: {description: [goods], declaration_date: [date], hs_code: [code]}\n";
    let (layouts, _) = Layouts::load(&[SourceText::new("1", one), SourceText::new("2", other)]);
    let (_, record) = first(&layouts, "goods,date\nBOLT,12/31/2022\n");
    assert_eq!(record.get(Field::DeclarationDate), Some("2022-12-31"));
}

#[test]
fn a_column_in_thousands_or_tonnes_is_read_exactly() {
    let layouts = own("layout: t\nfields:\n  description: [goods]\n  \
                       value_usd: [{heading: Value in 1000 USD, times: 1000}]\n  net_mass_kg: [{heading: Mass, unit: t}]\n  \
                       gross_mass_kg: [{join: [weight, unit]}]\n");
    let header = "goods,value_in_1000_usd,mass,weight,unit\n";
    let (_, record) = first(&layouts, &format!("{header}BOLT,0.1007,1.0005,2.5,T\n"));
    let told = [Field::ValueUsd, Field::NetMassKg, Field::GrossMassKg].map(|field| record.get(field));
    assert_eq!(told, [Some("100.7"), Some("1000.5"), Some("2500")]);
    let (_, record) = first(&layouts, &format!("{header}BOLT,7,5 kg,100,LBS\n"));
    let told = [Field::ValueUsd, Field::NetMassKg, Field::GrossMassKg].map(|field| record.get(field));
    assert_eq!(told, [Some("7000"), Some("5"), Some("45.359237")], "a unit beside a mass counts before the column's");
    let (_, record) = first(&shipped(), "IMPORTER_NAME,HS_CODE,STATISTICAL_VALUE_IN_1000_USD\nA,7318150000,12.345\n");
    assert_eq!(record.get(Field::ValueUsd), Some("12345"));
}

#[test]
fn constants_are_read_as_cells_are() {
    let layouts =
        own("layout: t\nfields: {description: [goods], quantity: [qty]}\nconstants: {destination_country: Россия}\n");
    let (_, record) = first(&layouts, "goods,qty\nBOLT,1\n");
    assert_eq!(record.get(Field::DestinationCountry), Some("RU"));
}

#[test]
fn a_source_that_names_no_layout_is_told_by_check_at_start_and_when_the_layout_goes_away() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    let with = |name: &str| config.replace("folder: drop,", &format!("folder: drop, layout: {name},"));
    bench.write("tidewaiter.yaml", with("harbour"));
    let told = printed(&tidewaiter(&bench.path(""), &["check"]).code(3));
    for part in
        ["error[unknown-layout]: there is no layout `harbour`", "tidewaiter.yaml:2:44", "did you mean `harbor`?"]
    {
        assert!(told.contains(part), "{told}");
    }
    bench.run();
    let mails = bench.mails_to("ops@example.org");
    assert!(mails.iter().any(|mail| subject(mail).contains("there is no layout `harbour`")), "{mails:?}");

    let bench = Bench::new();
    bench.write("tidewaiter.yaml", with("harbor"));
    tidewaiter(&bench.path(""), &["check"]).success();
    bench.write("rules/layouts/other.yaml", LAYOUT.replace("layout: harbor", "layout: other"));
    let running = bench.start();
    bench.write("drop/october.csv", format!("{HEADER}{}", hit(1)));
    running.until("the file is read", || !bench.mails_to("analyst@example.org").is_empty());
    std::fs::remove_file(bench.path("rules/layouts/harbor.yaml")).unwrap();
    let is_told = || bench.mails().iter().any(|mail| subject(mail).contains("there is no layout `harbor`"));
    running.until("the operators are told", is_told);
    running.stop();
}

/// The headings of the import declarations that the Korea Customs Service published for research, and made-up rows.
const KOREAN: &str = "\
Declaration ID,Date,Office ID,Process Type,Mode of Transport,Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,Country of Origin,Tax Rate,Net Mass,Item Price,Fraud
10000001,2021-01-05,40,B,40,AAA111,BBB222,CCC333,,854231,HK,CN,7.2,901.2,415092.72,0
10000002,2021-01-06,20,B,10,AAA112,BBB223,CCC334,,321590,CN,CN,0.0,400.0,30520.0,0
";

/// A folder with the shipped rules but for one layout, and a file.
fn folder(without: &str, file: (&str, &[u8])) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    tidewaiter(folder.path(), &["init", "."]).success();
    std::fs::remove_file(folder.path().join(format!("rules/layouts/{without}.yaml"))).unwrap();
    std::fs::write(folder.path().join(file.0), file.1).unwrap();
    folder
}

#[test]
fn a_layout_is_written_mended_in_ten_lines_and_reads_its_file() {
    let folder = folder("kcs-import", ("declarations.csv", KOREAN.as_bytes()));
    let run = |arguments: &[&str]| tidewaiter(folder.path(), arguments);
    let out = "rules/layouts/korea.yaml";
    let told = printed(&run(&["layout", "declarations.csv", "--write", out]).success());
    assert!(told.starts_with("wrote rules/layouts/korea.yaml: layout `korea`, 6 of 16 columns mapped"), "{told}");
    // As it was written it passes, and reads the file.
    let checked = printed(&run(&["check", "rules"]).success());
    assert!(checked.starts_with("0 errors, 0 warnings"), "{checked}");
    run(&["layout", "declarations.csv", "--layout", "korea"]).success();

    let draft = std::fs::read_to_string(folder.path().join(out)).unwrap();
    insta::assert_snapshot!("a_written_layout", draft);
    let edits = [
        ("# FIELD: [Office ID]", "customs_office: [Office ID]"),
        ("# declarant.id:", "declarant.id:"),
        ("# seller.id:", "seller.id:"),
        ("# hs_code:", "hs_code:"),
        ("# dispatch_country:", "dispatch_country:"),
        ("# invoice_value:", "customs_value:"),
        ("# constants:", "constants:"),
        ("#   direction: import", "  direction: import\n  destination_country: KR"),
    ];
    let edited = edits.iter().fold(draft.clone(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let changed = edited.lines().filter(|line| !draft.lines().any(|other| other == *line)).count();
    assert!(changed <= 10, "{changed} lines");
    std::fs::write(folder.path().join(out), &edited).unwrap();
    run(&["check", "rules"]).success();
    let shown = printed(&run(&["layout", "declarations.csv", "--layout", "korea"]).success());
    insta::assert_snapshot!("a_file_read_by_its_own_layout", shown);
    let scanned = printed(&run(&["scan", "declarations.csv", "--layout", "korea", "--format", "jsonl"]).success());
    let finding: serde_json::Value = serde_json::from_str(scanned.lines().next().unwrap()).unwrap();
    let record = &finding["record"];
    assert_eq!((&record["hs_code"], &record["seller"]["id"]), (&"854231".into(), &"CCC333".into()), "{finding}");

    let refused = run(&["layout", "declarations.csv", "--write", out]).code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("is there already and is left as it is"), "{said}");
    assert_eq!(std::fs::read_to_string(folder.path().join(out)).unwrap(), edited);
}

#[test]
fn every_sheet_of_a_workbook_is_shown_and_one_layout_is_written_for_all() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheets: [(&str, &[&[&str]]); 3] = [
        ("May", &[&["Export of May"], &["Получатель", "Код ТН ВЭД", "ИНН"], &["АО «ПРИМЕР»", "0805502000", "1"]]),
        ("June", &[&["IMPORTER_NAME", "HS_CODE", "Our note: #1"], &["PRIMER", "805502000", "x"]]),
        ("Empty", &[]),
    ];
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet().set_name(name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                sheet.write(row as u32, column as u16, *cell).unwrap();
            }
        }
    }
    let folder = folder("kcs-import", ("both.xlsx", &workbook.save_to_buffer().unwrap()));
    let run = |arguments: &[&str]| tidewaiter(folder.path(), arguments);
    insta::assert_snapshot!("a_workbook", printed(&run(&["layout", "both.xlsx"]).success()));
    let shown = printed(&run(&["layout", "both.xlsx", "--table", "June", "--json"]).success());
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let tables = shown["tables"].as_array().unwrap();
    assert_eq!((tables.len(), &tables[0]["sheet"], &tables[0]["header_row"]), (1, &"June".into(), &1.into()));
    assert_eq!(tables[0]["columns"][0]["fields"], serde_json::json!(["consignee.name"]));
    let absent = run(&["layout", "both.xlsx", "--table", "July"]).code(2);
    assert!(String::from_utf8_lossy(&absent.get_output().stderr).contains("there are: sheet May; sheet June"));

    run(&["layout", "both.xlsx", "--write", "rules/layouts/both.yaml"]).success();
    let text = std::fs::read_to_string(folder.path().join("rules/layouts/both.yaml")).unwrap();
    assert!(text.contains("  consignee.name: [Получатель, IMPORTER_NAME]"), "{text}");
    assert!(text.contains("  # FIELD: ['Our note: #1']"), "{text}");
    run(&["check", "rules"]).success();
    for sheet in ["May", "June"] {
        run(&["layout", "both.xlsx", "--table", sheet, "--layout", "both"]).success();
    }
}

#[test]
fn what_no_layout_knows_is_guessed_and_what_two_read_in_two_ways_is_said() {
    let folder = folder("kcs-import", ("t.csv", b"Exporter,Buyer\nA,B\n"));
    let run = |arguments: &[&str]| tidewaiter(folder.path(), arguments);
    let told = printed(&run(&["layout", "t.csv"]).code(1));
    for part in [
        "the column `Buyer` can be read in two ways",
        "it means different things: buyer.name (as in customs-import-24) or consignee.name (as in market-inside-colombia)",
    ] {
        assert!(told.contains(part), "{told}");
    }
    run(&["layout", "t.csv", "--layout", "market-inside-colombia"]).success();
    let wrong = run(&["layout", "t.csv", "--layout", "market-inside-columbia"]).code(2);
    assert!(String::from_utf8_lossy(&wrong.get_output().stderr).contains("did you mean `market-inside-colombia`?"));

    std::fs::write(folder.path().join("u.csv"), "Lot,Remark [x]\n1,a\n2,b\n").unwrap();
    run(&["layout", "u.csv", "--write", "rules/layouts/auto.yaml"]).success();
    let text = std::fs::read_to_string(folder.path().join("rules/layouts/auto.yaml")).unwrap();
    assert!(text.contains("layout: auto-2\n") && text.contains("  # FIELD: ['Remark [x]']    # a | b\n"), "{text}");
    let checked = printed(&run(&["check", "rules"]).success());
    assert!(checked.contains("warning[untelling-layout]") && checked.contains("0 errors"), "{checked}");
}
