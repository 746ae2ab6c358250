//! The closed list of facts that a run may write down.
//!
//! The serialized shape of [`Record`] is version 1 of the journal format and of `--output json`: add fields with a
//! default, never rename or remove one. `tests/compat/` holds journals of every released format.

mod alert;
mod attempt;
mod branches;
mod record;
mod run_started;
mod session;

use serde::{Deserialize, Serialize};

use crate::answer::Said;
use crate::digest::Digest;
use crate::id::Attempt;
use crate::length::Length;
use crate::outlook::Lack;
use crate::path::StepPath;
use crate::person::Decider;
use crate::signed::Signed;
use crate::status::RunStatus;
use crate::step::{Location, RollbackPlan};

pub use alert::Alert;
pub use attempt::{End, Intent, Verdict};
pub use branches::{BranchFailure, ParallelEntered};
pub use record::{Record, VERSION};
pub use run_started::{Mode, Provenance, RunStarted, Source};
pub use session::{Purpose, Session};

/// A fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// The first record: what this run is of.
    RunStarted(Box<RunStarted>),
    /// A process took the run; it holds the lock from here on, under a new epoch.
    SessionStarted(Session),
    /// The process that holds the run lets go of it. When this is missing, the process died.
    SessionEnded {
        /// What the run is now.
        #[serde(flatten)]
        status: RunStatus,
    },
    /// A phase began.
    PhaseEntered {
        /// Its path.
        path: StepPath,
        /// The time that it promises to keep.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Length>,
    },
    /// A phase ended.
    PhaseLeft {
        /// Its path.
        path: StepPath,
        /// How long it took, in milliseconds of a clock that does not jump.
        millis: u64,
    },
    /// A `parallel` began.
    ParallelEntered(Box<ParallelEntered>),
    /// The branch of one item began.
    BranchEntered {
        /// Its path: that of the `parallel`, and the key of the item.
        path: StepPath,
    },
    /// The branch of one item came to its end.
    BranchLeft {
        /// Its path.
        path: StepPath,
        /// How long it took, in milliseconds of a clock that does not jump.
        millis: u64,
        /// Why it failed; absent when it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<BranchFailure>,
    },
    /// A `parallel` ended: every branch that began came to its end, and no other begins.
    ParallelLeft {
        /// Its path.
        path: StepPath,
        /// How long it took, in milliseconds of a clock that does not jump.
        millis: u64,
    },
    /// The run has a lock: nobody else who wants it works until it is given back. Written before anything happens under it.
    LockTaken {
        /// Its name.
        name: String,
        /// The phase that it is for, or the root for the whole run.
        path: StepPath,
    },
    /// The run does not need a lock any more.
    LockReleased {
        /// Its name.
        name: String,
    },
    /// An attempt is about to start. On disk before the world is touched.
    StepIntended(Box<Intent>),
    /// An attempt ended.
    StepEnded(Box<End>),
    /// A failed step may be tried again.
    StepRetried {
        /// The step.
        path: StepPath,
        /// Who decided it.
        by: Decider,
    },
    /// A failed or open step is passed over; its call gives the script nothing.
    StepSkipped {
        /// The step.
        path: StepPath,
        /// Who decided it.
        by: Decider,
        /// Why.
        why: String,
    },
    /// A step in doubt is settled.
    StepResolved {
        /// The step.
        path: StepPath,
        /// The attempt that was in doubt.
        attempt: Attempt,
        /// What happened.
        verdict: Verdict,
        /// Who or what says so.
        by: Decider,
        /// Why, or by what evidence.
        why: String,
    },
    /// Something is owed that belongs to no single command.
    RollbackOwed {
        /// Where in the runbook.
        path: StepPath,
        /// By which it is recognised on resume.
        fingerprint: Digest,
        /// What is owed.
        plan: RollbackPlan,
        /// Where in the sources.
        #[serde(rename = "loc")]
        location: Location,
    },
    /// A person answered a confirm.
    ConfirmAnswered {
        /// The confirm.
        path: StepPath,
        /// What they said.
        said: Said,
        /// Who said it.
        by: Decider,
        /// The digest of what they were shown: a changed question voids the answer.
        shown: Digest,
        /// What they added.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// From here on the run goes backwards.
    RollbackStarted {
        /// Who decided it.
        by: Decider,
        /// Why.
        why: String,
    },
    /// All changes that a step owed are done.
    RollbackDone {
        /// The step that was rolled back (its forward path).
        path: StepPath,
    },
    /// A promise of time was broken. Nothing is stopped by it.
    BudgetBroken {
        /// The phase, or the root for the whole run.
        path: StepPath,
        /// The promise.
        budget: Length,
    },
    /// The script printed something.
    Noted {
        /// What.
        text: String,
        /// Where in the sources.
        #[serde(rename = "loc")]
        location: Location,
        /// The branch of a `parallel` that printed it; the root outside of one.
        #[serde(default, skip_serializing_if = "StepPath::is_root")]
        branch: StepPath,
    },
    /// A rehearsal came to its end: what the run would do is named, and what it would lack.
    PlanMade {
        /// The digest of the [plan](crate::plan::Plan).
        plan: Digest,
        /// How many steps it has.
        steps: u64,
        /// How many of them would change something.
        changes: u64,
        /// Whether none of it hangs on what is unknown.
        certain: bool,
        /// What the withheld changes will need and that is not there now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lacks: Vec<Lack>,
        /// Why the programs of its checks were not kept from writing; absent when they were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unconfined: Option<String>,
    },
    /// A person signed what the next record says they did (for a session: what the one before says).
    Signed(Box<Signed>),
    /// The run goes on with an edited source.
    Adopted {
        /// The sources from here on.
        sources: Vec<Source>,
        /// Who decided it.
        by: Decider,
    },
}

