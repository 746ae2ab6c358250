//! How a change is made: prepare, write the intent, perform, write the outcome.

use std::borrow::Cow;
use std::time::Duration;

use runbook_model::change::{Change, FileRestore};
use runbook_model::digest::Digest;
use runbook_model::entry::{End, Entry, Intent, Verdict};
use runbook_model::failure::Failure;
use runbook_model::id::Attempt;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::person::Decider;
use runbook_model::repeat::asked_to_wait;
use runbook_model::step::{Command, Location, RollbackPlan, StepKind, StepSpec};
use tracing::{Instrument as _, debug_span};

use super::Halt;
use super::calls::replayed;
use super::desk::Desk;
use super::recovery::Recovery;
use crate::journal::Lost;
use crate::keeper::Unwritten;
use crate::operation::Reply;
use crate::world::Performed;

const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause that a server may ask for; whoever needs longer fails the step.
const MOST_ASKED: Duration = Duration::from_secs(300);

impl Desk {
    /// A command that the journal knows nothing of, or that may be tried again.
    pub(super) async fn begin_command(&self, path: StepPath, spec: StepSpec, location: Location) -> Result<Reply, Halt> {
        // Whoever can tell whether the effect is there is asked before any repetition.
        let settles = self.ledger.state().step(&path).is_some_and(|step| step.settles());
        if settles {
            return Ok(self.settle(path, spec, location));
        }
        self.make_unless_made(path, spec, location).await
    }

    /// Makes the change, unless the machine that had the run before may have made it.
    async fn make_unless_made(&self, path: StepPath, spec: StepSpec, location: Location) -> Result<Reply, Halt> {
        match self.found_uncharted(&path, &spec, &location).await? {
            None | Some(Recovery::Again | Recovery::Ended(_)) => self.make(path, spec, location).await,
            Some(Recovery::Settled) => Ok(Reply::Nothing),
            Some(Recovery::AskScript(_)) => Ok(self.settle(path, spec, location)),
        }
    }

    /// Makes the change and tells the script how it ended.
    pub(super) async fn make(&self, path: StepPath, spec: StepSpec, location: Location) -> Result<Reply, Halt> {
        loop {
            let outcome = self.attempts(&path, &spec, &location).await?;
            if let Some(reply) = self.reply_to(&path, &spec, &outcome).await? {
                return Ok(reply);
            }
        }
    }

    /// What the script hears of an outcome; nothing when another attempt is due. A script may catch a failure and go on. A
    /// doubt it may not: that would pass over a step of which nobody knows whether it took effect.
    async fn reply_to(&self, path: &StepPath, spec: &StepSpec, outcome: &Outcome) -> Result<Option<Reply>, Halt> {
        let doubt = match outcome {
            Outcome::Failed(failure) if self.is_unsettled(path) => failure.line(),
            _ => return Ok(Some(replayed(spec, outcome))),
        };
        self.seal_now("at a failure").await;
        match self.ask_about(path, spec, doubt).await? {
            Recovery::Settled => Ok(Some(Reply::Nothing)),
            Recovery::Again | Recovery::Ended(_) | Recovery::AskScript(_) => Ok(None),
        }
    }

    /// Whether only a person can say if the last attempt at a step took effect.
    pub(super) fn is_unsettled(&self, path: &StepPath) -> bool {
        self.ledger.state().step(path).is_some_and(|step| step.is_doubtful() && !step.settles())
    }

    /// As many attempts as the author allows.
    pub(super) async fn attempts(&self, path: &StepPath, spec: &StepSpec, location: &Location) -> Result<Outcome, Halt> {
        let StepKind::Command(command) = &spec.kind else {
            return Ok(Outcome::Failed(Failure::LookFailed {
                message: format!("`{path}` is no command"),
                at: Some(location.clone()),
            }));
        };
        loop {
            let outcome = self.attempt(path, spec, command, location).await?;
            if !self.again(path, command, &outcome).await? {
                return Ok(outcome);
            }
        }
    }

    /// Goes on behind an attempt whose end was found in the journal or with the keeper: its process died before it could
    /// try again.
    pub(super) async fn behind(&self, intent: Intent, outcome: Outcome, location: Location) -> Result<Reply, Halt> {
        let StepKind::Command(command) = &intent.spec.kind else { return Ok(replayed(&intent.spec, &outcome)) };
        if !self.again(&intent.path, command, &outcome).await?
            && let Some(reply) = self.reply_to(&intent.path, &intent.spec, &outcome).await?
        {
            return Ok(reply);
        }
        self.make_unless_made(intent.path, intent.spec, location).await
    }

