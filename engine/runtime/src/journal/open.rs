//! Creating, opening and reading journals.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _};
use std::path::PathBuf;

use runbook_model::digest::{Digest, Digester};
use runbook_model::entry::Record;
use runbook_model::id::{Epoch, RunId};
use runbook_model::state::Illegal;
use rustix::fs::{Advice, OFlags};
use rustix::io::Errno;

use super::disk::JournalFile;
use super::newborn::Newborn;
use super::passing::Walk;
use super::{Damaged, Extent, Held, Holder, Journal, Lease, LeaseError, Reading, Records, RunDir, StorageFailure, directory};

/// So many bytes hold the first records of nearly every journal.
const BEGINNING: u64 = 256 * 1024;
/// So many bytes of a journal are compared at a time.
const AT_ONCE: usize = 256 * 1024;

/// A journal could not be created. Nothing was run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// There is a run of that name.
    #[error("the run `{run}` exists already: a run has one journal, and `runbook resume {run}` goes on with it")]
    Exists {
        /// The run.
        run: RunId,
    },
    /// Another process took it in the moment of its creation.
    #[error(transparent)]
    Held(#[from] Held),
    /// The file system refused.
    #[error("cannot start a run: {0}")]
    Storage(#[from] StorageFailure),
}

/// A journal could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("the run `{run}` has no journal `{}`; `runbook runs` lists what there is", path.display())]
    Missing {
        /// The run.
        run: RunId,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A record does not fit.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// A record may not follow those before it.
    #[error("the journal of the run `{run}` was not written by this program: {illegal}")]
    Illegal {
        /// The run.
        run: RunId,
        /// The record, and why not.
        illegal: Illegal,
    },
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
}

/// A journal could not be opened for writing. Nothing was run, and nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the run.
    #[error(transparent)]
    Held(#[from] Held),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Journal {
    /// Makes the directory of a new run with an empty journal, and takes the run.
    ///
    /// All of it is on disk when this returns: a run that was announced is found again after a power cut.
    ///
    /// # Errors
    /// [`CreateError`]; a directory that was begun may stay, and is never used by another run.
    pub fn create(run_dir: &RunDir, holder: &Holder) -> Result<Self, CreateError> {
        Newborn::make(run_dir, holder)?.durable()
    }

    /// Takes a run and reads all that it wrote down. A last line that broke off is cut off, for good.
    ///
    /// What is read comes from the disk, not from the memory of the kernel: after a failed flush of an earlier process
    /// the two may differ, and only the disk survives.
    ///
    /// # Errors
    /// [`OpenError::Held`] names the process that works on the run; a damaged journal is refused and left as it is.
    pub fn open(run_dir: &RunDir, holder: &Holder) -> Result<(Self, Reading), OpenError> {
        Self::taken(run_dir, holder)?.read(run_dir)
    }

    pub(super) fn taken(run_dir: &RunDir, holder: &Holder) -> Result<TakenJournal, OpenError> {
        let path = run_dir.journal();
        // Before the lease, because taking it makes a file: a run that does not exist must not get one.
        let file = open_existing(run_dir, OFlags::RDWR | OFlags::APPEND)?;
        let lease = Lease::take(run_dir, holder).map_err(|error| match error {
            LeaseError::Held(held) => OpenError::Held(held),
            LeaseError::Storage(failure) => ReadError::Storage(failure).into(),
        })?;
        rustix::fs::fsync(&file).map_err(StorageFailure::at("flush", &path)).map_err(ReadError::from)?;
        // Advice: where the kernel cannot follow it, the file system has no disk behind it either (tmpfs).
        let _advised = rustix::fs::fadvise(&file, 0, None, Advice::DontNeed);
        Ok(TakenJournal { file, lease })
    }

    /// Reads a journal without taking the run, even while another process writes it. Nothing is changed.
    ///
    /// # Errors
    /// [`ReadError`] when there is none, or a record does not fit.
    pub fn read(run_dir: &RunDir) -> Result<Reading, ReadError> {
        settled(|| read_through(&open_existing(run_dir, OFlags::RDONLY)?, run_dir))
    }

    /// Reads the first records of a journal, at most `most`: enough to know what a run is of, and no more is looked at.
    ///
    /// # Errors
    /// [`ReadError`] when there is none, or one of these records does not fit.
    pub fn beginning(run_dir: &RunDir, most: usize) -> Result<Vec<Record>, ReadError> {
        let path = run_dir.journal();
        let mut content = Vec::new();
        let mut file = open_existing(run_dir, OFlags::RDONLY)?.take(BEGINNING);
        file.read_to_end(&mut content).map_err(StorageFailure::io("read", &path))?;
        Records::of(run_dir.run(), &path, &content).take(most).map(|record| record.map_err(ReadError::from)).collect()
    }

    /// Reads what can be read of a journal, for whoever tells about a run that is damaged: the records before the first
    /// that does not fit, and that one.
    ///
    /// # Errors
    /// [`ReadError`] when there is none, or the file system refuses.
    pub fn read_sound(run_dir: &RunDir) -> Result<(Reading, Option<Damaged>), ReadError> {
        match Self::read(run_dir) {
            Err(ReadError::Damaged(damaged)) => {
                let mut content = read_all(&mut open_existing(run_dir, OFlags::RDONLY)?, run_dir)?;
                content.truncate(usize::try_from(damaged.offset).unwrap_or(usize::MAX));
                let sound = Reading::of(run_dir.run(), &run_dir.journal(), &content)?;
                Ok((sound, Some(damaged)))
            }
            read => Ok((read?, None)),
        }
    }
}

/// A journal under the lease, fetched from the disk.
pub(super) struct TakenJournal {
    file: File,
    lease: Lease,
}

impl TakenJournal {
    /// How long it is, in bytes.
    pub(super) fn length(&self, run_dir: &RunDir) -> Result<u64, ReadError> {
        let found = self.file.metadata().map_err(StorageFailure::io("look at", &run_dir.journal()))?;
        Ok(found.len())
    }

    /// The digest of all of it.
    pub(super) fn content(&mut self, run_dir: &RunDir) -> Result<Digest, ReadError> {
        let path = run_dir.journal();
        let failed = StorageFailure::io("read", &path);
        let (mut digester, mut piece) = (Digester::default(), vec![0; AT_ONCE]);
        self.file.rewind().map_err(&failed)?;
        loop {
            match self.file.read(&mut piece) {
                Ok(0) => return Ok(digester.finish()),
                Ok(read) => digester.update(&piece[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error).into()),
            }
        }
    }

    /// Reads its records. A last line that broke off is cut off.
    pub(super) fn read(self, run_dir: &RunDir) -> Result<(Journal, Reading), OpenError> {
        let path = run_dir.journal();
        let reading = read_through(&self.file, run_dir)?;
        if reading.cut_tail.is_some() {
            cut(&self.file, reading.bytes)
                .map_err(StorageFailure::at("cut the torn last line of", &path))
                .map_err(ReadError::from)?;
        }
        let journal = self.going_on(run_dir, reading.last_epoch(), reading.extent());
        Ok((journal, reading))
    }

    /// The journal, to be written on at `end`, behind what the process of the epoch `last` wrote.
    pub(super) fn going_on(self, run_dir: &RunDir, last: Epoch, end: Extent) -> Journal {
        let epoch = Epoch(last.0.saturating_add(1));
        Journal::new(Box::new(JournalFile(self.file)), run_dir.run(), epoch, end, self.lease)
    }
}

impl RunDir {
    /// The bytes of the journal up to `extent`, as [`Journal::durable`] gives it: what a seal takes.
    ///
    /// # Errors
    /// [`ReadError`] when there is no journal, or it is shorter than that.
    pub fn journal_content(&self, extent: Extent) -> Result<Vec<u8>, ReadError> {
        let path = self.journal();
        let mut content = Vec::new();
        let mut file = open_existing(self, OFlags::RDONLY)?.take(extent.bytes);
        file.read_to_end(&mut content).map_err(StorageFailure::io("read", &path))?;
        if content.len() as u64 != extent.bytes {
            return Err(StorageFailure::at("read all that was written of", &path)(Errno::IO).into());
        }
        Ok(content)
    }
}

/// A process that opens the journal cuts a torn line off and writes on: who reads just then may see the start of the one
/// and the end of the other. Real damage is still there at the second look.
fn settled(mut read: impl FnMut() -> Result<Reading, ReadError>) -> Result<Reading, ReadError> {
    match read() {
        Err(ReadError::Damaged(_)) => read(),
        other => other,
    }
}

pub(super) fn open_existing(run_dir: &RunDir, flags: OFlags) -> Result<File, ReadError> {
    let path = run_dir.journal();
    match directory::open_file(&path, flags) {
        Ok(file) => Ok(file),
        Err(StorageFailure { source: Errno::NOENT, .. }) => Err(ReadError::Missing { run: run_dir.run(), path }),
        Err(other) => Err(other.into()),
    }
}

/// Its records, and the digest of all that was read: piece by piece, for the text of a long run takes as much memory as its records.
fn read_through(mut file: &File, run_dir: &RunDir) -> Result<Reading, ReadError> {
    file.rewind().map_err(StorageFailure::io("read", &run_dir.journal()))?;
    let (mut walk, mut digester, mut records) = (Walk::through(file, run_dir), Digester::default(), Vec::new());
    while let Some(record) = walk.record()? {
        digester.update(walk.line());
        records.push(record);
    }
    digester.update(walk.line());
    let (Extent { head, bytes }, tail) = (walk.extent(), walk.line().len() as u64);
    Ok(Reading { records, head, bytes, cut_tail: Some(tail).filter(|&tail| tail > 0), content: digester.finish() })
}

fn read_all(file: &mut File, run_dir: &RunDir) -> Result<Vec<u8>, ReadError> {
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(StorageFailure::io("read", &run_dir.journal()))?;
    Ok(content)
}

fn cut(file: &File, length: u64) -> Result<(), Errno> {
    rustix::fs::ftruncate(file, length)?;
    rustix::fs::fsync(file)
}

#[cfg(test)]
mod tests {
    use runbook_model::chain::Broken;
    use runbook_model::id::Seq;

    use super::*;
    use crate::journal::sample::run_id;

    #[test]
    fn damage_is_looked_at_twice_before_it_is_believed() {
        let damaged = || Damaged { run: run_id(1), file: PathBuf::new(), record: Seq(3), offset: 9, why: Broken::Digest };
        let whole = Reading::of(run_id(1), "journal.jsonl".as_ref(), b"").unwrap();
        let mut seen = vec![Ok(whole.clone()), Err(damaged().into())];
        assert_eq!(settled(|| seen.pop().unwrap()), Ok(whole));
        let mut seen = vec![Err(damaged().into()), Err(damaged().into())];
        assert_eq!(settled(|| seen.pop().unwrap()), Err(damaged().into()));
        assert!(seen.is_empty());
    }
}
