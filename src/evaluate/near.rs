//! How far a question is from holding. In: a question that does not hold for a cell, or a party that is not the one asked
//! for. Out: what is in the way, in words, and how near it is, to rank by. It decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::leaf;
use crate::party;
use crate::rules::{Comparison, HsRange, Question};
use crate::text::{NearMiss, ScanText};
use crate::value::Decimal;
use crate::watchlist::Watchlists;

/// What keeps a question about one cell from holding, where that can be told.
pub(super) fn of_cell(question: &Question, cell: &str, scan: &mut ScanText) -> Option<NearMiss> {
    match question {
        Question::Mentions(term) => {
            scan.fold(cell);
            term.near_miss(scan, cell)
        }
        Question::Hs(range) => hs(range, cell),
        Question::Number(comparison, asked) => number(*comparison, *asked, cell),
        Question::Date(comparison, asked) => date(*comparison, asked, cell),
        Question::Matches(pattern) => whole_cell(&pattern.written, cell),
        Question::Exists(_) | Question::NotMatches(_) | Question::Regex(_) | Question::Country(_) => None,
        Question::DatePart(..) | Question::Field(..) | Question::Party(_) => None,
    }
}

fn hs(range: &HsRange, cell: &str) -> Option<NearMiss> {
    let same = |one: &str| one.bytes().zip(cell.bytes()).take_while(|(a, b)| a == b).count();
    let shared = same(&range.from).max(same(&range.until));
    if cell.len() < range.from.len() && shared == cell.len() {
        return Some(NearMiss::new(90, format!("the code there has only {} digits", cell.len())));
    }
    // The chapter, the first two digits, is what makes two codes neighbours.
    let head = cell.get(..shared)?;
    let nearness = u8::try_from(20 + shared * 10).unwrap_or(90).min(90);
    (shared >= 2).then(|| NearMiss::new(nearness, format!("the code there shares only {head}")))
}

fn number(comparison: Comparison, asked: Decimal, cell: &str) -> Option<NearMiss> {
    let found = leaf::number(cell)?;
    let apart = found.checked_sub(asked)?.abs().normalize();
    let words = match comparison {
        Comparison::Neq => return None,
        Comparison::Gt | Comparison::Lt if apart.is_zero() => "the very limit, which does not count".to_owned(),
        _ if found < asked => format!("{apart} too little"),
        _ => format!("{apart} too much"),
    };
    // Ten percent away is near, ten times as much is not.
    let share = asked.abs().checked_div(asked.abs().checked_add(apart)?).unwrap_or_default();
    let nearness = share.checked_mul(Decimal::from(90)).and_then(|share| share.trunc().to_string().parse().ok());
    Some(NearMiss::new(nearness.unwrap_or(0), words))
}

fn date(comparison: Comparison, asked: &str, cell: &str) -> Option<NearMiss> {
    let (first, last) = leaf::days_of(cell)?;
    let (from, until) = leaf::days_of(asked)?;
    let day = |text: &str| text.parse::<jiff::civil::Date>().ok();
    // The limit that counts, and the day of the cell that misses it.
    let (found, limit) = match comparison {
        Comparison::Neq => return None,
        Comparison::Gt => (first, until),
        Comparison::Gte => (first, from),
        Comparison::Lt => (last, from),
        Comparison::Lte => (last, until),
        Comparison::Eq if first < from => (first, from),
        Comparison::Eq => (last, until),
    };
    let days = day(&found)?.since((jiff::Unit::Day, day(&limit)?)).ok()?.get_days();
    let many = |days: u32| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let words = match days {
        0 => "the very limit, which does not count".to_owned(),
        1.. => format!("{} too late", many(days.unsigned_abs())),
        _ => format!("{} too early", many(days.unsigned_abs())),
    };
    let nearness = u8::try_from(90u32.saturating_sub(days.unsigned_abs() / 4).max(5)).unwrap_or(5);
    Some(NearMiss::new(nearness, words))
}

/// A word that stands in the cell, asked for as the whole of it.
fn whole_cell(written: &str, cell: &str) -> Option<NearMiss> {
    let core = written.trim_matches('*');
    let plain = core.chars().count() >= 3 && !core.contains(['*', '?', '\\']);
    let inside = plain && crate::text::sigma_fold(cell).contains(&crate::text::sigma_fold(core));
    inside.then(|| NearMiss::new(70, format!("‘{core}’ stands there, but not where the rule asks for it")))
}

