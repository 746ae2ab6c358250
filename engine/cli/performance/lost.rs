//! What is said when nothing more can be written down: on which disk, what was done, what was not, and the way out.

use runbook_model::state::{RunState, StepPhase};
use runbook_runtime::dispatcher::Halt;
use runbook_runtime::journal::{Lost, RunDir};
use runbook_runtime::keeper::Unwritten;
use rustix::io::Errno;

use super::file_system::FileSystem;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::workplace::Workplace;

/// With what the program ends then. No step failed: the run was broken off, and can be resumed.
pub(super) fn exit(halt: &Halt) -> ExitCode {
    match halt {
        Halt::Lost(Lost::NotAlone { .. }) => ExitCode::Damaged,
        Halt::Lost(_) | Halt::Illegal(_) | Halt::Interrupted => ExitCode::Interrupted,
        Halt::Fenced(_) => ExitCode::Refused,
        Halt::InDoubt { .. } | Halt::Unasked { .. } => ExitCode::InDoubt,
        _ => ExitCode::StepFailed,
    }
}

/// The failure of a run whose journal takes no more.
pub(super) fn failure(halt: &Halt, workplace: &Workplace<'_>, dir: &RunDir) -> Failure {
    let mut failure = Failure::new(exit(halt), halt.to_string());
    if let Halt::Lost(lost) = halt {
        let (what, place) = match lost {
            Lost::NotBegun { unwritten, .. } => ("this directory", unwritten.place.clone()),
            _ => ("the journal", dir.journal()),
        };
        if let Some(file_system) = FileSystem::of(&place) {
            failure = failure.detail(format!("{what} is {}", file_system.line()));
        }
        failure = why(lost).into_iter().fold(failure, Failure::detail);
    }
    failure = match workplace.begun(dir) {
        Ok(Some((_, state))) => failure.detail(done(&state)),
        Ok(None) => failure.detail("nothing was done"),
        Err(unread) => failure.detail(format!("what was done cannot be told before the journal can be read: {unread}")),
    };
    match halt {
        Halt::Lost(Lost::NotAlone { .. }) => failure.hint(format!("runbook verify {}", dir.run())),
        _ => failure.hint(format!("runbook resume {}", dir.run())),
    }
}

/// What else it can be when the disk is not full.
fn why(lost: &Lost) -> Option<&'static str> {
    let (Lost::NoRoom { source, .. }
    | Lost::Write { source, .. }
    | Lost::Flush { source, .. }
    | Lost::NotBegun { unwritten: Unwritten { source, .. }, .. }) = lost
    else {
        return None;
    };
    match *source {
        Errno::DQUOT => Some("it is the quota of this user that is used up: `quota -s`"),
        Errno::FBIG => Some("it is a limit on the size of a file: `ulimit -f` shows it, `ulimit -f unlimited` lifts it"),
        Errno::ROFS => Some("the file system was made read-only, perhaps by the kernel for an error of the disk: `dmesg`"),
        _ => None,
    }
}

/// What the journal says was done, and what it says was begun.
fn done(state: &RunState) -> String {
    let count = |phase: fn(&StepPhase) -> bool| state.steps().iter().filter(|step| phase(&step.phase)).count();
    let ended = count(|phase| matches!(phase, StepPhase::Ended(_) | StepPhase::Settled));
    let begun: Vec<_> = state.steps().iter().filter(|step| step.phase == StepPhase::Intended).collect();
    let done = format!("{ended} {} ended and are written down", if ended == 1 { "step has" } else { "steps have" });
    let done = done.replace("1 step has ended and are", "1 step has ended and is");
    match begun.as_slice() {
        [] => format!("{done}; no other was begun"),
        begun => {
            let names: Vec<_> = begun.iter().map(|step| format!("`{}`", step.path)).collect();
            format!("{done}; of {} the end is not written down: `resume` finds out what became of it", names.join(", "))
        }
    }
}
