//! Stops a command: SIGTERM, grace, SIGKILL, and the receipt of what that did.

use std::time::{Duration, Instant};

use runbook_model::answer::KillReceipt;
use runbook_model::manner::Reach;
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open, pidfd_send_signal, test_kill_process_group,
};

use super::cage::Cage;
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
    reach: Reach,
    /// Everybody who was seen in the group or among the descendants.
    seen: Vec<Alive>,
    kill_at: Instant,
    killed_at: Option<Instant>,
    cage: Option<Cage>,
}

impl Stopping {
    /// Sends SIGTERM. `group` must be a child that was not waited for yet: its number cannot have been used again.
    pub(super) fn begin(why: StopReason, group: Pid, marker: String, reach: Reach, grace: Duration, now: Instant) -> Self {
        let kill_at = now + grace;
        let mut stopping = Self { why, group, marker, reach, seen: Vec::new(), kill_at, killed_at: None, cage: None };
        stopping.look();
        if kill_process_group(group, Signal::TERM).is_err() {
            // It is on the way to its own session, and has no group of its own yet.
            kill_process(group, Signal::TERM).unwrap_or(());
        }
        stopping.signal(Signal::CONT); // a stopped process would not hear SIGTERM
        if reach == Reach::Everything {
            for process in stopping.outside() {
                send(process, Signal::TERM);
                send(process, Signal::CONT);
            }
        }
        stopping
    }

    /// Goes on; true when there is nothing more to wait for.
    pub(super) fn proceed(&mut self, leader_ended: bool, now: Instant) -> bool {
        if self.reach == Reach::Everything {
            self.look();
        }
        let somebody_outside = self.reach == Reach::Everything && self.outside().next().is_some();
        if leader_ended && !somebody_outside && test_kill_process_group(self.group).is_err() {
            return true;
        }
        match self.killed_at {
            Some(killed_at) => {
                if self.reach == Reach::Everything {
                    self.kill_everything(); // somebody was born between the look and the kill
                }
                now >= killed_at + PATIENCE
            }
            None if now < self.kill_at => false,
            None => {
                self.look();
                // Without its leader the number of the group could belong to somebody else by now.
                let group_is_ours =
                    !leader_ended || self.seen.iter().any(|process| self.in_group(process) && process.still_lives());
                if !group_is_ours && !somebody_outside {
                    return true;
                }
                if group_is_ours {
                    self.signal(Signal::KILL);
                }
                if self.reach == Reach::Everything {
                    self.cage = Cage::make(&self.group.as_raw_pid().to_string());
                    self.kill_everything();
                }
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

    /// Who belongs to the command, has left its group, and lives.
    fn outside(&self) -> impl Iterator<Item = &Alive> {
        self.seen.iter().filter(|process| !self.in_group(process) && process.still_lives())
    }

    /// Kills whoever is known to belong to the command: at once in a control group where we can have one, else one by one.
    fn kill_everything(&self) {
        for process in self.seen.iter().filter(|process| process.still_lives()) {
            if !self.cage.as_ref().is_some_and(|cage| cage.take(process.pid)) {
                send(process, Signal::KILL);
            }
        }
        if let Some(cage) = &self.cage {
            cage.kill();
        }
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
        // What an orphan has started since is its, whether or not it carries our mark.
        let known: Vec<u32> = self.seen.iter().filter(|process| process.still_lives()).map(|process| process.pid).collect();
        found.extend(known.into_iter().flat_map(|pid| process::among(everybody.clone(), pid)));
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

/// Sends a signal to this very process, and to no later one with its number.
fn send(process: &Alive, signal: Signal) {
    let opened = i32::try_from(process.pid).ok().and_then(Pid::from_raw).map(|pid| pidfd_open(pid, PidfdFlags::empty()));
    if let Some(Ok(pidfd)) = opened
        && process.still_lives()
    {
        pidfd_send_signal(&pidfd, signal).unwrap_or(()); // gone meanwhile, or another user's: the receipt tells
    }
}
