//! `tidewaiter init`: a commented configuration, the shipped rules and the folders. Nothing that is there is overwritten.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, say, schema, shipped};

/// Write a commented configuration, the shipped rules and the folders.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidewaiter init /srv/tidewaiter\n  tidewaiter init my-rules --sample")]
pub struct Init {
    /// Where to.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Also write sample-export.csv, an export of 400 records to try rules on.
    #[arg(long)]
    sample: bool,
}

const CONFIG: &str = "\
# yaml-language-server: $schema=rules/.schema/config.json
# tidewaiter's configuration. Relative paths are taken from this file's folder. Unknown keys are refused.

# Folders that exports are dropped into. A file is taken when it has not changed for `settle_for`.
sources:
  - name: imports          # part of the identity of findings: renaming a source tells everything anew
    folder: drop
    # layout: auto         # or the name of a file in rules/layouts
    # settle_for: 10s
    # scan_every: 30s
    # recursive: false
    # done_marker: '{name}.done'
    # expect_every: 3d       # the operators are told when no file came for so long

# How mail leaves: smtp://host:587 (STARTTLS), smtps://host:465 (TLS), sendmail (the local command), or maildir:FOLDER to
# try it without a relay.
mail:
  transport: maildir:mail
  from: tidewaiter@localhost
  # user: tidewaiter
  # password_file: smtp-password   # or systemd's LoadCredential=smtp-password, or password_env: NAME
  # fallback: { transport: 'smtp://other.example.org:587' }   # when the first is down or refuses the sender

# Who is told; a rule may name others with `alert: {to: [NAME]}`.
recipients:
  default: analysts@localhost

# Who is told of rules that name nobody themselves: read from the top, the first that fits decides; else the default.
# routes:
#   - { level: critical, source: imports, to: default }   # also rule: 'dji-*', tag: NAME

# Who is told of broken rules, failed files and refused mail; recipients.default when absent.
# operators: ops@example.org

# When what is told, by level; docs/alerts.md says more. What stands here is what holds when it is absent.
# timezone: Europe/Berlin    # the system's when absent
# telling:
#   critical: file           # at the end of the file
#   high: burst              # when no more files come for two minutes
#   medium: daily            # in a digest
#   low: weekly
#   informational: weekly
#   daily_at: 08:00
#   weekly_on: monday
#   per_hour: 20             # mails to one recipient; what is over it joins the next digest
#   per_day: 100
#   per_minute: 60           # mails to all
#   storm: { findings: 1000, share: 20% }   # a rule that fires more in one file is held until you release it

# rules: rules             # rules, lists, watchlists and layouts
# state: state             # the ledger

# The daemon says on Mondays that it is there; tests the whole way every day; answers /metrics, /healthz, /readyz.
# all_quiet: weekly        # or never
# canary: { source: imports, at: '06:00', to: default }
# metrics: 127.0.0.1:9898

# Copies of the ledger, and how long the texts of mails that are out are kept; docs/operators.md says more.
# backup: { at: '03:30', keep: 7 }   # or never
# retention: { mail: 180d }          # or never

# Limits on dropped files; docs/operators.md lists all of them.
# limits:
#   reader_memory: 512 MiB # of the child that reads workbooks, archives and the like
";

/// Runs the command.
pub fn init(command: &Init) -> Result<(), CommandError> {
    write_folder(&command.folder, CONFIG)?;
    if command.sample {
        let path = command.folder.join("sample-export.csv");
        std::fs::write(&path, shipped::SAMPLE).map_err(CommandError::io(&path))?;
    }
    let folder = command.folder.display();
    say(format!("wrote {folder}/tidewaiter.yaml, {folder}/rules and {folder}/drop"));
    say(format!("next: edit tidewaiter.yaml, then `tidewaiter check {folder}/tidewaiter.yaml`"));
    say(format!("      and `tidewaiter run -c {folder}/tidewaiter.yaml`"));
    Ok(())
}

/// Writes configuration, rules and drop folder below a folder.
pub fn write_folder(folder: &Path, config: &str) -> Result<(), CommandError> {
    std::fs::create_dir_all(folder.join("drop")).map_err(CommandError::io(folder))?;
    let rules = folder.join("rules");
    shipped::write(&rules).map_err(CommandError::io(&rules))?;
    // Schemas are made by the program, not edited: an older program's are replaced.
    schema::write(&rules).map_err(CommandError::io(&rules))?;
    let path = folder.join("tidewaiter.yaml");
    if !path.exists() {
        std::fs::write(&path, config).map_err(CommandError::io(&path))?;
    }
    Ok(())
}
