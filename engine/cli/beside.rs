//! Runs of the same runbook that are not over when another one begins.
//!
//! Nothing forbids two at once: a runbook that must not run twice at a time says so with `lock`. But whoever starts the
//! second should know of the first.

use runbook_model::entry::{Entry, Mode, Record};
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;
use runbook_runtime::journal::{Journal, StateDir};

/// A line about each execution of a runbook that is not over: of those that were `known` not to be, and of what began behind the
/// `newest` run of that time.
pub(crate) fn notices(state: &StateDir, runbook: &str, (known, newest): (&[RunId], Option<RunId>)) -> Vec<String> {
    let later = state.runs().unwrap_or_default().into_iter().take_while(|run| newest.is_none_or(|newest| *run > newest));
    let is_live = |run: &RunId| state.run(*run).began_as(runbook).is_some_and(|started| started.mode == Mode::Live);
    let runs = later.filter(is_live).chain(known.iter().copied());
    runs.filter_map(|run| doing(state, run)).map(|doing| format!("another run of `{runbook}` {doing}")).collect()
}

fn doing(state: &StateDir, run: RunId) -> Option<String> {
    let dir = state.run(run);
    let waits = match Journal::ending(&dir) {
        Ok(Some(Record { entry: Entry::SessionEnded { status: RunStatus::Suspended { .. } }, .. })) => true,
        Ok(Some(Record { entry: Entry::SessionEnded { .. }, .. })) => return None,
        _ => false,
    };
    match dir.held() {
        Ok(Some(held)) => {
            let who = held.holder.map(|holder| format!(", by {holder}")).unwrap_or_default();
            Some(format!("is at work: {run}{who}"))
        }
        _ => waits.then(|| format!("waits for an answer: {run}")),
    }
}
