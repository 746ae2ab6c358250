//! Answering a confirm of a run that waits.

use runbook_model::answer::Said;
use runbook_model::approval::{self, Approval};
use runbook_model::digest::Digest;
use runbook_model::entry::{Entry, Purpose};
use runbook_model::path::StepPath;
use runbook_model::person::{Decider, Person};
use runbook_model::state::{Answered, RunState, Step, StepPhase};
use runbook_model::status::RunStatus;
use runbook_model::step::{StepKind, StepSpec};

use super::Refused;
use super::resolving::named;
use super::session::{Finished, Opening, Session};
use super::taking::{refuse_final, sources_of, take};

impl Session {
    /// Answers a confirm that a run waits for: the one that is named, else the first that this person may answer.
    ///
    /// # Errors
    /// When nothing waits, the answer does not fit, or this person may not give it; or what waits is not what they were
    /// shown, when `seen` says what that was.
    pub async fn answer(
        mut opening: Opening,
        of: Option<&str>,
        said: Said,
        note: Option<String>,
        seen: Option<Digest>,
    ) -> Result<Finished, Refused> {
        let (journal, state) = take(&mut opening, Purpose::Answer)?;
        let run = opening.dir.run();
        refuse_final(&state, "answer")?;
        let found = match of {
            Some(text) => {
                let path = named(&state, text, is_asked)?;
                state.step(&path).and_then(|step| Some((path.clone(), step.open_spec()?.clone())))
            }
            None => meant(&state, &opening.operator),
        };
        let Some((path, spec)) = found else { return Err(Refused::NotWaiting(run)) };
        let StepKind::Confirm(confirm) = &spec.kind else { return Err(Refused::NotWaiting(run)) };
        approval::fits(confirm, &said).map_err(|want| Refused::WrongAnswer {
            given: said.line(),
            question: spec.name.clone(),
            want,
        })?;
        approval::may_answer(confirm, &opening.operator, state.started(), state.operator())?;
        let left = approval::left_of(&state, &path, confirm, opening.world.now());
        if let (Some(deadline), true) = (confirm.deadline, left.is_some_and(|left| left.millis() == 0)) {
            return Err(Refused::TooLate { run, question: spec.name.clone(), deadline });
        }
        let shown = approval::shown(&state, &path, &spec);
        if let Some(said_already) = said_already(&state, &path, &spec, &opening.operator, &said) {
            return Err(Refused::Answered { run, question: spec.name.clone(), said: said_already });
        }
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
        let status = match questions(&session.desk().ledger.state()).into_iter().next() {
            Some((at, _)) => RunStatus::Suspended { at },
            None => RunStatus::Interrupted,
        };
        Ok(session.finish(run, Ok(status)).await)
    }
}

/// What was said already that leaves nothing to say: an answer that stands, or the same one by the same person.
fn said_already(state: &RunState, path: &StepPath, spec: &StepSpec, person: &Person, said: &Said) -> Option<String> {
    let shown = approval::shown(state, path, spec);
    let answers = state.step(path).map(|step| step.answers.as_slice()).unwrap_or_default();
    let line = |answer: &Answered| format!("{} has said {}", answer.by.line(), answer.said.line());
    let mut counted = answers.iter().rev().filter(|answer| answer.shown == shown);
    if !is_open(state, path, spec) {
        return counted.next().map(line);
    }
    let mine = counted.find(|answer| matches!(&answer.by, Decider::Person(by) if by.name == person.name));
    mine.filter(|mine| mine.said == *said).map(|mine| format!("{}, and somebody else is wanted", line(mine)))
}

/// The confirms of a run that want an answer, or more of them, in the order in which they were asked.
#[must_use]
pub fn questions(state: &RunState) -> Vec<(StepPath, StepSpec)> {
    asked(state).filter(|(path, spec)| is_open(state, path, spec)).collect()
}

/// The confirm that a run waits at: the first that wants an answer, else the first that it has not come past.
#[must_use]
pub fn waiting(state: &RunState) -> Option<(StepPath, StepSpec)> {
    asked(state).find(|(path, spec)| is_open(state, path, spec)).or_else(|| asked(state).next())
}

/// The confirm that an answer without a name is for: the first that this person may answer, else the one that the run waits at.
fn meant(state: &RunState, person: &Person) -> Option<(StepPath, StepSpec)> {
    let may = |spec: &StepSpec| match &spec.kind {
        StepKind::Confirm(confirm) => approval::may_answer(confirm, person, state.started(), state.operator()).is_ok(),
        _ => false,
    };
    questions(state).into_iter().find(|(_, spec)| may(spec)).or_else(|| waiting(state))
}

fn asked(state: &RunState) -> impl Iterator<Item = (StepPath, StepSpec)> {
    state.steps().iter().filter(|step| is_asked(step)).filter_map(|step| Some((step.path.clone(), step.open_spec()?.clone())))
}

fn is_asked(step: &Step) -> bool {
    step.phase == StepPhase::Intended && matches!(step.open_spec().map(|spec| &spec.kind), Some(StepKind::Confirm(_)))
}

/// Whether a confirm wants more answers than it has.
fn is_open(state: &RunState, path: &StepPath, spec: &StepSpec) -> bool {
    let StepKind::Confirm(confirm) = &spec.kind else { return false };
    let answers = state.step(path).map(|step| step.answers.as_slice()).unwrap_or_default();
    approval::weigh(confirm, answers, approval::shown(state, path, spec), state) == Approval::Open
}
