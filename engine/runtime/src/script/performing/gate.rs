//! The confirm of the environment, and whether a performance has passed it.

use std::sync::Mutex;

use runbook_model::gate::Gate as Asks;

/// The confirm of the environment, and whether this performance has passed it. A replay passes it again: its answer is
/// recorded like that of every confirm.
#[derive(Debug, Default)]
pub(in crate::script) struct Gate {
    pub(in crate::script) asks: Option<Asks>,
    /// Held while it is asked, so that a branch that comes to its first command meanwhile waits for the same answer.
    pub(in crate::script) passed: Mutex<bool>,
}

impl Gate {
    pub(in crate::script) fn new(asks: Option<Asks>) -> Self {
        Self { asks, passed: Mutex::new(false) }
    }
}
