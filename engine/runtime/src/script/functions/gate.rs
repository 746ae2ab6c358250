//! The confirm of the environment, asked before the first command of a run.

use std::sync::{Mutex, PoisonError};

use rhai::{EvalAltResult, NativeCallContext};
use runbook_model::gate::Gate as Asks;
use runbook_model::path::StepPath;
use runbook_model::step::{StepKind, StepSpec};

use super::conversation::Asked;
use crate::script::stage::Stage;

/// The confirm of the environment, and whether this performance has passed it. A replay passes it again: its answer is
/// recorded like that of every confirm.
#[derive(Debug, Default)]
pub(in crate::script) struct Gate {
    asks: Option<Asks>,
    /// Held while it is asked, so that a branch that comes to its first command meanwhile waits for the same answer.
    passed: Mutex<bool>,
}

impl Gate {
    pub(in crate::script) fn new(asks: Option<Asks>) -> Self {
        Self { asks, passed: Mutex::new(false) }
    }

    /// Asks, unless that was done.
    pub(super) fn pass(&self, ctx: &NativeCallContext, stage: &Stage) -> Result<(), Box<EvalAltResult>> {
        let Some(asks) = &self.asks else { return Ok(()) };
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
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
}
