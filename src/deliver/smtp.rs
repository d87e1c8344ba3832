//! SMTP: notification → conversation with a relay → outcome, judged by the step at which the relay said no.
//!
//! One connection and one recipient a message. Certificates are always verified; no secret is ever logged.

#![expect(clippy::disallowed_methods, reason = "a transport: reads the relay's certificate and speaks to it")]

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};

use super::token::TokenCommand;
use crate::notification::{Notification, Outcome};

/// How the conversation is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// Starts in clear and must be upgraded before anything is said (port 587).
    Starttls,
    /// Encrypted from the first byte (port 465).
    Implicit,
    /// In clear: for a relay on this machine.
    PlainInsecure,
}

/// A relay and how to speak to it.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Name of the relay; the certificate must bear it.
    pub host: String,
    /// 587, 465 or 25.
    pub port: u16,
    /// Encryption.
    pub tls: SmtpTls,
    /// Who logs in.
    pub login: Login,
    /// For one whole message, connection included.
    pub timeout: Duration,
    /// PEM file with root certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// What the relay is greeted with.
    pub hello_name: String,
}

/// Who logs in at the relay.
#[derive(Debug, Clone)]
pub enum Login {
    /// Nobody: the relay knows this machine.
    Nobody,
    /// A user with a password (PLAIN, or LOGIN where the relay has nothing else).
    Password {
        /// Name at the relay.
        user: String,
        /// Never logged.
        password: SecretString,
    },
    /// A user with a token that a command prints (XOAUTH2).
    Token {
        /// Name at the relay.
        user: String,
        /// What prints the token.
        command: TokenCommand,
    },
}

impl SmtpSettings {
    /// How long one message may take unless told otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(60);
}

/// Why a transport cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The file with root certificates.
    #[error("the certificates in {path} cannot be read: {reason}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The TLS library refuses the settings.
    #[error("TLS to {host} cannot be set up: {reason}")]
    Tls {
        /// The relay.
        host: String,
        /// What is wrong.
        reason: String,
    },
}

/// A relay that is spoken to over SMTP (RFC 5321).
#[derive(Clone)]
pub struct SmtpTransport {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpTransport({}:{})", self.settings.host, self.settings.port)
    }
}

/// The step of the conversation; the same reply code means different things at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Connect,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    /// The message itself: from its first byte on the relay may have it.
    Content,
}

enum Failure {
    /// The relay, or the way to it.
    Relay { step: Step, error: Error },
    /// There are no credentials to be had.
    Token(String),
    /// What must be noted before the message leaves cannot be noted.
    Leaving(String),
}

impl SmtpTransport {
    /// Reads the certificates and prepares TLS; speaks to nobody yet.
    pub fn new(settings: SmtpSettings) -> Result<SmtpTransport, SmtpError> {
        let tls = match settings.tls {
            SmtpTls::PlainInsecure => None,
            SmtpTls::Starttls | SmtpTls::Implicit => Some(tls_parameters(&settings)?),
        };
        let hello = client_id(&settings.hello_name);
        Ok(SmtpTransport { settings, tls, hello })
    }

    pub(super) async fn send<F>(&self, notification: &Notification, leaving: F) -> Outcome
    where
        F: AsyncFnOnce() -> Result<(), String>,
    {
        let sender = notification.sender.parse::<Address>();
        let recipient = notification.recipient.parse::<Address>();
        let envelope = match (sender, recipient) {
            (Ok(sender), Ok(recipient)) => (sender, recipient),
            (Err(error), _) => return Outcome::TransportRefused { reason: format!("sender address: {error}") },
            (_, Err(error)) => return Outcome::Refused { reason: format!("recipient address: {error}") },
        };
        let left = AtomicBool::new(false);
        let leaving = async || {
            leaving().await?;
            left.store(true, Ordering::Relaxed);
            Ok(())
        };
        let conversation = self.converse(envelope, &notification.message, leaving);
        match tokio::time::timeout(self.settings.timeout, conversation).await {
            Ok(Ok(reply)) => Outcome::Delivered { reply },
            Ok(Err(failure)) => judge(failure, &self.settings.host),
            Err(_) => {
                let reason = format!("{} did not answer within {:?}", self.settings.host, self.settings.timeout);
                match left.load(Ordering::Relaxed) {
                    true => Outcome::Unconfirmed { reason },
                    false => Outcome::Unreachable { reason },
                }
            }
        }
    }

