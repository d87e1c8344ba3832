//! One set of sixty records in every form in which exports come: containers × encodings × dialects × headers. All of them
//! give the same canonical records and the same findings.

use std::collections::BTreeSet;
use std::io::{Cursor, Seek, Write};
use std::path::Path;

use encoding_rs::{Encoding, GB18030, IBM866, KOI8_R, WINDOWS_1251};
use tidewaiter::desk::{self, Desk};
use tidewaiter::intake::{self, Isolation, Known, LayoutChoice, Limits, OpenSettings, ReadError, Reject};
use tidewaiter::pipeline;
use tidewaiter::record::{Field, FieldSet, SourceFile};
use tidewaiter::rules;

/// Headings of the sample export and the same boxes of the declaration as tables of the customs service name them.
pub(super) const HEADINGS: [(&str, &str); 24] = [
    ("DECLARATION_NUMBER", "ND"),
    ("ITEM_NUMBER", "G32"),
    ("REGISTRATION_DATE", "G072"),
    ("CUSTOMS_OFFICE", "G071"),
    ("EXPORTER_NAME", "G022"),
    ("EXPORTER_ADDRESS", "G023"),
    ("IMPORTER_TAX_ID", "G081"),
    ("IMPORTER_NAME", "G082"),
    ("IMPORTER_ADDRESS", "G083"),
    ("CONTRACT_HOLDER_NAME", "G092"),
    ("HS_CODE", "G33"),
    ("PRODUCT_DESCRIPTION", "G31_1"),
    ("ORIGIN_COUNTRY", "G34"),
    ("DISPATCH_COUNTRY", "G15A"),
    ("TRADING_COUNTRY", "G11"),
    ("NET_WEIGHT", "G38"),
    ("GROSS_WEIGHT", "G35"),
    ("QUANTITY", "G31_7"),
    ("UNIT", "G31_71"),
    ("INVOICE_VALUE", "G42"),
    ("INVOICE_CURRENCY", "G221"),
    ("STATISTICAL_VALUE_USD", "G46"),
    ("DELIVERY_BASIS", "G202"),
    ("MANUFACTURER", "G31_11"),
];

pub(super) type Line = Vec<String>;

/// The last sixty records of the sample, in letters that every code page of the table has.
pub(super) fn records() -> Vec<Line> {
    let bytes = std::fs::read("examples/sample-export.csv").unwrap();
    let text = WINDOWS_1251.decode(&bytes).0.replace(['«', '»', '„', '“', '”'], "'").replace(['–', '—'], "-");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEADINGS.map(|pair| pair.0));
    let all: Vec<Line> = reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect();
    all[all.len() - 60..].to_vec()
}

pub(super) fn lines(records: &[Line]) -> Vec<Line> {
    let header = HEADINGS.map(|pair| pair.0.to_owned()).to_vec();
    std::iter::once(header).chain(records.iter().cloned()).collect()
}

pub(super) fn delimited(lines: &[Line], delimiter: u8, end: &str) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    lines.iter().for_each(|line| writer.write_record(line).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap().replace('\n', end)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn seven_zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut writer = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    let entry = sevenz_rust2::ArchiveEntry::new_file(name);
    writer.push_archive_entry(entry, Some(bytes)).unwrap();
    writer.finish().unwrap().into_inner()
}

