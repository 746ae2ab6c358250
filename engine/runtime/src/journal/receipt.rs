//! The key to the world.

use runbook_model::id::{Attempt, Epoch, RunId, Seq};
use runbook_model::path::StepPath;

/// The proof that an intent is on disk: the only way to make a [`World`](crate::world::World) act (invariants I1, I2).
///
/// It can be made by the journal alone, is consumed by the effect, and cannot be cloned. So forging one, or using one
/// twice, does not compile:
///
/// ```compile_fail
/// # use runbook_runtime::journal::Receipt;
/// let forged = Receipt { run: todo!(), seq: todo!(), epoch: todo!(), path: todo!(), attempt: todo!() };
/// ```
#[must_use = "an intent is on disk: perform it, or the step is in doubt after a restart"]
#[derive(Debug)]
pub struct Receipt {
    pub(super) run: RunId,
    pub(super) seq: Seq,
    pub(super) epoch: Epoch,
    pub(super) path: StepPath,
    pub(super) attempt: Attempt,
}

impl Receipt {
    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The record that holds the intent: names the attempt uniquely in its run.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The process that wrote it.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The step.
    #[must_use]
    pub fn path(&self) -> &StepPath {
        &self.path
    }

    /// The attempt.
    #[must_use]
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }
}
