//! One writer at a time, and what a dead one left behind.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::FlockOperation;

const PAUSE: Duration = Duration::from_millis(10);

/// A lock of the archive was not taken: another process holds it and does not come to an end, or it cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lock `{}` of the audit repository was not taken: {why}", .file.display())]
pub struct Locked {
    /// The lock.
    pub file: PathBuf,
    /// Who holds it, or why it could not be taken.
    pub why: String,
}

/// The right to write to an archive. The kernel takes it back when the process dies.
///
/// The file also says which references its holder is about to move. libgit2 moves a reference by means of `<ref>.lock`
/// and leaves that file behind when it dies; the next holder removes it if, and only if, the note names it (or the file
/// is from before the machine started). A lock file of somebody else, such as a `git gc` by hand, is never touched.
#[derive(Debug)]
pub(crate) struct WriterLock {
    file: File,
    repository: PathBuf,
    patience: Duration,
}

impl WriterLock {
    /// Waits for the lock, but no longer than `patience`.
    pub(crate) fn take(repository: &Path, patience: Duration) -> Result<Self, Locked> {
        let path = lock_file(repository);
        let locked = |why: String| Locked { file: path.clone(), why };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(|error| locked(error.to_string()))?;
        let deadline = Instant::now() + patience;
        loop {
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(locked(format!("another process has been writing for {} s", patience.as_secs())));
                }
                Err(error) => return Err(locked(error.to_string())),
            }
        }
        let mut lock = Self { file, repository: repository.to_owned(), patience };
        lock.clear_what_a_dead_writer_left().map_err(|error| locked(error.to_string()))?;
        Ok(lock)
    }

    /// Waits this long, and no longer, for others who are about to move a reference.
    pub(crate) fn patient_for(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Moves references while the note names them; waits before that for others who are about to move them.
    pub(crate) fn moving<T>(&mut self, references: &[&str], act: impl FnOnce() -> T) -> Result<T, Locked> {
        let locked = |error: std::io::Error| Locked { file: lock_file(&self.repository), why: error.to_string() };
        let (deadline, booted) = (Instant::now() + self.patience, booted());
        for reference in references {
            let file = self.repository.join(format!("{reference}.lock"));
            remove_if_older_than(&file, booted).map_err(locked)?;
            while fs::symlink_metadata(&file).is_ok() {
                if Instant::now() >= deadline {
                    let why = "a git process holds it, or died with it: if none is running, remove that file".to_owned();
                    return Err(Locked { file, why });
                }
                thread::sleep(PAUSE);
            }
        }
        note(&self.file, &references.join("\n")).map_err(locked)?;
        let done = act();
        note(&self.file, "").map_err(locked)?;
        Ok(done)
    }

    fn clear_what_a_dead_writer_left(&mut self) -> std::io::Result<()> {
        // A note is always text; whatever else stands here after a power cut names nothing.
        let mut bytes = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut bytes)?;
        let left = String::from_utf8(bytes).unwrap_or_default();
        for reference in left.lines().filter(|name| name.starts_with("refs/") && !name.contains("..")) {
            remove_if_there(&self.repository.join(format!("{reference}.lock")))?;
        }
        let booted = booted();
        for name in ["HEAD.lock", "packed-refs.lock", "config.lock"] {
            remove_if_older_than(&self.repository.join(name), booted)?;
        }
        if left.is_empty() { Ok(()) } else { note(&self.file, "") }
    }
}

fn lock_file(repository: &Path) -> PathBuf {
    repository.with_file_name("audit.lock")
}

fn note(mut file: &File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A lock from before the machine started is nobody's.
fn remove_if_older_than(file: &Path, booted: Option<SystemTime>) -> std::io::Result<()> {
    let modified = fs::symlink_metadata(file).and_then(|file| file.modified());
    match (modified, booted) {
        (Ok(modified), Some(booted)) if modified < booted => remove_if_there(file),
        _ => Ok(()),
    }
}

/// When the machine started, a minute early so that a corrected clock does not make a live lock look old.
fn booted() -> Option<SystemTime> {
    let up = u64::try_from(rustix::system::sysinfo().uptime).ok()?;
    SystemTime::now().checked_sub(Duration::from_secs(up + 60))
}
