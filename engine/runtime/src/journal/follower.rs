//! Reading a journal while another process writes it.

use std::io::{Read as _, Seek as _, SeekFrom};

use runbook_model::entry::Record;
use rustix::fs::OFlags;

use super::open::open_existing;
use super::{Extent, ReadError, Records, RunDir, StorageFailure};

/// Reads the records of a journal as they come, each once, without taking the run.
#[derive(Debug)]
pub struct Follower {
    dir: RunDir,
    at: Extent,
    /// What did not fit at the last look.
    doubted: Option<ReadError>,
}

impl Follower {
    /// Follows a journal from its first record.
    #[must_use]
    pub fn new(dir: RunDir) -> Self {
        Self { dir, at: Extent::EMPTY, doubted: None }
    }

    /// The records that were written since the last look. A line without its line break has not been written yet.
    ///
    /// # Errors
    /// [`ReadError`] when there is no journal, or a record does not fit, at two looks in a row: a process that opens the
    /// journal cuts a torn line off and writes on, and in between the end of the file is neither.
    pub fn news(&mut self) -> Result<Vec<Record>, ReadError> {
        let path = self.dir.journal();
        let mut file = open_existing(&self.dir, OFlags::RDONLY)?;
        file.seek(SeekFrom::Start(self.at.bytes)).map_err(StorageFailure::io("read", &path))?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(StorageFailure::io("read", &path))?;
        let mut lines = Records::from(self.at, self.dir.run(), &path, &content);
        let mut records = Vec::new();
        let mut wrong = None;
        for line in lines.by_ref() {
            match line {
                Ok(record) => records.push(record),
                Err(damaged) => wrong = Some(ReadError::from(damaged)),
            }
        }
        self.at = lines.extent();
        let before = std::mem::replace(&mut self.doubted, wrong.clone());
        match wrong {
            Some(wrong) if before.as_ref() == Some(&wrong) && records.is_empty() => Err(wrong),
            _ => Ok(records),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::journal::sample::{fresh_run, journal_of};

    #[test]
    fn each_record_comes_once_and_only_when_it_is_whole() {
        let (_home, dir) = fresh_run();
        let content = journal_of(dir.run(), 3);
        let mut file = std::fs::File::create(dir.journal()).unwrap();
        let mut follower = Follower::new(dir);
        let mut seen = 0;
        for byte in &content {
            file.write_all(std::slice::from_ref(byte)).unwrap();
            let news = follower.news().unwrap();
            assert_eq!(news.len(), usize::from(*byte == b'\n'));
            assert!(news.iter().all(|record| record.seq.0 == seen));
            seen += news.len() as u64;
        }
        assert_eq!(seen, 3);
    }

    #[test]
    fn damage_is_believed_at_the_second_look() {
        let (_home, dir) = fresh_run();
        let mut content = journal_of(dir.run(), 3);
        let last = content.len() - 80;
        content[last] ^= 1;
        std::fs::write(dir.journal(), &content).unwrap();
        let mut follower = Follower::new(dir);
        assert_eq!(follower.news().unwrap().len(), 2);
        assert!(matches!(follower.news(), Err(ReadError::Damaged(damaged)) if damaged.record.0 == 2));
    }
}
