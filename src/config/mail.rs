//! `mail:` as written → how mail leaves: the transport, the one that stands in for it, and who logs in.
//!
//! In: the entries, and password files or the environment for secrets. Out: settings, or problems at their places.

#![expect(clippy::disallowed_methods, reason = "reads password files and the environment")]

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::OneOrMany;
use super::resolve::{KeyPath, Resolver};
use crate::deliver::{Login, SmtpSettings, SmtpTls, TokenCommand, is_sender};

/// Where sendmail is on every Unix.
const SENDMAIL: &str = "/usr/sbin/sendmail";
const TRANSPORTS: &str = "write `smtp://host:587`, `smtps://host:465`, `sendmail` or `maildir:PATH`";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MailEntry {
    /// `smtp://host:587`, `smtps://host:465`, `sendmail`, `sendmail:PROGRAM` or `maildir:PATH`.
    transport: String,
    /// The sender's address.
    from: String,
    /// User name at the relay.
    user: Option<String>,
    /// File with the password.
    password_file: Option<PathBuf>,
    /// Environment variable with the password.
    password_env: Option<String>,
    /// Program and arguments that print an access token (XOAUTH2), in place of a password.
    token_command: Option<OneOrMany<String>>,
    /// PEM file with a certificate that the relay's is checked against, besides the system's.
    ca_file: Option<PathBuf>,
    /// Send without encryption to a relay that is not on this machine.
    allow_plaintext: Option<bool>,
    /// How long one message may take: `60s`.
    timeout: Option<String>,
    /// What takes the mail when the transport is down for a quarter of an hour or refuses the sender.
    fallback: Option<RelayEntry>,
    /// Folder with templates of your own: `alert.html`, `alert.txt`, `operator.html`, `operator.txt`, `style.html`.
    templates: Option<PathBuf>,
}

/// The keys of a transport, as they stand under `mail:` and under `fallback:`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RelayEntry {
    /// `smtp://host:587`, `smtps://host:465`, `sendmail`, `sendmail:PROGRAM` or `maildir:PATH`.
    transport: String,
    /// User name at the relay.
    user: Option<String>,
    /// File with the password.
    password_file: Option<PathBuf>,
    /// Environment variable with the password.
    password_env: Option<String>,
    /// Program and arguments that print an access token (XOAUTH2), in place of a password.
    token_command: Option<OneOrMany<String>>,
    /// PEM file with a certificate that the relay's is checked against, besides the system's.
    ca_file: Option<PathBuf>,
    /// Send without encryption to a relay that is not on this machine.
    allow_plaintext: Option<bool>,
    /// How long one message may take: `60s`.
    timeout: Option<String>,
}

impl MailEntry {
    fn first(&self) -> RelayEntry {
        RelayEntry {
            transport: self.transport.clone(),
            user: self.user.clone(),
            password_file: self.password_file.clone(),
            password_env: self.password_env.clone(),
            token_command: self.token_command.clone(),
            ca_file: self.ca_file.clone(),
            allow_plaintext: self.allow_plaintext,
            timeout: self.timeout.clone(),
        }
    }
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The sender's address, perhaps with a name.
    pub from: String,
    /// Where to.
    pub transport: TransportSettings,
    /// Where to when that is down or refuses the sender.
    pub fallback: Option<TransportSettings>,
    /// Folder with the operator's templates.
    pub templates: Option<PathBuf>,
}

/// The transports.
#[derive(Debug, Clone)]
pub enum TransportSettings {
    /// A relay.
    Smtp(SmtpSettings),
    /// A local command.
    Sendmail {
        /// The program.
        program: PathBuf,
        /// How long one message may take.
        timeout: Duration,
    },
    /// A folder.
    Maildir(PathBuf),
}

/// A transport's entry, the place that it stands at, and where systemd lays its password.
struct At<'a> {
    entry: &'a RelayEntry,
    path: KeyPath<'a>,
    credential: &'static str,
}

impl At<'_> {
    fn key<'k>(&'k self, key: &'k str) -> Vec<&'k str> {
        [self.path, &[key]].concat()
    }
}

