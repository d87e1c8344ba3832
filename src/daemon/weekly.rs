//! Weekly: one short mail on Monday morning that says that the daemon is there, what came in a week and what waits.
//!
//! Whoever does not get it knows that something is wrong. A Monday that was missed is made up for once.

use jiff::ZonedDateTime;
use jiff::civil::{Date, Weekday, date};

use super::DaemonError;
use super::notices::{Trouble, counted};
use super::office::Office;
use super::wrong::{self, Wrong};
use crate::config::AllQuiet;
use crate::ledger::Since;

/// The note in the ledger: the Monday that was told last.
const NOTE: &str = "all-quiet";
const HOUR: i8 = 8;
const WEEK: i64 = 7 * 86_400 * 1_000_000;

/// The Monday whose eight o'clock was the last.
fn last_monday(now: &ZonedDateTime) -> Date {
    let today = now.date();
    let back = i64::from(today.weekday().since(Weekday::Monday));
    let back = if back == 0 && now.hour() < HOUR { 7 } else { back };
    today.checked_sub(jiff::Span::new().days(back)).unwrap_or(date(1970, 1, 1))
}

/// Tells of the week when it is time.
///
/// # Errors
/// When the ledger fails.
pub async fn check(office: &Office, now: &ZonedDateTime) -> Result<(), DaemonError> {
    if office.settings().config.upkeep.all_quiet == AllQuiet::Never {
        return Ok(());
    }
    let monday = last_monday(now).to_string();
    let told = office.ledger.note(NOTE).await?;
    // Dates are compared as texts; one to come is a clock that was put back.
    if told.as_ref().is_some_and(|told| *told >= monday) {
        return Ok(());
    }
    if told.is_some() {
        let now = now.timestamp().as_microsecond();
        let week = office.ledger.since(now.saturating_sub(WEEK)).await?;
        let wrong = wrong::all(&office.ledger, &office.hindrances.all(), now).await?;
        office.tell_operators(&trouble(&monday, &week, wrong)).await?;
    }
    Ok(office.ledger.set_note(NOTE, &monday).await?)
}

fn trouble(monday: &str, week: &Since, wrong: Vec<Wrong>) -> Trouble {
    let (files, records) = (counted(week.files, "file"), counted(week.records, "record"));
    let findings = counted(week.findings, "finding");
    let sum = format!("{files}, {records}, {findings} in a week");
    let mut paragraphs = vec![
        "In the last seven days:".to_owned(),
        format!("read: {files} with {records}; {} rejected", counted(week.rejects, "row")),
        format!("failed: {}", counted(week.failed, "file")),
        format!("published: {findings}; sent: {}", counted(week.delivered, "mail")),
    ];
    let subject = match (wrong.is_empty(), week.files) {
        (true, 0) => "nothing came: no file was read in a week, and nothing is known to be wrong".to_owned(),
        (true, _) => format!("all quiet: {sum}"),
        (false, _) => format!("a word is wanted: {sum}"),
    };
    if wrong.is_empty() {
        paragraphs.push("Nothing waits for anybody's word.".to_owned());
    } else {
        paragraphs.push("What is wrong, and what to type:".to_owned());
        paragraphs.extend(wrong.into_iter().map(|wrong| format!("{}\n    {}", wrong.what, wrong.command)));
    }
    paragraphs.push(
        "This mail comes every Monday, so that its absence says something; `all_quiet: never` ends it.".to_owned(),
    );
    Trouble { kind: "all-quiet", about: monday.to_owned(), subject, paragraphs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_monday_is_the_one_whose_morning_is_over() {
        let monday = |text: &str| last_monday(&text.parse::<ZonedDateTime>().unwrap()).to_string();
        assert_eq!(monday("2026-11-23T07:59[Europe/Berlin]"), "2026-11-16");
        assert_eq!(monday("2026-11-23T08:00[Europe/Berlin]"), "2026-11-23");
        assert_eq!(monday("2026-11-29T23:00[Europe/Berlin]"), "2026-11-23");
        // The clocks change between Sunday and Monday morning.
        assert_eq!(monday("2026-10-26T08:00[Europe/Berlin]"), "2026-10-26");
        assert_eq!(monday("2026-10-26T07:30[Europe/Berlin]"), "2026-10-19");
    }

    #[test]
    fn what_waits_is_said_in_the_subject() {
        let week = Since { files: 3, records: 10, findings: 2, ..Since::default() };
        assert_eq!(trouble("d", &week, vec![]).subject, "all quiet: 3 files, 10 records, 2 findings in a week");
        assert!(trouble("d", &Since::default(), vec![]).subject.starts_with("nothing came: "));
        let wrong = trouble(
            "d",
            &week,
            vec![Wrong { what: "a.csv is held".into(), command: "tidewaiter release a.csv".into() }],
        );
        assert!(wrong.subject.starts_with("a word is wanted"));
        assert!(wrong.paragraphs.iter().any(|text| text.contains("held")));
    }
}
