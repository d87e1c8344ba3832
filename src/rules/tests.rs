//! What rules mean and what is wrong with them, on whole texts.

use super::*;
use crate::record::Part;
use crate::value;

fn build(detection: &str, rest: &str) -> Arc<SourceText> {
    SourceText::new(
        "rules/a.yaml",
        format!("title: T\nid: a\n{rest}detection:\n  sel:\n    {detection}\n  condition: sel\n"),
    )
}

fn lists() -> Vec<Arc<SourceText>> {
    vec![
        SourceText::new("lists/hubs.txt", "# hubs\nTurkey\nНОРВЕГИЯ\n"),
        SourceText::new("lists/tier_1.csv", "hs6,title\n854231,x\n010239,y\n"),
        SourceText::new("lists/wrong.txt", "Atlantis\n"),
    ]
}

fn compiled(source: &Arc<SourceText>) -> (RuleSet, Vec<Problem>) {
    let known = Known { recipients: Some(vec!["desk".to_owned()]), sources: Some(vec!["imports".to_owned()]) };
    compile(&RuleTexts { rules: vec![source.clone()], lists: lists() }, &known)
}

fn rule(detection: &str) -> Arc<Rule> {
    let (set, problems) = compiled(&build(detection, ""));
    assert_eq!(problems, [], "{detection}");
    set.rules[0].clone()
}

fn predicates(detection: &str) -> Vec<Predicate> {
    let mut all = Vec::new();
    meaning::each(&rule(detection).selections[0].test, &mut |predicate| all.push(predicate.clone()));
    all
}

fn only(detection: &str) -> Question {
    let all = predicates(detection);
    assert_eq!(all.len(), 1, "{detection}: {all:?}");
    all[0].question.clone()
}

fn term(text: &str) -> Question {
    Question::Mentions(Term::parse(text, crate::text::Inflection::Dictionary).unwrap())
}

fn whole(text: &str) -> Question {
    use crate::text::{Anchor, Case};
    Question::Matches(Pattern::parse(text, Anchor::Whole, Case::Folded).unwrap())
}

fn hs(from: &str, until: &str) -> Question {
    Question::Hs(HsRange { from: from.into(), until: until.into() })
}

#[test]
fn a_bare_value_means_what_its_field_suggests() {
    assert_eq!(only("hs_code: 8541"), hs("8541", "8541"));
    assert_eq!(only("hs_code: 0102"), hs("0102", "0102"));
    assert_eq!(only("tnved: 8802.40"), hs("880240", "880240"));
    assert_eq!(only("hs_code: 8541-8542"), hs("8541", "8542"));
    assert_eq!(only("hs2: 85"), hs("85", "85"));
    assert_eq!(only("origin_country: NO"), Question::Country(vec!["NO".into()]));
    assert_eq!(only("origin_country: '%hubs%'"), Question::Country(vec!["NO".into(), "TR".into()]));
    assert_eq!(only("description: Su-35*"), term("Su-35*"));
    assert_eq!(only("goods: yes"), term("yes"));
    assert_eq!(only("description: 1e5"), term("1e5"));
    assert_eq!(only("raw.Vendor: ~"), whole("~"));
    assert_eq!(only("direction: import"), whole("import"));
    assert_eq!(only("raw.Vendor: NO"), whole("NO"));
    assert_eq!(only("source.file: '*.csv'"), whole("*.csv"));
    assert_eq!(only("value_usd: 12345678901234567890"), {
        Question::Number(Comparison::Eq, value::rule_number("12345678901234567890").unwrap())
    });
    assert_eq!(only("declaration_date: 2022-10-24"), Question::Date(Comparison::Eq, "2022-10-24".into()));
    assert_eq!(only("declaration_date: 2022"), Question::Date(Comparison::Eq, "2022".into()));
    assert_eq!(only("declaration_date|week: 43"), Question::DatePart(DatePart::Week, Comparison::Eq, 43));
    assert_eq!(only("raw.Date|month|gte: 03"), Question::DatePart(DatePart::Month, Comparison::Gte, 3));
    assert_eq!(only("usd_per_kg|gt: 1.2M"), {
        Question::Number(Comparison::Gt, value::rule_number("1200000").unwrap())
    });
    assert_eq!(only("brand: null"), Question::Exists(false));
    assert_eq!(only("brand: ''"), Question::Exists(false));
    assert_eq!(only("brand: 'null'"), term("null"));
    assert_eq!(only("brand|exists: false"), Question::Exists(false));
}

