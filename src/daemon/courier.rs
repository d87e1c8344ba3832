//! The courier: outbox → one of two relays → outcome, with back-off. It never decides who is told.
//!
//! A handful of messages is in hand at once, each by itself, so that one that hangs holds up nobody. What became of a
//! message that the ledger cannot note (a full disk) is kept and noted later: it is not sent again meanwhile. After an
//! outage of more than an hour, what waits for one recipient goes out as one mail, but for what is critical.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::hindrances::Matter;
use super::mail_troubles::{self, Circumstances};
use super::office::Office;
use super::settings::Settings;
use super::ways::{Choice, Turn, Way, Ways, was_told_of};
use super::{DaemonError, merging, now_micros};
use crate::deliver::{NextTry, next_try};
use crate::ledger::{OutboxRow, OutboxStep, Waits};
use crate::notification::Outcome;
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
/// How long a message rests whose relay is at fault.
const PAUSE_MICROS: i64 = 5 * 60 * 1_000_000;
/// How often it is looked whether an outage must be told once more.
const TELL_AGAIN: Duration = Duration::from_secs(3600);
/// The note in the ledger that says since when the first relay is down, in microseconds; empty when it is not.
pub const DOWN_SINCE: &str = "relay-down-since";

/// What became of one attempt.
#[derive(Debug)]
struct Answer {
    row: OutboxRow,
    way: Way,
    outcome: Outcome,
    /// Whether the message itself was on its way when the attempt ended.
    left: bool,
}

/// A message in hand.
struct Held {
    id: i64,
    size: usize,
    way: Way,
}

/// What is under way.
struct Bag {
    office: Arc<Office>,
    /// What the ways were laid out for.
    settings: Arc<Settings>,
    /// The messages that are being sent or whose outcome is not noted yet.
    in_hand: Vec<Held>,
    sending: JoinSet<Answer>,
    /// Outcomes that the ledger could not take.
    owed: Vec<Answer>,
    ways: Ways,
    /// Why the last attempt at the first relay failed.
    last_reason: String,
    /// When it was last told that it is out.
    outage_told: Option<Instant>,
}

