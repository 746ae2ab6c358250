//! Steps in doubt before a rollback: whether they owe anything depends on whether they took effect.
//!
//! Evidence comes first, then the script's own `settled_by` checks, then a person. To call a check the script is played
//! once more, over what is recorded and no further: it is asked at the steps in doubt, and unwinds where its record ends.

use std::rc::Rc;

use runbook_model::decide::Refusal;
use runbook_model::digest::Digest;
use runbook_model::outcome::Outcome;
use runbook_model::path::StepPath;
use runbook_model::state::{Step, StepPhase};
use runbook_model::step::{Location, StepSpec};
use tokio::sync::mpsc;

use super::Halt;
use super::calls::replayed;
use super::desk::Desk;
use super::recovery::{Recovery, Way};
use crate::line::Call;
use crate::operation::Reply;
use crate::script::Actor;

impl Desk {
    /// A step in doubt is settled first: whether it owes anything depends on it.
    pub(super) async fn settle_doubts(
        self: &Rc<Self>,
        actor: Option<&Actor>,
        calls: &mut mpsc::UnboundedReceiver<Call>,
    ) -> Result<(), Halt> {
        let mut known = Vec::new();
        for step in self.doubts() {
            let Some(intent) = step.open_intent() else { continue };
            let what = match step.phase {
                StepPhase::Intended => match self.recover(intent, Way::Backwards).await? {
                    Recovery::AskScript(known) => Some(known),
                    // How it ended is known now; what it did before it was killed is not.
                    Recovery::Ended(outcome) => match *outcome {
                        Outcome::Failed(failure) => Some(failure.line()),
                        _ => None,
                    },
                    Recovery::Settled | Recovery::Again => None,
                },
                StepPhase::Ended(Outcome::Failed(ref failure)) if step.is_doubtful() => Some(failure.line()),
                _ => None,
            };
            known.extend(what.map(|what| (step.path.clone(), what)));
        }
        if let Some(actor) = actor {
            self.ask_script(actor, calls).await?;
        }
        for step in self.doubts() {
            let Some(spec) = step.open_spec() else { continue };
            let what = known.iter().find(|(path, _)| *path == step.path).map(|(_, what)| what.clone());
            // What was found out about the last attempt says nothing about one before it.
            let what = what.unwrap_or_else(|| "an attempt at it may have taken effect".to_owned());
            self.ask_about(&step.path, spec, what).await?;
        }
        Ok(())
    }

    /// Lets the script's own checks say which of the steps in doubt took effect.
    async fn ask_script(self: &Rc<Self>, actor: &Actor, calls: &mut mpsc::UnboundedReceiver<Call>) -> Result<(), Halt> {
        let open = || self.doubts().iter().filter(|step| step.settles()).count();
        let mut left = open();
        while left > 0 {
            self.rewind();
            self.settle_only(true);
            self.serve_while(actor, actor.play(self.prompter()), calls).await;
            self.settle_only(false);
            match self.take_halt() {
                None | Some(Halt::Mismatch(Refusal::Backwards { .. })) => {}
                Some(halt) => return Err(halt),
            }
            // A step that did not take effect ends the play: those behind it, in other branches, are asked in the next.
            let now = open();
            if now == left {
                break;
            }
            left = now;
        }
        Ok(())
    }

    /// A step that the script comes to while it is played for its checks only.
    pub(super) fn step_in_doubt(
        &self,
        path: StepPath,
        spec: StepSpec,
        fingerprint: Digest,
        location: Location,
    ) -> Result<Reply, Halt> {
        let step = self.ledger.state().step(&path).cloned();
        let Some(step) = step else { return Err(Refusal::Backwards { path }.into()) };
        if step.fingerprint != fingerprint {
            let (recorded, asked) = (step.intent().map(|intent| Box::new(intent.into_owned().spec)), Box::new(spec));
            return Err(Refusal::OtherStep { path, recorded, asked }.into());
        }
        if (step.is_doubtful() || step.is_haunted()) && step.settles() {
            return Ok(self.settle(path, spec, location));
        }
        match &step.phase {
            StepPhase::Ended(outcome) => Ok(replayed(&spec, outcome)),
            StepPhase::Settled | StepPhase::Skipped | StepPhase::Registered => Ok(Reply::Nothing),
            StepPhase::Open | StepPhase::Intended => Err(Refusal::Backwards { path }.into()),
        }
    }

    fn doubts(&self) -> Vec<Step> {
        self.ledger.state().doubtful().into_iter().cloned().collect()
    }
}
