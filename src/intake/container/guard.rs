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
    /// The last byte handed on.
    pub last: u8,
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

    /// Takes note of the bytes that mean something; all others only close a quoted cell whose last quote stood before them.
    fn note_all(&mut self, seen: &mut Seen, data: &[u8]) {
        let (first, mut next) = (seen.given, 0);
        for at in memchr::memchr3_iter(b'"', b'\n', b'\r', data) {
            if at > next {
                self.pass(seen);
            }
            let byte = data.get(at).copied().unwrap_or_default();
            let before = at.checked_sub(1).and_then(|at| data.get(at)).copied().unwrap_or(self.before);
            self.note(seen, (before, byte), first + at as u64);
            next = at + 1;
        }
        if data.len() > next {
            self.pass(seen);
        }
        self.before = data.last().copied().unwrap_or(self.before);
        seen.last = self.before;
        seen.given += data.len() as u64;
    }

    fn pass(&mut self, seen: &mut Seen) {
        if std::mem::take(&mut self.closing) {
            seen.quote_open = false;
        }
    }

    fn note(&mut self, seen: &mut Seen, (before, byte): (u8, u8), offset: u64) {
        match (seen.quote_open, self.closing, byte) {
            (true, true, b'"') => self.closing = false,
            (true, false, b'"') => self.closing = true,
            (true, false, _) => {}
            (true, true, _) => {
                self.pass(seen);
                self.outside(seen, (before, byte), offset);
            }
            (false, ..) => self.outside(seen, (before, byte), offset),
        }
    }

    fn outside(&self, seen: &mut Seen, (before, byte): (u8, u8), offset: u64) {
        let at_line_start = matches!(before, b'\n' | b'\r');
        match byte {
            b'"' if at_line_start || before == self.delimiter => seen.quote_open = true,
            b'\n' if before == b'\n' => seen.blanks.push_back(offset),
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
        self.note_all(&mut seen, buffer.get(..read).unwrap_or_default());
        if read == 0 && self.closing {
            seen.quote_open = false;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte by byte, as the rules of quoting say.
    fn plainly(text: &[u8]) -> (Vec<u64>, bool) {
        let (mut blanks, mut open, mut closing, mut before) = (Vec::new(), false, false, b'\n');
        for (at, byte) in (0u64..).zip(text) {
            if open && closing && *byte != b'"' {
                (open, closing) = (false, false);
            }
            match (open, *byte) {
                (true, b'"') => closing = !closing,
                (true, _) => {}
                (false, b'"') if matches!(before, b'\n' | b'\r' | b',') => open = true,
                (false, b'\n') if before == b'\n' => blanks.push(at),
                (false, b'\r') if matches!(before, b'\n' | b'\r') && at > 0 => blanks.push(at),
                (false, _) => {}
            }
            before = *byte;
        }
        (blanks, open && !closing)
    }

    proptest::proptest! {
        #[test]
        fn what_is_seen_does_not_depend_on_where_reads_end(text in "[\"\n\r,ab]{0,24}", size in 1usize..6) {
            let source = Box::new(io::Cursor::new(text.clone().into_bytes()));
            let (mut guard, seen) = Guard::new(source, b',', 1 << 20);
            let mut buffer = vec![0; size];
            while guard.read(&mut buffer).unwrap() > 0 {}
            let seen = lock(&seen);
            let blanks: Vec<u64> = seen.blanks.iter().copied().collect();
            proptest::prop_assert_eq!((blanks, seen.quote_open), plainly(text.as_bytes()));
        }
    }
}
