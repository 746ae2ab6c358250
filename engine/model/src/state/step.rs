//! What is known of one step.

use std::borrow::Cow;

use jiff::Timestamp;

use super::kept::Kept;
use crate::answer::Said;
use crate::digest::Digest;
use crate::entry::Intent;
use crate::id::{Attempt, Epoch, Seq};
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::person::Decider;
use crate::step::{RollbackPlan, StepKind, StepSpec};

/// What is known of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where it stands.
    pub path: StepPath,
    /// By which it is recognised on resume.
    pub fingerprint: Digest,
    /// The last attempt.
    pub attempt: Attempt,
    /// What the last attempt intended; absent for a rollback that was registered on its own.
    pub(super) kept: Option<Kept>,
    /// The record of that intent, or of the registration.
    pub seq: Seq,
    /// The process that wrote it.
    pub epoch: Epoch,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// When it was begun: the first attempt since it was first asked for, or since it was opened again. An attempt that died
    /// with its process and was repeated begins nothing anew.
    pub since: Timestamp,
    /// How far it is.
    pub phase: StepPhase,
    /// Answers that people gave to it, if it is a confirm.
    pub answers: Vec<Answered>,
    /// How many further attempts the runbook has taken of those that its author allows; a person starts the count anew.
    pub retries: u32,
    /// An earlier attempt may have taken effect, and was opened for another without anybody knowing: the step is idempotent,
    /// or a closure of the script will tell.
    pub repeated_blindly: bool,
    /// It failed, the run has gone past it, and it is known that it did not take effect.
    pub(super) denied: bool,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all steps of a run have ended")]
pub enum StepPhase {
    /// An attempt is in flight, or was when its process died.
    Intended,
    /// The last attempt ended.
    Ended(Outcome),
    /// The last attempt failed or did not happen; another is allowed.
    Open,
    /// It took effect, as a decision says; its result is not known.
    Settled,
    /// It was passed over.
    Skipped,
    /// It was registered as owed.
    Registered,
}

/// An answer to a confirm.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// What was said.
    pub said: Said,
    /// Who said it.
    pub by: Decider,
    /// The digest of what they were shown.
    pub shown: Digest,
}

impl Step {
    /// What the last attempt intended; absent for a rollback that was registered on its own. Of a step that did not fail it
    /// is made from its text at each call.
    #[must_use]
    pub fn intent(&self) -> Option<Cow<'_, Intent>> {
        self.kept.as_ref().map(Kept::opened)
    }

    /// What the last attempt intended, of a step that has no good end: one that failed, is open, in flight, or passed over.
    #[must_use]
    pub fn open_intent(&self) -> Option<&Intent> {
        match self.phase {
            StepPhase::Intended | StepPhase::Open | StepPhase::Skipped | StepPhase::Ended(Outcome::Failed(_)) => {
                self.kept.as_ref()?.open()
            }
            _ => None,
        }
    }

    /// What the script asked for, of a step that has no good end; see [`Step::intent`] for any other.
    #[must_use]
    pub fn open_spec(&self) -> Option<&StepSpec> {
        self.open_intent().map(|intent| &intent.spec)
    }

    /// Whether nobody knows if the last attempt took effect, and repeating it would matter.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        let Some(StepKind::Command(command)) = self.open_spec().map(|spec| &spec.kind) else { return false };
        match &self.phase {
            StepPhase::Intended => true,
            StepPhase::Ended(Outcome::Failed(failure)) => failure.effect_is_open() && !command.idempotent && !self.denied,
            _ => false,
        }
    }

    /// Whether the step has no good end, owes something if it took effect, and an attempt that may be repeated blindly, or
    /// was, may have done that. Going forwards that changes nothing; before a rollback somebody has to say.
    #[must_use]
    pub fn is_haunted(&self) -> bool {
        let Some(StepKind::Command(command)) = self.open_spec().map(|spec| &spec.kind) else { return false };
        let ended_badly = matches!(self.phase, StepPhase::Open | StepPhase::Skipped | StepPhase::Ended(Outcome::Failed(_)));
        let unknown = self.repeated_blindly || self.is_open_ended();
        unknown && ended_badly && command.rollback != RollbackPlan::Nothing
    }

    /// Whether the last attempt failed and may have taken effect all the same, and does not owe its rollback for having
    /// failed.
    pub(super) fn is_open_ended(&self) -> bool {
        let Some(StepKind::Command(command)) = self.open_spec().map(|spec| &spec.kind) else { return false };
        let open = matches!(&self.phase, StepPhase::Ended(Outcome::Failed(failure)) if failure.effect_is_open());
        open && !command.rollback_if_failed && !self.denied
    }

    /// Whether the step has no good end, and a closure of the script can tell if its effect is there.
    #[must_use]
    pub fn settles(&self) -> bool {
        matches!(self.open_spec().map(|spec| &spec.kind), Some(StepKind::Command(command)) if command.settled_by)
    }
}

/// Whether an attempt that died with its process is repeated without further thought: it only looked or asked.
#[must_use]
pub fn repeats_freely(spec: &StepSpec) -> bool {
    matches!(spec.kind, StepKind::Check(_) | StepKind::Confirm(_))
}
