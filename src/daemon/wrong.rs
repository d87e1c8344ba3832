//! Wrong: what waits for somebody's word, each with the command that answers it; for `status` and the weekly mail.
//!
//! In: the ledger, and what the workers say is in their way. Out: sentences. Whether the daemon lives is seen elsewhere.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::courier::DOWN_SINCE;
use super::hindrances::{Hindrance, Matter};
use super::notices::counted;
use super::settings::{self, Unmet};
use super::{DaemonError, canary, lists, nightly};
use crate::ledger::{FileRow, FileState, Ledger};

/// Files and mails that are named; the rest is counted.
const NAMED: usize = 5;
const QUARTER_OF_AN_HOUR: i64 = 15 * 60 * 1_000_000;
/// How many of the last files are looked through for failures.
const LOOKED_THROUGH: i64 = 200;

/// Something that waits for somebody's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// What it is, in one line.
    pub what: String,
    /// What to type.
    #[serde(rename = "do")]
    pub command: String,
}

fn wrong(what: String, command: impl Into<String>) -> Wrong {
    Wrong { what, command: command.into() }
}

/// Everything that waits for somebody's word now.
///
/// # Errors
/// When the ledger fails.
pub async fn all(ledger: &Ledger, hindrances: &[Hindrance], now: i64) -> Result<Vec<Wrong>, DaemonError> {
    let mut all: Vec<Wrong> = hindrances.iter().map(|hindrance| hindrance.wrong.clone()).collect();
    if !hindrances.iter().any(|hindrance| hindrance.matter == Matter::Relay) {
        all.extend(relay(ledger, now).await?);
    }
    all.extend(given_up(ledger).await?);
    all.extend(files(ledger).await?);
    for storm in ledger.storms().await? {
        let (id, many, file) = (&storm.rule.id, storm.findings, &storm.file);
        let what = format!("rule {id} fired {many} times in {file} and is held as a storm");
        all.push(wrong(what, format!("tidewaiter release {id}, or tidewaiter discard {id}")));
    }
    let broken = ledger.note("broken").await?.unwrap_or_default();
    let broken: Vec<String> = serde_json::from_str(&broken).unwrap_or_default();
    if let Some(first) = broken.first() {
        let first = first.lines().next().unwrap_or_default();
        let more = if broken.len() > 1 { format!(" (and {} more)", broken.len() - 1) } else { String::new() };
        all.push(wrong(format!("{first}{more}"), "tidewaiter check"));
    }
    if let Some(problem) = nightly::last(ledger).await?.and_then(|night| night.problem) {
        all.push(wrong(format!("the nightly copy of the ledger could not be made: {problem}"), "tidewaiter backup"));
    }
    all.extend(configuration(&settings::unmet(ledger).await?));
    for (list, held) in lists::states(ledger).await?.into_iter().filter_map(|(list, state)| Some((list, state.held?))) {
        let what = format!("watchlist {list} has shrunk to {} entities and is held", held.entities);
        all.push(wrong(what, format!("tidewaiter watchlist diff {list}, then tidewaiter watchlist accept {list}")));
    }
    if let Some(memory) = canary::last(ledger).await?.filter(|memory| memory.end == canary::End::Late) {
        all.push(wrong(format!("the canary of {} did not arrive", memory.date), "tidewaiter outbox"));
    }
    Ok(all)
}

/// The configuration as written, as far as it is not in force.
fn configuration(unmet: &Unmet) -> Vec<Wrong> {
    let broken = unmet.problems.first().map(|first| {
        let what =
            format!("the configuration cannot be used as it is written, and the one before stays in force: {first}");
        wrong(what, "tidewaiter check")
    });
    let waiting = (!unmet.waiting.is_empty()).then(|| {
        let what = format!("changed in the configuration and not in force yet: {}", unmet.waiting.join(", "));
        wrong(what, "systemctl restart tidewaiter")
    });
    let template = |line: &String| {
        wrong(format!("a mail template is not used, and the shipped one stands in: {line}"), "tidewaiter check")
    };
    broken.into_iter().chain(waiting).chain(unmet.templates.iter().map(template)).collect()
}

