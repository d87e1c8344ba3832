//! A finding as a reader sees it: parties, goods, facts, reasons and place, each text bounded, cleaned and in its two
//! forms. Pure; used by mails and by the report of a scan alike.

use serde::Serialize;

use super::passage::{Matched, Passage, clean, cut};
use super::words;
use crate::finding::{Evidence, Finding};
use crate::record::{Field, Part, Record, Role};
use crate::rule_card::{Level, RuleCard};

/// Letters of a name that are shown.
pub const NAME: usize = 200;
const GOODS: usize = 400;
const MOST_WHY: usize = 12;

/// A text under its label.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    /// What it is.
    pub label: String,
    /// The text.
    pub value: Passage,
}

/// What is shown of a finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingView {
    /// The declaration date, or `no date`.
    pub date: String,
    /// The consignor.
    pub from: Passage,
    /// The consignee.
    pub to: Passage,
    /// The consignor for a line of plain text.
    pub from_line: String,
    /// The consignee for a line of plain text.
    pub to_line: String,
    /// What was shipped.
    pub goods: Option<Labelled>,
    /// Value, code, countries, and what the rule names.
    pub facts: Vec<Labelled>,
    /// The evidence in sentences.
    pub why: Vec<String>,
    /// File, row, declaration.
    pub place: String,
}

impl FindingView {
    /// The view of a finding.
    pub fn of(finding: &Finding) -> FindingView {
        let (record, evidence) = (&finding.record, &finding.evidence);
        let name = |role| {
            let field = Field::Party(role, Part::Name);
            party(record.get(field).unwrap_or(""), &matched(evidence, &field.name()))
        };
        let (from, to) = (name(Role::Consignor), name(Role::Consignee));
        FindingView {
            date: record.get(Field::DeclarationDate).map_or_else(|| "no date".to_owned(), |date| clean(date, 40)),
            from_line: from.line(),
            to_line: to.line(),
            from,
            to,
            goods: goods(record, evidence),
            facts: facts(record, evidence, &finding.rule),
            why: reasons(evidence),
            place: words::place(record),
        }
    }
}

/// The colour of a level: white text on each of these has a contrast of at least 4.5 to 1.
pub fn color(level: Level) -> &'static str {
    match level {
        Level::Critical => "#b3122a",
        Level::High => "#b45309",
        Level::Medium => "#7a5c00",
        Level::Low => "#1f5f8b",
        Level::Informational => "#4b5563",
    }
}

/// A text without marks under a label.
pub fn labelled(label: impl Into<String>, value: &str, limit: usize) -> Labelled {
    Labelled { label: label.into(), value: Passage::plain(value, limit) }
}

/// Blank lines part paragraphs; a lone line end is just a space.
pub fn paragraphs(text: &str, limit: usize) -> Vec<String> {
    let text = cut(&text.replace("\r\n", "\n"), limit);
    text.split("\n\n").map(|part| clean(part, usize::MAX)).filter(|part| !part.is_empty()).collect()
}

/// A party's name with what matched in it.
pub fn party(name: &str, matched: &Matched) -> Passage {
    match name.trim() {
        "" => Passage { text: "not named".into(), html: "<i>not named</i>".into(), latin: None },
        name => Passage::marked(name, matched, NAME),
    }
}

fn reasons(evidence: &[Evidence]) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for sentence in evidence.iter().map(words::why) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    let more = sentences.len().saturating_sub(MOST_WHY) as u64;
    sentences.truncate(MOST_WHY);
    if more > 0 {
        sentences.push(format!("and {}", words::counted(more, "more reason")));
    }
    sentences
}

/// What to mark in a field: its own evidence, and that of a raw column (whose cell may be the field's), when it is
/// long enough to mean something.
fn matched<'a>(evidence: &'a [Evidence], field: &str) -> Matched<'a> {
    let stem = field.strip_suffix(".name").unwrap_or(field);
    let mut matched = Matched::default();
    for evidence in evidence {
        let own = evidence.field == field || evidence.field == stem;
        if own && !evidence.places.is_empty() {
            matched.places.extend(&evidence.places);
        } else if own || (evidence.field.starts_with("raw.") && evidence.matched.chars().count() > 2) {
            matched.texts.push(&evidence.matched);
        }
    }
    matched
}

fn goods(record: &Record, evidence: &[Evidence]) -> Option<Labelled> {
    let (field, label) = [(Field::Description, "Goods"), (Field::HsDescription, "Goods (tariff text)")]
        .into_iter()
        .find(|(field, _)| record.get(*field).is_some())?;
    let cell = record.get(field)?;
    Some(Labelled { label: label.into(), value: Passage::marked(cell, &matched(evidence, &field.name()), GOODS) })
}

fn facts(record: &Record, evidence: &[Evidence], rule: &RuleCard) -> Vec<Labelled> {
    let mut facts = Vec::new();
    facts.extend(value(record).map(|value| labelled("Value", &value, NAME)));
    let hs = record.get(Field::HsCode).map(|code| Labelled {
        label: "HS code".into(),
        value: Passage::marked(code, &matched(evidence, "hs_code"), NAME),
    });
    facts.extend(hs);
    facts.extend(countries(record).map(|countries| labelled("Countries", &countries, 400)));
    let usual = ["description", "hs_description", "hs_code", "value_usd", "declaration_date", "consignor", "consignee"];
    let named = rule.fields.iter().map(String::as_str).chain(evidence.iter().map(|evidence| evidence.field.as_str()));
    let mut seen: Vec<&str> = usual.to_vec();
    for name in named {
        let stem = name.strip_suffix(".name").unwrap_or(name);
        if seen.contains(&stem) || stem.ends_with("_country") || facts.len() >= 12 {
            continue;
        }
        seen.push(stem);
        let cell = cell(record, name);
        facts.extend(cell.map(|cell| Labelled {
            label: sentence_case(&words::field(name)),
            value: Passage::marked(cell, &matched(evidence, name), GOODS),
        }));
    }
    facts
}

/// A cell by the name that rules use: canonical, the role alone for its name, or `raw.Heading`.
pub fn cell<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    if let Some(heading) = name.strip_prefix("raw.") {
        let key = |text: &str| text.trim().to_lowercase();
        let found = record.raw.iter().find(|(own, _)| key(own) == key(heading))?;
        return Some(found.1.trim()).filter(|cell| !cell.is_empty());
    }
    let field = Field::from_name(name).or_else(|| Field::from_name(&format!("{name}.name")))?;
    record.get(field)
}

/// The first letter as a capital.
pub fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn value(record: &Record) -> Option<String> {
    let invoice = || {
        let currency = record.get(Field::InvoiceCurrency).unwrap_or("in the invoice's currency");
        record.get(Field::InvoiceValue).map(|value| format!("{} {currency}", words::amount(value)))
    };
    record.get(Field::ValueUsd).map(|value| format!("{} USD", words::amount(value))).or_else(invoice)
}

fn countries(record: &Record) -> Option<String> {
    let parts = [
        (Field::OriginCountry, "made in"),
        (Field::DispatchCountry, "sent from"),
        (Field::TradingCountry, "sold from"),
        (Field::DestinationCountry, "to"),
    ];
    let said: Vec<String> = parts
        .into_iter()
        .filter_map(|(field, word)| record.get(field).map(|code| format!("{word} {}", words::country(code))))
        .collect();
    (!said.is_empty()).then(|| sentence_case(&said.join(", ")))
}
