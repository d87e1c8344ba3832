//! `tidewaiter scan`: one-off evaluation of any file; no ledger, no mail.

mod lines;
mod progress;
mod report;
mod tally;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use self::progress::Progress;
use self::report::Report;
use self::tally::Tally;
use super::{CommandError, RulesArgument, find_rule, read, say, unreadable};
use crate::desk::Desk;
use crate::finding::Finding;
use crate::intake::{Counts, sha256};
use crate::pipeline::{self, RunError};

/// Evaluate files once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter scan export.csv
  tidewaiter scan *.csv.gz --rules my-rules --format jsonl
  tidewaiter scan export.csv --rule su-35-parts-to-rostec --limit 10
  tidewaiter scan 2022-*.csv --format html > report.html")]
pub struct Scan {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    rules: RulesArgument,
    /// Run only this rule; may be given more than once.
    #[arg(long = "rule", value_name = "ID")]
    only: Vec<String>,
    /// How findings are shown.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Show at most this many findings of each rule; all are counted. 20 in html, else no limit.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// The layout; chosen by the headings when absent.
    #[arg(long)]
    layout: Option<String>,
    /// Put each file's SHA-256 into its findings (reads the file twice).
    #[arg(long)]
    sha256: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line a finding, then counts by rule and month.
    Table,
    /// One JSON object a line; a stable interface.
    Jsonl,
    /// A row a finding with its main fields.
    Csv,
    /// A report in one file: counts by rule and month, and the first findings of each rule.
    Html,
}

/// Findings of each rule that a report shows when nothing else is said.
const SHOWN_IN_REPORT: u64 = 20;

/// Runs the command; files that cannot be read are told at the end, the others are read all the same.
pub fn scan(command: &Scan) -> Result<(), CommandError> {
    let mut desk = command.rules.desk()?;
    if !command.only.is_empty() {
        let chosen = command.only.iter().map(|id| find_rule(&desk, id).cloned()).collect::<Result<Vec<_>, _>>()?;
        desk.plan = desk.plan.only(chosen);
    }
    let mut printer = Printer::new(command, &desk);
    let progress = Progress::new(&command.files);
    let mut failures = Vec::new();
    for path in &command.files {
        match scan_file(command, path, &desk, (&mut printer, &progress)) {
            Ok((counts, notes)) => printer.file_done(path, counts, &notes),
            Err(error) => failures.push(error),
        }
    }
    progress.end();
    let quiet = printer.tally.by_month().rows.is_empty() && command.format == Format::Table;
    printer.end()?;
    if let (true, [rule], [file]) = (quiet, command.only.as_slice(), command.files.as_slice()) {
        say(format!("what the records lack: tidewaiter explain {rule} {} --why-not", file.display()));
    }
    all(failures)
}

/// One error for all files that failed; the gravest gives the exit code.
fn all(failures: Vec<CommandError>) -> Result<(), CommandError> {
    if failures.is_empty() {
        return Ok(());
    }
    let told = failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    match failures.iter().map(CommandError::code).max() {
        Some(4) => Err(CommandError::Environment(told)),
        _ => Err(CommandError::Problems(told)),
    }
}

fn scan_file(
    command: &Scan,
    path: &Path,
    desk: &Desk,
    (printer, progress): (&mut Printer, &Progress),
) -> Result<(Counts, Vec<String>), CommandError> {
    let mut file = crate::intake::open_nofollow(path).map_err(CommandError::io(path))?;
    let hash = match command.sha256 {
        true => Some(sha256(&mut file).map_err(CommandError::io(path))?),
        false => None,
    };
    let watched = progress.file(path, &file);
    let mut reading = read(file, path, desk, (command.layout.as_deref(), desk.plan.needs()))?;
    let ran = pipeline::run(&mut reading, desk, |chunk| {
        watched.at(chunk.counts.records);
        chunk.findings.into_iter().try_for_each(|finding| printer.finding(finding, hash.as_deref()))
    });
    drop(watched);
    match ran {
        Ok(counts) => Ok((counts, pipeline::notes(&reading, desk))),
        Err(RunError::Read(error)) => Err(unreadable(path, &error)),
        // The reader of our output has gone away: nothing is left to do.
        Err(RunError::Taker(_)) => Ok((reading.counts(), Vec::new())),
    }
}

struct Printer {
    format: Format,
    limit: u64,
    out: BufWriter<std::io::Stdout>,
    tally: Tally,
    report: Report,
}

impl Printer {
    fn new(command: &Scan, desk: &Desk) -> Printer {
        let mut out = BufWriter::new(std::io::stdout());
        if command.format == Format::Csv {
            let _ = writeln!(out, "{}", lines::CSV_HEAD);
        }
        let usual = if command.format == Format::Html { SHOWN_IN_REPORT } else { u64::MAX };
        let limit = command.limit.unwrap_or(usual);
        Printer { format: command.format, limit, out, tally: Tally::default(), report: Report::new(desk) }
    }

    fn finding(&mut self, mut finding: Finding, hash: Option<&str>) -> std::io::Result<()> {
        if let Some(hash) = hash {
            std::sync::Arc::make_mut(&mut finding.record.source).sha256 = Some(hash.to_owned());
        }
        if self.tally.add(&finding) > self.limit {
            return Ok(());
        }
        match self.format {
            Format::Jsonl => writeln!(self.out, "{}", finding.to_json()),
            Format::Csv => writeln!(self.out, "{}", lines::csv(&finding)),
            Format::Table => writeln!(self.out, "{}", lines::table(&finding)),
            Format::Html => {
                self.report.show(&finding);
                Ok(())
            }
        }
    }

    fn file_done(&mut self, path: &Path, counts: Counts, notes: &[String]) {
        let _ = self.out.flush();
        let Counts { records, rejects, skipped } = counts;
        let line = format!("{}: {records} records, {rejects} rejected, {skipped} skipped", path.display());
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{line}");
        notes.iter().for_each(|note| drop(writeln!(err, "  note: {note}")));
        self.report.file(path, counts, notes);
    }

    fn end(mut self) -> Result<(), CommandError> {
        let _ = self.out.flush();
        match self.format {
            Format::Table => tally::lines(&self.tally.by_month()).iter().for_each(say),
            Format::Html => {
                let html = self.report.html(&self.tally, jiff::Timestamp::now());
                say(html.map_err(|error| CommandError::Environment(format!("the report cannot be made: {error}")))?);
            }
            Format::Jsonl | Format::Csv => {}
        }
        Ok(())
    }
}
