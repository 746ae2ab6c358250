//! Why a session stops where it is. None of these can be caught by a script.

use runbook_model::decide::Refusal;
use runbook_model::path::StepPath;
use runbook_model::state::Illegal;
use runbook_model::status::RunStatus;

use super::locking::NoLock;
use crate::anchor::NotAnchored;
use crate::journal::Lost;

/// Why a session stops where it is.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The journal cannot be written: nothing more may be done.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The engine was about to write a record that may not follow: a fault of the engine itself.
    #[error("internal fault, please report it: {0}")]
    Illegal(#[from] Illegal),
    /// What the script asks for is not what was recorded.
    #[error(transparent)]
    Mismatch(#[from] Refusal),
    /// A step is in doubt and nobody is there to settle it.
    #[error("step `{at}` is in doubt: {known}")]
    InDoubt {
        /// The step.
        at: StepPath,
        /// What is known.
        known: String,
    },
    /// Whoever watches a step could not be asked: nothing is known of it, and nobody's word counts yet.
    #[error("{why}; until it is asked, nobody can say what became of `{at}`: mend that, then resume")]
    Unasked {
        /// The step.
        at: StepPath,
        /// Why not.
        why: String,
        /// Whether it may live, and be at work.
        may_live: bool,
    },
    /// A confirm waits for an answer and nobody is there to give it.
    #[error("`{at}` waits for an answer")]
    Suspended {
        /// The confirm.
        at: StepPath,
    },
    /// A confirm was not answered in time, and the runbook says to roll back then.
    #[error("nobody answered `{at}` in time")]
    RollBack {
        /// The confirm.
        at: StepPath,
    },
    /// A lock that a phase or the way back needs is not to be had.
    #[error(transparent)]
    Locked(#[from] NoLock),
    /// Another machine has taken the run: nothing more may be written here.
    #[error("{0}; this process stops before its next step, and writes nothing more down")]
    Fenced(NotAnchored),
    /// The operator wants it to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Halt {
    /// How grave it is, for when several branches stop at once; the higher, the graver.
    pub(super) fn gravity(&self) -> u8 {
        match self {
            Self::Interrupted => 0,
            Self::Suspended { .. } => 1,
            Self::RollBack { .. } => 2,
            // The journal lives, and nothing was begun: what another branch has in doubt is not hidden by that.
            Self::Lost(lost) if lost.journal_lives() => 3,
            Self::Locked(_) => 3,
            Self::InDoubt { .. } | Self::Unasked { .. } => 4,
            // Where the record of a rollback ends is no fault.
            Self::Mismatch(Refusal::Backwards { .. }) => 0,
            Self::Mismatch(_) => 5,
            Self::Illegal(_) => 6,
            Self::Fenced(_) => 7,
            Self::Lost(_) => 8,
        }
    }

    /// What the run is then; absent when nothing more can be written.
    #[must_use]
    pub fn status(&self) -> Option<RunStatus> {
        match self {
            Self::Lost(lost) if lost.journal_lives() => Some(RunStatus::Interrupted),
            Self::Lost(_) | Self::Illegal(_) | Self::Fenced(_) => None,
            Self::Mismatch(refusal) => Some(RunStatus::Mismatch {
                at: match refusal {
                    Refusal::OtherStep { path, .. } | Refusal::OtherItems { path, .. } | Refusal::Backwards { path } => {
                        path.clone()
                    }
                    Refusal::PassedBy { recorded, .. } => recorded.clone(),
                },
            }),
            Self::InDoubt { at, .. } | Self::Unasked { at, .. } => Some(RunStatus::InDoubt { at: at.clone() }),
            Self::Suspended { at } => Some(RunStatus::Suspended { at: at.clone() }),
            Self::RollBack { .. } => Some(RunStatus::RollingBack),
            Self::Locked(no) => Some(RunStatus::Failed { at: None, message: no.to_string() }),
            Self::Interrupted => Some(RunStatus::Interrupted),
        }
    }
}
