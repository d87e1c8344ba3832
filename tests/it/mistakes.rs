//! What analysts do wrong: a file for each kind of mistake in tests/it/mistakes/, and beside it what `check` says of it.
//!
//! The folder is checked as a whole, as an analyst's would be: no file hides the problems of another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn check(arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("check").args(arguments).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

/// Every text of these folders, below tests/it/mistakes.
fn fixtures(folders: &[&str]) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mistakes");
    let mut found = BTreeSet::new();
    for below in folders {
        for entry in std::fs::read_dir(root.join(below)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.extension().is_some_and(|ending| ending != "snap") {
                found.insert(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// What is said of a fixture, held against what stands beside it.
fn hold(fixture: &str, told: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("mistakes");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(fixture.replace(['/', '.'], "-"), told));
}

#[test]
fn every_kind_of_mistake_is_told_at_its_place_with_what_to_do() {
    let (shown, code) = check(&["tests/it/mistakes"]);
    assert_eq!(code, 1);
    let (blocks, summary) = shown.trim_end().rsplit_once("\n\n").unwrap();
    let mut by_file: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for block in blocks.split("\n\n") {
        let (_, place) = block.split_once("--> tests/it/mistakes/").unwrap();
        by_file.entry(place.split(':').next().unwrap().trim().to_owned()).or_default().push(block);
    }
    let fixtures = fixtures(&["", "lists", "watchlists", "layouts"]);
    assert!(fixtures.len() >= 100, "{} kinds of mistake", fixtures.len());
    for file in &fixtures {
        let told = by_file.remove(file).map_or("nothing is wrong".to_owned(), |blocks| blocks.join("\n\n"));
        hold(file, &told);
    }
    assert_eq!(by_file, BTreeMap::new(), "problems of files that are not there");
    insta::assert_snapshot!(summary);
}

#[test]
fn every_slip_in_a_configuration_and_every_stranger_in_its_rules_is_told_at_its_place() {
    let fixtures = fixtures(&["configurations"]);
    assert!(!fixtures.is_empty());
    for file in fixtures {
        let (shown, code) = check(&[&format!("tests/it/mistakes/{file}")]);
        assert_ne!(code, 0, "{file}");
        hold(&file, &shown);
    }
}

#[test]
fn one_slip_is_told_once() {
    let (shown, _) = check(&["tests/it/mistakes", "--format", "json"]);
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in shown.lines() {
        let problem: serde_json::Value = serde_json::from_str(line).unwrap();
        if problem["severity"] == "error" {
            let text = |key: &str| problem[key].as_str().unwrap().to_owned();
            errors.entry(text("file")).or_default().push(text("code"));
        }
    }
    let several: Vec<_> = errors.into_iter().filter(|(_, codes)| codes.len() > 1).collect();
    let files: Vec<&str> = several.iter().map(|(file, _)| file.rsplit('/').next().unwrap()).collect();
    let meant = [
        "layout-field-misspelt.yaml",
        "layout-keys-misspelt.yaml",
        "rates.csv",
        "number-in-a-list.yaml",
        "two-slips-in-two-documents.yaml",
        "watchlist-keys-misspelt.yaml",
    ];
    assert_eq!(files, meant, "{several:?}");
}

#[test]
fn a_single_file_is_checked_in_the_light_of_its_folder() {
    let (shown, code) = check(&["tests/it/mistakes/entity-misspelt.yaml"]);
    assert!(shown.contains("did you mean `Rostec`?"), "{shown}");
    assert!(shown.ends_with("1 error, 0 warnings, 0 notes in 1 file; 0 rules can be used\n"), "{shown}");
    assert_eq!(code, 1);
    let (shown, code) = check(&["tests/it/mistakes/watchlists/firms.yaml"]);
    assert!(shown.starts_with("0 errors"), "{shown}");
    assert_eq!(code, 0);
}

#[test]
fn json_lines_name_place_code_hint_and_fix() {
    let (shown, _) = check(&["tests/it/mistakes/field-misspelt.yaml", "--format", "json"]);
    let problem: serde_json::Value = serde_json::from_str(&shown).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&problem).unwrap());
}

#[test]
fn github_annotations_escape_what_would_end_them() {
    let (shown, _) = check(&["tests/it/mistakes/list-misspelt.yaml", "--format", "github"]);
    let expected = "::error file=tests/it/mistakes/list-misspelt.yaml,line=6,col=21,title=unknown-list::\
                    there is no list `hub` (did you mean `hubs`?)\n";
    assert_eq!(shown, expected);
}

#[test]
fn sarif_has_a_result_for_each_problem_and_a_rule_for_each_code() {
    let (shown, _) = check(&["tests/it/mistakes/field-misspelt.yaml", "--format", "sarif"]);
    let mut log: serde_json::Value = serde_json::from_str(&shown).unwrap();
    log["runs"][0]["tool"]["driver"]["version"] = "VERSION".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

/// Codes given to `Problem::error`, `report.error` and their kin, as literals in the source.
fn codes_in_source() -> BTreeSet<String> {
    use syn::visit::{self, Visit};
    #[derive(Default)]
    struct Codes {
        told: BTreeSet<String>,
        words: BTreeSet<String>,
    }
    const MAKERS: [&str; 6] = ["error", "warning", "note", "whole_file", "warn", "wrong"];
    fn literal(expression: Option<&syn::Expr>) -> Option<String> {
        match expression {
            Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) => Some(text.value()),
            _ => None,
        }
    }
    impl<'a> Visit<'a> for Codes {
        fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
            if item.ident != "tests" {
                visit::visit_item_mod(self, item);
            }
        }
        fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
            if let syn::Expr::Path(path) = &*call.func {
                let names: Vec<String> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
                if let [.., of, maker] = names.as_slice()
                    && of == "Problem"
                    && MAKERS.contains(&maker.as_str())
                {
                    self.told.extend(literal(call.args.first()));
                }
            }
            visit::visit_expr_call(self, call);
        }
        fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
            if MAKERS.contains(&call.method.to_string().as_str()) {
                self.told.extend(literal(call.args.first()).filter(|code| is_code(code)));
            }
            visit::visit_expr_method_call(self, call);
        }
        fn visit_lit_str(&mut self, text: &'a syn::LitStr) {
            self.words.insert(text.value());
        }
    }
    fn is_code(text: &str) -> bool {
        text.contains('-')
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }
    let mut codes = Codes::default();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                codes.visit_file(&syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap());
            }
        }
    }
    // A code may reach its problem by way of a tuple or a constant.
    let table = tidewaiter::problem::code_table();
    codes.told.extend(codes.words.into_iter().filter(|word| table.iter().any(|row| row.code == word)));
    codes.told
}

#[test]
fn every_code_stands_in_the_table_and_every_code_of_the_table_is_used() {
    let listed: BTreeSet<String> = tidewaiter::problem::code_table().iter().map(|row| row.code.to_owned()).collect();
    let used = codes_in_source();
    let missing: Vec<_> = used.difference(&listed).collect();
    assert!(missing.is_empty(), "codes without a row in docs/problems.md: {missing:?}");
    let idle: Vec<_> = listed.difference(&used).collect();
    assert!(idle.is_empty(), "rows of docs/problems.md that no code uses: {idle:?}");
}
