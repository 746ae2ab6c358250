//! Why a session could not begin, and what to do about it.

use runbook_runtime::dispatcher::{NoLock, Refused};
use runbook_runtime::journal::{CreateError, OpenError, ReadError, SourceError};

use super::lost;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::workplace::no_room;

/// A lock that is not to be had, and what to do about it.
pub(super) fn locked(no: &NoLock) -> Failure {
    match no {
        NoLock::Kept { claim, .. } => {
            let run = claim.run;
            Failure::new(ExitCode::Refused, no.to_string())
                .hint(format!("runbook show {run}"))
                .hint(format!("runbook resume {run}, or runbook rollback {run}, or runbook abandon {run} --why '…'"))
        }
        NoLock::Crossed { .. } => Failure::new(ExitCode::Refused, no.to_string())
            .hint("roll this run back, or give it up: the other one can go on then")
            .hint("let both runbooks take these locks in the same order, best in `runbook(#{ lock: [\u{2026}] })`"),
        NoLock::Interrupted { .. } => Failure::new(ExitCode::Interrupted, format!("{no}; nothing was run")),
        NoLock::TimedOut { .. } | NoLock::Unusable { .. } => Failure::new(ExitCode::Refused, no.to_string()),
    }
}

/// A run without an audit trail, which nobody has asked for.
pub(super) fn unsealable(text: String) -> Failure {
    Failure::new(ExitCode::Damaged, text).hint("`--unsealed REASON` runs without the audit trail, and records why")
}

/// Why a session could not begin.
pub(super) fn refused(refused: Refused) -> Failure {
    let held = |text: String| Failure::new(ExitCode::Refused, text);
    match &refused {
        Refused::Open(OpenError::Held(_)) | Refused::Create(CreateError::Held(_)) => held(refused.to_string()),
        Refused::Create(CreateError::Storage(failure)) | Refused::Source(SourceError::Storage(failure))
            if failure.is_for_want_of_room() =>
        {
            no_room(refused.to_string())
        }
        Refused::Open(OpenError::Read(ReadError::Damaged(_)))
        | Refused::Illegal { .. }
        | Refused::Source(_)
        | Refused::Diverged { .. } => Failure::new(ExitCode::Damaged, refused.to_string()),
        Refused::Unsealable { .. } => unsealable(refused.to_string()),
        Refused::Answered { run, .. } => held(refused.to_string()).hint(format!("runbook show {run}")),
        Refused::NotAllowed(_)
        | Refused::Unsigned(_)
        | Refused::Uncharted(_)
        | Refused::TooLate { .. }
        | Refused::OtherQuestion { .. } => held(refused.to_string()),
        Refused::Step { run, .. } => {
            Failure::usage(refused.to_string()).hint(format!("runbook show {run}  names the step that is in doubt, if any"))
        }
        Refused::Locked(no) => locked(no),
        Refused::Halt(halt) => Failure::new(lost::exit(halt), refused.to_string()),
        Refused::Script { diagnostics, .. } => Failure::usage(refused.to_string()).detail(diagnostics.render(false)),
        _ => Failure::usage(refused.to_string()),
    }
}