pub(super) fn workbook(sheets: &[(&str, Vec<Line>)]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, lines) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, line) in (0u32..).zip(lines) {
            for (column, cell) in (0u16..).zip(line).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// A workbook as people keep it: dates are dates, codes and amounts numbers, the office is merged over its rows.
pub(super) fn typed_workbook(lines: &[Line]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let date = rust_xlsxwriter::Format::new().set_num_format("dd.mm.yyyy");
    let sheet = book.add_worksheet();
    for (row, line) in (0u32..).zip(lines) {
        for (column, cell) in (0u16..).zip(line).filter(|(_, cell)| !cell.is_empty()) {
            let heading = HEADINGS[usize::from(column)].0;
            let plain: Result<f64, _> = cell.replace(',', ".").parse();
            match (row, heading, plain) {
                (1.., "REGISTRATION_DATE", _) => {
                    let parts: Vec<u16> = cell.split('.').map(|part| part.parse().unwrap()).collect();
                    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(parts[2], parts[1] as u8, parts[0] as u8);
                    sheet.write_datetime_with_format(row, column, day.unwrap(), &date).unwrap();
                }
                (1.., _, Ok(number)) if !cell.starts_with('0') => {
                    sheet.write_number(row, column, number).unwrap();
                }
                _ => {
                    sheet.write_string(row, column, cell).unwrap();
                }
            }
        }
    }
    book.save_to_buffer().unwrap()
}

pub(super) fn page(lines: &[Line], encoding: &'static Encoding) -> Vec<u8> {
    let escaped = |cell: &String| cell.replace('&', "&amp;").replace('<', "&lt;");
    let cells = |line: &Line| line.iter().map(|cell| format!("<td class=x>{}</td>", escaped(cell))).collect::<String>();
    let rows: String = lines.iter().map(|line| format!("<tr>{}</tr>\n", cells(line))).collect();
    let text = format!(
        "<html><head><title>export</title><style>td {{ color: red }}</style></head><body><table><tr><td>Menu</td><td>\
         <table border=1>{rows}</table></td></tr></table></body></html>"
    );
    encoding.encode(&text).0.into_owned()
}

pub(super) fn objects(records: &[Line]) -> Vec<serde_json::Value> {
    let pairs = |line: &Line| {
        let pairs = HEADINGS.iter().zip(line).filter(|(_, cell)| !cell.is_empty());
        pairs.map(|(pair, cell)| (pair.0.to_owned(), cell.clone().into())).collect::<serde_json::Map<_, _>>()
    };
    records.iter().map(|line| pairs(line).into()).collect()
}

pub(super) fn json_lines(records: &[Line]) -> String {
    objects(records).iter().map(|object| format!("{object}\n")).collect()
}

pub(super) fn parquet(records: &[Line]) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType};
    let columns: String = HEADINGS.iter().map(|pair| format!("REQUIRED BYTE_ARRAY {} (UTF8); ", pair.0)).collect();
    let schema = parquet::schema::parser::parse_message_type(&format!("message export {{ {columns} }}")).unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        parquet::file::writer::SerializedFileWriter::new(&mut bytes, schema.into(), Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for index in 0..HEADINGS.len() {
        let values: Vec<ByteArray> = records.iter().map(|line| line[index].as_str().into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

pub(super) fn dbf(records: &[Line], encoding: &'static Encoding, language: u8) -> Vec<u8> {
    let width = |index: usize| records.iter().map(|line| encoding.encode(&line[index]).0.len()).max().unwrap().max(1);
    let mut builder = dbase::TableWriterBuilder::new().set_encoding(dbase::encoding::EncodingRs::from(encoding));
    for (index, pair) in HEADINGS.iter().enumerate() {
        let name = dbase::FieldName::try_from(pair.1).unwrap();
        builder = builder.add_character_field(name, u8::try_from(width(index)).unwrap());
    }
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = builder.build_with_dest(&mut bytes);
    for line in records {
        let mut record = dbase::Record::default();
        for (pair, cell) in HEADINGS.iter().zip(line) {
            record.insert(pair.1.to_owned(), dbase::FieldValue::Character(Some(cell.clone())));
        }
        writer.write_record(&record).unwrap();
    }
    writer.finalize().unwrap();
    drop(writer);
    let mut bytes = bytes.into_inner();
    bytes[29] = language;
    bytes
}

/// Every form of the records, named after what is special about it.
pub(super) fn forms(records: &[Line]) -> Vec<(&'static str, Vec<u8>)> {
    let whole = lines(records);
    let titled: Vec<Line> =
        [vec!["Export of 2022".to_owned()], Vec::new()].into_iter().chain(whole.iter().cloned()).collect();
    let totals: Vec<Line> = titled.iter().cloned().chain([vec!["ИТОГО".to_owned(), "60".to_owned()]]).collect();
    let half = records.len() / 2;
    let mut again = whole.clone();
    again.insert(half + 1, whole[0].clone());
    let comma = delimited(&whole, b',', "\n");
    let semicolon = delimited(&whole, b';', "\r\n");
    let tab = delimited(&whole, b'\t', "\n");
    let encoded = |text: &str, encoding: &'static Encoding| encoding.encode(text).0.into_owned();
    let book = workbook(&[("Sheet1", whole.clone())]);
    let halves = [("January", lines(&records[..half])), ("Empty", Vec::new()), ("February", lines(&records[half..]))];
    let members: [(&str, &[u8]); 1] = [("export.csv", comma.as_bytes())];
    vec![
        ("comma, UTF-8", comma.clone().into_bytes()),
        ("comma, UTF-8 with mark", format!("\u{feff}{comma}").into_bytes()),
        ("semicolon, windows-1251, CRLF", encoded(&semicolon, WINDOWS_1251)),
        ("semicolon, code page 866", encoded(&semicolon, IBM866)),
        ("tab, KOI8-R", encoded(&tab, KOI8_R)),
        ("tab, GB18030", encoded(&tab, GB18030)),
        ("bar, CR only", delimited(&whole, b'|', "\r").into_bytes()),
        ("tab, UTF-16LE with mark", utf16(&format!("\u{feff}{tab}"), u16::to_le_bytes)),
        ("comma, UTF-16BE with mark", utf16(&format!("\u{feff}{comma}"), u16::to_be_bytes)),
        ("comma, UTF-16LE", utf16(&comma, u16::to_le_bytes)),
        ("header under titles", delimited(&titled, b';', "\n").into_bytes()),
        ("header again in the middle", delimited(&again, b',', "\n").into_bytes()),
        ("titles and totals", delimited(&totals, b'\t', "\r\n").into_bytes()),
        ("gzip", gzip(comma.as_bytes())),
        ("zstd", zstd::encode_all(semicolon.as_bytes(), 3).unwrap()),
        ("zip", zip(&members)),
        ("zip in zip", zip(&[("inner.zip", &zip(&members))])),
        ("zip of gzip", zip(&[("export.csv.gz", &gzip(comma.as_bytes()))])),
        (
            "zip of two months",
            zip(&[
                ("1.csv", delimited(&lines(&records[..half]), b';', "\n").as_bytes()),
                ("2.csv", &encoded(&delimited(&lines(&records[half..]), b'\t', "\n"), WINDOWS_1251)),
            ]),
        ),
        ("zip of a workbook", zip(&[("export.xlsx", &book)])),
        ("7z", seven_zip("export.csv", comma.as_bytes())),
        ("gzip of JSON lines", gzip(json_lines(records).as_bytes())),
        ("XLSX", book),
        ("XLSX of dates and numbers", typed_workbook(&whole)),
        ("XLSX with titles and totals", workbook(&[("Sheet1", totals)])),
        ("XLSX of two sheets", workbook(&halves)),
        ("XLS", std::fs::read("tests/it/containers/harbor.xls").unwrap()),
        ("ODS", std::fs::read("tests/it/containers/harbor.ods").unwrap()),
        ("web page, windows-1251", page(&whole, WINDOWS_1251)),
        ("web page, UTF-8", page(&whole, encoding_rs::UTF_8)),
        ("JSON lines", json_lines(records).into_bytes()),
        ("JSON array", serde_json::to_vec_pretty(&objects(records)).unwrap()),
        ("JSON in an envelope", serde_json::json!({"count": 60, "records": objects(records)}).to_string().into_bytes()),
        ("Parquet", parquet(records)),
        ("DBF, code page 866, language byte missing", dbf(records, IBM866, 0)),
        ("DBF, windows-1251", dbf(records, WINDOWS_1251, 0xC9)),
    ]
}

struct Read {
    records: BTreeSet<String>,
    findings: BTreeSet<String>,
    rejects: Vec<Reject>,
    count: u64,
}

fn shipped() -> Desk {
    let (texts, problems) = desk::read_folder(Path::new("rules")).unwrap();
    assert_eq!(problems, []);
    Desk::build(&texts, &rules::Known::default()).0
}

pub(super) fn open(bytes: &[u8], desk: &Desk, limits: &Limits) -> Result<intake::Reading, ReadError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    let source = SourceFile { source: String::new(), file: "t".into(), member: None, sheet: None, sha256: None };
    let settings = OpenSettings {
        layout: LayoutChoice::Auto,
        limits: limits.clone(),
        isolation: Isolation::Thread,
        needs: desk.plan.needs().clone(),
        known: Known::default(),
    };
    intake::open(file, source, &desk.layouts, &settings)
}

fn read(bytes: &[u8], desk: &Desk) -> Result<Read, ReadError> {
    let mut reading = open(bytes, desk, &Limits::default())?;
    let mut read = Read { records: BTreeSet::new(), findings: BTreeSet::new(), rejects: Vec::new(), count: 0 };
    let every = FieldSet::every();
    while let Some(batch) = reading.next() {
        let batch = batch?;
        for row in 0..batch.len() {
            let fields = reading.record(&batch, row).fields;
            // Direction is a constant of one of the layouts.
            let own = fields.iter().filter(|(field, _)| every.contains(*field) && *field != Field::Direction);
            read.records.insert(own.map(|(field, cell)| format!("{field}={cell}")).collect::<Vec<_>>().join("|"));
            read.count += 1;
        }
        read.rejects.extend(reading.take_rejects());
    }
    read.rejects.extend(reading.take_rejects());
    let mut again = open(bytes, desk, &Limits::default())?;
    let ran = pipeline::run(&mut again, desk, |chunk| {
        read.findings.extend(chunk.findings.iter().map(|finding| {
            let id = finding.record.get(Field::DeclarationId).unwrap_or("");
            format!("{} {id}/{}", finding.rule.id, finding.record.get(Field::ItemNumber).unwrap_or(""))
        }));
        Ok::<(), std::convert::Infallible>(())
    });
    ran.unwrap();
    Ok(read)
}

#[test]
fn a_workbook_with_a_changed_letter_is_damaged_and_not_another_workbook() {
    let book = workbook(&[("1", lines(&records()))]);
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut stored = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for place in 0..archive.len() {
        let mut member = archive.by_index(place).unwrap();
        stored.start_file(member.name().unwrap().into_owned(), plain).unwrap();
        std::io::copy(&mut member, &mut stored).unwrap();
    }
    let whole = stored.finish().unwrap().into_inner();
    let desk = shipped();
    assert!(open(&whole, &desk, &Limits::default()).is_ok());
    let text = b"AVIC INTERNATIONAL";
    let at = whole.windows(text.len()).position(|window| window == text).unwrap();
    let mut changed = whole;
    changed[at] = b'E';
    let error = open(&changed, &desk, &Limits::default())
        .err()
        .or_else(|| open(&changed, &desk, &Limits::default()).unwrap().find_map(Result::err));
    let error = error.unwrap();
    assert_eq!(error.code, "cut-short");
    assert!(error.message.contains("xl/sharedStrings.xml"), "{error}");
}

#[test]
fn every_form_gives_the_same_records_and_the_same_findings() {
    let (desk, records) = (shipped(), records());
    let forms = forms(&records);
    let expected = read(&forms[0].1, &desk).unwrap();
    assert_eq!((expected.count, expected.records.len()), (60, 60));
    assert!(expected.findings.len() > 10, "{:?}", expected.findings);
    for (name, bytes) in &forms {
        let found = read(bytes, &desk).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.count, 60, "{name}");
        let missing: Vec<_> = expected.records.difference(&found.records).take(2).collect();
        let strange: Vec<_> = found.records.difference(&expected.records).take(2).collect();
        assert!(missing.is_empty(), "{name}:\n{missing:#?}\n{strange:#?}");
        assert_eq!(found.findings, expected.findings, "{name}");
        assert_eq!(found.rejects, [], "{name}");
    }
}

#[test]
fn a_part_that_is_no_table_is_told_and_the_rest_is_read() {
    let (desk, records) = (shipped(), records());
    let comma = delimited(&lines(&records), b',', "\n");
    let notes = vec![vec!["remember".to_owned(), "the milk".to_owned()]];
    let book = workbook(&[("Notes", notes), ("Sheet1", lines(&records))]);
    let bytes = zip(&[("photo.jpg", &[0xFF, 0xD8, 0, 1, 2, 3]), ("a.csv", comma.as_bytes()), ("b.xlsx", &book)]);
    let found = read(&bytes, &desk).unwrap();
    assert_eq!(found.count, 120);
    let told: Vec<_> = found.rejects.iter().map(|reject| (reject.table.as_str(), reject.row)).collect();
    assert_eq!(told, [("photo.jpg", 0), ("b.xlsx, sheet Notes", 0)]);
}

#[test]
fn a_record_says_its_member_and_sheet() {
    let desk = shipped();
    let book = workbook(&[("Лист 1", lines(&records()))]);
    let mut reading = open(&zip(&[("2022/январь.xlsx", &book)]), &desk, &Limits::default()).unwrap();
    let batch = reading.next().unwrap().unwrap();
    let source = &reading.record(&batch, 0).source;
    assert_eq!((source.member.as_deref(), source.sheet.as_deref()), (Some("2022/январь.xlsx"), Some("Лист 1")));
}

#[test]
fn broken_and_hostile_containers_end_with_a_clear_error() {
    let (desk, records) = (shipped(), records());
    let comma = delimited(&lines(&records), b',', "\n");
    let book = workbook(&[("Sheet1", lines(&records))]);
    let packed = zip(&[("a.csv", comma.as_bytes())]);
    let deep = zip(&[("b.zip", &zip(&[("c.zip", &packed)]))]);
    let bomb = zip(&[("bomb.csv", format!("{comma}{}", "0".repeat(90 << 20)).as_bytes())]);
    let flat = parquet(&records);
    let table = dbf(&records, IBM866, 0x65);
    let seven = seven_zip("a.csv", comma.as_bytes());
    let json = json_lines(&records);
    let few = Limits { members: 1, ..Limits::default() };
    let mut array = serde_json::to_vec(&vec![serde_json::json!({"EXPORTER_NAME": "ООО ПРИМЕР"}); 20_000]).unwrap();
    let late = array.len() / 10 * 9;
    let (place, _) = array.iter().enumerate().skip(late).find(|(_, byte)| **byte == b'P').unwrap();
    array.splice(place..place, *b"\xCE\xCE\xCE \xCF\xD0\xC8\xCC\xC5\xD0 \xCF\xD0\xC8\xCC\xC5\xD0");
    let cases: [(&str, &str, &[u8], &Limits); 13] = [
        ("a JSON array of two encodings", "encoding-doubtful", &array, &Limits::default()),
        ("a workbook cut short", "cut-short", &book[..book.len() / 2], &Limits::default()),
        ("a ZIP cut short", "cut-short", &packed[..packed.len() - 30], &Limits::default()),
        ("a 7z cut short", "cut-short", &seven[..seven.len() - 8], &Limits::default()),
        ("a Parquet cut short", "cut-short", &flat[..flat.len() - 100], &Limits::default()),
        ("a DBF cut short", "cut-short", &table[..table.len() - 100], &Limits::default()),
        ("JSON lines cut short", "cut-short", &json.as_bytes()[..json.len() - 20], &Limits::default()),
        ("JSON with a broken line", "malformed", b"{\"EXPORTER_NAME\": \"A\"}\n{broken\n{}\n", &Limits::default()),
        ("archives inside archives", "nested-too-deep", &deep, &Limits::default()),
        ("a ZIP bomb", "too-much-inside", &bomb, &Limits::default()),
        ("many members", "too-many-members", &zip(&[("a.csv", b"a"), ("b.csv", b"b")]), &few),
        ("an archive of nothing readable", "empty-file", &zip(&[("a.bin", &[0, 1, 2])]), &Limits::default()),
        ("an empty JSON array", "empty-file", b"[ ]", &Limits::default()),
    ];
    for (name, code, bytes, limits) in cases {
        let ended = open(bytes, &desk, limits).and_then(|reading| reading.collect::<Result<Vec<_>, _>>());
        let error = ended.err().unwrap_or_else(|| panic!("{name} was read"));
        assert_eq!(error.code, code, "{name}: {error}");
        assert!(error.hint.is_some(), "{name} has no hint");
    }
}

#[test]
fn the_child_reads_what_a_thread_reads() {
    let folder = tempfile::tempdir().unwrap();
    let records = records();
    let scan = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut command = assert_cmd::Command::cargo_bin("tidewaiter").unwrap();
        command.args(["scan", "--format", "jsonl", "--rules", "rules"]).arg(&path).output().unwrap()
    };
    let count = |output: &std::process::Output| output.stdout.iter().filter(|byte| **byte == b'\n').count();
    let plain = scan("a.csv", delimited(&lines(&records), b',', "\n").as_bytes());
    for (name, bytes) in forms(&records).iter().filter(|(name, _)| ["XLSX", "zip in zip", "Parquet"].contains(name)) {
        let output = scan("form", bytes);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(count(&output), count(&plain), "{name}");
    }
}

