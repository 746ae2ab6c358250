//! Why a session could not do what it was asked for.

use runbook_model::approval::NotAllowed;
use runbook_model::id::RunId;
use runbook_model::length::Length;
use runbook_model::path::StepPath;
use runbook_model::status::RunStatus;

use super::Halt;
use super::locking::NoLock;
use super::notary::Unsigned;
use crate::journal::{CreateError, OpenError, SourceError};
use crate::script::Diagnostics;

/// Why a session could not do what it was asked for. Nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The run cannot be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// The run cannot be taken.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A source cannot be pinned, or the pinned one is not what the journal says.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The journal cannot be written.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// The journal holds records that cannot follow each other.
    #[error("the journal of run {run} is damaged: {illegal}; `runbook verify {run}` says more")]
    Illegal {
        /// The run.
        run: RunId,
        /// The record.
        illegal: runbook_model::state::Illegal,
    },
    /// The journal has no records: its process died before it had begun.
    #[error("run {0} never began: its journal is empty, and nothing was run")]
    Empty(RunId),
    /// The journal is not the one that the audit trail remembers.
    #[error("{why}; nothing was run: `runbook verify {run}` says more")]
    Diverged {
        /// The run.
        run: RunId,
        /// What differs.
        why: String,
    },
    /// A lock that the run needs is not to be had.
    #[error(transparent)]
    Locked(#[from] NoLock),
    /// The pinned source does not load in this engine.
    #[error("the pinned source of run {run} does not load")]
    Script {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        diagnostics: Diagnostics,
    },
    /// The run cannot be sealed, and it was not to run unsealed.
    #[error("the run cannot be sealed, so it was not started: {why}")]
    Unsealable {
        /// Why.
        why: String,
    },
    /// The operator's key does not sign, and has to.
    #[error("{0}; nothing was run")]
    Unsigned(#[from] Unsigned),
    /// Another machine may have gone further than the journal says.
    #[error(
        "run {0} was taken over, and how far the other machine got is not known yet; nothing was rolled back: `runbook resume {0}` finds out"
    )]
    Uncharted(RunId),
    /// There is nothing to do.
    #[error("run {run} is {} already; there is nothing to {verb}", .status.word())]
    Final {
        /// The run.
        run: RunId,
        /// What it is.
        status: RunStatus,
        /// What was wanted.
        verb: &'static str,
    },
    /// A rehearsal cannot be continued or rolled back.
    #[error("run {0} is a rehearsal: it changed nothing, and cannot be continued")]
    Rehearsal(RunId),
    /// No such step, or several.
    #[error("`{step}` names {} of run {run}{}", counted(.candidates.len()), listed(.candidates))]
    Step {
        /// The run.
        run: RunId,
        /// What was given.
        step: String,
        /// The steps that it could mean.
        candidates: Vec<StepPath>,
    },
    /// The step is not in doubt.
    #[error("step `{0}` is not in doubt")]
    NotInDoubt(StepPath),
    /// The step was in doubt, and evidence has settled it.
    #[error(
        "step `{step}` is not in doubt: what became of it was found out and is recorded; `runbook resume {run}` goes on from there"
    )]
    FoundOut {
        /// The run.
        run: RunId,
        /// The step.
        step: StepPath,
    },
    /// No confirm waits.
    #[error("run {0} does not wait for an answer")]
    NotWaiting(RunId),
    /// The question has an answer.
    #[error("`{question}` is answered already: {said}; nothing was recorded")]
    Answered {
        /// The run.
        run: RunId,
        /// The question.
        question: String,
        /// By whom, and what.
        said: String,
    },
    /// Nobody answered in time, and what that means the runbook says.
    #[error(
        "the {deadline} for an answer to `{question}` are over; nothing was recorded: `runbook resume {run}` does what the runbook says about that"
    )]
    TooLate {
        /// The run.
        run: RunId,
        /// The question.
        question: String,
        /// How long an answer may take.
        deadline: Length,
    },
    /// The person was shown something else than what waits now.
    #[error("`{question}` is not what was shown: the run has gone on since; nothing was recorded")]
    OtherQuestion {
        /// The run.
        run: RunId,
        /// What waits now.
        question: String,
    },
    /// This answer does not fit the question.
    #[error("`{given}` does not answer `{question}`: {want}")]
    WrongAnswer {
        /// What was given.
        given: String,
        /// The question.
        question: String,
        /// What is wanted.
        want: String,
    },
    /// This person may not answer.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

fn counted(candidates: usize) -> &'static str {
    match candidates {
        0 => "no step that waits for it",
        _ => "none of these steps, or several of them",
    }
}

fn listed(candidates: &[StepPath]) -> String {
    candidates.iter().map(|path| format!("\n  {path}")).collect()
}
