//! `runbook confined`: becomes another program that may only read. The engine starts it in rehearsals; people never do.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use runbook_runtime::confinement;

use crate::output;

/// Become a program that may not write
#[derive(Debug, clap::Args)]
pub struct Confined {
    /// Where it may write all the same
    #[arg(value_name = "DIR")]
    pub scratch: PathBuf,
    /// The program and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub command: Vec<OsString>,
}

/// What a shell says of a program that was found and cannot be started.
const NOT_STARTED: u8 = 126;

/// Restricts itself and becomes the program; returns only when that fails.
#[must_use]
pub fn run(confined: &Confined) -> std::process::ExitCode {
    let why = match (confinement::enter(Some(&confined.scratch)), confined.command.split_first()) {
        // Rather not at all than without the restriction.
        (Err(not), _) => not.to_string(),
        (Ok(()), Some((program, arguments))) => std::process::Command::new(program).args(arguments).exec().to_string(),
        (Ok(()), None) => "there is no program".to_owned(),
    };
    output::to_stderr(&format!("{why}\n"));
    NOT_STARTED.into()
}
