//! Words that many company names share, as tables. In: nothing. Out: each spelling as sounds, with the symbol that it
//! stands for and how little it says. Abbreviations and translations of one word share a symbol. Nothing is decided here.
use super::name::sounds;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// What a word says about which company it is, from much to little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A word of its own: a name, a brand.
    Word,
    /// Digits, or a word for a number.
    Number,
    /// A word of the trade: TECH, SHIPPING, BANK.
    Generic,
    /// A word that says only that there is a firm, and of what size: GROUP, HOLDING, ENTERPRISE.
    Structure,
    /// A country, a city, a people.
    Place,
    /// "of", "the", "and".
    Particle,
}

/// Words of the trade: a name of the row, then spellings, abbreviations and translations divided by `|`; behind a `~` each
/// spelling is a word of its own that only says little.
const GENERIC: &[(&str, &str)] = &[
    (
        "international",
        "INTL|INT'L|INTER|INTERNATIONAL|INTERNATIONALE|INTERNACIONAL|INTERNAZIONALE|ИНТЕРНЕШНЛ|ИНТЕРНЭШНЛ|ИНТЕРНЕЙШНЛ|ИНТЕРНАЦИОНАЛЬ|МЕЖДУНАРОДНЫЙ|МЕЖДУНАРОДНАЯ|МЕЖДУНАРОДНОЕ|ULUSLARARASI|XALQARO|国际",
    ),
    (
        "technology",
        "TECH|TECHS|TECHN|TECHNO|TECHNOLOGY|TECHNOLOGIES|TECHNOLOGICAL|TECHNICAL|TECHNIC|TECHNICS|TECHNIK|TECHNIQUE|TECNOLOGIA|TECNOLOGIAS|TECNOLOGICA|TECNICA|TECHNOLOGIE|TEKNOLOJI|TEKNOLOJILERI|TEKNIK|ТЕХНОЛОГИЯ|ТЕХНОЛОГИИ|ТЕХНОЛОГИЙ|ТЕХНОЛОГИЧЕСКИЙ|ТЕХНИКА|ТЕХНИЧЕСКИЙ|ТЕХНОЛОДЖИ|ТЕХНОЛОДЖИС|ТЕКНОЛОДЖИ|ТЕКНОЛОДЖИЗ|KEJI|科技|技术",
    ),
    (
        "electronic",
        "ELEC|ELECT|ELECTR|ELECTRIC|ELECTRICAL|ELECTRONIC|ELECTRONICS|ELECTRO|ELEKTRONIK|ELEKTRIK|ELEKTRO|ELECTRONICA|ELECTRONIQUE|ЭЛЕКТРОНИКА|ЭЛЕКТРОНИКИ|ЭЛЕКТРОННЫЙ|ЭЛЕКТРОННЫЕ|ЭЛЕКТРОНИКС|ЭЛЕКТРО|DIANZI|电子|电气",
    ),
    (
        "industry",
        "IND|INDS|INDUST|INDL|INDUSTRY|INDUSTRIES|INDUSTRIAL|INDUSTRIALS|INDUSTRIE|INDUSTRIA|INDUSTRIAS|INDUSTRIALES|ENDUSTRI|ENDUSTRISI|SANAYI|SANAYII|SAN|SANOAT|ПРОМЫШЛЕННОСТЬ|ПРОМЫШЛЕННЫЙ|ПРОМЫШЛЕННАЯ|ПРОМИСЛОВИЙ|ИНДУСТРИЯ|ИНДАСТРИ|ИНДАСТРИЗ|GONGYE|SHIYE|工业|实业",
    ),
    (
        "manufacturing",
        "MFG|MFR|MANUF|MANUFACTURING|MANUFACTURE|MANUFACTURER|MANUFACTURERS|MANUFACTORY|MANUFACTURA|MANUFACTURAS|PRODUCTION|PRODUCTIONS|PROD|PRODUCCION|PRODUCER|PRODUCERS|ПРОИЗВОДСТВО|ПРОИЗВОДСТВЕННЫЙ|ПРОИЗВОДСТВЕННАЯ|ПРОИЗВОДСТВЕННОЕ|PROIZVODSTVENNOE|PROIZVODSTVENNAYA|IMALAT|URETIM|制造|生产",
    ),
    (
        "import",
        "IMP|IMPORT|IMPORTS|IMPORTER|IMPORTERS|IMPORTING|IMPORTACION|IMPORTACIONES|IMPORTADORA|ИМПОРТ|ITHALAT|JINKOU|进口",
    ),
    (
        "export",
        "EXP|EXPORT|EXPORTS|EXPORTER|EXPORTERS|EXPORTING|EXPORTACION|EXPORTACIONES|EXPORTADORA|ЭКСПОРТ|IHRACAT|IHR|CHUKOU|出口",
    ),
    ("import export", "IMPEX|IMPEXP|IMPANDEXP|ИМПЭКС|ИМПЕКС|进出口"),
    ("group", "GRP|GROUP|GROUPS|GROUPE|GRUPO|GRUPPE|GRUPPA|ГРУППА|ГРУПП|ГРУПА|GRUP|GRUBU|TOBI|GURUH|JITUAN|集团"),
    ("holding", "HLDG|HLDGS|HLD|HOLD|HOLDING|HOLDINGS|ХОЛДИНГ|ХОЛДИНГС|ХОЛДИНГОВАЯ|KHOLDING|控股"),
    (
        "trading",
        "TRD|TRDG|TRADE|TRADES|TRADER|TRADERS|TRADING|TRAD|COMMERCE|COMMERCIAL|COMMERCIALE|COMERCIAL|COMERCIALES|COMERCIALIZADORA|COMERCIO|COMMERZ|HANDEL|HANDELS|TICARET|TICARETI|TIC|SAVDO|TEJARAT|ТОРГОВЫЙ|ТОРГОВАЯ|ТОРГОВЛЯ|ТОРГ|ТРЕЙД|ТРЕЙДИНГ|ТРЕЙДЕР|КОММЕРЧЕСКИЙ|КОММЕРЧЕСКАЯ|КОММЕРЦИЯ|МАОY|MAOYI|SHANGMAO|贸易|商贸|经贸",
    ),
    (
        "equipment",
        "EQPT|EQUIP|EQT|EQUIPMENT|EQUIPMENTS|EQUIPO|EQUIPOS|ОБОРУДОВАНИЕ|ОБОРУДОВАНИЯ|ЭКВИПМЕНТ|EKIPMAN|EKIPMANLARI|SHEBEI|ZHUANGBEI|设备|装备",
    ),
    (
        "development",
        "DEV|DEVT|DVLPT|DEVELOP|DEVELOPMENT|DEVELOPMENTS|DEVELOPER|DEVELOPERS|DESARROLLO|DESARROLLOS|ENTWICKLUNG|РАЗВИТИЕ|РАЗВИТИЯ|ДЕВЕЛОПМЕНТ|GELISTIRME|KAIFA|FAZHAN|开发|发展",
    ),
    ("science", "SCI|SCIENCE|SCIENCES|SCIENTIFIC|НАУКА|НАУЧНЫЙ|НАУЧНАЯ|НАУЧНО|НАУК|NAUCHNO|NAUCHNYI|科学|科研"),
    (
        "service",
        "SVC|SVCS|SERV|SERVICE|SERVICES|SERVICIO|SERVICIOS|SERVIS|СЕРВИС|СЕРВИСЫ|УСЛУГИ|УСЛУГ|HIZMETLERI|HIZMET|XIZMAT|FUWU|服务",
    ),
    (
        "management",
        "MGMT|MGT|MNGT|MANAGEMENT|MANAGERS|MANAGING|УПРАВЛЕНИЕ|УПРАВЛЕНИЯ|УПРАВЛЯЮЩАЯ|МЕНЕДЖМЕНТ|МЕНЕДЖМЕНТА|MENEDZHMENT|YONETIM|GUANLI|管理",
    ),
    (
        "engineering",
        "ENG|ENGG|ENGRG|ENGIN|ENGINEERING|ENGINEERS|INGENIERIA|INGENIEURE|ИНЖИНИРИНГ|ИНЖЕНЕРНЫЙ|ИНЖЕНЕРНАЯ|INZHINIRING|MUHENDISLIK|MUH|GONGCHENG|工程",
    ),
    (
        "construction",
        "CONST|CONSTR|CONSTRUCTION|CONSTRUCTIONS|CONSTRUCTOR|CONSTRUCTORA|CONSTRUCCION|CONSTRUCCIONES|BUILDING|BUILDERS|CONTRACTING|CONTRACTORS|СТРОИТЕЛЬСТВО|СТРОИТЕЛЬНАЯ|СТРОИТЕЛЬНЫЙ|СТРОЙ|STROITELNAYA|INSAAT|INS|QURILISH|JIANSHE|建设|建筑",
    ),
    (
        "shipping",
        "SHPG|SHIP|SHIPS|SHIPPING|SHIPPERS|MARITIME|MARINE|СУДОХОДНАЯ|СУДОХОДСТВО|ШИППИНГ|DENIZCILIK|HAIYUN|HANGYUN|海运|航运",
    ),
    ("shipbuilding", "SHIPBUILDING|SHIPYARD|SHIPBUILDERS|СУДОСТРОИТЕЛЬНЫЙ|СУДОСТРОЕНИЕ|SUDOSTROITELNYI|造船"),
    (
        "transport",
        "TRANS|TRANSP|TRANSPORT|TRANSPORTS|TRANSPORTES|TRANSPORTE|TRANSPORTATION|TRANSPORTING|ТРАНСПОРТ|ТРАНСПОРТНАЯ|ТРАНСПОРТНЫЙ|TASIMACILIK|NAKLIYAT|YUNSHU|运输",
    ),
    ("logistics", "LOG|LOGISTIC|LOGISTICS|LOGISTICA|LOGISTIK|LOJISTIK|ЛОГИСТИК|ЛОГИСТИКА|ЛОГИСТИКС|WULIU|物流"),
    (
        "investment",
        "INV|INVEST|INVESTMENT|INVESTMENTS|INVESTORS|INVERSION|INVERSIONES|ИНВЕСТ|ИНВЕСТИЦИИ|ИНВЕСТИЦИОННАЯ|ИНВЕСТМЕНТ|YATIRIM|TOUZI|投资",
    ),
    ("finance", "FIN|FINANCE|FINANCES|FINANCIAL|FINANZ|FINANCIERA|ФИНАНС|ФИНАНСЫ|ФИНАНСОВАЯ|FINANS|JINRONG|金融"),
    ("bank", "BK|BANK|BANKS|BANKING|BANCO|BANCA|BANQUE|БАНК|БАНКА|BANKASI|YINHANG|银行"),
    ("insurance", "INSURANCE|ASSURANCE|SEGUROS|СТРАХОВАНИЕ|СТРАХОВАЯ|SIGORTA|BAOXIAN|保险"),
    (
        "research",
        "RES|RSCH|RESEARCH|ИССЛЕДОВАНИЕ|ИССЛЕДОВАТЕЛЬСКИЙ|ИССЛЕДОВАТЕЛЬСКАЯ|ISSLEDOVATELSKII|ARASTIRMA|YANJIU|研究",
    ),
    (
        "institute",
        "INST|INSTITUTE|INSTITUTES|INSTITUTION|INSTITUT|INSTITUTO|ИНСТИТУТ|ИНСТИТУТА|ENSTITUSU|YANJIUSUO|研究所|研究院",
    ),
    ("university", "UNIV|UNIVERSITY|UNIVERSITIES|UNIVERSITE|UNIVERSIDAD|УНИВЕРСИТЕТ|УНИВЕРСИТЕТА|UNIVERSITESI|大学"),
    (
        "center",
        "CTR|CENTER|CENTERS|CENTRE|CENTRES|CENTRO|CENTRAL|ЦЕНТР|ЦЕНТРА|ЦЕНТРАЛЬНЫЙ|MERKEZI|MERKEZ|MARKAZI|ZHONGXIN|中心",
    ),
    (
        "plant",
        "PLT|PLANT|PLANTS|WORKS|FACTORY|FACTORIES|MILL|MILLS|ЗАВОД|ЗАВОДА|ЗАВОДЫ|ФАБРИКА|ЗАВОДЪ|ZAVOD|FABRIKA|FABRIK|WERK|WERKE|FABRIKASI|ZAVODI|GONGCHANG|工厂|厂",
    ),
    ("combine", "COMBINE|KOMBINAT|КОМБИНАТ|КОМБИНАТА|COMPLEX|КОМПЛЕКС|KOMPLEKS|MOJTAMA"),
    (
        "association",
        "ASSN|ASSOC|ASSOCIATION|ASSOCIATES|ASSOCIATED|ASOCIACION|ОБЪЕДИНЕНИЕ|ОБЪЕДИНЕНИЯ|ОБЕДИНЕНИЕ|OBEDINENIE|OBYEDINENIYE|АССОЦИАЦИЯ|UNION|СОЮЗ|BIRLIGI|协会",
    ),
    ("organization", "ORG|ORGANIZATION|ORGANISATION|ORGANIZATIONS|ORGANIZACION|ОРГАНИЗАЦИЯ|SAZMAN|SAZEMAN"),
    ("foundation", "FOUNDATION|FUND|FUNDS|FUNDACION|FONDS|FOND|ФОНД|ФОНДА|TRUST|TRUSTS|ТРЕСТ|BONYAD|VAKIF"),
    (
        "~society",
        "SOCIETY|SOCIEDAD|SOCIETE|КЛУБ|CLUB|LEAGUE|СООБЩЕСТВО|CHARITY|CHARITABLE|ОБЩЕСТВО|COMMITTEE|КОМИТЕТ|COUNCIL|СОВЕТ",
    ),
    ("concern", "CONCERN|KONTSERN|KONZERN|CONSORTIUM|КОНЦЕРН|КОНСОРЦИУМ|KONSERN"),
    (
        "enterprise",
        "ENT|ENTERPRISE|ENTERPRISES|ENTERPRIZE|ПРЕДПРИЯТИЕ|ПРЕДПРИЯТИЯ|PREDPRIYATIE|PREDPRIYATIYE|EMPRESA|EMPRESAS|EMPRENDIMIENTOS|ISLETMESI|KORXONASI|UNTERNEHMEN|VENTURE|VENTURES|BUSINESS|БИЗНЕС|企业",
    ),
    (
        "~bureau",
        "BUREAU|BYURO|БЮРО|OFFICE|OFFICES|ОФИС|AGENCY|AGENCIA|АГЕНТСТВО|AGENCIES|DEPARTMENT|DEPT|ДЕПАРТАМЕНТ|DIRECTORATE|局",
    ),
    (
        "design",
        "DESIGN|DESIGNS|KONSTRUKTORSKOE|КОНСТРУКТОРСКОЕ|ДИЗАЙН|PROJECT|PROJECTS|PROEKT|ПРОЕКТ|ПРОЕКТЫ|PROJE|设计",
    ),
    ("npo", "НПО|NPO|НАУЧНО ПРОИЗВОДСТВЕННОЕ ОБЪЕДИНЕНИЕ"),
    ("npp", "НПП|NPP|НПК|NPK|НПЦ|NPTS|НПФ|NPF"),
    ("nii", "НИИ|NII|ЦНИИ|TSNII|НИЦ|NITS|ВНИИ|VNII"),
    ("okb", "ОКБ|OKB|КБ|KB|ЦКБ|TSKB|СКБ|SKB"),
    ("akb", "АКБ|AKB|JSCB|PJSCB|КБ"),
    ("trading house", "ТД|TD"),
    (
        "branch",
        "BRANCH|ФИЛИАЛ|DIVISION|DIV|SUBSIDIARY|SUBSIDIARIES|REPRESENTATIVE|ПРЕДСТАВИТЕЛЬСТВО|SUBE|SUBESI|FILIAL|分公司",
    ),
    ("chemical", "CHEM|CHEMS|CHEMICAL|CHEMICALS|CHEMIE|ХИМИЯ|ХИМИЧЕСКИЙ|КИМУА|KIMYA|QUIMICA|QUIMICOS|HUAGONG|化工"),
    ("pharmaceutical", "PHARM|PHARMA|PHARMACEUTICAL|PHARMACEUTICALS|FARMA|ФАРМА|ФАРМ|ILAC|制药|医药"),
    (
        "medical",
        "MED|MEDICAL|MEDICINE|MEDICA|MEDICO|МЕДИЦИНА|МЕДИЦИНСКИЙ|HEALTH|HEALTHCARE|HOSPITAL|MEDIKAL|YILIAO|医疗",
    ),
    ("petroleum", "PETROLEUM|PETRO|OIL|OILS|PETROLEOS|PETROL|НЕФТЬ|НЕФТЯНАЯ|НЕФТЕ|NEFT|SHIYOU|石油"),
    ("petrochemical", "PETROCHEM|PETROCHEMICAL|PETROCHEMICALS|НЕФТЕХИМ|NEFTEKHIM|PATROSHIMI|石化"),
    ("gas", "GAS|GAZ|ГАЗ|GASES|天然气"),
    ("energy", "ENERGY|ENERGIES|ENERGIA|ENERJI|ЭНЕРГИЯ|ЭНЕРГО|ЭНЕРДЖИ|POWER|NENGYUAN|能源|电力"),
    ("steel", "STEEL|STEELS|STAHL|ACERO|ACEROS|СТАЛЬ|CELIK|FOULAD|GANGTIE|钢铁"),
    ("metal", "METAL|METALS|METALLURGICAL|METALLURGY|METALLURGICHESKII|МЕТАЛЛ|МЕТАЛЛЫ|METALES|JINSHU|金属"),
    ("aluminum", "ALUMINUM|ALUMINIUM|АЛЮМИНИЙ|ALUMINYUM|LVYE|铝业"),
    ("mining", "MINING|MINES|MINERAL|MINERALS|MINERIA|MADEN|ГОРНЫЙ|KUANGYE|矿业"),
    (
        "machinery",
        "MACH|MACHINE|MACHINES|MACHINERY|MACHINING|MECHANICAL|MECHANICS|MAKINA|MAKINE|MAQUINARIA|МАШИНЫ|МАШИНОСТРОЕНИЕ|МАШИНОСТРОИТЕЛЬНЫЙ|JIXIE|机械",
    ),
    ("instrument", "INSTR|INSTRUMENT|INSTRUMENTS|INSTRUMENTATION|ПРИБОР|ПРИБОРЫ|ПРИБОРОСТРОЕНИЕ|YIQI|仪器|仪表"),
    ("precision", "PRECISION|ПРЕЦИЗИОННЫЙ|ВЫСОКОТОЧНЫЕ|JINGMI|精密"),
    ("optical", "OPT|OPTIC|OPTICS|OPTICAL|OPTOELECTRONIC|OPTOELECTRONICS|ОПТИКА|ОПТИЧЕСКИЙ|GUANGDIAN|光电|光学"),
    ("hardware", "HARDWARE|TOOL|TOOLS|WUJIN|五金"),
    ("products", "PRODUCT|PRODUCTS|PRODUKT|PRODUCTOS|GOODS|ARTICLES|ПРОДУКТ|ПРОДУКТЫ|ПРОДУКЦИЯ|URUNLERI|制品|产品"),
    ("materials", "MATERIAL|MATERIALS|MATERIALES|МАТЕРИАЛЫ|MALZEMELERI|CAILIAO|材料"),
    ("supply", "SUPPLY|SUPPLIES|SUPPLIER|SUPPLIERS|CHAIN|СНАБ|СНАБЖЕНИЕ|ПОСТАВКА|TEDARIK|GONGYINGLIAN|供应链"),
    ("system", "SYS|SYSTEM|SYSTEMS|SISTEMAS|SISTEM|SISTEMLERI|СИСТЕМА|СИСТЕМЫ|СИСТЕМС|XITONG|系统"),
    ("solution", "SOLUTION|SOLUTIONS|SOLUCIONES|РЕШЕНИЯ|СОЛЮШНС|COZUMLERI"),
    (
        "communication",
        "COMM|COMMS|COMMUNICATION|COMMUNICATIONS|TELECOM|TELECOMMUNICATION|TELECOMMUNICATIONS|СВЯЗЬ|СВЯЗИ|ТЕЛЕКОМ|ILETISIM|TONGXIN|通信|通讯",
    ),
    ("information", "INFO|INFORMATION|INFORMATICS|ИНФОРМАЦИЯ|ИНФОРМАЦИОННЫЙ|BILISIM|BILGI|XINXI|信息"),
    ("computer", "COMPUTER|COMPUTERS|COMPUTING|SOFTWARE|SOFT|COMPUTADORAS|КОМПЬЮТЕР|СОФТ|YAZILIM|JISUANJI|计算机|软件"),
    ("digital", "DIGITAL|DATA|ДИДЖИТАЛ|SHUZI|数码|数字"),
    ("network", "NETWORK|NETWORKS|NETWORKING|СЕТЬ|СЕТИ|WANGLUO|网络"),
    ("~media", "MEDIA|МЕДИА|PRESS|TV|TELEVISION|RADIO|ТЕЛЕВИДЕНИЕ|РАДИО|传媒"),
    (
        "aviation",
        "AV|AVN|AVIA|AVIATION|AERO|AIRLINE|AIRLINES|AIRWAYS|AIR|AEROSPACE|AERONAUTICS|АВИА|АВИАЦИЯ|АВИАЦИОННЫЙ|АВИАЦИОННАЯ|АЭРО|HAVACILIK|HANGKONG|航空|航天",
    ),
    (
        "auto",
        "AUTO|AUTOMOBILE|AUTOMOBILES|AUTOMOTIVE|MOTOR|MOTORS|CAR|CARS|VEHICLE|VEHICLES|АВТО|МОТОР|МОТОРС|OTOMOTIV|OTO|QICHE|汽车",
    ),
    ("parts", "PARTS|SPARES|SPARE|COMPONENTS|COMPONENT|ДЕТАЛЬ|ДЕТАЛИ|ЗАПЧАСТИ|PARCA|YEDEK|LINGBUJIAN|配件|零部件"),
    ("defense", "DEFENSE|DEFENCE|MILITARY|ОБОРОНА|ОБОРОННЫЕ|SAVUNMA"),
    ("security", "SECURITY|SECURITIES|PROTECTION|БЕЗОПАСНОСТЬ|GUVENLIK|安全"),
    ("~exchange", "EXCHANGE|EXCH|SARAFI|HAWALA|БИРЖА|MONEY|TRANSFER|CURRENCY"),
    ("general", "GEN|GENERAL|ОБЩИЙ|GENEL|综合"),
    ("global", "GLOBAL|WORLD|WORLDWIDE|UNIVERSAL|ГЛОБАЛ|GLOBALE|环球"),
    (
        "~national",
        "NAT|NATL|NATIONAL|NACIONAL|NATIONALE|НАЦИОНАЛЬНЫЙ|НАЦИОНАЛЬНАЯ|ULUSAL|MILLI|MILLIY|FEDERAL|ФЕДЕРАЛЬНЫЙ|REPUBLICAN|REPUBLIC|STATE|GOVERNMENT|GOVT|PUBLIC|国家",
    ),
    ("~regional", "REGIONAL|REGION|ОБЛАСТНОЙ|ОБЛАСТНАЯ|РЕГИОНАЛЬНЫЙ|МУНИЦИПАЛЬНЫЙ|CITY|MUNICIPAL"),
    ("united", "UTD|UNITED|UNITD|ОБЪЕДИНЕННАЯ|ОБЪЕДИНЕННЫЙ|UNIDOS|UNIDAS|BIRLESIK|联合"),
    ("real estate", "ESTATE|ESTATES|REALTY|PROPERTY|PROPERTIES|INMOBILIARIA|НЕДВИЖИМОСТЬ|GAYRIMENKUL|EMLAK|房地产"),
    ("textile", "TEXTILE|TEXTILES|TEKSTIL|ТЕКСТИЛЬ|GARMENT|GARMENTS|CLOTHING|APPAREL|FASHION|GIYIM|FANGZHI|纺织|服装"),
    ("food", "FOOD|FOODS|ALIMENTOS|GIDA|ПРОДУКТЫ ПИТАНИЯ|SHIPIN|食品"),
    ("agro", "AGRI|AGRO|AGRICULTURE|AGRICULTURAL|AGRICOLA|AGROPECUARIA|АГРО|TARIM|NONGYE|农业"),
    ("plastic", "PLASTIC|PLASTICS|PLASTIK|ПЛАСТИК|SULIAO|塑料"),
    ("furniture", "FURNITURE|МЕБЕЛЬ|MOBILYA|JIAJU|家具"),
    ("lighting", "LIGHTING|LIGHT|LIGHTS|AYDINLATMA|ZHAOMING|照明"),
    (
        "consulting",
        "CONSULT|CONSULTING|CONSULTANT|CONSULTANTS|CONSULTANCY|CONSULTORIA|КОНСАЛТИНГ|KONSALTING|DANISMANLIK|ZIXUN|咨询",
    ),
    ("~capital", "CAP|CAPITAL|КАПИТАЛ|KAPITAL|ASSET|ASSETS|PARTNERS|PARTNER|ПАРТНЕР|ПАРТНЕРЫ|资本"),
    (
        "~market",
        "MARKET|MARKETS|MARKETING|МАРКЕТ|МАРКЕТИНГ|PAZARLAMA|SHOP|SHOPS|STORE|STORES|МАГАЗИН|SALES|RETAIL|WHOLESALE|DISTRIBUTION|DISTRIBUTORS|DISTRIBUTOR|销售",
    ),
    ("resources", "RESOURCE|RESOURCES|RECURSOS|РЕСУРС|РЕСУРСЫ|ZIYUAN|资源"),
    ("~environment", "ENVIRONMENT|ENVIRONMENTAL|ECO|WATER|ЭКО|CEVRE|HUANBAO|环保|环境"),
    ("production complex", "ПК"),
    (
        "~everyday",
        "STAR|GOLD|GOLDEN|ROYAL|NEW|GRAND|GREAT|BEST|SUPER|PREMIER|ПЛЮС|PLUS|НОВЫЙ|НОВАЯ|BIG|MODERN|SMART|GREEN|BLUE|RED|BLACK|WHITE",
    ),
    ("online", "ONLINE|COM|WWW|NET|SITE|WEB"),
    ("ministry", "MINISTRY|MINISTERIO|МИНИСТЕРСТВО|BAKANLIGI|VAZIRLIGI"),
    (
        "~movement",
        "MOVEMENT|FRONT|ARMY|FORCE|FORCES|BRIGADE|BRIGADES|BATTALION|CORPS|UNIT|COMMAND|PARTY|ISLAMIC|PEOPLE'S|PEOPLES|LIBERATION|REVOLUTIONARY",
    ),
    (
        "~hotel",
        "HOTEL|HOTELS|RESORT|OTEL|ОТЕЛЬ|SANATORIUM|САНАТОРИЙ|TOURISM|TRAVEL|TOURS|TURIZM|ТУРИЗМ|RESTAURANT|RESTAURANTE|CAFE",
    ),
    ("~port", "PORT|PORTS|SEAPORT|ПОРТ|LIMAN|TERMINAL|ТЕРМИНАЛ|CARGO|FREIGHT|KARGO|FORWARDING"),
    ("academy", "ACADEMY|ACADEMIA|АКАДЕМИЯ|SCHOOL|COLLEGE|EDUCATION|EDUCATIONAL|ШКОЛА|EGITIM|ACADEMICIAN"),
    ("laboratory", "LAB|LABS|LABORATORY|LABORATORIES|ЛАБОРАТОРИЯ|LABORATORIO|实验室"),
    ("house", "HOUSE|HOME|HOMES|ДОМ|ДОМА|CASA"),
    ("cement", "CEMENT|ЦЕМЕНТ|CIMENTO|水泥"),
    ("helicopters", "HELICOPTERS|HELICOPTER|ВЕРТОЛЕТЫ|ВЕРТОЛЕТ"),
    ("missiles", "MISSILE|MISSILES|РАКЕТНОЕ|РАКЕТЫ"),
];

