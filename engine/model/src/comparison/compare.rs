//! Two accounts, held against each other.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::matching::Matching;
use super::{Difference, PhasePair, Side, SourcePair, StepPair, Unlike, difference};
use crate::account::{Account, StepAccount};
use crate::entry::Mode;
use crate::id::RunId;
use crate::path::StepPath;

/// Two runs side by side: only what differs, and every step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first run.
    pub left: RunId,
    /// The second run.
    pub right: RunId,
    /// What differs between any two runs: who, when, where, from which commit. Never a reason to call them different.
    pub circumstances: Vec<Unlike>,
    /// What the runs are of and what became of them, where that differs.
    pub facts: Vec<Unlike>,
    /// Parameters that differ, by name.
    pub params: Vec<Unlike>,
    /// Settings that differ, by name.
    pub settings: Vec<Unlike>,
    /// Sources that differ, by name.
    pub sources: Vec<SourcePair>,
    /// Phases that took another time or are in one run only.
    pub phases: Vec<PhasePair>,
    /// Every step of either run: in the order of the first, those of the second alone where they come in it.
    pub steps: Vec<StepPair>,
}

impl Comparison {
    /// Compares only what two runs meant to do: a rehearsal with an execution, staging with production. How they ended, what
    /// came of their steps and the way back are circumstances then.
    #[must_use]
    pub fn of_plans(left: &Account, right: &Account) -> Self {
        let mut plans = Self::of(left, right);
        plans.circumstances.splice(0..0, plans.facts.drain(..));
        plans.phases.clear();
        plans.steps.retain(|step| !step.path.is_rollback());
        for step in &mut plans.steps {
            step.differences.retain(|difference| matches!(difference, Difference::Asked { .. }));
        }
        plans
    }

    /// Compares two runs.
    #[must_use]
    pub fn of(left: &Account, right: &Account) -> Self {
        let source = |account: &Account| -> BTreeMap<_, _> {
            account.started.sources.iter().map(|source| (source.name.clone(), source.digest)).collect()
        };
        let params = |account: &Account| -> BTreeMap<_, _> {
            account.started.params.iter().map(|(name, given)| (name.clone(), given.value.to_string())).collect()
        };
        let settings = |account: &Account| -> BTreeMap<_, _> {
            account.started.settings.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
        };
        let phases =
            |account: &Account| -> Vec<_> { account.phases.iter().map(|(path, _, millis)| (path.clone(), *millis)).collect() };
        let sources = unlike(&source(left), &source(right));
        Self {
            left: left.run,
            right: right.run,
            circumstances: different(&circumstances(left), &circumstances(right)),
            facts: different(&facts(left), &facts(right)),
            params: different(&params(left), &params(right)),
            settings: different(&settings(left), &settings(right)),
            sources: sources.into_iter().map(|(name, left, right)| SourcePair { name, left, right }).collect(),
            phases: phase_pairs(&phases(left), &phases(right)),
            steps: step_pairs(left, right),
        }
    }

    /// Whether the same was asked for and the same came of it.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let given = self.facts.is_empty() && self.params.is_empty() && self.settings.is_empty() && self.sources.is_empty();
        given && self.steps.iter().all(StepPair::is_same)
    }
}

fn circumstances(account: &Account) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    let mut put = |name: &str, value: String| known.insert(name.to_owned(), value);
    if let Some(sitting) = account.sessions.first() {
        put("by", format!("{}@{}", sitting.session.operator.name, sitting.session.operator.host));
        put("engine", sitting.session.engine.clone());
    }
    if let Some(provenance) = &account.started.provenance {
        put("commit", format!("{}{}", provenance.commit, if provenance.dirty { " (edited)" } else { "" }));
    }
    put("root", account.started.root.clone());
    known
}

fn facts(account: &Account) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    let mut put = |name: &str, value: String| known.insert(name.to_owned(), value);
    put("runbook", account.started.runbook.clone());
    put("mode", if account.started.mode == Mode::Live { "live" } else { "rehearsal" }.to_owned());
    put("state", account.state.word().to_owned());
    if let Some(env) = &account.started.env {
        put("environment", env.clone());
    }
    if let Some(budget) = account.started.budget {
        put("budget", budget.to_string());
    }
    known
}

type Unequal<T> = (String, Option<T>, Option<T>);

fn unlike<T: PartialEq + Clone>(left: &BTreeMap<String, T>, right: &BTreeMap<String, T>) -> Vec<Unequal<T>> {
    let names: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
    let both = names.into_iter().map(|name| (name.clone(), left.get(name).cloned(), right.get(name).cloned()));
    both.filter(|(_, left, right)| left != right).collect()
}

fn different(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) -> Vec<Unlike> {
    unlike(left, right).into_iter().map(|(name, left, right)| Unlike { name, left, right }).collect()
}

fn phase_pairs(left: &[(StepPath, Option<u64>)], right: &[(StepPath, Option<u64>)]) -> Vec<PhasePair> {
    let millis = |side: &[(StepPath, Option<u64>)], path| side.iter().find(|(of, _)| of == path).and_then(|(_, millis)| *millis);
    let mut seen = HashSet::new();
    let mut pairs = Vec::new();
    for (path, _) in left.iter().chain(right).filter(|(path, _)| seen.insert(path.clone())) {
        pairs.push(PhasePair { path: path.clone(), left: millis(left, path), right: millis(right, path) });
    }
    pairs.retain(|pair| pair.left != pair.right);
    pairs
}

/// Every step once, the order of both runs kept as far as they agree on one.
fn step_pairs(left: &Account, right: &Account) -> Vec<StepPair> {
    let Matching { twins, matched } = Matching::of(&left.steps, &right.steps);
    let mut pairs = Vec::with_capacity(left.steps.len());
    let mut next = 0;
    for (step, twin) in left.steps.iter().zip(twins) {
        if let Some(at) = twin {
            // What only the other run did before this step comes before it.
            (next..at).filter(|alone| !matched[*alone]).for_each(|alone| pairs.push(only_right(&right.steps[alone])));
            next = next.max(at + 1);
        }
        let twin = twin.map(|at| &right.steps[at]);
        pairs.push(StepPair {
            path: step.path.clone(),
            kind: step.kind,
            name: step.name.clone(),
            left: Some(Side::of(step)),
            right: twin.map(Side::of),
            differences: twin.map(|twin| difference::of(step, twin)).unwrap_or_default(),
        });
    }
    (next..right.steps.len()).filter(|alone| !matched[*alone]).for_each(|alone| pairs.push(only_right(&right.steps[alone])));
    pairs
}

/// A step that the first run does not have.
fn only_right(step: &StepAccount) -> StepPair {
    let (path, name, right) = (step.path.clone(), step.name.clone(), Some(Side::of(step)));
    StepPair { path, kind: step.kind, name, left: None, right, differences: Vec::new() }
}
