//! Token: a command's standard output → the access token with which XOAUTH2 logs in.
//!
//! Never a shell: program and arguments are passed as they are. The token is kept nowhere and logged nowhere; how long it
//! lasts is the command's business, and it is asked anew for every conversation with the relay.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// What a command may say; a token has a few thousand letters at most.
const MOST: u64 = 64 << 10;

/// A command that prints an access token.
#[derive(Debug, Clone)]
pub struct TokenCommand {
    /// The program.
    pub program: PathBuf,
    /// What it is given.
    pub arguments: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

impl TokenCommand {
    /// The first line that the command prints.
    pub(super) async fn token(&self) -> Result<SecretString, String> {
        let name = self.program.display();
        match tokio::time::timeout(self.timeout, self.run()).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(reason)) => Err(format!("the token command {name}: {reason}")),
            Err(_) => Err(format!("the token command {name} did not end within {} s", self.timeout.as_secs())),
        }
    }

    async fn run(&self) -> Result<SecretString, String> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| cause.to_string())?;
        let mut said = String::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MOST).read_to_string(&mut said).await.map_err(|cause| cause.to_string())?;
        }
        let status = child.wait().await.map_err(|cause| cause.to_string())?;
        if !status.success() {
            return Err(format!("it ended with {status}"));
        }
        let token = said.lines().next().unwrap_or("").trim();
        match !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic()) {
            true => Ok(token.into()),
            false => Err("it printed no token".to_owned()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    async fn check(script: &str) -> Result<String, String> {
        let command = TokenCommand {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            timeout: Duration::from_secs(20),
        };
        command.token().await.map(|token| token.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn the_first_line_is_the_token_and_a_failure_is_none() {
        assert_eq!(check("echo ya29.abc").await.unwrap(), "ya29.abc");
        assert!(check("echo secret; exit 3").await.unwrap_err().contains("exit status: 3"));
        assert!(check("true").await.unwrap_err().contains("no token"));
        assert!(check("printf 'two words'").await.unwrap_err().contains("no token"));
    }
}
