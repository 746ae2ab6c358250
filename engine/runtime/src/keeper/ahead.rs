//! Programs that are started ahead: before the command that they are for.
//!
//! A courier takes longer to start, and to be let in by its host, than the whole of a short command takes there. So the next
//! one is started while a command is still at work. Of the beginning of its input, which is the same for each of its kind,
//! it gets all but the last byte, and that when the command has ended: what it may do before it knows its task, it does
//! behind the end of the command before. One that is not needed reads the end of its input instead, and ends.
//!
//! No command is late or fails for want of one: whoever finds none that fits starts its program itself.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rustix::io::write;

use super::child::no_waiting;
use super::job::Job;
use super::started::Started;

/// How many wait at most: a run may have hundreds of hosts.
const MOST: usize = 8;

/// How long one waits before it is let go: the next step has begun by then, or a person is asked something.
const PATIENCE: Duration = Duration::from_secs(10);

/// A longer beginning might not fit into the pipe, where nobody goes on writing it.
const LONGEST: usize = 4096;

#[derive(Default)]
pub(super) struct Ahead {
    waiting: Vec<Waiting>,
    /// Everyone who was started ahead, became no command, and was not yet asked for its status. Once let go, it is an orphan
    /// by its looks, and no command has left it behind.
    pids: HashSet<u32>,
    /// How many there ever were.
    count: u64,
}

struct Waiting {
    /// What it was started as, and the beginning of its input.
    job: Job,
    started: Started,
    /// How many bytes of that it has had.
    written: usize,
    until: Instant,
}

impl Ahead {
    /// A command has begun: starts the program of `job`, whose input is only the beginning of one, and keeps the last byte of that
    /// back. When it cannot be started nothing comes of it.
    pub(super) fn start(&mut self, job: Job, mark: impl FnOnce(u64) -> String) {
        let Some(length) = job.stdin.as_ref().map(String::len) else { return };
        if self.waiting.len() >= MOST || length > LONGEST || self.like(&job).is_some() {
            return;
        }
        self.count += 1;
        let Ok(started) = Started::spawn(&job, mark(self.count)) else { return };
        self.pids.insert(started.number());
        let Some(stdin) = &started.stdin else { return };
        no_waiting(stdin);
        let mut waiting = Waiting { job, started, written: 0, until: Instant::now() + PATIENCE };
        // One that could not be told reads the end of its input at once.
        if waiting.tell(length.saturating_sub(1)) {
            self.waiting.push(waiting);
        }
    }

    /// A command has ended: whoever was started when it began gets the byte that was kept back, or somebody is started now who
    /// has it from the first.
    pub(super) fn release(&mut self, job: Job, mark: impl FnOnce(u64) -> String) {
        let length = job.stdin.as_ref().map_or(0, String::len);
        if self.like(&job).is_none() {
            self.start(job.clone(), mark);
        }
        if let Some(at) = self.like(&job) {
            self.waiting[at].until = Instant::now() + PATIENCE;
            if !self.waiting[at].tell(length) {
                self.waiting.swap_remove(at);
            }
        }
    }

    fn like(&self, job: &Job) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.job.stdin == job.stdin && is_same_program(&waiting.job, job))
    }

    /// Somebody who waits for a job like this one, and how much of its input it has had.
    pub(super) fn take(&mut self, job: &Job) -> Option<(Started, usize)> {
        let input = job.stdin.as_deref()?;
        let fits = |waiting: &Waiting| {
            let beginning = waiting.job.stdin.as_deref();
            let begins = beginning.is_some_and(|beginning| input.starts_with(beginning));
            // A command that is given to a dead one would not be begun, and fail for it.
            begins && is_same_program(&waiting.job, job) && !waiting.started.has_ended()
        };
        let waiting = self.waiting.swap_remove(self.waiting.iter().position(fits)?);
        self.pids.remove(&waiting.started.number());
        Some((waiting.started, waiting.written))
    }

    /// A process was asked for its status: it waits no more.
    pub(super) fn ended(&mut self, pid: u32) {
        if self.pids.remove(&pid) {
            self.waiting.retain(|waiting| waiting.started.number() != pid);
        }
    }

    /// Lets go of those for whom nothing has come.
    pub(super) fn let_go(&mut self, now: Instant) {
        self.waiting.retain(|waiting| now < waiting.until);
    }

    /// When [`let_go`](Self::let_go) is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// Everyone who is no orphan of a command although it is a child of ours.
    pub(super) fn pids(&self) -> &HashSet<u32> {
        &self.pids
    }
}

impl Waiting {
    /// Gives it the beginning of its input as far as `end`; false when it does not take it. Its pipe has room for all of it.
    fn tell(&mut self, end: usize) -> bool {
        let (Some(stdin), Some(text)) = (&self.started.stdin, &self.job.stdin) else { return false };
        let rest = text.as_bytes().get(self.written..end).unwrap_or_default();
        let told = rest.is_empty() || write(stdin, rest) == Ok(rest.len());
        self.written = self.written.max(end);
        told
    }
}

/// Whether two jobs differ in nothing that a process has from its start.
fn is_same_program(one: &Job, other: &Job) -> bool {
    let is_plain = |job: &Job| job.manner.terminal.is_none() && job.env_files.is_empty();
    one.argv == other.argv && one.env == other.env && one.cwd == other.cwd && is_plain(one) && is_plain(other)
}
