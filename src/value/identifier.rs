//! Company identifiers in free text. In: a text. Out: those whose checksum is right. Length alone never makes one.

/// A company identifier found in text, with its kind, valid by checksum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    /// `inn ogrn ogrnip kpp lei imo uscc`
    pub kind: &'static str,
    /// Digits and capitals only.
    pub text: String,
}

/// Every identifier with a right checksum in a free text. An IMO number and a KPP count only behind their label.
pub fn identifiers(text: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    let mut label = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let (head, word) = split_label(word);
        if !head.is_empty() {
            label = head.to_uppercase();
        }
        let upper = word.to_uppercase();
        if let Some(kind) = kind_of(&upper, &label) {
            let identifier = Identifier { kind, text: upper.clone() };
            if !found.contains(&identifier) {
                found.push(identifier);
            }
        }
        // `ИНН/КПП 7703695246/770301001`: a second label waits for the second number.
        if word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty() && !label.ends_with("КПП") {
            label.clear();
        }
    }
    found
}

/// `IMO9074729` and `ИНН7703695246` → label and number; a word alone is a label, a number alone a number.
fn split_label(word: &str) -> (&str, &str) {
    let at = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
    let (head, tail) = word.split_at(at);
    let labelled = !head.is_empty() && tail.bytes().all(|b| b.is_ascii_digit());
    if labelled { (head, tail) } else { ("", word) }
}

fn kind_of(word: &str, label: &str) -> Option<&'static str> {
    if !word.is_ascii() {
        return None;
    }
    let digits: Vec<u32> = word.chars().filter_map(|c| c.to_digit(10)).collect();
    let only_digits = digits.len() == word.len();
    match (word.len(), only_digits) {
        (7, true) if label == "IMO" => imo(&digits).then_some("imo"),
        (9, _) if matches!(label, "КПП" | "KPP") => kpp(word).then_some("kpp"),
        (10 | 12, true) => inn(&digits).then_some("inn"),
        (13, true) => ogrn(word, 11).then_some("ogrn"),
        (15, true) => ogrn(word, 13).then_some("ogrnip"),
        (18, _) => uscc(word).then_some("uscc"),
        (20, false) => lei(word).then_some("lei"),
        _ => None,
    }
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Russian taxpayer number: order of the Federal Tax Service, weights modulo 11 modulo 10.
fn inn(digits: &[u32]) -> bool {
    const TEN: [u32; 9] = [2, 4, 10, 3, 5, 9, 4, 6, 8];
    const ELEVEN: [u32; 10] = [7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    const TWELVE: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    if digits.iter().all(|digit| *digit == 0) {
        return false;
    }
    let check = |weights: &[u32]| digits.get(weights.len()) == Some(&(weighted(digits, weights) % 11 % 10));
    if digits.len() == 10 { check(&TEN) } else { check(&ELEVEN) && check(&TWELVE) }
}

/// Russian register number: the number before the last digit, modulo 11 (13 for entrepreneurs), last digit of that.
fn ogrn(word: &str, modulus: u64) -> bool {
    let Some((body, check)) = word.split_at_checked(word.len().saturating_sub(1)) else { return false };
    let leads = matches!((modulus, word.bytes().next()), (11, Some(b'1' | b'5')) | (13, Some(b'3')));
    match (body.parse::<u64>(), check.parse::<u64>()) {
        (Ok(body), Ok(check)) => leads && body % modulus % 10 == check,
        _ => false,
    }
}

fn kpp(word: &str) -> bool {
    let digit =
        |range: std::ops::Range<usize>| word.get(range).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    digit(0..4) && digit(6..9) && word.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// IMO ship number: weights 7 to 2, last digit of the sum.
fn imo(digits: &[u32]) -> bool {
    digits.get(6) == Some(&(weighted(digits, &[7, 6, 5, 4, 3, 2]) % 10))
}

/// ISO 17442: letters as 10 to 35, the whole modulo 97 is 1.
fn lei(word: &str) -> bool {
    let mut rest = 0u32;
    for c in word.chars() {
        let Some(value) = c.to_digit(36) else { return false };
        rest = (rest * if value < 10 { 10 } else { 100 } + value) % 97;
    }
    rest == 1 && word.bytes().rev().take(2).all(|b| b.is_ascii_digit())
}

/// GB 32100-2015: 31 signs without I O S V Z, weights 3^i modulo 31.
fn uscc(word: &str) -> bool {
    const SIGNS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Vec<usize> = word.chars().filter_map(|c| SIGNS.find(c)).collect();
    if values.len() != 18 || !word.bytes().skip(2).take(6).all(|b| b.is_ascii_digit()) {
        return false;
    }
    let mut weight = 1;
    let mut sum = 0;
    for value in values.iter().take(17) {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    values.last() == Some(&((31 - sum % 31) % 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = identifiers(text);
        let found: Vec<(&str, &str)> = found.iter().map(|one| (one.kind, one.text.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn identifiers_are_known_by_checksum() {
        check("ИНН 7703695246 КПП 770301001", &[("inn", "7703695246"), ("kpp", "770301001")]);
        check("ИНН/КПП 7703695246/770301001", &[("inn", "7703695246"), ("kpp", "770301001")]);
        check("INN:7718852163, OGRN 1117746521452", &[("inn", "7718852163"), ("ogrn", "1117746521452")]);
        check("7703695247", &[]);
        check("770301001", &[]);
        check("IMO 9074729", &[("imo", "9074729")]);
        check("9074729", &[]);
        check("0000000000", &[]);
        check("LEI 529900T8BM49AURSDO55", &[("lei", "529900T8BM49AURSDO55")]);
        check("91350100M000100Y43", &[("uscc", "91350100M000100Y43")]);
    }
}
