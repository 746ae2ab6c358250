//! A run that was taken over from a machine that did not let go of it. That machine may have gone on after its last push, how
//! far nobody here knows: so each change that is new here is in doubt, until one is found that was not made. Steps follow each
//! other, so what comes behind that one was not made either.

use runbook_model::entry::Entry;
use runbook_model::path::StepPath;
use runbook_model::step::{Location, StepKind, StepSpec};

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
        let is_new = self.ledger.state().is_uncharted() && self.ledger.state().step(path).is_none();
        if !is_new {
            return Ok(None);
        }
        let (intent, prepared) = self.intended(path, spec, command, location).await?;
        if prepared.is_err() {
            return Ok(None);
        }
        // Written without the key to the world: it says what the other machine may have done, and nothing happens here.
        self.ledger.write_durably(Entry::StepIntended(Box::new(intent.clone())), self.now()).await?;
        self.doubt(&intent, command, KNOWN.to_owned(), Way::Forwards).await.map(Some)
    }

    /// What is known of an attempt that no evidence of this machine is about: it was made on another one, or may have been.
    pub(super) fn made_elsewhere(&self, path: &StepPath) -> Option<String> {
        let state = self.ledger.state();
        let step = state.step(path)?;
        if step.seq < self.brought {
            return Some("it was in flight on another machine, and only that one knows what became of it".to_owned());
        }
        state.is_uncharted().then(|| KNOWN.to_owned())
    }
}