    /// Whether the author allows another attempt behind this outcome. The state counts, so that a crash gives no more and
    /// no fewer; a run that is rolled back has none left.
    pub(super) fn may_try_again(&self, path: &StepPath, command: &Command, outcome: &Outcome) -> bool {
        let state = self.ledger.state();
        let used = state.step(path).map_or(0, |step| step.retries);
        let left = command.retry.is_some_and(|retry| used < retry.times);
        match outcome {
            // What may have happened in part is not repeated without a word, unless its author says that it may be.
            Outcome::Failed(failure) => left && command.may_repeat(failure) && (state.rollback().is_none() || path.is_rollback()),
            _ => false,
        }
    }

    /// Opens a failed step for another attempt, if its author allows one, and lets the pause before it pass.
    async fn again(&self, path: &StepPath, command: &Command, outcome: &Outcome) -> Result<bool, Halt> {
        if !self.may_try_again(path, command, outcome) {
            return Ok(false);
        }
        if self.is_halted() {
            // Another branch stopped the run: the next session goes on behind this attempt.
            return Err(Halt::Interrupted);
        }
        self.write(Entry::StepRetried { path: path.clone(), by: Decider::Runbook })?;
        let own = command.retry.and_then(|retry| retry.every).map_or(PAUSE, Duration::from);
        let asked = match outcome {
            Outcome::Failed(failure) => asked_to_wait(failure).map(|seconds| Duration::from_secs(seconds).min(MOST_ASKED)),
            _ => None,
        };
        self.pause(own.max(asked.unwrap_or_default())).await?;
        Ok(true)
    }

    async fn attempt(&self, path: &StepPath, spec: &StepSpec, command: &Command, location: &Location) -> Result<Outcome, Halt> {
        let began = self.world.monotonic_millis();
        let attempt = self.next_attempt(path);
        let (intent, prepared) = self.intended(path, spec, command, location).await?;
        let outcome = match prepared {
            Err(failure) => {
                self.write(Entry::StepIntended(Box::new(intent)))?;
                Outcome::Failed(failure)
            }
            Ok(_) if self.world.withholds() => {
                let outcome = Outcome::Withheld { assumed: command.assume.clone() };
                let millis = self.world.monotonic_millis().saturating_sub(began);
                let end = self.ended(path, attempt, outcome.clone(), Some(millis));
                // Nothing takes effect, so nobody has to wait for either to be written.
                self.ledger.write_late(Entry::StepIntended(Box::new(intent)), end, self.now())?;
                return Ok(outcome);
            }
            Ok(change) => {
                self.ledger.renew().await;
                // Whoever was told that the run stops behind what runs now is not answered with another attempt: one in flight
                // was waited for meanwhile, or another branch has stopped the run.
                if self.interrupts.wanted() || self.is_halted() {
                    return Err(Halt::Interrupted);
                }
                let receipt = self.ledger.intend(intent, self.now()).await?;
                let performed = self.world.perform(receipt, &change, self.limits(command.timeout));
                let span = debug_span!("perform", %path, %attempt);
                let performed = self.attended(path, performed).instrument(span).await;
                match performed {
                    Performed::Done(answer) => Outcome::Succeeded(answer),
                    Performed::Failed(failure) => Outcome::Failed(failure),
                    // What watched it is gone in mid-step: the next session looks for evidence, as after a crash.
                    Performed::InDoubt { known } => return Err(Halt::InDoubt { at: path.clone(), known }),
                    Performed::Unwritten(unwritten) => return Err(self.not_begun(path, attempt, unwritten)),
                    Performed::Withheld => Outcome::Withheld { assumed: command.assume.clone() },
                }
            }
        };
        let millis = self.world.monotonic_millis().saturating_sub(began);
        // A host keeps how its command ended until that is on disk here, and then may forget it.
        if command.change.host().is_some() {
            self.end(path, attempt, outcome.clone(), Some(millis)).await?;
            return self.unless_stopped(path, outcome);
        }
        // Not flushed: the next intent is, or the next wait. See `Ledger::write_unheard`.
        self.ledger.write_unheard(self.ended(path, attempt, outcome.clone(), Some(millis)), self.now())?;
        self.unless_stopped(path, outcome)
    }

    /// An outcome for the script, unless the operator has stopped the command together with the run. That is no failure, which
    /// a script could catch to go on without it: the next session makes another attempt. One in doubt is settled first.
    fn unless_stopped(&self, path: &StepPath, outcome: Outcome) -> Result<Outcome, Halt> {
        if self.interrupts.wanted() && self.was_stopped(path, &outcome) { Err(Halt::Interrupted) } else { Ok(outcome) }
    }

