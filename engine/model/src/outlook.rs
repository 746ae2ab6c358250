//! What is known of a run before it begins: its last rehearsal, and how long it will likely take.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::estimate::Estimate;
use crate::id::RunId;
use crate::person::Person;

/// What earlier runs of the same runbook say about this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// The last rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Rehearsed>,
    /// Why it was started without the rehearsal that its environment requires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
    /// How long it will likely take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<Estimate>,
    /// What was not the same in the runs that this was learnt from, in words. Empty when they got the same parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely_differs: Vec<String>,
}

/// A rehearsal that was held before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsed {
    /// Its run.
    pub run: RunId,
    /// When it ended.
    pub at: Timestamp,
    /// In which environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// Who held it.
    pub by: Person,
    /// The digest of its plan.
    pub plan: Digest,
    /// Whether it came to its end with nothing unknown.
    pub certain: bool,
    /// What is not now as it was then: files of the sources, parameters, the environment, settings. Empty: all is the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
}

/// Something that a withheld change will need, and that is not there now.
///
/// It need not be a mistake: an earlier step that was withheld too may be what makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// The change, or the question, that needs it, in one line.
    pub change: String,
    /// What is missing, in one line.
    pub what: String,
}

impl Outlook {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
