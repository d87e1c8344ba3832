//! Canary: a made-up record that goes the whole way every day, so that a way that is broken is noticed before it matters.
//!
//! It is dropped into a folder of its own beside the drop folder of a source, on the same file system, and taken by a worker
//! like any source's; one built-in rule fires for it; its mail goes out like any alert's. No other rule sees it, and it
//! counts nowhere. Told to the operators when the relay has not confirmed its mail in time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::ZonedDateTime;
use serde::{Deserialize, Serialize};

use super::notices::Trouble;
use super::office::Office;
use super::{DaemonError, now_micros};
use crate::config::{CANARY, Canary, Config, SourceSettings};
use crate::desk::{Desk, DeskText, Shelf, TextKind};
use crate::finding::Identity;
use crate::intake::LayoutChoice;

/// The note in the ledger.
const NOTE: &str = "canary";
const LAYOUT: &str = "\
layout: tidewaiter-canary
title: The made-up record that tidewaiter sends itself
fields:
  declaration_id: [declaration]
  declaration_date: [date]
  description: [goods]
";
/// What the rule looks for; nothing that anybody trades in.
const GOODS: &str = "tidewaiter canary, made up, no goods";

/// What became of the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The day that it was dropped for.
    pub date: String,
    /// When, in microseconds.
    pub dropped_at: i64,
    /// Whether its mail went out, or that is late and told.
    pub end: End,
}

/// What became of a canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It is on its way.
    Open,
    /// The relay confirmed its mail.
    Confirmed,
    /// It did not in time, and the operators were told.
    Late,
}

impl End {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            End::Open => "on its way",
            End::Confirmed => "arrived",
            End::Late => "late",
        }
    }
}

/// The canary's own source; none when there is no canary.
pub fn source(config: &Config) -> Option<SourceSettings> {
    let canary = config.upkeep.canary.as_ref()?;
    let beside = config.sources.iter().find(|source| source.name == canary.source)?;
    Some(SourceSettings {
        name: CANARY.to_owned(),
        folder: folder(beside),
        layout: LayoutChoice::Named(CANARY.to_owned()),
        settle_for: beside.settle_for,
        scan_every: beside.scan_every,
        recursive: false,
        done_marker: None,
        identity: Identity { scope: CANARY.to_owned(), ..Identity::default() },
        backfill: false,
        expect_every: None,
    })
}

fn folder(beside: &SourceSettings) -> PathBuf {
    beside.folder.join(".tidewaiter").join("canary")
}

/// The desk on which nothing lies but the canary's rule.
///
/// # Errors
/// When the rule cannot be used: the recipient is not there, say.
pub fn desk(canary: &Canary, office: &Office) -> Result<Arc<Desk>, DaemonError> {
    let texts = [
        DeskText::new(TextKind::Rule, "built-in/canary.yaml", rule(&canary.to)),
        DeskText::new(TextKind::Layout, "built-in/layouts/canary.yaml", LAYOUT),
    ];
    let (desk, problems) = Desk::build_from(&texts, &office.settings().known, &mut Shelf::default());
    match problems.iter().find(|problem| problem.is_error()) {
        Some(problem) => Err(DaemonError::Rules(format!("the canary: {problem}"))),
        None => Ok(Arc::new(desk)),
    }
}

fn rule(to: &str) -> String {
    let to = serde_json::json!([to]);
    format!(
        "title: Test, the daily canary of tidewaiter\n\
         id: {CANARY}\n\
         level: informational\n\
         description: >-\n  \
           This is a test, and nothing was found. A made-up record went through a drop folder, a rule, the ledger and the\n  \
           relay. One such mail comes every day; when it does not, the operators are told.\n\
         alert: {{ to: {to}, send: file }}\n\
         detection:\n  made_up:\n    description: tidewaiter canary\n  condition: made_up\n"
    )
}

/// Drops the day's canary when it is time, and looks what became of it.
///
/// # Errors
/// When the ledger or the folder fails.
pub async fn check(office: &Office, now: &ZonedDateTime) -> Result<(), DaemonError> {
    let settings = office.settings();
    let Some(canary) = &settings.config.upkeep.canary else { return Ok(()) };
    let memory = office.ledger.note(NOTE).await?.and_then(|text| serde_json::from_str::<Memory>(&text).ok());
    if is_due(canary, memory.as_ref(), now) {
        return drop_one(office, canary, now).await;
    }
    match memory {
        Some(memory) if memory.end == End::Open => follow(office, canary, memory).await,
        Some(_) | None => Ok(()),
    }
}

