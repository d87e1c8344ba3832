//! Words: evidence, numbers, countries and places → what a reader of the mail reads. Pure.

use rust_decimal::Decimal;

use super::passage::clean;
pub use super::why::why;
use crate::record::{Field, Record, SourceFile};
use crate::value::country_name;

/// `3 records`, `1 record`.
pub fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(&count.to_string()))
}

/// A decimal text with thousands separators and cents when there are any; other text as it is.
pub fn amount(decimal: &str) -> String {
    match decimal.trim().parse::<Decimal>() {
        Ok(number) => {
            let cents = number.round_dp(2).normalize();
            let text = if cents.is_integer() { cents.to_string() } else { format!("{cents:.2}") };
            grouped(&text)
        }
        Err(_) => clean(decimal, 60),
    }
}

fn grouped(number: &str) -> String {
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, rest) = number.find('.').map_or((number, ""), |at| number.split_at(at));
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// `Russian Federation (RU)`, or the cell when it is no known code.
pub fn country(code: &str) -> String {
    match country_name(code) {
        Some(name) => format!("{name} ({})", clean(code, 2)),
        None => clean(code, 60),
    }
}

/// `exports.zip / october.csv / sheet Data`.
pub fn file(source: &SourceFile) -> String {
    let mut parts = vec![source.file.clone()];
    parts.extend(source.member.clone());
    parts.extend(source.sheet.as_ref().map(|sheet| format!("sheet {sheet}")));
    clean(&parts.join(" / "), 300)
}

/// `october.csv, row 7, declaration 10702070/241022/0001, item 2`.
pub fn place(record: &Record) -> String {
    let mut parts = vec![file(&record.source), format!("row {}", record.row)];
    parts.extend(record.get(Field::DeclarationId).map(|id| format!("declaration {}", clean(id, 80))));
    parts.extend(record.get(Field::ItemNumber).map(|item| format!("item {}", clean(item, 20))));
    parts.join(", ")
}

/// The word for a field: `consignee`, `HS code`, `column ‘Vendor’`.
pub fn field(name: &str) -> String {
    if let Some(heading) = name.strip_prefix("raw.") {
        return format!("column ‘{}’", clean(heading, 60));
    }
    let name = name.strip_suffix(".name").unwrap_or(name);
    let spaced = clean(&name.replace(['.', '_'], " "), 60);
    match spaced.as_str() {
        "hs code" => "HS code".to_owned(),
        "hs description" => "HS description".to_owned(),
        "value usd" => "value in USD".to_owned(),
        "net mass kg" => "net mass in kg".to_owned(),
        "gross mass kg" => "gross mass in kg".to_owned(),
        "usd per kg" => "price in USD per kg".to_owned(),
        _ => spaced.replace(" id", " ID").replace(" usd", " USD"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        for (decimal, expected) in [
            ("1234567.891", "1,234,567.89"),
            ("123", "123"),
            ("-1000", "-1,000"),
            ("0.5", "0.50"),
            ("1500.00", "1,500"),
            ("n/a", "n/a"),
            ("", ""),
        ] {
            assert_eq!(amount(decimal), expected);
        }
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(12000, "record"), "12,000 records");
    }
}
