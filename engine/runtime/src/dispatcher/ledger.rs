//! Nothing is told before it is written, and nothing is written that may not follow. Only the script may be ahead of the journal,
//! by one step that changed nothing ([`Ledger::write_late`]).
//!
//! Every fact passes here on its way to the journal, to git and to whoever watches: so this is where the last veil hangs, should
//! the value of a secret have come into a fact in spite of the veils before.

use std::cell::{Cell, Ref, RefCell};
use std::collections::VecDeque;

use jiff::Timestamp;
use runbook_model::chain::Head;
use runbook_model::entry::{Entry, Intent, Record};
use runbook_model::state::RunState;

use super::Halt;
use crate::anchor::Fence;
use crate::journal::{Journal, Lost, Receipt};
use crate::report::{Progress, Reporter};
use crate::secret::known;

/// The journal, the state that it folds to, and everybody who hears of it.
pub(super) struct Ledger {
    journal: Journal,
    state: RefCell<RunState>,
    reporters: RefCell<Vec<Box<dyn Reporter>>>,
    /// Records that nobody has heard of yet, oldest first.
    unheard: RefCell<VecDeque<Unheard>>,
    /// Facts that the state knows of, and that are still to be written.
    late: RefCell<Option<Late>>,
    unsealed: Cell<u64>,
    lost: Cell<bool>,
    fence: Fence,
}

/// Two facts that go into the journal together, behind an answer that does not wait for them.
struct Late {
    facts: [Entry; 2],
    at: Timestamp,
}

/// A record that reporters are still to hear of.
struct Unheard {
    record: Record,
    /// Whether it must be on disk before anybody hears of it.
    binding: bool,
}

