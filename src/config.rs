//! `ConfigFile` (as written) → `Config` (as meant).
//!
//! In: the text of `tidewaiter.yaml` and the folder it stands in. Out: absolute paths, durations and addresses without
//! any "absent means default" left, or one clear error. Secrets are read from files or the environment, never from here.

#![expect(clippy::disallowed_methods, reason = "reads the configuration and password files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use crate::deliver::{SmtpSettings, SmtpTls};
use crate::intake::{LayoutChoice, Limits, LimitsEntry};
use crate::triage::Routing;

/// What is wrong with a configuration, and where.
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
    /// YAML or shape.
    #[error("{path}: {message}")]
    Malformed {
        /// The path.
        path: String,
        /// What, with line and column.
        message: String,
    },
    /// A value that cannot be meant.
    #[error("{path}: {key}: {message}")]
    Value {
        /// The path.
        path: String,
        /// The key.
        key: String,
        /// What is wrong and what to write instead.
        message: String,
    },
}

/// One address or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Addresses {
    One(String),
    Many(Vec<String>),
}

impl Addresses {
    fn list(&self) -> Vec<String> {
        match self {
            Addresses::One(address) => vec![address.clone()],
            Addresses::Many(addresses) => addresses.clone(),
        }
    }
}

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
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MailEntry {
    /// `smtp://host:587`, `smtps://host:465` or `maildir:PATH`.
    transport: String,
    /// The sender's address.
    from: String,
    /// User name at the relay.
    user: Option<String>,
    /// File with the password.
    password_file: Option<PathBuf>,
    /// Environment variable with the password.
    password_env: Option<String>,
    /// PEM file with a certificate that the relay's is checked against, besides the system's.
    ca_file: Option<PathBuf>,
    /// Send without encryption to a relay that is not on this machine.
    allow_plaintext: Option<bool>,
    /// How long one message may take: `60s`.
    timeout: Option<String>,
}

/// The whole configuration as meant.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
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
}

/// One drop folder.
#[derive(Debug, Clone)]
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
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The sender's address, perhaps with a name.
    pub from: String,
    /// Where to.
    pub transport: TransportSettings,
}

/// The transports.
#[derive(Debug, Clone)]
pub enum TransportSettings {
    /// A relay.
    Smtp(SmtpSettings),
    /// A folder.
    Maildir(PathBuf),
}

impl Config {
    /// Reads and resolves a configuration file.
    ///
    /// # Errors
    /// When it cannot be read, is no YAML, has an unknown key, or a value that cannot be meant.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| ConfigError::Unreadable { path: path.display().to_string(), cause })?;
        Config::parse(path, &text)
    }

    /// Resolves the text of a configuration file; relative paths are taken from its folder.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
        let shown = path.display().to_string();
        let file: ConfigFile = serde_yaml::from_str(text)
            .map_err(|error| ConfigError::Malformed { path: shown.clone(), message: error.to_string() })?;
        let base = path.parent().unwrap_or(Path::new(""));
        Resolver { path: &shown, base }.config(path, &file)
    }
}

struct Resolver<'a> {
    path: &'a str,
    base: &'a Path,
}

