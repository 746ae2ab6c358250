//! What becomes of an attempt that was in flight when its process died: never silently repeated, never silently skipped.

use runbook_model::Value;
use runbook_model::answer::Answer;
use runbook_model::decide::Refusal;
use runbook_model::entry::{Entry, Intent, Verdict};
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::length::Length;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::state::StepPhase;
use runbook_model::step::{Command, Location, RollbackPlan, StepKind, StepSpec};
use tracing::{Instrument as _, debug_span};

use super::Halt;
use super::desk::{Desk, Turn};
use crate::operation::{Look, Reply};
use crate::world::{Choice, Chosen, Performed, Recovered, passes};

/// What was found out about an attempt.
pub(super) enum Recovery {
    /// How it ended.
    Ended(Box<Outcome>),
    /// It took effect; its result is not known.
    Settled,
    /// It did not take effect, or may be repeated: another attempt is due.
    Again,
    /// Only the script's `settled_by` can tell.
    AskScript(String),
}

/// Which way a run goes behind a step that is recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The step, and those behind it, are still to be done.
    Forwards,
    /// It is to be rolled back, if it took effect.
    Backwards,
}

impl Desk {
    /// Finds out what became of a command, and goes on from there.
    pub(super) async fn recover_command(&self, intent: Intent, location: Location) -> Result<Reply, Halt> {
        match self.recover(&intent, Way::Forwards).await? {
            Recovery::Ended(outcome) if self.was_stopped(&intent.path, &outcome) => {
                self.stopped_before(&intent.path)?;
                self.begin_command(intent.path, intent.spec, location).await
            }
            Recovery::Ended(outcome) => self.behind(intent, *outcome, location).await,
            Recovery::Settled => Ok(Reply::Nothing),
            Recovery::Again => self.make(intent.path, intent.spec, location).await,
            Recovery::AskScript(_) => Ok(self.settle(intent.path, intent.spec, location)),
        }
    }

