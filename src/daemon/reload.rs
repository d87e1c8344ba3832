//! Reload: rules, lists, watchlists and layouts are taken anew when their texts change; what breaks keeps its last good
//! version, across restarts too, and the operators are told with the position.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::notices::Trouble;
use super::office::Office;
use super::{DaemonError, now_micros};
use crate::desk::{self, Desk, DeskText, TextKind};
use crate::ledger::AcceptedText;
use crate::problem::{self, Problem, SourceText};
use crate::rules::Known;

/// How often the texts are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Builds the first desk, with the ledger's last good texts in place of broken ones.
///
/// # Errors
/// When there is neither a working set nor an accepted one.
pub async fn start(office: &Arc<Office>) -> Result<(), DaemonError> {
    let seen = take(office).await?;
    match (office.desk(), seen) {
        (Some(_), _) => Ok(()),
        (None, Err(cause)) => Err(DaemonError::Rules(cause)),
        (None, Ok(_)) => Err(DaemonError::Rules("see the messages above".to_owned())),
    }
}

/// Takes the texts again whenever they change, until told to stop.
///
/// # Errors
/// When the ledger fails.
pub async fn watch(office: Arc<Office>, shutdown: CancellationToken) -> Result<(), DaemonError> {
    let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
        .map_err(|cause| DaemonError::io(&office.config.rules, cause))?;
    let mut seen = desk::stamp(&office.config.rules);
    let mut pending = seen.clone();
    loop {
        let told = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            _ = hangups.recv() => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        let now = desk::stamp(&office.config.rules);
        // Two equal looks: an editor that writes in pieces is waited for.
        if told || (now != seen && now == pending) {
            match take(&office).await {
                Ok(Ok(())) => seen.clone_from(&now),
                Ok(Err(cause)) => {
                    tracing::error!(cause, "the rules folder cannot be read: the rules in force stay");
                    seen.clone_from(&now);
                }
                Err(error) if error.is_disk_full() => {
                    tracing::error!(%error, "the disk is full: the rules in force stay until there is room");
                }
                Err(error) => return Err(error),
            }
        }
        pending = now;
    }
}

