//! A year by a clock in hand: exports, bursts, floods, storms, silences, outages of the relay, stops and changes of the
//! clocks, on a real ledger. What was told is read back from the mails themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mail_parser::{MessageParser, MimeHeaders};
use sqlx::Row;

use super::publish::{WholeFile, publish};
use super::{Office, teller};
use crate::alert::FileReport;
use crate::config::Config;
use crate::finding::{Evidence, Finding, Identity};
use crate::ledger::{NewFile, NewSilence, OutboxStep, StagedFinding, StormEnd, Waits};
use crate::record::{Field, Part, Record, Role, SourceFile};
use crate::rule_card::{AlertSettings, Level, RuleCard};
use crate::silence::Matcher;
use crate::telemetry::Pulse;

const FILES: usize = 500;
const RULES: usize = 40;
const RECIPIENTS: usize = 12;
const ZONE: &str = "Europe/Berlin";

/// A small generator: the year is the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// What becomes of a finding, as the test's own book has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Told,
    Silenced,
    Discarded,
}

/// Who is told, the rule, the declaration.
type Key = (String, String, String);

struct Year {
    folder: tempfile::TempDir,
    office: Option<Office>,
    now: Timestamp,
    files: usize,
    dice: Dice,
    expected: BTreeMap<Key, Fate>,
    /// The moments in which the daemon came back after it had been down over an hour of a digest.
    returns: BTreeSet<i64>,
    outages: Vec<(Timestamp, Timestamp)>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn address(number: usize) -> String {
    format!("r{number:02}@example.org")
}

fn config(folder: &Path) -> Config {
    let mut text = format!("timezone: {ZONE}\nsources:\n");
    for name in ["north", "south", "east"] {
        text += &format!("  - {{ name: {name}, folder: {name} }}\n");
    }
    text += "mail: { transport: 'maildir:mail', from: tide@example.org }\noperators: ops@example.org\nrecipients:\n";
    text += "  default: r00@example.org\n";
    for number in 1..RECIPIENTS {
        text += &format!("  p{number:02}: {}\n", address(number));
    }
    Config::parse(&folder.join("tidewaiter.yaml"), &text).config.unwrap()
}

fn rule(number: usize) -> Arc<RuleCard> {
    let to = [1 + number % (RECIPIENTS - 1), 1 + number * 5 % (RECIPIENTS - 1)].map(|person| format!("p{person:02}"));
    let to = if number.is_multiple_of(7) { vec![] } else { to[..1 + number % 2].to_vec() };
    Arc::new(RuleCard {
        title: format!("Rule {number}"),
        level: Level::ALL[number % 5],
        description: "A rule.".into(),
        reads: vec!["description".into()],
        // A slip in the owner's address keeps nobody else from being told of a storm.
        alert: AlertSettings { to, owner: Some("jane@@example".into()), ..AlertSettings::default() },
        ..RuleCard::sample(&format!("rule-{number:02}"))
    })
}

fn recipients(rule: &RuleCard) -> BTreeSet<String> {
    let of = |name: &String| format!("r{}@example.org", name.trim_start_matches('p'));
    let named: BTreeSet<String> = rule.alert.to.iter().map(of).collect();
    if named.is_empty() { BTreeSet::from([address(0)]) } else { named }
}

impl Year {
    async fn begin(now: Timestamp) -> Year {
        let mut year = Year {
            folder: tempfile::tempdir().unwrap(),
            office: None,
            now,
            files: 0,
            dice: Dice(35),
            expected: BTreeMap::new(),
            returns: BTreeSet::new(),
            outages: Vec::new(),
        };
        year.restart().await;
        year
    }

    fn office(&self) -> &Office {
        self.office.as_ref().unwrap()
    }

    async fn restart(&mut self) {
        self.office = None;
        self.office = Some(Office::open(config(self.folder.path())).await.unwrap());
    }

