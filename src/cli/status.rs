//! `tidewaiter status`: sources, last files, rules with their hits, the outbox, what is broken.

use clap::Args;
use serde_json::json;

use super::attention::attention;
use super::{CommandError, ConfigArgument, say};
use crate::daemon::lists;
use crate::ledger::FileRow;

/// Show sources, files, rules and the outbox.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidewaiter status -c /etc/tidewaiter/tidewaiter.yaml\n  tidewaiter status --json")]
pub struct Status {
    #[command(flatten)]
    config: ConfigArgument,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn status(command: Status) -> Result<(), CommandError> {
    let (config, ledger) = command.config.ledger().await?;
    let counts = ledger.counts().await?;
    let files = ledger.files(20).await?;
    let attention = attention(&config, &ledger, &command.config).await?;
    let hits = ledger.rule_hits().await?;
    let broken = ledger.note("broken").await?.unwrap_or_else(|| "[]".to_owned());
    let broken: Vec<String> = serde_json::from_str(&broken).unwrap_or_default();
    let held: Vec<(String, lists::Version)> =
        lists::states(&ledger).await?.into_iter().filter_map(|(list, state)| Some((list, state.held?))).collect();
    let outbox =
        json!({ "waiting": counts.outbox_waiting, "delivered": counts.outbox_delivered, "dead": counts.outbox_dead });
    let whole = json!({
        "sources": config.sources.iter().map(|source| json!({ "name": source.name, "folder": source.folder })).collect::<Vec<_>>(),
        "files": files.iter().map(file_json).collect::<Vec<_>>(),
        "attention": attention.json(),
        "rules": hits.iter().map(|(rule, findings, last)| json!({ "rule": rule, "findings": findings, "last_at": last.map(time) })).collect::<Vec<_>>(),
        "findings": counts.findings, "alerts": counts.alerts, "outbox": outbox, "broken": broken,
        "held_watchlists": held.iter().map(|(list, held)| json!({ "list": list, "entities": held.entities, "seen_at": time(held.at) })).collect::<Vec<_>>(),
    });
    if command.json {
        say(whole.to_string());
        return Ok(());
    }
    for source in &config.sources {
        say(format!("source {:<20} {}", source.name, source.folder.display()));
    }
    say(format!(
        "\n{} findings, {} alerts; mail: {} waiting, {} delivered, {} given up",
        counts.findings, counts.alerts, counts.outbox_waiting, counts.outbox_delivered, counts.outbox_dead
    ));
    say("\nlast files:");
    for file in &files {
        say(format!(
            "  {:>5}  {} {:<9} {} ({}): {} records, {} rejected, {} findings{}",
            file.id,
            time(file.seen_at),
            file.state.as_str(),
            file.name,
            file.source,
            file.records,
            file.rejects,
            file.findings,
            reason(file)
        ));
    }
    attention.lines().iter().for_each(say);
    say("\nrules that fired:");
    for (rule, findings, last) in &hits {
        say(format!("  {findings:>8}  {rule}  {}", last.map(time).unwrap_or_default()));
    }
    for (list, version) in &held {
        say(format!(
            "\nwatchlist {list} has shrunk to {} entities and is held since {}: `tidewaiter watchlist accept {list}`",
            version.entities,
            time(version.at)
        ));
    }
    if !broken.is_empty() {
        say("\nbroken, running on the last good version where there is one:");
        broken.iter().for_each(|problem| say(format!("{problem}\n")));
    }
    Ok(())
}

/// A moment as status and listings write it.
pub fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// Why a file is not done, or what is to be known of one that is.
pub(super) fn problem(file: &FileRow) -> serde_json::Value {
    file.problem.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(serde_json::Value::Null)
}

fn reason(file: &FileRow) -> String {
    let problem = problem(file);
    problem
        .get("message")
        .and_then(|message| message.as_str())
        .map_or_else(String::new, |message| format!(": {message}"))
}

pub(super) fn file_json(file: &FileRow) -> serde_json::Value {
    json!({
        "id": file.id, "name": file.name, "source": file.source, "state": file.state.as_str(), "sha256": file.sha256,
        "records": file.records, "rejects": file.rejects, "findings": file.findings,
        "seen_at": time(file.seen_at), "done_at": file.done_at.map(time), "moved_to": file.moved_to, "problem": problem(file),
    })
}
