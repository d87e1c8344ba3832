//! A notification: one message to one recipient, and what became of it. Pure data.

use serde::{Deserialize, Serialize};

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Findings.
    Alert,
    /// Something that the operator must know.
    Operator,
}

impl Kind {
    /// The word in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Alert => "alert",
            Kind::Operator => "operator",
        }
    }
}

/// A rendered message for one address. The bytes never change once it is in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Without angle brackets; fixed for ever.
    pub message_id: String,
    /// Why.
    pub kind: Kind,
    /// One envelope recipient, a bare address.
    pub recipient: String,
    /// Envelope sender, a bare address.
    pub sender: String,
    /// For listings.
    pub subject: String,
    /// The whole RFC 5322 message, CRLF line ends.
    pub message: Vec<u8>,
    /// The same without the attachment, for a relay that finds it too large.
    pub without_attachment: Option<Vec<u8>>,
}

/// Mails with alerts that were made lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Made {
    /// For one recipient within the last hour, without those that tell something critical.
    pub hour: u64,
    /// For one recipient within the last day.
    pub day: u64,
    /// For all within the last minute.
    pub minute: u64,
}

/// What a transport says of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took it, or the file stands in the Maildir.
    Delivered {
        /// The relay's last words.
        reply: String,
    },
    /// The relay says: not this message, not now. It is not at fault.
    Deferred {
        /// What was said.
        reason: String,
    },
    /// The relay cannot be spoken to, or takes no mail at all now.
    Unreachable {
        /// What was said or what failed.
        reason: String,
    },
    /// It was given the whole message and did not say what became of it: perhaps it has it.
    Unconfirmed {
        /// What failed.
        reason: String,
    },
    /// Never: this recipient is refused.
    Refused {
        /// The relay's words.
        reason: String,
    },
    /// Too large for the relay (552, or 554 that speaks of size).
    TooLarge {
        /// The relay's words.
        reason: String,
    },
    /// The transport itself is at fault (credentials, sender refused, certificate): pause it, burn no message.
    TransportRefused {
        /// What is wrong with it.
        reason: String,
    },
}
