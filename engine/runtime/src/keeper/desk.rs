//! Everything that the keeper has in hand.

use std::collections::HashSet;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use rustix::process::{WaitOptions, WaitStatus, wait};

use super::ahead::Ahead;
use super::child::{BUFFER, Child};
use super::connection::Connection;
use super::job::{Job, marker};
use super::ledger::{Ledger, Line};
use super::process::{self, Alive};
use super::redactions::Redactions;
use super::started::Started;
use super::unwritten::errno;
use super::wire::{End, Event, Request, VERSION};

pub(super) struct Desk {
    pub(super) listener: UnixListener,
    pub(super) connections: Vec<Connection>,
    pub(super) children: Vec<Child>,
    buffer: Vec<u8>,
    dir: PathBuf,
    boot: String,
    ledger: Ledger,
    /// Every key that was ever begun in this directory.
    used: HashSet<u64>,
    /// How many commands only looked.
    looks: u64,
    ahead: Ahead,
    redactions: Redactions,
    /// Whether we have children at all, commands or orphans of theirs; most of the time between two commands we have none.
    has_family: bool,
    /// Processes that were reported as left running: (pid, start).
    reported: HashSet<(u32, u64)>,
}

impl Desk {
    pub(super) fn new(dir: PathBuf, listener: UnixListener) -> io::Result<Self> {
        let boot = crate::boot::boot_id()?;
        let (ledger, used) = Ledger::open(&dir)?;
        let buffer = vec![0; BUFFER];
        let (connections, children, reported) = (Vec::new(), Vec::new(), HashSet::new());
        let (looks, ahead, redactions, has_family) = (0, Ahead::default(), Redactions::default(), false);
        Ok(Self {
            listener,
            connections,
            children,
            buffer,
            dir,
            boot,
            ledger,
            used,
            looks,
            ahead,
            redactions,
            has_family,
            reported,
        })
    }

    /// Greets an engine.
    ///
    /// When it is another process than before, the one before is dead (the journal's lock sees to that). What it asked
    /// for with its last breath is still in the socket and counts; then its lines are closed. Only so is "never begun" certain.
    pub(super) fn welcome(&mut self, mut connection: Connection) {
        for at in 0..self.connections.len() {
            if self.connections[at].peer != connection.peer {
                self.listen_to(at);
                self.connections[at].closed = true;
            }
        }
        connection.say(&Event::Hello { version: VERSION, pid: std::process::id() });
        self.connections.push(connection);
    }

    /// Does what an engine asks for.
    pub(super) fn listen_to(&mut self, at: usize) {
        for request in self.connections[at].receive(&mut self.buffer) {
            match request {
                Request::Run { key, job } => self.run(at, key, job),
                Request::Watch { key } => self.watch(at, key),
                Request::Stop { why } => {
                    if let Some(child) = self.watched(at) {
                        child.stop(why);
                    }
                }
                Request::Keys { bytes } => {
                    if let Some(child) = self.watched(at) {
                        child.press(&bytes.0);
                    }
                }
                Request::Resized { window } => {
                    if let Some(child) = self.watched(at) {
                        child.resize(window);
                    }
                }
            }
        }
    }

    /// The command that an engine hears about.
    fn watched(&mut self, at: usize) -> Option<&mut Child> {
        let watched = self.connections[at].watches;
        self.children.iter_mut().find(|child| Some(child.key) == watched)
    }