/// The rows above whose words say only that there is a firm.
const STRUCTURE: [&str; 6] = ["group", "holding", "concern", "enterprise", "trading house", "branch"];

/// Words that join: of, the, and, for; articles of Arabic and Romance names.
const PARTICLES: &str = "OF|THE|AND|FOR|IN|ON|TO|BY|AT|FROM|WITH|A|AN|DE|DEL|LA|LAS|LOS|LE|LES|DU|DES|D|DI|DA|DO|DOS|DAS|E|Y|U|I|ET|UND|DER|DIE|DAS|VON|FUR|FUER|VE|AL|EL|UL|WA|WAL|И|В|НА|ПО|ДЛЯ|ИМ|ИМЕНИ|IMENI|NAMED|AFTER|С|ИЗ|VA|MESSRS|MS|M/S|NO|NR";

/// Numbers written as words, by their value.
const NUMBERS: &[(&str, &str)] = &[
    ("1", "ONE|FIRST|ПЕРВЫЙ|ПЕРВАЯ|UNO|PRIMERO|ОДИН"),
    ("2", "TWO|SECOND|ВТОРОЙ|ВТОРАЯ"),
    ("3", "THREE|THIRD|ТРЕТИЙ|ТРЕТЬЯ|TRES"),
    ("4", "FOUR|FOURTH|ЧЕТВЕРТЫЙ"),
    ("5", "FIVE|FIFTH|ПЯТЫЙ"),
    ("6", "SIX|SIXTH|ШЕСТОЙ"),
    ("7", "SEVEN|SEVENTH|СЕДЬМОЙ"),
    ("8", "EIGHT|EIGHTH|ВОСЬМОЙ"),
    ("9", "NINE|NINTH|ДЕВЯТЫЙ"),
    ("10", "TEN|TENTH|ДЕСЯТЫЙ"),
    ("11", "ELEVEN|ELEVENTH"),
    ("12", "TWELVE|TWELFTH"),
    ("13", "THIRTEEN|THIRTEENTH"),
    ("14", "FOURTEEN|FOURTEENTH"),
    ("15", "FIFTEEN|FIFTEENTH"),
    ("16", "SIXTEEN|SIXTEENTH"),
    ("17", "SEVENTEEN|SEVENTEENTH"),
    ("18", "EIGHTEEN|EIGHTEENTH"),
    ("19", "NINETEEN|NINETEENTH"),
    ("20", "TWENTY|TWENTIETH"),
    ("30", "THIRTY|THIRTIETH"),
    ("40", "FORTY|FOURTY|FORTIETH"),
    ("50", "FIFTY|FIFTIETH"),
    ("60", "SIXTY"),
    ("70", "SEVENTY"),
    ("80", "EIGHTY"),
    ("90", "NINETY"),
    ("100", "HUNDRED"),
];

