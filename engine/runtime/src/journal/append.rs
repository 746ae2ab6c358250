//! A journal that is being written.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use jiff::Timestamp;
use runbook_model::entry::{Entry, Intent, Record};
use runbook_model::id::{Epoch, RunId};

use super::disk::Disk;
use super::ledger::Ledger;
use super::{Extent, Lease, Lost, Receipt};

/// How long a task waits for others that want the disk, too.
const GATHERING: Duration = Duration::from_millis(2);

/// A journal that this process writes, and nobody else as long as this value lives.
///
/// Several tasks of one thread may use it at a time. After the first failed write or flush every call gives [`Lost`].
pub struct Journal {
    ledger: RefCell<Ledger>,
    gathers: Cell<bool>,
    // Behind the ledger, because fields are dropped in order: the last touch of the file happens under the lock.
    _lease: Lease,
}

impl Journal {
    pub(super) fn new(disk: Box<dyn Disk>, run: RunId, epoch: Epoch, end: Extent, lease: Lease) -> Self {
        Self { ledger: RefCell::new(Ledger::new(disk, run, epoch, end)), gathers: Cell::new(false), _lease: lease }
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.ledger.borrow().run()
    }

    /// The number of this process among those that took the run, counted from 1.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.ledger.borrow().epoch()
    }

    /// How far it is written.
    #[must_use]
    pub fn written(&self) -> Extent {
        self.ledger.borrow().written()
    }

    /// How far it is known to be on disk: what may be sealed.
    #[must_use]
    pub fn durable(&self) -> Extent {
        self.ledger.borrow().durable()
    }

    /// Writes a fact down. It survives the death of this process, and a power cut only after [`Journal::sync`].
    ///
    /// # Errors
    /// [`Lost`]: stop before the next effect.
    pub fn append(&self, entry: Entry, now: Timestamp) -> Result<Record, Lost> {
        self.ledger.borrow_mut().append(entry, now)
    }

    /// Writes two facts down, one behind the other, with one write. A crash may leave the first without the second.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn append_both(&self, first: Entry, second: Entry, now: Timestamp) -> Result<[Record; 2], Lost> {
        self.ledger.borrow_mut().append_all([first, second], now)
    }

    /// Returns when everything that was appended before the call is on disk.
    ///
    /// One flush serves all tasks that wait: each lets the others run once, or gives them some time when many are at work
    /// ([`Journal::gather`]), so that they can append theirs, and who is first after that flushes for all.
    ///
    /// # Errors
    /// [`Lost`]: stop before the next effect. Nothing is tried again.
    pub async fn sync(&self) -> Result<(), Lost> {
        let wanted = self.written().bytes;
        if self.durable().bytes < wanted {
            if self.gathers.get() {
                tokio::time::sleep(GATHERING).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
        let mut ledger = self.ledger.borrow_mut();
        if ledger.durable().bytes < wanted { ledger.flush() } else { Ok(()) }
    }

    /// Says whether many tasks write at the same time: then each that waits for the disk gives the others 2 ms to wait with
    /// it. Two hundred branches that end one after the other need some ten flushes so, and not two hundred.
    pub fn gather(&self, many: bool) {
        self.gathers.set(many);
    }

    /// Puts everything that was appended on disk, now.
    ///
    /// # Errors
    /// As [`Journal::sync`].
    pub fn sync_blocking(&self) -> Result<(), Lost> {
        self.ledger.borrow_mut().flush()
    }

    /// Writes a fact down and returns when it, and all before it, is on disk.
    ///
    /// # Errors
    /// As [`Journal::append`] and [`Journal::sync`].
    pub async fn append_durably(&self, entry: Entry, now: Timestamp) -> Result<Record, Lost> {
        let record = self.append(entry, now)?;
        self.sync().await?;
        Ok(record)
    }

    /// Writes down what is about to be done, and hands out the key to the world when that is on disk (I2).
    ///
    /// If the future is dropped half way, the intent may be written and no receipt exists: after a restart the step is
    /// found intended, and its evidence says that it was never begun.
    ///
    /// # Errors
    /// [`Lost`]: the step must not be started. [`Lost::NoRoom`] comes before anything is written.
    pub async fn intend(&self, intent: Intent, now: Timestamp) -> Result<(Record, Receipt), Lost> {
        self.intend_and_say(intent, now, |_| ()).await
    }

    /// As [`Journal::intend`]; `written` hears of the record when it has its place in the journal, which is before it is on
    /// disk: whoever keeps the order of records needs to know it then.
    ///
    /// # Errors
    /// As [`Journal::intend`].
    pub async fn intend_and_say(
        &self,
        intent: Intent,
        now: Timestamp,
        written: impl FnOnce(&Record),
    ) -> Result<(Record, Receipt), Lost> {
        let (path, attempt) = (intent.path.clone(), intent.attempt);
        let record = self.append(Entry::StepIntended(Box::new(intent)), now)?;
        written(&record);
        self.sync().await?;
        let receipt = Receipt { run: record.run, seq: record.seq, epoch: record.epoch, path, attempt };
        Ok((record, receipt))
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("run", &self.run()).field("written", &self.written()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
