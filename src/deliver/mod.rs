//! Deliver: notification → outcome. `message` renders, transports send.
//!
//! An [`Alert`](crate::alert::Alert) or an operator's notice becomes bytes that never change again; a [`Transport`]
//! tries them once and says in words what became of it. Nothing here decides who is told, or waits, or keeps a queue.

mod attachment;
mod change;
mod foot;
mod letter;
mod maildir;
mod merge;
mod message;
mod retry;
mod room;
mod sample;
mod sendmail;
mod sheet;
mod smtp;
mod templates;
mod token;
mod trial;
mod view;
mod whereabouts;

#[cfg(test)]
mod mail_tests;
#[cfg(test)]
mod smtp_tests;

pub use letter::{Letter, OperatorLetter, alert_letter, operator_letter, record_line};
pub use maildir::Maildir;
pub use merge::{is_critical, merged_letter};
pub use retry::{NextTry, next_try};
pub use sendmail::Sendmail;
pub(crate) use sheet::neutral as neutral_cell;
pub use sheet::{Columns, line as table_line};
pub use smtp::{Login, SmtpError, SmtpSettings, SmtpTls, SmtpTransport};
pub use templates::{Templates, stamp as template_stamp};
pub use token::TokenCommand;
pub use view::Occasion;

use crate::notification::{Notification, Outcome};

/// Whom the mails come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// An address, with or without a display name: `Tidewaiter <tide@example.org>`.
    pub from: String,
    /// The right side of every Message-ID.
    pub host: String,
}

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The configuration names an address that nothing can be sent to or from.
    #[error("‘{address}’ is no address for mail: {reason}")]
    Address {
        /// As written.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// A shipped template does not parse or fails.
    #[error("template {name}: {reason}")]
    Template {
        /// The file.
        name: String,
        /// What is wrong, with the line.
        reason: String,
    },
    /// The parts do not go together.
    #[error("the message cannot be put together: {reason}")]
    Assembly {
        /// What is wrong.
        reason: String,
    },
}

/// Whether mail can be made for an address: a bare one, in ASCII.
pub fn is_deliverable(address: &str) -> bool {
    message::is_bare(address)
}

/// Whether mail can come from somebody: `tide@example.org`, or `Tidewaiter <tide@example.org>`.
pub fn is_sender(from: &str) -> bool {
    Sender { from: from.to_owned(), host: String::new() }.mailbox().is_ok()
}

/// The HTML part of a rendered notification, for a preview in a browser.
pub fn html_of(notification: &Notification) -> String {
    message::part(&notification.message, "text/html")
}

/// The plain part of a rendered notification, for a terminal.
pub fn text_of(notification: &Notification) -> String {
    message::part(&notification.message, "text/plain")
}

/// A way out of the house.
#[derive(Debug, Clone)]
pub enum Transport {
    /// A relay.
    Smtp(SmtpTransport),
    /// A folder.
    Maildir(Maildir),
    /// A local command.
    Sendmail(Sendmail),
}

impl Transport {
    /// One attempt. `leaving` is called when nothing but the message itself is left to say: from then on the other side may
    /// have it. A Maildir needs no such note, since a message stands in it once.
    pub async fn send<F>(&self, notification: &Notification, leaving: F) -> Outcome
    where
        F: AsyncFnOnce() -> Result<(), String>,
    {
        match self {
            Transport::Smtp(relay) => relay.send(notification, leaving).await,
            Transport::Sendmail(command) => command.send(notification, leaving).await,
            Transport::Maildir(maildir) => maildir.deliver(notification).await,
        }
    }
}
