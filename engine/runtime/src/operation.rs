//! The seam between the script and everything else: what a script can ask for, and what it can be answered.
//!
//! It asks over a [`Line`](crate::line::Line).

use runbook_model::Value;
use runbook_model::answer::Answer;
use runbook_model::entry::{BranchFailure, ParallelEntered};
use runbook_model::failure::Failure;
use runbook_model::length::Length;
use runbook_model::lock::Locks;
use runbook_model::observation::{NotSeen, Observation, Seen};
use runbook_model::path::StepPath;
use runbook_model::step::{Location, StepSpec};

/// What a script can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// A phase begins. Reply: [`Reply::GoOn`].
    EnterPhase {
        /// Its path.
        path: StepPath,
        /// The time that it promises to keep.
        budget: Option<Length>,
        /// The locks that it wants.
        locks: Locks,
    },
    /// A phase ended without error. Reply: [`Reply::GoOn`].
    LeavePhase {
        /// Its path.
        path: StepPath,
    },
    /// A `parallel` begins. Reply: [`Reply::Branches`].
    EnterParallel(Box<ParallelEntered>),
    /// The branch of an item would begin. Reply: [`Reply::GoOn`], or [`Reply::Nothing`] when it may not.
    EnterBranch {
        /// Its path: that of the `parallel`, and the key of the item.
        path: StepPath,
    },
    /// A branch came to its end. Reply: [`Reply::GoOn`].
    LeaveBranch {
        /// Its path.
        path: StepPath,
        /// Why it failed; absent when it did not.
        failed: Option<BranchFailure>,
    },
    /// No branch of a `parallel` runs any more. Reply: [`Reply::GoOn`].
    LeaveParallel {
        /// Its path.
        path: StepPath,
    },
    /// A step is to be done. Reply: any but `Seen` and `GoOn`.
    Step {
        /// Its path: the script room numbers names, so that replay gives the same paths.
        path: StepPath,
        /// What is asked for, every option resolved.
        spec: Box<StepSpec>,
        /// Where in the sources.
        location: Location,
    },
    /// The closure of a check, or the `settled_by` of a command, was called: the answer to [`Reply::Look`] and
    /// [`Reply::Settle`]. Reply: as for `Step`.
    Looked {
        /// The step.
        path: StepPath,
        /// What the closure gave.
        look: Look,
    },
    /// A look at the world inside a closure that [`Reply::Look`] or [`Reply::Settle`] asked for. Reply: [`Reply::Seen`].
    Observe {
        /// The step in whose closure it happens.
        path: StepPath,
        /// What to look at.
        observation: Observation,
        /// What it is called in the script: `http::get http://…`, for the record.
        what: String,
    },
    /// The script printed something. Reply: [`Reply::GoOn`].
    Note {
        /// What.
        text: String,
        /// Where in the sources.
        location: Location,
        /// The branch of a `parallel` that printed it; the root outside of one.
        branch: StepPath,
    },
}

impl Operation {
    /// Where in the runbook it is asked for.
    #[must_use]
    pub fn path(&self) -> &StepPath {
        match self {
            Self::EnterParallel(asked) => &asked.path,
            Self::EnterPhase { path, .. }
            | Self::LeavePhase { path }
            | Self::EnterBranch { path }
            | Self::LeaveBranch { path, .. }
            | Self::LeaveParallel { path }
            | Self::Step { path, .. }
            | Self::Looked { path, .. }
            | Self::Observe { path, .. }
            | Self::Note { branch: path, .. } => path,
        }
    }
}

/// What a closure gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// A value; `false` and `null` are a miss.
    Value(Value),
    /// A value that cannot be known in a rehearsal.
    Unknown {
        /// On what it depends.
        because: String,
    },
    /// It ended with an error.
    Failed {
        /// What went wrong.
        message: String,
        /// Where in the sources.
        location: Option<Location>,
    },
}

/// What the script hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Nothing more to say.
    GoOn,
    /// The step is done, now or in an earlier session: its result.
    Done(Answer),
    /// The step was passed over by a decision, or an advisory check missed: the call gives `()`.
    Nothing,
    /// In a rehearsal: the result cannot be known. `assumed` is what the author wants taken instead.
    Unknown {
        /// The value to take, if the author gave one.
        assumed: Option<Value>,
    },
    /// The step failed: an error that the script may catch.
    Failed(Box<Failure>),
    /// Call the closure of the check and say [`Operation::Looked`].
    Look,
    /// Call the `settled_by` closure of the command and say [`Operation::Looked`].
    Settle,
    /// How the branches of a `parallel` are to be performed.
    Branches {
        /// How many at a time; at least 1.
        at_once: u32,
        /// The keys of the items whose branches have begun in an earlier play: they come first, and all of them.
        begun: Vec<String>,
    },
    /// This branch comes to rest: it ends here, and may not catch that. The others go on.
    Rest,
    /// What an observation saw.
    Seen(Result<Seen, NotSeen>),
}
