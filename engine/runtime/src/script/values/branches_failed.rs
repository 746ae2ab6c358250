//! The error that a script can catch when too many branches of a `parallel` failed.

use rhai::Array;
use runbook_model::path::StepPath;
use runbook_model::state::told;
use runbook_model::step::Location;

use crate::script::language::shared_functions::SharedFunctions;

/// Too many branches failed. It keeps its place when a script throws it again.
#[derive(Debug, Clone)]
pub(in crate::script) struct BranchesFailed {
    pub(in crate::script) path: StepPath,
    /// How many items there were.
    pub(in crate::script) items: usize,
    /// The keys of those that failed, and why, in one line; in the order of the items.
    pub(in crate::script) failed: Vec<(String, String)>,
    /// How many were never begun.
    pub(in crate::script) not_reached: usize,
    /// The first step that made a branch fail; absent when the script itself failed in all of them.
    pub(in crate::script) step: Option<StepPath>,
    pub(in crate::script) location: Location,
}

impl BranchesFailed {
    /// What became of the items, in one line.
    pub(in crate::script) fn line(&self) -> String {
        let failures: Vec<_> = self.failed.iter().map(|(key, message)| format!("{key} ({message})")).collect();
        told(self.path.name(), self.items, &failures, self.not_reached)
    }
}

/// Teaches all engines the properties of it: those of a failed step, and `items`.
pub(in crate::script) fn teach(shared: &mut SharedFunctions) {
    shared.named::<BranchesFailed>("BranchesFailed");
    shared.property("step", |error: &mut BranchesFailed| error.path.name().to_owned());
    shared.property("path", |error: &mut BranchesFailed| error.path.to_string());
    shared.property("reason", |_: &mut BranchesFailed| "branches".to_owned());
    shared.property("code", |_: &mut BranchesFailed| ());
    shared.property("message", |error: &mut BranchesFailed| error.line());
    shared.property("items", |error: &mut BranchesFailed| {
        error.failed.iter().map(|(key, _)| key.clone().into()).collect::<Array>()
    });
    shared.function("to_string", |error: BranchesFailed| error.line());
    shared.function("to_debug", |error: BranchesFailed| error.line());
}
