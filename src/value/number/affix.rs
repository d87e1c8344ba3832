//! Affix: a cell → the number in it, and the currency or unit that stands before or behind it.
//!
//! Words that are not known make the cell no number: `12 thousand` is not twelve. Currency codes are ISO 4217's, units those
//! of UNECE Recommendation 20 and the usual abbreviations; a pound is 0.45359237 kg by definition. `TON` is not known,
//! since it is three different masses.
use rust_decimal::Decimal;

use super::Affix;

const CURRENCIES: [(&str, &[&str]); 14] = [
    ("USD", &["USD", "US$", "$", "ДОЛЛ", "ДОЛЛ. США", "ДОЛЛ.США"]),
    ("EUR", &["EUR", "€", "ЕВРО"]),
    ("RUB", &["RUB", "RUR", "₽", "РУБ", "Р"]),
    ("CNY", &["CNY", "RMB"]),
    ("GBP", &["GBP", "£"]),
    ("JPY", &["JPY"]),
    ("", &["¥"]),
    ("TRY", &["TRY", "₺"]),
    ("AED", &["AED"]),
    ("KZT", &["KZT", "₸"]),
    ("UAH", &["UAH", "₴", "ГРН"]),
    ("UZS", &["UZS"]),
    ("INR", &["INR", "₹"]),
    ("HKD", &["HKD", "HK$"]),
];

/// Each with its kilograms, as digits and their scale.
const MASSES: [(i64, u32, &[&str]); 4] = [
    (1, 0, &["KG", "KGS", "KGM", "KILO", "KILOS", "KILOGRAM", "KILOGRAMS", "КГ", "КИЛОГРАММ"]),
    (1, 3, &["G", "GR", "GRM", "Г", "ГР"]),
    (1000, 0, &["T", "MT", "TN", "TNE", "TONNE", "TONNES", "Т", "ТН", "ТОНН", "ТОННА"]),
    (45_359_237, 8, &["LB", "LBS", "LBR"]),
];

const COUNTS: [&str; 44] = [
    "PC",
    "PCS",
    "PCE",
    "PIECE",
    "PIECES",
    "EA",
    "NOS",
    "UNIT",
    "UNITS",
    "SET",
    "SETS",
    "PR",
    "PAIR",
    "PAIRS",
    "ШТ",
    "ШТУК",
    "ШТУКА",
    "ШТУКИ",
    "ПАР",
    "ПАРА",
    "ПАРЫ",
    "КОМПЛ",
    "КОМПЛЕКТ",
    "МЕСТ",
    "МЕСТА",
    "МЕСТО",
    "УП",
    "УПАК",
    "КОР",
    "ЯЩ",
    "PKG",
    "PKGS",
    "CTN",
    "CTNS",
    "BOX",
    "BOXES",
    "BAG",
    "BAGS",
    "PLT",
    "PLTS",
    "M",
    "М",
    "L",
    "Л",
];

/// The longest cell that is looked at.
const LONGEST: usize = 64;

/// The number's own text, in capitals, and what stands beside it; `None` where there are no digits, or words that are not
/// known.
pub(super) fn parted(written: &str) -> Option<(String, Affix)> {
    if written.len() > LONGEST {
        return None;
    }
    let text = narrow(written.trim().trim_start_matches('\'')).to_uppercase();
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    // Signs and marks belong to the number, words beside them do not.
    let head = text.get(..first)?;
    let own = head.trim_end_matches(['-', '−', '–', '+', '(', '.', ',', ' ']).len();
    let tail = text.get(last + 1..)?;
    let closing = if head.contains('(') && tail.starts_with(')') { 1 } else { 0 };
    let before = head.get(..own)?.trim();
    let signs = head.get(own..)?.trim_start();
    // The currency may stand inside the sign: `-$5`.
    let (minus, before) = match before.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest.trim()),
        None => ("", before),
    };
    let behind = tail.get(closing..)?.trim();
    let affix = match (before.trim_matches('.'), behind.trim_matches(['.', ',', ' '])) {
        ("", "") if behind.is_empty() || behind == "." || behind == "," => Affix::None,
        ("", word) | (word, "") => named(word)?,
        _ => return None,
    };
    let body = text.get(first..last + 1 + closing)?;
    Some((format!("{minus}{signs}{body}"), affix))
}

/// Full-width digits and marks, as Chinese tables have them, as the plain ones.
fn narrow(text: &str) -> String {
    let plain = |sign: char| match u32::from(sign) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(sign),
        _ => sign,
    };
    text.chars().map(plain).collect()
}

fn named(word: &str) -> Option<Affix> {
    let currency = CURRENCIES.iter().find(|(_, words)| words.contains(&word));
    let mass = MASSES.iter().find(|(_, _, words)| words.contains(&word));
    match (currency, mass) {
        (Some((code, _)), _) => Some(Affix::Currency(code)),
        (None, Some((digits, scale, _))) => Some(Affix::Mass(Decimal::new(*digits, *scale))),
        (None, None) => COUNTS.contains(&word).then_some(Affix::Count),
    }
}
