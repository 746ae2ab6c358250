//! What is owed, and in which order: newest first, over what really ran.

use crate::change::Change;
use crate::path::StepPath;
use crate::state::{RunState, StepPhase, Work};
use crate::step::{Command, RollbackPlan, StepKind, StepSpec};

/// What a rollback does next.
#[expect(clippy::large_enum_variant, reason = "one is made per change, and it is read at once")]
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// One change of a step's rollback.
    Change {
        /// The step that is rolled back.
        of: StepPath,
        /// The path of this change.
        path: StepPath,
        /// The change.
        change: Change,
    },
    /// The block of the script that rolls the step back.
    Block {
        /// The step that is rolled back.
        of: StepPath,
    },
    /// All that the step owed has been done (or nothing can be done for it): write it down.
    Done {
        /// The step.
        of: StepPath,
    },
    /// Nothing is owed any more.
    Finished,
}

/// What a rollback of this run does next.
#[must_use]
pub fn next(state: &RunState) -> Next {
    let Some(owed) = state.owed().iter().rev().find(|owed| !owed.done) else { return Next::Finished };
    let of = owed.path.clone();
    match &owed.work {
        Work::Stays => Next::Done { of },
        Work::Block => Next::Block { of },
        Work::Changes(changes) => {
            let base = owed.path.rollback();
            let parts = (1..).map(|nth| base.part(nth));
            let open = parts.zip(changes).find(|(path, _)| !is_behind(state, path));
            match open {
                Some((path, change)) => Next::Change { of, path, change: change.clone() },
                None => Next::Done { of },
            }
        }
    }
}

fn is_behind(state: &RunState, path: &StepPath) -> bool {
    state.step(path).is_some_and(|step| match &step.phase {
        StepPhase::Ended(outcome) => outcome.goes_on(),
        StepPhase::Settled | StepPhase::Skipped | StepPhase::Registered => true,
        StepPhase::Open | StepPhase::Intended => false,
    })
}

/// The step that a change of a rollback is journaled as.
#[must_use]
pub fn step_of(of: &StepPath, change: Change) -> StepSpec {
    StepSpec {
        name: of.name().to_owned(),
        kind: StepKind::Command(Box::new(Command { rollback: RollbackPlan::Nothing, ..Command::new(change) })),
    }
}

/// The steps that still owe something a rollback can do, newest first.
#[must_use]
pub fn owing(state: &RunState) -> Vec<&StepPath> {
    state.owed().iter().rev().filter(|owed| !owed.done && owed.work != Work::Stays).map(|owed| &owed.path).collect()
}

/// The steps whose effect stays because their author declared no way back, newest first.
#[must_use]
pub fn staying(state: &RunState) -> Vec<&StepPath> {
    state.owed().iter().rev().filter(|owed| owed.work == Work::Stays).map(|owed| &owed.path).collect()
}
