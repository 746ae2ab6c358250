//! Who worked on a run and when; where it turned around; what it said.

use jiff::Timestamp;
use serde::Serialize;

use crate::entry::Session;
use crate::id::Epoch;
use crate::path::StepPath;
use crate::person::Decider;
use crate::status::RunStatus;
use crate::step::Location;

/// The time that one process held the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sitting {
    /// Its number.
    pub epoch: Epoch,
    /// Who, what for, which process.
    #[serde(flatten)]
    pub session: Session,
    /// When it took the run.
    pub began: Timestamp,
    /// When it wrote its last record.
    pub last: Timestamp,
    /// What it left the run as; absent when it has not let go of it: it is at work, or it died.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<RunStatus>,
}

/// Where a run turned around.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// Who decided it.
    pub by: Decider,
    /// Why.
    pub why: String,
    /// The steps that were rolled back, in that order, each with the time.
    pub done: Vec<(StepPath, Timestamp)>,
}

/// Something that the script printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
    /// Where in the sources.
    #[serde(rename = "loc")]
    pub location: Location,
}
