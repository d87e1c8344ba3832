//! The guard between text and CSV reader: bounds a row's bytes, notes blank lines, and knows whether a quote is open.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::ReadError;

/// What the guard has seen; shared with the row source behind it.
#[derive(Debug, Default)]
pub struct Seen {
    /// Bytes handed on.
    given: u64,
    /// Where the row that is being read begins.
    pub row_start: u64,
    /// Offsets of blank lines not yet passed.
    pub blanks: VecDeque<u64>,
    /// Whether a quoted cell is open.
    pub quote_open: bool,
}

/// See the module.
pub struct Guard<'a> {
    inner: Box<dyn Read + 'a>,
    seen: Arc<Mutex<Seen>>,
    delimiter: u8,
    longest_row: u64,
    before: u8,
    closing: bool,
}

impl<'a> Guard<'a> {
    /// A guard over a text.
    pub fn new(inner: Box<dyn Read + 'a>, delimiter: u8, longest_row: usize) -> (Guard<'a>, Arc<Mutex<Seen>>) {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let longest_row = longest_row as u64;
        (Guard { inner, seen: seen.clone(), delimiter, longest_row, before: b'\n', closing: false }, seen)
    }

    fn note(&mut self, seen: &mut Seen, byte: u8, offset: u64) {
        if seen.quote_open {
            match (self.closing, byte) {
                (true, b'"') => self.closing = false,
                (true, _) => {
                    self.closing = false;
                    seen.quote_open = false;
                    self.outside(seen, byte, offset);
                }
                (false, b'"') => self.closing = true,
                (false, _) => {}
            }
        } else {
            self.outside(seen, byte, offset);
        }
        self.before = byte;
    }

    fn outside(&self, seen: &mut Seen, byte: u8, offset: u64) {
        let at_line_start = matches!(self.before, b'\n' | b'\r');
        match byte {
            b'"' if at_line_start || self.before == self.delimiter => seen.quote_open = true,
            b'\n' if self.before == b'\n' => seen.blanks.push_back(offset),
            b'\r' if at_line_start && offset > 0 => seen.blanks.push_back(offset),
            _ => {}
        }
    }
}

/// Locks what the guard has seen; a poisoned lock is as good as any, the values are plain counts.
pub fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Read for Guard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let shared = self.seen.clone();
        let mut seen = lock(&shared);
        let first = seen.given;
        for (index, byte) in buffer.get(..read).unwrap_or_default().iter().enumerate() {
            self.note(&mut seen, *byte, first + index as u64);
        }
        if read == 0 && self.closing {
            seen.quote_open = false;
        }
        seen.given += read as u64;
        if seen.given - seen.row_start > self.longest_row {
            let (code, message) = match seen.quote_open {
                true => ("unclosed-quote", format!("a quoted cell is still open after {} bytes", self.longest_row)),
                false => ("row-too-long", format!("a row has more than {} bytes", self.longest_row)),
            };
            return Err(ReadError::new(code, message).hint("mend the row, or export the table again").into_io());
        }
        Ok(read)
    }
}