/// Sends what is due until it is told to stop; a stop finishes the conversations in hand.
///
/// # Errors
/// When the ledger fails for another reason than a full disk.
pub async fn run(office: Arc<Office>, pulse: Pulse, shutdown: CancellationToken) -> Result<(), DaemonError> {
    let mut bag = Bag::open(office).await?;
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
    async fn open(office: Arc<Office>) -> Result<Bag, DaemonError> {
        let settings = office.settings();
        let ways = ways(&office, &settings).await?;
        let last_reason = "it was down when tidewaiter was stopped".to_owned();
        Ok(Bag {
            office,
            settings,
            in_hand: Vec::new(),
            sending: JoinSet::new(),
            owed: Vec::new(),
            ways,
            last_reason,
            outage_told: None,
        })
    }

    /// Notes what is owed, then takes what is due; answers how long to rest when nothing happens.
    async fn fill(&mut self) -> Result<Duration, DaemonError> {
        self.repay().await?;
        self.heed_settings().await?;
        self.tell_of_outage().await?;
        let mut wait_until = None;
        while self.in_hand.len() < IN_HAND && self.in_hand.iter().map(|held| held.size).sum::<usize>() < BYTES_IN_HAND {
            let ids: Vec<i64> = self.in_hand.iter().map(|held| held.id).collect();
            let Some(row) = self.office.ledger.due(now_micros(), &ids, 1).await?.pop() else { break };
            match self.ways.choose(row.handed_at, now_micros()) {
                Choice::Take(way) if self.is_asked(way) => break,
                Choice::Take(way) => self.take(row, way),
                // Perhaps the first relay has it: it waits for that one, and holds up nobody.
                Choice::Wait(until) if row.handed_at.is_some() && self.settings.fallback.is_some() => {
                    let reason = "it waits for the relay that may have it".to_owned();
                    let step = OutboxStep::Pause { until, reason };
                    self.office.ledger.record_outcome(row.id, &step, now_micros()).await?;
                }
                Choice::Wait(until) => {
                    wait_until = Some(until);
                    break;
                }
            }
        }
        if !self.in_hand.is_empty() {
            return Ok(SHORT_REST);
        }
        let due = match wait_until {
            Some(until) => Some(until),
            None => self.office.ledger.next_due_at().await?,
        };
        let wait = due.map_or(LONGEST_REST, |at| Duration::from_micros(u64::try_from(at - now_micros()).unwrap_or(0)));
        Ok(wait.min(LONGEST_REST))
    }

    /// Perhaps there is another relay now, or another password: what waits for it is tried at once.
    async fn heed_settings(&mut self) -> Result<(), DaemonError> {
        let settings = self.office.settings();
        if !Arc::ptr_eq(&settings, &self.settings) {
            self.office.ledger.make_due(now_micros()).await?;
            self.ways = ways(&self.office, &settings).await?;
            self.settings = settings;
            self.show_refusal();
        }
        Ok(())
    }

    /// Whether a message asks a relay that is to be asked by one message at a time.
    fn is_asked(&self, way: Way) -> bool {
        self.ways.is_asked_singly(way, now_micros()) && self.in_hand.iter().any(|held| held.way == way)
    }

    fn take(&mut self, row: OutboxRow, way: Way) {
        self.in_hand.push(Held { id: row.id, size: row.notification.message.len(), way });
        let (office, settings) = (self.office.clone(), self.settings.clone());
        self.sending.spawn(async move {
            let left = AtomicBool::new(false);
            let leaving = async || {
                let noted = office.ledger.leaves(row.id, now_micros()).await;
                left.store(noted.is_ok(), Ordering::Relaxed);
                noted.map_err(|error| format!("it cannot be noted that the message leaves: {error}"))
            };
            let transport = match (way, &settings.fallback) {
                (Way::Fallback, Some(fallback)) => fallback,
                _ => &settings.transport,
            };
            let outcome = transport.send(&row.notification, leaving).await;
            let left = left.load(Ordering::Relaxed);
            Answer { row, way, outcome, left }
        });
    }

    async fn settle(&mut self, sent: Result<Answer, tokio::task::JoinError>) -> Result<(), DaemonError> {
        let answer =
            sent.map_err(|panic| DaemonError::Worker { worker: "courier".to_owned(), cause: panic.to_string() })?;
        let turn = self.ways.heed(answer.way, &answer.outcome, now_micros());
        if answer.way == Way::First
            && let Outcome::Unreachable { reason }
            | Outcome::Unconfirmed { reason }
            | Outcome::TransportRefused { reason } = &answer.outcome
        {
            self.last_reason.clone_from(reason);
        }
        self.show_refusal();
        let way = answer.way;
        self.owed.push(answer);
        let done = match self.repay().await {
            Ok(()) if way == Way::First => self.turned(turn).await,
            repaid => repaid,
        };
        match done {
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "the disk is full: what became of a mail is noted later");
                Ok(())
            }
            done => done,
        }
    }

    /// The first relay failed, or works again.
    async fn turned(&self, turn: Turn) -> Result<(), DaemonError> {
        let ledger = &self.office.ledger;
        match turn {
            Turn::Same => Ok(()),
            Turn::Fails => Ok(ledger.set_note(DOWN_SINCE, &now_micros().to_string()).await?),
            Turn::Works(since) => {
                ledger.set_note(DOWN_SINCE, "").await?;
                if was_told_of(since, now_micros()) {
                    self.office.tell_operators(&mail_troubles::relay_back(since)).await?;
                }
                let in_hand: Vec<i64> = self.in_hand.iter().map(|held| held.id).collect();
                merging::merge_waiting(&self.office, &in_hand, since).await?;
                Ok(ledger.make_due(now_micros()).await?)
            }
        }
    }

    /// A relay that refuses is told of by what it refused.
    async fn tell_of_outage(&mut self) -> Result<(), DaemonError> {
        let Some(since) = self.ways.out_since(now_micros()).filter(|_| !self.ways.is_refused()) else {
            self.outage_told = None;
            return Ok(());
        };
        if self.outage_told.is_some_and(|told| told.elapsed() < TELL_AGAIN) {
            return Ok(());
        }
        self.outage_told = Some(Instant::now());
        let waiting = self.office.ledger.outbox_waiting().await?;
        let trouble = mail_troubles::relay_down(since, waiting, &self.last_reason, self.settings.fallback.is_some());
        self.office.tell_operators(&trouble).await
    }

    /// What `status` says of it until it takes mail again.
    fn show_refusal(&self) {
        let stood_in_for = self.ways.stands_in(now_micros());
        let wrong = self.ways.is_refused().then(|| mail_troubles::refuses(&self.last_reason, stood_in_for));
        self.office.hindrances.set(Matter::Relay, wrong);
    }

    async fn repay(&mut self) -> Result<(), DaemonError> {
        while let Some(answer) = self.owed.last() {
            self.note(answer).await?;
            let id = answer.row.id;
            self.in_hand.retain(|held| held.id != id);
            self.owed.pop();
        }
        Ok(())
    }

    /// Writes what became of one attempt. The operators are told first: a crash in between tells them at most once more,
    /// and never leaves a message given up that nobody knows of.
    async fn note(&self, answer: &Answer) -> Result<(), DaemonError> {
        let (row, now) = (&answer.row, now_micros());
        // What the relay said that it has not.
        let returned = !matches!(answer.outcome, Outcome::Delivered { .. } | Outcome::Unconfirmed { .. });
        let circumstances = match self.ways.stands_in(now) && answer.way == Way::First {
            true => Circumstances::StoodInFor,
            false if self.ways.out_since(now).is_some() => Circumstances::Outage,
            false => Circumstances::Usual,
        };
        let step = step(row, answer.outcome.clone(), (circumstances, now));
        match &step {
            OutboxStep::Delivered { .. } => tracing::info!(outbox = row.id, way = ?answer.way, "delivered"),
            OutboxStep::RetryAt { reason, .. } | OutboxStep::DropAttachment { reason } => {
                tracing::warn!(outbox = row.id, reason, "not delivered yet");
            }
            OutboxStep::Pause { reason, .. } => {
                tracing::error!(outbox = row.id, reason, "the relay refuses this sender");
            }
            OutboxStep::Dead { reason } => tracing::error!(outbox = row.id, reason, "given up"),
        }
        if let Some(trouble) = mail_troubles::of_outcome(row, &step, circumstances) {
            self.office.tell_operators(&trouble).await?;
        }
        if answer.left && row.handed_at.is_none() && returned {
            self.office.ledger.came_back(row.id).await?;
        }
        Ok(self.office.ledger.record_outcome(row.id, &step, now).await?)
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

/// The ways of a configuration, with what the ledger knows of the first relay.
async fn ways(office: &Office, settings: &Settings) -> Result<Ways, DaemonError> {
    let down_since = office.ledger.note(DOWN_SINCE).await?.and_then(|text| text.parse().ok());
    Ok(Ways::new(down_since, settings.fallback.is_some()))
}

fn step(row: &OutboxRow, outcome: Outcome, (circumstances, now): (Circumstances, i64)) -> OutboxStep {
    match outcome {
        Outcome::Delivered { reply } => OutboxStep::Delivered { reply },
        Outcome::Refused { reason } => OutboxStep::Dead { reason },
        Outcome::TooLarge { reason } if row.notification.without_attachment.is_some() => {
            OutboxStep::DropAttachment { reason }
        }
        Outcome::TooLarge { reason } => OutboxStep::Dead { reason },
        Outcome::TransportRefused { reason } => {
            let rest = if circumstances == Circumstances::StoodInFor { 0 } else { PAUSE_MICROS };
            OutboxStep::Pause { until: now + rest, reason }
        }
        Outcome::Unreachable { reason } if circumstances == Circumstances::StoodInFor => {
            OutboxStep::RetryAt { at: now, reason, waits: Waits::ForRelay }
        }
        Outcome::Unreachable { reason } => later(row, (reason, Waits::ForRelay), now),
        Outcome::Deferred { reason } | Outcome::Unconfirmed { reason } => later(row, (reason, Waits::ForItsHour), now),
    }
}

fn later(row: &OutboxRow, (reason, waits): (String, Waits), now: i64) -> OutboxStep {
    match next_try(row.attempts + 1, row.first_at, now, jitter(row)) {
        NextTry::At(at) => OutboxStep::RetryAt { at, reason, waits },
        NextTry::Dead => OutboxStep::Dead { reason },
    }
}

/// Between -1 and 1, different for each message and attempt, so that an outage does not end in a burst.
fn jitter(row: &OutboxRow) -> f64 {
    let text = format!("{} {}", row.notification.message_id, row.attempts);
    let byte = blake3::hash(text.as_bytes()).as_bytes().first().copied().unwrap_or(128);
    f64::from(byte) / 127.5 - 1.0
}
