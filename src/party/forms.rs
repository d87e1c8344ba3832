//! Legal forms of companies, as tables. In: nothing. Out: each spelling as sounds, with its class and family.
//!
//! The forms are those of the countries' own company laws (for Russia the Civil Code, part 1, chapter 4; for China the
//! Company Law; for Germany AktG, GmbHG and HGB; for Türkiye law 6102; for Ukraine law 2275-VIII; for Kazakhstan the laws
//! on partnerships and on joint-stock companies; for Uzbekistan laws 310-II and ZRU-370; for Belarus law 2020-XII; for the
//! UAE Federal Decree-Law 32/2021 and the free zones' own rules) under the names that the ISO 20275 list of entity legal
//! forms collects, with the ways in which they are written in Latin letters. Nothing is decided here.
use super::name::sounds;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// What kind of body a form makes: forms of one family are each other's translations often enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// Shares: AO, JSC, AG, S.A., PLC, Inc.
    Stock,
    /// Limited liability without shares on a market: OOO, LLC, GmbH, Ltd, SARL.
    Limited,
    /// Partners: KG, LP, LLP.
    Partnership,
    /// One person in business.
    Sole,
    /// State and municipal enterprises and institutions.
    State,
    /// Not for profit: foundations, associations.
    NonProfit,
    /// Says only that it is a firm: Co, Corp, Company.
    Firm,
}

/// A legal form as it was recognised in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Form {
    /// `jsc`, `llc`, …: equal for spellings and translations of one form.
    pub class: &'static str,
    /// What kind of body it makes.
    pub family: Family,
}

use Family::{Firm, Limited, NonProfit, Partnership, Sole, State, Stock};

