//! Countries in any spelling. In: a cell. Out: ISO alpha-2. It never guesses from a part of a name.
//!
//! Codes from ISO 3166-1, names from Unicode CLDR; see the head of `countries.tsv`.
use crate::text::name_keys;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!("countries.tsv");

struct Countries {
    by_key: FxHashMap<String, &'static str>,
    names: FxHashMap<&'static str, &'static str>,
}

fn countries() -> &'static Countries {
    static COUNTRIES: OnceLock<Countries> = OnceLock::new();
    COUNTRIES.get_or_init(read_table)
}

fn read_table() -> Countries {
    let mut by_key = FxHashMap::default();
    let mut names = FxHashMap::default();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(alpha2), Some(alpha3), Some(numeric), Some(name)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        names.insert(alpha2, name);
        for code in [alpha2, alpha3, numeric] {
            by_key.insert(code.to_lowercase(), alpha2);
        }
        let others = cells.next().unwrap_or("").split('|').filter(|other| !other.is_empty());
        for spelling in others.chain([name]) {
            for key in spelling_keys(spelling) {
                by_key.entry(key).or_insert(alpha2);
            }
        }
    }
    Countries { by_key, names }
}

/// Every country's spellings, a country at a time.
pub fn country_spellings() -> impl Iterator<Item = Vec<&'static str>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').skip(3).flat_map(|cell| cell.split('|')).filter(|one| !one.is_empty()).collect())
}

/// The name as it folds, and without its blanks (`U. S. A.` = `USA`).
fn spelling_keys(spelling: &str) -> Vec<String> {
    let mut keys = name_keys(spelling);
    let tight: Vec<String> = keys.iter().map(|key| key.replace(' ', "")).collect();
    keys.extend(tight);
    keys.retain(|key| !key.is_empty());
    keys
}

/// ISO alpha-2 of a country in any spelling (alpha-2/3, numeric, English, Russian, Chinese, Turkish, Ukrainian, `840 США`).
pub fn country(written: &str) -> Option<&'static str> {
    let text = written.trim();
    if text.is_empty() || text.len() > 160 {
        return None;
    }
    whole(text).or_else(|| code_beside_name(text))
}

fn whole(text: &str) -> Option<&'static str> {
    let table = &countries().by_key;
    if text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 3 {
        return table.get(format!("{text:0>3}").as_str()).copied();
    }
    if text.is_ascii()
        && text.len() <= 3
        && let Some(found) = table.get(text.to_ascii_lowercase().as_str())
    {
        return Some(found);
    }
    spelling_keys(text).iter().find_map(|key| table.get(key.as_str()).copied())
}

/// `840 США`, `CN - China`, `Китай (CN)`: two parts that do not contradict each other.
fn code_beside_name(text: &str) -> Option<&'static str> {
    let separator = |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '/' | '(' | ',' | ';' | '|');
    let trim = |part: &'_ str| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let first = text.find(separator);
    let last = text.rfind(separator);
    for at in [first, last].into_iter().flatten() {
        let (left, right) = (trim(text.get(..at)?), trim(text.get(at..)?));
        if left.is_empty() || right.is_empty() {
            continue;
        }
        let is_code = |part: &str| part.len() <= 3 && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_code(&left) && !is_code(&right) {
            continue;
        }
        if let (Some(a), Some(b)) = (whole(&left), whole(&right))
            && a == b
        {
            return Some(a);
        }
    }
    None
}

/// English short name of an alpha-2 code.
pub fn country_name(alpha2: &str) -> Option<&'static str> {
    countries().names.get(alpha2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_in_any_spelling() {
        let cases = [
            ("US", "US"),
            ("usa", "US"),
            ("840", "US"),
            ("U.S.A.", "US"),
            ("840 США", "US"),
            ("США", "US"),
            ("КНР", "CN"),
            ("китай", "CN"),
            ("中国", "CN"),
            ("CN - China", "CN"),
            ("Çin", "CN"),
            ("Türkiye", "TR"),
            ("TURKEY", "TR"),
            ("ТУРЦИЯ", "TR"),
            ("ОАЭ", "AE"),
            ("U.A.E.", "AE"),
            ("Гонконг", "HK"),
            ("HONG KONG", "HK"),
            ("South Korea", "KR"),
            ("Korea, Republic of", "KR"),
            ("NO", "NO"),
            ("4", "AF"),
            ("Узбекистан", "UZ"),
            ("Россия", "RU"),
            ("Russian Federation", "RU"),
        ];
        for (written, alpha2) in cases {
            assert_eq!(country(written), Some(alpha2), "{written}");
        }
        for unknown in ["", "Atlantis", "999", "-", "EU countries", "Congo", "840 Китай"] {
            assert_eq!(country(unknown), None, "{unknown}");
        }
        assert_eq!(country_name("CN"), Some("China"));
        assert_eq!(country_name("cn"), None);
    }
}
