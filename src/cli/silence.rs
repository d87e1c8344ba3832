//! `tidewaiter silence add|list|end`: what is recorded and not told for a while. The daemon sees it with the next file.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::{CommandError, ConfigArgument, find_rule, known, say, status};
use crate::config::Config;
use crate::deliver::is_deliverable;
use crate::desk::{self, Desk};
use crate::ledger::{Ledger, NewSilence};
use crate::problem;
use crate::prose::words::counted;
use crate::record::Field;
use crate::silence::{Matcher, Silence as Silenced};

/// A silence ends after this many days at the latest.
const MOST_DAYS: i32 = 90;

/// Record findings without telling them, for a while.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter silence add --rule dji-direct --field consignee.name='ООО ПРИМЕР' --author me@example.org --reason 'known, case 17' --until 2026-09-30
  tidewaiter silence list
  tidewaiter silence end 3")]
pub struct Silence {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Begin a silence; what is given must all hold.
    Add(Add),
    /// List the silences in force.
    List {
        /// Those that are over too.
        #[arg(long)]
        all: bool,
        /// As one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// End a silence before its time.
    End {
        /// Its number.
        number: i64,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The id of a rule.
    #[arg(long)]
    rule: Option<String>,
    /// A tag of rules.
    #[arg(long)]
    tag: Option<String>,
    /// A source of the configuration.
    #[arg(long)]
    source: Option<String>,
    /// A field and what its cell says: `consignee.name=ООО ПРИМЕР`, `raw.Heading=text`.
    #[arg(long, value_name = "FIELD=VALUE")]
    field: Option<String>,
    /// Your mail address, or a recipient's name in the configuration: reminders go there.
    #[arg(long)]
    author: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// The last day, at most 90 days from now.
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: String,
}

/// Runs the command.
pub async fn silence(command: Silence) -> Result<(), CommandError> {
    let (config, ledger) = command.config.ledger().await?;
    let now = Timestamp::now();
    match command.action {
        Action::Add(add) => {
            let silence = read(&add, &config, now)?;
            let id = ledger.add_silence(&silence, now.as_microsecond()).await?;
            say(format!("silence {id} is in force until the end of {}: {}", add.until, silence.matcher.words()));
            say("findings are recorded all the same; reminders go out every week, and a summary at the end");
            Ok(())
        }
        Action::List { all, json } => list(&ledger, (all, json), now).await,
        Action::End { number } => match ledger.end_silence(number, now.as_microsecond()).await? {
            true => {
                say(format!("silence {number} is over; its author gets a summary"));
                Ok(())
            }
            false => Err(CommandError::Usage(format!("no silence {number} is in force; `tidewaiter silence list`"))),
        },
    }
}

fn read(add: &Add, config: &Config, now: Timestamp) -> Result<NewSilence, CommandError> {
    let usage = |message: String| Err(CommandError::Usage(message));
    if add.rule.is_none() && add.tag.is_none() && add.source.is_none() && add.field.is_none() {
        return usage(
            "say what to silence: --rule, --tag, --source or --field; everything cannot be silenced".to_owned(),
        );
    }
    if add.reason.trim().is_empty() {
        return usage("--reason says nothing: write why, for whoever reads the list next".to_owned());
    }
    rules_exist(add, config)?;
    if let Some(source) = &add.source
        && !config.sources.iter().any(|known| known.name == *source)
    {
        return usage(format!("there is no source `{source}` in the configuration"));
    }
    let matcher = Matcher {
        rule: add.rule.clone(),
        tag: add.tag.clone(),
        source: add.source.clone(),
        field: add.field.as_deref().map(field).transpose()?,
    };
    Ok(NewSilence {
        matcher,
        author: author(&add.author, config)?,
        reason: add.reason.trim().to_owned(),
        until_at: end_of(&add.until, config, now)?,
    })
}

fn rules_exist(add: &Add, config: &Config) -> Result<(), CommandError> {
    if add.rule.is_none() && add.tag.is_none() {
        return Ok(());
    }
    let (texts, _) = desk::read_folder(&config.rules).map_err(CommandError::io(&config.rules))?;
    let (desk, _) = Desk::build(&texts, &known(config));
    if let Some(id) = &add.rule {
        find_rule(&desk, id)?;
    }
    let tags: Vec<&str> = desk.plan.rules().iter().flat_map(|rule| &rule.card.tags).map(String::as_str).collect();
    match &add.tag {
        Some(tag) if !tags.contains(&tag.as_str()) => {
            let hint =
                problem::did_you_mean(tag, tags).map_or_else(String::new, |tag| format!("; did you mean `{tag}`?"));
            Err(CommandError::Usage(format!("no rule has the tag `{tag}`{hint}")))
        }
        _ => Ok(()),
    }
}

fn field(written: &str) -> Result<(String, String), CommandError> {
    let Some((name, value)) = written.split_once('=') else {
        return Err(CommandError::Usage(format!("`{written}` is no FIELD=VALUE; write `consignee.name=ООО ПРИМЕР`")));
    };
    let name = name.trim();
    if !name.starts_with("raw.") && Field::from_name(name).is_none() {
        let fields: Vec<String> = Field::all().map(|field| field.name()).collect();
        let guess = problem::did_you_mean(name, fields.iter().map(String::as_str));
        let hint = guess.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(CommandError::Usage(format!("there is no field `{name}`{hint}")));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn author(written: &str, config: &Config) -> Result<String, CommandError> {
    match config.routing.recipients.get(written).and_then(|addresses| addresses.first()) {
        Some(address) => Ok(address.clone()),
        None if is_deliverable(written) => Ok(written.to_owned()),
        None => Err(CommandError::Usage(format!(
            "`{written}` is neither a mail address nor a recipient of the configuration"
        ))),
    }
}

/// The end of a day in the configuration's time zone.
fn end_of(written: &str, config: &Config, now: Timestamp) -> Result<i64, CommandError> {
    let date: Date =
        written.parse().map_err(|_| CommandError::Usage(format!("`{written}` is no date; write it as 2026-09-30")))?;
    let zone = config.timing.zone.clone();
    let today = now.to_zoned_datetime(zone.clone()).date();
    let days = today.until(date).map(|span| span.get_days()).unwrap_or(i32::MAX);
    if !(0..=MOST_DAYS).contains(&days) {
        return Err(CommandError::Usage(format!(
            "a silence ends within {MOST_DAYS} days from today, {today}; what is an exception for good belongs in the rule"
        )));
    }
    let end = date.tomorrow().and_then(|next| next.to_zoned_datetime(zone));
    let end = end.map_err(|error| CommandError::Usage(format!("{written}: {error}")))?;
    Ok(end.timestamp().as_microsecond())
}

async fn list(ledger: &Ledger, (all, as_json): (bool, bool), now: Timestamp) -> Result<(), CommandError> {
    let mut silences = ledger.silences().await?;
    silences.retain(|silence| all || silence.in_force(now.as_microsecond()));
    let mut rows = Vec::new();
    for silence in &silences {
        let sum = ledger.silence_sum(silence.id).await?;
        let findings: u64 = sum.rules.iter().map(|(_, many)| many).sum();
        match as_json {
            true => rows.push(as_json_row(silence, findings, now)),
            false => say(row(silence, findings, now)),
        }
    }
    match (as_json, silences.is_empty()) {
        (true, _) => say(json!(rows).to_string()),
        (false, true) => say("no silence is in force"),
        (false, false) => {}
    }
    Ok(())
}

fn row(silence: &Silenced, findings: u64, now: Timestamp) -> String {
    let state = match silence.in_force(now.as_microsecond()) {
        true => format!("until {}", status::time(silence.until_at)),
        false => "over".to_owned(),
    };
    format!(
        "{:>4}  {}  {state}, {}; {}: {}",
        silence.id,
        silence.matcher.words(),
        counted(findings, "finding"),
        silence.author,
        silence.reason
    )
}

fn as_json_row(silence: &Silenced, findings: u64, now: Timestamp) -> serde_json::Value {
    let field = silence.matcher.field.as_ref();
    json!({
        "number": silence.id, "rule": silence.matcher.rule, "tag": silence.matcher.tag,
        "source": silence.matcher.source, "field": field.map(|(name, _)| name), "value": field.map(|(_, value)| value),
        "author": silence.author, "reason": silence.reason, "since": status::time(silence.made_at),
        "until": status::time(silence.until_at), "in_force": silence.in_force(now.as_microsecond()),
        "findings": findings,
    })
}
