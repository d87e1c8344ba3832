//! Single letters: case, scripts, transliteration, look-alikes. In: signs. Out: folded letters. Tables and nothing else.
use std::ops::Range;

/// Whether the letter is Cyrillic.
pub(crate) fn is_cyrillic(c: char) -> bool {
    ('\u{400}'..='\u{52f}').contains(&c)
}

/// Han signs.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}' | '〇' | '々')
}

/// Greek letters.
pub(super) fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')
}

/// Signs of scripts that are not Latin, with their own punctuation; no signs that every script uses.
pub(super) fn is_foreign(c: char) -> bool {
    let is_latin = matches!(c, '\0'..='\u{36f}' | '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}'
        | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}');
    let is_sign = matches!(c, '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{2000}'..='\u{2bff}' | '\u{2e00}'..='\u{2e7f}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe2f}' | '\u{fff0}'..='\u{ffff}' | '\u{1f000}'..='\u{1faff}' | '\u{e0000}'..);
    !is_latin && !is_sign
}

/// Han, kana and Hangul signs are words of their own and need no blanks around them.
pub(crate) fn is_word_sign(c: char) -> bool {
    is_han(c) || matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '\u{31f0}'..='\u{31ff}' | '가'..='힣')
}

/// Signs that stand for nothing: zero-width, direction, soft hyphen, byte-order mark, variation selectors, marks.
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{202a}'..='\u{202e}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{180e}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{20d0}'..='\u{20ff}')
}

/// Signs that make one letter with the sign before them: marks, voicing of kana, the later parts of Hangul syllables.
pub(super) fn is_mark(c: char) -> bool {
    c >= '\u{300}'
        && matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1160}'..='\u{11ff}' | '\u{20d0}'..='\u{20ff}'
            | '\u{3099}' | '\u{309a}' | '\u{ff9e}' | '\u{ff9f}')
}

/// Gives the folded letters of a text, each with the bytes that it comes from: a letter and its marks are one.
pub(super) fn fold_text(text: &str, out: &mut impl FnMut(char, Range<usize>)) {
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        while let Some((_, mark)) = chars.next_if(|(_, next)| is_mark(*next)) {
            end += mark.len_utf8();
        }
        if end == start + c.len_utf8() {
            fold_char(c, &mut |folded| out(folded, start..end));
            continue;
        }
        let whole = text.get(start..end).unwrap_or("");
        for part in icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(whole).chars() {
            fold_char(part, &mut |folded| out(folded, start..end));
        }
    }
}

/// Gives the casefolded letters of one letter (Turkish dotless and dotted i included).
pub(super) fn fold_case(c: char, out: &mut impl FnMut(char)) {
    match c {
        'İ' | 'ı' => out('i'),
        'ß' | 'ẞ' => {
            out('s');
            out('s');
        }
        'ς' => out('σ'),
        _ => c.to_lowercase().filter(|lower| !is_ignorable(*lower)).for_each(out),
    }
}

/// Gives the folded letters of one sign: compatibility forms resolved, case folded, ё as е, digits by their value. Latin
/// letters lose their marks; Cyrillic letters with marks are letters of their own where a language has them so.
pub(crate) fn fold_char(c: char, out: &mut impl FnMut(char)) {
    match c {
        'a'..='z' | '0'..='9' | 'а'..='я' => out(c),
        '\0'..='\u{7f}' => out(c.to_ascii_lowercase()),
        'А'..='Я' => out(char::from_u32(c as u32 + 0x20).unwrap_or(c)),
        'ё' | 'Ё' => out('е'),
        _ if is_cyrillic(c) => fold_cyrillic(c, out),
        '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}' => fold_rare(c, out),
        '\u{1c80}'..='\u{1c88}' => out(old_cyrillic(c)),
        _ if is_word_sign(c) => out(c),
        _ if is_ignorable(c) => {}
        '™' | '℠' => out(' '),
        'µ' => out('u'),
        '٠'..='٩' => out(digit(c, '٠')),
        '۰'..='۹' => out(digit(c, '۰')),
        '०'..='९' => out(digit(c, '०')),
        'ø' | 'Ø' => out('o'),
        'ł' | 'Ł' => out('l'),
        'đ' | 'Đ' | 'ð' | 'Ð' => out('d'),
        'æ' | 'Æ' => {
            out('a');
            out('e');
        }
        'œ' | 'Œ' => {
            out('o');
            out('e');
        }
        _ => fold_rare(c, out),
    }
}

