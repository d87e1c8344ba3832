//! Letter: an alert, or something that an operator must know, → a rendered [`Notification`]. Pure.

use serde::Serialize;

use super::attachment::attachment;
use super::message::{Enclosure, Parts, notification};
use super::templates::Templates;
use super::view::{AlertView, Shown, alert_view, total};
use super::{MessageError, Sender};
use crate::alert::Alert;
use crate::notification::{Kind, Notification};
use crate::prose::words::counted;
use crate::prose::{clean, cut};
use crate::record::{Field, Part, Role};

/// Clients clip a longer HTML part and hide its foot.
const MAX_HTML: usize = 90_000;
/// Keys in one header; the CSV holds the rest.
const MAX_KEYS: usize = 20;
/// How much is shown, the most first; the first that fits is taken.
const SHOWN: [Shown; 5] = [
    Shown { records: 20, lines: 30 },
    Shown { records: 12, lines: 20 },
    Shown { records: 6, lines: 10 },
    Shown { records: 3, lines: 5 },
    Shown { records: 1, lines: 2 },
];

/// An alert for one recipient.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// What is told.
    pub alert: &'a Alert,
    /// A bare address.
    pub recipient: &'a str,
    /// Message-ID of the thread's first mail, with or without angle brackets.
    pub root: Option<&'a str>,
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

#[derive(Serialize)]
struct OperatorView {
    subject: String,
    paragraphs: Vec<String>,
    foot: String,
}

/// Renders an alert as a mail with its records as CSV.
///
/// # Errors
/// An address that cannot be delivered to, or a template of the operator's that fails.
pub fn alert_letter(letter: &Letter, sender: &Sender, templates: &Templates) -> Result<Notification, MessageError> {
    let alert = letter.alert;
    let attached = attachment(alert).map_err(|error| MessageError::Assembly { reason: error.to_string() })?;
    let (text, html) = bodies(alert, Some(attached.rows), (sender, templates))?;
    let (text_without, html_without) = bodies(alert, None, (sender, templates))?;
    let parts = Parts {
        kind: Kind::Alert,
        recipient: letter.recipient,
        root: letter.root,
        now: letter.now,
        id: letter.id,
        subject: subject(alert),
        headers: vec![
            ("X-Tidewaiter-Rule", cut(&alert.rule.id, 200)),
            ("X-Tidewaiter-Level", alert.rule.level.name().to_owned()),
            ("X-Tidewaiter-Finding", keys(alert)),
        ],
        text,
        html,
    };
    let enclosure = Enclosure { name: file_name(&alert.rule.id), csv: attached.csv, text_without, html_without };
    notification(&parts, Some(enclosure), sender)
}

/// Renders a notice for an operator.
///
/// # Errors
/// An address that cannot be delivered to, or a template of the operator's that fails.
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
        root: None,
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

/// Text and HTML with as many records as fit.
fn bodies(
    alert: &Alert,
    attached_rows: Option<u64>,
    (sender, templates): (&Sender, &Templates),
) -> Result<(String, String), MessageError> {
    let mut bodies = (String::new(), String::new());
    for shown in SHOWN {
        let view: AlertView = alert_view(alert, shown, attached_rows);
        let page = page(&view, sender)?;
        bodies = (tidy(&templates.render("alert.txt", &page)?), templates.render("alert.html", &page)?);
        if bodies.1.len() <= MAX_HTML {
            break;
        }
    }
    Ok(bodies)
}

/// `critical: Su-35 parts to a Rostec subsidiary: 3 records, AO KRET`; a long title gives way to the rest.
fn subject(alert: &Alert) -> String {
    let head = alert.rule.level.name();
    let value = telling_value(alert).map_or_else(String::new, |value| format!(", {}", clean(&value, 40)));
    let word = if alert.totals.new == 0 && alert.totals.amended > 0 { "amended record" } else { "record" };
    let tail = format!(": {}{value}", counted(total(alert), word));
    let room = 118_usize.saturating_sub(head.chars().count() + tail.chars().count());
    format!("{head}: {}{tail}", clean(&alert.rule.title, room))
}

/// Who it is about: the entity that a party was found to be, else the first consignee.
fn telling_value(alert: &Alert) -> Option<String> {
    let entity = alert.told.iter().flat_map(|told| &told.finding.evidence).find_map(|evidence| evidence.entity.clone());
    let consignee = Field::Party(Role::Consignee, Part::Name);
    entity.or_else(|| alert.told.iter().find_map(|told| told.finding.record.get(consignee).map(str::to_owned)))
}

fn keys(alert: &Alert) -> String {
    let mut keys: Vec<String> = Vec::new();
    for told in alert.told.iter().take(MAX_KEYS) {
        let key = told.finding.key(&told.finding.record.source.source, 0);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.join(" ")
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
