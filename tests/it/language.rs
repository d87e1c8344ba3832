//! The rule language as its user meets it: `scan`, `explain`, `check`, and the daemon that takes rules anew.

use crate::bench::{Bench, HEADER, RULE, hit, subject};
use crate::commands::{printed, tidewaiter};

/// [`RULE`] with its recipient in a definition.
const DEFINED: &str = "\
title: Su-35 parts to Rostec
id: su-35
level: critical
detection:
  goods: {description: [Su-35*]}
  condition: goods and to_rostec
examples:
  fires:
    - {description: СУ-35, consignee: АО «КРЭТ»}
";
const DEFINITION: &str = "define:\n  to_rostec: {any_recipient|owned_by: Rostec}\n";
const FILTER: &str = "\
title: Known traders
id: known-traders
filter:
  rules: [su-35]
  known_trader: {consignor|contains: AVIC}
  condition: not known_trader
";

/// Puts an export into the drop folder, runs the daemon, and counts the alerts that came of it.
fn alerts(bench: &Bench, number: u32) -> usize {
    let before = bench.mails_to("analyst@example.org").len();
    bench.write("drop/export.csv", format!("{HEADER}{}", hit(number)));
    bench.run();
    bench.mails_to("analyst@example.org").len() - before
}

#[test]
fn a_definition_that_breaks_keeps_its_last_good_version_in_every_rule() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", DEFINED);
    bench.write("rules/shared.yaml", DEFINITION);
    assert_eq!(alerts(&bench, 1), 1);
    let breaks = [
        ("owned_by: Rostec", "owned_by: Rostek", "shared.yaml:2:"),
        ("owned_by", "ownd_by", "shared.yaml:2:"),
        ("{any", "{{any", "shared.yaml:2:"),
        ("to_rostec:", "to_rostek:", "su-35.yaml:6:"),
    ];
    for (number, (from, to, place)) in (2u32..).zip(breaks) {
        let told = |bench: &Bench| {
            bench.mails_to("ops@example.org").iter().filter(|mail| subject(mail).contains(place)).count()
        };
        let before = told(&bench);
        bench.write("rules/shared.yaml", DEFINITION.replace(from, to));
        assert_eq!(alerts(&bench, number), 1, "{to}: the last good version fires");
        assert!(told(&bench) > before, "{to}: told at {place}");
    }
    std::fs::remove_file(bench.path("rules/shared.yaml")).unwrap();
    assert_eq!(alerts(&bench, 10), 1, "a definition that is gone is still in force");
    bench.write("rules/shared.yaml", DEFINITION.replace("Rostec", "nobody-yet").replace("owned_by", "contains"));
    assert_eq!(alerts(&bench, 11), 0, "a new meaning is taken");
}

#[test]
fn a_filter_that_breaks_goes_on_filtering() {
    let bench = Bench::new();
    assert_eq!(alerts(&bench, 1), 1);
    bench.write("rules/filter.yaml", FILTER);
    assert_eq!(alerts(&bench, 2), 0, "filtered");
    for (number, (from, to)) in (3u32..).zip([
        ("not known_trader", "not known_tradr"),
        ("[su-35]", "[su-36]"),
        ("consignor|contains", "consignr|contains"),
        ("filter:", "filter: ["),
    ]) {
        bench.write("rules/filter.yaml", FILTER.replace(from, to));
        assert_eq!(alerts(&bench, number), 0, "{to}: the last good filter goes on");
        assert!(bench.mails_to("ops@example.org").iter().any(|mail| subject(mail).contains("filter.yaml:")), "{to}");
    }
    bench.write("rules/filter.yaml", FILTER.replace("AVIC", "SOMEBODY"));
    assert_eq!(alerts(&bench, 9), 1, "mended");
    std::fs::remove_file(bench.path("rules/filter.yaml")).unwrap();
    assert_eq!(alerts(&bench, 10), 1);
}

