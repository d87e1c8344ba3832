//! View: an alert → what the templates print, each text already bounded, cleaned and in its two forms. Pure.

use serde::Serialize;

use super::passage::{Passage, clean, cut, escape};
use super::words;
use crate::alert::{Alert, News, PartyMonth, Told};
use crate::finding::Evidence;
use crate::record::{Field, FieldKind, Part, Record, Role};
use crate::rule_card::{Level, RuleCard};

const NAME: usize = 200;
const GOODS: usize = 400;
const MOST_WHY: usize = 12;
const MOST_CHANGES: usize = 12;

/// How many of each are shown in the mail itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub records: usize,
    pub lines: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct AlertView {
    pub level: &'static str,
    pub color: &'static str,
    pub title: String,
    pub description: Vec<String>,
    pub count: String,
    pub detail: Vec<String>,
    pub group: Vec<Labelled>,
    pub banner: Option<String>,
    pub summary: bool,
    pub lines: Vec<Line>,
    pub records: Vec<RecordView>,
    pub rest: Option<String>,
    pub attached: Option<String>,
    pub false_alarms: Vec<String>,
    pub references: Vec<String>,
    pub foot: Vec<Labelled>,
}

#[derive(Debug, Serialize)]
pub(super) struct Labelled {
    pub label: String,
    pub value: Passage,
}

#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub from: Passage,
    pub to: Passage,
    pub month: String,
    pub count: String,
    pub value: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RecordView {
    pub number: usize,
    pub date: String,
    pub amended: bool,
    pub from: Passage,
    pub to: Passage,
    pub from_line: String,
    pub to_line: String,
    pub goods: Option<Labelled>,
    pub facts: Vec<Labelled>,
    pub changes: Vec<Change>,
    pub more_changes: Option<String>,
    pub why: Vec<String>,
    pub place: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub label: String,
    pub before: Passage,
    pub after: Passage,
}

/// How many rows the attachment holds, for the sentence about it; `None` when there is no attachment.
pub(super) fn alert_view(alert: &Alert, shown: Shown, attached_rows: Option<u64>) -> AlertView {
    let rule = &alert.rule;
    let summary = rule.alert.summary;
    let lines: Vec<Line> = alert.totals.by_party_and_month.iter().take(shown.lines).map(line).collect();
    let records: Vec<RecordView> =
        alert.told.iter().take(shown.records).enumerate().map(|(at, told)| record_view(at + 1, told, rule)).collect();
    let rest = if summary { rest_of_lines(alert, lines.len()) } else { rest_of_records(alert, records.len()) };
    AlertView {
        level: rule.level.name(),
        color: color(rule.level),
        title: clean(&rule.title, 200),
        description: paragraphs(&rule.description, 4000),
        count: words::counted(total(alert), "record"),
        detail: detail(alert),
        group: alert.group.iter().take(8).map(|(name, value)| labelled(words::field(name), value, NAME)).collect(),
        banner: alert.file.banner.as_ref().map(|banner| clean(banner, 600)),
        summary,
        lines: if summary { lines } else { Vec::new() },
        records: if summary { Vec::new() } else { records },
        rest,
        attached: attached_rows.map(|rows| attached(rows, total(alert))),
        false_alarms: rule.falsepositives.iter().take(8).map(|text| clean(text, 300)).collect(),
        references: rule.references.iter().take(8).map(|text| clean(text, 300)).collect(),
        foot: foot(alert),
    }
}

pub(super) fn total(alert: &Alert) -> u64 {
    alert.totals.new.saturating_add(alert.totals.amended)
}

/// White text on each of these has a contrast of at least 4.5 to 1.
fn color(level: Level) -> &'static str {
    match level {
        Level::Critical => "#b3122a",
        Level::High => "#b45309",
        Level::Medium => "#7a5c00",
        Level::Low => "#1f5f8b",
        Level::Informational => "#4b5563",
    }
}

fn labelled(label: impl Into<String>, value: &str, limit: usize) -> Labelled {
    Labelled { label: label.into(), value: Passage::plain(value, limit) }
}

/// Blank lines part paragraphs; a lone line end is just a space.
fn paragraphs(text: &str, limit: usize) -> Vec<String> {
    let text = cut(&text.replace("\r\n", "\n"), limit);
    text.split("\n\n").map(|part| clean(part, usize::MAX)).filter(|part| !part.is_empty()).collect()
}

fn detail(alert: &Alert) -> Vec<String> {
    let totals = &alert.totals;
    let mut parts = Vec::new();
    if totals.amended > 0 {
        parts.push(format!("{} new", words::amount(&totals.new.to_string())));
        parts.push(format!("{} amended", words::amount(&totals.amended.to_string())));
    }
    parts.extend(totals.value_usd.as_ref().map(|value| format!("{} USD in all", words::amount(value))));
    parts
}

fn rest_of_records(alert: &Alert, shown: usize) -> Option<String> {
    let rest = total(alert).saturating_sub(shown as u64);
    let kind = if rest == 1 { "record is" } else { "records are" };
    let rest_text = words::amount(&rest.to_string());
    (rest > 0).then(|| format!("{rest_text} more {kind} not shown here."))
}

