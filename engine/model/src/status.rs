//! What a run is, as a whole.

use serde::{Deserialize, Serialize};

use crate::path::StepPath;

/// What a run is now. Sealed or not is a fact of the audit trail and not a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RunStatus {
    /// A process works on it, or died while it did: the lock tells which.
    Running,
    /// It waits for a person.
    Suspended {
        /// The confirm that waits.
        #[serde(rename = "step")]
        at: StepPath,
    },
    /// A process rolls it back, or died while it did.
    RollingBack,
    /// It did what it should.
    Completed,
    /// A rehearsal came to its end.
    Rehearsed {
        /// How many steps depend on something withheld.
        unknown: u32,
    },
    /// A rehearsal could not go on from here.
    Unknowable {
        /// Why, with the place.
        message: String,
    },
    /// Everything that was owed is done.
    RolledBack,
    /// A step failed; the run can be resumed.
    Failed {
        /// The step; absent when the script itself failed.
        #[serde(rename = "step")]
        at: Option<StepPath>,
        /// Why.
        message: String,
    },
    /// A person said no; the run can be resumed (and asks again).
    Declined {
        /// The confirm.
        #[serde(rename = "step")]
        at: StepPath,
    },
    /// A step was in flight when its process died, and nothing but a person can tell whether it took effect.
    InDoubt {
        /// The step.
        #[serde(rename = "step")]
        at: StepPath,
    },
    /// A rollback failed; what is still owed is known.
    Stuck {
        /// The rollback that failed.
        #[serde(rename = "step")]
        at: StepPath,
        /// Why.
        message: String,
    },
    /// A person stopped it; it can be resumed.
    Interrupted,
    /// What the script asks for is not what was recorded; nothing of that was run.
    Mismatch {
        /// Where.
        #[serde(rename = "step")]
        at: StepPath,
    },
    /// A person gave it up for good.
    Abandoned {
        /// Why.
        why: String,
    },
}

impl RunStatus {
    /// Whether nothing more will happen to the run by itself or by `resume`.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::RolledBack | Self::Abandoned { .. } | Self::Rehearsed { .. } | Self::Unknowable { .. }
        )
    }

    /// Every word that [`RunStatus::word`] has, in the order of the variants.
    pub const WORDS: [&'static str; 14] = [
        "running",
        "waiting",
        "rolling back",
        "completed",
        "rehearsed",
        "unknowable",
        "rolled back",
        "failed",
        "declined",
        "in doubt",
        "stuck",
        "interrupted",
        "mismatch",
        "abandoned",
    ];

    /// One or two words for people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended { .. } => "waiting",
            Self::RollingBack => "rolling back",
            Self::Completed => "completed",
            Self::Rehearsed { .. } => "rehearsed",
            Self::Unknowable { .. } => "unknowable",
            Self::RolledBack => "rolled back",
            Self::Failed { .. } => "failed",
            Self::Declined { .. } => "declined",
            Self::InDoubt { .. } => "in doubt",
            Self::Stuck { .. } => "stuck",
            Self::Interrupted => "interrupted",
            Self::Mismatch { .. } => "mismatch",
            Self::Abandoned { .. } => "abandoned",
        }
    }
}