/// The names of the watchlists, to find the one that is written most like another.
pub(super) struct Names {
    names: Vec<(String, String)>,
    by_beginning: BTreeMap<String, BTreeSet<usize>>,
}

/// Names that share the beginning of a word are compared; more of them than this are not.
const MOST_COMPARED: usize = 3_000;
/// Less alike than this is no near miss.
const ALIKE: f64 = 0.78;

impl Names {
    pub(super) fn new(watchlists: &Watchlists) -> Names {
        let mut names = Names { names: Vec::new(), by_beginning: BTreeMap::new() };
        for name in watchlists.names() {
            let Some(key) = party::keys(name).into_iter().next() else { continue };
            for beginning in beginnings(&key) {
                names.by_beginning.entry(beginning).or_default().insert(names.names.len());
            }
            names.names.push((key, name.to_owned()));
        }
        names
    }

    /// The name most like this one, and how like.
    pub(super) fn nearest(&self, name: &str) -> Option<NearMiss> {
        let key = party::keys(name).into_iter().next()?;
        let near: BTreeSet<usize> = beginnings(&key)
            .iter()
            .filter_map(|beginning| self.by_beginning.get(beginning))
            .flatten()
            .copied()
            .collect();
        let compared = near.into_iter().take(MOST_COMPARED).filter_map(|place| self.names.get(place));
        let scored = compared.map(|(other, name)| (strsim::jaro_winkler(&key, other), name));
        let (score, name) = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|best| best.0 >= ALIKE)?;
        let hundredths = hundredths(score);
        Some(NearMiss::new(
            hundredths,
            format!("the most similar name of the watchlists is ‘{name}’ (0.{hundredths:02})"),
        ))
    }
}

/// One of the names that are asked for, when this one is written almost like it; the asked names are folded.
pub(super) fn alike(name: &str, asked: &[String]) -> Option<NearMiss> {
    let key = party::keys(name).into_iter().next()?;
    let scored = asked.iter().map(|other| strsim::jaro_winkler(&key, other));
    let score = scored.max_by(f64::total_cmp).filter(|score| *score >= ALIKE)?;
    let hundredths = hundredths(score);
    Some(NearMiss::new(hundredths, format!("the name is almost the one asked for (0.{hundredths:02})")))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a score lies between 0 and 1")]
fn hundredths(score: f64) -> u8 {
    (score.min(0.99) * 100.0) as u8
}

/// The first two letters of each word.
fn beginnings(key: &str) -> Vec<String> {
    key.split(' ').filter(|word| word.chars().count() >= 2).map(|word| word.chars().take(2).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::SourceText;

    fn check(question: &Question, cell: &str, expected: &str) {
        let near = of_cell(question, cell, &mut ScanText::default());
        assert_eq!(near.map_or_else(String::new, |near| near.words), expected, "{cell}");
    }

    #[test]
    fn numbers_dates_and_codes_say_how_far_off_they_are() {
        let number = |comparison| Question::Number(comparison, Decimal::from(10_000));
        check(&number(Comparison::Gt), "9500.50", "499.5 too little");
        check(&number(Comparison::Gt), "10000", "the very limit, which does not count");
        check(&number(Comparison::Lte), "10001", "1 too much");
        let date = |comparison| Question::Date(comparison, "2022-02-24".into());
        check(&date(Comparison::Gte), "2022-02-12", "12 days too early");
        check(&date(Comparison::Lt), "2022-02-25", "1 day too late");
        check(&date(Comparison::Eq), "2022-02", "23 days too early");
        let hs = Question::Hs(HsRange { from: "8541".into(), until: "8541".into() });
        check(&hs, "8542310000", "the code there shares only 854");
        check(&hs, "85", "the code there has only 2 digits");
        check(&hs, "9503", "");
    }

    #[test]
    fn a_name_with_a_slip_finds_the_one_that_it_looks_like() {
        let text = "- {id: a, name: Almaz-Antey Telecom}\n- {id: b, name: Uralvagonzavod}\n";
        let (watchlists, _) = Watchlists::load(&[SourceText::new("a.yaml", text)]);
        let names = Names::new(&watchlists);
        let near = names.nearest("ООО АЛМАЗ-АНТЭЙ ТЕЛЕКОМ").unwrap();
        assert!(near.words.contains("‘Almaz-Antey Telecom’") && near.nearness > 85, "{near:?}");
        assert_eq!(names.nearest("Daisy Toys"), None);
    }
}
