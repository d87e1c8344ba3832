//! The reader's side of arm's length: a file of any format → its tables and rows, archives member by member.
//!
//! In: an open file. Out: frames. What cannot be read as a table is told as a table without rows; what is broken ends it.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};

use super::super::{Limits, ReadError};
use super::frames::FrameWriter;
use super::kind::{self, Kind};
use super::{Row, RowSource, Table, archive, compressed, dbf, delimited, encoding, html, json, parquet, workbook};

/// Bytes by which a member is known.
const START: u64 = 64 << 10;

/// Where in an archive the reading is, and what it may do.
pub struct Place<'a> {
    /// The encoding of texts, where it is known.
    pub encoding: Option<&'a str>,
    /// Limits.
    pub limits: &'a Limits,
    /// The member; none outside an archive.
    pub member: Option<String>,
    /// Archives around it.
    pub depth: u32,
}

impl Place<'_> {
    /// The table that the place itself is.
    pub fn table(&self) -> Table {
        Table { member: self.member.clone(), ..Table::default() }
    }

    /// A sheet at the place.
    pub fn sheet(&self, name: &str) -> Table {
        Table { sheet: Some(name.to_owned()), ..self.table() }
    }
}

/// Reads a file to its end.
///
/// # Errors
/// When it is broken, cut short or over a limit, or the parent has gone away.
pub fn read(file: File, encoding: Option<&str>, limits: &Limits, out: &mut FrameWriter) -> Result<(), ReadError> {
    let place = Place { encoding, limits, member: None, depth: 0 };
    let size = file.metadata().map_err(|cause| ReadError::io(&cause))?.len();
    let (kind, file) = kind::of_file(file, encoding, limits)?;
    let mut start = Vec::new();
    let mut again = file.try_clone().map_err(|cause| ReadError::io(&cause))?;
    again.by_ref().take(8).read_to_end(&mut start).map_err(ReadError::from_io)?;
    again.rewind().map_err(|cause| ReadError::io(&cause))?;
    if !compressed::is_compressed(&start) {
        return whole(kind, file, &place, out);
    }
    let stream = compressed::stream(&start, Box::new(file), (size, limits))?;
    streamed(kind, stream, &place, out)
}

/// A member of an archive, as a stream of `size` compressed bytes at most.
///
/// # Errors
/// As [`read`].
pub fn member(bytes: &mut dyn Read, size: u64, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let mut start = Vec::new();
    bytes.take(START).read_to_end(&mut start).map_err(ReadError::from_io)?;
    if start.is_empty() {
        return Ok(());
    }
    let compressed = compressed::is_compressed(&start);
    let head = start.clone();
    let joined: Box<dyn Read + '_> = Box::new(Cursor::new(start).chain(bytes));
    if !compressed {
        return streamed(kind::of_start(&head, place.encoding), joined, place, out);
    }
    let mut inner = compressed::stream(&head, joined, (size, place.limits))?;
    let mut start = Vec::new();
    inner.by_ref().take(START).read_to_end(&mut start).map_err(ReadError::from_io)?;
    let kind = kind::of_start(&start, place.encoding);
    streamed(kind, Box::new(Cursor::new(start).chain(inner)), place, out)
}

/// Reads what is read from front to back as it comes; the rest goes through a file without a name.
fn streamed(
    kind: Kind,
    mut bytes: Box<dyn Read + '_>,
    place: &Place<'_>,
    out: &mut FrameWriter,
) -> Result<(), ReadError> {
    match kind {
        Kind::Delimited => text(bytes, place, out),
        Kind::Html => html::read(encoding::open(bytes, place.encoding)?, place, out),
        Kind::Workbook | Kind::Dbf | Kind::Json | Kind::Parquet | Kind::Zip | Kind::SevenZip | Kind::Refused(..) => {
            let mut file = tempfile::tempfile().map_err(|cause| ReadError::io(&cause))?;
            io::copy(&mut bytes, &mut file).map_err(ReadError::from_io)?;
            file.rewind().map_err(|cause| ReadError::io(&cause))?;
            whole(kind, file, place, out)
        }
    }
}

fn whole(kind: Kind, file: File, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    match kind {
        Kind::Delimited => text(Box::new(file), place, out),
        Kind::Html => html::read(encoding::open(Box::new(file), place.encoding)?, place, out),
        Kind::Json => json::read(file, place, out),
        Kind::Workbook => workbook::read(file, workbook::Form::Xls, place, out),
        Kind::Dbf => dbf::read(file, place, out),
        Kind::Parquet => parquet::read(file, place, out),
        Kind::Zip => archive::zip(file, place, out),
        Kind::SevenZip => archive::seven_zip(file, place, out),
        Kind::Refused(what, advice) => {
            out.table(&Table { unread: Some(format!("it is {what}, which is not read: {advice}")), ..place.table() })
        }
    }
}

fn text(bytes: Box<dyn Read + '_>, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let text = match encoding::open(bytes, place.encoding) {
        Ok(text) => text,
        // Beside tables an archive may hold pictures and the like.
        Err(error) if error.code == "not-text" && place.member.is_some() => {
            return out.table(&Table { unread: Some("it is no table and no text".to_owned()), ..place.table() });
        }
        Err(error) => return Err(error),
    };
    let encoding = text.encoding();
    let mut rows = delimited::open(text, encoding, place.limits)?;
    let mut row = Row::default();
    let table = rows.next_table()?.unwrap_or_default();
    out.table(&Table { member: place.member.clone(), ..table })?;
    while rows.next_row(&mut row)? {
        out.row(&row)?;
    }
    Ok(())
}
