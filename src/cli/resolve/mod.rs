//! `tidewaiter resolve`: names against watchlists, with evidence. Names come as arguments, from standard input or from a
//! column of a file; they leave in the same order, resolved on all cores. It reads no rule and writes no ledger.

mod input;
mod lines;

use std::collections::HashMap;
use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::input::Names;
use super::{CommandError, RulesArgument, show};
use crate::problem::Problem;
use crate::watchlist::{DEFAULT_MIN_SCORE, Found, ListFile, Score, Scratch, Seek, Watchlists, list_name};

/// Names that are resolved together, a core.
const BLOCK: usize = 2_048;

/// Resolve names.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter resolve 'АО «КРЭТ»' 'POLY TECH INC'
  tidewaiter resolve --list sdn.csv --input parties.csv --column consignee --format csv
  cut -f3 parties.tsv | tidewaiter resolve --json --min-score 0.9

Exit code 0 when all names were read, whether a watchlist knows them or not.")]
pub struct Resolve {
    /// The names; from --input or standard input when there are none.
    names: Vec<String>,
    /// A list to look in, in any format of a watchlist; the rules folder's watchlists when absent. May be repeated.
    #[arg(long = "list", value_name = "FILE")]
    lists: Vec<PathBuf>,
    #[command(flatten)]
    rules: RulesArgument,
    /// A file of names: a table with headings (.csv, .tsv), else one name a line; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "names")]
    input: Option<PathBuf>,
    /// The column of the names, by its heading or number; `name`, `query` or the only column when absent.
    #[arg(long, value_name = "HEADING", conflicts_with = "names")]
    column: Option<String>,
    /// How the answers are shown.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// One JSON object a name: the same as --format jsonl.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Show only names at least so alike, from 0 to 1.
    #[arg(long, value_name = "SCORE", value_parser = score)]
    min_score: Option<Score>,
    /// Show at most so many entities a name.
    #[arg(long, value_name = "N", default_value = "5")]
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A few lines a name, to read.
    Table,
    /// A row an entity, with the evidence in words; a name that nobody has is one row.
    Csv,
    /// One JSON object a name; a stable interface.
    Jsonl,
}

fn score(written: &str) -> Result<Score, String> {
    let fraction: f64 = written.parse().map_err(|_| "a number from 0 to 1 is needed".to_owned())?;
    Score::of_fraction(fraction).ok_or_else(|| "a number from 0 to 1 is needed".to_owned())
}

/// Runs the command.
pub fn resolve(command: &Resolve) -> Result<(), CommandError> {
    let watchlists = watchlists(command)?;
    let mut names = Names::open(command)?;
    let mut printer = Printer::new(command);
    let bar = bar();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let seek = Seek { least: command.min_score.unwrap_or(DEFAULT_MIN_SCORE), country: None };
    let mut scratches: Vec<Scratch> = Vec::new();
    scratches.resize_with(cores, Scratch::default);
    loop {
        let block = names.take(BLOCK * cores)?;
        if block.is_empty() {
            break;
        }
        let distinct = distinct(&block);
        let answers = answer(&distinct, (&watchlists, seek), &mut scratches);
        for name in &block {
            let place = distinct.places.get(name.as_str());
            let found = place.and_then(|place| answers.get(*place)).map_or(&[][..], Vec::as_slice);
            if printer.print(name, found, &watchlists).is_err() {
                // The reader of our output has gone away.
                return Ok(());
            }
        }
        bar.inc(block.len() as u64);
    }
    bar.finish_and_clear();
    printer.end();
    Ok(())
}

/// Each name once, in order.
struct Distinct<'b> {
    names: Vec<&'b str>,
    places: HashMap<&'b str, usize>,
}

fn distinct(block: &[String]) -> Distinct<'_> {
    let mut distinct = Distinct { names: Vec::new(), places: HashMap::new() };
    for name in block {
        let next = distinct.names.len();
        if *distinct.places.entry(name).or_insert(next) == next {
            distinct.names.push(name);
        }
    }
    distinct
}

/// The answers in the order of the names, from as many threads as there are scratches.
fn answer(distinct: &Distinct, (watchlists, seek): (&Watchlists, Seek), scratches: &mut [Scratch]) -> Vec<Vec<Found>> {
    let share = distinct.names.len().div_ceil(scratches.len().max(1)).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = distinct
            .names
            .chunks(share)
            .zip(scratches)
            .map(|(names, scratch)| {
                scope.spawn(move || {
                    names.iter().map(|name| watchlists.find_in_cell(name, seek, scratch)).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

/// The lists of the command line, else those of the rules folder. Lists without any entity are an error.
fn watchlists(command: &Resolve) -> Result<Arc<Watchlists>, CommandError> {
    if command.lists.is_empty() {
        return Ok(command.rules.desk()?.plan.watchlists().clone());
    }
    let mut files = Vec::new();
    for path in &command.lists {
        let file = crate::intake::open_nofollow(path).map_err(CommandError::io(path))?;
        let path = path.display().to_string();
        files.push(ListFile { list: list_name(&path).to_owned(), path, content: Box::new(BufReader::new(file)) });
    }
    let (watchlists, mut problems) = Watchlists::read(files);
    problems.retain(Problem::is_error);
    show(&problems);
    if watchlists.names().next().is_none() {
        return Err(CommandError::Problems("there is no entity in the lists of --list".to_owned()));
    }
    Ok(Arc::new(watchlists))
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() || std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} names  {per_sec}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}

struct Printer {
    format: Format,
    limit: usize,
    out: BufWriter<std::io::Stdout>,
}

impl Printer {
    fn new(command: &Resolve) -> Printer {
        let format = if command.json { Format::Jsonl } else { command.format };
        let mut out = BufWriter::new(std::io::stdout());
        if format == Format::Csv {
            let _ = writeln!(out, "{}", lines::CSV_HEAD);
        }
        Printer { format, limit: command.limit, out }
    }

    fn print(&mut self, name: &str, found: &[Found], watchlists: &Watchlists) -> std::io::Result<()> {
        let shown = found.get(..self.limit).unwrap_or(found);
        let text = match self.format {
            Format::Table => lines::table(name, (shown, found.len()), watchlists),
            Format::Csv => lines::csv(name, shown, watchlists),
            Format::Jsonl => lines::json(name, shown, watchlists),
        };
        writeln!(self.out, "{text}")
    }

    fn end(&mut self) {
        let _ = self.out.flush();
    }
}
