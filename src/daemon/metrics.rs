//! Metrics: what the ledger and the workers say of the daemon → Prometheus' text format.
//!
//! Rendering is pure. No content of a record is in it: names of sources and rules, and numbers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::courier::DOWN_SINCE;
use super::office::Office;
use super::settings::{self, Unmet};
use super::{DaemonError, lists, nightly};
use crate::ledger::{Counts, FileState, SourceHealth};

/// Everything that is shown.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    sources: Vec<SourceHealth>,
    /// Rule and published findings.
    findings: Vec<(String, i64)>,
    counts: Counts,
    oldest_mail: Option<i64>,
    rules: usize,
    broken: usize,
    held_lists: usize,
    unmet: Unmet,
    copied_at: Option<i64>,
    relay_down_since: Option<i64>,
    /// Seconds spent on files, by source, since the start.
    worked: BTreeMap<String, f64>,
}

impl Figures {
    /// Gathers them.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn of(office: &Office) -> Result<Figures, DaemonError> {
        let ledger = &office.ledger;
        let broken = ledger.note("broken").await?.unwrap_or_default();
        let broken: Vec<String> = serde_json::from_str(&broken).unwrap_or_default();
        let lists = lists::states(ledger).await?;
        Ok(Figures {
            sources: ledger.source_health().await?,
            findings: ledger.rule_hits().await?.into_iter().map(|(rule, many, _)| (rule, many)).collect(),
            counts: ledger.counts().await?,
            oldest_mail: ledger.oldest_waiting().await?,
            rules: office.desk().map_or(0, |desk| desk.plan.rules().len()),
            broken: broken.len(),
            held_lists: lists.values().filter(|state| state.held.is_some()).count(),
            unmet: settings::unmet(ledger).await?,
            copied_at: nightly::last(ledger).await?.and_then(|night| night.copied_at),
            relay_down_since: ledger.note(DOWN_SINCE).await?.and_then(|text| text.parse().ok()),
            worked: office.worked(),
        })
    }

    /// As Prometheus reads them.
    pub fn render(&self, now: i64) -> String {
        let mut page = Page::default();
        page.one("build_info", "gauge", "The version that runs.", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.files(&mut page);
        page.head("findings_total", "counter", "Findings published, by rule.");
        for (rule, many) in &self.findings {
            page.line("findings_total", &[("rule", rule)], many);
        }
        self.mail(&mut page, now);
        page.head("rules", "gauge", "Rules in force, and problems that keep rule files out.");
        page.line("rules", &[("state", "in_force")], self.rules);
        page.line("rules", &[("state", "broken")], self.broken);
        let help = "Problems that keep the configuration as written out of force, and keys that wait for a restart.";
        page.head("configuration", "gauge", help);
        page.line("configuration", &[("state", "broken")], self.unmet.problems.len());
        page.line("configuration", &[("state", "waiting")], self.unmet.waiting.len());
        let help = "When the last good copy of the ledger was made; 0 before the first.";
        page.one("backup_timestamp_seconds", "gauge", help, &[], self.copied_at.unwrap_or(0) / 1_000_000);
        let help = "Watchlists of which a shrunken version is held.";
        page.one("watchlists_held", "gauge", help, &[], self.held_lists);
        page.text
    }

    fn files(&self, page: &mut Page) {
        page.head("files", "gauge", "Files by source and state.");
        for source in &self.sources {
            for (state, many) in &source.files {
                page.line("files", &[("source", &source.source), ("state", state.as_str())], many);
            }
        }
        let all = self.sources.iter().flat_map(|source| &source.files);
        let held: i64 = all.filter(|(state, _)| *state == FileState::Held).map(|(_, many)| many).sum();
        page.one("files_held", "gauge", "Files that wait for somebody's word.", &[], held);
        page.head("records_total", "counter", "Records of published files, by source.");
        for source in &self.sources {
            page.line("records_total", &[("source", &source.source)], source.records);
        }
        page.head("rejects_total", "counter", "Rows of published files that could not be records, by source.");
        for source in &self.sources {
            page.line("rejects_total", &[("source", &source.source)], source.rejects);
        }
        page.head("last_file_timestamp_seconds", "gauge", "When the last file of a source was published.");
        for (source, at) in self.sources.iter().filter_map(|source| Some((source, source.last_at?))) {
            page.line("last_file_timestamp_seconds", &[("source", &source.source)], at / 1_000_000);
        }
        page.head("evaluation_seconds_total", "counter", "Seconds spent reading, evaluating and publishing files.");
        for (source, seconds) in &self.worked {
            page.line("evaluation_seconds_total", &[("source", source)], format!("{seconds:.3}"));
        }
    }

    fn mail(&self, page: &mut Page, now: i64) {
        page.head("outbox_messages", "gauge", "Mails by state.");
        let counts = &self.counts;
        for (state, many) in
            [("waiting", counts.outbox_waiting), ("delivered", counts.outbox_delivered), ("dead", counts.outbox_dead)]
        {
            page.line("outbox_messages", &[("state", state)], many);
        }
        let seconds = |at: Option<i64>| at.map_or(0, |at| now.saturating_sub(at).max(0) / 1_000_000);
        let help = "How long the oldest mail that waits has waited.";
        page.one("outbox_oldest_seconds", "gauge", help, &[], seconds(self.oldest_mail));
        let help = "For how long the relay has not taken mail; 0 when it does.";
        page.one("relay_down_seconds", "gauge", help, &[], seconds(self.relay_down_since));
    }
}

#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP tidewaiter_{name} {help}\n# TYPE tidewaiter_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "tidewaiter_{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, labels, value);
    }
}

/// A label's value as the text format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_line_and_no_name_breaks_one() {
        let figures = Figures {
            sources: vec![SourceHealth {
                source: "imp\"orts\\\n".into(),
                files: vec![(FileState::Done, 3), (FileState::Held, 1)],
                records: 1200,
                rejects: 2,
                last_records_at: None,
                last_at: Some(1_700_000_000_000_000),
            }],
            findings: vec![("su-35".into(), 7)],
            counts: Counts { outbox_waiting: 4, outbox_delivered: 9, ..Counts::default() },
            oldest_mail: Some(1_000_000),
            rules: 40,
            broken: 1,
            held_lists: 0,
            copied_at: Some(90_000_000),
            unmet: Unmet { problems: vec![], waiting: vec!["state".into()], templates: vec![] },
            relay_down_since: Some(61_000_000),
            worked: BTreeMap::from([("imports".to_owned(), 1.5)]),
        };
        let page = figures.render(121_000_000).replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(page);
    }
}
