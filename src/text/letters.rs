//! Single letters: case, scripts, transliteration, look-alikes. Tables and nothing else.

/// Whether the letter is Cyrillic.
pub(crate) fn is_cyrillic(c: char) -> bool {
    ('\u{400}'..='\u{52f}').contains(&c)
}

/// Han signs are words of their own and need no blanks around them.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}' | '〇')
}

/// Signs that stand for nothing: zero-width, soft hyphen, byte-order mark, variation selectors, combining marks.
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{202a}'..='\u{202e}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{180e}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{20d0}'..='\u{20ff}')
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

/// Gives the folded letters of one sign: compatibility forms resolved, marks dropped, case folded, ё as е.
pub(crate) fn fold_char(c: char, out: &mut impl FnMut(char)) {
    match c {
        'a'..='z' | '0'..='9' | 'а'..='я' => out(c),
        '\0'..='\u{7f}' => out(c.to_ascii_lowercase()),
        'А'..='Я' => out(char::from_u32(c as u32 + 0x20).unwrap_or(c)),
        'ё' | 'Ё' => out('е'),
        _ if is_cyrillic(c) => fold_case(c, out),
        _ if is_han(c) => out(c),
        _ if is_ignorable(c) => {}
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
        'μ' | 'µ' => 'm',
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
