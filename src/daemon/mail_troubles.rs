//! What the courier has to complain of, in words. In: what became of mail. Out: a [`Trouble`], or nothing. It sends nothing.

use super::notices::{Trouble, counted};
use super::wrong::Wrong;
use crate::ledger::{OutboxRow, OutboxStep};
use crate::notification::Kind;

/// After this many attempts a message has waited for about an hour, and the operators are told.
const ATTEMPTS_BEFORE_TELLING: i64 = 7;

/// How the first relay does while something is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circumstances {
    /// It works, as far as is known.
    Usual,
    /// It is out, and nothing stands in for it.
    Outage,
    /// It is out, and the fallback takes what it does not.
    StoodInFor,
}

/// The first relay cannot be reached for a quarter of an hour.
pub fn relay_down(since: i64, waiting: i64, reason: &str, has_fallback: bool) -> Trouble {
    let since = jiff::Timestamp::from_microsecond(since).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC");
    let meanwhile = match has_fallback {
        true => "The fallback takes the mail meanwhile.".to_owned(),
        false => format!(
            "In the outbox: {}. Each is tried again for at least a week, and nothing is lost; a `fallback:` under `mail:` \
             would take it.",
            counted(waiting, "mail")
        ),
    };
    Trouble {
        kind: "relay-down",
        about: String::new(),
        subject: format!("the relay has not taken mail since {since}"),
        paragraphs: vec![
            format!("The last attempt ended with: {reason}"),
            meanwhile,
            "The relay is probed every few minutes; `tidewaiter outbox` lists what waits.".to_owned(),
        ],
    }
}

/// The first relay takes mail again, after the operators were told that it does not.
pub fn relay_back(since: i64) -> Trouble {
    let at = jiff::Timestamp::from_microsecond(since).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC");
    Trouble {
        kind: "relay-back",
        about: since.to_string(),
        subject: "the relay takes mail again".to_owned(),
        paragraphs: vec![format!("It had not since {at}. What waited is sent now.")],
    }
}

/// The first relay refuses every mail, for as long as it does.
pub fn refuses(reason: &str, stood_in_for: bool) -> Wrong {
    let meanwhile = if stood_in_for { "the fallback takes the mail meanwhile" } else { "no mail goes out" };
    Wrong {
        what: format!("the relay refuses the sender or the password, and {meanwhile}: {reason}"),
        command: "tidewaiter outbox".to_owned(),
    }
}

/// What the operators must know of an outcome. Of mail to themselves they would be told by mail to themselves.
pub fn of_outcome(row: &OutboxRow, step: &OutboxStep, circumstances: Circumstances) -> Option<Trouble> {
    let mail_to_others = row.notification.kind != Kind::Operator;
    match step {
        OutboxStep::Pause { reason, .. } => Some(refused(reason, circumstances)),
        OutboxStep::Dead { reason } if mail_to_others => Some(given_up(row, reason)),
        OutboxStep::RetryAt { reason, .. }
            if mail_to_others
                && circumstances == Circumstances::Usual
                && row.attempts + 1 == ATTEMPTS_BEFORE_TELLING =>
        {
            Some(waits(row, reason))
        }
        OutboxStep::Delivered { .. }
        | OutboxStep::RetryAt { .. }
        | OutboxStep::DropAttachment { .. }
        | OutboxStep::Dead { .. } => None,
    }
}

fn refused(reason: &str, circumstances: Circumstances) -> Trouble {
    let (subject, meanwhile) = match circumstances {
        Circumstances::StoodInFor => ("the relay refuses every mail", "The fallback takes the mail meanwhile."),
        Circumstances::Usual | Circumstances::Outage => (
            "no mail goes out",
            "Mail waits in the outbox; nothing is lost. A `fallback:` under `mail:` would take it.",
        ),
    };
    Trouble {
        kind: "relay-refuses",
        about: String::new(),
        subject: format!("{subject}: {reason}"),
        paragraphs: vec![
            format!("The relay refuses every mail of tidewaiter: {reason}"),
            meanwhile.to_owned(),
            "Check the user, the password and the sender's address (`mail:` in the configuration). One message is tried \
             every five minutes."
                .to_owned(),
        ],
    }
}

fn given_up(row: &OutboxRow, reason: &str) -> Trouble {
    let recipient = &row.notification.recipient;
    Trouble {
        kind: "mail-given-up",
        about: format!("mail {} to {recipient}", row.id),
        subject: format!("mail to {recipient} was given up"),
        paragraphs: vec![
            format!("The relay does not take mail for {recipient}: {reason}"),
            kept(row),
            format!("Mend the address or the relay, then run `tidewaiter outbox requeue {}`.", row.id),
        ],
    }
}

fn waits(row: &OutboxRow, reason: &str) -> Trouble {
    let recipient = &row.notification.recipient;
    Trouble {
        kind: "mail-waits",
        about: recipient.clone(),
        subject: format!("mail to {recipient} has been waiting for an hour"),
        paragraphs: vec![
            format!("The last attempt ended with: {reason}"),
            kept(row),
            "It is tried every hour for a week; `tidewaiter outbox` lists what waits.".to_owned(),
        ],
    }
}

fn kept(row: &OutboxRow) -> String {
    format!("The message \u{201c}{}\u{201d} is kept in the outbox as number {}.", row.notification.subject, row.id)
}