impl Resolver<'_> {
    fn config(&self, path: &Path, file: &ConfigFile) -> Result<Config, ConfigError> {
        if file.sources.is_empty() {
            return Err(self.wrong("sources", "at least one drop folder is needed: `- {name: imports, folder: drop}`"));
        }
        let mut sources = Vec::new();
        for entry in &file.sources {
            let source = self.source(entry)?;
            if sources.iter().any(|other: &SourceSettings| other.name == source.name || other.folder == source.folder) {
                return Err(
                    self.wrong("sources", &format!("`{}`: name and folder of each source must be its own", entry.name))
                );
            }
            sources.push(source);
        }
        let routing = self.routing(&file.recipients)?;
        let operators =
            file.operators.as_ref().or(file.recipients.get("default")).map_or_else(Vec::new, Addresses::list);
        self.addresses("operators", &operators)?;
        let state = self.base.join(file.state.as_deref().unwrap_or(Path::new("state")));
        Ok(Config {
            path: path.to_owned(),
            sources,
            mail: self.mail(&file.mail)?,
            routing,
            operators,
            rules: self.base.join(file.rules.as_deref().unwrap_or(Path::new("rules"))),
            ledger: file.ledger.as_ref().map_or_else(|| state.join("ledger.db"), |ledger| self.base.join(ledger)),
            state,
            limits: self.limits(file.limits.as_ref())?,
        })
    }

    fn limits(&self, entry: Option<&LimitsEntry>) -> Result<Limits, ConfigError> {
        let resolved = entry.map_or_else(|| Ok(Limits::default()), LimitsEntry::resolve);
        resolved.map_err(|(key, message)| self.wrong(&format!("limits.{key}"), &message))
    }

    fn source(&self, entry: &SourceEntry) -> Result<SourceSettings, ConfigError> {
        let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if entry.name.is_empty() || !entry.name.chars().all(plain) {
            return Err(self.wrong("sources.name", "a name is letters, digits, `-`, `_` and `.`"));
        }
        Ok(SourceSettings {
            name: entry.name.clone(),
            folder: self.base.join(&entry.folder),
            layout: match entry.layout.as_deref() {
                None | Some("auto") => LayoutChoice::Auto,
                Some(name) => LayoutChoice::Named(name.to_owned()),
            },
            settle_for: self.duration("settle_for", entry.settle_for.as_deref(), Duration::from_secs(10))?,
            scan_every: self.duration("scan_every", entry.scan_every.as_deref(), Duration::from_secs(30))?,
            recursive: entry.recursive.unwrap_or(false),
            done_marker: self.marker(entry.done_marker.as_deref())?,
        })
    }

    fn marker(&self, marker: Option<&str>) -> Result<Option<String>, ConfigError> {
        match marker {
            Some(text) if !text.contains("{name}") || text.contains('/') || text == "{name}" => {
                Err(self.wrong("done_marker", "write a file name with `{name}` in it, such as `{name}.done`"))
            }
            other => Ok(other.map(str::to_owned)),
        }
    }

    fn duration(&self, key: &str, written: Option<&str>, default: Duration) -> Result<Duration, ConfigError> {
        let Some(written) = written else { return Ok(default) };
        let parsed = written.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        parsed.ok_or_else(|| self.wrong(key, &format!("`{written}` is no length of time; write `10s`, `5m` or `6h`")))
    }

    fn routing(&self, recipients: &BTreeMap<String, Addresses>) -> Result<Routing, ConfigError> {
        for (name, addresses) in recipients {
            self.addresses(&format!("recipients.{name}"), &addresses.list())?;
        }
        if !recipients.contains_key("default") {
            return Err(self.wrong("recipients", "`default` is needed: who is told when a rule names nobody"));
        }
        Ok(Routing {
            default: vec!["default".to_owned()],
            recipients: recipients.iter().map(|(name, addresses)| (name.clone(), addresses.list())).collect(),
        })
    }

    fn addresses(&self, key: &str, addresses: &[String]) -> Result<(), ConfigError> {
        if addresses.is_empty() {
            return Err(self.wrong(key, "at least one address is needed"));
        }
        match addresses.iter().find(|address| address.parse::<mail_address::Checked>().is_err()) {
            Some(bad) => Err(self.wrong(key, &format!("`{bad}` is no mail address; write `name@example.org`"))),
            None => Ok(()),
        }
    }

    fn mail(&self, entry: &MailEntry) -> Result<MailSettings, ConfigError> {
        let transport = if let Some(folder) = entry.transport.strip_prefix("maildir:") {
            TransportSettings::Maildir(self.base.join(folder.trim_start_matches("//")))
        } else {
            TransportSettings::Smtp(self.smtp(entry)?)
        };
        Ok(MailSettings { from: entry.from.clone(), transport })
    }

    fn smtp(&self, entry: &MailEntry) -> Result<SmtpSettings, ConfigError> {
        let (implicit, rest) = match entry.transport.split_once("://") {
            Some(("smtp", rest)) => (false, rest),
            Some(("smtps", rest)) => (true, rest),
            _ => {
                let advice = "write `smtp://host:587`, `smtps://host:465` or `maildir:PATH`";
                return Err(self.wrong("mail.transport", advice));
            }
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => {
                let number = port.parse::<u16>();
                (host, number.map_err(|_| self.wrong("mail.transport", &format!("`{port}` is no port")))?)
            }
            None => (rest, if implicit { 465 } else { 587 }),
        };
        if host.is_empty() || host.contains('@') {
            return Err(self
                .wrong("mail.transport", "write the host alone; `user:` and `password_file:` are keys of their own"));
        }
        let tls = self.tls(implicit, host, query, entry)?;
        Ok(SmtpSettings {
            host: host.to_owned(),
            port,
            tls,
            user: entry.user.clone(),
            password: self.password(entry)?,
            timeout: self.duration("mail.timeout", entry.timeout.as_deref(), Duration::from_secs(60))?,
            ca_file: entry.ca_file.as_ref().map(|file| self.base.join(file)),
            hello_name: String::new(),
        })
    }

    fn tls(&self, implicit: bool, host: &str, query: &str, entry: &MailEntry) -> Result<SmtpTls, ConfigError> {
        let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        match query {
            "" if implicit => Ok(SmtpTls::Implicit),
            "" => Ok(SmtpTls::Starttls),
            "tls=none" if loopback || entry.allow_plaintext == Some(true) => Ok(SmtpTls::PlainInsecure),
            "tls=none" => Err(self
                .wrong("mail.transport", "without encryption only to this machine, or with `allow_plaintext: true`")),
            other => {
                Err(self.wrong("mail.transport", &format!("unknown option `{other}`; `?tls=none` is the only one")))
            }
        }
    }

    fn password(&self, entry: &MailEntry) -> Result<Option<SecretString>, ConfigError> {
        let from_env = entry.password_env.as_ref().map(|name| {
            std::env::var(name).map_err(|_| self.wrong("mail.password_env", &format!("the variable {name} is not set")))
        });
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
            .map(|folder| PathBuf::from(folder).join("smtp-password"))
            .filter(|file| entry.user.is_some() && file.is_file());
        let file = entry.password_file.as_ref().map(|file| self.base.join(file)).or(credential);
        let from_file = file.map(|file| {
            let text = std::fs::read_to_string(&file);
            text.map_err(|cause| self.wrong("mail.password_file", &format!("cannot read {}: {cause}", file.display())))
        });
        let secret = from_env.or(from_file).transpose()?;
        match (&entry.user, &secret) {
            (Some(_), None) => {
                Err(self.wrong("mail.user", "a password is needed: `password_file:` or `password_env:`"))
            }
            (None, Some(_)) => Err(self.wrong("mail.user", "a password is given but no user")),
            _ => Ok(secret.map(|text| SecretString::from(text.trim_end_matches(['\r', '\n'])))),
        }
    }

    fn wrong(&self, key: &str, message: &str) -> ConfigError {
        ConfigError::Value { path: self.path.to_owned(), key: key.to_owned(), message: message.to_owned() }
    }
}

