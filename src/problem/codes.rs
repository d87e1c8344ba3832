//! Every code of a problem: what it means and how it is mended, read from the table that users read.
//!
//! In: docs/problems.md, at compile time. Out: a row for each code. It knows no place in any file.

use std::sync::LazyLock;

const PAGE: &str = include_str!("../../docs/problems.md");

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRow {
    /// The code.
    pub code: &'static str,
    /// What is wrong.
    pub meaning: &'static str,
    /// What to do.
    pub fix: &'static str,
}

static TABLE: LazyLock<Vec<CodeRow>> = LazyLock::new(|| {
    let mut rows: Vec<CodeRow> = PAGE.lines().filter_map(row).collect();
    rows.sort_by_key(|row| row.code);
    rows
});

/// `| `code` | meaning | fix |`
fn row(line: &'static str) -> Option<CodeRow> {
    let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
    let (code, meaning, fix) = (cells.next()?.strip_suffix('`')?, cells.next()?, cells.next()?);
    cells.next().is_none().then_some(CodeRow { code, meaning, fix })
}

/// Every code, sorted.
pub fn code_table() -> &'static [CodeRow] {
    &TABLE
}

/// The row of a code.
pub fn code_row(code: &str) -> Option<&'static CodeRow> {
    TABLE.binary_search_by_key(&code, |row| row.code).ok().and_then(|place| TABLE.get(place))
}
