//! The prompter: answers a script on its own thread, as long as it asks for nothing but what is recorded.
//!
//! A replay asks for every finished step again. To carry each question to the dispatcher's thread and its answer back costs
//! more than to answer it, so the recorded part of a run goes to the script's side of the line with it. The prompter knows
//! the steps that came to a good end outside of any `parallel`, in their order, and the phases that are closed; of those the
//! dispatcher would give the recorded answer and do nothing. Whatever else the script asks, and whatever it asks out of order
//! or with other arguments, is for the dispatcher: the prompter refuses nothing, and decides nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::state::{RunState, Step, StepPhase};
use runbook_model::step::{StepKind, StepSpec};

use crate::operation::{Operation, Reply};

/// What of one play is recorded, and how far the script has come in it.
#[derive(Debug, Default)]
pub struct Prompter {
    steps: Vec<Arc<Step>>,
    phases: HashSet<StepPath>,
    /// The questions that were put to people, answered or not.
    questions: HashSet<StepPath>,
    /// How many of `steps` were answered.
    at: AtomicUsize,
    /// Branches of a `parallel` ask as well, though never for one of these steps: one question at a time.
    asking: Mutex<()>,
}

impl Prompter {
    /// A prompter for a play that begins in this state.
    #[must_use]
    pub fn of(state: &RunState) -> Self {
        let done = |step: &&Arc<Step>| {
            matches!(step.phase, StepPhase::Ended(Outcome::Succeeded(_)))
                && !step.path.is_rollback()
                && state.parallel_around(&step.path).is_none()
        };
        let is_question = |step: &&Arc<Step>| {
            let asks = |spec: &StepSpec| matches!(spec.kind, StepKind::Confirm(_));
            !step.answers.is_empty() || step.open_spec().is_some_and(asks)
        };
        let closed = state.phases().iter().filter(|(_, phase)| phase.millis.is_some());
        Self {
            steps: state.steps().iter().filter(done).cloned().collect(),
            phases: closed.map(|(path, _)| path.clone()).collect(),
            questions: state.steps().iter().filter(is_question).map(|step| step.path.clone()).collect(),
            ..Self::default()
        }
    }

    /// One who has asked this and knows nothing else.
    #[cfg(test)]
    pub(crate) fn having_asked(question: StepPath) -> Self {
        Self { questions: HashSet::from([question]), ..Self::default() }
    }

    /// The recorded answer, if there is one and nothing else is to be done.
    #[must_use]
    pub fn reply(&self, operation: &Operation) -> Option<Reply> {
        match operation {
            Operation::EnterPhase { path, .. } | Operation::LeavePhase { path } => {
                self.phases.contains(path).then_some(Reply::GoOn)
            }
            Operation::Step { path, spec, .. } => {
                let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
                let at = self.at.load(Ordering::Acquire);
                let step = self.steps.get(at).filter(|step| step.path == *path && step.fingerprint == spec.fingerprint())?;
                let StepPhase::Ended(Outcome::Succeeded(answer)) = &step.phase else { return None };
                self.at.store(at + 1, Ordering::Release);
                Some(Reply::Done(answer.clone()))
            }
            _ => None,
        }
    }

    /// Whether a question was put to people before: what is refused of one that nobody has seen is too late then.
    #[must_use]
    pub fn has_asked(&self, question: &StepPath) -> bool {
        self.questions.contains(question)
    }

    /// The steps that were answered, from the `since`-th on.
    pub fn answered(&self, since: usize) -> impl Iterator<Item = &StepPath> {
        self.steps[..self.at.load(Ordering::Acquire)].iter().skip(since).map(|step| &step.path)
    }
}

#[cfg(test)]
mod tests;
