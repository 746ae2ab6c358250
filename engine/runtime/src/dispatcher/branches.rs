//! The branches of a `parallel`: which may begin, which wait, and what becomes of those that cannot go on.
//!
//! What has happened is in the journal and in the state. Here is only what one play of the script needs beside that: where
//! each branch is in its replay, and which of them have come to rest.

use std::collections::{BTreeMap, BTreeSet};

use runbook_model::decide::Refusal;
use runbook_model::entry::{BranchFailure, Entry, Mode, ParallelEntered};
use runbook_model::path::StepPath;

use super::Halt;
use super::desk::Desk;
use crate::operation::Reply;

/// The `parallel` that this play of the script is in.
#[derive(Debug)]
pub(super) struct Gathering {
    path: StepPath,
    began: u64,
    /// The branches that this play has come to and that have not ended, with when it came to them.
    running: BTreeMap<StepPath, u64>,
    /// The branches whose replay has not come to the end of what is recorded of them. As long as there are any, it is not
    /// known how many have failed, and none may begin.
    behind: BTreeSet<StepPath>,
    /// The branches that cannot go on, and why.
    resting: BTreeMap<StepPath, Halt>,
}

impl Gathering {
    /// Why a branch rests, if that says more than why the run stops.
    pub(super) fn takes_precedence(&mut self, over: &Halt) -> Option<Halt> {
        let graver = self.resting.first_key_value().is_some_and(|(_, halt)| halt.gravity() > over.gravity());
        if graver { self.resting.pop_first().map(|(_, halt)| halt) } else { None }
    }
}

impl Desk {
    /// A `parallel` begins, or is come to again.
    pub(super) fn enter_parallel(&self, asked: ParallelEntered) -> Result<Reply, Halt> {
        let path = asked.path.clone();
        if self.is_new_parallel(&asked)? {
            if self.interrupts.wanted() {
                return Err(Halt::Interrupted);
            }
            self.write(Entry::ParallelEntered(Box::new(asked)))?;
        }
        let state = self.ledger.state();
        let Some(parallel) = state.parallels().get(&path) else { return Err(Halt::Interrupted) };
        let items = &parallel.asked.items;
        let begun: Vec<_> = items.iter().filter(|key| parallel.has_begun(key)).cloned().collect();
        let behind = begun.iter().filter(|key| !parallel.has_left(key)).map(|key| path.child(key, 1)).collect();
        *self.gathering.borrow_mut() = Some(Gathering {
            path,
            began: self.world.monotonic_millis(),
            running: BTreeMap::new(),
            behind,
            resting: BTreeMap::new(),
        });
        // What a rehearsal shows has an order, and what only replays has nothing to wait for.
        let one_by_one = state.started().mode == Mode::Rehearsal || self.is_replaying();
        Ok(Reply::Branches { at_once: if one_by_one { 1 } else { parallel.asked.max }, begun })
    }

    /// Whether the journal does not know of it yet. An edit that was adopted may give other items, as long as those that have
    /// begun are still among them.
    fn is_new_parallel(&self, asked: &ParallelEntered) -> Result<bool, Halt> {
        let state = self.ledger.state();
        let path = &asked.path;
        let Some(parallel) = state.parallels().get(path) else {
            if let Some(recorded) = self.passed_by(path) {
                return Err(Refusal::PassedBy { recorded, asked: path.to_string() }.into());
            }
            if self.is_replaying() || state.rollback().is_some() {
                return Err(Refusal::Backwards { path: path.clone() }.into());
            }
            return Ok(true);
        };
        let recorded = &parallel.asked;
        let kept = || recorded.items.iter().filter(|key| parallel.has_begun(key)).all(|key| asked.items.contains(key));
        let adoptable = state.is_adopted() && state.rollback().is_none() && !parallel.is_over();
        match () {
            () if adoptable && kept() => Ok(recorded != asked),
            () if recorded.items == asked.items => Ok(false),
            () => {
                let (recorded, asked) = (recorded.items.clone(), asked.items.clone());
                Err(Refusal::OtherItems { path: path.clone(), recorded, asked }.into())
            }
        }
    }

    /// The branch of an item would begin.
    pub(super) async fn enter_branch(&self, path: StepPath) -> Result<Reply, Halt> {
        let begun = self.ledger.state().parallels().get(&path.parent()).is_some_and(|of| of.has_begun(path.name()));
        if !begun {
            if self.is_replaying() || !self.may_begin(&path).await? {
                return Ok(Reply::Nothing);
            }
            self.write(Entry::BranchEntered { path: path.clone() })?;
        }
        let now = self.world.monotonic_millis();
        self.gather(|gathering| gathering.running.insert(path, now));
        Ok(Reply::GoOn)
    }