/// What the command says of a file that is read as the daemon reads it, by a child within 512 MiB; `Err` when it fails.
fn scanned(name: &str, bytes: &[u8]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("export"), bytes).unwrap();
    let rules = Path::new("rules").canonicalize().unwrap();
    let mut command = assert_cmd::Command::cargo_bin("tidewaiter").unwrap();
    let output =
        command.current_dir(folder.path()).arg("scan").arg("--rules").arg(rules).arg("export").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    match output.status.code() {
        Some(0) => Ok(told),
        Some(1) => Err(told),
        other => panic!("{name}: {other:?} {told}"),
    }
}

/// A workbook of the records with one part changed.
fn forged(part: &str, change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut members = crate::mutations::members(&workbook(&[("Sheet1", lines(&records()))]));
    let (_, bytes) = members.iter_mut().find(|(name, _)| name == part).unwrap();
    let text = String::from_utf8(std::mem::take(bytes)).unwrap();
    *bytes = change(&text).into_bytes();
    assert_ne!(text.as_bytes(), bytes.as_slice(), "nothing was changed in {part}");
    crate::mutations::packed(&members)
}

const STRINGS: &str = "xl/sharedStrings.xml";
const SHEET: &str = "xl/worksheets/sheet1.xml";

#[test]
fn a_workbook_that_asks_for_all_memory_fails_alone() {
    let book = forged(STRINGS, |text| {
        let count = text.split("uniqueCount=\"").nth(1).unwrap().split('"').next().unwrap();
        text.replace(&format!("uniqueCount=\"{count}\""), "uniqueCount=\"99999999999\"")
    });
    let told = scanned("a forged count", &book).unwrap_err();
    assert!(told.contains("512 MiB of memory") && told.contains("save it as CSV"), "{told}");
}

