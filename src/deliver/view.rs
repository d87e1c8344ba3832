//! View: an alert → what the templates print, each text already bounded, cleaned and in its two forms. Pure.

use serde::Serialize;

use crate::alert::{Alert, News, PartyMonth, Told};
use crate::prose::{
    FindingView, Labelled, NAME, Passage, cell, clean, color, escape, labelled, paragraphs, party, sentence_case, words,
};
use crate::record::{Field, FieldKind, Record};
use crate::rule_card::RuleCard;

const MOST_CHANGES: usize = 12;
/// Notes about columns of the file in a mail's foot.
const MOST_NOTES: usize = 5;

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
    pub amended: bool,
    #[serde(flatten)]
    pub finding: FindingView,
    pub changes: Vec<Change>,
    pub more_changes: Option<String>,
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
        group: alert.group.iter().take(8).map(|(name, value)| labelled(group_label(name), value, NAME)).collect(),
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

/// `to_rostec.entity` is who the selection `to_rostec` found: the selection's name says it.
fn group_label(name: &str) -> String {
    words::field(name.strip_suffix(".entity").unwrap_or(name))
}

fn record_view(number: usize, told: &Told, rule: &RuleCard) -> RecordView {
    let (changes, more) = match &told.news {
        News::New => (Vec::new(), 0),
        News::Amended { before } => changes(before, &told.finding.record, rule),
    };
    RecordView {
        number,
        amended: matches!(told.news, News::Amended { .. }),
        finding: FindingView::of(&told.finding),
        changes,
        more_changes: (more > 0).then(|| format!("and {} more", words::counted(more, "field"))),
    }
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
    foot.extend(file.notes.iter().take(MOST_NOTES).map(|note| labelled("Note", note, 300)));
    let more = file.notes.len().saturating_sub(MOST_NOTES) as u64;
    foot.extend(
        (more > 0).then(|| labelled("Note", &format!("and {} of other columns", words::counted(more, "note")), NAME)),
    );
    foot.push(labelled("Rule", &format!("{}, version {}", alert.rule.id, alert.rule.version), NAME));
    foot
}
