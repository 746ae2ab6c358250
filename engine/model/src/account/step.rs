//! One step with every attempt at it.

use jiff::Timestamp;
use serde::Serialize;

use crate::entry::{Intent, Verdict};
use crate::id::{Epoch, Seq};
use crate::outcome::{Observed, Outcome};
use crate::path::StepPath;
use crate::person::Decider;
use crate::state::{Step, StepPhase};
use crate::step::{RollbackPlan, StepKind, StepSpec};

/// One step with every attempt at it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepAccount {
    /// Where it stands.
    pub path: StepPath,
    /// `check`, `command`, `confirm` or `rollback`.
    pub kind: &'static str,
    /// What people call it.
    pub name: String,
    /// The branch of a `parallel` in which it, or what it rolls back, stands: that path and the key of an item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<StepPath>,
    /// What became of it.
    pub standing: Standing,
    /// The attempts, in order; none when it was only registered as owed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptAccount>,
    /// When it was rolled back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<Timestamp>,
    /// What it owes, when it is a rollback that was registered on its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<RollbackPlan>,
}

/// One attempt at a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptAccount {
    /// The record that says it was about to start.
    pub seq: Seq,
    /// The session that made it.
    pub epoch: Epoch,
    /// When it was about to start.
    pub began: Timestamp,
    /// When its end was written down; absent when nobody saw it end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// From intent to end, in milliseconds of a clock that does not jump.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// What was asked for, what exactly was to be done, and what rolls it back.
    #[serde(flatten)]
    pub intent: Box<Intent>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How often a check looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// What its last look went by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observed>,
    /// How a doubt about it was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
}

/// How a doubt was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub verdict: Verdict,
    /// Who or what says so.
    pub by: Decider,
    /// Why, or by what evidence.
    pub why: String,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It did what it should.
    Done,
    /// It took effect, as a decision says.
    Settled,
    /// It failed.
    Failed,
    /// An advisory check missed.
    Missed,
    /// It was passed over.
    Skipped,
    /// A rehearsal did not do it.
    Withheld,
    /// A rehearsal cannot know it.
    Unknown,
    /// It failed or did not happen, and is to be tried again.
    Open,
    /// A confirm that waits for an answer.
    Waiting,
    /// An attempt has begun and nobody wrote down how it ended: it goes on, or its process died.
    InFlight,
    /// Nobody knows whether it took effect.
    InDoubt,
    /// A rollback was registered as owed.
    Registered,
}

impl Standing {
    /// Of a step as the state has it.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        match &step.phase {
            StepPhase::Ended(Outcome::Succeeded(_)) => Self::Done,
            StepPhase::Ended(Outcome::Failed(_)) if step.is_doubtful() || step.is_haunted() => Self::InDoubt,
            StepPhase::Ended(Outcome::Failed(_)) => Self::Failed,
            StepPhase::Ended(Outcome::Missed(_)) => Self::Missed,
            StepPhase::Ended(Outcome::Withheld { .. }) => Self::Withheld,
            StepPhase::Ended(Outcome::Unknown { .. }) => Self::Unknown,
            StepPhase::Intended => match step.open_spec().map(|spec| &spec.kind) {
                Some(StepKind::Confirm(_)) => Self::Waiting,
                _ => Self::InFlight,
            },
            StepPhase::Open => Self::Open,
            StepPhase::Settled => Self::Settled,
            StepPhase::Skipped => Self::Skipped,
            StepPhase::Registered => Self::Registered,
        }
    }

    /// One to three words for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Settled => "took effect",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
            Self::Withheld => "withheld",
            Self::Unknown => "unknown",
            Self::Open => "to be tried again",
            Self::Waiting => "waiting",
            Self::InFlight => "in flight",
            Self::InDoubt => "in doubt",
            Self::Registered => "registered",
        }
    }
}

impl StepAccount {
    /// The last attempt.
    #[must_use]
    pub fn last(&self) -> Option<&AttemptAccount> {
        self.attempts.last()
    }

    /// Its name, behind that of its item when it stands in a branch of a `parallel`: each of them has steps of the same names.
    #[must_use]
    pub fn named(&self) -> String {
        self.branch.as_ref().map_or_else(|| self.name.clone(), |branch| format!("{}: {}", branch.name(), self.name))
    }

    /// What became of it, in one or two words; that it was rolled back says more than how it went before.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.rolled_back.is_some() { "rolled back" } else { self.standing.word() }
    }

    /// What the script asked for last; absent for a rollback that was registered on its own.
    #[must_use]
    pub fn spec(&self) -> Option<&StepSpec> {
        self.last().map(|attempt| &attempt.intent.spec)
    }

    /// The time that all its attempts took, in milliseconds; absent when that of none is known.
    #[must_use]
    pub fn millis(&self) -> Option<u64> {
        self.attempts.iter().filter_map(AttemptAccount::took).reduce(u64::saturating_add)
    }
}

impl AttemptAccount {
    /// How long it took, in milliseconds: by the clock that does not jump, else by the labels; absent when nobody saw its end.
    #[must_use]
    pub fn took(&self) -> Option<u64> {
        self.millis.or_else(|| Some(between(self.began, self.ended?)))
    }
}

/// Milliseconds between two labels; 0 when the clock went back in between.
pub(super) fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0)
}