/// Peoples and large places of trade, with the country or city that they stand for. Countries' names come from ISO 3166.
const PLACES: &[(&str, &str)] = &[
    ("russia", "RUSSIAN|RUS|РОССИЙСКИЙ|РОССИЙСКАЯ|ROSSIISKII|ROSSIYSKAYA|РУССКИЙ|РФ|RF"),
    ("china", "CHINESE|SINO|КИТАЙСКИЙ|КИТАЙСКАЯ|中国|ZHONGGUO|PRC"),
    ("iran", "IRANIAN|IRANI|PERSIAN|ИРАНСКИЙ"),
    ("syrian arab republic", "SYRIAN|SYRIA|СИРИЙСКИЙ"),
    ("korea", "KOREAN|KOREA|DPRK|DPRKN|КОРЕЯ|КОРЕЙСКИЙ|CHOSUN|CHOSON"),
    ("iraq", "IRAQI"),
    ("lebanon", "LEBANESE"),
    ("palestine", "PALESTINE|PALESTINIAN|PALESTINIANS"),
    ("turkey", "TURKISH|TURKIYE|TURK|ТУРЕЦКИЙ"),
    ("ukraine", "UKRAINIAN|УКРАИНСКИЙ|УКРАИНСКАЯ"),
    ("belarus", "BELARUSIAN|БЕЛОРУССКИЙ|БЕЛАРУСЬ|BELORUSSKII"),
    ("kazakhstan", "KAZAKH|КАЗАХСТАНСКИЙ|KAZAKHSTANI"),
    ("uzbekistan", "UZBEK|O'ZBEKISTON|УЗБЕКСКИЙ"),
    ("germany", "GERMAN|DEUTSCH|DEUTSCHE|DEUTSCHLAND|НЕМЕЦКИЙ"),
    ("switzerland", "SWISS|SCHWEIZ|SUISSE"),
    ("france", "FRENCH|FRANCAISE"),
    ("italy", "ITALIAN|ITALIA|ITALIANA"),
    ("spain", "SPANISH|ESPANA|ESPANOLA"),
    ("united kingdom", "UK|BRITISH|ENGLAND|BRITAIN|GREAT BRITAIN"),
    ("united states", "USA|US|AMERICA|AMERICAN|AMERICAS|АМЕРИКА"),
    ("united arab emirates", "UAE|EMIRATES|EMIRATI|ОАЭ|DUBAI|ДУБАЙ|ДУБАИ|SHARJAH|AJMAN|ABU DHABI|FUJAIRAH|JEBEL ALI"),
    ("japan", "JAPANESE|NIPPON|NIHON|JAPON"),
    ("india", "INDIAN|BHARAT|MUMBAI|DELHI|CHENNAI|PUNE|BANGALORE|HYDERABAD|KOLKATA"),
    ("pakistan", "PAKISTANI|KARACHI|LAHORE"),
    ("afghanistan", "AFGHAN|KABUL"),
    ("israel", "ISRAELI"),
    ("saudi arabia", "SAUDI|ARABIAN|RIYADH|JEDDAH"),
    ("libya", "LIBYAN"),
    ("cuba", "CUBAN|CUBANA"),
    ("venezuela", "VENEZUELAN|VENEZOLANA|CARACAS"),
    ("mexico", "MEXICAN|MEXICANA|MEXICANO|GUADALAJARA"),
    ("colombia", "COLOMBIAN|COLOMBIANA|BOGOTA|MEDELLIN"),
    ("panama", "PANAMANIAN|PANAMENA"),
    ("myanmar", "BURMA|BURMESE|YANGON|RANGOON"),
    ("netherlands", "DUTCH|HOLLAND|NEDERLAND|NEDERLANDS|AMSTERDAM|ROTTERDAM"),
    ("norway", "NORGE|NORWEGIAN|NORSK"),
    ("denmark", "DANISH|DANMARK|DANSK"),
    ("sweden", "SWEDISH|SVENSKA|SVERIGE"),
    ("austria", "AUSTRIAN|OESTERREICH|OSTERREICH|WIEN|VIENNA"),
    ("poland", "POLISH|POLSKA"),
    ("crimea", "CRIMEA|CRIMEAN|КРЫМ|КРЫМСКИЙ|KRYM"),
    ("moscow", "MOSCOW|МОСКВА|МОСКОВСКИЙ|MOSKVA|MOSKOVSKII"),
    (
        "saint petersburg",
        "PETERSBURG|САНКТ ПЕТЕРБУРГ|ПЕТЕРБУРГ|SPB|LENINGRAD|ST PETERSBURG|SAINT PETERSBURG|SANKT PETERBURG",
    ),
    ("novosibirsk", "НОВОСИБИРСК|NOVOSIBIRSK"),
    ("yekaterinburg", "ЕКАТЕРИНБУРГ|YEKATERINBURG|EKATERINBURG"),
    ("kazan", "КАЗАНЬ|KAZAN"),
    ("vladivostok", "ВЛАДИВОСТОК|VLADIVOSTOK"),
    ("samara", "САМАРА|SAMARA"),
    ("rostov", "РОСТОВ|ROSTOV|РОСТОВ НА ДОНУ"),
    ("ufa", "УФА|UFA"),
    ("perm", "ПЕРМЬ|PERM"),
    ("omsk", "ОМСК|OMSK"),
    ("tula", "ТУЛА|TULA"),
    ("minsk", "МИНСК|MINSK"),
    ("kyiv", "КИЕВ|KIEV|KYIV|КИЇВ"),
    ("almaty", "АЛМАТЫ|ALMATY|АЛМА АТА"),
    ("astana", "АСТАНА|ASTANA|НУР СУЛТАН"),
    ("tashkent", "ТАШКЕНТ|TASHKENT|TOSHKENT"),
    ("bishkek", "БИШКЕК|BISHKEK"),
    ("yerevan", "ЕРЕВАН|YEREVAN|EREVAN"),
    ("tbilisi", "ТБИЛИСИ|TBILISI"),
    ("istanbul", "ISTANBUL|СТАМБУЛ|ИСТАНБУЛ"),
    ("ankara", "ANKARA|АНКАРА"),
    ("izmir", "IZMIR"),
    ("bursa", "BURSA"),
    ("beijing", "BEIJING|PEKING|ПЕКИН|北京"),
    ("shanghai", "SHANGHAI|ШАНХАЙ|上海"),
    ("shenzhen", "SHENZHEN|ШЭНЬЧЖЭНЬ|深圳|深圳市"),
    ("guangzhou", "GUANGZHOU|ГУАНЧЖОУ|广州|广州市|CANTON"),
    ("guangdong", "GUANGDONG|ГУАНДУН|广东|广东省"),
    ("dongguan", "DONGGUAN|东莞"),
    ("hong kong", "HK|HONGKONG|HONG KONG|ГОНКОНГ|香港|KOWLOON"),
    ("tianjin", "TIANJIN|天津"),
    ("dalian", "DALIAN|大连"),
    ("ningbo", "NINGBO|宁波"),
    ("yiwu", "YIWU|义乌"),
    ("hangzhou", "HANGZHOU|杭州"),
    ("zhejiang", "ZHEJIANG|浙江"),
    ("jiangsu", "JIANGSU|江苏"),
    ("suzhou", "SUZHOU|苏州"),
    ("wuxi", "WUXI|无锡"),
    ("nanjing", "NANJING|南京"),
    ("fujian", "FUJIAN|福建|福建省"),
    ("xiamen", "XIAMEN|厦门"),
    ("shandong", "SHANDONG|山东"),
    ("qingdao", "QINGDAO|青岛"),
    ("jinan", "JINAN|济南"),
    ("hebei", "HEBEI|河北"),
    ("henan", "HENAN|河南"),
    ("hubei", "HUBEI|湖北"),
    ("wuhan", "WUHAN|武汉"),
    ("hunan", "HUNAN|湖南"),
    ("sichuan", "SICHUAN|四川"),
    ("chengdu", "CHENGDU|成都"),
    ("chongqing", "CHONGQING|重庆"),
    ("shaanxi", "SHAANXI|陕西"),
    ("xian", "XIAN|XI'AN|西安"),
    ("liaoning", "LIAONING|辽宁"),
    ("shenyang", "SHENYANG|沈阳"),
    ("dandong", "DANDONG|丹东"),
    ("harbin", "HARBIN|ХАРБИН|哈尔滨"),
    ("heilongjiang", "HEILONGJIANG|黑龙江"),
    ("taiwan", "TAIWAN|ТАЙВАНЬ|TAIPEI|台湾"),
    ("seoul", "SEOUL|BUSAN|INCHEON"),
    ("london", "LONDON|ЛОНДОН"),
    ("new york", "NEW YORK|NY"),
    ("tehran", "TEHRAN|TEHERAN|ТЕГЕРАН"),
    ("isfahan", "ISFAHAN|ESFAHAN"),
    ("damascus", "DAMASCUS|DIMASHQ"),
    ("beirut", "BEIRUT|BEYROUTH"),
    ("baghdad", "BAGHDAD"),
    ("pyongyang", "PYONGYANG"),
    ("hanoi", "HANOI"),
    ("bangkok", "BANGKOK"),
    ("kuala lumpur", "KUALA LUMPUR|PENANG"),
    ("jakarta", "JAKARTA"),
    ("africa", "AFRICA|AFRICAN|АФРИКА"),
    ("asia", "ASIA|ASIAN|АЗИЯ|亚洲"),
    ("europe", "EUROPE|EUROPEAN|EUROPA|ЕВРОПА|EU"),
    ("middle east", "MIDDLE EAST|MIDEAST|БЛИЖНИЙ ВОСТОК"),
    ("~seas", "PACIFIC|ATLANTIC|OCEAN|GULF"),
    ("east", "EAST|EASTERN|ORIENT|ORIENTAL|ВОСТОК|ВОСТОЧНЫЙ|DOGU|东方"),
    ("west", "WEST|WESTERN|ЗАПАД|ЗАПАДНЫЙ|BATI"),
    ("north", "NORTH|NORTHERN|СЕВЕР|СЕВЕРНЫЙ|KUZEY|NORD"),
    ("south", "SOUTH|SOUTHERN|ЮГ|ЮЖНЫЙ|GUNEY|SUD"),
];

