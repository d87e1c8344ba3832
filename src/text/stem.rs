//! Stems of words: what the forms of one word share. In: a word of a term, words of texts. Out: whether they are forms of
//! one word, and how all forms begin.
//!
//! Snowball takes off too much of some Russian words (`систем`, `модем`, `клапан` lose letters of their own) and does not
//! know vowels that come and go (`станок`, `станки`), so that the stems of a word are several: Snowball's, the word
//! without an ending of nouns and adjectives, and the word itself where it ends in a consonant.
use super::letters;
use rust_stemmers::{Algorithm, Stemmer};

/// Endings of Russian nouns and adjectives, longest first.
const ENDINGS: [&str; 61] = [
    "иями", "ьями", "ями", "ами", "ией", "иям", "ием", "иях", "ого", "его", "ому", "ему", "ыми", "ими", "ьев", "ьям",
    "ьях", "ьем", "ьей", "ая", "яя", "ое", "ее", "ую", "юю", "ой", "ей", "ом", "ем", "ам", "ям", "ах", "ях", "ов",
    "ев", "ий", "ый", "ые", "ие", "их", "ых", "им", "ым", "ию", "ия", "ии", "ью", "ья", "ье", "ьи", "а", "я", "о", "е",
    "у", "ю", "ы", "и", "й", "ь", "",
];
/// Endings with which a dictionary form may end as well as an oblique one; the stem without them must be long to be meant.
const TWOFOLD: [&str; 12] = ["ов", "ев", "ем", "ом", "ам", "ям", "ах", "ях", "их", "ых", "им", "ым"];
/// What is left of a word without its ending has at least this many letters.
const SHORTEST: usize = 3;
/// … and this many without a twofold ending.
const SHORTEST_TWOFOLD: usize = 5;

/// The stems of a term's word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Stem {
    /// Russian stems, in Cyrillic.
    Russian(Vec<String>),
    /// Snowball's English stem and the word itself.
    English(Vec<String>),
}

impl Stem {
    /// The stems of a folded Cyrillic word; `None` when nothing would be left in Latin letters.
    pub(super) fn russian(word: &str) -> Option<Stem> {
        let stem = Stem::Russian(stems_of_term(word));
        (!stem.beginning().is_empty()).then_some(stem)
    }

    /// The stem of a folded Latin word.
    pub(super) fn english(word: &str) -> Stem {
        Stem::English(vec![snowball(Algorithm::English, word), word.to_owned()])
    }

    /// How every form begins, in Latin letters.
    pub(super) fn beginning(&self) -> String {
        let shared = |stems: &[String]| {
            let (first, rest) = stems.split_first()?;
            let same = |other: &String| first.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            Some(first.chars().take(rest.iter().map(same).min().unwrap_or(usize::MAX)).collect::<String>())
        };
        match self {
            Stem::Russian(stems) => latin(&shared(stems).unwrap_or_default()),
            // Snowball changes at most the last two letters of what it keeps (`batteries`, `dying`).
            Stem::English(stems) => {
                let stem = stems.first().map_or("", String::as_str);
                stem.get(..stem.len().saturating_sub(2).max(1)).unwrap_or(stem).to_owned()
            }
        }
    }

    /// Whether a folded Cyrillic word is a form of the Russian word.
    pub(super) fn is_of_cyrillic(&self, word: &str) -> bool {
        match self {
            Stem::Russian(stems) => stems_of_text(word).iter().any(|stem| stems.contains(stem)),
            Stem::English(_) => false,
        }
    }

    /// Whether a folded Latin word is a form of the English word.
    pub(super) fn is_of_latin(&self, word: &str) -> bool {
        match self {
            Stem::Russian(_) => false,
            Stem::English(stems) => {
                word.is_ascii()
                    && word.len() >= SHORTEST
                    && (stems.iter().any(|stem| stem == word) || stems.contains(&snowball(Algorithm::English, word)))
            }
        }
    }
}

fn snowball(language: Algorithm, word: &str) -> String {
    Stemmer::create(language).stem(word).into_owned()
}

fn without_ending(word: &str) -> &str {
    let rest = ENDINGS.iter().find_map(|ending| {
        word.strip_suffix(ending).filter(|rest| rest.chars().nth(SHORTEST - 1).is_some() || ending.is_empty())
    });
    rest.unwrap_or(word)
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'а' | 'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'я')
}

fn is_consonant(c: char) -> bool {
    !is_vowel(c) && !matches!(c, 'ь' | 'ъ' | 'й')
}

/// A word of a text may be any form: each of its stems may be the one.
fn stems_of_text(word: &str) -> Vec<String> {
    let mut stems = vec![snowball(Algorithm::Russian, word), without_ending(word).to_owned()];
    let mut shorter = word.chars();
    match shorter.next_back() {
        Some(last) if is_consonant(last) => stems.push(word.to_owned()),
        _ => stems.push(shorter.as_str().to_owned()),
    }
    stems
}

