//! The condition of a detection: `or` < `and` < `not` < `N of X` < parentheses, over named selections.
//!
//! In: the condition's node and the names that it may use. Out: a [`Condition`] over their places: the selections beside
//! it first, then the definitions that it names, as they come. It evaluates nothing.

use super::Condition;
use super::define::Names;
use super::report::Report;
use crate::yaml::{Node, Value};
use std::collections::BTreeSet;
use std::ops::Range;

const MAX_DEPTH: usize = 64;
const MAX_WORDS: usize = 2_000;

/// What a condition may name. A selector (`1 of them`, `all of sel_*`) speaks of its own selections alone.
pub(super) struct Scope<'s> {
    pub(super) own: &'s [String],
    pub(super) shared: &'s Names,
}

/// A condition and what it names.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) condition: Condition,
    pub(super) used: BTreeSet<usize>,
    /// Definitions, each with its first place.
    pub(super) shared: Vec<(String, Range<usize>)>,
}

/// Reads a condition; a list means OR.
pub(super) fn read(node: &Node, scope: &Scope<'_>, report: &mut Report<'_>) -> Option<Read> {
    let items: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        Value::Scalar { .. } => vec![node],
        Value::Map(_) => Vec::new(),
    };
    if items.is_empty() {
        report.error("wrong-shape", &node.span, "`condition` must be a text or a list of texts");
        return None;
    }
    let (mut used, mut shared) = (BTreeSet::new(), Vec::new());
    let read: Vec<Option<Condition>> = items
        .into_iter()
        .map(|item| {
            let text = report.text("condition", item)?.to_owned();
            let lead = item.text().and_then(|whole| whole.find(text.as_str())).unwrap_or(0);
            let named = (&mut used, &mut shared);
            let mut parser = Parser { node: item, lead, words: words(&text), next: 0, scope, report, named, depth: 0 };
            parser.whole()
        })
        .collect();
    let all: Option<Vec<Condition>> = read.into_iter().collect();
    all.map(|parts| Read { condition: one_or(parts, Condition::Or), used, shared })
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

type Word = (String, Range<usize>);

fn words(text: &str) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        let alone = matches!(letter, '(' | ')' | '|');
        if letter.is_whitespace() || alone {
            open = false;
            if alone {
                out.push((letter.to_string(), at..end));
            }
        } else if let Some(last) = out.last_mut().filter(|_| open) {
            last.0.push(letter);
            last.1.end = end;
        } else {
            out.push((letter.to_string(), at..end));
            open = true;
        }
    }
    out
}

struct Parser<'p, 'r> {
    node: &'p Node,
    lead: usize,
    words: Vec<Word>,
    next: usize,
    scope: &'p Scope<'p>,
    report: &'p mut Report<'r>,
    named: (&'p mut BTreeSet<usize>, &'p mut Vec<(String, Range<usize>)>),
    depth: usize,
}

impl Parser<'_, '_> {
    fn whole(&mut self) -> Option<Condition> {
        if self.words.len() > MAX_WORDS {
            return self.wrong(0, format!("a condition has at most {MAX_WORDS} words"));
        }
        let condition = self.or()?;
        match self.word(self.next) {
            None => Some(condition),
            Some("|") if self.word(self.next + 1) == Some("|") => {
                self.wrong(self.next, "a condition has no `||`".to_owned());
                self.report.hint("write `or`");
                None
            }
            Some("|") => {
                self.wrong(self.next, "a condition has no `|`: it speaks of one record and counts nothing".to_owned());
                self.report.hint("write `or` between selections; take a count out");
                None
            }
            Some(")") => self.wrong(self.next, "this `)` closes nothing".to_owned()),
            Some(word) => {
                let (word, sign) = (word.to_owned(), matches!(word, "&" | "&&" | "+"));
                self.wrong(self.next, format!("expected `and`, `or` or the end, not `{word}`"));
                let before = self.next.checked_sub(1).and_then(|at| self.word(at)).unwrap_or("").to_owned();
                self.report.hint(match sign {
                    true => "write `and`".to_owned(),
                    false => format!("write `and` or `or` between `{before}` and `{word}`"),
                });
                None
            }
        }
    }

    fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(|word| word.0.as_str())
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let here = self.word(self.next).is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(here);
        here
    }

    fn or(&mut self) -> Option<Condition> {
        let mut parts = vec![self.and()?];
        while self.keyword("or") {
            parts.push(self.and()?);
        }
        Some(one_or(parts, Condition::Or))
    }

    fn and(&mut self) -> Option<Condition> {
        let mut parts = vec![self.not()?];
        while self.keyword("and") {
            parts.push(self.not()?);
        }
        Some(one_or(parts, Condition::And))
    }

    fn not(&mut self) -> Option<Condition> {
        self.depth += 1;
        let read = if self.depth > MAX_DEPTH {
            self.wrong(self.next, format!("nested deeper than {MAX_DEPTH} levels"))
        } else if self.keyword("not") {
            self.not().map(|inner| Condition::Not(Box::new(inner)))
        } else {
            self.atom()
        };
        self.depth -= 1;
        read
    }

    fn atom(&mut self) -> Option<Condition> {
        let at = self.next;
        let Some(word) = self.word(at).map(str::to_owned) else {
            let before = at.checked_sub(1).and_then(|at| self.word(at)).unwrap_or("").to_owned();
            self.wrong(at, format!("a selection must follow `{before}`"));
            self.report.hint(format!("name one of {}", listed(self.scope.own)));
            return None;
        };
        self.next += 1;
        if word == "(" {
            let inner = self.or()?;
            if !self.keyword(")") {
                return self.wrong(at, "this `(` is not closed".to_owned());
            }
            return Some(inner);
        }
        if self.word(self.next).is_some_and(|next| next.eq_ignore_ascii_case("of")) {
            self.next += 1;
            return self.of(&word, at);
        }
        if ["and", "or", "of", ")", "|"].iter().any(|known| word.eq_ignore_ascii_case(known)) {
            return self.wrong(at, format!("expected a selection, not `{word}`"));
        }
        if word.contains('*') {
            self.wrong(at, format!("`{word}` stands for several selections: say how many of them"));
            self.report.hint(format!("write `1 of {word}` or `all of {word}`"));
            return None;
        }
        self.selection(&word, at)
    }

    /// A selection beside the condition, else a definition.
    fn selection(&mut self, word: &str, at: usize) -> Option<Condition> {
        let own = self.scope.own;
        if let Some(index) = own.iter().position(|name| name == word) {
            self.named.0.insert(index);
            return Some(Condition::Selection(index));
        }
        let span = self.span(at);
        if self.scope.shared.take(word) {
            let shared = &mut *self.named.1;
            let known = shared.iter().position(|(name, _)| name == word);
            if known.is_none() {
                shared.push((word.to_owned(), span));
            }
            return Some(Condition::Selection(own.len() + known.unwrap_or(shared.len().saturating_sub(1))));
        }
        if let Some((message, hint)) = foreign(word) {
            self.report.error("condition-syntax", &span, message);
            self.report.hint(hint);
            return None;
        }
        self.report.error("unknown-selection", &span, format!("there is no selection or definition `{word}`"));
        self.report.hint(format!("the selections are {}", listed(own)));
        if let Some(path) = &self.scope.shared.unread {
            self.report.hint(format!("{path} cannot be read; if it stands there, mend that first"));
        }
        self.report.guess(word, own.iter().map(String::as_str).chain(self.scope.shared.iter()));
        None
    }

    /// After `1 of`, `all of`, `N of`.
    fn of(&mut self, count: &str, at: usize) -> Option<Condition> {
        let place = self.next;
        let Some(pattern) = self.word(place).filter(|word| !matches!(*word, "(" | ")" | "|")).map(str::to_owned) else {
            return self.wrong(at, "`of` needs `them` or a pattern such as `sel_*`".to_owned());
        };
        self.next += 1;
        let own = self.scope.own;
        let chosen: Vec<usize> =
            own.iter().enumerate().filter(|(_, name)| selects(&pattern, name)).map(|(index, _)| index).collect();
        if chosen.is_empty() {
            let span = self.span(place);
            self.report.error("empty-selector", &span, format!("`{pattern}` matches no selection"));
            self.report.hint(format!("the selections are {}", listed(own)));
            self.report.guess(&pattern, own.iter().map(String::as_str));
            return None;
        }
        self.named.0.extend(&chosen);
        let parts: Vec<Condition> = chosen.into_iter().map(Condition::Selection).collect();
        if count.eq_ignore_ascii_case("all") {
            return Some(one_or(parts, Condition::And));
        }
        let least = if count.eq_ignore_ascii_case("any") { Ok(1) } else { count.parse::<usize>() };
        match least {
            Ok(1) => Some(one_or(parts, Condition::Or)),
            Ok(least) if least >= 1 && least <= parts.len() => Some(Condition::AtLeast(least, parts)),
            Ok(0) => self.wrong(at, "`0 of` always holds; write `not 1 of`".to_owned()),
            Ok(_) => {
                self.wrong(at, format!("`{pattern}` matches only {} selections", parts.len()));
                self.report.hint(format!("write at most {}, or `all of {pattern}`", parts.len()));
                None
            }
            Err(_) => self.wrong(at, format!("`{count}` is no count: write `1 of`, `all of` or `3 of`")),
        }
    }

    fn span(&self, at: usize) -> Range<usize> {
        let whole = self.words.last().map_or(0, |word| word.1.end);
        let range = self.words.get(at).map_or(whole..whole, |word| word.1.clone());
        self.node.part(self.report.source, self.lead + range.start..self.lead + range.end)
    }

    fn wrong(&mut self, at: usize, message: String) -> Option<Condition> {
        let span = self.span(at);
        self.report.error("condition-syntax", &span, message);
        None
    }
}

