//! When the engine dies.

use std::fmt;

/// When the engine dies: a boundary of the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Death {
    /// Right behind the record of this number; nothing more is written and nothing more happens.
    AfterRecord(u64),
    /// At this call of the world, counted from 1 in each session, before it does anything.
    BeforeCall(u64),
    /// At this call, when the world has changed and nobody has heard of it.
    AfterEffect(u64),
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AfterRecord(seq) => write!(f, "right behind record {seq}"),
            Self::BeforeCall(call) => write!(f, "at call {call} of the world"),
            Self::AfterEffect(call) => write!(f, "right behind the effect of call {call} of the world"),
        }
    }
}

/// Every boundary of a session with these records, calls and effects.
pub(super) fn boundaries(records: std::ops::Range<u64>, calls: u64, performs: &[u64]) -> Vec<Death> {
    let records = records.map(Death::AfterRecord);
    let calls = (1..=calls).map(Death::BeforeCall);
    records.chain(calls).chain(performs.iter().copied().map(Death::AfterEffect)).collect()
}