/// Class, family, spellings divided by `|`. A trailing `!` marks a spelling that is also an everyday word, a name or a
/// short syllable: it counts only at the beginning or the end of a name.
const FORMS: &[(&str, Family, &str)] = &[
    // Russia, with transliterations and the English names that registers use.
    (
        "jsc",
        Stock,
        "АО!|AO!|JSC|ДЖСК|J.S.C|A/O!|Joint Stock Company|Joint Stock|Joint Stock Co|JSCo|Акционерное общество|Акционерная компания|Aktsionernoe obshchestvo|Aktsionernoye obshchestvo|Aktsyonernoe obshchestvo|Акционерлік қоғам|Aktsionerlik kogam|АҚ!|Aksiyadorlik jamiyati|AJ!|Акционерное товарищество|Акціонерне товариство|Aktsionerne tovarystvo|АТ!|AT!|Акцыянернае таварыства|JSC Company|Joint Stock Corporation",
    ),
    (
        "pjsc",
        Stock,
        "ПАО|PAO!|PJSC|ПДЖСК|P.J.S.C|Public Joint Stock Company|Public Joint Stock|Публичное акционерное общество|Publichnoe aktsionernoe obshchestvo|Publichnoye aktsionernoye obshchestvo|ПАТ!|PAT!|Публічне акціонерне товариство|Publichne aktsionerne tovarystvo|Public JSC|PJSCo",
    ),
    (
        "ojsc",
        Stock,
        "ОАО|OAO|OJSC|ОДЖСК|Open Joint Stock Company|Open End Joint Stock Company|Open Joint Stock|Открытое акционерное общество|Otkrytoe aktsionernoe obshchestvo|Otkrytoye aktsionernoye obshchestvo|Открытое общество|ВАТ!|VAT!|Відкрите акціонерне товариство|Vidkryte aktsionerne tovarystvo|ААТ|AAT!|Адкрытае акцыянернае таварыства|Adkrytae aktsyianernae tavarystva|Open JSC|Ochiq aksiyadorlik jamiyati|OAJ!",
    ),
    (
        "cjsc",
        Stock,
        "ЗАО|ZAO|CJSC|КДЖСК|Closed Joint Stock Company|Closed Joint Stock|Закрытое акционерное общество|Zakrytoe aktsionernoe obshchestvo|Zakrytoye aktsionernoye obshchestvo|ЗАТ|ZAT!|Закрите акціонерне товариство|Закрытае акцыянернае таварыства|Closed JSC|ЗАТ!|ПрАТ!|PrAT!|Приватне акціонерне товариство|Pryvatne aktsionerne tovarystvo|PrJSC|Private Joint Stock Company|Private Joint Stock|Private JSC|PJS!|Yopiq aksiyadorlik jamiyati|YoAJ!",
    ),
    (
        "npjsc",
        Stock,
        "НАО!|NAO!|NPJSC|NJSC|НДЖСК|Непубличное акционерное общество|Nepublichnoe aktsionernoe obshchestvo|National Joint Stock Company|Non Public Joint Stock Company",
    ),
    ("mkpao", Stock, "МКПАО|MKPAO|Международная компания публичное акционерное общество"),
    ("mkao", Stock, "МКАО|MKAO|Международная компания акционерное общество"),
    ("mkooo", Limited, "МКООО|MKOOO|Международная компания общество с ограниченной ответственностью"),
    (
        "llc",
        Limited,
        "ООО|OOO|LLC|ЛЛК|L.L.C|Limited Liability Company|Limited Liability Co|Limited Liability|LLCo|Общество с ограниченной ответственностью|Obshchestvo s ogranichennoi otvetstvennostyu|Obshchestvo s ogranichennoy otvetstvennostyu|Obschestvo s ogranichennoy otvetstvennostyu|Товариство з обмеженою відповідальністю|Tovarystvo z obmezhenoiu vidpovidalnistiu|ТОВ!|TOV!|TzOV|ТзОВ|Таварыства з абмежаванай адказнасцю|Tavarystva z abmezhavanai adkaznastsiu|ТАА|Mas'uliyati cheklangan jamiyati|МЧЖ|MCHJ|МЧЖ МСҲЖ|XMChJ|Масъулияти чекланган жамият|ОсОО|OsOO|Жоопкерчилиги чектелген коом|ЖЧК|JChK|WLL|W.L.L|With Limited Liability|LLC Company",
    ),
    (
        "alc",
        Limited,
        "ОДО!|ODO!|ALC!|Additional Liability Company|Общество с дополнительной ответственностью|Obshchestvo s dopolnitelnoi otvetstvennostyu|ТДВ|TDV",
    ),
    (
        "llp",
        Limited,
        "ТОО!|TOO!|LLP|Limited Liability Partnership|Товарищество с ограниченной ответственностью|Tovarishchestvo s ogranichennoi otvetstvennostyu|Tovarishchestvo s ogranichennoy otvetstvennostyu|ЖШС|ZhShS|JShS|Жауапкершілігі шектеулі серіктестік|Zhauapkershiligi shekteuli seriktestik",
    ),
    (
        "uf",
        Limited,
        "Унитарное предприятие|Unitary Enterprise|ЧУП|ChUP|УП!|UP!|ЧТУП|ChTUP|ЧПУП|Частное унитарное предприятие|Chastnoe unitarnoe predpriyatie|Private Unitary Enterprise|Унітарнае прадпрыемства|Приватне підприємство|Pryvatne pidpryiemstvo|ПП!|PP!|Частное предприятие|Chastnoe predpriyatie|ЧП!|ChP!|Private Enterprise|Xususiy korxona|XK!|Хусусий корхона",
    ),
    (
        "fgup",
        State,
        "ФГУП|FGUP|FSUE|Федерал СУЕ|F.S.U.E|Federal State Unitary Enterprise|Федеральное государственное унитарное предприятие|Federalnoe gosudarstvennoe unitarnoe predpriyatie|Federal SUE|ФГУ!|FGU!|ФКП|FKP|Federal State Enterprise|Федеральное казенное предприятие|Federalnoe kazennoe predpriyatie|Federal Treasury Enterprise",
    ),
    (
        "gup",
        State,
        "ГУП|GUP|SUE!|State Unitary Enterprise|Государственное унитарное предприятие|Gosudarstvennoe unitarnoe predpriyatie|Gosudarstvennoye unitarnoye predpriyatiye|МУП|MUP|Municipal Unitary Enterprise|Муниципальное унитарное предприятие|РУП|RUP|Republican Unitary Enterprise|Республиканское унитарное предприятие|Respublikanskoe unitarnoe predpriyatie|КУП|KUP|ГП!|GP!|State Enterprise|Государственное предприятие|Gosudarstvennoe predpriyatie|Державне підприємство|Derzhavne pidpryiemstvo|ДП!|DP!|ДП «|Davlat unitar korxonasi|DUK!|РГП|RGP|Республиканское государственное предприятие|РМК|State Owned Enterprise|SOE!|Kazyonnoe predpriyatie",
    ),
    (
        "state body",
        State,
        "ФГБУ|FGBU|Federal State Budgetary Institution|Федеральное государственное бюджетное учреждение|Federalnoe gosudarstvennoe byudzhetnoe uchrezhdenie|ФГАУ|FGAU|Federal State Autonomous Institution|Федеральное государственное автономное учреждение|ФГБОУ|FGBOU|ГБУ|GBU|Государственное бюджетное учреждение|ФГКУ|FGKU|Federal State Institution|State Budgetary Institution|Federal State Budgetary",
    ),
    (
        "state corporation",
        State,
        "ГК!|GK!|State Corporation|Государственная корпорация|Gosudarstvennaya korporatsiya|Госкорпорация|Goskorporatsiya|State Company|Государственная компания|Gosudarstvennaya kompaniya|ППК|PPK|Публично-правовая компания",
    ),
    (
        "cooperative",
        Partnership,
        "ПК!|Производственный кооператив|Production Cooperative|СПК|SPK!|СХПК|Потребительский кооператив|Consumer Cooperative|Eingetragene Genossenschaft|EG!|Kooperatif|Kooperatifi",
    ),
    (
        "ip",
        Sole,
        "ИП!|IP!|Индивидуальный предприниматель|Individualnyi predprinimatel|Individualny predprinimatel|Individual Entrepreneur|Sole Proprietor|Sole Trader|Sole Proprietorship|ФОП|FOP!|Фізична особа підприємець|Fizychna osoba pidpryiemets|ЖК!|Жеке кәсіпкер|YaTT|ЯТТ|Yakka tartibdagi tadbirkor|Индивидуальный предпринимательство|Eingetragener Kaufmann|e.K!|Şahıs İşletmesi|Sole Establishment",
    ),
    (
        "farm",
        Sole,
        "КФХ|KFKh|Крестьянское фермерское хозяйство|Krestyanskoe fermerskoe khozyaistvo|Peasant Farm|Farmer xo'jaligi|Ф/Х",
    ),
    (
        "nonprofit",
        NonProfit,
        "АНО!|ANO!|НКО!|NKO!|Автономная некоммерческая организация|Avtonomnaya nekommercheskaya organizatsiya|Autonomous Non Profit Organization|Autonomous Nonprofit Organization|Некоммерческая организация|Nekommercheskaya organizatsiya|Non Profit Organization|Nonprofit Organization|e.V!|Eingetragener Verein|Общественная организация|Obshchestvennaya organizatsiya|НП!|Некоммерческое партнерство|Nekommercheskoe partnerstvo|Asociacion Civil|A.C!",
    ),
    (
        "foundation",
        NonProfit,
        "Stichting|STG!|Stiftung|Vakfı|Fundación|Благотворительный фонд|Blagotvoritelnyi fond|БФ!",
    ),
    (
        "jv",
        Limited,
        "СП!|JV!|JVC!|Joint Venture|Joint Venture Company|Совместное предприятие|Sovmestnoe predpriyatie|Qo'shma korxona|QK!|Қўшма корхона|Спільне підприємство|Бірлескен кәсіпорын|СООО|SOOO|ИООО|IOOO|ИП ООО|Иностранное предприятие|Foreign Enterprise",
    ),
    // China, with the English that its registers use.
    (
        "ltd",
        Limited,
        "有限公司|有限责任公司|Co Ltd|Co Limited|Company Ltd|Company Limited|Corporation Limited|Corporation Ltd|Corp Ltd|Corp Limited|Group Co Ltd|Ltd|Limited|Ltd Co|Limited Company|Ltd Company|Youxian Gongsi|Youxian Zeren Gongsi|ЛТД|Лимитед|КО ЛТД|КО Лимитед|Лтд Ко|Pvt Ltd|Pvt Limited|Private Limited|Private Ltd|P Ltd|(P) Ltd|Pte Ltd|Pte Limited|Pte!|Pvt|Pty Ltd|Pty Limited|Pty|Proprietary Limited|Proprietary|Sdn Bhd|Sendirian Berhad|Private Limited Company|Co Pvt Ltd|Co Pte Ltd|Single Member Limited|TNHH|Cong ty TNHH|Company Limited by Shares|Limited by Guarantee|HK Limited|HK Ltd|HK Co Limited|(HK) Co Ltd|CC!|Close Corporation",
    ),
    (
        "stock ltd",
        Stock,
        "股份有限公司|股份公司|Gufen Youxian Gongsi|Joint Stock Limited|Joint Stock Co Ltd|Joint Stock Limited Company|Stock Co Ltd|Berhad|Bhd|Public Company Limited|PCL!|PT!|Tbk|Perseroan Terbatas|Perseroan Terbatas Tbk",
    ),
    ("group ltd", Limited, "集团有限公司|集团股份有限公司|集团公司|Group Limited Company|Jituan Youxian Gongsi"),
    ("partnership cn", Partnership, "合伙企业|有限合伙|普通合伙|Hehuo Qiye"),
    ("sole cn", Sole, "个体工商户|个人独资企业"),
    ("factory cn", Firm, "总公司|分公司|公司|商行|经营部"),
    // English.
    ("corp", Firm, "Corp|Corporation|Корп|Корпорация|Korporatsiya|Корпорейшн|Corporate"),
    ("inc", Stock, "Inc|Incorporated|Инк|Инкорпорейтед"),
    (
        "co",
        Firm,
        "Co|Company|Cos|Companies|Ко!|Компания|Kompaniya|Компани|Kompani|Компанія|Кампанія|Kompania|Firma|Фирма|Firm|Compania|Compagnie|Cie!|Cia|Y Cia|Y Compania|& Co|and Company|& Cie|Shirkat|Sherkat|Sharikat|Société|Sociedad|Sirketi|Gesellschaft|Enterprise Co",
    ),
    ("plc", Stock, "PLC|P.L.C|Public Limited Company|Public Company"),
    ("lp", Partnership, "LP!|L.P|Limited Partnership|LLLP|Partnership|General Partnership"),
    (
        "spc",
        Limited,
        "SPC!|Special Purpose Company|SPV!|DAC!|Designated Activity Company|CIC!|ULC!|Unlimited Company|ULTD",
    ),
    // German, Austrian, Swiss.
    (
        "gmbh",
        Limited,
        "GmbH|G.m.b.H|mbH|Gesellschaft mit beschränkter Haftung|Gesellschaft m.b.H|Ges.m.b.H|ГмбХ|UG!|UG haftungsbeschränkt|Unternehmergesellschaft",
    ),
    ("ag", Stock, "AG!|A.G|Aktiengesellschaft|АГ!|SE!|Societas Europaea|KGaA|Kommanditgesellschaft auf Aktien"),
    (
        "kg",
        Partnership,
        "KG!|K.G|Kommanditgesellschaft|OHG!|Offene Handelsgesellschaft|GmbH & Co KG|GmbH & Co|GmbH & Co KGaA|GmbH und Co KG|AG & Co KG|GbR!|Gesellschaft bürgerlichen Rechts",
    ),
    // Türkiye.
    (
        "as",
        Stock,
        "A.Ş!|AŞ!|A.S!|AS!|Anonim Şirketi|Anonim Sti|Anonim Şti|San ve Tic A.Ş|Sanayi ve Ticaret Anonim Şirketi|San Tic A.Ş|Tic A.Ş",
    ),
    (
        "ltd sti",
        Limited,
        "Ltd Şti|Limited Şirketi|Limited Şti|Ltd Şirketi|Sanayi ve Ticaret Limited Şirketi|San ve Tic Ltd Şti|San Tic Ltd Şti|Tic Ltd Şti|Dış Tic Ltd Şti|Dış Ticaret Ltd Şti|Dış Ticaret Limited Şirketi|Ltd Sti|Şti!",
    ),
    ("kom sti", Partnership, "Kollektif Şirketi|Komandit Şirketi|Koll Şti|Kom Şti"),
    // The Emirates and their free zones, the Gulf and the Levant.
    (
        "fze",
        Limited,
        "FZE|F.Z.E|Free Zone Establishment|FZCO|F.Z.CO|FZC|Free Zone Company|Free Zone Co|FZ LLC|FZLLC|Free Zone LLC|Free Zone Limited Liability Company|DMCC|DWC LLC|DWC!|DIFC!|LLC FZ|LLC SOC|LLC SP|LLC SPC|L.L.C S.P.C|Branch of Foreign Company|LLC OPC|RAK!|SPS LLC",
    ),
    ("est", Sole, "Est!|Establishment|Trading Establishment|Individual Establishment|Единоличное предприятие"),
    ("pjsc ae", Stock, "PrJSC UAE|BSC!|BSC Closed|B.S.C|KSC!|K.S.C|KSCC|SAOG|S.A.O.G|SAOC|QSC|QPSC|SAE!|S.A.E"),
    ("sal", Stock, "SAL!|S.A.L|SAL Offshore|SAL Off Shore|Offshore SAL|Off Shore SAL|SAL Holding|SARL Offshore"),
    (
        "ssa",
        Stock,
        "SSK|PJS Co|SSA!|Sahami Khas|Sahami Aam|Sherkate Sahami Khass|Public Joint Stock Co|Private Joint Stock Co",
    ),
    // Romance languages.
    (
        "sa",
        Stock,
        "S.A!|SA!|Société Anonyme|Sociedad Anónima|Società Anonima|S.A. de C.V|SA de CV|SAB de CV|SAPI de CV|SA CV|Sociedad Anónima de Capital Variable|SAC!|S.A.C|SAA!|SASU|SAS!|S.A.S|Société par Actions Simplifiée|Sociedad por Acciones Simplificada|SCA!|S.C.A|SAU!|S/A",
    ),
    ("spa", Stock, "SpA!|S.p.A|Società per Azioni|SAPA|Sociedad por Acciones"),
    (
        "srl",
        Limited,
        "SRL|S.R.L|SARL|S.A.R.L|SARLU|SÀRL|Société à Responsabilité Limitée|Sociedad de Responsabilidad Limitada|Società a Responsabilità Limitata|Societatea cu Răspundere Limitată|S de RL|S. de R.L|S de RL de CV|S. de R.L. de C.V|SL!|S.L|SLU!|Sociedad Limitada|Ltda|Limitada|Lda|EURL|SPRL|S.P.R.L|BVBA|EIRL|E.I.R.L|SPR de RL|S.P.R. de R.L|S.P.R|SPR de RL de CV|S.P.R. de R.L. de C.V",
    ),
    (
        "scs",
        Partnership,
        "SCS!|S.C.S|S en C|S. en C|S en CS|S. en C.S|Sociedad en Comandita|Société en Commandite|SNC!|S.N.C|SC!|S.C",
    ),
    ("sc cv", Partnership, "SC de RL|SC de RL de CV|S.C. de R.L. de C.V|SPR!|CA!|C.A!"),
    // The Low Countries, the North, the East of the EU, the Balkans.
    ("bv", Limited, "B.V!|BV!|Besloten Vennootschap"),
    ("nv", Stock, "N.V!|NV!|Naamloze Vennootschap"),
    ("ab", Stock, "AB!|Aktiebolag|A/S!|ASA!|Aksjeselskap|Aktieselskab|OYJ|OY!|Osakeyhtiö|HF!"),
    ("aps", Limited, "ApS!|Anpartsselskab|OÜ!|Osaühing|SIA!|UAB|Uždaroji akcinė bendrovė"),
    (
        "sro",
        Limited,
        "s.r.o|SRO!|Spol s.r.o|Spoločnosť s ručením obmedzeným|Společnost s ručením omezeným|Sp z o.o|Sp zoo|Spółka z ograniczoną odpowiedzialnością|Kft!|Korlátolt Felelősségű Társaság|EOOD|ЕООД|OOD!|ООД|ЕАД!|d.o.o|DOO!|D.O.O.E.L|ДОО|Društvo s ograničenom odgovornošću",
    ),
    ("as cz", Stock, "a.s!|Akciová společnost|S.A. PL|Spółka Akcyjna|Zrt|Nyrt|EAD!|AD!|ЕАД|АД!|a.d!|d.d!"),
    // East and South Asia.
    ("kk", Stock, "K.K!|KK!|Kabushiki Kaisha|Kabushiki Gaisha|株式会社|주식회사|Jusik Hoesa"),
    ("godo", Limited, "Godo Kaisha|合同会社|GK!|유한회사|Yugen Gaisha|有限会社|G.K!"),
];

