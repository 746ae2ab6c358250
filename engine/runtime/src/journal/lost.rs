//! Why nothing more can be written down.

use runbook_model::id::RunId;
use runbook_model::path::StepPath;
use rustix::io::Errno;

use crate::keeper::Unwritten;

/// Something could not be written down, so the run must not go on (invariant I9). The run stays resumable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// There is no room for an intent and what follows from it. Nothing was written and the step was not started.
    /// The journal still lives: outcomes of steps that are under way have their room.
    #[error("cannot append to the journal: {source}; the step was not started: make room, then `runbook resume {run}`")]
    NoRoom {
        /// The run.
        run: RunId,
        /// What the file system said.
        source: Errno,
    },
    /// Whoever begins commands, the keeper above all, can write nothing down: the step was not started. The journal lives.
    #[error("{unwritten}; step `{at}` was not started: put that right, then `runbook resume {run}`")]
    NotBegun {
        /// The run.
        run: RunId,
        /// The step.
        at: StepPath,
        /// Where nothing could be written, and why.
        unwritten: Unwritten,
    },
    /// A write failed, perhaps half way.
    #[error("cannot append to the journal: {source}; nothing more is run: put that right, then `runbook resume {run}`")]
    Write {
        /// The run.
        run: RunId,
        /// What the file system said.
        source: Errno,
    },
    /// A flush failed: nobody knows what is on disk until it is read again.
    #[error(
        "cannot flush the journal to disk: {source}; what was written last may or may not be there, and trying again would prove nothing: \
         look at the disk (`dmesg`), then `runbook resume {run}` reads what is really there"
    )]
    Flush {
        /// The run.
        run: RunId,
        /// What the file system said.
        source: Errno,
    },
    /// The file is not as long as what we wrote: the lock did not keep somebody else out.
    #[error(
        "somebody else wrote to the journal: it is {found} bytes long and {wanted} are ours; nothing more is run: \
         find the other process, then `runbook verify {run}`"
    )]
    NotAlone {
        /// The run.
        run: RunId,
        /// Its length, in bytes.
        found: u64,
        /// The length that it should have, in bytes.
        wanted: u64,
    },
    /// The journal was lost earlier.
    #[error("the journal was lost earlier, and this process writes no more to it: `runbook resume {run}` reads what is on disk")]
    Earlier {
        /// The run.
        run: RunId,
    },
}

impl Lost {
    /// Whether the journal can still take the outcomes of what is under way.
    #[must_use]
    pub fn journal_lives(&self) -> bool {
        matches!(self, Self::NoRoom { .. } | Self::NotBegun { .. })
    }
}
