//! The bars of the picture: what happened from when to when, and how it is to be taken.

use jiff::Timestamp;
use runbook_model::account::{AttemptAccount, Standing, StepAccount};
use runbook_model::outcome::Outcome;

use crate::dossier::{Dossier, Mood};

/// Something that happened for a time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) mood: Mood,
    /// Nobody saw its end.
    pub(super) open: bool,
    /// Somebody was asked: a line to the moment of the answer.
    pub(super) asked: bool,
}

/// One bar an attempt.
pub(super) fn of(dossier: &Dossier, step: &StepAccount) -> Vec<Bar> {
    let last = step.attempts.len().saturating_sub(1);
    let bar = |(nth, attempt): (usize, &AttemptAccount)| {
        let to = attempt.ended.unwrap_or_else(|| left(dossier, attempt)).max(attempt.began);
        let mood = if nth == last { mood(dossier, step) } else { attempted(attempt) };
        Bar { from: attempt.began, to, mood, open: attempt.ended.is_none(), asked: step.kind == "confirm" }
    };
    step.attempts.iter().enumerate().map(bar).collect()
}

/// When an attempt that nobody saw end was last heard of: it goes on, or its session ended.
fn left(dossier: &Dossier, attempt: &AttemptAccount) -> Timestamp {
    let account = &dossier.account;
    let sitting = account.sessions.iter().find(|sitting| sitting.epoch == attempt.epoch);
    match sitting {
        Some(sitting) if sitting.left.is_none() && dossier.at_work.is_some() => dossier.until(),
        Some(sitting) => sitting.last,
        None => account.last_at,
    }
}

/// How what became of a step is to be taken.
pub(crate) fn mood(dossier: &Dossier, step: &StepAccount) -> Mood {
    match step.standing {
        Standing::Done | Standing::Settled if step.rolled_back.is_some() || step.path.is_rollback() => Mood::Back,
        Standing::Done | Standing::Settled => Mood::Good,
        Standing::Failed => Mood::Bad,
        Standing::InFlight if dossier.at_work.is_some() => Mood::Faint,
        Standing::InFlight if step.kind == "check" => Mood::Faint,
        Standing::InFlight | Standing::InDoubt | Standing::Missed | Standing::Waiting | Standing::Unknown => Mood::Warn,
        Standing::Withheld => Mood::Withheld,
        Standing::Skipped | Standing::Open => Mood::Warn,
        Standing::Registered => Mood::Faint,
    }
}

/// How an attempt is to be taken that was not the last.
fn attempted(attempt: &AttemptAccount) -> Mood {
    match &attempt.outcome {
        Some(Outcome::Succeeded(_)) => Mood::Good,
        Some(Outcome::Failed(_)) => Mood::Bad,
        Some(Outcome::Missed(_)) | None => Mood::Warn,
        Some(Outcome::Withheld { .. } | Outcome::Unknown { .. }) => Mood::Withheld,
    }
}
