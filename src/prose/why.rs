//! Why: a piece of evidence → one sentence for a reader who knows no rule language: the field, what was asked, what the
//! cell says, and for a party who it is and how that is known. Pure.

use super::passage::{clean, cut};
use super::words::{amount, country, field};
use crate::finding::{Basis, Evidence};
use crate::record::{Field, FieldKind, Part};
use crate::value;

/// One sentence that says why.
pub fn why(evidence: &Evidence) -> String {
    let sentence = match &evidence.entity {
        Some(entity) => identity(evidence, &clean(entity, 160)),
        None => known(evidence).unwrap_or_else(|| {
            let operator = clean(&evidence.operator.replace(['_', '|'], " "), 60);
            format!("{} {operator} {}{}", field(&evidence.field), asked(evidence), quoted(evidence))
        }),
    };
    cut(&sentence, 900)
}

/// Who a party is, by what, and what follows from that.
fn identity(evidence: &Evidence, entity: &str) -> String {
    let party = format!("{} ‘{}’", field(&evidence.field), clean(&evidence.matched, 160));
    let alias = evidence.alias.as_ref().map(|alias| clean(alias, 160));
    let score = evidence.score.unwrap_or(100);
    let score = format!("({}.{:02})", score / 100, score % 100);
    let is = match (evidence.basis, alias) {
        (Some(Basis::Identifier), _) => format!("is {entity}"),
        (Some(Basis::Address), _) => format!("may be {entity}"),
        (Some(Basis::Name), None) => format!("is {entity} by name {score}"),
        (Some(Basis::Name), Some(alias)) => format!("is ‘{alias}’ by name {score}, which is {entity}"),
        (Some(Basis::Likeness), None) => format!("is written like {entity} {score}"),
        (Some(Basis::Likeness), Some(alias)) => format!("is written like ‘{alias}’ {score}, which is {entity}"),
        (None, _) if evidence.score.is_some_and(|score| score < 100) => format!("is written like {entity} {score}"),
        (None, _) => format!("is {entity}"),
    };
    let possible = match evidence.possible {
        true => ", possibly under the owner asked for (a share is unknown)",
        false => "",
    };
    // The first step says again how a name was recognised.
    let said = usize::from(matches!(evidence.basis, Some(Basis::Name | Basis::Likeness)));
    let mut steps: Vec<String> = evidence.path.iter().skip(said).map(|step| clean(step, 300)).collect();
    let list = evidence.entity_id.as_ref().and_then(|id| id.split_once('/')).map(|(list, _)| clean(list, 80));
    steps.extend(list.filter(|_| evidence.operator == "listed").map(|list| format!("it is in the list ‘{list}’")));
    let basis = if steps.is_empty() { String::new() } else { format!(": {}", steps.join("; ")) };
    format!("{party} {is}{possible}{basis}")
}

