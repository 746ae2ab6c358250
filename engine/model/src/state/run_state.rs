//! The state itself, and what can be read from it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Owed, Parallel, Step};
use crate::digest::Digest;
use crate::entry::{Entry, Record, RunStarted, Session, Source};
use crate::id::{Epoch, RunId, Seq};
use crate::length::Length;
use crate::path::StepPath;
use crate::person::Person;
use crate::status::RunStatus;

/// What a run is now.
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    pub(super) run: RunId,
    pub(super) started: RunStarted,
    pub(super) started_at: Timestamp,
    pub(super) last_at: Timestamp,
    pub(super) worked_until: Timestamp,
    pub(super) next: Seq,
    pub(super) epoch: Epoch,
    pub(super) session: Option<Session>,
    pub(super) status: RunStatus,
    pub(super) sources: Vec<Source>,
    pub(super) steps: Vec<Arc<Step>>,
    pub(super) index: HashMap<StepPath, usize>,
    pub(super) phases: BTreeMap<StepPath, Phase>,
    pub(super) parallels: BTreeMap<StepPath, Parallel>,
    pub(super) locks: BTreeMap<String, StepPath>,
    pub(super) every_lock: BTreeSet<String>,
    pub(super) owed: Vec<Owed>,
    /// The paths in `owed`: of ten thousand steps hardly one owes twice, and the list shall not be searched for it.
    pub(super) owing: HashSet<StepPath>,
    pub(super) rollback: Option<String>,
    pub(super) broken_budgets: Vec<StepPath>,
    pub(super) notes: BTreeMap<StepPath, u64>,
    pub(super) withheld: bool,
    pub(super) adopted: bool,
    pub(super) operator: Option<Person>,
    pub(super) boots: BTreeMap<Epoch, String>,
    pub(super) secrets: BTreeMap<String, Digest>,
    pub(super) uncharted: bool,
    pub(super) over: Option<RunStatus>,
}

/// A phase of the runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// The time that it promises to keep.
    pub budget: Option<Length>,
    /// When it began, by the wall clock.
    pub entered: Timestamp,
    /// How long it took, once it has ended, in milliseconds.
    pub millis: Option<u64>,
}

impl RunState {
    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// What the run is of.
    #[must_use]
    pub fn started(&self) -> &RunStarted {
        &self.started
    }

    /// Whether it goes on with an edited source.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        self.adopted
    }

    /// The name of whoever started it.
    #[must_use]
    pub fn operator(&self) -> &str {
        self.operator.as_ref().map(|person| person.name.as_str()).unwrap_or_default()
    }

    /// Who started it.
    #[must_use]
    pub fn session_operator(&self) -> Option<Person> {
        self.operator.clone()
    }

    /// In which boot of its machine the process of this epoch ran.
    #[must_use]
    pub fn boot(&self, epoch: Epoch) -> &str {
        self.boots.get(&epoch).map(String::as_str).unwrap_or_default()
    }

    /// When it started, by the wall clock.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When its last record was written, by the wall clock: the latest of all labels.
    #[must_use]
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// When the last record was written that is no part of a review: somebody who reads a run a week later makes it neither
    /// longer nor fresher.
    #[must_use]
    pub fn worked_until(&self) -> Timestamp {
        self.worked_until
    }

    /// Whether the machine that had this run before may have gone further than the journal says: it was taken over from one
    /// that did not let go of it, and nobody has found out yet where that one stopped.
    #[must_use]
    pub fn is_uncharted(&self) -> bool {
        self.uncharted
    }

    /// How the run came to its end, if it has: nothing goes on forwards from there. It stays so whatever is said about one of
    /// its steps later, and when a rollback of it does not come to its first change.
    #[must_use]
    pub fn over(&self) -> Option<&RunStatus> {
        self.over.as_ref()
    }

    /// The sources that it runs from now.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The epoch of the last record.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// How many records there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.next.0
    }

    /// The process that holds the run, or held it when it died.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// What the run is as a whole.
    #[must_use]
    pub fn status(&self) -> &RunStatus {
        &self.status
    }

    /// The keyed digest of the value of each secret that was used last.
    #[must_use]
    pub fn secrets(&self) -> &BTreeMap<String, Digest> {
        &self.secrets
    }

    /// Marks the secrets of a change of which this run used another value before.
    pub fn mark_changed(&self, change: &mut crate::change::Change) {
        for used in change.secrets_mut() {
            used.changed = match (used.print, self.secrets.get(&used.name)) {
                (Some(now), Some(before)) => now != *before,
                _ => false,
            };
        }
    }

    /// Every step, in the order in which each was first asked for.
    #[must_use]
    pub fn steps(&self) -> &[Arc<Step>] {
        &self.steps
    }

    /// Whether the process that has the run now, or had it last, has begun any attempt at a step.
    #[must_use]
    pub fn has_worked(&self) -> bool {
        self.steps.iter().any(|step| step.epoch == self.epoch)
    }

    /// Where a step stands among [`RunState::steps`].
    #[must_use]
    pub fn position(&self, path: &StepPath) -> Option<usize> {
        self.index.get(path).copied()
    }

    /// One step.
    #[must_use]
    pub fn step(&self, path: &StepPath) -> Option<&Step> {
        self.index.get(path).map(|&at| &*self.steps[at])
    }

    /// The phases that were entered.
    #[must_use]
    pub fn phases(&self) -> &BTreeMap<StepPath, Phase> {
        &self.phases
    }

    /// The locks that it has, each with the phase that it is for; the root stands for the whole run.
    #[must_use]
    pub fn locks(&self) -> &BTreeMap<String, StepPath> {
        &self.locks
    }

    /// The locks that it had at any time.
    #[must_use]
    pub fn every_lock(&self) -> &BTreeSet<String> {
        &self.every_lock
    }

    /// Everything that was owed so far, oldest first.
    #[must_use]
    pub fn owed(&self) -> &[Owed] {
        &self.owed
    }

    /// Why it is being rolled back, once it is.
    #[must_use]
    pub fn rollback(&self) -> Option<&str> {
        self.rollback.as_deref()
    }

    /// The phases whose promise of time was broken; the root stands for the whole run.
    #[must_use]
    pub fn broken_budgets(&self) -> &[StepPath] {
        &self.broken_budgets
    }

    /// Steps of which nobody knows yet whether they took effect: their process died, they were stopped half-way, or an
    /// earlier attempt was repeated blindly. They are settled before a rollback.
    #[must_use]
    pub fn doubtful(&self) -> Vec<&Step> {
        self.steps.iter().map(|step| &**step).filter(|step| step.is_doubtful() || step.is_haunted()).collect()
    }

    /// The record that would be written next.
    #[must_use]
    pub fn draft(&self, epoch: Epoch, at: Timestamp, entry: Entry) -> Record {
        Record { v: crate::entry::VERSION, run: self.run, seq: self.next, epoch, at, entry }
    }

    /// How many notes the script has left so far: outside of any `parallel` (the root), and in each branch.
    #[must_use]
    pub fn notes(&self) -> &BTreeMap<StepPath, u64> {
        &self.notes
    }

    /// Whether a change was withheld so far.
    #[must_use]
    pub fn has_withheld(&self) -> bool {
        self.withheld
    }
}