#[test]
fn a_workbook_that_lies_about_its_size_is_read_as_what_it_holds() {
    let book = forged(SHEET, |text| {
        let dimension = text.split("<dimension ref=\"").nth(1).unwrap().split('"').next().unwrap();
        text.replace(&format!("<dimension ref=\"{dimension}\""), "<dimension ref=\"A1:XFD1048576\"")
    });
    let told = scanned("a lying dimension", &book).unwrap();
    assert!(told.contains("60 records, 0 rejected"), "{told}");
    let book = forged(SHEET, |text| {
        text.replace("</sheetData>", "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>")
    });
    let told = scanned("a cell in the last corner", &book).unwrap_err();
    assert!(told.contains("row 1048576: the row has 16384 cells") && told.contains("limits: columns"), "{told}");
}

#[test]
fn entities_of_a_workbook_are_not_expanded() {
    let book = forged(STRINGS, |text| {
        let mut entities = "<!ENTITY a0 \"ha\">".to_owned();
        for level in 1..30 {
            let inner = format!("&a{};", level - 1).repeat(10);
            entities.push_str(&format!("<!ENTITY a{level} \"{inner}\">"));
        }
        let text = text.replacen("<sst ", &format!("<!DOCTYPE sst [{entities}]><sst "), 1);
        text.replacen("</t>", "&a29;</t>", 1)
    });
    let told = scanned("a billion laughs", &book).unwrap_err();
    assert!(told.contains("the workbook is damaged") && told.contains("save it again"), "{told}");
}

