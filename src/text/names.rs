//! Names as words with their readings. In: a name. Out: its folded words, each in every reading; keys of the whole.
use super::scan::{Reach, ScanText};

/// At most this many readings of one name are made.
const MOST_KEYS: usize = 16;

/// The words of a name, each with its readings: glued letters and digits are one word, a Han sign is a word.
pub(crate) fn name_words(name: &str) -> Vec<Vec<String>> {
    let mut text = ScanText::default();
    text.fold_within(name, Reach::Whole);
    let mut words: Vec<Vec<String>> = Vec::new();
    for token in &text.tokens {
        let keys: Vec<String> = {
            let mut keys: Vec<String> = text.keys(token).filter(|key| !key.is_empty()).map(str::to_owned).collect();
            keys.dedup();
            keys
        };
        match words.last_mut().filter(|_| token.glued) {
            Some(word) => *word = joined(word, &keys, ""),
            None if keys.is_empty() => {}
            None => words.push(keys),
        }
    }
    words
}

/// Every left part with every right part, bounded.
fn joined(left: &[String], right: &[String], between: &str) -> Vec<String> {
    let mut out = Vec::with_capacity(left.len() * right.len());
    for right in right {
        for left in left {
            let key = format!("{left}{between}{right}");
            if out.len() < MOST_KEYS && !out.contains(&key) {
                out.push(key);
            }
        }
    }
    if right.is_empty() { left.to_vec() } else { out }
}

/// Exact-name key of a party name: NFKC, casefold, confusables, script folded to Latin, punctuation to one space.
pub fn name_keys(name: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for word in name_words(name) {
        keys = if keys.is_empty() { word } else { joined(&keys, &word, " ") };
    }
    keys
}
