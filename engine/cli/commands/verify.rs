//! `runbook verify`: proves the audit trail.

use crate::commands::exec::RunPrefix;

/// Prove that nobody edited the audit trail
///
/// Checks the chain of every journal, its sources and outputs, and that the trail only ever grew.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// One run, or a unique prefix of its id; otherwise all
    #[arg(value_name = "RUN")]
    pub run: Option<RunPrefix>,
    /// The head that you remember: it must be an ancestor of the trail as it is now
    #[arg(long, value_name = "COMMIT")]
    pub since: Option<String>,
}
