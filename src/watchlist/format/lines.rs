//! A stream that knows its line. In: bytes. Out: the same bytes, the line reached, and whether every double quote has its
//! partner, which tells a table that was cut off.
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// What is known of the bytes read so far.
#[derive(Debug, Default)]
pub(super) struct Reached {
    newlines: Cell<usize>,
    odd_quotes: Cell<bool>,
}

impl Reached {
    /// The line, from 1.
    pub(super) fn line(&self) -> usize {
        self.newlines.get() + 1
    }

    /// Whether a double quote was never closed.
    pub(super) fn quote_is_open(&self) -> bool {
        self.odd_quotes.get()
    }
}

/// The stream.
pub(super) struct Lines<'r> {
    inner: &'r mut dyn BufRead,
    reached: Rc<Reached>,
}

impl<'r> Lines<'r> {
    pub(super) fn new(inner: &'r mut dyn BufRead) -> Lines<'r> {
        Lines { inner, reached: Rc::default() }
    }

    /// A view of what is reached that outlives the stream's being lent to a parser.
    pub(super) fn reached(&self) -> Rc<Reached> {
        self.reached.clone()
    }
}

fn note(reached: &Reached, bytes: &[u8]) {
    reached.newlines.set(reached.newlines.get() + memchr::memchr_iter(b'\n', bytes).count());
    let quotes = memchr::memchr_iter(b'"', bytes).count();
    reached.odd_quotes.set(reached.odd_quotes.get() ^ (quotes % 2 == 1));
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        note(&self.reached, buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl BufRead for Lines<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Ok(bytes) = self.inner.fill_buf() {
            note(&self.reached, bytes.get(..amount).unwrap_or_default());
        }
        self.inner.consume(amount);
    }
}
