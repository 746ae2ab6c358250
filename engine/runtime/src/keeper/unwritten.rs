//! What could not be written down about a command, which is therefore not begun.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// The disk took nothing from whoever begins commands: this one was not begun.
///
/// That is no end of the command, and no failure of its step: nothing failed but the disk. Whoever asked has nothing in doubt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot write in `{}`: {source}", place.display())]
pub struct Unwritten {
    /// The directory: that of the keeper, or that of what is sent to other hosts.
    pub place: PathBuf,
    /// What the file system said.
    pub source: Errno,
}

impl Unwritten {
    pub(super) fn new(place: &Path, source: Errno) -> Self {
        Self { place: place.to_owned(), source }
    }

    pub(crate) fn of(place: &Path, error: &io::Error) -> Self {
        Self::new(place, errno(error))
    }
}

/// What the file system said; a fault that it did not name is one of input and output.
pub(super) fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
