//! Tables: rows of cells with their lines. In: delimited text. Out: rows; rows of the wrong width and cells that are no
//! UTF-8 are problems. A file that ends in the middle of a row or of a quoted cell is told as cut off.
use super::super::entry::Place;
use super::super::scribe::Scribe;
use super::lines::{Lines, Reached};
use std::rc::Rc;

/// A row.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) at: Place,
}

/// The rows of a file.
pub(super) struct Table<'r> {
    reader: csv::Reader<Lines<'r>>,
    reached: Rc<Reached>,
    width: usize,
    /// A row of the wrong width; when none follows, the file was cut off in it.
    short: Option<(Place, usize)>,
}

/// A cell longer than this has swallowed its neighbours through a stray quote.
const LONGEST_CELL: usize = 256 << 10;

impl<'r> Table<'r> {
    pub(super) fn new(lines: Lines<'r>, delimiter: u8) -> Table<'r> {
        let reached = lines.reached();
        let reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(lines);
        Table { reader, reached, width: 0, short: None }
    }

    /// The next row; its width is that of the first one, whatever it takes.
    pub(super) fn next(&mut self, scribe: &mut Scribe) -> Option<Row> {
        let mut record = csv::ByteRecord::new();
        loop {
            match self.reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(cause) => {
                    scribe.error("unreadable", Place::Line(self.reached.line()), format!("cannot be read: {cause}"));
                    return None;
                }
            }
            let line = record.position().map_or(1, csv::Position::line);
            let at = Place::Line(usize::try_from(line).unwrap_or(usize::MAX));
            // Old publishers end a file with the control character that once ended every file.
            if record.iter().all(|cell| cell.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a)) {
                continue;
            }
            if self.width == 0 {
                self.width = record.len();
            }
            self.tell_short(scribe);
            if record.len() != self.width {
                self.short = Some((at, record.len()));
                continue;
            }
            if record.iter().any(|cell| cell.len() > LONGEST_CELL) {
                scribe.warn("stray-quote", at, "a cell of more than 256 KiB: a double quote is missing".to_owned());
                continue;
            }
            return Some(row(&record, at, scribe));
        }
    }

    fn tell_short(&mut self, scribe: &mut Scribe) {
        if let Some((at, cells)) = self.short.take() {
            let message = format!("this row has {cells} cells, the first one has {}; it is left out", self.width);
            scribe.warn("wrong-width", at, message);
        }
    }

    /// Says whether the file was cut off.
    pub(super) fn end(&mut self, scribe: &mut Scribe) {
        if let Some((at, cells)) = self.short.take() {
            let message =
                format!("the file ends in the middle of a row: {cells} cells, where the first row has {}", self.width);
            scribe.error("cut-off", at, message);
        } else if self.reached.quote_is_open() {
            let message = "a double quote is never closed: the file is cut off, or a quote is missing".to_owned();
            scribe.error("cut-off", Place::Line(self.reached.line()), message);
        }
    }
}

fn row(record: &csv::ByteRecord, at: Place, scribe: &mut Scribe) -> Row {
    let mut odd = false;
    let text = |cell: &[u8]| {
        odd |= std::str::from_utf8(cell).is_err();
        String::from_utf8_lossy(cell).trim_end_matches('\u{1a}').to_owned()
    };
    let cells = record.iter().map(text).collect();
    if odd {
        scribe.warn("not-utf-8", at, "this row is not UTF-8; what cannot be read is shown as �".to_owned());
    }
    Row { cells, at }
}

impl Row {
    /// A cell without blanks around it, empty when there is none.
    pub(super) fn cell(&self, column: Option<usize>) -> &str {
        column.and_then(|column| self.cells.get(column)).map_or("", |cell| cell.trim())
    }
}

/// The column of a heading.
pub(super) fn column(headings: &[String], name: &str) -> Option<usize> {
    headings.iter().position(|heading| heading == name)
}

/// The values of a cell that joins them; none of them empty.
pub(super) fn joined<'c>(cell: &'c str, between: &str) -> Vec<&'c str> {
    cell.split(between).map(str::trim).filter(|value| !value.is_empty()).collect()
}
