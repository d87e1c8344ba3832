//! Passage: a cell of a record → text that is safe to print, as plain text and as HTML with the matched words marked.
//!
//! Everything is escaped before anything is marked; control and direction characters never get through.

use std::ops::Range;

use serde::Serialize;

use crate::text::is_word_sign;

/// A text in its two forms, and in Latin letters when it is written in others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// For the plain part.
    pub text: String,
    /// For the HTML part: escaped, with `<mark>`.
    pub html: String,
    /// Transliteration, for reading.
    pub latin: Option<String>,
}

/// What is marked in a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matched<'a> {
    /// Places known, from byte to byte of the cell.
    pub places: Vec<(usize, usize)>,
    /// Texts whose place is not known: marked wherever they are not part of a longer word.
    pub texts: Vec<&'a str>,
}

impl Passage {
    /// A cell in which nothing is marked.
    pub fn plain(cell: &str, limit: usize) -> Passage {
        Passage::marked(cell, &Matched::default(), limit)
    }

    /// A cell with what matched in it marked, cut around the first of that.
    pub fn marked(cell: &str, matched: &Matched, limit: usize) -> Passage {
        let whole = clean(cell, usize::MAX);
        let marks = marks(cell, &whole, matched);
        let (text, marks) = window(&whole, marks, limit);
        let html = markup(&text, &marks);
        let latin = crate::text::transliterate(&text);
        Passage { text, html, latin }
    }

    /// For one line of plain text: the cell, then its Latin form in brackets.
    pub fn line(&self) -> String {
        match &self.latin {
            Some(latin) => format!("{} [{latin}]", self.text),
            None => self.text.clone(),
        }
    }
}

/// A whole line for a terminal: no control or direction character gets there, blanks stay.
pub fn clean_line(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_invisible(*c));
    shown.map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// One line without control, direction or invisible characters, white space folded, at most `limit` characters.
pub fn clean(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            gap = true;
        } else if !is_invisible(c) {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        }
    }
    cut(&out, limit)
}

/// Characters that reorder or hide text and so could make a mail say what the record does not.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{AD}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// At most `limit` characters, an ellipsis where something went away.
pub fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// At most `limit` characters with the first mark in the first third, and the marks as they stand there.
fn window(text: &str, marks: Vec<Range<usize>>, limit: usize) -> (String, Vec<Range<usize>>) {
    let total = text.chars().count();
    if total <= limit {
        return (text.to_owned(), marks);
    }
    let first = marks.first().map_or(0, |mark| mark.start);
    let before = text.get(..first).map_or(0, |head| head.chars().count());
    let skipped = before.saturating_sub(limit / 3).min(total.saturating_sub(limit));
    let byte = |nth: usize| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
    let kept = text.get(byte(skipped)..byte(skipped + limit)).unwrap_or("");
    let start = byte(skipped) + kept.len() - kept.trim_start().len();
    let kept = kept.trim();
    let head = if skipped > 0 { "…" } else { "" };
    let tail = if skipped + limit < total { "…" } else { "" };
    let moved = |at: usize| at.saturating_sub(start).min(kept.len()) + head.len();
    let marks = marks.into_iter().map(|mark| moved(mark.start)..moved(mark.end)).filter(|mark| !mark.is_empty());
    (format!("{head}{kept}{tail}"), marks.collect())
}

/// Where in the cleaned cell the marks stand: sorted, merged, not overlapping.
fn marks(cell: &str, whole: &str, matched: &Matched) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> =
        matched.places.iter().filter_map(|place| cleaned_place(cell, whole, *place)).collect();
    let texts = matched.texts.iter().map(|text| clean(text, usize::MAX)).filter(|text| !text.is_empty());
    for text in texts {
        let places = whole.match_indices(text.as_str()).map(|(at, hit)| at..at + hit.len());
        found.extend(places.filter(|place| stands_alone(whole, place)));
    }
    found.sort_by_key(|mark| (mark.start, mark.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for mark in found {
        match merged.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => merged.push(mark),
        }
    }
    merged
}

/// Where a place of the cell stands once the cell is cleaned.
fn cleaned_place(cell: &str, whole: &str, (start, end): (usize, usize)) -> Option<Range<usize>> {
    let length = |end: usize| cell.get(..end).map(|head| clean(head, usize::MAX).len());
    let (start, end) = (length(start)?, length(end)?);
    let gap = whole.get(start..end)?;
    let start = start + gap.len() - gap.trim_start().len();
    (start < end).then_some(start..end)
}

