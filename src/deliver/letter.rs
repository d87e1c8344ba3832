//! Letter: alerts, or something that an operator must know, → a rendered [`Notification`]. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::attachment::attachment;
use super::message::{Enclosure, Parts, message_id, notification};
use super::room::{largest, turns};
use super::templates::Templates;
use super::view::{Frame, MailView, Occasion, mail_view, telling_value, total};
use super::whereabouts::Enclosed;
use super::{MessageError, Sender};
use crate::alert::Alert;
use crate::notification::{Kind, Notification};
use crate::prose::words::counted;
use crate::prose::{clean, cut};
use crate::record::{Field, Part, Record, Role};

/// Clients clip a longer HTML part and hide its foot.
pub(super) const MAX_HTML: usize = 90_000;
/// Keys in one header; the CSV holds the rest.
const MAX_KEYS: usize = 20;
/// Programs that show the plain part show all of it; it is long enough for some hundred records.
const MAX_TEXT: usize = 120_000;

/// Alerts for one recipient.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// What is told, most severe first; at least one.
    pub alerts: &'a [Alert],
    /// Why the mail is made, and what is said under it.
    pub occasion: &'a Occasion,
    /// A bare address.
    pub recipient: &'a str,
    /// Message-IDs of the threads' first mails, with or without angle brackets.
    pub roots: &'a [String],
    /// For the Date header.
    pub now: jiff::Timestamp,
    /// For the Message-ID.
    pub id: uuid::Uuid,
}

/// Something that an operator must know.
#[derive(Debug, Clone, Copy)]
pub struct OperatorLetter<'a> {
    /// One word for what kind of notice it is, for a header: `broken_rule`, `held_file`, `dead_letter`.
    pub kind: &'a str,
    /// What it is about: a file, a rule, a relay; may be empty.
    pub about: &'a str,
    /// One line.
    pub subject: &'a str,
    /// Plain text; line ends inside a paragraph are kept.
    pub paragraphs: &'a [String],
    /// A bare address.
    pub recipient: &'a str,
    /// For the Date header.
    pub now: jiff::Timestamp,
    /// For the Message-ID.
    pub id: uuid::Uuid,
}

#[derive(Serialize)]
struct Page<'a, V: Serialize> {
    #[serde(flatten)]
    view: &'a V,
    operator: String,
}

/// What the templates of an operator's notice print.
#[derive(Serialize)]
pub(super) struct OperatorView {
    pub subject: String,
    pub paragraphs: Vec<String>,
    pub foot: String,
}

impl OperatorView {
    /// The page that it is printed on, as templates see it.
    pub(super) fn page(&self, operator: &str) -> Result<serde_json::Value, MessageError> {
        as_templates_see(&Page { view: self, operator: operator.to_owned() })
    }
}

/// The page of a mail with these alerts that has room for so many records, as templates see it.
pub(super) fn page_of_alerts(
    (alerts, occasion): (&[Alert], &Occasion),
    enclosed: Enclosed,
    room: usize,
) -> Result<serde_json::Value, MessageError> {
    let turns = turns(alerts);
    let frame = Frame { occasion, enclosed, pointer: "All of them: `tidewaiter findings`." };
    let view = mail_view(alerts, turns.get(..room).unwrap_or(&turns), frame);
    as_templates_see(&Page { view: &view, operator: "operator@example.org".to_owned() })
}

fn as_templates_see(page: &impl Serialize) -> Result<serde_json::Value, MessageError> {
    serde_json::to_value(page).map_err(|error| MessageError::Assembly { reason: error.to_string() })
}

/// Renders alerts as one mail with their records as CSV.
///
/// # Errors
/// An address that cannot be delivered to.
pub fn alert_letter(letter: &Letter, sender: &Sender, templates: &Templates) -> Result<Notification, MessageError> {
    let attached = attachment(letter.alerts)?;
    let (text, html) = bodies(letter, Enclosed::File(&attached), (sender, templates))?;
    let (text_without, html_without) = bodies(letter, Enclosed::LeftOut, (sender, templates))?;
    let parts = Parts {
        kind: Kind::Alert,
        recipient: letter.recipient,
        roots: letter.roots,
        now: letter.now,
        id: letter.id,
        subject: subject(letter.alerts)?,
        headers: vec![
            ("X-Tidewaiter-Rule", listed(letter.alerts.iter().map(|alert| cut(&alert.rule.id, 200)))),
            ("X-Tidewaiter-Level", listed(letter.alerts.iter().map(|alert| alert.rule.level.name().to_owned()))),
            ("X-Tidewaiter-Finding", keys(letter.alerts)),
        ],
        text,
        html,
    };
    let name = match letter.alerts {
        [alert] => file_name(&alert.rule.id),
        _ => "alerts.csv".to_owned(),
    };
    let enclosure = Enclosure { name, csv: attached.csv, text_without, html_without };
    notification(&parts, Some(enclosure), sender)
}

/// Renders a notice for an operator.
///
/// # Errors
/// An address that cannot be delivered to.
pub fn operator_letter(
    letter: &OperatorLetter,
    sender: &Sender,
    templates: &Templates,
) -> Result<Notification, MessageError> {
    let about = clean(letter.about, 200);
    let about = if about.is_empty() { about } else { format!(" ({about})") };
    let foot = format!("This mail is about the running of the watcher itself{about}.");
    let (text, html) = operator_bodies(letter, &foot, (sender, templates))?;
    let parts = Parts {
        kind: Kind::Operator,
        recipient: letter.recipient,
        roots: &[],
        now: letter.now,
        id: letter.id,
        subject: super::message::subject_line(letter.subject),
        headers: vec![("X-Tidewaiter-Notice", clean(letter.kind, 60))],
        text,
        html,
    };
    notification(&parts, None, sender)
}

