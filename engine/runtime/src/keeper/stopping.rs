//! Stops a command: SIGTERM (or SIGHUP, for one that would pass SIGTERM on), grace, SIGKILL, and the receipt of what that did.

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
    /// The leader was asked for its status: its number is held by nobody but those who are left in its group.
    leader_ended: bool,
    /// And by then nobody was left there whom we may signal: it may be given to somebody else, whose process and group it is
    /// then. Never false again.
    number_is_free: bool,
    /// Everybody who was seen in the group or among the descendants.
    seen: Vec<Alive>,
    kill_at: Instant,
    killed_at: Option<Instant>,
    cage: Option<Cage>,
}

impl Stopping {
    /// Sends the first `signal`. `group` must be a child that was not waited for yet: its number cannot have been used again.
    pub(super) fn begin(
        signal: Signal,
        why: StopReason,
        group: Pid,
        marker: String,
        reach: Reach,
        grace: Duration,
        now: Instant,
    ) -> Self {
        let kill_at = now + grace;
        let mut stopping = Self {
            why,
            group,
            marker,
            reach,
            leader_ended: false,
            number_is_free: false,
            seen: Vec::new(),
            kill_at,
            killed_at: None,
            cage: None,
        };
        stopping.look();
        if kill_process_group(group, signal).is_err() {
            // It is on the way to its own session, and has no group of its own yet.
            kill_process(group, signal).unwrap_or(());
        }
        stopping.signal(Signal::CONT); // a stopped process would not hear it
        if reach == Reach::Everything {
            for process in stopping.outside() {
                send(process, signal);
                send(process, Signal::CONT);
            }
        }
        stopping
    }

