//! A run that was taken over from a machine that did not let go of it. That machine may have gone on after its last push, how
//! far nobody here knows: so each change that is new here is in doubt, until one is found that was not made. Steps follow each
//! other, so what comes behind that one was not made either.

use runbook_model::entry::Entry;
use runbook_model::path::StepPath;
use runbook_model::step::{Location, RollbackPlan, StepKind, StepSpec};

use super::Halt;
use super::desk::Desk;
use super::recovery::{Recovery, Way};

const KNOWN: &str = "the machine that had this run before may have done it after its last push";

impl Desk {
    /// Finds out whether the other machine has made a change that the journal does not know; `None` when it cannot have.
    pub(super) async fn found_uncharted(
        &self,
        path: &StepPath,
        spec: &StepSpec,
        location: &Location,
    ) -> Result<Option<Recovery>, Halt> {
        let StepKind::Command(command) = &spec.kind else { return Ok(None) };
        if !self.is_new_here(path) {
            return Ok(None);
        }
        let (mut intent, prepared) = self.intended(path, spec, command, location).await?;
        // That it cannot begin here (a program is missing, a host is not reached) says nothing about the other machine.
        if let (Err(_), RollbackPlan::Changes(changes)) = (prepared, &command.rollback) {
            intent.owes.clone_from(changes);
        }
        // Written without the key to the world: it says what the other machine may have done, and nothing happens here.
        self.ledger.write_durably(Entry::StepIntended(Box::new(intent.clone())), self.now()).await?;
        self.doubt(&intent, command, KNOWN.to_owned(), Way::Forwards).await.map(Some)
    }

    /// Whether the next attempt at a step may have been made by the other machine: this one has made none yet.
    fn is_new_here(&self, path: &StepPath) -> bool {
        let state = self.ledger.state();
        state.is_uncharted() && state.step(path).is_none_or(|step| step.seq < self.brought)
    }

    /// What is known of an attempt that no evidence of this machine is about: it was made on another one.
    pub(super) fn made_elsewhere(&self, path: &StepPath) -> Option<String> {
        let state = self.ledger.state();
        let step = state.step(path)?;
        let known = "it was in flight on another machine, and only that one knows what became of it";
        (step.seq < self.brought).then(|| known.to_owned())
    }

    /// Why it is no evidence that an attempt was never begun here: the other machine may have made it, and the record was
    /// only written to say so.
    pub(super) fn may_be_elsewhere(&self) -> Option<String> {
        self.ledger.state().is_uncharted().then(|| KNOWN.to_owned())
    }
}
