//! One running command: its pipes, its end, its stop.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runbook_model::answer::{ExitStatus, Exited, Process, Stream, Unkept};
use runbook_model::manner::Reach;
use rustix::io::{Errno, ioctl_fionbio, read, write};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
use rustix::process::{Pid, Signal, WaitStatus};
use zeroize::Zeroizing;

use super::capture::{Capture, LIMIT, Lost};
use super::job::{Job, OutputFiles, Window};
use super::pty;
use super::started::Started;
use super::stopping::Stopping;
use super::wire::{End, Ended, StopReason, Stopped};
use crate::secret::Patterns;

/// The size of the copy buffer, and of the pipes where the system allows it.
pub(super) const BUFFER: usize = 256 * 1024;

/// How often one pipe is read before the others have their turn.
const TURNS: usize = 4;

/// How long processes that a command leaves behind may take to end before they are reported: those of a pipeline that was
/// cut short are gone in a moment and are no news.
const SETTLE: Duration = Duration::from_millis(100);

const SETTLE_TICK: Duration = Duration::from_millis(5);

/// Somebody who hears what is printed: `(is standard error, bytes)`.
pub(super) type Hear<'a> = dyn FnMut(bool, &[u8]) + 'a;

pub(super) struct Child {
    pub(super) key: u64,
    pub(super) only_looks: bool,
    only_asks: bool,
    pub(super) marker: String,
    /// What is to be started ahead of the next command.
    pub(super) next: Option<Job>,
    pid: Pid,
    /// Readable when the child has ended. The end of its output says nothing: a grandchild may hold the pipe for hours.
    ended: OwnedFd,
    grace: Duration,
    reach: Reach,
    began: Instant,
    input: Option<Input>,
    /// It has a terminal: both streams come out of it, and what is still on its way in there is not seen at the end.
    at_terminal: bool,
    outputs: [Output; 2],
    stopping: Option<Stopping>,
    exit: Option<Exit>,
}

struct Input {
    pipe: OwnedFd,
    text: Zeroizing<Vec<u8>>,
    written: usize,
    /// A person goes on typing.
    stays_open: bool,
}

struct Output {
    pipe: Option<OwnedFd>,
    capture: Capture,
}

struct Exit {
    status: ExitStatus,
    millis: u64,
    at: Instant,
}

/// What a child waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    End,
    Input,
    Output { stderr: bool },
}

