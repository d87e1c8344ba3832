//! The courier: outbox → transport → outcome, with back-off. It never renders and never decides who is told.
//!
//! A handful of messages is in hand at once, each by itself, so that one that hangs holds up nobody. What became of a
//! message that the ledger cannot note (a full disk) is kept and noted later: it is not sent again meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
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
/// Bytes of them after which no more are taken: a transport needs a few times as many.
const BYTES_IN_HAND: usize = 4 << 20;
/// The courier looks at the outbox at least this often, so that its pulse never stops.
const LONGEST_REST: Duration = Duration::from_secs(10);
/// How long it rests while something is in hand or cannot be noted: what falls due meanwhile waits no longer.
const SHORT_REST: Duration = Duration::from_secs(1);
/// How long a stop waits for the conversations in hand.
const LAST_WORDS: Duration = Duration::from_secs(8);
/// How long a transport that is itself at fault rests.
const PAUSE_MICROS: i64 = 5 * 60 * 1_000_000;
/// After this many attempts a message has waited for about an hour, and the operators are told.
const ATTEMPTS_BEFORE_TELLING: i64 = 7;

type Answer = (OutboxRow, Outcome);

/// A message in hand.
struct Held {
    id: i64,
    size: usize,
}

/// What is under way.
struct Bag {
    office: Arc<Office>,
    /// The messages that are being sent or whose outcome is not noted yet.
    in_hand: Vec<Held>,
    sending: JoinSet<Answer>,
    /// Outcomes that the ledger could not take.
    owed: Vec<Answer>,
}

/// Sends what is due until it is told to stop; a stop finishes the conversations in hand.
///
/// # Errors
/// When the ledger fails for another reason than a full disk.
pub async fn run(office: Arc<Office>, pulse: Pulse, shutdown: CancellationToken) -> Result<(), DaemonError> {
    let mut bag = Bag { office, in_hand: Vec::new(), sending: JoinSet::new(), owed: Vec::new() };
    while !shutdown.is_cancelled() {
        pulse.beat();
        let rest = match bag.fill().await {
            Ok(rest) => rest,
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "the disk is full: mail waits");
                LONGEST_REST
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = bag.office.post.notified() => {}
            Some(sent) = bag.sending.join_next() => bag.settle(sent).await?,
            () = tokio::time::sleep(rest) => {}
        }
    }
    bag.finish().await
}

impl Bag {
    /// Notes what is owed, then takes what is due; answers how long to rest when nothing happens.
    async fn fill(&mut self) -> Result<Duration, DaemonError> {
        self.repay().await?;
        while self.in_hand.len() < IN_HAND && self.in_hand.iter().map(|held| held.size).sum::<usize>() < BYTES_IN_HAND {
            let ids: Vec<i64> = self.in_hand.iter().map(|held| held.id).collect();
            let Some(row) = self.office.ledger.due(now_micros(), &ids, 1).await?.pop() else { break };
            self.in_hand.push(Held { id: row.id, size: row.notification.message.len() });
            let office = self.office.clone();
            self.sending.spawn(async move {
                let outcome = office.transport.send(&row.notification).await;
                (row, outcome)
            });
        }
        if !self.in_hand.is_empty() {
            return Ok(SHORT_REST);
        }
        let due = self.office.ledger.next_due_at().await?;
        let wait = due.map_or(LONGEST_REST, |at| Duration::from_micros(u64::try_from(at - now_micros()).unwrap_or(0)));
        Ok(wait.min(LONGEST_REST))
    }

