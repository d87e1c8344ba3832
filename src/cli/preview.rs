//! `tidewaiter preview RULE FILE`: the mail that a rule would make of a file, as `.eml` and `.html`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::{CommandError, RulesArgument, find_rule, open, say, unreadable};
use crate::alert::{Alert, FileReport, News, PartyMonth, Told, Totals};
use crate::deliver::{Letter, Occasion, Sender, Templates, alert_letter, html_of};
use crate::finding::{Finding, Identity};
use crate::pipeline::{self, RunError};
use crate::record::{Field, Part, Role, SourceFile};
use crate::rule_card::RuleCard;
use crate::value::Decimal;

/// Write the mail that a rule would make of a file.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidewaiter preview su-35-parts-to-rostec export.csv --out /tmp\n  tidewaiter preview su-35-parts-to-rostec export.csv --templates my-templates"
)]
pub struct Preview {
    /// The rule's id.
    rule: String,
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    rules: RulesArgument,
    /// Folder for RULE.eml and RULE.html.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// The layout; chosen by the headings when absent.
    #[arg(long)]
    layout: Option<String>,
    /// Folder with templates of your own; the shipped ones stand in for what is not there.
    #[arg(long)]
    templates: Option<PathBuf>,
}

/// As many findings as a mail carries along.
const CARRIED: usize = 10_000;

/// Runs the command.
pub fn preview(command: &Preview) -> Result<(), CommandError> {
    let desk = command.rules.desk()?;
    let rule = find_rule(&desk, &command.rule)?.clone();
    let mut reading = open(&command.file, &desk, command.layout.as_deref(), desk.plan.needs())?;
    let mut heaps = Heaps::default();
    let counts = pipeline::run(&mut reading, &desk, |chunk| {
        for finding in chunk.findings.into_iter().filter(|finding| finding.rule.id == rule.card.id) {
            heaps.add(finding);
        }
        Ok::<(), std::convert::Infallible>(())
    });
    let counts = match counts {
        Ok(counts) => counts,
        Err(RunError::Read(error)) => return Err(unreadable(&command.file, &error)),
        Err(RunError::Taker(never)) => match never {},
    };
    if heaps.heaps.is_empty() {
        return Err(CommandError::Problems(format!(
            "{} does not fire for {}: there is no mail to show",
            rule.card.id,
            command.file.display()
        )));
    }
    let file = command.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = SourceFile { source: "preview".to_owned(), file, member: None, sheet: None, sha256: None };
    let report = FileReport {
        source,
        records: counts.records,
        rejects: counts.rejects,
        skipped: counts.skipped,
        notes: pipeline::notes(&reading, &desk),
        banner: None,
    };
    let alerts: Vec<Alert> = heaps.heaps.into_iter().map(|heap| heap.alert(&rule.card, &report)).collect();
    write(command, &alerts)
}

/// Findings by their groups, in the order in which these come; as many as a mail carries along.
#[derive(Default)]
struct Heaps {
    heaps: Vec<Heap>,
    places: HashMap<Vec<String>, usize>,
    carried: usize,
}

/// Findings of one group.
#[derive(Default)]
struct Heap {
    group: Vec<String>,
    findings: Vec<Finding>,
    sums: Sums,
}

impl Heaps {
    fn add(&mut self, finding: Finding) {
        let place = *self.places.entry(finding.group.clone()).or_insert(self.heaps.len());
        if place == self.heaps.len() {
            self.heaps.push(Heap { group: finding.group.clone(), ..Heap::default() });
        }
        let Some(heap) = self.heaps.get_mut(place) else { return };
        heap.sums.add(&finding);
        if self.carried < CARRIED {
            self.carried += 1;
            heap.findings.push(finding);
        }
    }
}

impl Heap {
    fn alert(mut self, rule: &Arc<RuleCard>, report: &FileReport) -> Alert {
        self.findings.sort_by(|a, b| b.record.get(Field::DeclarationDate).cmp(&a.record.get(Field::DeclarationDate)));
        let told = self.findings.into_iter().map(|finding| Told {
            id: 0,
            key: finding.key(&Identity::default(), 0),
            finding,
            news: News::New,
        });
        Alert {
            key: String::new(),
            rule: rule.clone(),
            group: rule.alert.group_by.iter().cloned().zip(self.group).collect(),
            told: told.collect(),
            totals: self.sums.totals(),
            files: vec![report.clone()],
            held: Vec::new(),
        }
    }
}

/// Lines of a summary.
const LINES: usize = 200;

/// What the findings add up to: in all, and by consignor, consignee and month.
#[derive(Default)]
struct Sums {
    all: Sum,
    lines: BTreeMap<[String; 3], Sum>,
}

#[derive(Default)]
struct Sum {
    records: u64,
    value: Option<Decimal>,
}

impl Sum {
    fn add(&mut self, value: Option<Decimal>) {
        self.records += 1;
        let sum = |value: Decimal| self.value.unwrap_or_default().checked_add(value);
        self.value = value.and_then(sum).or(self.value);
    }

    fn text(&self) -> Option<String> {
        self.value.map(|sum| sum.normalize().to_string())
    }
}

impl Sums {
    fn add(&mut self, finding: &Finding) {
        let cell = |field: Field| finding.record.get(field).unwrap_or("");
        let value = cell(Field::ValueUsd).parse::<Decimal>().ok();
        let date = cell(Field::DeclarationDate);
        let month = date.get(..7).unwrap_or(date);
        let party = |role: Role| cell(Field::Party(role, Part::Name)).to_owned();
        let line = [party(Role::Consignor), party(Role::Consignee), month.to_owned()];
        self.lines.entry(line).or_default().add(value);
        self.all.add(value);
    }

    fn totals(self) -> Totals {
        let line = |([consignor, consignee, month], sum): ([String; 3], Sum)| PartyMonth {
            consignor,
            consignee,
            month,
            records: sum.records,
            value_usd: sum.text(),
        };
        let mut lines: Vec<PartyMonth> = self.lines.into_iter().map(line).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.records));
        let many = lines.len() as u64;
        lines.truncate(LINES);
        let value_usd = self.all.text();
        Totals { new: self.all.records, amended: 0, value_usd, by_party_and_month: lines, lines: many }
    }
}

fn write(command: &Preview, alerts: &[Alert]) -> Result<(), CommandError> {
    let (templates, mut problems) = match &command.templates {
        Some(folder) => Templates::load(folder)?,
        None => (Templates::shipped()?, Vec::new()),
    };
    let sender = Sender { from: "tidewaiter@localhost".to_owned(), host: "localhost".to_owned() };
    let letter = Letter {
        alerts,
        occasion: &Occasion::default(),
        recipient: "preview@localhost",
        roots: &[],
        now: jiff::Timestamp::now(),
        id: uuid::Uuid::now_v7(),
    };
    let notification = alert_letter(&letter, &sender, &templates)?;
    problems.extend(templates.take_failures());
    super::show(&problems);
    for (ending, bytes) in [("eml", notification.message.clone()), ("html", html_of(&notification).into_bytes())] {
        let path = command.out.join(format!("{}.{ending}", command.rule));
        std::fs::write(&path, bytes).map_err(CommandError::io(&path))?;
        say(path.display().to_string());
    }
    Ok(())
}
