//! Encodings: a byte-order mark, UTF-8, UTF-16 by its zeros, then a code page that makes words. Out comes UTF-8.
//!
//! In: bytes, and pieces of their middle and end where they can be had. Out: their text as it is read. What was decided is
//! watched to the end: a text that turns out otherwise is an error, never a silent replacement. An encoding that a layout
//! names is taken as it is; what it cannot decode becomes U+FFFD.

mod decide;
mod words;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, DecoderResult, Encoding, UTF_8};

use self::decide::Decision;
use super::super::ReadError;

/// Bytes at the start that the decision is made on.
const SAMPLE: usize = 256 << 10;
/// Bytes of the middle and of the end.
const PIECE: u64 = 64 << 10;
/// Bytes behind the first letter outside ASCII that a late decision is made on.
const LATE: usize = 64 << 10;
/// A piece of this size of the text is judged once in so many bytes.
const JUDGED: usize = 16 << 10;
const JUDGED_EVERY: u64 = 1 << 20;

/// The encoding of a name; `None` when there is none of it.
pub fn named(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.trim().as_bytes())
}

/// Lines of the middle and the end of a file that its start does not reach; the file is at its start again.
///
/// # Errors
/// When it cannot be read.
pub fn elsewhere(file: &mut File) -> Result<Vec<u8>, ReadError> {
    let mut pieces = Vec::new();
    let mut read = || -> io::Result<()> {
        let size = file.metadata()?.len();
        if size <= SAMPLE as u64 {
            return Ok(());
        }
        for from in [size / 2, size.saturating_sub(PIECE)] {
            file.seek(SeekFrom::Start(from))?;
            let mut piece = Vec::new();
            file.by_ref().take(PIECE).read_to_end(&mut piece)?;
            pieces.extend_from_slice(whole_lines(&piece));
        }
        file.rewind()
    };
    read().map_err(|cause| ReadError::io(&cause))?;
    Ok(pieces)
}

/// What lies between the first and the last line end.
fn whole_lines(piece: &[u8]) -> &[u8] {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let (first, last) = (piece.iter().position(is_end), piece.iter().rposition(is_end));
    first.zip(last).and_then(|(first, last)| piece.get(first..last)).unwrap_or_default()
}

/// The text of a byte stream, as UTF-8.
///
/// # Errors
/// When the bytes are no text, or it is in doubt in which encoding they are.
pub fn open<'a>(bytes: Box<dyn Read + 'a>, name: Option<&str>) -> Result<Box<Decoding<'a>>, ReadError> {
    open_with(bytes, &[], name)
}

/// The same, with pieces of the rest.
///
/// # Errors
/// As [`open`].
pub fn open_with<'a>(
    mut bytes: Box<dyn Read + 'a>,
    elsewhere: &[u8],
    name: Option<&str>,
) -> Result<Box<Decoding<'a>>, ReadError> {
    let mut sample = Vec::new();
    bytes.by_ref().take(SAMPLE as u64).read_to_end(&mut sample).map_err(ReadError::from_io)?;
    if sample.is_empty() {
        return Err(ReadError::new("empty-file", "there is nothing inside the file").hint("drop the whole export"));
    }
    let (state, trust) = match name {
        Some(name) => {
            let encoding = named(name).ok_or_else(|| {
                let message = format!("`{name}` is no encoding that is known");
                ReadError::new("encoding", message)
                    .hint("write utf-8, windows-1251, ibm866, koi8-r, utf-16le or gb18030")
            })?;
            (State::decoding(encoding), Trust::Told)
        }
        None => match decide::decide(&sample, elsewhere)? {
            Decision::Is(encoding) => (State::decoding(encoding), Trust::Guessed),
            Decision::AsciiSoFar => (State::Ascii, Trust::Guessed),
        },
    };
    let source = Box::new(Cursor::new(sample).chain(bytes));
    let text = Decoding {
        source,
        state,
        trust,
        input: Vec::new(),
        start: 0,
        ended: false,
        finished: false,
        given: 0,
        judge_at: JUDGED_EVERY,
        lines: 1,
    };
    Ok(Box::new(text))
}

/// The encoding that bytes outside UTF-8 are probably in.
///
/// # Errors
/// When they are no text or it is in doubt.
pub fn detect(sample: &[u8]) -> Result<&'static Encoding, ReadError> {
    Ok(match decide::decide(sample, &[])? {
        Decision::Is(encoding) => encoding,
        Decision::AsciiSoFar => UTF_8,
    })
}

/// The code page of fixed-width records, which hold bytes of numbers and marks besides letters; `own` is what their file
/// says, which is not always so.
///
/// # Errors
/// When no code page makes words of them.
pub fn of_records(sample: &[u8], own: Option<&'static Encoding>) -> Result<&'static Encoding, ReadError> {
    let reads = |encoding: &'static Encoding| decide::doubt(encoding, &encoding.decode_without_bom_handling(sample).0);
    let guess = decide::guess(sample);
    match own {
        Some(own) if reads(own).is_none() => Ok(own),
        Some(_) | None => match reads(guess) {
            None => Ok(guess),
            Some(error) => Err(error),
        },
    }
}

/// The first letters of a text in whatever encoding, to see what it is a text of; never fails.
pub fn first_letters(start: &[u8], name: Option<&str>, letters: usize) -> String {
    let marked = Encoding::for_bom(start).map(|(encoding, _)| encoding);
    let encoding = marked.or(name.and_then(named)).or_else(|| decide::utf_16_without_mark(start)).unwrap_or(UTF_8);
    let bytes = start.get(..letters.saturating_mul(4).min(start.len())).unwrap_or(start);
    encoding.decode(bytes).0.chars().take(letters).collect()
}

/// Whether a text reads like words.
///
/// # Errors
/// When it was saved in the wrong encoding.
pub fn judge(text: &str) -> Result<(), ReadError> {
    decide::doubt(UTF_8, text).map_or(Ok(()), Err)
}

/// Whether somebody said which encoding it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Told,
    Guessed,
}

