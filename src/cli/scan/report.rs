//! The report of a scan: one HTML file with nothing from elsewhere. In: files, counts, the first findings of each rule.
//! Out: the page. Every text of a record is escaped before it is marked.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use super::tally::Tally;
use crate::desk::Desk;
use crate::finding::Finding;
use crate::intake::Counts;
use crate::prose::{self, FindingView, words};

/// What the page is made of.
pub(super) struct Report {
    rules: Vec<(String, String)>,
    files: Vec<FileView>,
    shown: BTreeMap<String, Vec<FindingView>>,
}

#[derive(Serialize)]
struct FileView {
    name: String,
    read: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Page {
    when: String,
    version: &'static str,
    total: String,
    files: Vec<FileView>,
    heads: Vec<String>,
    rules: Vec<RuleView>,
    quiet: Vec<String>,
}

#[derive(Serialize)]
struct RuleView {
    anchor: usize,
    level: &'static str,
    color: &'static str,
    id: String,
    version: String,
    title: String,
    description: Vec<String>,
    total: String,
    all: String,
    counts: Vec<String>,
    findings: Vec<FindingView>,
    rest: Option<String>,
}

impl Report {
    pub(super) fn new(desk: &Desk) -> Report {
        let rules = desk.plan.rules().iter().map(|rule| (rule.card.id.clone(), rule.card.title.clone()));
        Report { rules: rules.collect(), files: Vec::new(), shown: BTreeMap::new() }
    }

    /// Adds a finding that is shown.
    pub(super) fn show(&mut self, finding: &Finding) {
        self.shown.entry(finding.rule.id.clone()).or_default().push(FindingView::of(finding));
    }

    /// Adds a file that was read.
    pub(super) fn file(&mut self, path: &Path, counts: Counts, notes: &[String]) {
        let mut read = words::counted(counts.records, "record");
        read.push_str(&format!(", {} rejected", words::counted(counts.rejects, "row")));
        let name = prose::clean(&path.display().to_string(), 300);
        let notes = notes.iter().map(|note| prose::clean(note, 400)).collect();
        self.files.push(FileView { name, read, notes });
    }

    /// The page.
    pub(super) fn html(mut self, tally: &Tally, now: Timestamp) -> Result<String, minijinja::Error> {
        let table = tally.by_month();
        let total: u64 = table.rows.iter().map(|row| row.total).sum();
        let fired = |id: &String| table.rows.iter().any(|row| row.card.id == *id);
        let quiet = self.rules.iter().filter(|(id, _)| !fired(id)).map(|(id, _)| prose::clean(id, 128)).collect();
        let count = |count: &u64| if *count == 0 { String::new() } else { words::amount(&count.to_string()) };
        let rules = table.rows.iter().enumerate().map(|(anchor, row)| {
            let findings = self.shown.remove(&row.card.id).unwrap_or_default();
            let rest = row.total.saturating_sub(findings.len() as u64);
            RuleView {
                anchor,
                level: row.card.level.name(),
                color: prose::color(row.card.level),
                id: prose::clean(&row.card.id, 128),
                version: row.card.version.clone(),
                title: prose::clean(&row.card.title, 200),
                description: prose::paragraphs(&row.card.description, 4000),
                total: words::counted(row.total, "finding"),
                all: words::amount(&row.total.to_string()),
                counts: row.counts.iter().map(count).collect(),
                rest: (rest > 0).then(|| format!("{} not shown.", words::counted(rest, "more finding"))),
                findings,
            }
        });
        let page = Page {
            when: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            version: env!("CARGO_PKG_VERSION"),
            total: words::counted(total, "finding"),
            rules: rules.collect(),
            heads: table.heads,
            files: self.files,
            quiet,
        };
        render(&page)
    }
}

fn render(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("report.html", include_str!("report.html"))?;
    environment.get_template("report.html")?.render(Value::from(Serde(page)))
}