    /// The keeper could write nothing down about an attempt: it is on record that nothing was done, and the session stops.
    pub(super) fn not_begun(&self, path: &StepPath, attempt: Attempt, unwritten: Unwritten) -> Halt {
        match self.resolved(path, attempt, Verdict::DidNot, Decider::Evidence, unwritten.to_string()) {
            Ok(()) => Lost::NotBegun { run: self.ledger.state().run(), at: path.clone(), unwritten }.into(),
            Err(halt) => halt,
        }
    }

    /// What the next attempt at a step would do, with what would roll it back; the change itself, unless it cannot even
    /// begin.
    pub(super) async fn intended(
        &self,
        path: &StepPath,
        spec: &StepSpec,
        command: &Command,
        location: &Location,
    ) -> Result<(Intent, Result<Change, Failure>), Halt> {
        let attempt = self.next_attempt(path);
        // A file that an earlier attempt may have written is no witness of what stood there before: that attempt is. Not
        // of the attempts at what an adopted edit has replaced: nothing of those took effect.
        let before = self.ledger.state().step(path).and_then(|step| step.intent().map(Cow::into_owned));
        let same = before.as_ref().filter(|intent| intent.fingerprint == spec.fingerprint());
        let earlier = same.and_then(|intent| intent.change.clone());
        let wanted = earlier.filter(|change| matches!(change, Change::Write(_))).unwrap_or_else(|| command.change.clone());
        let mut prepared = tokio::select! {
            biased;
            prepared = self.world.prepare(&wanted).instrument(debug_span!("prepare", %path, %attempt)) => prepared,
            // A look may hang with the file system or the host that it is taken at, and nothing of the step has begun.
            () = self.interrupts.first() => return Err(Halt::Interrupted),
            () = self.halted() => return Err(Halt::Interrupted),
        };
        if let Ok(change) = &mut prepared {
            self.ledger.state().mark_changed(change);
        }
        let intent = Intent {
            path: path.clone(),
            attempt,
            fingerprint: spec.fingerprint(),
            spec: spec.clone(),
            // An attempt that cannot even begin owes what the one before it may have left behind.
            owes: match &prepared {
                Ok(change) => owes(&command.rollback, change),
                Err(_) => before.map(|intent| intent.owes).unwrap_or_default(),
            },
            change: prepared.as_ref().ok().cloned(),
            location: location.clone(),
        };
        Ok((intent, prepared))
    }

    /// Writes the end of an attempt down, on disk before anybody hears of it: whoever was told that a step is done finds it
    /// done after a power cut, and not in doubt. A world that withholds it leaves no doubt.
    pub(super) async fn end(&self, path: &StepPath, attempt: Attempt, outcome: Outcome, millis: Option<u64>) -> Result<(), Halt> {
        if self.world.withholds() {
            return self.write(self.ended(path, attempt, outcome, millis));
        }
        self.ledger.write_durably(self.ended(path, attempt, outcome, millis), self.now()).await?;
        self.world.recorded(path, attempt);
        Ok(())
    }

    fn ended(&self, path: &StepPath, attempt: Attempt, outcome: Outcome, millis: Option<u64>) -> Entry {
        Entry::StepEnded(Box::new(End { path: path.clone(), attempt, outcome, millis, looks: None, observed: Vec::new() }))
    }

    pub(super) fn next_attempt(&self, path: &StepPath) -> Attempt {
        self.ledger.state().step(path).map_or(Attempt::FIRST, |step| step.attempt.next())
    }

    /// Lets time pass, unless the operator wants to stop meanwhile.
    pub(super) async fn pause(&self, length: Duration) -> Result<(), Halt> {
        self.ledger.sync().await?;
        tokio::select! {
            biased;
            () = self.interrupts.first() => Err(Halt::Interrupted),
            () = self.halted() => Err(Halt::Interrupted),
            () = self.world.wait(length) => Ok(()),
        }
    }
}

/// What rolls a prepared change back.
fn owes(plan: &RollbackPlan, change: &Change) -> Vec<Change> {
    match (plan, change) {
        (RollbackPlan::Changes(changes), _) => changes.clone(),
        (RollbackPlan::Restore, Change::Write(write)) => {
            let written_sealed = write.written.clone();
            let written = if written_sealed.is_some() { Digest::ZERO } else { Digest::of(write.content.as_bytes()) };
            let restore = |before| Change::Restore(FileRestore { path: write.path.clone(), before, written, written_sealed });
            write.before.clone().map(restore).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
