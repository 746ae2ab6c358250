//! Reading a journal record by record, without keeping it: what a long run has written may be larger than all that is known
//! of it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _};

use runbook_model::entry::Record;
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
    pub fn pass(run_dir: &RunDir, mut shown: impl FnMut(Record)) -> Result<(), ReadError> {
        walk(&open_existing(run_dir, OFlags::RDONLY)?, run_dir, |_, record| record.into_iter().for_each(&mut shown)).map(drop)
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

/// Reads a journal from its beginning, line by line: what is read, and the record that it is, or none for a last line without line
/// break. Gives how far the records go.
pub(super) fn walk(file: &File, run_dir: &RunDir, mut shown: impl FnMut(&[u8], Option<Record>)) -> Result<Extent, ReadError> {
    let path = run_dir.journal();
    let failed = StorageFailure::io("read", &path);
    let mut file = BufReader::with_capacity(AT_ONCE, file);
    file.rewind().map_err(&failed)?;
    let (mut line, mut at) = (Vec::new(), Extent::EMPTY);
    loop {
        line.clear();
        file.read_until(b'\n', &mut line).map_err(&failed)?;
        let mut records = Records::from(at, run_dir.run(), &path, &line);
        let record = records.next().transpose()?;
        let ended = record.is_none();
        at = records.extent();
        shown(&line, record);
        if ended {
            return Ok(at);
        }
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
