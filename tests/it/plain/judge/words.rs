//! Words by hand: what sounds alike and what has one root stands in a table; the rest is counting places.

use super::super::rule::Kind;

/// A word in small letters, how it sounds in Latin letters, its root if `mentions` may use it, and its root under
/// `inflected`. Spellings in mixed scripts stand beside the honest ones.
const WORDS: [(&str, &str, &str, &str); 32] = [
    ("запчасти", "zapchasti", "запчаст", "запчаст"),
    ("su", "su", "", ""),
    ("су", "su", "", ""),
    ("cу", "su", "", ""),
    ("sу", "su", "", ""),
    ("сu", "su", "", ""),
    ("asu", "asu", "", ""),
    ("антенна", "antenna", "антенн", "антенн"),
    ("антенны", "antenny", "антенн", "антенн"),
    ("антенной", "antennoy", "антенн", "антенн"),
    ("aнтеннами", "antennami", "антенн", "антенн"),
    ("antenna", "antenna", "", "antenna"),
    ("antennas", "antennas", "", "antenna"),
    ("самолет", "samolet", "самолет", "самолет"),
    ("самолета", "samoleta", "самолет", "самолет"),
    ("cамолетов", "samoletov", "самолет", "самолет"),
    ("самолетик", "samoletik", "самолетик", "самолетик"),
    ("samolet", "samolet", "", "samolet"),
    ("дрон", "dron", "", "дрон"),
    ("дроны", "drony", "", "дрон"),
    ("drone", "drone", "", "drone"),
    ("drones", "drones", "", "drone"),
    ("dron", "dron", "", "dron"),
    ("flanker", "flanker", "", "flanker"),
    ("flankere", "flankere", "", "flanker"),
    ("e", "e", "", ""),
    ("е", "e", "", ""),
    ("э", "e", "", ""),
    ("для", "dlya", "", "для"),
    ("новый", "novyy", "новый", "новый"),
    ("ub", "ub", "", ""),
    ("уб", "ub", "", ""),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Letters,
    Digits,
    Han,
}

struct Word {
    made: Made,
    text: String,
    /// Nothing stands between it and the word before.
    glued: bool,
    /// A comma stands before it.
    parted: bool,
}

/// Whether the term stands in the text.
pub fn mentions(term: &str, kind: Kind, text: &str) -> bool {
    let (body, open) = term.strip_suffix('*').map_or((term, false), |body| (body, true));
    let stretches: Vec<Vec<Word>> = body.split("...").map(words).collect();
    let text = words(text);
    let last = stretches.len() - 1;
    // Places behind which the next stretch may begin; before the first one, anywhere.
    let mut ends: Vec<usize> = Vec::new();
    for (number, stretch) in stretches.iter().enumerate() {
        let open = open && number == last;
        let starts = (0..text.len()).filter(|start| number == 0 || ends.iter().any(|end| near(&text, *end, *start)));
        ends = starts.filter_map(|start| end_of(stretch, (kind, open), &text, start)).collect();
    }
    !ends.is_empty()
}

/// Whether at most five words stand between.
fn near(text: &[Word], end: usize, start: usize) -> bool {
    end <= start && text[end..start].iter().filter(|word| !word.glued).count() <= 5
}

/// Where the stretch ends when it begins here, as whole words.
fn end_of(stretch: &[Word], (kind, open): (Kind, bool), text: &[Word], start: usize) -> Option<usize> {
    if text[start].glued {
        return None;
    }
    for (place, asked) in stretch.iter().enumerate() {
        let found = text.get(start + place)?;
        let open = open && place + 1 == stretch.len();
        if found.made != asked.made || !fits(&asked.text, (kind, open && found.made == Made::Letters), &found.text) {
            return None;
        }
        let code = place > 0 && (found.made == Made::Digits) != (text[start + place - 1].made == Made::Digits);
        if code && found.parted && !asked.parted {
            return None;
        }
    }
    let mut end = start + stretch.len();
    let further = |word: &Word| word.glued && word.made == Made::Letters;
    if open && text[end - 1].made == Made::Digits && text.get(end).is_some_and(further) {
        end += 1;
    }
    (!text.get(end).is_some_and(|next| next.glued)).then_some(end)
}

fn fits(asked: &str, (kind, open): (Kind, bool), found: &str) -> bool {
    let (asked, found) = (known(asked), known(found));
    if open {
        return found.0.starts_with(&asked.0);
    }
    let root = match kind {
        Kind::Literal => None,
        Kind::Dictionary => Some((asked.1, found.1)),
        Kind::Inflected => Some((asked.2, found.2)),
    };
    asked.0 == found.0 || root.is_some_and(|(asked, found)| !asked.is_empty() && asked == found)
}

/// Sound and roots of a word.
fn known(word: &str) -> (String, &'static str, &'static str) {
    match WORDS.iter().find(|entry| entry.0 == word) {
        Some((_, sound, root, inflected)) => (sound.replace(' ', ""), root, inflected),
        // The beginning of a word that a term leaves open.
        None if word == "антенн" => ("antenn".to_owned(), "", ""),
        None => {
            let han = word.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(word.is_ascii() || han, "the table of words does not know {word}");
            (word.to_owned(), "", "")
        }
    }
}

/// The words of a text: runs of letters, runs of digits, single Han signs.
fn words(text: &str) -> Vec<Word> {
    let text = text.replace("и\u{306}", "й").replace("И\u{306}", "Й");
    let mut words: Vec<Word> = Vec::new();
    let (mut between, mut comma) = (true, false);
    for letter in text.chars().flat_map(char::to_lowercase) {
        let letter = match letter {
            '\u{200b}' | '\u{ad}' | '\u{301}' | '\u{307}' => continue,
            'ё' => 'е',
            'é' => 'e',
            'ô' => 'o',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xff01 + 0x21).unwrap(),
            other => other,
        };
        let made = match letter {
            '\u{4e00}'..='\u{9fff}' => Made::Han,
            '0'..='9' => Made::Digits,
            letter if letter.is_alphabetic() => Made::Letters,
            letter => {
                between = true;
                comma |= matches!(letter, ',' | ';' | ':');
                continue;
            }
        };
        let before = words.last().map(|word| word.made);
        match words.last_mut() {
            Some(word) if !between && made != Made::Han && before == Some(made) => word.text.push(letter),
            _ => {
                let han = made == Made::Han || before == Some(Made::Han);
                words.push(Word { made, text: letter.into(), glued: !between && !han, parted: comma });
            }
        }
        (between, comma) = (false, false);
    }
    if let Some(first) = words.first_mut() {
        first.glued = false;
    }
    words
}
