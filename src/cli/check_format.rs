//! How `check` shows problems: to a person, as JSON lines, to a GitHub workflow, as SARIF.
//!
//! In: problems, sorted. Out: text. It decides nothing about exit codes.

use serde_json::{Value, json};

use crate::problem::{CodeRow, Problem, Severity, code_row, code_table};

/// How problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// As a compiler does.
    Human,
    /// One JSON object a line.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// One line of JSON: a stable interface, described in docs/problems.md.
pub fn as_json(problem: &Problem) -> String {
    let (line, column) = problem.position();
    let (end_line, end_column) = problem.end_position();
    json!({
        "file": problem.source.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
        "severity": problem.severity.name(), "code": problem.code, "message": problem.message,
        "hint": problem.hint, "fix": problem.fix(),
    })
    .to_string()
}

/// One workflow command.
pub fn as_github(problem: &Problem) -> String {
    let (line, column) = problem.position();
    let word = match problem.severity {
        Severity::Note => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let text = problem.advice().map_or_else(|| problem.message.clone(), |help| format!("{} ({help})", problem.message));
    let file = escaped(&problem.source.path).replace(':', "%3A").replace(',', "%2C");
    format!("::{word} file={file},line={line},col={column},title={}::{}", problem.code, escaped(&text))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A whole SARIF log.
pub fn as_sarif(problems: &[Problem]) -> String {
    let used: Vec<&CodeRow> =
        code_table().iter().filter(|row| problems.iter().any(|problem| problem.code == row.code)).collect();
    let rules: Vec<Value> = used
        .iter()
        .map(|row| {
            json!({
                "id": row.code, "shortDescription": {"text": row.meaning}, "help": {"text": row.fix},
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "tidewaiter", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": problems.iter().map(sarif_result).collect::<Vec<_>>(),
        }],
    })
    .to_string()
}

fn sarif_result(problem: &Problem) -> Value {
    let (line, column) = problem.position();
    let (end_line, end_column) = problem.end_position();
    let text = match problem.advice().filter(|_| code_row(problem.code).is_some()) {
        Some(help) => format!("{}: {help}", problem.message),
        None => problem.message.clone(),
    };
    json!({
        "ruleId": problem.code,
        "level": problem.severity.name(),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&problem.source.path)},
            "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
        }}],
    })
}

/// A path as a URI reference: everything but letters, digits and `-._~/` percent-encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
