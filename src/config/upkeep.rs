//! What the daemon says about itself and does for itself, as written → as meant: `metrics:`, `all_quiet:`, `canary:`,
//! `expect_every:`, `backup:`, `retention:`.
//!
//! In: the entries. Out: settings, or problems at their places. It opens no port and reads no clock.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ConfigFile;
use super::resolve::{KeyPath, Resolver};

/// The name of the canary's own source, rule and layout.
pub const CANARY: &str = "tidewaiter-canary";

/// How long the texts of mails that are out are kept unless told otherwise.
const KEEP_MAIL: Duration = Duration::from_secs(180 * 86_400);

/// An address, or an address that may be reached from other machines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum MetricsEntry {
    Listen(String),
    Map(MetricsMap),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricsMap {
    /// `127.0.0.1:9898`.
    listen: String,
    /// Answer other machines too: whoever reaches the port reads how much of what comes in.
    allow_remote: Option<bool>,
}

/// How often the operators are told that all is well: on Mondays at eight, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words say it")]
pub enum AllQuiet {
    #[default]
    Weekly,
    Never,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CanaryEntry {
    /// The source whose drop folder it goes through.
    source: String,
    /// Local time of day: `06:00`.
    at: String,
    /// A recipient's name: who gets its mail.
    to: String,
    /// How long the relay may take to confirm its mail before the operators are told: `1h`.
    within: Option<String>,
}

/// Nightly copies of the ledger, or none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum BackupEntry {
    Word(Never),
    Map(BackupMap),
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Never {
    Never,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BackupMap {
    /// Where the copies lie; `backup` in the state folder when absent. Another disk survives this one.
    folder: Option<PathBuf>,
    /// Local time of day: `03:30`.
    at: Option<String>,
    /// How many copies are kept; 7 when absent.
    keep: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionEntry {
    /// How long the texts of mails that are out are kept, as `180d`, or `never` to drop them; 180 days when absent.
    mail: Option<String>,
}

/// Nightly copies of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where they lie.
    pub folder: PathBuf,
    /// Local time of day.
    pub at: Time,
    /// How many are kept.
    pub keep: usize,
}

/// A made-up record that goes the whole way every day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// The source beside whose drop folder it is dropped.
    pub source: String,
    /// Local time of day.
    pub at: Time,
    /// Who gets its mail, by name.
    pub to: String,
    /// How long that may take.
    pub within: Duration,
}

/// What the daemon says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Where metrics and health are answered.
    pub metrics: Option<SocketAddr>,
    /// The weekly mail.
    pub all_quiet: AllQuiet,
    /// The daily record.
    pub canary: Option<Canary>,
    /// The nightly copy of the ledger.
    pub backup: Option<Backup>,
    /// How long the texts of mails that are out are kept; for ever when absent.
    pub keep_mail: Option<Duration>,
}

