//! `tidewaiter status`: on one screen: does it work, what came, what fired, what waits, what is wrong and what to type.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{CommandError, ConfigArgument, say};
use crate::alert::UntoldCount;
use crate::config::Config;
use crate::daemon::canary::{self, Memory};
use crate::daemon::life::{self, Life};
use crate::daemon::typed::typed;
use crate::daemon::wrong::{self, Wrong};
use crate::daemon::{DOWN_SINCE, lists, nightly};
use crate::ledger::{Counts, FileRow, FileState, Ledger, Since, SourceHealth, Storm};

const WEEK: i64 = 7 * 86_400 * 1_000_000;
/// Files and rules that fit on a screen.
const FILES: usize = 5;
const RULES: usize = 8;

/// Show whether it works, what came, what fired, what waits and what is wrong.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter status -c /etc/tidewaiter/tidewaiter.yaml\n  tidewaiter status --json\n  tidewaiter status --check || echo look at it"
)]
pub struct Status {
    #[command(flatten)]
    config: ConfigArgument,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
    /// End with 1 when the daemon does not work or something waits for your word.
    #[arg(long)]
    check: bool,
}

/// Everything that is shown.
struct Whole {
    config: Config,
    /// The configuration as it was named on the command line, and must be for the commands that are shown.
    named: Option<PathBuf>,
    life: Life,
    counts: Counts,
    week: Since,
    sources: Vec<SourceHealth>,
    files: Vec<FileRow>,
    open: Vec<FileRow>,
    hits: Vec<(String, i64, Option<i64>)>,
    broken: Vec<String>,
    held_lists: Vec<(String, lists::Version)>,
    oldest_mail: Option<i64>,
    down_since: Option<i64>,
    canary: Option<Memory>,
    copied_at: Option<i64>,
    untold: Vec<UntoldCount>,
    storms: Vec<Storm>,
    wrong: Vec<Wrong>,
}

/// Runs the command.
pub async fn status(command: Status) -> Result<(), CommandError> {
    let (config, ledger) = command.config.ledger().await?;
    let whole = gather(config, command.config.config, &ledger).await?;
    match command.json {
        true => say(whole.json().to_string()),
        false => whole.show(),
    }
    match command.check && !(whole.wrong.is_empty() && matches!(whole.life, Life::Works(_))) {
        true => Err(CommandError::Problems("something waits for your word".to_owned())),
        false => Ok(()),
    }
}

async fn gather(config: Config, named: Option<PathBuf>, ledger: &Ledger) -> Result<Whole, CommandError> {
    let now = jiff::Timestamp::now().as_microsecond();
    let broken = ledger.note("broken").await?.unwrap_or_default();
    let lists = lists::states(ledger).await?.into_iter();
    let life = life::look(&config.state, now);
    let hindrances = match &life {
        Life::Works(sign) | Life::Stuck(sign) => sign.hindrances.clone(),
        Life::Silent(_) | Life::Stopped => Vec::new(),
    };
    Ok(Whole {
        counts: ledger.counts().await?,
        week: ledger.since(now - WEEK).await?,
        sources: ledger.source_health().await?,
        files: ledger.files(20).await?,
        open: ledger.open_files().await?,
        hits: ledger.rule_hits().await?,
        broken: serde_json::from_str(&broken).unwrap_or_default(),
        held_lists: lists.filter_map(|(list, state)| Some((list, state.held?))).collect(),
        oldest_mail: ledger.oldest_waiting().await?,
        down_since: ledger.note(DOWN_SINCE).await?.and_then(|text| text.parse().ok()),
        canary: canary::last(ledger).await?,
        copied_at: nightly::last(ledger).await?.and_then(|night| night.copied_at),
        untold: ledger.untold(now).await?,
        storms: ledger.storms().await?,
        wrong: wrong::all(ledger, &hindrances, now).await?,
        life,
        config,
        named,
    })
}

impl Whole {
    fn show(&self) {
        say(self.typed(&self.alive()));
        say(format!("\nWhat came (in 7 days: {})", self.came_in_a_week()));
        self.config.sources.iter().for_each(|source| self.show_source(&source.name));
        self.files.iter().take(FILES).for_each(|file| say(file_line(file)));
        say(format!("\nWhat fired (in 7 days: {})", counted(self.week.findings, "finding")));
        for (rule, findings, last) in self.hits.iter().take(RULES) {
            say(format!("  {findings:>8}  {}  {rule}", last.map(time).unwrap_or_default()));
        }
        if self.hits.len() > RULES {
            let more = i64::try_from(self.hits.len() - RULES).unwrap_or(i64::MAX);
            say(format!("  and {}: `{}`", counted(more, "more rule"), self.typed("tidewaiter rules")));
        }
        self.show_waiting();
        if self.wrong.is_empty() {
            say("\nNothing is wrong.");
            return;
        }
        say("\nWhat is wrong, and what to type");
        for wrong in &self.wrong {
            say(format!("  {}\n      {}", wrong.what, self.typed(&wrong.command)));
        }
    }

