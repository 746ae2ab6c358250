//! A file of the audit repository that could not be written.

use std::io;
use std::path::{Path, PathBuf};

/// A file of the audit repository could not be written, moved or removed. What was there before is there still.
#[derive(Debug, thiserror::Error)]
#[error("the audit repository was not written: `{}`: {source}", .path.display())]
pub struct Unwritten {
    /// The file or directory.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

impl Unwritten {
    /// What to do with an error that befell this file.
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self { path: path.to_owned(), source }
    }

    /// It holds something that it must not hold.
    pub(super) fn odd(path: &Path, why: &str) -> Self {
        Self { path: path.to_owned(), source: io::Error::new(io::ErrorKind::InvalidData, why) }
    }
}
