//! One spelling for the ways in which a word is written in Latin and Cyrillic letters. In: folded letters of one word.
//! Out: its sounds, in an alphabet of a–z and digits, with S C Z J W for sh, ch, zh, dzh and shch.
//!
//! This stands in the place of several keys a word: x and ks, ya ia and ja, y i and j, kh and h, ts and c, shch and sch meet
//! in one spelling, so that a name is looked up once. It never compares; what still differs is weighed by the scorer.
use crate::text::is_cyrillic;

/// Words as short as this keep a doubled letter: MMT, II, AAR.
const SHORT: usize = 3;

/// Appends the sounds of a word that is read as it is written; other scripts' letters stay as they are.
pub(super) fn push_sounds(letters: &[char], out: &mut String) {
    if letters.len() <= SHORT && letters.windows(2).any(|two| matches!(two, [a, b] if a == b)) {
        // Apart, the letters do not run into each other.
        letters.chunks(1).for_each(|letter| push_sounds(letter, out));
        return;
    }
    let start = out.len();
    let at = |place: usize| letters.get(place).copied();
    for (place, c) in letters.iter().copied().enumerate() {
        match c {
            'j' => {
                let before = place.checked_sub(1).and_then(at);
                push(out, start, if is_soft_j(before, at(place + 1)) { 'i' } else { 'J' });
            }
            'a'..='z' => push_latin(out, start, c),
            _ if is_cyrillic(c) => push_cyrillic(out, start, c),
            _ => out.push(c),
        }
    }
}

/// й written as j: at the end, or before a consonant behind a vowel (Sergej, Mojka); `BEIJING` and `JINAN` keep theirs.
fn is_soft_j(before: Option<char>, next: Option<char>) -> bool {
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    match (before, next) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(next)) => !vowel(next) || !vowel(before),
    }
}

fn push_latin(out: &mut String, start: usize, c: char) {
    match c {
        'x' => {
            push(out, start, 'k');
            push(out, start, 's');
        }
        'q' => push(out, start, 'k'),
        'w' => push(out, start, 'v'),
        'y' => push(out, start, 'i'),
        'h' => push_h(out, start),
        _ => push(out, start, c),
    }
}

/// h changes the letter before it, or is not heard.
fn push_h(out: &mut String, start: usize) {
    match last(out, start) {
        Some('s') => replace_last(out, start, 'S'),
        Some('c') => {
            out.pop();
            // sch and shch are one letter in Russian.
            match last(out, start) {
                Some('s' | 'S') => replace_last(out, start, 'W'),
                _ => push(out, start, 'C'),
            }
        }
        Some('z') => {
            out.pop();
            push(out, start, 'Z');
        }
        Some('k') => replace_last(out, start, 'h'),
        Some('p') => replace_last(out, start, 'f'),
        Some('t' | 'g' | 'v' | 'r' | 'd' | 'h') => {}
        _ => out.push('h'),
    }
}

fn push_cyrillic(out: &mut String, start: usize, c: char) {
    let sounds = match c {
        'а' | 'ә' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' | 'ғ' => "g",
        'д' => "d",
        'е' | 'э' | 'ё' | 'є' => "e",
        'ж' => "Z",
        'з' => "z",
        'и' | 'і' | 'й' | 'ы' | 'ї' => "i",
        'к' | 'қ' => "k",
        'л' => "l",
        'м' => "m",
        'н' | 'ң' => "n",
        'о' | 'ө' => "o",
        'п' => "p",
        'р' => "r",
        'с' | 'ѕ' => "s",
        'т' => "t",
        'у' | 'ў' | 'ұ' | 'ү' => "u",
        'ф' => "f",
        'х' | 'һ' | 'ҳ' => match last(out, start) {
            // th, gh, ph, wh written letter for letter.
            Some('t' | 'g' | 'v' | 'p' | 'r' | 'd') => return push_h(out, start),
            _ => "h",
        },
        'ц' => "c",
        'ч' | 'ћ' => "C",
        'ш' => "S",
        'щ' => "W",
        'ю' => "iu",
        'я' => "ia",
        'ј' => "i",
        'љ' => "li",
        'њ' => "ni",
        'ђ' | 'џ' => "J",
        _ => "",
    };
    sounds.chars().for_each(|sound| push(out, start, sound));
}

/// Appends a sound; a doubled letter is one, ts and tz are c, ck is k, d before zh is J.
fn push(out: &mut String, start: usize, c: char) {
    match (last(out, start), c) {
        (Some(before), _) if before == c => {}
        (Some('t'), 's' | 'z') => replace_last(out, start, 'c'),
        (Some('c'), 'k') => replace_last(out, start, 'k'),
        (Some('d'), 'Z') => replace_last(out, start, 'J'),
        _ => out.push(c),
    }
}

fn replace_last(out: &mut String, start: usize, c: char) {
    out.pop();
    if last(out, start) != Some(c) {
        out.push(c);
    }
}

fn last(out: &str, start: usize) -> Option<char> {
    out.get(start..).and_then(|word| word.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spellings: &[&str]) {
        let heard = |word: &str| {
            let mut out = String::new();
            push_sounds(&word.to_lowercase().chars().collect::<Vec<_>>(), &mut out);
            out
        };
        for other in spellings {
            assert_eq!(heard(spellings[0]), heard(other), "{} and {other}", spellings[0]);
        }
    }

    #[test]
    fn spellings_of_one_word_sound_alike() {
        check(&["рособоронэкспорт", "ROSOBORONEXPORT", "ROSOBORONEKSPORT"]);
        check(&["ярославль", "YAROSLAVL", "IAROSLAVL"]);
        check(&["антей", "ANTEY", "ANTEI", "ANTEJ"]);
        check(&["общество", "OBSHCHESTVO", "OBSCHESTVO"]);
        check(&["технологии", "TEKHNOLOGII", "TEHNOLOGII", "TEKHNOLOGIY"]);
        check(&["центр", "TSENTR", "CENTR"]);
        check(&["жаркин", "ZHARKIN"]);
        check(&["вхите", "WHITE"]);
        check(&["махинерй", "MAKHINERY"]);
    }
}
