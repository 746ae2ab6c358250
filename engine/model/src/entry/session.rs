//! A process that works on a run.

use serde::{Deserialize, Serialize};

use crate::person::Person;

/// A process that works on a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What it was started for.
    pub purpose: Purpose,
    /// Who started it.
    pub operator: Person,
    /// Its process number.
    pub pid: u32,
    /// The boot of the machine that it runs in; a process number means nothing in another.
    pub boot: String,
    /// The version of the engine.
    pub engine: String,
    /// From which machine the run was taken without its consent, and how somebody knew that it was dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<String>,
}

/// What a process takes a run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To start it.
    Exec,
    /// To go on with it.
    Resume,
    /// To roll it back.
    Rollback,
    /// To settle a step in doubt.
    Resolve,
    /// To answer a confirm.
    Answer,
    /// To give it up.
    Abandon,
    /// To say that somebody has read it, after its end.
    Review,
}
