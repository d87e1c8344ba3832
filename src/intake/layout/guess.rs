//! What a heading that no layout in use maps may be, by the headings that all layouts know.
//!
//! In: a heading, the layouts, the fields that are taken. Out: a [`Guess`] for a person to judge. Nothing is read by it.

use super::{Heading, Layouts, Origin};
use crate::record::{Field, Part};
use crate::text::heading_key;

/// What a heading may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// Each field that a layout reads it as, with the first such layout.
    pub fields: Vec<(Field, String)>,
    /// The known heading that it is like; none when it is that very heading.
    pub like: Option<String>,
}

/// The best guess. A heading that is merely like a known one is not taken for a field that the file has already.
pub fn guess(heading: &str, layouts: &Layouts, taken: &[Field]) -> Option<Guess> {
    let key = heading_key(heading);
    if key.is_empty() {
        return None;
    }
    let known = known(layouts);
    let same = fields_of(&key, &known);
    if !same.is_empty() {
        return Some(Guess { fields: same, like: None });
    }
    let words: Vec<&str> = key.split(' ').collect();
    // All words of a known heading, with others around them, say more than a spelling that is near.
    let inside = known.iter().filter(|(_, heading, _)| is_part(&heading.key, &words));
    let longest = inside.max_by_key(|(_, heading, _)| heading.key.chars().count());
    let near = || {
        known
            .iter()
            .filter(|(_, heading, _)| is_near(&heading.key, &key))
            .min_by_key(|(_, heading, _)| strsim::damerau_levenshtein(&heading.key, &key))
    };
    let (_, like, _) = longest.or_else(near)?;
    let mut fields = fields_of(&like.key, &known);
    fields.iter_mut().for_each(|(field, _)| *field = part_of(*field, &words));
    fields.retain(|(field, _)| !taken.contains(field));
    (!fields.is_empty()).then(|| Guess { fields, like: Some(like.text.clone()) })
}

/// Words that make the name of a party another part of it.
const PARTS: [(Part, &[&str]); 3] = [
    (Part::Id, &["id", "inn", "tin", "code", "tax", "number", "no", "инн", "огрн", "код"]),
    (Part::Address, &["address", "адрес"]),
    (Part::Country, &["country", "страна"]),
];

fn part_of(field: Field, words: &[&str]) -> Field {
    let Field::Party(role, Part::Name) = field else { return field };
    let said = PARTS.into_iter().find(|(_, said)| said.iter().any(|word| words.contains(word)));
    Field::Party(role, said.map_or(Part::Name, |(part, _)| part))
}

/// Whether a heading is another's with a letter or two mistaken; short ones are like too many.
fn is_near(known: &str, key: &str) -> bool {
    let length = known.chars().count();
    let mistakes = match length {
        0..5 => return false,
        5..9 => 1,
        _ => 2,
    };
    length.abs_diff(key.chars().count()) <= mistakes && strsim::damerau_levenshtein(known, key) <= mistakes
}

/// Every heading of every layout that is a field by itself.
fn known(layouts: &Layouts) -> Vec<(Field, &Heading, &str)> {
    let mut known = Vec::new();
    for layout in &layouts.layouts {
        for (field, origins) in &layout.fields {
            let single = |origin: &'_ Origin| origin.headings.len() == 1;
            let headings = origins.iter().filter(|origin| single(origin)).flat_map(|origin| &origin.headings);
            known.extend(headings.map(|heading| (*field, heading, layout.name.as_str())));
        }
    }
    known
}

fn fields_of(key: &str, known: &[(Field, &Heading, &str)]) -> Vec<(Field, String)> {
    let mut fields: Vec<(Field, String)> = Vec::new();
    for (field, _, layout) in known.iter().filter(|(_, heading, _)| heading.key == key) {
        if !fields.iter().any(|(other, _)| other == field) {
            fields.push((*field, (*layout).to_owned()));
        }
    }
    fields
}

/// Whether all words of a known heading are among the words; one short word alone says too little.
fn is_part(known: &str, words: &[&str]) -> bool {
    let mut parts = known.split(' ');
    (known.contains(' ') || known.chars().count() > 4) && parts.all(|part| words.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::SourceText;
    use crate::record::Role;

    fn check(heading: &str, taken: &[Field], expected: &str) {
        let text = "layout: a\nfields: {seller.name: [seller], hs_code: [hs code], brand: [mark], description: [goods name]}\n";
        let other = "layout: b\nfields: {model: [mark], description: [goods]}\n";
        let (layouts, _) = Layouts::load(&[SourceText::new("a", text), SourceText::new("b", other)]);
        let told = guess(heading, &layouts, taken).map_or(String::new(), |guess| {
            let fields: Vec<String> =
                guess.fields.iter().map(|(field, layout)| format!("{field} in {layout}")).collect();
            format!("{}{}", fields.join(", "), guess.like.map_or(String::new(), |like| format!(" like {like}")))
        });
        assert_eq!(told, expected, "{heading}");
    }

    #[test]
    fn a_heading_is_guessed_by_the_same_a_longer_and_a_mistaken_one() {
        check("HS_CODE", &[], "hs_code in a");
        check("Mark", &[], "brand in a, model in b");
        check("Full Goods Name", &[], "description in a like goods name");
        check("Seller ID", &[], "seller.id in a like seller");
        check("sellre", &[], "seller.name in a like seller");
        check("sellre", &[Field::Party(Role::Seller, Part::Name)], "");
        check("lot", &[], "");
        check("№", &[], "");
    }
}
