//! Files that somebody may have to do something about. In: what the ledger says of files. Out: lines and JSON with the
//! reason and what to type.

use serde_json::json;

use super::files::lies;
use super::status::{file_json, problem, time};
use super::{CommandError, ConfigArgument};
use crate::config::Config;
use crate::ledger::{FileRow, FileState, Ledger};

/// Failed files that are listed; all of those that are held or wait are.
const FAILED_LISTED: usize = 20;

/// Files that are held, failed or wait for the rest of them.
pub(super) struct Attention {
    files: Vec<FileRow>,
    /// `tidewaiter`, and the configuration where it is not the usual one.
    config: ConfigArgument,
}

/// Reads them from the ledger, the newest of each kind first.
pub(super) async fn attention(
    config: &Config,
    ledger: &Ledger,
    argument: &ConfigArgument,
) -> Result<Attention, CommandError> {
    let mut files = ledger.files_in(FileState::Held).await?;
    let failed = ledger.files_in(FileState::Failed).await?;
    files.extend(failed.into_iter().filter(|file| lies(config, file).is_some()).take(FAILED_LISTED));
    files.extend(ledger.files_in(FileState::Waiting).await?);
    Ok(Attention { files, config: argument.clone() })
}

impl Attention {
    /// One object a file, with what to type.
    pub(super) fn json(&self) -> Vec<serde_json::Value> {
        let object = |file: &FileRow| {
            let mut object = file_json(file);
            object["looked_at_again"] = json!(file.look_again_at.map(time));
            object["to_do"] = json!(self.to_do(file).into_iter().map(|(_, typed)| typed).collect::<Vec<_>>());
            object
        };
        self.files.iter().map(object).collect()
    }

    /// Lines under a heading for each kind; none when there is nothing to do.
    pub(super) fn lines(&self) -> Vec<String> {
        let kinds = [
            (FileState::Held, "held, nobody was told anything of them:"),
            (FileState::Failed, "could not be read:"),
            (FileState::Waiting, "not whole yet:"),
        ];
        let mut lines = Vec::new();
        for (state, heading) in kinds {
            let mut files = self.files.iter().filter(|file| file.state == state).peekable();
            if files.peek().is_some() {
                lines.push(format!("\n{heading}"));
            }
            files.for_each(|file| lines.extend(self.about(file)));
        }
        lines
    }

    fn about(&self, file: &FileRow) -> Vec<String> {
        let problem = problem(file);
        let text = |key: &str| problem.get(key).and_then(|text| text.as_str());
        let why = text("message").unwrap_or("no reason is written down");
        let mut lines =
            vec![format!("  {:>5}  {} {} ({}): {why}", file.id, time(file.seen_at), file.name, file.source)];
        lines.extend(text("hint").map(|hint| format!("         {hint}")));
        lines.extend(self.to_do(file).into_iter().map(|(when, typed)| format!("         {when}: {typed}")));
        lines.extend(next(file, text("code")).map(|next| format!("         {next}")));
        lines
    }

    /// When, and what to type.
    fn to_do(&self, file: &FileRow) -> Vec<(&'static str, String)> {
        let usual = std::path::Path::new(super::USUAL_CONFIG);
        let with = match self.config.config == usual {
            true => String::new(),
            false => format!(" -c {}", self.config.config.display()),
        };
        let typed = |command: &str| format!("tidewaiter {command} {}{with}", file.id);
        match file.state {
            FileState::Held if file.look_again_at == Some(0) => Vec::new(),
            FileState::Held => vec![("it is right", typed("release")), ("it is wrong", typed("discard"))],
            FileState::Failed => vec![("it is mended", typed("retry"))],
            FileState::Waiting | FileState::Claiming | FileState::Work => Vec::new(),
            FileState::Finishing | FileState::Done | FileState::Duplicate => Vec::new(),
        }
    }
}

/// What comes of it when nobody does anything.
fn next(file: &FileRow, code: Option<&str>) -> Option<String> {
    let at = file.look_again_at?;
    match file.state {
        FileState::Held if at == 0 => Some("released: the daemon takes it at its next scan".to_owned()),
        FileState::Held if code == Some("held") => Some(format!("else it goes out under a banner on {}", time(at))),
        FileState::Held => Some(format!("else it is read again on {}", time(at))),
        FileState::Waiting => Some(format!("looked at again on {}", time(at))),
        FileState::Claiming | FileState::Work | FileState::Finishing => None,
        FileState::Done | FileState::Failed | FileState::Duplicate => None,
    }
}
