//! What stands in the file of a named lock: which run has it.

use std::fmt;

use jiff::Timestamp;
use runbook_model::id::RunId;
use serde::{Deserialize, Serialize};

/// A run's claim to a named lock. It outlives the process: a run that is not finished keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The run.
    pub run: RunId,
    /// Of which runbook.
    pub runbook: String,
    /// The login name of whoever took it.
    pub name: String,
    /// On which host.
    pub host: String,
    /// By which process; it may be gone.
    pub pid: u32,
    /// When.
    pub since: Timestamp,
    /// The lock that the run waits for meanwhile, so that runs that wait for each other find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, runbook, name, host, pid, since, waits_for: _ } = self;
        // Names are text that somebody chose: nothing in them may move the cursor.
        let (runbook, name, host) = (runbook.escape_debug(), name.escape_debug(), host.escape_debug());
        write!(f, "run {run} of `{runbook}` (`{name}` on `{host}`, pid {pid}, since {since:.0})")
    }
}
