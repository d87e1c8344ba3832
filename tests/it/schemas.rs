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

/// The text with every setting that stands in a comment taken out of it; sentences, which begin with a capital letter or go
/// on from the line before, stay.
fn uncommented(config: &str) -> String {
    let mut lines = Vec::new();
    let mut in_a_setting = false;
    for line in config.lines() {
        let (indent, comment) = line.split_once("# ").unwrap_or((line, ""));
        let is_comment = indent.trim().is_empty() && !comment.is_empty();
        let key = comment.split_once(':').map_or("", |(key, _)| key);
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        in_a_setting = is_comment && (is_key || in_a_setting && comment.starts_with("  "));
        lines.push(if in_a_setting { format!("{indent}{comment}") } else { line.to_owned() });
    }
    lines.join("\n")
}

#[test]
fn every_setting_that_the_first_configuration_shows_in_a_comment_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    tidewaiter(folder.path(), &["init", "."]).success();
    let path = folder.path().join("tidewaiter.yaml");
    let config = uncommented(&std::fs::read_to_string(&path).unwrap());
    for key in ["routes", "telling", "timezone", "metrics", "canary", "    expect_every", "  user", "backup", "limits"]
    {
        assert!(config.lines().any(|line| line.starts_with(&format!("{key}:"))), "{key} in {config}");
    }
    let config = config.replace("transport: maildir:mail", "transport: smtp://relay.example.org:587");
    std::fs::write(&path, &config).unwrap();
    std::fs::write(folder.path().join("smtp-password"), "secret").unwrap();
    assert_eq!(check("config", &config), [Ok(())]);
    let shown = printed(&tidewaiter(folder.path(), &["check", "tidewaiter.yaml"]).success());
    assert!(shown.starts_with("0 errors, 0 warnings"), "{shown}");
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
