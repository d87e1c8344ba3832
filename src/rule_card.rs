//! What a rule says of itself: title, level, version, who is told. The noun that findings and alerts carry.

use serde::{Deserialize, Serialize};

/// How much a finding matters; Sigma's word and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "Sigma's five levels")]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    /// Every level, least first.
    pub const ALL: [Level; 5] = [Level::Informational, Level::Low, Level::Medium, Level::High, Level::Critical];

    /// The word in rules and mails.
    pub fn name(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }
}

/// When an alert is told: at the end of the file, when no more files come for two minutes, in the daily digest, or in the
/// weekly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "one word each in rules and in the configuration")]
pub enum Lane {
    File,
    Burst,
    Daily,
    Weekly,
}

impl Lane {
    /// Every lane, soonest first.
    pub const ALL: [Lane; 4] = [Lane::File, Lane::Burst, Lane::Daily, Lane::Weekly];

    /// The word in rules, the configuration and the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Lane::File => "file",
            Lane::Burst => "burst",
            Lane::Daily => "daily",
            Lane::Weekly => "weekly",
        }
    }
}

/// The `alert:` part of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSettings {
    /// Names of recipients in the configuration; empty means the default.
    pub to: Vec<String>,
    /// Who answers for the rule.
    pub owner: Option<String>,
    /// What findings are grouped by, besides the rule: a canonical field, or `SELECTION.entity`.
    pub group_by: Vec<String>,
    /// Told as totals by party and month instead of record by record (`as: summary`).
    pub summary: bool,
    /// When it is told (`send: daily`); by its level when absent.
    #[serde(default)]
    pub send: Option<Lane>,
}

/// A rule as findings, alerts and mails know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCard {
    /// Stable identifier; part of the finding key.
    pub id: String,
    /// One line for a subject.
    pub title: String,
    /// How much it matters.
    pub level: Level,
    /// What the rule looks for, in sentences.
    pub description: String,
    /// Where the rule's facts come from.
    pub references: Vec<String>,
    /// Free words for routes.
    pub tags: Vec<String>,
    /// Known reasons for a false alert.
    pub falsepositives: Vec<String>,
    /// Fields that a mail shows first, by name; empty means the usual ones.
    pub fields: Vec<String>,
    /// Hash of the compiled meaning, 12 hex digits.
    pub version: String,
    /// Names of the canonical fields and `raw.` headings that the detection reads.
    pub reads: Vec<String>,
    /// Who is told and how.
    pub alert: AlertSettings,
}

#[cfg(test)]
impl RuleCard {
    /// A rule of level high that says nothing of itself but its id.
    pub(crate) fn sample(id: &str) -> RuleCard {
        RuleCard {
            id: id.to_owned(),
            title: "t".to_owned(),
            level: Level::High,
            description: String::new(),
            references: Vec::new(),
            tags: Vec::new(),
            falsepositives: Vec::new(),
            fields: Vec::new(),
            version: "0".to_owned(),
            reads: Vec::new(),
            alert: AlertSettings::default(),
        }
    }
}
