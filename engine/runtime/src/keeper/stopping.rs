//! Stops a command: SIGTERM to its group, grace, SIGKILL, and the receipt of what that did.

use std::time::{Duration, Instant};

use runbook_model::answer::KillReceipt;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::process::{self, Alive};
use super::wire::{StopReason, Stopped};

/// How long SIGKILL may take until its victims count as survivors: a process in the kernel's hands (a dead NFS server) can
/// outlive it for ever, and the operator must get the terminal back.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a group without its leader is looked at.
const TICK: Duration = Duration::from_millis(10);

/// A command that is being stopped.
pub(super) struct Stopping {
    why: StopReason,
    group: Pid,
    marker: String,
    /// Everybody who was seen in the group or among the descendants.
    seen: Vec<Alive>,
    kill_at: Instant,
    killed_at: Option<Instant>,
}

impl Stopping {
    /// Sends SIGTERM. `group` must be a child that was not waited for yet: its number cannot have been used again.
    pub(super) fn begin(why: StopReason, group: Pid, marker: String, grace: Duration, now: Instant) -> Self {
        let mut stopping = Self { why, group, marker, seen: Vec::new(), kill_at: now + grace, killed_at: None };
        stopping.look();
        stopping.signal(Signal::TERM);
        stopping.signal(Signal::CONT); // a stopped process would not hear SIGTERM
        stopping
    }

    /// Goes on; true when there is nothing more to wait for.
    pub(super) fn proceed(&mut self, leader_ended: bool, now: Instant) -> bool {
        if leader_ended && test_kill_process_group(self.group).is_err() {
            return true;
        }
        match self.killed_at {
            Some(killed_at) => now >= killed_at + PATIENCE,
            None if now < self.kill_at => false,
            None => {
                self.look();
                // Without its leader the number of the group could belong to somebody else by now.
                if leader_ended && !self.seen.iter().any(|process| self.in_group(process) && process.still_lives()) {
                    return true;
                }
                self.signal(Signal::KILL);
                self.killed_at = Some(now);
                false
            }
        }
    }

    /// When [`proceed`](Self::proceed) is due again.
    pub(super) fn due(&self, leader_ended: bool, now: Instant) -> Instant {
        if leader_ended || self.killed_at.is_some() { now + TICK } else { self.kill_at }
    }

    /// What was stopped and what survived.
    pub(super) fn receipt(mut self) -> Stopped {
        self.look(); // somebody may have been born since
        let (survived, stopped) = self.seen.into_iter().partition::<Vec<_>, _>(Alive::still_lives);
        let named = |processes: Vec<Alive>| processes.iter().map(Alive::process).collect();
        let receipt = KillReceipt { stopped: named(stopped), survived: named(survived), killed: self.killed_at.is_some() };
        Stopped { why: self.why, receipt }
    }

    fn in_group(&self, process: &Alive) -> bool {
        Some(process.group) == u32::try_from(self.group.as_raw_pid()).ok()
    }

    /// Adds whoever belongs to the command now: its group, its descendants, and those of them that were orphaned and
    /// became children of ours.
    fn look(&mut self) {
        let leader = self.group.as_raw_pid().unsigned_abs();
        let me = std::process::id();
        let everybody = process::all();
        let mut found: Vec<_> = everybody.iter().filter(|process| process.lives() && process.group == leader).cloned().collect();
        found.extend(process::among(everybody.clone(), leader));
        for orphan in everybody.iter().filter(|process| process.parent == me && process.pid != leader && process.lives()) {
            if orphan.marker().as_deref() == Some(&self.marker) {
                found.extend(process::among(everybody.clone(), orphan.pid));
                found.push(orphan.clone());
            }
        }
        for process in found {
            if !self.seen.iter().any(|seen| seen.pid == process.pid && seen.start == process.start) {
                self.seen.push(process);
            }
        }
    }

    /// A group that is gone is what we want.
    fn signal(&self, signal: Signal) {
        kill_process_group(self.group, signal).unwrap_or(());
    }
}
