//! What the ledger asks of a file: little enough to be played by a script in tests.

use std::fs::File;

use rustix::fs::FallocateFlags;
use rustix::io::{Errno, Result};

/// A file that only grows at its end.
pub(super) trait Disk {
    /// One write at the end; may take fewer bytes than given, never none.
    fn write(&mut self, bytes: &[u8]) -> Result<usize>;

    /// Puts everything that was written on disk. Must not be called again after it failed.
    fn flush(&mut self) -> Result<()>;

    /// Sets room aside behind the end, without making the file longer. `OPNOTSUPP` where that cannot be done.
    fn reserve(&mut self, offset: u64, length: u64) -> Result<()>;

    /// The length, in bytes.
    fn length(&self) -> Result<u64>;

    /// Gives back room behind `length`.
    fn trim(&mut self, length: u64) -> Result<()>;
}

/// A file, opened for appending.
pub(super) struct JournalFile(pub(super) File);

impl Disk for JournalFile {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match rustix::io::retry_on_intr(|| rustix::io::write(&self.0, bytes))? {
            // No error and no progress: no kernel should do it, and asking again could go on for ever.
            0 if !bytes.is_empty() => Err(Errno::IO),
            taken => Ok(taken),
        }
    }

    fn flush(&mut self) -> Result<()> {
        rustix::fs::fdatasync(&self.0)
    }

    fn reserve(&mut self, offset: u64, length: u64) -> Result<()> {
        rustix::io::retry_on_intr(|| rustix::fs::fallocate(&self.0, FallocateFlags::KEEP_SIZE, offset, length))
    }

    fn length(&self) -> Result<u64> {
        Ok(u64::try_from(rustix::fs::fstat(&self.0)?.st_size).unwrap_or(0))
    }

    fn trim(&mut self, length: u64) -> Result<()> {
        rustix::fs::ftruncate(&self.0, length)
    }
}
