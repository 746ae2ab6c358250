//! Settling a step in doubt by a person's word, when no evidence can.

use std::rc::Rc;

use runbook_model::entry::{Entry, Purpose, Verdict};
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::state::{RunState, Step};
use runbook_model::status::RunStatus;

use super::session::{Finished, Opening, Session};
use super::taking::{refuse_final, sources_of, take};
use super::{Halt, Refused};

impl Session {
    /// Settles a step in doubt. A command that still runs is waited for first.
    ///
    /// # Errors
    /// When the step is not in doubt or evidence settles it, or the run cannot be taken.
    pub async fn resolve(mut opening: Opening, step: &str, verdict: Verdict, why: String) -> Result<Finished, Refused> {
        let (journal, state) = take(&mut opening, Purpose::Resolve)?;
        let run = opening.dir.run();
        // Nothing depends on the word any more: what was rolled back is done, and what was given up stays as it is.
        if matches!(state.over(), Some(RunStatus::RolledBack | RunStatus::Abandoned { .. })) {
            refuse_final(&state, "settle")?;
        }
        let path = named(&state, step, |step| step.is_doubtful() || step.is_haunted())?;
        let before = match state.status() {
            // Its process has died.
            RunStatus::Running | RunStatus::RollingBack => RunStatus::InDoubt { at: path.clone() },
            status => status.clone(),
        };
        let attempt = state.step(&path).map(|step| step.attempt).ok_or_else(|| Refused::NotInDoubt(path.clone()))?;
        let by = Decider::Person(opening.operator.clone());
        let (_, sources) = sources_of(&opening.dir, &state)?;
        let session = Self::unlocked(opening, journal, state, &sources, Purpose::Resolve)?;
        // Evidence comes before anybody's word: a command that still runs is waited for, or there would be two of it.
        let desk = Rc::clone(session.desk());
        let open = desk.beside(desk.is_open_to_word(&path)).await;
        match open {
            Ok(true) => {
                let verdict = Entry::StepResolved { path: path.clone(), attempt, verdict, by, why };
                if let Err(unsigned) = session.desk().sign(&verdict)? {
                    session.finish(run, Ok(before)).await;
                    return Err(unsigned.into());
                }
                session.desk().write(verdict)?;
            }
            Ok(false) => {
                session.finish(run, Ok(RunStatus::Interrupted)).await;
                return Err(Refused::FoundOut { run, step: path });
            }
            Err(halt @ (Halt::InDoubt { .. } | Halt::Unasked { .. })) => {
                session.finish(run, Ok(before)).await;
                return Err(halt.into());
            }
            Err(halt) => {
                session.finish(run, Err(Halt::Interrupted)).await;
                return Err(halt.into());
            }
        }
        Ok(session.finish(run, Ok(RunStatus::Interrupted)).await)
    }
}

/// The step that a person means: its whole path, its number in the journal, or a name that only one candidate has.
pub(super) fn named(state: &RunState, text: &str, wanted: impl Fn(&Step) -> bool) -> Result<StepPath, Refused> {
    let candidates: Vec<_> = state.steps().iter().filter(|step| wanted(step)).collect();
    let exact = candidates.iter().find(|step| step.path.to_string() == text || step.seq.to_string() == text);
    if let Some(step) = exact {
        return Ok(step.path.clone());
    }
    let by_name: Vec<_> = candidates.iter().filter(|step| step.path.name() == text).collect();
    match by_name.as_slice() {
        [step] => Ok(step.path.clone()),
        _ => Err(Refused::Step {
            run: state.run(),
            step: text.to_owned(),
            candidates: candidates.iter().map(|step| step.path.clone()).collect(),
        }),
    }
}
