//! The runs, found and read.

use std::num::NonZero;
use std::path::PathBuf;

use runbook_model::entry::Record;
use runbook_model::id::RunId;
use runbook_runtime::journal::{Damaged, Held, Journal, NoSuchRun, ReadError, Reading, RunDir, StateDir, StorageFailure, Unfit};

use super::RunLine;
use crate::configuration::Configuration;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The runs of a state directory.
#[derive(Debug)]
pub struct History {
    pub(super) state: StateDir,
}

impl History {
    /// Opens the state directory; `None` when nothing was ever run: looking makes no directories.
    ///
    /// # Errors
    /// It is no directory, or cannot be found.
    pub fn open(configuration: &Configuration) -> Result<Option<Self>, Failure> {
        Ok(StateDir::look(&configuration.state_dir.value)?.map(|state| Self { state }))
    }

    /// The directory itself.
    #[must_use]
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// The run whose id begins with `prefix`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn find(&self, prefix: &str) -> Result<RunId, Failure> {
        Ok(self.state.find(prefix)?)
    }

    /// The directory of a run.
    #[must_use]
    pub fn dir(&self, run: RunId) -> RunDir {
        self.state.run(run)
    }

    /// The audit trail.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.state.audit()
    }

    /// What a run wrote down, as far as it is sound, and what is not.
    ///
    /// # Errors
    /// It cannot be read, or was never begun.
    pub fn read(&self, run: RunId) -> Result<(Reading, Option<Damaged>), Failure> {
        match Journal::read_sound(&self.state.run(run)) {
            Err(ReadError::Missing { .. }) => Err(never_began(run)),
            Ok((reading, None)) if reading.records.is_empty() => Err(never_began(run)),
            read => Ok(read?),
        }
    }

    /// Who works on a run at this moment. Where that cannot be found out, nobody is taken to.
    #[must_use]
    pub fn held(&self, run: RunId) -> Option<Held> {
        self.state.run(run).held().ok().flatten()
    }

    /// Every run, the newest first.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn runs(&self) -> Result<Vec<RunId>, Failure> {
        Ok(self.state.runs()?)
    }

    /// Each of these runs in one line, in their order, at most `limit`. A run is left out when its first records do not
    /// pass `begun`, or its line does not pass `wanted`. One whose journal is damaged has a line that says so, and a
    /// failure: it must not hide the others.
    ///
    /// A run whose last record says that it is not wanted is passed over; of the others the whole journal is read.
    ///
    /// Several threads read, each a journal at a time: what takes time is to check the digest of every record.
    pub fn lines(
        &self,
        runs: &[RunId],
        limit: usize,
        begun: impl Fn(&[Record]) -> bool + Sync,
        wanted: impl Fn(&RunLine) -> bool + Sync,
    ) -> (Vec<RunLine>, Vec<Failure>) {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let line = |run: &RunId| self.line(*run, &begun, &wanted).filter(|(line, _)| wanted(line));
        let (mut lines, mut failures) = (Vec::new(), Vec::new());
        let mut rest = runs;
        while lines.len() < limit && !rest.is_empty() {
            // As many as are wanted yet and some more, or a long list would be read to its end for the first few lines.
            let (batch, later) = rest.split_at(rest.len().min((limit - lines.len()).clamp(8 * threads, 512 * threads)));
            rest = later;
            let share = batch.len().div_ceil(threads);
            let found: Vec<_> = std::thread::scope(|scope| {
                let read = |part| scope.spawn(move || -> Vec<_> { <[RunId]>::iter(part).filter_map(line).collect() });
                let workers: Vec<_> = batch.chunks(share).map(read).collect();
                // A thread that panicked has said so already; what it read is missing here, and that must not go unseen.
                workers.into_iter().flat_map(|worker| worker.join().expect("reading a journal does not panic")).collect()
            });
            for (line, failure) in found {
                if lines.len() < limit {
                    lines.push(line);
                    failures.extend(failure);
                }
            }
        }
        (lines, failures)
    }

    /// `None` for a run that never began: its process died while it made the directory, nothing was run, and nothing is to
    /// be told.
    fn line(
        &self,
        run: RunId,
        begun: &impl Fn(&[Record]) -> bool,
        wanted: &impl Fn(&RunLine) -> bool,
    ) -> Option<(RunLine, Option<Failure>)> {
        let dir = self.state.run(run);
        let first = Journal::beginning(&dir, 2).unwrap_or_default();
        if !first.is_empty() && !begun(&first) {
            return None;
        }
        let held = dir.held().is_ok_and(|held| held.is_some());
        // A sound journal is what its last record says. One that is not sound is damaged, whatever that says.
        if let Ok(Some(last)) = Journal::ending(&dir)
            && let Some(line) = RunLine::of(&[first, vec![last]].concat(), held)
            // Whether one at work stands at a question, its last record alone does not say.
            && !line.is_at_work()
            && !wanted(&line)
            && !wanted(&RunLine { damaged: true, ..line })
        {
            return None;
        }
        let unread = |failure: Failure| Some((RunLine::unread(run), Some(failure.detail(format!("in the run {run}")))));
        match Journal::read_sound(&dir) {
            Err(ReadError::Missing { .. }) => None,
            Err(error) => unread(error.into()),
            Ok((reading, None)) => Some((RunLine::of(&reading.records, held)?, None)),
            Ok((reading, Some(damaged))) => {
                let line = RunLine::of(&reading.records, held).unwrap_or_else(|| RunLine::unread(run));
                let failure = Failure::from(ReadError::Damaged(damaged)).detail(format!("in the run {run}"));
                Some((RunLine { damaged: true, ..line }, Some(failure)))
            }
        }
    }
}

fn never_began(run: RunId) -> Failure {
    Failure::usage(format!("run {run} never began: its process died before the first record, and nothing was run"))
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        Self::usage(unfit.to_string()).hint("name another directory: `--state-dir DIR`")
    }
}

impl From<NoSuchRun> for Failure {
    fn from(none: NoSuchRun) -> Self {
        Self::usage(none.to_string())
    }
}

impl From<StorageFailure> for Failure {
    fn from(failure: StorageFailure) -> Self {
        Self::usage(failure.to_string())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = if matches!(error, ReadError::Damaged(_) | ReadError::Illegal { .. }) {
            ExitCode::Damaged
        } else {
            ExitCode::NothingRun
        };
        Self::new(exit, error.to_string())
    }
}
