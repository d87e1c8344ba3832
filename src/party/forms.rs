//! Legal forms and abbreviations of company names. Tables and their folded shape; nothing is decided here.
use super::names::fold_words;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// Class, then its spellings. A form in another script or language is of the same class where registers translate it so.
const FORMS: &[(&str, &[&str])] = &[
    (
        "jsc",
        &["АО", "AO", "JSC", "A/O", "Joint Stock Company", "Акционерное общество", "Aktsionernoe obshchestvo", "АТ"],
    ),
    ("pjsc", &["ПАО", "PAO", "PJSC", "Public Joint Stock Company", "Публичное акционерное общество"]),
    ("ojsc", &["ОАО", "OAO", "OJSC", "Open Joint Stock Company", "Открытое акционерное общество"]),
    ("cjsc", &["ЗАО", "ZAO", "CJSC", "Closed Joint Stock Company", "Закрытое акционерное общество"]),
    ("npjsc", &["НАО", "NAO", "Непубличное акционерное общество"]),
    (
        "llc",
        &[
            "ООО",
            "OOO",
            "LLC",
            "Limited Liability Company",
            "Общество с ограниченной ответственностью",
            "МЧЖ",
            "MCHJ",
            "ТОВ",
        ],
    ),
    ("llp", &["ТОО", "TOO", "LLP", "ОсОО", "OsOO", "Товарищество с ограниченной ответственностью"]),
    (
        "ltd",
        &[
            "CO LTD",
            "COMPANY LTD",
            "CO LIMITED",
            "COMPANY LIMITED",
            "LTD",
            "LIMITED",
            "ЛТД",
            "КО ЛТД",
            "有限公司",
            "有限责任公司",
            "股份有限公司",
            "集团有限公司",
            "PVT LTD",
            "PRIVATE LIMITED",
            "PTE LTD",
            "PTY LTD",
            "SDN BHD",
        ],
    ),
    ("corp", &["CORP", "CORPORATION", "КОРП", "КОРПОРАЦИЯ", "公司"]),
    ("inc", &["INC", "INCORPORATED", "ИНК"]),
    ("co", &["CO", "COMPANY", "КО", "КОМПАНИЯ"]),
    ("gmbh", &["GMBH", "GMBH & CO KG", "ГМБХ", "GESELLSCHAFT MIT BESCHRANKTER HAFTUNG"]),
    ("ag", &["AG", "AKTIENGESELLSCHAFT"]),
    ("kg", &["KG"]),
    ("plc", &["PLC", "PUBLIC LIMITED COMPANY"]),
    ("sa", &["SA", "SOCIETE ANONYME", "SOCIEDAD ANONIMA"]),
    ("sas", &["SAS"]),
    ("sarl", &["SARL"]),
    ("spa", &["SPA"]),
    ("srl", &["SRL"]),
    ("bv", &["BV"]),
    ("nv", &["NV"]),
    ("oy", &["OY", "OYJ"]),
    ("ab", &["AB"]),
    ("aps", &["APS"]),
    ("sro", &["SRO", "SPOL SRO"]),
    ("spzoo", &["SP Z OO", "SP ZOO"]),
    ("doo", &["DOO"]),
    ("kft", &["KFT"]),
    ("fze", &["FZE"]),
    ("fzco", &["FZCO", "FZC"]),
    ("fzllc", &["FZ LLC", "FZLLC"]),
    ("dmcc", &["DMCC"]),
    ("as", &["AS", "ANONIM SIRKETI"]),
    ("ltdsti", &["LTD STI", "LIMITED SIRKETI"]),
    ("fgup", &["ФГУП", "FGUP", "FSUE", "Федеральное государственное унитарное предприятие"]),
    ("gup", &["ГУП", "GUP", "SUE", "Государственное унитарное предприятие"]),
    ("ip", &["ИП", "IP", "Индивидуальный предприниматель"]),
    ("jv", &["СП", "JV"]),
    ("kk", &["KK", "株式会社"]),
];

/// Abbreviation, then the word that it stands for.
const SYMBOLS: &[(&[&str], &str)] = &[
    (&["INTL", "INT'L", "INTERNATIONAL"], "international"),
    (&["TECH", "TECHS", "TECHNOLOGY", "TECHNOLOGIES"], "technology"),
    (&["ELEC", "ELECTRONIC", "ELECTRONICS"], "electronic"),
    (&["IND", "INDS", "INDUSTRY", "INDUSTRIES", "INDUSTRIAL"], "industry"),
    (&["MFG", "MANUFACTURING"], "manufacturing"),
    (&["IMP", "IMPORT"], "import"),
    (&["EXP", "EXPORT"], "export"),
    (&["GRP", "GROUP"], "group"),
    (&["HLDG", "HLDGS", "HOLDING", "HOLDINGS"], "holding"),
    (&["TRDG", "TRADING"], "trading"),
    (&["EQPT", "EQUIP", "EQUIPMENT"], "equipment"),
    (&["DEV", "DEVELOPMENT"], "development"),
    (&["SCI", "SCIENCE"], "science"),
    (&["SVC", "SVCS", "SERVICE", "SERVICES"], "service"),
];

/// Forms and symbols as folded words.
pub(super) struct Forms {
    /// Folded words of a spelling → class; the longest first.
    pub(super) forms: Vec<(Vec<String>, &'static str)>,
    pub(super) symbols: FxHashMap<String, &'static str>,
}

pub(super) fn forms() -> &'static Forms {
    static TABLE: OnceLock<Forms> = OnceLock::new();
    TABLE.get_or_init(|| {
        let spellings = FORMS.iter().flat_map(|(class, all)| all.iter().map(move |one| (first_reading(one), *class)));
        let mut forms: Vec<(Vec<String>, &'static str)> = spellings.filter(|(words, _)| !words.is_empty()).collect();
        forms.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        let symbols = SYMBOLS.iter().flat_map(|(all, symbol)| {
            all.iter().filter_map(|one| first_reading(one).pop().map(|word| (word, *symbol)))
        });
        Forms { forms, symbols: symbols.collect() }
    })
}

fn first_reading(text: &str) -> Vec<String> {
    fold_words(text).into_iter().filter_map(|readings| readings.into_iter().next()).collect()
}
