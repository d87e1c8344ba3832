//! View: the alerts of a mail → what the templates print, each text already bounded, cleaned and in its two forms. Pure.
//!
//! Alerts of one rule stand together, under what is said once of the rule. Of what is not shown it is said where it is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::change::{differing, earlier};
use super::foot::foot;
use super::room::given;
use super::whereabouts::{self, Count, Enclosed, Here};
use crate::alert::{Alert, HeldUntil, News, PartyMonth, Told, UntoldCount, WasHeld};
use crate::prose::{
    FindingView, Labelled, Matched, NAME, Passage, clean, color, escape, labelled, paragraphs, party, sentence_case,
    words,
};
use crate::record::{self, Field, FieldKind, Record, Role};
use crate::rule_card::{Level, RuleCard};
use crate::value::Decimal;

const MOST_CHANGES: usize = 12;
/// Storms of one rule that are told apart.
const MOST_HELD: usize = 3;

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

/// What a mail is besides its alerts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub occasion: &'a Occasion,
    pub enclosed: Enclosed<'a>,
    /// Who can write what is not in the mail, and how.
    pub pointer: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct MailView {
    pub title: String,
    pub color: &'static str,
    pub occasion: Option<String>,
    pub deferred: bool,
    /// One line a rule, the most severe; nothing when there is one rule alone.
    pub contents: Vec<String>,
    pub rules: Vec<RuleView>,
    /// One line an alert of which nothing is shown.
    pub elsewhere: Vec<String>,
    pub attached: String,
    pub foot: Vec<Labelled>,
    pub untold: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RuleView {
    pub level: &'static str,
    pub color: &'static str,
    pub title: String,
    pub description: Vec<String>,
    pub count: String,
    pub detail: Vec<String>,
    pub banner: Option<String>,
    pub held: Vec<String>,
    pub groups: Vec<GroupView>,
    pub false_alarms: Vec<String>,
    pub references: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct GroupView {
    /// What its findings have in common.
    pub group: Vec<Labelled>,
    /// Nothing when the rule has no other.
    pub count: Option<String>,
    pub detail: Vec<String>,
    pub summary: bool,
    pub lines: Vec<Line>,
    pub records: Vec<RecordView>,
    pub rest: Option<String>,
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
    /// What is to be said of an earlier version, in sentences.
    pub earlier: Vec<String>,
    pub changes: Vec<Change>,
    pub more_changes: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub label: String,
    pub before: Passage,
    pub after: Passage,
}

/// An alert, with how much of it is shown and where the rest is.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub alert: &'a Alert,
    pub count: Count,
    /// It has a place in the mail, under its rule.
    pub is_shown: bool,
}

/// Everything that a mail with these alerts shows when they had these turns (`room.rs`).
pub(super) fn mail_view(alerts: &[Alert], turns: &[usize], frame: Frame) -> MailView {
    let parts = alerts.iter().zip(given(alerts.len(), turns)).enumerate().map(|(at, (alert, turns))| {
        let count = Count::of(alert, (at, turns), frame.enclosed);
        Part { alert, count, is_shown: turns > 0 }
    });
    let rules = by_rule(parts);
    let everything = alerts.iter().fold(0_u64, |sum, alert| sum.saturating_add(total(alert)));
    let worst = alerts.iter().map(|alert| alert.rule.level).max();
    MailView {
        title: match alerts.first() {
            Some(alert) if rules.len() == 1 => clean(&alert.rule.title, 200),
            _ => {
                let of = words::counted(rules.len() as u64, "rule");
                format!("{} of {of}", words::counted(everything, "record"))
            }
        },
        color: color(worst.unwrap_or(Level::Informational)),
        occasion: frame.occasion.title.as_ref().map(|title| clean(title, 200)),
        deferred: frame.occasion.deferred,
        contents: if rules.len() > 1 { whereabouts::contents(&rules) } else { Vec::new() },
        rules: rules.iter().filter_map(|rule| rule_view(rule, rules.len())).collect(),
        elsewhere: whereabouts::elsewhere(rules.iter().flatten()),
        attached: whereabouts::attached(everything, frame.enclosed, frame.pointer),
        foot: foot(alerts),
        untold: frame.occasion.untold.iter().map(untold).collect(),
    }
}

/// Alerts of one rule together, where the first of them stands.
fn by_rule<'a>(parts: impl Iterator<Item = Part<'a>>) -> Vec<Vec<Part<'a>>> {
    let mut rules: Vec<Vec<Part>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for part in parts {
        let place = *places.entry(&part.alert.rule.id).or_insert(rules.len());
        match rules.get_mut(place) {
            Some(rule) => rule.push(part),
            None => rules.push(vec![part]),
        }
    }
    rules
}