/// The sentence for an operator, `None` for one that this program does not know.
fn known(evidence: &Evidence) -> Option<String> {
    let (name, asked, quoted) = (field(&evidence.field), asked(evidence), quoted(evidence));
    let says = |words: &str| Some(format!("{name} {words} {asked}{quoted}"));
    match evidence.operator.as_str() {
        "mentions" => says("mentions"),
        "contains" => says("contains"),
        "startswith" => says("begins with"),
        "endswith" => says("ends with"),
        "re" => says("matches the pattern"),
        "hs" => says("is under"),
        "" | "equals" => says("is"),
        "exactly" => says("is exactly"),
        "neq" if evidence.matched.is_empty() => Some(format!("{name} is empty, and so is not {asked}")),
        "neq" => says("is not"),
        "exists" if evidence.matched.is_empty() => Some(format!("{name} is empty")),
        "exists" => Some(format!("{name} is filled in{quoted}")),
        "between" => {
            let (from, until) = evidence.value.split_once(", ")?;
            Some(format!("{name} is between {} and {}{quoted}", side(evidence, from), side(evidence, until)))
        }
        "on_or_after" => says("is on or after"),
        "before" => says("is before"),
        "country" => Some(of_country(evidence)),
        "entity" => says("has the name that is asked for,"),
        "listed" | "listed_on_date" => says("is listed under"),
        "owned_by" | "owned_by|ofac50" | "owned_by|control" => says("is under"),
        "address" => says("has an address of"),
        "party" => says("fits all that is asked of it,"),
        "differs" | "fieldref|neq" => against(evidence, "differs from"),
        "fieldref" => against(evidence, "is the same as"),
        "fieldref|contains" => against(evidence, "contains"),
        "fieldref|startswith" => against(evidence, "begins with"),
        "fieldref|endswith" => against(evidence, "ends with"),
        operator => match operator.strip_prefix("fieldref|") {
            Some(order) => against(evidence, order_words(evidence, order)?),
            None => match operator.split_once(' ') {
                None if matches!(operator, "day" | "week" | "month" | "year") => {
                    Some(format!("the {operator} of the {name} is {asked}{quoted}"))
                }
                None => says(order_words(evidence, operator)?),
                Some((part, order)) => of_part(evidence, part, order),
            },
        },
    }
}

/// `gt`, `gte`, `lt`, `lte` of numbers and of days.
fn order_words(evidence: &Evidence, order: &str) -> Option<&'static str> {
    let is_day = Field::from_name(&evidence.field).is_some_and(|field| field.kind() == FieldKind::Date);
    Some(match (order, is_day) {
        ("gt", false) => "is more than",
        ("gte", false) => "is at least",
        ("lt", false) => "is less than",
        ("lte", false) => "is at most",
        ("gt", true) => "is after",
        ("gte", true) => "is on or after",
        ("lt", true) => "is before",
        ("lte", true) => "is on or before",
        _ => return None,
    })
}

/// `the month of the declaration date is at least 3: ‘2022-10-24’`.
fn of_part(evidence: &Evidence, part: &str, order: &str) -> Option<String> {
    let asked = asked(evidence);
    let is = match order {
        "gt" => format!("is more than {asked}"),
        "gte" => format!("is at least {asked}"),
        "lt" => format!("is less than {asked}"),
        "lte" => format!("is at most {asked}"),
        "between" => format!("is between {}", asked.replace(", ", " and ")),
        _ => return None,
    };
    Some(format!("the {part} of the {} {is}{}", field(&evidence.field), quoted(evidence)))
}

/// Two cells of the record.
fn against(evidence: &Evidence, words: &str) -> Option<String> {
    let said = |name: &str, cell: Option<&str>| match cell.filter(|cell| !cell.trim().is_empty()) {
        Some(cell) if is_country(name) => format!("{} {}", field(name), country(cell)),
        Some(cell) => format!("{} ‘{}’", field(name), clean(cell, 160)),
        None => format!("{} (empty)", field(name)),
    };
    let left = said(&evidence.field, Some(&evidence.matched));
    Some(format!("{left} {words} {}", said(&evidence.value, evidence.other.as_deref())))
}

fn is_country(name: &str) -> bool {
    Field::from_name(name).is_some_and(|field| field.kind() == FieldKind::Country)
}

/// The country that a cell names, or that a party is of.
fn of_country(evidence: &Evidence) -> String {
    let (name, cell) = (field(&evidence.field), evidence.matched.trim());
    let from_list = match evidence.value.contains('%') {
        true => format!(", which is in {}", asked(evidence)),
        false => String::new(),
    };
    if is_party(&evidence.field) {
        let asked: Vec<String> = evidence.value.split(", ").map(named_country).collect();
        return format!("{name} ‘{}’ is of {}", clean(cell, 160), asked.join(" or "));
    }
    match value::country(cell) {
        Some(code) if code == cell => format!("{name} is {}{from_list}", country(code)),
        Some(code) => format!("{name} is {}{from_list}: ‘{}’", country(code), clean(cell, 160)),
        None => format!("{name} is {}{}", asked(evidence), quoted(evidence)),
    }
}

