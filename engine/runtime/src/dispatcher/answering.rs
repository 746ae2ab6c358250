//! Answering a confirm of a run that waits.

use runbook_model::answer::Said;
use runbook_model::approval::{self, Approval};
use runbook_model::digest::Digest;
use runbook_model::entry::{Entry, Purpose};
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::state::{RunState, Step, StepPhase};
use runbook_model::status::RunStatus;
use runbook_model::step::{StepKind, StepSpec};

use super::Refused;
use super::session::{Finished, Opening, Session};
use super::taking::{sources_of, take};

impl Session {
    /// Answers the confirm that a run waits for.
    ///
    /// # Errors
    /// When nothing waits, the answer does not fit, or this person may not give it; or what waits is not what they were
    /// shown, when `seen` says what that was.
    pub async fn answer(opening: Opening, said: Said, note: Option<String>, seen: Option<Digest>) -> Result<Finished, Refused> {
        let (journal, state) = take(&opening, Purpose::Answer)?;
        let run = opening.dir.run();
        let Some((path, spec)) = waiting(&state) else { return Err(Refused::NotWaiting(run)) };
        let StepKind::Confirm(confirm) = &spec.kind else { return Err(Refused::NotWaiting(run)) };
        approval::fits(confirm, &said).map_err(|want| Refused::WrongAnswer {
            given: said.line(),
            question: spec.name.clone(),
            want,
        })?;
        approval::may_answer(confirm, &opening.operator, state.started(), state.operator())?;
        let asked = state.step(&path).map_or(state.started_at(), |step| step.since);
        let left = approval::left(confirm, asked, state.last_at(), opening.world.now());
        if let (Some(deadline), true) = (confirm.deadline, left.is_some_and(|left| left.millis() == 0)) {
            return Err(Refused::TooLate { run, question: spec.name.clone(), deadline });
        }
        let shown = approval::shown(&state, &path, &spec);
        if seen.is_some_and(|seen| seen != shown) {
            return Err(Refused::OtherQuestion { run, question: spec.name.clone() });
        }
        let by = Decider::Person(opening.operator.clone());
        let (_, sources) = sources_of(&opening.dir, &state)?;
        let session = Self::unlocked(opening, journal, state, &sources, Purpose::Answer)?;
        let answer = Entry::ConfirmAnswered { path: path.clone(), said, by, shown, note };
        if let Err(unsigned) = session.desk().sign(&answer)? {
            session.finish(run, Ok(RunStatus::Suspended { at: path })).await;
            return Err(unsigned.into());
        }
        session.desk().write(answer)?;
        // More answers are wanted for it, or another branch waits for one.
        let status = match waiting(&session.desk().ledger.state()) {
            Some((at, spec)) if is_open(&session.desk().ledger.state(), &at, &spec) => RunStatus::Suspended { at },
            _ => RunStatus::Interrupted,
        };
        Ok(session.finish(run, Ok(status)).await)
    }
}

/// The confirm that an answer is for: the first that still wants one, else the first that the run has not come past.
#[must_use]
pub fn waiting(state: &RunState) -> Option<(StepPath, StepSpec)> {
    let asked = |step: &&Step| {
        step.phase == StepPhase::Intended && matches!(step.spec().map(|spec| &spec.kind), Some(StepKind::Confirm(_)))
    };
    let mut asked = state.steps().iter().filter(asked).filter_map(|step| Some((step.path.clone(), step.spec()?.clone())));
    let first = asked.next()?;
    if is_open(state, &first.0, &first.1) {
        return Some(first);
    }
    Some(asked.find(|(path, spec)| is_open(state, path, spec)).unwrap_or(first))
}

/// Whether a confirm wants more answers than it has.
fn is_open(state: &RunState, path: &StepPath, spec: &StepSpec) -> bool {
    let StepKind::Confirm(confirm) = &spec.kind else { return false };
    let answers = state.step(path).map(|step| step.answers.as_slice()).unwrap_or_default();
    approval::weigh(confirm, answers, approval::shown(state, path, spec), state) == Approval::Open
}
