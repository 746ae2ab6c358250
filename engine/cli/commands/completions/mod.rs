//! `runbook completions`: completions for shells, and the answers to what these ask.
//!
//! A shell hands over the words so far (`words`); they say which argument stands there (`slot`), and what that one takes
//! (`wants`) is looked up: runbooks, parameters, runs, steps. Looking takes no lock, writes nothing and is never heard of:
//! where something cannot be read there is nothing to offer.

mod answer;
mod names;
mod offer;
mod parameters;
mod runs;
mod scene;
mod shell;
mod slot;
#[cfg(test)]
mod tests;
mod wants;
mod words;

use std::ffi::OsString;

use clap::Parser as _;

use crate::failure::Failure;
use crate::output;

pub use answer::{Answer, Kind, answer};
pub use offer::Offer;
pub use shell::{Asked, Shell};

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
