//! What a file is, by its content. Names and extensions decide nothing.

use std::fs::File;
use std::io::{Read, Seek};

use super::super::{Limits, ReadError};
use super::{compressed, dbf, encoding};

/// Bytes at the start that a decision is made on.
const START: usize = 64 << 10;
/// Letters of a text that are looked at for the marks of a format.
const MARKS: usize = 4096;

/// What can be read, and what is known and refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// CSV, TSV, `;` and `|`: what is nothing else.
    Delimited,
    /// JSON lines, an array of objects, or an object that holds one.
    Json,
    /// Tables of a web page, often named `.xls`.
    Html,
    /// XLSX, XLSM, XLSB, ODS or XLS.
    Workbook,
    /// dBase and FoxPro tables.
    Dbf,
    /// Apache Parquet.
    Parquet,
    /// An archive of members.
    Zip,
    /// An archive of members.
    SevenZip,
    /// Its name, and what to do.
    Refused(&'static str, &'static str),
}

impl Kind {
    /// What a person calls it.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Delimited => "delimited text",
            Kind::Json => "JSON",
            Kind::Html => "tables of a web page",
            Kind::Workbook => "workbook (XLS)",
            Kind::Dbf => "DBF table",
            Kind::Parquet => "Parquet",
            Kind::Zip => "ZIP archive",
            Kind::SevenZip => "7z archive",
            Kind::Refused(what, _) => what,
        }
    }
}

/// Formats by their first bytes. The sources are the formats' own specifications: PKWARE APPNOTE 4.3.7, MS-CFB 2.2,
/// 7zFormat.txt, Apache Parquet's `PAR1`.
const MAGIC: [(&[u8], Kind); 8] = [
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind::Workbook),
    (b"7z\xBC\xAF\x27\x1C", Kind::SevenZip),
    (b"PAR1", Kind::Parquet),
    (b"Rar!\x1A\x07", Kind::Refused("a RAR archive", "unpack it and drop what is inside, or pack it as ZIP")),
    (b"%PDF", Kind::Refused("a PDF document", "export the table as CSV or as a workbook")),
    (b"BZh", Kind::Refused("compressed by bzip2", "compress it with gzip or zstd, or drop it uncompressed")),
];

/// The kind of an open file, seen through gzip or Zstandard; the file is at its start again.
///
/// # Errors
/// When it cannot be read, is empty or is too large.
pub fn of_file(file: File, named: Option<&str>, limits: &Limits) -> Result<(Kind, File), ReadError> {
    let again = file.try_clone().map_err(|cause| ReadError::io(&cause))?;
    let mut start = Vec::new();
    compressed::open(file, limits)?.take(START as u64).read_to_end(&mut start).map_err(ReadError::from_io)?;
    let mut file = again;
    file.rewind().map_err(|cause| ReadError::io(&cause))?;
    Ok((of_start(&start, named), file))
}

/// The kind by the first bytes; `named` is the encoding of texts where it is known.
pub fn of_start(start: &[u8], named: Option<&str>) -> Kind {
    let magic = MAGIC.iter().find(|(magic, _)| start.starts_with(magic));
    if let Some((_, kind)) = magic {
        return *kind;
    }
    if dbf::begins(start) {
        return Kind::Dbf;
    }
    of_text(&encoding::first_letters(start, named, MARKS))
}

fn of_text(text: &str) -> Kind {
    let text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    if let Some(rest) = text.strip_prefix('{') {
        let next = rest.trim_start().chars().next();
        return if matches!(next, Some('"' | '}')) { Kind::Json } else { Kind::Delimited };
    }
    if let Some(rest) = text.strip_prefix('[') {
        return if rest.trim_start().starts_with(['{', ']']) { Kind::Json } else { Kind::Delimited };
    }
    if !text.starts_with('<') {
        return Kind::Delimited;
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("urn:schemas-microsoft-com:office:spreadsheet") && lower.contains("<workbook") {
        return Kind::Refused("a workbook in XML of Excel 2003", "save it as XLSX or CSV");
    }
    if ["<table", "<html", "<!doctype html", "<tr", "<body"].iter().any(|mark| lower.contains(mark)) {
        return Kind::Html;
    }
    if lower.starts_with("<?xml") {
        return Kind::Refused("an XML document", "export the table as CSV or as a workbook");
    }
    Kind::Delimited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_content() {
        for (start, kind) in [
            (&b"a;b\n1;2\n"[..], Kind::Delimited),
            (b"{\"a\": 1}\n{\"a\": 2}\n", Kind::Json),
            (b"\xEF\xBB\xBF [ {\"a\": 1} ]", Kind::Json),
            (b"{note};x\n", Kind::Delimited),
            (b"[1] x;y\n", Kind::Delimited),
            (b"\n<HTML><body><TABLE><tr>", Kind::Html),
            (b"<meta charset=windows-1251><table border=1>", Kind::Html),
            (b"<5 kg;x\n", Kind::Delimited),
            (b"PAR1....", Kind::Parquet),
            (b"PK\x03\x04....", Kind::Zip),
        ] {
            assert_eq!(of_start(start, None), kind, "{}", String::from_utf8_lossy(start));
        }
        let utf16: Vec<u8> = "<html><table>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(of_start(&[&[0xFF, 0xFE], utf16.as_slice()].concat(), None), Kind::Html);
        assert!(matches!(of_start(b"Rar!\x1A\x07\x01\x00", None), Kind::Refused(..)));
        assert!(matches!(of_start(b"<?xml version=\"1.0\"?><a/>", None), Kind::Refused(..)));
    }
}
