//! The runs of one runbook, for whoever looks through many runs.

use std::borrow::Cow;

use runbook_model::entry::{Entry, Mode, Record, RunStarted};
use serde::Deserialize;

use super::passing::Walk;
use super::{ReadError, RunDir};

/// A longer first record than this is none of ours, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

impl RunDir {
    /// How the run began, if it is one of this runbook; the rest of its journal is not read. None also when that cannot be told:
    /// it never began, or is damaged, which whoever reads all of it is told.
    #[must_use]
    pub fn began_as(&self, runbook: &str) -> Option<RunStarted> {
        let mut walk = Walk::of(self).ok()?;
        walk.fetch(LONGEST).ok()?;
        Glance::at(walk.line()).filter(|glance| glance.runbook == runbook)?;
        match walk.fetched().ok()??.entry {
            Entry::RunStarted(started) => Some(*started),
            _ => None,
        }
    }

    /// As [`Journal::pass`](super::Journal::pass), of a run of this runbook, if it is `wanted` by its mode and its environment; none
    /// of any other. The file is opened once for both: a run that begins waits for this look at each of the runs before it. Gives
    /// how many bytes were read: 0 of one that has not begun, of which nobody knows whether it is `wanted`.
    ///
    /// # Errors
    /// As [`Journal::pass`](super::Journal::pass), but for a first record that does not fit.
    pub fn pass_as(
        &self,
        runbook: &str,
        wanted: impl FnOnce(Mode, Option<&str>) -> bool,
        mut shown: impl FnMut(Record),
    ) -> Option<Result<u64, ReadError>> {
        let mut walk = match Walk::of(self).and_then(|mut walk| walk.fetch(LONGEST).map(|()| walk)) {
            Ok(walk) if !walk.line().ends_with(b"\n") => return Some(Ok(0)),
            Ok(walk) => walk,
            Err(error) => return Some(Err(error)),
        };
        let glance = Glance::at(walk.line()).filter(|glance| glance.runbook == runbook)?;
        if !wanted(glance.mode, glance.env.as_deref()) {
            return None;
        }
        let first = walk.fetched().ok()?.filter(|record| matches!(record.entry, Entry::RunStarted(_)))?;
        shown(first);
        Some(walk.finish(shown).map(|extent| extent.bytes))
    }
}

/// What most first records are passed over by. To see it takes a fraction of what it takes to read and check a record, which
/// is done with those that are not.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(borrow)]
    runbook: Cow<'a, str>,
    mode: Mode,
    #[serde(borrow, default)]
    env: Option<Cow<'a, str>>,
}

impl<'a> Glance<'a> {
    fn at(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line.strip_suffix(b"\n")?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::sample::{fresh_run, holder, new_run, noted, now};
    use crate::journal::{Damaged, Journal};

    /// A run of the runbook `main` with three records.
    fn of_main() -> (tempfile::TempDir, RunDir) {
        let (home, dir) = new_run();
        let started = serde_json::json!({
            "runbook": "main", "title": "Main", "mode": "rehearsal", "params": {}, "sources": [], "root": "/"
        });
        let journal = Journal::create(&dir, &holder("ada")).unwrap();
        journal.append(Entry::RunStarted(Box::new(serde_json::from_value(started).unwrap())), now()).unwrap();
        journal.append(noted("once"), now()).unwrap();
        journal.append(noted("twice"), now()).unwrap();
        (home, dir)
    }

    #[test]
    fn of_a_run_that_is_wanted_all_records_are_shown() {
        let (_home, dir) = of_main();
        let mut shown = Vec::new();
        let passed = dir.pass_as("main", |mode, env| (mode, env) == (Mode::Rehearsal, None), |record| shown.push(record));
        let whole = Journal::read(&dir).unwrap();
        assert_eq!((passed, shown), (Some(Ok(whole.bytes)), whole.records));
        assert_eq!(dir.began_as("main").unwrap().title, "Main");
    }

    #[test]
    fn nothing_is_shown_of_any_other() {
        let (_home, dir) = of_main();
        let shown = |record: Record| panic!("{record:?}");
        assert_eq!(dir.pass_as("mai", |_, _| true, shown), None);
        assert_eq!(dir.pass_as("Main", |_, _| panic!("a title is no name"), shown), None);
        assert_eq!(dir.pass_as("main", |mode, _| mode == Mode::Live, shown), None);
        assert_eq!(dir.began_as("mai"), None);
    }

    #[test]
    fn of_one_that_has_not_begun_nobody_knows_what_it_is() {
        let (_home, dir) = fresh_run();
        let passed = || dir.pass_as("main", |_, _| panic!("nothing is known"), |record| panic!("{record:?}"));
        assert!(matches!(passed(), Some(Err(ReadError::Missing { .. }))));
        for begun in ["", r#"{"prev":""#] {
            std::fs::write(dir.journal(), begun).unwrap();
            assert_eq!(passed(), Some(Ok(0)));
        }
    }

    #[test]
    fn damage_is_told_behind_the_first_record_only() {
        let (_home, dir) = of_main();
        let sound = std::fs::read(dir.journal()).unwrap();
        let second = sound.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let with = |at: usize| {
            let mut content = sound.clone();
            content[at] ^= 1;
            std::fs::write(dir.journal(), content).unwrap();
            dir.pass_as("main", |_, _| true, drop)
        };
        assert!(matches!(with(second + 100), Some(Err(ReadError::Damaged(Damaged { offset, .. }))) if offset == second as u64));
        assert_eq!(with(second - 10), None);
        // A record that is being written yet.
        std::fs::write(dir.journal(), &sound[..sound.len() - 1]).unwrap();
        let mut count = 0;
        assert!(matches!(dir.pass_as("main", |_, _| true, |_| count += 1), Some(Ok(_))));
        assert_eq!(count, 2);
    }
}
