//! Text: folding, words, terms, patterns. Leaves: nothing here knows a record or a rule.
//!
//! In: texts as they stand in cells and rules. Out: folded texts, keys, and places of mentions as byte ranges of the
//! original. It never changes a text that is shown to anyone.
mod coarse;
mod letters;
mod names;
mod near;
mod pattern;
mod scan;
mod stem;
mod term;

pub(crate) use coarse::{Coarse, coarse};
pub(crate) use letters::{cyrillic_twin, fold_char, is_cyrillic, is_han, is_word_sign, latin_twin};
pub use names::name_keys;
pub(crate) use names::name_words;
pub use near::NearMiss;
pub use pattern::{Anchor, Case, Pattern};
pub use scan::ScanText;
pub use term::{Inflection, Term};

/// Key of a heading: casefolded, spaces, underscores and punctuation folded to one space, trimmed.
pub fn heading_key(heading: &str) -> String {
    let mut key = String::with_capacity(heading.len());
    let normal = icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(heading);
    for c in normal.chars().filter(|c| !letters::is_ignorable(*c)) {
        if c.is_alphanumeric() {
            letters::fold_case(c, &mut |folded| key.push(if folded == 'ё' { 'е' } else { folded }));
        } else if !key.is_empty() && !key.ends_with(' ') {
            key.push(' ');
        }
    }
    key.truncate(key.trim_end().len());
    key
}

/// Sigma folding: NFC and full casefold.
pub fn sigma_fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let nfc = icu_normalizer::ComposingNormalizerBorrowed::new_nfc();
    let folded = icu_casemap::CaseMapper::new().fold_string(&nfc.normalize(text)).into_owned();
    nfc.normalize(&folded).into_owned()
}

/// Latin transliteration for reading, `None` when the text has no letter of another script. Cyrillic letter by letter as
/// mail readers are used to it; Han as pinyin (of kanji too), and other scripts, as `any_ascii` has them.
pub fn transliterate(text: &str) -> Option<String> {
    if !has_foreign_word(text) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let lower = c.to_lowercase().next().unwrap_or(c);
        let Some(latin) = letters::latin_of(lower) else {
            if letters::is_foreign(c) {
                out.push_str(any_ascii::any_ascii_char(c))
            } else {
                out.push(c)
            }
            continue;
        };
        let mut latin_chars = latin.chars();
        match (c != lower, latin_chars.next()) {
            (true, Some(first)) => {
                out.extend(first.to_uppercase());
                // `Ш` before a capital or alone in capitals is `SH`, in `Шасси` it is `Sh`.
                let loud = chars.peek().is_some_and(|next| next.is_uppercase()) || ends_loud(&out);
                latin_chars.for_each(|rest| if loud { out.extend(rest.to_uppercase()) } else { out.push(rest) });
            }
            _ => out.push_str(latin),
        }
    }
    Some(out)
}

/// Whether a letter stands in the text that a reader of Latin cannot read; a Greek one alone is a sign, as in `10 kΩ`.
fn has_foreign_word(text: &str) -> bool {
    let is_foreign = |c: char| c.is_alphabetic() && letters::is_foreign(c);
    let mut before = ' ';
    text.chars().any(|c| {
        let found = is_foreign(c) && (!letters::is_greek(c) || letters::is_greek(before));
        before = c;
        found
    })
}

/// Whether the letter before the last one is a capital of the same word.
fn ends_loud(out: &str) -> bool {
    out.chars().rev().nth(1).is_some_and(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_fold_to_words() {
        assert_eq!(heading_key("  G31_1 (Описание)\u{a0}ТОВАРА: "), "g31 1 описание товара");
        assert_eq!(heading_key("HS-Code"), "hs code");
        assert_eq!(heading_key("Отправлён"), "отправлен");
    }

    #[test]
    fn sigma_folds_case_and_composition_only() {
        assert_eq!(sigma_fold("Straße"), "strasse");
        assert_eq!(sigma_fold("Й"), sigma_fold("и\u{306}"));
        assert_ne!(sigma_fold("ё"), sigma_fold("е"));
        assert_eq!(sigma_fold("ABC"), "abc");
    }

    #[test]
    fn cyrillic_is_transliterated_for_reading() {
        assert_eq!(transliterate("АО «КРЭТ»").as_deref(), Some("AO «KRET»"));
        assert_eq!(transliterate("Шасси, ЩИТ").as_deref(), Some("Shassi, SHCHIT"));
        assert_eq!(transliterate("plain"), None);
    }

    #[test]
    fn other_scripts_are_transliterated_for_reading() {
        for (text, latin) in [
            ("烟台 无人机 drone 零件", "YanTai WuRenJi drone LingJian"),
            ("苏-35（飞机）", "Su-35(FeiJi)"),
            ("Παπαδόπουλος", "Papadopoylos"),
            ("ドローン", "doron"),
            ("삼성전자", "SamSeongJeonJa"),
            ("شركة", "shrkh"),
            ("ООО 烟台", "OOO YanTai"),
        ] {
            assert_eq!(transliterate(text).as_deref(), Some(latin), "{text}");
        }
        for text in ["Société Générale, Łódź", "10 kΩ ± 5 %, 3 µF, α", "№ 5 – “x” ™ 😀", ""] {
            assert_eq!(transliterate(text), None, "{text}");
        }
    }

    #[test]
    fn names_fold_script_and_confusables() {
        let shares = |a: &str, b: &str| name_keys(a).iter().any(|key| name_keys(b).contains(key));
        assert!(shares("РОLY ТECHNOLOGIES", "Poly Technologies"));
        assert!(shares("АО KРЭТ", "AO KRET"));
        assert!(shares("АО «КРЭТ»", "ao kret"));
        assert!(!shares("AO KRET", "AO KREТEX"));
        assert!(name_keys(" - ").is_empty());
    }
}
