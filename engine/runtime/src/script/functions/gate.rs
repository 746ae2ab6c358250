//! The confirm of the environment, asked before the first command of a run.

use std::sync::PoisonError;

use rhai::{EvalAltResult, NativeCallContext};
use runbook_model::path::StepPath;
use runbook_model::step::{StepKind, StepSpec};

use super::conversation::Asked;
use crate::script::performing::stage::Stage;

/// Asks, unless that was done.
pub(super) fn pass(ctx: &NativeCallContext, stage: &Stage) -> Result<(), Box<EvalAltResult>> {
    let Some(asks) = &stage.gate.asks else { return Ok(()) };
    let mut passed = stage.gate.passed.lock().unwrap_or_else(PoisonError::into_inner);
    if *passed {
        return Ok(());
    }
    // Below no phase: which command comes first may hang on a check, and it is no part of that phase.
    let path = StepPath::root().child(&asks.question, 1);
    let spec = StepSpec { name: asks.question.clone(), kind: StepKind::Confirm(asks.confirm.clone()) };
    // Declined, this is the error of the command that it stands before.
    drop(Asked { ctx, stage, path, spec, look: None, settle: None, against: None }.converse()?);
    *passed = true;
    Ok(())
}
