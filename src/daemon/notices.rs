//! What the daemon says about itself: one mail to each operator, at most once a day for each kind and subject.

use super::office::Office;
use super::{DaemonError, now_micros};
use crate::deliver::{OperatorLetter, operator_letter};
use crate::ledger::Notice;
use crate::notification::Notification;

/// Something that the operators must know.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Kebab-case kind: `rule-broken`, `file-failed`, …
    pub kind: &'static str,
    /// What it is about: a file, a rule, an address. With the kind, it is told once a day.
    pub about: String,
    /// The subject of the mail.
    pub subject: String,
    /// Plain paragraphs: what happened, what tidewaiter did, what to do.
    pub paragraphs: Vec<String>,
}

impl Office {
    /// Enqueues a mail about a trouble for each operator, unless the same was told within a day.
    ///
    /// # Errors
    /// When the ledger fails or the mail cannot be built.
    pub async fn tell_operators(&self, trouble: &Trouble) -> Result<(), DaemonError> {
        tracing::warn!(kind = trouble.kind, about = trouble.about, "{}", trouble.subject);
        let letters: Result<Vec<Notification>, _> = self
            .config
            .operators
            .iter()
            .map(|recipient| {
                let letter = OperatorLetter {
                    kind: trouble.kind,
                    about: &trouble.about,
                    subject: &trouble.subject,
                    paragraphs: &trouble.paragraphs,
                    recipient,
                    now: jiff::Timestamp::now(),
                    id: uuid::Uuid::now_v7(),
                };
                operator_letter(&letter, &self.sender, &self.templates)
            })
            .collect();
        let letters = letters.map_err(|error| DaemonError::Mail(error.to_string()))?;
        let notice = Notice { kind: trouble.kind.to_owned(), about: trouble.about.clone() };
        if self.ledger.enqueue_notice(&notice, &letters, now_micros()).await? {
            self.leave_locally(&letters).await;
            self.post.notify_one();
        }
        Ok(())
    }

    /// A copy in the local folder, since the relay may be what is broken.
    async fn leave_locally(&self, letters: &[Notification]) {
        let (Some(maildir), Some(letter)) = (&self.local_mail, letters.first()) else { return };
        let outcome = maildir.deliver(letter).await;
        tracing::debug!(?outcome, "operator notice left in the local mail folder");
    }
}
