//! One document → one rule: its top-level keys, its detection, its alert settings.

use super::block::{self, Block, Context};
use super::define::Definitions;
use super::report::Report;
use super::{Condition, Known, Ownership, Rule, example, logsource, names};
use crate::problem::did_you_mean;
use crate::rule_card::{AlertSettings, Lane, Level, RuleCard};
use crate::value::is_mail_address;
use crate::yaml::{Node, Value};
use std::ops::Range;
use std::sync::Arc;

/// The top-level keys of a rule.
pub(super) const KEYS: [&str; 22] = [
    "title",
    "id",
    "name",
    "status",
    "level",
    "description",
    "references",
    "author",
    "date",
    "modified",
    "license",
    "related",
    "tags",
    "falsepositives",
    "fields",
    "logsource",
    "detection",
    "ownership",
    "matching",
    "alert",
    "examples",
    "taxonomy",
];
/// Sigma's words for how far a rule is.
pub(super) const STATUSES: [&str; 5] = ["stable", "test", "experimental", "deprecated", "unsupported"];
/// The keys of `alert:`.
pub(super) const ALERT_KEYS: [&str; 5] = ["to", "owner", "group_by", "as", "send"];
const LANES: &str = "`file`, `burst`, `daily` or `weekly`";
const OTHER_DOCUMENTS: [&str; 2] = ["correlation", "action"];

/// Reads a document; `None` when so much is missing that there is no rule. The range is the id's place. Its version and
/// what it reads are told once its filters are known.
pub(super) fn read(
    node: &Node,
    report: &mut Report<'_>,
    (context, known, definitions): (Context<'_>, &Known, &Definitions),
) -> Option<(Rule, Range<usize>)> {
    let Value::Map(entries) = &node.value else {
        report.error("wrong-shape", &node.span, "a rule is a map with `title`, `id` and `detection`");
        return None;
    };
    if let Some((key, _)) =
        entries.iter().find(|(key, _)| key.text().is_some_and(|text| OTHER_DOCUMENTS.contains(&text)))
    {
        let message = format!("`{}:` documents are not supported", key.text().unwrap_or(""));
        report.error("unsupported-document", &key.span, message);
        return None;
    }
    known_keys("a rule", entries, &KEYS, report);
    let title = required(node, "title", report);
    let id = id(node, report);
    let level = level(node, report);
    status(node, report);
    let elsewhere = logsource::read(node.get("logsource"), known, report);
    let context = Context { ownership: ownership(node, report), min_score: min_score(node, report), ..context };
    let block = detection(node, context, report).and_then(|block| definitions.complete(block, report));
    let selection_names = selection_names(node, block.as_ref());
    let alert = alert(node, known, (&selection_names, report));
    let fields = fields(node, report);
    let examples = example::read(node.get("examples"), report);
    let mut texts = |key: &str| -> Vec<String> {
        let read = node.get(key).map(|value| report.texts(key, value)).unwrap_or_default();
        read.into_iter().map(|entry| entry.0).collect()
    };
    let (references, tags, falsepositives) = (texts("references"), texts("tags"), texts("falsepositives"));
    let description =
        node.get("description").and_then(|text| report.text("description", text)).unwrap_or("").to_owned();
    let Block { mut selections, mut condition, names, .. } = block?;
    if let Some(elsewhere) = elsewhere {
        let meant = Condition::Not(Box::new(Condition::Selection(selections.len())));
        condition = Condition::And(vec![meant, condition]);
        selections.push(elsewhere);
    }
    let (id, id_span) = id?;
    let card = RuleCard {
        id,
        title: title?,
        level,
        description,
        references,
        tags,
        falsepositives,
        fields,
        version: String::new(),
        reads: Vec::new(),
        alert,
    };
    let source = report.source.clone();
    let rule = Rule { card: Arc::new(card), source, selections, condition, filters: Vec::new(), examples, names };
    Some((rule, id_span))
}

/// Words that other systems use for a key of ours.
const SYNONYMS: [(&str, &str); 5] = [
    ("severity", "level"),
    ("priority", "level"),
    ("name", "title"),
    ("rule", "detection"),
    ("selection", "detection"),
];

/// Whether a key is there under a name that is a slip for it: told once, as the slip.
fn is_misspelt(node: &Node, key: &str, known: &[&str]) -> bool {
    let Value::Map(entries) = &node.value else { return false };
    let written = entries.iter().filter_map(|entry| entry.0.text()).filter(|text| !known.contains(text));
    written.into_iter().any(|text| did_you_mean(text, known.iter().copied()) == Some(key))
}

/// A problem for each key that is not among the known ones.
pub(super) fn known_keys(what: &str, entries: &[(Node, Node)], known: &[&str], report: &mut Report<'_>) {
    for (key, _) in entries {
        let Some(text) = key.text().filter(|text| !known.contains(text)) else { continue };
        report.error("unknown-key", &key.span, format!("{what} has no key `{text}`"));
        match SYNONYMS.iter().find(|entry| entry.0 == text && known.contains(&entry.1)) {
            Some((_, ours)) => report.hint(format!("did you mean `{ours}`?")),
            None => report.guess(text, known.iter().copied()),
        }
    }
}

pub(super) fn required(node: &Node, key: &'static str, report: &mut Report<'_>) -> Option<String> {
    match node.get(key) {
        Some(value) => report.text(key, value).map(str::to_owned),
        None if is_misspelt(node, key, &KEYS) => None,
        None => {
            let start = node.span.start;
            report.error("missing-key", &(start..start), format!("a rule needs `{key}`"));
            let written = node.get("title").and_then(Node::text).map(slug).filter(|slug| !slug.is_empty());
            report.hint(match (key, written) {
                ("id", Some(slug)) => format!("add a name that never changes: `id: {slug}`"),
                ("id", None) => "add a name that never changes: `id: su-35-parts`".to_owned(),
                _ => format!("add `{key}:` with one line; it becomes the subject of the mail"),
            });
            None
        }
    }
}

pub(super) fn id(node: &Node, report: &mut Report<'_>) -> Option<(String, Range<usize>)> {
    let id = required(node, "id", report)?;
    let span = node.get("id")?.span.clone();
    let piece = |piece: &str| !piece.is_empty() && piece.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if id.len() > 128 || !(id.split('-').all(piece) || uuid::Uuid::try_parse(&id).is_ok()) {
        report.error("bad-id", &span, format!("`{id}` is neither kebab-case nor a UUID"));
        let advice = "small letters, digits and single hyphens".to_owned();
        report.hint(if slug(&id).is_empty() { advice } else { format!("{advice}: `{}`", slug(&id)) });
        return None;
    }
    Some((id, span))
}

/// A text as an id: what is not ASCII is left out.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let pieces: Vec<&str> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty()).collect();
    pieces.join("-").chars().take(60).collect::<String>().trim_matches('-').to_owned()
}

