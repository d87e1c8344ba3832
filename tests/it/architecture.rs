//! The walls of the house: which module may name which, read from the source with `syn`.
//!
//! In: every `src/**/*.rs`, and ARCHITECTURE.md and CONTRIBUTING.md. Out: a failure that lists each path over a wall.
//! Code under `#[cfg(test)]` is exempt. Nothing here reads lines: comments and strings are not paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// What each module at the top of `src` may name. What is not here is over a wall.
const ALLOWED: &[(&str, &[&str])] = &[
    // leaves
    ("problem", &[]),
    ("text", &[]),
    ("value", &["text"]),
    ("yaml", &["problem"]),
    // nouns
    ("record", &[]),
    ("rule_card", &[]),
    ("finding", &["record", "rule_card"]),
    ("alert", &["finding", "record", "rule_card"]),
    ("notification", &[]),
    ("silence", &["record", "rule_card"]),
    ("prose", &["finding", "record", "rule_card", "text", "value"]),
    // steps, upstream first
    ("intake", &["problem", "record", "text", "value", "yaml"]),
    ("watch", &["intake"]),
    ("party", &["text", "value"]),
    ("watchlist", &["party", "problem", "text", "value", "yaml"]),
    ("rules", &["finding", "problem", "record", "rule_card", "text", "value", "yaml"]),
    ("evaluate", &["finding", "party", "problem", "record", "rule_card", "rules", "text", "value", "watchlist"]),
    ("desk", &["evaluate", "finding", "intake", "problem", "record", "rule_card", "rules", "watchlist", "yaml"]),
    ("pipeline", &["desk", "evaluate", "finding", "intake", "problem", "record", "rules", "watchlist"]),
    ("triage", &["alert", "finding", "notification", "record", "rule_card"]),
    ("ledger", &["alert", "finding", "notification", "record", "rule_card", "silence"]),
    ("deliver", &["alert", "finding", "notification", "problem", "prose", "record", "rule_card", "text", "value"]),
    // the rim
    ("config", &["deliver", "finding", "intake", "problem", "record", "rule_card", "triage", "yaml"]),
    ("telemetry", &[]),
    (
        "daemon",
        &[
            "alert",
            "config",
            "deliver",
            "desk",
            "evaluate",
            "finding",
            "intake",
            "ledger",
            "notification",
            "party",
            "pipeline",
            "problem",
            "record",
            "rule_card",
            "rules",
            "silence",
            "telemetry",
            "text",
            "triage",
            "value",
            "watch",
            "watchlist",
            "yaml",
        ],
    ),
    (
        "cli",
        &[
            "alert",
            "config",
            "daemon",
            "deliver",
            "desk",
            "evaluate",
            "finding",
            "intake",
            "ledger",
            "notification",
            "party",
            "pipeline",
            "problem",
            "prose",
            "record",
            "rule_card",
            "rules",
            "silence",
            "telemetry",
            "text",
            "triage",
            "value",
            "watch",
            "watchlist",
            "yaml",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates at the edge of the house, and the one module that names each.
const EDGE_CRATES: &[(&str, &str)] = &[
    ("calamine", "intake"),
    ("granit_parser", "yaml"),
    ("html5ever", "intake"),
    ("lettre", "deliver"),
    ("notify", "watch"),
    ("parquet", "intake"),
    ("sevenz_rust2", "intake"),
    ("sqlx", "ledger"),
    ("zip", "intake"),
];

/// Where files, clock and network are met; everywhere else `clippy.toml` forbids them.
const RIM: &[&str] = &["cli", "config", "daemon", "deliver", "desk", "intake", "ledger", "telemetry", "watch"];

/// Where functions may be `async`; evaluation runs on blocking threads.
const ASYNC: &[&str] = &["cli", "daemon", "deliver", "ledger", "telemetry", "watch"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One source file as the visitor saw it.
struct Source {
    /// `["rules", "modifier", "hs"]`; `["lib"]` and `["main"]` for the roots.
    module: Vec<String>,
    file: String,
    /// Modules at the top of `src` that it names.
    names: BTreeSet<String>,
    /// First segments of all other paths: the crates that it names are among them.
    crates: BTreeSet<String>,
    /// Modules in files of their own that exist for tests only.
    test_files: Vec<PathBuf>,
    is_async: bool,
    lifts_the_ban: bool,
    opens_with_a_doc: bool,
}

impl Source {
    fn top(&self) -> &str {
        &self.module[0]
    }
}

struct Reader {
    source: Source,
    /// The module that is being read, inline modules included.
    here: Vec<String>,
    /// The folder in which this file's `mod name;` lie.
    children: PathBuf,
}

fn only_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => {
            let condition = list.tokens.to_string();
            list.path.is_ident("cfg") && mentions_word(&condition, "test") && !mentions_word(&condition, "not")
        }
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::NameValue(_) => false,
    })
}

fn mentions_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

fn lifts_the_ban(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let lifts = list.path.is_ident("allow") || list.path.is_ident("expect");
    lifts && mentions_word(&list.tokens.to_string(), "disallowed_methods")
}

impl Reader {
    /// Writes down a path, given as its segments.
    fn note(&mut self, segments: &[String]) {
        let Some(first) = segments.first() else { return };
        let absolute = match first.as_str() {
            "crate" | "tidewaiter" => segments[1..].to_vec(),
            "self" => return,
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let kept = self.here.len().saturating_sub(ups);
                [&self.here[..kept], &segments[ups..]].concat()
            }
            _ => {
                self.source.crates.insert(first.clone());
                return;
            }
        };
        if let Some(top) = absolute.first() {
            self.source.names.insert(top.clone());
        }
    }

    fn use_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let joined = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&joined(&path.ident), &path.tree),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(before, tree)),
            syn::UseTree::Name(name) => self.note(&joined(&name.ident)),
            syn::UseTree::Rename(rename) => self.note(&joined(&rename.ident)),
            syn::UseTree::Glob(_) => self.note(&[before, &["*".to_owned()]].concat()),
        }
    }

    /// Paths inside a macro's tokens, which `syn` does not parse: runs of `name :: name`.
    fn tokens(&mut self, text: &str) {
        let mut run: Vec<String> = Vec::new();
        let mut joined = false;
        for word in outside_strings(text).replace("::", " :: ").split_whitespace().chain([""]) {
            let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
            if word == "::" {
                joined = !run.is_empty();
            } else if is_name && joined {
                run.push(word.to_owned());
                joined = false;
            } else {
                if run.len() > 1 {
                    self.note(&run);
                }
                run = if is_name { vec![word.to_owned()] } else { Vec::new() };
                joined = false;
            }
        }
    }
}

