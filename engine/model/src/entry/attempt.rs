//! One attempt of a step: what is about to be done, how it ended, and what happened when nobody saw the end.

use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::digest::Digest;
use crate::id::Attempt;
use crate::outcome::{Observed, Outcome};
use crate::path::StepPath;
use crate::step::{Location, StepSpec};

/// What is about to be done, and how to take it back (invariants I2 and I6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The step.
    pub path: StepPath,
    /// Which attempt of it.
    pub attempt: Attempt,
    /// By which the step is recognised on resume.
    pub fingerprint: Digest,
    /// What the script asks for.
    pub spec: StepSpec,
    /// The change as it will be made: `spec`'s, completed with what was found (a file's content before).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// What rolls it back, in this order; empty when nothing is owed or when the script's block has to be replayed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owes: Vec<Change>,
    /// Where in the sources.
    #[serde(rename = "loc")]
    pub location: Location,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The step.
    pub path: StepPath,
    /// Which attempt of it.
    pub attempt: Attempt,
    /// How it ended.
    pub outcome: Outcome,
    /// From intent to end, in milliseconds of a clock that does not jump; absent when the engine died in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// How often a check looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// What the last look went by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observed>,
}

/// What happened to an attempt that was in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It took effect.
    Did,
    /// It did not.
    DidNot,
}