    fn run(&mut self, at: usize, key: u64, job: Job) {
        if job.only_looks {
            return self.look(at, job);
        }
        if !self.used.insert(key) {
            return self.connections[at].say(&Event::BegunBefore);
        }
        // The kernel's name for the process would be the shell's or that of what the shell becomes, as luck has it.
        let name = job.argv.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default().to_owned();
        let starting = Line::Starting { key, boot: self.boot.clone(), at: Timestamp::now() };
        if let Err(error) = self.ledger.append(&starting) {
            // It was never begun, in this ledger and for whoever asks for it again.
            self.used.remove(&key);
            return self.connections[at].say(&Event::Unwritten { errno: errno(&error).raw_os_error() });
        }
        let mark = marker(&self.dir, key);
        match self.start(key, job, mark) {
            Ok(child) => {
                if let Some(Alive { pid, start, .. }) = Alive::read(child.pid()) {
                    self.ledger.append_or_owe(Line::Begun { key, pid, start_time: start, name });
                }
                self.connections[at].watches = Some(key);
                self.children.push(child);
                self.begun();
            }
            Err(message) => {
                let end = End::NotStarted { message };
                self.ledger.append_or_owe(Line::Ended { key, end: end.clone() });
                self.connections[at].say(&Event::Ended(end));
            }
        }
    }

    /// Runs a command that only looks, under a key of our own: an engine that died may have left one with the same number.
    fn look(&mut self, at: usize, job: Job) {
        self.looks += 1;
        let key = u64::MAX - self.looks;
        let mark = marker(&self.dir, format_args!("look-{}", self.looks));
        match self.start(key, job, mark) {
            Ok(child) => {
                self.connections[at].watches = Some(key);
                self.children.push(child);
                self.begun();
            }
            Err(message) => self.connections[at].say(&Event::Ended(End::NotStarted { message })),
        }
    }

    /// Starts a command, or gives it to a program that waits for one like it.
    fn start(&mut self, key: u64, mut job: Job, mark: String) -> Result<Child, String> {
        let (started, written) = match self.ahead.take(&job) {
            Some(waiting) => waiting,
            None => (Started::spawn(&job, mark)?, 0),
        };
        // Nothing of what it prints is read before. What it was given may turn up in the outputs of those that run already.
        let patterns = self.redactions.learn(std::mem::take(&mut job.redact));
        self.children.iter_mut().for_each(|child| child.search_for(&patterns));
        Ok(Child::of(started, written, key, job, &self.dir, &patterns))
    }

    /// The command that was started last has begun, and gets its input: the next one of its kind may get ready.
    fn begun(&mut self) {
        let Some(child) = self.children.last_mut() else { return };
        if let Some(next) = child.next.clone() {
            child.feed(); // first: that one waits for nobody
            self.ahead.start(next, |count| marker(&self.dir, format_args!("ahead-{count}")));
        }
    }

    fn watch(&mut self, at: usize, key: u64) {
        let connection = &mut self.connections[at];
        if let Some(child) = self.children.iter().find(|child| child.key == key) {
            let [stdout, stderr] = child.spooled();
            connection.watches = Some(key);
            connection.say(&Event::Watching { stdout, stderr });
        } else if let Some(end) = self.ledger.owed_end(key) {
            connection.say(&Event::Ended(end.clone()));
        } else {
            connection.say(&Event::NotRunning);
        }
    }

    pub(super) fn copy(&mut self, at: usize, stderr: bool) {
        let Self { children, connections, buffer, .. } = self;
        let key = children[at].key;
        children[at].copy(stderr, buffer, &mut |stderr, bytes| tell(connections, key, stderr, bytes));
    }

    /// Asks for the status of whoever has ended: commands, and orphans of theirs that became our children.
    pub(super) fn reap(&mut self) {
        self.has_family = loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => self.ended(pid.as_raw_pid().unsigned_abs(), status),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
    }

    /// Whether something is to be done now and then although nobody calls: children that end, lines that are owed.
    pub(super) fn needs_rounds(&self) -> bool {
        self.has_family || !self.children.is_empty() || self.connections.is_empty() || self.ledger.owes()
    }

    fn ended(&mut self, pid: u32, status: WaitStatus) {
        let Self { children, connections, buffer, ahead, .. } = self;
        // One that has ended and is still being stopped has no number any more: it may be that of the next command.
        match children.iter_mut().find(|child| child.pid() == pid && !child.has_ended()) {
            Some(child) => {
                let key = child.key;
                child.ended(status, buffer, &mut |stderr, bytes| tell(connections, key, stderr, bytes));
            }
            None => ahead.ended(pid),
        }
    }

