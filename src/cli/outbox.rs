//! `tidewaiter outbox`: list, show, requeue or discard mails.

use clap::{Args, Subcommand};
use serde_json::json;

use super::status::time;
use super::{CommandError, ConfigArgument, say};
use crate::deliver::text_of;

/// List, show, requeue or discard mails.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter outbox\n  tidewaiter outbox show 3 --text\n  tidewaiter outbox requeue 3"
)]
pub struct Outbox {
    #[command(flatten)]
    config: ConfigArgument,
    /// As one JSON array.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the mails, the latest first; what the command does by itself.
    List,
    /// Print a whole message.
    Show {
        /// Its number.
        id: i64,
        /// For reading: recipient, subject and plain text alone, decoded.
        #[arg(long)]
        text: bool,
    },
    /// Send a message again that was given up.
    Requeue {
        /// Its number.
        id: i64,
    },
    /// Set a message aside that was given up; `status` speaks of it no more.
    Discard {
        /// Its number.
        id: i64,
    },
}

/// Runs the command.
pub async fn outbox(command: Outbox) -> Result<(), CommandError> {
    let (_, ledger) = command.config.ledger().await?;
    match command.action {
        None | Some(Action::List) => list(&ledger, command.json).await,
        Some(Action::Show { id, text }) => {
            let message = ledger.outbox_message(id).await?;
            let message = message.ok_or_else(|| CommandError::Usage(format!("there is no message {id}")))?;
            if message.message.is_empty() {
                let dropped = format!("the text of message {id} was dropped when it was old: `retention:` says when");
                return Err(CommandError::Usage(dropped));
            }
            say(match text {
                true => format!("To: {}\nSubject: {}\n\n{}", message.recipient, message.subject, text_of(&message)),
                false => String::from_utf8_lossy(&message.message).replace("\r\n", "\n"),
            });
            Ok(())
        }
        Some(Action::Requeue { id }) => match ledger.requeue(id, jiff::Timestamp::now().as_microsecond()).await? {
            true => {
                say(format!("message {id} is due again"));
                Ok(())
            }
            false => Err(CommandError::Usage(format!("message {id} is out, or is not there"))),
        },
        Some(Action::Discard { id }) => match ledger.discard_mail(id).await? {
            true => {
                say(format!("message {id} is set aside; `requeue {id}` still sends it"));
                Ok(())
            }
            false => Err(CommandError::Usage(format!("message {id} was not given up, or is not there"))),
        },
    }
}

async fn list(ledger: &crate::ledger::Ledger, as_json: bool) -> Result<(), CommandError> {
    let listings = ledger.outbox(10_000).await?;
    if as_json {
        let rows: Vec<_> = listings
            .iter()
            .map(|row| {
                json!({
                    "id": row.id, "state": row.state, "recipient": row.recipient, "subject": row.subject,
                    "message_id": row.message_id, "kind": row.kind, "attempts": row.attempts, "last_reply": row.last_reply,
                    "next_at": row.next_at.map(time),
                })
            })
            .collect();
        say(json!(rows).to_string());
        return Ok(());
    }
    for row in &listings {
        let reply = row.last_reply.as_deref().map_or_else(String::new, |reply| format!("; {reply}"));
        let next = row.next_at.map_or_else(String::new, |at| format!("; tried next {}", time(at)));
        say(format!("{:>6} {:<9} {:<28} {}{reply}{next}", row.id, row.state, row.recipient, row.subject));
    }
    Ok(())
}