    /// Whether an attempt ended because the operator had the run stopped, and may simply be made again.
    pub(super) fn was_stopped(&self, path: &StepPath, outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Failed(Failure::Stopped { .. })) && !self.is_unsettled(path)
    }

    /// Opens a step for another attempt whose last one was stopped; not in the session that stops.
    pub(super) fn stopped_before(&self, path: &StepPath) -> Result<(), Halt> {
        if self.interrupts.wanted() {
            return Err(Halt::Interrupted);
        }
        self.write(Entry::StepRetried { path: path.clone(), by: Decider::Evidence })
    }

    /// Finds out what became of an attempt, by evidence first, then by what the author or a person says.
    pub(super) async fn recover(&self, intent: &Intent, way: Way) -> Result<Recovery, Halt> {
        let StepKind::Command(command) = &intent.spec.kind else { return Ok(Recovery::Again) };
        match self.learn(intent).await? {
            Ok(recovery) => Ok(recovery),
            Err(known) => self.doubt(intent, command, known, way).await,
        }
    }

    /// Finds out what became of an attempt by evidence alone; what is known about it when that does not suffice.
    pub(super) async fn learn(&self, intent: &Intent) -> Result<Result<Recovery, String>, Halt> {
        let StepKind::Command(command) = &intent.spec.kind else { return Ok(Ok(Recovery::Again)) };
        let (path, attempt) = (&intent.path, intent.attempt);
        if let Some(known) = self.made_elsewhere(path) {
            return Ok(Err(known));
        }
        let boot = {
            let state = self.ledger.state();
            state.step(path).map(|step| state.boot(step.epoch).to_owned()).unwrap_or_default()
        };
        let recovered = self.world.recover(intent, &boot, self.limits(self.left_of(command, path)));
        match self.attended(path, recovered).instrument(debug_span!("recover", %path, %attempt)).await {
            Recovered::Ended(Performed::InDoubt { known }) | Recovered::InDoubt { known } => Ok(Err(known)),
            // Whoever is asked writes nothing down before it answers. Should one say so, it is no word about the attempt.
            Recovered::Ended(Performed::Unwritten(unwritten)) => Ok(Err(unwritten.to_string())),
            Recovered::Unasked { why, may_live } => Err(Halt::Unasked { at: path.clone(), why, may_live }),
            Recovered::Ended(performed) => {
                let outcome = match self.timed(performed, command, path) {
                    Performed::Done(answer) => Outcome::Succeeded(answer),
                    Performed::Failed(failure) => Outcome::Failed(failure),
                    Performed::Withheld | Performed::Unwritten(_) | Performed::InDoubt { .. } => {
                        Outcome::Withheld { assumed: command.assume.clone() }
                    }
                };
                self.end(path, attempt, outcome.clone(), took(&outcome)).await?;
                Ok(Ok(Recovery::Ended(Box::new(outcome))))
            }
            Recovered::NeverBegun { evidence } => {
                if let Some(known) = self.may_be_elsewhere() {
                    return Ok(Err(known));
                }
                self.resolved(path, attempt, Verdict::DidNot, Decider::Evidence, evidence)?;
                Ok(Ok(Recovery::Again))
            }
        }
    }

    /// What is left of the time that a command has, which counts from when it was intended: a deadline is in the journal, and
    /// not in a process. A host has to be reached and asked first, how long that takes is another matter: there it counts anew.
    fn left_of(&self, command: &Command, path: &StepPath) -> Option<Length> {
        if command.change.host().is_some() {
            return command.timeout;
        }
        let passed = self.passed_since(path);
        // Never nothing: that is what a stop says of itself that was made before.
        command.timeout.map(|timeout| Length::from_millis(timeout.millis().saturating_sub(passed.millis()).max(1)))
    }

    /// One that was stopped for having taken too long: how long it had is not what was left of that here. One that its keeper
    /// had stopped before (`after` is nothing then), or one on a host, had what its author gave it.
    fn timed(&self, performed: Performed, command: &Command, path: &StepPath) -> Performed {
        match (performed, command.timeout) {
            (Performed::Failed(Failure::TimedOut { after, receipt, exited }), Some(timeout)) => {
                let is_before = after.millis() == 0 || command.change.host().is_some();
                let after = if is_before { timeout } else { timeout.max(self.passed_since(path)) };
                Performed::Failed(Failure::TimedOut { after, receipt, exited })
            }
            (performed, _) => performed,
        }
    }

    /// How long ago the last attempt at a step was intended, by the wall clock; where that has gone back, the journal's last
    /// label stands for now.
    fn passed_since(&self, path: &StepPath) -> Length {
        let state = self.ledger.state();
        let intended = state.step(path).map_or(state.last_at(), |step| step.at);
        let passed = self.now().max(state.last_at()).as_millisecond().saturating_sub(intended.as_millisecond());
        Length::from_millis(u64::try_from(passed).unwrap_or(0))
    }

    /// Whether evidence leaves it to a person to say if a step took effect.
    pub(super) async fn is_open_to_word(&self, path: &StepPath) -> Result<bool, Halt> {
        let step = self.ledger.state().step(path).cloned();
        if let Some((StepPhase::Intended, Some(intent))) = step.as_ref().map(|step| (&step.phase, step.open_intent())) {
            drop(self.learn(intent).await?);
            if self.interrupts.wanted() {
                return Err(Halt::Interrupted);
            }
        }
        Ok(self.ledger.state().step(path).is_some_and(|step| step.is_doubtful() || step.is_haunted()))
    }

    /// Nothing but the author's word or a person's can tell.
    pub(super) async fn doubt(&self, intent: &Intent, command: &Command, known: String, way: Way) -> Result<Recovery, Halt> {
        if command.settled_by {
            return Ok(Recovery::AskScript(known));
        }
        // To repeat it makes its effect certain. Before a rollback nothing is repeated, and whether the step owes
        // anything depends on whether it took effect: that it is idempotent says nothing about that.
        let certain_either_way = match way {
            Way::Forwards => true,
            Way::Backwards => command.rollback == RollbackPlan::Nothing,
        };
        if command.idempotent && certain_either_way {
            let why = match way {
                Way::Forwards => format!("it is idempotent and runs again: {known}"),
                Way::Backwards => format!("it is idempotent and owes nothing, whether or not it took effect: {known}"),
            };
            self.resolved(&intent.path, intent.attempt, Verdict::DidNot, Decider::Runbook, why)?;
            return Ok(Recovery::Again);
        }
        self.ask_about(&intent.path, &intent.spec, known).await
    }

    /// Lets a person say whether a step took effect.
    pub(super) async fn ask_about(&self, path: &StepPath, spec: &StepSpec, known: String) -> Result<Recovery, Halt> {
        self.ledger.settle().await?;
        let choice = Choice::InDoubt { path: path.clone(), spec: spec.clone(), known: known.clone() };
        let chosen = self.choose(choice).await;
        let attempt = self.ledger.state().step(path).map_or(Attempt::FIRST, |step| step.attempt);
        match chosen {
            Some(Chosen::Did { by, why }) => {
                self.resolved(path, attempt, Verdict::Did, by, why)?;
                Ok(Recovery::Settled)
            }
            Some(Chosen::DidNot { by, why }) => {
                self.resolved(path, attempt, Verdict::DidNot, by, why)?;
                Ok(Recovery::Again)
            }
            _ => Err(Halt::InDoubt { at: path.clone(), known }),
        }
    }

    /// Asks the script whether the effect is there.
    pub(super) fn settle(&self, path: StepPath, spec: StepSpec, location: Location) -> Reply {
        let turn = self.turn(spec, location, true);
        self.turns.borrow_mut().insert(path, turn);
        Reply::Settle
    }

    /// The script has said whether the effect is there.
    pub(super) async fn settled(&self, path: StepPath, turn: Turn, look: Look) -> Result<Reply, Halt> {
        let attempt = self.ledger.state().step(&path).map_or(Attempt::FIRST, |step| step.attempt);
        let recovery = match look {
            Look::Value(value) if passes(&value) => {
                self.resolved(&path, attempt, Verdict::Did, Decider::SettledBy, in_words(&value))?;
                Recovery::Settled
            }
            Look::Value(value) => {
                self.resolved(&path, attempt, Verdict::DidNot, Decider::SettledBy, in_words(&value))?;
                Recovery::Again
            }
            Look::Unknown { because } => self.ask_about(&path, &turn.spec, because).await?,
            Look::Failed { message, .. } => {
                let known = format!("its `settled_by` check could not tell: {message}");
                self.ask_about(&path, &turn.spec, known).await?
            }
        };
        match recovery {
            Recovery::Settled => Ok(Reply::Nothing),
            // Nothing goes forward before a rollback.
            _ if self.is_settling() => Err(Refusal::Backwards { path }.into()),
            _ => self.make(path, turn.spec, turn.location).await,
        }
    }

    pub(super) fn resolved(
        &self,
        path: &StepPath,
        attempt: Attempt,
        verdict: Verdict,
        by: Decider,
        why: String,
    ) -> Result<(), Halt> {
        let verdict = Entry::StepResolved { path: path.clone(), attempt, verdict, by, why };
        if let Err(unsigned) = self.sign(&verdict)? {
            return Err(Halt::InDoubt { at: path.clone(), known: format!("the verdict does not count: {unsigned}") });
        }
        self.write(verdict)
    }
}

fn in_words(value: &Value) -> String {
    format!("it gave {value}")
}

/// How long a program took by the clock of whoever saw its end, in milliseconds: nobody of us looked on all the time.
fn took(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Succeeded(Answer::Exited(exited)) | Outcome::Failed(Failure::Exited(exited)) => Some(exited.millis),
        _ => None,
    }
}
