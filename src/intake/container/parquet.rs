//! Apache Parquet, by its record interface.
//!
//! In: an open file. Out: one table whose row 0 holds the names of the columns. Nested values are written as JSON.

use std::fs::File;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::super::ReadError;
use super::Row;
use super::cell;
use super::frames::FrameWriter;
use super::walk::Place;

/// Reads the table.
///
/// # Errors
/// When it is broken.
pub fn read(file: File, place: &Place<'_>, out: &mut FrameWriter) -> Result<(), ReadError> {
    let table = SerializedFileReader::new(file).map_err(broken)?;
    let mut row = Row::default();
    let schema = table.metadata().file_metadata().schema_descr().root_schema_ptr();
    schema.get_fields().iter().for_each(|field| row.cells.push_field(field.name().as_bytes()));
    out.table(&place.table())?;
    out.row(&row)?;
    for record in table.get_row_iter(None).map_err(broken)? {
        let record = record.map_err(|cause| ReadError { row: Some(row.number + 1), ..broken(cause) })?;
        row.number += 1;
        row.cells.clear();
        record.get_column_iter().for_each(|(_, value)| row.cells.push_field(shown(value).as_bytes()));
        out.row(&row)?;
    }
    Ok(())
}

fn shown(value: &Field) -> String {
    match value {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => cell::number(*number),
        Field::Date(days) => day(i64::from(*days), 0),
        Field::TimestampMillis(time) => clock(*time, 1000),
        Field::TimestampMicros(time) => clock(*time, 1_000_000),
        Field::ListInternal(list) => {
            let items: Vec<String> = list.elements().iter().map(shown).collect();
            items.join("; ")
        }
        Field::Group(_) | Field::MapInternal(_) => value.to_json_value().to_string(),
        other => other.to_string(),
    }
}

fn clock(time: i64, second: i64) -> String {
    const DAY: i64 = 86_400;
    let seconds = time.div_euclid(second);
    day(seconds.div_euclid(DAY), seconds.rem_euclid(DAY))
}

/// Days and seconds since 1970 → ISO 8601; what no calendar holds is empty.
fn day(days: i64, seconds: i64) -> String {
    let date =
        jiff::Span::new().try_days(days).ok().and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span).ok());
    let Some(date) = date else { return String::new() };
    let part = |value: i64| u8::try_from(value).unwrap_or(0);
    let (month, day) = (part(date.month().into()), part(date.day().into()));
    cell::moment((date.year().into(), month, day), (part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60)))
}

fn broken(cause: impl std::fmt::Display) -> ReadError {
    ReadError::new("cut-short", format!("the Parquet file is damaged or not complete: {cause}"))
        .hint("drop the whole file again, or export it as CSV")
}