    /// Writes down the commands that are over, and tells it.
    pub(super) fn conclude(&mut self) {
        for at in (0..self.children.len()).rev() {
            let mut left = Vec::new();
            if self.has_family && self.children[at].has_ended() {
                let commands: HashSet<u32> = self.children.iter().map(Child::pid).collect();
                left = left_running(&self.children[at], &commands, self.ahead.pids(), &self.reported);
            }
            let over = self.children[at].is_over(!left.is_empty());
            if over {
                let child = self.children.swap_remove(at);
                self.write_down(child, left);
            }
        }
        // Not only at the end: another command may go on for hours, and then nobody would know of this one after a `kill -9`.
        self.ledger.settle();
    }

    fn write_down(&mut self, mut child: Child, mut left: Vec<Alive>) {
        let (key, only_looks, next) = (child.key, child.only_looks, child.next.take());
        child.close(&mut |stderr, bytes| tell(&mut self.connections, key, stderr, bytes));
        left.retain(Alive::still_lives);
        self.reported.extend(left.iter().map(|process| (process.pid, process.start)));
        let end = child.end(left.iter().map(Alive::process).collect());
        if !only_looks {
            self.ledger.append_or_owe(Line::Ended { key, end: end.clone() });
        }
        for connection in self.connections.iter_mut().filter(|connection| connection.watches == Some(key)) {
            connection.watches = None;
            connection.say(&Event::Ended(end.clone()));
        }
        // For whom nobody asks any more nothing is begun.
        if let Some(next) = next.filter(|_| !self.connections.is_empty()) {
            self.ahead.release(next, |count| marker(&self.dir, format_args!("ahead-{count}")));
        }
    }

    /// Sends what waits, and forgets the lines that are closed.
    pub(super) fn send(&mut self) {
        let now = Instant::now();
        self.connections.iter_mut().for_each(|connection| connection.send(now));
        self.connections.retain(|connection| !connection.closed);
        self.ahead.let_go(now);
        // Nobody will ever hear what a command saw that only looks when its engine has let go of it.
        let watched: HashSet<_> = self.connections.iter().filter_map(|connection| connection.watches).collect();
        for child in self.children.iter_mut().filter(|child| child.only_looks && !watched.contains(&child.key)) {
            child.let_go();
        }
    }

    /// When whoever waits for a command that does not come is let go.
    pub(super) fn due(&self) -> Option<Instant> {
        self.ahead.due()
    }

    /// Nobody listens, nothing runs, everything is written down.
    pub(super) fn is_done(&self) -> bool {
        self.connections.is_empty() && self.children.is_empty() && !self.ledger.owes()
    }
}

fn tell(connections: &mut [Connection], key: u64, stderr: bool, bytes: &[u8]) {
    for connection in connections.iter_mut().filter(|connection| connection.watches == Some(key)) {
        connection.hear(stderr, bytes);
    }
}

/// Who lives on behind a command that has ended: orphans that became our children, and their descendants.
///
/// Among several commands an orphan is told by its marker; one whose environment cannot be read, by its process group, and
/// failing that it is put down to the command only when no other one runs.
fn left_running(child: &Child, commands: &HashSet<u32>, ahead: &HashSet<u32>, reported: &HashSet<(u32, u64)>) -> Vec<Alive> {
    let me = std::process::id();
    let family = process::descendants(me);
    let is_known = |pid: &u32| commands.contains(pid) || ahead.contains(pid);
    let is_orphan = |process: &&Alive| process.parent == me && !is_known(&process.pid);
    let is_ours = |orphan: &&Alive| match orphan.marker() {
        Some(marker) => marker == child.marker,
        None => orphan.group == child.pid() || commands.len() == 1,
    };
    let orphans: Vec<_> = family.iter().filter(is_orphan).filter(is_ours).cloned().collect();
    let mut left: Vec<_> = orphans.iter().flat_map(|orphan| process::among(family.clone(), orphan.pid)).collect();
    left.extend(orphans);
    left.retain(|process| !reported.contains(&(process.pid, process.start)));
    left
}
