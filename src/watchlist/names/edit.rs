//! How far two words are apart. In: two words as sounds. Out: a cost: 1 for a letter that is another, less for sounds that
//! are written for one another, more for a first letter, much for a digit. It knows no list and no weights.

/// Longer words are compared up to here.
const LONGEST: usize = 48;
const DIGIT: f32 = 3.0;
const LETTER: f32 = 1.0;
const FIRST: f32 = 0.3;
const SWAPPED: f32 = 0.75;

/// The letters of a word as a set, to see quickly that two words cannot be near.
pub(super) fn letter_set(word: &str) -> u64 {
    word.bytes().fold(0, |set, byte| {
        let bit = match byte {
            b'a'..=b'z' => byte - b'a',
            b'0'..=b'9' => 26 + byte - b'0',
            b'S' => 36,
            b'C' => 37,
            b'Z' => 38,
            b'J' => 39,
            b'W' => 40,
            _ => 41 + byte % 20,
        };
        set | 1 << bit
    })
}

/// A row of the table of distances.
type Row = [f32; LONGEST + 1];

/// The cost of turning one word into the other; above `most` it may be any larger number.
pub(super) fn distance(a: &str, b: &str, most: f32) -> f32 {
    let (a, b) = (clip(a.as_bytes()), clip(b.as_bytes()));
    // What both begin and end with costs nothing; most words that are compared differ in the middle or at the end.
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let shared = head.checked_sub(1).and_then(|at| a.get(at)).copied().unwrap_or(0);
    let (a, b) = (a.get(head..).unwrap_or(&[]), b.get(head..).unwrap_or(&[]));
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(..a.len() - tail).unwrap_or(&[]), b.get(..b.len() - tail).unwrap_or(&[]));
    let (mut before, mut last, mut this): (Row, Row, Row) =
        ([0.0; LONGEST + 1], [0.0; LONGEST + 1], [0.0; LONGEST + 1]);
    let mut gaps = [0.0; LONGEST];
    let mut sum = 0.0;
    let mut y_before = shared;
    for (((place, byte), gap_y), cell) in b.iter().enumerate().zip(&mut gaps).zip(last.iter_mut().skip(1)) {
        *gap_y = gap(*byte, head + place, y_before);
        sum += *gap_y;
        *cell = sum;
        y_before = *byte;
    }
    let (mut x_before, mut least_before) = (shared, 0.0);
    for (row, x) in a.iter().enumerate() {
        let gap_x = gap(*x, head + row, x_before);
        let mut left = last.first().copied().unwrap_or(0.0) + gap_x;
        let mut least = left;
        let mut y_before = shared;
        let mut swapped = 0.0;
        this.iter_mut().take(1).for_each(|cell| *cell = left);
        let cells = this.iter_mut().skip(1).zip(last.windows(2)).zip(&before);
        for ((column, (y, gap_y)), ((cell, pair), two_back)) in b.iter().zip(&gaps).enumerate().zip(cells) {
            let (diagonal, above) = match pair {
                [diagonal, above] => (*diagonal, *above),
                _ => (f32::MAX, f32::MAX),
            };
            let mut cost = (diagonal + change(*x, *y, head + row.min(column))).min(above + gap_x).min(left + gap_y);
            if row > 0
                && column > 0
                && x != y
                && x_before == *y
                && y_before == *x
                && !x.is_ascii_digit()
                && !y.is_ascii_digit()
            {
                cost = cost.min(swapped + SWAPPED);
            }
            *cell = cost;
            least = least.min(cost);
            left = cost;
            y_before = *y;
            swapped = *two_back;
        }
        // Two letters that changed places reach over a row.
        if least > most && least_before + SWAPPED > most {
            return least;
        }
        least_before = least;
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut this);
        x_before = *x;
    }
    last.get(b.len()).copied().unwrap_or(0.0)
}

fn clip(word: &[u8]) -> &[u8] {
    word.get(..LONGEST).unwrap_or(word)
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u')
}

/// A letter that only one word has.
fn gap(byte: u8, place: usize, before: u8) -> f32 {
    let cost = match byte {
        b'0'..=b'9' => return DIGIT,
        b'h' => 0.5,
        // ie and e, iu and u, ai and a.
        b'i' => 0.5,
        b'a' | b'e' | b'o' | b'u' if is_vowel(before) => 0.5,
        b'a' | b'e' | b'o' | b'u' => 0.7,
        _ => LETTER,
    };
    if place == 0 { cost + FIRST } else { cost }
}

/// A letter that is another one.
fn change(x: u8, y: u8, place: usize) -> f32 {
    if x == y {
        return 0.0;
    }
    if x.is_ascii_digit() || y.is_ascii_digit() {
        return DIGIT;
    }
    if is_vowel(x) && is_vowel(y) {
        return 0.6;
    }
    let pair = (x.min(y), x.max(y));
    let near = matches!(
        pair,
        (b'c', b'k')
            | (b'c', b's')
            | (b'c', b't')
            | (b'C', b'c')
            | (b'C', b't')
            | (b's', b'z')
            | (b'c', b'z')
            | (b'S', b'W')
            | (b'S', b's')
            | (b'C', b'S')
            | (b'C', b'W')
            | (b'J', b'Z')
            | (b'J', b'g')
            | (b'J', b'i')
            | (b'Z', b'z')
            | (b'J', b'j')
            | (b'f', b'v')
            | (b'b', b'v')
            | (b'g', b'k')
            | (b'g', b'h')
            | (b'h', b'k')
            | (b'C', b'k')
            | (b'C', b'h')
            | (b'd', b't')
    );
    match (near, place) {
        (true, 0) => 0.6 + FIRST,
        (true, _) => 0.6,
        (false, 0) => LETTER + FIRST,
        (false, _) => LETTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(a: &str, b: &str) -> f32 {
        distance(a, b, 9.0)
    }

    #[test]
    fn sounds_are_cheap_and_digits_dear() {
        assert!(cost("severnoe", "severnoie") < 0.6);
        assert!(cost("gazprom", "gasprom") < 0.7);
        assert!(cost("lida", "lidu") < cost("lida", "lixa"));
        assert!(cost("matsa", "fatsa") > cost("chevron", "chevon"));
        assert!(cost("96l6e", "96l7e") >= 3.0);
        assert!((cost("dijema", "djiema") - 0.75).abs() < 0.01);
        assert!(cost("kret", "kret") < f32::EPSILON);
        assert!((cost("", "ab") - cost("ab", "")).abs() < f32::EPSILON);
    }

    #[test]
    fn a_tight_limit_never_changes_an_answer_within_it() {
        let words =
            ["tech", "etch", "taly", "atly", "antei", "natei", "anntei", "rostec", "orstec", "96l6e", "9l66e", ""];
        for (a, b) in words.iter().flat_map(|a| words.iter().map(move |b| (a, b))) {
            let whole = distance(a, b, f32::MAX);
            assert!((distance(a, b, whole) - whole).abs() < f32::EPSILON, "{a} {b}");
        }
    }

    #[test]
    fn the_set_of_letters_keeps_letters_apart() {
        assert_ne!(letter_set("abc"), letter_set("abd"));
        assert_eq!(letter_set("listen"), letter_set("silent"));
    }
}
