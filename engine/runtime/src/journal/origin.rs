//! Where a run came from, when another machine began it.

use super::{RunDir, StorageFailure, directory};

/// The file of a run that says so: `<records> <remote>`.
const FILE: &str = "remote";

/// Where a run came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// So many records of its journal were written elsewhere: evidence about the steps in them lies there.
    pub records: u64,
    /// The remote that it was brought from, as git takes it.
    pub remote: String,
}

impl RunDir {
    /// Where the run came from; none when it began here.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        let text = std::fs::read_to_string(self.dir().join(FILE)).ok()?;
        let (records, remote) = text.trim_end().split_once(' ')?;
        Some(Origin { records: records.parse().ok()?, remote: remote.to_owned() })
    }

    /// Writes down where the run came from, durably, and all of it or nothing.
    pub(super) fn keep_origin(&self, origin: &Origin) -> Result<(), StorageFailure> {
        let text = format!("{} {}\n", origin.records, origin.remote);
        directory::replace(&self.dir().join(FILE), text.as_bytes())?;
        directory::flush(self.dir())
    }
}
