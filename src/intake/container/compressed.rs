//! gzip and Zstandard by their magic bytes; everything else passes as it is. Limits guard against bombs.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use super::super::{Limits, ReadError};

/// Below this much output the ratio says nothing.
const RATIO_FROM: u64 = 64 << 20;

/// Formats that are recognised and cannot be read: magic bytes, name, what to do.
const REFUSED: [(&[u8], &str, &str); 6] = [
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet (XLSX, ODS)", "unpack it, or save the sheet as CSV"),
    (b"\xD0\xCF\x11\xE0", "an old Excel workbook (XLS)", "save the sheet as CSV"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", "unpack it"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"PAR1", "a Parquet file", "export it as CSV"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
];

/// The file's bytes after decompression.
///
/// # Errors
/// When the file is empty, too large, or of a format that cannot be read.
pub fn open(mut file: File, limits: &Limits) -> Result<Box<dyn Read + Send>, ReadError> {
    let size = file.metadata().map_err(|cause| ReadError::io(&cause))?.len();
    if size > limits.file {
        let message = format!("the file has {size} bytes, more than the limit of {}", limits.file);
        return Err(ReadError::new("file-too-large", message).hint("split it into smaller files"));
    }
    let mut start = Vec::new();
    file.rewind()
        .and_then(|()| file.by_ref().take(8).read_to_end(&mut start))
        .map_err(|cause| ReadError::io(&cause))?;
    file.rewind().map_err(|cause| ReadError::io(&cause))?;
    if start.is_empty() {
        return Err(ReadError::new("empty-file", "the file is empty").hint("drop the whole export"));
    }
    if let Some((_, what, advice)) = REFUSED.iter().find(|(magic, _, _)| start.starts_with(magic)) {
        return Err(
            ReadError::new("unsupported-format", format!("the file is {what}, which is not read")).hint(*advice)
        );
    }
    let buffered = BufReader::with_capacity(1 << 18, file);
    let bounded = |inner: Box<dyn Read + Send>| Bounded { inner, given: 0, size: size.max(1), limits: limits.clone() };
    if start.starts_with(&[0x1F, 0x8B]) {
        return Ok(Box::new(bounded(Box::new(flate2::bufread::MultiGzDecoder::new(buffered)))));
    }
    if start.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        let decoder = zstd::Decoder::with_buffer(buffered).map_err(|cause| ReadError::io(&cause))?;
        return Ok(Box::new(bounded(Box::new(decoder))));
    }
    Ok(Box::new(buffered))
}

/// Stops a stream that gives more than the limits allow, and says so when it is cut short or damaged.
struct Bounded {
    inner: Box<dyn Read + Send>,
    given: u64,
    size: u64,
    limits: Limits,
}

impl Read for Bounded {
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
