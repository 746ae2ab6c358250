//! A terminal to ask at, whatever standard input and output are.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::process::Signal as Kernel;
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp};
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A longer line than the kernel's own limit was pasted by mistake.
const LONGEST: usize = 4096;

/// An open terminal.
///
/// It stays in the line mode of the kernel: people can correct what they type, Ctrl-C remains the signal that the engine
/// knows how to handle, and no mode has to be put back when an answer is no longer wanted. Reading needs no thread that
/// would hang on after the future was dropped, because the terminal is opened anew, non-blocking for us alone.
pub(super) struct Tty {
    /// tokio's name for any descriptor that can be waited for and read.
    input: pipe::Receiver,
    output: File,
    /// Somebody has stopped the program (Ctrl-Z), done something else at the terminal, and brought it back.
    continued: Signal,
    /// A prompt stands at the cursor.
    prompting: bool,
}

impl Tty {
    /// Opens a terminal: `/dev/tty` is the one of this process. Call it within a tokio runtime.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let (output, input) = ends(path)?;
        Ok(Self { input, output, continued: signal(SignalKind::from_raw(Kernel::CONT.as_raw()))?, prompting: false })
    }

    /// Shows text that is already safe.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        self.prompting = !text.ends_with('\n');
        self.output.write_all(runbook_runtime::secret::known::veiled(text).as_bytes())?;
        self.output.flush()
    }

    /// The columns of the terminal, as they are now; `None` when it does not say.
    pub(super) fn columns(&self) -> Option<usize> {
        crate::output::screen::width(&self.output)
    }

    /// Forgets what was typed so far: keys pressed before a question are no answer to it.
    pub(super) fn forget_typed(&self) -> io::Result<()> {
        Ok(tcflush(&self.output, QueueSelector::IFlush)?)
    }

    /// The next line behind a `prompt`, without its end; `None` when there will be no more (Ctrl-D, or
    /// the terminal was closed). Whoever comes back to the program from elsewhere does not see
    /// any more what they were asked: it is shown `again`, with the prompt.
    pub(super) async fn asked(&mut self, again: &str, prompt: &str) -> io::Result<Option<String>> {
        self.show(prompt)?;
        loop {
            tokio::select! {
                line = line(&self.input) => {
                    // The kernel has echoed the end of the line.
                    self.prompting &= !matches!(line, Ok(Some(_)));
                    return line;
                }
                _ = self.continued.recv() => {}
            }
            if in_foreground(&self.output) {
                self.show(&format!("{again}{prompt}"))?;
            }
        }
    }
}

/// The next line, without its end; `None` when there will be no more (Ctrl-D, or the terminal was closed).
async fn line(input: &pipe::Receiver) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let mut buffer = [0; 512];
        input.readable().await?;
        let read = match input.try_read(&mut buffer) {
            Ok(read) => read,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => continue,
            Err(error) => return Err(error),
        };
        if read == 0 {
            return Ok(None);
        }
        line.extend_from_slice(&buffer[..read]);
        if line.last() == Some(&b'\n') || line.len() >= LONGEST {
            return Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()));
        }
    }
}

/// A terminal opened twice: to write to, and to read from without waiting. Call it within a tokio runtime.
///
/// # Errors
/// It is not there, or not ours to read from.
pub(super) fn ends(path: &Path) -> io::Result<(File, pipe::Receiver)> {
    let open = |flags: OFlags| {
        let flags = (flags | OFlags::NOCTTY | OFlags::CLOEXEC).bits().cast_signed();
        OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
    };
    let output = open(OFlags::empty())?;
    // Whoever reads or flushes from the background is stopped by the kernel (SIGTTIN), and would hang there.
    if !in_foreground(&output) {
        return Err(io::Error::other("the program runs in the background"));
    }
    Ok((output, pipe::Receiver::from_file_unchecked(open(OFlags::NONBLOCK)?)?))
}

/// On a terminal that is not our controlling one nobody is in the background: there the call fails.
fn in_foreground(terminal: &File) -> bool {
    tcgetpgrp(terminal).map_or(true, |foreground| foreground == rustix::process::getpgrp())
}

impl Drop for Tty {
    /// A question that is taken back leaves its line: what comes next is no part of it.
    fn drop(&mut self) {
        if self.prompting {
            // A terminal that is gone has no lines to leave.
            self.output.write_all(b"\n").ok();
        }
    }
}