impl Child {
    /// Makes a process that has started the command `key`. So many bytes of its input it has had; its outputs are searched for
    /// `patterns`.
    pub(super) fn of(started: Started, written: usize, key: u64, mut job: Job, dir: &Path, patterns: &Arc<Patterns>) -> Self {
        let next = job.next();
        let Started { pid, ended, marker, terminal, stdin, stdout, stderr } = started;
        let (at_terminal, stays_open) = (terminal.is_some(), job.manner.is_interactive());
        let (input, stdout) = match terminal {
            Some(terminal) => {
                let text = if stays_open { Vec::new() } else { pty::typed(job.stdin.take()) };
                (terminal.try_clone().ok().map(|keys| (keys, text)), Some(terminal))
            }
            None => (stdin.map(|pipe| (pipe, job.stdin.take().unwrap_or_default().into_bytes())), stdout),
        };
        let input = input.map(|(pipe, text)| {
            no_waiting(&pipe);
            Input { pipe, text: Zeroizing::new(text), written, stays_open }
        });
        let files = (!job.only_looks).then(|| OutputFiles::of(dir, key));
        let limit = job.manner.output.unwrap_or(LIMIT).bytes();
        let output = |pipe: Option<OwnedFd>, path| {
            if let Some(pipe) = &pipe {
                no_waiting(pipe);
                // Refused to users who have many pipes already, and no business of a terminal; then it is only slower.
                fcntl_setpipe_size(pipe, BUFFER).map(drop).unwrap_or(());
            }
            Output { pipe, capture: Capture::new(path, limit, Arc::clone(patterns)) }
        };
        let outputs =
            [output(stdout, files.as_ref().map(|files| files.stdout.clone())), output(stderr, files.map(|files| files.stderr))];
        Self {
            key,
            only_looks: job.only_looks,
            only_asks: job.only_asks,
            marker,
            next,
            pid,
            ended,
            grace: job.grace.into(),
            reach: job.manner.stop,
            began: Instant::now(),
            input,
            at_terminal,
            outputs,
            stopping: None,
            exit: None,
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// How many bytes of each stream are in its file.
    pub(super) fn spooled(&self) -> [u64; 2] {
        [self.outputs[0].capture.spooled(), self.outputs[1].capture.spooled()]
    }

    /// Searches its outputs for these secrets from now on: more than before.
    pub(super) fn search_for(&mut self, patterns: &Arc<Patterns>) {
        self.outputs.iter_mut().for_each(|output| output.capture.search_for(patterns));
    }

    /// What to wait for.
    pub(super) fn wants(&self) -> impl Iterator<Item = (Wants, BorrowedFd<'_>)> {
        let ended = self.exit.is_none().then(|| (Wants::End, self.ended.as_fd()));
        let unsent = self.input.as_ref().filter(|input| !input.stays_open || input.written < input.text.len());
        let input = unsent.map(|input| (Wants::Input, input.pipe.as_fd()));
        let output = |at: usize| Some((Wants::Output { stderr: at == 1 }, self.outputs[at].pipe.as_ref()?.as_fd()));
        ended.into_iter().chain(input).chain(output(0)).chain(output(1))
    }

    /// Gives the command more of its input.
    pub(super) fn feed(&mut self) {
        let Some(input) = &mut self.input else { return };
        while input.written < input.text.len() {
            match write(&input.pipe, &input.text[input.written..]) {
                Ok(count) => input.written += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => break, // it does not want to read more: its own business
            }
        }
        if input.stays_open {
            (input.text, input.written) = (Zeroizing::default(), 0);
        } else {
            self.input = None;
        }
    }

    /// Keys that the person at its terminal pressed. A program that has stopped reading takes so many and no more.
    pub(super) fn press(&mut self, keys: &[u8]) {
        if let Some(input) = self.input.as_mut().filter(|input| input.stays_open && input.text.len() < BUFFER) {
            input.text.extend_from_slice(keys);
            self.feed();
        }
    }

    /// The terminal of that person has another size.
    pub(super) fn resize(&self, window: Window) {
        if let Some(far) = self.outputs[0].pipe.as_ref().filter(|_| self.at_terminal) {
            pty::resize(far, window).unwrap_or(()); // it looks odd, no more
        }
    }

    /// Takes what the command printed.
    pub(super) fn copy(&mut self, stderr: bool, buffer: &mut [u8], hear: &mut Hear<'_>) {
        self.outputs[usize::from(stderr)].copy(buffer, TURNS * buffer.len(), &mut |bytes| hear(stderr, bytes));
    }

    /// The command has ended: takes what its pipes still hold, and closes them.
    ///
    /// What it printed is in the pipe by now, so no more than a pipe holds is read: a grandchild that goes on printing
    /// cannot keep the step from ending.
    pub(super) fn ended(&mut self, status: WaitStatus, buffer: &mut [u8], hear: &mut Hear<'_>) {
        let status = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => ExitStatus::Code(code),
            (None, signal) => ExitStatus::Signal(signal.unwrap_or_default()),
        };
        let at = Instant::now();
        self.exit = Some(Exit { status, millis: millis(at - self.began), at });
        self.input = None;
        for (at, output) in self.outputs.iter_mut().enumerate() {
            let full = output.pipe.as_ref().and_then(|pipe| fcntl_getpipe_size(pipe).ok()).unwrap_or(BUFFER);
            output.copy(buffer, full, &mut |bytes| hear(at == 1, bytes));
            // What was written to a terminal comes out of it a moment later, and then its far end says that it is over.
            if !self.at_terminal {
                output.close(&mut |bytes| hear(at == 1, bytes));
            }
        }
    }

    /// Nothing more is listened to.
    pub(super) fn close(&mut self, hear: &mut Hear<'_>) {
        for (at, output) in self.outputs.iter_mut().enumerate() {
            output.close(&mut |bytes| hear(at == 1, bytes));
        }
    }

    /// Begins to stop the command. Once is enough, and a command that has ended cannot be stopped.
    pub(super) fn stop(&mut self, why: StopReason) {
        self.stop_by(Signal::TERM, why);
    }

    /// Nobody will ever hear what it saw.
    pub(super) fn let_go(&mut self) {
        self.stop_by(if self.only_asks { Signal::HUP } else { Signal::TERM }, StopReason::Operator);
    }

    fn stop_by(&mut self, signal: Signal, why: StopReason) {
        if self.stopping.is_none() && self.exit.is_none() {
            let (pid, marker, now) = (self.pid, self.marker.clone(), Instant::now());
            self.stopping = Some(Stopping::begin(signal, why, pid, marker, self.reach, self.grace, now));
        }
    }

    /// Whether the command itself has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.exit.is_some()
    }

