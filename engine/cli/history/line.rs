//! A run in one line.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::entry::{Entry, Mode, Purpose, Record};
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;
use runbook_model::step::StepKind;
use serde::Serialize;

/// The word for a run that a process should be at work on, and none is.
pub const DIED: &str = "died";
/// The word for a run that waits for an answer, whether a process stands at the question or not.
const WAITING: &str = "waiting";
/// The word for a run whose journal cannot be read to its end.
pub const DAMAGED: &str = "damaged";

/// A run in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// The version of this shape.
    pub v: u32,
    /// The run.
    pub run: RunId,
    /// Of which runbook; empty when that cannot be read.
    pub runbook: String,
    /// Live or rehearsal.
    pub mode: Mode,
    /// In which environment.
    pub env: Option<String>,
    /// Who started it.
    pub operator: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// When its last record was written.
    pub last: Timestamp,
    /// When the last record was written that is no part of a review.
    pub worked_until: Timestamp,
    /// What it is.
    #[serde(flatten)]
    pub status: RunStatus,
    /// It stands at a question, which the person at its terminal is asked now.
    pub asks: bool,
    /// No process holds it although its journal says that one does.
    pub died: bool,
    /// Its journal cannot be read to its end: all else is what it was up to there.
    pub damaged: bool,
}

impl RunLine {
    /// Reads it from the records of a journal; `None` when the first one is not the start of a run.
    ///
    /// `held` says whether a process holds the run now.
    #[must_use]
    pub fn of(records: &[Record], held: bool) -> Option<Self> {
        let first = records.first()?;
        let Entry::RunStarted(started) = &first.entry else { return None };
        // A session that did not end leaves the run as it was at work: the lock tells whether it still is.
        let last_session = records.iter().rev().find_map(|record| match &record.entry {
            Entry::SessionEnded { status } => Some(status.clone()),
            Entry::SessionStarted(_) => Some(RunStatus::Running),
            Entry::RollbackStarted { .. } => Some(RunStatus::RollingBack),
            _ => None,
        });
        let status = last_session.unwrap_or(RunStatus::Running);
        let asks = held && status == RunStatus::Running && asks(records);
        let died = !held && matches!(status, RunStatus::Running | RunStatus::RollingBack);
        Some(Self {
            v: 1,
            run: first.run,
            runbook: started.runbook.clone(),
            mode: started.mode,
            env: started.env.clone(),
            operator: operator(records).map(str::to_owned),
            started: first.at,
            last: records.last().map_or(first.at, |record| record.at),
            worked_until: worked_until(records).unwrap_or(first.at),
            status,
            asks,
            died,
            damaged: false,
        })
    }

    /// The line of a run of which nothing can be read: its id says when it started.
    #[must_use]
    pub fn unread(run: RunId) -> Self {
        let millis = i64::try_from(run.unix_millis()).unwrap_or(i64::MAX);
        let started = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
        Self {
            v: 1,
            run,
            runbook: String::new(),
            mode: Mode::Live,
            env: None,
            operator: None,
            started,
            last: started,
            worked_until: started,
            status: RunStatus::Running,
            asks: false,
            died: false,
            damaged: true,
        }
    }

    /// One or two words: those of the status, or that its process died, or that it is damaged.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self { damaged: true, .. } => DAMAGED,
            Self { died: true, .. } => DIED,
            Self { asks: true, .. } => WAITING,
            _ => self.status.word(),
        }
    }

    /// Whether a process is at work on it.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        !self.died && !self.damaged && matches!(self.status, RunStatus::Running | RunStatus::RollingBack)
    }

    /// From its start to its last record that is no part of a review, in milliseconds; until `now` for one at work.
    #[must_use]
    pub fn millis(&self, now: Timestamp) -> u64 {
        let until = if self.is_at_work() { now.max(self.last) } else { self.worked_until };
        u64::try_from(until.as_millisecond().saturating_sub(self.started.as_millisecond())).unwrap_or(0)
    }
}

/// Whether all that goes on is a question: of several branches, others may still be at work.
fn asks(records: &[Record]) -> bool {
    let mut open = BTreeMap::new();
    for record in records {
        match &record.entry {
            Entry::StepIntended(intent) => {
                open.insert(&intent.path, matches!(intent.spec.kind, StepKind::Confirm(_)));
            }
            Entry::StepEnded(end) => drop(open.remove(&end.path)),
            Entry::StepSkipped { path, .. } | Entry::StepResolved { path, .. } => drop(open.remove(path)),
            _ => {}
        }
    }
    !open.is_empty() && open.values().all(|is_question| *is_question)
}

/// When the last record was written that is no part of a review.
fn worked_until(records: &[Record]) -> Option<Timestamp> {
    let mut reviews = false;
    let work = records.iter().filter(|record| {
        if let Entry::SessionStarted(session) = &record.entry {
            reviews = session.purpose == Purpose::Review;
        }
        !reviews
    });
    work.last().map(|record| record.at)
}

/// Who started a run, by its first records.
pub(crate) fn operator(records: &[Record]) -> Option<&str> {
    records.iter().find_map(|record| match &record.entry {
        Entry::SessionStarted(session) => Some(session.operator.name.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::reporters::example::Example;

    #[test]
    fn a_run_whose_process_died_is_told_apart_from_one_at_work() {
        let mut example = Example::live();
        let records = example.opening();
        assert_eq!(RunLine::of(&records, true).unwrap().word(), "running");
        assert_eq!(RunLine::of(&records, false).unwrap().word(), "died");
        assert!(!RunLine::of(&records, true).unwrap().asks);
        assert_eq!(RunLine::of(&records[1..], true), None);
    }

    #[test]
    fn a_run_that_cannot_be_read_has_a_line_all_the_same() {
        let line = RunLine::unread(RunId::from_parts(1_795_230_000_000, 7));
        assert_eq!((line.word(), line.started.to_string().as_str()), ("damaged", "2026-11-21T03:00:00Z"));
    }
}
