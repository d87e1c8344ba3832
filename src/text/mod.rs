//! Text: folding, words, terms, patterns. Leaves: nothing here knows a record or a rule.

use std::ops::Range;

/// Key of a heading: casefolded, spaces, underscores and punctuation folded to one space, trimmed.
pub fn heading_key(_heading: &str) -> String {
    unimplemented!()
}
/// Sigma folding: NFC and full casefold.
pub fn sigma_fold(_text: &str) -> String {
    unimplemented!()
}
/// Exact-name key of a party name: NFKC, casefold, confusables, script folded to Latin, punctuation to one space.
pub fn name_keys(_name: &str) -> Vec<String> {
    unimplemented!()
}
/// Latin transliteration for reading, `None` when the text has no Cyrillic letter.
pub fn transliterate(_text: &str) -> Option<String> {
    unimplemented!()
}

/// How `mentions` treats inflection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Inflection {
    /// Words of five and more Cyrillic letters match by their stem.
    Dictionary,
    /// No stems.
    Literal,
    /// Stems for every word, English too.
    Inflected,
}

/// A compiled `mentions` term: whole words in order, case, script, confusables, hyphens folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// As written.
    pub written: String,
}
impl Term {
    /// Compiles a term; the error is a sentence for the rule's author.
    pub fn parse(_written: &str, _inflection: Inflection) -> Result<Term, String> {
        unimplemented!()
    }
    /// The first place in the text where the term stands, as a byte range of the *original* text.
    pub fn find(&self, _text: &ScanText, _original: &str) -> Option<Range<usize>> {
        unimplemented!()
    }
    /// Literals one of which stands in `ScanText::folded` whenever the term is mentioned; never empty strings.
    pub fn required_literals(&self) -> Vec<String> {
        unimplemented!()
    }
}

/// A text folded once for all terms: variants end to end in one buffer for a case-sensitive multi-pattern search.
#[derive(Debug, Default)]
pub struct ScanText {
    /// What literals are searched in.
    pub folded: String,
}
impl ScanText {
    /// Folds a text, reusing the buffers.
    pub fn fold(&mut self, _original: &str) {
        unimplemented!()
    }
}

/// A Sigma pattern: `*`, `?`, backslash rules; the whole cell unless the modifier says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    /// As written.
    pub written: String,
}
/// Where a pattern must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the modifiers' words")]
pub enum Anchor {
    Whole,
    Contains,
    StartsWith,
    EndsWith,
}
impl Pattern {
    /// Compiles; `cased` switches folding off.
    pub fn parse(_written: &str, _anchor: Anchor, _case: Case) -> Result<Pattern, String> {
        unimplemented!()
    }
    /// Whether the text matches.
    pub fn is_match(&self, _text: &str) -> bool {
        unimplemented!()
    }
}
/// Whether letter case matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words speak for themselves")]
pub enum Case {
    Folded,
    Exact,
}
