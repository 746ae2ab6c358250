//! The archive: the audit trail of every run, in a bare git repository that plain git can read and check.
//!
//! A run is the branch `runs/<run>`; each [`Seal`] adds a commit with the journal as it is then, the pinned sources, and
//! the outputs. When the run ends, [`Archive::conclude`] merges its directory into `main`, so that
//! `git log --first-parent main` shows one line for each end of a run. There is no work tree, no index and no hook, and
//! nothing is ever forced: what was sealed can only be extended.
//!
//! The [`Archivist`] is the thread that does this off the critical path. [`verify()`] reads a clone and trusts nothing.

mod archive;
mod archivist;
mod blob_id;
mod commit;
mod compressed;
mod conclude;
mod consolidate;
mod contents;
mod copy;
mod directory;
pub(crate) mod durable;
mod facts;
mod founding;
mod journal;
pub(crate) mod lineage;
mod lock;
mod looking;
mod message;
mod pack;
mod place;
mod reading;
mod reference;
mod remembered;
mod run_branch;
mod seal;
mod staging;
mod standing;
mod tree;
mod unwritten;
pub mod verify;

#[cfg(test)]
mod tests;

pub use archive::{Archive, Told, Unusable};
pub use archivist::{Archivist, Behind, Stopped};
pub use copy::Copy;
pub use founding::Founding;
pub use journal::Journal;
pub(crate) use lock::{Locked, WriterLock};
pub use looking::{Sight, look};
pub(crate) use place::PUSHED;
pub use reading::{Flaw, Unreadable};
pub use remembered::{Rewritten, read as remembered};
pub use seal::{Seal, SealError, Sealed, SourceText};
pub use standing::{Divergence, Standing};
pub use unwritten::Unwritten;
pub use verify::{Finding, Request, Verified, verify};
