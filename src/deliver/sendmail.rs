//! Sendmail: notification → the local `sendmail` command's standard input → outcome by its exit code.
//!
//! Never a shell: program and arguments are passed as they are, and recipients come after `--`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::maildir::unix_lines;
use crate::notification::{Notification, Outcome};

/// A command that takes a message as sendmail does: `PROGRAM -i -f SENDER -- RECIPIENT`.
#[derive(Debug, Clone)]
pub struct Sendmail {
    /// The program, `/usr/sbin/sendmail`.
    pub program: PathBuf,
    /// Arguments before the usual ones.
    pub arguments: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

impl Sendmail {
    pub(super) async fn send<F>(&self, notification: &Notification, leaving: F) -> Outcome
    where
        F: AsyncFnOnce() -> Result<(), String>,
    {
        if let Err(reason) = leaving().await {
            return Outcome::Deferred { reason };
        }
        let program = self.program.display();
        match tokio::time::timeout(self.timeout, self.run(notification)).await {
            Ok(Ok(output)) => outcome(&output),
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
                Outcome::TransportRefused { reason: format!("{program}: {error}") }
            }
            Ok(Err(error)) => Outcome::Unreachable { reason: format!("{program}: {error}") },
            Err(_) => {
                Outcome::Unconfirmed { reason: format!("{program} did not end within {} s", self.timeout.as_secs()) }
            }
        }
    }

    async fn run(&self, notification: &Notification) -> std::io::Result<Output> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .args(["-i", "-f", &notification.sender, "--", &notification.recipient])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take();
        let feed = async {
            let Some(mut stdin) = stdin else { return };
            // A command that stops reading says why with its exit code.
            let _ = stdin.write_all(&unix_lines(&notification.message)).await;
            let _ = stdin.shutdown().await;
        };
        let ((), output) = tokio::join!(feed, child.wait_with_output());
        output
    }
}

/// Exit codes of `sysexits.h`.
fn outcome(output: &Output) -> Outcome {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = crate::prose::clean(said.trim(), 500);
    let reason = match output.status.code() {
        Some(code) => format!("exit code {code}: {said}"),
        None => format!("ended by a signal: {said}"),
    };
    match output.status.code() {
        Some(0) => Outcome::Delivered { reply: "taken by the command".to_owned() },
        Some(65 | 67 | 68) => Outcome::Refused { reason },
        Some(64 | 77 | 78 | 126 | 127) => Outcome::TransportRefused { reason },
        Some(_) => Outcome::Unreachable { reason },
        None => Outcome::Unconfirmed { reason },
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::notification::Kind;

    async fn check(script: &str) -> Outcome {
        let notification = Notification {
            message_id: "a@host".into(),
            kind: Kind::Alert,
            recipient: "-oops@example.org".into(),
            sender: "tide@example.org".into(),
            subject: "s".into(),
            message: b"A: b\r\n\r\nc\r\n".to_vec(),
            without_attachment: None,
        };
        let sendmail = Sendmail {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            timeout: Duration::from_secs(20),
        };
        sendmail.send(&notification, async || Ok(())).await
    }

    #[tokio::test]
    async fn exit_codes_are_outcomes() {
        let whole = r#"[ "$(cat | wc -l)" = 3 ] && [ "$3" = "--" ] || exit 75"#;
        assert!(matches!(check(whole).await, Outcome::Delivered { .. }));
        assert!(matches!(check("exit 75").await, Outcome::Unreachable { .. }));
        assert!(matches!(check("kill -9 $$").await, Outcome::Unconfirmed { .. }));
        assert!(matches!(check("exit 67").await, Outcome::Refused { .. }));
        assert!(matches!(check("exit 78").await, Outcome::TransportRefused { .. }));
    }
}
