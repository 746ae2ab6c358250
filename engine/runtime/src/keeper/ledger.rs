//! The keeper's own record: which command was about to start, which one did, how each ended.
//!
//! One JSON object a line, appended with a single `write`. `starting` is there before the command can be: so a key that
//! the ledger does not know was never begun, as long as the page cache is the same (no reboot).

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire::End;

const FILE: &str = "ledger.jsonl";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The command is started next.
    Starting { key: u64, boot: String, at: Timestamp },
    /// It runs.
    Begun { key: u64, pid: u32, start_time: u64, name: String },
    /// It has ended, or could not be started.
    Ended { key: u64, end: End },
}

impl Line {
    pub(super) fn key(&self) -> u64 {
        match self {
            Self::Starting { key, .. } | Self::Begun { key, .. } | Self::Ended { key, .. } => *key,
        }
    }
}

/// The ledger, open for its one writer.
pub(super) struct Ledger {
    file: File,
    /// Ends that a full disk did not take: written as soon as there is room.
    owed: Vec<Line>,
    /// The last line is a half that could not be taken away.
    torn: bool,
}

impl Ledger {
    /// Opens the ledger; says which keys it has seen.
    pub(super) fn open(dir: &Path) -> io::Result<(Self, HashSet<u64>)> {
        let known = lines(dir)?.map(|line| Ok(line?.key())).collect::<io::Result<_>>()?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(dir.join(FILE))?;
        // A keeper that died in the middle of a line: what comes next must not be glued to it, or that a command begins would
        // be read by nobody, and the command be begun again.
        let mut last = [b'\n'];
        if let Some(end) = file.metadata()?.len().checked_sub(1) {
            file.read_exact_at(&mut last, end)?;
        }
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
        Ok((Self { file, owed: Vec::new(), torn: false }, known))
    }

    /// Appends a line, whole or not at all.
    pub(super) fn append(&mut self, line: &Line) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        // The half of a line is passed over by every reader; what follows must only not be glued to it.
        let mut bytes = if self.torn { vec![b'\n'] } else { Vec::new() };
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
        let written = self.file.write_all(&bytes);
        self.torn = match written {
            Ok(()) => false,
            Err(_) => self.file.set_len(before).is_err() || self.torn,
        };
        written
    }

    /// Appends a line now, or as soon as there is room for it. A disk that fails in another way is not waited for: nobody
    /// knows when it would take a line again, and a keeper must come to its end. The command is in doubt then.
    pub(super) fn append_or_owe(&mut self, line: Line) {
        match self.append(&line) {
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => self.owed.push(line),
            Err(_) | Ok(()) => {}
        }
    }

    /// Tries again what is owed.
    pub(super) fn settle(&mut self) {
        for line in std::mem::take(&mut self.owed) {
            self.append_or_owe(line);
        }
    }

    /// Whether an end is not written down yet.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// How a command ended whose end is still owed.
    pub(super) fn owed_end(&self, wanted: u64) -> Option<&End> {
        self.owed.iter().find_map(|line| match line {
            Line::Ended { key, end } if *key == wanted => Some(end),
            _ => None,
        })
    }
}

/// What the ledger says about one command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) starting: Option<(String, Timestamp)>,
    pub(super) begun: Option<Begun>,
    pub(super) end: Option<End>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) pid: u32,
    pub(super) start: u64,
    pub(super) name: String,
}

impl Trace {
    pub(super) fn read(dir: &Path, wanted: u64) -> io::Result<Self> {
        let mut trace = Self::default();
        for line in lines(dir)? {
            match line? {
                line if line.key() != wanted => {}
                Line::Starting { boot, at, .. } => trace.starting = Some((boot, at)),
                Line::Begun { pid, start_time, name, .. } => trace.begun = Some(Begun { pid, start: start_time, name }),
                Line::Ended { end, .. } => trace.end = Some(end),
            }
        }
        Ok(trace)
    }
}