enum State {
    /// No letter outside ASCII has come; the encoding is decided on the first ones.
    Ascii,
    Decoding(Box<encoding_rs::Decoder>),
}

impl State {
    fn decoding(encoding: &'static Encoding) -> State {
        State::Decoding(Box::new(encoding.new_decoder()))
    }
}

/// Decodes while it is read.
pub struct Decoding<'a> {
    source: Box<dyn Read + 'a>,
    state: State,
    trust: Trust,
    input: Vec<u8>,
    start: usize,
    ended: bool,
    finished: bool,
    /// Bytes of text so far, and where the text is judged next.
    given: u64,
    judge_at: u64,
    /// The line that is being given.
    lines: u64,
}

impl Read for Decoding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // encoding_rs wants room for one whole character.
        if buffer.len() < 8 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mut written = 0;
        while written == 0 && !self.finished {
            self.fill(1 << 16)?;
            written = self.decode(buffer)?;
        }
        let text = buffer.get(..written).unwrap_or_default();
        if self.trust == Trust::Guessed {
            self.watch(text)?;
        }
        Ok(written)
    }
}

impl Decoding<'_> {
    /// The encoding's name, as far as is known.
    pub fn encoding(&self) -> &'static str {
        match &self.state {
            State::Ascii => "ASCII",
            State::Decoding(decoder) => decoder.encoding().name(),
        }
    }

    /// Reads on when all input is used.
    fn fill(&mut self, size: usize) -> io::Result<()> {
        if self.start >= self.input.len() && !self.ended {
            self.input.resize(size, 0);
            let read = self.source.read(&mut self.input)?;
            self.input.truncate(read);
            self.start = 0;
            self.ended = read == 0;
        }
        Ok(())
    }

    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = self.input.get(self.start..).unwrap_or_default();
        let decoder = match &mut self.state {
            State::Decoding(decoder) => decoder,
            State::Ascii => return self.pass_ascii(buffer),
        };
        let (consumed, written, is_done, is_malformed) = match self.trust {
            Trust::Told => {
                let (result, consumed, written, _) = decoder.decode_to_utf8(input, buffer, self.ended);
                (consumed, written, result == CoderResult::InputEmpty, false)
            }
            Trust::Guessed => {
                let (result, consumed, written) = decoder.decode_to_utf8_without_replacement(input, buffer, self.ended);
                let is_malformed = matches!(result, DecoderResult::Malformed(..));
                (consumed, written, result == DecoderResult::InputEmpty, is_malformed)
            }
        };
        if is_malformed {
            let text = std::str::from_utf8(buffer.get(..written).unwrap_or_default()).unwrap_or("");
            let line = self.lines + lines_in(text.as_bytes());
            return Err(decide::broken_later(decoder.encoding(), text, line).into_io());
        }
        self.start += consumed;
        self.finished = is_done && self.ended;
        Ok(written)
    }

    /// Hands on what is ASCII, and decides when the first letter outside it has come.
    fn pass_ascii(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = self.input.get(self.start..).unwrap_or_default();
        if input.is_empty() {
            self.finished = self.ended;
            return Ok(0);
        }
        let ascii = Encoding::ascii_valid_up_to(input);
        if ascii > 0 {
            let size = ascii.min(buffer.len());
            buffer.iter_mut().zip(input.iter().take(size)).for_each(|(to, from)| *to = *from);
            self.start += size;
            return Ok(size);
        }
        let mut late = input.to_vec();
        self.source.by_ref().take(LATE as u64).read_to_end(&mut late)?;
        let decided =
            decide::decide(&late, &[]).map_err(|error| ReadError { row: Some(self.lines), ..error }.into_io())?;
        if let Decision::Is(encoding) = decided {
            self.state = State::Decoding(Box::new(encoding.new_decoder_without_bom_handling()));
        }
        (self.input, self.start) = (late, 0);
        Ok(0)
    }

    /// Counts lines, and looks from time to time whether the text still reads like words.
    fn watch(&mut self, text: &[u8]) -> io::Result<()> {
        self.lines += lines_in(text);
        self.given += text.len() as u64;
        if self.given < self.judge_at {
            return Ok(());
        }
        self.judge_at = self.given + JUDGED_EVERY;
        let State::Decoding(decoder) = &self.state else { return Ok(()) };
        let piece = text.get(..JUDGED.min(text.len())).unwrap_or_default();
        let doubt = match std::str::from_utf8(piece) {
            Ok(piece) => decide::doubt(decoder.encoding(), piece),
            Err(error) => {
                let whole = piece.get(..error.valid_up_to()).unwrap_or_default();
                decide::doubt(decoder.encoding(), std::str::from_utf8(whole).unwrap_or(""))
            }
        };
        match doubt {
            Some(error) => Err(ReadError { row: Some(self.lines), ..error }.into_io()),
            None => Ok(()),
        }
    }
}

fn lines_in(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
