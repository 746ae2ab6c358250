//! The same thing in two runs.

use serde::Serialize;

use super::Difference;
use crate::account::{Standing, StepAccount};
use crate::digest::Digest;
use crate::path::StepPath;

/// Something that has a name and a text in each run, and differs. A side that does not have it is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unlike {
    /// What: the name of a parameter, `environment`, ….
    pub name: String,
    /// In the first run.
    pub left: Option<String>,
    /// In the second run.
    pub right: Option<String>,
}

/// A source that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePair {
    /// Its name.
    pub name: String,
    /// The digest of its text in the first run; absent when that run does not use it.
    pub left: Option<Digest>,
    /// The same in the second run.
    pub right: Option<Digest>,
}

/// A phase of two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhasePair {
    /// Its path.
    pub path: StepPath,
    /// How long it took in the first run, in milliseconds; absent when it was not entered, or not left.
    pub left: Option<u64>,
    /// The same in the second run.
    pub right: Option<u64>,
}

/// A step of two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepPair {
    /// Its path.
    pub path: StepPath,
    /// `check`, `command`, `confirm` or `rollback`.
    pub kind: &'static str,
    /// What people call it.
    pub name: String,
    /// In the first run; absent when that run did not come to it.
    pub left: Option<Side>,
    /// In the second run.
    pub right: Option<Side>,
    /// What differs; empty when nothing does, or when only one run has it.
    pub differences: Vec<Difference>,
}

/// A step in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// What became of it.
    pub standing: Standing,
    /// How long it took, in milliseconds; absent when nobody knows.
    pub millis: Option<u64>,
    /// How many attempts there were.
    pub attempts: usize,
}

impl Side {
    /// Of a step.
    #[must_use]
    pub fn of(step: &StepAccount) -> Self {
        Self { standing: step.standing, millis: step.millis(), attempts: step.attempts.len() }
    }
}

impl StepPair {
    /// Whether both runs have it and nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.left.is_some() && self.right.is_some() && self.differences.is_empty()
    }
}
