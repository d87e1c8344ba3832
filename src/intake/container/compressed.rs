//! gzip and Zstandard by their magic bytes; everything else passes as it is. Limits guard against bombs.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use super::super::{Limits, ReadError};

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTANDARD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
/// Below this much output the ratio says nothing.
const RATIO_FROM: u64 = 64 << 20;

/// Whether bytes begin like a compressed stream.
pub fn is_compressed(start: &[u8]) -> bool {
    start.starts_with(GZIP) || start.starts_with(ZSTANDARD)
}

/// The same of an open file, which is at its start again.
///
/// # Errors
/// When it cannot be read.
pub fn is_compressed_file(file: &mut File) -> Result<bool, ReadError> {
    let mut start = Vec::new();
    let read = file.rewind().and_then(|()| file.by_ref().take(8).read_to_end(&mut start)).and_then(|_| file.rewind());
    read.map_err(|cause| ReadError::io(&cause))?;
    Ok(is_compressed(&start))
}

/// The file's bytes from its start, after decompression.
///
/// # Errors
/// When the file is empty or too large.
pub fn open(mut file: File, limits: &Limits) -> Result<Box<dyn Read>, ReadError> {
    let size = file.metadata().map_err(|cause| ReadError::io(&cause))?.len();
    if size > limits.file {
        let message = format!("the file has {size} bytes, more than the limit of {}", limits.file);
        return Err(ReadError::new("file-too-large", message).hint("split it into smaller files"));
    }
    let mut start = Vec::new();
    file.rewind()
        .and_then(|()| file.by_ref().take(8).read_to_end(&mut start))
        .and_then(|_| file.rewind())
        .map_err(|cause| ReadError::io(&cause))?;
    if start.is_empty() {
        return Err(ReadError::new("empty-file", "the file is empty").hint("drop the whole export"));
    }
    stream(&start, Box::new(file), (size, limits))
}

/// A stream whose start is known, after decompression; `size` is what it has before that.
///
/// # Errors
/// When the decoder cannot be made.
pub fn stream<'a>(
    start: &[u8],
    bytes: Box<dyn Read + 'a>,
    (size, limits): (u64, &Limits),
) -> Result<Box<dyn Read + 'a>, ReadError> {
    let buffered = BufReader::with_capacity(1 << 18, bytes);
    if start.starts_with(GZIP) {
        return Ok(Box::new(Bounded::new(flate2::bufread::MultiGzDecoder::new(buffered), size, limits)));
    }
    if start.starts_with(ZSTANDARD) {
        let decoder = zstd::Decoder::with_buffer(buffered).map_err(|cause| ReadError::io(&cause))?;
        return Ok(Box::new(Bounded::new(decoder, size, limits)));
    }
    Ok(Box::new(buffered))
}

/// Stops a stream that gives more than the limits allow, and says so when it is cut short or damaged.
pub struct Bounded<R> {
    inner: R,
    given: u64,
    size: u64,
    limits: Limits,
}

impl<R: Read> Bounded<R> {
    /// A guard over what decompression gives of `size` bytes.
    pub fn new(inner: R, size: u64, limits: &Limits) -> Bounded<R> {
        Bounded { inner, given: 0, size: size.max(1), limits: limits.clone() }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).map_err(|cause| {
            let message = format!("the compressed file is damaged or not complete: {cause}");
            ReadError::new("cut-short", message).hint("drop the whole file again").into_io()
        })?;
        self.given += read as u64;
        if self.given > self.limits.decompressed
            || (self.given > RATIO_FROM && self.given / self.size > self.limits.ratio)
        {
            let message = format!("the compressed file gives more than {} bytes", self.given);
            return Err(ReadError::new("too-much-inside", message).hint("drop it uncompressed, in parts").into_io());
        }
        Ok(read)
    }
}
