//! One question to one cell. In: a question as compiled by the rules, a cell. Out: whether it holds. A missing cell
//! answers nothing but `exists: false` and the negative questions. It never looks at another cell.

use std::ops::Range;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use crate::record::Field;
use crate::rules::{Comparison, DatePart, FieldRelation, HsRange, Question};
use crate::text::{Anchor, Pattern, ScanText, Term, sigma_fold};
use crate::value::{self, DateOrder, Decimal, DecimalMark};

/// The largest compiled regex, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// Places of one answer in one cell that are told.
const MOST_PLACES: usize = 8;

/// A question ready to be asked.
#[derive(Debug, Clone)]
pub(crate) enum Leaf {
    Exists(bool),
    Matches(Pattern),
    NotMatches(Pattern),
    Regex(Regex),
    Mentions(Term),
    Hs(HsRange),
    Country(Vec<String>),
    Number(Comparison, Decimal),
    Date(Comparison, String),
    DatePart(DatePart, Comparison, u16),
}

/// Compiles a regex as rules mean it: linear time, unanchored, limited in size.
pub(crate) fn regex(source: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(source).size_limit(REGEX_SIZE).dfa_size_limit(REGEX_SIZE).build();
    built.map_err(|error| format!("the regex cannot be used: {error}"))
}

impl Leaf {
    /// Compiles a question about one cell; `None` for questions about fields and parties.
    pub(crate) fn compile(question: &Question) -> Result<Option<Leaf>, String> {
        Ok(Some(match question {
            Question::Exists(there) => Leaf::Exists(*there),
            Question::Matches(pattern) => Leaf::Matches(pattern.clone()),
            Question::NotMatches(pattern) => Leaf::NotMatches(pattern.clone()),
            Question::Regex(source) => Leaf::Regex(regex(source)?),
            Question::Mentions(term) => Leaf::Mentions(term.clone()),
            Question::Hs(range) => Leaf::Hs(range.clone()),
            Question::Country(codes) => Leaf::Country(codes.clone()),
            Question::Number(comparison, number) => Leaf::Number(*comparison, *number),
            Question::Date(comparison, date) => Leaf::Date(*comparison, date.clone()),
            Question::DatePart(part, comparison, number) => Leaf::DatePart(*part, *comparison, *number),
            Question::Field(..) | Question::Party(_) => return Ok(None),
        }))
    }

    /// Whether it holds where the cell is missing.
    pub(crate) fn holds_on_missing(&self) -> bool {
        match self {
            Leaf::Exists(there) => !there,
            Leaf::NotMatches(_)
            | Leaf::Number(Comparison::Neq, _)
            | Leaf::Date(Comparison::Neq, _)
            | Leaf::DatePart(_, Comparison::Neq, _) => true,
            Leaf::Matches(_) | Leaf::Regex(_) | Leaf::Mentions(_) | Leaf::Hs(_) => false,
            Leaf::Country(_) | Leaf::Number(..) | Leaf::Date(..) | Leaf::DatePart(..) => false,
        }
    }

    /// Whether it holds for a cell that is there.
    pub(crate) fn holds(&self, cell: &str, scan: &mut ScanText) -> bool {
        match self {
            Leaf::Exists(there) => *there,
            Leaf::Matches(pattern) => pattern.is_match(cell),
            Leaf::NotMatches(pattern) => !pattern.is_match(cell),
            Leaf::Regex(regex) => regex.is_match(cell),
            Leaf::Mentions(term) => {
                scan.fold(cell);
                term.find(scan, cell).is_some()
            }
            Leaf::Hs(range) => hs(range, cell),
            Leaf::Country(codes) => country(codes, cell),
            Leaf::Number(comparison, asked) => compares(*comparison, number(cell), asked),
            Leaf::Date(comparison, asked) => date(*comparison, cell, asked),
            Leaf::DatePart(part, comparison, asked) => match date_part(*part, cell) {
                Some(found) => compare(*comparison, &found, asked),
                None => *comparison == Comparison::Neq,
            },
        }
    }

    /// Whether it holds for a cell that may be missing.
    pub(crate) fn answer(&self, cell: Option<&str>, scan: &mut ScanText) -> bool {
        cell.map_or_else(|| self.holds_on_missing(), |cell| self.holds(cell, scan))
    }

