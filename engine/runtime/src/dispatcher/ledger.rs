//! Nothing is heard of before it is written, and nothing is written that may not follow.
//!
//! Every fact passes here on its way to the journal, to git and to whoever watches: so this is where the last veil hangs, should
//! the value of a secret have come into a fact in spite of the veils before.

use std::cell::{Cell, Ref, RefCell};

use jiff::Timestamp;
use runbook_model::chain::Head;
use runbook_model::entry::{Entry, Intent, Record};
use runbook_model::state::RunState;

use super::Halt;
use crate::journal::{Journal, Lost, Receipt};
use crate::report::{Progress, Reporter};
use crate::secret::known;

/// The journal, the state that it folds to, and everybody who hears of it.
pub(super) struct Ledger {
    journal: Journal,
    state: RefCell<RunState>,
    reporters: RefCell<Vec<Box<dyn Reporter>>>,
    unsealed: Cell<u64>,
    lost: Cell<bool>,
}

impl Ledger {
    /// A ledger over a journal whose records fold to `state`.
    pub(super) fn new(journal: Journal, state: RunState, reporters: Vec<Box<dyn Reporter>>) -> Self {
        Self {
            journal,
            state: RefCell::new(state),
            reporters: RefCell::new(reporters),
            unsealed: Cell::new(0),
            lost: Cell::new(false),
        }
    }

    /// What the run is now. Never hold it over an `await`.
    pub(super) fn state(&self) -> Ref<'_, RunState> {
        self.state.borrow()
    }

    /// How many bytes of the journal are known to be on disk: what may be sealed.
    pub(super) fn durable_bytes(&self) -> u64 {
        self.journal.durable().bytes
    }

    /// The end of the journal, as the next record will name it.
    pub(super) fn head(&self) -> Head {
        self.journal.written().head
    }

    /// Writes a fact down; it is on disk with the next flush.
    pub(super) fn write(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        let entry = known::redacted(entry);
        self.admit(&entry, now)?;
        let record = self.journal.append(entry, now).map_err(|lost| self.lost(lost))?;
        self.tell(&record);
        Ok(())
    }

    /// Writes a fact down and waits until it is on disk. Nobody hears of it before that.
    pub(super) async fn write_durably(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        let entry = known::redacted(entry);
        self.admit(&entry, now)?;
        let record = self.journal.append_durably(entry, now).await.map_err(|lost| self.lost(lost))?;
        self.tell(&record);
        Ok(())
    }

    /// Writes an intent down, waits until it and everything before it is on disk, and gives the key to the world.
    pub(super) async fn intend(&self, intent: Intent, now: Timestamp) -> Result<Receipt, Halt> {
        let intent = known::redacted(intent);
        self.admit(&Entry::StepIntended(Box::new(intent.clone())), now)?;
        let (record, receipt) = self.journal.intend(intent, now).await.map_err(|lost| self.lost(lost))?;
        self.tell(&record);
        Ok(receipt)
    }

    /// Waits until everything that was written is on disk.
    pub(super) async fn sync(&self) -> Result<(), Halt> {
        self.journal.sync().await.map_err(|lost| self.lost(lost))
    }

    /// Writes the last fact of a session down. An intent for which there was no room is in the state and not in the
    /// journal, so the state has no say any more: the journal still takes what ends the session.
    pub(super) async fn close(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        if !self.lost.get() {
            return self.write_durably(entry, now).await;
        }
        let record = self.journal.append_durably(known::redacted(entry), now).await?;
        self.tell(&record);
        Ok(())
    }

    /// Tells reporters that something moves.
    pub(super) fn progress(&self, progress: &Progress) {
        self.reporters.borrow_mut().iter_mut().for_each(|reporter| reporter.progress(progress));
    }

    /// How many records were written since the last seal; starts counting anew.
    pub(super) fn take_unsealed(&self) -> u64 {
        self.unsealed.replace(0)
    }

    /// Takes a record into the state before it is written: an illegal one must never reach the disk, and a legal one
    /// that cannot be written ends the session anyway.
    fn admit(&self, entry: &Entry, now: Timestamp) -> Result<(), Halt> {
        let mut state = self.state.borrow_mut();
        let record = state.draft(self.journal.epoch(), now, entry.clone());
        Ok(state.apply(&record)?)
    }

    fn lost(&self, lost: Lost) -> Halt {
        self.lost.set(true);
        lost.into()
    }

    fn tell(&self, record: &Record) {
        self.unsealed.set(self.unsealed.get() + 1);
        self.reporters.borrow_mut().iter_mut().for_each(|reporter| reporter.fact(record));
    }
}
