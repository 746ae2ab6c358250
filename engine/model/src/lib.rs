//! What can happen to a run, as values.
//!
//! This crate has no clock, disk, thread, script or git (invariant I4): everything in it can be tested by calling it.
//! [`entry`] is the closed list of facts that a run may write down; [`state`] folds them into what the run is now;
//! [`account`] tells them in full for whoever looks at a run afterwards, and [`comparison`] says how two runs differ;
//! [`decide`] says what a request of the script means in that state; [`rollback`] says what is owed.

pub mod account;
pub mod answer;
pub mod approval;
pub mod chain;
pub mod change;
pub mod comparison;
pub mod decide;
pub mod declaration;
pub mod digest;
pub mod duration;
pub mod entry;
pub mod estimate;
pub mod excerpt;
pub mod failure;
pub mod gate;
pub mod host;
pub mod id;
pub mod length;
mod line;
pub mod lock;
pub mod manner;
pub mod observation;
pub mod outcome;
pub mod outlook;
pub mod parameter;
pub mod path;
pub mod person;
pub mod plan;
pub mod repeat;
pub mod rollback;
pub mod secret;
pub mod signed;
pub mod size;
pub mod state;
pub mod statement;
pub mod status;
pub mod step;

/// A value that crosses the border between script and journal: what JSON can hold.
///
/// A script always gets the value that was recorded, live as on replay, so that both see the same thing.
pub use serde_json::Value;