fn untold(count: &UntoldCount) -> String {
    format!("{} {}", words::counted(count.many, count.why.noun()), count.why.says())
}

/// A rule with those of its alerts that are shown, in a mail of so many rules; nothing when none is.
fn rule_view(parts: &[Part], rules: usize) -> Option<RuleView> {
    let rule = &parts.iter().find(|part| part.is_shown)?.alert.rule;
    let alerts = || parts.iter().map(|part| part.alert);
    let banner = alerts().flat_map(|alert| &alert.files).find_map(|file| file.banner.as_ref());
    Some(RuleView {
        level: rule.level.name(),
        color: color(rule.level),
        title: clean(&rule.title, 200),
        description: paragraphs(&rule.description, if rules > 1 { 600 } else { 4000 }),
        count: words::counted(alerts().fold(0, |sum: u64, alert| sum.saturating_add(total(alert))), "record"),
        detail: detail(alerts()),
        banner: banner.map(|banner| clean(banner, 600)),
        held: held(alerts().flat_map(|alert| &alert.held)),
        groups: parts.iter().filter(|part| part.is_shown).map(|part| group_view(part, parts.len())).collect(),
        false_alarms: rule.falsepositives.iter().take(8).map(|text| clean(text, 300)).collect(),
        references: rule.references.iter().take(8).map(|text| clean(text, 300)).collect(),
    })
}

fn group_view(part: &Part, groups: usize) -> GroupView {
    let (alert, count) = (part.alert, part.count);
    let (summary, lines, records) = match count.here {
        Here::Totals(lines) => (true, lines, 0),
        Here::Records(records) => (false, 0, records),
    };
    let told = alert.told.iter().take(records).enumerate();
    GroupView {
        group: alert
            .group
            .iter()
            .take(8)
            .map(|(name, value)| labelled(sentence_case(&group_label(name)), value, NAME))
            .collect(),
        count: (groups > 1).then(|| words::counted(total(alert), "record")),
        detail: if groups > 1 { detail(std::iter::once(alert)) } else { Vec::new() },
        summary,
        lines: alert.totals.by_party_and_month.iter().take(lines).map(line).collect(),
        records: told.map(|(at, told)| record_view(at + 1, told, &alert.rule)).collect(),
        rest: if summary { rest_of_summary(alert, lines, count) } else { count.rest_of_records() },
    }
}

/// Who it is about: the entity that a party was found to be, else the first consignee.
pub(super) fn telling_value(alert: &Alert) -> Option<String> {
    let entity = alert.told.iter().flat_map(|told| &told.finding.evidence).find_map(|evidence| evidence.entity.clone());
    let consignee = Field::Party(Role::Consignee, record::Part::Name);
    entity.or_else(|| alert.told.iter().find_map(|told| told.finding.record.get(consignee).map(str::to_owned)))
}

pub(super) fn total(alert: &Alert) -> u64 {
    alert.totals.new.saturating_add(alert.totals.amended)
}

/// How many are new and amended, and what they are worth.
fn detail<'a>(alerts: impl Iterator<Item = &'a Alert>) -> Vec<String> {
    let (mut new, mut amended, mut value) = (0_u64, 0_u64, None);
    for totals in alerts.map(|alert| &alert.totals) {
        new = new.saturating_add(totals.new);
        amended = amended.saturating_add(totals.amended);
        value = sum(value, totals.value_usd.as_ref());
    }
    let mut parts = Vec::new();
    if amended > 0 {
        parts.push(format!("{} new", words::amount(&new.to_string())));
        parts.push(format!("{} amended", words::amount(&amended.to_string())));
    }
    parts.extend(value.map(|value| format!("{} USD in all", words::amount(&value.to_string()))));
    parts
}

