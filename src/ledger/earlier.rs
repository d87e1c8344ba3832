//! Earlier versions of a finding: which of them a reader was told, and in which mail first. It reads what the tellings
//! say; nothing is compared, decided or written here.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Row};

use super::telling::DueLetter;
use super::{Ledger, LedgerError};
use crate::alert::{News, Told};

/// Findings of an alert for whose first mail is asked: a mail joins far fewer threads.
const ASKED: usize = 200;

/// Who reads a mail that is being made, and what else it tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'l> {
    pub letter: &'l DueLetter,
    pub now: i64,
}

/// Something of the earlier versions of the finding `f` that the reader ($4) was told, or is told by this very mail
/// ($5 to $7). `CROSS JOIN` keeps the order: from the few versions of a finding to their alerts, never from all that the
/// reader was ever told.
macro_rules! told_before {
    ($what:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM finding p CROSS JOIN alert a ON a.attempt = p.attempt AND a.rule = p.rule ",
            "AND a.group_values = p.group_values CROSS JOIN telling t ON t.alert = a.id ",
            "WHERE p.key = f.key AND p.id < f.id AND p.silence IS NULL AND t.recipient = $4 AND (t.state = 'told' ",
            "OR (t.state = 'waiting' AND t.lane = $5 AND t.batch = $6 AND t.due_at <= $7))"
        )
    };
}
pub(super) use told_before;

type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

impl Reader<'_> {
    /// The values for `told_before!`.
    pub(super) fn bind<'q>(&self, query: AnyQuery<'q>) -> AnyQuery<'q> {
        let query = query.bind(self.letter.recipient.clone()).bind(self.letter.lane.name());
        query.bind(self.letter.batch).bind(self.now)
    }
}

impl Ledger {
    /// How many amended findings of an attempt, a rule and a group there are of which the reader was told no version.
    pub(super) async fn never_told(
        &self,
        (attempt, rule, group): (i64, &str, &str),
        reader: Reader<'_>,
    ) -> Result<u64, LedgerError> {
        let sql = concat!(
            "SELECT COUNT(*) AS many FROM finding f WHERE f.attempt = $1 AND f.rule = $2 AND f.group_values = $3 ",
            "AND f.silence IS NULL AND f.amends IS NOT NULL AND NOT EXISTS (",
            told_before!("1"),
            ")"
        );
        let query = reader.bind(sqlx::query(sql).bind(attempt).bind(rule.to_owned()).bind(group.to_owned()));
        let many: i64 = query.fetch_one(&self.pool).await?.try_get("many")?;
        Ok(u64::try_from(many).unwrap_or(0))
    }

    /// The mails in which the reader was first told of amended findings, whatever their group was then.
    pub(super) async fn first_mails(&self, told: &[Told], reader: Reader<'_>) -> Result<Vec<String>, LedgerError> {
        let sql = "SELECT t.message_id FROM finding p CROSS JOIN alert a ON a.attempt = p.attempt AND a.rule = p.rule \
                   AND a.group_values = p.group_values CROSS JOIN telling t ON t.alert = a.id \
                   WHERE p.key = $1 AND p.silence IS NULL AND t.recipient = $2 AND t.state = 'told' \
                   AND t.message_id IS NOT NULL ORDER BY p.id, t.id LIMIT 1";
        let amended = told.iter().filter(|told| matches!(told.news, News::Amended { .. }));
        let mut mails = Vec::new();
        for told in amended.take(ASKED) {
            let query = sqlx::query_scalar(sql).bind(&told.key).bind(&reader.letter.recipient);
            let first: Option<String> = query.fetch_optional(&self.pool).await?;
            mails.extend(first);
        }
        mails.dedup();
        Ok(mails)
    }
}
