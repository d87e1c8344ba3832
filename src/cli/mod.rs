//! The command line: one file a command. Arguments in, text on standard output, an exit code out.
//!
//! Exit codes: 0 done, 1 problems found in input, 2 usage, 3 configuration, 4 the environment (disk, permission, network).

#![expect(clippy::disallowed_methods, reason = "the rim: commands read and write files for their user")]

mod backup;
mod check;
mod check_format;
mod columns;
mod demo;
mod explain;
mod files;
mod findings;
mod init;
mod layout;
mod manual;
mod outbox;
mod preview;
mod read_container;
mod resolve;
mod route;
mod rules;
mod run;
mod scan;
mod schema;
mod shipped;
mod silence;
mod status;
mod templates;
mod test;
mod watchlist;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::config::{self, Config, ConfigError};
use crate::daemon::DaemonError;
use crate::daemon::settings::known;
use crate::deliver::MessageError;
use crate::desk::{self, Desk, DeskText};
use crate::intake::{Isolation, LayoutChoice, Limits, OpenSettings, Reading};
use crate::ledger::{Ledger, LedgerError};
use crate::problem::{self, Problem};
use crate::record::{FieldSet, SourceFile};
use crate::rules::{Known, Rule};
use crate::telemetry::LogFormat;

/// Watches drop folders for customs exports, evaluates YAML rules over every record, and mails alerts with evidence.
#[derive(Debug, Parser)]
#[command(
    name = "tidewaiter",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 problems in the input, 2 usage, 3 configuration, 4 the environment (disk, permission, network)."
)]
struct Arguments {
    /// The shape of log lines on standard error.
    #[arg(long, global = true, value_enum, default_value = "human")]
    log: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole job on a sample export: folders, rules, alerts as mail in a Maildir.
    Demo(demo::Demo),
    /// Write a commented configuration, the shipped rules and the folders.
    Init(init::Init),
    /// Run the daemon.
    Run(run::Run),
    /// Check configuration, rules, lists, watchlists and layouts, and run the rules' examples.
    Check(check::Check),
    /// Run the rules' examples and their test files.
    Test(test::Test),
    /// Evaluate files once: no ledger, no mail.
    Scan(scan::Scan),
    /// Say for one record what each selection of a rule found.
    Explain(explain::Explain),
    /// Write the mail that a rule would make of a file.
    Preview(preview::Preview),
    /// List the templates of the mails, or write the shipped ones to start from.
    Templates(templates::TemplatesCommand),
    /// Show how a file is read, or write a layout for it.
    Layout(layout::LayoutCommand),
    /// List the rules: level, version, what is running, hits.
    Rules(rules::Rules),
    /// Say who is told of a rule's findings, and why.
    Route(route::Route),
    /// Say who names are, against watchlists, with evidence.
    Resolve(resolve::Resolve),
    /// Show sources, files, rules and the outbox.
    Status(status::Status),
    /// List findings and what became of each, or all that a mail told.
    Findings(findings::Findings),
    /// Put a failed file back into its drop folder.
    Retry(files::Retry),
    /// Let a held file or storm go on.
    Release(files::Release),
    /// Set a held file or storm aside, untold.
    Discard(files::Discard),
    /// Begin, list or end silences: what is recorded and not told for a while.
    Silence(silence::Silence),
    /// List, show or requeue mails.
    Outbox(outbox::Outbox),
    /// Copy the ledger, while the daemon works on.
    Backup(backup::BackupCommand),
    /// List, show and compare watchlists; accept a version that is held.
    Watchlist(watchlist::Watchlist),
    /// Print a JSON Schema for an editor.
    Schema(schema::Schema),
    /// Read one file for a parent process.
    #[command(hide = true)]
    ReadContainer(read_container::ReadContainer),
    /// Print completions for a shell.
    Completions(manual::Completions),
    /// Print the manual page, or write the pages of all commands.
    Man(manual::Man),
}

/// What ends a command early.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The input has problems, which were shown.
    #[error("{0}")]
    Problems(String),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something named on the command line is not there.
    #[error("{0}")]
    Usage(String),
    /// Disk, permission, network.
    #[error("{0}")]
    Environment(String),
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> CommandError {
        CommandError::Environment(format!("the ledger cannot be used: {error}"))
    }
}

