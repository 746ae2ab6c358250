//! Phases on the clock, and promises of time: watched, written down when broken, never enforced.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runbook_model::length::Length;
use runbook_model::path::StepPath;
use runbook_model::state::RunState;

/// The phases that are running, and the run itself at the root.
#[derive(Debug)]
pub(super) struct Budgets {
    running: BTreeMap<StepPath, Running>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    budget: Option<Length>,
    /// By the clock that does not jump. It may lie before the session, so it is signed.
    began: i64,
}

impl Budgets {
    /// The promises of a run at the beginning of a session. What earlier sessions used up is taken from the wall
    /// clock: no other clock outlives a process.
    pub(super) fn new(state: &RunState, now: Timestamp, monotonic: u64) -> Self {
        let began =
            |since: Timestamp| signed(monotonic) - i64::try_from(now.duration_since(since).as_millis().max(0)).unwrap_or(0);
        let whole = (StepPath::root(), Running { budget: state.started().budget, began: began(state.started_at()) });
        let open = state.phases().iter().filter(|(_, phase)| phase.millis.is_none());
        let phases = open.map(|(path, phase)| (path.clone(), Running { budget: phase.budget, began: began(phase.entered) }));
        let mut running: BTreeMap<_, _> = phases.chain([whole]).collect();
        for path in state.broken_budgets() {
            if let Some(running) = running.get_mut(path) {
                running.budget = None;
            }
        }
        Self { running }
    }

    /// Nothing is promised any more: the run is rolled back, perhaps days after it was held.
    pub(super) fn forget(&mut self) {
        self.running.values_mut().for_each(|running| running.budget = None);
    }

    /// A phase begins.
    pub(super) fn enter(&mut self, path: &StepPath, budget: Option<Length>, monotonic: u64) {
        self.running.insert(path.clone(), Running { budget, began: signed(monotonic) });
    }

    /// A phase ended: how long it took, in milliseconds.
    pub(super) fn leave(&mut self, path: &StepPath, monotonic: u64) -> u64 {
        self.running.remove(path).map_or(0, |phase| u64::try_from(signed(monotonic) - phase.began).unwrap_or(0))
    }

    /// The promises that are broken now and were not before.
    pub(super) fn broken(&mut self, monotonic: u64) -> Vec<(StepPath, Length)> {
        let mut broken = Vec::new();
        for (path, running) in &mut self.running {
            if let Some(budget) = running.budget
                && signed(monotonic) - running.began > signed(budget.millis())
            {
                running.budget = None;
                broken.push((path.clone(), budget));
            }
        }
        broken
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
