//! Steps for many items at a time: which branches have begun, which have ended, and whether another one may begin.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::RunState;
use crate::entry::{BranchFailure, ParallelEntered};
use crate::path::StepPath;

/// A `parallel` of the runbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// The keys of the items, how many branches run at a time, and how many may fail.
    pub asked: ParallelEntered,
    /// When it began, by the wall clock.
    pub entered: Timestamp,
    /// The branches that have begun, by the key of their item.
    branches: BTreeMap<String, Branch>,
    running: u32,
    failed: u32,
    /// How long it took, once it has ended, in milliseconds.
    pub(super) left: Option<u64>,
}

/// The branch of one item.
#[derive(Debug, Clone, PartialEq)]
enum Branch {
    /// It has begun, and has not come to its end.
    Running,
    /// It came to its end.
    Left(Option<BranchFailure>),
}

impl Parallel {
    pub(super) fn new(asked: ParallelEntered, entered: Timestamp) -> Self {
        Self { asked, entered, branches: BTreeMap::new(), running: 0, failed: 0, left: None }
    }

    /// Whether the branch of this item has begun.
    #[must_use]
    pub fn has_begun(&self, key: &str) -> bool {
        self.branches.contains_key(key)
    }

    /// Whether the branch of this item came to its end.
    #[must_use]
    pub fn has_left(&self, key: &str) -> bool {
        matches!(self.branches.get(key), Some(Branch::Left(_)))
    }

    /// Whether it has ended as a whole.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.left.is_some()
    }

    /// Whether more branches failed than may.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed > self.asked.max_failures
    }

    /// Whether another branch may begin, as far as failures go.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        !self.is_over() && !self.has_failed() && self.branches.len() < self.asked.items.len()
    }

    /// Whether fewer branches run than may. One that rests has not ended, and keeps its place.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.running < self.asked.max
    }

    /// The branches that failed, in the order of the items.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &BranchFailure)> {
        self.asked.items.iter().filter_map(|key| match self.branches.get(key) {
            Some(Branch::Left(Some(failure))) => Some((key.as_str(), failure)),
            _ => None,
        })
    }

    /// The items whose branches never began, in order.
    pub fn not_reached(&self) -> impl Iterator<Item = &str> {
        self.asked.items.iter().filter(|key| !self.has_begun(key)).map(String::as_str)
    }

    /// What became of the items, in one line: which failed, and how many were never reached.
    #[must_use]
    pub fn line(&self) -> String {
        let failures: Vec<_> = self.failures().map(|(key, failure)| format!("{key} ({})", failure.message)).collect();
        told(self.asked.path.name(), self.asked.items.len(), &failures, self.not_reached().count())
    }

    /// What takes an edited list of items: every branch that has begun must still be there.
    pub(super) fn adopt(&mut self, asked: ParallelEntered) -> Result<(), String> {
        if self.is_over() {
            return Err("the parallel is over".to_owned());
        }
        if let Some(gone) = self.branches.keys().find(|key| !asked.items.contains(key)) {
            return Err(format!("the item `{gone}` has begun, and is not among the items any more"));
        }
        self.asked = asked;
        Ok(())
    }

    pub(super) fn begin(&mut self, key: &str) -> Result<(), String> {
        if !self.asked.items.iter().any(|item| item == key) {
            return Err(format!("there is no item `{key}`"));
        }
        if self.has_begun(key) {
            return Err(format!("the branch of `{key}` has begun already"));
        }
        if !self.goes_on() {
            return Err("no other branch may begin: it is over, or too many have failed".to_owned());
        }
        if !self.has_room() {
            return Err(format!("{} branches run already, and not more may", self.running));
        }
        self.branches.insert(key.to_owned(), Branch::Running);
        self.running += 1;
        Ok(())
    }

    pub(super) fn end(&mut self, key: &str, failure: Option<BranchFailure>) -> Result<(), String> {
        match self.branches.get_mut(key) {
            Some(branch @ Branch::Running) => {
                self.running -= 1;
                self.failed += u32::from(failure.is_some());
                *branch = Branch::Left(failure);
                Ok(())
            }
            _ => Err(format!("the branch of `{key}` does not run")),
        }
    }

    pub(super) fn leave(&mut self, millis: u64) -> Result<(), String> {
        if self.running > 0 {
            return Err(format!("{} of its branches still run", self.running));
        }
        if self.is_over() || self.goes_on() {
            return Err("it is over already, or goes on".to_owned());
        }
        self.left = Some(millis);
        Ok(())
    }

    /// A step of this branch is open again: so is the branch, and the whole.
    pub(super) fn reopen(&mut self, key: &str) {
        if let Some(branch @ Branch::Left(_)) = self.branches.get_mut(key) {
            if matches!(branch, Branch::Left(Some(_))) {
                self.failed -= 1;
            }
            *branch = Branch::Running;
            self.running += 1;
        }
        self.left = None;
    }

    /// The source was edited: branches that the script itself failed may do better.
    pub(super) fn reopen_mistakes(&mut self) {
        let mistaken = self.failures().filter(|(_, failure)| failure.step.is_none());
        let keys: Vec<_> = mistaken.map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            self.reopen(&key);
        }
        self.left = None;
    }
}

