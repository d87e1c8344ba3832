//! Formats that are read at arm's length: by a child of this program that limits its own memory and processor time,
//! reads one open file and streams raw cells back. Layouts and values stay on this side.
//!
//! In: an open file. Out: a [`RowSource`]. A child that dies, or ends without its closing count, fails the file.

#![expect(clippy::disallowed_methods, reason = "starts the reading child")]

use std::fs::File;
use std::io::{self, BufReader, PipeReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::panic::{self, AssertUnwindSafe, Location};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::super::{Isolation, Limits, ReadError};
use super::frames::{self, Frame, FrameWriter};
use super::{Row, RowSource, Table, walk};

/// The hidden command that the child runs.
pub const COMMAND: &str = "read-container";
/// This very program, also when its file was replaced by an upgrade.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// A container read by somebody else.
pub struct Foreign {
    frames: BufReader<Box<dyn Read + Send>>,
    reader: Reader,
    limits: Limits,
    /// A table that was met while rows of the one before were read.
    next: Option<Table>,
    rows: u64,
    ended: bool,
}

enum Reader {
    Child(Child),
    Thread(Option<JoinHandle<()>>),
}

/// What the child must know.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Order {
    encoding: Option<String>,
    limits: Limits,
}

/// Opens a file for reading by a child (or, with [`Isolation::Thread`], by a thread of this process).
///
/// # Errors
/// When the child cannot be started.
pub fn open(file: File, encoding: Option<&str>, limits: &Limits, isolation: Isolation) -> Result<Foreign, ReadError> {
    let order = Order { encoding: encoding.map(str::to_owned), limits: limits.clone() };
    let (input, reader) = match isolation {
        Isolation::Child => child(file, &order)?,
        Isolation::Thread => thread(file, order)?,
    };
    let frames = BufReader::with_capacity(1 << 16, input);
    Ok(Foreign { frames, reader, limits: limits.clone(), next: None, rows: 0, ended: false })
}

type Started = (Box<dyn Read + Send>, Reader);

fn child(file: File, order: &Order) -> Result<Started, ReadError> {
    let order = serde_json::to_string(order).map_err(|cause| ReadError::io(&cause.into()))?;
    let failed = |cause: io::Error| {
        ReadError::new("no-reader", format!("the program that reads this format cannot be started: {cause}"))
            .hint("see that /proc is mounted and that the service may start processes, then put the file back")
    };
    let mut child = Command::new(THIS_PROGRAM)
        .arg(COMMAND)
        .arg(order)
        .env_clear()
        .envs(std::env::var_os("TMPDIR").map(|folder| ("TMPDIR", folder)))
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let output = child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
    Ok((Box::new(output), Reader::Child(child)))
}

fn thread(file: File, order: Order) -> Result<Started, ReadError> {
    let (input, output): (PipeReader, _) = io::pipe().map_err(|cause| ReadError::io(&cause))?;
    let thread = std::thread::spawn(move || {
        let mut out = FrameWriter::new(Box::new(output), &order.limits);
        let read = read(file, &order, &mut out);
        // A parent that has gone away wants nothing any more.
        let _ = out.end(read);
    });
    Ok((Box::new(input), Reader::Thread(Some(thread))))
}

/// The child: limits itself, reads the file on standard input, writes frames to `output`.
///
/// # Errors
/// When the order cannot be read, the limits cannot be set, or the parent has gone away.
pub fn serve(order: &str, input: File, output: File) -> Result<(), ReadError> {
    let order: Order =
        serde_json::from_str(order).map_err(|cause| ReadError::new("no-reader", format!("no order: {cause}")))?;
    let limit = |resource, value: u64| {
        let limits = Rlimit { current: Some(value), maximum: Some(value) };
        setrlimit(resource, limits).map_err(|errno| ReadError::io(&errno.into()))
    };
    limit(Resource::As, order.limits.reader_memory)?;
    limit(Resource::Cpu, order.limits.reader_seconds)?;
    limit(Resource::Core, 0)?;
    // Standard error leads nowhere here; the place of a panic is told with the error instead.
    panic::set_hook(Box::new(|panic| {
        let _ = PANICKED_AT.set(panic.location().map_or_else(String::new, place_in_source));
    }));
    let mut out = FrameWriter::new(Box::new(output), &order.limits);
    let read = read(input, &order, &mut out);
    out.end(read)
}

