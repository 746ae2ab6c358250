//! Directories that are still there after a power cut.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::StorageFailure;

/// Makes a directory for this user alone. One that is there already is as good; anything else in its place is refused.
pub(super) fn make(path: &Path) -> Result<(), StorageFailure> {
    match make_new(path) {
        Err(StorageFailure { source: Errno::EXIST, .. }) => {
            let there = rustix::fs::lstat(path).map_err(StorageFailure::at("look at", path))?;
            match FileType::from_raw_mode(there.st_mode) {
                FileType::Directory => Ok(()),
                _ => Err(StorageFailure::at("make the directory", path)(Errno::NOTDIR)),
            }
        }
        other => other,
    }
}

/// Makes a directory for this user alone, and fails when the name is taken.
pub(super) fn make_new(path: &Path) -> Result<(), StorageFailure> {
    rustix::fs::mkdir(path, Mode::RWXU).map_err(StorageFailure::at("make the directory", path))
}

/// Flushes the names in a directory: without this, a flushed file may have no name after a power cut.
pub(super) fn flush(path: &Path) -> Result<(), StorageFailure> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(path, flags, Mode::empty()).map_err(StorageFailure::at("open", path))?;
    rustix::fs::fsync(directory).map_err(StorageFailure::at("flush", path))
}

/// Writes a file that is there whole or not at all, or as it was before.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageFailure> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let mut file = open_file(&unfinished, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
    file.write_all(bytes).map_err(StorageFailure::io("write", &unfinished))?;
    rustix::fs::fsync(&file).map_err(StorageFailure::at("flush", &unfinished))?;
    rustix::fs::rename(&unfinished, path).map_err(StorageFailure::at("create", path))
}

/// Opens a file of the state directory: never through a symbolic link, never inherited by a command, for this user alone.
pub(super) fn open_file(path: &Path, flags: OFlags) -> Result<File, StorageFailure> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR);
    opened.map(File::from).map_err(StorageFailure::at("open", path))
}
