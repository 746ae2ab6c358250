//! How a run comes by its named locks, and when it lets go of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use runbook_model::entry::{Entry, Mode};
use runbook_model::lock::Locks as Wanted;
use runbook_model::path::StepPath;
use runbook_model::state::RunState;
use tokio::time::Instant;
use tracing::{Instrument as _, debug_span};

use super::Halt;
use super::desk::Desk;
use super::interrupts::Interrupts;
use crate::journal::{Claim, LockRoom, NamedLock, NotHad};
use crate::report::Progress;

/// How often a lock that another process has is tried.
const AGAIN: Duration = Duration::from_millis(100);
/// How often whoever waits is told so.
const STILL: Duration = Duration::from_secs(60);

/// A named lock could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLock {
    /// A run that nobody works on keeps it.
    #[error("the lock `{name}` is kept by {claim}, which is {word}: resume it, roll it back, or give it up for good")]
    Kept {
        /// The lock.
        name: String,
        /// By which.
        claim: Box<Claim>,
        /// What that run is, in one or two words.
        word: String,
    },
    /// Another run still works under it.
    #[error("the lock `{name}` was not free within {within}: it is {holder}")]
    TimedOut {
        /// The lock.
        name: String,
        /// How long it was waited for.
        within: runbook_model::length::Length,
        /// Who has it.
        holder: NotHad,
    },
    /// Whoever has it waits for a lock of this run.
    #[error("the lock `{name}` is held by {claim}, which waits for a lock of this run: one of them has to give way")]
    Crossed {
        /// The lock.
        name: String,
        /// By which.
        claim: Box<Claim>,
    },
    /// It cannot be found out whether it is free.
    #[error("the lock `{name}` cannot be had: {why}")]
    Unusable {
        /// The lock.
        name: String,
        /// Why not.
        why: NotHad,
    },
    /// The operator did not want to wait any longer.
    #[error("interrupted while waiting for the lock `{name}`")]
    Interrupted {
        /// The lock.
        name: String,
    },
}

/// The named locks that this process has.
#[derive(Debug)]
pub(super) struct Locks {
    room: LockRoom,
    claim: Claim,
    held: RefCell<BTreeMap<String, NamedLock>>,
    /// What stands in the claims of those about what this run waits for.
    said: RefCell<Option<String>>,
}

impl Locks {
    pub(super) fn new(room: LockRoom, claim: Claim) -> Self {
        Self { room, claim, held: RefCell::default(), said: RefCell::default() }
    }

