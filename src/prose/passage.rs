//! Passage: a cell of a record → text that is safe to print, as plain text and as HTML with the matched words marked.
//!
//! Everything is escaped before anything is marked; control and direction characters never get through.

use serde::Serialize;

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

impl Passage {
    /// A cell in which nothing is marked.
    pub fn plain(cell: &str, limit: usize) -> Passage {
        Passage::marked(cell, &[], limit)
    }

    /// A cell with every occurrence of the matched texts marked, cut around the first of them.
    pub fn marked(cell: &str, matched: &[&str], limit: usize) -> Passage {
        let whole = clean(cell, usize::MAX);
        let needles: Vec<String> = matched.iter().map(|text| clean(text, usize::MAX)).collect();
        let first = marks(&whole, &needles).first().map_or(0, |mark| mark.start);
        let text = window(&whole, first, limit);
        let html = markup(&text, &marks(&text, &needles));
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

/// At most `limit` characters with the byte `at` in the first third.
fn window(text: &str, at: usize, limit: usize) -> String {
    let total = text.chars().count();
    if total <= limit {
        return text.to_owned();
    }
    let before = text.get(..at).map_or(0, |head| head.chars().count());
    let start = before.saturating_sub(limit / 3).min(total.saturating_sub(limit));
    let kept: String = text.chars().skip(start).take(limit).collect();
    let head = if start > 0 { "…" } else { "" };
    let tail = if start + limit < total { "…" } else { "" };
    format!("{head}{}{tail}", kept.trim())
}

/// Where the needles stand: sorted, merged, not overlapping.
fn marks(text: &str, needles: &[String]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = needles
        .iter()
        .filter(|needle| !needle.is_empty())
        .flat_map(|needle| text.match_indices(needle.as_str()).map(|(at, hit)| at..at + hit.len()))
        .collect();
    found.sort_by_key(|mark| (mark.start, mark.end));
    let mut merged: Vec<std::ops::Range<usize>> = Vec::new();
    for mark in found {
        match merged.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => merged.push(mark),
        }
    }
    merged
}

const MARK: &str = "<mark class=\"hit\" style=\"background:#ffe58a;color:#1c1c1e;padding:0 2px;border-radius:2px\">";

fn markup(text: &str, marks: &[std::ops::Range<usize>]) -> String {
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

    fn check(cell: &str, matched: &[&str], expected: &str) {
        let html = Passage::marked(cell, matched, 400).html;
        assert_eq!(html.replace(MARK, "<mark>"), expected);
    }

    #[test]
    fn every_occurrence_is_marked_once() {
        check("SU-35 parts for SU-35", &["SU-35"], "<mark>SU-35</mark> parts for <mark>SU-35</mark>");
        check("abcd", &["abc", "bcd", ""], "<mark>abcd</mark>");
        check("nothing here", &["x-y"], "nothing here");
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
        let passage = Passage::marked(&cell, &["needle"], 100);
        assert!(passage.text.starts_with('…') && passage.text.ends_with('…'));
        assert!(passage.text.contains("needle") && passage.text.chars().count() <= 102);
        assert_eq!(cut("абвг", 3), "аб…");
        assert_eq!(cut("абв", 3), "абв");
    }
}
