//! Sigma's text modifiers: `contains startswith endswith cased re`, and whole-cell values.

use super::{Flag, Modifiers, Operator, Scalar};
use crate::rules::Question;
use crate::rules::report::Report;
use crate::text::{Anchor, Case, Pattern};

/// Bytes that a compiled regex may take.
pub(in crate::rules) const REGEX_SIZE: usize = 1 << 20;

pub(super) fn pattern(modifiers: &Modifiers, value: &Scalar, report: &mut Report<'_>) -> Option<Pattern> {
    let anchor = match modifiers.operator {
        Some(Operator::Contains) => Anchor::Contains,
        Some(Operator::StartsWith) => Anchor::StartsWith,
        Some(Operator::EndsWith) => Anchor::EndsWith,
        _ => Anchor::Whole,
    };
    compile(&value.text, (anchor, case(modifiers)), value, report)
}

/// The whole cell, wildcards meaning themselves.
pub(super) fn literal(modifiers: &Modifiers, value: &Scalar, report: &mut Report<'_>) -> Option<Pattern> {
    let mut escaped = String::with_capacity(value.text.len());
    for letter in value.text.chars() {
        if matches!(letter, '*' | '?' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    compile(&escaped, (Anchor::Whole, case(modifiers)), value, report)
}

fn case(modifiers: &Modifiers) -> Case {
    if modifiers.has(Flag::Cased) { Case::Exact } else { Case::Folded }
}

fn compile(text: &str, how: (Anchor, Case), value: &Scalar, report: &mut Report<'_>) -> Option<Pattern> {
    match Pattern::parse(text, how.0, how.1) {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            report.error("bad-pattern", &value.span, why);
            None
        }
    }
}

pub(super) fn regex(modifiers: &Modifiers, value: &Scalar, report: &mut Report<'_>) -> Option<Question> {
    let flags: String = [(Flag::IgnoreCase, 'i'), (Flag::MultiLine, 'm'), (Flag::DotAll, 's')]
        .into_iter()
        .filter(|entry| modifiers.has(entry.0))
        .map(|entry| entry.1)
        .collect();
    let source = if flags.is_empty() { value.text.clone() } else { format!("(?{flags}){}", value.text) };
    match regex::RegexBuilder::new(&source).size_limit(REGEX_SIZE).build() {
        Ok(_) => Some(Question::Regex(source)),
        Err(error) => {
            report.error("bad-regex", &value.span, explained(&error));
            None
        }
    }
}

fn explained(error: &regex::Error) -> String {
    let text = error.to_string();
    if text.contains("look-around") {
        return "look-ahead and look-behind are not supported: matching takes linear time".to_owned();
    }
    if text.contains("backreferences") {
        return "backreferences are not supported: matching takes linear time".to_owned();
    }
    match error {
        regex::Error::CompiledTooBig(limit) => format!("the regex takes more than {limit} bytes when compiled"),
        _ => {
            let last = text.lines().last().unwrap_or("").trim();
            format!("this regex cannot be read: {}", last.strip_prefix("error: ").unwrap_or(last))
        }
    }
}
