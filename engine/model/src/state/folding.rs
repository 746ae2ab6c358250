//! A fold over records that come one after the other, and of which none is kept.

use super::{Illegal, RunState};
use crate::entry::Record;

/// What a run is by the records so far. Behind the first that may not follow nothing is taken in any more.
#[derive(Debug, Clone)]
pub struct Folding(Result<Option<RunState>, Illegal>);

impl Default for Folding {
    fn default() -> Self {
        Self(Ok(None))
    }
}

impl Folding {
    /// Takes in the next record.
    pub fn take(&mut self, record: &Record) {
        let taken = match &mut self.0 {
            Ok(Some(state)) => state.apply(record).err(),
            Ok(none) => RunState::begin(record).map(|begun| *none = Some(begun)).err(),
            Err(_) => None,
        };
        if let Some(illegal) = taken {
            self.0 = Err(illegal);
        }
    }

    /// The state after the last record; `None` when there was none.
    ///
    /// # Errors
    /// [`Illegal`] names the first record that may not follow those before it.
    pub fn done(self) -> Result<Option<RunState>, Illegal> {
        self.0
    }
}
