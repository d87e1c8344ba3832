//! View: the alerts of a mail → what the templates print, each text already bounded, cleaned and in its two forms. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::alert::{Alert, FileReport, News, PartyMonth, Told, UntoldCount};
use crate::prose::{
    FindingView, Labelled, Matched, NAME, Passage, cell, clean, color, escape, labelled, paragraphs, party,
    sentence_case, words,
};
use crate::record::{Field, FieldKind, Part, Record, Role};
use crate::rule_card::{Level, RuleCard};

const MOST_CHANGES: usize = 12;
/// Notes about columns of the file in a mail's foot.
const MOST_NOTES: usize = 5;

/// How many of each are shown in the mail itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Records and lines over the whole mail, fairly shared.
    pub records: usize,
    pub lines: usize,
    /// Alerts; the others are one line each.
    pub alerts: usize,
}

/// Why the mail is made, and what is said under it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occasion {
    /// `Daily digest, 2026-03-29`; nothing for a mail that tells at once.
    pub title: Option<String>,
    /// Some of it was over a limit on mails when it was due.
    pub deferred: bool,
    /// Everything that is not told, or not yet.
    pub untold: Vec<UntoldCount>,
}

#[derive(Debug, Serialize)]
pub(super) struct MailView {
    pub title: String,
    pub color: &'static str,
    pub occasion: Option<String>,
    pub deferred: bool,
    /// One line an alert; nothing when there is one alert alone.
    pub contents: Vec<String>,
    pub alerts: Vec<AlertView>,
    pub attached: Option<String>,
    pub foot: Vec<Labelled>,
    pub untold: Vec<String>,
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
    pub false_alarms: Vec<String>,
    pub references: Vec<String>,
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

/// Everything that a mail with these alerts shows; `attached_rows` is `None` when there is no attachment.
pub(super) fn mail_view(
    alerts: &[Alert],
    occasion: &Occasion,
    (shown, attached_rows): (Shown, Option<u64>),
) -> MailView {
    let records =
        shares(alerts.iter().map(|alert| if alert.rule.alert.summary { 0 } else { alert.told.len() }), shown.records);
    let lines = shares(alerts.iter().map(|alert| alert.totals.by_party_and_month.len()), shown.lines);
    let parts = alerts.iter().zip(records.into_iter().zip(lines)).take(shown.alerts);
    let everything: u64 = alerts.iter().map(total).sum();
    let worst = alerts.iter().map(|alert| alert.rule.level).max();
    MailView {
        title: match alerts {
            [alert] => clean(&alert.rule.title, 200),
            alerts => format!("{} of {}", words::counted(everything, "record"), rules_and_groups(alerts)),
        },
        color: color(worst.unwrap_or(Level::Informational)),
        occasion: occasion.title.as_ref().map(|title| clean(title, 200)),
        deferred: occasion.deferred,
        contents: if alerts.len() > 1 { contents(alerts, shown.alerts) } else { Vec::new() },
        alerts: parts
            .map(|(alert, (records, lines))| {
                alert_view(
                    alert,
                    Shown { records, lines, alerts: shown.alerts },
                    if alerts.len() > 1 { 600 } else { 4000 },
                )
            })
            .collect(),
        attached: attached_rows.map(|rows| attached(rows, everything)),
        foot: foot(alerts),
        untold: occasion.untold.iter().map(untold).collect(),
    }
}

/// Room for each, so that nobody gets more than he has and the others not less for it.
fn shares(wanted: impl Iterator<Item = usize>, room: usize) -> Vec<usize> {
    let wanted: Vec<usize> = wanted.collect();
    let mut given = vec![0; wanted.len()];
    let mut room = room;
    while room > 0 {
        let before = room;
        for (given, wanted) in given.iter_mut().zip(&wanted) {
            if *given < *wanted && room > 0 {
                *given += 1;
                room -= 1;
            }
        }
        if room == before {
            break;
        }
    }
    given
}

/// `2 rules`, or `1 rule in 3 groups`.
fn rules_and_groups(alerts: &[Alert]) -> String {
    let rules: BTreeSet<&str> = alerts.iter().map(|alert| alert.rule.id.as_str()).collect();
    match rules.len() {
        1 => format!("1 rule in {}", words::counted(alerts.len() as u64, "group")),
        many => words::counted(many as u64, "rule"),
    }
}

/// Lines of the list at the head of a mail with several alerts.
const MOST_CONTENTS: usize = 60;

fn contents(alerts: &[Alert], shown: usize) -> Vec<String> {
    let line = |(at, alert): (usize, &Alert)| {
        let value = telling_value(alert).map_or_else(String::new, |value| format!(", {}", clean(&value, 40)));
        let elsewhere = if at < shown { "" } else { " (in the attached file alone)" };
        let title = clean(&alert.rule.title, 120);
        format!("{}: {title}: {}{value}{elsewhere}", alert.rule.level.name(), words::counted(total(alert), "record"))
    };
    let mut lines: Vec<String> = alerts.iter().enumerate().take(MOST_CONTENTS).map(line).collect();
    let rest = alerts.len().saturating_sub(MOST_CONTENTS) as u64;
    if rest > 0 {
        lines.push(format!("and {}", words::counted(rest, "more alert")));
    }
    lines
}

fn untold(count: &UntoldCount) -> String {
    format!("{} {}", words::counted(count.many, count.why.noun()), count.why.says())
}

fn alert_view(alert: &Alert, shown: Shown, description: usize) -> AlertView {
    let rule = &alert.rule;
    let summary = rule.alert.summary;
    let lines: Vec<Line> = alert.totals.by_party_and_month.iter().take(shown.lines).map(line).collect();
    let records: Vec<RecordView> =
        alert.told.iter().take(shown.records).enumerate().map(|(at, told)| record_view(at + 1, told, rule)).collect();
    let rest = if summary { rest_of_lines(alert, lines.len()) } else { rest_of_records(alert, records.len()) };
    let banner = alert.files.iter().find_map(|file| file.banner.as_ref());
    AlertView {
        level: rule.level.name(),
        color: color(rule.level),
        title: clean(&rule.title, 200),
        description: paragraphs(&rule.description, description),
        count: words::counted(total(alert), "record"),
        detail: detail(alert),
        group: alert.group.iter().take(8).map(|(name, value)| labelled(group_label(name), value, NAME)).collect(),
        banner: banner.map(|banner| clean(banner, 600)),
        summary,
        lines: if summary { lines } else { Vec::new() },
        records: if summary { Vec::new() } else { records },
        rest,
        false_alarms: rule.falsepositives.iter().take(8).map(|text| clean(text, 300)).collect(),
        references: rule.references.iter().take(8).map(|text| clean(text, 300)).collect(),
    }
}

/// Who it is about: the entity that a party was found to be, else the first consignee.
pub(super) fn telling_value(alert: &Alert) -> Option<String> {
    let entity = alert.told.iter().flat_map(|told| &told.finding.evidence).find_map(|evidence| evidence.entity.clone());
    let consignee = Field::Party(Role::Consignee, Part::Name);
    entity.or_else(|| alert.told.iter().find_map(|told| told.finding.record.get(consignee).map(str::to_owned)))
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
        from: party(&month.consignor, &Matched::default()),
        to: party(&month.consignee, &Matched::default()),
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

/// Files named in the foot.
const MOST_FILES: usize = 5;
/// Rules named in the foot.
const MOST_RULES: usize = 20;

fn foot(alerts: &[Alert]) -> Vec<Labelled> {
    let mut files: Vec<&FileReport> = Vec::new();
    for file in alerts.iter().flat_map(|alert| &alert.files) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let mut foot: Vec<Labelled> = files.iter().take(MOST_FILES).flat_map(|file| file_foot(file)).collect();
    let more = files.len().saturating_sub(MOST_FILES) as u64;
    if more > 0 {
        foot.push(labelled("Files", &format!("and {}", words::counted(more, "more file")), NAME));
    }
    let mut rules: Vec<String> = Vec::new();
    for alert in alerts {
        let rule = format!("{}, version {}", alert.rule.id, alert.rule.version);
        if rules.len() < MOST_RULES && !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    foot.extend(rules.iter().map(|rule| labelled("Rule", rule, NAME)));
    foot
}

fn file_foot(file: &FileReport) -> Vec<Labelled> {
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
    foot
}
