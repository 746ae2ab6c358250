//! Which object is best told as a difference to one that was written just before.
//!
//! The newest comes first and stays whole; older ones are made out of it. What is read every day is the newest.

use std::collections::VecDeque;

use git2::Oid;

use super::delta;

/// So many objects of a kind are looked at.
const WINDOW: usize = 16;
/// And so many bytes of them are kept in memory.
const KEPT: usize = 4 << 20;
/// A reader goes through at most so many differences to the whole: what git holds itself to.
const DEPTH: u32 = 50;

/// The objects of one kind that were written last.
#[derive(Default)]
pub(super) struct Likeness {
    known: VecDeque<Known>,
    bytes: usize,
}

struct Known {
    id: Oid,
    content: Vec<u8>,
    /// How many differences lead from it to a whole object.
    depth: u32,
}

impl Likeness {
    /// What makes this object out of one before it, and out of which; `None` when that saves less than half of it.
    pub(super) fn of(&mut self, id: Oid, content: Vec<u8>) -> Option<(Oid, Vec<u8>)> {
        let left = |known: &Known| {
            let (prefix, suffix) = delta::shared(&known.content, &content);
            content.len() - prefix - suffix
        };
        let near = self.known.iter().filter(|known| known.depth < DEPTH).map(|known| (left(known), known));
        let best = near.min_by_key(|(left, _)| *left).filter(|(left, _)| left * 2 < content.len()).map(|(_, known)| known);
        let delta = best.map(|known| (known.id, delta::delta(&known.content, &content)));
        let depth = best.map_or(0, |known| known.depth + 1);
        self.bytes += content.len();
        self.known.push_front(Known { id, content, depth });
        while self.known.len() > WINDOW || self.bytes > KEPT {
            let Some(oldest) = self.known.pop_back() else { break };
            self.bytes -= oldest.content.len();
        }
        delta
    }
}