/// Where the child's reader panicked.
static PANICKED_AT: OnceLock<String> = OnceLock::new();

/// Reads the file. A library that panics has met a file that it has no error for: damaged, as a rule.
fn read(file: File, order: &Order, out: &mut FrameWriter) -> Result<(), ReadError> {
    let read = || walk::read(file, order.encoding.as_deref(), &order.limits, out);
    panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let place = PANICKED_AT.get().map_or_else(String::new, |place| format!(" at {place}"));
        let message = format!("the file is damaged or not complete: its reader gave up{place}");
        Err(ReadError::new("cut-short", message).hint("open it and save it again, or save it as CSV"))
    })
}

/// `crate-1.2.3/src/file.rs:40`, without the folders of the machine that built it.
fn place_in_source(place: &Location<'_>) -> String {
    let file = place.file();
    let start = file.rfind("/src/").and_then(|at| file.get(..at)).and_then(|before| before.rfind('/'));
    let file = start.and_then(|at| file.get(at + 1..)).unwrap_or(file);
    format!("{file}:{}", place.line())
}

impl RowSource for Foreign {
    fn next_table(&mut self) -> Result<Option<Table>, ReadError> {
        let mut skipped = Row::default();
        while self.next.is_none() && !self.ended {
            self.next_row(&mut skipped)?;
        }
        Ok(self.next.take())
    }

    fn next_row(&mut self, row: &mut Row) -> Result<bool, ReadError> {
        if self.next.is_some() || self.ended {
            return Ok(false);
        }
        match frames::next(&mut self.frames, row, &self.limits) {
            Ok(Some(Frame::Row)) => {
                self.rows += 1;
                Ok(true)
            }
            Ok(Some(Frame::Table(table))) => {
                self.next = Some(table);
                Ok(false)
            }
            Ok(Some(Frame::Error(error))) => {
                self.ended = true;
                Err(*error)
            }
            Ok(Some(Frame::End(rows))) => {
                self.ended = true;
                match (self.wait(), rows == self.rows) {
                    (None, true) => Ok(false),
                    (status, _) => Err(self.died(status)),
                }
            }
            Ok(None) | Err(_) => {
                self.ended = true;
                let status = self.wait();
                Err(self.died(status))
            }
        }
    }
}

impl Foreign {
    /// Waits for the reader's end; `Some` when it is no good one.
    fn wait(&mut self) -> Option<ExitStatus> {
        match &mut self.reader {
            Reader::Child(child) => child.wait().ok().filter(|status| !status.success()),
            Reader::Thread(thread) => {
                let failed = thread.take().is_some_and(|thread| thread.join().is_err());
                failed.then(|| ExitStatus::from_raw(1 << 8))
            }
        }
    }

    fn died(&self, status: Option<ExitStatus>) -> ReadError {
        let signal = status.and_then(|status| status.signal());
        let megabytes = self.limits.reader_memory >> 20;
        let (why, hint) = match signal {
            Some(24) => (
                format!("it needs more than {} s of processor time", self.limits.reader_seconds),
                "save it as CSV, or raise `limits: reader_seconds`",
            ),
            Some(6 | 9 | 11) => (
                format!("reading it needs more than {megabytes} MiB of memory, or its structure is broken"),
                "save it as CSV, or raise `limits: reader_memory`",
            ),
            Some(other) => (format!("its reader was ended by signal {other}"), "save it as CSV"),
            None => ("its reader ended before the end of the file".to_owned(), "save it as CSV"),
        };
        ReadError::new("reader-died", format!("the file cannot be read: {why}")).hint(hint)
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Reader::Child(child) = &mut self.reader {
            // It may have ended long ago; either way nothing of it is left behind.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
