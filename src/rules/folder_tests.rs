//! Several documents of one folder: definitions, filters, sources, versions.

use super::*;
use crate::problem::Severity;

const RULE: &str = "title: T\nid: a\ndetection:\n  goods: {hs_code: 85}\n  condition: goods and risky\n";
const RISKY: &str = "define:\n  risky: {destination_country: RU}\n";
const FILTER: &str =
    "title: F\nid: known\nfilter:\n  rules: [a]\n  trader: {consignee: ACME}\n  condition: not trader\n";

fn folder(texts: &[&str]) -> (RuleSet, Vec<Problem>) {
    let known = Known { recipients: None, sources: Some(vec!["imports".to_owned(), "exports".to_owned()]) };
    let named = (0..).zip(texts).map(|(number, text)| SourceText::new(format!("rules/{number}.yaml"), *text));
    let lists = vec![SourceText::new("lists/hubs.txt", "Turkey\n")];
    compile(&RuleTexts { rules: named.collect(), lists }, &known)
}

fn sound(texts: &[&str]) -> RuleSet {
    let (set, problems) = folder(texts);
    assert_eq!(problems, [], "{texts:?}");
    set
}

/// Code, file, line and column of every problem.
fn told(texts: &[&str]) -> Vec<(&'static str, String)> {
    let (_, problems) = folder(texts);
    let place = |problem: &Problem| {
        let (line, column) = problem.position();
        format!("{}:{line}:{column}", problem.source.path.trim_start_matches("rules/").trim_end_matches(".yaml"))
    };
    problems.iter().map(|problem| (problem.code, place(problem))).collect()
}

fn names(rule: &Rule) -> Vec<&str> {
    rule.selections.iter().map(|selection| selection.name.as_str()).collect()
}

#[test]
fn a_definition_is_a_selection_of_every_rule_that_names_it() {
    use Condition::{And, Selection as S};
    let set = sound(&[RULE, RISKY]);
    assert_eq!(names(&set.rules[0]), ["goods", "risky"]);
    assert_eq!(set.rules[0].condition, And(vec![S(0), S(1)]));
    assert_eq!(set.rules[0].card.reads, ["hs_code", "destination_country"]);
    let one_text = format!("{RISKY}---\n{RULE}---\n{}", RULE.replace("id: a", "id: b").replace("and", "or"));
    assert_eq!(sound(&[&one_text]).rules.len(), 2, "documents of one file, in any order");
    let grouped = format!("{RULE}alert: {{group_by: [risky.entity]}}\n");
    sound(&[&grouped, "define:\n  risky: {consignee|owned_by: R}\n"]);
}

#[test]
fn a_definition_may_have_a_condition_and_use_others() {
    use Condition::{And, AtLeast, Not, Or, Selection as S};
    let text = "define:
  hub: {destination_country: '%hubs%'}
  risky:
    one: {brand: x}
    two: {brand: y}
    three: {brand: z}
    condition: 2 of them and not hub or hub
";
    let set = sound(&[RULE, text]);
    assert_eq!(names(&set.rules[0]), ["goods", "risky.one", "risky.two", "risky.three", "hub"]);
    let risky = Or(vec![And(vec![AtLeast(2, vec![S(1), S(2), S(3)]), Not(Box::new(S(4)))]), S(4)]);
    assert_eq!(set.rules[0].condition, And(vec![S(0), risky]));
    let both = RULE.replace("goods and risky", "goods and risky and hub");
    assert_eq!(names(&sound(&[&both, text]).rules[0]).len(), 5, "a definition comes once");
}

#[test]
fn a_selector_does_not_take_definitions_in() {
    let rule = RULE.replace("goods and risky", "all of them and risky");
    assert_eq!(sound(&[&rule, RISKY]).rules[0].condition, sound(&[RULE, RISKY]).rules[0].condition);
    let rule = RULE.replace("goods and risky", "goods or 1 of risk*");
    assert_eq!(told(&[&rule, RISKY])[0].0, "empty-selector");
}

