//! The JSON Schemas, judged by a validator of another house: every shipped file is valid, and wrong files are not.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::commands::{printed, tidewaiter};

const SUBJECTS: [(&str, &str); 5] =
    [("rule", ""), ("list", "lists"), ("watchlist", "watchlists"), ("layout", "layouts"), ("config", "")];

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// Each document of a text, valid or with what is wrong.
fn check(subject: &str, text: &str) -> Vec<Result<(), String>> {
    let printed = printed(&tidewaiter(&rules(), &["schema", subject]).success());
    let schema: Value = serde_json::from_str(&printed).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("schema.json", schema).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    let documents: Vec<Value> = serde_yaml::from_multiple(text).unwrap();
    assert!(!documents.is_empty(), "{text}");
    documents.iter().map(|document| schemas.validate(document, index).map_err(|error| error.to_string())).collect()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    files
}

#[test]
fn every_shipped_file_names_its_schema_and_is_valid_by_it() {
    let mut seen = 0;
    for (subject, below) in SUBJECTS.into_iter().filter(|(subject, _)| *subject != "config") {
        for path in yaml_files(&rules().join(below)) {
            let subject = if path.to_string_lossy().ends_with(".test.yaml") { "test" } else { subject };
            let text = std::fs::read_to_string(&path).unwrap();
            let up = if below.is_empty() { "" } else { "../" };
            let line = format!("# yaml-language-server: $schema={up}.schema/{subject}.json");
            assert_eq!(text.lines().next(), Some(line.as_str()), "first line of {}", path.display());
            for valid in check(subject, &text) {
                assert_eq!(valid, Ok(()), "{}", path.display());
            }
            seen += 1;
        }
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn init_writes_the_schemas_that_its_files_name_and_its_configuration_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    tidewaiter(folder.path(), &["init", "."]).success();
    let config = std::fs::read_to_string(folder.path().join("tidewaiter.yaml")).unwrap();
    assert!(config.starts_with("# yaml-language-server: $schema=rules/.schema/config.json\n"));
    assert_eq!(check("config", &config), [Ok(())]);
    let rule = folder.path().join("rules/.schema/rule.json");
    let first = std::fs::read_to_string(&rule).unwrap();
    std::fs::write(&rule, "{}").unwrap();
    tidewaiter(folder.path(), &["schema", "--into", "rules"]).success();
    assert_eq!(std::fs::read_to_string(&rule).unwrap(), first, "an older schema is replaced");
    for (subject, _) in SUBJECTS {
        assert!(folder.path().join(format!("rules/.schema/{subject}.json")).exists(), "{subject}");
    }
    tidewaiter(folder.path(), &["check", "rules"]).success();
}

#[test]
fn wrong_files_are_not_valid() {
    const RULE: &str = "title: a\nid: a\ndetection: {x: {hs_code: 1}, condition: x}\n";
    for (subject, text) in [
        ("rule", "title: a\nid: a\n"),
        ("rule", &RULE.replace("id: a", "id: A b")),
        ("rule", &RULE.replace("title", "titel")),
        ("rule", &format!("{RULE}level: kritical\n")),
        ("rule", &format!("{RULE}alert: {{too: x}}\n")),
        ("rule", &format!("{RULE}examples: {{fires: x}}\n")),
        ("rule", "title: a\nid: a\ndetection: {x: {hs_code: 1}}\n"),
        ("rule", "define: []\n"),
        ("rule", "title: a\nfilter: {x: {hs_code: 1}, condition: not x}\n"),
        ("rule", "- a\n"),
        ("list", "title: a\n"),
        ("list", "values: [{a: b}]\n"),
        ("list", "values: [a]\nvalue: b\n"),
        ("watchlist", "entities: [{id: a}]\n"),
        ("watchlist", "entities: [{id: a, name: b, alias: [c]}]\n"),
        ("watchlist", "- {id: a, name: b, parents: [{percent: 51}]}\n"),
        ("layout", "layout: a\n"),
        ("layout", "layout: a\nfields: {consigne: [b]}\n"),
        ("layout", "layout: a\nfields: {hs_code: [b]}\ndate_order: ymd\n"),
        ("config", "sources: []\n"),
        ("config", "sources: []\nmail: {transport: x, from: y}\nrecipients: {}\nsource: x\n"),
        ("test", "tests: [{record: {}}]\n"),
        ("test", "tests: [{file: a, fires: [b]}]\n"),
        ("test", "tests: [{record: {}, fires: [], rules: x}]\n"),
        ("test", "test: []\n"),
    ] {
        assert!(check(subject, text).iter().any(Result::is_err), "{subject}: {text}");
    }
    assert_eq!(check("rule", RULE), [Ok(())]);
    let documents =
        "define: {a: {hs_code: 1}}\n---\ntitle: b\nfilter: {rules: any, x: {hs_code: 1}, condition: not x}\n";
    assert_eq!(check("rule", documents), [Ok(()), Ok(())]);
}
