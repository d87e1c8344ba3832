//! How a column is read → words for the person who looks at a file.

use super::{Columns, Ground, mark_word, order_word, spoken};
use crate::record::FieldKind;

impl Columns {
    /// How the column of a reader is read, in words: what was decided for it, and on what ground.
    pub fn ways(&self, at: usize) -> Vec<String> {
        let (Some(reader), Some(ground)) = (self.readers.get(at), self.grounds.get(at)) else { return Vec::new() };
        let mut ways = Vec::new();
        let word = match reader.kind {
            FieldKind::Date => Some(order_word(reader.order)),
            FieldKind::Number => Some(mark_word(reader.mark)),
            FieldKind::Hs | FieldKind::PartyId if reader.lost_zeros != 0 => {
                ways.push("lost zeros are put back".to_owned());
                None
            }
            FieldKind::PartyName | FieldKind::PartyId | FieldKind::Text => None,
            FieldKind::Code | FieldKind::Country | FieldKind::Hs => None,
        };
        ways.extend(word.map(spoken).and_then(|word| match ground {
            Ground::Usual => None,
            Ground::Shown(place) => Some(format!("{word}, as `{}` in row {} shows", place.cell, place.row)),
            Ground::Learnt => Some(format!("{word}, as a later row shows")),
            Ground::Layout => Some(format!("{word}, as the layout says")),
        }));
        ways.extend(reader.times.map(|times| format!("times {}", times.normalize())));
        ways
    }
}
