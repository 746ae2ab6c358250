//! What is performed again and again.

use runbook_model::entry::RunStarted;

use crate::script::Program;
use crate::world::ScriptedWorld;

/// A runbook, and the world in which it is performed.
pub struct Subject {
    /// The runbook.
    pub program: Program,
    /// What each of its runs is of.
    pub started: RunStarted,
    /// Makes the world anew for each run, always the same.
    pub world: Box<dyn Fn() -> ScriptedWorld>,
}