    /// A text in which each command finds the configuration that this is about.
    fn typed(&self, text: &str) -> String {
        typed(text, self.named.as_deref())
    }

    fn alive(&self) -> String {
        match &self.life {
            Life::Works(sign) => {
                format!("It works, since {}; {} so far.", time(sign.since), counted(self.counts.alerts, "alert"))
            }
            Life::Stuck(sign) => format!(
                "It runs, but stands still: {}. Restart it: `systemctl restart tidewaiter`, and look at its log.",
                sign.still.join(", ")
            ),
            Life::Silent(sign) => {
                format!("It gave no sign of life since {}. Look at it: `systemctl status tidewaiter`.", time(sign.at))
            }
            Life::Stopped => "It does not run. Start it: `systemctl start tidewaiter`, or `tidewaiter run`.".to_owned(),
        }
    }

    fn came_in_a_week(&self) -> String {
        let week = &self.week;
        let failed = if week.failed > 0 { format!(", {} failed", week.failed) } else { String::new() };
        format!(
            "{}, {}, {}{failed}",
            counted(week.files, "file"),
            counted(week.records, "record"),
            counted(week.rejects, "rejected row")
        )
    }

    fn show_source(&self, name: &str) {
        let health = self.sources.iter().find(|health| health.source == name);
        let last = health
            .and_then(|health| health.last_at)
            .map_or("nothing yet".to_owned(), |at| format!("last file {}", time(at)));
        let empty = health.filter(|health| health.last_records_at < health.last_at);
        let empty = empty.map_or(String::new(), |health| match health.last_records_at {
            Some(at) => format!(" without any record, the last with records {}", time(at)),
            None => " without any record, as all before it".to_owned(),
        });
        let states = health.map_or_else(String::new, |health| {
            let states: Vec<String> =
                health.files.iter().map(|(state, many)| format!("{many} {}", state.as_str())).collect();
            format!(" ({})", states.join(", "))
        });
        let expected = self.config.sources.iter().find(|source| source.name == name);
        let expected = expected.and_then(|source| source.expect_every);
        let expected = expected.map_or_else(String::new, |every| format!("; expected every {}", length(every)));
        say(format!("  {name:<20} {last}{empty}{states}{expected}"));
    }

    fn show_waiting(&self) {
        let counts = &self.counts;
        let oldest = self.oldest_mail.map_or_else(String::new, |at| format!(", the oldest since {}", time(at)));
        let held = counts.files.iter().find(|(state, _)| *state == FileState::Held).map_or(0, |(_, many)| *many);
        say(format!(
            "\nWhat waits: {}{oldest}; {} held. Mail so far: {} delivered, {} given up.",
            counted(counts.outbox_waiting, "mail"),
            counted(held, "file"),
            counts.outbox_delivered,
            counts.outbox_dead
        ));
        self.open.iter().filter_map(next).for_each(|line| say(format!("  {line}")));
        for count in &self.untold {
            let many = i64::try_from(count.many).unwrap_or(i64::MAX);
            say(format!("  {} {}", counted(many, count.why.noun()), self.typed(count.why.says())));
        }
        if let Some(since) = self.down_since {
            say(format!("  The relay has not taken mail since {}.", time(since)));
        }
        if let Some(memory) = &self.canary {
            say(format!("  The canary of {}: {}.", memory.date, memory.end.word()));
        }
        if let Some(at) = self.copied_at {
            say(format!("  The ledger was last copied {}.", time(at)));
        }
    }

