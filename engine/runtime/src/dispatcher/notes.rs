//! What the script prints: written once, muted while it is replayed.

/// Counts the notes of one play against those that are recorded already.
#[derive(Debug, Default)]
pub(super) struct Notes {
    recorded: u64,
    left: u64,
}

impl Notes {
    /// A new play begins, with this many notes recorded.
    pub(super) fn rewind(&mut self, recorded: u64) {
        *self = Self { recorded, left: 0 };
    }

    /// The script leaves a note: whether it is a new one.
    pub(super) fn is_new(&mut self) -> bool {
        self.left += 1;
        self.left > self.recorded
    }
}