/// What a known word stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Symbol {
    /// Equal for words that stand for the same; 0 stands for nothing.
    pub(super) number: u16,
    pub(super) kind: Kind,
}

/// Known words, by their sounds.
pub(super) struct Symbols {
    by_sound: FxHashMap<String, Symbol>,
    /// Names of two words, by the first: HONG KONG, MIDDLE EAST.
    pairs: FxHashMap<String, Vec<(String, Symbol)>>,
    /// Han phrases that are words of the trade or places, the longest first by their number of signs.
    han: FxHashMap<String, Symbol>,
    longest_han: usize,
    numbers: FxHashMap<String, &'static str>,
}

impl Symbols {
    /// What a word stands for.
    pub(super) fn of(&self, sound: &str) -> Option<Symbol> {
        self.by_sound.get(sound).copied()
    }

    /// What two words together stand for.
    pub(super) fn of_pair(&self, first: &str, second: &str) -> Option<Symbol> {
        self.pairs.get(first)?.iter().find(|(word, _)| word == second).map(|(_, symbol)| *symbol)
    }

    /// The digits that a word for a number stands for.
    pub(super) fn number(&self, sound: &str) -> Option<&'static str> {
        self.numbers.get(sound).copied()
    }

    /// The longest Han phrase at the beginning of a run, with how many signs it has.
    pub(super) fn han_phrase(&self, run: &[char]) -> Option<(usize, Symbol)> {
        (1..=self.longest_han.min(run.len())).rev().find_map(|length| {
            let phrase: String = run.get(..length)?.iter().collect();
            Some((length, *self.han.get(&phrase)?))
        })
    }

    fn add(&mut self, spelling: &str, symbol: Symbol) {
        if spelling.chars().all(crate::text::is_han) {
            self.longest_han = self.longest_han.max(spelling.chars().count());
            self.han.entry(spelling.to_owned()).or_insert(symbol);
            return;
        }
        match sounds(spelling).as_slice() {
            [word] => {
                self.by_sound.entry(word.clone()).or_insert(symbol);
            }
            [first, second] => {
                self.pairs.entry(first.clone()).or_default().push((second.clone(), symbol));
            }
            _ => {}
        }
    }
}

