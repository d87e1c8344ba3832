//! Merging: what waited for one recipient while the relay was down for more than an hour → one mail.
//!
//! Never what is critical, and never what the relay may have already: those go out by themselves.

use super::office::Office;
use super::{DaemonError, now_micros};
use crate::deliver::{OperatorLetter, is_critical, merged_letter};
use crate::ledger::{LedgerError, OutboxRow};
use crate::notification::Notification;

/// A shorter outage leaves few mails.
const LONG: i64 = 60 * 60 * 1_000_000;
/// Most of the mail that one takes along.
const BYTES: i64 = 5 << 20;
/// Subjects that are listed; all the mails go along.
const LISTED: usize = 100;

/// Merges what waits and is not in hand, after an outage that began then.
///
/// # Errors
/// When the ledger fails or a mail cannot be built.
pub async fn merge_waiting(office: &Office, in_hand: &[i64], since: i64) -> Result<(), DaemonError> {
    if now_micros().saturating_sub(since) < LONG {
        return Ok(());
    }
    for recipient in office.ledger.crowded_recipients().await? {
        let mut after = 0;
        loop {
            let rows = office.ledger.waiting_for(&recipient, after, BYTES).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            merge_rows(office, rows, (in_hand, since)).await?;
        }
    }
    Ok(())
}

async fn merge_rows(office: &Office, rows: Vec<OutboxRow>, (in_hand, since): (&[i64], i64)) -> Result<(), DaemonError> {
    let rows = rows.into_iter().filter(|row| !in_hand.contains(&row.id) && !is_critical(&row.notification.message));
    let (ids, mails): (Vec<i64>, Vec<Notification>) = rows.map(|row| (row.id, row.notification)).unzip();
    let Some(first) = mails.first().filter(|_| mails.len() > 1) else { return Ok(()) };
    let since = jiff::Timestamp::from_microsecond(since).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC");
    let mut paragraphs = vec![format!(
        "The mail relay could not be reached since {since}. These {} mails waited for it and come together now:",
        mails.len()
    )];
    paragraphs.extend(mails.iter().take(LISTED).map(|mail| mail.subject.clone()));
    paragraphs.extend((mails.len() > LISTED).then(|| format!("and {} more", mails.len() - LISTED)));
    let letter = OperatorLetter {
        kind: "",
        about: "",
        subject: &format!("{} mails that waited: {}", mails.len(), first.subject),
        paragraphs: &paragraphs,
        recipient: &first.recipient,
        now: jiff::Timestamp::now(),
        id: uuid::Uuid::now_v7(),
    };
    let settings = office.settings();
    let merged = merged_letter(&letter, &mails, (&settings.sender, &settings.templates))
        .map_err(|error| DaemonError::Mail(error.to_string()))?;
    match office.ledger.merge(&ids, &merged, now_micros()).await {
        // Somebody else touched one of them: they all go out by themselves.
        Err(LedgerError::Unknown { .. }) => Ok(()),
        merged => Ok(merged?),
    }
}
