//! The three streams of a session, seen from here.

use std::io;
use std::os::fd::OwnedFd;

use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::process::Child;

/// The near ends.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) stdin: Sender,
    pub(super) out: Receiver,
    pub(super) err: Receiver,
}

impl Streams {
    /// Takes the near ends of three pipes.
    ///
    /// # Errors
    /// One is no pipe, or not open for that.
    pub(super) fn new(stdin: OwnedFd, out: OwnedFd, err: OwnedFd) -> io::Result<Self> {
        let (stdin, out, err) = (Sender::from_owned_fd(stdin)?, Receiver::from_owned_fd(out)?, Receiver::from_owned_fd(err)?);
        Ok(Self { stdin, out, err })
    }

    /// Those of a process that was started with pipes.
    ///
    /// # Errors
    /// It was not.
    pub(super) fn of(child: &mut Child) -> io::Result<Self> {
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(out), Some(err)) => Self::new(stdin.into_owned_fd()?, out.into_owned_fd()?, err.into_owned_fd()?),
            _ => Err(io::Error::other("a stream is missing")),
        }
    }
}