    /// Goes on with the stop or the end; true when nothing more is to be waited for.
    pub(super) fn is_over(&mut self, leaves_somebody: bool) -> bool {
        let now = Instant::now();
        match (&mut self.stopping, &self.exit) {
            (Some(stopping), exit) => stopping.proceed(exit.is_some(), now),
            (None, Some(exit)) => {
                let still_shows = self.at_terminal && self.outputs[0].pipe.is_some();
                !(leaves_somebody || still_shows) || now >= exit.at + SETTLE
            }
            (None, None) => false,
        }
    }

    /// When [`is_over`](Self::is_over) must be asked again, if nothing else happens before.
    pub(super) fn due(&self) -> Option<Instant> {
        let now = Instant::now();
        match (&self.stopping, &self.exit) {
            (Some(stopping), exit) => Some(stopping.due(exit.is_some(), now)),
            (None, Some(_)) => Some(now + SETTLE_TICK),
            (None, None) => None,
        }
    }

    /// What is to be written down about the end.
    pub(super) fn end(self, left_running: Vec<Process>) -> End {
        // SIGKILL was sent and the command is still in the kernel's hands: the receipt names it as a survivor.
        let exit = self.exit.unwrap_or_else(|| Exit {
            status: ExitStatus::Signal(Signal::KILL.as_raw()),
            millis: millis(self.began.elapsed()),
            at: Instant::now(),
        });
        let [(stdout, out), (stderr, err)] = self.outputs.map(|output| output.capture.finish());
        let unkept = [(Stream::Stdout, out), (Stream::Stderr, err)];
        let unkept = unkept.into_iter().filter_map(|(of, lost)| lost.map(|Lost { bytes, why }| Unkept { of, bytes, why }));
        let mut stopped = self.stopping.map(Stopping::receipt);
        let mut left_running = left_running;
        if let Some(Stopped { receipt, .. }) = &mut stopped {
            // Whoever left its parents and its environment behind is not known to the stop. It is not killed by guess, and
            // not kept silent about.
            left_running.retain(|process| !receipt.survived.iter().any(|survivor| survivor.pid == process.pid));
            receipt.survived.append(&mut left_running);
        }
        let exited = Exited { status: exit.status, stdout, stderr, millis: exit.millis, left_running, unkept: unkept.collect() };
        End::Exited(Box::new(Ended { exited, stopped }))
    }
}

impl Output {
    /// Reads until the pipe is empty, or `most` bytes were read.
    fn copy(&mut self, buffer: &mut [u8], most: usize, hear: &mut impl FnMut(&[u8])) {
        let mut taken = 0;
        while let Some(pipe) = self.pipe.as_ref().filter(|_| taken < most) {
            match read(pipe, &mut *buffer) {
                Ok(0) => return self.close(hear),
                Ok(count) => {
                    self.capture.push(&buffer[..count], hear);
                    taken += count;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => return self.close(hear),
            }
        }
    }

    fn close(&mut self, hear: &mut impl FnMut(&[u8])) {
        if self.pipe.take().is_some() {
            self.capture.end(hear);
        }
    }
}

/// Makes reads and writes return at once. It cannot fail on a pipe of ours; if it did, `poll` would still say when to read.
pub(super) fn no_waiting(pipe: &OwnedFd) {
    ioctl_fionbio(pipe, true).unwrap_or(());
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
