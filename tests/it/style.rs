//! Style: what `check` says of rules that work and that a careful author would write otherwise, in tests/it/style/.

use std::path::Path;
use std::process::Command;

fn check(arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("check").args(arguments).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn every_note_on_style_stands_at_its_place_and_fails_nothing() {
    let (shown, code) = check(&["tests/it/style"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(shown);
}

#[test]
fn the_shipped_rules_give_no_note() {
    let (shown, code) = check(&["rules"]);
    assert!(shown.starts_with("0 errors, 0 warnings, 0 notes in "), "{shown}");
    assert_eq!(code, 0);
}

#[test]
fn a_file_of_ten_thousand_slips_is_told_in_a_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let slips: String = (0..10_000).map(|number| format!("    colour{number}: red\n")).collect();
    let text = format!("title: T\nid: t\ndetection:\n  s:\n{slips}  condition: s\n");
    std::fs::write(folder.path().join("t.yaml"), text).unwrap();
    let (shown, code) = check(&[&Path::new(folder.path()).display().to_string()]);
    assert!(shown.contains("and 9900 more problems in this file"), "{}", &shown[shown.len() - 400..]);
    assert!(shown.contains("\n100 errors, 0 warnings, 1 note in 1 file"), "{}", &shown[shown.len() - 400..]);
    assert_eq!(code, 1);
}
