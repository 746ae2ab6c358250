//! Writing, once and for all; behind the last veil.

use std::io::{self, Write as _};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::veiled::Veiled;

/// Writes text that is already safe to standard output.
///
/// A reader that went away (`runbook list | head -1`) has had enough; that is no failure.
///
/// # Errors
/// Standard output cannot take it, for example because the disk below a redirection is full.
pub fn to_stdout(text: &str) -> Result<(), Failure> {
    let mut stdout = Veiled(io::stdout().lock());
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).err())
}

/// What is to be said of an error of standard output, if there was one.
///
/// # Errors
/// It could not take what was written, and not because its reader went away.
pub fn written(error: Option<io::Error>) -> Result<(), Failure> {
    match error.filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        Some(error) => Err(Failure::new(ExitCode::NothingRun, format!("cannot write to standard output: {error}"))),
        None => Ok(()),
    }
}

/// Writes text that is already safe to standard error.
pub fn to_stderr(text: &str) {
    let mut stderr = Veiled(io::stderr().lock());
    // When standard error is gone there is nobody left to tell.
    stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()).ok();
}
