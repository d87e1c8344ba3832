//! Change: a configuration written anew, over the one that a running daemon goes by → what is in force from now on.
//!
//! Pure. Folders, the ledger, the port and the canary were opened at the start: a change of theirs waits for a restart.

use std::collections::BTreeSet;

use super::{Config, SourceSettings, Upkeep};

/// What a configuration that was written anew comes to while the daemon runs.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is in force from now on.
    pub config: Config,
    /// The keys whose change waits for a restart, such as `state` and `sources.imports`.
    pub waiting: Vec<String>,
}

impl Config {
    /// What is in force when `written` takes the place of this one while the daemon runs.
    pub fn changed_to(&self, written: Config) -> Change {
        let (sources, mut waiting) = sources(&self.sources, &written.sources);
        let opened = [
            ("state", self.state == written.state),
            ("ledger", self.state != written.state || self.ledger == written.ledger),
            ("metrics", self.upkeep.metrics == written.upkeep.metrics),
            ("canary", self.upkeep.canary == written.upkeep.canary),
        ];
        waiting.extend(opened.iter().filter(|(_, same)| !same).map(|(key, _)| (*key).to_owned()));
        let started = self.upkeep.clone();
        let upkeep = Upkeep { metrics: started.metrics, canary: started.canary, ..written.upkeep.clone() };
        let config = Config { sources, state: self.state.clone(), ledger: self.ledger.clone(), upkeep, ..written };
        Change { config, waiting }
    }
}

/// The sources that are watched, each as it is written now, and those that a restart would add, end or move.
fn sources(watched: &[SourceSettings], written: &[SourceSettings]) -> (Vec<SourceSettings>, Vec<String>) {
    let same = |one: &SourceSettings, other: &SourceSettings| one.name == other.name && one.folder == other.folder;
    let now = watched.iter().map(|old| written.iter().find(|new| same(old, new)).unwrap_or(old).clone()).collect();
    let other_than = |all: &[SourceSettings], one: &SourceSettings| !all.iter().any(|other| same(one, other));
    let ended = watched.iter().filter(|old| other_than(written, old));
    let begun = written.iter().filter(|new| other_than(watched, new));
    let waiting: BTreeSet<String> = ended.chain(begun).map(|source| format!("sources.{}", source.name)).collect();
    (now, waiting.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(Path::new("/srv/tidewaiter.yaml"), text).config.unwrap()
    }

    const OLD: &str = "sources:\n  - { name: imports, folder: drop }\nmail: { transport: 'maildir:mail', from: t@example.org \
                       }\nrecipients: { default: a@example.org }\n";

    #[test]
    fn who_is_told_and_how_files_are_read_change_at_once() {
        let new = OLD.replace("folder: drop", "folder: drop, layout: harbor, backfill: true").replace("a@", "b@")
            + "telling: { per_day: 7 }\nall_quiet: never\nlimits: { file: 1 MiB }\nrules: elsewhere\n";
        let Change { config, waiting } = config(OLD).changed_to(config(&new));
        assert!(waiting.is_empty(), "{waiting:?}");
        assert!(config.sources[0].backfill);
        assert_eq!(config.operators, ["b@example.org"]);
        assert_eq!((config.mail_limits.per_day, config.limits.file), (7, 1 << 20));
        assert_eq!(config.rules, Path::new("/srv/elsewhere"));
    }

    #[test]
    fn what_was_opened_at_the_start_waits_for_a_restart() {
        let more = "sources:\n  - { name: exports, folder: out }";
        let new = OLD.replace("sources:", more).replace("folder: drop", "folder: moved, backfill: true")
            + "state: elsewhere\nmetrics: 127.0.0.1:1\nroutes: [{ to: default }]\n";
        let old = config(OLD);
        let Change { config: now, waiting } = old.changed_to(config(&new));
        assert_eq!(waiting, ["sources.exports", "sources.imports", "state", "metrics"]);
        assert_eq!((now.sources.len(), now.sources[0].backfill), (1, false));
        assert_eq!(
            (&now.sources[0].folder, &now.state, &now.ledger),
            (&old.sources[0].folder, &old.state, &old.ledger)
        );
        assert_eq!((now.routing.routes.len(), now.upkeep.metrics), (1, None));
        assert!(now.changed_to(old).waiting.is_empty(), "and taken back, nothing waits");
    }
}
