//! A run whose directory was made, and which a power cut could still take away.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use runbook_model::entry::Source;
use runbook_model::id::Epoch;
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::disk::JournalFile;
use super::{CreateError, Extent, Holder, Journal, Lease, LeaseError, RunDir, SourceError, StorageFailure, directory};

/// A run with its directory and its lease, and with a journal that nothing may be written to yet.
///
/// Whatever else the run begins with is made between [`Newborn::make`] and [`Newborn::durable`]: the disk is waited for once then,
/// and not once for each.
#[must_use]
#[derive(Debug)]
pub struct Newborn {
    dir: RunDir,
    lease: Lease,
    file: File,
    /// What was written, and the directories with new names, outermost first.
    sources: Vec<(PathBuf, File)>,
    grown: BTreeSet<PathBuf>,
}

impl Newborn {
    /// Makes the directory of a new run with an empty journal, and takes the run.
    ///
    /// # Errors
    /// [`CreateError`]; a directory that was begun may stay, and is never used by another run.
    pub fn make(dir: &RunDir, holder: &Holder) -> Result<Self, CreateError> {
        match directory::make_new(dir.dir()) {
            Err(StorageFailure { source: Errno::EXIST, .. }) => return Err(CreateError::Exists { run: dir.run() }),
            other => other?,
        }
        let lease = Lease::take(dir, holder).map_err(|error| match error {
            LeaseError::Held(held) => CreateError::Held(held),
            LeaseError::Storage(failure) => CreateError::Storage(failure),
        })?;
        let file = directory::open_file(&dir.journal(), OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL)?;
        directory::make(&dir.keeper())?;
        Ok(Self { dir: dir.clone(), lease, file, sources: Vec::new(), grown: BTreeSet::new() })
    }

    /// Keeps the text of sources, as [`RunDir::pin`] does, but for the disk: [`Newborn::durable`] waits for that.
    ///
    /// Nobody reads a run that has no record yet, so there is no need for a file to come into being whole.
    ///
    /// # Errors
    /// As of [`RunDir::pin`].
    pub fn pin(&mut self, sources: &[(&str, &str)]) -> Result<Vec<Source>, SourceError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
        let (pinned, grown) = self.dir.lay(sources, |path, bytes| {
            let mut file = directory::open_file(path, flags)?;
            file.write_all(bytes).map_err(StorageFailure::io("write", path))?;
            self.sources.push((path.to_owned(), file));
            Ok(())
        })?;
        self.grown.extend(grown);
        Ok(pinned)
    }

    /// The journal, when all of it is on disk: a run that is announced is found again after a power cut.
    ///
    /// # Errors
    /// The file system refused.
    pub fn durable(self) -> Result<Journal, CreateError> {
        // The first flush since the directory was made carries the names and files of all others, so that these cost next to nothing.
        for (path, file) in &self.sources {
            rustix::fs::fsync(file).map_err(StorageFailure::at("flush", path))?;
        }
        for parent in self.grown.iter().rev() {
            directory::flush(parent)?;
        }
        rustix::fs::fsync(&self.file).map_err(StorageFailure::at("flush", &self.dir.journal()))?;
        for parent in self.dir.dir().ancestors().take(3) {
            directory::flush(parent)?;
        }
        Ok(Journal::new(Box::new(JournalFile(self.file)), self.dir.run(), Epoch(1), Extent::EMPTY, self.lease))
    }
}