    /// Whether a piece of the cell may be told from the whole.
    pub(crate) fn matches_a_piece(&self) -> bool {
        matches!(self, Leaf::Mentions(_) | Leaf::Regex(_) | Leaf::Matches(_))
    }

    /// The piece of the cell that answers, the whole cell where no piece can be told.
    pub(crate) fn matched<'c>(&self, cell: &'c str) -> &'c str {
        let piece = self.places(cell).into_iter().next();
        piece.and_then(|range| cell.get(range)).unwrap_or(cell)
    }

    /// The pieces of the cell that answer, in order, none of them empty; nothing where no piece can be told from the whole.
    pub(crate) fn places(&self, cell: &str) -> Vec<Range<usize>> {
        match self {
            Leaf::Mentions(term) => {
                let mut scan = ScanText::default();
                scan.fold(cell);
                term.find_all(&scan, cell, MOST_PLACES)
            }
            Leaf::Regex(regex) => {
                let found = regex.find_iter(cell).map(|found| found.range());
                found.filter(|place| !place.is_empty()).take(MOST_PLACES).collect()
            }
            Leaf::Matches(pattern) => pattern_places(pattern, cell),
            Leaf::Exists(_) | Leaf::NotMatches(_) | Leaf::Hs(_) | Leaf::Country(_) => Vec::new(),
            Leaf::Number(..) | Leaf::Date(..) | Leaf::DatePart(..) => Vec::new(),
        }
    }
}

/// Where a pattern's text stands, letter case aside; nothing for patterns with wildcards.
fn pattern_places(pattern: &Pattern, cell: &str) -> Vec<Range<usize>> {
    let written = &pattern.written;
    if written.is_empty() || written.contains(['*', '?', '\\']) {
        return Vec::new();
    }
    let wanted: Vec<char> = written.chars().flat_map(char::to_lowercase).collect();
    let here = |start: usize| caseless_end(cell.get(start..)?, &wanted).map(|length| start..start + length);
    let starts = || cell.char_indices().map(|(start, _)| start);
    match pattern.anchor() {
        Anchor::Whole | Anchor::StartsWith => here(0).into_iter().collect(),
        Anchor::EndsWith => starts().filter_map(here).filter(|place| place.end == cell.len()).take(1).collect(),
        Anchor::Contains => {
            let mut places: Vec<Range<usize>> = Vec::new();
            for start in starts() {
                let is_free = places.last().is_none_or(|last| last.end <= start);
                places.extend(Some(start).filter(|_| is_free && places.len() < MOST_PLACES).and_then(here));
            }
            places
        }
    }
}

/// How long the piece is at the beginning of a text that is these letters, case aside.
fn caseless_end(text: &str, wanted: &[char]) -> Option<usize> {
    let mut left = wanted.iter();
    for (offset, letter) in text.char_indices() {
        if !letter.to_lowercase().all(|lower| left.next() == Some(&lower)) {
            return None;
        }
        if left.as_slice().is_empty() {
            return Some(offset + letter.len_utf8());
        }
    }
    None
}

fn hs(range: &HsRange, cell: &str) -> bool {
    let read;
    let digits = if cell.bytes().all(|byte| byte.is_ascii_digit()) {
        cell
    } else {
        match value::hs_digits(cell) {
            Some(found) => {
                read = found;
                read.as_str()
            }
            None => return false,
        }
    };
    let from = digits.get(..range.from.len()).is_some_and(|prefix| prefix >= range.from.as_str());
    from && digits.get(..range.until.len()).is_some_and(|prefix| prefix <= range.until.as_str())
}

/// Whether a cell names one of the countries, in any spelling.
pub(crate) fn country(codes: &[String], cell: &str) -> bool {
    let alpha2 = cell.len() == 2 && cell.bytes().all(|byte| byte.is_ascii_uppercase());
    let code = if alpha2 { Some(cell) } else { value::country(cell) };
    code.is_some_and(|code| codes.iter().any(|asked| asked == code))
}

/// A cell that is no number holds only for `neq`.
pub(crate) fn compares(comparison: Comparison, found: Option<Decimal>, asked: &Decimal) -> bool {
    found.map_or(comparison == Comparison::Neq, |found| compare(comparison, &found, asked))
}

