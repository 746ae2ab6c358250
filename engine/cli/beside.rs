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
        let Some(Entry::RunStarted(started)) = dir.first_record().map(|record| record.entry) else { continue };
        if started.runbook != runbook || started.mode != Mode::Live {
            continue;
        }
        if let Ok(Some(held)) = dir.held() {
            let who = held.holder.map(|holder| format!(", by {holder}")).unwrap_or_default();
            lines.push(format!("another run of `{runbook}` is at work: {run}{who}"));
        } else if let Ok(Some(Record { entry: Entry::SessionEnded { status: RunStatus::Suspended { .. } }, .. })) =
            Journal::ending(&dir)
        {
            lines.push(format!("another run of `{runbook}` waits for an answer: {run}"));
        }
    }
    lines
}