/// The forms by their first word.
pub(super) struct Forms {
    by_first: FxHashMap<String, Vec<Spelling>>,
    /// Forms in Han signs, the longest first.
    han: Vec<(Vec<char>, Form)>,
}

/// One spelling of a form, as sounds.
pub(super) struct Spelling {
    /// The words after the first.
    pub(super) rest: Vec<String>,
    pub(super) form: Form,
    /// Also an everyday word: it counts only at an end of the name.
    pub(super) only_at_ends: bool,
}

impl Forms {
    /// Spellings that begin with a word, the longest first.
    pub(super) fn starting(&self, word: &str) -> &[Spelling] {
        self.by_first.get(word).map_or(&[], Vec::as_slice)
    }

    /// A run of Han signs without the form that it ends or begins with.
    pub(super) fn without_han<'h>(&self, run: &'h [char]) -> (&'h [char], Option<Form>) {
        let found = self.han.iter().find_map(|(form, what)| {
            let rest = run.strip_suffix(form.as_slice()).or_else(|| run.strip_prefix(form.as_slice()))?;
            Some((rest, Some(*what)))
        });
        found.unwrap_or((run, None))
    }
}

/// The table, built once.
pub(super) fn forms() -> &'static Forms {
    static TABLE: OnceLock<Forms> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut by_first: FxHashMap<String, Vec<Spelling>> = FxHashMap::default();
        let mut han: Vec<(Vec<char>, Form)> = Vec::new();
        for (class, family, spellings) in FORMS {
            for written in spellings.split('|') {
                let (spelling, only_at_ends) = match written.strip_suffix('!') {
                    Some(spelling) => (spelling, true),
                    None => (written, false),
                };
                let form = Form { class, family: *family };
                if spelling.chars().all(crate::text::is_han) {
                    han.push((spelling.chars().collect(), form));
                    continue;
                }
                let mut words = sounds(spelling).into_iter();
                let Some(first) = words.next() else { continue };
                let rest: Vec<String> = words.collect();
                let known = by_first.entry(first).or_default();
                if !known.iter().any(|one| one.rest == rest) {
                    known.push(Spelling { rest, form, only_at_ends });
                }
            }
        }
        by_first.values_mut().for_each(|spellings| spellings.sort_by_key(|one| std::cmp::Reverse(one.rest.len())));
        han.sort_by_key(|(signs, _)| std::cmp::Reverse(signs.len()));
        Forms { by_first, han }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_forms_and_more_are_known() {
        let count: usize = forms().by_first.values().map(Vec::len).sum();
        assert!(count > 300, "{count}");
    }
}