fn named_country(written: &str) -> String {
    value::country(written).map_or_else(|| list_or_text(written), country)
}

fn is_party(name: &str) -> bool {
    let field = Field::from_name(name).or_else(|| Field::from_name(&format!("{name}.name")));
    matches!(field, Some(Field::Party(_, Part::Name)))
}

/// What the rule asked for: numbers with their thousands parted, lists by their names.
fn asked(evidence: &Evidence) -> String {
    let parts: Vec<String> = evidence.value.split(", ").map(|part| side(evidence, part)).collect();
    clean(&parts.join(", "), 160)
}

fn side(evidence: &Evidence, written: &str) -> String {
    if is_number(evidence) { amount(written) } else { list_or_text(written) }
}

fn list_or_text(written: &str) -> String {
    match written.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
        Some(list) if !list.is_empty() => format!("the list ‘{}’", clean(list, 80)),
        _ => clean(written, 160),
    }
}

fn is_number(evidence: &Evidence) -> bool {
    evidence.field == "usd_per_kg"
        || Field::from_name(&evidence.field).is_some_and(|field| field.kind() == FieldKind::Number)
}

/// What the cell says, when that is more than what was asked.
fn quoted(evidence: &Evidence) -> String {
    let said = clean(&evidence.matched, 160);
    match said.as_str() {
        "" => String::new(),
        said if said == evidence.value => String::new(),
        said if is_number(evidence) && amount(said) == amount(&evidence.value) => String::new(),
        said if is_number(evidence) => format!(": {}", amount(said)),
        said => format!(": ‘{said}’"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party() -> Evidence {
        Evidence {
            selection: "s".into(),
            field: "consignee.name".into(),
            operator: "owned_by".into(),
            value: "Rostec".into(),
            matched: "АО КРЭТ".into(),
            entity: Some("KRET".into()),
            path: vec!["‘АО КРЭТ’ is written like KRET".into(), "KRET —subsidiary→ Rostec".into()],
            ..Evidence::default()
        }
    }

    #[test]
    fn a_text_of_a_record_breaks_no_sentence() {
        let evidence = |matched: &str| Evidence {
            field: "raw.Vendor".into(),
            operator: "equals".into(),
            value: "X\r\nBcc: y".into(),
            matched: matched.into(),
            ..Evidence::default()
        };
        assert_eq!(why(&evidence("")), "column ‘Vendor’ is X Bcc: y");
        assert_eq!(why(&evidence("a\r\n\u{202e}b")), "column ‘Vendor’ is X Bcc: y: ‘a b’");
        assert!(why(&evidence(&"x".repeat(5000))).chars().count() < 300);
    }

    #[test]
    fn what_follows_from_who_a_party_is_is_told_once_and_doubt_is_said() {
        let named = Evidence { basis: Some(Basis::Likeness), score: Some(97), ..party() };
        assert_eq!(why(&named), "consignee ‘АО КРЭТ’ is written like KRET (0.97): KRET —subsidiary→ Rostec");
        let possible = Evidence { possible: true, ..named };
        let doubt = "KRET (0.97), possibly under the owner asked for (a share is unknown): KRET";
        assert!(why(&possible).contains(doubt), "{}", why(&possible));
    }

    #[test]
    fn evidence_of_an_older_ledger_is_told_as_it_was() {
        let old = Evidence { score: Some(100), ..party() };
        assert!(why(&old).starts_with("consignee ‘АО КРЭТ’ is KRET: ‘АО КРЭТ’ is written like KRET; KRET —"));
        let old = Evidence { score: Some(97), path: vec![], ..party() };
        assert_eq!(why(&old), "consignee ‘АО КРЭТ’ is written like KRET (0.97)");
        let old = Evidence { entity: None, operator: "some_word".into(), path: vec![], ..party() };
        assert_eq!(why(&old), "consignee some word Rostec: ‘АО КРЭТ’");
    }
}
