//! What really happened, whatever the engine remembers.

use std::sync::{Arc, Mutex, PoisonError};

use runbook_model::change::Change;
use runbook_model::id::Attempt;
use runbook_model::path::StepPath;

use crate::world::Performed;

/// A change that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The step.
    pub path: StepPath,
    /// The attempt.
    pub attempt: Attempt,
    /// What was done.
    pub change: Change,
    /// How it ended, whether or not the engine lived to hear it.
    pub result: Performed,
}

/// All changes that were begun, oldest first. Clones share it; it outlives every engine and only grows.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<Effect>>>);

impl Ledger {
    /// All of them.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.read(<[Effect]>::to_vec)
    }

    /// The paths of the changes that were made, in order; failed attempts are left out.
    #[must_use]
    pub fn done(&self) -> Vec<String> {
        self.read(|effects| {
            let done = effects.iter().filter(|effect| matches!(effect.result, Performed::Done(_)));
            done.map(|effect| effect.path.to_string()).collect()
        })
    }

    /// How often the change of a step was begun.
    #[must_use]
    pub fn count(&self, path: &StepPath) -> usize {
        self.read(|effects| effects.iter().filter(|effect| effect.path == *path).count())
    }

    /// The effect of one attempt.
    #[must_use]
    pub fn find(&self, path: &StepPath, attempt: Attempt) -> Option<Effect> {
        self.read(|effects| effects.iter().find(|effect| effect.path == *path && effect.attempt == attempt).cloned())
    }

    pub(super) fn append(&self, effect: Effect) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(effect);
    }

    fn read<T>(&self, read: impl FnOnce(&[Effect]) -> T) -> T {
        read(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
