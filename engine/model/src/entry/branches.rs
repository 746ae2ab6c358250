//! A `parallel` and what ends its branches.

use serde::{Deserialize, Serialize};

use crate::path::StepPath;
use crate::step::Location;

/// What a `parallel` is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParallelEntered {
    /// Its path.
    pub path: StepPath,
    /// The key of each item, in order: 1 to 10,000 of them, each once.
    pub items: Vec<String>,
    /// How many branches may run at a time; 1 to 100.
    pub max: u32,
    /// How many branches may fail before no other begins.
    pub max_failures: u32,
    /// Where in the sources.
    #[serde(rename = "loc")]
    pub location: Location,
}

/// Why a branch failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchFailure {
    /// The step that failed; absent when the script itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepPath>,
    /// Why, in one line.
    pub message: String,
}