    /// Waits until it is known how many branches have failed, and says whether another may begin. Those that rest keep their
    /// places.
    async fn may_begin(&self, path: &StepPath) -> Result<bool, Halt> {
        self.when(|| self.gathering.borrow().as_ref().is_none_or(|gathering| gathering.behind.is_empty())).await?;
        {
            let state = self.ledger.state();
            let Some(parallel) = state.parallels().get(&path.parent()) else { return Ok(false) };
            if !parallel.goes_on() || !parallel.has_room() {
                return Ok(false);
            }
        }
        if self.interrupts.wanted() { Err(Halt::Interrupted) } else { Ok(true) }
    }

    /// A branch came to its end.
    pub(super) fn leave_branch(&self, path: &StepPath, failed: Option<BranchFailure>) -> Result<Reply, Halt> {
        let began = self.gather(|gathering| {
            gathering.behind.remove(path);
            gathering.running.remove(path)
        });
        let open = self.ledger.state().parallels().get(&path.parent()).is_some_and(|of| !of.has_left(path.name()));
        if open && !self.is_replaying() {
            let millis = self.since(began.flatten());
            self.write(Entry::BranchLeft { path: path.clone(), millis, failed })?;
        }
        self.moved.notify_waiters();
        Ok(Reply::GoOn)
    }

    /// No branch runs any more. When one rests, the run cannot go on either.
    pub(super) fn leave_parallel(&self, path: &StepPath) -> Result<Reply, Halt> {
        let gathering = self.gathering.borrow_mut().take().filter(|gathering| gathering.path == *path);
        self.ledger.gather(false);
        let began = gathering.as_ref().map(|gathering| gathering.began);
        if let Some((_, halt)) = gathering.and_then(|mut gathering| gathering.resting.pop_first()) {
            return Err(halt);
        }
        let over = self.ledger.state().parallels().get(path).is_some_and(|parallel| parallel.is_over());
        if over {
            return Ok(Reply::GoOn);
        }
        if self.is_replaying() {
            return Err(Refusal::Backwards { path: path.clone() }.into());
        }
        self.write(Entry::ParallelLeft { path: path.clone(), millis: self.since(began) })?;
        Ok(Reply::GoOn)
    }

    /// The replay of a branch has come to something that is done now.
    pub(super) fn caught_up(&self, path: &StepPath) {
        let moved = self.gather(|gathering| {
            let before = gathering.behind.len();
            gathering.behind.retain(|branch| !path.is_within(branch));
            before != gathering.behind.len()
        });
        if moved == Some(true) {
            self.moved.notify_waiters();
        }
    }

    /// Lets a branch rest that cannot go on by itself, if the others can: it waits for an answer, or its record ends where the
    /// run turned around.
    pub(super) fn rest(&self, path: &StepPath, halt: Halt) -> Result<Reply, Halt> {
        if !matches!(halt, Halt::Suspended { .. } | Halt::Mismatch(Refusal::Backwards { .. })) {
            return Err(halt);
        }
        let branch = self
            .gathering
            .borrow()
            .as_ref()
            .and_then(|gathering| gathering.running.keys().find(|branch| path.is_within(branch)).cloned());
        let Some(branch) = branch else { return Err(halt) };
        self.gather(|gathering| {
            gathering.running.remove(&branch);
            gathering.behind.remove(&branch);
            gathering.resting.insert(branch, halt);
        });
        self.moved.notify_waiters();
        Ok(Reply::Rest)
    }

    /// Waits until something holds, or the session stops.
    async fn when(&self, holds: impl Fn() -> bool) -> Result<(), Halt> {
        loop {
            let moved = self.moved.notified();
            if self.is_halted() {
                return Err(Halt::Interrupted);
            }
            if holds() {
                return Ok(());
            }
            moved.await;
        }
    }

    /// Ends when the session has to stop for something that happened in another branch.
    pub(super) async fn halted(&self) {
        drop(self.when(|| false).await);
    }

    fn gather<T>(&self, work: impl FnOnce(&mut Gathering) -> T) -> Option<T> {
        let mut gathering = self.gathering.borrow_mut();
        let worked = gathering.as_mut().map(work);
        self.ledger.gather(gathering.as_ref().is_some_and(|gathering| gathering.running.len() > 1));
        worked
    }

    fn since(&self, began: Option<u64>) -> u64 {
        let now = self.world.monotonic_millis();
        now.saturating_sub(began.unwrap_or(now))
    }
}