impl From<MessageError> for CommandError {
    fn from(error: MessageError) -> CommandError {
        CommandError::Environment(error.to_string())
    }
}

impl From<DaemonError> for CommandError {
    fn from(error: DaemonError) -> CommandError {
        match error {
            DaemonError::Rules(message) => CommandError::Problems(message),
            other => CommandError::Environment(other.to_string()),
        }
    }
}

impl CommandError {
    fn code(&self) -> u8 {
        match self {
            CommandError::Problems(_) => 1,
            CommandError::Usage(_) => 2,
            CommandError::Config(_) => 3,
            CommandError::Environment(_) => 4,
        }
    }

    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> CommandError {
        let path = path.display().to_string();
        move |cause| CommandError::Environment(format!("{path}: {cause}"))
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    crate::telemetry::start(arguments.log);
    match dispatch(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = match &error {
                CommandError::Config(ConfigError::Wrong(problems)) if !problems.is_empty() => {
                    show(problems);
                    "the configuration cannot be used; what is wrong stands above".to_owned()
                }
                other => other.to_string(),
            };
            if !text.is_empty() {
                let _ = writeln!(std::io::stderr(), "tidewaiter: {text}");
            }
            ExitCode::from(error.code())
        }
    }
}

fn dispatch(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Demo(command) => on_runtime(demo::demo(command)),
        Command::Init(command) => init::init(&command),
        Command::Run(command) => on_runtime(run::run(command)),
        Command::Check(command) => check::check(&command),
        Command::Test(command) => test::test(&command),
        Command::Scan(command) => scan::scan(&command),
        Command::Explain(command) => explain::explain(&command),
        Command::Preview(command) => preview::preview(&command),
        Command::Templates(command) => templates::templates(&command),
        Command::Route(command) => route::route(&command),
        Command::Layout(command) => layout::layout(&command),
        Command::Rules(command) => on_runtime(rules::rules(command)),
        Command::Resolve(command) => resolve::resolve(&command),
        Command::Status(command) => on_runtime(status::status(command)),
        Command::Findings(command) => on_runtime(findings::findings(command)),
        Command::Retry(command) => on_runtime(files::retry(command)),
        Command::Release(command) => on_runtime(files::release(command)),
        Command::Discard(command) => on_runtime(files::discard(command)),
        Command::Silence(command) => on_runtime(silence::silence(command)),
        Command::Outbox(command) => on_runtime(outbox::outbox(command)),
        Command::Backup(command) => on_runtime(backup::backup(command)),
        Command::Watchlist(command) => on_runtime(watchlist::watchlist(command)),
        Command::Schema(command) => schema::schema(&command),
        Command::ReadContainer(command) => read_container::read_container(&command),
        Command::Completions(command) => manual::completions(&command),
        Command::Man(command) => manual::man(&command),
    }
}

fn on_runtime(work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| CommandError::Environment(format!("cannot start: {cause}")))?;
    let done = runtime.block_on(work);
    // A thread that waits for a slow disk must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done
}

/// Writes a line to standard output; a reader that has gone away is no error.
fn say(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout().lock(), "{}", line.as_ref());
}

/// Shows problems as a compiler does, on standard error.
fn show(problems: &[Problem]) {
    for problem in problems {
        let _ = writeln!(std::io::stderr(), "{}\n", problem::render(problem));
    }
}

/// The configuration in the folder where a command is typed.
const HERE: &str = "tidewaiter.yaml";

/// What a command is about that is told nothing: the configuration here, the rules here, or the service's configuration.
fn around() -> Option<PathBuf> {
    [HERE, "rules", config::SYSTEM].into_iter().map(PathBuf::from).find(|path| path.exists())
}

/// Where the configuration is, for every command that needs one.
#[derive(Debug, Clone, clap::Args)]
struct ConfigArgument {
    /// The configuration; `tidewaiter.yaml` here or in /etc/tidewaiter when absent.
    #[arg(short, long, global = true)]
    config: Option<PathBuf>,
}

impl ConfigArgument {
    fn load(&self) -> Result<Config, CommandError> {
        let found = [HERE, config::SYSTEM].into_iter().map(Path::new).find(|path| path.exists());
        Ok(Config::load(self.config.as_deref().or(found).unwrap_or(Path::new(HERE)))?)
    }