    async fn converse<F>(
        &self,
        (sender, recipient): (Address, Address),
        message: &[u8],
        leaving: F,
    ) -> Result<String, Failure>
    where
        F: AsyncFnOnce() -> Result<(), String>,
    {
        let at = |step| move |error| Failure::Relay { step, error };
        // Before the connection: a relay that waits for a slow command hangs up.
        let login = self.credentials().await.map_err(Failure::Token)?;
        let mut relay = self.connect().await.map_err(at(Step::Connect))?;
        if let Some((mechanisms, credentials)) = login {
            relay.auth(mechanisms, &credentials).await.map_err(at(Step::Auth))?;
        }
        relay.command(Mail::new(Some(sender), Vec::new())).await.map_err(at(Step::MailFrom))?;
        relay.command(Rcpt::new(recipient, Vec::new())).await.map_err(at(Step::RcptTo))?;
        relay.command(Data).await.map_err(at(Step::Data))?;
        leaving().await.map_err(Failure::Leaving)?;
        let response = relay.message(message).await.map_err(at(Step::Content))?;
        // The message is the relay's now; a failure to say goodbye must not make it look unsent.
        let _ = tokio::time::timeout(Duration::from_secs(1), relay.quit()).await;
        Ok(words(&response))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let implicit = match self.settings.tls {
            SmtpTls::Implicit => self.tls.clone(),
            SmtpTls::Starttls | SmtpTls::PlainInsecure => None,
        };
        let server = (self.settings.host.as_str(), self.settings.port);
        let timeout = Some(self.settings.timeout);
        let mut relay = AsyncSmtpConnection::connect_tokio1(server, timeout, &self.hello, implicit, None).await?;
        if let (SmtpTls::Starttls, Some(tls)) = (self.settings.tls, self.tls.clone()) {
            relay.starttls(tls, &self.hello).await?;
        }
        Ok(relay)
    }

    async fn credentials(&self) -> Result<Option<(&'static [Mechanism], Credentials)>, String> {
        Ok(match &self.settings.login {
            Login::Nobody => None,
            Login::Password { user, password } => {
                let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
                Some((&[Mechanism::Plain, Mechanism::Login], credentials))
            }
            Login::Token { user, command } => {
                let token = command.token().await?;
                Some((&[Mechanism::Xoauth2], Credentials::new(user.clone(), token.expose_secret().to_owned())))
            }
        })
    }
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, SmtpError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let fail = |reason: String| SmtpError::Certificates { path: path.clone(), reason };
        let pem = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| fail(error.to_string()))?);
    }
    builder.build().map_err(|error| SmtpError::Tls { host: settings.host.clone(), reason: error.to_string() })
}

/// Only what a host name may hold reaches the wire.
fn client_id(name: &str) -> ClientId {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    if name.is_empty() { ClientId::default() } else { ClientId::Domain(name) }
}

fn words(response: &Response) -> String {
    let said: Vec<&str> = response.message().collect();
    crate::prose::clean(&format!("{} {}", response.code(), said.join(" ")), 500)
}

/// Outcome by step and reply code; whatever is not a clear "never" is tried again.
fn judge(failure: Failure, host: &str) -> Outcome {
    let (step, error) = match failure {
        Failure::Relay { step, error } => (step, error),
        Failure::Token(reason) => return Outcome::TransportRefused { reason },
        Failure::Leaving(reason) => return Outcome::Deferred { reason },
    };
    let reason = crate::prose::clean(&format!("{host}: {}", chain(&error)), 700);
    let code = error.status().map(u16::from);
    if error.is_permanent() {
        return never(step, code.unwrap_or(0), reason);
    }
    match (step, code) {
        (Step::Auth, None) if error.is_client() => Outcome::TransportRefused { reason },
        (Step::Content, None) => Outcome::Unconfirmed { reason },
        (Step::Connect | Step::Auth | Step::MailFrom, _) | (_, None | Some(421)) => Outcome::Unreachable { reason },
        (Step::RcptTo | Step::Data | Step::Content, Some(_)) => Outcome::Deferred { reason },
    }
}

/// What a reply beginning with 5 means.
fn never(step: Step, code: u16, reason: String) -> Outcome {
    match (step, code) {
        (Step::Connect | Step::Auth, _) | (_, 530 | 534 | 535) => Outcome::TransportRefused { reason },
        (Step::MailFrom | Step::Data | Step::Content, 552) => Outcome::TooLarge { reason },
        (Step::MailFrom | Step::Data | Step::Content, _) if speaks_of_size(&reason) => Outcome::TooLarge { reason },
        (Step::MailFrom, _) => Outcome::TransportRefused { reason },
        (Step::RcptTo | Step::Data | Step::Content, _) => Outcome::Refused { reason },
    }
}

fn speaks_of_size(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["5.3.4", "size", "too large", "too big"].iter().any(|sign| reason.contains(sign))
}

/// The error and what caused it, each said once.
fn chain(error: &Error) -> String {
    let mut said = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said.push_str(": ");
            said.push_str(&cause_said);
        }
        source = cause.source();
    }
    said
}