/// A number as a cell says it.
pub(crate) fn number(cell: &str) -> Option<Decimal> {
    Decimal::from_str(cell).ok().or_else(|| value::number(cell, DecimalMark::Point))
}

fn compare<T: PartialOrd>(comparison: Comparison, found: &T, asked: &T) -> bool {
    match comparison {
        Comparison::Eq => found == asked,
        Comparison::Neq => found != asked,
        Comparison::Gt => found > asked,
        Comparison::Gte => found >= asked,
        Comparison::Lt => found < asked,
        Comparison::Lte => found <= asked,
    }
}

/// First and last day of a year, month or day; `None` when the text is no canonical date.
fn days(date: &str) -> Option<(String, String)> {
    let shaped = date.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    match date.len() {
        4 if shaped => Some((format!("{date}-01-01"), format!("{date}-12-31"))),
        7 if shaped => Some((format!("{date}-01"), format!("{date}-31"))),
        10 if shaped => Some((date.to_owned(), date.to_owned())),
        _ => None,
    }
}

/// First and last day of a cell's date.
pub(crate) fn days_of(cell: &str) -> Option<(String, String)> {
    days(cell).or_else(|| days(&value::date(cell, DateOrder::DayFirst)?))
}

/// A cell that only tells the month holds only where every day of it does.
fn date(comparison: Comparison, cell: &str, asked: &str) -> bool {
    let (Some((first, last)), Some((from, until))) = (days_of(cell), days(asked)) else {
        return comparison == Comparison::Neq;
    };
    let within = from <= first && last <= until;
    match comparison {
        Comparison::Eq => within,
        Comparison::Neq => !within,
        Comparison::Gt => first > until,
        Comparison::Gte => first >= from,
        Comparison::Lt => last < from,
        Comparison::Lte => last <= until,
    }
}

/// The part of a date; a month has no day and no week.
fn date_part(part: DatePart, cell: &str) -> Option<u16> {
    let read = if days(cell).is_some() { cell.to_owned() } else { value::date(cell, DateOrder::DayFirst)? };
    let digits = |range: std::ops::Range<usize>| read.get(range)?.parse().ok();
    match part {
        DatePart::Year => digits(0..4),
        DatePart::Month => digits(5..7),
        DatePart::Day => digits(8..10),
        DatePart::Week => value::iso_week(&read),
    }
}

/// How two cells of a record stand to each other.
pub(crate) fn related(relation: FieldRelation, left: Option<&str>, right: Option<&str>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return relation == FieldRelation::Neq;
    };
    match relation {
        FieldRelation::Same => same(left, right),
        FieldRelation::Differs | FieldRelation::Neq => !same(left, right),
        FieldRelation::StartsWith => sigma_fold(left).starts_with(&sigma_fold(right)),
        FieldRelation::EndsWith => sigma_fold(left).ends_with(&sigma_fold(right)),
        FieldRelation::Contains => sigma_fold(left).contains(&sigma_fold(right)),
        FieldRelation::Gt => ordered(Comparison::Gt, left, right),
        FieldRelation::Gte => ordered(Comparison::Gte, left, right),
        FieldRelation::Lt => ordered(Comparison::Lt, left, right),
        FieldRelation::Lte => ordered(Comparison::Lte, left, right),
    }
}

fn same(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right) || equal_numbers(left, right);
    }
    left == right || sigma_fold(left) == sigma_fold(right)
}

fn equal_numbers(left: &str, right: &str) -> bool {
    let read = |cell: &str| cell.contains('.').then(|| Decimal::from_str(cell).ok()).flatten();
    let (read_left, read_right) = (read(left), read(right));
    (read_left.is_some() || read_right.is_some())
        && Decimal::from_str(left).ok().is_some_and(|left| Decimal::from_str(right).ok() == Some(left))
}

fn ordered(comparison: Comparison, left: &str, right: &str) -> bool {
    if days(left).is_some() && days(right).is_some() && left.contains('-') && right.contains('-') {
        return date(comparison, left, right);
    }
    number(left).zip(number(right)).is_some_and(|(left, right)| compare(comparison, &left, &right))
}

