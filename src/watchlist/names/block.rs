//! Which names may be meant. In: names as runs of sounds, once; then a name. Out: the list's names that share its rare
//! three-letter pieces, the likeliest first. A few thousand postings are read a query, however long the list is.
use smallvec::SmallVec;

/// Pieces are numbered by three signs of six bits.
const PIECES: usize = 1 << 18;
/// Postings that are read at least; the rarest pieces come first.
const FEW_POSTINGS: usize = 2_000;
/// Pieces that are read whatever they cost, while they cost less than this.
const SURE_PIECES: usize = 4;
const MANY_POSTINGS: usize = 40_000;
/// Words up to this length are known by where they begin and end, too.
const SHORT_WORD: usize = 5;
/// The sign for the edge of a word.
const MARK: u32 = 63;
/// Names that share less than this part of what the likeliest one shares are not compared.
const LIKELY: u32 = 3;
/// Names that are compared.
const MOST_NAMES: usize = 24;

/// Three-letter pieces → names, in one run of numbers.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    starts: Vec<u32>,
    postings: Vec<u32>,
    names: u32,
}

/// Buffers of a search, used again.
#[derive(Debug, Default)]
pub(super) struct Counts {
    weight: Vec<u16>,
    touched: Vec<u32>,
    pieces: Vec<u32>,
}

impl Blocks {
    /// Builds the index; `each` gives every name's sounds in order, and is called twice.
    pub(super) fn build(names: u32, each: impl Fn(u32, &mut Vec<u32>)) -> Blocks {
        let mut starts = vec![0u32; PIECES + 1];
        let mut pieces = Vec::new();
        for name in 0..names {
            each(name, &mut pieces);
            for piece in &pieces {
                if let Some(count) = starts.get_mut(*piece as usize + 1) {
                    *count += 1;
                }
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut postings = vec![0u32; sum as usize];
        for name in 0..names {
            each(name, &mut pieces);
            for piece in &pieces {
                let Some(at) = next.get_mut(*piece as usize) else { continue };
                if let Some(slot) = postings.get_mut(*at as usize) {
                    *slot = name;
                }
                *at += 1;
            }
        }
        Blocks { starts, postings, names }
    }

    fn of(&self, piece: u32) -> &[u32] {
        let bounds = self.starts.get(piece as usize).zip(self.starts.get(piece as usize + 1));
        bounds.and_then(|(from, to)| self.postings.get(*from as usize..*to as usize)).unwrap_or(&[])
    }

    /// The names that share most of the rare pieces with a run of sounds.
    pub(super) fn likeliest<'w>(
        &self,
        words: impl Iterator<Item = &'w str>,
        counts: &mut Counts,
    ) -> SmallVec<[u32; 64]> {
        let Counts { weight, touched, pieces } = counts;
        weight.resize(weight.len().max(self.names as usize), 0);
        pieces_of(words, pieces);
        pieces.retain(|piece| !self.of(*piece).is_empty());
        pieces.sort_unstable_by_key(|piece| self.of(*piece).len());
        let mut read = 0;
        for (nth, piece) in pieces.iter().enumerate() {
            let names = self.of(*piece);
            read += names.len();
            let most = if nth < SURE_PIECES { MANY_POSTINGS } else { FEW_POSTINGS };
            if read > most && nth > 0 {
                break;
            }
            let rarity = self.rarity(names.len());
            for name in names {
                if let Some(weight) = weight.get_mut(*name as usize) {
                    if *weight == 0 {
                        touched.push(*name);
                    }
                    *weight = weight.saturating_add(rarity);
                }
            }
        }
        let weigh = |name: &u32| weight.get(*name as usize).copied().unwrap_or(0);
        if touched.len() > MOST_NAMES {
            touched.select_nth_unstable_by_key(MOST_NAMES, |name| std::cmp::Reverse(weigh(name)));
        }
        let best = touched.iter().take(MOST_NAMES).map(weigh).max().unwrap_or(0);
        let likely = |name: &&u32| u32::from(weigh(name)) * LIKELY >= u32::from(best);
        let chosen = touched.iter().take(MOST_NAMES).filter(likely).copied().collect();
        for name in touched.drain(..) {
            if let Some(weight) = weight.get_mut(name as usize) {
                *weight = 0;
            }
        }
        chosen
    }

    /// What a piece says that so many names have: 8 a halving.
    fn rarity(&self, names: usize) -> u16 {
        let ratio = (self.names as usize * 4 / names.max(1)).max(2);
        (ratio.ilog2() * 8 + ((ratio << 3 >> ratio.ilog2()) & 7) as u32) as u16
    }
}

/// The distinct three-letter pieces of words that are read as one run, in order of their number; a short word gives its
/// beginning and its end besides.
pub(super) fn pieces_of<'w>(words: impl Iterator<Item = &'w str>, out: &mut Vec<u32>) {
    out.clear();
    let mut run = 0u32;
    let mut length = 0;
    for word in words {
        let signs = || word.bytes().map(|byte| u32::from(sign(byte)));
        for sign in signs() {
            run = (run << 6 | sign) & (PIECES as u32 - 1);
            length += 1;
            if length >= 3 {
                out.push(run);
            }
        }
        if word.len() <= SHORT_WORD {
            let two = |piece: u32, sign: u32| piece << 6 | sign;
            out.push(signs().take(2).fold(MARK, two));
            out.push(signs().skip(word.len().saturating_sub(2)).fold(0, two) << 6 | MARK);
        }
    }
    out.sort_unstable();
    out.dedup();
}

fn sign(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 1 + byte - b'a',
        b'0'..=b'9' => 27 + byte - b'0',
        b'S' => 37,
        b'C' => 38,
        b'Z' => 39,
        b'J' => 40,
        b'W' => 41,
        // Other scripts share what is left; the comparison tells them apart.
        _ => 42 + byte % 21,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_an_error_is_among_the_likeliest() {
        let names = ["kret", "rosoboroneksport", "uralvagonzavod", "almazantei", "baofeng", "politehnologi"];
        let each = |name: u32, out: &mut Vec<u32>| pieces_of(std::iter::once(names[name as usize]), out);
        let blocks = Blocks::build(names.len() as u32, each);
        let mut counts = Counts::default();
        for (written, expected) in [("rosoboronksport", 1), ("uralvagonzavd", 2), ("almasantei", 3), ("kret", 0)] {
            assert!(blocks.likeliest(std::iter::once(written), &mut counts).contains(&expected), "{written}");
        }
        assert!(blocks.likeliest(std::iter::once("zzz"), &mut counts).is_empty());
        assert!(blocks.likeliest(std::iter::empty(), &mut counts).is_empty());
    }
}
