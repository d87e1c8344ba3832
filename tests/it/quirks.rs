//! Quirks of real exports, a file for each in tests/it/quirks/, named after what is wrong; beside it what is read of it.
//!
//! The layouts `quirks` and `quirks-fixed` read them all, and every column is wanted. A file that is restarted with what it
//! showed is read again, as the daemon does.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidewaiter::intake::{
    self, Isolation, Known, LayoutChoice, Layouts, Limits, OpenSettings, Rates, ReadError, Reading,
};
use tidewaiter::problem::SourceText;
use tidewaiter::record::{FieldSet, SourceFile};

const LAYOUT: &str = "\
layout: quirks
fields:
  declaration_id: [number, номер]
  item_number: [item]
  declaration_date: [date, дата]
  consignor.name: [sender, отправитель, gönderen, 发货人]
  consignee.name: [receiver, получатель, alıcı, 收货人]
  consignee.id: [inn, инн]
  hs_code: [hs, код тн вэд]
  description: [goods, товар, eşya, 品名]
  brand: [brand]
  origin_country: [origin]
  quantity: [quantity]
  packages: [packages]
  net_mass_kg: [net, нетто]
  invoice_value: [amount]
  invoice_currency: [currency]
  value_usd: [usd, стоимость]
  contract_number: [contract]
";

const RATES: &str = "date,currency,usd\n2022-10-01,EUR,0.9\n2022-10-20,EUR,0.98\n2022-10,CNY,0.14\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/quirks")
}

fn layouts() -> Layouts {
    let (mut layouts, problems) = Layouts::load(&[SourceText::new("quirks.yaml", LAYOUT)]);
    let (rates, more) = Rates::load(&SourceText::new("rates.csv", RATES));
    assert_eq!((problems, more), (vec![], vec![]));
    layouts.rates = Arc::new(rates);
    layouts
}

fn open(path: &Path, layouts: &Layouts, known: Known) -> Result<Reading, ReadError> {
    let source = SourceFile { source: String::new(), file: "q".into(), member: None, sheet: None, sha256: None };
    let settings = OpenSettings {
        layout: LayoutChoice::Auto,
        limits: Limits::default(),
        isolation: Isolation::Thread,
        needs: FieldSet::every(),
        known,
    };
    intake::open(File::open(path).unwrap(), source, layouts, &settings)
}

/// Everything that a reading tells, a line each.
fn told(path: &Path, layouts: &Layouts) -> Result<String, ReadError> {
    let (mut known, mut told) = (Known::default(), String::new());
    for _ in 0..2 {
        match attempt(path, layouts, known.clone(), &mut told) {
            Err(ReadError { learnt: Some(learnt), message, .. }) => {
                told = format!("read again: {message}\n");
                known = learnt;
            }
            other => return other.map(|()| told),
        }
    }
    panic!("{path:?} is read again and again");
}

fn attempt(path: &Path, layouts: &Layouts, known: Known, told: &mut String) -> Result<(), ReadError> {
    let mut reading = open(path, layouts, known)?;
    while let Some(batch) = reading.next() {
        let batch = batch?;
        for row in 0..batch.len() {
            let record = reading.record(&batch, row);
            let fields = record.fields.iter().map(|(field, cell)| format!("{}={cell}", field.name()));
            writeln!(told, "row {}: {}", record.row, fields.collect::<Vec<_>>().join(" | ")).unwrap();
            for (field, cell) in &record.fields {
                assert_eq!(batch.column(*field).map(|column| column.cell(row)), Some(cell.as_str()), "{field:?}");
            }
        }
    }
    for reject in reading.take_rejects() {
        writeln!(told, "reject, row {}: {}: {}", reject.row, reject.reason, reject.cells.join(" | ")).unwrap();
    }
    reading.notes().iter().for_each(|note| writeln!(told, "note: {note}").unwrap());
    let counts = reading.counts();
    writeln!(told, "{} records, {} rejected, {} skipped", counts.records, counts.rejects, counts.skipped).unwrap();
    Ok(())
}

fn shown(path: &Path, layouts: &Layouts) -> String {
    told(path, layouts).unwrap_or_else(|error| {
        let end = if error.holds() { "held" } else { "failed" };
        let row = error.row.map_or_else(String::new, |row| format!(", row {row}"));
        format!("{end}, {}{row}: {}\nto do: {}\n", error.code, error.message, error.hint.unwrap_or_default())
    })
}

