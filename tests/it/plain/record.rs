//! Rows as the product reads them. In: rows of raw cells. Out: batches that intake makes of the CSV, cut as asked; the
//! layout, the watchlists and the plan that go with them.

use std::io::{Seek, Write};
use std::sync::{Arc, OnceLock};

use tidewaiter::evaluate::{self, Plan};
use tidewaiter::intake::{self, Known, LayoutChoice, Layouts, Limits, OpenSettings};
use tidewaiter::problem::SourceText;
use tidewaiter::record::{Batch, Column as Cells, Field, SourceFile};
use tidewaiter::rules::{self, RuleTexts};
use tidewaiter::watchlist::Watchlists;

use super::judge::Row;
use super::judge::parties::FIRMS;
use super::rule::{COLUMNS, Folder};

fn layouts() -> &'static Layouts {
    static LAYOUTS: OnceLock<Layouts> = OnceLock::new();
    LAYOUTS.get_or_init(read_layouts)
}

fn read_layouts() -> Layouts {
    let mut text = "layout: plain\ndate_order: dmy\ndecimal: point\nfields:\n".to_owned();
    for (_, heading, field) in COLUMNS.iter().filter(|entry| !entry.2.is_empty()) {
        text.push_str(&format!("  {field}: ['{heading}']\n"));
    }
    let (layouts, problems) = Layouts::load(&[SourceText::new("plain.yaml", text)]);
    assert!(problems.is_empty(), "{problems:?}");
    layouts
}

/// The file that the rows stand in.
pub fn csv(rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.iter().map(|entry| entry.1)).unwrap();
    rows.iter().for_each(|row| writer.write_record(&row.0).unwrap());
    writer.into_inner().unwrap()
}

/// The rows as one batch, read by intake.
pub fn batch(rows: &[Row], plan: &Plan) -> Batch {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&csv(rows)).unwrap();
    file.rewind().unwrap();
    let source =
        SourceFile { source: String::new(), file: "plain.csv".into(), member: None, sheet: None, sha256: None };
    let settings = OpenSettings {
        layout: LayoutChoice::Named("plain".into()),
        limits: Limits::default(),
        isolation: tidewaiter::intake::Isolation::Thread,
        needs: plan.needs().clone(),
        known: Known::default(),
    };
    let mut reading = intake::open(file, source, layouts(), &settings).unwrap();
    let batch = reading.next().unwrap().unwrap();
    assert_eq!((batch.len(), reading.take_rejects()), (rows.len(), Vec::new()), "every row is a record");
    assert!(reading.next().is_none());
    batch
}

/// The same rows in batches of at most `size`.
pub fn cut(batch: &Batch, size: usize) -> Vec<Batch> {
    let all: Vec<usize> = (0..batch.len()).collect();
    let piece = |rows: &[usize]| {
        let mut piece = Batch::new(batch.source.clone(), batch.headings.clone());
        piece.rows = rows.iter().map(|row| batch.rows[*row]).collect();
        let copied = |column: &Cells| {
            let mut cells = Cells::default();
            rows.iter().for_each(|row| cells.push(column.cell(*row)));
            cells
        };
        piece.raw = batch.raw.iter().map(copied).collect();
        for field in Field::all() {
            if let Some(column) = batch.column(field) {
                piece.set_column(field, copied(column));
            }
        }
        piece
    };
    all.chunks(size).map(piece).collect()
}

/// The watchlists that `judge::parties` knows by hand.
fn watchlists() -> Arc<Watchlists> {
    static LISTS: OnceLock<Arc<Watchlists>> = OnceLock::new();
    LISTS.get_or_init(read_watchlists).clone()
}

fn read_watchlists() -> Arc<Watchlists> {
    let file = |list: &str| {
        let mut text = "entities:\n".to_owned();
        for firm in FIRMS.iter().filter(|firm| firm.list == list) {
            let names: Vec<String> = firm.names[1..].iter().map(|name| format!("'{name}'")).collect();
            text.push_str(&format!(
                "  - id: {}\n    name: {}\n    aliases: [{}]\n",
                firm.id,
                firm.names[0],
                names.join(", ")
            ));
            let lines = [
                (firm.number, format!("    identifiers: {{inn: '{}'}}\n", firm.number)),
                (firm.country, format!("    country: {}\n", firm.country)),
                (firm.topic, format!("    topics: [{}]\n", firm.topic)),
                (firm.owner, format!("    parents: [{{id: {}, kind: own}}]\n", firm.owner)),
            ];
            lines.iter().filter(|line| !line.0.is_empty()).for_each(|line| text.push_str(&line.1));
        }
        SourceText::new(format!("rules/watchlists/{list}.yaml"), text)
    };
    let (lists, problems) = Watchlists::load(&[file("harbour"), file("reef")]);
    assert_eq!(problems, Vec::new());
    Arc::new(lists)
}

/// The folder compiled and bound; a problem of any of its texts fails the test.
pub fn plan(folder: &Folder) -> Plan {
    let text = folder.to_string();
    let source = SourceText::new("rules/generated.yaml", text.clone());
    let texts = RuleTexts { rules: vec![source], lists: Vec::new() };
    let (set, problems) = rules::compile(&texts, &rules::Known::default());
    let errors: Vec<_> = problems.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    let (plan, problems) = evaluate::bind(&set, watchlists());
    assert_eq!(problems, Vec::new(), "{text}");
    assert_eq!(plan.rules().len(), folder.rules.len());
    plan
}
