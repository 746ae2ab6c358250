//! The operator's signals: Ctrl-C, a request to end, a terminal that goes away.

use std::fs;

use runbook_model::id::RunId;
use runbook_runtime::dispatcher::Interrupts;
use runbook_runtime::report::{Progress, Reporter as _};
use tokio::signal::unix::{SignalKind, signal};

use super::present::View;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output;

/// Takes the signals for the life of the tokio runtime.
///
/// What somebody told us to ignore stays ignored: `nohup runbook exec …` means what it says, and a shell that starts us
/// in the background keeps its Ctrl-C from us.
///
/// # Errors
/// The system refuses; nothing was run.
pub(crate) fn listen(interrupts: &Interrupts, view: &View, run: RunId) -> Result<(), Failure> {
    let ignored = ignored(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        if ignored & bit(kind) != 0 {
            continue;
        }
        let mut signals =
            signal(kind).map_err(|error| Failure::new(ExitCode::Refused, format!("signals cannot be taken: {error}")))?;
        let (interrupts, view) = (interrupts.clone(), view.clone());
        tokio::task::spawn_local(async move {
            while signals.recv().await.is_some() {
                match kind {
                    kind if kind == SignalKind::terminate() => interrupts.suspend(),
                    kind if kind == SignalKind::hangup() => interrupts.hang_up(),
                    // The journal is enough to go on from, and whoever asks a third time does not want to wait for us.
                    _ if interrupts.interrupt() >= 3 => leave(view.clone(), run),
                    _ => {}
                }
            }
        });
    }
    Ok(())
}

/// Ends the program as it stands, with a clean line for the shell.
fn leave(mut view: View, run: RunId) {
    crate::people::take_back();
    view.progress(&Progress::Quiet);
    output::to_stderr(&format!("left at once; what still runs goes on without us\nnext: runbook resume {run}\n"));
    std::process::exit(i32::from(ExitCode::Interrupted.number()));
}

fn bit(kind: SignalKind) -> u64 {
    u32::try_from(kind.as_raw_value() - 1).map_or(0, |at| 1 << at)
}

/// The signals that this process ignores, from `/proc/self/status`: bit 0 is signal 1.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_the_mask() {
        let status = "Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001003\n";
        let mask = ignored(status);
        assert_ne!(mask & bit(SignalKind::hangup()), 0);
        assert_ne!(mask & bit(SignalKind::interrupt()), 0);
        assert_eq!(mask & bit(SignalKind::terminate()), 0);
        assert_eq!(ignored("nonsense"), 0);
    }
}