    /// Lets the time go by: the teller looks whenever something is due, and the courier sends.
    async fn until(&mut self, then: Timestamp) {
        loop {
            let next = self.office().ledger.next_telling_at().await.unwrap();
            let next = next.and_then(|at| Timestamp::from_microsecond(at).ok()).filter(|next| *next < then);
            let Some(next) = next else { break };
            // What waits for a limit is looked at again and again.
            self.now = next.max(self.now + SignedDuration::from_secs(30)).min(then);
            self.tell().await;
            if self.now >= then {
                break;
            }
        }
        self.now = then;
        self.tell().await;
    }

    async fn tell(&mut self) {
        teller::tell_due(self.office(), &Pulse::default(), self.now).await.unwrap();
        let now = self.now.as_microsecond();
        let down = self.outages.iter().any(|(from, to)| (*from..*to).contains(&self.now));
        for row in self.office().ledger.due(now, &[], 1_000).await.unwrap() {
            let step = match down {
                true => {
                    OutboxStep::RetryAt { at: now + 3_600_000_000, reason: "no route".into(), waits: Waits::ForRelay }
                }
                false => OutboxStep::Delivered { reply: "250".into() },
            };
            self.office().ledger.record_outcome(row.id, &step, now).await.unwrap();
        }
    }

    /// Publishes a file in which rules fire so often.
    async fn file(&mut self, firing: &[(usize, usize)], fate: Fate) {
        self.files += 1;
        let number = self.files;
        let source = ["north", "south", "east"][number % 3];
        let name = format!("{number}.csv");
        let report = FileReport {
            source: SourceFile { source: source.into(), file: name.clone(), member: None, sheet: None, sha256: None },
            records: 500,
            rejects: 0,
            skipped: 0,
            notes: vec![],
            banner: None,
        };
        let mut staged = Vec::new();
        for (rule_number, many) in firing {
            let rule = rule(*rule_number);
            for row in 0..*many {
                let finding = finding(&rule, &report.source, (number, row));
                for recipient in recipients(&rule) {
                    let declaration = finding.record.get(Field::DeclarationId).unwrap().to_owned();
                    self.expected.insert((recipient, rule.id.clone(), declaration), fate);
                }
                staged.push(StagedFinding {
                    key: finding.key(&Identity { scope: source.into(), ..Identity::default() }, 0),
                    finding,
                });
            }
        }
        let now = self.now.as_microsecond();
        let ledger = &self.office().ledger;
        let new = NewFile { source: source.into(), name, work_name: format!("w{number}"), size: 1 };
        let id = ledger.begin_claim(&new, now).await.unwrap();
        let attempt = ledger.begin_attempt(id, "plan", now).await.unwrap();
        ledger.stage(&attempt, &staged).await.unwrap();
        let whole = WholeFile { report, layout: "l".into(), supplied: vec![], unasked: None, commonest_reject: None };
        publish(self.office(), &attempt, whole, (&Pulse::default(), self.now)).await.unwrap();
        self.tell().await;
    }

