//! A terminal to ask at, whatever standard input and output are.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::termios::{QueueSelector, tcflush, tcgetpgrp};
use tokio::net::unix::pipe;

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
    /// A prompt stands at the cursor.
    prompting: bool,
}

impl Tty {
    /// Opens a terminal: `/dev/tty` is the one of this process. Call it within a tokio runtime.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let (output, input) = ends(path)?;
        Ok(Self { input, output, prompting: false })
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

    /// The next line, without its end; `None` when there will be no more (Ctrl-D, or the terminal was closed).
    pub(super) async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let mut buffer = [0; 512];
            self.input.readable().await?;
            let read = match self.input.try_read(&mut buffer) {
                Ok(read) => read,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => continue,
                Err(error) => return Err(error),
            };
            if read == 0 {
                return Ok(None);
            }
            line.extend_from_slice(&buffer[..read]);
            if line.last() == Some(&b'\n') || line.len() >= LONGEST {
                // The kernel has echoed the end of the line.
                self.prompting = false;
                return Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()));
            }
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
    // On a terminal that is not our controlling one there is no such signal, and this call fails.
    if tcgetpgrp(&output).is_ok_and(|foreground| foreground != rustix::process::getpgrp()) {
        return Err(io::Error::other("the program runs in the background"));
    }
    Ok((output, pipe::Receiver::from_file_unchecked(open(OFlags::NONBLOCK)?)?))
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