/// Shapes of letters in old print, which fold to the letters of today.
fn old_cyrillic(c: char) -> char {
    match c {
        '\u{1c80}' => 'в',
        '\u{1c81}' => 'д',
        '\u{1c82}' => 'о',
        '\u{1c83}' => 'с',
        '\u{1c84}' | '\u{1c85}' => 'т',
        '\u{1c86}' => 'ъ',
        '\u{1c87}' => 'ѣ',
        _ => 'ꙋ',
    }
}

/// The digit as far from 0 as this one is from its script's zero.
fn digit(c: char, zero: char) -> char {
    char::from_u32(u32::from(c) - u32::from(zero) + u32::from('0')).unwrap_or(c)
}

/// Composed letters that transliteration knows stay whole; others are read without their mark.
fn fold_cyrillic(c: char, out: &mut impl FnMut(char)) {
    fold_case(c, &mut |lower| {
        if latin_of(lower).is_some() {
            return out(lower);
        }
        let nfd = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd();
        out(nfd.normalize(lower.encode_utf8(&mut [0; 4])).chars().next().unwrap_or(lower));
    });
}

fn fold_rare(c: char, out: &mut impl FnMut(char)) {
    let mut buffer = [0u8; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    let latin_with_mark = matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1fff}' | '\u{370}'..='\u{3ff}');
    let normal = if latin_with_mark {
        icu_normalizer::DecomposingNormalizerBorrowed::new_nfkd().normalize(text)
    } else {
        icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(text)
    };
    for part in normal.chars().filter(|part| !is_ignorable(*part)) {
        fold_case(part, &mut |folded| out(greek_as_latin(folded)));
    }
}

/// Greek letters that look like Latin ones in capitals.
fn greek_as_latin(c: char) -> char {
    match c {
        'α' => 'a',
        'β' => 'b',
        'ε' => 'e',
        'ζ' => 'z',
        'η' => 'h',
        'ι' => 'i',
        'κ' => 'k',
        'μ' => 'm',
        'ν' => 'n',
        'ο' => 'o',
        'ρ' => 'p',
        'τ' => 't',
        'υ' => 'y',
        'χ' => 'x',
        _ => c,
    }
}

/// Transliteration of one folded Cyrillic letter, letter by letter, so that a stem stays a prefix of its word.
pub(super) fn latin_of(c: char) -> Option<&'static str> {
    Some(match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' | 'ғ' => "g",
        'д' => "d",
        'е' | 'э' | 'ё' | 'є' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'й' => "y",
        'к' | 'қ' => "k",
        'л' => "l",
        'м' => "m",
        'н' | 'ң' => "n",
        'о' | 'ө' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' | 'ў' | 'ұ' | 'ү' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => "yu",
        'я' => "ya",
        'ї' => "yi",
        'һ' => "h",
        'ә' => "a",
        'ј' => "j",
        'љ' => "lj",
        'њ' => "nj",
        'ћ' => "c",
        'ђ' => "dj",
        'џ' => "dz",
        'ѕ' => "s",
        _ => return None,
    })
}

/// The Cyrillic letter that a folded Latin letter looks like, in either case.
pub(crate) fn cyrillic_twin(c: char) -> Option<char> {
    Some(match c {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' => 'н',
        'i' => 'і',
        'j' => 'ј',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        's' => 'ѕ',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        _ => return None,
    })
}

/// The Latin letter that a folded Cyrillic letter looks like, in either case.
pub(crate) fn latin_twin(c: char) -> Option<char> {
    Some(match c {
        'а' => 'a',
        'в' => 'b',
        'с' => 'c',
        'е' => 'e',
        'н' => 'h',
        'і' => 'i',
        'ј' => 'j',
        'к' => 'k',
        'м' => 'm',
        'о' => 'o',
        'р' => 'p',
        'ѕ' => 's',
        'т' => 't',
        'х' => 'x',
        'у' => 'y',
        _ => return None,
    })
}