impl Resolver<'_> {
    pub(super) fn upkeep(&mut self, file: &ConfigFile, state: &Path) -> Option<Upkeep> {
        let metrics = match &file.metrics {
            Some(entry) => Some(self.metrics(entry)?),
            None => None,
        };
        let canary = match &file.canary {
            Some(entry) => Some(self.canary(entry, file)?),
            None => None,
        };
        let backup = match &file.backup {
            Some(BackupEntry::Word(Never::Never)) => None,
            Some(BackupEntry::Map(map)) => Some(self.backup(map, state)?),
            None => Some(self.backup(&BackupMap::default(), state)?),
        };
        let keep_mail = match file.retention.as_ref().and_then(|entry| entry.mail.as_deref()) {
            Some("never") => None,
            Some(written) => self.expected(&["retention", "mail"], Some(written))?,
            None => Some(KEEP_MAIL),
        };
        Some(Upkeep { metrics, all_quiet: file.all_quiet.unwrap_or_default(), canary, backup, keep_mail })
    }

    fn backup(&mut self, map: &BackupMap, state: &Path) -> Option<Backup> {
        let at = map.at.as_deref().unwrap_or("03:30");
        let Ok(at) = at.parse::<Time>() else {
            return self.refuse(&["backup", "at"], &format!("`{at}` is no time of day; write `03:30`"));
        };
        let keep = map.keep.unwrap_or(7);
        if keep == 0 {
            return self.refuse(&["backup", "keep"], "write at least 1, or `backup: never`");
        }
        let folder = map.folder.as_ref().map_or_else(|| state.join("backup"), |folder| self.base.join(folder));
        Some(Backup { folder, at, keep: usize::try_from(keep).unwrap_or(usize::MAX) })
    }

    fn metrics(&mut self, entry: &MetricsEntry) -> Option<SocketAddr> {
        let (listen, path, remote): (_, KeyPath<'_>, _) = match entry {
            MetricsEntry::Listen(listen) => (listen, &["metrics"], false),
            MetricsEntry::Map(map) => (&map.listen, &["metrics", "listen"], map.allow_remote == Some(true)),
        };
        match listen.parse::<SocketAddr>() {
            Ok(address) if remote || address.ip().is_loopback() => Some(address),
            Ok(address) => {
                let port = address.port();
                let advice = format!(
                    "it would answer other machines, and asks nobody who they are; write `127.0.0.1:{port}`, or \
                     `metrics: {{ listen: '{listen}', allow_remote: true }}`"
                );
                self.refuse(path, &advice)
            }
            Err(_) => self.refuse(path, &format!("`{listen}` is no address with a port; write `127.0.0.1:9898`")),
        }
    }

    fn canary(&mut self, entry: &CanaryEntry, file: &ConfigFile) -> Option<Canary> {
        let sources: Vec<&str> = file.sources.iter().map(|source| source.name.as_str()).collect();
        self.known(&["canary", "source"], std::slice::from_ref(&entry.source), &sources);
        let recipients: Vec<&str> = file.recipients.keys().map(String::as_str).collect();
        self.known(&["canary", "to"], std::slice::from_ref(&entry.to), &recipients);
        let within = self.duration(&["canary", "within"], entry.within.as_deref(), Duration::from_secs(3600));
        let Ok(at) = entry.at.parse::<Time>() else {
            return self.refuse(&["canary", "at"], &format!("`{}` is no time of day; write `06:00`", entry.at));
        };
        Some(Canary { source: entry.source.clone(), at, to: entry.to.clone(), within: within? })
    }

    /// A length of time that may be days. The inner `None` is "not given"; the outer one a problem.
    pub(super) fn expected(&mut self, path: KeyPath<'_>, written: Option<&str>) -> Option<Option<Duration>> {
        let Some(written) = written else { return Some(None) };
        let span = written.parse::<jiff::Span>().ok();
        let span = span.and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
        match span.and_then(|span| Duration::try_from(span).ok()).filter(|span| *span >= Duration::from_secs(60)) {
            Some(span) => Some(Some(span)),
            None => self.refuse(path, &format!("`{written}` is no length of time; write `12h`, `3d` or `2w`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigReading};

    fn with(source: &str, rest: &str) -> ConfigReading {
        let text = format!(
            "sources:\n  - name: imports\n    folder: drop\n{source}mail: {{ transport: 'maildir:mail', from: \
             t@example.org }}\nrecipients: {{ default: analysts@example.org }}\n{rest}"
        );
        Config::parse(Path::new("/srv/tidewaiter.yaml"), &text)
    }

    #[test]
    fn what_it_says_of_itself_is_taken() {
        let rest = "metrics: 127.0.0.1:9898\nall_quiet: never\ncanary: { source: imports, at: 06:30, to: default }\n";
        let config = with("    expect_every: 3d\n", rest).config.unwrap();
        assert_eq!(config.sources[0].expect_every, Some(Duration::from_secs(3 * 86_400)));
        assert_eq!(config.upkeep.metrics, Some("127.0.0.1:9898".parse().unwrap()));
        assert_eq!(config.upkeep.all_quiet, AllQuiet::Never);
        let canary = config.upkeep.canary.unwrap();
        assert_eq!((canary.at, canary.within), (jiff::civil::time(6, 30, 0, 0), Duration::from_secs(3600)));
        let remote = with("", "metrics: { listen: '0.0.0.0:9', allow_remote: true }\n").config.unwrap().upkeep;
        assert_eq!((remote.metrics, remote.canary), (Some("0.0.0.0:9".parse().unwrap()), None));
    }

    #[test]
    fn the_ledger_is_copied_every_night_unless_told_otherwise() {
        let upkeep = with("", "").config.unwrap().upkeep;
        let usual = Backup { folder: "/srv/state/backup".into(), at: jiff::civil::time(3, 30, 0, 0), keep: 7 };
        assert_eq!((upkeep.backup, upkeep.keep_mail), (Some(usual), Some(KEEP_MAIL)));
        let other = with("", "backup: { folder: /mnt/b, at: '23:00', keep: 2 }\nretention: { mail: 4w }\n");
        let other = other.config.unwrap().upkeep;
        let backup = other.backup.unwrap();
        assert_eq!((backup.folder.as_path(), backup.keep), (Path::new("/mnt/b"), 2));
        assert_eq!(other.keep_mail, Some(Duration::from_secs(28 * 86_400)));
        let none = with("", "backup: never\nretention: { mail: never }\n").config.unwrap().upkeep;
        assert_eq!((none.backup, none.keep_mail), (None, None));
    }

    #[test]
    fn slips_are_told_at_their_place() {
        for (source, rest, place, part) in [
            ("    expect_every: often\n", "", "4:19", "`3d`"),
            ("", "metrics: 0.0.0.0:9898\n", "6:10", "allow_remote: true"),
            ("", "metrics: 9898\n", "6:10", "127.0.0.1:9898"),
            ("", "metrics: { listen: '[::]:1' }\n", "6:20", "metrics.listen"),
            ("", "backup: weekly\n", "6:9", "never"),
            ("", "backup: { at: night }\n", "6:15", "`03:30`"),
            ("", "backup: { keep: 0 }\n", "6:17", "at least 1"),
            ("", "retention: { mail: long }\n", "6:20", "`3d`"),
            ("", "all_quiet: daily\n", "6:12", "weekly"),
            ("", "canary: { source: import, at: 06:00, to: default }\n", "6:19", "did you mean `imports`?"),
            ("", "canary: { source: imports, at: noon, to: default }\n", "6:32", "`06:00`"),
            ("", "canary: { source: imports, at: 06:00, to: nobody }\n", "6:43", "there is no `nobody`"),
        ] {
            let problems = with(source, rest).problems;
            assert_eq!(problems.len(), 1, "{rest}: {problems:?}");
            let shown = problems[0].to_string();
            assert!(shown.contains(part) && shown.contains(&format!(":{place}: ")), "{rest}: {shown}");
        }
    }
}
