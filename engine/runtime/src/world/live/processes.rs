//! The seam to whatever runs programs: the keeper, or something plainer in tests.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use runbook_model::answer::{Exited, KillReceipt};
use runbook_model::digest::Digest;
use runbook_model::id::Attempt;
use runbook_model::length::Length;
use runbook_model::path::StepPath;

use tokio::sync::mpsc;

use crate::world::{Limits, Task};

pub use crate::keeper::{Job, Typed, Unwritten, Window};
pub use kept::Kept;

mod kept;

#[cfg(test)]
pub(crate) mod plain;

/// Runs programs so that they outlive the engine, and remembers how they ended.
pub trait Processes {
    /// Begins what has to be there before the first program can run; see [`World::make_ready`](crate::world::World::make_ready).
    fn make_ready(&self) -> Task<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Runs a program to its end. `progress` gets its output while it comes: whether on standard error, and bytes cut
    /// anywhere; a slow listener may miss some.
    fn run<'a>(&'a self, key: Key, job: Job, limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunEnd>;

    /// Finds out what became of the program that an earlier process of the engine meant to start under this key, in the
    /// boot `boot` of this machine. Waits for it when it still runs, and obeys `limits` meanwhile. Never starts anything.
    fn recover<'a>(&'a self, key: Key, boot: &'a str, limits: Limits, progress: &'a dyn Fn(bool, &[u8])) -> Task<'a, RunFound>;

    /// Runs a program at the operator's terminal: `keys` is what they do there. Without a hand for it, what they type is lost.
    fn run_at_terminal<'a>(
        &'a self,
        key: Key,
        job: Job,
        limits: Limits,
        keys: Keys,
        progress: &'a dyn Fn(bool, &[u8]),
    ) -> Task<'a, RunEnd> {
        drop(keys);
        self.run(key, job, limits, progress)
    }

    /// The same for a program that an earlier process of the engine started at a terminal.
    fn recover_at_terminal<'a>(
        &'a self,
        key: Key,
        boot: &'a str,
        limits: Limits,
        keys: Keys,
        progress: &'a dyn Fn(bool, &[u8]),
    ) -> Task<'a, RunFound> {
        drop(keys);
        self.recover(key, boot, limits, progress)
    }
}

/// What the person does at whose terminal a program runs.
pub type Keys = mpsc::UnboundedReceiver<Typed>;

/// By which a program is found again, within its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Key {
    /// The key of an attempt: the same for the process that starts it and for the one that recovers it.
    #[must_use]
    pub fn of(path: &StepPath, attempt: Attempt) -> Self {
        let digest = Digest::of(format!("{path}\n{attempt}").as_bytes()).to_string();
        Self(u64::from_str_radix(&digest[..16], 16).unwrap_or_default())
    }

    /// A key that nobody had before: for a look, which is never recovered.
    #[must_use]
    pub fn fresh() -> Self {
        // Seeded by the operating system, another one at each call.
        Self(RandomState::new().build_hasher().finish())
    }

    /// The key as a number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEnd {
    /// By itself, or by somebody else's signal.
    Exited(Exited),
    /// It was never started.
    NotStarted {
        /// Why.
        message: String,
    },
    /// It was not started, because nothing could be written down about it.
    Unwritten(Unwritten),
    /// It was stopped at its deadline.
    TimedOut {
        /// The deadline.
        after: Length,
        /// What was stopped and what survived.
        receipt: KillReceipt,
        /// How it ended then.
        exited: Exited,
    },
    /// It was stopped because the operator wanted it.
    Stopped {
        /// What was stopped and what survived.
        receipt: KillReceipt,
        /// How it ended then.
        exited: Exited,
    },
    /// What watched it is gone: it may run, or have ended in any way.
    Lost {
        /// What is known.
        known: String,
    },
}

/// What became of a program of an earlier process.
#[expect(clippy::large_enum_variant, reason = "one is made per recovery, and it is read at once")]
#[derive(Debug, Clone, PartialEq)]
pub enum RunFound {
    /// It ended, and how was kept.
    Ended(RunEnd),
    /// It is certain that it was never started.
    NeverBegun {
        /// How that is known.
        evidence: String,
    },
    /// It may or may not have run.
    InDoubt {
        /// What is known.
        known: String,
    },
    /// Whoever watches it may live, and could not be asked.
    Unasked {
        /// Why not.
        why: String,
        /// Whether it may live, and be at work.
        may_live: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_again_and_no_two_attempts_share_one() {
        let path = StepPath::root().child("restart", 1);
        assert_eq!(Key::of(&path, Attempt(2)), Key::of(&path.clone(), Attempt(2)));
        let others = [Key::of(&path, Attempt(1)), Key::of(&path.rollback(), Attempt(2)), Key::fresh(), Key::fresh()];
        assert!(!others.contains(&Key::of(&path, Attempt(2))));
        assert_ne!(others[2], others[3]);
    }
}
