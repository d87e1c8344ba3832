//! Limits on one file: against bombs, and against what would fill memory. As written in the configuration, and as meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Limits on one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file itself.
    pub file: u64,
    /// Bytes after decompression.
    pub decompressed: u64,
    /// Decompressed over compressed.
    pub ratio: u64,
    /// Bytes of one row.
    pub row: usize,
    /// Columns.
    pub columns: usize,
    /// Members of an archive.
    pub members: u64,
    /// Archives inside archives: 1 means none inside another.
    pub nesting: u32,
    /// Bytes of memory of the child that reads spreadsheets, archives and the like.
    pub reader_memory: u64,
    /// Seconds of processor time of that child.
    pub reader_seconds: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file: 4 * GIB,
            decompressed: 16 * GIB,
            ratio: 200,
            row: 64 << 20,
            columns: 4096,
            members: 1000,
            nesting: 2,
            reader_memory: 512 * MIB,
            reader_seconds: 3600,
        }
    }
}

/// Limits as the configuration writes them; what is absent keeps its default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsEntry {
    /// The largest file: `4 GiB`.
    file: Option<String>,
    /// The most that a compressed file or an archive may hold: `16 GiB`.
    decompressed: Option<String>,
    /// How many times larger than itself that may be: `200`.
    ratio: Option<u64>,
    /// The longest row: `64 MiB`.
    row: Option<String>,
    /// Columns: `4096`.
    columns: Option<usize>,
    /// Members of an archive: `1000`.
    members: Option<u64>,
    /// Archives inside archives: `2`.
    nesting: Option<u32>,
    /// Memory for reading a spreadsheet, an archive and the like: `512 MiB`.
    reader_memory: Option<String>,
    /// Processor time for the same, in seconds: `3600`.
    reader_seconds: Option<u64>,
}

impl LimitsEntry {
    /// The limits as meant.
    ///
    /// # Errors
    /// The key and what is wrong with its value.
    pub fn resolve(&self) -> Result<Limits, (&'static str, String)> {
        let usual = Limits::default();
        let bytes = |key: &'static str, written: &Option<String>, usual: u64| match written {
            None => Ok(usual),
            Some(text) => size(text).ok_or_else(|| (key, format!("`{text}` is no size; write `512 MiB` or `4 GiB`"))),
        };
        let row = bytes("row", &self.row, usual.row as u64)?;
        let limits = Limits {
            file: bytes("file", &self.file, usual.file)?,
            decompressed: bytes("decompressed", &self.decompressed, usual.decompressed)?,
            ratio: self.ratio.unwrap_or(usual.ratio),
            row: usize::try_from(row).unwrap_or(usual.row),
            columns: self.columns.unwrap_or(usual.columns),
            members: self.members.unwrap_or(usual.members),
            nesting: self.nesting.unwrap_or(usual.nesting),
            reader_memory: bytes("reader_memory", &self.reader_memory, usual.reader_memory)?,
            reader_seconds: self.reader_seconds.unwrap_or(usual.reader_seconds),
        };
        match limits.reader_memory < 64 * MIB {
            true => Err(("reader_memory", "less than `64 MiB` is not enough to read anything".to_owned())),
            false => Ok(limits),
        }
    }
}

/// Bytes of `512 MiB`, `4 GiB`, `100 kB` or a plain number; `None` when it is no size.
fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kib" | "k" => KIB,
        "mib" | "m" => MIB,
        "gib" | "g" => GIB,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("512 MiB", Some(512 << 20)),
            ("4GiB", Some(4 << 30)),
            ("100 kB", Some(100_000)),
            ("1048576", Some(1 << 20)),
            ("0", None),
            ("much", None),
            ("1 parsec", None),
            ("99999999999 GiB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }

    #[test]
    fn what_is_absent_keeps_its_default_and_nonsense_names_its_key() {
        assert_eq!(LimitsEntry::default().resolve(), Ok(Limits::default()));
        let entry = LimitsEntry { reader_memory: Some("1 MiB".to_owned()), ..LimitsEntry::default() };
        assert_eq!(entry.resolve().unwrap_err().0, "reader_memory");
    }
}
