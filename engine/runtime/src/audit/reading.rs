//! Reads a journal as bytes: every record, and where each ends.

use runbook_model::chain::{self, Broken, Head};
use runbook_model::entry::{Entry, Record, RunStarted};
use runbook_model::id::{RunId, Seq};

/// Where a journal cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {record} of the journal (byte {offset}) is not sound: {flaw}")]
pub struct Unreadable {
    /// The record.
    pub record: Seq,
    /// The byte where it begins, from the start of the journal.
    pub offset: u64,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong with a record of a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It does not belong here.
    #[error("{0}")]
    Broken(#[from] Broken),
    /// Its line has no end.
    #[error("its line has no end: the journal was cut")]
    Torn,
    /// The first record is not `run_started`.
    #[error("a journal begins with `run_started`")]
    NoBeginning,
    /// There is no record at all.
    #[error("the journal is empty")]
    Empty,
}

/// A journal that was read whole.
#[derive(Debug)]
pub(super) struct Reading {
    /// Every record, in order; never empty.
    pub records: Vec<Record>,
    /// Behind each record: the byte where the next one begins, and the end of the chain there.
    pub marks: Vec<(usize, Head)>,
    /// What the first record says.
    pub started: RunStarted,
}

impl Reading {
    /// Reads a whole journal; `run` is the run that it should be of.
    pub(super) fn of(bytes: &[u8], run: Option<RunId>) -> Result<Self, Unreadable> {
        let (mut records, mut marks) = (Vec::new(), Vec::new());
        let (started, _) = each(bytes, run, |record, _, at| {
            records.push(record);
            marks.push((at.end, at.behind));
        })?;
        Ok(Self { records, marks, started })
    }

    /// The run.
    pub(super) fn run(&self) -> RunId {
        self.records[0].run
    }

    /// The byte where a record begins.
    pub(super) fn offset(&self, record: usize) -> usize {
        record.checked_sub(1).and_then(|before| self.marks.get(before)).map_or(0, |(end, _)| *end)
    }

    /// The end of the chain before a record.
    pub(super) fn head_before(&self, record: usize) -> Head {
        record.checked_sub(1).and_then(|before| self.marks.get(before)).map_or(Head::EMPTY, |(_, head)| *head)
    }

    /// The end of the chain.
    pub(super) fn head(&self) -> Head {
        self.marks.last().map_or(Head::EMPTY, |(_, head)| *head)
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The end of the chain before it.
    pub before: Head,
    /// The end of the chain behind it.
    pub behind: Head,
    /// The byte where the next one begins.
    pub end: usize,
}

/// Reads a whole journal and hands over each record, with what the first one says and with its place. Gives what the first
/// record says, and the end of the chain.
pub(super) fn each(
    bytes: &[u8],
    run: Option<RunId>,
    mut take: impl FnMut(Record, &RunStarted, Place),
) -> Result<(RunStarted, Head), Unreadable> {
    let mut lines = Lines::of(run);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let (record, started, at) = lines.next(line)?;
        take(record, started, at);
    }
    lines.end()
}

/// A journal that is read line by line.
pub(super) struct Lines {
    head: Head,
    offset: usize,
    run: Option<RunId>,
    started: Option<RunStarted>,
}

impl Lines {
    /// At the beginning of a journal; `run` is the run that it should be of.
    pub(super) fn of(run: Option<RunId>) -> Self {
        Self { head: Head::EMPTY, offset: 0, run, started: None }
    }

    /// Takes in the next line, with the byte that ends it.
    pub(super) fn next(&mut self, line: &[u8]) -> Result<(Record, &RunStarted, Place), Unreadable> {
        let (record, offset) = (self.head.next, self.offset as u64);
        let unsound = |flaw| Unreadable { record, offset, flaw };
        let Some((b'\n', text)) = line.split_last() else { return Err(unsound(Flaw::Torn)) };
        let (record, behind) = chain::decode(self.head, self.run, text).map_err(|broken| unsound(Flaw::Broken(broken)))?;
        let started = match (&mut self.started, &record.entry) {
            (Some(started), _) => started,
            (none, Entry::RunStarted(first)) => none.insert((**first).clone()),
            _ => return Err(unsound(Flaw::NoBeginning)),
        };
        self.run = Some(record.run);
        self.offset += line.len();
        let before = std::mem::replace(&mut self.head, behind);
        Ok((record, started, Place { before, behind, end: self.offset }))
    }

    /// What the first record says, and the end of the chain.
    pub(super) fn end(self) -> Result<(RunStarted, Head), Unreadable> {
        let empty = Unreadable { record: Seq(0), offset: 0, flaw: Flaw::Empty };
        self.started.map(|started| (started, self.head)).ok_or(empty)
    }
}

/// The first byte where two journals differ, as record and byte of the beginning of its line in `one`.
///
/// `None` when one of them is the beginning of the other.
pub(super) fn first_difference(one: &[u8], other: &[u8]) -> Option<(Seq, u64)> {
    let at = one.iter().zip(other).position(|(a, b)| a != b)?;
    let lines = one[..at].iter().filter(|byte| **byte == b'\n').count();
    let start = one[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    Some((Seq(lines as u64), start as u64))
}

/// How many whole records there are in these bytes, without reading them.
pub(super) fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
