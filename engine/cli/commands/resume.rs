//! `runbook resume`: goes on with a run.

use crate::commands::exec::RunPrefix;

/// Go on with a run that stopped, behind its last finished step
///
/// Finished steps are not done again: their recorded results are used. A step that was in flight is found out about, and
/// never guessed at.
#[derive(Debug, clap::Args)]
pub struct Resume {
    /// The run, or a unique prefix of its id; otherwise the newest one that is not finished
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// Go on with the runbook as it is now, although it was edited since the run started
    #[arg(long)]
    pub adopt: bool,
    /// Answer every yes-or-no confirm with yes
    #[arg(long)]
    pub yes: bool,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}
