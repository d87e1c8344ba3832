//! dBase and FoxPro tables. The structure is read here and not by a library, because a numeric field is text of up to 20
//! digits that no floating-point number holds, and because the code page is often not written down.
//!
//! In: an open file. Out: one table whose row 0 holds the names of the fields. Deleted records are passed over. Sources:
//! the dBase III/IV table file format (header, field descriptors) and Visual FoxPro's "Table File Structure" and "Code
//! Pages Supported by Visual FoxPro".

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use encoding_rs::{Encoding, IBM866};

use super::super::ReadError;
use super::frames::FrameWriter;
use super::walk::Place;
use super::{Row, Table, cell, encoding};

const HEADER: usize = 32;
const DESCRIPTOR: usize = 32;
const DESCRIPTORS_END: u8 = 0x0D;
const DELETED: u8 = b'*';
const FILE_END: u8 = 0x1A;
/// First bytes of the formats that have this structure.
const VERSIONS: [u8; 15] = [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xCB, 0xF5, 0xFB];
/// Bytes of records that a missing code page is found in.
const SAMPLE: u64 = 1 << 20;

/// A field of the table.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name, in capitals as written.
    pub name: String,
    kind: u8,
    length: usize,
}

/// A table being read.
pub struct Dbf {
    bytes: BufReader<File>,
    /// In the order of the record.
    pub fields: Vec<Field>,
    encoding: &'static Encoding,
    record: Vec<u8>,
    stated: u64,
    /// Records passed, deleted ones too.
    number: u64,
}

/// Whether bytes begin like such a table.
pub fn begins(start: &[u8]) -> bool {
    let [version, _, month, day, ..] = *start else { return false };
    let sane = VERSIONS.contains(&version) && month <= 12 && day <= 31;
    let (header, record) = (short(start, 8), short(start, 10));
    let first = start.get(HEADER..HEADER + DESCRIPTOR).and_then(descriptor);
    sane && header > HEADER + DESCRIPTOR && record > 1 && first.is_some()
}

fn short(bytes: &[u8], at: usize) -> usize {
    let pair = bytes.get(at..at + 2).and_then(|pair| <[u8; 2]>::try_from(pair).ok());
    usize::from(pair.map_or(0, u16::from_le_bytes))
}

fn descriptor(bytes: &[u8]) -> Option<Field> {
    let name = bytes.get(..11)?.split(|byte| *byte == 0).next()?;
    let printable = !name.is_empty() && name.iter().all(|byte| *byte >= 0x20);
    let kind = *bytes.get(11)?;
    if !printable || !kind.is_ascii_alphabetic() && !matches!(kind, b'@' | b'+') {
        return None;
    }
    let (low, high) = (usize::from(*bytes.get(16)?), usize::from(*bytes.get(17)?));
    // A text longer than 255 keeps its high byte where numbers keep their decimals.
    let length = if kind == b'C' { low + (high << 8) } else { low };
    Some(Field { name: IBM866.decode(name).0.trim().to_owned(), kind, length })
}

/// The encoding that byte 29 names; 437 and 850 hold no letters that tell, and are looked at like none.
fn named_encoding(byte: u8) -> Option<&'static Encoding> {
    let label = match byte {
        0x26 | 0x65 => "ibm866",
        0x03 | 0x57 | 0x58 | 0x59 => "windows-1252",
        0x4D | 0x7A => "gbk",
        0x4E | 0x79 => "euc-kr",
        0x4F | 0x78 => "big5",
        0x13 | 0x7B => "shift_jis",
        0xC8 => "windows-1250",
        0xC9 => "windows-1251",
        0xCA => "windows-1254",
        0xCB => "windows-1253",
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

impl Dbf {
    /// Opens a table; `named` overrides its own code page.
    ///
    /// # Errors
    /// When the header is broken.
    pub fn open(mut file: File, named: Option<&str>) -> Result<Dbf, ReadError> {
        file.rewind().map_err(|cause| ReadError::io(&cause))?;
        let mut bytes = BufReader::with_capacity(1 << 16, file);
        let mut header = [0; HEADER];
        bytes.read_exact(&mut header).map_err(|_| broken("it ends inside its header"))?;
        let (header_length, length) = (short(&header, 8), short(&header, 10));
        let mut fields = Vec::new();
        for _ in 0..(header_length.saturating_sub(HEADER)) / DESCRIPTOR {
            let mut bytes_of_one = [0; DESCRIPTOR];
            bytes.read_exact(&mut bytes_of_one).map_err(|_| broken("it ends inside its header"))?;
            if bytes_of_one.first() == Some(&DESCRIPTORS_END) {
                break;
            }
            let field = descriptor(&bytes_of_one).ok_or_else(|| broken("a field has no name or no type"))?;
            fields.push(field);
        }
        let sum: usize = fields.iter().map(|field| field.length).sum();
        if fields.is_empty() || sum + 1 != length {
            return Err(broken(&format!("its records have {length} bytes, its fields {sum}")));
        }
        let records_at = header_length as u64;
        let own = header.get(29).and_then(|byte| named_encoding(*byte));
        let encoding = match named.and_then(encoding::named) {
            Some(encoding) => encoding,
            None => {
                bytes.seek(SeekFrom::Start(records_at)).map_err(|cause| ReadError::io(&cause))?;
                let mut sample = Vec::new();
                bytes.by_ref().take(SAMPLE).read_to_end(&mut sample).map_err(|cause| ReadError::io(&cause))?;
                encoding::of_records(&texts(&sample, &fields, length), own)?
            }
        };
        bytes.seek(SeekFrom::Start(records_at)).map_err(|cause| ReadError::io(&cause))?;
        let stated = header.get(4..8).and_then(|four| <[u8; 4]>::try_from(four).ok()).map_or(0, u32::from_le_bytes);
        Ok(Dbf { bytes, fields, encoding, record: vec![0; length], stated: stated.into(), number: 0 })
    }

    /// How many letters a field holds, 0 when there is none of that name.
    pub fn width(&self, name: &str) -> usize {
        self.fields.iter().find(|field| field.name == name).map_or(0, |field| field.length)
    }

    /// The names of the fields as row 0.
    pub fn header(&self) -> Row {
        let mut row = Row::default();
        self.fields.iter().for_each(|field| row.cells.push_field(field.name.as_bytes()));
        row
    }

    /// Reads the next record that is not deleted.
    ///
    /// # Errors
    /// When the file ends before the number of records that it states.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, ReadError> {
        loop {
            if self.number >= self.stated || !self.fill()? {
                return Ok(false);
            }
            self.number += 1;
            if self.record.first() != Some(&DELETED) {
                break;
            }
        }
        row.number = self.number;
        row.cells.clear();
        let mut at = 1;
        for field in &self.fields {
            let raw = self.record.get(at..at + field.length).unwrap_or_default();
            row.cells.push_field(text(field, raw, self.encoding).as_bytes());
            at += field.length;
        }
        Ok(true)
    }

    /// The next record's bytes; `false` at the end mark.
    fn fill(&mut self) -> Result<bool, ReadError> {
        let mut filled = 0;
        while let Some(room) = self.record.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.bytes.read(room).map_err(|cause| ReadError::io(&cause))? {
                0 => break,
                read => filled += read,
            }
        }
        if filled == self.record.len() && self.record.first() != Some(&FILE_END) {
            return Ok(true);
        }
        Err(ReadError {
            row: Some(self.number + 1),
            ..broken(&format!("it ends after {} of {} records", self.number, self.stated))
        })
    }
}