#[test]
fn a_text_that_is_shared_by_too_many_cells_is_over_the_limit_of_a_row() {
    let book = forged(STRINGS, |text| text.replacen("</t>", &format!("{}</t>", "A".repeat(1 << 20)), 1));
    let mut members = crate::mutations::members(&book);
    let (_, sheet) = members.iter_mut().find(|(name, _)| name == SHEET).unwrap();
    let text = String::from_utf8(std::mem::take(sheet)).unwrap();
    let cells: String = (0..100).map(|_| "<c t=\"s\"><v>0</v></c>").collect();
    *sheet = text.replace("</sheetData>", &format!("<row r=\"62\">{cells}</row></sheetData>")).into_bytes();
    let told = scanned("a shared text", &crate::mutations::packed(&members)).unwrap_err();
    assert!(told.contains("row 62: a row has more than 67108864 bytes"), "{told}");
}

#[test]
fn row_groups_that_state_absurd_numbers_end_with_an_error() {
    let flat = parquet(&records());
    let footer = flat.len() - 8 - u32::from_le_bytes(flat[flat.len() - 8..flat.len() - 4].try_into().unwrap()) as usize;
    let mut metadata = flat[footer..flat.len() - 8].to_vec();
    // A number of rows is field 3, an integer of 64 bits, in zigzag: 60 is 120.
    let stated: Vec<usize> =
        metadata.windows(2).enumerate().filter(|(_, two)| *two == [0x16, 120]).map(|(at, _)| at).collect();
    assert!(stated.len() >= 2 + HEADINGS.len(), "{stated:?}");
    for at in stated.into_iter().rev() {
        metadata.splice(at + 1..at + 2, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]);
    }
    let mut forged = flat[..footer].to_vec();
    forged.extend_from_slice(&metadata);
    forged.extend_from_slice(&u32::try_from(metadata.len()).unwrap().to_le_bytes());
    forged.extend_from_slice(b"PAR1");
    let told = scanned("absurd row groups", &forged).unwrap_err();
    assert!(told.contains("Parquet file is damaged") && told.contains("drop the whole file again"), "{told}");
}

