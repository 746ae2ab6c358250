//! The way into a keeper directory: its lock, its socket, its files.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use tokio::net::UnixStream;

use super::unwritten::Unwritten;

const SOCKET: &str = "keeper.sock";
const LOCK: &str = "lock";

/// Why a keeper cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum KeeperFault {
    /// The directory or a file in it cannot be used.
    #[error("cannot use the keeper's directory `{}`: {source}", path.display())]
    Place {
        /// The path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The program that acts as keeper cannot be started.
    #[error("cannot start the keeper `{}`: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The keeper started and gave up.
    #[error("the keeper could not begin its work: {message}")]
    Refused {
        /// Its directory.
        path: PathBuf,
        /// What it said.
        message: String,
        /// What the file system said to it, when it was the one that refused.
        source: Option<Errno>,
    },
    /// The keeper died while it started.
    #[error("the keeper ended before it was ready{}", status.as_ref().map(|status| format!(" ({status})")).unwrap_or_default())]
    Died {
        /// How it ended, if it is known yet.
        status: Option<std::process::ExitStatus>,
    },
    /// A keeper lives and says nothing.
    #[error("the keeper of `{}` holds its lock but does not answer: is it stopped (SIGSTOP), or is the machine overloaded?", path.display())]
    Silent {
        /// The directory.
        path: PathBuf,
    },
    /// A keeper lives and cannot be understood.
    #[error("the keeper of `{}` was started by another version of this program: let its commands end, then try again ({message})", path.display())]
    Stranger {
        /// The directory.
        path: PathBuf,
        /// What was not understood.
        message: String,
    },
}

impl KeeperFault {
    /// What the disk did not take, when it is that for which no keeper can be had.
    pub(crate) fn unwritten(&self) -> Option<Unwritten> {
        let (path, source) = match self {
            Self::Place { path, source } => (path, Errno::from_io_error(source)?),
            Self::Refused { path, source, .. } => (path, (*source)?),
            _ => return None,
        };
        // Too many open files, a directory of somebody else's: no room would put that right.
        let is_of_the_disk = [Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::IO, Errno::FBIG].contains(&source);
        is_of_the_disk.then(|| Unwritten::new(path, source))
    }
}

/// Makes the directory, readable for its owner only.
pub(super) fn make_place(dir: &Path) -> Result<(), KeeperFault> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| KeeperFault::Place { path: dir.to_owned(), source })
}

/// A file that must not exist yet or is of no use any more, readable for its owner only.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Takes the lock that a keeper holds for its life; `None` while one lives.
///
/// No pid file: the kernel lets the lock go at the keeper's death, however it comes.
pub(super) fn lock(dir: &Path) -> Result<Option<File>, KeeperFault> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let place = |source| KeeperFault::Place { path: path.clone(), source };
    let file = file.map_err(place)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(place(source)),
    }
}

/// Writes into the lock who holds it, for people who look.
pub(super) fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    writeln!(lock, "{}", std::process::id())
}

/// Listens at the socket of the directory. Only the holder of the lock may: a socket that is there belongs to a dead keeper.
pub(super) fn listen(dir: &Path) -> io::Result<UnixListener> {
    remove_socket(dir)?;
    let listener = UnixListener::bind(short(&File::open(dir)?))?;
    listener.set_nonblocking(true)?;
    std::fs::set_permissions(dir.join(SOCKET), Permissions::from_mode(0o600))?;
    Ok(listener)
}

pub(super) fn remove_socket(dir: &Path) -> io::Result<()> {
    match std::fs::remove_file(dir.join(SOCKET)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Connects to a living keeper; `None` when nobody listens.
pub(super) async fn connect(dir: &Path) -> Result<Option<UnixStream>, KeeperFault> {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
    let place = |source| KeeperFault::Place { path: dir.to_owned(), source };
    let opened = match File::open(dir) {
        Err(error) if error.kind() == NotFound => return Ok(None),
        opened => opened.map_err(place)?,
    };
    match UnixStream::connect(short(&opened)).await {
        Ok(stream) => Ok(Some(stream)),
        // A keeper that dies while we stand at its door resets the connection that it has not taken yet.
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset | BrokenPipe) => Ok(None),
        Err(error) => Err(place(error)),
    }
}

/// The path of the socket by way of the open directory: an address has room for 107 bytes, a path may have 4,096.
fn short(dir: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd()))
}
