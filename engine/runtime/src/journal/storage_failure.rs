//! What the file system refused.

use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// The file system refused something in the state directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {doing} `{}`: {source}", path.display())]
pub struct StorageFailure {
    /// What was tried: `read`, `create`, `flush`.
    pub doing: &'static str,
    /// On what.
    pub path: PathBuf,
    /// Why not.
    pub source: Errno,
}

impl StorageFailure {
    /// Whether there is no room left: somebody has to make some.
    #[must_use]
    pub fn is_for_want_of_room(&self) -> bool {
        matches!(self.source, Errno::NOSPC | Errno::DQUOT)
    }

    /// Names the place of an error, for `map_err`.
    pub(super) fn at<'a>(doing: &'static str, path: &'a Path) -> impl Fn(Errno) -> Self + use<'a> {
        move |source| Self { doing, path: path.to_owned(), source }
    }

    /// The same for errors of the standard library.
    pub(super) fn io<'a>(doing: &'static str, path: &'a Path) -> impl Fn(std::io::Error) -> Self + use<'a> {
        move |error| Self { doing, path: path.to_owned(), source: Errno::from_io_error(&error).unwrap_or(Errno::IO) }
    }
}
