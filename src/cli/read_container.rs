//! The reading child: a hidden command by which tidewaiter reads formats that may abort, at arm's length.
//!
//! In: an order as the argument, an open file as standard input. Out: frames on standard output, nothing else.

use std::fs::File;
use std::os::fd::AsFd;

use clap::Args;

use super::CommandError;

/// Read one file for a parent process.
#[derive(Debug, Args)]
pub struct ReadContainer {
    /// What the parent wants.
    order: String,
}

/// Runs the command.
pub fn read_container(command: &ReadContainer) -> Result<(), CommandError> {
    let failed = |cause: std::io::Error| CommandError::Environment(format!("standard streams: {cause}"));
    let input = std::io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let output = std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?;
    crate::intake::serve(&command.order, File::from(input), File::from(output))
        .map_err(|error| CommandError::Environment(error.message))
}
