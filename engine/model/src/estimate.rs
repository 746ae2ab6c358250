//! How long it will likely take, from how long it took.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Mode, Purpose, Record};
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::status::RunStatus;

/// What earlier runs took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Half of them took this long or less.
    pub median: u64,
    /// 95 of 100 took this long or less. Of fewer than 20 it is the longest.
    pub p95: u64,
    /// How many they were; at least 1.
    pub runs: u32,
    /// The shortest; absent in journals that were written before it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortest: Option<u64>,
}

impl Estimate {
    /// From what each took; none without any.
    ///
    /// Both are nearest-rank percentiles, type 1 of Hyndman and Fan (1996): a time that was really taken, never one between
    /// two.
    #[must_use]
    pub fn of(mut millis: Vec<u64>) -> Option<Self> {
        millis.sort_unstable();
        let rank = |percent: usize| millis.get((millis.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        let runs = u32::try_from(millis.len()).unwrap_or(u32::MAX);
        Some(Self { median: rank(50)?, p95: rank(95)?, runs, shortest: millis.first().copied() })
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_taken() {
        let estimate = |shortest, median, p95, runs| Some(Estimate { median, p95, runs, shortest: Some(shortest) });
        assert_eq!(Estimate::of(vec![]), None);
        assert_eq!(Estimate::of(vec![7]), estimate(7, 7, 7, 1));
        assert_eq!(Estimate::of(vec![9, 1, 5]), estimate(1, 5, 9, 3));
        assert_eq!(Estimate::of(vec![4, 1, 3, 2]), estimate(1, 2, 4, 4));
        assert_eq!(Estimate::of((1..=100).rev().collect()), estimate(1, 50, 95, 100));
    }
}
