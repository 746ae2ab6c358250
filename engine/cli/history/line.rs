//! A run in one line.

use jiff::Timestamp;
use runbook_model::entry::{Entry, Mode, Record};
use runbook_model::id::RunId;
use runbook_model::status::RunStatus;
use serde::Serialize;

/// The word for a run that a process should be at work on, and none is.
pub const DIED: &str = "died";
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
    /// What it is.
    #[serde(flatten)]
    pub status: RunStatus,
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
            status,
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
            status: RunStatus::Running,
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
            _ => self.status.word(),
        }
    }

    /// From its start to its last record, in milliseconds.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.last.as_millisecond().saturating_sub(self.started.as_millisecond())).unwrap_or(0)
    }
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
        assert_eq!(RunLine::of(&records[1..], true), None);
    }

    #[test]
    fn a_run_that_cannot_be_read_has_a_line_all_the_same() {
        let line = RunLine::unread(RunId::from_parts(1_795_230_000_000, 7));
        assert_eq!((line.word(), line.started.to_string().as_str()), ("damaged", "2026-11-21T03:00:00Z"));
    }
}