/// The lines of a ledger, empty when there is none. What is not a line is passed over: a keeper that could not write
/// `starting` does not start, so nothing hides in a torn line. What cannot be read is no end: a command that stands behind it
/// would be taken for one that was never begun, and be begun again.
fn lines(dir: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>>> {
    let reader = match File::open(dir.join(FILE)) {
        Ok(file) => Some(BufReader::new(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let split = reader.into_iter().flat_map(|reader| reader.split(b'\n'));
    Ok(split.filter_map(|line| line.map(|line| serde_json::from_slice(&line).ok()).transpose()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::wire::Ended;
    use runbook_model::answer::{ExitStatus, Exited};
    use runbook_model::excerpt::Excerpt;

    use proptest::prelude::*;

    fn starting(key: u64) -> Line {
        Line::Starting { key, boot: "b".to_owned(), at: Timestamp::UNIX_EPOCH }
    }

    fn ended(key: u64) -> Line {
        let (stdout, stderr) = (Excerpt::of(b"a\nb"), Excerpt::default());
        let exited = Exited { status: ExitStatus::Code(3), stdout, stderr, millis: 4, left_running: vec![], unkept: vec![] };
        Line::Ended { key, end: End::Exited(Box::new(Ended { exited, stopped: None })) }
    }

    #[test]
    fn what_was_written_is_found_by_key_in_spite_of_a_torn_line() {
        let dir = tempfile::tempdir().expect("a place");
        let (mut ledger, known) = Ledger::open(dir.path()).expect("opened");
        assert!(known.is_empty());
        ledger.append(&starting(1)).expect("room");
        ledger.append(&starting(2)).expect("room");
        ledger.append(&ended(1)).expect("room");
        ledger.file.write_all(b"{\"ended\":{\"key\":2,").expect("room");
        drop(ledger);

        let trace = Trace::read(dir.path(), 1).expect("read");
        assert!(matches!(trace.end, Some(End::Exited(_))) && trace.starting.is_some());
        let trace = Trace::read(dir.path(), 2).expect("read");
        assert!(trace.end.is_none() && trace.starting.is_some());
        assert_eq!(Trace::read(dir.path(), 3).expect("read"), Trace::default());
        assert_eq!(Ledger::open(dir.path()).expect("opened").1, HashSet::from([1, 2]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// A disk that is full in the middle of a line: what stands there whole is known, the rest never was, and what is
        /// written once there is room again is not glued to the torn line.
        #[test]
        fn a_ledger_that_is_cut_anywhere_says_what_stands_there_whole(keys in prop::collection::vec(1u64..5, 1..8), cut in any::<prop::sample::Index>()) {
            let dir = tempfile::tempdir().expect("a place");
            let (mut ledger, _) = Ledger::open(dir.path()).expect("opened");
            let mut ends = Vec::new();
            for key in &keys {
                ledger.append(&starting(*key)).expect("room");
                ends.push(ledger.file.metadata().expect("a file").len());
            }
            let cut = cut.index(usize::try_from(ends[ends.len() - 1]).expect("small") + 1) as u64;
            ledger.file.set_len(cut).expect("cut");
            // A line that lacks nothing but its end is whole.
            let whole: HashSet<u64> = keys.iter().zip(&ends).filter(|(_, end)| **end <= cut + 1).map(|(key, _)| *key).collect();
            prop_assert_eq!(&Ledger::open(dir.path()).expect("opened").1, &whole);
            let (mut next, _) = Ledger::open(dir.path()).expect("opened");
            next.append(&ended(9)).expect("room");
            prop_assert!(Trace::read(dir.path(), 9).expect("read").end.is_some());
            for key in &whole {
                prop_assert!(Trace::read(dir.path(), *key).expect("read").starting.is_some());
            }
        }
    }

    /// Neither do we know then which keys were used, nor may anybody say that a command was never begun.
    #[test]
    fn a_ledger_that_cannot_be_read_is_no_empty_one() {
        let dir = tempfile::tempdir().expect("a place");
        // A file that opens in every way, and whose first page nobody can read.
        std::os::unix::fs::symlink("/proc/self/mem", dir.path().join(FILE)).expect("a link");
        let failed = |error: io::Error| error.raw_os_error();
        let eio = Some(rustix::io::Errno::IO.raw_os_error());
        assert_eq!(Trace::read(dir.path(), 1).map_err(failed), Err(eio));
        assert_eq!(Ledger::open(dir.path()).map(|(_, known)| known).map_err(failed), Err(eio));
    }

    #[test]
    fn a_full_disk_refuses_a_start_and_owes_an_end() {
        let dir = tempfile::tempdir().expect("a place");
        let (mut ledger, _) = Ledger::open(dir.path()).expect("opened");
        let real = std::mem::replace(&mut ledger.file, OpenOptions::new().append(true).open("/dev/full").expect("Linux"));
        assert!(ledger.append(&starting(1)).is_err());
        ledger.append_or_owe(ended(1));
        ledger.settle();
        assert!(ledger.owes() && ledger.owed_end(1).is_some());
        ledger.file = real;
        ledger.settle();
        assert!(!ledger.owes() && ledger.owed_end(1).is_none());
        assert!(Trace::read(dir.path(), 1).expect("read").end.is_some());
    }

    #[test]
    fn what_follows_half_a_line_that_stays_is_not_glued_to_it() {
        let dir = tempfile::tempdir().expect("a place");
        let (mut ledger, _) = Ledger::open(dir.path()).expect("opened");
        ledger.file.write_all(b"{\"starting\":{\"key\":1,").expect("half a line");
        // A file that takes nothing and cannot be made shorter: a device.
        let real = std::mem::replace(&mut ledger.file, OpenOptions::new().append(true).open("/dev/full").expect("Linux"));
        assert!(ledger.append(&starting(2)).is_err() && ledger.torn);
        ledger.file = real;
        ledger.append(&starting(2)).expect("room");
        ledger.append(&ended(2)).expect("room");
        let trace = Trace::read(dir.path(), 2).expect("read");
        assert!(trace.starting.is_some() && trace.end.is_some() && !ledger.torn);
    }
}