    /// Goes on; true when there is nothing more to wait for.
    pub(super) fn proceed(&mut self, leader_ended: bool, now: Instant) -> bool {
        // First, and remembered: a group of that number that is there later is a stranger's.
        self.leader_ended = leader_ended;
        self.number_is_free |= leader_ended && test_kill_process_group(self.group).is_err();
        if self.reach == Reach::Everything {
            self.look();
        }
        let somebody_outside = self.reach == Reach::Everything && self.outside().next().is_some();
        if self.number_is_free && !somebody_outside {
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
                // What is left of a group may have ended, and only not been asked for its status yet.
                let group_lives =
                    !leader_ended || self.seen.iter().any(|process| self.in_group(process) && process.still_lives());
                if !group_lives && !somebody_outside {
                    return true;
                }
                if group_lives {
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

    /// Whether a process was in the group when it was seen. Whoever outlives the group has left it since.
    fn in_group(&self, process: &Alive) -> bool {
        !self.number_is_free && process.group == self.group.as_raw_pid().unsigned_abs()
    }

    /// The number of leader and group, if it is theirs for certain while `everybody` was looked at. Without the leader, that
    /// somebody has it proves nothing: it may have been let go and given away between two looks. Somebody of ours has to be
    /// in the group, and to live still: whoever else was seen there is of the same group then.
    fn number(&self, everybody: &[Alive]) -> Option<u32> {
        let is_ours = |process: &Alive| self.has_seen(process) || process.marker().as_deref() == Some(&self.marker);
        let proves = |process: &Alive| self.in_group(process) && is_ours(process) && process.still_lives();
        (!self.leader_ended || everybody.iter().any(proves)).then(|| self.group.as_raw_pid().unsigned_abs())
    }

    fn has_seen(&self, process: &Alive) -> bool {
        self.seen.iter().any(|seen| seen.pid == process.pid && seen.start == process.start)
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
        let me = std::process::id();
        let everybody = process::all();
        let leader = self.number(&everybody);
        let is_member = |process: &&Alive| process.lives() && Some(process.group) == leader;
        let mut found: Vec<_> = everybody.iter().filter(is_member).cloned().collect();
        found.extend(leader.into_iter().flat_map(|leader| process::among(everybody.clone(), leader)));
        for orphan in everybody.iter().filter(|process| process.parent == me && Some(process.pid) != leader && process.lives()) {
            if orphan.marker().as_deref() == Some(&self.marker) {
                found.extend(process::among(everybody.clone(), orphan.pid));
                found.push(orphan.clone());
            }
        }
        // What an orphan has started since is its, whether or not it carries our mark.
        let known: Vec<u32> = self.seen.iter().filter(|process| process.still_lives()).map(|process| process.pid).collect();
        found.extend(known.into_iter().flat_map(|pid| process::among(everybody.clone(), pid)));
        for process in found {
            if !self.has_seen(&process) {
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::keeper::job::MARKER;

    /// A process that leads a group of its own, and is killed with the test at the latest.
    struct Leader(Child);

    impl Drop for Leader {
        fn drop(&mut self) {
            self.0.kill().and_then(|()| self.0.wait()).map(drop).unwrap_or(()); // it has ended
        }
    }

    /// One that hears SIGTERM, or does not.
    fn leader(marker: &str, hears: bool) -> Leader {
        let ignore = if hears { "" } else { "trap '' TERM;" };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{ignore} echo; exec sleep 1000")]).env(MARKER, marker).process_group(0);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process");
        child.stdout.as_mut().expect("piped").read_exact(&mut [0]).expect("it is ready");
        Leader(child)
    }

    /// Whether it was known to be free before that, or not.
    #[test]
    fn whoever_gets_the_number_of_a_leader_that_is_gone_is_neither_killed_nor_named() {
        for is_known in [true, false] {
            let marker = format!("stopping-{}/{is_known}", std::process::id());
            let (mut first, mut outside, mut stranger) = (leader(&marker, true), leader(&marker, false), leader("", true));
            let (why, reach, grace, now) = (StopReason::Operator, Reach::Everything, Duration::from_secs(1), Instant::now());
            let mut stopping = Stopping::begin(Signal::TERM, why, Pid::from_child(&first.0), marker, reach, grace, now);
            first.0.wait().expect("ours");
            assert!(!is_known || !stopping.proceed(true, now), "one is outside of its group, and lives");
            // Nobody can be given a number, but the number of somebody can be taken for it.
            stopping.group = Pid::from_child(&stranger.0);
            assert!(!stopping.proceed(true, now + grace) && stopping.killed_at.is_some());
            outside.0.wait().expect("ours");
            assert!(stopping.proceed(true, now + grace + PATIENCE));
            let KillReceipt { stopped, survived, .. } = stopping.receipt().receipt;
            let pids: HashSet<_> = stopped.iter().map(|process| process.pid).collect();
            assert_eq!((pids, survived), (HashSet::from([first.0.id(), outside.0.id()]), vec![]));
            assert_eq!(stranger.0.try_wait().expect("ours"), None);
        }
    }

    #[test]
    fn who_is_left_in_the_group_of_a_leader_that_is_gone_is_known_by_its_mark_and_found_with_it() {
        let marker = format!("stopping-{}/left", std::process::id());
        let mut first = leader(&marker, true);
        // Seen by nobody before the leader is gone, as one is that was born meanwhile. The second has no mark.
        let mut stopping = {
            let (why, grace) = (StopReason::Operator, Duration::from_secs(1));
            Stopping::begin(Signal::TERM, why, Pid::from_child(&first.0), marker.clone(), Reach::Group, grace, Instant::now())
        };
        let member = |marker: &str| {
            let mut command = Command::new("/bin/sleep");
            command.arg("1000").env(MARKER, marker).process_group(stopping.group.as_raw_pid());
            Leader(command.spawn().expect("a process"))
        };
        let mut born = [member(&marker), member("")];
        first.0.wait().expect("ours");
        assert!(!stopping.proceed(true, stopping.kill_at) && stopping.killed_at.is_some());
        for member in &mut born {
            member.0.wait().expect("ours");
        }
        assert!(stopping.proceed(true, stopping.kill_at));
        let pids: HashSet<_> = stopping.receipt().receipt.stopped.iter().map(|process| process.pid).collect();
        assert_eq!(pids, HashSet::from([&first, &born[0], &born[1]].map(|child| child.0.id())));
    }
}
