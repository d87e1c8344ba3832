//! The teller: what is due to be told → one mail a recipient in the outbox, once, within the limits.
//!
//! It looks at the ledger when something was published and every ten seconds by the wall clock, so that a clock that jumps
//! does no harm. It decides nothing that triage has not decided, and sends nothing: the courier does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::DaemonError;
use super::notices::counted;
use super::office::Office;
use super::settings;
use super::typed::typed;
use crate::alert::{Untold, UntoldCount};
use crate::deliver::{Letter, Occasion, OperatorLetter, alert_letter, is_deliverable, operator_letter, record_line};
use crate::ledger::{Carried, Draft, DueLetter, SilenceSum, Storm};
use crate::notification::Notification;
use crate::rule_card::Lane;
use crate::silence::Silence;
use crate::telemetry::Pulse;
use crate::triage::{self, Passage};

/// What one mail is made of; the totals are always true. An attachment ends at 10,000 rows and 5 MiB, and a stored record
/// may be three times as long as its row: what is beyond these bytes would be read for nothing.
const CARRIED: Carried = Carried { tellings: 20_000, findings: 10_000, bytes: 16 << 20 };
/// The wall clock is looked at this often, and the pulse never stops for longer.
const LONGEST_REST: Duration = Duration::from_secs(10);
/// How long something rests that is due and over the limit of the minute.
const SHORT_REST: Duration = Duration::from_secs(5);
/// A storm that nobody has looked at is told after this long.
const LONGEST_STORM: i64 = 24 * 60 * 60 * 1_000_000;

