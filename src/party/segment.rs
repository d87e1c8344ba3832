//! Splits a party cell. In: the name cell and the id cell. Out: candidates, the whole cell always among them.
//!
//! It never throws a part away: what it is unsure of stays a candidate beside the whole.
use super::name::{ends_in_form, is_only_where, names_a_place};
use super::{Candidate, Standing, keys};
use crate::value::{Identifier, identifiers};
use aho_corasick::AhoCorasick;
use regex::Regex;
use std::sync::LazyLock;

type Table = LazyLock<Option<Regex>>;

/// The party after these words is the principal, the one before acts for it.
const FOR_ANOTHER: &str = r"ON\s+BEHALF\s+OF|O/B/O|O/B|OBO|F/A/O|BY\s+(?:THE\s+)?ORDER\s+OF|BY\s+INSTRUCTIONS?\s+OF|(?:FOR|ON)\s+(?:THE\s+)?ACCOUNT\s+OF|AS\s+AGENTS?\s+(?:FOR|OF)|AGENTS?\s+FOR|IM\s+AUFTRAG\s+(?:VON|DER)|POR\s+CUENTA\s+DE|ADINA|ПО\s+ПОРУЧЕНИЮ|ПО\s+ЗАКАЗУ|ОТ\s+ИМЕНИ|В\s+ИНТЕРЕСАХ|ЗА\s+СЧ[ЕЁ]Т|ЗА\s+ДОРУЧЕННЯМ|ВІД\s+ІМЕНІ";
/// The party after these words is the way to the one before.
const BY_WAY_OF: &str = r"C/O|CARE\s+OF|THROUGH|THRU|VIA|ЧЕРЕЗ|И/О|ЧЕРЕЗ\s+ПОСРЕДНИКА";
/// One of these stands in every link, in any case: most cells have none, and then nothing is searched.
const IN_LINKS: [&str; 24] = [
    "behalf",
    "o/b",
    "obo",
    "f/a/o",
    "order",
    "instruct",
    "account",
    "agent",
    "auftrag",
    "cuenta",
    "adina",
    "поруч",
    "заказу",
    "имени",
    "интерес",
    "сч",
    "доруч",
    "імені",
    "c/o",
    "care",
    "thr",
    "via",
    "через",
    "и/о",
];