/// Whether the cells of a field are written anew in nearly every row, so that remembering them is of no use.
pub(crate) fn is_free_text(field: Field) -> bool {
    use crate::record::Part;
    let keyed = [Field::DeclarationId, Field::BillOfLading, Field::TransportId, Field::ContainerIds];
    let counted = [Field::ContractNumber, Field::InvoiceNumber, Field::Description, Field::HsDescription];
    matches!(field, Field::Party(_, Part::Address))
        || keyed.contains(&field)
        || counted.contains(&field)
        || field.kind() == crate::record::FieldKind::Number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Case;

    fn prefix(code: &str) -> HsRange {
        HsRange { from: code.into(), until: code.into() }
    }

    #[test]
    fn a_tariff_code_begins_with_its_prefix_and_a_shorter_one_does_not() {
        assert!(hs(&prefix("8541"), "8541400000") && hs(&prefix("0102"), "0102"));
        assert!(!hs(&prefix("8541"), "854") && !hs(&prefix("8541"), "8542"));
        let range = HsRange { from: "8541".into(), until: "8542".into() };
        assert!(hs(&range, "854290") && !hs(&range, "854300") && !hs(&range, ""));
    }

    #[test]
    fn a_month_holds_only_where_every_day_of_it_does() {
        assert!(date(Comparison::Gte, "2022-03", "2022-02-24"));
        assert!(!date(Comparison::Gte, "2022-02", "2022-02-24"));
        assert!(date(Comparison::Lt, "2022-01", "2022-02-24") && !date(Comparison::Lt, "2022-02", "2022-02-24"));
        assert!(date(Comparison::Eq, "2022-10-24", "2022") && !date(Comparison::Eq, "2022-10", "2022-10-24"));
        assert!(date(Comparison::Gt, "2023-01-01", "2022") && !date(Comparison::Gt, "2022-12-31", "2022"));
    }

    #[test]
    fn a_date_gives_the_parts_that_it_has() {
        let parts =
            |cell| [DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Week].map(|part| date_part(part, cell));
        assert_eq!(parts("2022-10-24"), [Some(2022), Some(10), Some(24), Some(43)]);
        assert_eq!(parts("2022-10"), [Some(2022), Some(10), None, None]);
        assert_eq!(parts("24.10.2022"), parts("2022-10-24"));
        assert_eq!(parts("soon"), [None; 4]);
    }

    #[test]
    fn fields_differ_only_when_both_are_known() {
        assert!(related(FieldRelation::Differs, Some("CN"), Some("TR")));
        assert!(!related(FieldRelation::Differs, Some("CN"), None) && related(FieldRelation::Neq, Some("CN"), None));
        assert!(related(FieldRelation::Gt, Some("10"), Some("9.5")));
        assert!(related(FieldRelation::Same, Some("1.50"), Some("1.5")));
    }

    #[test]
    fn the_matched_piece_keeps_its_spelling() {
        let pattern = |written, anchor| Leaf::Matches(Pattern::parse(written, anchor, Case::Folded).unwrap());
        assert_eq!(pattern("су-35", Anchor::Contains).matched("ab СУ-35 c"), "СУ-35");
        assert!(pattern("abc", Anchor::Contains).places("ab").is_empty());
    }

    #[test]
    fn every_place_that_answers_is_known_and_no_other() {
        let pattern = |written, anchor| Leaf::Matches(Pattern::parse(written, anchor, Case::Folded).unwrap());
        let places =
            |leaf: &Leaf, cell| leaf.places(cell).into_iter().map(|place| (place.start, place.end)).collect::<Vec<_>>();
        assert_eq!(places(&pattern("at", Anchor::Contains), "AT WATER"), [(0, 2), (4, 6)]);
        assert_eq!(places(&pattern("at", Anchor::StartsWith), "AT WATER"), [(0, 2)]);
        assert_eq!(places(&pattern("at", Anchor::EndsWith), "WATER AT"), [(6, 8)]);
        assert_eq!(places(&pattern("aa", Anchor::Contains), "aaa"), [(0, 2)]);
        let term = Term::parse("SU-35", crate::text::Inflection::Dictionary).unwrap();
        assert_eq!(places(&Leaf::Mentions(term), "SU-350, su-35; СУ 35 ASU-35"), [(8, 13), (15, 22)]);
        assert_eq!(places(&Leaf::Regex(regex("[0-9]*").unwrap()), "a1b22"), [(1, 2), (3, 5)]);
    }
}
