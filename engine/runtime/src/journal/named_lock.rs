//! Locks between runs, by name.
//!
//! Two things make one: a lock of the kernel, which is gone with the process, and a [`Claim`] in the locked file, which is
//! not. A run that failed half-way has left something half-done, and another run must not begin on it because a process
//! ended. So a claim counts until its run is completed, rolled back or given up; what the run's own journal says about that
//! is what counts, and a claim that a dead process could not take back is in nobody's way.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use runbook_model::state::RunState;
use runbook_model::status::RunStatus;
use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use super::{Claim, Journal, ReadError, RunDir, StorageFailure, directory};

/// The locks of a state directory.
#[derive(Debug, Clone)]
pub struct LockRoom {
    dir: PathBuf,
    run: RunDir,
}

/// A named lock that this process has.
#[derive(Debug)]
pub struct NamedLock {
    file: File,
    path: PathBuf,
}

/// A named lock could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotHad {
    /// A process works under it: it will be free.
    #[error("held by {}", .0.as_ref().map_or_else(|| "a run that has only just taken it".to_owned(), ToString::to_string))]
    Busy(Option<Box<Claim>>),
    /// A run keeps it that nobody works on: it will not be free by itself.
    #[error("kept by {claim}, which is {word}")]
    Kept {
        /// By which.
        claim: Box<Claim>,
        /// What that run is, in one or two words.
        word: String,
    },
    /// What stands in the file is no claim.
    #[error("the file `{}` does not say which run has the lock; once you know that none does, remove it", .0.display())]
    Unreadable(PathBuf),
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
}

impl LockRoom {
    /// The locks beside the runs, for `run`.
    pub(super) fn new(dir: PathBuf, run: RunDir) -> Self {
        Self { dir, run }
    }

    /// Takes a lock for the claimed run, and leaves the claim for whoever comes next. Never waits.
    ///
    /// # Errors
    /// [`NotHad`] says who has it, and whether waiting helps.
    pub fn take(&self, name: &str, claim: &Claim) -> Result<NamedLock, NotHad> {
        directory::make(&self.dir)?;
        let path = self.dir.join(name);
        let file = directory::open_file(&path, OFlags::RDWR | OFlags::CREATE)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(NotHad::Busy(claimed(&file).ok().flatten().map(Box::new))),
            Err(error) => return Err(StorageFailure::at("lock", &path)(error).into()),
        }
        let lock = NamedLock { file, path };
        match claimed(&lock.file) {
            Err(_) => return Err(NotHad::Unreadable(lock.path.clone())),
            Ok(Some(other)) if other.run != claim.run => {
                if let Some(word) = self.keeps(&other, name) {
                    return Err(NotHad::Kept { claim: Box::new(other), word });
                }
            }
            Ok(_) => {}
        }
        lock.sign(claim)?;
        directory::flush(&self.dir)?;
        Ok(lock)
    }

    /// What stands in the file of a lock, whoever has it; nothing while that is being written.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<Claim> {
        let file = directory::open_file(&self.dir.join(name), OFlags::RDONLY).ok()?;
        claimed(&file).ok()?
    }

    /// Whether the run of a claim still needs the lock, and what it is then, in one or two words.
    fn keeps(&self, claim: &Claim, name: &str) -> Option<String> {
        let reading = match Journal::read(&self.run.sibling(claim.run)) {
            Ok(reading) => reading,
            // It died before it began.
            Err(ReadError::Missing { .. }) => return None,
            Err(_) => return Some("unreadable".to_owned()),
        };
        match RunState::fold(&reading.records) {
            Ok(None) => None,
            Ok(Some(state)) if state.over().is_some() || !state.locks().contains_key(name) => None,
            Ok(Some(state)) => Some(match state.status() {
                // Its process would have the lock of the kernel.
                RunStatus::Running | RunStatus::RollingBack => "unfinished: its process died".to_owned(),
                status => status.word().to_owned(),
            }),
            Err(_) => Some("damaged".to_owned()),
        }
    }
}

impl NamedLock {
    /// Says what else its run waits for now, or that it waits no longer.
    ///
    /// # Errors
    /// The claim could not be written.
    pub fn sign(&self, claim: &Claim) -> Result<(), StorageFailure> {
        self.write(&serde_json::to_vec(claim).unwrap_or_default())
    }

