//! What a list says of an entity, as written. In: nothing. Out: the shape in which every format hands its entries over,
//! each value with its place. It never judges what the values mean.
use std::ops::Range;

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Place {
    /// Bytes of a text that is kept.
    Span(usize, usize),
    /// A line, from 1.
    Line(usize),
    /// No place of its own.
    #[default]
    Nowhere,
}

/// A value and where it stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: Place,
}

/// An entity, or what is to be added to the one of that id.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) at: Place,
    pub(super) id: Word,
    /// Empty where the entry only adds to another.
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    /// Aliases that the publisher calls weak: everyday words and short forms.
    pub(super) weak_aliases: Vec<String>,
    /// In order of preference; the first that is known counts.
    pub(super) countries: Vec<Word>,
    /// By kind.
    pub(super) identifiers: Vec<(String, Word)>,
    /// Texts in which identifiers may stand, told by their checksums.
    pub(super) documents: Vec<String>,
    pub(super) addresses: Vec<String>,
    pub(super) topics: Vec<String>,
    pub(super) same_as: Vec<Word>,
    pub(super) listed: Vec<Listed>,
    pub(super) parents: Vec<Stake>,
    pub(super) source: Option<String>,
}

/// A listing of an entity.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) programme: String,
    pub(super) from: Option<Word>,
    pub(super) until: Option<Word>,
    pub(super) source: Option<String>,
}

/// A stake in an entity.
#[derive(Debug, Default)]
pub(super) struct Stake {
    pub(super) owner: Word,
    pub(super) share: Option<Word>,
    pub(super) kind: Option<Word>,
    pub(super) from: Option<Word>,
    pub(super) until: Option<Word>,
    pub(super) source: Option<String>,
}

impl Place {
    pub(super) fn span(range: &Range<usize>) -> Place {
        Place::Span(range.start, range.end)
    }
}

impl Word {
    pub(super) fn new(text: impl Into<String>, at: Place) -> Word {
        Word { text: text.into(), at }
    }

    /// The text without blanks around it, when there is any.
    pub(super) fn filled(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }
}

impl Entry {
    pub(super) fn new(id: impl Into<String>, name: impl Into<String>, at: Place) -> Entry {
        Entry { at, id: Word::new(id, at), name: name.into(), ..Entry::default() }
    }
}
