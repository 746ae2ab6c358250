//! Rollback: newest first, over what really ran, journaled and resumable like any step.

use std::rc::Rc;

use runbook_model::entry::Entry;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::rollback::{self, Next};
use runbook_model::state::{Step, StepPhase};
use runbook_model::status::RunStatus;
use runbook_model::step::{Location, StepSpec};
use tokio::sync::mpsc;

use super::Halt;
use super::desk::Desk;
use super::locking;
use super::recovery::{Recovery, Way};
use crate::line::Call;
use crate::script::{Actor, Ending};
use crate::world::{Choice, Chosen};

impl Desk {
    /// Turns the run around, and rolls back all that is owed.
    pub(super) async fn roll_back(
        self: &Rc<Self>,
        actor: &Actor,
        calls: &mut mpsc::UnboundedReceiver<Call>,
        by: Decider,
        why: String,
    ) -> Result<RunStatus, Halt> {
        // What is rolled back lies in phases that have given their locks back.
        let needed = locking::needed(&self.ledger.state(), true);
        self.lock(&StepPath::root(), &needed).await?;
        self.settle_doubts(Some(actor), calls).await?;
        self.ledger.write_durably(Entry::RollbackStarted { by, why }, self.now()).await?;
        self.continue_rollback(Some(actor), calls).await
    }

    /// Does what is still owed.
    pub(super) async fn continue_rollback(
        self: &Rc<Self>,
        actor: Option<&Actor>,
        calls: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Result<RunStatus, Halt> {
        loop {
            if self.interrupts.wanted() {
                return Err(Halt::Interrupted);
            }
            let next = rollback::next(&self.ledger.state());
            match next {
                Next::Finished => return Ok(RunStatus::RolledBack),
                Next::Done { of } => {
                    self.write(Entry::RollbackDone { path: of })?;
                }
                Next::Change { of, path, change } => {
                    let spec = rollback::step_of(&of, change);
                    if let Some(stuck) = self.beside(self.roll_back_change(&path, &spec)).await? {
                        return Ok(stuck);
                    }
                }
                Next::Block { of } => {
                    let Some(actor) = actor else {
                        let message = "its rollback is a block of the script, and the script could not be replayed".to_owned();
                        return Ok(RunStatus::Stuck { at: of, message });
                    };
                    if let Some(stuck) = self.roll_back_block(&of, actor, calls).await? {
                        return Ok(stuck);
                    }
                }
            }
        }
    }

    /// One change of a rollback; gives a status when the run is stuck there.
    async fn roll_back_change(&self, path: &StepPath, spec: &StepSpec) -> Result<Option<RunStatus>, Halt> {
        let location = Location::default();
        let (phase, intent) = match self.ledger.state().step(path) {
            Some(step) => (Some(step.phase.clone()), step.open_intent().cloned()),
            None => (None, None),
        };
        let outcome = match (phase, intent) {
            (Some(StepPhase::Intended), Some(intent)) => match self.recover(&intent, Way::Forwards).await? {
                Recovery::Ended(outcome) if self.was_stopped(path, &outcome) => {
                    self.stopped_before(path)?;
                    return Ok(None);
                }
                Recovery::Ended(outcome) => *outcome,
                Recovery::Settled => return Ok(None),
                Recovery::Again => self.attempts(path, spec, &location).await?,
                Recovery::AskScript(known) => match self.ask_about(path, spec, known).await? {
                    Recovery::Settled => return Ok(None),
                    _ => self.attempts(path, spec, &location).await?,
                },
            },
            (Some(StepPhase::Ended(outcome)), _) => outcome,
            _ => match self.found_uncharted(path, spec, &location).await? {
                Some(Recovery::Settled) => return Ok(None),
                _ => self.attempts(path, spec, &location).await?,
            },
        };
        match outcome {
            Outcome::Failed(failure) => self.stuck_at(path, Some(spec), failure.line()).await,
            _ => Ok(None),
        }
    }

    /// The block of a step's rollback; gives a status when the run is stuck there.
    async fn roll_back_block(
        self: &Rc<Self>,
        of: &StepPath,
        actor: &Actor,
        calls: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Result<Option<RunStatus>, Halt> {
        let before = self.notes.borrow().heard();
        let ending = self.serve_while(actor, actor.roll_back(of.clone()), calls).await;
        if let Some(halt) = self.take_halt() {
            return Err(halt);
        }
        match ending {
            Ending::Completed => {
                self.write(Entry::RollbackDone { path: of.clone() })?;
                Ok(None)
            }
            Ending::HungUp => Err(Halt::Interrupted),
            Ending::Unknowable(diagnostics) => Ok(Some(RunStatus::Stuck { at: of.clone(), message: self.explain(diagnostics) })),
            Ending::Failed(failure) => {
                let message = self.explain(failure.diagnostics.clone());
                match &failure.step {
                    Some(path) => {
                        let stuck = self.stuck_at(path, None, message).await?;
                        // Played again, the block says again what it has said.
                        self.notes.borrow_mut().back_to(before, self.ledger.state().notes().clone());
                        Ok(stuck)
                    }
                    None => Ok(Some(RunStatus::Stuck { at: of.clone(), message })),
                }
            }
        }
    }

    /// A rollback failed: a person may try it again or pass over it; else the run is stuck. One that was stopped half-way
    /// may be done already, and is settled like any step in doubt.
    async fn stuck_at(&self, path: &StepPath, spec: Option<&StepSpec>, why: String) -> Result<Option<RunStatus>, Halt> {
        self.ledger.sync().await?;
        self.seal_now("at a failure").await;
        // Taken out first: the answer is written into the state that it is read from.
        let known = self.ledger.state().step(path).and_then(Step::open_spec).cloned();
        if self.is_unsettled(path)
            && let Some(spec) = &known
        {
            return self.ask_about(path, spec, why).await.map(|_| None);
        }
        let owed = rollback::owing(&self.ledger.state()).into_iter().cloned().collect();
        let choice =
            Choice::Failed { path: path.clone(), spec: spec.cloned().or(known), why: why.clone(), owed, rolling_back: true };
        match self.choose(choice).await {
            Some(Chosen::Retry(by)) => {
                self.write(Entry::StepRetried { path: path.clone(), by })?;
                Ok(None)
            }
            Some(Chosen::Skip { by, why: reason }) => {
                let counts = self.skip(path.clone(), by, reason)?;
                Ok((!counts).then(|| RunStatus::Stuck { at: path.clone(), message: why }))
            }
            _ => Ok(Some(RunStatus::Stuck { at: path.clone(), message: why })),
        }
    }
}