#[test]
fn modifiers_say_otherwise() {
    assert_eq!(only("description|exactly: Su*35"), whole("Su\\*35"));
    assert_eq!(only("description|re|i: 'su-?35'"), Question::Regex("(?i)su-?35".into()));
    assert_eq!(only("dispatch_country|differs: origin_country"), {
        Question::Field(FieldRelation::Differs, Target::Field(Field::OriginCountry))
    });
    assert_eq!(only("declaration_date|on_or_after: 2022-02-24"), {
        Question::Date(Comparison::Gte, "2022-02-24".into())
    });
    assert!(matches!(only("description|neq: Su-35"), Question::NotMatches(_)));
    assert!(matches!(only("consignee|contains: KRET"), Question::Matches(_)));
    assert_eq!(predicates("consignee|contains: KRET")[0].target, {
        Target::Field(Field::Party(Role::Consignee, Part::Name))
    });
    assert!(matches!(rule("origin_country|neq: NO").selections[0].test, Test::Not(_)));
    assert!(
        matches!(&rule("description|contains|all: [a, b]").selections[0].test, Test::All(tests) if tests.len() == 2)
    );
    assert!(matches!(&rule("value_usd|between: [1, 2]").selections[0].test, Test::All(tests) if tests.len() == 2));
}

#[test]
fn a_bare_party_is_an_entity_or_its_name_and_asks_no_watchlist() {
    let expected = PartyTest {
        role: Role::Consignee,
        only_intermediaries: false,
        min_score: None,
        asks: vec![PartyAsk::Entity { names: vec!["АО «КРЭТ»".into()], or_name: true }],
    };
    assert_eq!(only("recipient: АО «КРЭТ»"), Question::Party(expected.clone()));
    assert_eq!(only("consignee.name: АО «КРЭТ»"), Question::Party(expected));
    assert_eq!(rule("consignee: АО «КРЭТ»").names, []);
    let bound = rule("any_recipient|owned_by: Rostec");
    assert_eq!((bound.names[0].name.as_str(), bound.names[0].kind), ("Rostec", NameKind::Entity));
    assert_eq!(&bound.source.text[bound.names[0].span.clone()], "Rostec");
}

#[test]
fn a_map_under_a_group_speaks_of_one_party() {
    let all = predicates("any_recipient: {owned_by: Rostec, country: TR, name|contains: KRET}");
    assert_eq!(all.len(), 3);
    let Question::Party(party) = &all[1].question else { panic!("{:?}", all[1]) };
    assert_eq!(party.role, Role::Buyer);
    assert_eq!(party.asks.len(), 3);
    assert_eq!(party.asks[1], PartyAsk::Country(vec!["TR".into()]));
    assert!(
        matches!(&party.asks[2], PartyAsk::Cell(Part::Name, question) if matches!(**question, Question::Matches(_)))
    );
    let through = predicates("intermediary: {country: UZ}");
    assert_eq!(through.len(), Role::ALL.len());
    assert!(matches!(&through[0].question, Question::Party(party) if party.only_intermediaries));
}

#[test]
fn keywords_search_every_text() {
    use crate::record::FieldKind::{Code, PartyId, PartyName, Text};
    let texts = Field::all().filter(|field| matches!(field.kind(), Text | PartyName | Code | PartyId));
    assert_eq!(predicates("- avionics").len(), texts.count());
    assert_eq!(predicates("'|all': [radar, seeker]").len(), predicates("- avionics").len() * 2);
}