/// What became of the items, in one line.
#[must_use]
pub fn told(name: &str, items: usize, failures: &[String], not_reached: usize) -> String {
    const NAMED: usize = 5;
    let mut line = format!("{} of {items} items of `{name}` failed", failures.len());
    if !failures.is_empty() {
        line.push_str(": ");
        line.push_str(&failures.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "));
    }
    if failures.len() > NAMED {
        line.push_str(&format!(", and {} more", failures.len() - NAMED));
    }
    if not_reached > 0 {
        line.push_str(&format!("; {not_reached} not reached"));
    }
    line
}

impl RunState {
    /// Every `parallel` that was entered, by its path.
    #[must_use]
    pub fn parallels(&self) -> &BTreeMap<StepPath, Parallel> {
        &self.parallels
    }

    /// The `parallel` in one of whose branches this path lies.
    #[must_use]
    pub fn parallel_around(&self, path: &StepPath) -> Option<&Parallel> {
        // Most runs have none, and every step asks.
        if self.parallels.is_empty() {
            return None;
        }
        path.ancestors().find_map(|ancestor| self.parallels.get(&ancestor))
    }

    /// The branch in which this path lies: the path of a `parallel` and the key of an item.
    #[must_use]
    pub fn branch_around(&self, path: &StepPath) -> Option<StepPath> {
        let parallel = self.parallel_around(path)?;
        let branches = path.ancestors().chain([path.clone()]);
        branches.skip_while(|at| *at != parallel.asked.path).nth(1)
    }

    /// Whether the order of two paths is free: they lie in different branches of one `parallel`.
    #[must_use]
    pub fn are_concurrent(&self, one: &StepPath, other: &StepPath) -> bool {
        if self.parallels.is_empty() {
            return false;
        }
        let shared = one.shared_with(other);
        shared != *one && shared != *other && self.parallels.contains_key(&shared)
    }

    /// Whether nothing was begun behind this step, except in branches beside it.
    #[must_use]
    pub fn is_newest(&self, path: &StepPath) -> bool {
        let newer = self.steps.iter().rev().take_while(|step| step.path != *path);
        self.index.contains_key(path) && newer.into_iter().all(|step| self.are_concurrent(&step.path, path))
    }

    /// The steps that are to be tried again together with this one: when it made a branch fail, those of all branches that
    /// failed with it.
    #[must_use]
    pub fn failed_together(&self, path: &StepPath) -> Vec<StepPath> {
        let steps =
            |parallel: &Parallel| -> Vec<_> { parallel.failures().filter_map(|(_, failure)| failure.step.clone()).collect() };
        match self.parallel_around(path).filter(|parallel| parallel.has_failed()).map(steps) {
            Some(steps) if steps.contains(path) => steps,
            _ => vec![path.clone()],
        }
    }

    pub(super) fn parallel_of(&mut self, branch: &StepPath) -> Result<(&mut Parallel, String), String> {
        let key = branch.name().to_owned();
        let parallel = self.parallels.get_mut(&branch.parent()).filter(|parallel| parallel.asked.path.child(&key, 1) == *branch);
        parallel.map(|parallel| (parallel, key)).ok_or_else(|| format!("`{branch}` is no branch of a parallel"))
    }

    /// A step is open again, and with it the branch in which it lies.
    pub(super) fn reopen_around(&mut self, path: &StepPath) {
        if let Some(branch) = self.branch_around(path)
            && let Ok((parallel, key)) = self.parallel_of(&branch)
        {
            parallel.reopen(&key);
        }
    }

    pub(super) fn enter_parallel(&mut self, asked: &ParallelEntered, at: Timestamp) -> Result<(), String> {
        if self.rollback.is_some() || asked.path.is_rollback() {
            return Err("a run that is rolled back never goes forward again".to_owned());
        }
        if self.parallel_around(&asked.path).is_some() {
            return Err("it lies in a branch of another".to_owned());
        }
        let mut keys: Vec<_> = asked.items.iter().collect();
        keys.sort_unstable();
        if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("the item `{}` is there twice", twice[0]));
        }
        let adopted = self.adopted;
        match self.parallels.get_mut(&asked.path) {
            Some(parallel) if adopted => parallel.adopt(asked.clone()),
            Some(_) => Err("it was entered already".to_owned()),
            None => {
                self.parallels.insert(asked.path.clone(), Parallel::new(asked.clone(), at));
                Ok(())
            }
        }
    }

    /// A source was edited: what the script itself made fail may be tried again, as long as nothing was done behind it.
    pub(super) fn reopen_mistakes(&mut self) {
        let Some(newest) = self.steps.last().map(|step| step.path.clone()) else { return };
        for parallel in self.parallels.values_mut() {
            if parallel.has_failed() && newest.is_within(&parallel.asked.path) {
                parallel.reopen_mistakes();
            }
        }
    }
}
