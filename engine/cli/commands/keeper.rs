//! `runbook keeper`: the process that owns the commands of a run. The engine starts it; people never do.

use std::path::PathBuf;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Own the commands of one run
#[derive(Debug, clap::Args)]
pub struct Keeper {
    /// The keeper's directory in the run
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// The name of the verb, by which the engine starts it.
pub const VERB: &str = "keeper";

/// Owns them until none is left and nobody asks.
///
/// # Errors
/// The directory is not that of a run, or another keeper has it.
pub fn run(keeper: &Keeper) -> Result<ExitCode, Failure> {
    let code = runbook_runtime::keeper::serve(&keeper.dir);
    if code == std::process::ExitCode::SUCCESS { Ok(ExitCode::Completed) } else { Ok(ExitCode::Refused) }
}
