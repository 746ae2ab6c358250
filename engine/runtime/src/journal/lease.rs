//! The lock that a process holds while it works on a run.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use super::{Held, Holder, RunDir, StorageFailure, directory};

/// How often a taker tries again, a millisecond apart, when nobody is in the way who works on the run: onlookers (see
/// [`RunDir::held`]), or children of a process that was killed while it started them, which share its lock until they are
/// programs of their own.
const TRIES: u32 = 2_000;

/// The right to write to a run, for the life of this value.
///
/// It is a lock of the kernel on an open file (flock), not a file that must be deleted: when the process dies in any
/// way, the lock is gone. Commands never inherit it. The file stays; what it says means something only while it is locked.
#[derive(Debug)]
pub struct Lease {
    file: File,
}

/// The run could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Another process has it.
    #[error(transparent)]
    Held(#[from] Held),
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
}

impl Lease {
    /// Takes the run, and leaves `holder`'s name for whoever comes next. Never waits for another holder that lives.
    ///
    /// # Errors
    /// [`LeaseError::Held`] names the process that has it.
    pub fn take(run_dir: &RunDir, holder: &Holder) -> Result<Self, LeaseError> {
        Self::tried(run_dir, holder, || std::thread::sleep(Duration::from_millis(1)))
    }

    fn tried(run_dir: &RunDir, holder: &Holder, mut pause: impl FnMut()) -> Result<Self, LeaseError> {
        let path = run_dir.lease();
        let mut last = None;
        for _ in 0..TRIES {
            let file = directory::open_file(&path, OFlags::RDWR | OFlags::CREATE)?;
            match try_lock(&file).map_err(StorageFailure::at("lock", &path))? {
                Lock::Ours if is_still_there(&file, run_dir)? => {
                    introduce(&file, holder).map_err(StorageFailure::io("write", &path))?;
                    return Ok(Self { file });
                }
                Lock::Theirs => {
                    last = introduction(&file);
                    if !last.as_ref().is_some_and(Holder::is_gone) {
                        break;
                    }
                }
                Lock::Ours | Lock::LookedAt => {}
            }
            pause();
        }
        Err(Held { run: run_dir.run(), holder: last }.into())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Closing the file would do, were it not for a child between fork and exec that still shares it.
        let _freed = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

impl RunDir {
    /// Who works on the run at this moment, without getting in their way.
    ///
    /// # Errors
    /// [`StorageFailure`] when that cannot be found out.
    pub fn held(&self) -> Result<Option<Held>, StorageFailure> {
        let path = self.lease();
        let file = match directory::open_file(&path, OFlags::RDONLY) {
            Ok(file) => file,
            Err(StorageFailure { source: Errno::NOENT, .. }) => return Ok(None),
            Err(other) => return Err(other),
        };
        // Shared for the blink of an eye; `try_lock` knows such onlookers from holders.
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(Errno::WOULDBLOCK) => Ok(Some(Held { run: self.run(), holder: introduction(&file) })),
            Err(error) => Err(StorageFailure::at("look at the lock of", &path)(error)),
        }
    }
}

enum Lock {
    /// We have it.
    Ours,
    /// A process that works on the run has it.
    Theirs,
    /// Somebody looks whether it is held.
    LookedAt,
}

/// A holder excludes everybody; an onlooker excludes only holders. So a shared lock that succeeds tells them apart.
fn try_lock(file: &File) -> Result<Lock, Errno> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => return Ok(Lock::Ours),
        Err(Errno::WOULDBLOCK) => {}
        Err(error) => return Err(error),
    }
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Lock::LookedAt),
        Err(Errno::WOULDBLOCK) => Ok(Lock::Theirs),
        Err(error) => Err(error),
    }
}

