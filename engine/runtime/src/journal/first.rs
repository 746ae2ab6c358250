//! How a run began, for whoever looks through many runs.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use runbook_model::chain::{self, Head};
use runbook_model::entry::{Entry, RunStarted};

use super::RunDir;

/// A longer first record than this is none of ours, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

impl RunDir {
    /// How the run began, if it is one of this runbook; the rest of its journal is not read. None also when that cannot be told:
    /// it never began, or is damaged, which whoever reads all of it is told.
    #[must_use]
    pub fn began_as(&self, runbook: &str) -> Option<RunStarted> {
        let mut line = Vec::new();
        let file = File::open(self.journal()).ok()?;
        BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut line).ok()?;
        let whole = line.strip_suffix(b"\n")?;
        // Most runs are of other runbooks. To see that takes a fraction of what it takes to read and check a record.
        let named = format!("\"runbook\":{}", serde_json::to_string(runbook).ok()?);
        if !whole.windows(named.len()).any(|bytes| bytes == named.as_bytes()) {
            return None;
        }
        match chain::decode(Head::EMPTY, Some(self.run()), whole).ok()?.0.entry {
            Entry::RunStarted(started) if started.runbook == runbook => Some(*started),
            _ => None,
        }
    }
}
