//! Publishing: what was staged becomes findings and alerts in one transaction, with whom each is told to, and when.
//!
//! Triage decides; no mail is made here. The teller makes it from what is published, at the hour that is written down.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::DaemonError;
use super::hush::Hush;
use super::office::Office;
use crate::alert::FileReport;
use crate::ledger::{AlertHead, Attempt, NewAlert, NewStorm, NewTelling, NewTellingState, Publication, Published};
use crate::rule_card::Lane;
use crate::telemetry::Pulse;
use crate::triage::{self, StormBounds, Telling, Timing};

/// What a file came to.
#[derive(Debug, Clone, Copy)]
pub struct Tally {
    /// Alerts, held ones too.
    pub alerts: usize,
    /// Findings that were told before.
    pub repeated: u64,
}

/// The end of a file that was read whole.
pub struct WholeFile {
    /// Records, rejects, banner.
    pub report: FileReport,
    /// The layout's name.
    pub layout: String,
    /// Names of the fields that the file supplied.
    pub supplied: Vec<String>,
    /// Rules that could not be asked of it, in a sentence.
    pub unasked: Option<String>,
    /// The commonest reason for which rows were rejected.
    pub commonest_reject: Option<String>,
}

/// Publishes an attempt: all of it or nothing.
///
/// # Errors
/// When the ledger fails; nothing is published then.
pub async fn publish(
    office: &Office,
    attempt: &Attempt,
    whole: WholeFile,
    (pulse, now): (&Pulse, Timestamp),
) -> Result<Tally, DaemonError> {
    let micros = now.as_microsecond();
    let settings = office.settings();
    let config = &settings.config;
    let source = config.sources.iter().find(|source| source.name == whole.report.source.source);
    let backfill = source.is_some_and(|source| source.backfill);
    let desk = office.desk_of(&whole.report.source.source);
    let mut hush = Hush::new(desk.map(|desk| desk.plan.watchlists().clone()).unwrap_or_default());
    let covers = |matcher: &_, record: &_| hush.covers(matcher, record);
    let mut publication = office.ledger.begin_publication(attempt).await?;
    let silenced = publication.silence(&whole.report.source.source, covers, micros).await?;
    let mut heads = publication.compare().await?;
    if backfill {
        heads.iter_mut().for_each(|head| head.rule.alert.summary = true);
    }
    let storms = storms(&mut publication, &heads, config.storm, (&whole.report, micros)).await?;
    let told = heads.len();
    for head in heads {
        pulse.beat();
        let storm = storms.get(&head.rule.id).copied();
        let mut telling = triage::decide(&head.rule, &whole.report.source.source, (&config.routing, &config.timing));
        if let Telling::In { lane, .. } = &mut telling
            && backfill
        {
            *lane = Lane::Daily;
        }
        let tellings = tellings(&config.timing, &mut publication, (telling, storm.is_some()), now).await?;
        let key = triage::alert_key(&head.rule.id, &head.group);
        let alert = NewAlert { key, head, report: whole.report.clone(), storm, tellings };
        publication.put_alert(&alert, micros).await?;
    }
    let repeated = publication.repeated().await?;
    let published = Published { report: whole.report, layout: whole.layout, supplied: whole.supplied };
    publication.commit(&published, micros).await?;
    if silenced > 0 {
        tracing::info!(file = published.report.source.file, findings = silenced, "silenced");
    }
    office.bell.notify_one();
    Ok(Tally { alerts: told, repeated })
}

/// The rules that are held as a storm, with the storm's number.
async fn storms(
    publication: &mut Publication,
    heads: &[AlertHead],
    most: StormBounds,
    (report, now): (&FileReport, i64),
) -> Result<BTreeMap<String, i64>, DaemonError> {
    let mut findings: BTreeMap<&str, u64> = BTreeMap::new();
    for head in heads {
        *findings.entry(&head.rule.id).or_default() += head.totals.new.saturating_add(head.totals.amended);
    }
    let mut held = BTreeMap::new();
    for head in heads {
        let many = findings.get(head.rule.id.as_str()).copied().unwrap_or(0);
        let Some(reason) = triage::storm(&head.rule, many, report.records, most) else { continue };
        if !held.contains_key(&head.rule.id) {
            tracing::warn!(rule = head.rule.id, reason, "held as a storm");
            let storm = NewStorm { rule: head.rule.id.clone(), findings: many, reason };
            held.insert(head.rule.id.clone(), publication.put_storm(&storm, now).await?);
        }
    }
    Ok(held)
}

async fn tellings(
    timing: &Timing,
    publication: &mut Publication,
    (telling, is_storm): (Telling, bool),
    now: Timestamp,
) -> Result<Vec<NewTelling>, DaemonError> {
    let (lane, addresses) = match telling {
        Telling::In { lane, addresses } => (lane, addresses),
        Telling::Held { reason } => {
            tracing::info!(?reason, "held back");
            let state = NewTellingState::Held(reason.name());
            return Ok(vec![NewTelling { recipient: String::new(), lane: Lane::File, state }]);
        }
    };
    let mut tellings = Vec::with_capacity(addresses.len());
    for recipient in addresses {
        let began = match lane {
            Lane::Burst => publication.burst_began(&recipient).await?,
            Lane::File | Lane::Daily | Lane::Weekly => None,
        };
        let began = began.and_then(|at| Timestamp::from_microsecond(at).ok()).unwrap_or(now);
        let state = match is_storm {
            true => NewTellingState::Held("storm"),
            false => NewTellingState::Due(timing.due(lane, now, began).as_microsecond()),
        };
        tellings.push(NewTelling { recipient, lane, state });
    }
    Ok(tellings)
}
