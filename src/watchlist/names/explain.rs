//! What a score rests on, as data: words of both names side by side. In: two names and their comparison. Out: pieces in the
//! order of the cell. It decides nothing.
use super::score::{How, Outcome};
use crate::party::Name;

/// How the words of a piece stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PieceKind {
    /// Equal but for case, script and look-alikes.
    Same,
    /// An abbreviation or a translation.
    Meaning,
    /// Nearly the same letters.
    Spelling,
    /// Written together in one name, apart in the other.
    Joined,
    /// A legal form is glued to the word.
    Glued,
    /// Cut off at the end of the cell.
    Cut,
    /// Only the cell has it.
    Extra,
    /// Only the list has it.
    Missing,
    /// The legal forms of both.
    Form,
    /// An identifier of the party and of the entity.
    Identifier,
    /// The countries of both.
    Country,
}

impl PieceKind {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            PieceKind::Same => "same",
            PieceKind::Meaning => "meaning",
            PieceKind::Spelling => "spelling",
            PieceKind::Joined => "joined",
            PieceKind::Glued => "glued",
            PieceKind::Cut => "cut",
            PieceKind::Extra => "extra",
            PieceKind::Missing => "missing",
            PieceKind::Form => "form",
            PieceKind::Identifier => "identifier",
            PieceKind::Country => "country",
        }
    }
}

/// A piece of evidence for or against a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// How the two sides stand to each other.
    pub kind: PieceKind,
    /// What the cell says; empty when it says nothing.
    pub left: String,
    /// What the list says.
    pub right: String,
    /// From 0 (they differ) to 1 (they agree).
    pub score: f32,
    /// How much it counts, from 0 to 1.
    pub weight: f32,
}

/// The pieces of a comparison.
pub(super) fn pieces((written, query): (&str, &Name), (alias, entity): (&str, &Name), outcome: &Outcome) -> Vec<Piece> {
    let mut pairs = outcome.pairs.clone();
    pairs.sort_by_key(|pair| (pair.left == (0, 0), pair.left, pair.right));
    let mut out: Vec<Piece> = Vec::with_capacity(pairs.len() + 1);
    for pair in &pairs {
        out.push(Piece {
            kind: kind(pair.how),
            left: text(written, query, pair.left).to_owned(),
            right: text(alias, entity, pair.right).to_owned(),
            score: hundredths(pair.near),
            weight: hundredths(pair.weight),
        });
    }
    if let (Some(left), Some(right)) = (query.form(), entity.form()) {
        let score = if left.class == right.class {
            1.0
        } else if left.family == right.family {
            0.9
        } else {
            0.5
        };
        let (left, right) = (left.class.to_owned(), right.class.to_owned());
        out.push(Piece { kind: PieceKind::Form, left, right, score, weight: 0.01 });
    }
    out
}

fn kind(how: How) -> PieceKind {
    match how {
        How::Same => PieceKind::Same,
        How::Meaning => PieceKind::Meaning,
        How::Spelling => PieceKind::Spelling,
        How::Joined => PieceKind::Joined,
        How::Glued => PieceKind::Glued,
        How::Cut => PieceKind::Cut,
        How::Extra => PieceKind::Extra,
        How::Missing => PieceKind::Missing,
    }
}

fn text<'t>(written: &'t str, name: &Name, (from, to): (u8, u8)) -> &'t str {
    let words = name.words().get(usize::from(from)..usize::from(to)).unwrap_or(&[]);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return "" };
    written.get(first.source().start..last.source().end).unwrap_or("")
}

/// Rounded, so that evidence reads as it is meant.
pub(crate) fn hundredths(score: f32) -> f32 {
    (score * 100.0).round() / 100.0
}
