//! What was rehearsed for which alert. An occurrence is noted before its rehearsal begins: so it has one at most, whatever happens
//! to the server.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use runbook_model::id::RunId;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::serve::hooks::Alert;
use crate::serve::lines::{self, Lines};

/// So many are kept over a restart, the newest.
const MOST: usize = 2_000;
/// An hour, in seconds.
const HOUR: i64 = 60 * 60;

/// What became of an alert that was to be rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::serve) struct Rehearsed {
    fingerprint: String,
    starts_at: String,
    pub(in crate::serve) runbook: String,
    /// When it began.
    pub(in crate::serve) at: Timestamp,
    /// The rehearsal.
    #[serde(default)]
    pub(in crate::serve) run: Option<RunId>,
    /// Why there is none.
    #[serde(default)]
    pub(in crate::serve) why: Option<String>,
    /// Whether it came to its end, or was brought to it.
    #[serde(default)]
    pub(in crate::serve) done: bool,
}

impl Rehearsed {
    pub(super) fn of(alert: &Alert, runbook: String, at: Timestamp) -> Self {
        let (fingerprint, starts_at) = (alert.fingerprint.clone(), alert.starts_at.clone());
        Self { fingerprint, starts_at, runbook, at, run: None, why: None, done: false }
    }

    fn key(&self) -> (String, String) {
        (self.fingerprint.clone(), self.starts_at.clone())
    }
}

/// What was rehearsed, by the fingerprint and the beginning of the alert.
#[derive(Debug)]
pub(in crate::serve) struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: Lines,
    known: BTreeMap<(String, String), Rehearsed>,
}

impl Memory {
    /// Reads what is kept in `home`.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(in crate::serve) fn open(home: &Path) -> Result<Self, Failure> {
        let path = home.join("rehearsed.jsonl");
        let unusable = |error: io::Error| Failure::usage(format!("`{}` cannot be used: {error}", path.display()));
        let mut known: BTreeMap<_, Rehearsed> = BTreeMap::new();
        known.extend(lines::read(&path).map_err(unusable)?.into_iter().map(|line: Rehearsed| (line.key(), line)));
        let mut newest: Vec<_> = known.into_values().collect();
        newest.sort_by_key(|rehearsed| rehearsed.at);
        let newest = newest.split_off(newest.len().saturating_sub(MOST));
        let file = Lines::anew(&path, &newest).map_err(unusable)?;
        let known = newest.into_iter().map(|rehearsed| (rehearsed.key(), rehearsed)).collect();
        Ok(Self { inner: Mutex::new(Inner { file, known }) })
    }

    /// Notes that one begins; false when this occurrence had its own, or the hour has had so many.
    ///
    /// # Errors
    /// It is not on disk, and must not begin.
    pub(super) fn begin(&self, rehearsed: Rehearsed, per_hour: usize) -> io::Result<bool> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = |known: &&Rehearsed| rehearsed.at.as_second().saturating_sub(known.at.as_second()) < HOUR;
        if inner.known.contains_key(&rehearsed.key()) || inner.known.values().filter(lately).count() >= per_hour {
            return Ok(false);
        }
        inner.file.append(std::slice::from_ref(&rehearsed))?;
        inner.known.insert(rehearsed.key(), rehearsed);
        Ok(true)
    }

    /// Notes what became of it.
    ///
    /// # Errors
    /// It is known until the server ends, and no longer.
    pub(super) fn end(&self, rehearsed: Rehearsed) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.known.insert(rehearsed.key(), rehearsed.clone());
        inner.file.append(&[rehearsed])
    }

    /// What became of an alert.
    pub(in crate::serve) fn of(&self, alert: &Alert) -> Option<Rehearsed> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.known.get(&(alert.fingerprint.clone(), alert.starts_at.clone())).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use super::*;

    fn rehearsed(fingerprint: &str, starts_at: &str, second: i64) -> Rehearsed {
        let (fingerprint, starts_at, runbook) = (fingerprint.to_owned(), starts_at.to_owned(), "api".to_owned());
        let at = Timestamp::from_second(1_795_000_000 + second).unwrap();
        Rehearsed { fingerprint, starts_at, runbook, at, run: None, why: None, done: false }
    }

    #[test]
    fn an_occurrence_is_rehearsed_once_also_over_a_restart_and_an_hour_has_so_many() {
        let home = tempfile::tempdir().unwrap();
        let memory = Memory::open(home.path()).unwrap();
        assert!(memory.begin(rehearsed("a", "1", 0), 2).unwrap());
        assert!(!memory.begin(rehearsed("a", "1", 1), 2).unwrap());
        assert!(memory.begin(rehearsed("a", "2", 2), 2).unwrap());
        assert!(!memory.begin(rehearsed("b", "1", 3), 2).unwrap(), "the hour has had two");
        memory.end(Rehearsed { why: Some("no".to_owned()), done: true, ..rehearsed("a", "1", 0) }).unwrap();
        drop(memory);
        // As after a crash in the middle of a line.
        OpenOptions::new().append(true).open(home.path().join("rehearsed.jsonl")).unwrap().write_all(b"{\"fing").unwrap();
        let memory = Memory::open(home.path()).unwrap();
        assert!(!memory.begin(rehearsed("a", "1", 4_000), 2).unwrap());
        assert!(memory.begin(rehearsed("b", "1", 4_000), 2).unwrap());
        assert_eq!(memory.inner.lock().unwrap().known[&("a".to_owned(), "1".to_owned())].why.as_deref(), Some("no"));
    }
}
