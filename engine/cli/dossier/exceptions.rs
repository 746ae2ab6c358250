//! What a run that completed did not simply do: a completed run is not always one that did all it should.

use runbook_model::account::{Account, Standing, StepAccount};
use runbook_model::person::Decider;

/// What of a run went otherwise than it should, and did not keep it from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Exceptions {
    /// Steps that were passed over.
    skipped: usize,
    /// Steps of which nobody but a person could say whether they took effect.
    settled: usize,
    /// Items of a `parallel` that failed, and that it let.
    items: usize,
}

impl Exceptions {
    pub(super) fn of(account: &Account) -> Self {
        let by_a_person = |step: &&StepAccount| {
            let resolved = step.attempts.iter().filter_map(|attempt| attempt.resolved.as_ref());
            resolved.into_iter().any(|resolved| matches!(resolved.by, Decider::Person(_) | Decider::Flag(_)))
        };
        Self {
            skipped: account.steps.iter().filter(|step| step.standing == Standing::Skipped).count(),
            settled: account.steps.iter().filter(by_a_person).count(),
            items: account.items_failed,
        }
    }

    /// "2 items failed, 1 step passed over, 2 settled by a person"; `None` when there are none.
    pub(super) fn told(self) -> Option<String> {
        let counted = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
        let items = (self.items > 0).then(|| format!("{} failed", counted(self.items, "item")));
        let steps = match (self.skipped, self.settled) {
            (0, 0) => None,
            (skipped, 0) => Some(format!("{} passed over", counted(skipped, "step"))),
            (0, settled) => Some(format!("{} settled by a person", counted(settled, "step"))),
            (skipped, settled) => Some(format!("{} passed over, {settled} settled by a person", counted(skipped, "step"))),
        };
        let parts: Vec<_> = items.into_iter().chain(steps).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
