//! How a person is asked, and what counts as an answer.

use runbook_model::Value;
use runbook_model::answer::{Answer, Said};
use runbook_model::approval::{self, Approval};
use runbook_model::digest::Digest;
use runbook_model::entry::{Entry, Intent};
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::length::Length;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::state::StepPhase;
use runbook_model::step::{Confirm, Location, OnTimeout, StepKind, StepSpec};

use super::Halt;
use super::calls::replayed;
use super::desk::Desk;
use crate::operation::Reply;
use crate::report::Progress;
use crate::world::{Question, Reaction};

impl Desk {
    /// Asks, unless somebody has answered already.
    pub(super) async fn confirm(&self, path: StepPath, spec: StepSpec, location: Location) -> Result<Reply, Halt> {
        let StepKind::Confirm(confirm) = &spec.kind else { return Ok(Reply::Nothing) };
        let shown = approval::shown(&self.ledger.state(), &path, &spec);
        if let Some(outcome) = self.answered(&path, confirm, shown) {
            let attempt = self.ledger.state().step(&path).map(|step| step.attempt);
            self.end(&path, attempt.unwrap_or(Attempt::FIRST), outcome.clone(), None).await?;
            return Ok(replayed(&spec, &outcome));
        }
        let began = self.world.monotonic_millis();
        if let Some(attempt) = self.is_overdue(&path, confirm) {
            let outcome = self.silence(&path, confirm, shown)?;
            self.end(&path, attempt, outcome.clone(), None).await?;
            return Ok(replayed(&spec, &outcome));
        }
        // One question at a time: another branch may be asking. This one is on record, and its time begins, when it has its turn:
        // nobody has been silent about a question that they were not shown.
        let turn = tokio::select! {
            biased;
            () = self.halted() => return Err(Halt::Interrupted),
            turn = self.asking.lock() => turn,
        };
        let again = self.ledger.state().step(&path).is_some_and(|step| step.phase == StepPhase::Intended);
        let attempt = self.next_attempt(&path);
        let intent = Intent {
            path: path.clone(),
            attempt,
            fingerprint: spec.fingerprint(),
            spec: spec.clone(),
            change: None,
            owes: Vec::new(),
            location,
        };
        let asking = Entry::StepIntended(Box::new(intent));
        if self.world.withholds() {
            // Nobody is asked, so nobody waits for the disk.
            self.write(asking)?;
        } else {
            self.ledger.write_durably(asking, self.now()).await?;
            self.seal_now("before a question").await;
        }
        let now = self.now();
        let left = if again { self.left(&path, confirm) } else { approval::left(confirm, now, now, now) };
        let shortage = {
            let state = self.ledger.state();
            approval::shortage(confirm, state.started(), state.operator())
        };
        if let Some(why) = shortage.as_ref().filter(|_| !self.world.withholds()) {
            self.ledger.progress(&Progress::Notice { text: format!("`{}` cannot be answered: {why}", spec.name) });
        }
        let question = Question { path: path.clone(), text: spec.name.clone(), confirm: confirm.clone(), shown, left, shortage };
        self.ledger.progress(&Progress::Quiet);
        let reaction = tokio::select! {
            biased;
            () = self.interrupts.first() => {
                // Whoever has lost their terminal has not declined to answer: it waits, for them or for somebody else.
                let gone = self.interrupts.has_hung_up();
                return Err(if gone { Halt::Suspended { at: path } } else { Halt::Interrupted });
            }
            () = self.halted() => return Err(Halt::Interrupted),
            reaction = self.world.ask(&question) => reaction,
        };
        self.ledger.progress(&Progress::Heard);
        drop(turn);
        let outcome = match reaction {
            Reaction::Answered { said, by } => {
                let answer = Entry::ConfirmAnswered { path: path.clone(), said, by, shown, note: None };
                if let Err(unsigned) = self.sign(&answer)? {
                    self.ledger.progress(&Progress::Notice { text: format!("the answer does not count: {unsigned}") });
                    self.ledger.sync().await?;
                    return Err(Halt::Suspended { at: path });
                }
                self.write(answer)?;
                self.answered(&path, confirm, shown).ok_or_else(|| Halt::Suspended { at: path.clone() })?
            }
            Reaction::Agreed { said, by } => {
                let declined = Failure::Declined { by: by.line() };
                self.write(Entry::ConfirmAnswered { path: path.clone(), said: said.clone(), by, shown, note: None })?;
                if said == Said::No { Outcome::Failed(declined) } else { Outcome::Succeeded(Answer::Said(said)) }
            }
            Reaction::Nobody => {
                self.ledger.sync().await?;
                return Err(Halt::Suspended { at: path });
            }
            Reaction::Withheld => {
                let yes_or_no = confirm.choices.is_empty() && confirm.input.is_none();
                let assumed = confirm.assume.clone().map(Value::from);
                Outcome::Withheld { assumed: assumed.or_else(|| yes_or_no.then_some(Value::Bool(true))) }
            }
            Reaction::TimedOut => self.silence(&path, confirm, shown)?,
        };
        let millis = self.world.monotonic_millis().saturating_sub(began);
        self.end(&path, attempt, outcome.clone(), Some(millis)).await?;
        Ok(replayed(&spec, &outcome))
    }

    /// What is left of the time for an answer to a question that was asked.
    fn left(&self, path: &StepPath, confirm: &Confirm) -> Option<Length> {
        approval::left_of(&self.ledger.state(), path, confirm, self.now())
    }

    /// The attempt at a question that was asked in an earlier session, when its time has passed meanwhile.
    fn is_overdue(&self, path: &StepPath, confirm: &Confirm) -> Option<Attempt> {
        let asked = self.ledger.state().step(path).filter(|step| step.phase == StepPhase::Intended).map(|step| step.attempt)?;
        let left = self.left(path, confirm)?;
        (left.millis() == 0).then_some(asked)
    }

    /// What it means that nobody has answered in time.
    fn silence(&self, path: &StepPath, confirm: &Confirm, shown: Digest) -> Result<Outcome, Halt> {
        match confirm.on_timeout.unwrap_or(OnTimeout::Stop) {
            OnTimeout::Rollback => Err(Halt::RollBack { at: path.clone() }),
            OnTimeout::Proceed => {
                let (path, by) = (path.clone(), Decider::Runbook);
                self.write(Entry::ConfirmAnswered { path, said: Said::Yes, by, shown, note: None })?;
                Ok(Outcome::Succeeded(Answer::Said(Said::Yes)))
            }
            OnTimeout::Stop => {
                let deadline = confirm.deadline.unwrap_or(Length::from_millis(0));
                Ok(Outcome::Failed(Failure::Unanswered { deadline }))
            }
        }
    }

    /// What the answers so far amount to; nothing while more are needed.
    fn answered(&self, path: &StepPath, confirm: &Confirm, shown: Digest) -> Option<Outcome> {
        let state = self.ledger.state();
        let answers = &state.step(path).filter(|step| step.phase == StepPhase::Intended)?.answers;
        match approval::weigh(confirm, answers, shown, &state) {
            Approval::Open => None,
            Approval::Agreed(said) => Some(Outcome::Succeeded(Answer::Said(said))),
            Approval::Declined { by } => Some(Outcome::Failed(Failure::Declined { by })),
        }
    }
}
