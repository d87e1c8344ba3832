//! Whereabouts: how many records a mail tells, shows and has in its file → sentences that say where the others are. Pure.

use std::collections::BTreeMap;

use super::attachment::Attachment;
use super::room::shown;
use super::view::{Part, telling_value, total};
use crate::alert::Alert;
use crate::prose::{clean, words};
use crate::rule_card::Level;

/// Rules in the list at the head of a mail: a phone shows what is most severe without a touch.
const MOST_CONTENTS: usize = 5;
/// Alerts of which nothing is shown that are named.
const MOST_ELSEWHERE: usize = 60;

/// What a mail has besides its text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Enclosed<'a> {
    /// The attached file.
    File(&'a Attachment),
    /// Nothing: the mail was too large for a relay.
    LeftOut,
}

/// What stands in the mail itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    /// So many records.
    Records(usize),
    /// So many lines of a summary, in place of the records.
    Totals(usize),
}

/// Records of an alert, or of several: told, and where they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub told: u64,
    pub here: Here,
    /// Records in the attached file; `None` when there is none.
    pub filed: Option<u64>,
}

impl Count {
    /// Of the alert at a place, which had so many turns.
    pub(super) fn of(alert: &Alert, (at, turns): (usize, usize), enclosed: Enclosed) -> Count {
        let filed = match enclosed {
            Enclosed::File(file) => Some(file.rows.get(at).copied().unwrap_or(0)),
            Enclosed::LeftOut => None,
        };
        let here = match alert.rule.alert.summary && turns > 0 {
            true => Here::Totals(shown(alert, turns)),
            false => Here::Records(shown(alert, turns)),
        };
        Count { told: total(alert), here, filed }
    }

    fn and(self, other: Count) -> Count {
        let filed = self.filed.zip(other.filed).map(|(one, other)| one + other);
        let here = match (self.here, other.here) {
            (Here::Records(one), Here::Records(other)) => Here::Records(one + other),
            (Here::Totals(one), Here::Totals(other)) => Here::Totals(one + other),
            (Here::Totals(lines), Here::Records(_)) | (Here::Records(_), Here::Totals(lines)) => Here::Totals(lines),
        };
        Count { told: self.told.saturating_add(other.told), here, filed }
    }

    /// For a line of a list: ` (7 of them in the attached file)`; nothing when all is there.
    fn in_brackets(self) -> String {
        let said = match (self.filed, self.here) {
            (Some(filed), Here::Records(0)) if filed >= self.told => "in the attached file alone".to_owned(),
            (Some(filed), _) if filed >= self.told => return String::new(),
            (Some(0), Here::Records(0)) => "neither here nor in the attached file".to_owned(),
            (Some(filed), _) => format!("{} of them in the attached file", number(filed)),
            (None, Here::Records(here)) if here as u64 >= self.told => return String::new(),
            (None, Here::Records(0)) => "not in this mail".to_owned(),
            (None, Here::Records(here)) => format!("{} of them here", number(here as u64)),
            (None, Here::Totals(_)) => "their totals alone".to_owned(),
        };
        format!(" ({said})")
    }

    /// Under the records that are shown: where the rest is.
    pub(super) fn rest_of_records(self) -> Option<String> {
        let Here::Records(here) = self.here else { return None };
        let rest = self.told.saturating_sub(here as u64);
        let are = if rest == 1 { "is" } else { "are" };
        let more = format!("{} {are}", words::counted(rest, "more record"));
        (rest > 0).then(|| match self.filed {
            Some(filed) if filed >= self.told => format!("{more} in the attached file."),
            Some(filed) => format!(
                "{more} not shown here; the attached file holds {} of the {}.",
                number(filed),
                number(self.told)
            ),
            None => format!("{more} not in this mail."),
        })
    }

    /// Under the totals of a summary: where its records are, when they are not all in the attached file.
    pub(super) fn rest_of_summary(self) -> Option<String> {
        match self.filed {
            Some(filed) if filed >= self.told => None,
            Some(filed) => Some(format!(
                "The attached file holds {} of the {}.",
                number(filed),
                words::counted(self.told, "record")
            )),
            None => Some("The records are not in this mail.".to_owned()),
        }
    }
}

fn number(number: u64) -> String {
    words::amount(&number.to_string())
}

/// What the attached file holds, and how the rest is had. `pointer` says who can write all of them, and how.
pub(super) fn attached(told: u64, enclosed: Enclosed, pointer: &str) -> String {
    let Enclosed::File(file) = enclosed else {
        let left_out = "The CSV file with the whole of every record was left out: with it, the mail was too large for a mail \
                        relay on its way.";
        return format!("{left_out} {pointer}");
    };
    let filed: u64 = file.rows.iter().sum();
    let cuts = if file.cuts { " Cells that are too long for a spreadsheet are cut in it, with a mark." } else { "" };
    match (filed >= told, file.cuts) {
        (true, false) => "The whole of every record is in the attached CSV file.".to_owned(),
        (true, true) => format!("Every record is in the attached CSV file.{cuts} {pointer}"),
        (false, _) => {
            let held = format!("{} of {}", number(filed), words::counted(told, "record"));
            format!("The attached CSV file holds {held}; there is no room in it for the others.{cuts} {pointer}")
        }
    }
}