    /// A stable interface: keys are added, never renamed.
    fn json(&self) -> serde_json::Value {
        let counts = &self.counts;
        let life = match &self.life {
            Life::Works(sign) => {
                json!({ "state": "works", "at": time(sign.at), "since": time(sign.since), "still": [] })
            }
            Life::Stuck(sign) => {
                json!({ "state": "stuck", "at": time(sign.at), "since": time(sign.since), "still": sign.still })
            }
            Life::Silent(sign) => {
                json!({ "state": "silent", "at": time(sign.at), "since": time(sign.since), "still": [] })
            }
            Life::Stopped => json!({ "state": "stopped", "at": null, "since": null, "still": [] }),
        };
        json!({
            "daemon": life,
            "sources": self.config.sources.iter().map(|source| self.source_json(source)).collect::<Vec<_>>(),
            "files": self.files.iter().map(file_json).collect::<Vec<_>>(),
            "open_files": self.open.iter().map(file_json).collect::<Vec<_>>(),
            "rules": self.hits.iter().map(|(rule, findings, last)| json!({ "rule": rule, "findings": findings, "last_at": last.map(time) })).collect::<Vec<_>>(),
            "findings": counts.findings, "alerts": counts.alerts,
            "week": { "files": self.week.files, "records": self.week.records, "rejects": self.week.rejects,
                "failed": self.week.failed, "findings": self.week.findings, "delivered": self.week.delivered },
            "outbox": { "waiting": counts.outbox_waiting, "delivered": counts.outbox_delivered, "dead": counts.outbox_dead,
                "oldest_waiting_at": self.oldest_mail.map(time), "relay_down_since": self.down_since.map(time) },
            "untold": self.untold.iter().map(|count| (count.why.name().to_owned(), json!(count.many))).collect::<serde_json::Map<_, _>>(),
            "storms": self.storms.iter().map(|storm| json!({ "rule": storm.rule.id, "file": storm.file, "findings": storm.findings, "since": time(storm.made_at) })).collect::<Vec<_>>(),
            "canary": self.canary.as_ref().map(|memory| json!({ "date": memory.date, "state": memory.end.word() })),
            "copied_at": self.copied_at.map(time),
            "broken": self.broken,
            "held_watchlists": self.held_lists.iter().map(|(list, held)| json!({ "list": list, "entities": held.entities, "seen_at": time(held.at) })).collect::<Vec<_>>(),
            "wrong": self.wrong.iter().map(|wrong| json!({ "what": wrong.what, "do": self.typed(&wrong.command) })).collect::<Vec<_>>(),
        })
    }

    fn source_json(&self, source: &crate::config::SourceSettings) -> serde_json::Value {
        let health = self.sources.iter().find(|health| health.source == source.name).cloned().unwrap_or_default();
        let files: serde_json::Map<String, serde_json::Value> =
            health.files.iter().map(|(state, many)| (state.as_str().to_owned(), json!(many))).collect();
        json!({
            "name": source.name, "folder": source.folder, "files": files, "records": health.records,
            "rejects": health.rejects, "last_at": health.last_at.map(time),
            "last_records_at": health.last_records_at.map(time),
            "expect_every_seconds": source.expect_every.map(|every| every.as_secs()),
        })
    }
}

/// What comes of an open file when nobody does anything.
fn next(file: &FileRow) -> Option<String> {
    let at = file.look_again_at?;
    let problem = problem(file);
    let next = match file.state {
        FileState::Held if at == 0 => "is released: the daemon takes it at its next scan".to_owned(),
        FileState::Held if problem.get("code").is_some_and(|code| code == "held") => {
            format!("is held, and goes out under a banner on {}", time(at))
        }
        FileState::Held => format!("is held, and is read again on {}", time(at)),
        FileState::Waiting => format!("is not whole yet{}; it is looked at again on {}", reason(file), time(at)),
        FileState::Claiming | FileState::Work | FileState::Finishing => return None,
        FileState::Done | FileState::Failed | FileState::Duplicate => return None,
    };
    Some(format!("{} of {} {next}", file.name, file.source))
}

fn file_line(file: &FileRow) -> String {
    format!(
        "{:>5}  {} {:<9} {} ({}): {}, {} rejected, {}{}",
        file.id,
        time(file.seen_at),
        file.state.as_str(),
        file.name,
        file.source,
        counted(file.records, "record"),
        file.rejects,
        counted(file.findings, "finding"),
        reason(file)
    )
}

/// `3 days`, `90 minutes`.
fn length(span: std::time::Duration) -> String {
    let minutes = i64::try_from(span.as_secs() / 60).unwrap_or(i64::MAX);
    match minutes {
        _ if minutes % 1440 == 0 => counted(minutes / 1440, "day"),
        _ if minutes % 60 == 0 => counted(minutes / 60, "hour"),
        _ => counted(minutes, "minute"),
    }
}

/// `3 records`, `1 record`.
fn counted(many: i64, one: &str) -> String {
    format!("{many} {one}{}", if many == 1 { "" } else { "s" })
}

/// A moment as status and listings write it.
pub fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
        .unwrap_or_default()
}

fn problem(file: &FileRow) -> serde_json::Value {
    file.problem.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(serde_json::Value::Null)
}

fn reason(file: &FileRow) -> String {
    let problem = problem(file);
    problem
        .get("message")
        .and_then(|message| message.as_str())
        .map_or_else(String::new, |message| format!(": {message}"))
}

fn file_json(file: &FileRow) -> serde_json::Value {
    json!({
        "id": file.id, "name": file.name, "source": file.source, "state": file.state.as_str(), "sha256": file.sha256,
        "records": file.records, "rejects": file.rejects, "findings": file.findings,
        "look_again_at": file.look_again_at.filter(|at| *at > 0).map(time),
        "seen_at": time(file.seen_at), "done_at": file.done_at.map(time), "moved_to": file.moved_to, "problem": problem(file),
    })
}