#[test]
fn what_is_wrong_with_definitions_is_told_at_its_place() {
    let circle =
        "define:\n  risky: {s: {brand: x}, condition: s and b}\n  b: {condition: c}\n  c: {condition: risky}\n";
    let deep: String = (0..18)
        .map(|n| format!("  d{n}: {{s: {{brand: x}}, condition: s and d{}}}\n", n + 1))
        .collect::<String>()
        .replace("and d18", "or s");
    let deep = format!("define:\n  risky: {{brand: y}}\n{deep}");
    for (define, expected) in [
        ("define:\n  risky: {brnd: RU}\n", vec![("unknown-field", "1:2:11"), ("broken-definition", "0:5:24")]),
        ("define:\n  risky: {s: {brand: x}, condition: s and other}\n", {
            vec![("unknown-selection", "1:2:43"), ("broken-definition", "0:5:24")]
        }),
        (circle, {
            vec![
                ("definition-circle", "1:2:43"),
                ("broken-definition", "1:4:18"),
                ("broken-definition", "1:3:18"),
                ("broken-definition", "0:5:24"),
            ]
        }),
        (
            "define:\n  risky: {condition: risky}\n",
            vec![("definition-circle", "1:2:22"), ("broken-definition", "0:5:24")],
        ),
        ("define:\n  risky: {brand: x}\n  goods: {brand: y}\n", {
            vec![("name-clash", "0:4:3"), ("unused-definition", "1:3:3")]
        }),
        ("define:\n  risky: {brand: x}\n---\ndefine:\n  risky: {brand: y}\n", vec![("duplicate-definition", "1:5:3")]),
        ("define:\n  risky: {brand: x}\n  not: {brand: y}\n", {
            vec![("bad-name", "1:3:3"), ("unused-definition", "1:3:3")]
        }),
        ("define: [risky]\n", vec![("wrong-shape", "1:1:9"), ("unknown-selection", "0:5:24")]),
        ("define:\n  risky: {brand: x}\ndetection: {}\n", vec![("unknown-key", "1:3:1")]),
        ("define:\n  risky: {brand: x}\n  unused: {brand: y}\n", vec![("unused-definition", "1:3:3")]),
        ("define:\n  risky: {brand: x, brand: y}\n", {
            vec![("duplicate-key", "1:2:21"), ("broken-definition", "0:5:24")]
        }),
    ] {
        let told = told(&[RULE, define]);
        let told: Vec<(&str, &str)> = told.iter().map(|(code, place)| (*code, place.as_str())).collect();
        assert_eq!(told, expected, "{define}");
    }
    let (set, problems) = folder(&[RULE, "define:\n  risky: {brand: x}\n  goods: {brand: y}\n"]);
    assert_eq!((problems[0].severity, names(&set.rules[0])), (Severity::Warning, vec!["goods", "risky"]));
    assert_eq!(set.rules[0].card.reads, ["hs_code", "brand"], "the rule's own selection counts");
    let (_, problems) = folder(&[RULE, circle]);
    assert!(problems[0].message.ends_with("b → c → risky → b"), "{}", problems[0]);
    assert!(told(&[RULE, &deep]).iter().any(|problem| problem.0 == "definition-too-deep"));
    let (_, problems) = folder(&[&RULE.replace("and risky", "and rsky"), RISKY]);
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `risky`?"));
    assert_eq!((problems[1].code, problems[1].severity), ("unused-definition", Severity::Note));
}

#[test]
fn a_text_that_cannot_be_read_is_named_where_its_definition_is_missed() {
    let (_, problems) = folder(&[RULE, "define:\n  risky: [\n"]);
    assert_eq!(problems[1].code, "unknown-selection");
    assert_eq!(problems[1].hint.as_deref(), Some("rules/1.yaml cannot be read; if it stands there, mend that first"));
}

#[test]
fn definitions_that_double_again_and_again_are_refused() {
    let doubled: String =
        (0..14).map(|n| format!("  d{n}: {{condition: d{m} and d{m} or d{m}}}\n", m = n + 1)).collect();
    let text = format!("define:\n{doubled}  d14: {{brand: x}}\n  risky: {{brand: y}}\n");
    assert!(told(&[RULE, &text]).iter().any(|problem| problem.0 == "condition-too-large"));
}

