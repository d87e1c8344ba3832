//! JSON: an object a line, an array of objects, or an object that holds one such array.
//!
//! In: an open file, read twice: once for the names of the columns, once for the rows. Out: one table whose row 0 holds
//! the names; a name inside a name is written `outer.inner`, several values are joined by `; `. Numbers keep their text.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::super::ReadError;
use super::frames::FrameWriter;
use super::walk::Place;
use super::{Row, encoding};

/// Objects inside objects.
const DEEPEST: usize = 16;

/// Reads the table.
///
/// # Errors
/// When a record is no object, or the text breaks off.
pub fn read(file: File, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let again = file.try_clone().map_err(|cause| ReadError::io(&cause))?;
    let mut columns = Columns { names: Vec::new(), places: HashMap::new(), most: place.limits.columns };
    each_record(again, place, &mut |_, cells| cells.iter().try_for_each(|(name, _)| columns.place(name).map(|_| ())))?;
    out.table(&place.table())?;
    let mut row = Row::default();
    columns.names.iter().for_each(|name| row.cells.push_field(name.as_bytes()));
    out.row(&row)?;
    let mut line = vec![String::new(); columns.names.len()];
    each_record(file, place, &mut |number, cells| {
        line.iter_mut().for_each(String::clear);
        for (name, value) in cells {
            if let Some(cell) = line.get_mut(columns.place(&name)?) {
                if !cell.is_empty() {
                    cell.push_str("; ");
                }
                cell.push_str(&value);
            }
        }
        row.number = number;
        row.cells.clear();
        line.iter().for_each(|cell| row.cells.push_field(cell.as_bytes()));
        out.row(&row)
    })
}

struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
    most: usize,
}

impl Columns {
    fn place(&mut self, name: &str) -> Result<usize, ReadError> {
        if let Some(place) = self.places.get(name) {
            return Ok(*place);
        }
        if self.names.len() >= self.most {
            let message = format!("the records have more than {} different names", self.most);
            return Err(
                ReadError::new("too-many-columns", message).hint("export fewer names, or raise `limits: columns`")
            );
        }
        self.places.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        Ok(self.names.len() - 1)
    }
}

type Cells = Vec<(String, String)>;
type Take<'t> = dyn FnMut(u64, Cells) -> Result<(), ReadError> + 't;

/// Hands on each record with its number: the line that it begins on, or its place in the array.
fn each_record(mut file: File, place: &Place<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    file.rewind().map_err(|cause| ReadError::io(&cause))?;
    let limits = place.limits;
    let text = encoding::open(super::compressed::open(file, limits)?, place.encoding)?;
    let mut text = BufReader::with_capacity(1 << 16, text);
    match first_letter(&mut text)? {
        Some(b'[') => array(text, take),
        _ => lines(text, limits.row, take),
    }
}

/// The first byte that is no blank and no byte-order mark, left in the text.
fn first_letter(text: &mut impl BufRead) -> Result<Option<u8>, ReadError> {
    loop {
        let buffer = text.fill_buf().map_err(ReadError::from_io)?;
        let Some(first) = buffer.first().copied() else { return Ok(None) };
        if !first.is_ascii_whitespace() && !matches!(first, 0xEF | 0xBB | 0xBF) {
            return Ok(Some(first));
        }
        text.consume(1);
    }
}

fn lines(mut text: impl BufRead, longest: usize, take: &mut Take<'_>) -> Result<(), ReadError> {
    let (mut line, mut number) = (String::new(), 0);
    loop {
        line.clear();
        let read = text.by_ref().take(longest as u64 + 1).read_line(&mut line).map_err(ReadError::from_io)?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        if read > longest {
            let message = format!("a line has more than {longest} bytes");
            return Err(ReadError { row: Some(number), ..ReadError::new("row-too-long", message) }
                .hint("write one record a line"));
        }
        if line.trim().is_empty() {
            continue;
        }
        // A single line may be a document with the records inside.
        if number == 1 && text.fill_buf().map_err(ReadError::from_io)?.is_empty() {
            return document(line, text, longest, take);
        }
        match record(&line) {
            Ok(cells) => take(number, cells)?,
            // One object over many lines is a document, perhaps with the records inside.
            Err(cause) if number == 1 && cause.is_eof() => return document(line, text, longest, take),
            Err(cause) => {
                let ended = text.fill_buf().map_err(ReadError::from_io)?.is_empty();
                return Err(bad_record(number, cause, ended));
            }
        }
    }
}

