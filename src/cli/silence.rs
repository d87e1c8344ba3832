//! `tidewaiter silence add|list|end`: what is recorded and not told for a while. The daemon sees it with the next file.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::{CommandError, ConfigArgument, find_rule, known, say, status};
use crate::config::Config;
use crate::daemon::hush::{self, Hush};
use crate::deliver::is_deliverable;
use crate::desk::{self, Desk};
use crate::ledger::{Ledger, NewSilence};
use crate::problem;
use crate::prose::words::counted;
use crate::silence::{Matcher, Silence as Silenced};
use crate::text::heading_key;

/// Findings of this many days, and so many of them at the most, are tried when a silence is made.
const LOOKED_BACK: i64 = 30;
const MOST_LOOKED_AT: usize = 20_000;
const DAY: i64 = 86_400 * 1_000_000;
/// A silence ends after this many days at the latest.
const MOST_DAYS: i32 = 90;

/// Record findings without telling them, for a while.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter silence add --rule dji-direct --field consignee='ООО ПРИМЕР' --author me@example.org --reason 'known, case 17' --until 2026-09-30
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
    /// A field and what its cell says, both as a rule writes them: `consignee=ООО ПРИМЕР`, `hs_code=8806`,
    /// `origin_country=China`, `description=пылесос`, `value_usd|lt=100`, `raw.Heading=text`.
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
            let desk = desk(&config)?;
            let silence = read(&add, (&config, &desk), now)?;
            let id = ledger.add_silence(&silence, now.as_microsecond()).await?;
            say(format!("silence {id} is in force until the end of {}: {}", add.until, silence.matcher.words()));
            say("findings are recorded all the same; reminders go out every week, and a summary at the end");
            let past = past(&ledger, &silence.matcher, &desk, now).await?;
            say(past.says(&silence.matcher, id));
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

fn desk(config: &Config) -> Result<Desk, CommandError> {
    let (texts, _) = desk::read_folder(&config.rules).map_err(CommandError::io(&config.rules))?;
    Ok(Desk::build(&texts, &known(config)).0)
}

fn read(add: &Add, (config, desk): (&Config, &Desk), now: Timestamp) -> Result<NewSilence, CommandError> {
    let usage = |message: String| Err(CommandError::Usage(message));
    if add.rule.is_none() && add.tag.is_none() && add.source.is_none() && add.field.is_none() {
        return usage(
            "say what to silence: --rule, --tag, --source or --field; everything cannot be silenced".to_owned(),
        );
    }
    if add.reason.trim().is_empty() {
        return usage("--reason says nothing: write why, for whoever reads the list next".to_owned());
    }
    rules_exist(add, desk)?;
    if let Some(source) = &add.source
        && !config.sources.iter().any(|known| known.name == *source)
    {
        return usage(format!("there is no source `{source}` in the configuration"));
    }
    let matcher = Matcher {
        rule: add.rule.clone(),
        tag: add.tag.clone(),
        source: add.source.clone(),
        field: add.field.as_deref().map(|written| field(written, desk)).transpose()?,
    };
    Ok(NewSilence {
        matcher,
        author: author(&add.author, config)?,
        reason: add.reason.trim().to_owned(),
        until_at: end_of(&add.until, config, now)?,
    })
}

fn rules_exist(add: &Add, desk: &Desk) -> Result<(), CommandError> {
    if let Some(id) = &add.rule {
        find_rule(desk, id)?;
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

fn field(written: &str, desk: &Desk) -> Result<(String, String), CommandError> {
    let Some((name, value)) = written.split_once('=') else {
        return Err(CommandError::Usage(format!("`{written}` is no FIELD=VALUE; write `consignee=ООО ПРИМЕР`")));
    };
    let field = (name.trim().to_owned(), value.trim().to_owned());
    match hush::question(&field, desk.plan.watchlists()) {
        Ok(_) => Ok(field),
        Err(problem) => {
            let hint = problem.hint.map_or_else(String::new, |hint| format!("; {hint}"));
            Err(CommandError::Usage(format!("--field {written}: {}{hint}", problem.message)))
        }
    }
}

/// What a silence would have covered.
#[derive(Debug, Default)]
struct Past {
    covered: usize,
    looked_at: usize,
    /// Whether there are more than were looked at.
    and_more: bool,
    /// Whether a record had the heading that the silence names.
    heading: bool,
}

async fn past(ledger: &Ledger, matcher: &Matcher, desk: &Desk, now: Timestamp) -> Result<Past, CommandError> {
    let since = now.as_microsecond() - LOOKED_BACK * DAY;
    let heading = matcher.field.as_ref().and_then(|(field, _)| field.strip_prefix("raw."));
    let heading = heading.map(|heading| heading_key(heading.split('|').next().unwrap_or_default()));
    let mut hush = Hush::new(desk.plan.watchlists().clone());
    let mut past = Past { heading: heading.is_none(), ..Past::default() };
    let mut before = i64::MAX;
    loop {
        let page = ledger.findings_before(before, since).await?;
        let Some((last, ..)) = page.last() else { return Ok(past) };
        before = *last;
        if past.looked_at >= MOST_LOOKED_AT {
            past.and_more = true;
            return Ok(past);
        }
        past.looked_at += page.len();
        for (_, record, rule) in &page {
            let covers = matcher.may_cover(rule, &record.source.source) && hush.covers(matcher, record);
            past.covered += usize::from(covers);
            past.heading |= record.raw.iter().any(|(name, _)| Some(heading_key(name)) == heading);
        }
    }
}

impl Past {
    fn says(&self, matcher: &Matcher, id: i64) -> String {
        let (covered, of) = (self.covered, counted(self.looked_at as u64, "finding"));
        let all = match self.and_more {
            true => format!("the last {of}"),
            false => format!("{of} of the last {LOOKED_BACK} days"),
        };
        match (self.looked_at, self.covered) {
            (0, _) => format!("there was no finding in the last {LOOKED_BACK} days to try it on"),
            (_, 0) => {
                let field = matcher.field.as_ref().map_or("", |(field, _)| field);
                let heading = if self.heading { String::new() } else { format!(", none of which has {field}") };
                format!(
                    "warning: it would have covered none of {all}{heading}; if that is not what you mean, \
                     `tidewaiter silence end {id}` and write it anew"
                )
            }
            (_, _) => format!("it would have covered {covered} of {all}"),
        }
    }
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
