//! The guide of a first rule is replayed: each command of docs/first-rule.md is run, in its order, in an empty folder, and
//! must print what the guide says; each file that the guide shows is written as it stands.
//!
//! When the program says something else on purpose, `BLESS=1 cargo test first_rule` writes the new output into the guide.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/first-rule.md")
}

/// The guide with the output of every command as the program gives it now.
fn replay(text: &str, start: &Path) -> String {
    let mut told = String::new();
    let mut folder = start.to_owned();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        told.push_str(line);
        told.push('\n');
        let Some(block) = line.strip_prefix("```").filter(|block| !block.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match block.split_once(' ') {
            Some((_, path)) => {
                std::fs::write(folder.join(path), format!("{}\n", body.join("\n"))).unwrap();
                told.extend(body.iter().map(|line| format!("{line}\n")));
            }
            None if block == "console" => {
                for command in body.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    told.push_str(&format!("$ {command}\n{}", run(command, &mut folder)));
                }
            }
            None => told.extend(body.iter().map(|line| format!("{line}\n"))),
        }
        told.push_str("```\n");
    }
    told
}

/// What a terminal would show.
fn run(command: &str, folder: &mut PathBuf) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["cd", below] => {
            folder.push(below);
            String::new()
        }
        ["tidewaiter", arguments @ ..] => {
            // One file for both streams, so that their lines come in the order in which they are written.
            let shown = tempfile::NamedTempFile::new().unwrap();
            let stream = || Stdio::from(shown.as_file().try_clone().unwrap());
            let mut program = Command::new(env!("CARGO_BIN_EXE_tidewaiter"));
            program.args(arguments).current_dir(&*folder).env_clear().stdin(Stdio::null());
            program.stdout(stream()).stderr(stream()).status().unwrap();
            std::fs::read_to_string(shown.path()).unwrap()
        }
        _ => panic!("the guide runs a command that is not known here: {command}"),
    }
}

#[test]
fn the_guide_of_a_first_rule_shows_what_the_program_does() {
    let text = std::fs::read_to_string(guide()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = replay(&text, folder.path());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(guide(), &told).unwrap();
    }
    for (number, (said, does)) in text.lines().zip(told.lines()).enumerate() {
        assert_eq!(said, does, "docs/first-rule.md:{}; the program now says:\n{told}", number + 1);
    }
    assert_eq!(text.lines().count(), told.lines().count(), "the program now says:\n{told}");
}
