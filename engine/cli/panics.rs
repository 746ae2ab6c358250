//! What a panic says: a fault of the engine, told without secrets.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;

use crate::output;
use crate::output::safe;

/// Has panics shown by the room that speaks to people, behind its veil, instead of by the standard library: its message may hold
/// whatever the code had in hand.
pub fn listen() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        output::to_stderr(&format!(
            "the engine is at fault{place}, in the thread `{thread}`: {}\nThe journal holds what was done; `runbook resume` goes on.\n",
            safe::line(message)
        ));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            output::to_stderr(&format!("{trace}\n"));
        }
    }));
}
