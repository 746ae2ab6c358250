//! The closed list of facts that a run may write down.
//!
//! The serialized shape of [`Record`] is version 1 of the journal format and of `--output json`: add fields with a
//! default, never rename or remove one. `tests/compat/` holds journals of every released format.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::Said;
use crate::change::Change;
use crate::digest::Digest;
use crate::gate::Gate;
use crate::id::{Attempt, Epoch, RunId, Seq};
use crate::length::Length;
use crate::lock::Locks;
use crate::outcome::{Observed, Outcome};
use crate::outlook::{Lack, Outlook};
use crate::parameter::Given;
use crate::path::StepPath;
use crate::person::{Decider, Person};
use crate::statement::Signed;
use crate::status::RunStatus;
use crate::step::{Location, OnFailure, RollbackPlan, StepSpec};

/// The version of the serialized shape.
pub const VERSION: u32 = 1;

/// One line of a journal, without its links (see [`crate::chain`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the shape: [`VERSION`].
    pub v: u32,
    /// The run, so that a record cannot be moved into another journal unseen.
    pub run: RunId,
    /// The place in the journal.
    pub seq: Seq,
    /// The process that wrote it.
    pub epoch: Epoch,
    /// The wall clock when it was written: a label for people. Order is `seq`, durations are measured elsewhere.
    pub at: Timestamp,
    /// The fact.
    #[serde(flatten)]
    pub entry: Entry,
}

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

/// What a run is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The name of the runbook.
    pub runbook: String,
    /// Its title.
    pub title: String,
    /// The team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Live or rehearsal.
    pub mode: Mode,
    /// The environment, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Whether changes to that environment deserve more care.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// The parameters, with where each value came from.
    pub params: BTreeMap<String, Given>,
    /// What the script sees as `settings`.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, crate::Value>,
    /// The promise of the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Length>,
    /// The locks that it holds from beginning to end.
    #[serde(default, skip_serializing_if = "Locks::is_empty")]
    pub locks: Locks,
    /// What happens when a step fails and nobody is there to ask.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// The pinned sources: the runbook first, then every module that it imports.
    pub sources: Vec<Source>,
    /// The commit of the runbook repository and whether it was edited since; absent outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// The directory that relative paths of commands start from.
    pub root: String,
    /// Who belongs to which group, for confirms that name one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// The groups of hosts that the script can ask for with `hosts("…")`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, Vec<String>>,
    /// Why the run is not sealed, when the operator chose that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsealed: Option<String>,
    /// What its environment asks before the first change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// What earlier runs say about it.
    #[serde(default, skip_serializing_if = "Outlook::is_empty")]
    pub outlook: Outlook,
}

/// Whether changes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Changes are made.
    Live,
    /// Changes are withheld and shown.
    Rehearsal,
}

/// One pinned source file. Its text lies beside the journal, and in the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Relative to the root of the runbook repository, or `std/…`.
    pub name: String,
    /// SHA-256 of the text.
    pub digest: Digest,
}

/// From which commit a runbook came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The commit.
    pub commit: String,
    /// Whether one of the pinned sources differs from that commit.
    pub dirty: bool,
}

/// A process that works on a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What it was started for.
    pub purpose: Purpose,
    /// Who started it.
    pub operator: Person,
    /// Its process number.
    pub pid: u32,
    /// The boot of the machine that it runs in; a process number means nothing in another.
    pub boot: String,
    /// The version of the engine.
    pub engine: String,
    /// From which machine the run was taken without its consent, and how somebody knew that it was dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<String>,
}

/// What a process takes a run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To start it.
    Exec,
    /// To go on with it.
    Resume,
    /// To roll it back.
    Rollback,
    /// To settle a step in doubt.
    Resolve,
    /// To answer a confirm.
    Answer,
    /// To give it up.
    Abandon,
    /// To say that somebody has read it, after its end.
    Review,
}

/// What is about to be done, and how to take it back (invariants I2 and I6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The step.
    pub path: StepPath,
    /// Which attempt of it.
    pub attempt: Attempt,
    /// By which the step is recognised on resume.
    pub fingerprint: Digest,
    /// What the script asks for.
    pub spec: StepSpec,
    /// The change as it will be made: `spec`'s, completed with what was found (a file's content before).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// What rolls it back, in this order; empty when nothing is owed or when the script's block has to be replayed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owes: Vec<Change>,
    /// Where in the sources.
    #[serde(rename = "loc")]
    pub location: Location,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The step.
    pub path: StepPath,
    /// Which attempt of it.
    pub attempt: Attempt,
    /// How it ended.
    pub outcome: Outcome,
    /// From intent to end, in milliseconds of a clock that does not jump; absent when the engine died in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// How often a check looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// What the last look went by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observed>,
}

/// What a `parallel` is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParallelEntered {
    /// Its path.
    pub path: StepPath,
    /// The key of each item, in order: 1 to 10,000 of them, each once.
    pub items: Vec<String>,
    /// How many branches may run at a time; 1 to 100.
    pub max: u32,
    /// How many branches may fail before no other begins.
    pub max_failures: u32,
    /// Where in the sources.
    #[serde(rename = "loc")]
    pub location: Location,
}

/// Why a branch failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchFailure {
    /// The step that failed; absent when the script itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepPath>,
    /// Why, in one line.
    pub message: String,
}

/// What happened to an attempt that was in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It took effect.
    Did,
    /// It did not.
    DidNot,
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
