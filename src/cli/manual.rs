//! `tidewaiter completions` and `tidewaiter man`: what a shell and `man` know of the program, made from the arguments
//! themselves, so that they never say something else than `--help`.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::{Arguments, CommandError, say};

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter completions bash > /etc/bash_completion.d/tidewaiter
  tidewaiter completions zsh > \"${fpath[1]}/_tidewaiter\"
  tidewaiter completions fish > ~/.config/fish/completions/tidewaiter.fish")]
pub struct Completions {
    /// Whose.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Print the manual page, or write the pages of all commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidewaiter man | man -l -
  tidewaiter man /usr/local/share/man/man1")]
pub struct Man {
    /// Where to write tidewaiter.1 and a page for each command; without it the main page is printed.
    folder: Option<PathBuf>,
}

/// Prints the completions.
pub fn completions(command: &Completions) -> Result<(), CommandError> {
    let mut out = Vec::new();
    clap_complete::generate(command.shell, &mut Arguments::command(), "tidewaiter", &mut out);
    say(String::from_utf8_lossy(&out).trim_end());
    Ok(())
}

/// Prints or writes the pages.
pub fn man(command: &Man) -> Result<(), CommandError> {
    let Some(folder) = &command.folder else {
        let mut out = Vec::new();
        let page = clap_mangen::Man::new(Arguments::command());
        page.render(&mut out).map_err(CommandError::io(std::path::Path::new("the page")))?;
        say(String::from_utf8_lossy(&out).trim_end());
        return Ok(());
    };
    std::fs::create_dir_all(folder).map_err(CommandError::io(folder))?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(CommandError::io(folder))?;
    say(format!("wrote the pages into {}", folder.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example_of_itself() {
        for mut command in Arguments::command().get_subcommands().filter(|command| !command.is_hide_set()).cloned() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(help.contains(&format!("\n  tidewaiter {name}")), "{name}:\n{help}");
        }
    }
}
