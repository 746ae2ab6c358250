//! A run that goes on without the terminal it was started from.
//!
//! The same command line is started again as a process with a session of its own, and this process leaves as soon as the
//! first record of the run is on disk. What goes wrong before that is said here, with its exit code; what happens after it is
//! in the journal only. Nobody can be asked there, so a question suspends the run, as it does wherever there is no terminal.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::itself::run_of;
use crate::output;
use crate::output::Format;

/// The option that a person types, and the one that stands in its place in the process that goes on.
const ASKED: &str = "--detach";
const STARTED: &str = "--detached";

/// Becomes the leader of a session of its own: what happens to the terminal does not reach this process.
pub(crate) fn leave_terminal() {
    // It fails only for the leader of a process group, which this process is not: its parent has started it.
    rustix::process::setsid().ok();
}

/// Starts the command line of this process again, without its terminal, and waits until its run has begun.
///
/// # Errors
/// No process can be started.
pub(crate) fn detach(globals: &Globals) -> Result<ExitCode, Failure> {
    let no_process = |error: std::io::Error| Failure::new(ExitCode::Refused, format!("the run cannot be detached: {error}"));
    let mut child = Command::new("/proc/self/exe")
        .args(line(std::env::args_os().skip(1)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(no_process)?;
    let mut first = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        // A record is far shorter; whatever else writes there must not fill the memory.
        BufReader::new(stdout.take(64 << 20)).read_until(b'\n', &mut first).map_err(no_process)?;
    }
    let Some(run) = run_of(&first) else { return Ok(ended(child)) };
    tell(&said(&mut child));
    match globals.output {
        Format::Json => output::to_stdout(&String::from_utf8_lossy(&first))?,
        Format::Text => output::to_stderr(&format!(
            "run {run} goes on without this terminal\nnext: {}\n",
            globals.typed(&format!("show {run} --follow"))
        )),
    }
    Ok(ExitCode::Completed)
}

/// The same arguments. A value of an option cannot look like this: it would begin with a dash, which clap takes behind `=` only.
fn line(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut options = true;
    let each = |argument: OsString| {
        options &= argument != "--";
        if options && argument == ASKED { STARTED.into() } else { argument }
    };
    arguments.map(each).collect()
}

/// A process that never began a run has said why.
fn ended(mut child: Child) -> ExitCode {
    let mut why = Vec::new();
    if let Some(stderr) = child.stderr.as_mut() {
        stderr.take(1 << 20).read_to_end(&mut why).ok();
    }
    tell(&why);
    let code = child.wait().ok().and_then(|status| status.code());
    let known = |code: i32| ExitCode::ALL.into_iter().find(|known| i32::from(known.number()) == code);
    // One that was killed before it began has run nothing.
    code.and_then(known).unwrap_or(ExitCode::Refused)
}

/// What a process has said until now: it goes on, and more may come.
fn said(child: &mut Child) -> Vec<u8> {
    let Some(stderr) = child.stderr.as_mut() else { return Vec::new() };
    let there = rustix::io::ioctl_fionread(&*stderr).unwrap_or(0);
    let mut text = Vec::new();
    stderr.take(there).read_to_end(&mut text).ok();
    text
}

/// It was made safe to show where it was written.
fn tell(text: &[u8]) {
    std::io::stderr().lock().write_all(text).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_option_is_replaced() {
        let given = ["exec", "--detach", "-p", "x=--detach", "--", "--detach"].map(OsString::from);
        let wanted = ["exec", "--detached", "-p", "x=--detach", "--", "--detach"].map(OsString::from);
        assert_eq!(line(given.into_iter()), wanted);
    }
}
