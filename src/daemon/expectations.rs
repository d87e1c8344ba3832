//! Expectations: `expect_every:` of a source and when records came last → what the operators must hear of its silence.
//! A file without any record is no export.
//!
//! Judged purely, with the clock as an argument; what was said is kept in a note of the ledger, so that a restart says
//! nothing twice: once when the time is over, then every week, and once when a file came again.

use serde::{Deserialize, Serialize};

use super::DaemonError;
use super::hindrances::Matter;
use super::notices::Trouble;
use super::office::Office;
use super::wrong::{Wrong, quoted};
use crate::config::SourceSettings;

const DAY: i64 = 86_400 * 1_000_000;
/// How often a silence is told of again.
const REMIND_EVERY: i64 = 7 * DAY;

/// What was said of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    /// Since when it is waited for: no file may have come ever.
    since: i64,
    /// When its silence was told of last; none while it is not silent.
    told_at: Option<i64>,
}

/// What is to be said of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Silent,
    StillSilent,
    Back,
}

/// What is to be said now, and what is to be remembered with it.
fn judge(memory: Memory, last_at: Option<i64>, (expect, now): (i64, i64)) -> (Option<Word>, Memory) {
    let heard_at = last_at.unwrap_or(memory.since).max(memory.since);
    let silent = now.saturating_sub(heard_at) >= expect;
    // A time to come is a clock that was put back.
    let told_at = memory.told_at.map(|at| at.min(now));
    let word = match told_at {
        None if silent => Some(Word::Silent),
        Some(at) if silent && now.saturating_sub(at) >= REMIND_EVERY => Some(Word::StillSilent),
        Some(_) if !silent => Some(Word::Back),
        None | Some(_) => None,
    };
    let told_at = match word {
        Some(Word::Silent | Word::StillSilent) => Some(now),
        Some(Word::Back) => None,
        None => told_at,
    };
    (word, Memory { told_at, ..memory })
}

/// Looks at every source of which files are expected, and tells what is to be told, in one mail.
///
/// # Errors
/// When the ledger fails.
pub async fn check(office: &Office, now: i64) -> Result<(), DaemonError> {
    let settings = office.settings();
    let (mut troubles, mut notes) = (Vec::new(), Vec::new());
    let mut health = None;
    for source in &settings.config.sources {
        let matter = Matter::Silent(source.name.clone());
        let Some(expect) = source.expect_every else {
            office.hindrances.set(matter, None);
            continue;
        };
        if health.is_none() {
            health = Some(office.ledger.source_health().await?);
        }
        let mut of_source = health.iter().flatten();
        let last_at = of_source.find(|health| health.source == source.name).and_then(|health| health.last_records_at);
        let note = format!("expected {}", source.name);
        let before = office.ledger.note(&note).await?.and_then(|text| serde_json::from_str::<Memory>(&text).ok());
        let memory = before.unwrap_or(Memory { since: now, told_at: None });
        let expect = i64::try_from(expect.as_micros()).unwrap_or(i64::MAX);
        let (word, after) = judge(memory, last_at, (expect, now));
        let heard_at = last_at.unwrap_or(memory.since).max(memory.since);
        troubles.extend(word.map(|word| trouble(source, word, heard_at, now)));
        office.hindrances.set(matter, after.told_at.is_some().then(|| silent(source, heard_at, now)));
        if before != Some(after) {
            notes.push((note, after));
        }
    }
    // Told first: a crash in between tells at most once more.
    office.tell_together(&troubles).await?;
    for (note, memory) in notes {
        office.ledger.set_note(&note, &serde_json::json!(memory).to_string()).await?;
    }
    Ok(())
}

/// The same for as long as it lasts.
fn silent(source: &SourceSettings, heard_at: i64, now: i64) -> Wrong {
    Wrong {
        what: format!("no export from {} for {}", source.name, length(now.saturating_sub(heard_at))),
        command: format!("ls -la {}", quoted(&source.folder.display().to_string())),
    }
}

fn trouble(source: &SourceSettings, word: Word, heard_at: i64, now: i64) -> Trouble {
    let name = &source.name;
    let at = jiff::Timestamp::from_microsecond(heard_at).unwrap_or_default().strftime("%Y-%m-%d %H:%M UTC");
    let silence = length(now.saturating_sub(heard_at));
    let look = format!(
        "Ask whoever drops files into {} whether something is wrong; `tidewaiter status` shows what came last.",
        source.folder.display()
    );
    let (kind, subject, said) = match word {
        Word::Silent => (
            "source-silent",
            format!("no export from {name} for {silence}"),
            vec![format!("No record was read from source {name} since {at}."), look],
        ),
        Word::StillSilent => (
            "source-silent",
            format!("still no export from {name} for {silence}"),
            vec![format!("No record was read from source {name} since {at}. This is told again every week."), look],
        ),
        Word::Back => (
            "source-back",
            format!("an export came from {name} again"),
            vec![format!("The last file of source {name} with records was read at {at}.")],
        ),
    };
    Trouble { kind, about: format!("{name} {heard_at}"), subject, paragraphs: said }
}

/// `3 days`, or hours when it is less than two days.
fn length(micros: i64) -> String {
    let (days, hours) = (micros / DAY, micros / (DAY / 24));
    match (days, hours) {
        (2.., _) => format!("{days} days"),
        (_, 1) => "1 hour".to_owned(),
        (_, 0) => format!("{} minutes", micros / (DAY / 1440)),
        (_, hours) => format!("{hours} hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_told_once_reminded_of_weekly_and_ended_once() {
        let mut memory = Memory { since: 0, told_at: None };
        let mut said = Vec::new();
        // A file on day 1, the next on day 20; three days are borne.
        for hour in 0..24 * 30 {
            let now = hour * (DAY / 24);
            let last = [20 * DAY, DAY].into_iter().find(|at| *at <= now);
            let (word, after) = judge(memory, last, (3 * DAY, now));
            memory = after;
            said.extend(word.map(|word| (hour / 24, word)));
        }
        let expected =
            [(4, Word::Silent), (11, Word::StillSilent), (18, Word::StillSilent), (20, Word::Back), (23, Word::Silent)];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_source_that_never_had_a_file_is_waited_for_from_the_first_look_on() {
        let memory = Memory { since: 10 * DAY, told_at: None };
        assert_eq!(judge(memory, None, (DAY, 10 * DAY)).0, None);
        assert_eq!(judge(memory, None, (DAY, 11 * DAY)).0, Some(Word::Silent));
    }

    #[test]
    fn a_clock_that_was_put_back_neither_repeats_nor_silences() {
        let memory = Memory { since: 0, told_at: Some(100 * DAY) };
        let (word, after) = judge(memory, None, (DAY, 10 * DAY));
        assert_eq!((word, after.told_at), (None, Some(10 * DAY)));
        assert_eq!(judge(after, None, (DAY, 17 * DAY)).0, Some(Word::StillSilent));
    }

    #[test]
    fn lengths_read_well() {
        let shown: Vec<String> = [DAY / 48, DAY / 24, DAY, 3 * DAY].into_iter().map(length).collect();
        assert_eq!(shown, ["30 minutes", "1 hour", "24 hours", "3 days"]);
    }
}
