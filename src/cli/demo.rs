//! `tidewaiter demo`: the real daemon with embedded defaults over the shipped sample export.

use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{CommandError, init, run, say, shipped};
use crate::config::Config;
use crate::daemon::{self, Until};
use crate::desk::{self, Desk};
use crate::ledger::Ledger;
use crate::notification::Kind;
use crate::rule_card::Level;

/// Show the whole job on a sample export.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidewaiter demo\n  tidewaiter demo /tmp/look --once")]
pub struct Demo {
    /// Where to make the folders.
    #[arg(default_value = "tidewaiter-demo")]
    folder: PathBuf,
    /// End when the sample is done.
    #[arg(long)]
    once: bool,
}

const CONFIG: &str = "\
# yaml-language-server: $schema=rules/.schema/config.json
# The demo's configuration: mail goes into the folder `mail` (a Maildir), not to a relay.
sources:
  - { name: demo, folder: drop, settle_for: 200ms, scan_every: 2s }
mail: { transport: 'maildir:mail', from: 'tidewaiter@localhost' }
recipients: { default: analyst@localhost }
# Everything is told at the end of the file, so that there is something to see at once; docs/alerts.md says when else.
telling: { high: file, medium: file, low: file, informational: file, per_minute: 1000 }
";

/// Runs the command.
pub async fn demo(command: Demo) -> Result<(), CommandError> {
    init::write_folder(&command.folder, CONFIG)?;
    let sample = command.folder.join("drop/sample-export.csv");
    std::fs::write(&sample, shipped::SAMPLE).map_err(CommandError::io(&sample))?;
    say(format!("dropped {} (400 records, written for this demo)", sample.display()));
    let config = Config::load(&command.folder.join("tidewaiter.yaml"))?;
    let before = Ledger::open(&config.ledger).await?.counts().await?;
    daemon::run(config.clone(), Until::Idle, CancellationToken::new()).await?;
    let told = tell(&command, &config).await?;
    if told == before.alerts {
        say("no new alert: the sample was read before, and nothing is told twice");
    }
    if command.once {
        return Ok(());
    }
    say(format!("\nwatching {}: drop a file there; Ctrl-C ends", command.folder.join("drop").display()));
    run::until_signalled(config).await
}

/// Lists the alerts and where they lie; returns how many alerts the ledger holds.
async fn tell(command: &Demo, config: &Config) -> Result<i64, CommandError> {
    let ledger = Ledger::open(&config.ledger).await?;
    let mut listings = ledger.outbox(1000).await?;
    listings.retain(|listing| listing.kind == Kind::Alert.name());
    listings.sort_by_key(|listing| listing.id);
    let hits = ledger.rule_hits().await?;
    let (texts, _) = desk::read_folder(&config.rules).map_err(CommandError::io(&config.rules))?;
    let desk = Desk::build(&texts, &super::known(config)).0;
    say("\nfindings by rule:");
    for level in Level::ALL.into_iter().rev() {
        for rule in desk.plan.rules().iter().filter(|rule| rule.card.level == level) {
            let Some((_, findings, _)) = hits.iter().find(|(id, ..)| *id == rule.card.id) else { continue };
            say(format!("  {findings:>4}  {:<9} {}", level.name(), rule.card.title));
        }
    }
    say(format!("\n{} alert {}:", listings.len(), if listings.len() == 1 { "mail" } else { "mails" }));
    for listing in &listings {
        say(format!("  {}", listing.subject));
    }
    let folder = command.folder.display();
    say(format!("\nmail lies in {folder}/mail/new: open it with a mail client, or"));
    say(format!(
        "  tidewaiter outbox -c {folder}/tidewaiter.yaml show {} --text",
        listings.first().map_or(1, |first| first.id)
    ));
    Ok(ledger.counts().await?.alerts)
}
