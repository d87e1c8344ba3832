//! `ConfigFile` (as written) → `Config` (as meant).
//!
//! In: the text of `tidewaiter.yaml` and the folder it stands in. Out: absolute paths, durations and addresses without
//! any "absent means default" left, or one clear error. Secrets are read from files or the environment, never from here.

#![expect(clippy::disallowed_methods, reason = "reads the configuration")]

mod change;
mod mail;
mod resolve;
mod telling;
mod upkeep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::finding::Identity;
use crate::intake::{LayoutChoice, Limits, LimitsEntry};
use crate::problem::{Problem, SourceText, did_you_mean};
use crate::rule_card::{Level, RuleCard};
use crate::triage::{MailLimits, RouteSettings, Routing, StormBounds, Timing};

pub use change::Change;
use mail::MailEntry;
pub use mail::{MailSettings, TransportSettings};
pub use upkeep::{AllQuiet, Backup, CANARY, Canary, Upkeep};
use upkeep::{BackupEntry, CanaryEntry, MetricsEntry, RetentionEntry};

/// The configuration of the service: commands find it when there is none in their folder.
pub const SYSTEM: &str = "/etc/tidewaiter/tidewaiter.yaml";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {cause}; write one with `tidewaiter init`")]
    Unreadable {
        /// The path.
        path: String,
        /// The system's words.
        cause: std::io::Error,
    },
    /// It says something that cannot be meant.
    #[error("{}", sentences(.0))]
    Wrong(Vec<Problem>),
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A configuration, what is wrong with it, and what can be said of it all the same.
#[derive(Debug)]
pub struct ConfigReading {
    /// The whole, when nothing is wrong.
    pub config: Option<Config>,
    /// The folder of rules that it names.
    pub rules: PathBuf,
    /// The names of its recipients, when they can be read.
    pub recipients: Option<Vec<String>>,
    /// The names of its sources, when they can be read.
    pub sources: Option<Vec<String>>,
    /// The routes and their places.
    routes: Vec<(RouteSettings, std::ops::Range<usize>)>,
    /// The text.
    source: Arc<SourceText>,
    /// The layouts that its sources name.
    pub layouts: NamedLayouts,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// The layouts that the sources of a configuration name, each with its place.
#[derive(Debug, Clone)]
pub struct NamedLayouts {
    source: Arc<SourceText>,
    names: Vec<(String, std::ops::Range<usize>)>,
}

impl NamedLayouts {
    /// An error for each name that is none of these layouts: the files of its source could not be read.
    pub fn unknown<'a>(&self, there: impl Iterator<Item = &'a str> + Clone) -> Vec<Problem> {
        let absent = self.names.iter().filter(|(name, _)| there.clone().all(|other| other != name));
        let tell = |(name, span): &(String, std::ops::Range<usize>)| {
            let message = format!("there is no layout `{name}`");
            let problem = Problem::error("unknown-layout", &self.source, span.clone(), message);
            match did_you_mean(name, there.clone().chain(["auto"])) {
                Some(guess) => problem.with_hint(format!("did you mean `{guess}`?")),
                None => problem,
            }
        };
        absent.map(tell).collect()
    }
}

impl ConfigReading {
    /// A warning for each route that speaks of none of these rules: a slip in an id or a tag must not turn it off unnoticed.
    pub fn idle_routes(&self, rules: &[Arc<RuleCard>]) -> Vec<Problem> {
        let idle = self.routes.iter().filter(|(route, _)| !rules.iter().any(|rule| route.fits_rule(rule)));
        let tell = |(_, span): &(RouteSettings, std::ops::Range<usize>)| {
            Problem::warning("idle-route", &self.source, span.clone(), "no rule fits this route")
        };
        idle.map(tell).collect()
    }
}

/// One or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T: Clone> OneOrMany<T> {
    fn list(&self) -> Vec<T> {
        match self {
            OneOrMany::One(one) => vec![one.clone()],
            OneOrMany::Many(many) => many.clone(),
        }
    }
}

