//! Made-up records, written by other libraries in every form that they can write, come back as what they were. What is
//! expected is made from the records themselves and not by reading any form.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, GB18030, IBM866, KOI8_R, UTF_8, WINDOWS_1251};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tidewaiter::desk::Desk;
use tidewaiter::intake::Limits;

use crate::containers::{self, Line, delimited, forms, lines};
use crate::mutations::layouts;

/// Words as they stand in exports, with whatever a dialect could trip over.
const WORDS: [&str; 36] = [
    "ЧАСТИ",
    "САМОЛЕТА",
    "ДЛЯ",
    "ПРИЕМНИК",
    "антенна",
    "НАСОС 6\"",
    "\"АЛЬФА\"",
    "ООО",
    "ЗАВОД",
    "MODEL",
    "ltd.",
    "GmbH",
    "5,5",
    "1;2",
    "а|б",
    "'х'",
    "(комплект)",
    "100%",
    "шт.",
    "-40/+85",
    "С-300",
    "ТОРГОВЫЙ",
    "ДОМ",
    "из стали",
    "новые",
    "производитель:",
    "a & b",
    "< 5 кг",
    "ГОСТ 2.601",
    "\"",
    "№5",
    "#7",
    "ИЗДЕЛИЕ",
    "Г. МОСКВА",
    "УЛ. ЛЕСНАЯ",
    "КОРП.",
];

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    // A cell begins and ends with a word that is nothing but itself.
    let inner = prop::collection::vec(prop::sample::select(&WORDS[..]), words);
    (prop::sample::select(vec!["ТОВАР", "Изделие", "GOODS"]), inner)
        .prop_map(|(first, words)| format!("{first} {} КОНЕЦ", words.join(" ")).replace("№", "N"))
}

fn number() -> impl Strategy<Value = String> {
    let part = prop_oneof![Just(0u32), (1..99u32).prop_filter("two digits", |part| part % 10 != 0)];
    (1..2_000_000u32, part).prop_map(|(whole, part)| match part {
        0 => whole.to_string(),
        part => format!("{whole},{part:02}"),
    })
}

fn sometimes(strategy: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(String::new()), 4 => strategy]
}

fn date() -> impl Strategy<Value = String> {
    (1..=28u8, 1..=12u8, 2012..2025u16).prop_map(|(day, month, year)| format!("{day:02}.{month:02}.{year}"))
}

/// A record in the order of [`containers::HEADINGS`].
fn record() -> impl Strategy<Value = Line> {
    let country = || prop::sample::select(vec!["CN", "TR", "DE", "US", "KZ", "AE"]).prop_map(str::to_owned);
    let code = (1_000_000_000..9_999_999_999u64).prop_map(|code| code.to_string());
    let padded = (100_000_000..999_999_999u64).prop_map(|code| format!("0{code}"));
    let head = ((0..9_999_999u32).prop_map(|number| format!("10702030/141022/{number:07}")), 1..999u32, date());
    let parties = (text(1..4), sometimes(text(1..4)), padded.clone(), text(1..4), sometimes(text(1..4)), text(1..4));
    let goods = (prop_oneof![code, padded], text(1..7), country(), country(), country());
    let amounts = (number(), sometimes(number()), number(), number(), number());
    (head, parties, goods, amounts, sometimes(text(1..3))).prop_map(|(head, parties, goods, amounts, maker)| {
        let (id, item, date) = head;
        let (exporter, from, inn, importer, to, holder) = parties;
        let (code, what, origin, dispatch, trading) = goods;
        let (net, gross, many, value, usd) = amounts;
        let item = item.to_string();
        let [office, unit, currency, basis] = ["10702030", "ШТ", "USD", "FCA"].map(str::to_owned);
        vec![
            id, item, date, office, exporter, from, inn, importer, to, holder, code, what, origin, dispatch, trading,
            net, gross, many, unit, value, currency, usd, basis, maker,
        ]
    })
}

type Fields = BTreeMap<&'static str, String>;

/// What a record means; `None` for headings whose field says something else than the cell.
fn meant(line: &[String]) -> Fields {
    let field = |heading: &str| {
        Some(match heading {
            "DECLARATION_NUMBER" => "declaration_id",
            "ITEM_NUMBER" => "item_number",
            "REGISTRATION_DATE" => "declaration_date",
            "EXPORTER_NAME" => "consignor.name",
            "EXPORTER_ADDRESS" => "consignor.address",
            "IMPORTER_TAX_ID" => "consignee.id",
            "IMPORTER_NAME" => "consignee.name",
            "IMPORTER_ADDRESS" => "consignee.address",
            "CONTRACT_HOLDER_NAME" => "buyer.name",
            "HS_CODE" => "hs_code",
            "PRODUCT_DESCRIPTION" => "description",
            "ORIGIN_COUNTRY" => "origin_country",
            "NET_WEIGHT" => "net_mass_kg",
            "GROSS_WEIGHT" => "gross_mass_kg",
            "QUANTITY" => "quantity",
            "INVOICE_VALUE" => "invoice_value",
            "STATISTICAL_VALUE_USD" => "value_usd",
            "MANUFACTURER" => "manufacturer.name",
            _ => return None,
        })
    };
    let said = containers::HEADINGS.iter().zip(line).filter(|(_, cell)| !cell.is_empty());
    said.filter_map(|((heading, _), cell)| Some((field(heading)?, canonical(heading, cell)))).collect()
}

