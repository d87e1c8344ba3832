//! HTTP: `GET /metrics`, `/healthz` and `/readyz`, and nothing else, on one port.
//!
//! In: requests, all of them hostile. Out: an answer each, and the end of the connection. A request's head is bounded in
//! bytes and time, connections are bounded in number, and no body is ever read. It changes nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio_util::sync::CancellationToken;

use super::hindrances;
use super::metrics::Figures;
use super::office::Office;
use super::vitals::Vitals;
use super::{DaemonError, now_micros};

/// Connections at once; more are hung up on.
const CONNECTIONS: usize = 16;
/// Bytes of a request's head.
const HEAD: usize = 8 << 10;
/// For a whole conversation.
const PATIENCE: Duration = Duration::from_secs(10);
/// Figures this young are shown again: a scraper gone wild costs the ledger nothing.
const FRESH: Duration = Duration::from_secs(5);
/// After a failed accept, such as too many open files.
const REST: Duration = Duration::from_millis(200);

/// Takes the port.
///
/// # Errors
/// When it is taken already, or this machine has no such address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| DaemonError::Io { place: format!("`metrics: {address}` in the configuration"), cause })
}

struct Server {
    office: Arc<Office>,
    vitals: Arc<Vitals>,
    page: Mutex<Option<(Instant, String)>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: &'static str,
    body: String,
}

/// Answers until told to stop.
///
/// # Errors
/// Never: a connection that fails is its own end.
pub async fn serve(
    listener: TcpListener,
    (office, vitals): (Arc<Office>, Arc<Vitals>),
    shutdown: CancellationToken,
) -> Result<(), DaemonError> {
    let server = Arc::new(Server { office, vitals, page: Mutex::default() });
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let Ok(place) = places.clone().try_acquire_owned() else { continue };
                let server = server.clone();
                tokio::spawn(async move {
                    let talk = tokio::time::timeout(PATIENCE, server.converse(stream)).await;
                    tracing::trace!(?talk, "a request for metrics or health");
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection for metrics could not be taken");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

impl Server {
    async fn converse(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let answer = match read_head(&mut stream).await? {
            Some(head) => match path_of(&head) {
                Ok(path) => self.answer(path).await,
                Err(answer) => answer,
            },
            None => plain("431 Request Header Fields Too Large", "the request is too long\n"),
        };
        let text = format!(
            "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{}",
            answer.status,
            answer.body.len(),
            answer.body
        );
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    }

    async fn answer(&self, path: &str) -> Answer {
        match path {
            "/metrics" => self.metrics().await,
            "/healthz" => {
                let still = self.vitals.still(Instant::now());
                match still.is_empty() {
                    true => plain("200 OK", "ok\n"),
                    false => unavailable(&format!("these workers stand still: {}\n", still.join(", "))),
                }
            }
            "/readyz" if !self.vitals.is_ready() => unavailable("the first look at the drop folders is not done\n"),
            "/readyz" if self.office.desk().is_none() => unavailable("no rules are in force\n"),
            "/readyz" => match hindrances::of_intake(&self.office.hindrances.all()) {
                Some(why) => unavailable(&format!("{why}\n")),
                None => plain("200 OK", "ready\n"),
            },
            _ => plain("404 Not Found", "there are /metrics, /healthz and /readyz\n"),
        }
    }

    async fn metrics(&self) -> Answer {
        let mut page = self.page.lock().await;
        if let Some((_, text)) = page.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return plain("200 OK", text);
        }
        match Figures::of(&self.office).await {
            Ok(figures) => {
                let text = figures.render(now_micros());
                *page = Some((Instant::now(), text.clone()));
                plain("200 OK", &text)
            }
            Err(error) => {
                tracing::error!(%error, "metrics cannot be gathered");
                unavailable("the ledger does not answer\n")
            }
        }
    }
}

fn plain(status: &'static str, body: &str) -> Answer {
    Answer { status, body: body.to_owned() }
}

fn unavailable(body: &str) -> Answer {
    plain("503 Service Unavailable", body)
}

/// The head of a request up to its empty line; nothing when it is too long.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while head.len() <= HEAD {
        let read = stream.read(&mut piece).await?;
        head.extend_from_slice(piece.get(..read).unwrap_or_default());
        if read == 0 || head.windows(4).any(|four| four == b"\r\n\r\n") {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

/// The path of a GET, without its query; else the answer that says what is wrong.
fn path_of(head: &[u8]) -> Result<&str, Answer> {
    let bad = || plain("400 Bad Request", "this is no HTTP request\n");
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| bad())?;
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("GET"), Some(path), Some("HTTP/1.0" | "HTTP/1.1"), None) => {
            Ok(path.split_once('?').map_or(path, |(path, _)| path))
        }
        (Some(_), Some(_), Some("HTTP/1.0" | "HTTP/1.1"), None) => {
            Err(plain("405 Method Not Allowed", "only GET is answered\n"))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_has_a_path_and_everything_else_an_answer() {
        assert_eq!(path_of(b"GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"), Ok("/metrics"));
        for (head, status) in [
            (&b"POST /metrics HTTP/1.1\r\n\r\n"[..], "405"),
            (b"GET /metrics HTTP/2\r\n\r\n", "400"),
            (b"GET  /metrics HTTP/1.1\r\n\r\n", "400"),
            (b"\xff\xfe /metrics HTTP/1.1\r\n\r\n", "400"),
            (b"", "400"),
            (b"\r\n\r\n", "400"),
        ] {
            assert!(path_of(head).unwrap_err().status.starts_with(status), "{}", String::from_utf8_lossy(head));
        }
    }
}