static LINK_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let upper = IN_LINKS.iter().filter(|word| !word.is_ascii()).map(|word| word.to_uppercase());
    let title = IN_LINKS.iter().filter(|word| !word.is_ascii()).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    let all: Vec<String> = IN_LINKS.iter().map(|word| (*word).to_owned()).chain(upper).chain(title).collect();
    AhoCorasick::builder().ascii_case_insensitive(true).build(all).ok()
});
static LINKS: Table = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)(?:^|[\s,;(\-])(?:(?P<behalf>{FOR_ANOTHER})|(?P<way>{BY_WAY_OF}))(?:[\s:]+|$)")).ok()
});
/// A labelled identifier with its number.
static LABELLED: Table = LazyLock::new(|| {
    let labels = r"ИНН|INN|КПП|KPP|ОГРНИП|ОГРН|OGRNIP|OGRN|УНП|БИН|BIN|ИИН|LEI|USCC|IMO|TIN|VAT|TAX\s+ID|ОКПО|OKPO";
    Regex::new(&format!(
        r"(?i)[,;(\[\s]*\b(?:{labels})(?:\s*/\s*(?:{labels}))*\b[\s:№#.\-]*[0-9][0-9A-Z/ ]*[0-9A-Z]\s*[)\]]?"
    ))
    .ok()
});
/// A bare number as long as an identifier.
static BARE: Table = LazyLock::new(|| Regex::new(r"(?:^|[\s,;(])(?:\d{10}|\d{12,13}|\d{15})(?:[\s,;)/]|$)").ok());
/// Where an address begins.
static ADDRESS: Table = LazyLock::new(|| {
    let russian = r"(?:Г|ГОР|УЛ|ОБЛ|ПР-Т|ПРОСП|ПЕР|НАБ|Ш|Д|РАЙОН|Р-Н)\.\s*\S|(?:ГОРОД|УЛИЦА|ПРОСПЕКТ|ОБЛАСТЬ|РОССИЯ|МОСКВА|САНКТ-ПЕТЕРБУРГ)\b|[^,]*\b(?:ОБЛ|ОБЛАСТЬ|КРАЙ|УЛ|УЛИЦА)\b";
    let tail = r"P\.?\s?O\.?\s?BOX\b|(?:UNIT|ROOM|RM|SUITE|FLAT|OFFICE|FLOOR|BLOCK|BLDG|BUILDING|PLOT|WAREHOUSE)\.?\s*(?:NO\.?\s*)?\d|\d+/F\b|(?:TEL|PHONE|FAX|MOB|E-?MAIL|ТЕЛ|ФАКС|Т/Ф)\b\s*[.:+\d(]|POSTAL\s+CODE|ZIP\s*\d|\d+\s+[A-Z]+(?:\s+[A-Z]+)?\s+(?:STREET|STR|ROAD|RD|AVENUE|AVE|BOULEVARD|BLVD|LANE)\b";
    let english = r"(?:NO\.?\s*\d|P\.?\s?O\.?\s?BOX|ROOM|RM\.?\s|FLAT|UNIT|SUITE|BLDG|BUILDING|BLOCK|FLOOR|\d+/F|\d+(?:ST|ND|RD|TH)\s+FLOOR)|[^,]*\b(?:ROAD|RD|STREET|AVENUE|AVE|BOULEVARD|DISTRICT|INDUSTRIAL\s+ZONE|BLDG|LANE)\b";
    Regex::new(&format!(r"(?i)(?:[,;\n]\s*(?:\d{{5,6}}\b|{russian}|{english})|\s(?:\d{{6}}\s*,?\s|Г\.\s*\S|УЛ\.\s*\S|NO\.\s*\d)|\s(?:{tail})|\n|\sADDRESS\s*:|\sАДРЕС\s*:)")).ok()
});
/// A name that ends in its legal form, with something after it.
static FORM_END: Table = LazyLock::new(|| {
    let forms = r"(?:CO\.?\s*,?\s*)?(?:LTD|LIMITED)|L\.?L\.?C|INC|INCORPORATED|CORP|CORPORATION|GMBH|P?JSC|FZE|FZCO|FZ-LLC|DMCC|PLC|S\.?P\.?A|S\.?R\.?L|A\.S|АО|ООО|ПАО|ОАО|ЗАО";
    Regex::new(&format!(r"(?i)^(.{{3,}}?[\s,](?:{forms})\b\.?\)?)[\s,;]+\S")).ok()
});
static QUOTED: Table = LazyLock::new(|| Regex::new("[«\"“„‘](.{2,}?)[»\"”“’]+").ok());
static BRACKETED: Table = LazyLock::new(|| Regex::new(r"[(（\[]([^()（）\[\]]{3,})[)）\]]").ok());

/// At most this many parties are told apart in one cell, and commas tried as the end of a name.
const MOST_PARTS: usize = 4;
/// A longer cell is no name; it stays one candidate.
const LONGEST_CELL: usize = 4_000;

/// Splits a name cell (with the cell of the party's id column, when there is one) into candidates; the whole cell is always one.
pub fn segment(name_cell: &str, id_cell: &str) -> Vec<Candidate> {
    let whole = name_cell.trim();
    let own = identifiers(id_cell);
    if whole.len() > LONGEST_CELL {
        return vec![Candidate { name: whole.to_owned(), standing: Standing::Principal, identifiers: own }];
    }
    let parts = parts(whole);
    let mut out = Vec::new();
    for (name, standing) in &parts {
        let mut ids = identifiers(name);
        if *standing == Standing::Principal {
            ids = merged(own.clone(), ids);
        }
        for name in names(name) {
            add(&mut out, Candidate { name, standing: *standing, identifiers: ids.clone() });
        }
    }
    let principal: Vec<Identifier> =
        out.iter().filter(|one| one.standing == Standing::Principal).flat_map(|one| one.identifiers.clone()).collect();
    let identifiers = merged(own, principal);
    add(&mut out, Candidate { name: whole.to_owned(), standing: Standing::Principal, identifiers });
    out
}

fn merged(mut left: Vec<Identifier>, right: Vec<Identifier>) -> Vec<Identifier> {
    for one in right {
        if !left.contains(&one) {
            left.push(one);
        }
    }
    left
}

