//! The runs of a state directory, read without taking any of them.

use runbook_model::id::RunId;
use runbook_runtime::journal::{Journal, NoSuchRun, ReadError, Reading, StateDir, StorageFailure, Unfit};

use crate::commands::runs::RunLine;
use crate::configuration::Configuration;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The runs of a state directory.
#[derive(Debug)]
pub struct History {
    state: StateDir,
}

impl History {
    /// Opens the state directory; `None` when nothing was ever run: looking makes no directories.
    ///
    /// # Errors
    /// It cannot hold a state, with the reason.
    pub fn open(configuration: &Configuration) -> Result<Option<Self>, Failure> {
        let path = &configuration.state_dir.value;
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Self { state: StateDir::open(path)? }))
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

    /// Everything that a run wrote down.
    ///
    /// # Errors
    /// It is damaged or cannot be read.
    pub fn read(&self, run: RunId) -> Result<Reading, Failure> {
        Ok(Journal::read(&self.state.run(run))?)
    }

    /// Each run in one line, the newest first, as they are asked for. A run whose journal cannot be read is an error in
    /// its place: it must not hide the others.
    ///
    /// # Errors
    /// The runs cannot be listed.
    pub fn lines(&self) -> Result<impl Iterator<Item = (RunId, Result<RunLine, Failure>)>, Failure> {
        Ok(self.state.runs()?.into_iter().filter_map(|run| Some((run, self.line(run).transpose()?))))
    }

    fn line(&self, run: RunId) -> Result<Option<RunLine>, Failure> {
        let held = self.state.run(run).held()?.is_some();
        match Journal::read(&self.state.run(run)) {
            // Its process died while it made the directory: nothing was run, and nothing is to be told.
            Err(ReadError::Missing { .. }) => Ok(None),
            read => Ok(RunLine::of(&read?.records, held)),
        }
    }
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
        let exit = if matches!(error, ReadError::Damaged(_)) { ExitCode::Damaged } else { ExitCode::NothingRun };
        Self::new(exit, error.to_string())
    }
}
