//! What the script asks for, one call after the other.

use runbook_model::Value;
use runbook_model::answer::{Answer, Said};
use runbook_model::decide::{Decision, Refusal, decide};
use runbook_model::entry::{Entry, Intent};
use runbook_model::observation::Seen;
use runbook_model::outcome::{Observed, Outcome};
use runbook_model::path::StepPath;
use runbook_model::state::StepPhase;
use runbook_model::step::{Location, StepKind, StepSpec};
use tracing::{Instrument as _, debug_span};

use super::Halt;
use super::desk::Desk;
use crate::journal::Lost;
use crate::line::Call;
use crate::operation::{Operation, Reply};
use crate::world::Blind;

impl Desk {
    /// Serves one call. When the session has to stop, the call is never answered: the script unwinds.
    pub(super) async fn serve(&self, call: Call) {
        if self.is_halted() {
            return;
        }
        let path = call.operation.path().clone();
        match self.reply(call.operation).await.or_else(|halt| self.rest(&path, halt)) {
            Ok(reply) => {
                // A script that is gone does not hear it; the journal has it all the same, or gets it now.
                drop(call.reply.send(reply));
                if let Err(halt) = self.ledger.catch_up() {
                    self.halt(halt);
                }
            }
            Err(halt) => self.halt(halt),
        }
    }

    async fn reply(&self, operation: Operation) -> Result<Reply, Halt> {
        match operation {
            Operation::EnterPhase { path, budget, locks } => {
                let left = self.ledger.state().phases().get(&path).is_some_and(|phase| phase.millis.is_some());
                // A replay does nothing, and needs no lock: least of all that of a phase which the run never entered.
                if !left && !self.is_replaying() {
                    if !locks.names.is_empty() {
                        self.ledger.settle().await?;
                    }
                    self.lock(&path, &locks).await?;
                }
                let known = self.ledger.state().phases().contains_key(&path);
                if !known && !self.is_replaying() {
                    self.write(Entry::PhaseEntered { path: path.clone(), budget })?;
                    self.budgets.borrow_mut().enter(&path, budget, self.world.monotonic_millis());
                }
                Ok(Reply::GoOn)
            }
            Operation::LeavePhase { path } => {
                let open = self.ledger.state().phases().get(&path).is_some_and(|phase| phase.millis.is_none());
                if open && !self.is_replaying() {
                    let millis = self.budgets.borrow_mut().leave(&path, self.world.monotonic_millis());
                    self.write(Entry::PhaseLeft { path: path.clone(), millis })?;
                    self.unlock(&path)?;
                }
                Ok(Reply::GoOn)
            }
            Operation::EnterParallel(asked) => self.enter_parallel(*asked),
            Operation::EnterBranch { path } => self.enter_branch(path).await,
            Operation::LeaveBranch { path, failed } => self.leave_branch(&path, failed),
            Operation::LeaveParallel { path } => self.leave_parallel(&path),
            Operation::Note { text, location, branch } => {
                if self.notes.borrow_mut().is_new(&branch) && !self.is_replaying() {
                    self.write(Entry::Noted { text, location, branch })?;
                }
                Ok(Reply::GoOn)
            }
            Operation::Observe { path, observation, what } => {
                // A look may take long, and whoever watches shall not wait for it to hear what is done.
                self.ledger.settle().await?;
                let began = self.world.monotonic_millis();
                // A look changes nothing, so nobody has to wait for one that takes long.
                let seen = tokio::select! {
                    biased;
                    () = self.interrupts.first() => return Err(Halt::Interrupted),
                    () = self.halted() => return Err(Halt::Interrupted),
                    seen = self.world.observe(&observation).instrument(debug_span!("observe", %path, what)) => seen,
                };
                let seen = match seen {
                    Err(Blind::Unwritten(unwritten)) => {
                        return Err(Lost::NotBegun { run: self.ledger.state().run(), at: path, unwritten }.into());
                    }
                    Err(Blind::NotSeen(not_seen)) => Err(not_seen),
                    Ok(seen) => Ok(seen),
                };
                let millis = self.world.monotonic_millis().saturating_sub(began);
                let saw = seen.as_ref().map_or_else(ToString::to_string, Seen::line);
                if let Some(turn) = self.turns.borrow_mut().get_mut(&path) {
                    turn.observed.push(Observed { what, saw, millis });
                }
                Ok(Reply::Seen(seen))
            }
            Operation::Step { path, spec, location } => self.step(path, *spec, location).await,
            Operation::Looked { path, look } => {
                let reply = self.looked(path.clone(), look).await?;
                self.foreseen(&path, reply).await
            }
        }
    }

