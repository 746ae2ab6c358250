//! Packs, written and put together by ourselves: three flushes, and a cost that does not grow with what is stored.
//!
//! libgit2's builder asks every reference of the repository before it writes a pack, for the tags among them: at 10,000
//! runs that was nine tenths of a seal. It also looks for deltas among all objects whenever packs are put together, so
//! that a seal in 50 took as long as all seals before it.
//!
//! Only what git itself reads is written here: packs and indexes of version 2, which `git fsck --strict` checks.

mod begun;
mod compression;
mod delta;
mod entry;
mod index;
mod kept;
mod likeness;
mod merge;
mod source;
mod writer;

#[cfg(test)]
mod tests;

pub(super) use compression::Compressor;
pub(super) use entry::Kind;
pub(super) use kept::Kept;
pub(super) use merge::merge;
pub(super) use writer::{TEMPORARY, Writer};