#[test]
fn modifiers_without_a_meaning_here_are_refused_by_name() {
    let refused =
        ["cidr", "windash", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide", "hour", "minute"];
    for word in refused {
        let (_, problems) = compiled(&build(&format!("description|{word}: 5"), ""));
        assert_eq!(problems[0].code, "refused-modifier", "{word}");
        assert!(problems[0].message.contains(word), "{}", problems[0]);
    }
}

#[test]
fn a_list_of_conditions_is_one_of_them() {
    let text = "title: T\nid: a\ndetection:\n  s: {hs_code: 85}\n  t: {hs_code: 86}\n  condition: [s and not t, t]\n";
    let (set, problems) = compiled(&SourceText::new("a.yaml", text));
    assert_eq!(problems, []);
    assert!(matches!(&set.rules[0].condition, Condition::Or(parts) if parts.len() == 2));
}

#[test]
fn lists_stand_wherever_a_value_does() {
    let mut lists = lists();
    lists.extend([
        SourceText::new("lists/figures.yaml", "values: [1.2M, '1,500.00']"),
        SourceText::new("lists/firms.csv", "value,source\nRostec,x\n\"ACME, Inc\",y\n"),
        SourceText::new("lists/days.txt", "2022-10-24\n2023\n"),
        SourceText::new("lists/words.yml", "- radar\n- 0102\n- NO\n"),
    ]);
    for (detection, expected) in [
        ("raw.Vendor: '%words%'", 3),
        ("raw.Vendor|contains|expand: 'x-%words%-%firms%'", 6),
        ("description: '%words%'", 3),
        ("description: [seeker, '%words%']", 4),
        ("description|re: '%words%'", 3),
        ("description|contains|all: '%words%'", 3),
        ("hs_code: '%tier_1%'", 2),
        ("hs4|neq: '%short%'", 1),
        ("value_usd: '%figures%'", 2),
        ("usd_per_kg|gt: '%figures%'", 2),
        ("value_usd|between: ['%figure%', '%figure%']", 2),
        ("declaration_date: '%days%'", 2),
        ("declaration_date|year: '%years%'", 1),
        ("origin_country: '%hubs%'", 1),
        ("any_recipient|country: '%hubs%'", 3),
        ("consignee: '%firms%'", 1),
        ("consignee|owned_by: '%firms%'", 1),
        ("consignee|listed: '%firms%'", 1),
        ("consignee: {entity: '%firms%', country: '%hubs%'}", 1),
        ("consignee.id: '%words%'", 3),
        ("consignee|contains: '%firms%'", 2),
    ] {
        let mut lists = lists.clone();
        lists.push(SourceText::new("lists/short.txt", "8541\n"));
        lists.push(SourceText::new("lists/figure.txt", "5\n"));
        lists.push(SourceText::new("lists/years.txt", "2022\n"));
        let texts = RuleTexts { rules: vec![build(detection, "")], lists };
        let (set, problems) = compile(&texts, &Known::default());
        assert_eq!(problems, [], "{detection}");
        let mut count = 0;
        meaning::each(&set.rules[0].selections[0].test, &mut |_| count += 1);
        assert_eq!(count, expected, "{detection}");
    }
    assert_eq!(only("raw.Vendor|expand: '\\%hubs%'"), whole("%hubs%"));
    assert_eq!(only("raw.Vendor|expand: 100%"), whole("100%"));
}

#[test]
fn a_version_is_the_meaning_not_the_spelling() {
    let version = |detection: &str| rule(detection).card.version.clone();
    let one = version("{hs_code: 8541, description: Su-35}");
    assert_eq!(one, version("{description: Su-35, 'hs_code|hs': 85.41} # a comment"));
    assert_ne!(one, version("{description: Su-35, hs_code: 8542}"));
    assert_eq!(one.len(), 12);
}

#[test]
fn a_rule_knows_what_it_reads() {
    let read = rule("{hs_code: 8541, raw.Vendor Name: x, 'consignee|owned_by': R}");
    assert_eq!(read.card.reads, ["consignee.name", "consignee.id", "hs_code", "raw.vendor name"]);
    assert_eq!(rule("usd_per_kg|gt: 5").card.reads, ["value_usd", "net_mass_kg", "gross_mass_kg"]);
    let (set, _) = compiled(&build("consignee|owned_by: R", "fields: [shipper, brand]\n"));
    let needs = set.needs();
    for field in [Field::DeclarationDate, Field::Brand, Field::Party(Role::Consignor, Part::Name)] {
        assert!(needs.contains(field), "{field}");
    }
    assert!(!needs.contains(Field::HsCode));
}

#[test]
fn examples_are_read_as_intake_would() {
    let (set, problems) = compiled(&build(
        "hs_code: 85",
        "examples:\n  fires:\n    - {consignee: КРЭТ, consignee.inn: 7703695246, hs_code: 8541.40, colour: x}\n",
    ));
    assert!(set.rules.is_empty());
    assert_eq!(problems[0].code, "unknown-field");
    let (set, problems) = compiled(&build(
        "hs_code: 85",
        "examples:\n  quiet:\n    - {goods: X, declaration_date: 24.10.2022, origin_country: Китай, value_usd: '1,500.50', raw.A b: 7}\n",
    ));
    assert_eq!(problems, []);
    let example = &set.rules[0].examples[0];
    assert!(!example.fires);
    let get = |field| example.record.get(field).unwrap();
    assert_eq!(get(Field::DeclarationDate), "2022-10-24");
    assert_eq!(get(Field::OriginCountry), "CN");
    assert_eq!(get(Field::ValueUsd), "1500.50");
    assert_eq!(example.record.raw, [("A b".to_owned(), "7".to_owned())]);
}

#[test]
fn a_mistake_in_a_selection_has_its_place_and_a_guess() {
    for (detection, code, column, hint) in [
        ("consigne: x", "unknown-field", 5, "did you mean `consignee`?"),
        ("description|contian: x", "unknown-modifier", 17, "did you mean `contains`?"),
        ("description|cidr: x", "refused-modifier", 17, ""),
        ("description|contains|hs: x", "modifiers-clash", 26, ""),
        ("description: [a, {b: c}]", "wrong-shape", 22, ""),
        ("origin_country: Atlantis", "unknown-country", 21, ""),
        ("origin_country: '%wrong%'", "unknown-country", 21, ""),
        ("origin_country: '%hub%'", "unknown-list", 21, "did you mean `hubs`?"),
        ("hs_code: 85x", "bad-hs-code", 14, ""),
        ("hs4: 85", "bad-hs-code", 10, ""),
        ("value_usd|gt: many", "not-a-number", 19, ""),
        ("value_usd: 1e5", "not-a-number", 16, ""),
        ("declaration_date|before: soon", "not-a-date", 30, "write it as 2022-10-24, 2022-10 or 2022"),
        ("declaration_date: 44858", "not-a-date", 23, "write it as 2022-10-24, 2022-10 or 2022"),
        ("description|re: '(?=x)'", "bad-regex", 21, ""),
        ("description|re: '(x)\\1'", "bad-regex", 21, ""),
        ("description|re: '(x'", "bad-regex", 21, ""),
        ("description|re: 'x{1000}{1000}'", "bad-regex", 21, ""),
        (
            "any_party|neq: x",
            "negation-on-a-group",
            5,
            "name the selection without it and write `not selection` in the condition",
        ),
        ("any_party: {ownd_by: x}", "unknown-key", 17, "did you mean `owned_by`?"),
        ("description|owned_by: Rostec", "modifier-does-not-fit", 17, ""),
        ("consignee|hs: 85", "modifier-does-not-fit", 15, ""),
        ("description|mentions|cased: x", "modifiers-clash", 26, ""),
        ("'|neq': x", "negation-on-a-group", 13, ""),
        ("'|gt': 5", "modifier-does-not-fit", 12, ""),
        ("'|hs': 85", "modifier-does-not-fit", 12, ""),
        ("'|fieldref': brand", "modifier-does-not-fit", 18, ""),
        ("'|month': 5", "modifier-does-not-fit", 15, ""),
        ("- null", "empty-value", 7, ""),
        ("description|expand: 'x %hub% y'", "unknown-list", 25, "did you mean `hubs`?"),
        ("description|fieldref|cased: brand", "modifiers-clash", 26, ""),
        ("description|hs: 85", "modifier-does-not-fit", 17, "`hs` belongs to `hs_code`"),
        ("origin_country|mentions: China", "modifier-does-not-fit", 20, "write the value without a modifier"),
        ("consignee.name|country: TR", "modifier-does-not-fit", 20, ""),
        ("declaration_date|month: 13", "not-a-number", 29, ""),
        ("declaration_date|month: May", "not-a-number", 29, ""),
        ("declaration_date|month|year: 5", "modifiers-clash", 28, ""),
        ("declaration_date|month|contains: 5", "modifiers-clash", 28, ""),
        ("value_usd|month: 5", "modifier-does-not-fit", 15, ""),
        ("declaration_date|mnoth: 5", "unknown-modifier", 22, "did you mean `month`?"),
        ("declaration_date|hour: 5", "refused-modifier", 22, ""),
        ("description|contains: ''", "empty-value", 27, ""),
        ("dispatch_country|differs: origin", "unknown-field", 31, ""),
        ("hs_code|startswith: 8541.40", "never-matches", 25, "write the value without a text modifier"),
        ("origin_country|contains: China", "never-matches", 30, "write the value without a text modifier"),
        ("origin_country: %hubs%", "yaml-syntax", 21, "write '%hubs%'"),
        ("{}", "empty-selection", 5, ""),
        ("description|exists: maybe", "wrong-value", 25, ""),
        ("value_usd|between: [2, 1]", "bad-range", 28, ""),
    ] {
        let (set, problems) = compiled(&build(detection, ""));
        assert!(set.rules.is_empty(), "{detection}");
        let first = problems.first().unwrap_or_else(|| panic!("no problem in {detection}"));
        assert_eq!((first.code, first.position()), (code, (5, column)), "{detection}: {first}");
        if !hint.is_empty() {
            assert_eq!(first.advice(), Some(hint), "{detection}");
        }
    }
}

#[test]
fn a_mistake_around_the_detection_has_its_place() {
    for (rest, code, place) in [
        ("levle: high\n", "unknown-key", (3, 1)),
        ("level: hihg\n", "wrong-value", (3, 8)),
        ("status: done\n", "wrong-value", (3, 9)),
        ("fields: [hs_cod]\n", "unknown-field", (3, 10)),
        ("fields: [usd_per_kg]\n", "unknown-field", (3, 10)),
        ("examples: {fires: [{usd_per_kg: 5}]}\n", "unknown-field", (3, 21)),
        ("alert: {owner: {}}\n", "wrong-shape", (3, 16)),
        ("alert: {send: dialy}\n", "wrong-value", (3, 15)),
        ("alert: {grop_by: hs_code}\n", "unknown-key", (3, 9)),
        ("alert: {group_by: [sle.entity]}\n", "unknown-selection", (3, 20)),
        ("alert: {as: total}\n", "wrong-value", (3, 13)),
        ("examples: {fire: []}\n", "unknown-key", (3, 12)),
        ("examples: {fires: [{declaration_date: soon}]}\n", "unreadable-cell", (3, 39)),
        ("examples: {quiet: [{hs_code: [1]}]}\n", "wrong-shape", (3, 30)),
        ("title: again\n", "duplicate-key", (3, 1)),
    ] {
        let (set, problems) = compiled(&build("hs_code: 85", rest));
        assert!(set.rules.is_empty(), "{rest}");
        assert_eq!((problems[0].code, problems[0].position()), (code, place), "{rest}: {}", problems[0]);
    }
    for (text, code) in [
        ("id: a\ndetection: {s: {hs_code: 85}, condition: s}\n", "missing-key"),
        ("title: T\nid: A b\ndetection: {s: {hs_code: 85}, condition: s}\n", "bad-id"),
        ("title: T\nid: a\n", "missing-key"),
        ("title: T\nid: a\ndetection: {s: {hs_code: 85}}\n", "missing-key"),
        ("title: T\ncorrelation: {}\n", "unsupported-document"),
        ("- a\n", "wrong-shape"),
    ] {
        assert_eq!(compiled(&SourceText::new("a.yaml", text)).1[0].code, code, "{text}");
    }
}

#[test]
fn a_rule_that_names_somebody_unknown_is_wrong_and_works_since_the_others_are_told() {
    for (alert, place) in [("{to: dsek}", (3, 13)), ("{owner: dsek}", (3, 16)), ("{owner: desk@}", (3, 16))] {
        let (set, problems) = compiled(&build("hs_code: 85", &format!("alert: {alert}\n")));
        let problem = &problems[0];
        assert_eq!(
            (problem.code, problem.position(), problem.is_error()),
            ("unknown-recipient", place, true),
            "{alert}"
        );
        assert_eq!(problem.advice(), Some("did you mean `desk`?"), "{alert}");
        assert_eq!(set.rules.len(), 1);
    }
}

#[test]
fn an_owner_is_a_recipient_or_a_mail_address_and_any_plain_name_where_no_recipients_are_known() {
    let owned = |owner: &str| build("hs_code: 85", &format!("alert: {{owner: {owner}}}\n"));
    for owner in ["desk", "jane@example.org"] {
        assert_eq!(compiled(&owned(owner)).1, [], "{owner}");
    }
    let alone = |owner| compile(&RuleTexts { rules: vec![owned(owner)], lists: vec![] }, &Known::default()).1;
    assert_eq!(alone("dekk"), []);
    assert_eq!(alone("jane@")[0].code, "unknown-recipient");
}

#[test]
fn an_unused_selection_is_only_warned_about() {
    let text = "title: T\nid: a\ndetection:\n  s: {hs_code: 85}\n  t: {hs_code: 86}\n  condition: s\n";
    let (set, problems) = compiled(&SourceText::new("a.yaml", text));
    assert_eq!(set.rules.len(), 1);
    assert_eq!((problems[0].code, problems[0].position(), problems[0].is_error()), ("unused-selection", (5, 3), false));
}

#[test]
fn an_id_is_given_once_and_a_bad_file_stops_no_other() {
    let good = build("hs_code: 85", "");
    let again = SourceText::new("rules/b.yaml", good.text.clone());
    let bad = SourceText::new("rules/c.yaml", "title: [\n");
    let texts = RuleTexts { rules: vec![bad, good, again], lists: Vec::new() };
    let (set, problems) = compile(&texts, &Known::default());
    assert_eq!(set.rules.len(), 1);
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["yaml-syntax", "duplicate-id"]);
    assert!(problems[1].to_string().starts_with("rules/b.yaml:2:5:"), "{}", problems[1]);
    assert!(problems[1].message.contains("rules/a.yaml:2:5"), "{}", problems[1]);
}

