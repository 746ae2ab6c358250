//! A pack that is not to be removed, because what is in it is about to be named and is not yet.

use std::fs;
use std::path::{Path, PathBuf};

use crate::audit::unwritten::Unwritten;

/// What stands in the file, so that ours are told from those of others.
const OURS: &[u8] = b"runbook: about to be named by a branch\n";

/// The file `<pack>.keep`, as `git receive-pack` writes it: while it is there, `git repack -a -d` and `git gc --prune=now`, which
/// remove at once what no reference names, leave the pack alone. Gone when this is dropped.
///
/// It need not be on disk: whoever it is meant for dies with the machine.
#[must_use]
pub(in crate::audit) struct Kept(pub(super) Option<PathBuf>);

impl Kept {
    pub(super) fn written(file: PathBuf) -> Result<Self, Unwritten> {
        fs::write(&file, OURS).map_err(Unwritten::at(&file))?;
        Ok(Self(Some(file)))
    }

    /// Whether this file is one that a writer of ours left behind. The lock is held: no writer is at work.
    pub(in crate::audit) fn left_behind(file: &Path) -> bool {
        fs::read(file).is_ok_and(|content| content == OURS)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever puts packs together next.
        if let Some(file) = &self.0 {
            let _left = fs::remove_file(file);
        }
    }
}
