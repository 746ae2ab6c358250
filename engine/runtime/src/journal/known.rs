//! Taking a run that was read already.
//!
//! Whoever goes on with a run reads its journal twice: before the lease, to know how to go on, and under it, because another
//! process may have written in between. The second time it is nearly always the same, byte for byte, and then it means the
//! same: the bytes are fetched from the disk and compared, and not read again as records.

use runbook_model::digest::Digest;
use runbook_model::id::Epoch;
use runbook_model::state::RunState;

use super::{Extent, Holder, Journal, OpenError, Reading, RunDir};

/// What a journal said when it was read without the lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    content: Digest,
    extent: Extent,
    last: Epoch,
    state: Box<RunState>,
}

impl Known {
    /// What was read, and the state that it folds to; `None` for a journal whose last line broke off, which is to be cut.
    #[must_use]
    pub fn of(reading: &Reading, state: RunState) -> Option<Self> {
        let whole = reading.cut_tail.is_none();
        whole.then(|| Self {
            content: reading.content,
            extent: reading.extent(),
            last: reading.last_epoch(),
            state: Box::new(state),
        })
    }
}

/// What a journal says under the lease.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// What was known of it.
    AsKnown(Box<RunState>),
    /// Something else.
    New(Reading),
}

impl Journal {
    /// As [`Journal::open`], of a run of which something is known.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_known(run_dir: &RunDir, holder: &Holder, known: Option<Known>) -> Result<(Self, Found), OpenError> {
        let mut taken = Self::taken(run_dir, holder)?;
        if let Some(Known { content, extent, last, state }) = known
            && taken.length(run_dir)? == extent.bytes
            && taken.content(run_dir)? == content
        {
            return Ok((taken.going_on(run_dir, last, extent), Found::AsKnown(state)));
        }
        taken.read(run_dir).map(|(journal, reading)| (journal, Found::New(reading)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::journal::sample::{holder, new_run, noted, now};

    /// A run that a process wrote and let go of, and what is known of it.
    fn known() -> (tempfile::TempDir, RunDir, Known) {
        let (home, dir) = new_run();
        let journal = Journal::create(&dir, &holder("ada")).unwrap();
        let started = serde_json::json!({
            "runbook": "main", "title": "Main", "mode": "live", "params": {}, "sources": [], "root": "/"
        });
        let started = runbook_model::entry::Entry::RunStarted(Box::new(serde_json::from_value(started).unwrap()));
        journal.append(started, now()).unwrap();
        drop(journal);
        let reading = Journal::read(&dir).unwrap();
        let state = RunState::fold(&reading.records).unwrap().unwrap();
        let known = Known::of(&reading, state).unwrap();
        (home, dir, known)
    }

    #[test]
    fn the_same_journal_is_not_read_again_and_goes_on_as_if_it_had_been() {
        let (_home, dir, known) = known();
        let (journal, found) = Journal::open_known(&dir, &holder("bob"), Some(known.clone())).unwrap();
        assert_eq!(found, Found::AsKnown(known.state));
        assert_eq!((journal.epoch(), journal.written(), journal.durable()), (Epoch(2), known.extent, known.extent));
        journal.append(noted("on"), now()).unwrap();
        drop(journal);
        assert_eq!(Journal::read(&dir).unwrap().records.len(), 2);
    }

    #[test]
    fn what_another_process_wrote_in_between_is_read() {
        let (_home, dir, known) = known();
        Journal::open(&dir, &holder("eve")).unwrap().0.append(noted("in between"), now()).unwrap();
        let (journal, found) = Journal::open_known(&dir, &holder("bob"), Some(known)).unwrap();
        assert!(matches!(found, Found::New(reading) if reading.records.len() == 2));
        assert_eq!(journal.epoch(), Epoch(3));
    }

    #[test]
    fn a_journal_of_the_same_length_that_was_edited_is_damaged_as_ever() {
        let (_home, dir, known) = known();
        let mut content = std::fs::read(dir.journal()).unwrap();
        content[100] ^= 1;
        std::fs::write(dir.journal(), &content).unwrap();
        assert!(matches!(Journal::open_known(&dir, &holder("bob"), Some(known)), Err(OpenError::Read(_))));
    }

    #[test]
    fn a_torn_line_is_cut_off_whoever_knew_of_it() {
        let (_home, dir, known) = known();
        let mut file = std::fs::File::options().append(true).open(dir.journal()).unwrap();
        file.write_all(b"{\"prev\"").unwrap();
        let reading = Journal::read(&dir).unwrap();
        assert_eq!(Known::of(&reading, (*known.state).clone()), None);
        let (journal, found) = Journal::open_known(&dir, &holder("bob"), Some(known.clone())).unwrap();
        assert!(matches!(found, Found::New(reading) if reading.cut_tail == Some(7)));
        assert_eq!(journal.written(), known.extent);
        assert_eq!(std::fs::metadata(dir.journal()).unwrap().len(), known.extent.bytes);
    }
}
