//! How an attempt ended.

use serde::{Deserialize, Serialize};

use crate::Value;
use crate::answer::Answer;
use crate::failure::Failure;

/// How an attempt ended. The last two exist in rehearsals only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should. In a rehearsal: verified, really looked at.
    Succeeded(Answer),
    /// It did not.
    Failed(Failure),
    /// An advisory check missed; noted, and the run goes on.
    Missed(Failure),
    /// It would change something, and was not done.
    Withheld {
        /// What the author says to take as its result; unknown when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assumed: Option<Value>,
    },
    /// It depends on something that was withheld.
    Unknown {
        /// On what.
        because: String,
    },
}

impl Outcome {
    /// Whether the script goes on behind the step.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

/// One look at the world inside a check, kept as evidence of what the check went by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// What was looked at: `http::get http://127.0.0.1:8080/health`.
    pub what: String,
    /// What was seen, in one line: `status 200, 15 B`.
    pub saw: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}