type Addresses = OneOrMany<String>;

/// The configuration as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Drop folders.
    sources: Vec<SourceEntry>,
    /// How mail leaves.
    mail: MailEntry,
    /// Names and their addresses; `default` must be there.
    recipients: BTreeMap<String, Addresses>,
    /// Who is told of which rules that name nobody themselves: read from the top, the first that fits decides.
    routes: Option<Vec<RouteEntry>>,
    /// Who is told of broken rules and failed files; `recipients.default` when absent.
    operators: Option<Addresses>,
    /// Folder of rules, lists, watchlists and layouts; `rules` when absent.
    rules: Option<PathBuf>,
    /// Folder of the ledger; `state` when absent.
    state: Option<PathBuf>,
    /// The ledger's file; `ledger.db` in the state folder when absent.
    ledger: Option<PathBuf>,
    /// Limits on dropped files.
    limits: Option<LimitsEntry>,
    /// Whose local hours digests go by: an IANA name such as `Europe/Berlin`; the system's when absent.
    timezone: Option<String>,
    /// When what is told, and how many mails there may be.
    telling: Option<telling::TellingEntry>,
    /// Where `/metrics`, `/healthz` and `/readyz` are answered: `127.0.0.1:9898`; nowhere when absent.
    metrics: Option<MetricsEntry>,
    /// Whether the operators are told on Mondays that all is well, with counters; `weekly` when absent.
    all_quiet: Option<AllQuiet>,
    /// A made-up record that goes the whole way every day; none when absent.
    canary: Option<CanaryEntry>,
    /// Nightly copies of the ledger: `{at: '03:30', keep: 7, folder: state/backup}`, which they are when absent, or `never`.
    backup: Option<BackupEntry>,
    /// What is dropped when it is old.
    retention: Option<RetentionEntry>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SourceEntry {
    /// A short name; it is part of the identity of findings.
    name: String,
    /// The drop folder.
    folder: PathBuf,
    /// A layout's name, or `auto`.
    layout: Option<String>,
    /// How long a file must not change before it is taken: `10s`.
    settle_for: Option<String>,
    /// How often the folder is looked at when no event wakes it: `30s`.
    scan_every: Option<String>,
    /// Whether sub-folders are read.
    recursive: Option<bool>,
    /// A file whose presence says that a dropped file is complete: `{name}.done`.
    done_marker: Option<String>,
    /// Sources with the same word here hold the same records: what one has told, the others do not tell again.
    identity: Option<String>,
    /// Canonical fields that together tell one record from every other, when declaration and item number do not.
    record_key: Option<Vec<String>>,
    /// History is being loaded: findings are recorded, and a file is told as one summary.
    backfill: Option<bool>,
    /// How long the operators bear without a file before they are told: `3d`.
    expect_every: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RouteEntry {
    /// A level or several.
    level: Option<OneOrMany<Level>>,
    /// A tag of the rule, or several of which it must have one.
    tag: Option<OneOrMany<String>>,
    /// A rule's id or several; `dji-*` means every id that begins so.
    rule: Option<OneOrMany<String>>,
    /// A source of records or several.
    source: Option<OneOrMany<String>>,
    /// A recipient's name or several.
    to: OneOrMany<String>,
}

/// The whole configuration as meant.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// Hash of its text.
    pub hash: String,
    /// Drop folders.
    pub sources: Vec<SourceSettings>,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Names and addresses.
    pub routing: Routing,
    /// Who is told of trouble.
    pub operators: Vec<String>,
    /// Folder of rules.
    pub rules: PathBuf,
    /// Folder of the ledger and the local mail.
    pub state: PathBuf,
    /// The ledger's file.
    pub ledger: PathBuf,
    /// Limits on dropped files.
    pub limits: Limits,
    /// When what is told.
    pub timing: Timing,
    /// How many mails there may be.
    pub mail_limits: MailLimits,
    /// Above what a rule's findings in one file are held.
    pub storm: StormBounds,
    /// The layouts that its sources name.
    pub layouts: NamedLayouts,
    /// What the daemon says about itself.
    pub upkeep: Upkeep,
}