    async fn step(&self, path: StepPath, spec: StepSpec, location: Location) -> Result<Reply, Halt> {
        let fingerprint = spec.fingerprint();
        self.visit(&path);
        if self.is_settling() {
            return self.step_in_doubt(path, spec, fingerprint, location);
        }
        let passed_by = if self.is_done(&path) || path.is_rollback() { None } else { self.passed_by(&path) };
        let open = {
            let state = self.ledger.state();
            match decide(&state, &path, &spec, fingerprint, passed_by.as_ref()) {
                Decision::Replay(outcome) => match (&spec.kind, state.step(&path).and_then(|step| step.open_intent())) {
                    (StepKind::Command(command), Some(intent))
                        if self.may_try_again(&path, command, outcome) || self.died_in_doubt(&path) =>
                    {
                        if let Some(recorded) = self.passed_by(&path) {
                            return Err(Refusal::PassedBy { recorded, asked: path.to_string() }.into());
                        }
                        Open::Again(Box::new(intent.clone()), Box::new(outcome.clone()))
                    }
                    _ => return Ok(replayed(&spec, outcome)),
                },
                Decision::Pass => return Ok(Reply::Nothing),
                Decision::Refuse(refusal) => return Err(refusal.into()),
                Decision::Recover { intent, .. } => Open::InFlight(Box::new(intent.clone())),
                Decision::Perform(_) => Open::New,
            }
        };
        self.caught_up(&path);
        if self.interrupts.wanted() || self.is_halted() {
            return Err(Halt::Interrupted);
        }
        match (&spec.kind, open) {
            (StepKind::Command(_), Open::InFlight(intent)) => self.recover_command(*intent, location).await,
            (StepKind::Command(_), Open::Again(intent, outcome)) => self.behind(*intent, *outcome, location).await,
            (StepKind::Command(_), Open::New) => self.begin_command(path, spec, location).await,
            (StepKind::Check(_), _) => {
                let reply = self.begin_check(path.clone(), spec, location)?;
                self.foreseen(&path, reply).await
            }
            (StepKind::Confirm(_), _) => self.confirm(path, spec, location).await,
            (StepKind::Rollback(rollback), _) => {
                self.write(Entry::RollbackOwed { path, fingerprint, plan: rollback.plan.clone(), location })?;
                Ok(Reply::Nothing)
            }
        }
    }
}

impl Desk {
    /// Whether the journal has an answer for a step: an attempt that failed is one, until somebody opens the step again.
    fn is_done(&self, path: &StepPath) -> bool {
        let state = self.ledger.state();
        state.step(path).is_some_and(|step| !matches!(step.phase, StepPhase::Open | StepPhase::Intended))
    }

    /// Whether nobody has said yet if a step took effect, and the run has not gone past it.
    fn died_in_doubt(&self, path: &StepPath) -> bool {
        let state = self.ledger.state();
        let way = state.rollback().is_none() || path.is_rollback();
        way && state.is_newest(path) && self.is_unsettled(path)
    }
}

/// How far a step is that the journal has no answer for.
enum Open {
    /// It is to be begun, or another attempt is.
    New,
    /// Its attempt was in flight when an earlier process died.
    InFlight(Box<Intent>),
    /// Its attempt failed, and an earlier process died before it could try again or ask a person.
    Again(Box<Intent>, Box<Outcome>),
}

/// What the script hears of an outcome, live and on replay alike.
pub(super) fn replayed(spec: &StepSpec, outcome: &Outcome) -> Reply {
    match outcome {
        Outcome::Succeeded(answer) => Reply::Done(answer.clone()),
        Outcome::Failed(failure) => Reply::Failed(Box::new(failure.clone())),
        Outcome::Missed(_) => Reply::Nothing,
        Outcome::Withheld { assumed: Some(Value::Bool(true)) } if matches!(spec.kind, StepKind::Confirm(_)) => {
            Reply::Done(Answer::Said(Said::Yes))
        }
        Outcome::Withheld { assumed } => Reply::Unknown { assumed: assumed.clone() },
        Outcome::Unknown { .. } => Reply::Unknown { assumed: None },
    }
}