/// Reads the folder and puts the best set that it gives in force. The inner error says why the folder gave none.
async fn take(office: &Arc<Office>) -> Result<Result<(), String>, DaemonError> {
    let Accepted { texts: accepted, since } = accepted_texts(office).await?;
    let (texts, mut problems) = match desk::read_folder(&office.config.rules) {
        Ok((texts, problems)) if !texts.is_empty() => (texts, problems),
        Ok(_) => (Vec::new(), vec![unusable(office, "it is empty")]),
        Err(cause) => (Vec::new(), vec![unusable(office, &cause.to_string())]),
    };
    let known = office.known();
    let (first, found) = build(&texts, &known);
    problems.extend(found);
    let broken = desk::broken_paths(&problems);
    if broken.is_empty() {
        tell_removed(office, &texts, &since).await?;
        return accept(office, first, &texts, &problems).await.map(Ok);
    }
    tell(office, &problems, &broken, &since).await?;
    let mended = mend(&texts, &accepted, &broken);
    let (second, left) = build(&mended, &known);
    if desk::broken_paths(&left).is_empty() && !mended.is_empty() {
        return accept(office, second, &mended, &problems).await.map(Ok);
    }
    if office.desk().is_some() {
        return Ok(Ok(()));
    }
    let (last, left) = build(&accepted, &known);
    if !accepted.is_empty() && desk::broken_paths(&left).is_empty() {
        office.set_desk(last);
        return Ok(Ok(()));
    }
    // Nothing accepted works: run what does compile, so that one bad file never stops the others.
    if !second.plan.rules().is_empty() {
        office.set_desk(second);
        return Ok(Ok(()));
    }
    Ok(Err(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// Compiling a large desk takes a while, in which this thread does nothing else.
fn build(texts: &[DeskText], known: &Known) -> (Desk, Vec<Problem>) {
    tokio::task::block_in_place(|| Desk::build(texts, known))
}

fn unusable(office: &Office, why: &str) -> Problem {
    Problem::whole_file(
        "rules-folder",
        office.config.rules.display().to_string(),
        format!("the rules folder gives no rules: {why}"),
    )
    .with_hint("the set that was accepted last stays in force")
}

/// The texts with each broken one replaced by its last good version; a broken one that was never good is left out.
fn mend(texts: &[DeskText], accepted: &[DeskText], broken: &BTreeSet<String>) -> Vec<DeskText> {
    let good: BTreeMap<&str, &DeskText> = accepted.iter().map(|text| (text.source.path.as_str(), text)).collect();
    let replace = |text: &DeskText| match broken.contains(&text.source.path) {
        false => Some(text.clone()),
        true => good.get(text.source.path.as_str()).map(|good| (*good).clone()),
    };
    let mut mended: Vec<DeskText> = texts.iter().filter_map(replace).collect();
    let unread = |path: &str| broken.contains(path) && !texts.iter().any(|text| text.source.path == path);
    mended.extend(accepted.iter().filter(|text| unread(&text.source.path)).cloned());
    mended
}

async fn accept(office: &Office, desk: Desk, texts: &[DeskText], problems: &[Problem]) -> Result<(), DaemonError> {
    let rows: Vec<AcceptedText> = texts
        .iter()
        .map(|text| AcceptedText {
            kind: text.kind.name().to_owned(),
            path: text.source.path.clone(),
            text: text.source.text.clone(),
            accepted_at: now_micros(),
        })
        .collect();
    office.ledger.accept_texts(&rows, now_micros()).await?;
    let broken: Vec<String> = problems.iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect();
    office.ledger.set_note("broken", &serde_json::json!(broken).to_string()).await?;
    tracing::info!(rules = desk.plan.rules().len(), broken = broken.len(), "rules in force");
    office.set_desk(desk);
    Ok(())
}

/// The last good set, and since when each text of it is accepted.
struct Accepted {
    texts: Vec<DeskText>,
    since: BTreeMap<String, i64>,
}

async fn accepted_texts(office: &Office) -> Result<Accepted, DaemonError> {
    let rows = office.ledger.accepted_texts().await?;
    let since = rows.iter().map(|row| (row.path.clone(), row.accepted_at)).collect();
    let text = |row: AcceptedText| {
        let kind = TextKind::from_name(&row.kind)?;
        Some(DeskText { kind, source: SourceText::new(row.path, row.text) })
    };
    Ok(Accepted { texts: rows.into_iter().filter_map(text).collect(), since })
}

/// A removed file is obeyed; one mail names all that are gone.
async fn tell_removed(office: &Office, texts: &[DeskText], since: &BTreeMap<String, i64>) -> Result<(), DaemonError> {
    let there: BTreeSet<&str> = texts.iter().map(|text| text.source.path.as_str()).collect();
    let gone: Vec<&str> = since.keys().map(String::as_str).filter(|path| !there.contains(path)).collect();
    let Some(first) = gone.first() else { return Ok(()) };
    let others = if gone.len() > 1 { format!(" and {} more", gone.len() - 1) } else { String::new() };
    let mut paragraphs = vec!["These files were removed, and what they said is not in force any more:".to_owned()];
    paragraphs.extend(gone.iter().map(|path| (*path).to_owned()));
    paragraphs.push("If that was not meant, put them back; they are taken as soon as they are there.".to_owned());
    let trouble = Trouble {
        kind: "rule-removed",
        about: crate::finding::hash(&gone),
        subject: format!("{first}{others}: removed"),
        paragraphs,
    };
    office.tell_operators(&trouble).await
}

/// What runs in place of a broken file.
fn kept(since: Option<&i64>) -> String {
    match since.and_then(|at| jiff::Timestamp::from_microsecond(*at).ok()) {
        Some(at) => {
            format!("The version of {} is still running, also after a restart.", at.strftime("%Y-%m-%d %H:%M UTC"))
        }
        None => "It is left out until it is mended; every other file works.".to_owned(),
    }
}

/// One mail for every broken file, with every problem of it.
async fn tell(
    office: &Office,
    problems: &[Problem],
    broken: &BTreeSet<String>,
    since: &BTreeMap<String, i64>,
) -> Result<(), DaemonError> {
    let shown: Vec<String> = problems.iter().filter(|problem| problem.is_error()).map(problem::render).collect();
    office.ledger.set_note("broken", &serde_json::json!(shown).to_string()).await?;
    for path in broken {
        let of_file: Vec<&Problem> =
            problems.iter().filter(|problem| problem.is_error() && problem.source.path == *path).collect();
        let Some(first) = of_file.first() else { continue };
        let (line, column) = first.position();
        let kept = kept(since.get(path));
        // A file that did not change may be broken by another one, in more than one way.
        let problems: Vec<String> = of_file.iter().map(ToString::to_string).collect();
        let about = [first.source.text.as_str(), &problems.join("\n")];
        let mut paragraphs = vec![format!("{path} cannot be used as it stands. {kept}")];
        paragraphs.extend(of_file.iter().map(|problem| problem::render(problem)));
        paragraphs
            .push("Mend the file; it is taken as soon as it is saved. `tidewaiter check` shows the same.".to_owned());
        let trouble = Trouble {
            kind: "rule-broken",
            about: format!("{path} {}", crate::finding::hash(&about)),
            subject: format!("{path}:{line}:{column}: {}", first.message),
            paragraphs,
        };
        office.tell_operators(&trouble).await?;
    }
    Ok(())
}
