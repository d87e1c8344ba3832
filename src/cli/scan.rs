//! `tidewaiter scan`: one-off evaluation of any file; no ledger, no mail.

use std::collections::BTreeMap;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, RulesArgument, open, say, unreadable};
use crate::desk::Desk;
use crate::finding::Finding;
use crate::intake::{Counts, sha256};
use crate::pipeline::{self, RunError};
use crate::record::{Field, Part, Role};

/// Evaluate files once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter scan export.csv\n  tidewaiter scan *.csv.gz --rules my-rules --format jsonl"
)]
pub struct Scan {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    rules: RulesArgument,
    /// How findings are shown.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The layout; chosen by the headings when absent.
    #[arg(long)]
    layout: Option<String>,
    /// Put each file's SHA-256 into its findings (reads the file twice).
    #[arg(long)]
    sha256: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line a finding and counts by rule.
    Table,
    /// One JSON object a line; a stable interface.
    Jsonl,
    /// A row a finding with its main fields.
    Csv,
}

/// Runs the command; files that cannot be read are told at the end, the others are read all the same.
pub fn scan(command: &Scan) -> Result<(), CommandError> {
    let desk = command.rules.desk()?;
    let mut printer = Printer::new(command.format);
    let mut failures = Vec::new();
    for path in &command.files {
        match scan_file(command, path, &desk, &mut printer) {
            Ok(counts) => printer.file_done(path, counts),
            Err(CommandError::Problems(message)) => failures.push(message),
            Err(other) => return Err(other),
        }
    }
    printer.end();
    match failures.is_empty() {
        true => Ok(()),
        false => Err(CommandError::Problems(failures.join("\n"))),
    }
}

fn scan_file(command: &Scan, path: &Path, desk: &Desk, printer: &mut Printer) -> Result<Counts, CommandError> {
    let hash = match command.sha256 {
        true => {
            let mut file = crate::intake::open_nofollow(path).map_err(CommandError::io(path))?;
            Some(sha256(&mut file).map_err(CommandError::io(path))?)
        }
        false => None,
    };
    let mut reading = open(path, desk, command.layout.as_deref(), desk.plan.needs())?;
    let bar = progress();
    let ran = pipeline::run(&mut reading, desk, |chunk| {
        bar.set_message(format!("{} records", chunk.counts.records));
        bar.tick();
        chunk.findings.into_iter().try_for_each(|finding| printer.finding(finding, hash.as_deref()))
    });
    bar.finish_and_clear();
    match ran {
        Ok(counts) => Ok(counts),
        Err(RunError::Read(error)) => Err(unreadable(path, &error)),
        // The reader of our output has gone away: nothing is left to do.
        Err(RunError::Taker(_)) => Ok(reading.counts()),
    }
}

fn progress() -> indicatif::ProgressBar {
    match std::io::stderr().is_terminal() {
        true => indicatif::ProgressBar::new_spinner(),
        false => indicatif::ProgressBar::hidden(),
    }
}

struct Printer {
    format: Format,
    out: BufWriter<std::io::Stdout>,
    by_rule: BTreeMap<String, u64>,
}

impl Printer {
    fn new(format: Format) -> Printer {
        let mut out = BufWriter::new(std::io::stdout());
        if format == Format::Csv {
            let _ = writeln!(out, "rule,level,file,row,date,consignor,consignee,hs_code,description,value_usd,matched");
        }
        Printer { format, out, by_rule: BTreeMap::new() }
    }

    fn finding(&mut self, mut finding: Finding, hash: Option<&str>) -> std::io::Result<()> {
        if let Some(hash) = hash {
            std::sync::Arc::make_mut(&mut finding.record.source).sha256 = Some(hash.to_owned());
        }
        *self.by_rule.entry(finding.rule.id.clone()).or_insert(0) += 1;
        match self.format {
            Format::Jsonl => writeln!(self.out, "{}", finding.to_json()),
            Format::Csv => writeln!(self.out, "{}", csv_line(&finding)),
            Format::Table => writeln!(self.out, "{}", table_line(&finding)),
        }
    }

    fn file_done(&mut self, path: &Path, counts: Counts) {
        let _ = self.out.flush();
        let line = format!(
            "{}: {} records, {} rejected, {} skipped",
            path.display(),
            counts.records,
            counts.rejects,
            counts.skipped
        );
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn end(&mut self) {
        let _ = self.out.flush();
        if self.format == Format::Table {
            say("");
            for (rule, count) in &self.by_rule {
                say(format!("{count:>8}  {rule}"));
            }
        }
    }
}

fn cell(finding: &Finding, field: Field) -> &str {
    finding.record.get(field).unwrap_or("")
}

fn matched(finding: &Finding) -> String {
    let mut words: Vec<&str> = finding.evidence.iter().map(|evidence| evidence.matched.as_str()).collect();
    words.dedup();
    words.join("; ")
}

fn table_line(finding: &Finding) -> String {
    format!(
        "{:<13} {:<42} row {:<7} {} {} \u{2192} {}: {}",
        finding.rule.level.name(),
        finding.rule.id,
        finding.record.row,
        cell(finding, Field::DeclarationDate),
        cell(finding, Field::Party(Role::Consignor, Part::Name)),
        cell(finding, Field::Party(Role::Consignee, Part::Name)),
        matched(finding),
    )
    .replace(|c: char| c.is_control(), " ")
}

fn csv_line(finding: &Finding) -> String {
    let row = finding.record.row.to_string();
    let matched = matched(finding);
    let cells = [
        finding.rule.id.as_str(),
        finding.rule.level.name(),
        &finding.record.source.file,
        &row,
        cell(finding, Field::DeclarationDate),
        cell(finding, Field::Party(Role::Consignor, Part::Name)),
        cell(finding, Field::Party(Role::Consignee, Part::Name)),
        cell(finding, Field::HsCode),
        cell(finding, Field::Description),
        cell(finding, Field::ValueUsd),
        &matched,
    ];
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let written = writer.write_record(cells.map(crate::deliver::neutral_cell));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default().trim_end_matches('\n').to_owned()
}
