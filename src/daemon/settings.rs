//! Settings: the configuration in force and what is built from it, swapped whole when the file changes.
//!
//! In: a configuration. Out: senders and transports that fit it. A file that cannot be used, or whose transports cannot be
//! opened, changes nothing: the operators are told, and `status` shows it until it is mended.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::DaemonError;
use super::notices::Trouble;
use super::office::Office;
use crate::config::{Change, Config, ConfigError, TransportSettings};
use crate::deliver::{self, Maildir, MessageError, Sender, Sendmail, SmtpTransport, Templates, Transport};
use crate::finding::hash;
use crate::ledger::Ledger;
use crate::problem::{self, Problem};
use crate::rules::Known;

/// The note in the ledger: what the configuration as written lacks to be in force.
const NOTE: &str = "configuration";

/// The configuration in force, and what is built from it.
#[derive(Debug)]
pub struct Settings {
    /// As it is in force.
    pub config: Config,
    /// What rules may name besides watchlist entities.
    pub known: Known,
    /// Who the mails are from.
    pub sender: Sender,
    /// How mails look.
    pub templates: Templates,
    /// Why some of the operator's templates are not used.
    pub template_problems: Vec<Problem>,
    /// Of the operator's templates as they were about to be read.
    pub template_stamp: Option<String>,
    /// Where mails go.
    pub transport: Transport,
    /// Where they go when that is down or refuses the sender.
    pub fallback: Option<Transport>,
    /// A folder that operator notices are also left in when the transport is a relay: it may be what is broken.
    pub local_mail: Option<Maildir>,
}

impl Settings {
    /// Opens the transports; speaks to nobody.
    ///
    /// # Errors
    /// When a folder of mail cannot be made, or certificates cannot be read.
    pub fn open(config: Config, known: Known) -> Result<Settings, DaemonError> {
        let transport = open_transport(&config.mail.transport)?;
        let fallback = config.mail.fallback.as_ref().map(open_transport).transpose()?;
        let template_stamp = config.mail.templates.as_deref().map(deliver::template_stamp);
        let (templates, template_problems) =
            templates(&config).map_err(|error| DaemonError::Mail(error.to_string()))?;
        let host = config.mail.from.rsplit('@').next().unwrap_or("localhost").trim_end_matches('>').to_owned();
        Ok(Settings {
            known,
            sender: Sender { from: config.mail.from.clone(), host },
            templates,
            template_problems,
            template_stamp,
            local_mail: local_mail(&transport, &config)?,
            transport,
            fallback,
            config,
        })
    }
}

fn templates(config: &Config) -> Result<(Templates, Vec<Problem>), MessageError> {
    match &config.mail.templates {
        Some(folder) => Templates::load(folder),
        None => Ok((Templates::shipped()?, Vec::new())),
    }
}

/// What rules may name, by a configuration.
pub fn known(config: &Config) -> Known {
    Known {
        recipients: Some(config.routing.recipients.keys().cloned().collect()),
        sources: Some(config.sources.iter().map(|source| source.name.clone()).collect()),
    }
}

/// Why the configuration as written is not, or not whole, in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// Keys that wait for a restart.
    pub waiting: Vec<String>,
    /// Why some of the operator's mail templates are not used, a line each.
    #[serde(default)]
    pub templates: Vec<String>,
}

/// What was noted last.
///
/// # Errors
/// When the ledger fails.
pub async fn unmet(ledger: &Ledger) -> Result<Unmet, DaemonError> {
    let note = ledger.note(NOTE).await?.and_then(|text| serde_json::from_str(&text).ok());
    Ok(note.unwrap_or_default())
}

/// Notes that the whole configuration is in force: the daemon has just started with it.
///
/// # Errors
/// When the ledger fails.
pub async fn begin(office: &Office) -> Result<(), DaemonError> {
    in_force(office, Vec::new()).await
}

/// Notes what is in force now, and tells what of it is not as it is written.
async fn in_force(office: &Office, waiting: Vec<String>) -> Result<(), DaemonError> {
    let settings = office.settings();
    let templates: Vec<Slip> = settings.template_problems.iter().map(slip).collect();
    let unmet = Unmet {
        problems: Vec::new(),
        waiting: waiting.clone(),
        templates: templates.iter().map(|(line, _)| line.clone()).collect(),
    };
    note(office, &unmet).await?;
    hand_over(office).await?;
    let mut troubles: Vec<Trouble> = templates.iter().map(template_broken).collect();
    troubles.extend((!waiting.is_empty()).then(|| wants_restart(&settings.config.path, &waiting)));
    office.tell_together(&troubles).await
}

/// What is due to somebody who was removed is told to the default recipient.
async fn hand_over(office: &Office) -> Result<(), DaemonError> {
    let routing = &office.settings().config.routing;
    let in_use: Vec<String> = routing.recipients.values().flatten().cloned().collect();
    let heirs: Vec<String> =
        routing.default.iter().filter_map(|name| routing.recipients.get(name)).flatten().cloned().collect();
    let alerts = office.ledger.hand_over(&in_use, &heirs).await?;
    if alerts > 0 {
        tracing::warn!(alerts, "due to somebody who is no recipient any more: told to the default recipient");
    }
    Ok(())
}

async fn note(office: &Office, unmet: &Unmet) -> Result<(), DaemonError> {
    Ok(office.ledger.set_note(NOTE, &serde_json::json!(unmet).to_string()).await?)
}