/// Signs of other languages that stick to a name.
fn foreign(word: &str) -> Option<(&'static str, String)> {
    match word.strip_prefix('!') {
        Some(name) => Some(("a condition has no `!`", format!("write `not {name}`"))),
        None => word.ends_with(',').then(|| ("a condition has no commas", "write `and` or `or`".to_owned())),
    }
}

/// The names, as far as a reader wants them.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    format!("{}{}", shown.join(", "), if names.len() > 8 { ", …" } else { "" })
}

fn selects(pattern: &str, name: &str) -> bool {
    // A pattern is `them` restricted: names set aside by an underscore are only meant where it is written.
    if name.starts_with('_') && !pattern.starts_with('_') {
        return false;
    }
    if pattern.eq_ignore_ascii_case("them") {
        return true;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part).and_then(|at| rest.get(at + part.len()..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::SourceText;

    fn run(text: &str) -> Result<Condition, (&'static str, usize)> {
        let source = SourceText::new("a", format!("{text:?}"));
        let (documents, _) = crate::yaml::parse(&source, crate::yaml::Limits::default());
        let names: Vec<String> = ["a", "b", "c", "sel_1", "sel_2", "_x"].map(str::to_owned).to_vec();
        let mut report = Report::new(&source);
        let definitions = SourceText::new("d", "define: {shared: {brand: x}, sel_shared: {brand: y}}");
        let (shared, _) = crate::yaml::parse(&definitions, crate::yaml::Limits::default());
        let shared = super::super::define::names(shared.iter().map(|node| (&definitions, node)), &mut Vec::new());
        let read = read(&documents[0], &Scope { own: &names, shared: &shared }, &mut report);
        match report.problems.first() {
            Some(problem) => Err((problem.code, problem.position().1)),
            None => Ok(read.unwrap().condition),
        }
    }

    #[test]
    fn not_binds_before_and_before_or() {
        use Condition::{And, AtLeast, Not, Or, Selection as S};
        let not = |inner| Not(Box::new(inner));
        for (text, expected) in [
            ("a", S(0)),
            ("a or b and not c", Or(vec![S(0), And(vec![S(1), not(S(2))])])),
            ("(a or b) and c", And(vec![Or(vec![S(0), S(1)]), S(2)])),
            ("not not a", not(not(S(0)))),
            ("NOT a AND b", And(vec![not(S(0)), S(1)])),
            ("1 of sel_*", Or(vec![S(3), S(4)])),
            ("all of sel*", And(vec![S(3), S(4)])),
            ("2 of them", AtLeast(2, vec![S(0), S(1), S(2), S(3), S(4)])),
            ("not 1 of sel_* and a", And(vec![not(Or(vec![S(3), S(4)])), S(0)])),
            ("1 of _x", S(5)),
            ("shared or a and not shared", Or(vec![S(6), And(vec![S(0), not(S(6))])])),
            ("sel_shared and shared", And(vec![S(6), S(7)])),
            ("1 of _*", S(5)),
            ("all of *e*", And(vec![S(3), S(4)])),
            ("1 of *", Or(vec![S(0), S(1), S(2), S(3), S(4)])),
        ] {
            assert_eq!(run(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_condition_has_its_column() {
        for (text, code, column) in [
            ("a and d", "unknown-selection", 8),
            ("a b", "condition-syntax", 4),
            ("(a or b", "condition-syntax", 2),
            ("a)", "condition-syntax", 3),
            ("1 of z*", "empty-selector", 7),
            ("1 of share*", "empty-selector", 7),
            ("a and shard", "unknown-selection", 8),
            ("9 of them", "condition-syntax", 2),
            ("0 of them", "condition-syntax", 2),
            ("a or", "condition-syntax", 6),
            ("a | count() > 5", "condition-syntax", 4),
            ("sel_*", "condition-syntax", 2),
        ] {
            assert_eq!(run(text), Err((code, column)), "{text}");
        }
        assert_eq!(run(&"(".repeat(500)).unwrap_err().0, "condition-syntax");
    }
}
