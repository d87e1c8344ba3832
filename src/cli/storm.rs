//! `tidewaiter discard RULE`, and the part of `tidewaiter release` that is about storms: what becomes of held findings.

use clap::Args;

use super::{CommandError, ConfigArgument, say};
use crate::ledger::{Ledger, StormEnd};
use crate::problem;

/// Never tell the findings of a rule that are held as a storm; they stay recorded.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidewaiter discard common-high-priority-items")]
pub struct Discard {
    /// The rule's id.
    rule: String,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Discards the held storms of a rule.
pub async fn discard(command: Discard) -> Result<(), CommandError> {
    let (_, ledger) = command.config.ledger().await?;
    let now = jiff::Timestamp::now().as_microsecond();
    match ledger.end_storms(&command.rule, StormEnd::Discarded, now).await? {
        Some(findings) => say(format!("{findings} findings of {} are recorded and will not be told", command.rule)),
        None => return Err(nothing_held(&ledger, &command.rule).await?),
    }
    Ok(())
}

/// Tells the held storms of a rule; false when none is held.
pub async fn release(ledger: &Ledger, rule: &str) -> Result<bool, CommandError> {
    let now = jiff::Timestamp::now().as_microsecond();
    let Some(findings) = ledger.end_storms(rule, StormEnd::Released, now).await? else { return Ok(false) };
    say(format!("{findings} findings of {rule} are released: the daemon tells them in one mail within ten seconds"));
    Ok(true)
}

/// Whether a storm of a rule is held.
pub async fn is_held(ledger: &Ledger, rule: &str) -> Result<bool, CommandError> {
    Ok(ledger.storms().await?.iter().any(|storm| storm.rule.id == rule))
}

async fn nothing_held(ledger: &Ledger, rule: &str) -> Result<CommandError, CommandError> {
    let storms = ledger.storms().await?;
    let guess = problem::did_you_mean(rule, storms.iter().map(|storm| storm.rule.id.as_str()));
    let hint = guess.map_or_else(|| "`tidewaiter status` lists them".to_owned(), |id| format!("did you mean `{id}`?"));
    Ok(CommandError::Usage(format!("no storm of a rule `{rule}` is held; {hint}")))
}
