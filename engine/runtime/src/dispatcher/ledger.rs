//! Nothing is heard of before it is written, and nothing is written that may not follow.

use std::cell::{Cell, Ref, RefCell};

use jiff::Timestamp;
use runbook_model::entry::{Entry, Intent, Record};
use runbook_model::id::Epoch;
use runbook_model::state::RunState;

use super::Halt;
use crate::journal::{Journal, Receipt};
use crate::report::{Progress, Reporter};

/// The journal, the state that it folds to, and everybody who hears of it.
pub struct Ledger {
    journal: Journal,
    state: RefCell<RunState>,
    reporters: RefCell<Vec<Box<dyn Reporter>>>,
    unsealed: Cell<u64>,
}

impl Ledger {
    /// A ledger over a journal whose records fold to `state`.
    pub fn new(journal: Journal, state: RunState, reporters: Vec<Box<dyn Reporter>>) -> Self {
        Self { journal, state: RefCell::new(state), reporters: RefCell::new(reporters), unsealed: Cell::new(0) }
    }

    /// What the run is now. Never hold it over an `await`.
    pub fn state(&self) -> Ref<'_, RunState> {
        self.state.borrow()
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The epoch of this session.
    pub fn epoch(&self) -> Epoch {
        self.journal.epoch()
    }

    /// Writes a fact down; it is on disk with the next flush.
    pub fn write(&self, entry: Entry, now: Timestamp) -> Result<Record, Halt> {
        let record = self.admit(entry, now)?;
        self.journal.append(&record)?;
        self.tell(&record);
        Ok(record)
    }

    /// Writes a fact down and waits until it is on disk.
    pub async fn write_durably(&self, entry: Entry, now: Timestamp) -> Result<Record, Halt> {
        let record = self.write(entry, now)?;
        self.journal.sync().await?;
        Ok(record)
    }

    /// Writes an intent down, waits until it and everything before it is on disk, and gives the key to the world.
    pub async fn intend(&self, intent: Intent, now: Timestamp) -> Result<Receipt, Halt> {
        let record = self.admit(Entry::StepIntended(Box::new(intent)), now)?;
        let receipt = self.journal.intend(&record).await?;
        self.tell(&record);
        Ok(receipt)
    }

    /// Waits until everything that was written is on disk.
    pub async fn sync(&self) -> Result<(), Halt> {
        Ok(self.journal.sync().await?)
    }

    /// Tells reporters that something moves.
    pub fn progress(&self, progress: &Progress) {
        self.reporters.borrow_mut().iter_mut().for_each(|reporter| reporter.progress(progress));
    }

    /// How many records were written since the last seal, and starts counting anew.
    pub fn take_unsealed(&self) -> u64 {
        self.unsealed.replace(0)
    }

    /// A record that may follow, taken into the state before it is written: an illegal one must never reach the disk,
    /// and a legal one that cannot be written ends the session anyway.
    fn admit(&self, entry: Entry, now: Timestamp) -> Result<Record, Halt> {
        let mut state = self.state.borrow_mut();
        let record = state.draft(self.journal.epoch(), now, entry);
        state.apply(&record)?;
        Ok(record)
    }

    fn tell(&self, record: &Record) {
        self.unsealed.set(self.unsealed.get() + 1);
        self.reporters.borrow_mut().iter_mut().for_each(|reporter| reporter.fact(record));
    }
}