/// The text with every string literal emptied and punctuation set apart.
fn outside_strings(text: &str) -> String {
    let mut kept = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '"' {
            while let Some(inner) = letters.next() {
                match inner {
                    '\\' => drop(letters.next()),
                    '"' => break,
                    _ => {}
                }
            }
        } else if letter.is_alphanumeric() || letter == '_' || letter == ':' || letter.is_whitespace() {
            kept.push(letter);
        } else {
            kept.push_str(" . ");
        }
    }
    kept
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        self.source.lifts_the_ban |= lifts_the_ban(attribute);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !only_for_tests(attributes) {
            visit::visit_item(self, item);
        } else if let syn::Item::Mod(syn::ItemMod { content: None, ident, .. }) = item {
            self.source.test_files.push(self.children.join(format!("{ident}.rs")));
            self.source.test_files.push(self.children.join(ident.to_string()).join("mod.rs"));
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.here.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.here.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.note(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.source.is_async |= signature.asyncness.is_some();
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.source.is_async = true;
        visit::visit_expr_async(self, block);
    }
}

/// `src/rules/modifier/hs.rs` → `["rules", "modifier", "hs"]`; a `mod.rs` is its folder.
fn module_of(relative: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        relative.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

fn read_text(relative: &Path, text: &str) -> Source {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", relative.display()));
    let module = module_of(relative);
    let is_front_door = relative.ends_with("mod.rs") || module == ["lib"] || module == ["main"];
    let children = if is_front_door { relative.parent().unwrap().to_owned() } else { relative.with_extension("") };
    let source = Source {
        file: format!("src/{}", relative.display()),
        names: BTreeSet::new(),
        crates: BTreeSet::new(),
        test_files: Vec::new(),
        is_async: false,
        lifts_the_ban: parsed.attrs.iter().any(lifts_the_ban),
        opens_with_a_doc: text.starts_with("//!"),
        module: module.clone(),
    };
    let here = if module == ["lib"] || module == ["main"] { Vec::new() } else { module };
    let mut reader = Reader { source, here, children };
    if !only_for_tests(&parsed.attrs) {
        parsed.items.iter().for_each(|item| reader.visit_item(item));
    }
    reader.source
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file that is part of the program.
fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files);
    files.sort();
    let mut sources: Vec<Source> = files
        .iter()
        .map(|path| read_text(path.strip_prefix(&src).unwrap(), &std::fs::read_to_string(path).unwrap()))
        .collect();
    let tests: BTreeSet<String> =
        sources.iter().flat_map(|source| &source.test_files).map(|path| format!("src/{}", path.display())).collect();
    sources.retain(|source| !tests.contains(&source.file));
    assert!(sources.len() > 20, "the walk over src found only {} files", sources.len());
    sources
}

fn over_the_wall(source: &Source) -> Vec<String> {
    let top = source.top();
    let allowed = ALLOWED.iter().find(|(module, _)| *module == top).map(|(_, allowed)| *allowed);
    let may = |name: &str| name == top || allowed.is_some_and(|allowed| allowed.contains(&name));
    let named = source.names.iter().filter(|name| !may(name));
    named.map(|name| format!("{}: `{top}` may not name `{name}`", source.file)).collect()
}

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_module_names_one_that_it_may_not() {
    none(sources().iter().flat_map(over_the_wall).collect());
}

