//! Trial: sample mails of every kind → the pages that templates are tried on. Made-up records; pure.

use std::sync::Arc;

use super::attachment::attachment;
use super::letter::{OperatorView, page_of_alerts};
use super::view::Occasion;
use super::whereabouts::Enclosed;
use super::{MessageError, sample};
use crate::alert::{Alert, HeldUntil, News, Untold, UntoldCount, Version, WasHeld};
use crate::record::{Field, Record};
use crate::rule_card::{AlertSettings, RuleCard};

/// What a template is rendered with, and the templates that it is for: those whose names begin so.
pub(super) struct Page {
    pub stem: &'static str,
    pub view: serde_json::Value,
}

/// Records on a page: the HTML of a mail with so many is never clipped.
const ROOM: usize = 16;

/// A page of each kind of mail: whoever renders all of them has seen every field with and without a value.
pub(super) fn pages() -> Result<Vec<Page>, MessageError> {
    let digest = Occasion {
        title: Some("Daily digest, 2026-03-29".to_owned()),
        deferred: true,
        untold: vec![UntoldCount { why: Untold::Silenced, many: 3 }],
    };
    let at_once = Occasion::default();
    let alerts = [
        (vec![sample::alert(2)], &at_once),
        (vec![amended(), bare(), summary(), sample::alert(30)], &digest),
        (vec![bare()], &at_once),
    ];
    let mut pages = Vec::new();
    for (alerts, occasion) in alerts {
        let file = attachment(&alerts)?;
        for (enclosed, room) in [(Enclosed::File(&file), ROOM), (Enclosed::LeftOut, ROOM), (Enclosed::LeftOut, 1)] {
            pages.push(Page { stem: "alert", view: page_of_alerts((&alerts, occasion), enclosed, room)? });
        }
    }
    let notice = OperatorView {
        subject: "rules/a.yaml:3:8: no level".to_owned(),
        paragraphs: vec!["The file cannot be used.".to_owned(), "Mend it.".to_owned()],
        foot: "This mail is about the running of the watcher itself.".to_owned(),
    };
    pages.push(Page { stem: "operator", view: notice.page("operator@example.org")? });
    Ok(pages)
}

/// A record that was told with another description.
fn amended() -> Alert {
    let mut alert = sample::alert(2);
    for told in &mut alert.told {
        let mut before = told.finding.record.clone();
        before.fields.retain(|(field, _)| *field != Field::Description);
        told.news =
            News::Amended { before: Box::new(Version { record: before, evidence: told.finding.evidence.clone() }) };
    }
    (alert.totals.new, alert.totals.amended) = (0, 2);
    alert.group = vec![("consignee.name".to_owned(), "АО «ПРИМЕР»".to_owned())];
    let held = |end| WasHeld { since: 0, until: 1, why: "more than 1,000 in one file".to_owned(), end };
    alert.held = vec![held(HeldUntil::Released), held(HeldUntil::Overdue)];
    for file in &mut alert.files {
        file.banner = Some("This file was held and then released.".to_owned());
        file.notes = vec!["2 cells of `date` could not be read".to_owned()];
    }
    alert
}

/// Hardly anything is known.
fn bare() -> Alert {
    let mut alert = sample::alert(1);
    let rule = Arc::new(RuleCard {
        id: "bare".to_owned(),
        description: String::new(),
        references: Vec::new(),
        falsepositives: Vec::new(),
        ..sample::rule()
    });
    for told in &mut alert.told {
        let empty = Record { fields: Vec::new(), raw: Vec::new(), ..told.finding.record.clone() };
        told.finding.record = empty;
        told.finding.evidence = Vec::new();
        told.finding.rule = rule.clone();
    }
    alert.rule = rule;
    alert.totals.value_usd = None;
    alert
}

/// Told as totals.
fn summary() -> Alert {
    let mut alert = sample::alert(5);
    let settings = AlertSettings { summary: true, ..AlertSettings::default() };
    alert.totals.lines = 9;
    alert.rule = Arc::new(RuleCard { id: "summary".to_owned(), alert: settings, ..RuleCard::clone(&alert.rule) });
    alert
}
