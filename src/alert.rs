//! An alert: the findings of one rule (and its group), ready to be told, and what is not told. Pure data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::finding::{Evidence, Finding};
use crate::record::{Record, SourceFile};
use crate::rule_card::RuleCard;

/// How a finding stands to what was told before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Never told.
    New,
    /// Told before with other content in a field that the rule reads, or without an entity that it matches now.
    Amended {
        /// As it was told.
        before: Box<Version>,
    },
    /// Found before in another version, which this reader was not told: it was silenced, held, or told to others.
    NewToReader {
        /// As it was found.
        before: Box<Version>,
    },
}

/// A finding as an earlier file gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The record, and where it stood.
    pub record: Record,
    /// Why it was found.
    pub evidence: Vec<Evidence>,
}

impl News {
    /// The word in tables and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            News::New | News::NewToReader { .. } => "new",
            News::Amended { .. } => "amended",
        }
    }
}

/// A finding that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The ledger's number of the finding.
    pub id: i64,
    /// See [`Finding::key`].
    pub key: String,
    /// What was found.
    pub finding: Finding,
    /// New or changed.
    pub news: News,
}

/// What happened to the file as a whole; it stands in every mail about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The file, with its SHA-256.
    pub source: SourceFile,
    /// Records read.
    pub records: u64,
    /// Rows that could not be records.
    pub rejects: u64,
    /// Totals rows and repeated headers that were skipped.
    pub skipped: u64,
    /// Rules that the file's columns cannot answer, and columns with cells that could not be read, a sentence each.
    pub notes: Vec<String>,
    /// Held, then released or overdue: said in a banner.
    pub banner: Option<String>,
}

/// Totals over all findings of an alert, also of those that are not carried along.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Findings never told before.
    pub new: u64,
    /// Findings told before with other content.
    pub amended: u64,
    /// Sum of `value_usd` as decimal text; `None` when no record has one.
    pub value_usd: Option<String>,
    /// By consignor, consignee and month, most records first, for alerts told as a summary: the largest of them.
    #[serde(default)]
    pub by_party_and_month: Vec<PartyMonth>,
    /// How many such lines there are.
    #[serde(default)]
    pub lines: u64,
}

/// One line of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyMonth {
    /// Consignor's name as in the records.
    pub consignor: String,
    /// Consignee's name as in the records.
    pub consignee: String,
    /// `2022-10`, or empty when the records have no date.
    pub month: String,
    /// How many records.
    pub records: u64,
    /// Sum of `value_usd` as decimal text, when known.
    pub value_usd: Option<String>,
}

/// What is told: one rule, one group, of one file or of all the files that a digest is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Stable: H(rule, group). The root of the mail thread hangs on it.
    pub key: String,
    /// The rule.
    pub rule: Arc<RuleCard>,
    /// Name and value of each `group_by` entry.
    pub group: Vec<(String, String)>,
    /// Findings carried in the mail, newest first; at most 10,000, so that memory stays bounded.
    pub told: Vec<Told>,
    /// True totals.
    pub totals: Totals,
    /// The files, in the order in which they were read; at least one.
    pub files: Vec<FileReport>,
    /// What was held of it as a storm, the oldest first.
    pub held: Vec<WasHeld>,
}

/// A storm that is told after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WasHeld {
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// Until when.
    pub until: i64,
    /// Why.
    pub why: String,
    /// What ended it.
    pub end: HeldUntil,
}

/// What ends the holding of a storm that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldUntil {
    /// Somebody released it.
    Released,
    /// Nobody looked at it for a day.
    Overdue,
}

/// Why something is not told, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untold {
    /// Waits for its hour.
    Waiting,
    /// Was due, but the recipient had as many mails as the limits allow: joins the next digest.
    Deferred,
    /// A rule fired so often in one file that somebody should look first.
    Storm,
    /// Neither the rule nor the configuration leads to an address.
    Nobody,
    /// A silence covers it.
    Silenced,
    /// An operator discarded it, within a week.
    Discarded,
    /// Rows that could not be read as records, within a week.
    Rows,
    /// Files that failed or are held, within a week.
    Files,
}

/// How much is not told for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntoldCount {
    /// Why.
    pub why: Untold,
    /// Findings; rows or files where these are what the reason counts.
    pub many: u64,
}

impl Untold {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Untold::Waiting => "waiting",
            Untold::Deferred => "deferred",
            Untold::Storm => "storm",
            Untold::Nobody => "nobody_to_tell",
            Untold::Silenced => "silenced",
            Untold::Discarded => "discarded",
            Untold::Rows => "unreadable_rows",
            Untold::Files => "failed_or_held_files",
        }
    }

    /// What it counts, one of them.
    pub fn noun(self) -> &'static str {
        match self {
            Untold::Rows => "row",
            Untold::Files => "file",
            Untold::Waiting | Untold::Deferred | Untold::Storm => "finding",
            Untold::Nobody | Untold::Silenced | Untold::Discarded => "finding",
        }
    }

    /// What it says of the things that it counts, after their number and noun.
    pub fn says(self) -> &'static str {
        match self {
            Untold::Waiting => "waiting for the end of a burst or for a digest",
            Untold::Deferred => "over a limit on mails: told in the next digest",
            Untold::Storm => "held as a storm: `tidewaiter release RULE` or `tidewaiter discard RULE`",
            Untold::Nobody => "with nobody to be told to",
            Untold::Silenced => "silenced: `tidewaiter silence list`",
            Untold::Discarded => "discarded within the last week",
            Untold::Rows => "not readable as records within the last week",
            Untold::Files => "failed or held within the last week",
        }
    }
}