fn level(node: &Node, report: &mut Report<'_>) -> Level {
    let Some((text, value)) = node.get("level").and_then(|value| Some((report.text("level", value)?, value))) else {
        return Level::Medium;
    };
    let found = Level::ALL.into_iter().find(|level| level.name() == text);
    if found.is_none() {
        report.error("wrong-value", &value.span, format!("`{text}` is no level"));
        report.hint("informational, low, medium, high or critical");
        report.guess(text, Level::ALL.into_iter().map(Level::name));
    }
    found.unwrap_or(Level::Medium)
}

fn status(node: &Node, report: &mut Report<'_>) {
    let Some((text, value)) = node.get("status").and_then(|value| Some((report.text("status", value)?, value))) else {
        return;
    };
    if !STATUSES.contains(&text) {
        report.error("wrong-value", &value.span, format!("`{text}` is no status"));
        report.hint(STATUSES.join(", "));
        report.guess(text, STATUSES);
    }
}

/// What `owned_by` means where a key does not say.
pub(super) fn ownership(node: &Node, report: &mut Report<'_>) -> Ownership {
    const MODES: [(&str, Ownership); 3] =
        [("any", Ownership::Any), ("ofac50", Ownership::Ofac50), ("control", Ownership::Control)];
    let written = node.get("ownership").and_then(|value| Some((report.text("ownership", value)?, value)));
    let Some((text, value)) = written else { return Ownership::default() };
    let found = MODES.into_iter().find(|mode| mode.0 == text);
    if found.is_none() {
        report.error("wrong-value", &value.span, format!("`{text}` is no mode of ownership"));
        report.hint("any, ofac50 or control");
        report.guess(text, MODES.into_iter().map(|mode| mode.0));
    }
    found.map_or_else(Ownership::default, |mode| mode.1)
}

/// `matching.min_score` in hundredths.
pub(super) fn min_score(node: &Node, report: &mut Report<'_>) -> Option<u16> {
    let matching = node.get("matching")?;
    let Value::Map(entries) = &matching.value else {
        report.error("wrong-shape", &matching.span, "`matching` must be a map");
        report.hint("matching: {min_score: 0.9}");
        return None;
    };
    known_keys("`matching`", entries, &["min_score"], report);
    let value = matching.get("min_score")?;
    let text = report.text("min_score", value)?;
    let score = text.parse::<crate::value::Decimal>().ok().and_then(|score| {
        let hundredths = score.checked_mul(crate::value::Decimal::ONE_HUNDRED)?.round();
        u16::try_from(hundredths).ok().filter(|hundredths| (50..=100).contains(hundredths))
    });
    if score.is_none() {
        report.error("wrong-value", &value.span, format!("`{text}` is no score"));
        report.hint("a number from 0.5 (any likeness) to 1 (the same name); 0.8 is what holds without it");
    }
    score
}

