//! What a run means to do, step by step: taken from its state, to be compared with another one's.
//!
//! A rehearsal and the run after it write the same intents when they mean the same. What differs between them is exactly
//! what the rehearsal could not have shown.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::change::Change;
use crate::digest::{Digest, Digester};
use crate::entry::Intent;
use crate::outcome::Outcome;
use crate::path::StepPath;
use crate::state::{RunState, Step, StepPhase};
use crate::status::RunStatus;
use crate::step::StepKind;

/// The steps that a run came to, in the order in which it first came to them, each as it was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The steps, on the way forward only.
    pub steps: Vec<Planned>,
    /// Whether nothing in it hangs on what was unknown: true of every execution.
    pub certain: bool,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The step.
    pub path: StepPath,
    /// `check`, `command`, `confirm` or `rollback`.
    pub kind: &'static str,
    /// By which it is recognised: its kind and resolved arguments.
    pub fingerprint: Digest,
    /// What would change, in one line; none for a check or a confirm.
    pub change: Option<String>,
    /// What it would owe, in the order in which it is done.
    pub owes: Vec<String>,
}

impl Plan {
    /// The plan of a run.
    #[must_use]
    pub fn of(state: &RunState) -> Self {
        Self::and_owed(state).0
    }

    /// The plan of a run, with the changes that its steps would owe, in the order of the steps: both from one look at each
    /// intent, which may have to be made from its text.
    #[must_use]
    pub fn and_owed(state: &RunState) -> (Self, Vec<Change>) {
        let mut owed = Vec::new();
        let forward = state.steps().iter().filter(|step| !step.path.is_rollback());
        let steps = forward.map(|step| {
            let intent = step.intent();
            let planned = Planned::of(step, intent.as_deref());
            match intent {
                Some(Cow::Borrowed(intent)) => owed.extend_from_slice(&intent.owes),
                Some(Cow::Owned(intent)) => owed.extend(intent.owes),
                None => {}
            }
            planned
        });
        let steps = steps.collect();
        let unknown = |step: &Step| matches!(step.phase, StepPhase::Ended(Outcome::Unknown { .. }));
        let certain = !matches!(state.status(), RunStatus::Unknowable { .. }) && !state.steps().iter().any(|step| unknown(step));
        (Self { steps, certain }, owed)
    }

    /// The digest by which a plan is named: of each step's path and fingerprint, in order.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::default();
        for step in &self.steps {
            digester.update(format!("{}\n{}\n", step.fingerprint, step.path).as_bytes());
        }
        digester.finish()
    }

    /// How many of its steps change something.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.steps.iter().filter(|step| step.kind == "command").count()
    }

    /// The steps of either that the other one does not have just so, each once, in order.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<StepPath> {
        let key = |step: &Planned| (step.path.clone(), step.fingerprint);
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) =
            (self.steps.iter().map(key).collect(), other.steps.iter().map(key).collect());
        let mut paths = BTreeSet::new();
        let of_one = self.steps.iter().filter(|step| !theirs.contains(&key(step)));
        let of_other = other.steps.iter().filter(|step| !ours.contains(&key(step)));
        of_one.chain(of_other).filter(|step| paths.insert(step.path.clone())).map(|step| step.path.clone()).collect()
    }
}

impl Planned {
    fn of(step: &Step, intent: Option<&Intent>) -> Self {
        let change = match intent.map(|intent| &intent.spec.kind) {
            // Not the change as it was prepared: what a file held before is no part of what is meant.
            Some(StepKind::Command(command)) => Some(command.change.line()),
            _ => None,
        };
        Self {
            path: step.path.clone(),
            kind: intent.map_or("rollback", |intent| intent.spec.kind_word()),
            fingerprint: step.fingerprint,
            change,
            owes: intent.iter().flat_map(|intent| &intent.owes).map(Change::line).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(name: &str, argv: &str) -> Planned {
        Planned {
            path: StepPath::root().child(name, 1),
            kind: "command",
            fingerprint: Digest::of(argv.as_bytes()),
            change: Some(argv.to_owned()),
            owes: Vec::new(),
        }
    }

    fn plan(steps: &[(&str, &str)]) -> Plan {
        Plan { steps: steps.iter().map(|(name, argv)| planned(name, argv)).collect(), certain: true }
    }

    #[test]
    fn a_plan_is_named_by_its_steps_and_their_order() {
        let whole = plan(&[("a", "true"), ("b", "true")]);
        assert_eq!(whole.digest(), plan(&[("a", "true"), ("b", "true")]).digest());
        for other in [&[("b", "true"), ("a", "true")][..], &[("a", "true")], &[("a", "false"), ("b", "true")]] {
            assert_ne!(whole.digest(), plan(other).digest());
        }
    }

    #[test]
    fn a_step_that_differs_is_named_once() {
        let (rehearsed, done) = (plan(&[("a", "x"), ("b", "x"), ("c", "x")]), plan(&[("a", "x"), ("b", "y"), ("d", "x")]));
        let names: Vec<_> = rehearsed.differences(&done).iter().map(|path| path.name().to_owned()).collect();
        assert_eq!(names, ["b", "c", "d"]);
        assert!(rehearsed.differences(&rehearsed).is_empty());
    }
}
