//! Notices: what the operators are told of the daemon itself. Each matter once a day; of one kind six mails an hour, and
//! what comes beyond them is gathered and told in one.

use sqlx::Row;

use super::outbox::enqueue;
use super::{Ledger, LedgerError, Write, clean};
use crate::notification::Notification;

const HOUR: i64 = 60 * 60 * 1_000_000;
const DAY: i64 = 24 * HOUR;
/// Mails of one kind within an hour.
const MOST_AN_HOUR: i64 = 6;

/// Something that the operators are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `rule-broken`, `file-held`, …
    pub kind: String,
    /// Which rule, which file. With the kind, it is told once a day.
    pub about: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub paragraphs: Vec<String>,
}

/// What is to be done with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is told now.
    Tell,
    /// Enough of its kind was told for now: it waits for the others.
    Gathered,
    /// The same was told within a day, or waits already.
    Known,
}

/// The turn to tell something: nothing is written until it is committed.
#[derive(Debug)]
pub struct NoticeTurn {
    write: Write,
    now: i64,
}

impl Ledger {
    /// Begins to tell something.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn begin_notices(&self, now: i64) -> Result<NoticeTurn, LedgerError> {
        Ok(NoticeTurn { write: self.write().await?, now })
    }

    /// Whether anything waits to be told together.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn has_gathered(&self) -> Result<bool, LedgerError> {
        let many: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM gathered").fetch_one(&self.pool).await?;
        Ok(many > 0)
    }
}

impl NoticeTurn {
    /// Decides about one notice, and gathers it when it must wait.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn admit(&mut self, notice: &Notice) -> Result<Admission, LedgerError> {
        let (kind, about) = (clean(&notice.kind), clean(&notice.about));
        let last = sqlx::query_scalar("SELECT told_at FROM notice WHERE kind = $1 AND about = $2");
        let last: Option<i64> = last.bind(&kind).bind(&about).fetch_optional(self.write.connection()).await?;
        // A time to come is a clock that was put back: it must not silence the notice.
        if last.is_some_and(|at| at <= self.now && self.now.saturating_sub(at) < DAY) {
            return Ok(Admission::Known);
        }
        if self.has_turn(&kind).await? {
            self.mark_told(&kind, &about).await?;
            return Ok(Admission::Tell);
        }
        let sql = "INSERT INTO gathered (kind, about, subject, paragraphs, since) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (kind, about) DO NOTHING";
        let paragraphs = serde_json::to_string(&notice.paragraphs).map_err(LedgerError::json("notice"))?;
        let query = sqlx::query(sql).bind(kind).bind(about).bind(clean(&notice.subject));
        let query = query.bind(clean(&paragraphs)).bind(self.now);
        let new = query.execute(self.write.connection()).await?.rows_affected();
        Ok(if new > 0 { Admission::Gathered } else { Admission::Known })
    }

    /// Whether a mail of a kind may go out now: mails that told several things count once.
    async fn has_turn(&mut self, kind: &str) -> Result<bool, LedgerError> {
        let sql = "SELECT COUNT(DISTINCT told_at) FROM notice WHERE kind = $1 AND told_at > $2 AND told_at < $3";
        let query = sqlx::query_scalar(sql).bind(kind).bind(self.now.saturating_sub(HOUR)).bind(self.now);
        let many: i64 = query.fetch_one(self.write.connection()).await?;
        Ok(many < MOST_AN_HOUR)
    }

    async fn mark_told(&mut self, kind: &str, about: &str) -> Result<(), LedgerError> {
        let sql = "INSERT INTO notice (kind, about, told_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (kind, about) DO UPDATE SET told_at = excluded.told_at";
        sqlx::query(sql).bind(kind).bind(about).bind(self.now).execute(self.write.connection()).await?;
        Ok(())
    }

    /// Takes what was gathered of the kinds that have a turn again, the oldest first; it counts as told now.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn take_gathered(&mut self) -> Result<Vec<Notice>, LedgerError> {
        let sql = "SELECT kind, about, subject, paragraphs FROM gathered ORDER BY since, kind, about";
        let rows = sqlx::query(sql).fetch_all(self.write.connection()).await?;
        let mut taken = Vec::new();
        for row in &rows {
            let (kind, paragraphs): (String, String) = (row.try_get("kind")?, row.try_get("paragraphs")?);
            let notice = Notice {
                about: row.try_get("about")?,
                subject: row.try_get("subject")?,
                paragraphs: serde_json::from_str(&paragraphs).map_err(LedgerError::json("notice"))?,
                kind,
            };
            if self.has_turn(&notice.kind).await? {
                self.mark_told(&notice.kind, &notice.about).await?;
                let gone = sqlx::query("DELETE FROM gathered WHERE kind = $1 AND about = $2");
                gone.bind(&notice.kind).bind(&notice.about).execute(self.write.connection()).await?;
                taken.push(notice);
            }
        }
        Ok(taken)
    }

    /// Writes it all down, with the mails that tell of what was admitted.
    ///
    /// # Errors
    /// When the ledger fails; nothing is told then, and it may be told anew.
    pub async fn commit(mut self, letters: &[Notification]) -> Result<(), LedgerError> {
        for letter in letters {
            enqueue(self.write.connection(), letter, (None, self.now)).await?;
        }
        self.write.commit().await
    }
}
