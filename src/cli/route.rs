//! `tidewaiter route [RULE]`: who would be told of a rule's findings, source by source, and why. It changes nothing.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::columns::aligned;
use super::{CommandError, ConfigArgument, find_rule, say};
use crate::desk::{self, Desk};
use crate::rule_card::RuleCard;
use crate::triage::{self, Routing};

/// Say who is told of a rule's findings, and why.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter route su-35-parts-to-rostec
  tidewaiter route                                every rule
  tidewaiter route dji-direct --source russia-imports --json")]
pub struct Route {
    /// The rule's id; every rule when absent.
    rule: Option<String>,
    /// Records of this source alone.
    #[arg(long)]
    source: Option<String>,
    #[command(flatten)]
    config: ConfigArgument,
    /// Another rules folder than the configuration's.
    #[arg(long)]
    rules: Option<PathBuf>,
    /// As one JSON array.
    #[arg(long)]
    json: bool,
}

/// Who is told of one rule, of records of these sources.
struct Told<'r> {
    rule: &'r RuleCard,
    sources: Vec<&'r str>,
    route: triage::Route,
}

/// Runs the command.
pub fn route(command: &Route) -> Result<(), CommandError> {
    let config = command.config.load()?;
    let folder = command.rules.as_ref().unwrap_or(&config.rules);
    let (texts, _) = desk::read_folder(folder).map_err(CommandError::io(folder))?;
    let (desk, _) = Desk::build(&texts, &super::known(&config));
    let mut sources: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    if let Some(wanted) = &command.source {
        sources.retain(|name| name == wanted);
        if sources.is_empty() {
            return Err(CommandError::Usage(format!("there is no source `{wanted}` in the configuration")));
        }
    }
    let rules = match &command.rule {
        Some(id) => vec![find_rule(&desk, id)?],
        None => desk.plan.rules().iter().collect(),
    };
    let all: Vec<Told<'_>> = rules.iter().flat_map(|rule| told(&rule.card, &sources, &config.routing)).collect();
    if command.json {
        say(serde_json::Value::Array(all.iter().map(as_json).collect()).to_string());
        return Ok(());
    }
    match &command.rule {
        Some(_) => all.iter().for_each(|told| say(sentence(told))),
        None => aligned(&[], &all.iter().map(|told| row(told, sources.len())).collect::<Vec<_>>()).iter().for_each(say),
    }
    Ok(())
}

/// Sources whose findings go the same way stand together.
fn told<'r>(rule: &'r RuleCard, sources: &[&'r str], routing: &Routing) -> Vec<Told<'r>> {
    let mut all: Vec<Told<'r>> = Vec::new();
    for &source in sources {
        let route = triage::route(rule, source, routing);
        match all.iter_mut().find(|told| told.route == route) {
            Some(told) => told.sources.push(source),
            None => all.push(Told { rule, sources: vec![source], route }),
        }
    }
    all
}

fn people(told: &Told<'_>) -> String {
    match told.route.addresses.as_slice() {
        [] => "nobody".to_owned(),
        addresses => addresses.join(", "),
    }
}

fn sentence(told: &Told<'_>) -> String {
    let Told { rule, sources, route } = told;
    format!(
        "{} ({}), records of {}: {}\n  to {}, because {}",
        rule.id,
        rule.level.name(),
        sources.join(", "),
        people(told),
        route.names.join(", "),
        route.because
    )
}

fn row(told: &Told<'_>, sources: usize) -> Vec<String> {
    let of = if told.sources.len() == sources { "every source".to_owned() } else { told.sources.join(", ") };
    vec![told.rule.level.name().to_owned(), told.rule.id.clone(), of, people(told), told.route.because.to_string()]
}

fn as_json(told: &Told<'_>) -> serde_json::Value {
    json!({
        "rule": told.rule.id, "level": told.rule.level.name(), "sources": told.sources, "to": told.route.names,
        "addresses": told.route.addresses, "because": told.route.because.to_string(),
    })
}