/// A mail address that is whole enough to be an envelope recipient.
mod mail_address {
    /// Proof that the text is `local@domain` without spaces or angle brackets.
    pub struct Checked;

    impl std::str::FromStr for Checked {
        type Err = ();

        fn from_str(text: &str) -> Result<Checked, ()> {
            let (local, domain) = text.rsplit_once('@').ok_or(())?;
            let plain = |part: &str| {
                !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c))
            };
            (plain(local) && plain(domain)).then_some(Checked).ok_or(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "sources:\n  - name: imports\n    folder: drop\nmail:\n  transport: smtp://relay.example.org:587\n  from: tidewaiter@example.org\nrecipients: { default: analysts@example.org }\n";

    fn error(text: &str) -> String {
        Config::parse(Path::new("/srv/tidewaiter.yaml"), text).unwrap_err().to_string()
    }

    #[test]
    fn the_smallest_configuration_is_whole() {
        let config = Config::parse(Path::new("/srv/tidewaiter.yaml"), SMALL).unwrap();
        assert_eq!(config.sources[0].folder, Path::new("/srv/drop"));
        assert_eq!(config.operators, ["analysts@example.org"]);
        assert_eq!(config.ledger, Path::new("/srv/state/ledger.db"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let shown = error(&SMALL.replace("folder: drop", "folder: drop\n    settel_for: 3s"));
        assert!(shown.contains("settel_for") && shown.contains("line 4"), "{shown}");
    }

    #[test]
    fn values_that_cannot_be_meant_are_refused_with_advice() {
        for (from, to, part) in [
            ("smtp://relay.example.org:587", "relay.example.org", "smtp://host:587"),
            ("smtp://relay.example.org:587", "smtp://relay.example.org:25?tls=none", "allow_plaintext"),
            ("default:", "team:", "`default` is needed"),
            ("analysts@example.org", "analysts", "no mail address"),
            ("folder: drop", "folder: drop\n    settle_for: soon", "no length of time"),
            ("folder: drop", "folder: drop\n    done_marker: done", "{name}"),
        ] {
            let shown = error(&SMALL.replace(from, to));
            assert!(shown.contains(part), "{to}: {shown}");
        }
    }
}
