//! Keys of a company name. In: a name in any script. Out: keys that are equal for equal names.
//!
//! Both sides are brought to one coarse spelling (ks for x, i for y inside words, h for kh, …), so that a name and its
//! transliterations meet. It never compares; similar but different names have different keys.
use super::forms::forms;
use crate::text::name_words;

/// At most this many readings of one name are followed.
const MOST_READINGS: usize = 16;
/// What is left of a name without its form must have this many letters to mean anything.
const SHORTEST: usize = 3;

/// A name's keys for exact folded comparison: with legal form tagged by class and without; a legal form alone gives none.
pub fn keys(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for words in readings(fold_words(name)) {
        let (core, class) = without_form(&words);
        let key = join(core);
        if key.chars().filter(|c| *c != ' ').count() < SHORTEST && !has_two_han(&key) {
            continue;
        }
        if let Some(class) = class {
            push_new(&mut out, format!("{key} #{class}"));
        }
        push_new(&mut out, key);
    }
    out
}

/// The words of a name in coarse spelling, each with its readings; initials with points are one word.
pub(super) fn fold_words(name: &str) -> Vec<Vec<String>> {
    let spelled = name.replace('&', " and ");
    let mut words: Vec<Vec<String>> = Vec::new();
    let mut initials = false;
    for word in name_words(&spelled) {
        let initial = word.iter().all(|reading| reading.len() == 1 && reading.bytes().all(|b| b.is_ascii_alphabetic()));
        match words.last_mut().filter(|_| initial && initials) {
            Some(last) => *last = crate::text::joined(last, &word, ""),
            None => words.push(word),
        }
        initials = initial;
    }
    for readings in &mut words {
        readings.iter_mut().for_each(|reading| *reading = coarse(reading));
        readings.dedup();
        readings.truncate(MOST_READINGS);
    }
    words
}

fn readings(words: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    for word in words {
        let mut next = Vec::with_capacity(all.len());
        for reading in &word {
            for before in &all {
                if next.len() < MOST_READINGS {
                    let mut whole = before.clone();
                    whole.push(reading.clone());
                    next.push(whole);
                }
            }
        }
        all = next;
    }
    all
}

/// The name without its legal forms, front and back, and the class of the first one taken off.
fn without_form(words: &[String]) -> (&[String], Option<&'static str>) {
    let mut core = words;
    let mut class = None;
    loop {
        let taken = forms().forms.iter().find_map(|(form, found)| {
            let rest = core.strip_suffix(form.as_slice()).or_else(|| core.strip_prefix(form.as_slice()))?;
            Some((rest, *found))
        });
        let Some((rest, found)) = taken else { return (core, class) };
        class = class.or(Some(found));
        core = rest;
    }
}

fn join(core: &[String]) -> String {
    let symbols = &forms().symbols;
    let mut key = String::new();
    for word in core {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(symbols.get(word).copied().unwrap_or(word));
    }
    key
}

fn has_two_han(key: &str) -> bool {
    key.chars().filter(|c| ('\u{3400}'..='\u{9fff}').contains(c)).count() >= 2
}

fn push_new(out: &mut Vec<String>, key: String) {
    if !out.contains(&key) {
        out.push(key);
    }
}

/// One spelling for the ways in which Russian is written in Latin letters.
fn coarse(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut out = String::with_capacity(word.len());
    let at = |place: usize| letters.get(place).copied();
    let mut place = 0;
    while let Some(c) = at(place) {
        let next = at(place + 1);
        match (c, next) {
            ('x', _) => out.push_str("ks"),
            ('k', Some('h')) => {
                out.push('h');
                place += 1;
            }
            ('t', Some('z')) => {
                out.push_str("ts");
                place += 1;
            }
            ('y', _) if place > 0 => push_i(&mut out),
            ('j', _) if place > 0 && soft_j(at(place - 1), next) => push_i(&mut out),
            ('i', _) => push_i(&mut out),
            _ => out.push(c),
        }
        place += 1;
    }
    out.replace("shch", "sch")
}

/// й written as j: at the end, before a consonant, or behind one; `BEIJING` keeps its j.
fn soft_j(before: Option<char>, next: Option<char>) -> bool {
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    match (before, next) {
        (_, None) => true,
        (Some(before), Some(next)) => !vowel(before) || !vowel(next),
        (None, Some(_)) => false,
    }
}

fn push_i(out: &mut String) {
    if !out.ends_with('i') {
        out.push('i');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        keys(a).iter().any(|key| keys(b).contains(key))
    }

    #[test]
    fn spellings_of_one_name_share_a_key() {
        let groups: &[&[&str]] = &[
            &[
                "АО КРЭТ",
                "AO KRET",
                "JSC KRET",
                "АО «КРЭТ»",
                "КРЭТ",
                "АО KРЭТ",
                "Акционерное общество «КРЭТ»",
                "КРЭТ, АО",
            ],
            &["ALMAZ-ANTEI", "ALMAZ ANTEY", "АЛМАЗ – АНТЕЙ", "Almaz-Antej"],
            &["ROSOBORONEKSPORT JSC", "ROSOBORONEXPORT", "РОСОБОРОНЭКСПОРТ, АО", "АО РОСОБОРОНЭКСПОРТ"],
            &["KONTSERN RADIOELEKTRONNYE TEKHNOLOGII", "КОНЦЕРН РАДИОЭЛЕКТРОННЫЕ ТЕХНОЛОГИИ"],
            &["POLY TECHNOLOGIES, INC.", "POLY TECHNOLOGIES", "РОLY ТECHNOLOGIES INC", "Poly  Tech"],
            &["AVIC INTERNATIONAL HOLDING CORP", "AVIC INTL HOLDING CORP.", "AVIC INTERNATIONAL HOLDING CORPORATION"],
            &["FUJIAN NANAN BAOFENG ELECTRONIC CO", "FUJIAN NANAN BAOFENG ELECTRONIC CO., LTD"],
            &["L.L.C. ACME GULF", "Acme Gulf LLC"],
            &["SINO S. A.", "Sino SA"],
            &["保利科技有限公司", "保利科技"],
        ];
        for group in groups {
            for other in *group {
                let (first, other) = (group[0], other);
                assert!(same(first, other), "{first} and {other}: {:?} {:?}", keys(first), keys(other));
            }
        }
    }

    #[test]
    fn different_names_do_not_share_a_key() {
        for (a, b) in [
            ("АО КРЭТ", "ООО КРЕТЕКС"),
            ("АНТЕЙ-АЛМАЗНЫЙ ИНСТРУМЕНТ", "АЛМАЗ-АНТЕЙ"),
            ("BEIJING LIDA", "BEIYING LIDA"),
            ("POLY TECHNOLOGIES", "POLY"),
            ("JIANG LI", "YANG LI"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_form_or_a_scrap_alone_has_no_key() {
        for nothing in ["CORP", "АО", "Co., Ltd.", "", " - ", "AO AB", "ООО «АБ»"] {
            assert_eq!(keys(nothing), Vec::<String>::new(), "{nothing}");
        }
    }

    #[test]
    fn a_form_is_tagged_by_its_class() {
        assert!(keys("АО КРЭТ").contains(&"kret #jsc".to_owned()), "{:?}", keys("АО КРЭТ"));
        assert!(keys("JSC KRET").contains(&"kret #jsc".to_owned()));
    }
}