#[test]
fn the_rule_of_the_documentation_compiles() {
    let text = "title: Su-35 parts to a Rostec subsidiary
id: su-35-parts-to-rostec
status: stable
level: critical
tags: [russia, aviation]
detection:
  su_35_parts:
    description: [Su-35*, Flanker-E]
  to_rostec:
    any_recipient|owned_by: Rostec
  scale_models:
    hs_code: 9503
  condition: su_35_parts and to_rostec and not scale_models
fields: [declaration_date, consignor.name, consignee.name, description, value_usd]
alert:
  to: desk
  group_by: [to_rostec.entity]
examples:
  fires:
    - consignor: AVIC International Holding Corp
      consignee: АО «КРЭТ»
      description: ЗАПЧАСТИ ДЛЯ САМОЛЁТА СУ-35
      declaration_date: 2022-10-24
  quiet:
    - consignee: АО «КРЭТ»
      description: МОДЕЛЬ САМОЛЁТА СУ-35
      hs_code: 9503007500
";
    let (set, problems) = compiled(&SourceText::new("a.yaml", text));
    assert_eq!(problems, []);
    let rule = &set.rules[0];
    assert_eq!(rule.card.level, crate::rule_card::Level::Critical);
    assert_eq!(rule.examples.len(), 2);
    assert_eq!(rule.card.alert.group_by, ["to_rostec.entity"]);
    assert!(matches!(&rule.condition, Condition::And(parts) if parts.len() == 3));
}

proptest::proptest! {
    #[test]
    fn no_rule_makes_it_panic(
        key in "(consignee|any_party|hs_code|description|value_usd|declaration_date|raw\\.X|hs4|)(\\|(contains|all|neq|re|hs|owned_by|between|differs|exists|fieldref|cased|zz)){0,3}",
        value in "([-*?\\[\\]{}:,'%а-я0-9. ]{0,12}|hs_code|true|null)",
        condition in "(sel|not|and|or|1 of|all of|sel\\*|them|\\(|\\)|\\|| |ж){0,8}",
    ) {
        let text = format!("title: T\nid: a\ndetection:\n  sel:\n    '{key}': {value}\n  condition: {condition}\n");
        for problem in compiled(&SourceText::new("a.yaml", text)).1 {
            let _ = (problem.to_string(), crate::problem::render(&problem));
        }
    }
}