/// Tells what is due until it is told to stop.
///
/// # Errors
/// When the ledger fails for another reason than a full disk, or a mail cannot be built.
pub async fn run(office: Arc<Office>, pulse: Pulse, shutdown: CancellationToken) -> Result<(), DaemonError> {
    while !shutdown.is_cancelled() {
        pulse.beat();
        let rest = match tell_due(&office, &pulse, Timestamp::now()).await {
            Ok(rest) => rest,
            Err(error) if error.is_disk_full() => {
                tracing::error!(%error, "the disk is full: what is due is told later");
                LONGEST_REST
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = office.bell.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    Ok(())
}

/// Tells everything that is due now; answers how long there is nothing to do.
///
/// # Errors
/// When the ledger fails, or a mail cannot be built. What is told by then is told.
pub async fn tell_due(office: &Office, pulse: &Pulse, now: Timestamp) -> Result<Duration, DaemonError> {
    let micros = now.as_microsecond();
    if let Some(findings) = office.ledger.release_overdue_storms(micros - LONGEST_STORM, micros).await? {
        tracing::warn!(findings, "nobody has looked at a storm for a day: it is told");
    }
    announce_storms(office, now).await?;
    speak_of_silences(office, now).await?;
    let mut rest = LONGEST_REST;
    for letter in office.ledger.due_letters(micros).await? {
        pulse.beat();
        if !tell(office, &letter, now).await? {
            rest = SHORT_REST;
        }
    }
    settings::tell_template_failures(office).await?;
    office.post.notify_one();
    let next = office.ledger.next_telling_at().await?.map_or(i64::MAX, |at| at.saturating_sub(micros));
    let next = Duration::from_micros(u64::try_from(next).unwrap_or(0)).max(Duration::from_millis(100));
    Ok(if rest == LONGEST_REST { next.min(rest) } else { rest })
}

/// Whether something is due that does not wait for a recipient's hour or day to be over.
///
/// # Errors
/// When the ledger fails.
pub async fn has_work(office: &Office, now: Timestamp) -> Result<bool, DaemonError> {
    let (limits, micros) = (office.settings().config.mail_limits, now.as_microsecond());
    for letter in office.ledger.due_letters(micros).await? {
        let made = office.ledger.made_lately(&letter.recipient, micros).await?;
        match triage::passage((letter.lane, letter.level), made, limits) {
            Passage::Waits => {}
            Passage::Free | Passage::WaitsAMinute | Passage::JoinsDigest => return Ok(true),
        }
    }
    Ok(false)
}

/// Tells one mail, or moves it to where a limit puts it; false when it has to wait.
async fn tell(office: &Office, letter: &DueLetter, now: Timestamp) -> Result<bool, DaemonError> {
    let settings = office.settings();
    let (ledger, timing, micros) = (&office.ledger, &settings.config.timing, now.as_microsecond());
    let made = ledger.made_lately(&letter.recipient, micros).await?;
    match triage::passage((letter.lane, letter.level), made, settings.config.mail_limits) {
        Passage::Free => {}
        Passage::WaitsAMinute | Passage::Waits => return Ok(false),
        Passage::JoinsDigest => {
            tracing::warn!(recipient = letter.recipient, "over a limit on mails: told in the next digest");
            let digest = (Lane::Daily, timing.due(Lane::Daily, now, now).as_microsecond());
            ledger.defer_letter(letter, digest, (Some("limit"), micros)).await?;
            return Ok(true);
        }
    }
    let date = timing.digest_date(letter.lane, now).map(|date| date.to_string());
    if let Some(date) = &date
        && ledger.digest_is_made(letter, date).await?
    {
        let next = (letter.lane, timing.due(letter.lane, now, now).as_microsecond());
        ledger.defer_letter(letter, next, (None, micros)).await?;
        return Ok(true);
    }
    let draft = ledger.draft(letter, micros, CARRIED).await?;
    if draft.alerts.is_empty() {
        return Ok(true);
    }
    let untold = if date.is_some() { untold(office, (letter, &draft), micros).await? } else { Vec::new() };
    let occasion = Occasion { title: title(letter.lane, date.as_deref()), deferred: draft.deferred, untold };
    let first = date.clone().unwrap_or_else(|| draft.first().to_string());
    let mail = Letter {
        alerts: &draft.alerts,
        occasion: &occasion,
        recipient: &letter.recipient,
        roots: &draft.roots,
        now,
        id: id(office, &[&letter.recipient, letter.lane.name(), &first]),
    };
    // Thousands of rows take a while to render, in which this thread does nothing else.
    let rendered = tokio::task::block_in_place(|| alert_letter(&mail, &settings.sender, &settings.templates));
    let rendered = rendered.map_err(|error| DaemonError::Mail(error.to_string()))?;
    ledger.put_letter(letter, (&draft, &rendered), (date.as_deref(), micros)).await?;
    Ok(true)
}

/// What the reader of a digest is not told, or not yet, by reason. What is silenced counts for whom it would go to now.
async fn untold(
    office: &Office,
    (letter, draft): (&DueLetter, &Draft),
    now: i64,
) -> Result<Vec<UntoldCount>, DaemonError> {
    let mut counts = office.ledger.untold_to(&letter.recipient, draft, now).await?;
    let settings = office.settings();
    let mut silenced = office.ledger.silenced(now).await?;
    silenced.retain(|of| {
        triage::route(&of.rule, &of.source, &settings.config.routing).addresses.contains(&letter.recipient)
    });
    let many: u64 = silenced.iter().map(|of| of.findings).sum();
    counts.extend((many > 0).then_some(UntoldCount { why: Untold::Silenced, many }));
    counts.sort_by_key(|count| count.why);
    Ok(counts)
}

fn title(lane: Lane, date: Option<&str>) -> Option<String> {
    match lane {
        Lane::File | Lane::Burst => None,
        Lane::Daily => Some(format!("Daily digest, {}", date.unwrap_or_default())),
        Lane::Weekly => Some(format!("Weekly digest, {}", date.unwrap_or_default())),
    }
}

/// The same mail has the same Message-ID however often it is made, and no other installation has it.
fn id(office: &Office, parts: &[&str]) -> Uuid {
    let parts = parts.join("\n");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}\n{parts}", office.installation).as_bytes())
}

/// One mail about new storms to each who answers for one of them.
async fn announce_storms(office: &Office, now: Timestamp) -> Result<(), DaemonError> {
    let storms = office.ledger.unannounced_storms().await?;
    if storms.is_empty() {
        return Ok(());
    }
    let settings = office.settings();
    let (routing, operators) = (&settings.config.routing, &settings.config.operators);
    let mut told: BTreeMap<String, Vec<(&Storm, Vec<String>)>> = BTreeMap::new();
    for storm in &storms {
        let paragraphs = storm_paragraphs(office, storm).await?;
        let mut people = triage::owners(&storm.rule, routing, operators);
        // A rule goes on with an owner whom no mail reaches: the slip must not keep the others from their mail.
        people.retain(|person| is_deliverable(person));
        people.extend(operators.iter().filter(|operator| !people.contains(operator)).cloned().collect::<Vec<_>>());
        for person in people {
            told.entry(person).or_default().push((storm, paragraphs.clone()));
        }
    }
    let mut letters = Vec::new();
    for (recipient, storms) in &told {
        let Some((first, _)) = storms.first() else { continue };
        let more = storms.len().saturating_sub(1);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let subject = format!("storm held: {}: {} findings{more}", first.rule.title, first.findings);
        let paragraphs: Vec<String> = storms.iter().flat_map(|(_, paragraphs)| paragraphs.clone()).collect();
        let about = (first.rule.id.as_str(), format!("storm {}", first.id));
        letters.push(notice(office, (recipient, &subject, &paragraphs), about, now)?);
    }
    let ids: Vec<i64> = storms.iter().map(|storm| storm.id).collect();
    office.ledger.announce_storms(&ids, &letters, now.as_microsecond()).await?;
    office.posted(&letters).await;
    Ok(())
}

async fn storm_paragraphs(office: &Office, storm: &Storm) -> Result<Vec<String>, DaemonError> {
    let id = &storm.rule.id;
    let examples = office.ledger.storm_examples(storm).await?;
    let examples: Vec<String> = examples.iter().map(|told| record_line(&told.finding.record)).collect();
    Ok(vec![
        format!(
            "The rule \u{201c}{}\u{201d} ({id}) fired {} times in {}: {}. Its findings are recorded and told to nobody yet.",
            storm.rule.title, storm.findings, storm.file, storm.reason
        ),
        format!("The first of them:\n{}", examples.join("\n")),
        format!(
            "`tidewaiter release {id}` tells them, `tidewaiter discard {id}` never does. After 24 hours they are told in one \
             mail. A rule that is meant to fire so often takes `alert: {{as: summary}}`."
        ),
    ])
}

/// A weekly reminder of a silence to its author, and a summary when it is over. It is not a trouble that the operators must
/// see to: no copy of it stays in the local folder.
async fn speak_of_silences(office: &Office, now: Timestamp) -> Result<(), DaemonError> {
    let micros = now.as_microsecond();
    let mut silences = office.ledger.silences_to_remind_of(micros).await?;
    silences.extend(office.ledger.silences_to_sum_up(micros).await?);
    for silence in &silences {
        let sum = office.ledger.silence_sum(silence.id).await?;
        let in_force = silence.in_force(micros);
        let state = if in_force { "is in force" } else { "is over" };
        let subject = format!("silence {} {state}: {}", silence.id, silence.matcher.words());
        let paragraphs = silence_paragraphs(silence, &sum, now);
        let occasion = if in_force { micros } else { 0 };
        let about = ("silence", format!("silence {} {occasion}", silence.id));
        let letter = notice(office, (&silence.author, &subject, &paragraphs), about, now)?;
        office.ledger.tell_of_silence(silence, &letter, micros).await?;
    }
    Ok(())
}

fn silence_paragraphs(silence: &Silence, sum: &SilenceSum, now: Timestamp) -> Vec<String> {
    let date =
        |at: i64| Timestamp::from_microsecond(at).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    let findings: u64 = sum.rules.iter().map(|(_, many)| many).sum();
    let findings = counted(i64::try_from(findings).unwrap_or(i64::MAX), "finding");
    let mut paragraphs = vec![
        format!("Silenced since {}: {}. Reason: {}", date(silence.made_at), silence.matcher.words(), silence.reason),
        format!("Recorded and not told because of it: {findings}."),
    ];
    if !sum.rules.is_empty() {
        let rules: Vec<String> = sum.rules.iter().take(50).map(|(rule, many)| format!("{many:>8}  {rule}")).collect();
        paragraphs.push(rules.join("\n"));
        let examples: Vec<String> = sum.examples.iter().map(|told| record_line(&told.finding.record)).collect();
        paragraphs.push(format!("The last of them:\n{}", examples.join("\n")));
    }
    paragraphs.push(match silence.in_force(now.as_microsecond()) {
        true => format!(
            "It ends by itself on {}; `tidewaiter silence end {}` ends it now.",
            date(silence.until_at),
            silence.id
        ),
        false => {
            "From now on, new and amended findings are told again. What was silenced is not told later.".to_owned()
        }
    });
    paragraphs
}

/// A mail of plain paragraphs; `key` makes its Message-ID.
fn notice(
    office: &Office,
    (recipient, subject, paragraphs): (&str, &str, &[String]),
    (about, key): (&str, String),
    now: Timestamp,
) -> Result<Notification, DaemonError> {
    let id = id(office, &[recipient, &key]);
    let settings = office.settings();
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| typed(text, settings.config.unfound())).collect();
    let letter = OperatorLetter { kind: "told-later", about, subject, paragraphs: &paragraphs, recipient, now, id };
    operator_letter(&letter, &settings.sender, &settings.templates)
        .map_err(|error| DaemonError::Mail(error.to_string()))
}