    /// Gives the lock back for good: the run does not need it any more.
    ///
    /// # Errors
    /// The claim could not be taken back. It is in nobody's way once the run's journal says that the run is over.
    pub fn release(self) -> Result<(), StorageFailure> {
        self.write(&[])
    }

    fn write(&self, claim: &[u8]) -> Result<(), StorageFailure> {
        let refused = StorageFailure::io("write", &self.path);
        let old = self.file.metadata().map_err(&refused)?.len();
        // One write over the old claim, blanks behind it, and only then shorter: an empty file would say that nobody needs the
        // lock, and a process may be killed between any two calls.
        let mut text = claim.to_vec();
        text.resize(text.len().max(usize::try_from(old).unwrap_or(0)), b' ');
        self.file.write_all_at(&text, 0).map_err(&refused)?;
        rustix::fs::fsync(&self.file).map_err(StorageFailure::at("flush", &self.path))?;
        self.file.set_len(claim.len() as u64).map_err(refused)
    }
}

impl Drop for NamedLock {
    fn drop(&mut self) {
        // Closing the file would do, were it not for a child between fork and exec that still shares it.
        let _freed = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

/// The claim in a file; none when it is empty.
fn claimed(mut file: &File) -> std::io::Result<Option<Claim>> {
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&text)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::journal::StateDir;
    use crate::journal::sample::run_id;

    fn claim(run: u128) -> Claim {
        Claim {
            run: run_id(run),
            runbook: "deploy".to_owned(),
            name: "ada".to_owned(),
            host: "ops-1".to_owned(),
            pid: 4711,
            since: jiff::Timestamp::UNIX_EPOCH,
            waits_for: None,
        }
    }

    fn room() -> (tempfile::TempDir, LockRoom) {
        let home = tempfile::tempdir().unwrap();
        let room = StateDir::open(home.path()).unwrap().run(run_id(1)).locks();
        (home, room)
    }

    #[test]
    fn the_second_is_told_who_has_it_and_gets_it_afterwards() {
        let (_home, room) = room();
        let lock = room.take("api", &claim(1)).unwrap();
        let busy = room.take("api", &claim(2)).unwrap_err();
        assert_eq!(busy, NotHad::Busy(Some(Box::new(claim(1)))));
        for part in [&run_id(1).to_string(), "`deploy`", "`ada`", "4711"] {
            assert!(busy.to_string().contains(part), "{busy}");
        }
        room.take("other", &claim(2)).unwrap();
        lock.release().unwrap();
        drop(room.take("api", &claim(2)).unwrap());
        // The claim of a run that has no journal is in nobody's way.
        room.take("api", &claim(3)).unwrap();
    }

    #[test]
    fn a_claim_that_becomes_shorter_is_whole() {
        let (_home, room) = room();
        let long = Claim { waits_for: Some("x".repeat(300)), ..claim(1) };
        let lock = room.take("api", &long).unwrap();
        assert_eq!(room.claim("api"), Some(long));
        lock.sign(&claim(1)).unwrap();
        assert_eq!(room.claim("api"), Some(claim(1)));
        // As a process leaves it that is killed before the file is cut.
        let mut text = serde_json::to_vec(&claim(1)).unwrap();
        text.resize(500, b' ');
        lock.file.write_all_at(&text, 0).unwrap();
        assert_eq!(room.claim("api"), Some(claim(1)));
        lock.file.write_all_at(&[b' '; 500], 0).unwrap();
        assert_eq!(room.claim("api"), None);
        lock.release().unwrap();
        assert_eq!(room.claim("api"), None);
    }

    #[test]
    fn what_is_no_claim_is_not_guessed_at() {
        let (home, room) = room();
        drop(room.take("api", &claim(1)).unwrap());
        let path = home.path().canonicalize().unwrap().join("locks/api");
        std::fs::write(&path, "{\"run\":").unwrap();
        assert_eq!(room.take("api", &claim(1)).unwrap_err(), NotHad::Unreadable(path));
        let left: BTreeSet<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.contains(std::ffi::OsStr::new("locks")));
    }
}
