//! The ledger: one file a run, one record a line, on disk before anything happens.
//!
//! ```text
//! <state>/                 0700, ours, on a local file system      StateDir
//!   runs/<RUN-ID>/         made exclusively, never reused          RunDir
//!     journal.jsonl        the truth about the run                 Journal, Reading
//!     lease.json           locked while a process works on it      Lease
//!     sources/             what the run started from, by digest    pin, pinned
//!     outputs/  keeper/    of other rooms
//!   locks/<name>           locked by the run that has it      NamedLock
//!   audit.git              of the archive
//! ```
//!
//! What may be relied on:
//! - A [`Receipt`] exists only after its intent is on disk (invariant I2): [`Journal::intend`] is the one place.
//! - A journal has one writer: the [`Lease`] while it works, the epoch in every record for when the lock lied (I5).
//! - A failed write or flush is never tried again: the kernel may have thrown the bytes away and say "done" the second
//!   time. The [`Journal`] is dead then, and only a new process that reads the disk knows what is there.
//! - A line without its line break is a torn write: nothing ran after it, and it is dropped. Any other line that does
//!   not fit is damage: reading stops and names the place. Nothing is skipped, guessed or repaired.

mod append;
mod birth;
mod bring;
mod claim;
mod directory;
mod disk;
mod ending;
mod first;
mod follower;
mod holder;
mod known;
mod lease;
mod ledger;
mod lost;
mod named_lock;
mod newborn;
mod open;
mod origin;
mod passing;
mod reading;
mod receipt;
mod run_dir;
mod search;
mod sources;
mod state_dir;
mod storage_failure;
mod unfit;

#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod scripted_disk;
#[cfg(test)]
mod tamper_tests;

pub use append::Journal;
pub use birth::new_run_id;
pub use bring::BringError;
pub use claim::Claim;
pub use follower::Follower;
pub use holder::{Held, Holder};
pub use known::{Found, Known};
pub use lease::{Lease, LeaseError};
pub use ledger::Extent;
pub use lost::Lost;
pub use named_lock::{LockRoom, NamedLock, NotHad};
pub use newborn::Newborn;
pub use open::{CreateError, OpenError, ReadError};
pub use origin::Origin;
pub use reading::{Damaged, Reading, Records};
pub use receipt::Receipt;
pub use run_dir::RunDir;
pub use search::{LAST, NoSuchRun};
pub use sources::SourceError;
pub use state_dir::StateDir;
pub use storage_failure::StorageFailure;
pub use unfit::Unfit;
