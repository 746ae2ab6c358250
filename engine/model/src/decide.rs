//! What a step that the script asks for means in the state that the run is in.

use crate::digest::Digest;
use crate::entry::Intent;
use crate::id::{Attempt, Seq};
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::state::{RunState, StepPhase};
use crate::step::StepSpec;

/// What is to be done about a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision<'a> {
    /// It ended earlier: the script gets what was recorded.
    Replay(&'a Outcome),
    /// It took effect by a decision, or was passed over: the script gets nothing.
    Pass,
    /// Its attempt was in flight when an earlier process died: find out what became of it.
    Recover {
        /// What was intended.
        intent: &'a Intent,
        /// The record that says so.
        seq: Seq,
    },
    /// It is done now.
    Perform(Attempt),
    /// It may not be done.
    Refuse(Refusal),
}

/// Why a step is refused. Nothing was run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The journal holds another step at this path.
    #[error("the journal holds another step at `{path}`")]
    OtherStep {
        /// The path.
        path: StepPath,
        /// What was recorded; absent for a rollback that was registered on its own.
        recorded: Option<Box<StepSpec>>,
        /// What the script asks for.
        asked: Box<StepSpec>,
    },
    /// The journal knows steps that the script passed by.
    #[error("the script asks for `{asked}`, but the journal has `{recorded}` at this point")]
    PassedBy {
        /// The first recorded step that the script did not ask for.
        recorded: StepPath,
        /// What it asked for instead; `the end` of the script when it asked for nothing.
        asked: String,
    },
    /// The journal has another list of items for a `parallel`.
    #[error("the journal has {} for `{path}`, and the script now gives {}", items(.recorded), items(.asked))]
    OtherItems {
        /// The `parallel`.
        path: StepPath,
        /// The keys of the items that were recorded.
        recorded: Vec<String>,
        /// Those that the script gives.
        asked: Vec<String>,
    },
    /// The run is rolled back and never goes forward again.
    #[error("the run is being rolled back; `{path}` would go forward")]
    Backwards {
        /// The step.
        path: StepPath,
    },
}

fn items(keys: &[String]) -> String {
    let named = keys.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if keys.len() > 5 { ", …" } else { "" };
    format!("{} items ({named}{more})", keys.len())
}

/// Decides about the step at `path` with this fingerprint.
///
/// `passed_by` is the first recorded step that this replay has not come to and that does not lie in a branch beside, if
/// there is one; for a step that is recorded itself, the first of those before it. A script that asks for a step that is
/// still to be done, before it has come to all that were recorded, is not the script that was recorded.
#[must_use]
pub fn decide<'a>(
    state: &'a RunState,
    path: &StepPath,
    spec: &StepSpec,
    fingerprint: Digest,
    passed_by: Option<&StepPath>,
) -> Decision<'a> {
    let Some(step) = state.step(path) else {
        if let Some(recorded) = passed_by {
            let asked = path.to_string();
            return Decision::Refuse(Refusal::PassedBy { recorded: recorded.clone(), asked });
        }
        if state.rollback().is_some() && !path.is_rollback() {
            return Decision::Refuse(Refusal::Backwards { path: path.clone() });
        }
        return Decision::Perform(Attempt::FIRST);
    };
    // An edit that was adopted may change a step that is open: nothing of it has taken effect.
    let replaced = step.phase == StepPhase::Open && state.is_adopted();
    if step.fingerprint != fingerprint && !replaced {
        let (recorded, asked) = (step.intent().map(|intent| Box::new(intent.into_owned().spec)), Box::new(spec.clone()));
        return Decision::Refuse(Refusal::OtherStep { path: path.clone(), recorded, asked });
    }
    match &step.phase {
        StepPhase::Ended(outcome) => Decision::Replay(outcome),
        StepPhase::Settled | StepPhase::Skipped | StepPhase::Registered => Decision::Pass,
        // A replay for the sake of rollback blocks comes to steps that were open when the run turned around.
        StepPhase::Open | StepPhase::Intended if state.rollback().is_some() && !path.is_rollback() => {
            Decision::Refuse(Refusal::Backwards { path: path.clone() })
        }
        StepPhase::Open | StepPhase::Intended => match (passed_by, step.open_intent()) {
            (Some(recorded), _) => Decision::Refuse(Refusal::PassedBy { recorded: recorded.clone(), asked: path.to_string() }),
            (None, Some(intent)) if step.phase == StepPhase::Intended => Decision::Recover { intent, seq: step.seq },
            (None, None) if step.phase == StepPhase::Intended => Decision::Pass,
            (None, _) => Decision::Perform(step.attempt.next()),
        },
    }
}
