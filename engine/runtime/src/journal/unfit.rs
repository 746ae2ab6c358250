//! Why a directory cannot hold the state.

use std::path::PathBuf;

use super::StorageFailure;

/// Why a directory cannot hold the state. Found out before anything is run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A part of the path is something other than a directory.
    #[error(
        "the state directory `{}` cannot be used: `{}` is not a directory; move it away or set `state_dir` to another path",
        path.display(),
        component.display()
    )]
    NotADirectory {
        /// The state directory.
        path: PathBuf,
        /// The part of it that is in the way.
        component: PathBuf,
    },
    /// This user may not write there.
    #[error(
        "the state directory `{}` cannot be used: this user may not write to `{}`; set `state_dir` to a path of your own",
        path.display(),
        component.display()
    )]
    NotWritable {
        /// The state directory.
        path: PathBuf,
        /// Where writing is not allowed.
        component: PathBuf,
    },
    /// It belongs to another user.
    #[error(
        "the state directory `{}` belongs to the user with uid {owner}, and this is uid {us}: its runs are not yours to go on with; \
         run as that user or set `state_dir` to a path of your own",
        path.display()
    )]
    Owner {
        /// The state directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who we are.
        us: u32,
    },
    /// Others may write there, so nothing that it says could be believed.
    #[error(
        "the state directory `{}` is open to others (mode {mode:04o}): anyone in its group could change a journal; \
         `chmod go-w {}` closes it",
        path.display(),
        path.display()
    )]
    OpenToOthers {
        /// The state directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is on a network file system, where locks and flushes do not mean what they say.
    #[error(
        "the state directory `{}` is on a network file system ({kind}), where neither the lock nor the flush of a journal can be relied on; \
         set `state_dir` to a path on a local disk",
        path.display()
    )]
    Network {
        /// The state directory.
        path: PathBuf,
        /// Which one: `NFS`, `SMB`, ….
        kind: &'static str,
    },
    /// The file system is mounted read-only.
    #[error(
        "the state directory `{}` is on a read-only file system; remount it or set `state_dir` to a path that can be written",
        path.display()
    )]
    ReadOnly {
        /// The state directory.
        path: PathBuf,
    },
    /// Something else went wrong.
    #[error("the state directory cannot be used: {0}")]
    Storage(#[from] StorageFailure),
}
