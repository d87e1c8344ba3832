//! The office: what every worker of the daemon shares. Built once; the desk in it is swapped whole on reload.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, Semaphore};

use super::DaemonError;
use crate::config::{Config, TransportSettings};
use crate::deliver::{Maildir, Sender, SmtpTransport, Templates, Transport};
use crate::desk::Desk;
use crate::ledger::Ledger;
use crate::rules::Known;

/// What every worker shares.
pub struct Office {
    /// The configuration.
    pub config: Config,
    /// The memory.
    pub ledger: Ledger,
    /// Who the mails are from.
    pub sender: Sender,
    /// How mails look.
    pub templates: Templates,
    /// Where mails go.
    pub transport: Transport,
    /// A folder that operator notices are also left in when the transport is a relay: it may be what is broken.
    pub local_mail: Option<Maildir>,
    /// Rings when the outbox has something new.
    pub post: Notify,
    desk: ArcSwapOption<Desk>,
    scans: Semaphore,
}

impl Office {
    /// Opens the ledger, the transport and the folders.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub async fn open(config: Config) -> Result<Office, DaemonError> {
        make_folder(&config.state)?;
        let (transport, local_mail) = open_transport(&config)?;
        let host = config.mail.from.rsplit('@').next().unwrap_or("localhost").trim_end_matches('>').to_owned();
        Ok(Office {
            ledger: Ledger::open(&config.ledger).await?,
            sender: Sender { from: config.mail.from.clone(), host },
            templates: Templates::shipped().map_err(|error| DaemonError::Mail(error.to_string()))?,
            transport,
            local_mail,
            post: Notify::new(),
            desk: ArcSwapOption::empty(),
            scans: Semaphore::new(0),
            config,
        })
    }

    /// What rules may name besides watchlist entities.
    pub fn known(&self) -> Known {
        Known {
            recipients: Some(self.config.routing.recipients.keys().cloned().collect()),
            sources: Some(self.config.sources.iter().map(|source| source.name.clone()).collect()),
        }
    }

    /// The desk in force; an attempt keeps the one that it began with.
    pub fn desk(&self) -> Option<Arc<Desk>> {
        self.desk.load_full()
    }

    /// Puts a new desk in force from the next file on.
    pub fn set_desk(&self, desk: Desk) {
        self.desk.store(Some(Arc::new(desk)));
    }

    /// Says that one source's first full scan is done.
    pub fn scanned(&self) {
        self.scans.add_permits(1);
    }

    /// Waits until that many first scans are done.
    pub async fn first_scans(&self, sources: usize) {
        let wanted = u32::try_from(sources).unwrap_or(u32::MAX);
        drop(self.scans.acquire_many(wanted).await);
    }
}

/// Makes a folder and its parents.
pub fn make_folder(folder: &Path) -> Result<(), DaemonError> {
    std::fs::create_dir_all(folder).map_err(|cause| DaemonError::io(folder, cause))
}

fn open_transport(config: &Config) -> Result<(Transport, Option<Maildir>), DaemonError> {
    let maildir = |folder: &Path| Maildir::open(folder).map_err(|cause| DaemonError::io(folder, cause));
    match &config.mail.transport {
        TransportSettings::Maildir(folder) => Ok((Transport::Maildir(maildir(folder)?), None)),
        TransportSettings::Smtp(settings) => {
            let smtp = SmtpTransport::new(settings.clone()).map_err(|error| DaemonError::Mail(error.to_string()))?;
            Ok((Transport::Smtp(smtp), Some(maildir(&config.state.join("operator-mail"))?)))
        }
    }
}
