//! The courier: outbox → transport → outcome, with back-off. It never renders and never decides who is told.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::notices::Trouble;
use super::office::Office;
use super::{DaemonError, now_micros};
use crate::deliver::{NextTry, next_try};
use crate::ledger::{OutboxRow, OutboxStep};
use crate::notification::{Kind, Outcome};
use crate::telemetry::Pulse;

/// Messages in hand at once.
const IN_HAND: usize = 8;
/// The courier looks at the outbox at least this often, so that its pulse never stops.
const LONGEST_REST: Duration = Duration::from_secs(10);
/// How long a stop waits for the conversations in hand.
const LAST_WORDS: Duration = Duration::from_secs(8);
/// How long a transport that is itself at fault rests.
const PAUSE_MICROS: i64 = 5 * 60 * 1_000_000;

/// Sends what is due until it is told to stop; a stop finishes the conversations in hand.
///
/// # Errors
/// When the ledger fails for another reason than a full disk.
pub async fn run(office: Arc<Office>, pulse: Pulse, shutdown: CancellationToken) -> Result<(), DaemonError> {
    while !shutdown.is_cancelled() {
        pulse.beat();
        match round(&office, &pulse, &shutdown).await {
            Ok(0) => rest(&office, &shutdown).await?,
            Ok(_) => {}
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "the disk is full: mail waits");
                pause(&shutdown, LONGEST_REST).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn pause(shutdown: &CancellationToken, time: Duration) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

/// Sleeps until something is due, something new is enqueued, or the longest rest is over.
async fn rest(office: &Office, shutdown: &CancellationToken) -> Result<(), DaemonError> {
    let due = office.ledger.next_due_at().await?;
    let wait = due.map_or(LONGEST_REST, |at| Duration::from_micros(u64::try_from(at - now_micros()).unwrap_or(0)));
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = office.post.notified() => {}
        () = tokio::time::sleep(wait.min(LONGEST_REST)) => {}
    }
    Ok(())
}

/// Sends one handful; returns how many were tried.
async fn round(office: &Arc<Office>, pulse: &Pulse, shutdown: &CancellationToken) -> Result<usize, DaemonError> {
    let due = office.ledger.due(now_micros(), IN_HAND as i64).await?;
    let tried = due.len();
    let mut sending = JoinSet::new();
    for row in due {
        let office = office.clone();
        sending.spawn(async move {
            let outcome = office.transport.send(&row.notification).await;
            (row, outcome)
        });
    }
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = &mut deadline => return Ok(tried),
            joined = sending.join_next() => match joined {
                None => return Ok(tried),
                Some(Ok((row, outcome))) => {
                    pulse.beat();
                    settle(office, &row, outcome).await?;
                }
                Some(Err(panic)) => {
                    return Err(DaemonError::Worker { worker: "courier".to_owned(), cause: panic.to_string() });
                }
            }
        }
    }
}

/// Writes what became of one attempt, and tells the operators when it is the last.
async fn settle(office: &Office, row: &OutboxRow, outcome: Outcome) -> Result<(), DaemonError> {
    let now = now_micros();
    let step = step(row, outcome, now);
    let recipient = &row.notification.recipient;
    let subject = &row.notification.subject;
    match &step {
        OutboxStep::Delivered { .. } => tracing::info!(outbox = row.id, "delivered"),
        OutboxStep::RetryAt { reason, .. } | OutboxStep::DropAttachment { reason } => {
            tracing::warn!(outbox = row.id, reason, "not delivered yet");
        }
        OutboxStep::Pause { reason, .. } => {
            office.ledger.set_note("transport", reason).await?;
            tracing::error!(reason, "the relay refuses this sender: mail waits; check user, password and `from`");
        }
        OutboxStep::Dead { reason } => tracing::error!(outbox = row.id, reason, "given up"),
    }
    office.ledger.record_outcome(row.id, &step, now).await?;
    let OutboxStep::Dead { reason } = &step else { return Ok(()) };
    if row.notification.kind == Kind::Operator {
        return Ok(());
    }
    let trouble = Trouble {
        kind: "mail-given-up",
        about: recipient.clone(),
        subject: format!("mail to {recipient} was given up"),
        paragraphs: vec![
            format!("The relay does not take mail for {recipient}: {reason}"),
            format!("The message \u{201c}{subject}\u{201d} is kept in the outbox as number {}.", row.id),
            format!("Mend the address or the relay, then run `tidewaiter outbox requeue {}`.", row.id),
        ],
    };
    office.tell_operators(&trouble).await
}

fn step(row: &OutboxRow, outcome: Outcome, now: i64) -> OutboxStep {
    match outcome {
        Outcome::Delivered { reply } => OutboxStep::Delivered { reply },
        Outcome::Refused { reason } => OutboxStep::Dead { reason },
        Outcome::TooLarge { reason } if row.notification.without_attachment.is_some() => {
            OutboxStep::DropAttachment { reason }
        }
        Outcome::TooLarge { reason } => OutboxStep::Dead { reason },
        Outcome::TransportRefused { reason } => OutboxStep::Pause { until: now + PAUSE_MICROS, reason },
        Outcome::Deferred { reason } => match next_try(row.attempts + 1, row.first_at, now, jitter(row)) {
            NextTry::At(at) => OutboxStep::RetryAt { at, reason },
            NextTry::Dead => OutboxStep::Dead { reason },
        },
    }
}

/// Between -1 and 1, different for each message and attempt, so that an outage does not end in a burst.
fn jitter(row: &OutboxRow) -> f64 {
    let text = format!("{} {}", row.notification.message_id, row.attempts);
    let byte = blake3::hash(text.as_bytes()).as_bytes().first().copied().unwrap_or(128);
    f64::from(byte) / 127.5 - 1.0
}
