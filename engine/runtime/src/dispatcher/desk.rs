//! What one session shares.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use runbook_model::entry::Entry;
use runbook_model::id::Seq;
use runbook_model::outcome::Observed;
use runbook_model::path::StepPath;
use runbook_model::step::{Location, StepSpec};
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use super::interrupts::Interrupts;
use super::ledger::Ledger;
use super::locking::Locks;
use super::play::TICK;
use super::{Halt, branches::Gathering, budgets::Budgets, notary::Notary, notes::Notes, sealing::Sealer};
use crate::prompter::Prompter;
use crate::world::{Limits, World};

/// What one session shares. The calls of a script, also of its parallel branches, are tasks of one thread over it.
pub(super) struct Desk {
    pub(super) ledger: Ledger,
    pub(super) world: Rc<dyn World>,
    pub(super) interrupts: Interrupts,
    pub(super) sealer: Sealer,
    pub(super) locks: Locks,
    pub(super) notary: Notary,
    /// Records before this one came from another machine.
    pub(super) brought: Seq,
    pub(super) budgets: RefCell<Budgets>,
    pub(super) notes: RefCell<Notes>,
    pub(super) turns: RefCell<HashMap<StepPath, Turn>>,
    /// The steps that this play of the script has come to.
    visited: RefCell<HashSet<StepPath>>,
    /// Steps before this place in the state's list were all visited: keeps the search for one passed by short.
    settled: Cell<usize>,
    /// Who answers the script on its own thread, and how many of those answers are known here.
    prompter: RefCell<Arc<Prompter>>,
    prompted: Cell<usize>,
    /// Whether the script is played only to find its rollback blocks again.
    replaying: Cell<bool>,
    /// Whether the script is played only to ask its `settled_by` checks about steps in doubt.
    settling: Cell<bool>,
    halt: RefCell<Option<Halt>>,
    /// The `parallel` that the script is in.
    pub(super) gathering: RefCell<Option<Gathering>>,
    /// Rings when a branch has moved, or the session has to stop.
    pub(super) moved: Notify,
    /// Whoever asks a person: one at a time.
    pub(super) asking: Mutex<()>,
    /// The effects that are waited for, and how seriously the operator was told what their signals mean for them.
    pub(super) attended: Cell<usize>,
    pub(super) announced: Cell<u32>,
    /// When it ticks next. It goes on from one play, or change of a rollback, to the next: each may take less than a tick.
    pub(super) due: Cell<Instant>,
    /// How often time has passed; wraps.
    pub(super) ticks: Cell<u32>,
}

/// A step in the middle of its conversation with the script.
pub(super) struct Turn {
    pub(super) spec: StepSpec,
    pub(super) location: Location,
    pub(super) began: u64,
    pub(super) looks: u32,
    pub(super) observed: Vec<Observed>,
    pub(super) settling: bool,
}

impl Desk {
    pub(super) fn new(
        ledger: Ledger,
        world: Rc<dyn World>,
        interrupts: Interrupts,
        sealer: Sealer,
        locks: Locks,
        notary: Notary,
        brought: Seq,
    ) -> Self {
        let budgets = RefCell::new(Budgets::new(&ledger.state(), world.now(), world.monotonic_millis()));
        Self {
            ledger,
            world,
            interrupts,
            sealer,
            locks,
            notary,
            brought,
            budgets,
            notes: RefCell::default(),
            turns: RefCell::default(),
            visited: RefCell::default(),
            settled: Cell::new(0),
            prompter: RefCell::default(),
            prompted: Cell::new(0),
            replaying: Cell::new(false),
            settling: Cell::new(false),
            halt: RefCell::new(None),
            gathering: RefCell::default(),
            moved: Notify::new(),
            asking: Mutex::new(()),
            attended: Cell::new(0),
            announced: Cell::new(0),
            due: Cell::new(Instant::now() + TICK),
            ticks: Cell::new(0),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub(super) fn write(&self, entry: Entry) -> Result<(), Halt> {
        self.ledger.write(entry, self.now())
    }

    pub(super) fn limits(&self, timeout: Option<runbook_model::length::Length>) -> Limits {
        Limits { timeout, stop: self.interrupts.stop() }
    }

    /// Stops the session. When several branches stop it the gravest reason counts, and the first of those: a step in doubt
    /// is not hidden by a signal.
    pub(super) fn halt(&self, halt: Halt) {
        // A question that waits for its answer waits, whatever else stops the run.
        let resting = self.gathering.borrow_mut().as_mut().and_then(|gathering| gathering.takes_precedence(&halt));
        let halt = resting.unwrap_or(halt);
        {
            let mut why = self.halt.borrow_mut();
            if why.as_ref().is_none_or(|why| why.gravity() < halt.gravity()) {
                *why = Some(halt);
            }
        }
        self.moved.notify_waiters();
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halt.borrow().is_some()
    }

    pub(super) fn take_halt(&self) -> Option<Halt> {
        self.halt.borrow_mut().take()
    }

    /// A new play begins: the script comes to every step again.
    pub(super) fn rewind(&self) {
        self.visited.borrow_mut().clear();
        self.settled.set(0);
        self.turns.borrow_mut().clear();
        self.prompter.replace(Arc::new(Prompter::of(&self.ledger.state())));
        self.prompted.set(0);
        *self.gathering.borrow_mut() = None;
        self.ledger.gather(false);
        self.notes.borrow_mut().rewind(self.ledger.state().notes().clone());
    }

    /// Says whether the script is played only to find its rollback blocks again: then it writes nothing down.
    pub(super) fn replay_only(&self, replaying: bool) {
        self.replaying.set(replaying);
    }

    /// Says whether the script is played only to ask its `settled_by` checks: then it writes nothing else down, and goes no
    /// further than its record does.
    pub(super) fn settle_only(&self, settling: bool) {
        self.settling.set(settling);
        self.replaying.set(settling);
    }

    pub(super) fn is_settling(&self) -> bool {
        self.settling.get()
    }

    pub(super) fn is_replaying(&self) -> bool {
        self.replaying.get()
    }

    /// Who answers the script in this play, on its own thread.
    pub(super) fn prompter(&self) -> Arc<Prompter> {
        Arc::clone(&self.prompter.borrow())
    }

    /// Learns which steps the script has come to without asking here.
    fn hear_prompter(&self) {
        let (prompter, mut visited) = (self.prompter.borrow(), self.visited.borrow_mut());
        for path in prompter.answered(self.prompted.get()) {
            visited.insert(path.clone());
            self.prompted.update(|heard| heard + 1);
        }
    }

    pub(super) fn visit(&self, path: &StepPath) {
        self.visited.borrow_mut().insert(path.clone());
    }

    /// The first recorded forward step that this play has not come to before it asks for what stands at `path`: of those
    /// before that, when it is recorded itself. Steps in branches beside do not count: their order is free.
    pub(super) fn passed_by(&self, path: &StepPath) -> Option<StepPath> {
        self.hear_prompter();
        let (state, visited) = (self.ledger.state(), self.visited.borrow());
        let mut at = self.settled.get();
        while state.steps().get(at).is_some_and(|step| step.path.is_rollback() || visited.contains(&step.path)) {
            at += 1;
        }
        self.settled.set(at);
        let end = state.position(path).unwrap_or(state.steps().len());
        let mut before = state.steps()[at.min(end)..end].iter();
        let passed = before
            .find(|step| !step.path.is_rollback() && !visited.contains(&step.path) && !state.are_concurrent(&step.path, path));
        passed.map(|step| step.path.clone())
    }
}