/// Text and HTML of plain paragraphs with a foot.
pub(super) fn operator_bodies(
    letter: &OperatorLetter,
    foot: &str,
    (sender, templates): (&Sender, &Templates),
) -> Result<(String, String), MessageError> {
    let paragraphs: Vec<String> = letter.paragraphs.iter().take(200).map(|text| lines(text)).collect();
    let view =
        OperatorView { subject: super::message::subject_line(letter.subject), paragraphs, foot: foot.to_owned() };
    let page = page(&view, sender)?;
    Ok((tidy(&templates.render("operator.txt", &page)?), templates.render("operator.html", &page)?))
}

fn page<'a, V: Serialize>(view: &'a V, sender: &'a Sender) -> Result<Page<'a, V>, MessageError> {
    Ok(Page { view, operator: sender.mailbox()?.email.to_string() })
}

/// Text and HTML, each with as many records as it has room for.
fn bodies(
    letter: &Letter,
    enclosed: Enclosed,
    (sender, templates): (&Sender, &Templates),
) -> Result<(String, String), MessageError> {
    let turns = turns(letter.alerts);
    let pointer = pointer(letter, sender)?;
    let frame = Frame { occasion: letter.occasion, enclosed, pointer: &pointer };
    let render = |name: &str, room: usize| {
        let view: MailView = mail_view(letter.alerts, turns.get(..room).unwrap_or(&turns), frame);
        templates.render(name, &page(&view, sender)?)
    };
    let text = largest(turns.len(), |room| render("alert.txt", room), |text| text.len() <= MAX_TEXT)?;
    let html = largest(turns.len(), |room| render("alert.html", room), |html| html.len() <= MAX_HTML)?;
    Ok((tidy(&text), html))
}

/// How a reader gets what is in neither the mail nor its file.
fn pointer(letter: &Letter, sender: &Sender) -> Result<String, MessageError> {
    let operator = sender.mailbox()?.email;
    let id = message_id(letter.id, sender);
    Ok(format!(
        "All of them can be had from {operator}, who runs this watcher: `tidewaiter findings --mail {id} --format csv` \
         writes them out."
    ))
}

/// `critical: Su-35 parts to a Rostec subsidiary: 3 records, AO KRET, and 4 more rules`; a long title gives way to the rest.
fn subject(alerts: &[Alert]) -> Result<String, MessageError> {
    let Some((alert, others)) = alerts.split_first() else {
        return Err(MessageError::Assembly { reason: "there is nothing to tell".to_owned() });
    };
    let head = alert.rule.level.name();
    let value = telling_value(alert).map_or_else(String::new, |value| format!(", {}", clean(&value, 40)));
    let word = if alert.totals.new == 0 && alert.totals.amended > 0 { "amended record" } else { "record" };
    let rules: BTreeSet<&str> = others.iter().map(|other| other.rule.id.as_str()).collect();
    let rules = rules.into_iter().filter(|id| *id != alert.rule.id).count() as u64;
    let more = match (others.len() as u64, rules) {
        (0, _) => String::new(),
        (groups, 0) => format!(", and {}", counted(groups, "more group")),
        (_, rules) => format!(", and {}", counted(rules, "more rule")),
    };
    let tail = format!(": {}{value}{more}", counted(total(alert), word));
    let room = 118_usize.saturating_sub(head.chars().count() + tail.chars().count());
    // Mailing lists and filters read brackets as tags.
    Ok(format!("{head}: {}{tail}", clean(&alert.rule.title, room)).replace('[', "(").replace(']', ")"))
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for word in words {
        if distinct.len() < MAX_KEYS && !distinct.contains(&word) {
            distinct.push(word);
        }
    }
    distinct.join(", ")
}

fn keys(alerts: &[Alert]) -> String {
    listed(alerts.iter().flat_map(|alert| &alert.told).map(|told| told.key.clone())).replace(", ", " ")
}

fn file_name(rule_id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let id: String = rule_id.chars().map(safe).take(60).collect();
    format!("{}.csv", id.trim_start_matches('.'))
}

fn lines(paragraph: &str) -> String {
    let kept = paragraph.lines().take(100).map(|line| {
        let indent = line.chars().take_while(|c| *c == ' ').count().min(80);
        // Spaces inside a line are kept: they put a caret under the place that it points to.
        let inner: String = line.chars().filter(|c| !c.is_control()).skip(indent).collect();
        let words: Vec<String> = inner.split(' ').map(|word| clean(word, 2000)).collect();
        format!("{}{}", " ".repeat(indent), words.join(" ").trim_end())
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// No runs of blank lines, none at the start, exactly one line end at the last.
fn tidy(text: &str) -> String {
    let mut out = String::new();
    let mut blank = true;
    for line in text.lines() {
        let line = if line == "-- " { line } else { line.trim_end() };
        if !(line.is_empty() && blank) {
            out.push_str(line);
            out.push('\n');
        }
        blank = line.is_empty();
    }
    let kept = out.trim_end_matches('\n').len();
    out.truncate(kept);
    out + "\n"
}

/// A record in one line of plain text: date, who to whom, the goods, where it stands.
pub fn record_line(record: &Record) -> String {
    let cell = |field| record.get(field).map_or_else(|| "\u{2014}".to_owned(), |text| clean(text, 80));
    format!(
        "{}  {} \u{2192} {}: {} ({}, row {})",
        cell(Field::DeclarationDate),
        cell(Field::Party(Role::Consignor, Part::Name)),
        cell(Field::Party(Role::Consignee, Part::Name)),
        cell(Field::Description),
        clean(&record.source.file, 120),
        record.row
    )
}