/// Whether the locked file is the one that the next process will find: if somebody removed it in between, both of us
/// would hold a lock.
fn is_still_there(file: &File, run_dir: &RunDir) -> Result<bool, StorageFailure> {
    let path = run_dir.lease();
    let ours = rustix::fs::fstat(file).map_err(StorageFailure::at("look at", &path))?;
    match rustix::fs::lstat(&path) {
        Ok(there) => Ok((there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(StorageFailure::at("look at", &path)(error)),
    }
}

fn introduce(file: &File, holder: &Holder) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(holder)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.write_all_at(&text, 0)
}

fn introduction(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::{fresh_run, holder};

    #[test]
    fn the_second_is_told_who_has_it() {
        let (_home, run_dir) = fresh_run();
        let first = Lease::take(&run_dir, &holder("ada")).unwrap();
        let LeaseError::Held(refused) = Lease::take(&run_dir, &holder("bob")).unwrap_err() else { panic!("storage") };
        assert_eq!(refused.holder, Some(holder("ada")));
        assert_eq!(run_dir.held().unwrap().as_ref(), Some(&refused));
        let message = refused.to_string();
        for part in [&run_dir.run().to_string(), "`ada`", "`db7`", "pid 4711", "`runbook resume`", "since 2026-11-21T03:00:00Z"] {
            assert!(message.contains(part), "{part} in {message}");
        }
        drop(first);
        assert_eq!(run_dir.held().unwrap(), None);
        Lease::take(&run_dir, &holder("bob")).unwrap();
    }

    #[test]
    fn what_a_dead_process_has_started_keeps_nobody_out_for_long() {
        let (_home, run_dir) = fresh_run();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let dead = Holder { pid: child.id(), boot: crate::boot::boot_id().unwrap(), ..holder("ada") };
        let mut lease = Some(Lease::take(&run_dir, &dead).unwrap());
        Lease::tried(&run_dir, &holder("bob"), || drop(lease.take())).unwrap();
        assert!(lease.is_none());

        // Who lives, or is of another boot, is told from it at once.
        for alive in [Holder { pid: std::process::id(), ..dead.clone() }, Holder { boot: "another".to_owned(), ..dead }] {
            let lease = Lease::take(&run_dir, &alive).unwrap();
            let refused = Lease::tried(&run_dir, &holder("bob"), || panic!("it waits")).unwrap_err();
            assert_eq!(refused, Held { run: run_dir.run(), holder: Some(alive) }.into());
            drop(lease);
        }
    }

    #[test]
    fn onlookers_do_not_keep_anyone_out() {
        let (_home, run_dir) = fresh_run();
        drop(Lease::take(&run_dir, &holder("ada")).unwrap());
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    run_dir.held().unwrap();
                }
            });
            let taken: Vec<_> = (0..200).map(|_| Lease::take(&run_dir, &holder("ada")).map(drop)).collect();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(taken.iter().all(Result::is_ok), "{taken:?}");
        });
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let (home, run_dir) = fresh_run();
        let target = home.path().join("victim");
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, run_dir.lease()).unwrap();
        assert!(matches!(Lease::take(&run_dir, &holder("ada")), Err(LeaseError::Storage(_))));
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn a_lock_on_a_removed_file_is_no_lease() {
        let (_home, run_dir) = fresh_run();
        let old = directory::open_file(&run_dir.lease(), OFlags::RDWR | OFlags::CREATE).unwrap();
        assert!(is_still_there(&old, &run_dir).unwrap());
        std::fs::remove_file(run_dir.lease()).unwrap();
        assert!(!is_still_there(&old, &run_dir).unwrap());
        std::fs::write(run_dir.lease(), "").unwrap();
        assert!(!is_still_there(&old, &run_dir).unwrap());
    }

    #[test]
    fn odd_names_cannot_move_the_cursor() {
        let (_home, run_dir) = fresh_run();
        let held = Held { run: run_dir.run(), holder: Some(holder("a\u{1b}[2J\u{202e}b")) };
        assert!(!held.to_string().contains(['\u{1b}', '\u{202e}']), "{held}");
    }
}