#[test]
fn every_quirk_is_read_as_it_was_meant_or_told() {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let paths: BTreeSet<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending != "snap" && ending != "new")).collect();
    assert!(paths.len() >= 40, "{} quirks", paths.len());
    let layouts = layouts();
    for path in &paths {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("quirks");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = path.file_name().unwrap().to_string_lossy().replace('.', "-");
        settings.bind(|| insta::assert_snapshot!(name, shown(path, &layouts)));
    }
}

fn read_bytes(bytes: &[u8], layouts: &Layouts) -> Result<String, ReadError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    told(file.path(), layouts)
}

fn with(lines: &str) -> Layouts {
    let (layouts, problems) = Layouts::load(&[SourceText::new("q.yaml", format!("{lines}{LAYOUT}"))]);
    assert_eq!(problems, []);
    layouts
}

fn last_lines(told: &str, count: usize) -> Vec<&str> {
    let lines: Vec<&str> = told.lines().collect();
    lines[lines.len() - count..].to_vec()
}

/// Lines of ASCII, more than any sample holds, and then letters of windows-1251.
fn late(letters: &[u8]) -> Vec<u8> {
    let mut bytes = b"number;sender;goods\n".to_vec();
    for n in 0..60_000 {
        bytes.extend_from_slice(format!("D-{n};SAMPLE TRADING COMPANY;BOLTS AND NUTS\n").as_bytes());
    }
    for _ in 0..3 {
        bytes.extend_from_slice(letters);
    }
    bytes.extend_from_slice(&b"D-0;SAMPLE TRADING COMPANY;BOLTS AND NUTS\n".repeat(30_000));
    bytes
}

