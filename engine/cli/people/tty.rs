//! A terminal to ask at, whatever standard input and output are.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::termios::{QueueSelector, tcflush};
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
}

impl Tty {
    /// Opens the terminal of this process: `/dev/tty`. Call it within a tokio runtime.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let open = |flags: OFlags| {
            let flags = (flags | OFlags::NOCTTY | OFlags::CLOEXEC).bits().cast_signed();
            OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
        };
        Ok(Self { input: pipe::Receiver::from_file_unchecked(open(OFlags::NONBLOCK)?)?, output: open(OFlags::empty())? })
    }

    /// Shows text that is already safe.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
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
                return Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()));
            }
        }
    }
}
