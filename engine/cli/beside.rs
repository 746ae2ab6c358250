//! Runs of the same runbook that are not over when another one begins.
//!
//! Nothing forbids two at once: a runbook that must not run twice at a time says so with `lock`. But whoever starts the
//! second should know of the first.

use std::collections::BTreeSet;

use runbook_model::entry::{Entry, Mode, Record};
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;
use runbook_runtime::journal::{Journal, StateDir};

/// So many of the newest runs are looked at, of whatever runbook: one that goes on for longer is found by `runbook runs`.
pub(crate) const RECENT: usize = 50;

/// A line about each execution of a runbook that is not over; those that are `apart` need no look.
pub(crate) fn notices(state: &StateDir, runbook: &str, apart: &BTreeSet<RunId>) -> Vec<String> {
    let runs = state.runs().unwrap_or_default().into_iter().take(RECENT).filter(|run| !apart.contains(run));
    let is_live = |run: &RunId| state.run(*run).began_as(runbook).is_some_and(|started| started.mode == Mode::Live);
    let doing = runs.filter(is_live).filter_map(|run| doing(state, run));
    doing.map(|doing| format!("another run of `{runbook}` {doing}")).collect()
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use runbook_model::entry::Purpose;
    use runbook_runtime::journal::Holder;

    use super::*;
    use crate::rehearsal::Past;

    /// 2026-11-21T03:00:00Z, in milliseconds.
    const NIGHT: u64 = 1_795_230_000_000;

    fn made(state: &StateDir, minute: u64) -> Journal {
        let (name, host, boot) = ("ada".to_owned(), "db7".to_owned(), "boot".to_owned());
        let holder = Holder { name, host, pid: 1, boot, since: Timestamp::UNIX_EPOCH, purpose: Purpose::Exec };
        Journal::create(&state.run(RunId::from_parts(NIGHT + minute * 60_000, 1)), &holder).unwrap()
    }

    fn begin(journal: &Journal, runbook: &str) {
        let started = serde_json::json!({
            "runbook": runbook, "title": "", "mode": "live", "params": {}, "sources": [], "root": "/"
        });
        let started = Entry::RunStarted(Box::new(serde_json::from_value(started).unwrap()));
        journal.append(started, Timestamp::UNIX_EPOCH).unwrap();
    }

    /// One may have its directory, and nothing in it yet; of another one the name is older than its directory, or than the clock.
    #[test]
    fn what_begins_behind_the_look_at_earlier_runs_is_told_of() {
        let home = tempfile::tempdir().unwrap();
        let state = StateDir::open(&home.path().join("state")).unwrap();
        let (main, other) = (made(&state, 2), made(&state, 3));
        let past = Past::of(&state, "main");
        let late = made(&state, 1);
        let told = || notices(&state, "main", past.apart());
        assert!(told().is_empty(), "nothing has begun: {:?}", told());
        begin(&main, "main");
        begin(&other, "other");
        begin(&late, "main");
        let told = told();
        assert!(told.len() == 2 && told.iter().all(|told| told.contains("is at work") && told.contains("by `ada`")), "{told:?}");
    }
}
