//! A promise of time, and whether it was kept.

use jiff::Timestamp;
use serde::Serialize;

use crate::length::Length;
use crate::path::StepPath;

/// A promise of time: the `budget` of a phase or of the whole run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    /// The phase; the root for the whole run.
    pub path: StepPath,
    /// The promise.
    pub budget: Length,
    /// From when it counts.
    pub from: Timestamp,
    /// How long it took, in milliseconds; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// When it was seen to be broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Timestamp>,
}

impl Promise {
    /// Whether it was broken, as was written down at the time or as its length says now.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken.is_some() || self.took.is_some_and(|took| took > self.budget.millis())
    }
}