fn add(out: &mut Vec<Candidate>, candidate: Candidate) {
    let known = out.iter().any(|one| one.name == candidate.name && one.standing == candidate.standing);
    // A cell with nothing but an identifier is still a candidate.
    let empty = candidate.name.is_empty() && candidate.identifiers.is_empty();
    if !known && !empty {
        out.push(candidate);
    }
}

/// The parties of a cell with their standing.
fn parts(whole: &str) -> Vec<(&str, Standing)> {
    let mut parts: Vec<(&str, Standing)> = Vec::new();
    let mut rest = whole;
    let mut standing = Standing::Principal;
    let may_link = LINK_WORDS.as_ref().is_none_or(|words| words.is_match(whole));
    let Some(links) = LINKS.as_ref().filter(|_| may_link) else { return vec![(whole, standing)] };
    if let Some(parts) = in_care_of(whole, links) {
        return parts;
    }
    let mut from = 0;
    while let Some(found) = links.captures_at(rest, from) {
        let Some(link) = found.get(0) else { break };
        let behalf = found.name("behalf").is_some();
        let left = rest.get(..link.start()).unwrap_or("").trim_matches(is_edge);
        let right = rest.get(link.end()..).unwrap_or("");
        let unclear = !right.chars().any(char::is_alphabetic) || (left.is_empty() && !behalf && parts.is_empty());
        if unclear || parts.len() >= MOST_PARTS {
            // `VIA TECHNOLOGIES` begins with the word, `… VIA` ends with it: a name, not a link.
            if parts.len() >= MOST_PARTS || link.end() >= rest.len() {
                break;
            }
            from = link.end();
            continue;
        }
        parts.push((left, standing));
        if behalf {
            parts.iter_mut().for_each(|part| part.1 = Standing::Intermediary);
            standing = Standing::Principal;
        } else {
            standing = Standing::Intermediary;
        }
        rest = right;
        from = 0;
    }
    parts.push((rest.trim_matches(is_edge), standing));
    parts.retain(|(name, _)| !name.is_empty());
    parts
}

/// `C/O BROKER LLC, ACME LTD`: the way comes first, up to the comma.
fn in_care_of<'w>(whole: &'w str, links: &Regex) -> Option<Vec<(&'w str, Standing)>> {
    let link = links.captures(whole)?;
    let way = link.name("way").filter(|way| way.start() == 0 && way.as_str().to_uppercase() != "VIA")?;
    let rest = whole.get(way.end()..)?;
    // `CO., LTD` has a comma of its own.
    let commas = rest.match_indices([',', ';']).take(MOST_PARTS);
    let (broker, party) = commas
        .map(|(at, _)| (rest.get(..at).unwrap_or(""), rest.get(at + 1..).unwrap_or("")))
        .find(|(broker, party)| !keys(broker).is_empty() && !keys(party).is_empty() && !begins_with_form(party))?;
    let (broker, party) = (broker.trim_matches(is_edge), party.trim_matches(is_edge));
    Some(vec![(broker, Standing::Intermediary), (party, Standing::Principal)])
}

/// Whether the words up to the next comma are nothing but a legal form.
fn begins_with_form(text: &str) -> bool {
    text.split([',', ';']).next().is_some_and(|first| keys(first).is_empty())
}

fn is_edge(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '-' | '–' | ':' | '/' | '(')
}

/// The names that a part may mean: without identifiers, without address, inside quotes and brackets.
fn names(part: &str) -> Vec<String> {
    let bare = without_identifiers(part);
    let name = without_address(&bare);
    let mut names = vec![name, &bare];
    let first_group = |table: &Table, text: &'_ str| {
        let found = table.as_ref()?.captures(text)?.get(1)?;
        Some(found.range())
    };
    if let Some(range) = first_group(&FORM_END, &bare) {
        names.extend(bare.get(range));
    }
    names.extend(without_places(name));
    if let Some(range) = first_group(&QUOTED, &bare) {
        let closing = bare.get(range.end..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        names.extend(bare.get(..range.end + closing));
        names.extend(bare.get(range));
    }
    let mut out: Vec<String> = Vec::new();
    let bracketed = first_group(&BRACKETED, name).and_then(|range| name.get(range));
    // (HK) and (Spain) tell one branch from another; (KRET) is a second name.
    if let Some(inside) = bracketed.filter(|inside| !is_only_where(inside)) {
        let without = name.replace(inside, " ").replace(['(', ')', '（', '）', '[', ']'], " ");
        add_name(&mut out, &without);
        add_name(&mut out, inside);
    }
    names.extend(before_commas(&bare));
    let mut all = Vec::with_capacity(names.len() + out.len());
    names.into_iter().for_each(|name| add_name(&mut all, name));
    out.iter().for_each(|name| add_name(&mut all, name));
    all
}