#[test]
fn rows_without_end_stop_at_their_limit() {
    let (desk, comma) = (shipped(), delimited(&lines(&records()), b',', "\n"));
    let limits = Limits { row: 1 << 20, decompressed: 8 << 20, ..Limits::default() };
    let quoted = format!("{comma}\"{}", "a line\n".repeat(300_000));
    let unbroken = format!("{comma}{}", "0".repeat(2 << 20));
    let rows = format!("{comma}{}", "0,\"a\",\n".repeat(2_000_000));
    let cell = format!("<table><tr><td>{}</td></tr></table>", "x".repeat(2 << 20));
    let json = format!("{{\"EXPORTER_NAME\": \"{}\"}}\n", "x".repeat(2 << 20));
    let cases: [(&str, &str, Vec<u8>); 8] = [
        ("a quoted cell of lines", "unclosed-quote", quoted.clone().into_bytes()),
        ("the same inside ZIP", "unclosed-quote", zip(&[("a.csv", quoted.as_bytes())])),
        ("a line without end", "row-too-long", unbroken.clone().into_bytes()),
        ("the same in gzip", "row-too-long", gzip(unbroken.as_bytes())),
        ("a gzip bomb", "too-much-inside", gzip(rows.as_bytes())),
        ("a zstd bomb", "too-much-inside", zstd::encode_all(rows.as_bytes(), 3).unwrap()),
        ("a cell of a web page", "row-too-long", cell.into_bytes()),
        ("a line of JSON", "row-too-long", json.into_bytes()),
    ];
    for (name, code, bytes) in cases {
        let ended = open(&bytes, &desk, &limits).and_then(|reading| reading.collect::<Result<Vec<_>, _>>());
        let error = ended.err().unwrap_or_else(|| panic!("{name} was read"));
        assert_eq!(error.code, code, "{name}: {error}");
        assert!(error.hint.is_some(), "{name} has no hint");
    }
}

