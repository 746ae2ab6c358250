//! Where the runs of a sweep live for a moment.

use std::path::Path;

use crate::journal::{StateDir, Unfit};

/// A directory that is gone when the sweep is over.
pub(super) struct Scratch {
    state: StateDir,
    _dir: tempfile::TempDir,
}

/// There is no place to try a runbook out in.
#[derive(Debug, thiserror::Error)]
pub enum NoScratch {
    /// The system refused a directory.
    #[error("there is no place for the runs of a test: {0}; `TMPDIR` names another")]
    Directory(#[from] std::io::Error),
    /// The directory is not fit for journals.
    #[error("there is no place for the runs of a test: {0}; `TMPDIR` names another")]
    Unfit(#[from] Unfit),
}

/// A file system in memory, where a flush costs nothing: what is tried here is the order of things, not the disk.
const IN_MEMORY: &str = "/dev/shm";

impl Scratch {
    pub(super) fn new() -> Result<Self, NoScratch> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("runbook-sweep-");
        let dir = if std::env::var_os("TMPDIR").is_none() && Path::new(IN_MEMORY).is_dir() {
            builder.tempdir_in(IN_MEMORY).or_else(|_| builder.tempdir())
        } else {
            builder.tempdir()
        }?;
        Ok(Self { state: StateDir::open(dir.path())?, _dir: dir })
    }

    pub(super) fn state(&self) -> &StateDir {
        &self.state
    }
}