fn add_name(names: &mut Vec<String>, name: &str) {
    let name = name.trim_matches(is_edge);
    if !name.is_empty() && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// A name without the city and country behind it: two places, or one behind a legal form or a comma.
fn without_places(text: &str) -> Option<&str> {
    let mut rest = text.trim_end_matches(is_end);
    let mut places = 0;
    while let Some((shorter, count)) = without_last_place(rest) {
        (rest, places) = (shorter, places + count);
    }
    let ends = places > 1 || text.get(rest.len()..)?.trim_start().starts_with(',') || ends_in_form(rest);
    (places > 0 && ends && !rest.is_empty() && !is_only_where(rest)).then_some(rest)
}

fn without_last_place(text: &str) -> Option<(&str, u8)> {
    let before = |text: &str| text.rfind(|c: char| c.is_whitespace() || c == ',');
    let one = before(text)?;
    let last = text.get(one..)?;
    // A long word is no place, and most names end in one that is none.
    let rest = text.get(..one)?.trim_end_matches(is_end);
    if is_place(last) {
        return Some((rest, 1));
    }
    let two = before(rest)?;
    is_place(text.get(two..)?).then(|| (rest.get(..two).unwrap_or("").trim_end_matches(is_end), 1))
}

fn is_place(text: &str) -> bool {
    !text.trim_matches(is_end).is_empty() && !text.contains(|c: char| c.is_ascii_digit()) && names_a_place(text)
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '-' | '/' | '(' | ')')
}

/// What stands before each of the first commas, unless only a legal form comes after.
fn before_commas(text: &str) -> impl Iterator<Item = &str> {
    let commas = text.match_indices(',').take(MOST_PARTS);
    let names = commas.filter(|(at, _)| text.get(at + 1..).is_some_and(|rest| !keys(rest).is_empty()));
    names.filter_map(|(at, _)| text.get(..at))
}

fn without_identifiers(part: &str) -> String {
    let mut text = part.to_owned();
    if text.bytes().filter(u8::is_ascii_digit).take(7).count() < 7 {
        return text.trim_matches(is_edge).to_owned();
    }
    for table in [&LABELLED, &BARE] {
        if let Some(table) = table.as_ref() {
            text = table.replace_all(&text, " ").into_owned();
        }
    }
    text.trim_matches(is_edge).to_owned()
}

