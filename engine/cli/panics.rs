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
        output::to_stderr(&told(message, &place, &thread));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            output::to_stderr(&format!("{trace}\n"));
        }
    }));
}

fn told(message: &str, place: &str, thread: &str) -> String {
    let message = safe::line(message);
    format!(
        "the engine is at fault{place}, in the thread `{thread}`: {message}\nThe journal holds what was done; `runbook resume` goes on.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_cannot_forge_lines_of_its_own() {
        let told = told("index out of\nbounds\u{1b}[2J", " at a.rs:1:2", "script");
        assert_eq!(told.lines().count(), 2);
        assert!(told.contains("at a.rs:1:2, in the thread `script`") && !told.contains('\u{1b}'), "{told}");
    }
}
