//! `tidewaiter rules`: every rule with its level, version, what of it is running and since when, and its hits.
//!
//! In: the rules folder, and the ledger when there is one. What runs is the text that the daemon accepted last; a file
//! that broke since then is shown by its last good version. It changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::columns::{Side, aligned};
use super::{CommandError, RulesArgument, say};
use crate::config::Config;
use crate::daemon::lists;
use crate::desk::{self, Desk, DeskText};
use crate::ledger::{AcceptedText, Ledger};
use crate::rule_card::RuleCard;
use crate::rules::Known;

/// List the rules: level, version, what is running, hits.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter rules
  tidewaiter rules -c /etc/tidewaiter/tidewaiter.yaml
  tidewaiter rules --rules my-rules --json")]
pub struct Rules {
    /// The configuration, for its rules folder and its ledger; `tidewaiter.yaml` here, else in
    /// /etc/tidewaiter, when absent.
    #[arg(short, long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    rules: RulesArgument,
    /// As one JSON array.
    #[arg(long)]
    json: bool,
}

/// What of a rule is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    /// No daemon has run here.
    Unknown,
    /// What the file says, accepted at that time.
    File(i64),
    /// An older text, accepted at that time, because the file has problems or is gone.
    LastGood(i64),
    /// The file says something that the daemon has not taken yet.
    NotYet,
}

struct Row {
    card: Arc<RuleCard>,
    file: String,
    running: Running,
    hits: i64,
    last_hit: Option<i64>,
}

/// What the ledger knows.
#[derive(Default)]
struct Past {
    accepted: Vec<AcceptedText>,
    texts: Vec<DeskText>,
    hits: BTreeMap<String, (i64, Option<i64>)>,
}

/// Runs the command.
pub async fn rules(command: Rules) -> Result<(), CommandError> {
    let around = || super::around().filter(|path| command.rules.rules.is_none() && path.is_file());
    let path = command.config.clone().or_else(around);
    let config = path.as_deref().map(Config::load).transpose()?;
    let ((texts, mut problems), known, past) = match &config {
        Some(config) => {
            let folder = command.rules.rules.as_ref().unwrap_or(&config.rules);
            let read = desk::read_folder(folder).map_err(CommandError::io(folder))?;
            (read, super::known(config), past(config).await?)
        }
        None => (command.rules.texts()?, Known::default(), None),
    };
    let (now, found) = Desk::build(&texts, &known);
    problems.extend(found);
    let rows = rows(&now, past.as_ref(), &known);
    match command.json {
        true => say(serde_json::Value::Array(rows.iter().map(as_json).collect()).to_string()),
        false => show(&rows, desk::broken_paths(&problems).len()),
    }
    Ok(())
}

async fn past(config: &Config) -> Result<Option<Past>, CommandError> {
    if !config.ledger.exists() {
        return Ok(None);
    }
    let ledger = Ledger::open(&config.ledger).await?;
    let hits = ledger.rule_hits().await?.into_iter().map(|(rule, findings, last)| (rule, (findings, last))).collect();
    let accepted = ledger.accepted_texts().await?;
    let texts = accepted.iter().filter_map(|row| lists::accepted_text(&config.state, row)).collect();
    Ok(Some(Past { accepted, texts, hits }))
}

/// The rules that the files give and those that run, each once, worst level first.
fn rows(now: &Desk, past: Option<&Past>, known: &Known) -> Vec<Row> {
    let texts = past.map_or(&[] as &[DeskText], |past| &past.texts);
    let (then, _) = Desk::build(texts, known);
    let since = |path: &str| -> i64 {
        let texts = past.into_iter().flat_map(|past| &past.accepted);
        texts.filter(|text| text.path == path).map(|text| text.accepted_at).max().unwrap_or(0)
    };
    let mut all: BTreeMap<String, (Arc<RuleCard>, String, Running)> = BTreeMap::new();
    for rule in then.plan.rules() {
        let running = Running::LastGood(since(&rule.source.path));
        all.insert(rule.card.id.clone(), (rule.card.clone(), rule.source.path.clone(), running));
    }
    for rule in now.plan.rules() {
        let running = match (past, all.get(&rule.card.id)) {
            (None, _) => Running::Unknown,
            (Some(_), Some((card, _, Running::LastGood(since)))) if **card == *rule.card => Running::File(*since),
            (Some(_), _) => Running::NotYet,
        };
        all.insert(rule.card.id.clone(), (rule.card.clone(), rule.source.path.clone(), running));
    }
    let row = |(id, (card, file, running)): (String, (Arc<RuleCard>, String, Running))| {
        let (hits, last_hit) = past.and_then(|past| past.hits.get(&id)).copied().unwrap_or((0, None));
        Row { card, file, running, hits, last_hit }
    };
    let mut rows: Vec<Row> = all.into_iter().map(row).collect();
    rows.sort_by(|a, b| b.card.level.cmp(&a.card.level).then_with(|| a.card.id.cmp(&b.card.id)));
    rows
}

fn show(rows: &[Row], broken: usize) {
    let words = |words: [&str; 7]| words.map(str::to_owned).to_vec();
    let mut lines = vec![words(["level", "rule", "version", "running", "hits", "owner", "title"])];
    for row in rows {
        let owner = row.card.alert.owner.as_deref().unwrap_or("-");
        let hits = row.hits.to_string();
        let running = row.running.words();
        lines.push(words([
            row.card.level.name(),
            &row.card.id,
            &row.card.version,
            &running,
            &hits,
            owner,
            &row.card.title,
        ]));
    }
    let sides = [Side::Left, Side::Left, Side::Left, Side::Left, Side::Right];
    aligned(&sides, &lines).iter().for_each(say);
    if broken > 0 {
        let files = if broken == 1 { "1 file has".to_owned() } else { format!("{broken} files have") };
        say(format!("\n{files} problems: `tidewaiter check` shows them"));
    }
}

impl Running {
    fn words(self) -> String {
        match self {
            Running::Unknown => "-".to_owned(),
            Running::File(since) => format!("since {}", day(since)),
            Running::LastGood(since) => format!("last good, of {}", day(since)),
            Running::NotYet => "not yet taken".to_owned(),
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Running::Unknown => None,
            Running::File(_) => Some("file"),
            Running::LastGood(_) => Some("last-good"),
            Running::NotYet => Some("not-yet"),
        }
    }

    fn since(self) -> Option<i64> {
        match self {
            Running::Unknown | Running::NotYet => None,
            Running::File(since) | Running::LastGood(since) => Some(since),
        }
    }
}

fn as_json(row: &Row) -> serde_json::Value {
    json!({
        "id": row.card.id, "level": row.card.level.name(), "title": row.card.title, "version": row.card.version,
        "file": row.file, "running": row.running.name(), "since": row.running.since().map(super::status::time),
        "hits": row.hits, "last_hit": row.last_hit.map(super::status::time), "owner": row.card.alert.owner,
        "tags": row.card.tags,
    })
}

fn day(micros: i64) -> String {
    super::status::time(micros).chars().take(16).collect()
}
