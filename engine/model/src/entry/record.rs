//! One line of a journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::id::{Epoch, RunId, Seq};

/// The version of the serialized shape.
pub const VERSION: u32 = 1;

/// One line of a journal, without its links (see [`crate::chain`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the shape: [`VERSION`].
    pub v: u32,
    /// The run, so that a record cannot be moved into another journal unseen.
    pub run: RunId,
    /// The place in the journal.
    pub seq: Seq,
    /// The process that wrote it.
    pub epoch: Epoch,
    /// The wall clock when it was written: a label for people. Order is `seq`, durations are measured elsewhere.
    pub at: Timestamp,
    /// The fact.
    #[serde(flatten)]
    pub entry: Entry,
}
