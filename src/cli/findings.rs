//! `tidewaiter findings`: what the ledger holds, with what became of it; all that a mail told, whether it showed it or not.

use std::io::{BufWriter, Stdout, Write};
use std::ops::ControlFlow;

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::status::time;
use super::{CommandError, ConfigArgument, find_rule, known, say};
use crate::alert::News;
use crate::config::Config;
use crate::deliver::{Columns, table_line};
use crate::desk::{self, Desk};
use crate::ledger::{Found, Ledger, Wanted};
use crate::problem::did_you_mean;
use crate::prose::{clean_line, words};
use crate::record::{Field, Part, Role};

/// List findings, and what became of each.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter findings --mail 17 --format csv > all-of-that-mail.csv
  tidewaiter findings --rule su-35-parts-to-rostec --since 2026-03-01
  tidewaiter findings --file october.csv --format jsonl")]
pub struct Findings {
    #[command(flatten)]
    config: ConfigArgument,
    /// What a mail told: its number in `tidewaiter outbox`, or its Message-ID.
    #[arg(long, value_name = "N|MESSAGE-ID")]
    mail: Option<String>,
    /// Of this rule.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Of this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Of the files of this name, as they were dropped.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// Found on this day or later; days are those of the configuration's time zone.
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<Date>,
    /// Found on this day or earlier.
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<Date>,
    /// How findings are shown.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line a finding.
    Table,
    /// One JSON object a line, as of `scan`, with what became of it; a stable interface.
    Jsonl,
    /// The whole of every record, with the columns of the file that is attached to a mail.
    Csv,
}

/// Columns that the attached file of a mail has not.
const ADDED: &[&str] = &["state", "message_id"];