    /// A few rules that fire a few times.
    fn some(&mut self) -> Vec<(usize, usize)> {
        let mut firing = BTreeMap::new();
        for _ in 0..=self.dice.below(2) {
            // Rule 3 is silenced in summer, and fires in a file of its own.
            let rule = 4 + self.dice.below(RULES - 4);
            firing.insert(rule, 1 + self.dice.below(3));
        }
        firing.into_iter().collect()
    }
}

fn finding(rule: &Arc<RuleCard>, source: &SourceFile, (file, row): (usize, usize)) -> Finding {
    let evidence = Evidence {
        selection: "goods".into(),
        field: "description".into(),
        operator: "mentions".into(),
        value: "x".into(),
        matched: "x".into(),
        ..Evidence::default()
    };
    let fields = vec![
        (Field::DeclarationId, format!("D-{file}-{row}")),
        (Field::ItemNumber, "1".to_owned()),
        (Field::DeclarationDate, "2025-11-03".to_owned()),
        (Field::Party(Role::Consignee, Part::Name), "SAMPLE TRADING".to_owned()),
        (Field::Description, "x".to_owned()),
    ];
    let record =
        Record { source: Arc::new(source.clone()), row: row as u64 + 2, fields, raw: vec![], computed_usd: false };
    Finding { rule: rule.clone(), record, evidence: vec![evidence], group: vec![] }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_year_every_finding_is_told_once_to_each_or_counted_with_its_reason() {
    let mut year = Year::begin(at("2026-01-01T00:00:00Z")).await;
    year.outages = vec![
        (at("2026-02-10T03:00:00Z"), at("2026-02-12T15:00:00Z")),
        (at("2026-11-20T05:00:00Z"), at("2026-11-20T19:00:00Z")),
    ];
    live_through(&mut year).await;
    year.until(at("2027-01-20T12:00:00Z")).await;
    assert_eq!(year.files, FILES);
    let office = year.office.take().unwrap();
    office.ledger.close().await;
    look_back(&year).await;
}

/// What the digest to somebody says at its foot of what is not told.
async fn foot(year: &Year, recipient: &str) -> Vec<String> {
    let ledger = &year.office().ledger;
    let mails = ledger.outbox(100).await.unwrap();
    let id = mails.iter().find(|mail| mail.recipient == recipient && mail.kind == "alert").unwrap().id;
    let message = ledger.outbox_message(id).await.unwrap().unwrap().message;
    let text = MessageParser::default().parse(&message).unwrap().body_text(0).unwrap().into_owned();
    assert!(text.contains("Daily digest, 2026-01-07"), "{text}");
    let (_, rest) = text.split_once("Not told so far:").unwrap_or_default();
    rest.lines().filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_foot_of_a_digest_counts_what_its_own_reader_is_not_told() {
    let mut year = Year::begin(at("2026-01-06T10:00:00Z")).await;
    let matcher = Matcher { rule: Some("rule-24".into()), ..Matcher::default() };
    let (author, reason) = ("me@example.org".into(), "known".into());
    let new = NewSilence { matcher, author, reason, until_at: at("2026-02-01T00:00:00Z").as_microsecond() };
    year.office().ledger.add_silence(&new, year.now.as_microsecond()).await.unwrap();
    // Rule 2, the storm of rule 13 and the silenced rule 24 would go to the third, rule 12 to the second.
    year.file(&[(2, 5), (12, 1), (13, 120), (24, 2)], Fate::Told).await;
    year.until(at("2026-01-07T08:00:00Z")).await;
    let held = "120 findings held as a storm: `tidewaiter release RULE` or `tidewaiter discard RULE`";
    assert_eq!(foot(&year, &address(3)).await, [held, "2 findings silenced: `tidewaiter silence list`"]);
    assert_eq!(foot(&year, &address(2)).await, Vec::<String>::new());
    let all = year.office().ledger.untold(year.now.as_microsecond()).await.unwrap();
    let all: Vec<_> = all.iter().map(|count| (count.why.name(), count.many)).collect();
    assert_eq!(all, [("storm", 120), ("silenced", 2)]);
}

/// The year's events, in the order of the calendar.
async fn live_through(year: &mut Year) {
    let mut silence = 0;
    for week in 0..52_i64 {
        let monday = at("2026-01-05T00:00:00Z") + SignedDuration::from_hours(7 * 24 * week);
        let day = |days: i64, hours: i64| monday + SignedDuration::from_hours(24 * days + hours);
        for _ in 0..6 {
            let (days, hours) = (week_place(&mut year.dice, 5), 6 + week_place(&mut year.dice, 12));
            let moment = day(days, hours).max(year.now + SignedDuration::from_mins(7));
            if moment >= day(6, 0) {
                continue;
            }
            year.until(moment).await;
            let firing = year.some();
            year.file(&firing, Fate::Told).await;
        }
        year.until(day(6, 1).max(year.now)).await;
        match week {
            5 | 30 => flood(year).await,
            10 => storm(year, 13, Some(StormEnd::Released)).await,
            20 => storm(year, 14, Some(StormEnd::Discarded)).await,
            40 => storm(year, 18, None).await,
            15 | 33 => year.restart().await,
            24 => {
                let matcher = Matcher { rule: Some("rule-03".into()), ..Matcher::default() };
                let until_at = day(35, 0).as_microsecond();
                let (author, reason) = ("me@example.org".into(), "known".into());
                let new = NewSilence { matcher, author, reason, until_at };
                silence = year.office().ledger.add_silence(&new, year.now.as_microsecond()).await.unwrap();
                year.file(&[(3, 2)], Fate::Silenced).await;
            }
            26 => year.file(&[(3, 2)], Fate::Silenced).await,
            27 => assert!(year.office().ledger.end_silence(silence, year.now.as_microsecond()).await.unwrap()),
            28 => year.file(&[(3, 2)], Fate::Told).await,
            45 => {
                // Down from Sunday to Wednesday afternoon: two daily digests and a weekly one are missed.
                year.now = day(9, 15);
                year.returns.insert(year.now.as_microsecond());
                year.restart().await;
                year.tell().await;
            }
            _ => {}
        }
    }
    while year.files < FILES {
        year.until(year.now + SignedDuration::from_hours(1)).await;
        let firing = year.some();
        year.file(&firing, Fate::Told).await;
    }
}

fn week_place(dice: &mut Dice, limit: usize) -> i64 {
    i64::try_from(dice.below(limit)).unwrap()
}

/// Forty files within an hour and a half, each with something high and every fourth with something critical.
async fn flood(year: &mut Year) {
    for n in 0..40_usize {
        year.until(year.now + SignedDuration::from_secs(130)).await;
        let mut firing = vec![(8, 1)];
        if n.is_multiple_of(4) {
            firing.push((9, 1));
        }
        year.file(&firing, Fate::Told).await;
    }
}

async fn storm(year: &mut Year, rule_number: usize, end: Option<StormEnd>) {
    let fate = if end == Some(StormEnd::Discarded) { Fate::Discarded } else { Fate::Told };
    year.file(&[(rule_number, 120)], fate).await;
    let id = rule(rule_number).id.clone();
    year.until(year.now + SignedDuration::from_hours(6)).await;
    if let Some(end) = end {
        let ended = year.office().ledger.end_storms(&id, end, year.now.as_microsecond()).await.unwrap();
        assert_eq!(ended, Some(120));
    }
    year.until(year.now + SignedDuration::from_hours(20)).await;
}

async fn look_back(year: &Year) {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", year.folder.path().join("state/ledger.db").display());
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    let rows = sqlx::query("SELECT recipient, message_id, message, state, kind FROM outbox").fetch_all(&pool).await;
    let mut told: BTreeMap<Key, String> = BTreeMap::new();
    let (mut ids, mut subjects) = (BTreeSet::new(), Vec::new());
    for row in rows.unwrap() {
        let [recipient, id, state, kind] =
            ["recipient", "message_id", "state", "kind"].map(|column| row.try_get::<String, _>(column).unwrap());
        assert!(ids.insert(id.clone()), "{id} stands twice in the outbox");
        assert_eq!(state, "delivered");
        let message: Vec<u8> = row.try_get("message").unwrap();
        let parsed = MessageParser::default().parse(&message).unwrap();
        if kind == "operator" {
            subjects.push(parsed.subject().unwrap().to_owned());
            continue;
        }
        let csv = parsed.attachments().find(|part| part.attachment_name().is_some()).unwrap().contents();
        for key in findings_of(csv, &recipient) {
            if let Some(before) = told.insert(key.clone(), id.clone()) {
                panic!("{key:?} is told in {before} and in {id}");
            }
        }
    }
    check_tellings(&year.expected, &told);
    for part in [
        "storm held: Rule 13",
        "storm held: Rule 14",
        "storm held: Rule 18",
        "silence 1 is in force",
        "silence 1 is over",
    ] {
        assert!(subjects.iter().any(|subject| subject.starts_with(part)), "{part}: {subjects:?}");
    }
    let letters = sqlx::query("SELECT recipient, lane, local_date, level, made_at FROM letter ORDER BY made_at");
    check_letters(&letters.fetch_all(&pool).await.unwrap(), &year.returns);
    let left = "SELECT COUNT(*) FROM telling WHERE state NOT IN ('told', 'discarded')";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&pool).await.unwrap(), 0);
    let deferred = "SELECT COUNT(*) FROM telling WHERE reason = 'limit'";
    assert!(sqlx::query_scalar::<_, i64>(deferred).fetch_one(&pool).await.unwrap() > 0, "the floods met the limits");
    pool.close().await;
}

/// The findings in an attached file.
fn findings_of(csv: &[u8], recipient: &str) -> Vec<Key> {
    let mut reader = csv::Reader::from_reader(csv);
    let headers = reader.headers().unwrap().clone();
    let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (rule, declaration) = (place("rule"), place("declaration_id"));
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| (recipient.to_owned(), row[rule].to_owned(), row[declaration].to_owned())).collect()
}

