//! What the daemon says about itself: a mail to each operator, one for all that is said at a moment.
//!
//! In: troubles. Out: mails in the outbox, and a copy in the local mail folder, since the relay may be what is broken. Each
//! matter is told once a day; of one kind six mails go out within an hour, and what comes beyond them is told in one.

use super::office::Office;
use super::typed::typed;
use super::{DaemonError, now_micros};
use crate::deliver::{OperatorLetter, operator_letter};
use crate::ledger::{Admission, Notice};
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

/// `3 records`, `1 record`.
pub fn counted(many: i64, one: &str) -> String {
    format!("{many} {one}{}", if many == 1 { "" } else { "s" })
}

impl Trouble {
    fn notice(&self) -> Notice {
        Notice {
            kind: self.kind.to_owned(),
            about: self.about.clone(),
            subject: self.subject.clone(),
            paragraphs: self.paragraphs.clone(),
        }
    }
}

impl Office {
    /// Enqueues a mail about a trouble for each operator, unless the same was told within a day.
    ///
    /// # Errors
    /// When the ledger fails or the mail cannot be built.
    pub async fn tell_operators(&self, trouble: &Trouble) -> Result<(), DaemonError> {
        self.tell_together(std::slice::from_ref(trouble)).await
    }

    /// Enqueues one mail about all the troubles of a moment.
    ///
    /// # Errors
    /// When the ledger fails or the mail cannot be built; none of them counts as told then.
    pub async fn tell_together(&self, troubles: &[Trouble]) -> Result<(), DaemonError> {
        for trouble in troubles {
            tracing::warn!(kind = trouble.kind, about = trouble.about, "{}", trouble.subject);
        }
        if troubles.is_empty() {
            return Ok(());
        }
        let mut turn = self.ledger.begin_notices(now_micros()).await?;
        let mut told = Vec::new();
        for notice in troubles.iter().map(Trouble::notice) {
            if turn.admit(&notice).await? == Admission::Tell {
                told.push(notice);
            }
        }
        let letters = self.operator_letters(&told)?;
        turn.commit(&letters).await?;
        self.posted(&letters).await;
        Ok(())
    }

    /// Tells in one mail what was gathered, as far as its turn has come.
    ///
    /// # Errors
    /// When the ledger fails or the mail cannot be built.
    pub async fn tell_gathered(&self) -> Result<(), DaemonError> {
        if !self.ledger.has_gathered().await? {
            return Ok(());
        }
        let mut turn = self.ledger.begin_notices(now_micros()).await?;
        let told = turn.take_gathered().await?;
        let letters = self.operator_letters(&told)?;
        turn.commit(&letters).await?;
        self.posted(&letters).await;
        Ok(())
    }

    /// The mails that tell some notices, one for each operator; none when there is nothing to tell.
    fn operator_letters(&self, told: &[Notice]) -> Result<Vec<Notification>, DaemonError> {
        let Some(whole) = together(told) else { return Ok(Vec::new()) };
        let settings = self.settings();
        let paragraphs: Vec<String> =
            whole.paragraphs.iter().map(|text| typed(text, settings.config.unfound())).collect();
        let letters = settings.config.operators.iter().map(|recipient| {
            let letter = OperatorLetter {
                kind: &whole.kind,
                about: &whole.about,
                subject: &whole.subject,
                paragraphs: &paragraphs,
                recipient,
                now: jiff::Timestamp::now(),
                id: uuid::Uuid::now_v7(),
            };
            operator_letter(&letter, &settings.sender, &settings.templates)
        });
        letters.collect::<Result<_, _>>().map_err(|error| DaemonError::Mail(error.to_string()))
    }

    /// A copy of what the operators are told in the local folder, since the relay may be what is broken.
    pub(super) async fn posted(&self, letters: &[Notification]) {
        let settings = self.settings();
        let is_theirs = |letter: &&Notification| settings.config.operators.contains(&letter.recipient);
        let Some(letter) = letters.iter().find(is_theirs) else { return };
        self.post.notify_one();
        if let Some(maildir) = &settings.local_mail {
            let outcome = maildir.deliver(letter).await;
            tracing::debug!(?outcome, "operator notice left in the local mail folder");
        }
    }
}

/// Several notices as one, each under its own line.
fn together(told: &[Notice]) -> Option<Notice> {
    let (first, others) = told.split_first()?;
    if others.is_empty() {
        return Some(first.clone());
    }
    let mut kinds: Vec<&str> = told.iter().map(|notice| notice.kind.as_str()).collect();
    kinds.dedup();
    let paragraphs = told.iter().enumerate().flat_map(|(place, notice)| {
        std::iter::once(format!("{}. {}", place + 1, notice.subject)).chain(notice.paragraphs.iter().cloned())
    });
    Some(Notice {
        kind: kinds.join(" "),
        about: String::new(),
        subject: format!("{} (and {} more)", first.subject, others.len()),
        paragraphs: paragraphs.collect(),
    })
}