/// The list at the head: a line a rule, the most severe first, the rest of them counted.
pub(super) fn contents(rules: &[Vec<Part>]) -> Vec<String> {
    let mut lines: Vec<String> = rules.iter().take(MOST_CONTENTS).map(of_rule).collect();
    let rest = rules.get(MOST_CONTENTS..).unwrap_or_default();
    let mut levels: BTreeMap<Level, u64> = BTreeMap::new();
    let mut records = 0_u64;
    for rule in rest {
        let level = rule.iter().map(|part| part.alert.rule.level).max();
        level.into_iter().for_each(|level| *levels.entry(level).or_default() += 1);
        records = rule.iter().fold(records, |sum, part| sum.saturating_add(part.count.told));
    }
    if !rest.is_empty() {
        let levels: Vec<String> =
            levels.iter().rev().map(|(level, many)| format!("{} {}", number(*many), level.name())).collect();
        let rules = words::counted(rest.len() as u64, "more rule");
        lines.push(format!("and {rules} with {}: {}", words::counted(records, "record"), levels.join(", ")));
    }
    lines
}

fn of_rule(parts: &Vec<Part>) -> String {
    let Some((first, others)) = parts.split_first() else { return String::new() };
    let count = others.iter().fold(first.count, |sum, part| sum.and(part.count));
    let about = match others.len() {
        0 => value(first.alert),
        others => format!(" in {}", words::counted(others as u64 + 1, "group")),
    };
    line(first.alert, &about, count)
}

fn line(alert: &Alert, about: &str, count: Count) -> String {
    let title = clean(&alert.rule.title, 120);
    let records = words::counted(count.told, "record");
    format!("{}: {title}: {records}{about}{}", alert.rule.level.name(), count.in_brackets())
}

/// Who it is about, unless the title says it.
fn value(alert: &Alert) -> String {
    let value = telling_value(alert).map(|value| clean(&value, 40));
    let told = value.filter(|value| !alert.rule.title.to_lowercase().contains(&value.to_lowercase()));
    told.map_or_else(String::new, |value| format!(", {value}"))
}

/// A line for each alert of which nothing is shown.
pub(super) fn elsewhere<'a>(parts: impl Iterator<Item = &'a Part<'a>>) -> Vec<String> {
    let unshown: Vec<&Part> = parts.filter(|part| !part.is_shown).collect();
    let of_alert = |part: &&Part| {
        let group = part.alert.group.iter().map(|(_, value)| value.trim()).filter(|value| !value.is_empty());
        let group: Vec<String> = group.map(|value| clean(value, 40)).collect();
        let about = if group.is_empty() { value(part.alert) } else { format!(", {}", group.join(", ")) };
        line(part.alert, &about, part.count)
    };
    let mut lines: Vec<String> = unshown.iter().take(MOST_ELSEWHERE).map(of_alert).collect();
    let rest = unshown.get(MOST_ELSEWHERE..).unwrap_or_default();
    let records = rest.iter().fold(0_u64, |sum, part| sum.saturating_add(part.count.told));
    if !rest.is_empty() {
        let alerts = words::counted(rest.len() as u64, "more alert");
        lines.push(format!("and {alerts} with {}", words::counted(records, "record")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_the_records_are_whenever_they_are_not_all_here_or_in_the_file() {
        let check = |told, here, filed, expected: &str| {
            assert_eq!(Count { told, here, filed }.in_brackets(), expected);
        };
        for (told, here, filed, expected) in [
            (9, 3, Some(9), ""),
            (9, 0, Some(9), " (in the attached file alone)"),
            (9, 0, Some(2), " (2 of them in the attached file)"),
            (9, 4, Some(2), " (2 of them in the attached file)"),
            (9, 0, Some(0), " (neither here nor in the attached file)"),
            (9, 9, None, ""),
            (9, 4, None, " (4 of them here)"),
            (9, 0, None, " (not in this mail)"),
        ] {
            check(told, Here::Records(here), filed, expected);
        }
        check(9, Here::Totals(2), Some(9), "");
        check(9, Here::Totals(2), Some(3), " (3 of them in the attached file)");
        check(9, Here::Totals(2), None, " (their totals alone)");
    }

    #[test]
    fn what_is_not_shown_is_counted_with_where_it_is() {
        let rest =
            |told, here, filed| Count { told, here: Here::Records(here), filed }.rest_of_records().unwrap_or_default();
        assert_eq!(rest(30, 20, Some(30)), "10 more records are in the attached file.");
        assert_eq!(rest(2, 1, Some(2)), "1 more record is in the attached file.");
        let cut = "11,980 more records are not shown here; the attached file holds 10,000 of the 12,000.";
        assert_eq!(rest(12_000, 20, Some(10_000)), cut);
        assert_eq!(rest(30, 20, None), "10 more records are not in this mail.");
        assert_eq!(rest(20, 20, None), "");
    }
}