/// Reads the configuration again and puts in force what a running daemon can.
///
/// # Errors
/// When the ledger fails.
pub async fn take(office: &Office) -> Result<(), DaemonError> {
    let before = office.settings();
    let path = &before.config.path;
    let written = match tokio::task::block_in_place(|| Config::load(path)) {
        Ok(written) => written,
        Err(ConfigError::Wrong(problems)) => return broken(office, path, slips(&problems)).await,
        Err(error @ ConfigError::Unreadable { .. }) => return broken(office, path, vec![failure(path, error)]).await,
    };
    let known = known(&written);
    let Change { config, waiting } = before.config.changed_to(written);
    let settings = match tokio::task::block_in_place(|| Settings::open(config, known)) {
        Ok(settings) => settings,
        Err(error) => return broken(office, path, vec![failure(path, error)]).await,
    };
    office.set_settings(settings);
    tracing::info!(waiting = waiting.join(", "), "configuration in force");
    in_force(office, waiting).await
}

/// Tells which of the operator's templates failed while mails were made.
///
/// # Errors
/// When the ledger fails.
pub async fn tell_template_failures(office: &Office) -> Result<(), DaemonError> {
    let failures = office.settings().templates.take_failures();
    let troubles: Vec<Trouble> = failures.iter().map(slip).map(|slip| template_broken(&slip)).collect();
    office.tell_together(&troubles).await
}

fn template_broken((line, rendered): &Slip) -> Trouble {
    Trouble {
        kind: "template-broken",
        about: line.clone(),
        subject: line.clone(),
        paragraphs: vec![
            "This mail template cannot be used as it stands, and the one that comes with tidewaiter stands in for it. No \
             mail is lost or late for it."
                .to_owned(),
            rendered.clone(),
            "Mend the file; it is taken as soon as it is saved. `tidewaiter check` shows the same, and `tidewaiter preview \
             RULE FILE --templates FOLDER` the mail that it makes."
                .to_owned(),
        ],
    }
}

/// One thing that keeps a configuration out of force: in a line, and at length.
type Slip = (String, String);

fn slips(problems: &[Problem]) -> Vec<Slip> {
    problems.iter().filter(|problem| problem.is_error()).map(slip).collect()
}

fn slip(problem: &Problem) -> Slip {
    let (line, column) = problem.position();
    let place = file_name(Path::new(&problem.source.path));
    (format!("{place}:{line}:{column}: {}", problem.message), problem::render(problem))
}

fn failure(path: &Path, error: impl std::error::Error) -> Slip {
    (format!("{}: {error}", file_name(path)), error.to_string())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

async fn broken(office: &Office, path: &Path, slips: Vec<Slip>) -> Result<(), DaemonError> {
    let (lines, rendered): (Vec<String>, Vec<String>) = slips.into_iter().unzip();
    let subject = lines.first().cloned().unwrap_or_default();
    let before = unmet(&office.ledger).await?;
    note(office, &Unmet { problems: lines, ..before }).await?;
    let path = path.display();
    let about = hash(&rendered.iter().map(String::as_str).collect::<Vec<_>>());
    let mut paragraphs = vec![format!(
        "{path} cannot be used as it stands. The daemon goes on with the configuration that it took before, and cannot \
         start anew until this is mended."
    )];
    paragraphs.extend(rendered);
    paragraphs.push("Mend the file; it is taken as soon as it is saved. `tidewaiter check` shows the same.".to_owned());
    office.tell_operators(&Trouble { kind: "config-broken", about, subject, paragraphs }).await
}

fn wants_restart(path: &Path, waiting: &[String]) -> Trouble {
    let keys = waiting.join(", ");
    Trouble {
        kind: "config-restart",
        about: keys.clone(),
        subject: format!("a restart is needed: {keys}"),
        paragraphs: vec![
            format!("{} was changed, and everything else in it is in force.", path.display()),
            format!("These are opened at the start alone, and stay as they were until then: {keys}."),
            "`systemctl restart tidewaiter` puts them in force; no file and no mail is lost by it.".to_owned(),
        ],
    }
}

/// The hash of what the file says now, as [`Config::hash`]; nothing while it cannot be read.
pub fn hash_of(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| hash(&[&text]))
}

fn open_transport(settings: &TransportSettings) -> Result<Transport, DaemonError> {
    Ok(match settings {
        TransportSettings::Maildir(folder) => Transport::Maildir(open_maildir(folder)?),
        TransportSettings::Sendmail { program, timeout } => {
            Transport::Sendmail(Sendmail { program: program.clone(), arguments: Vec::new(), timeout: *timeout })
        }
        TransportSettings::Smtp(settings) => {
            Transport::Smtp(SmtpTransport::new(settings.clone()).map_err(|error| DaemonError::Mail(error.to_string()))?)
        }
    })
}

/// The folder in the state folder that operator notices are left in; none when mail goes into a folder anyway.
fn local_mail(transport: &Transport, config: &Config) -> Result<Option<Maildir>, DaemonError> {
    match transport {
        Transport::Maildir(_) => Ok(None),
        Transport::Smtp(_) | Transport::Sendmail(_) => Ok(Some(open_maildir(&config.state.join("operator-mail"))?)),
    }
}

fn open_maildir(folder: &Path) -> Result<Maildir, DaemonError> {
    Maildir::open(folder).map_err(|cause| DaemonError::io(folder, cause))
}
