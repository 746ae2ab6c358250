//! `runbook rollback`: takes back what a run did.

use crate::commands::exec::RunPrefix;

/// Roll a run back, newest step first
///
/// Works on any earlier run, also on a completed one, over what it really did. Rolling back twice does nothing twice.
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// The run, or a unique prefix of its id
    #[arg(value_name = "RUN")]
    pub run: RunPrefix,
    /// Show what would be rolled back, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// Show the output of steps that succeed, too
    #[arg(long, short)]
    pub verbose: bool,
}
