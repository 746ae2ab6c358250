//! The writing side of a journal: where it ends, what of it is on disk, and whether it still lives.

use jiff::Timestamp;
use runbook_model::chain::{self, Head};
use runbook_model::entry::{Entry, Record, VERSION};
use runbook_model::id::{Epoch, RunId};
use rustix::io::Errno;

use super::Lost;
use super::disk::Disk;

/// The room that every intent finds behind it, for its outcome, in bytes.
const ROOM: u64 = 32 * 1024;
/// Room is set aside in steps of this many bytes: one call for many records.
const STEP: u64 = 64 * 1024;

/// How far a journal goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The end of the chain: number and digest.
    pub head: Head,
    /// The length, in bytes.
    pub bytes: u64,
}

impl Extent {
    /// An empty journal.
    pub const EMPTY: Self = Self { head: Head::EMPTY, bytes: 0 };
}

/// How far room is set aside.
enum Reserved {
    /// Up to this offset.
    UpTo(u64),
    /// This file system cannot; the journal goes on without, and finds out by the write.
    CannotBe,
}

/// The writing side of a journal.
pub(super) struct Ledger {
    disk: Box<dyn Disk>,
    run: RunId,
    epoch: Epoch,
    written: Extent,
    durable: Extent,
    reserved: Reserved,
    /// Intents of this process whose outcome is not written yet: each needs its own room.
    under_way: u64,
    dead: bool,
}

impl Ledger {
    /// Goes on at `end`, all of which is on disk.
    pub(super) fn new(disk: Box<dyn Disk>, run: RunId, epoch: Epoch, end: Extent) -> Self {
        Self { disk, run, epoch, written: end, durable: end, reserved: Reserved::UpTo(0), under_way: 0, dead: false }
    }

    pub(super) fn run(&self) -> RunId {
        self.run
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(super) fn written(&self) -> Extent {
        self.written
    }

    pub(super) fn durable(&self) -> Extent {
        self.durable
    }

    /// Writes one record at the end, without flushing.
    pub(super) fn append(&mut self, entry: Entry, at: Timestamp) -> Result<Record, Lost> {
        let [record] = self.append_all([entry], at)?;
        Ok(record)
    }

    /// Writes records at the end with one write, without flushing.
    pub(super) fn append_all<const N: usize>(&mut self, entries: [Entry; N], at: Timestamp) -> Result<[Record; N], Lost> {
        self.alive_and_alone()?;
        // Most records are shorter than that.
        let (mut lines, mut head) = (Vec::with_capacity(N * 1024), self.written.head);
        let records = entries.map(|entry| {
            let record = Record { v: VERSION, run: self.run, seq: head.next, epoch: self.epoch, at, entry };
            head = chain::write(head, &record, &mut lines);
            lines.push(b'\n');
            record
        });
        let length = lines.len() as u64;
        for record in &records {
            match record.entry {
                Entry::StepIntended(_) => {
                    self.make_room(length)?;
                    self.under_way += 1;
                }
                Entry::StepEnded(_) => self.under_way = self.under_way.saturating_sub(1),
                _ => {}
            }
        }
        self.write_all(&lines)?;
        self.written = Extent { head, bytes: self.written.bytes + length };
        Ok(records)
    }

    /// Puts everything that was written on disk.
    pub(super) fn flush(&mut self) -> Result<(), Lost> {
        self.alive_and_alone()?;
        if self.durable == self.written {
            return Ok(());
        }
        let _flushing = tracing::debug_span!("flush", next = %self.written.head.next, bytes = self.written.bytes).entered();
        if let Err(source) = self.disk.flush() {
            return Err(self.die(Lost::Flush { run: self.run, source }));
        }
        self.durable = self.written;
        Ok(())
    }

    /// Sees to it that an intent of this length and the outcomes of all that is under way fit.
    fn make_room(&mut self, length: u64) -> Result<(), Lost> {
        let Reserved::UpTo(reserved) = self.reserved else { return Ok(()) };
        let wanted = self.written.bytes + length + ROOM * (self.under_way + 1);
        if wanted <= reserved {
            return Ok(());
        }
        let (from, to) = (reserved.max(self.written.bytes), wanted.next_multiple_of(STEP));
        match self.disk.reserve(from, to - from) {
            Ok(()) => self.reserved = Reserved::UpTo(to),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.reserved = Reserved::CannotBe,
            Err(source) => return Err(Lost::NoRoom { run: self.run, source }),
        }
        Ok(())
    }

    /// A short write is completed; the rest of a line that cannot be completed is dropped by whoever opens the journal next.
    fn write_all(&mut self, mut line: &[u8]) -> Result<(), Lost> {
        while !line.is_empty() {
            match self.disk.write(line) {
                Ok(taken) => line = &line[taken..],
                Err(source) => return Err(self.die(Lost::Write { run: self.run, source })),
            }
        }
        Ok(())
    }

    /// Looked at before each write and each flush, so that a second writer is noticed before the next effect (I5).
    fn alive_and_alone(&mut self) -> Result<(), Lost> {
        if self.dead {
            return Err(Lost::Earlier { run: self.run });
        }
        match self.disk.length() {
            Ok(found) if found == self.written.bytes => Ok(()),
            Ok(found) => Err(self.die(Lost::NotAlone { run: self.run, found, wanted: self.written.bytes })),
            Err(source) => Err(self.die(Lost::Write { run: self.run, source })),
        }
    }

    fn die(&mut self, lost: Lost) -> Lost {
        self.dead = true;
        lost
    }
}

impl Drop for Ledger {
    /// Gives back the room that was set aside: 64 KiB a run would be the most of what most runs take.
    fn drop(&mut self) {
        if matches!(self.reserved, Reserved::UpTo(to) if to > self.written.bytes) && self.alive_and_alone().is_ok() {
            // Room that is not given back is a loss of space and nothing else.
            let _given_back = self.disk.trim(self.written.bytes);
        }
    }
}
