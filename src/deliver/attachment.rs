//! Attachment: the findings of a mail's alerts, whole, → CSV for a spreadsheet.
//!
//! At most 10,000 rows and 5 MiB, shared fairly over the alerts. How many rows of each alert are in it is told, never
//! guessed: what is not in it is pointed to by the mail.

use super::MessageError;
use super::sheet::{Columns, line};
use crate::alert::Alert;

const MAX_ROWS: usize = 10_000;
const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Letters of a cell, the most first: a spreadsheet takes 32,767, and a row that is too long is cut shorter.
const CELL: [usize; 4] = [32_000, 4_000, 400, 40];
/// Bytes of a row after which its cells are cut shorter.
const LONG_ROW: usize = 64 * 1024;

/// The CSV and how much of the alerts it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attachment {
    /// UTF-8 with its mark, header row first, CRLF line ends.
    pub csv: Vec<u8>,
    /// Findings in it, of each alert.
    pub rows: Vec<u64>,
    /// Some cell in it is cut.
    pub cuts: bool,
}

/// What is left of the attachment, or what one alert may take of it.
#[derive(Debug, Clone, Copy)]
struct Room {
    rows: usize,
    bytes: usize,
}

/// A line of the table.
struct Row {
    bytes: Vec<u8>,
    is_cut: bool,
    is_taken: bool,
}

/// The table of the alerts, most severe first; of each alert at least some rows, as long as there is room for one.
pub(super) fn attachment(alerts: &[Alert]) -> Result<Attachment, MessageError> {
    let mut columns = Columns::default();
    alerts.iter().flat_map(|alert| &alert.told).for_each(|told| columns.note(&told.finding.record));
    let mut csv = columns.head()?;
    let rows = |alert: &Alert| alert.told.iter().map(|told| row(&columns.cells(told, &[]))).collect();
    let mut tables = alerts.iter().map(rows).collect::<Result<Vec<Vec<Row>>, MessageError>>()?;
    share(&mut tables, Room { rows: MAX_ROWS, bytes: MAX_BYTES.saturating_sub(csv.len()) });
    let taken = |table: &Vec<Row>| table.iter().filter(|row| row.is_taken).count() as u64;
    let counts = tables.iter().map(taken).collect();
    let mut cuts = false;
    for row in tables.into_iter().flatten().filter(|row| row.is_taken) {
        csv.extend(row.bytes);
        cuts |= row.is_cut;
    }
    Ok(Attachment { csv, rows: counts, cuts })
}

/// A row with its cells cut no shorter than it must be.
fn row(cells: &[String]) -> Result<Row, MessageError> {
    let mut row = Row { bytes: Vec::new(), is_cut: false, is_taken: false };
    for most in CELL {
        let kept: Vec<String> = cells.iter().map(|cell| shortened(cell, most)).collect();
        row.is_cut = kept != cells;
        row.bytes = line(&kept)?;
        if row.bytes.len() <= LONG_ROW {
            break;
        }
    }
    Ok(row)
}

fn shortened(cell: &str, most: usize) -> String {
    match cell.char_indices().nth(most) {
        None => cell.to_owned(),
        Some((at, _)) => {
            let kept = cell.get(..at).unwrap_or_default();
            format!("{kept}… [cut: the cell has {} letters]", cell.chars().count())
        }
    }
}

/// First a row of each alert, then as much of each as of the others, then what is left, the most severe first.
fn share(tables: &mut [Vec<Row>], mut left: Room) {
    for table in &mut *tables {
        take(table, &mut left, |left| Room { rows: 1, ..left });
    }
    let alerts = tables.len();
    for (at, table) in tables.iter_mut().enumerate() {
        let behind = alerts - at;
        take(table, &mut left, |left| Room { rows: left.rows / behind, bytes: left.bytes / behind });
    }
    for table in tables {
        take(table, &mut left, |left| left);
    }
}

