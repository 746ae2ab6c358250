//! The terminal of a command that needs one.
//!
//! A terminal becomes the one of a session only by the hand of the session's leader, and what a process does between `fork`
//! and `exec` is unsafe code. So the keeper starts its own program in the role [`AT_TERMINAL`], which takes the terminal
//! and then becomes the command: the same process, with nothing left of us in it.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use runbook_model::manner::Terminal;
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::job::Window;

/// The argument that stands in the place of the keeper's directory: what follows it is a program with its arguments.
pub const AT_TERMINAL: &str = "--at-terminal";

/// What shells answer when a program could not be started.
const NOT_STARTED: u8 = 127;

/// What Ctrl-D sends: the end of what is typed, at the beginning of a line; elsewhere the end of the piece.
const END_OF_INPUT: u8 = 4;

/// The longest line that a terminal hands on, in bytes.
const LONGEST_LINE: usize = 4095;

/// A new terminal.
pub(super) struct Pty {
    /// Where its keys go in and what it shows comes out.
    pub(super) far: OwnedFd,
    /// What the command gets.
    pub(super) near: OwnedFd,
}

impl Pty {
    /// Opens one.
    pub(super) fn open(terminal: Terminal, window: Window) -> io::Result<Self> {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&far)?;
        unlockpt(&far)?;
        let near = ioctl_tiocgptpeer(&far, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        let mut modes = tcgetattr(&near)?;
        // Nobody could continue what Ctrl-Z stops: there is no shell in this session.
        modes.special_codes[SpecialCodeIndex::VSUSP] = 0;
        if terminal == Terminal::Own {
            // Nobody reads along: what is typed is not shown back, and lines end as in a pipe.
            modes.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
            modes.output_modes.remove(OutputModes::OPOST);
        }
        tcsetattr(&near, OptionalActions::Now, &modes)?;
        resize(&far, window)?;
        Ok(Self { far, near })
    }
}

/// Gives a terminal another size; its program hears of it.
pub(super) fn resize(far: &OwnedFd, window: Window) -> io::Result<()> {
    let size = Winsize { ws_row: window.rows, ws_col: window.columns, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(tcsetwinsize(far, size)?)
}

/// A text as somebody would type it who has nothing to add.
pub(super) fn typed(text: Option<String>) -> Vec<u8> {
    let mut keys = text.unwrap_or_default().into_bytes();
    if !keys.is_empty() && keys.last() != Some(&b'\n') {
        keys.push(END_OF_INPUT);
    }
    keys.push(END_OF_INPUT);
    keys
}

/// Why a text cannot be typed at a terminal, if it cannot: keys such as Ctrl-C would do something else than be read.
pub(crate) fn cannot_be_typed(text: &str) -> Option<String> {
    if let Some(odd) = text.chars().find(|c| c.is_ascii_control() && !matches!(c, '\n' | '\t')) {
        return Some(format!("its input holds the control character {}, which is a command at a terminal", odd.escape_debug()));
    }
    let long = text.lines().find(|line| line.len() > LONGEST_LINE)?;
    Some(format!("its input has a line of {} bytes, and a terminal takes {LONGEST_LINE} at once", long.len()))
}

/// The arguments by which this program, being a keeper, becomes a command at a terminal.
pub(super) fn role() -> Vec<OsString> {
    let mut own: Vec<_> = std::env::args_os().skip(1).collect();
    own.pop(); // the keeper's directory
    own.push(AT_TERMINAL.into());
    own
}

/// Takes standard input as the terminal of a new session, and becomes the program that `argv` names. Comes back only when
/// that is not possible, having said so on standard error, with the code by which shells say it.
#[must_use]
pub fn at_terminal(argv: &[OsString]) -> ExitCode {
    let error = match become_program(argv) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    let program = argv.first().map(Path::new).unwrap_or(Path::new("")).display();
    let words = format!("runbook: `{program}` was not started at its terminal: {error}\n");
    rustix::io::write(io::stderr(), words.as_bytes()).map(drop).unwrap_or(()); // nobody is left who could hear more
    ExitCode::from(NOT_STARTED)
}

fn become_program(argv: &[OsString]) -> io::Result<std::convert::Infallible> {
    let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    setsid()?;
    ioctl_tiocsctty(io::stdin())?;
    Err(Command::new(program).args(arguments).exec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_ends_as_a_person_would_end_it() {
        assert_eq!(typed(None), b"\x04");
        assert_eq!(typed(Some("a\n".to_owned())), b"a\n\x04");
        assert_eq!(typed(Some("a".to_owned())), b"a\x04\x04");
    }

    #[test]
    fn keys_that_are_commands_are_no_input() {
        assert_eq!(cannot_be_typed("ä\tb\nc"), None);
        assert!(cannot_be_typed("a\u{3}b").expect("Ctrl-C").contains("\\u{3}"));
        assert!(cannot_be_typed(&"x".repeat(LONGEST_LINE)).is_none());
        assert!(cannot_be_typed(&"x".repeat(LONGEST_LINE + 1)).expect("too long").contains("4096"));
    }
}
