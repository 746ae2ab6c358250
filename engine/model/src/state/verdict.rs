//! What it means for a run that somebody says whether a step in doubt took effect.

use super::owed::{owes, rollback_if_failed};
use super::{RunState, StepPhase};
use crate::entry::Verdict;
use crate::id::Attempt;
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::person::Decider;

impl RunState {
    /// A step in doubt is settled.
    ///
    /// # Errors
    /// It is not in doubt, or another attempt at it is.
    pub(super) fn resolve(&mut self, path: &StepPath, attempt: Attempt, verdict: Verdict, by: &Decider) -> Result<(), String> {
        let has_gone_on = !self.is_newest(path);
        let step = self.step_mut(path)?;
        let doubtful = match &step.phase {
            StepPhase::Intended => true,
            _ if step.is_haunted() => true,
            StepPhase::Open => step.settles(),
            StepPhase::Ended(Outcome::Failed(failure)) => failure.effect_is_open() && !step.denied,
            _ => false,
        };
        let Some(intent) = step.open_intent().filter(|_| doubtful) else {
            return Err("the step is not in doubt".to_owned());
        };
        if attempt != step.attempt {
            return Err(format!("attempt {} is in doubt", step.attempt));
        }
        let owes = match verdict {
            Verdict::Did => owes(intent),
            // The look says that the effect is not there as a whole. An attempt that nobody saw the end of may have done a part
            // of it, as one that failed; a person who says "did not" means that no part was done.
            // What an attempt owes that was seen to fail stays owed: its rollback takes back parts as well, and none.
            Verdict::DidNot if *by == Decider::SettledBy && rollback_if_failed(&intent.spec) => owes(intent),
            Verdict::DidNot => None,
        };
        step.repeated_blindly = match (verdict, by) {
            // The author's word is that it may be repeated, not that it did not happen.
            (Verdict::DidNot, Decider::Runbook) => true,
            // Evidence is about one attempt and says nothing of those before it.
            (Verdict::DidNot, Decider::Evidence) => step.repeated_blindly,
            _ => false,
        };
        step.phase = match (verdict, &step.phase) {
            (Verdict::Did, _) => StepPhase::Settled,
            // What was passed over is not done later, and neither is what failed and was caught: the script has gone on.
            (Verdict::DidNot, StepPhase::Skipped) => StepPhase::Skipped,
            (Verdict::DidNot, StepPhase::Ended(_)) if has_gone_on => {
                step.denied = true;
                step.phase.clone()
            }
            (Verdict::DidNot, _) => StepPhase::Open,
        };
        self.owe(path.clone(), owes);
        // Steps follow each other: what was not done has nothing behind it that was. The author's word that a step may be
        // repeated says nothing about that, and neither does one branch of a `parallel` about another.
        let in_order = self.parallel_around(path).is_none();
        let found_out = in_order && matches!(by, Decider::Person(_) | Decider::SettledBy);
        self.uncharted &= !(verdict == Verdict::DidNot && found_out);
        self.reopen_around(path);
        Ok(())
    }
}