    async fn settle(&mut self, sent: Result<Answer, tokio::task::JoinError>) -> Result<(), DaemonError> {
        let answer =
            sent.map_err(|panic| DaemonError::Worker { worker: "courier".to_owned(), cause: panic.to_string() })?;
        self.owed.push(answer);
        match self.repay().await {
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "the disk is full: what became of a mail is noted later");
                Ok(())
            }
            repaid => repaid,
        }
    }

    async fn repay(&mut self) -> Result<(), DaemonError> {
        while let Some((row, outcome)) = self.owed.last() {
            note(&self.office, row, outcome.clone()).await?;
            let id = row.id;
            self.in_hand.retain(|held| held.id != id);
            self.owed.pop();
        }
        Ok(())
    }

    /// The last words of the conversations in hand.
    async fn finish(mut self) -> Result<(), DaemonError> {
        let deadline = Instant::now() + LAST_WORDS;
        while let Ok(Some(sent)) = tokio::time::timeout_at(deadline, self.sending.join_next()).await {
            self.settle(sent).await?;
        }
        match self.repay().await {
            Err(error) if error.is_disk_full() => {
                tracing::error!(mails = self.owed.len(), "the disk is full: mails that are out are sent once more");
                Ok(())
            }
            repaid => repaid,
        }
    }
}

/// Writes what became of one attempt. The operators are told first: a crash in between tells them at most once more, and
/// never leaves a message given up that nobody knows of.
async fn note(office: &Office, row: &OutboxRow, outcome: Outcome) -> Result<(), DaemonError> {
    let now = now_micros();
    let step = step(row, outcome, now);
    match &step {
        OutboxStep::Delivered { .. } => tracing::info!(outbox = row.id, "delivered"),
        OutboxStep::RetryAt { reason, .. } | OutboxStep::DropAttachment { reason } => {
            tracing::warn!(outbox = row.id, reason, "not delivered yet");
        }
        OutboxStep::Pause { reason, .. } => tracing::error!(outbox = row.id, reason, "the relay refuses this sender"),
        OutboxStep::Dead { reason } => tracing::error!(outbox = row.id, reason, "given up"),
    }
    if let Some(trouble) = trouble(row, &step) {
        office.tell_operators(&trouble).await?;
    }
    Ok(office.ledger.record_outcome(row.id, &step, now).await?)
}

/// What the operators must know of an outcome. Of mail to themselves they would be told by mail to themselves.
fn trouble(row: &OutboxRow, step: &OutboxStep) -> Option<Trouble> {
    let recipient = &row.notification.recipient;
    let subject = &row.notification.subject;
    let kept = format!("The message \u{201c}{subject}\u{201d} is kept in the outbox as number {}.", row.id);
    match step {
        OutboxStep::Pause { reason, .. } => Some(Trouble {
            kind: "relay-refuses",
            about: String::new(),
            subject: format!("no mail goes out: {reason}"),
            paragraphs: vec![
                format!("The relay refuses every mail of tidewaiter: {reason}"),
                "Check the user, the password and the sender's address (`mail:` in the configuration). Mail waits in the \
                 outbox and is tried again every five minutes; nothing is lost."
                    .to_owned(),
            ],
        }),
        OutboxStep::Dead { reason } if row.notification.kind != Kind::Operator => Some(Trouble {
            kind: "mail-given-up",
            about: recipient.clone(),
            subject: format!("mail to {recipient} was given up"),
            paragraphs: vec![
                format!("The relay does not take mail for {recipient}: {reason}"),
                kept,
                format!("Mend the address or the relay, then run `tidewaiter outbox requeue {}`.", row.id),
            ],
        }),
        OutboxStep::RetryAt { reason, .. }
            if row.notification.kind != Kind::Operator && row.attempts + 1 == ATTEMPTS_BEFORE_TELLING =>
        {
            Some(Trouble {
                kind: "mail-waits",
                about: recipient.clone(),
                subject: format!("mail to {recipient} has been waiting for an hour"),
                paragraphs: vec![
                    format!("The last attempt ended with: {reason}"),
                    kept,
                    "It is tried every hour for a week; `tidewaiter outbox` lists what waits.".to_owned(),
                ],
            })
        }
        OutboxStep::Delivered { .. } | OutboxStep::RetryAt { .. } | OutboxStep::DropAttachment { .. } => None,
        OutboxStep::Dead { .. } => None,
    }
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