fn record(line: &str) -> serde_json::Result<Cells> {
    let mut cells = Cells::new();
    let mut reader = serde_json::Deserializer::from_str(line);
    Flat { name: "", cells: &mut cells, depth: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(cells)
}

fn bad_record(number: u64, cause: serde_json::Error, ended: bool) -> ReadError {
    if cause.is_io() {
        let error = ReadError::from_io(cause.into());
        return ReadError { row: error.row.or(Some(number)), ..error };
    }
    let code = if cause.is_eof() && ended { "cut-short" } else { "malformed" };
    ReadError { row: Some(number), ..ReadError::new(code, format!("record {number} is no JSON object: {cause}")) }
        .hint("write one object a line, or one array of objects")
}

/// A document that is one object: the records are in the array inside it, else it is the only record.
fn document(start: String, mut text: impl BufRead, longest: usize, take: &mut Take<'_>) -> Result<(), ReadError> {
    let mut whole = start;
    text.by_ref().take(longest as u64).read_to_string(&mut whole).map_err(ReadError::from_io)?;
    if whole.len() > longest {
        let message = format!("the document is one object of more than {longest} bytes");
        return Err(ReadError::new("row-too-long", message).hint("write one record a line"));
    }
    let document: Value = serde_json::from_str(&whole).map_err(|cause| bad_record(1, cause, true))?;
    let tables = document.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array());
    let records = tables.filter(|items| items.first().is_some_and(Value::is_object)).max_by_key(|items| items.len());
    match records {
        Some(records) => elements(records.iter(), take),
        None => elements(std::iter::once(&document), take),
    }
}

/// Hands on values that are in memory already.
fn elements<'v>(values: impl Iterator<Item = &'v Value>, take: &mut Take<'_>) -> Result<(), ReadError> {
    for (value, number) in values.zip(1..) {
        let mut cells = Cells::new();
        let flat = Flat { name: "", cells: &mut cells, depth: 0 };
        flat.deserialize(value).map_err(|cause| bad_record(number, cause, false))?;
        take(number, cells)?;
    }
    Ok(())
}

fn array(text: impl Read, take: &mut Take<'_>) -> Result<(), ReadError> {
    let mut failed = None;
    let mut number = 0;
    let records = Records { take, number: &mut number, failed: &mut failed };
    let mut reader = serde_json::Deserializer::from_reader(text);
    let read = records.deserialize(&mut reader);
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, Err(cause)) => {
            let ended = cause.is_eof();
            Err(bad_record(number + 1, cause, ended))
        }
        (None, Ok(())) => Ok(()),
    }
}

/// Hands on the elements of an array one by one.
struct Records<'r, 't> {
    take: &'r mut Take<'t>,
    number: &'r mut u64,
    failed: &'r mut Option<ReadError>,
}

impl<'de> DeserializeSeed<'de> for Records<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        loop {
            let mut cells = Cells::new();
            if records.next_element_seed(Flat { name: "", cells: &mut cells, depth: 0 })?.is_none() {
                return Ok(());
            }
            *self.number += 1;
            if let Err(error) = (self.take)(*self.number, cells) {
                *self.failed = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
    }
}

/// A value → cells; objects go inwards, arrays repeat their name.
struct Flat<'c> {
    name: &'c str,
    cells: &'c mut Cells,
    depth: usize,
}

impl Flat<'_> {
    fn push(self, text: impl fmt::Display) {
        self.cells.push((self.name.to_owned(), text.to_string()));
    }
}

impl<'de> DeserializeSeed<'de> for Flat<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        match self.depth {
            0 => reader.deserialize_map(self),
            _ => reader.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Flat<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let name = if self.name.is_empty() { key } else { format!("{}.{key}", self.name) };
            if self.depth >= DEEPEST {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(Flat { name: &name, cells: self.cells, depth: self.depth + 1 })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.depth >= DEEPEST {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        while items.next_element_seed(Flat { name: self.name, cells: self.cells, depth: self.depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.push(text);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.push(number);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.push(number);
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.push(super::cell::number(number));
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