fn rest_of_lines(alert: &Alert, shown: usize) -> Option<String> {
    let rest = alert.totals.by_party_and_month.len().saturating_sub(shown) as u64;
    (rest > 0).then(|| format!("{} of smaller totals not shown here.", words::counted(rest, "more line")))
}

fn attached(rows: u64, total: u64) -> String {
    if rows >= total {
        return "The whole of every record is in the attached CSV file.".to_owned();
    }
    let of = words::counted(total, "record");
    format!("The attached CSV file was cut: it holds the first {} of {of}.", words::amount(&rows.to_string()))
}

fn line(month: &PartyMonth) -> Line {
    Line {
        from: party(&month.consignor, &[]),
        to: party(&month.consignee, &[]),
        month: if month.month.is_empty() { "no date".to_owned() } else { clean(&month.month, 20) },
        count: words::counted(month.records, "record"),
        value: month.value_usd.as_ref().map(|value| format!("{} USD", words::amount(value))),
    }
}

fn party(name: &str, matched: &[&str]) -> Passage {
    match name.trim() {
        "" => Passage { text: "not named".into(), html: "<i>not named</i>".into(), latin: None },
        name => Passage::marked(name, matched, NAME),
    }
}

fn record_view(number: usize, told: &Told, rule: &RuleCard) -> RecordView {
    let record = &told.finding.record;
    let evidence = &told.finding.evidence;
    let name = |role| {
        let field = Field::Party(role, Part::Name);
        party(record.get(field).unwrap_or(""), &matched(evidence, &field.name()))
    };
    let (from, to) = (name(Role::Consignor), name(Role::Consignee));
    let (changes, more) = match &told.news {
        News::New => (Vec::new(), 0),
        News::Amended { before } => changes(before, record, rule),
    };
    RecordView {
        number,
        date: record.get(Field::DeclarationDate).map_or_else(|| "no date".to_owned(), |date| clean(date, 40)),
        amended: matches!(told.news, News::Amended { .. }),
        from_line: from.line(),
        to_line: to.line(),
        from,
        to,
        goods: goods(record, evidence),
        facts: facts(record, evidence, rule),
        changes,
        more_changes: (more > 0).then(|| format!("and {} more", words::counted(more, "field"))),
        why: reasons(evidence),
        place: words::place(record),
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
fn matched<'a>(evidence: &'a [Evidence], field: &str) -> Vec<&'a str> {
    let stem = field.strip_suffix(".name").unwrap_or(field);
    let tells = |evidence: &&Evidence| {
        evidence.field == field
            || evidence.field == stem
            || (evidence.field.starts_with("raw.") && evidence.matched.chars().count() > 2)
    };
    evidence.iter().filter(tells).map(|evidence| evidence.matched.as_str()).collect()
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
fn cell<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    if let Some(heading) = name.strip_prefix("raw.") {
        let key = |text: &str| text.trim().to_lowercase();
        let found = record.raw.iter().find(|(own, _)| key(own) == key(heading))?;
        return Some(found.1.as_str()).filter(|cell| !cell.trim().is_empty());
    }
    let field = Field::from_name(name).or_else(|| Field::from_name(&format!("{name}.name")))?;
    record.get(field)
}

fn sentence_case(text: &str) -> String {
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

/// Field by field what differs, canonical fields first, then raw columns that the rule reads; and how many more.
fn changes(before: &Record, after: &Record, rule: &RuleCard) -> (Vec<Change>, u64) {
    let canonical = Field::all().map(|field| field.name());
    let raw = rule.reads.iter().filter(|name| name.starts_with("raw.")).cloned();
    let differing: Vec<Change> = canonical
        .chain(raw)
        .filter_map(|name| {
            let (old, new) = (cell(before, &name), cell(after, &name));
            (old != new).then(|| Change {
                label: sentence_case(&words::field(&name)),
                before: side(&name, old),
                after: side(&name, new),
            })
        })
        .collect();
    let more = differing.len().saturating_sub(MOST_CHANGES) as u64;
    (differing.into_iter().take(MOST_CHANGES).collect(), more)
}

fn side(name: &str, cell: Option<&str>) -> Passage {
    let number = Field::from_name(name).is_some_and(|field| field.kind() == FieldKind::Number);
    match cell {
        Some(cell) if number => Passage::plain(&words::amount(cell), 240),
        Some(cell) => Passage::plain(cell, 240),
        None => Passage { text: "(nothing)".into(), html: escape("(nothing)"), latin: None },
    }
}

fn foot(alert: &Alert) -> Vec<Labelled> {
    let file = &alert.file;
    let mut foot = vec![labelled("File", &words::file(&file.source), 300)];
    foot.extend(file.source.sha256.as_ref().map(|sha256| labelled("SHA-256", sha256, 64)));
    let mut read = words::counted(file.records, "record");
    read.push_str(&format!(", {} rejected", words::counted(file.rejects, "row")));
    if file.skipped > 0 {
        read.push_str(&format!(", {} with totals or headings skipped", words::counted(file.skipped, "row")));
    }
    foot.push(labelled("Read", &read, NAME));
    foot.push(labelled("Rule", &format!("{}, version {}", alert.rule.id, alert.rule.version), NAME));
    foot
}