fn canonical(heading: &str, cell: &str) -> String {
    match heading {
        "REGISTRATION_DATE" => cell.split('.').rev().collect::<Vec<_>>().join("-"),
        "NET_WEIGHT" | "GROSS_WEIGHT" | "QUANTITY" | "INVOICE_VALUE" | "STATISTICAL_VALUE_USD" => {
            cell.replace(',', ".")
        }
        _ => cell.to_owned(),
    }
}

/// The same fields as they were read.
fn found(bytes: &[u8], desk: &Desk) -> Result<Vec<Fields>, String> {
    let mut reading = containers::open(bytes, desk, &Limits::default()).map_err(|error| error.message)?;
    let every: Vec<&'static str> = meant(&vec!["1.1.1".to_owned(); containers::HEADINGS.len()]).into_keys().collect();
    let mut records = Vec::new();
    while let Some(batch) = reading.next() {
        let batch = batch.map_err(|error| error.message)?;
        for row in 0..batch.len() {
            let record = reading.record(&batch, row);
            let text = |name: &&'static str| {
                let field = tidewaiter::record::Field::from_name(name)?;
                Some((*name, record.get(field)?.to_owned()))
            };
            records.push(every.iter().filter_map(text).collect());
        }
    }
    let rejects = reading.take_rejects();
    if rejects.is_empty() { Ok(records) } else { Err(format!("rejected: {rejects:?}")) }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let many = std::env::var("TIDEWAITER_ROUND_TRIPS").ok().and_then(|many| many.parse().ok()).unwrap_or(cases);
    let config = Config {
        cases: many,
        failure_persistence: None,
        max_shrink_iters: 200,
        rng_seed: RngSeed::Fixed(20_220_224),
        ..Config::default()
    };
    if let Err(failed) = TestRunner::new(config).run(strategy, test) {
        panic!("{failed}");
    }
}

fn same(name: &str, bytes: &[u8], desk: &Desk, records: &[Line]) -> Result<(), TestCaseError> {
    let meant: Vec<Fields> = records.iter().map(|line| meant(line)).collect();
    let found = found(bytes, desk).map_err(|error| TestCaseError::fail(format!("{name}: {error}")))?;
    prop_assert_eq!(found.len(), meant.len(), "{}", name);
    for (found, meant) in found.iter().zip(&meant) {
        prop_assert_eq!(found, meant, "{}", name);
    }
    Ok(())
}

#[test]
fn every_form_gives_back_what_was_written() {
    let desk = layouts();
    run(10, &prop::collection::vec(record(), 12..24), |records| {
        let written = forms(&records).into_iter().filter(|(name, _)| !["XLS", "ODS"].contains(name));
        written.into_iter().try_for_each(|(name, bytes)| same(name, &bytes, &desk, &records))
    });
}

/// One way to write delimited text.
#[derive(Debug, Clone)]
struct Dialect {
    delimiter: u8,
    end: &'static str,
    encoding: &'static Encoding,
    mark: &'static str,
    titles: usize,
    quotes: csv::QuoteStyle,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let encodings =
        vec![(UTF_8, ""), (UTF_8, "\u{feff}"), (WINDOWS_1251, ""), (IBM866, ""), (KOI8_R, ""), (GB18030, "")];
    let quotes = vec![csv::QuoteStyle::Necessary, csv::QuoteStyle::Always, csv::QuoteStyle::NonNumeric];
    let ends = vec!["\n", "\r\n", "\r"];
    (
        prop::sample::select(b",;\t|".to_vec()),
        prop::sample::select(ends),
        prop::sample::select(encodings),
        0..3usize,
        prop::sample::select(quotes),
    )
        .prop_map(|(delimiter, end, (encoding, mark), titles, quotes)| Dialect {
            delimiter,
            end,
            encoding,
            mark,
            titles,
            quotes,
        })
}

#[test]
fn every_dialect_in_every_encoding_gives_back_what_was_written() {
    let desk = layouts();
    run(80, &(prop::collection::vec(record(), 12..24), dialect()), |(records, dialect)| {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(dialect.delimiter)
            .quote_style(dialect.quotes)
            .flexible(true)
            .from_writer(Vec::new());
        let titles = (0..dialect.titles).map(|number| vec![format!("Выгрузка {number}")]);
        titles.chain(lines(&records)).for_each(|line| writer.write_record(&line).unwrap());
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap().replace('\n', dialect.end);
        let bytes = dialect.encoding.encode(&format!("{}{text}", dialect.mark)).0.into_owned();
        same("this dialect", &bytes, &desk, &records)
    });
}

/// Cells that hold line breaks come back whole, and the rows behind them have the numbers that a spreadsheet shows.
#[test]
fn line_breaks_inside_a_cell_are_part_of_it() {
    let desk = layouts();
    run(20, &(prop::collection::vec(record(), 12..24), dialect()), |(mut records, dialect)| {
        records.iter_mut().step_by(3).for_each(|line| line[11] = line[11].replacen(' ', "\n", 2));
        let text = delimited(&lines(&records), dialect.delimiter, "\n");
        let bytes = dialect.encoding.encode(&text).0.into_owned();
        let mut reading = containers::open(&bytes, &desk, &Limits::default()).unwrap();
        let batch = reading.next().unwrap().unwrap();
        let rows: Vec<u64> = (0..batch.len()).map(|row| reading.record(&batch, row).row).collect();
        prop_assert_eq!(rows, (2..records.len() as u64 + 2).collect::<Vec<_>>());
        Ok(())
    });
}
