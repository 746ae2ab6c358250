//! Runs of the same runbook that are not over when another one begins.
//!
//! Nothing forbids two at once: a runbook that must not run twice at a time says so with `lock`. But whoever starts the
//! second should know of the first.

use runbook_model::entry::{Entry, Mode, Record};
use runbook_model::status::RunStatus;
use runbook_runtime::journal::{Journal, StateDir};

/// So many of the newest runs are looked at, of whatever runbook: one that goes on for longer is found by `runbook runs`.
const RECENT: usize = 50;

/// A line about each.
pub(crate) fn notices(state: &StateDir, runbook: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for run in state.runs().unwrap_or_default().into_iter().take(RECENT) {
        let dir = state.run(run);
        // Its last record first: of nearly all it says that they are over, and nothing else has to be looked at.
        let waits = match Journal::ending(&dir) {
            Ok(Some(Record { entry: Entry::SessionEnded { status: RunStatus::Suspended { .. } }, .. })) => true,
            Ok(Some(Record { entry: Entry::SessionEnded { .. }, .. })) => continue,
            _ => false,
        };
        let doing = match dir.held() {
            Ok(Some(held)) => {
                let who = held.holder.map(|holder| format!(", by {holder}")).unwrap_or_default();
                format!("is at work: {run}{who}")
            }
            _ if waits => format!("waits for an answer: {run}"),
            _ => continue,
        };
        if dir.began_as(runbook).is_some_and(|started| started.mode == Mode::Live) {
            lines.push(format!("another run of `{runbook}` {doing}"));
        }
    }
    lines
}
