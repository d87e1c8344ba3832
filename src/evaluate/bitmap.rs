//! Bitmaps over the rows of a batch. In: rows that hold. Out: and, or, not of them. Words past the end are zeros, so
//! that the answer "nowhere" costs no memory; it never knows what a row is.

/// A set of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
}

impl Bitmap {
    /// The first `rows` rows.
    pub(crate) fn all(rows: usize) -> Bitmap {
        let mut words = vec![u64::MAX; rows / 64];
        if !rows.is_multiple_of(64) {
            words.push((1 << (rows % 64)) - 1);
        }
        Bitmap { words }
    }

    /// Adds a row.
    pub(crate) fn set(&mut self, row: usize) {
        let place = row / 64;
        if self.words.len() <= place {
            self.words.resize(place + 1, 0);
        }
        if let Some(word) = self.words.get_mut(place) {
            *word |= 1 << (row % 64);
        }
    }

    /// Whether the row is in.
    pub(crate) fn get(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether no row is in.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps the rows that are in both.
    pub(crate) fn and_with(&mut self, other: &Bitmap) {
        self.words.truncate(other.words.len());
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
    }

    /// Adds the rows of the other.
    pub(crate) fn or_with(&mut self, other: &Bitmap) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    /// The rows below `rows` that are not in.
    pub(crate) fn negated(&self, rows: usize) -> Bitmap {
        let mut out = Bitmap::all(rows);
        for (word, mine) in out.words.iter_mut().zip(&self.words) {
            *word &= !mine;
        }
        out
    }

    /// The rows, rising.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[usize]) -> Bitmap {
        let mut map = Bitmap::default();
        rows.iter().for_each(|row| map.set(*row));
        map
    }

    #[test]
    fn and_or_and_not_agree_with_sets_of_different_lengths() {
        let (long, short) = (of(&[1, 64, 200]), of(&[1, 2]));
        let mut both = long.clone();
        both.and_with(&short);
        assert_eq!(both.rows().collect::<Vec<_>>(), [1]);
        let mut either = short.clone();
        either.or_with(&long);
        assert_eq!(either.rows().collect::<Vec<_>>(), [1, 2, 64, 200]);
        assert_eq!(short.negated(4).rows().collect::<Vec<_>>(), [0, 3]);
        assert!(Bitmap::all(64).negated(64).is_empty());
        assert_eq!(Bitmap::all(65).rows().count(), 65);
        assert!(long.get(200) && !long.get(201) && !long.get(9999));
    }
}