/// The texts of whole records, a line each.
fn texts(sample: &[u8], fields: &[Field], length: usize) -> Vec<u8> {
    let mut texts = Vec::new();
    for record in sample.chunks_exact(length) {
        let mut at = 1;
        for field in fields {
            if matches!(field.kind, b'C' | b'V') {
                texts.extend_from_slice(record.get(at..at + field.length).unwrap_or_default());
                texts.push(b'\n');
            }
            at += field.length;
        }
    }
    texts
}

/// A field's bytes as a person reads them. Memo texts lie in another file and are empty here.
fn text(field: &Field, raw: &[u8], encoding: &'static Encoding) -> String {
    let ascii = || String::from_utf8_lossy(raw).trim().to_owned();
    match field.kind {
        b'C' | b'V' => encoding.decode_without_bom_handling(raw).0.trim_matches(['\0', ' ']).to_owned(),
        b'D' => {
            let digits = ascii();
            match (digits.get(..4), digits.get(4..6), digits.get(6..8)) {
                (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
                _ => digits,
            }
        }
        b'I' | b'+' => four(raw).map_or_else(String::new, |number| number.to_string()),
        b'B' | b'O' => eight(raw).map_or_else(String::new, |bytes| cell::number(f64::from_le_bytes(bytes))),
        b'Y' => eight(raw).map_or_else(String::new, |bytes| {
            rust_decimal::Decimal::new(i64::from_le_bytes(bytes), 4).normalize().to_string()
        }),
        b'T' | b'@' => day_and_time(raw).unwrap_or_default(),
        b'L' => ascii().replace('?', ""),
        b'M' | b'G' | b'P' | b'W' | b'0' => String::new(),
        // Numbers are texts already; a row of stars is a number too wide for its field.
        _ => Some(ascii()).filter(|text| !text.contains('*')).unwrap_or_default(),
    }
}

fn four(raw: &[u8]) -> Option<i32> {
    raw.try_into().ok().map(i32::from_le_bytes)
}

fn eight(raw: &[u8]) -> Option<[u8; 8]> {
    raw.try_into().ok()
}

/// A Julian day number and milliseconds since midnight.
fn day_and_time(raw: &[u8]) -> Option<String> {
    const UNIX_EPOCH: i32 = 2_440_588;
    let (day, clock) = (four(raw.get(..4)?)?, four(raw.get(4..8)?)?);
    let days = day.checked_sub(UNIX_EPOCH).filter(|_| day != 0)?;
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    let part = |divisor: i32, modulus: i32| u8::try_from(clock / divisor % modulus).unwrap_or(0);
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    Some(cell::moment((date.year().into(), month, day), (part(3_600_000, 24), part(60_000, 60), part(1000, 60))))
}

/// Reads the table.
///
/// # Errors
/// When it is broken or cut short.
pub fn read(file: File, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let mut table = Dbf::open(file, place.encoding)?;
    out.table(&place.table())?;
    out.row(&table.header())?;
    let mut row = Row::default();
    while table.next(&mut row)? {
        out.row(&row)?;
    }
    let memos: Vec<&str> =
        table.fields.iter().filter(|field| field.kind == b'M').map(|field| field.name.as_str()).collect();
    if memos.is_empty() {
        return Ok(());
    }
    let unread = format!("the texts of its memo fields ({}) lie in another file and were not read", memos.join(", "));
    out.table(&Table { unread: Some(unread), ..place.table() })
}

fn broken(what: &str) -> ReadError {
    ReadError::new("cut-short", format!("the DBF table is damaged or not complete: {what}"))
        .hint("drop the whole file again, or export it as CSV")
}