/// Whether no letter or digit on either side makes a longer word of it; signs that are words by themselves do not.
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let joins = |one: Option<char>, other: Option<char>| {
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_word_sign(c));
        is_letter(one) && is_letter(other)
    };
    let own = || text.get(place.clone()).unwrap_or("").chars();
    let before = text.get(..place.start).and_then(|head| head.chars().next_back());
    let after = text.get(place.end..).and_then(|tail| tail.chars().next());
    !joins(before, own().next()) && !joins(own().next_back(), after)
}

const MARK: &str = "<mark class=\"hit\" style=\"background:#ffe58a;color:#1c1c1e;padding:0 2px;border-radius:2px\">";

fn markup(text: &str, marks: &[Range<usize>]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for mark in marks {
        out.push_str(&escape(text.get(at..mark.start).unwrap_or("")));
        out.push_str(MARK);
        out.push_str(&escape(text.get(mark.clone()).unwrap_or("")));
        out.push_str("</mark>");
        at = mark.end;
    }
    out.push_str(&escape(text.get(at..).unwrap_or("")));
    out
}

/// Text → HTML that shows just that text, in an element or in a quoted attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(texts: &[&'a str]) -> Matched<'a> {
        Matched { texts: texts.to_vec(), ..Matched::default() }
    }

    fn check(cell: &str, matched: &[&str], expected: &str) {
        let html = Passage::marked(cell, &texts(matched), 400).html;
        assert_eq!(html.replace(MARK, "<mark>"), expected);
    }

    #[test]
    fn every_occurrence_is_marked_once() {
        check("SU-35 parts for SU-35", &["SU-35"], "<mark>SU-35</mark> parts for <mark>SU-35</mark>");
        check("ab cd ef", &["ab cd", "cd ef", ""], "<mark>ab cd ef</mark>");
        check("nothing here", &["x-y"], "nothing here");
    }

    #[test]
    fn a_part_of_a_longer_word_is_not_marked() {
        let cell = "PUMP SU-350 WATER GATE, SU-35 AT";
        check(cell, &["SU-35", "AT"], "PUMP SU-350 WATER GATE, <mark>SU-35</mark> <mark>AT</mark>");
        check("飞机SU-35零件", &["SU-35"], "飞机<mark>SU-35</mark>零件");
        check("无人机零件", &["无人机"], "<mark>无人机</mark>零件");
    }

    #[test]
    fn places_that_are_known_are_marked_and_nothing_else() {
        let places = |cell: &str, places: &[(usize, usize)], limit| {
            let matched = Matched { places: places.to_vec(), ..Matched::default() };
            Passage::marked(cell, &matched, limit).html.replace(MARK, "<mark>")
        };
        assert_eq!(places("WATER AT AT", &[(1, 3), (6, 8)], 400), "W<mark>AT</mark>ER <mark>AT</mark> AT");
        assert_eq!(places(" a\r\n\tSU\u{200b}-35  b", &[(5, 13)], 400), "a <mark>SU-35</mark> b");
        assert_eq!(places("a  b", &[(1, 4)], 400), "a <mark>b</mark>");
        assert_eq!(places("ж", &[(1, 2), (0, 99), (2, 2)], 400), "ж", "places of another cell");
        let long = format!("{}x{}", "a ".repeat(50), " b".repeat(50));
        assert_eq!(places(&long, &[(100, 101)], 9), "…a <mark>x</mark> b b…");
        assert_eq!(places(&long, &[(0, 201)], 9), "<mark>a a a a a</mark>…");
    }

    #[test]
    fn text_is_escaped_inside_and_outside_of_marks() {
        check("<b> & \"<i>\" '", &["<i>"], "&lt;b&gt; &amp; &quot;<mark>&lt;i&gt;</mark>&quot; &#39;");
        check("<mark>", &["mark"], "&lt;<mark>mark</mark>&gt;");
    }

    #[test]
    fn control_and_direction_characters_are_gone() {
        assert_eq!(clean(" a\r\n\tb\u{202E}c\u{0}d\u{FEFF} ", 99), "a bc d");
        check("two\nlines", &["two\r\nlines"], "<mark>two lines</mark>");
    }

    #[test]
    fn a_long_text_is_cut_around_the_match() {
        let cell = format!("{}needle{}", "a ".repeat(500), " b".repeat(500));
        let passage = Passage::marked(&cell, &texts(&["needle"]), 100);
        assert!(passage.text.starts_with('…') && passage.text.ends_with('…'));
        assert!(passage.text.contains("needle") && passage.text.chars().count() <= 102);
        assert_eq!(cut("абвг", 3), "аб…");
        assert_eq!(cut("абв", 3), "абв");
    }
}
