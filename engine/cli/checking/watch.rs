//! Waits until something changes in the repository.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// Directories are watched to this depth.
const DEEPEST: usize = 12;

/// An editor writes a file in several strokes: so long nothing may happen before it is read, in nanoseconds.
const QUIET: i64 = 80_000_000;

/// A watch over the directories of a repository.
#[derive(Debug)]
pub struct Watch {
    events: OwnedFd,
}

/// The repository cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("the repository cannot be watched: {0}; `fs.inotify.max_user_watches` may be too small")]
pub struct Unwatchable(#[from] io::Error);

impl Watch {
    /// Begins to watch. What changes from now on is not missed.
    ///
    /// # Errors
    /// The kernel refuses a watch.
    pub fn begin(root: &Path) -> Result<Self, Unwatchable> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(io::Error::from)?;
        let watch = Self { events };
        watch.add(root, 0)?;
        Ok(watch)
    }

    fn add(&self, directory: &Path, depth: usize) -> Result<(), Unwatchable> {
        let wanted = WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW;
        match inotify::add_watch(&self.events, directory, wanted) {
            Ok(_) => {}
            // It is gone again, or nobody may look: then it holds nothing that could be read.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) if depth > 0 => return Ok(()),
            Err(error) => return Err(io::Error::from(error).into()),
        }
        if depth >= DEEPEST {
            return Ok(());
        }
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            // `.git`, `.runbook`: what changes there is no runbook, and changes all the time.
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.add(&entry.path(), depth + 1)?;
            }
        }
        Ok(())
    }

    /// Waits until a script, a test or a configuration changed, or a directory came or went, and then until it is quiet.
    ///
    /// # Errors
    /// The kernel does not say.
    pub fn wait(&self) -> Result<(), Unwatchable> {
        while !self.drain()? {
            self.poll(None)?;
        }
        while self.poll(Some(&Timespec { tv_sec: 0, tv_nsec: QUIET }))? {
            self.drain()?;
        }
        Ok(())
    }

    fn poll(&self, patience: Option<&Timespec>) -> Result<bool, Unwatchable> {
        loop {
            match poll(&mut [PollFd::new(&self.events, PollFlags::IN)], patience) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
    }

    /// Reads what happened; whether any of it matters.
    fn drain(&self) -> Result<bool, Unwatchable> {
        let mut room = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(&self.events, &mut room);
        let mut matters = false;
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes()).unwrap_or_default();
                    let ours = name.ends_with(b".rhai") || name.ends_with(b".toml") || name.ends_with(b".md");
                    let directory = event.events().contains(inotify::ReadFlags::ISDIR) && !name.starts_with(b".");
                    // Too much happened at once to be told one by one.
                    matters |= ours || directory || event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW);
                }
                Err(Errno::AGAIN) => return Ok(matters),
                Err(Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_before_the_wait_is_not_missed_and_others_do_not_matter() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(root.path().join("runbooks/db")).expect("made");
        std::fs::create_dir_all(root.path().join(".runbook")).expect("made");
        let watch = Watch::begin(root.path()).expect("watched");
        std::fs::write(root.path().join(".runbook/x.rhai"), "").expect("written");
        std::fs::write(root.path().join("runbooks/notes.txt"), "").expect("written");
        assert!(!watch.drain().expect("read"));
        std::fs::write(root.path().join("runbooks/db/x.rhai"), "").expect("written");
        watch.wait().expect("it ends");
    }
}
