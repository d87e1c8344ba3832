//! Publishing: what was staged becomes findings, alerts and mail in one transaction.

use super::office::Office;
use super::{DaemonError, now_micros};
use crate::alert::{Alert, FileReport};
use crate::deliver::{Letter, alert_letter};
use crate::ledger::{AlertHead, Attempt, Carried, Publication, Published, PublishedAlert};
use crate::notification::Notification;
use crate::telemetry::Pulse;
use crate::triage::{self, Telling};

/// What one mail is made of; the totals are always true. An attachment ends at 10,000 rows and 5 MiB, and a stored record
/// is longer than its row: what is beyond these bytes would be read for nothing.
const CARRIED: Carried = Carried { findings: 10_000, bytes: 7 << 20 };

/// What a file came to.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    /// Alerts told.
    pub alerts: usize,
    /// Findings that were told before.
    pub repeated: u64,
}

/// The end of a file that was read whole.
pub struct WholeFile {
    /// Records, rejects, banner.
    pub report: FileReport,
    /// The layout's name.
    pub layout: String,
    /// Names of the fields that the file supplied.
    pub supplied: Vec<String>,
    /// Rules that could not be asked of it, in a sentence.
    pub unasked: Option<String>,
    /// The commonest reason for which rows were rejected.
    pub commonest_reject: Option<String>,
}

/// Publishes an attempt: all of it or nothing.
///
/// # Errors
/// When the ledger fails or a mail cannot be built; nothing is published then.
pub async fn publish(
    office: &Office,
    attempt: &Attempt,
    whole: WholeFile,
    pulse: &Pulse,
) -> Result<Tally, DaemonError> {
    let mut publication = office.ledger.begin_publication(attempt).await?;
    let heads = publication.compare().await?;
    let told = heads.len();
    for head in heads {
        pulse.beat();
        let alert = tell(office, &mut publication, head, &whole.report).await?;
        publication.put_alert(&alert, now_micros()).await?;
    }
    let repeated = publication.repeated().await?;
    let published = Published { report: whole.report, layout: whole.layout, supplied: whole.supplied };
    publication.commit(&published, now_micros()).await?;
    office.post.notify_one();
    Ok(Tally { alerts: told, repeated })
}

async fn tell(
    office: &Office,
    publication: &mut Publication,
    head: AlertHead,
    report: &FileReport,
) -> Result<PublishedAlert, DaemonError> {
    let key = triage::alert_key(&head.rule.id, &head.group);
    let told = publication.told(&head, CARRIED).await?;
    let root = publication.thread_root(&key).await?;
    let group = head.rule.alert.group_by.iter().cloned().zip(head.group.iter().cloned()).collect();
    let rule = std::sync::Arc::new(head.rule.clone());
    let alert = Alert { key: key.clone(), rule, group, told, totals: head.totals, file: report.clone() };
    let letters = match triage::decide(&head.rule, &report.source.source, &office.config.routing) {
        // Thousands of rows take a while to render, in which this thread does nothing else.
        Telling::Now { addresses } => {
            tokio::task::block_in_place(|| letters(office, &alert, &addresses, root.as_deref()))?
        }
        Telling::Held { reason } => {
            tracing::info!(rule = head.rule.id, ?reason, "held back");
            Vec::new()
        }
    };
    let group = serde_json::json!(head.group).to_string();
    Ok(PublishedAlert { key, rule: head.rule.id, group, notifications: letters })
}

fn letters(
    office: &Office,
    alert: &Alert,
    addresses: &[String],
    root: Option<&str>,
) -> Result<Vec<Notification>, DaemonError> {
    let letter = |recipient: &String| {
        let letter = Letter { alert, recipient, root, now: jiff::Timestamp::now(), id: uuid::Uuid::now_v7() };
        alert_letter(&letter, &office.sender, &office.templates).map_err(|error| DaemonError::Mail(error.to_string()))
    };
    addresses.iter().map(letter).collect()
}
