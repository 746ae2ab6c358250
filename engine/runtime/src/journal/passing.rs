//! Reading a journal record by record, without keeping it: what a long run has written may be larger than all that is known
//! of it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;

use runbook_model::entry::Record;
use runbook_model::id::RunId;
use runbook_model::state::{Folding, RunState};
use rustix::fs::OFlags;

use super::open::open_existing;
use super::{Extent, Journal, ReadError, Records, RunDir, StorageFailure};

/// So many bytes are asked for at a time.
const AT_ONCE: usize = 64 * 1024;

impl Journal {
    /// Reads a journal without taking the run, and shows its records one after the other. A last line that broke off is
    /// left out. Nothing is changed.
    ///
    /// Unlike [`Journal::read`] it looks at damage once only: of a run that another process opens just now it may be none.
    ///
    /// # Errors
    /// [`ReadError`] when there is no journal, or a record does not fit; those before it were shown.
    pub fn pass(run_dir: &RunDir, shown: impl FnMut(Record)) -> Result<(), ReadError> {
        Walk::of(run_dir)?.finish(shown).map(drop)
    }

    /// What a run is, by its journal, without taking it; `None` when nothing is written yet.
    ///
    /// # Errors
    /// As [`Journal::pass`], and [`ReadError::Illegal`] when a record may not follow those before it.
    pub fn folded(run_dir: &RunDir) -> Result<Option<RunState>, ReadError> {
        let mut folding = Folding::default();
        Self::pass(run_dir, |record| folding.take(&record))?;
        folding.done().map_err(|illegal| ReadError::Illegal { run: run_dir.run(), illegal })
    }
}

/// A way through a journal from its beginning, line by line.
pub(super) struct Walk<R> {
    file: BufReader<R>,
    run: RunId,
    path: PathBuf,
    line: Vec<u8>,
    at: Extent,
}

impl Walk<File> {
    pub(super) fn of(run_dir: &RunDir) -> Result<Self, ReadError> {
        open_existing(run_dir, OFlags::RDONLY).map(|file| Self::through(file, run_dir))
    }
}

impl<R: Read> Walk<R> {
    /// Through a file that stands at its beginning.
    pub(super) fn through(file: R, run_dir: &RunDir) -> Self {
        let file = BufReader::with_capacity(AT_ONCE, file);
        Self { file, run: run_dir.run(), path: run_dir.journal(), line: Vec::new(), at: Extent::EMPTY }
    }

    /// The next record; none at the end, where a last line without line break may stand.
    pub(super) fn record(&mut self) -> Result<Option<Record>, ReadError> {
        self.fetch(u64::MAX)?;
        self.fetched()
    }

    /// Reads a line, of at most so many bytes, and does not look at it.
    pub(super) fn fetch(&mut self, most: u64) -> Result<(), ReadError> {
        self.line.clear();
        let read = self.file.by_ref().take(most).read_until(b'\n', &mut self.line);
        read.map(drop).map_err(|error| StorageFailure::io("read", &self.path)(error).into())
    }

    /// The record that the line is; none when it has no line break.
    pub(super) fn fetched(&mut self) -> Result<Option<Record>, ReadError> {
        let mut records = Records::from(self.at, self.run, &self.path, &self.line);
        let record = records.next().transpose()?;
        self.at = records.extent();
        Ok(record)
    }

    /// Shows the records that follow, and gives how far they go.
    pub(super) fn finish(mut self, mut shown: impl FnMut(Record)) -> Result<Extent, ReadError> {
        while let Some(record) = self.record()? {
            shown(record);
        }
        Ok(self.at)
    }

    /// What was read last.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    /// How far the records go that were read.
    pub(super) fn extent(&self) -> Extent {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::journal::sample::{fresh_run, journal_of};

    fn passed(dir: &RunDir) -> (Vec<Record>, Result<(), ReadError>) {
        let mut records = Vec::new();
        let end = Journal::pass(dir, |record| records.push(record));
        (records, end)
    }

    #[test]
    fn it_shows_what_reading_the_whole_gives() {
        let (_home, dir) = fresh_run();
        assert!(matches!(passed(&dir).1, Err(ReadError::Missing { .. })));
        // More than is asked for at a time, so that lines lie across the border.
        let content = journal_of(dir.run(), 2_000);
        assert!(content.len() > 3 * AT_ONCE);
        std::fs::write(dir.journal(), &content).unwrap();
        let whole = Journal::read(&dir).unwrap().records;
        assert_eq!(passed(&dir), (whole.clone(), Ok(())));
        let mut file = File::options().append(true).open(dir.journal()).unwrap();
        file.write_all(br#"{"prev":"#).unwrap();
        assert_eq!(passed(&dir), (whole, Ok(())));
    }

    #[test]
    fn it_ends_at_damage_and_says_where() {
        let (_home, dir) = fresh_run();
        let mut content = journal_of(dir.run(), 3);
        let last = content.len() - 80;
        content[last] ^= 1;
        std::fs::write(dir.journal(), &content).unwrap();
        let (records, end) = passed(&dir);
        assert_eq!(records.len(), 2);
        assert_eq!(end, Journal::read(&dir).map(drop));
        assert_eq!(Journal::folded(&dir), Err(end.unwrap_err()));
    }

    #[test]
    fn what_may_not_follow_is_no_state() {
        let (_home, dir) = fresh_run();
        std::fs::write(dir.journal(), journal_of(dir.run(), 2)).unwrap();
        let ReadError::Illegal { illegal, .. } = Journal::folded(&dir).unwrap_err() else { panic!("another error") };
        assert_eq!(illegal.seq.0, 0);
        std::fs::write(dir.journal(), b"").unwrap();
        assert_eq!(Journal::folded(&dir), Ok(None));
    }
}
