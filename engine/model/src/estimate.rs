//! How long it will likely take, from how long it took.

use std::collections::BTreeMap;

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
        Some(Self { median: rank(50)?, p95: rank(95)?, runs: u32::try_from(millis.len()).unwrap_or(u32::MAX) })
    }
}

/// What the runs of one runbook took, as a whole and step by step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations {
    whole: Vec<u64>,
    steps: BTreeMap<StepPath, Vec<u64>>,
}

impl Durations {
    /// Counts a run in, when it can tell anything: a live one that completed. The time in which nobody worked on it does
    /// not count.
    pub fn count(&mut self, records: &[Record]) {
        let live =
            matches!(records.first().map(|first| &first.entry), Some(Entry::RunStarted(started)) if started.mode == Mode::Live);
        let completed =
            records.iter().rposition(|record| matches!(&record.entry, Entry::SessionEnded { status: RunStatus::Completed }));
        let Some(last) = completed.filter(|_| live) else { return };
        let (mut whole, mut since) = (0, None);
        let mut steps: BTreeMap<_, u64> = BTreeMap::new();
        for record in &records[..=last] {
            match &record.entry {
                Entry::SessionStarted(session) if matches!(session.purpose, Purpose::Exec | Purpose::Resume) => {
                    since = Some(record.at);
                }
                Entry::SessionEnded { .. } => {
                    let took = since.take().map_or(0, |since| record.at.duration_since(since).as_millis());
                    // A clock that was set back in between tells nothing.
                    whole += u64::try_from(took).unwrap_or(0);
                }
                Entry::StepEnded(end) if matches!(end.outcome, Outcome::Succeeded(_) | Outcome::Missed(_)) => {
                    *steps.entry(&end.path).or_default() += end.millis.unwrap_or(0);
                }
                _ => {}
            }
        }
        self.whole.push(whole);
        for (path, millis) in steps {
            self.steps.entry(path.clone()).or_default().push(millis);
        }
    }

    /// How long a run will likely take.
    #[must_use]
    pub fn whole(&self) -> Option<Estimate> {
        Estimate::of(self.whole.clone())
    }

    /// How long each step will likely take.
    #[must_use]
    pub fn steps(&self) -> BTreeMap<StepPath, Estimate> {
        self.steps.iter().filter_map(|(path, millis)| Some((path.clone(), Estimate::of(millis.clone())?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_taken() {
        assert_eq!(Estimate::of(vec![]), None);
        assert_eq!(Estimate::of(vec![7]), Some(Estimate { median: 7, p95: 7, runs: 1 }));
        assert_eq!(Estimate::of(vec![9, 1, 5]), Some(Estimate { median: 5, p95: 9, runs: 3 }));
        assert_eq!(Estimate::of(vec![4, 1, 3, 2]), Some(Estimate { median: 2, p95: 4, runs: 4 }));
        assert_eq!(Estimate::of((1..=100).rev().collect()), Some(Estimate { median: 50, p95: 95, runs: 100 }));
    }
}