fn check_tellings(expected: &BTreeMap<Key, Fate>, told: &BTreeMap<Key, String>) {
    for (key, fate) in expected {
        assert_eq!(told.contains_key(key), *fate == Fate::Told, "{key:?} is {fate:?}");
    }
    for key in told.keys() {
        assert!(expected.contains_key(key), "{key:?} was never found");
    }
    let of = |wanted| expected.values().filter(|fate| **fate == wanted).count();
    assert!(of(Fate::Silenced) > 0 && of(Fate::Discarded) >= 120 && told.len() > 1_500, "{}", told.len());
}

/// Digests at their hour, and nobody over a limit.
fn check_letters(rows: &[sqlx::any::AnyRow], returns: &BTreeSet<i64>) {
    const MINUTE: i64 = 60_000_000;
    let zone = jiff::tz::TimeZone::get(ZONE).unwrap();
    let mut by_recipient: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    let (mut all, mut hours) = (Vec::new(), BTreeSet::new());
    for row in rows {
        let [recipient, lane] = ["recipient", "lane"].map(|column| row.try_get::<String, _>(column).unwrap());
        let date: Option<String> = row.try_get("local_date").unwrap();
        let [level, made_at] = ["level", "made_at"].map(|column| row.try_get::<i64, _>(column).unwrap());
        let local = Timestamp::from_microsecond(made_at).unwrap().to_zoned_datetime(zone.clone());
        if let Some(date) = date
            && !returns.contains(&made_at)
        {
            assert_eq!(local.time().to_string(), "08:00:00", "{lane} to {recipient}");
            assert_eq!(local.date().to_string(), date);
            assert!(lane == "daily" || local.weekday() == jiff::civil::Weekday::Monday);
            hours.insert(Timestamp::from_microsecond(made_at).unwrap().strftime("%H").to_string());
        }
        by_recipient.entry(recipient).or_default().push((made_at, level));
        all.push(made_at);
    }
    assert_eq!(hours, BTreeSet::from(["06".to_owned(), "07".to_owned()]), "summer and winter");
    let most = |times: &[i64], span: i64| {
        times
            .iter()
            .map(|at| times.iter().filter(|other| (*at..*at + span).contains(*other)).count())
            .max()
            .unwrap_or(0)
    };
    assert!(most(&all, MINUTE) <= 60);
    for (recipient, letters) in &by_recipient {
        let times: Vec<i64> = letters.iter().map(|(at, _)| *at).collect();
        assert!(most(&times, 24 * 60 * MINUTE) <= 100, "{recipient}");
        let ordinary: Vec<i64> = letters.iter().filter(|(_, level)| *level < 4).map(|(at, _)| *at).collect();
        assert!(most(&ordinary, 60 * MINUTE) <= 20, "{recipient}");
    }
}
