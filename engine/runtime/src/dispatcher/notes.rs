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

    /// The script leaves a note: whether it is a new one.
    pub(super) fn is_new(&mut self, branch: &StepPath) -> bool {
        let left = self.left.entry(branch.clone()).or_default();
        *left += 1;
        *left > self.recorded.get(branch).copied().unwrap_or_default()
    }
}
