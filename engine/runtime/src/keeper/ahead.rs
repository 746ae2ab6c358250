//! Programs that are started ahead: before the command that they are for.
//!
//! A courier takes longer to start, and to be let in by its host, than the whole of a short command takes there. So the next
//! one is started while a command is still at work: it has the beginning of its input, the part that is the same for each of
//! its kind, and waits for the rest. What it is for it learns from the rest, and until then it does nothing that would
//! have to be undone. One that is not needed reads the end of its input instead, and ends.
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
    until: Instant,
}

impl Ahead {
    /// Starts the program of `job`, whose input is only the beginning of one. When it cannot be started nothing comes of it.
    pub(super) fn start(&mut self, job: Job, mark: impl FnOnce(u64) -> String) {
        let Some(beginning) = job.stdin.as_ref().map(String::len) else { return };
        let waits = |waiting: &Waiting| waiting.job.stdin == job.stdin && is_same_program(&waiting.job, &job);
        if self.waiting.len() >= MOST || beginning > LONGEST || self.waiting.iter().any(waits) {
            return;
        }
        self.count += 1;
        let Ok(started) = Started::spawn(&job, mark(self.count)) else { return };
        self.pids.insert(started.number());
        let (Some(stdin), Some(text)) = (&started.stdin, &job.stdin) else { return };
        no_waiting(stdin);
        // Its pipe is new and empty. One that was told less than all of it reads the end of its input at once.
        if write(stdin, text.as_bytes()) == Ok(beginning) {
            self.waiting.push(Waiting { job, started, until: Instant::now() + PATIENCE });
        }
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
        Some((waiting.started, waiting.job.stdin.as_ref().map_or(0, String::len)))
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

/// Whether two jobs differ in nothing that a process has from its start.
fn is_same_program(one: &Job, other: &Job) -> bool {
    let is_plain = |job: &Job| job.manner.terminal.is_none() && job.env_files.is_empty();
    one.argv == other.argv && one.env == other.env && one.cwd == other.cwd && is_plain(one) && is_plain(other)
}