#[test]
fn a_filter_is_joined_to_the_rules_that_it_names() {
    use Condition::{And, Not, Selection as S};
    let set = sound(&[RULE, RISKY, FILTER]);
    let rule = &set.rules[0];
    assert_eq!(names(rule), ["goods", "risky", "known.trader"]);
    assert_eq!(rule.condition, And(vec![And(vec![S(0), S(1)]), Not(Box::new(S(2)))]));
    assert_eq!(rule.own_condition(), &And(vec![S(0), S(1)]));
    assert_eq!(rule.filters[0].name, "known");
    let other = RULE.replace("id: a", "id: b\nname: second");
    let second = FILTER.replace("[a]", "any").replace("id: known\n", "");
    let set = sound(&[RULE, RISKY, FILTER, &other, &second]);
    assert_eq!(names(&set.rules[0]), ["goods", "risky", "known.trader", "4.trader"], "by its file where it has no id");
    assert_eq!(set.rules[0].own_condition(), &And(vec![S(0), S(1)]));
    assert_eq!(names(&set.rules[1]), ["goods", "risky", "4.trader"]);
    let by_name = FILTER.replace("[a]", "second");
    assert_eq!(sound(&[RULE, RISKY, &other, &by_name]).rules[1].filters.len(), 1);
    let with_definition = FILTER.replace("not trader", "not (trader and risky)");
    assert_eq!(
        names(&sound(&[RULE, RISKY, &with_definition]).rules[0]),
        ["goods", "risky", "known.trader", "known.risky"]
    );
}

#[test]
fn what_is_wrong_with_filters_is_told_at_its_place() {
    for (from, to, code, place) in [
        ("[a]", "[aa]", "unknown-rule", "2:4:11"),
        ("[a]", "[]", "empty-value", "2:4:10"),
        ("  rules: [a]\n", "", "missing-key", "2:4:3"),
        ("not trader", "not tradr", "unknown-selection", "2:6:18"),
        ("not trader", "trader", "filter-inverted", "2:6:14"),
        ("{consignee:", "{consigne:", "unknown-field", "2:5:12"),
        ("title: F\n", "", "missing-key", "2:1:1"),
        ("title: F\n", "title: F\nlevel: high\n", "unknown-key", "2:2:1"),
        ("  condition: not trader\n", "", "missing-key", "2:4:3"),
        ("  trader:", "  risky:", "name-clash", "2:5:3"),
    ] {
        let text = FILTER.replace(from, to);
        assert_ne!(text, FILTER, "{from}");
        let told = told(&[RULE, RISKY, &text]);
        assert_eq!((told[0].0, told[0].1.as_str()), (code, place), "{to}: {told:?}");
        let (set, _) = folder(&[RULE, RISKY, &text]);
        assert_eq!(set.rules[0].filters.len(), usize::from(code == "filter-inverted"), "{to}");
    }
    let (_, problems) = folder(&[RULE, RISKY, &FILTER.replace("[a]", "[A]")]);
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `a`?"));
    let (_, problems) = folder(&[RULE, RISKY, &FILTER.replace("not trader", "trader")]);
    assert_eq!(problems[0].hint.as_deref(), Some("write `condition: not trader`"));
    assert_eq!(problems[0].severity, Severity::Warning);
    assert_eq!(told(&[RULE, RISKY, FILTER, FILTER])[0].0, "duplicate-id");
    let broken_rule = RULE.replace("hs_code", "hs_cod");
    assert_eq!(told(&[&broken_rule, RISKY, FILTER]).len(), 1, "a rule that is broken is not unknown");
}

#[test]
fn a_product_that_names_no_source_is_a_note() {
    let of = |product: &str| RULE.replace("detection:", &format!("logsource: {{product: {product}}}\ndetection:"));
    assert_eq!(names(&sound(&[&of("imports"), RISKY]).rules[0]), ["goods", "risky", "another source"]);
    let (set, problems) = folder(&[&of("import"), RISKY]);
    assert_eq!((problems[0].code, problems[0].severity), ("unknown-source", Severity::Note));
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `imports`?"));
    assert_eq!(names(&set.rules[0]), ["goods", "risky"], "every source is meant");
    let (_, problems) = folder(&[&of("imports, servce: x"), RISKY]);
    assert_eq!((problems[0].code, problems[0].position()), ("unknown-key", (3, 31)));
}

