//! Entities: `&quot;` and its like, which exports carry that went through a web page, → the signs that they stand for.

use std::borrow::Cow;

/// The longest that is looked for, its two marks counted.
const LONGEST: usize = 12;
/// Exports that went through two pages are encoded twice; what is still encoded then was meant so.
const ROUNDS: usize = 2;

/// Named entities of HTML that tables of goods carry.
const NAMED: [(&str, char); 34] = [
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("lt", '<'),
    ("gt", '>'),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("laquo", '«'),
    ("raquo", '»'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("minus", '−'),
    ("hellip", '…'),
    ("bull", '•'),
    ("middot", '·'),
    ("deg", '°'),
    ("plusmn", '±'),
    ("times", '×'),
    ("micro", 'µ'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("euro", '€'),
    ("pound", '£'),
    ("yen", '¥'),
    ("sect", '§'),
    ("numero", '№'),
];

/// The text with its entities decoded; a lone ampersand stays.
pub fn decode_entities(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        if !text.contains('&') {
            break;
        }
        text = Cow::Owned(decode_once(&text));
    }
    text
}

fn decode_once(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(start) = rest.find('&') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.bytes().take(LONGEST).position(|byte| byte == b';');
        let decoded = end.and_then(|end| Some((entity(from.get(1..end)?)?, end)));
        match decoded {
            Some((sign, end)) => {
                out.push(sign);
                rest = from.get(end + 1..).unwrap_or("");
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some((_, sign)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*sign);
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|sign| !sign.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_and_a_lone_ampersand_stays() {
        for (written, meant) in [
            ("ООО &quot;A&amp;B&quot; & C &#1040;", "ООО \"A&B\" & C А"),
            ("R&D; X&unknown;", "R&D; X&unknown;"),
            ("&amp;quot;A&amp;quot; &numero;5", "\"A\" №5"),
            ("plain", "plain"),
        ] {
            assert_eq!(decode_entities(written), meant);
        }
    }
}
