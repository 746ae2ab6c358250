//! The last record of a journal, without the ones before it.

use std::os::unix::fs::FileExt as _;

use runbook_model::chain;
use runbook_model::entry::{Entry, Record};
use rustix::fs::OFlags;

use super::append::Journal;
use super::open::{ReadError, open_existing};
use super::run_dir::RunDir;
use super::storage_failure::StorageFailure;

/// So many bytes at the end of a journal are looked at. The end of a session is far shorter.
const ENDING: u64 = 16 << 10;

impl Journal {
    /// The last record of a journal, if it says what the run is: that a session began or ended, or a rollback began.
    ///
    /// It fits its digest, and is of this run; whether the records before it are sound is not looked at. So this is good
    /// for passing runs over that are not asked for, and for nothing that is decided. `None` whenever the end of the
    /// journal does not tell: it is torn, does not fit, or is another record.
    ///
    /// # Errors
    /// [`ReadError`] when there is no journal, or it cannot be read.
    pub fn ending(run_dir: &RunDir) -> Result<Option<Record>, ReadError> {
        let path = run_dir.journal();
        let file = open_existing(run_dir, OFlags::RDONLY)?;
        let read = || {
            let length = file.metadata()?.len();
            let mut end = vec![0; usize::try_from(length.min(ENDING)).unwrap_or_default()];
            file.read_exact_at(&mut end, length.saturating_sub(ENDING))?;
            Ok(end)
        };
        let end: Vec<u8> = read().map_err(StorageFailure::io("read", &path))?;
        Ok(last_line(&end).and_then(|line| chain::alone(run_dir.run(), line).ok()).filter(tells))
    }
}

/// The last line, if it is whole: with the line break before it and its own.
fn last_line(end: &[u8]) -> Option<&[u8]> {
    let lines = end.strip_suffix(b"\n")?;
    let before = lines.iter().rposition(|byte| *byte == b'\n')?;
    Some(&lines[before + 1..])
}

fn tells(record: &Record) -> bool {
    matches!(record.entry, Entry::SessionStarted(_) | Entry::SessionEnded { .. } | Entry::RollbackStarted { .. })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::journal::StateDir;

    /// A journal of an older engine, which completed.
    fn completed() -> (tempfile::TempDir, RunDir) {
        let text = include_str!("../../../../tests/compat/v1/completed.jsonl");
        let run = text.split("\"run\":\"").nth(1).and_then(|rest| rest.get(..26)).unwrap().parse().unwrap();
        let place = tempfile::tempdir().unwrap();
        let state = StateDir::open(place.path()).unwrap();
        let dir = state.run(run);
        fs::create_dir_all(dir.journal().parent().unwrap()).unwrap();
        fs::write(dir.journal(), text).unwrap();
        (place, dir)
    }

    #[test]
    fn the_last_record_is_that_of_the_whole_journal() {
        let (_place, dir) = completed();
        let whole = Journal::read(&dir).unwrap().records;
        assert_eq!(Journal::ending(&dir).unwrap().as_ref(), whole.last());
    }

    #[test]
    fn an_end_that_does_not_fit_tells_nothing() {
        let (_place, dir) = completed();
        let text = fs::read_to_string(dir.journal()).unwrap();
        let last = text.lines().last().unwrap();
        let other_run = last.replacen("\"run\":\"01", "\"run\":\"02", 1);
        for bad in [
            text.strip_suffix('\n').unwrap().to_owned(),
            format!("{text}{{\"prev\":"),
            text.replace("\"status\":\"completed\"", "\"status\":\"abandoned\""),
            format!("{text}{other_run}\n"),
            format!("{last}\n"),
            text.lines().take(4).map(|line| format!("{line}\n")).collect(),
            String::new(),
            "\n".to_owned(),
        ] {
            fs::write(dir.journal(), &bad).unwrap();
            assert_eq!(Journal::ending(&dir).unwrap(), None, "{bad}");
        }
        fs::remove_file(dir.journal()).unwrap();
        assert!(matches!(Journal::ending(&dir), Err(ReadError::Missing { .. })));
    }
}
