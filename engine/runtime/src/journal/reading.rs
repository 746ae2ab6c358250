//! A journal that is being read.

use std::path::{Path, PathBuf};

use runbook_model::chain::{self, Broken, Head};
use runbook_model::digest::Digest;
use runbook_model::entry::Record;
use runbook_model::id::{Epoch, RunId, Seq};

use super::Extent;

/// Everything that a journal says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its records, in order.
    pub records: Vec<Record>,
    /// Where the chain ends.
    pub head: Head,
    /// The length of the whole records, in bytes.
    pub bytes: u64,
    /// The length of a last line without line break, in bytes: a write that broke off, or one that is going on.
    pub cut_tail: Option<u64>,
    /// The digest of all that was read, a cut tail with it.
    pub(super) content: Digest,
}

/// A record that does not fit. Nothing behind it is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the journal `{}` is damaged at record {record} (byte {offset}): {why}: `runbook verify {run}` compares it with the audit trail",
    file.display()
)]
pub struct Damaged {
    /// The run.
    pub run: RunId,
    /// The journal.
    pub file: PathBuf,
    /// The place of the record, counted from 0.
    pub record: Seq,
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// What does not fit.
    pub why: Broken,
}

impl Reading {
    /// Reads the content of a journal. `file` is only named in errors.
    ///
    /// # Errors
    /// [`Damaged`] at the first record that does not fit.
    pub fn of(run: RunId, file: &Path, content: &[u8]) -> Result<Self, Damaged> {
        let mut lines = Records::of(run, file, content);
        let records = lines.by_ref().collect::<Result<_, _>>()?;
        let cut_tail = Some(lines.tail().len() as u64).filter(|&length| length > 0);
        let Extent { head, bytes } = lines.extent();
        Ok(Self { records, head, bytes, cut_tail, content: Digest::of(content) })
    }

    /// How far it goes, without a cut tail.
    #[must_use]
    pub fn extent(&self) -> Extent {
        Extent { head: self.head, bytes: self.bytes }
    }

    /// The epoch of the process that wrote last; 0 when nothing is written.
    #[must_use]
    pub fn last_epoch(&self) -> Epoch {
        self.records.last().map_or(Epoch(0), |record| record.epoch)
    }
}

/// The records of a journal, one after the other. Ends behind the first that does not fit.
#[derive(Debug)]
pub struct Records<'a> {
    run: RunId,
    file: &'a Path,
    rest: &'a [u8],
    at: Extent,
    damaged: bool,
}

impl<'a> Records<'a> {
    /// Reads the content of a journal. `file` is only named in errors.
    #[must_use]
    pub fn of(run: RunId, file: &'a Path, content: &'a [u8]) -> Self {
        Self { run, file, rest: content, at: Extent::EMPTY, damaged: false }
    }

    /// Reads what follows behind `at`.
    pub(super) fn from(at: Extent, run: RunId, file: &'a Path, content: &'a [u8]) -> Self {
        Self { run, file, rest: content, at, damaged: false }
    }

    /// How far it was read.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.at
    }

    /// What was not read yet; at the end, a last line without line break.
    #[must_use]
    pub fn tail(&self) -> &'a [u8] {
        self.rest
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.damaged {
            return None;
        }
        let end = self.rest.iter().position(|&byte| byte == b'\n')?;
        let (line, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        Some(match chain::decode(self.at.head, Some(self.run), line) {
            Ok((record, head)) => {
                self.rest = rest;
                self.at = Extent { head, bytes: self.at.bytes + end as u64 + 1 };
                Ok(record)
            }
            Err(why) => {
                self.damaged = true;
                Err(Damaged { run: self.run, file: self.file.to_owned(), record: self.at.head.next, offset: self.at.bytes, why })
            }
        })
    }
}
