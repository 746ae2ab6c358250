//! What the program's end tells a script. `docs/src/reference/exit-codes.md` is the same table; a test compares them.

use std::fmt::Write as _;

use runbook_model::status::RunStatus;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Done; for a dry run: nothing in it was unknowable.
    Completed = 0,
    /// A step failed.
    StepFailed = 1,
    /// Usage, configuration or script error.
    NothingRun = 2,
    /// A dry run that could not know all.
    Unknowable = 3,
    /// The run waits for an answer.
    Waiting = 4,
    /// A step is in doubt.
    InDoubt = 5,
    /// The run was rolled back.
    RolledBack = 6,
    /// A rollback failed.
    Stuck = 7,
    /// A person said no.
    Declined = 8,
    /// The work is done, the audit trail does not have it yet.
    Unsealed = 9,
    /// The engine declined to act.
    Refused = 10,
    /// The journal or the audit trail cannot be trusted.
    Damaged = 11,
    /// The operator stopped it.
    Interrupted = 130,
}

impl ExitCode {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Completed,
        Self::StepFailed,
        Self::NothingRun,
        Self::Unknowable,
        Self::Waiting,
        Self::InDoubt,
        Self::RolledBack,
        Self::Stuck,
        Self::Declined,
        Self::Unsealed,
        Self::Refused,
        Self::Damaged,
        Self::Interrupted,
    ];

    /// The number that the shell sees: 0 to 11, or 130.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// What it means, in one line.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Completed => "completed (dry run: every step verified or withheld, nothing unknowable)",
            Self::StepFailed => "a step failed; the run is resumable",
            Self::NothingRun => "usage, configuration or script error; nothing was run",
            Self::Unknowable => "dry run: part of it is unknowable",
            Self::Waiting => "waiting for an answer (suspended, resumable)",
            Self::InDoubt => "a step is in doubt; settle it with `runbook resolve`",
            Self::RolledBack => "rolled back",
            Self::Stuck => "stuck: a rollback failed",
            Self::Declined => "declined at a confirm",
            Self::Unsealed => "the run's work is done but it is not sealed",
            Self::Refused => "refused: held by another, journal mismatch, policy, no room on the disk",
            Self::Damaged => "the journal or the audit trail is damaged",
            Self::Interrupted => "interrupted; resumable",
        }
    }

    /// With what the program ends when it leaves a run in this status.
    #[must_use]
    pub fn of(status: &RunStatus) -> Self {
        match status {
            RunStatus::Completed | RunStatus::Rehearsed { unknown: 0 } => Self::Completed,
            RunStatus::Rehearsed { .. } | RunStatus::Unknowable { .. } => Self::Unknowable,
            RunStatus::Failed { .. } => Self::StepFailed,
            RunStatus::Suspended { .. } => Self::Waiting,
            RunStatus::InDoubt { .. } => Self::InDoubt,
            RunStatus::RolledBack => Self::RolledBack,
            RunStatus::Stuck { .. } => Self::Stuck,
            RunStatus::Declined { .. } => Self::Declined,
            // A run that was given up takes no more steps: asking for one is refused.
            RunStatus::Mismatch { .. } | RunStatus::Abandoned { .. } => Self::Refused,
            // To leave a run that still works, forwards or backwards, is to break off.
            RunStatus::Interrupted | RunStatus::Running | RunStatus::RollingBack => Self::Interrupted,
        }
    }

    /// The table for `runbook help exit-codes`.
    #[must_use]
    pub fn table() -> String {
        let mut table = String::from("Exit codes\n\n");
        for code in Self::ALL {
            // Writing to a String does not fail.
            writeln!(table, "{:>5}  {}", code.number(), code.meaning()).ok();
        }
        table
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_the_same_table() {
        let manual = include_str!("../../docs/src/reference/exit-codes.md");
        let rows: Vec<_> = manual
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
            .filter_map(|(number, meaning)| Some((number.trim().parse::<u8>().ok()?, meaning.trim().to_owned())))
            .collect();
        let codes: Vec<_> = ExitCode::ALL.iter().map(|code| (code.number(), code.meaning().to_owned())).collect();
        assert_eq!(rows, codes);
    }

    #[test]
    fn a_rehearsal_that_knows_all_is_a_success_and_one_that_does_not_is_told_apart() {
        assert_eq!(ExitCode::of(&RunStatus::Rehearsed { unknown: 0 }), ExitCode::Completed);
        assert_eq!(ExitCode::of(&RunStatus::Rehearsed { unknown: 2 }), ExitCode::Unknowable);
    }
}