/// Runs the command.
pub async fn findings(command: Findings) -> Result<(), CommandError> {
    let (config, ledger) = command.config.ledger().await?;
    let wanted = wanted(&command, &config, &ledger).await?;
    let mut out = BufWriter::new(std::io::stdout());
    let mut columns = Columns::with(ADDED);
    if command.format == Format::Csv {
        // Which columns there are is known when all records were seen: they are read twice, and never held.
        ledger
            .findings(&wanted, |found| {
                columns.note(&found.told.finding.record);
                ControlFlow::Continue(())
            })
            .await?;
        let _ = out.write_all(&columns.head()?);
    }
    let mut many = 0_u64;
    let printed = ledger.findings(&wanted, |found| {
        many += 1;
        // A reader of our output that has gone away ends the work and is no error.
        match print(&mut out, &found, (command.format, &columns)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    printed.await?;
    let _ = out.flush();
    if many == 0 {
        unknown(&command, &config, &ledger).await?;
    }
    if command.format == Format::Table {
        say(words::counted(many, "finding"));
    }
    Ok(())
}

/// What is asked for that there is not, when nothing was found. What was there once is in the ledger still.
async fn unknown(command: &Findings, config: &Config, ledger: &Ledger) -> Result<(), CommandError> {
    if command.mail.is_some() {
        return Err(CommandError::Usage("that mail told none of the findings that are asked for".to_owned()));
    }
    if let Some(source) = &command.source
        && !config.sources.iter().any(|known| known.name == *source)
    {
        let guess = did_you_mean(source, config.sources.iter().map(|known| known.name.as_str()));
        let hint = guess.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        return Err(CommandError::Usage(format!("there is no source `{source}`{hint}")));
    }
    if let Some(rule) = &command.rule {
        let (texts, _) = desk::read_folder(&config.rules).map_err(CommandError::io(&config.rules))?;
        find_rule(&Desk::build(&texts, &known(config)).0, rule)?;
    }
    match &command.file {
        Some(file) if ledger.find_files(file).await?.is_empty() => Err(CommandError::Usage(format!(
            "no file of the name {file} was taken; `tidewaiter status` lists the last ones"
        ))),
        _ => Ok(()),
    }
}

async fn wanted(command: &Findings, config: &Config, ledger: &Ledger) -> Result<Wanted, CommandError> {
    if command.since.zip(command.until).is_some_and(|(since, until)| until < since) {
        return Err(CommandError::Usage("--until is a day before --since".to_owned()));
    }
    let start = |day: Date| config.timing.zone.to_timestamp(day.at(0, 0, 0, 0)).map(jiff::Timestamp::as_microsecond);
    let far = |error: jiff::Error| CommandError::Usage(format!("that day cannot be meant: {error}"));
    Ok(Wanted {
        mail: mail(command, ledger).await?,
        rule: command.rule.clone(),
        source: command.source.clone(),
        file: command.file.clone(),
        since: command.since.map(start).transpose().map_err(far)?,
        before: command.until.map(|day| day.tomorrow().and_then(start)).transpose().map_err(far)?,
        up_to: Some(ledger.last_finding().await?),
    })
}

/// The Message-ID of the mail that is meant.
async fn mail(command: &Findings, ledger: &Ledger) -> Result<Option<String>, CommandError> {
    let Some(named) = &command.mail else { return Ok(None) };
    let named = named.trim().trim_start_matches('<').trim_end_matches('>');
    let Ok(number) = named.parse::<i64>() else { return Ok(Some(named.to_owned())) };
    let id = ledger.message_id(number).await?;
    let missing = || CommandError::Usage(format!("there is no message {number}; `tidewaiter outbox` lists them"));
    Ok(Some(id.ok_or_else(missing)?))
}

fn print(out: &mut BufWriter<Stdout>, found: &Found, (format, columns): (Format, &Columns)) -> std::io::Result<()> {
    match format {
        Format::Table => writeln!(out, "{}", table(found)),
        Format::Jsonl => writeln!(out, "{}", object(found)),
        Format::Csv => {
            let mails: Vec<&str> = mails(found).collect();
            let cells = columns.cells(&found.told, &[found.state().to_owned(), mails.join(" ")]);
            out.write_all(&table_line(&cells).map_err(std::io::Error::other)?)
        }
    }
}

fn mails(found: &Found) -> impl Iterator<Item = &str> {
    found.tellings.iter().filter_map(|telling| telling.message_id.as_deref())
}

/// A line for a terminal, without signs that would move its cursor.
fn table(found: &Found) -> String {
    let finding = &found.told.finding;
    let cell = |field: Field| finding.record.get(field).unwrap_or("");
    let line = format!(
        "{:>8} {:<9} {:<13} {:<42} {} {} \u{2192} {}: {}",
        found.told.id,
        found.state(),
        finding.rule.level.name(),
        finding.rule.id,
        cell(Field::DeclarationDate),
        cell(Field::Party(Role::Consignor, Part::Name)),
        cell(Field::Party(Role::Consignee, Part::Name)),
        words::place(&finding.record),
    );
    clean_line(&line)
}

/// The object of `scan --format jsonl`, with what became of the finding.
fn object(found: &Found) -> serde_json::Value {
    let finding = &found.told.finding;
    let mut object = finding.to_json();
    let group = finding.rule.alert.group_by.iter().cloned().zip(finding.group.iter().map(|value| json!(value)));
    let was = match &found.told.news {
        News::New => None,
        News::Amended { before } | News::NewToReader { before } => {
            let record = &before.record;
            Some(json!({ "file": record.source.file, "row": record.row, "record": record.to_json() }))
        }
    };
    let tellings: Vec<_> = found
        .tellings
        .iter()
        .map(|telling| {
            json!({
                "recipient": telling.recipient, "state": telling.state, "reason": telling.reason,
                "message_id": telling.message_id, "at": telling.settled_at.map(time),
            })
        })
        .collect();
    let added = json!({
        "id": found.told.id, "key": found.told.key, "found_at": time(found.found_at), "news": found.told.news.word(), "was": was,
        "group": group.collect::<serde_json::Map<_, _>>(), "state": found.state(), "silence": found.silence,
        "message_ids": mails(found).collect::<Vec<_>>(), "tellings": tellings,
    });
    if let (Some(object), serde_json::Value::Object(added)) = (object.as_object_mut(), added) {
        object.extend(added);
    }
    object
}
