//! `runbook keeper`: the process that owns the commands of a run. The engine starts it; people never do.

use std::path::PathBuf;

/// Own the commands of one run
#[derive(Debug, clap::Args)]
pub struct Keeper {
    /// The keeper's directory in the run
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Acts as the keeper, until its engine has hung up and its commands have ended.
#[must_use]
pub fn run(keeper: &Keeper) -> std::process::ExitCode {
    runbook_runtime::keeper::serve(&keeper.dir)
}
