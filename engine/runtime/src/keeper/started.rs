//! A process that has begun, and what we hold of it.

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::job::Job;
use super::pty::Pty;
use super::spawn::spawn;

pub(super) struct Started {
    pub(super) pid: Pid,
    /// Readable when the process has ended. The end of its output says nothing: a grandchild may hold the pipe for hours.
    pub(super) ended: OwnedFd,
    pub(super) marker: String,
    /// Our end of its terminal, if it has one; then there are no pipes.
    pub(super) terminal: Option<OwnedFd>,
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: Option<OwnedFd>,
    pub(super) stderr: Option<OwnedFd>,
}

impl Started {
    /// Starts the program of a job.
    ///
    /// # Errors
    /// Why it was not started, for people.
    pub(super) fn spawn(job: &Job, marker: String) -> Result<Self, String> {
        let pty = job.manner.terminal.map(|terminal| Pty::open(terminal, job.window)).transpose();
        let pty = pty.map_err(|error| format!("it needs a terminal, and the system gave none: {error}"))?;
        let (terminal, near) = pty.map(|pty| (pty.far, pty.near)).unzip();
        let mut child = spawn(job, &marker, near)?;
        let pid = Pid::from_child(&child);
        let ended = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| {
            // Without it the end would never be noticed. It takes a machine without free descriptors to come here.
            child.kill().and_then(|()| child.wait()).map(drop).unwrap_or(());
            format!("it was started and killed at once, because its end could not have been seen: {error}")
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        Ok(Self {
            pid,
            ended,
            marker,
            terminal,
            stdin: stdin.map(OwnedFd::from),
            stdout: stdout.map(OwnedFd::from),
            stderr: stderr.map(OwnedFd::from),
        })
    }

    /// Whether it has ended already.
    pub(super) fn has_ended(&self) -> bool {
        poll(&mut [PollFd::new(&self.ended, PollFlags::IN)], Some(&Timespec::default())) != Ok(0)
    }

    pub(super) fn number(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }
}