/// The last one, for `status` and metrics.
///
/// # Errors
/// When the ledger fails.
pub async fn last(ledger: &crate::ledger::Ledger) -> Result<Option<Memory>, DaemonError> {
    Ok(ledger.note(NOTE).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Once a local day, from its time of day on.
fn is_due(canary: &Canary, memory: Option<&Memory>, now: &ZonedDateTime) -> bool {
    now.time() >= canary.at && memory.is_none_or(|memory| memory.date != now.date().to_string())
}

async fn drop_one(office: &Office, canary: &Canary, now: &ZonedDateTime) -> Result<(), DaemonError> {
    let Some(source) = source(&office.settings().config) else { return Ok(()) };
    let date = now.date().to_string();
    // Noted first: a crash in between costs a day's canary, which is then late, and never sends two.
    let memory = Memory { date: date.clone(), dropped_at: now_micros(), end: End::Open };
    remember(office, &memory).await?;
    let wrote = tokio::task::block_in_place(|| write_record(&source.folder, &date));
    wrote.map_err(|cause| DaemonError::io(&source.folder, cause))?;
    tracing::info!(date, source = canary.source, "canary dropped");
    Ok(())
}

/// Under a name that is passed over, then renamed, as an uploader should. The days before are not kept.
fn write_record(folder: &Path, date: &str) -> std::io::Result<()> {
    match std::fs::remove_dir_all(folder.join(".tidewaiter").join("done")) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let draft = folder.join(format!("canary-{date}.csv.part"));
    std::fs::write(&draft, format!("declaration,date,goods\ncanary-{date},{date},\"{GOODS}\"\n"))?;
    std::fs::rename(&draft, folder.join(format!("canary-{date}.csv")))
}

async fn follow(office: &Office, canary: &Canary, memory: Memory) -> Result<(), DaemonError> {
    if office.ledger.canary_is_out(memory.dropped_at).await? {
        tracing::info!(date = memory.date, "canary confirmed");
        return remember(office, &Memory { end: End::Confirmed, ..memory }).await;
    }
    let within = i64::try_from(canary.within.as_micros()).unwrap_or(i64::MAX);
    if now_micros().saturating_sub(memory.dropped_at) < within {
        return Ok(());
    }
    office.tell_operators(&late(canary, &memory)).await?;
    remember(office, &Memory { end: End::Late, ..memory }).await
}

async fn remember(office: &Office, memory: &Memory) -> Result<(), DaemonError> {
    Ok(office.ledger.set_note(NOTE, &serde_json::json!(memory).to_string()).await?)
}

fn late(canary: &Canary, memory: &Memory) -> Trouble {
    Trouble {
        kind: "canary-late",
        about: memory.date.clone(),
        subject: format!("the canary of {} has not arrived", memory.date),
        paragraphs: vec![
            format!(
                "A made-up record was dropped beside the drop folder of source {}, and {} minutes later no relay has \
                 confirmed its mail to `{}`. Real alerts may be held up in the same place.",
                canary.source,
                canary.within.as_secs() / 60,
                canary.to
            ),
            "`tidewaiter status` shows what waits, `tidewaiter outbox` what the relay said last, and the log why."
                .to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_flies_once_a_local_day_from_its_hour_on() {
        let canary = Canary {
            source: "imports".into(),
            at: jiff::civil::time(6, 0, 0, 0),
            to: "default".into(),
            within: std::time::Duration::from_secs(3600),
        };
        let flown = |date: &str| Memory { date: date.into(), dropped_at: 0, end: End::Confirmed };
        let at = |text: &str| text.parse::<ZonedDateTime>().unwrap();
        assert!(!is_due(&canary, None, &at("2026-11-23T05:59[Europe/Berlin]")));
        assert!(is_due(&canary, None, &at("2026-11-23T06:00[Europe/Berlin]")));
        assert!(!is_due(&canary, Some(&flown("2026-11-23")), &at("2026-11-23T23:00[Europe/Berlin]")));
        assert!(is_due(&canary, Some(&flown("2026-11-23")), &at("2026-11-25T12:00[Europe/Berlin]")), "made up for");
    }
}