#[test]
fn a_file_of_any_kind_that_is_cut_short_is_no_whole_file() {
    let (desk, records) = (crate::mutations::layouts(), &records()[..12]);
    let count = |bytes: &[u8]| {
        let batches = open(bytes, &desk, &Limits::default())?.collect::<Result<Vec<_>, _>>()?;
        Ok::<usize, ReadError>(batches.iter().map(|batch| batch.len()).sum())
    };
    let texts = ["comma", "semicolon", "tab", "bar", "header", "titles", "web page", "JSON lines"];
    // XLS is cut short by the child, among the mutations: its reader may ask for all memory there is.
    for (name, bytes) in forms(records).iter().filter(|(name, _)| *name != "XLS") {
        let whole = count(bytes).unwrap();
        for part in [1, 5, 10, 15, 19] {
            let read = count(&bytes[..bytes.len() * part / 20]);
            match texts.iter().any(|start| name.starts_with(start)) {
                true => assert!(read.is_err() || read.is_ok_and(|count| count <= whole), "{name} at {part}/20"),
                false => assert!(read.is_err_and(|error| error.hint.is_some()), "{name} was read up to {part}/20"),
            }
        }
    }
}

/// Tables of an electronic declaration copy: fields, then rows.
pub(super) fn relational(fields: &[&str], rows: &[&[&str]]) -> Vec<u8> {
    let mut builder = dbase::TableWriterBuilder::new().set_encoding(dbase::encoding::EncodingRs::from(IBM866));
    for field in fields {
        builder = builder.add_character_field(dbase::FieldName::try_from(*field).unwrap(), 40);
    }
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = builder.build_with_dest(&mut bytes);
    for row in rows {
        let mut record = dbase::Record::default();
        for (field, cell) in fields.iter().zip(*row) {
            record.insert((*field).to_owned(), dbase::FieldValue::Character(Some((*cell).to_owned())));
        }
        writer.write_record(&record).unwrap();
    }
    writer.finalize().unwrap();
    drop(writer);
    bytes.into_inner()
}