    /// Takes locks, in the order of their names: two runs that want the same two do not wait for each other.
    pub(super) async fn take(
        &self,
        wanted: &Wanted,
        interrupts: &Interrupts,
        mut tell: impl FnMut(String),
    ) -> Result<(), NoLock> {
        let mut names: Vec<_> = wanted.names.iter().filter(|name| !self.held.borrow().contains_key(*name)).cloned().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let lock = self.one(&name, wanted, interrupts, &mut tell).instrument(debug_span!("lock", name)).await;
            self.waits_for(None);
            self.held.borrow_mut().insert(name, lock?);
        }
        Ok(())
    }

    /// Tells the runs that want what this one has what this one waits for. A note for finding circles: no more depends on it.
    fn waits_for(&self, name: Option<&str>) {
        let mut said = self.said.borrow_mut();
        if said.as_deref() == name {
            return;
        }
        *said = name.map(str::to_owned);
        let claim = Claim { waits_for: said.clone(), ..self.claim.clone() };
        for (held, lock) in &*self.held.borrow() {
            if let Err(error) = lock.sign(&claim) {
                tracing::warn!(lock = held, %error, "what this run waits for could not be written down");
            }
        }
    }

    /// Whether the runs that this one waits for wait for this one, and it is the youngest of them: that one gives way, so
    /// that not all of them do.
    fn is_crossed(&self, name: &str) -> bool {
        let mut wanted = name.to_owned();
        // A circle of more runs than this is none that anybody has.
        for _ in 0..64 {
            let Some(claim) = self.room.claim(&wanted) else { return false };
            if claim.run > self.claim.run {
                return false;
            }
            if claim.run == self.claim.run {
                return true;
            }
            let Some(next) = claim.waits_for else { return false };
            wanted = next;
        }
        false
    }

    async fn one(
        &self,
        name: &str,
        wanted: &Wanted,
        interrupts: &Interrupts,
        tell: &mut impl FnMut(String),
    ) -> Result<NamedLock, NoLock> {
        let began = Instant::now();
        let mut told: Option<(NotHad, Instant)> = None;
        loop {
            let busy = match self.room.take(name, &self.claim) {
                Ok(lock) => return Ok(lock),
                // Between taking a lock and signing it nobody is named: a moment later somebody is.
                Err(NotHad::Busy(None)) if told.is_none() && began.elapsed() < AGAIN => None,
                Err(busy @ NotHad::Busy(_)) => Some(busy),
                Err(NotHad::Kept { claim, word }) => {
                    return Err(NoLock::Kept { name: name.to_owned(), claim, word });
                }
                Err(why) => return Err(NoLock::Unusable { name: name.to_owned(), why }),
            };
            if let Some(busy) = busy {
                self.waits_for(Some(name));
                if let NotHad::Busy(Some(claim)) = &busy
                    && self.is_crossed(name)
                {
                    return Err(NoLock::Crossed { name: name.to_owned(), claim: claim.clone() });
                }
                if let Some(within) = wanted.wait.filter(|within| began.elapsed() >= Duration::from(*within)) {
                    return Err(NoLock::TimedOut { name: name.to_owned(), within, holder: busy });
                }
                if told.as_ref().is_none_or(|(holder, at)| *holder != busy || at.elapsed() >= STILL) {
                    tell(format!("waiting for the lock `{name}`, {busy}; Ctrl-C gives up waiting"));
                    told = Some((busy, Instant::now()));
                }
            }
            tokio::select! {
                biased;
                () = interrupts.first() => return Err(NoLock::Interrupted { name: name.to_owned() }),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    fn release(&self, name: &str) -> Result<(), crate::journal::StorageFailure> {
        self.held.borrow_mut().remove(name).map_or(Ok(()), NamedLock::release)
    }
}

/// The locks that a session needs before it may touch the world: those of the run, those that it had when it stopped, and
/// to roll back, those of every phase that it went through.
pub(super) fn needed(state: &RunState, rolling_back: bool) -> Wanted {
    let started = state.started();
    if started.mode == Mode::Rehearsal {
        return Wanted::default();
    }
    let mut names = started.locks.names.clone();
    names.extend(state.locks().keys().cloned());
    if rolling_back {
        names.extend(state.every_lock().iter().cloned());
    }
    Wanted { names, wait: started.locks.wait }
}

impl Desk {
    /// Takes locks for a phase or, with the root as its path, for the run, and writes that down before anything happens
    /// under them. A rehearsal changes nothing, and needs none.
    pub(super) async fn lock(&self, path: &StepPath, wanted: &Wanted) -> Result<(), Halt> {
        if self.ledger.state().started().mode == Mode::Rehearsal {
            return Ok(());
        }
        let tell = |text| self.ledger.progress(&Progress::Notice { text });
        self.locks.take(wanted, &self.interrupts, tell).await.map_err(|no| match no {
            NoLock::Interrupted { .. } => Halt::Interrupted,
            no => Halt::Locked(no),
        })?;
        self.locked(path, wanted)
    }

    /// Writes down which locks this process has taken.
    pub(super) fn locked(&self, path: &StepPath, wanted: &Wanted) -> Result<(), Halt> {
        for name in &wanted.names {
            let known = self.ledger.state().locks().contains_key(name);
            if !known {
                self.write(Entry::LockTaken { name: name.clone(), path: path.clone() })?;
            }
        }
        Ok(())
    }

    /// A phase has ended: its locks are free.
    pub(super) fn unlock(&self, path: &StepPath) -> Result<(), Halt> {
        let names = self.locks_of(|of| of == path);
        for name in &names {
            self.write(Entry::LockReleased { name: name.clone() })?;
        }
        if !names.is_empty() {
            // Whoever takes them next relies on what was done under them: that must be on disk first.
            self.ledger.sync_now()?;
        }
        names.iter().for_each(|name| self.give_back(name));
        Ok(())
    }

    /// The run is over: writes down that its locks are free. They are, once that is on disk.
    pub(super) fn announce_unlocked(&self) -> Result<Vec<String>, Halt> {
        let names = self.locks_of(|_| true);
        for name in &names {
            self.write(Entry::LockReleased { name: name.clone() })?;
        }
        Ok(names)
    }

    /// Frees a lock. Should that fail, the claim that stays is in nobody's way: the journal says that the run is over.
    pub(super) fn give_back(&self, name: &str) {
        if let Err(error) = self.locks.release(name) {
            tracing::warn!(name, %error, "a claim to a lock could not be taken back");
        }
    }

    fn locks_of(&self, wanted: impl Fn(&StepPath) -> bool) -> Vec<String> {
        self.ledger.state().locks().iter().filter(|(_, path)| wanted(path)).map(|(name, _)| name.clone()).collect()
    }
}