impl Entry {
    /// The step, phase, parallel or branch that it is about.
    #[must_use]
    pub fn path(&self) -> Option<&StepPath> {
        match self {
            Self::PhaseEntered { path, .. }
            | Self::PhaseLeft { path, .. }
            | Self::BranchEntered { path }
            | Self::BranchLeft { path, .. }
            | Self::ParallelLeft { path, .. }
            | Self::LockTaken { path, .. }
            | Self::StepRetried { path, .. }
            | Self::StepSkipped { path, .. }
            | Self::StepResolved { path, .. }
            | Self::RollbackOwed { path, .. }
            | Self::ConfirmAnswered { path, .. }
            | Self::RollbackDone { path }
            | Self::BudgetBroken { path, .. }
            | Self::Noted { branch: path, .. } => Some(path),
            Self::ParallelEntered(asked) => Some(&asked.path),
            Self::StepIntended(intent) => Some(&intent.path),
            Self::StepEnded(end) => Some(&end.path),
            Self::RunStarted(_)
            | Self::SessionStarted(_)
            | Self::SessionEnded { .. }
            | Self::LockReleased { .. }
            | Self::RollbackStarted { .. }
            | Self::Signed(_)
            | Self::PlanMade { .. }
            | Self::Adopted { .. } => None,
        }
    }

    /// The name of the entry in the journal: its `type`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "run_started",
            Self::SessionStarted(_) => "session_started",
            Self::SessionEnded { .. } => "session_ended",
            Self::PhaseEntered { .. } => "phase_entered",
            Self::PhaseLeft { .. } => "phase_left",
            Self::ParallelEntered(_) => "parallel_entered",
            Self::BranchEntered { .. } => "branch_entered",
            Self::BranchLeft { .. } => "branch_left",
            Self::ParallelLeft { .. } => "parallel_left",
            Self::LockTaken { .. } => "lock_taken",
            Self::LockReleased { .. } => "lock_released",
            Self::StepIntended(_) => "step_intended",
            Self::StepEnded(_) => "step_ended",
            Self::StepRetried { .. } => "step_retried",
            Self::StepSkipped { .. } => "step_skipped",
            Self::StepResolved { .. } => "step_resolved",
            Self::RollbackOwed { .. } => "rollback_owed",
            Self::ConfirmAnswered { .. } => "confirm_answered",
            Self::RollbackStarted { .. } => "rollback_started",
            Self::RollbackDone { .. } => "rollback_done",
            Self::BudgetBroken { .. } => "budget_broken",
            Self::Noted { .. } => "noted",
            Self::PlanMade { .. } => "plan_made",
            Self::Signed(_) => "signed",
            Self::Adopted { .. } => "adopted",
        }
    }
}