#[test]
fn an_encoding_that_shows_only_after_megabytes_is_decided_there() {
    let (letters, _, _) = encoding_rs::WINDOWS_1251.encode("Д-1;ООО Ромашка;Запчасти к самолёту\n");
    let bytes = late(&letters);
    let told = read_bytes(&bytes, &layouts()).unwrap();
    assert!(told.contains("consignor.name=ООО Ромашка | description=Запчасти к самолёту"));
    assert_eq!(last_lines(&told, 1), ["90003 records, 0 rejected, 0 skipped"]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    assert_eq!(read_bytes(&encoder.finish().unwrap(), &layouts()).unwrap(), told);
}

#[test]
fn a_letter_that_breaks_far_inside_holds_the_file_until_its_layout_names_the_encoding() {
    let mut bytes = "number;sender;goods\nД-0;ООО Ромашка;Запчасти\n".as_bytes().to_vec();
    bytes.extend_from_slice(&late(b"D-1;\xD0\xD0;PARTS\n")[20..]);
    let error = read_bytes(&bytes, &layouts()).unwrap_err();
    assert!(error.holds() && error.message.contains("behind `D-1;`"), "{error}");
    assert_eq!(error.row, Some(60_003));
    let told = read_bytes(&bytes, &with("encoding: utf-8\n")).unwrap();
    let note = "note: `sender`: characters that could not be decoded stand as �: 3 cells, first in row 60003 (`��`)";
    assert_eq!(last_lines(&told, 2), [note, "90004 records, 0 rejected, 0 skipped"]);
}

#[test]
fn the_encoding_of_a_layout_is_taken_even_where_another_was_guessed() {
    let text = "number;sender;goods\nД-1;ООО Ромашка;Запчасти\n";
    let bytes = encoding_rs::IBM866.encode(text).0;
    let told = read_bytes(&bytes, &with("encoding: windows-1251\n")).unwrap();
    assert!(!told.contains("Ромашка"), "{told}");
    let (_, problems) = Layouts::load(&[SourceText::new("q.yaml", format!("{LAYOUT}encoding: windows-1215\n"))]);
    assert_eq!(
        (problems[0].code, problems[0].hint.as_deref()),
        ("unknown-encoding", Some("did you mean `windows-1251`?"))
    );
    assert_eq!(&problems[0].source.text[problems[0].span.clone().unwrap()], "windows-1215");
}

#[test]
fn what_a_layout_says_of_dates_and_numbers_is_never_read_otherwise() {
    let dates = "number,date,sender\nD-1,01/02/2022,A\nD-2,12/31/2022,A\n";
    let error = read_bytes(dates.as_bytes(), &with("date_order: dmy\n")).unwrap_err();
    assert!(error.holds() && error.message.contains("the layout says day-first"), "{error}");
    assert_eq!((error.row, error.column.as_deref()), (Some(3), Some("date")));
    assert!(error.hint.unwrap().contains("`date_order: mdy`"));
    let numbers = "number;sender;net\nD-1;A;1,500\nD-2;A;12.5\n";
    let error = read_bytes(numbers.as_bytes(), &with("decimal: comma\n")).unwrap_err();
    assert!(error.holds() && error.hint.as_ref().unwrap().contains("`decimal: point`"), "{error}");
}

#[test]
fn a_decimal_mark_that_shows_late_is_known_to_the_next_attempt() {
    let mut text = "number;sender;net\n".to_owned();
    (0..10_001).for_each(|n| text.push_str(&format!("D-{n};A;1,500\n")));
    text.push_str("D-last;A;1,5\n");
    let told = read_bytes(text.as_bytes(), &layouts()).unwrap();
    assert!(
        told.starts_with("read again: the column `net`")
            && told.contains("row 2: declaration_id=D-0 | consignor.name=A | net_mass_kg=1.5")
    );
    text.push_str("D-odd;A;2.5\n");
    assert!(read_bytes(text.as_bytes(), &layouts()).unwrap_err().holds());
}

#[test]
fn a_workbook_whose_texts_were_saved_wrongly_is_held_until_its_layout_says_that_it_is_meant() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let lines = [
        ["number", "sender", "goods"],
        ["D-1", "ÇÀÂÎÄ ÏÐÈÌÅÐÎÂÀ", "ÇÀÏ×ÀÑÒÈ ÄËß ÑÀÌÎË¨ÒÀ"],
        ["D-2", "ÎÎÎ", "ÁËÎÊ ÓÏÐÀÂËÅÍÈß"],
    ];
    for (row, line) in (0u32..).zip(lines) {
        for (column, cell) in (0u16..).zip(line) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    let bytes = book.save_to_buffer().unwrap();
    let error = read_bytes(&bytes, &layouts()).unwrap_err();
    assert!(error.holds() && error.message.contains("`ÇÀÂÎÄ ÏÐÈÌÅÐÎÂÀ"), "{error}");
    assert!(read_bytes(&bytes, &with("encoding: utf-8\n")).is_ok());
}

#[test]
fn columns_that_show_nothing_are_read_as_their_neighbours() {
    let text = "number;date;sender;net;amount\nD-1;01/02/2022;A;37,796;1,5\n";
    let told = read_bytes(text.as_bytes(), &layouts()).unwrap();
    assert!(told.contains("net_mass_kg=37.796 | invoice_value=1.5"), "{told}");
}

#[test]
fn only_a_cell_that_can_be_read_in_two_ways_makes_a_long_file_unsure() {
    for (date, net, unsure) in [("2022-10-24", "12", false), ("01.02.2022", "12", true), ("24.10.2022", "1,500", true)]
    {
        let text = format!("number;date;sender;net\n{}", format!("D-1;{date};A;{net}\n").repeat(10_010));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        assert_eq!(open(file.path(), &layouts(), Known::default()).unwrap().is_unsure(), unsure, "{date} {net}");
    }
}

#[test]
fn any_two_lines_of_an_export_are_enough_to_know_their_code_page() {
    let bytes = std::fs::read("examples/sample-export.csv").unwrap();
    let text = encoding_rs::WINDOWS_1251.decode(&bytes).0.into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let mut known = 0;
    for encoding in [encoding_rs::WINDOWS_1251, encoding_rs::IBM866, encoding_rs::KOI8_R] {
        for two in lines.chunks(2).map(|two| two.join("\n")) {
            let (bytes, _, is_lost) = encoding.encode(&two);
            if !is_lost && !two.is_ascii() {
                let guessed = intake::guess_encoding(&bytes).unwrap_or_else(|| panic!("in doubt: {two}"));
                assert_eq!(guessed.decode(&bytes).0, two, "{} taken for {}", encoding.name(), guessed.name());
                known += 1;
            }
        }
    }
    assert!(known > 500, "{known}");
}
