//! Words: evidence, numbers, countries and places → what a reader of the mail reads. Pure.

use rust_decimal::Decimal;

use super::passage::{clean, cut};
use crate::finding::Evidence;
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
        _ => spaced.replace(" id", " ID").replace(" usd", " USD"),
    }
}

/// One sentence that says why: the field, what was asked, what answered, and for a party who it is.
pub fn why(evidence: &Evidence) -> String {
    let field = field(&evidence.field);
    let matched = clean(&evidence.matched, 160);
    let sentence = match &evidence.entity {
        Some(entity) => {
            let path: Vec<String> = evidence.path.iter().map(|step| clean(step, 300)).collect();
            let basis = if path.is_empty() { String::new() } else { format!(": {}", path.join("; ")) };
            let possible =
                if evidence.possible { ", possibly under the owner asked for (a share is unknown)" } else { "" };
            format!("{field} ‘{matched}’ {}{possible}{basis}", likeness(&clean(entity, 160), evidence.score))
        }
        None => {
            let asked = format!("{field} {} {}", verb(&evidence.operator), clean(&evidence.value, 160));
            match matched.as_str() {
                "" => asked.trim_end().to_owned(),
                _ => format!("{}: ‘{matched}’", asked.trim_end()),
            }
        }
    };
    cut(&sentence, 900)
}

fn likeness(entity: &str, score: Option<u16>) -> String {
    match score {
        Some(score) if score < 100 => format!("is written like {entity} (0.{score:02})"),
        _ => format!("is {entity}"),
    }
}

fn verb(operator: &str) -> String {
    match operator {
        "" | "equals" | "is" => "is".to_owned(),
        "startswith" => "starts with".to_owned(),
        "endswith" => "ends with".to_owned(),
        "re" => "matches".to_owned(),
        "hs" => "is under".to_owned(),
        "gt" => "is more than".to_owned(),
        "gte" => "is at least".to_owned(),
        "lt" => "is less than".to_owned(),
        "lte" => "is at most".to_owned(),
        "in" => "is one of".to_owned(),
        other => clean(&other.replace(['_', '|'], " "), 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(field: &str, operator: &str, value: &str, matched: &str) -> Evidence {
        Evidence {
            selection: "s".into(),
            field: field.into(),
            operator: operator.into(),
            value: value.into(),
            matched: matched.into(),
            entity: None,
            score: None,
            path: vec![],
            possible: false,
        }
    }

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

    #[test]
    fn evidence_is_a_sentence() {
        let mention = evidence("description", "mentions", "Su-35*", "СУ-35");
        assert_eq!(why(&mention), "description mentions Su-35*: ‘СУ-35’");
        assert_eq!(why(&evidence("hs_code", "hs", "8803", "880330")), "HS code is under 8803: ‘880330’");
        assert_eq!(why(&evidence("raw.Vendor", "", "X\r\nBcc: y", "")), "column ‘Vendor’ is X Bcc: y");
    }

    #[test]
    fn a_party_is_named_with_how_it_was_identified() {
        let mut party = evidence("consignee.name", "owned_by", "Rostec", "АО КРЭТ");
        party.entity = Some("KRET".into());
        party.path = vec!["INN 7703695246 is KRET's".into(), "KRET —subsidiary→ Rostec".into()];
        let known = "consignee ‘АО КРЭТ’ is KRET: INN 7703695246 is KRET's; KRET —subsidiary→ Rostec";
        assert_eq!(why(&party), known);
        party.possible = true;
        assert!(why(&party).contains("is KRET, possibly under the owner asked for (a share is unknown): INN"));
        party.possible = false;
        party.score = Some(97);
        party.path.clear();
        assert_eq!(why(&party), "consignee ‘АО КРЭТ’ is written like KRET (0.97)");
    }
}