/// One drop folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSettings {
    /// Part of the identity of findings.
    pub name: String,
    /// Where files are dropped.
    pub folder: PathBuf,
    /// How files are read.
    pub layout: LayoutChoice,
    /// How long a file must not change.
    pub settle_for: Duration,
    /// How often the folder is looked at.
    pub scan_every: Duration,
    /// Whether sub-folders are read.
    pub recursive: bool,
    /// Pattern of the marker with `{name}` in it.
    pub done_marker: Option<String>,
    /// What makes a record the same one across files.
    pub identity: Identity,
    /// Findings are recorded, and a file is told as one summary.
    pub backfill: bool,
    /// The operators are told when no file came for this long.
    pub expect_every: Option<Duration>,
}

impl Config {
    /// The path that a command must name to find this configuration; none for the one that commands find by themselves.
    pub fn unfound(&self) -> Option<&Path> {
        (self.path != Path::new(SYSTEM)).then_some(&self.path)
    }

    /// Reads and resolves a configuration file. Its paths are absolute, so that they say the same wherever they are used
    /// and kept.
    ///
    /// # Errors
    /// When it cannot be read, or when anything in it is wrong.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let path = match folder.canonicalize() {
            Ok(folder) => folder.join(path.file_name().unwrap_or_default()),
            // What is not there is told by its own name.
            Err(_) => path.to_owned(),
        };
        let reading = Config::read(&path)?;
        reading.config.ok_or(ConfigError::Wrong(reading.problems))
    }

    /// Reads a configuration file as far as it can be read.
    ///
    /// # Errors
    /// When the file itself cannot be read.
    pub fn read(path: &Path) -> Result<ConfigReading, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::Unreadable { path: path.display().to_string(), cause })?;
        Ok(Config::parse(path, &text))
    }

    /// Resolves the text of a configuration file; relative paths are taken from its folder.
    pub fn parse(path: &Path, text: &str) -> ConfigReading {
        resolve::resolve(path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "sources:\n  - name: imports\n    folder: drop\nmail:\n  transport: smtp://relay.example.org:587\n  from: tidewaiter@example.org\nrecipients: { default: analysts@example.org }\n";

    fn errors(text: &str) -> Vec<String> {
        let reading = Config::parse(Path::new("/srv/tidewaiter.yaml"), text);
        assert!(reading.config.is_none(), "{text}");
        reading.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_smallest_configuration_is_whole() {
        let config = Config::parse(Path::new("/srv/tidewaiter.yaml"), SMALL).config.unwrap();
        assert_eq!(config.sources[0].folder, Path::new("/srv/drop"));
        assert_eq!(config.operators, ["analysts@example.org"]);
        assert_eq!(config.ledger, Path::new("/srv/state/ledger.db"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let shown = errors(&SMALL.replace("folder: drop", "folder: drop\n    settel_for: 3s"));
        let expected = "/srv/tidewaiter.yaml:4:5: error[unknown-key]: an entry of `sources` has no key `settel_for` (did you mean `settle_for`?)";
        assert_eq!(shown, [expected]);
    }

    #[test]
    fn values_that_cannot_be_meant_are_refused_at_their_place_with_advice() {
        for (from, to, place, part) in [
            ("smtp://relay.example.org:587", "relay.example.org", "5:14", "smtp://host:587"),
            ("smtp://relay.example.org:587", "smtp://relay.example.org:25?tls=none", "5:14", "allow_plaintext"),
            ("tidewaiter@example.org", "nobody", "6:9", "`nobody` is no mail address"),
            ("default:", "team:", "7:13", "`default` is needed"),
            ("analysts@example.org", "analysts", "7:24", "no mail address"),
            ("analysts@example.org", "почта@example.org", "7:24", "no mail address"),
            ("folder: drop", "folder: drop\n    settle_for: soon", "4:17", "no length of time"),
            ("folder: drop", "folder: drop\n    done_marker: done", "4:18", "{name}"),
            ("folder: drop", "folder: drop\n    record_key: [bill_of_ladin]", "4:17", "did you mean `bill_of_lading`?"),
            ("recipients:", "timezone: Europe/Belrin\nrecipients:", "7:11", "`Europe/Belrin` is no time zone"),
            ("recipients:", "telling: { daily_at: '25:00' }\nrecipients:", "7:22", "no hour of a day"),
            ("recipients:", "telling: { per_day: 0 }\nrecipients:", "7:21", "write at least 1"),
            ("recipients:", "telling: { storm: { findings: 0 } }\nrecipients:", "7:31", "write at least 1"),
            ("recipients:", "telling: { storm: { share: 0% } }\nrecipients:", "7:28", "from `1%` to `100%`"),
            ("recipients:", "telling: { storm: { share: 120% } }\nrecipients:", "7:28", "from `1%` to `100%`"),
            ("recipients:", "telling: { storm: { share: 0.2 } }\nrecipients:", "7:28", "from `1%` to `100%`"),
            ("recipients:", "telling: { storm: { shared: 20% } }\nrecipients:", "7:21", "did you mean `share`?"),
            ("recipients:", "telling: { high: bursts }\nrecipients:", "7:18", "did you mean `burst`?"),
        ] {
            let shown = errors(&SMALL.replace(from, to));
            assert_eq!(shown.len(), 1, "{shown:?}");
            assert!(shown[0].contains(part) && shown[0].contains(&format!(":{place}: ")), "{to}: {}", shown[0]);
        }
    }

    #[test]
    fn routes_name_who_is_there() {
        let with = |routes: &str| format!("{SMALL}routes:\n{routes}");
        let config =
            Config::parse(Path::new("t.yaml"), &with("  - {level: [high, critical], rule: dji-*, to: default}\n"));
        let route = &config.config.unwrap().routing.routes[0];
        assert_eq!((route.levels.len(), route.rules[0].as_str(), route.to[0].as_str()), (2, "dji-*", "default"));
        for (routes, place, part) in [
            ("  - {level: critical, to: defualt}\n", "9:27", "did you mean `default`?"),
            ("  - {source: import, to: default}\n", "9:14", "did you mean `imports`?"),
            ("  - {level: hihg, to: default}\n", "9:13", "did you mean `high`?"),
            ("  - {rule: '*-uae', to: default}\n", "9:12", "at the end alone"),
            ("  - {to: []}\n", "9:10", "at least one recipient"),
            ("  - {level: high}\n", "9:5", "`to`"),
        ] {
            let shown = errors(&with(routes));
            assert_eq!(shown.len(), 1, "{shown:?}");
            assert!(shown[0].contains(part) && shown[0].contains(&format!(":{place}: ")), "{routes}: {}", shown[0]);
        }
    }

    #[test]
    fn every_slip_is_told_at_once_and_recipients_and_rules_are_known_all_the_same() {
        let text = SMALL.replace("folder: drop", "folder: drop\n    settle_for: soon");
        let text = format!("{text}rules: elsewhere\nstates: x\n");
        let reading = Config::parse(Path::new("/srv/tidewaiter.yaml"), &text);
        let codes: Vec<_> = reading.problems.iter().map(|problem| (problem.code, problem.position().0)).collect();
        assert_eq!(codes, [("config-value", 4), ("unknown-key", 10)]);
        assert_eq!(reading.rules, Path::new("/srv/elsewhere"));
        assert_eq!(reading.recipients, Some(vec!["default".to_owned()]));
    }
}