#[test]
fn every_module_has_its_place_in_the_table_and_the_table_has_no_cycle() {
    let tops: BTreeSet<String> = sources().iter().map(|source| source.top().to_owned()).collect();
    let known: BTreeSet<String> = ALLOWED.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(tops, known);
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    while placed.len() < ALLOWED.len() {
        let next = ALLOWED
            .iter()
            .find(|(module, allowed)| !placed.contains(module) && allowed.iter().all(|name| placed.contains(name)));
        placed.insert(next.expect("the modules that are left name each other in a circle").0);
    }
}

#[test]
fn each_edge_crate_is_named_in_one_module() {
    let mut faults = Vec::new();
    for source in sources() {
        for (name, home) in EDGE_CRATES {
            if source.crates.contains(*name) && source.top() != *home {
                faults.push(format!("{}: only `{home}` may name the crate `{name}`", source.file));
            }
        }
    }
    none(faults);
}

#[test]
fn only_the_rim_lifts_the_ban_on_files_clock_and_network() {
    let faults = sources().into_iter().filter(|source| source.lifts_the_ban && !RIM.contains(&source.top()));
    // lib.rs lifts it for tests alone, inside a `cfg_attr`.
    none(faults.map(|source| format!("{}: a pure module allows `disallowed_methods`", source.file)).collect());
    let ban = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    assert!(ban.contains("disallowed-methods"));
    for path in ["std::fs::read", "std::time::SystemTime::now", "std::net::TcpStream::connect"] {
        assert!(ban.contains(path), "clippy.toml does not forbid {path}");
    }
}

#[test]
fn only_the_rim_is_async() {
    let faults = sources().into_iter().filter(|source| source.is_async && !ASYNC.contains(&source.top()));
    none(faults.map(|source| format!("{}: `async` outside the rim", source.file)).collect());
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let faults = sources().into_iter().filter(|source| !source.opens_with_a_doc);
    none(faults.map(|source| format!("{}: opens without `//!`", source.file)).collect());
}

#[test]
fn every_path_that_the_guides_name_exists() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for guide in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(guide)).unwrap();
        for quoted in text.split('`').skip(1).step_by(2) {
            let roots = ["src/", "tests/", "rules/", "examples/", "docs/", "benches/", "systemd/", ".ci/"];
            let plain = !quoted.contains(|c: char| c.is_whitespace() || "*<>{}…".contains(c));
            if plain && roots.iter().any(|root| quoted.starts_with(root)) {
                seen += 1;
                if !root().join(quoted).exists() {
                    faults.push(format!("{guide}: `{quoted}` is not there"));
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} paths found in the guides");
    none(faults);
}

#[test]
fn every_invariant_of_the_architecture_names_a_test_that_exists() {
    let guide = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let invariants = guide.split("## Invariants").nth(1).expect("a section `Invariants`");
    let mut code = Vec::new();
    files_below(&root().join("tests"), &mut code);
    files_below(&root().join("src"), &mut code);
    let code: String = code.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let lines = invariants.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what"));
    for line in lines {
        let test = line.rsplit('`').nth(1).unwrap_or_else(|| panic!("no test is named in {line}"));
        let there = code.contains(&format!("fn {test}(")) || root().join(test).exists();
        assert!(there, "the test `{test}` is not there");
    }
}

#[test]
fn the_reader_sees_every_way_to_name_a_module() {
    let check = |text: &str, expected: &[&str]| {
        let source = read_text(Path::new("rules/modifier/hs.rs"), text);
        assert_eq!(source.names.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{text}");
    };
    check("use crate::{evaluate::Plan, text};", &["evaluate", "text"]);
    check("use super::super::super::ledger::Ledger;", &["ledger"]);
    check("use super::Question;", &["rules"]);
    check("fn f(a: crate::cli::X<tidewaiter::daemon::Y>) {}", &["cli", "daemon"]);
    check("fn f() { let a = vec![crate::deliver::send(\"crate::watch::x\")]; }", &["deliver"]);
    check("mod inner { use super::super::super::super::watch; }", &["watch"]);
    check("use crate::*;", &["*"]);
    check("#[cfg(test)] mod tests { use crate::ledger::Ledger; }", &[]);
    check("// crate::ledger\nfn f() {}", &[]);
}

#[test]
fn a_path_over_a_wall_is_told_with_its_file() {
    let source = read_text(Path::new("evaluate/bind.rs"), "//! x\nuse crate::ledger::Ledger;");
    assert_eq!(over_the_wall(&source), ["src/evaluate/bind.rs: `evaluate` may not name `ledger`"]);
}