#[test]
fn a_rule_speaks_of_the_source_that_it_names() {
    let bench = Bench::new();
    let settings = std::fs::read_to_string(bench.path("tidewaiter.yaml")).unwrap();
    let two = settings
        .replace("sources:\n", "sources:\n  - { name: exports, folder: out, settle_for: 1ms, scan_every: 50ms }\n");
    bench.write("tidewaiter.yaml", two);
    std::fs::create_dir_all(bench.path("out")).unwrap();
    for (number, (product, expected)) in (1u32..).zip([("imports", 1), ("exports", 0), ("elsewhere", 1)]) {
        bench.write(
            "rules/su-35.yaml",
            RULE.replace("detection:", &format!("logsource: {{product: {product}}}\ndetection:")),
        );
        assert_eq!(alerts(&bench, number), expected, "{product}");
    }
    let checked = printed(&tidewaiter(&bench.path(""), &["check", "tidewaiter.yaml", "--format", "json"]).success());
    assert!(checked.contains("\"unknown-source\"") && checked.contains("\"note\""), "{checked}");
}

#[test]
fn explain_and_scan_tell_definitions_and_filters_by_name() {
    let bench = Bench::new();
    bench.write("rules/su-35.yaml", DEFINED);
    bench.write("rules/shared.yaml", DEFINITION);
    bench.write("export.csv", format!("{HEADER}{}", hit(1)));
    let found = printed(&tidewaiter(&bench.path(""), &["scan", "export.csv", "--format", "jsonl"]).success());
    let finding: serde_json::Value = serde_json::from_str(found.lines().next().unwrap()).unwrap();
    let selections: Vec<_> = finding["evidence"].as_array().unwrap().iter().map(|it| &it["selection"]).collect();
    assert_eq!(selections, ["goods", "to_rostec"]);

    bench.write("rules/filter.yaml", FILTER);
    let found = printed(&tidewaiter(&bench.path(""), &["scan", "export.csv", "--format", "jsonl"]).success());
    assert_eq!(found, "");
    let told = printed(&tidewaiter(&bench.path(""), &["explain", "su-35", "export.csv:2"]).success());
    for part in [
        "su-35 does not fire: `known-traders.known_trader` holds",
        "condition: (goods and to_rostec) and not known-traders.known_trader, by the filter `known-traders`",
        "yes  known-traders.known_trader",
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    let checked = printed(&tidewaiter(&bench.path(""), &["check", "rules", "--format", "json"]).success());
    assert!(!checked.contains("filter-"), "the example has no consignor: {checked}");
    bench.write(
        "rules/filter.yaml",
        FILTER.replace("consignor|contains: AVIC", "consignee: КРЭТ").replace("not known", "known"),
    );
    let checked = printed(&tidewaiter(&bench.path(""), &["check", "rules", "--format", "json"]).success());
    assert!(checked.contains("\"filter-inverted\""), "{checked}");
    bench.write("rules/filter.yaml", FILTER.replace("consignor|contains: AVIC", "consignee: КРЭТ"));
    let checked = printed(&tidewaiter(&bench.path(""), &["check", "rules", "--format", "json"]).success());
    assert!(checked.contains("\"filter-removes-example\""), "{checked}");
}

/// A block of the guide as a text of a rules folder; `None` for what is no rule, definition or filter.
fn as_text(number: usize, block: &str) -> Option<String> {
    let starts = |key: &str| block.lines().any(|line| line.starts_with(key));
    if starts("entities:") || starts("condition:") {
        return None;
    }
    if starts("define:") || starts("filter:") || starts("title:") {
        return Some(block.to_owned());
    }
    let head = format!("title: Block\nid: block-{number}\n");
    if starts("detection:") {
        return Some(head + block);
    }
    let selections: String = block.lines().map(|line| format!("  {line}\n")).collect();
    Some(format!("{head}detection:\n{selections}  condition: 1 of them\n"))
}

#[test]
fn every_example_of_the_guide_is_sound() {
    let bench = Bench::new();
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for below in ["lists", "watchlists", "layouts"] {
        for entry in std::fs::read_dir(shipped.join(below)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            bench.write(&format!("guide/{below}/{name}"), std::fs::read(entry.path()).unwrap());
        }
    }
    let named = std::fs::read(shipped.join("chpl-tier-1.yaml")).unwrap();
    bench.write("guide/chpl-tier-1.yaml", named);
    let guide = std::fs::read_to_string(shipped.join("../docs/rules.md")).unwrap();
    let blocks: Vec<&str> = guide.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 8, "{}", blocks.len());
    for (number, text) in blocks.iter().enumerate().filter_map(|(n, block)| Some((n, as_text(n, block)?))) {
        bench.write(&format!("guide/block-{number}.yaml"), text);
    }
    let checked = tidewaiter(&bench.path(""), &["check", "guide", "--format", "github"]);
    assert!(checked.get_output().status.success(), "{}", printed(&checked));
}