fn without_address(text: &str) -> &str {
    let cut = ADDRESS.as_ref().and_then(|table| table.find(text)).map(|found| found.start());
    let name = cut.and_then(|at| text.get(..at)).map(|name| name.trim_matches(is_edge));
    name.filter(|name| !keys(name).is_empty()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(cell: &str, name: &str, standing: Standing) -> bool {
        segment(cell, "").iter().any(|one| one.name == name && one.standing == standing)
    }

    #[track_caller]
    fn check(cell: &str, principal: &[&str], intermediary: &[&str]) {
        for name in principal {
            assert!(has(cell, name, Standing::Principal), "{name} in {:#?}", segment(cell, ""));
        }
        for name in intermediary {
            assert!(has(cell, name, Standing::Intermediary), "{name} in {:#?}", segment(cell, ""));
            assert!(!has(cell, name, Standing::Principal), "{name} in {:#?}", segment(cell, ""));
        }
        assert!(has(cell, cell.trim(), Standing::Principal));
    }

    #[test]
    fn intermediaries_are_told_from_principals() {
        let baofeng = "FUJIAN NANAN BAOFENG ELECTRONIC CO";
        check(&format!("GUP UZMASHEXPORT ON BEHALF OF {baofeng}"), &[baofeng], &["GUP UZMASHEXPORT"]);
        check(
            &format!("{baofeng}., LTD ЧЕРЕЗ ГУП УЗМАШЭКСПОРТ"),
            &[&format!("{baofeng}., LTD")],
            &["ГУП УЗМАШЭКСПОРТ"],
        );
        check("Acme Ltd c/o Broker LLC", &["Acme Ltd"], &["Broker LLC"]);
        check("ООО БРОКЕР ПО ПОРУЧЕНИЮ АО КРЭТ", &["АО КРЭТ"], &["ООО БРОКЕР"]);
        check("A TRADE O/B B TRADE VIA C TRADE", &["B TRADE"], &["A TRADE", "C TRADE"]);
        check("ON BEHALF OF AO KRET", &["AO KRET"], &[]);
        check("VIA TECHNOLOGIES INC", &["VIA TECHNOLOGIES INC"], &[]);
        check("THE THROUGHPUT CO", &["THE THROUGHPUT CO"], &[]);
        check("C/O Broker GmbH, Acme Works Ltd", &["Acme Works Ltd"], &["Broker GmbH"]);
        check("c/o Broker Co., Ltd, Acme Works Ltd", &["Acme Works Ltd"], &["Broker Co., Ltd"]);
        check("ООО БРОКЕР ЗА СЧЁТ АО КРЭТ", &["АО КРЭТ"], &["ООО БРОКЕР"]);
    }

    #[test]
    fn addresses_and_identifiers_come_off() {
        check("АО \"КРЭТ\", 109240, Г. МОСКВА, УЛ. ГОНЧАРНАЯ, Д. 20", &["АО \"КРЭТ\"", "КРЭТ"], &[]);
        check("АО КРЭТ ИНН 7703695246", &["АО КРЭТ"], &[]);
        check("АО КРЭТ, ИНН/КПП 7703695246/770301001, Г. МОСКВА", &["АО КРЭТ"], &[]);
        check("POLY TECHNOLOGIES INC, NO.12 YUFENG ROAD, BEIJING, CN", &["POLY TECHNOLOGIES INC"], &[]);
        check("POLY TECHNOLOGIES INC 27 WANSHOU ROAD BEIJING", &["POLY TECHNOLOGIES INC"], &[]);
        check("POLY TECHNOLOGIES, INC., BEIJING", &["POLY TECHNOLOGIES, INC."], &[]);
        check("FLOREZ HERMANOS LTDA. DUBAI U.A.E.", &["FLOREZ HERMANOS LTDA."], &[]);
        check("TADBIR GROUP TEHRAN IRAN", &["TADBIR GROUP"], &[]);
        check("ACME S.A. HONG KONG", &["ACME S.A."], &[]);
        check("LOS CACHIROS PO BOX 17432", &["LOS CACHIROS"], &[]);
        check("ECO PARQUE JOYA UNIT 12 BLDG 4 FREE ZONE", &["ECO PARQUE JOYA"], &[]);
        check("ACME WORKS TEL 007495 1234567", &["ACME WORKS"], &[]);
        check(
            "JSC Concern Radio-Electronic Technologies (KRET)",
            &["KRET", "JSC Concern Radio-Electronic Technologies"],
            &[],
        );
        let found = segment("АО КРЭТ ИНН 7703695246", "");
        assert!(found.iter().all(|one| one.identifiers.iter().any(|id| id.text == "7703695246")));
    }

    #[test]
    fn a_branch_keeps_its_place() {
        for cell in ["BANK OF CHINA (HONG KONG) LIMITED", "Deutsche Bank (Schweiz) AG", "KOREA TRADING SEOUL"] {
            let found = segment(cell, "");
            assert!(found.iter().all(|one| one.name == cell), "{found:#?}");
        }
        assert!(segment("MOSCOW RUSSIA", "").iter().all(|one| one.name == "MOSCOW RUSSIA"));
    }

    #[test]
    fn the_id_column_belongs_to_the_principal() {
        let found = segment("GUP UZMASHEXPORT ON BEHALF OF AO KRET", "7703695246");
        for one in found {
            assert_eq!(one.identifiers.is_empty(), one.standing == Standing::Intermediary, "{one:?}");
        }
        assert_eq!(segment("", "7703695246").len(), 1);
        assert!(segment("", "").is_empty());
    }

    #[test]
    fn hostile_cells_are_only_cells() {
        for cell in [",,,,", "((((", "«»\"\"", "ON BEHALF OF", "C/O C/O C/O C/O C/O C/O", "ИНН", "\u{0}", "VIA VIA X"]
        {
            let _ = segment(cell, cell);
        }
        assert_eq!(segment(&"A, ".repeat(5_000), "").len(), 1);
    }
}
