//! What a run that completed did not simply do: a completed run is not always one that did all it should.

use runbook_model::account::{Account, Standing, StepAccount};
use runbook_model::person::Decider;

/// Steps of a run that somebody had to step in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Exceptions {
    /// Steps that were passed over.
    skipped: usize,
    /// Steps of which nobody but a person could say whether they took effect.
    settled: usize,
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
        }
    }

    /// "1 step passed over, 2 settled by a person"; `None` when there are none.
    pub(super) fn told(self) -> Option<String> {
        let counted = |n: usize| if n == 1 { "1 step".to_owned() } else { format!("{n} steps") };
        match (self.skipped, self.settled) {
            (0, 0) => None,
            (skipped, 0) => Some(format!("{} passed over", counted(skipped))),
            (0, settled) => Some(format!("{} settled by a person", counted(settled))),
            (skipped, settled) => Some(format!("{} passed over, {settled} settled by a person", counted(skipped))),
        }
    }
}
