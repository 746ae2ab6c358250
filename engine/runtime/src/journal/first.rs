//! The first record of a journal, for whoever looks through many runs.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use runbook_model::chain::{self, Head};
use runbook_model::entry::Record;

use super::RunDir;

/// A longer first record than this is none of ours, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

impl RunDir {
    /// What the run is of, without reading the rest of its journal. None when that cannot be told: it never began, or is
    /// damaged, which whoever reads all of it is told.
    #[must_use]
    pub fn first_record(&self) -> Option<Record> {
        let mut line = Vec::new();
        let file = File::open(self.journal()).ok()?;
        BufReader::new(file.take(LONGEST)).read_until(b'\n', &mut line).ok()?;
        let whole = line.strip_suffix(b"\n")?;
        chain::decode(Head::EMPTY, Some(self.run()), whole).ok().map(|(record, _)| record)
    }
}
