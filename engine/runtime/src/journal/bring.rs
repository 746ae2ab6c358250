//! A journal that another machine wrote, taken over whole.

use std::io::{Read as _, Write as _};

use rustix::fs::OFlags;

use super::{Holder, Lease, LeaseError, Origin, ReadError, Reading, RunDir, StorageFailure, directory};

/// A journal from elsewhere cannot become the one here. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BringError {
    /// The journal here holds records that the one from elsewhere does not.
    #[error("the journal of run {run} here has records that the one from elsewhere has not: both are left as they are", run = .0)]
    Forked(runbook_model::id::RunId),
    /// A process works on the run.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// What was brought is no journal of this run, or the one here cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageFailure),
}

impl RunDir {
    /// Makes the journal of this run what `content` of this remote is, which may only extend what is here. False when all of it
    /// was here.
    ///
    /// What commands left here (outputs, the keeper's notes) stays; what they left elsewhere stays there: a step that was in
    /// flight on another machine is in doubt here.
    ///
    /// # Errors
    /// [`BringError`]; what was read here stays as it is.
    pub fn bring(&self, content: &[u8], remote: &str, holder: &Holder) -> Result<bool, BringError> {
        let path = self.journal();
        Reading::of(self.run(), &path, content).map_err(ReadError::from)?;
        directory::make(self.dir())?;
        directory::make(&self.keeper())?;
        let _lease = Lease::take(self, holder)?;
        let mut file = directory::open_file(&path, OFlags::RDWR | OFlags::APPEND | OFlags::CREATE)?;
        let mut here = Vec::new();
        file.read_to_end(&mut here).map_err(StorageFailure::io("read", &path))?;
        // A torn last line is no record: nothing ran after it.
        let whole = here.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if !content.starts_with(&here[..whole]) {
            // One that is only longer has it all.
            if !here[..whole].starts_with(content) {
                return Err(BringError::Forked(self.run()));
            }
            self.came(&here[..whole], content, remote)?;
            return Ok(false);
        }
        // First: a process that dies in between must not take what the other machine was at for its own.
        self.came(&here[..whole], content, remote)?;
        if whole < here.len() {
            file.set_len(whole as u64).map_err(StorageFailure::io("cut the torn last line of", &path))?;
        }
        file.write_all(&content[whole..]).map_err(StorageFailure::io("write", &path))?;
        rustix::fs::fsync(&file).map_err(StorageFailure::at("flush", &path))?;
        for parent in self.dir().ancestors().take(3) {
            directory::flush(parent)?;
        }
        Ok(whole < content.len())
    }

    /// Notes that what is new in `content` was written elsewhere; when nothing is, what was known before stands.
    fn came(&self, here: &[u8], content: &[u8], remote: &str) -> Result<(), StorageFailure> {
        let known = self.origin().map_or(0, |origin| origin.records);
        let there = content.iter().filter(|byte| **byte == b'\n').count() as u64;
        let records = if content.len() > here.len() { known.max(there) } else { known };
        self.keep_origin(&Origin { records, remote: remote.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;
    use crate::journal::sample::{fresh_run, holder, new_run, noted, now};

    /// The bytes of a journal with so many notes in it.
    fn journal(notes: &[&str]) -> Vec<u8> {
        let (_home, dir) = new_run();
        let journal = Journal::create(&dir, &holder("ada")).unwrap();
        for text in notes {
            journal.append(noted(text), now()).unwrap();
        }
        std::fs::read(dir.journal()).unwrap().into_iter().take(journal.written().bytes as usize).collect()
    }

    #[test]
    fn what_is_here_only_grows() {
        let (_home, dir) = fresh_run();
        let (short, long) = (journal(&["a"]), journal(&["a", "b", "c"]));
        assert_eq!(dir.origin(), None);
        assert_eq!(dir.bring(&short, "r", &holder("ada")), Ok(true));
        assert_eq!(dir.origin(), Some(Origin { records: 1, remote: "r".to_owned() }));
        // A line that broke off here is no record.
        let mut torn = short.clone();
        torn.extend_from_slice(b"{\"prev\":");
        std::fs::write(dir.journal(), &torn).unwrap();
        assert_eq!(dir.bring(&long, "r", &holder("ada")), Ok(true));
        assert_eq!(std::fs::read(dir.journal()).unwrap(), long);
        for older in [&long, &short] {
            assert_eq!(dir.bring(older, "r", &holder("ada")), Ok(false));
            assert_eq!(std::fs::read(dir.journal()).unwrap(), long);
            assert_eq!(dir.origin(), Some(Origin { records: 3, remote: "r".to_owned() }));
        }
    }

    /// Killed, or out of room, between the note and the journal: brought again, and nothing is taken for our own.
    #[test]
    fn what_was_written_elsewhere_stays_so_when_it_is_brought_again() {
        let (_home, dir) = fresh_run();
        let (short, long) = (journal(&["a"]), journal(&["a", "b", "c"]));
        dir.bring(&long, "r", &holder("ada")).unwrap();
        std::fs::write(dir.journal(), &short).unwrap();
        assert_eq!(dir.bring(&long, "r", &holder("ada")), Ok(true));
        assert_eq!(dir.bring(&long, "other", &holder("ada")), Ok(false));
        assert_eq!(dir.origin(), Some(Origin { records: 3, remote: "other".to_owned() }));
    }

    #[test]
    fn a_fork_damage_and_a_busy_run_are_refused() {
        let (_home, dir) = fresh_run();
        let here = journal(&["a", "b"]);
        dir.bring(&here, "r", &holder("ada")).unwrap();
        assert_eq!(dir.bring(&journal(&["a", "x", "y"]), "r", &holder("ada")), Err(BringError::Forked(dir.run())));
        assert!(matches!(dir.bring(b"{}\n", "r", &holder("ada")), Err(BringError::Read(_))));
        let lease = Lease::take(&dir, &holder("bob")).unwrap();
        assert!(matches!(dir.bring(&here, "r", &holder("ada")), Err(BringError::Lease(_))));
        drop(lease);
        assert_eq!(std::fs::read(dir.journal()).unwrap(), here);
    }
}
