//! What an environment asks before the first change is made in it.

use serde::{Deserialize, Serialize};

use crate::step::Confirm;

/// A confirm that comes from the environment and not from the runbook: asked once a run, before its first command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// The question: one line.
    pub question: String,
    /// How it may be answered.
    #[serde(flatten)]
    pub confirm: Confirm,
}