fn detection(node: &Node, context: Context<'_>, report: &mut Report<'_>) -> Option<Block> {
    let Some(detection) = node.get("detection") else {
        if !is_misspelt(node, "detection", &KEYS) {
            let start = node.span.start;
            report.error("missing-key", &(start..start), "a rule needs `detection`");
            report.hint("add `detection:` with named selections and a `condition`");
        }
        return None;
    };
    if !matches!(detection.value, Value::Map(_)) {
        report.error("wrong-shape", &detection.span, "`detection` must be a map of selections with a `condition`");
        return None;
    }
    block::read(detection, &["condition"], context, report)
}

/// The names that `alert.group_by` may use, also where the detection has problems of its own.
fn selection_names(node: &Node, block: Option<&Block>) -> Vec<String> {
    if let Some(block) = block {
        return block.selections.iter().map(|selection| selection.name.clone()).collect();
    }
    let Some(Value::Map(entries)) = node.get("detection").map(|detection| &detection.value) else { return Vec::new() };
    entries.iter().filter_map(|entry| entry.0.text()).filter(|name| *name != "condition").map(str::to_owned).collect()
}

fn fields(node: &Node, report: &mut Report<'_>) -> Vec<String> {
    let Some(value) = node.get("fields") else { return Vec::new() };
    let written = report.texts("fields", value);
    written.into_iter().filter_map(|(name, span)| shown(&name, &span, report)).collect()
}

fn shown(name: &str, span: &Range<usize>, report: &mut Report<'_>) -> Option<String> {
    let found = names::shown(name);
    if found.is_none() {
        names::tell_unknown(name, span, report);
    }
    found
}

fn alert(node: &Node, known: &Known, context: (&[String], &mut Report<'_>)) -> AlertSettings {
    let (selections, report) = context;
    let mut settings = AlertSettings::default();
    let Some(alert) = node.get("alert") else { return settings };
    let Value::Map(entries) = &alert.value else {
        report.error("wrong-shape", &alert.span, "`alert` must be a map");
        return settings;
    };
    known_keys("`alert`", entries, &ALERT_KEYS, report);
    if let Some(value) = alert.get("to") {
        for (name, span) in report.texts("to", value) {
            if let Some(recipients) = known.recipients.as_ref().filter(|recipients| !recipients.contains(&name)) {
                report.error("unknown-recipient", &span, format!("no recipient is named `{name}`"));
                report.guess(&name, recipients.iter().map(String::as_str));
            }
            settings.to.push(name);
        }
    }
    settings.owner = alert.get("owner").and_then(|value| owner(value, known, report));
    if let Some(value) = alert.get("group_by") {
        for (name, span) in report.texts("group_by", value) {
            settings.group_by.extend(group(&name, &span, selections, report));
        }
    }
    if let Some((text, value)) = alert.get("as").and_then(|value| Some((report.text("as", value)?, value))) {
        settings.summary = text == "summary";
        if !settings.summary {
            report.error("wrong-value", &value.span, format!("`as` is `summary`, not `{text}`"));
        }
    }
    if let Some((text, value)) = alert.get("send").and_then(|value| Some((report.text("send", value)?, value))) {
        settings.send = Lane::ALL.into_iter().find(|lane| lane.name() == text);
        if settings.send.is_none() {
            report.error("wrong-value", &value.span, format!("`send` is {LANES}, not `{text}`"));
            report.guess(text, Lane::ALL.into_iter().map(Lane::name));
        }
    }
    settings
}

/// The name of a recipient, or a mail address.
fn owner(value: &Node, known: &Known, report: &mut Report<'_>) -> Option<String> {
    let owner = report.text("owner", value)?;
    let recipients = known.recipients.as_ref();
    // Without a configuration, a plain name may well be a recipient's.
    let is_name = recipients.map_or(!owner.contains('@'), |names| names.iter().any(|name| name == owner));
    if !is_name && !is_mail_address(owner) {
        report.error("unknown-recipient", &value.span, format!("`{owner}` is neither a recipient nor a mail address"));
        report.guess(owner, recipients.into_iter().flatten().map(String::as_str));
    }
    Some(owner.to_owned())
}

/// A field, a role, or `SELECTION.entity`.
fn group(name: &str, span: &Range<usize>, selections: &[String], report: &mut Report<'_>) -> Option<String> {
    if let Some(selection) = name.strip_suffix(".entity") {
        if selections.iter().any(|known| known == selection) {
            return Some(name.to_owned());
        }
        report.error("unknown-selection", span, format!("there is no selection `{selection}`"));
        report.guess(selection, selections.iter().map(String::as_str));
        return None;
    }
    match names::resolve(name) {
        Some(names::Place::Cells(_, None) | names::Place::HsDigits(_)) => {
            report.error("unknown-field", span, format!("findings cannot be grouped by `{name}`"));
            report.hint("a canonical field, a role, or `SELECTION.entity`");
            None
        }
        _ => shown(name, span, report),
    }
}