async fn relay(ledger: &Ledger, now: i64) -> Result<Option<Wrong>, DaemonError> {
    let down = ledger.note(DOWN_SINCE).await?.and_then(|text| text.parse::<i64>().ok());
    let Some(since) = down.filter(|since| now.saturating_sub(*since) >= QUARTER_OF_AN_HOUR) else { return Ok(None) };
    let waiting = ledger.outbox_waiting().await?;
    let at = jiff::Timestamp::from_microsecond(since).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC");
    Ok(Some(wrong(
        format!("the relay has not taken mail since {at}; waiting: {}", counted(waiting, "mail")),
        "tidewaiter outbox",
    )))
}

async fn given_up(ledger: &Ledger) -> Result<Vec<Wrong>, DaemonError> {
    let mut all = Vec::new();
    let dead = ledger.dead_letters().await?;
    for letter in dead.iter().take(NAMED) {
        let said = letter.last_reply.as_deref().unwrap_or("no reply");
        let what = format!("mail {} to {} was given up: {said}", letter.id, letter.recipient);
        all.push(wrong(what, format!("tidewaiter outbox requeue {0}, or tidewaiter outbox discard {0}", letter.id)));
    }
    if dead.len() > NAMED {
        all.push(wrong(format!("mails that were given up besides: {}", dead.len() - NAMED), "tidewaiter outbox"));
    }
    Ok(all)
}

/// Held files, and failed ones that still lie where they were put and that nobody has set aside or dropped again.
async fn files(ledger: &Ledger) -> Result<Vec<Wrong>, DaemonError> {
    let open = ledger.open_files().await?;
    let last = ledger.files(LOOKED_THROUGH).await?;
    let came_again = |failed: &FileRow| {
        last.iter().any(|file| file.id > failed.id && file.source == failed.source && file.name == failed.name)
    };
    let lies = |failed: &FileRow| failed.moved_to.as_ref().is_some_and(|place| Path::new(place).exists());
    let failed = last.iter().filter(|file| file.state == FileState::Failed && !is_discarded(file));
    let failed = failed.filter(|file| lies(file) && !came_again(file));
    let held = open.iter().filter(|file| file.state == FileState::Held);
    let mut all: Vec<Wrong> =
        held.map(|file| of_file(file, "is held until you say what becomes of it", &["release", "discard"])).collect();
    all.extend(failed.map(|file| of_file(file, "failed", &["retry", "discard"])));
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    all.extend((more > 0).then(|| wrong(format!("files besides: {more}"), "tidewaiter status --json")));
    Ok(all)
}

fn of_file(file: &FileRow, state: &str, commands: &[&str]) -> Wrong {
    let problem: Option<serde_json::Value> = file.problem.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let said = |key: &str| problem.as_ref().and_then(|problem| problem.get(key)?.as_str());
    let said = |before: &str, key: &str| said(key).map_or_else(String::new, |text| format!("{before}{text}"));
    let what = format!("{} of {} {state}{}{}", file.name, file.source, said(": ", "message"), said("; ", "hint"));
    let typed = |command: &&str| format!("tidewaiter {command} {}", quoted(&file.name));
    wrong(what, commands.iter().map(typed).collect::<Vec<_>>().join(", or "))
}

/// A file that somebody set aside by hand.
fn is_discarded(file: &FileRow) -> bool {
    file.problem.as_deref().is_some_and(|text| {
        let problem: Option<serde_json::Value> = serde_json::from_str(text).ok();
        problem.is_some_and(|problem| problem.get("discarded").is_some())
    })
}

/// As a shell takes it.
pub fn quoted(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c)) && !name.starts_with('-');
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_for_the_shell_when_it_must_be() {
        for (name, shown) in [("октябрь.csv", "октябрь.csv"), ("a b.csv", "'a b.csv'"), ("it's.csv", "'it'\\''s.csv'")]
        {
            assert_eq!(quoted(name), shown);
        }
    }
}
