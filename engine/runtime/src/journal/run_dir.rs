//! The directory of one run.

use std::path::{Path, PathBuf};

use runbook_model::id::RunId;

use super::LockRoom;

/// The directory of one run, and the names in it. Nothing here says that it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    dir: PathBuf,
    run: RunId,
}

impl RunDir {
    pub(super) fn new(dir: PathBuf, run: RunId) -> Self {
        Self { dir, run }
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The directory itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The journal: one record a line.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    /// The file that is locked while a process works on the run.
    #[must_use]
    pub fn lease(&self) -> PathBuf {
        self.dir.join("lease.json")
    }

    /// The pinned sources.
    #[must_use]
    pub fn sources(&self) -> PathBuf {
        self.dir.join("sources")
    }

    /// The locks that this run may share with others.
    #[must_use]
    pub fn locks(&self) -> LockRoom {
        let state = self.dir.ancestors().nth(2).unwrap_or(&self.dir);
        LockRoom::new(state.join("locks"), self.clone())
    }

    /// The directory of another run of the same state directory.
    #[must_use]
    pub(super) fn sibling(&self, run: RunId) -> Self {
        Self { dir: self.dir.with_file_name(run.to_string()), run }
    }

    /// What couriers bring back from other hosts.
    #[must_use]
    pub fn hosts(&self) -> PathBuf {
        self.dir.join("hosts")
    }

    /// The key by which the journal speaks of secrets: made when it is first needed, and never in git.
    #[must_use]
    pub fn secret_key(&self) -> PathBuf {
        self.dir.join("secret.key")
    }

    /// Where the programs of a rehearsal's checks may put something aside; gone afterwards.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        // Beside the runs: it is made before the run has a directory.
        let state = self.dir.ancestors().nth(2).unwrap_or(&self.dir);
        state.join("scratch").join(self.run.to_string())
    }

    /// What the keeper knows about commands.
    #[must_use]
    pub fn keeper(&self) -> PathBuf {
        self.dir.join("keeper")
    }
}
