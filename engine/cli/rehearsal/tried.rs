//! When runbooks were last tried: rehearsed or run, to an end that counts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::status::RunStatus;

use crate::history::{History, RunLine};

/// So many of the newest runs are looked at.
const RECENT: usize = 20_000;

/// The last good end of each runbook, in any environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastTried {
    at: BTreeMap<String, Timestamp>,
    runs: usize,
}

impl LastTried {
    /// Looks through the runs, the newest first, until something is known of each of these runbooks.
    #[must_use]
    pub fn of(history: &History, runbooks: &[String]) -> Self {
        let mut runs = history.runs().unwrap_or_default();
        runs.truncate(RECENT);
        let mut tried = Self { runs: runs.len(), ..Self::default() };
        for part in runs.chunks(500) {
            let missing: Vec<_> = runbooks.iter().filter(|name| !tried.at.contains_key(*name)).collect();
            if missing.is_empty() {
                break;
            }
            // What cannot be read is no proof of anything, and not for this to complain about.
            let (lines, _) = history.lines(part, part.len(), |_| true, |line| counts(line) && missing.contains(&&line.runbook));
            for line in lines {
                let at = tried.at.entry(line.runbook).or_insert(line.worked_until);
                *at = line.worked_until.max(*at);
            }
        }
        tried
    }

    /// Whether no run is known at all: then nothing can be said of any runbook.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.runs == 0
    }

    /// When a runbook was tried last.
    #[must_use]
    pub fn at(&self, runbook: &str) -> Option<Timestamp> {
        self.at.get(runbook).copied()
    }
}

/// A rehearsal that came to its end, or a run that did what it should. One that failed has shown that the runbook does not work.
fn counts(line: &RunLine) -> bool {
    !line.damaged && matches!(line.status, RunStatus::Rehearsed { .. } | RunStatus::Completed)
}
