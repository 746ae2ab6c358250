//! `runbook completions`: completions for shells.

use std::ffi::OsString;

use clap::Parser as _;

use crate::completing::{Asked, Shell};
use crate::failure::Failure;
use crate::output;

/// The verb by which a shell asks what could come next. It stands outside of the command line: it has to be quick, and
/// whatever is wrong with it, nobody wants to read that in the middle of typing.
pub const VERB: &str = "complete";

/// Print completions for a shell
///
/// The shell then completes verbs and options, runbooks, the parameters of the one that is typed, environments, runs and
/// their steps, and error codes. For bash: `source <(runbook completions bash)` in `~/.bashrc`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the script that has the shell ask.
///
/// # Errors
/// Standard output cannot take it.
pub fn run(completions: &Completions) -> Result<(), Failure> {
    output::to_stdout(completions.shell.script())
}

/// Answers a shell. A question that cannot be understood has no answer, and no error either.
///
/// # Errors
/// Standard output cannot take it.
pub fn complete(line: &[OsString]) -> Result<(), Failure> {
    let line = line.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let told = Asked::try_parse_from(line).map(Asked::told).unwrap_or_default();
    output::to_stdout(&told)
}