impl Resolver<'_> {
    pub(super) fn mail(&mut self, entry: &MailEntry) -> Option<MailSettings> {
        let first = entry.first();
        if !is_sender(&entry.from) {
            let advice = format!("`{}` is no mail address; write `tidewaiter@example.org`", entry.from);
            self.wrong(&["mail", "from"], &advice);
        }
        let transport = self.transport(&At { entry: &first, path: &["mail"], credential: "smtp-password" });
        let fallback = entry.fallback.as_ref().map(|entry| {
            self.transport(&At { entry, path: &["mail", "fallback"], credential: "smtp-fallback-password" })
        });
        let fallback = match fallback {
            Some(resolved) => Some(resolved?),
            None => None,
        };
        let templates = entry.templates.as_ref().map(|folder| self.base.join(folder));
        Some(MailSettings { from: entry.from.clone(), transport: transport?, fallback, templates })
    }

    fn transport(&mut self, at: &At<'_>) -> Option<TransportSettings> {
        let (word, rest) = at.entry.transport.split_once(':').unwrap_or((&at.entry.transport, ""));
        match word {
            "maildir" if !rest.is_empty() => {
                Some(TransportSettings::Maildir(self.base.join(rest.trim_start_matches("//"))))
            }
            "sendmail" => {
                let program = if rest.is_empty() { SENDMAIL } else { rest };
                let timeout = self.send_timeout(at);
                Some(TransportSettings::Sendmail { program: self.base.join(program), timeout: timeout? })
            }
            _ => self.smtp(at).map(TransportSettings::Smtp),
        }
    }

    fn send_timeout(&mut self, at: &At<'_>) -> Option<Duration> {
        self.duration(&at.key("timeout"), at.entry.timeout.as_deref(), SmtpSettings::TIMEOUT)
    }

    fn smtp(&mut self, at: &At<'_>) -> Option<SmtpSettings> {
        let path = at.key("transport");
        let (implicit, rest) = match at.entry.transport.split_once("://") {
            Some(("smtp", rest)) => (false, rest),
            Some(("smtps", rest)) => (true, rest),
            _ => return self.refuse(&path, TRANSPORTS),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => match port.parse::<u16>() {
                Ok(number) => (host, number),
                Err(_) => return self.refuse(&path, &format!("`{port}` is no port")),
            },
            None => (rest, if implicit { 465 } else { 587 }),
        };
        if host.is_empty() || host.contains('@') {
            return self.refuse(&path, "write the host alone; `user:` and `password_file:` are keys of their own");
        }
        let tls = self.tls((implicit, host, query), at);
        let login = self.login(at);
        let timeout = self.send_timeout(at);
        Some(SmtpSettings {
            host: host.to_owned(),
            port,
            tls: tls?,
            login: login?,
            timeout: timeout?,
            ca_file: at.entry.ca_file.as_ref().map(|file| self.base.join(file)),
            hello_name: String::new(),
        })
    }

    fn tls(&mut self, (implicit, host, query): (bool, &str, &str), at: &At<'_>) -> Option<SmtpTls> {
        let path = at.key("transport");
        let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        match query {
            "" if implicit => Some(SmtpTls::Implicit),
            "" => Some(SmtpTls::Starttls),
            "tls=none" if loopback || at.entry.allow_plaintext == Some(true) => Some(SmtpTls::PlainInsecure),
            "tls=none" => {
                self.refuse(&path, "without encryption only to this machine, or with `allow_plaintext: true`")
            }
            other => self.refuse(&path, &format!("unknown option `{other}`; `?tls=none` is the only one")),
        }
    }

    fn login(&mut self, at: &At<'_>) -> Option<Login> {
        if let Some(command) = &at.entry.token_command {
            return self.token(&command.list(), at);
        }
        match (&at.entry.user, self.password(at)?) {
            (Some(_), None) => self
                .refuse(&at.key("user"), "a password is needed: `password_file:`, `password_env:` or `token_command:`"),
            (None, Some(_)) => self.refuse(at.path, "a password is given but no `user:`"),
            (None, None) => Some(Login::Nobody),
            (Some(user), Some(password)) => Some(Login::Password { user: user.clone(), password }),
        }
    }

    fn token(&mut self, command: &[String], at: &At<'_>) -> Option<Login> {
        let path = at.key("token_command");
        if at.entry.password_file.is_some() || at.entry.password_env.is_some() {
            return self.refuse(&path, "a token takes the place of a password: give one of them");
        }
        let Some(user) = &at.entry.user else {
            return self.refuse(&path, "a token logs somebody in: `user:` is needed");
        };
        let Some((program, arguments)) = command.split_first().filter(|(program, _)| !program.trim().is_empty()) else {
            return self.refuse(&path, "write the program and its arguments: `[/usr/local/bin/token, relay]`");
        };
        let timeout = self.send_timeout(at)?;
        let command = TokenCommand { program: self.base.join(program), arguments: arguments.to_vec(), timeout };
        Some(Login::Token { user: user.clone(), command })
    }

    /// The inner `None` is "no password"; the outer one a problem.
    fn password(&mut self, at: &At<'_>) -> Option<Option<SecretString>> {
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
            .map(|folder| PathBuf::from(folder).join(at.credential))
            .filter(|file| at.entry.user.is_some() && file.is_file());
        let file = at.entry.password_file.as_ref().map(|file| self.base.join(file)).or(credential);
        let secret = match (&at.entry.password_env, file) {
            (Some(name), _) => match std::env::var(name) {
                Ok(secret) => secret,
                Err(_) => {
                    return self.refuse(&at.key("password_env"), &format!("the variable {name} is not set"));
                }
            },
            (None, Some(file)) => match std::fs::read_to_string(&file) {
                Ok(secret) => secret,
                Err(cause) => {
                    let message = format!("cannot read {}: {cause}", file.display());
                    return self.refuse(&at.key("password_file"), &message);
                }
            },
            (None, None) => return Some(None),
        };
        Some(Some(SecretString::from(secret.trim_end_matches(['\r', '\n']))))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn with(mail: &str) -> crate::config::ConfigReading {
        let text = format!(
            "sources:\n  - name: imports\n    folder: drop\nmail:\n  from: tidewaiter@example.org\n{mail}\
             recipients: {{ default: analysts@example.org }}\n"
        );
        Config::parse(Path::new("/srv/tidewaiter.yaml"), &text)
    }

    fn error(mail: &str) -> String {
        let problems = with(mail).problems;
        assert_eq!(problems.len(), 1, "{mail}: {problems:?}");
        problems[0].to_string()
    }

    #[test]
    fn a_local_command_a_token_and_a_second_relay_are_taken() {
        let mail = "  transport: smtps://relay.example.org\n  user: tide\n  token_command: [bin/token, relay]\n  \
                    fallback: { transport: sendmail, timeout: 20s }\n";
        let mail = with(mail).config.unwrap().mail;
        let TransportSettings::Smtp(SmtpSettings { login: Login::Token { user, command }, .. }) = mail.transport else {
            panic!("no token")
        };
        assert_eq!((user.as_str(), command.program.as_path()), ("tide", Path::new("/srv/bin/token")));
        assert_eq!(command.arguments, ["relay"]);
        let Some(TransportSettings::Sendmail { program, timeout }) = mail.fallback else { panic!("no command") };
        assert_eq!((program.as_path(), timeout), (Path::new(SENDMAIL), Duration::from_secs(20)));
        let mail = with("  transport: sendmail:/opt/mta/sendmail\n").config.unwrap().mail;
        let TransportSettings::Sendmail { program, .. } = mail.transport else { panic!("no command") };
        assert_eq!(program, Path::new("/opt/mta/sendmail"));
    }

    #[test]
    fn slips_are_told_at_their_place() {
        for (mail, place, part) in [
            ("  transport: post\n", "6:14", "`sendmail`"),
            ("  transport: smtp://a\n  token_command: t\n", "7:18", "`user:` is needed"),
            ("  transport: smtp://a\n  user: t\n", "7:9", "`token_command:`"),
            ("  transport: smtp://a\n  user: t\n  password_env: A\n  token_command: t\n", "9:18", "one of them"),
            (
                "  transport: sendmail\n  fallback: { transport: 'smtp://b:x' }\n",
                "7:26",
                "mail.fallback.transport: `x`",
            ),
            ("  transport: sendmail\n  fallback: { transport: sendmail, from: a@b }\n", "7:36", "no key `from`"),
        ] {
            let shown = error(mail);
            assert!(shown.contains(part) && shown.contains(&format!(":{place}: ")), "{mail}: {shown}");
        }
    }
}
