//! How long runs took, and each of their steps: what an [`Estimate`] is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::entry::{Entry, Mode, Purpose, Record};
use crate::estimate::Estimate;
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::status::RunStatus;

/// What the steps of the runs of one runbook took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    steps: BTreeMap<StepPath, Vec<u64>>,
}

impl Durations {
    /// Counts a run in, of which all records were taken, when it can tell anything: a live one that completed.
    pub fn count(&mut self, watch: Watch) {
        if watch.whole().is_none() {
            return;
        }
        for (path, millis) in watch.steps {
            self.steps.entry(path).or_default().push(millis);
        }
    }

    /// How long each step will likely take.
    #[must_use]
    pub fn steps(&self) -> BTreeMap<StepPath, Estimate> {
        self.steps.iter().filter_map(|(path, millis)| Some((path.clone(), Estimate::of(millis.clone())?))).collect()
    }
}

/// Takes the time of one run, record by record. The time in which nobody worked on it does not count.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    live: bool,
    since: Option<Timestamp>,
    so_far: u64,
    /// What its steps took, up to the last time that it completed.
    steps: BTreeMap<StepPath, u64>,
    /// What they took since.
    newer: BTreeMap<StepPath, u64>,
    /// How long it had taken when it completed last.
    completed: Option<u64>,
}

impl Watch {
    /// How long it took as a whole, in milliseconds, when that can tell anything: a live run that completed.
    #[must_use]
    pub fn whole(&self) -> Option<u64> {
        self.completed.filter(|_| self.live)
    }

    /// Takes in the next record.
    pub fn take(&mut self, record: &Record) {
        match &record.entry {
            Entry::RunStarted(started) => self.live = started.mode == Mode::Live,
            Entry::SessionStarted(session) if matches!(session.purpose, Purpose::Exec | Purpose::Resume) => {
                self.since = Some(record.at);
            }
            Entry::SessionEnded { status } => {
                let took = self.since.take().map_or(0, |since| record.at.duration_since(since).as_millis());
                // A clock that was set back in between tells nothing.
                self.so_far += u64::try_from(took).unwrap_or(0);
                if *status == RunStatus::Completed {
                    self.completed = Some(self.so_far);
                    for (path, millis) in std::mem::take(&mut self.newer) {
                        *self.steps.entry(path).or_default() += millis;
                    }
                }
            }
            Entry::StepEnded(end) if matches!(end.outcome, Outcome::Succeeded(_) | Outcome::Missed(_)) => {
                *self.newer.entry(end.path.clone()).or_default() += end.millis.unwrap_or(0);
            }
            _ => {}
        }
    }
}