    async fn ledger(&self) -> Result<(Config, Ledger), CommandError> {
        let config = self.load()?;
        if !config.ledger.exists() {
            let path = config.ledger.display();
            return Err(CommandError::Environment(format!("there is no ledger at {path} yet: the daemon has not run")));
        }
        let ledger = Ledger::open(&config.ledger).await?;
        Ok((config, ledger))
    }
}

/// Which rules a one-off command uses: a folder, `./rules` when it is there, else the shipped ones.
#[derive(Debug, Clone, clap::Args)]
struct RulesArgument {
    /// The folder of rules, lists, watchlists and layouts; `./rules` or the shipped ones when absent.
    #[arg(long)]
    rules: Option<PathBuf>,
}

impl RulesArgument {
    fn texts(&self) -> Result<(Vec<DeskText>, Vec<Problem>), CommandError> {
        let local = Path::new("rules");
        match &self.rules {
            Some(folder) => desk::read_folder(folder).map_err(CommandError::io(folder)),
            None if local.is_dir() => desk::read_folder(local).map_err(CommandError::io(local)),
            None => Ok((shipped::texts(), Vec::new())),
        }
    }

    /// The desk; problems are shown, and only a desk without any rule is an error.
    fn desk(&self) -> Result<Desk, CommandError> {
        let (texts, mut problems) = self.texts()?;
        let (desk, found) = Desk::build(&texts, &Known::default());
        problems.extend(found);
        problems.retain(|problem| problem.is_error() && !problem.spares_the_rule());
        show(&problems);
        if desk.plan.rules().is_empty() {
            return Err(CommandError::Problems("no rule can be used; `tidewaiter check` says why".to_owned()));
        }
        Ok(desk)
    }
}

fn find_rule<'a>(desk: &'a Desk, id: &str) -> Result<&'a Arc<Rule>, CommandError> {
    let rules = desk.plan.rules();
    rules.iter().find(|rule| rule.card.id == id).ok_or_else(|| {
        let guess = problem::did_you_mean(id, rules.iter().map(|rule| rule.card.id.as_str()));
        let hint = guess.map_or_else(String::new, |id| format!("; did you mean `{id}`?"));
        CommandError::Usage(format!("there is no rule `{id}`{hint}"))
    })
}

/// Opens a file for a one-off command.
fn open(path: &Path, desk: &Desk, layout: Option<&str>, needs: &FieldSet) -> Result<Reading, CommandError> {
    let file = crate::intake::open_nofollow(path).map_err(CommandError::io(path))?;
    read(file, path, desk, (layout, needs))
}

/// Begins to read an open file.
fn read(
    file: std::fs::File,
    path: &Path,
    desk: &Desk,
    (layout, needs): (Option<&str>, &FieldSet),
) -> Result<Reading, CommandError> {
    let source =
        SourceFile { source: String::new(), file: path.display().to_string(), member: None, sheet: None, sha256: None };
    let settings = OpenSettings {
        layout: layout.map_or(LayoutChoice::Auto, |name| LayoutChoice::Named(name.to_owned())),
        limits: Limits::default(),
        isolation: Isolation::Child,
        needs: needs.clone(),
        known: crate::intake::Known::default(),
    };
    let failed = |error: crate::intake::ReadError| unreadable(path, &error);
    let again = file.try_clone().map_err(CommandError::io(path))?;
    let reading = crate::intake::open(file, source.clone(), &desk.layouts, &settings).map_err(failed)?;
    if !reading.is_unsure() {
        return Ok(reading);
    }
    // Findings that were printed cannot be taken back: what the end of the file shows is asked before.
    let settings = OpenSettings { known: reading.look_ahead(), ..settings };
    crate::intake::open(again, source, &desk.layouts, &settings).map_err(failed)
}

fn unreadable(path: &Path, error: &crate::intake::ReadError) -> CommandError {
    let table = error.table.as_ref().map_or_else(String::new, |table| format!(", {table}"));
    let place = error.row.map_or_else(|| table.clone(), |row| format!("{table}, row {row}"));
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
    CommandError::Problems(format!("{}{place}: {}{hint}", path.display(), error.message))
}
