//! A key's words → its modifiers, each known, none against another. It looks at no value.

use super::refused::REFUSED;
use super::{FLAGS, Flag, Modifiers, OPERATORS, Operator, PARTS};
use crate::rules::report::Report;
use std::ops::Range;

/// Who a party is, as a key of a map that speaks of one party.
const IDENTITIES: [&str; 4] = ["entity", "owned_by", "listed", "listed_on_date"];

/// Reads the words of a key behind its field, each with its place; `owned_by` and its like, which stand where a field
/// does in a map that speaks of one party, are read as the operators that they are.
pub(in crate::rules) fn parse(key: &[(&str, Range<usize>)], report: &mut Report<'_>) -> Option<Modifiers> {
    let identity = key.first().is_some_and(|(name, _)| IDENTITIES.contains(name));
    let words = if identity { key } else { key.get(1..).unwrap_or_default() };
    let mut modifiers = Modifiers::default();
    let before = report.problems.len();
    for (word, span) in words {
        if let Some((_, operator)) = OPERATORS.iter().find(|entry| entry.0 == *word) {
            if let Some(first) = modifiers.operator.replace(*operator) {
                let message = format!("`{}` and `{word}` cannot stand together", first.name());
                report.error("modifiers-clash", span, message);
            }
        } else if let Some((_, part)) = PARTS.iter().find(|entry| entry.0 == *word) {
            if modifiers.part.replace(*part).is_some() {
                report.error("modifiers-clash", span, "one part of a date can be asked for at a time");
            }
        } else if let Some((_, flag)) = FLAGS.iter().find(|entry| entry.0 == *word) {
            modifiers.flags.insert(*flag);
        } else if let Some((_, advice)) = REFUSED.iter().find(|entry| entry.0 == *word) {
            report.error("refused-modifier", span, format!("`{word}` of Sigma has no meaning in a customs record"));
            report.hint(*advice);
        } else {
            report.error("unknown-modifier", span, format!("unknown modifier `{word}`"));
            let known = OPERATORS.iter().map(|entry| entry.0).chain(FLAGS.iter().map(|entry| entry.0));
            report.guess(word, known.chain(PARTS.iter().map(|entry| entry.0)).filter(|known| known.len() > 1));
        }
    }
    let last = words.last().map_or(0..0, |word| word.1.clone());
    if let Some(message) = clash(&modifiers) {
        report.error("modifiers-clash", &last, message);
    }
    let wordy = modifiers.has(Flag::Literal) || modifiers.has(Flag::Inflected);
    if modifiers.operator.is_none() && wordy {
        modifiers.operator = Some(Operator::Mentions);
    }
    (report.problems.len() == before).then_some(modifiers)
}

fn clash(modifiers: &Modifiers) -> Option<String> {
    use Operator::{Contains, EndsWith, Exists, Gt, Gte, Lt, Lte, Mentions, Re, StartsWith};
    let operator = modifiers.operator;
    let allowed = |flag: Flag, operators: &[Operator], bare: Option<()>| {
        let fits = operator.map_or(bare.is_some(), |operator| operators.contains(&operator));
        modifiers.has(flag) && !fits
    };
    if allowed(Flag::IgnoreCase, &[Re], None)
        || allowed(Flag::MultiLine, &[Re], None)
        || allowed(Flag::DotAll, &[Re], None)
    {
        return Some("`i`, `m` and `s` belong to `re`".to_owned());
    }
    if allowed(Flag::Literal, &[Mentions], Some(())) || allowed(Flag::Inflected, &[Mentions], Some(())) {
        return Some("`literal` and `inflected` belong to `mentions`".to_owned());
    }
    if modifiers.has(Flag::Literal) && modifiers.has(Flag::Inflected) {
        return Some("`literal` and `inflected` cannot stand together".to_owned());
    }
    if allowed(Flag::Cased, &[Contains, StartsWith, EndsWith, Operator::Exactly], Some(())) {
        return Some("`cased` belongs to whole values, `contains`, `startswith` and `endswith`".to_owned());
    }
    if allowed(Flag::FieldRef, &[Contains, StartsWith, EndsWith, Gt, Gte, Lt, Lte], Some(())) {
        return Some("`fieldref` goes with `contains`, `startswith`, `endswith`, `gt`, `gte`, `lt`, `lte`".to_owned());
    }
    let modes = [Flag::AnyStake, Flag::Ofac50, Flag::Control].into_iter().filter(|mode| modifiers.has(*mode)).count();
    if modes > 0 && operator != Some(Operator::OwnedBy) {
        return Some("`any`, `ofac50` and `control` belong to `owned_by`".to_owned());
    }
    if modes > 1 {
        return Some("one of `any`, `ofac50` and `control` is enough".to_owned());
    }
    if modifiers.has(Flag::FieldRef) && modifiers.has(Flag::Cased) {
        return Some("`cased` and `fieldref` cannot stand together: two fields are compared case aside".to_owned());
    }
    if modifiers.part.is_some()
        && (!matches!(operator, None | Some(Gt | Gte | Lt | Lte | Operator::Between))
            || modifiers.has(Flag::FieldRef)
            || modifiers.has(Flag::Cased))
    {
        return Some(
            "`day`, `week`, `month` and `year` go alone or with `gt`, `gte`, `lt`, `lte`, `between`".to_owned(),
        );
    }
    if operator == Some(Exists) && !modifiers.flags.is_empty() {
        return Some("`exists` stands alone: `exists: true` or `exists: false`".to_owned());
    }
    None
}