/// Takes what fits, in order; a row that does not is passed over.
fn take(table: &mut [Row], left: &mut Room, part: impl Fn(Room) -> Room) {
    let mut part = part(*left);
    for row in table.iter_mut().filter(|row| !row.is_taken) {
        if part.rows.min(left.rows) > 0 && row.bytes.len() <= part.bytes {
            row.is_taken = true;
            for room in [&mut part, &mut *left] {
                room.rows -= 1;
                room.bytes -= row.bytes.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn table(csv: &[u8]) -> (csv::StringRecord, Vec<csv::StringRecord>) {
        let mut reader = csv::Reader::from_reader(csv);
        (reader.headers().unwrap().clone(), reader.records().map(Result::unwrap).collect())
    }

    /// An alert each of whose records has a cell of so many letters.
    fn wide(records: u64, letters: usize) -> Alert {
        let mut alert = sample::alert(records);
        for told in &mut alert.told {
            told.finding.record.raw.push(("Text".into(), "x".repeat(letters)));
        }
        alert
    }

    #[test]
    fn every_finding_is_a_row_with_its_raw_cells() {
        let mut alert = sample::alert(2);
        alert.told[1].finding.record.raw.push(("=Extra".into(), "=HYPERLINK(\"x\")".into()));
        let attachment = attachment(std::slice::from_ref(&alert)).unwrap();
        assert_eq!((attachment.rows.as_slice(), attachment.cuts), ([2].as_slice(), false));
        let (header, rows) = table(&attachment.csv);
        assert_eq!(header.iter().next_back(), Some("raw.=Extra"));
        assert_eq!(rows[1].iter().next_back(), Some("'=HYPERLINK(\"x\")"));
        assert_eq!(rows[0].iter().next_back(), Some(""));
    }

    #[test]
    fn a_large_alert_takes_no_row_from_the_others() {
        let mut alerts = vec![wide(400, 20_000)];
        alerts.extend((0..30).map(|_| sample::alert(12)));
        let attachment = attachment(&alerts).unwrap();
        assert!(attachment.csv.len() <= MAX_BYTES);
        assert!((200..300).contains(&attachment.rows[0]), "{}", attachment.rows[0]);
        assert!(attachment.rows[1..].iter().all(|rows| *rows == 12), "{:?}", attachment.rows);
        assert_eq!(table(&attachment.csv).1.len() as u64, attachment.rows.iter().sum::<u64>());
    }

    #[test]
    fn alerts_that_are_all_too_large_have_a_like_part_and_the_first_of_each() {
        let mut alerts: Vec<Alert> = (0..31).map(|_| wide(40, 20_000)).collect();
        alerts.push(sample::alert(9_990));
        let rows = attachment(&alerts).unwrap().rows;
        assert!(rows[..31].iter().all(|rows| (7..=9).contains(rows)), "{rows:?}");
        assert!(rows[31] > 300 && rows.iter().sum::<u64>() <= 10_000, "{rows:?}");
    }

    #[test]
    fn a_row_that_does_not_fit_is_passed_over_and_not_the_end() {
        let mut tables: Vec<Vec<Row>> = vec![Vec::new()];
        for length in [40, 70, 30] {
            tables[0].push(Row { bytes: vec![0; length], is_cut: false, is_taken: false });
        }
        share(&mut tables, Room { rows: 9, bytes: 100 });
        assert_eq!(tables[0].iter().map(|row| row.is_taken).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn an_absurdly_long_cell_is_cut_with_a_mark_so_that_its_record_is_there() {
        let mut alert = wide(3, 8 * 1024 * 1024);
        alert.told[2].finding.record.raw = (0..900).map(|n| (format!("{n}"), "я".repeat(9_000))).collect();
        let attachment = attachment(std::slice::from_ref(&alert)).unwrap();
        assert_eq!((attachment.rows.as_slice(), attachment.cuts), ([3].as_slice(), true));
        let (header, rows) = table(&attachment.csv);
        let text = header.iter().position(|name| name == "raw.Text").unwrap();
        assert!(rows[0][text].ends_with("x… [cut: the cell has 8388608 letters]"));
        assert!(rows[0][text].len() > 32_000 && attachment.csv.len() < 300_000);
    }
}
