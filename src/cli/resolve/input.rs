//! Where names come from: arguments, lines, or a column of a table. In: the command line. Out: names, a block at a time, in
//! the encoding of the file; an empty cell is a name that says nothing, so that rows keep their number.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::super::CommandError;
use super::Resolve;

/// Headings that are taken for the names' when no column is named.
const HEADINGS: [&str; 6] = ["query", "name", "company", "party", "consignee", "left"];
/// A longer line is no name; the rest of it is skipped.
const LONGEST_LINE: u64 = 1 << 20;

/// Names as they come.
pub(super) enum Names {
    Given(std::vec::IntoIter<String>),
    Lines(Box<dyn BufRead>, String),
    Column { table: Box<csv::Reader<Box<dyn Read>>>, column: usize, record: ByteRecord, path: String },
}

impl Names {
    pub(super) fn open(command: &Resolve) -> Result<Names, CommandError> {
        if !command.names.is_empty() {
            return Ok(Names::Given(command.names.clone().into_iter()));
        }
        let path = command.input.as_deref().filter(|path| *path != Path::new("-"));
        let shown = path.map_or_else(|| "standard input".to_owned(), |path| path.display().to_string());
        let content: Box<dyn Read> = match path {
            Some(path) => Box::new(File::open(path).map_err(CommandError::io(path))?),
            None => Box::new(std::io::stdin()),
        };
        let mut content = BufReader::with_capacity(1 << 16, content);
        skip_mark(&mut content).map_err(CommandError::io(Path::new(&shown)))?;
        let ending = path.and_then(Path::extension).and_then(|ending| ending.to_str()).unwrap_or("");
        let is_table = ["csv", "tsv"].contains(&ending.to_lowercase().as_str());
        if command.column.is_none() && !is_table {
            return Ok(Names::Lines(Box::new(content), shown));
        }
        table(content, shown, command.column.as_deref())
    }

    /// The next names, at most so many; none at the end.
    pub(super) fn take(&mut self, most: usize) -> Result<Vec<String>, CommandError> {
        let mut block = Vec::new();
        while block.len() < most {
            match self.next()? {
                Some(name) => block.push(name),
                None => break,
            }
        }
        Ok(block)
    }

    fn next(&mut self) -> Result<Option<String>, CommandError> {
        match self {
            Names::Given(names) => Ok(names.next()),
            Names::Lines(content, path) => line(content).map_err(CommandError::io(Path::new(path))),
            Names::Column { table, column, record, path } => match table.read_byte_record(record) {
                Ok(true) => Ok(Some(text(record.get(*column).unwrap_or(&[])))),
                Ok(false) => Ok(None),
                Err(error) => Err(CommandError::Problems(format!("{path}: {error}"))),
            },
        }
    }
}

fn skip_mark(content: &mut BufReader<Box<dyn Read>>) -> std::io::Result<()> {
    if content.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        content.consume(3);
    }
    Ok(())
}

fn line(content: &mut Box<dyn BufRead>) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if content.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if !bytes.ends_with(b"\n") && bytes.len() as u64 == LONGEST_LINE {
        content.skip_until(b'\n')?;
    }
    Ok(Some(text(bytes.trim_ascii_end())))
}

/// UTF-8, else Windows' Cyrillic, which is what exports that are not UTF-8 are written in.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1251.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn table(mut content: BufReader<Box<dyn Read>>, path: String, wanted: Option<&str>) -> Result<Names, CommandError> {
    let start = content.fill_buf().map_err(CommandError::io(Path::new(&path)))?;
    let head = start.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let count = |delimiter: u8| head.iter().filter(|byte| **byte == delimiter).count();
    let delimiter = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|one| (count(*one), *one == b',')).unwrap_or(b',');
    let content: Box<dyn Read> = Box::new(content);
    let mut table = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(content);
    let headings: Vec<String> = match table.byte_headers() {
        Ok(headings) => headings.iter().map(|cell| text(cell).trim().to_owned()).collect(),
        Err(error) => return Err(CommandError::Problems(format!("{path}: {error}"))),
    };
    let column = column(&headings, wanted).ok_or_else(|| {
        let known = headings.join(", ");
        let asked = wanted
            .map_or_else(|| "which column holds the names".to_owned(), |name| format!("there is no column `{name}`"));
        CommandError::Usage(format!("{path}: {asked}? say --column with one of: {known}"))
    })?;
    Ok(Names::Column { table: Box::new(table), column, record: ByteRecord::new(), path })
}

fn column(headings: &[String], wanted: Option<&str>) -> Option<usize> {
    let called = |name: &str| headings.iter().position(|heading| heading.to_lowercase() == name.to_lowercase());
    match wanted {
        Some(name) => called(name).or_else(|| {
            let number: usize = name.parse().ok()?;
            number.checked_sub(1).filter(|place| *place < headings.len())
        }),
        None if headings.len() == 1 => Some(0),
        None => HEADINGS.into_iter().find_map(called),
    }
}