/// Declarations as four tables that refer to one another.
pub(super) fn declarations() -> Vec<u8> {
    let heads = relational(
        &["G072", "G073", "G022", "G082", "G11"],
        &[
            &["2022-10-24", "0000001", "AVIC INTERNATIONAL HOLDING CORP", "АО КРЭТ", "CN"],
            &["2022-10-25", "0000001", "ANOTHER FIRM", "ООО ДРУГОЕ", "TR"],
        ],
    );
    // The first text fills its field of 40 letters to the last, inside a word.
    let goods = relational(
        &["G072", "G073", "G32", "G31_1", "G33"],
        &[
            &["2022-10-24", "0000001", "1", "ЧАСТИ К САМОЛЕТАМ, ПОСТАВЛЯЮТСЯ ДЛЯ САМО", "8807300000"],
            &["2022-10-24", "0000001", "2", "БОЛТ", "7318158100"],
            &["2022-10-25", "0000001", "1", "ЛАМПА", "8539319009"],
            &["2022-10-26", "0000009", "1", "СИРОТА", "8539319009"],
        ],
    );
    let parts = relational(
        &["G072", "G073", "G32", "NUMREC", "G31_11", "G31_12"],
        &[&["2022-10-24", "0000001", "1", "1", "SUKHOI", "SU"], &["2022-10-24", "0000001", "1", "2", "IRKUT", "SU"]],
    );
    let texts = relational(
        &["G072", "G073", "G32", "NGR", "NUMREC", "TEXT1"],
        &[
            &["2022-10-24", "0000001", "1", "31", "2", "КОМПЛЕКТ"],
            &["2022-10-24", "0000001", "1", "31", "1", "ЛЕТА СУ-35"],
            &["2022-10-24", "0000001", "2", "44", "1", "ДРУГАЯ ГРАФА"],
        ],
    );
    zip(&[
        ("2022/DCLTOVG.DBF", &parts),
        ("2022/dclhead.dbf", &heads),
        ("2022/DCLTOVAR.DBF", &goods),
        ("2022/DCLDINFO.DBF", &texts),
    ])
}

#[test]
fn a_relational_set_is_joined_to_one_record_a_good() {
    let desk = shipped();
    let set = declarations();
    let mut reading = open(&set, &desk, &Limits::default()).unwrap();
    let batch = reading.next().unwrap().unwrap();
    let cell = |row: usize, field: &str| {
        let record = reading.record(&batch, row);
        record.get(Field::from_name(field).unwrap()).unwrap_or("").to_owned()
    };
    assert_eq!(cell(0, "description"), "ЧАСТИ К САМОЛЕТАМ, ПОСТАВЛЯЮТСЯ ДЛЯ САМОЛЕТА СУ-35 КОМПЛЕКТ");
    assert_eq!(cell(0, "manufacturer.name"), "SUKHOI; IRKUT");
    assert_eq!(cell(0, "brand"), "SU");
    assert_eq!(cell(0, "consignee.name"), "АО КРЭТ");
    assert_eq!(cell(0, "declaration_id"), "241022/0000001");
    assert_eq!((cell(1, "description"), cell(1, "item_number")), ("БОЛТ".to_owned(), "2".to_owned()));
    assert_eq!((cell(2, "consignee.name"), cell(2, "trading_country")), ("ООО ДРУГОЕ".to_owned(), "TR".to_owned()));
    assert_eq!((batch.len(), cell(3, "consignee.name")), (4, String::new()));
    assert!(reading.next().is_none());
    let told = reading.take_rejects();
    assert!(told[0].reason.contains("without a row in DCLHEAD"), "{told:?}");
}