impl Ledger {
    /// A ledger over a journal whose records fold to `state`.
    pub(super) fn new(journal: Journal, state: RunState, reporters: Vec<Box<dyn Reporter>>, fence: Fence) -> Self {
        Self {
            journal,
            state: RefCell::new(state),
            reporters: RefCell::new(reporters),
            unheard: RefCell::default(),
            late: RefCell::default(),
            unsealed: Cell::new(0),
            lost: Cell::new(false),
            fence,
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
        debug_assert!(self.late.borrow().is_none(), "whoever signs has caught up");
        self.journal.written().head
    }

    /// Writes a fact down; it is on disk with the next flush. It is told at once, unless something before it may not be.
    pub(super) fn write(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        self.append(entry, now, false)
    }

    /// Takes two facts in that [`catch_up`](Self::catch_up) writes down, with one write: behind the answer to the script, which
    /// goes on meanwhile. Only for what takes no effect. Whatever comes next is written behind them.
    pub(super) fn write_late(&self, first: Entry, second: Entry, at: Timestamp) -> Result<(), Halt> {
        self.catch_up()?;
        let facts = [self.admit(known::redacted(first), at)?, self.admit(known::redacted(second), at)?];
        self.late.replace(Some(Late { facts, at }));
        Ok(())
    }

    /// Writes down what is late.
    pub(super) fn catch_up(&self) -> Result<(), Halt> {
        let Some(Late { facts: [first, second], at }) = self.late.take() else { return Ok(()) };
        let records = self.journal.append_both(first, second, at).map_err(|lost| self.lost(lost))?;
        self.unheard.borrow_mut().extend(records.map(|record| Unheard { record, binding: false }));
        self.hear();
        Ok(())
    }

    /// Writes a fact down that nobody may hear of before it is on disk, and leaves the flush to whoever comes next: the
    /// intent of the next step, a wait, a lull. One flush then serves both sides of a step.
    ///
    /// Only a power cut between here and there can lose the fact, and no effect can lie in between: that takes a receipt,
    /// which takes a flush.
    pub(super) fn write_unheard(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        self.append(entry, now, true)
    }

    /// Writes a fact down and waits until it is on disk. Nobody hears of it before that.
    pub(super) async fn write_durably(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        self.append(entry, now, true)?;
        self.sync().await
    }

    /// Makes sure, before a change, that no other machine has taken the run.
    pub(super) async fn renew(&self) {
        if !self.fence.asks() {
            return;
        }
        let fence = self.fence.clone();
        // It may wait for a network: not on this thread. When it cannot be asked, what was known last counts.
        let _asked = tokio::task::spawn_blocking(move || fence.renew()).await;
    }

    /// Writes an intent down, waits until it and everything before it is on disk, and gives the key to the world.
    pub(super) async fn intend(&self, intent: Intent, now: Timestamp) -> Result<Receipt, Halt> {
        self.catch_up()?;
        let Entry::StepIntended(intent) = self.admit(Entry::StepIntended(Box::new(known::redacted(intent))), now)? else {
            return Err(Halt::Interrupted);
        };
        let written = |record: &Record| self.unheard.borrow_mut().push_back(Unheard { record: record.clone(), binding: true });
        let intended = self.journal.intend_and_say(*intent, now, written).await;
        let receipt = intended.map_err(|lost| self.lost(lost))?.1;
        self.hear();
        Ok(receipt)
    }

    /// Says whether many branches write at the same time, so that one flush serves several.
    pub(super) fn gather(&self, many: bool) {
        self.journal.gather(many);
    }

    /// Waits until everything that was written is on disk.
    pub(super) async fn sync(&self) -> Result<(), Halt> {
        self.catch_up()?;
        self.journal.sync().await.map_err(|lost| self.lost(lost))?;
        self.hear();
        Ok(())
    }

    /// Puts everything that was written on disk, without letting others in between.
    pub(super) fn sync_now(&self) -> Result<(), Halt> {
        self.catch_up()?;
        self.journal.sync_blocking().map_err(|lost| self.lost(lost))?;
        self.hear();
        Ok(())
    }

    /// Waits until everything that is kept back is on disk, and tells it.
    pub(super) async fn settle(&self) -> Result<(), Halt> {
        if self.is_unheard() { self.sync().await } else { Ok(()) }
    }

    /// Whether something was written that nobody may hear of before a flush, or nothing of the run is on disk yet.
    pub(super) fn is_unheard(&self) -> bool {
        !self.unheard.borrow().is_empty() || self.durable_bytes() == 0
    }

    /// Writes the last fact of a session down. An intent for which there was no room is in the state and not in the
    /// journal, so the state has no say any more: the journal still takes what ends the session.
    pub(super) async fn close(&self, entry: Entry, now: Timestamp) -> Result<(), Halt> {
        if !self.lost.get() {
            return self.write_durably(entry, now).await;
        }
        let record = self.journal.append(known::redacted(entry), now)?;
        self.unheard.borrow_mut().push_back(Unheard { record, binding: true });
        self.journal.sync().await?;
        self.hear();
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

    /// Takes an entry into the state before it is written: an illegal one must never reach the disk, and a legal one that
    /// cannot be written ends the session anyway.
    fn admit(&self, entry: Entry, now: Timestamp) -> Result<Entry, Halt> {
        if let Some(why) = self.fence.stands() {
            return Err(Halt::Fenced(why));
        }
        let mut state = self.state.borrow_mut();
        let record = state.draft(self.journal.epoch(), now, entry);
        state.apply(&record)?;
        Ok(record.entry)
    }

    fn append(&self, entry: Entry, now: Timestamp, binding: bool) -> Result<(), Halt> {
        self.catch_up()?;
        let entry = self.admit(known::redacted(entry), now)?;
        let record = self.journal.append(entry, now).map_err(|lost| self.lost(lost))?;
        self.unheard.borrow_mut().push_back(Unheard { record, binding });
        self.hear();
        Ok(())
    }

    fn lost(&self, lost: Lost) -> Halt {
        self.lost.set(true);
        lost.into()
    }

    /// Tells what may be told, in the order of the journal.
    fn hear(&self) {
        let durable = self.journal.durable().head.next;
        let may_be_told = |unheard: &Unheard| !unheard.binding || unheard.record.seq < durable;
        loop {
            let next = {
                let mut unheard = self.unheard.borrow_mut();
                if unheard.front().is_some_and(may_be_told) { unheard.pop_front() } else { None }
            };
            let Some(Unheard { record, .. }) = next else { return };
            self.unsealed.set(self.unsealed.get() + 1);
            self.reporters.borrow_mut().iter_mut().for_each(|reporter| reporter.fact(&record));
        }
    }
}

#[cfg(test)]
mod tests;