/// The table, built once.
pub(super) fn symbols() -> &'static Symbols {
    static TABLE: OnceLock<Symbols> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Symbols {
            by_sound: FxHashMap::default(),
            pairs: FxHashMap::default(),
            han: FxHashMap::default(),
            longest_han: 0,
            numbers: FxHashMap::default(),
        };
        for word in PARTICLES.split('|') {
            table.add(word, Symbol { number: 0, kind: Kind::Particle });
        }
        let mut next = 0;
        for (rows, kind) in [(GENERIC, Kind::Generic), (PLACES, Kind::Place)] {
            for (row, spellings) in rows {
                next += 1;
                for spelling in spellings.split('|') {
                    next += u16::from(row.starts_with('~'));
                    table.add(
                        spelling,
                        Symbol { number: next, kind: if STRUCTURE.contains(row) { Kind::Structure } else { kind } },
                    );
                }
                if kind == Kind::Place {
                    table.add(row, Symbol { number: next, kind });
                }
            }
        }
        for spellings in crate::value::country_spellings() {
            next += 1;
            // A country that has a row above is that place in all its spellings.
            let known = spellings.iter().find_map(|one| match sounds(one).as_slice() {
                [word] => table.of(word).filter(|symbol| symbol.kind == Kind::Place),
                _ => None,
            });
            let symbol = known.unwrap_or(Symbol { number: next, kind: Kind::Place });
            spellings.iter().for_each(|spelling| table.add(spelling, symbol));
        }
        for (digits, words) in NUMBERS {
            for word in words.split('|') {
                if let [sound] = sounds(word).as_slice() {
                    table.numbers.entry(sound.clone()).or_insert(digits);
                }
            }
        }
        table
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_and_translations_share_a_symbol() {
        let number = |word: &str| sounds(word).first().and_then(|sound| symbols().of(sound)).map(|one| one.number);
        assert_eq!(number("INTL"), number("INTERNATIONAL"));
        assert_eq!(number("ТЕХНОЛОГИИ"), number("Technologies"));
        assert_eq!(number("AVIA"), number("АВИАЦИЯ"));
        assert_eq!(number("IRANIAN"), number("Iran"));
        assert_eq!(number("KRET"), None);
    }
}
