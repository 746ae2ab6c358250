//! `runbook completions`: completions for shells.

use clap_complete::Shell;

use crate::commands::arguments;
use crate::failure::Failure;
use crate::output;

/// Print completions for a shell
///
/// For bash: `runbook completions bash > ~/.local/share/bash-completion/completions/runbook`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints them.
///
/// # Errors
/// Standard output cannot take them.
pub fn run(completions: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut arguments::command(), "runbook", &mut script);
    output::to_stdout(&String::from_utf8_lossy(&script))
}