/// A word of a term is taken for the dictionary form where it can be one.
fn stems_of_term(word: &str) -> Vec<String> {
    let cut = [without_ending(word).to_owned(), snowball(Algorithm::Russian, word)];
    let bare = word.ends_with(is_consonant);
    let mut stems: Vec<String> = match bare {
        true if TWOFOLD.iter().any(|ending| word.ends_with(ending)) => {
            let long = |stem: &String| stem.chars().count() >= SHORTEST_TWOFOLD;
            std::iter::once(word.to_owned()).chain(cut.into_iter().filter(long)).collect()
        }
        true => vec![word.to_owned()],
        false => cut.to_vec(),
    };
    let changed: Vec<String> = match bare || word.ends_with("ень") {
        true => stems.iter().filter_map(|stem| without_fleeting(stem)).collect(),
        false if word.ends_with(['а', 'я', 'о', 'е', 'ь']) => {
            stems.iter().filter_map(|stem| with_fleeting(stem)).flatten().collect()
        }
        false => Vec::new(),
    };
    stems.extend(changed);
    stems.sort();
    stems.dedup();
    stems
}

/// `станок`: `станк` in `станки`; `палец`: `пальц`; `боец`: `бойц`.
fn without_fleeting(stem: &str) -> Option<String> {
    let end = ["ок", "ек", "ец", "ол", "ел", "ен"].into_iter().find(|end| stem.ends_with(end))?;
    let (rest, last) = (stem.strip_suffix(end)?, end.chars().next_back()?);
    let before = rest.chars().next_back()?;
    let between = match end {
        "ец" if before == 'л' => "ь",
        _ if is_vowel(before) => "й",
        _ => "",
    };
    (rest.chars().count() >= 2).then(|| format!("{rest}{between}{last}"))
}

/// `прокладка`: `прокладок`; `гайка`: `гаек`; `стекло`: `стекол`. No word has the wrong one of the two.
fn with_fleeting(stem: &str) -> Option<[String; 2]> {
    let mut rest = stem.chars();
    let last = rest.next_back().filter(|last| is_consonant(*last))?;
    let before = rest.clone().next_back().filter(|before| !is_vowel(*before))?;
    if matches!(before, 'ь' | 'й') {
        rest.next_back();
    }
    let rest = rest.as_str();
    Some(["о", "е"].map(|vowel| format!("{rest}{vowel}{last}")))
}

/// Transliterated letter by letter.
pub(super) fn latin(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match letters::latin_of(c) {
            Some(latin) => out.push_str(latin),
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, forms: &str, others: &str) {
        let stem = Stem::russian(word).unwrap();
        for form in forms.split(' ') {
            assert!(stem.is_of_cyrillic(form), "{form} is a form of {word}: {stem:?}");
            assert!(latin(form).starts_with(&stem.beginning()), "{form} begins with {}", stem.beginning());
        }
        for other in others.split(' ').filter(|other| !other.is_empty()) {
            assert!(!stem.is_of_cyrillic(other), "{other} is no form of {word}: {stem:?}");
        }
    }

    #[test]
    fn every_case_and_number_of_a_noun_has_its_stem() {
        check(
            "антенна",
            "антенна антенны антенне антенну антенной антенн антеннам антеннами антеннах",
            "антон антоним",
        );
        check("двигатель", "двигателя двигателю двигателем двигатели двигателей двигателях", "двигать");
        check("система", "системы системе систему системой систем системам системами системах", "систола");
        check("модем", "модема модему модемом модеме модемы модемов модемам", "мода моды мод модель");
        check("станция", "станции станцию станцией станций станциям станциями станциях", "стан стана станок");
        check("здание", "здания зданию зданием здании зданий зданиями", "");
        check("батарея", "батареи батарее батарею батареей батарей батареями", "");
        check("объектив", "объектива объективы объективов", "объект объекты");
    }

    #[test]
    fn vowels_that_come_and_go_do_not_part_the_forms() {
        check("станок", "станка станку станком станки станков", "стан");
        check("палец", "пальца пальцы пальцев", "");
        check("стекло", "стекла стекол стеклами", "");
        check("гайка", "гайки гаек гайками", "");
        check("шестерня", "шестерни шестерен шестернями", "");
        check("чехол", "чехла чехлы чехлов", "");
    }

    #[test]
    fn adjectives_and_oblique_forms_have_their_stem() {
        check("навигационный", "навигационная навигационного навигационных навигационными", "навигация навигации");
        check("общий", "общая общего общих", "община");
        check("самолетов", "самолет самолета самолеты", "самолетик");
        check("иванов", "иванова иванову", "иван ивана");
    }
}
