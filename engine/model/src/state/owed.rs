//! What a run owes: the way back from what really ran.

use crate::change::Change;
use crate::entry::Intent;
use crate::path::StepPath;
use crate::step::{RollbackPlan, StepKind, StepSpec};

/// Something that a rollback has to do, or had.
#[derive(Debug, Clone, PartialEq)]
pub struct Owed {
    /// The step that owes it.
    pub path: StepPath,
    /// What.
    pub work: Work,
    /// Whether it was done.
    pub done: bool,
}

/// What a rollback does for one step.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// These changes, in this order.
    Changes(Vec<Change>),
    /// The steps of a block of the script.
    Block,
    /// Nothing can be done: the author declared no way back.
    Stays,
}

/// Whether a step owes its rollback even when it fails.
pub(super) fn rollback_if_failed(spec: &StepSpec) -> bool {
    matches!(&spec.kind, StepKind::Command(command) if command.rollback_if_failed)
}

/// What an attempt owes once it took effect.
pub(super) fn owes(intent: &Intent) -> Option<Work> {
    let StepKind::Command(command) = &intent.spec.kind else { return None };
    match &command.rollback {
        RollbackPlan::Nothing => None,
        RollbackPlan::Undeclared => Some(Work::Stays),
        RollbackPlan::Block => Some(Work::Block),
        RollbackPlan::Changes(_) | RollbackPlan::Restore => Some(Work::Changes(intent.owes.clone())),
    }
}
