//! Encodings: byte-order mark, then strict UTF-8, then UTF-16 by its zeros, then detection. Out comes UTF-8.

use std::io::{self, Cursor, Read};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::super::ReadError;

/// Bytes that the decision is made on.
const SAMPLE: usize = 256 << 10;
/// Bytes around the first letters outside ASCII that the detector is fed.
const DETECTED: usize = 64 << 10;

/// The text of a byte stream, as UTF-8.
///
/// # Errors
/// When the bytes are no text, or `named` is no encoding.
pub fn open<'a>(mut bytes: Box<dyn Read + 'a>, named: Option<&str>) -> Result<Box<dyn Read + 'a>, ReadError> {
    let mut sample = vec![0; SAMPLE];
    let mut filled = 0;
    while let Some(rest) = sample.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match bytes.read(rest).map_err(ReadError::from_io)? {
            0 => break,
            read => filled += read,
        }
    }
    sample.truncate(filled);
    if sample.is_empty() {
        return Err(ReadError::new("empty-file", "there is nothing inside the file").hint("drop the whole export"));
    }
    let encoding = match named {
        Some(name) => Encoding::for_label(name.as_bytes()).ok_or_else(|| {
            let message = format!("`{name}` is no encoding that is known");
            ReadError::new("encoding", message).hint("write utf-8, windows-1251, ibm866, koi8-r, utf-16le or gb18030")
        })?,
        None => detect(&sample)?,
    };
    let source = Box::new(Cursor::new(sample).chain(bytes));
    let text = Decoding {
        source,
        decoder: encoding.new_decoder(),
        name: encoding.name(),
        input: Vec::new(),
        start: 0,
        ended: false,
        finished: false,
    };
    Ok(Box::new(text))
}

pub(super) fn detect(sample: &[u8]) -> Result<&'static Encoding, ReadError> {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return Ok(encoding);
    }
    if let Some(encoding) = utf_16_without_mark(sample) {
        return Ok(encoding);
    }
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 14..=31)).count();
    if sample.contains(&0) || controls * 100 > sample.len() {
        let message = "the file is no text: it has bytes that no table has";
        return Err(ReadError::new("not-text", message).hint("export it as CSV"));
    }
    match simdutf8::compat::from_utf8(sample) {
        Ok(_) => return Ok(UTF_8),
        // Only the character that the sample cuts through is broken.
        Err(error) if error.error_len().is_none() => return Ok(UTF_8),
        Err(_) => {}
    }
    Ok(guess(sample))
}

/// The code page of letters around the first that are outside ASCII.
fn guess(sample: &[u8]) -> &'static Encoding {
    let first = sample.iter().position(|byte| *byte >= 0x80).unwrap_or(0);
    let from = first.saturating_sub(DETECTED / 2);
    let window = sample.get(from..(from + DETECTED).min(sample.len())).unwrap_or(sample);
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(window, false);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// The code page of fixed-width records, which hold bytes of numbers and marks besides letters.
pub fn of_letters(sample: &[u8]) -> &'static Encoding {
    let count = |from: u8, until: u8| sample.iter().filter(|byte| (from..=until).contains(*byte)).count();
    // А–п of code page 866 are signs and rare letters in windows-1251; А–Я of windows-1251 draw boxes in 866.
    let (in_866, in_1251) = (count(0x80, 0xAF), count(0xC0, 0xDF) + count(0xF2, 0xFF));
    match (in_866 > 2 * in_1251, in_1251 > 2 * in_866) {
        (true, _) => encoding_rs::IBM866,
        (_, true) => encoding_rs::WINDOWS_1251,
        _ => guess(sample),
    }
}

/// The first letters of a text in whatever encoding, to see what it is a text of; never fails.
pub fn first_letters(start: &[u8], named: Option<&str>, letters: usize) -> String {
    let named = named.and_then(|name| Encoding::for_label(name.as_bytes()));
    let marked = Encoding::for_bom(start).map(|(encoding, _)| encoding);
    let encoding = marked.or(named).or_else(|| utf_16_without_mark(start)).unwrap_or(UTF_8);
    let bytes = start.get(..letters.saturating_mul(4).min(start.len())).unwrap_or(start);
    encoding.decode(bytes).0.chars().take(letters).collect()
}

/// Text in UTF-16 has a zero in every other byte where it is Latin, and a few other high bytes where it is Cyrillic.
fn utf_16_without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let share = |odd: usize| {
        let high = sample.iter().skip(odd).step_by(2);
        high.filter(|byte| matches!(byte, 0 | 4)).count() * 10 > sample.len() * 4
    };
    let zeros = sample.iter().filter(|byte| **byte == 0).count() * 20 > sample.len();
    match (zeros && sample.len() >= 4, share(1), share(0)) {
        (true, true, false) => Some(UTF_16LE),
        (true, false, true) => Some(UTF_16BE),
        _ => None,
    }
}

/// Decodes while it is read; a byte sequence that the encoding does not have is an error, never a silent replacement.
struct Decoding<'a> {
    source: Box<dyn Read + 'a>,
    decoder: encoding_rs::Decoder,
    name: &'static str,
    input: Vec<u8>,
    start: usize,
    ended: bool,
    finished: bool,
}

impl Read for Decoding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // encoding_rs wants room for one whole character.
        if buffer.len() < 8 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        while !self.finished {
            if self.start >= self.input.len() && !self.ended {
                self.input.resize(1 << 16, 0);
                let read = self.source.read(&mut self.input)?;
                self.input.truncate(read);
                self.start = 0;
                self.ended = read == 0;
            }
            let input = self.input.get(self.start..).unwrap_or_default();
            let (result, consumed, written) =
                self.decoder.decode_to_utf8_without_replacement(input, buffer, self.ended);
            self.start += consumed;
            match result {
                DecoderResult::Malformed(..) => return self.malformed(buffer, written),
                DecoderResult::InputEmpty if self.ended => {
                    self.finished = true;
                    return Ok(written);
                }
                DecoderResult::InputEmpty | DecoderResult::OutputFull if written > 0 => return Ok(written),
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            }
        }
        Ok(0)
    }
}

impl Decoding<'_> {
    /// Single-byte code pages have a few holes: one becomes U+FFFD. In UTF-8 and UTF-16 the file is not what it seemed.
    fn malformed(&self, buffer: &mut [u8], written: usize) -> io::Result<usize> {
        if self.name.starts_with("UTF") {
            let message = format!("the file is {} at its start but not all through", self.name);
            let hint = "export it again in one encoding, or name it in the layout: `encoding: windows-1251`";
            return Err(ReadError::new("encoding", message).hint(hint).into_io());
        }
        let sign = '\u{FFFD}'.len_utf8();
        match buffer.get_mut(written..written + sign) {
            Some(room) => {
                '\u{FFFD}'.encode_utf8(room);
                Ok(written + sign)
            }
            // No room: the hole is dropped rather than the text before it.
            None => Ok(written),
        }
    }
}