fn sum(so_far: Option<Decimal>, more: Option<&String>) -> Option<Decimal> {
    let more: Option<Decimal> = more.and_then(|text| text.parse().ok());
    match (so_far, more) {
        (Some(so_far), Some(more)) => Some(so_far.checked_add(more).unwrap_or(so_far)),
        (one, other) => one.or(other),
    }
}

/// Since when and why something was held as a storm, and how it came to be told.
fn held<'a>(held: impl Iterator<Item = &'a WasHeld>) -> Vec<String> {
    let mut distinct: Vec<&WasHeld> = Vec::new();
    for storm in held {
        if !distinct.contains(&storm) {
            distinct.push(storm);
        }
    }
    let time = |at: i64| {
        let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    };
    let sentence = |storm: &&WasHeld| {
        let end = match storm.end {
            HeldUntil::Released => format!("Somebody looked at it and released it on {}", time(storm.until)),
            HeldUntil::Overdue => "Nobody has looked at it within 24 hours, so it is told as it is".to_owned(),
        };
        format!("Held as a storm since {}: {}. {end}.", time(storm.since), clean(&storm.why, 300))
    };
    let mut said: Vec<String> = distinct.iter().take(MOST_HELD).map(sentence).collect();
    let more = distinct.len().saturating_sub(MOST_HELD) as u64;
    said.extend((more > 0).then(|| format!("And {} of this rule.", words::counted(more, "more storm"))));
    said
}

/// The lines that are not shown and what they come to; and where the records are.
fn rest_of_summary(alert: &Alert, shown: usize, count: Count) -> Option<String> {
    let totals = &alert.totals;
    let there = totals.lines.max(totals.by_party_and_month.len() as u64);
    let lines: Vec<&PartyMonth> = totals.by_party_and_month.iter().take(shown).collect();
    let rest = there.saturating_sub(lines.len() as u64);
    let records = lines.iter().fold(total(alert), |left, line| left.saturating_sub(line.records));
    let worth = totals.value_usd.as_ref().and_then(|all| {
        let shown = lines.iter().fold(None, |so_far, line| sum(so_far, line.value_usd.as_ref()));
        let left = all.parse::<Decimal>().ok()?.checked_sub(shown.unwrap_or_default())?;
        Some(format!(", worth {} USD,", words::amount(&left.to_string())))
    });
    let are = if rest == 1 { "is" } else { "are" };
    let cut = (rest > 0).then(|| {
        let lines = words::counted(rest, "more line");
        let with = words::counted(records, "record");
        format!("{lines} with {with}{} {are} not shown here.", worth.unwrap_or_default())
    });
    let said: Vec<String> = cut.into_iter().chain(count.rest_of_summary()).collect();
    (!said.is_empty()).then(|| said.join(" "))
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
    sentence_case(&words::field(name.strip_suffix(".entity").unwrap_or(name)))
}

fn record_view(number: usize, told: &Told, rule: &RuleCard) -> RecordView {
    let (changes, more) = match &told.news {
        News::New | News::NewToReader { .. } => (Vec::new(), 0),
        News::Amended { before } => changes(&before.record, &told.finding.record, rule),
    };
    RecordView {
        number,
        amended: matches!(told.news, News::Amended { .. }),
        finding: FindingView::of(&told.finding),
        earlier: earlier(told),
        changes,
        more_changes: (more > 0).then(|| format!("and {} more", words::counted(more, "field"))),
    }
}

/// Where the record differs from what was told of it, and in how many more fields.
fn changes(before: &Record, after: &Record, rule: &RuleCard) -> (Vec<Change>, u64) {
    let differing = differing(before, after, rule);
    let more = differing.len().saturating_sub(MOST_CHANGES) as u64;
    let shown = differing.into_iter().take(MOST_CHANGES).map(|change| Change {
        label: sentence_case(&words::field(&change.name)),
        before: side(&change.name, change.before),
        after: side(&change.name, change.after),
    });
    (shown.collect(), more)
}

fn side(name: &str, cell: Option<&str>) -> Passage {
    let number = Field::from_name(name).is_some_and(|field| field.kind() == FieldKind::Number);
    match cell {
        Some(cell) if number => Passage::plain(&words::amount(cell), 240),
        Some(cell) => Passage::plain(cell, 240),
        None => Passage { text: "(nothing)".into(), html: escape("(nothing)"), latin: None },
    }
}
