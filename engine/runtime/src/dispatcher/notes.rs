//! What the script prints: written once, muted while it is replayed.

use std::collections::BTreeMap;

use runbook_model::path::StepPath;

/// Counts the notes of one play against those that are recorded already, in each branch by itself.
#[derive(Debug, Default)]
pub(super) struct Notes {
    recorded: BTreeMap<StepPath, u64>,
    left: BTreeMap<StepPath, u64>,
}

impl Notes {
    /// A new play begins, with this many notes recorded.
    pub(super) fn rewind(&mut self, recorded: BTreeMap<StepPath, u64>) {
        *self = Self { recorded, left: BTreeMap::new() };
    }

    /// How many notes of each branch this play has left so far.
    pub(super) fn heard(&self) -> BTreeMap<StepPath, u64> {
        self.left.clone()
    }

    /// A part of the play begins anew, which began when so many had been left; this many are recorded now.
    pub(super) fn back_to(&mut self, left: BTreeMap<StepPath, u64>, recorded: BTreeMap<StepPath, u64>) {
        *self = Self { recorded, left };
    }

    /// The script leaves a note: whether it is a new one.
    pub(super) fn is_new(&mut self, branch: &StepPath) -> bool {
        let left = self.left.entry(branch.clone()).or_default();
        *left += 1;
        *left > self.recorded.get(branch).copied().unwrap_or_default()
    }
}
