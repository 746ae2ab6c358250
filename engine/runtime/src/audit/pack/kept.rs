//! A pack that is not to be removed, because what is in it is about to be named and is not yet.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::audit::unwritten::Unwritten;

/// What stands in the file, so that ours are told from those of others.
const OURS: &[u8] = b"runbook: about to be named by a branch\n";

/// A seal that failed or died is done once more within this time, and finds in that pack what it needs.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// The file `<pack>.keep`, as `git receive-pack` writes it: while it is there, `git repack -a -d` and `git gc --prune=now`, which
/// remove at once what no reference names, leave the pack alone.
///
/// It stays when this is dropped: whoever fails to name what is in the pack tries again, and does not write it again.
/// It need not be on disk: whoever it is meant for dies with the machine.
#[must_use]
pub(in crate::audit) struct Kept(PathBuf);

impl Kept {
    pub(super) fn written(file: PathBuf) -> Result<Self, Unwritten> {
        fs::write(&file, OURS).map_err(Unwritten::at(&file))?;
        Ok(Self(file))
    }

    /// A branch names what is in the pack: git may do with it as with any other.
    pub(in crate::audit) fn released(self) {
        // What cannot be removed is left to whoever puts packs together next.
        let _left = fs::remove_file(&self.0);
    }

    /// Removes this file if it is one of ours that nobody needs any more: its pack was never complete, and goes with it, or
    /// nobody came back to it. The lock is held: no writer is at work.
    pub(in crate::audit) fn tidied(file: &Path) -> io::Result<()> {
        if !fs::read(file).is_ok_and(|content| content == OURS) {
            return Ok(());
        }
        let old = fs::metadata(file)?.modified()?.elapsed().is_ok_and(|age| age > PATIENCE);
        let complete = file.with_extension("idx").exists() && file.with_extension("pack").exists();
        if !complete {
            match fs::remove_file(file.with_extension("pack")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if complete && !old { Ok(()) } else { fs::remove_file(file) }
    }
}
