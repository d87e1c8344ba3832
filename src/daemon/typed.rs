//! Commands as somebody types them: with the configuration, where a command would not find it by itself.

use std::path::Path;

use super::wrong::quoted;

/// The commands that are about a configuration; `check` takes it without a flag.
const CONFIGURED: [&str; 11] =
    ["backup", "discard", "findings", "outbox", "release", "retry", "rules", "run", "silence", "status", "watchlist"];

/// A text with the configuration put into each `tidewaiter COMMAND` in it; as it is, when none need be named.
pub fn typed(text: &str, config: Option<&Path>) -> String {
    let Some(config) = config.map(|path| quoted(&path.display().to_string())) else { return text.to_owned() };
    let mut pieces = text.split("tidewaiter ");
    let mut typed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(piece.len());
        let (command, rest) = piece.split_at(end);
        let named = match command {
            "check" => format!(" {config}"),
            _ if CONFIGURED.contains(&command) => format!(" -c {config}"),
            _ => String::new(),
        };
        typed += &format!("tidewaiter {command}{named}{rest}");
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_stands_where_each_command_takes_it() {
        let check = |text: &str, path: &str, expected: &str| assert_eq!(typed(text, Some(Path::new(path))), expected);
        check("tidewaiter outbox requeue 3", "t.yaml", "tidewaiter outbox -c t.yaml requeue 3");
        check("Run `tidewaiter check`.", "a b/t.yaml", "Run `tidewaiter check 'a b/t.yaml'`.");
        check(
            "tidewaiter release a.csv, or tidewaiter discard a.csv",
            "/srv/t.yaml",
            "tidewaiter release -c /srv/t.yaml a.csv, or tidewaiter discard -c /srv/t.yaml a.csv",
        );
        for other in ["systemctl restart tidewaiter", "`tidewaiter layout FILE`", "tidewaiter works"] {
            check(other, "t.yaml", other);
        }
        assert_eq!(typed("tidewaiter status", None), "tidewaiter status");
    }
}