#[test]
fn a_version_is_the_compiled_meaning() {
    let version = |texts: &[&str]| {
        let (set, problems) = folder(texts);
        assert_eq!(problems.iter().filter(|problem| problem.is_error()).collect::<Vec<_>>(), Vec::<&Problem>::new());
        set.rules[0].card.version.clone()
    };
    let rule = "title: T
id: a
level: high
detection:
  goods: {hs_code: [8541, 8542], description: [Su-35, 'Flanker-E']}
  to: {any_recipient: {owned_by: [Rostec, Almaz], country: RU}}
  condition: goods and to and risky
";
    let same = version(&[rule, RISKY]);
    assert_eq!(same.len(), 12);
    for (why, from, to) in [
        ("comments", "level: high\n", "level: high # very\n# more\n"),
        (
            "the title and what it says of itself",
            "title: T\n",
            "title: Other\ndescription: x\nfields: [brand]\ntags: [x]\n",
        ),
        ("the level", "level: high", "level: low"),
        ("the order of keys", "{hs_code: [8541, 8542], description: [Su-35, 'Flanker-E']}", {
            "{description: [Su-35, 'Flanker-E'], hs_code: [8541, 8542]}"
        }),
        ("the order of values", "[8541, 8542]", "[8542, 8541]"),
        ("a value twice", "[8541, 8542]", "[8542, 8541, 8541]"),
        ("the order of names", "[Rostec, Almaz], country: RU", "[Almaz, Rostec], country: RU"),
        (
            "the order of keys of a party",
            "owned_by: [Rostec, Almaz], country: RU",
            "country: RU, owned_by: [Rostec, Almaz]",
        ),
        ("the spelling of a country", "country: RU", "country: Russia"),
        ("quotes", "[Su-35, 'Flanker-E']", "[\"Su-35\", Flanker-E]"),
        ("layout", "  to: {any_recipient: {owned_by: [Rostec, Almaz], country: RU}}", {
            "  to:\n    any_recipient:\n      owned_by:\n        - Rostec\n        - Almaz\n      country: RU"
        }),
        ("the order of selections in the condition", "goods and to and risky", "risky and to and goods"),
        ("dots in a code", "8541, 8542", "85.41, 8542"),
        ("an alias", "any_recipient", "any_recipient"),
    ] {
        let text = rule.replace(from, to);
        assert_eq!(version(&[&text, RISKY]), same, "{why}");
    }
    for (why, from, to) in [
        ("a value", "8542", "8543"),
        ("a modifier", "hs_code:", "hs_code|neq:"),
        ("the condition", "goods and to", "goods or to"),
        ("a name", "Almaz", "Almas"),
        ("a country", "country: RU", "country: BY"),
        ("the source", "level: high", "level: high\nlogsource: {product: imports}"),
    ] {
        let text = rule.replace(from, to);
        assert_ne!(version(&[&text, RISKY]), same, "{why}");
    }
    assert_ne!(version(&[rule, &RISKY.replace("RU", "BY")]), same, "a definition's content");
    assert_eq!(version(&[rule, &RISKY.replace("RU}", "Russia} # x")]), same, "a definition's spelling");
    let filtered = version(&[rule, RISKY, FILTER]);
    assert_ne!(filtered, same, "a filter");
    assert_ne!(version(&[rule, RISKY, &FILTER.replace("ACME", "ACME 2")]), filtered, "a filter's content");
    assert_eq!(version(&[rule, RISKY, &FILTER.replace("title: F", "title: G")]), filtered, "a filter's title");
    let other = RULE.replace("id: a", "id: b");
    assert_eq!(version(&[rule, RISKY, &other, &FILTER.replace("[a]", "[b]")]), same, "a filter of another rule");
}

#[test]
fn a_version_follows_the_lists_that_the_rule_uses() {
    let version = |hubs: &str, other: &str| {
        let rule = "title: T\nid: a\ndetection: {s: {origin_country: '%hubs%'}, condition: s}\n";
        let lists = vec![SourceText::new("lists/hubs.txt", hubs), SourceText::new("lists/other.txt", other)];
        let texts = RuleTexts { rules: vec![SourceText::new("a.yaml", rule)], lists };
        compile(&texts, &Known::default()).0.rules[0].card.version.clone()
    };
    let one = version("Turkey\nArmenia\n", "x\n");
    assert_eq!(version("# hubs\nAM\nTR\n", "y\n"), one);
    assert_ne!(version("Turkey\n", "x\n"), one);
}
