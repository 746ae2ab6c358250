//! Runs a program and strikes it, or its keeper, at one system call. No other process is touched.
//!
//! A call counts when it changes something that outlives the process; to die before one of the others is to die before
//! the next of these. All threads count together.

mod calls;
mod registers;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use self::registers::Entered;

/// Who is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prey {
    /// The program itself, with all its threads.
    Engine,
    /// The keepers that it starts.
    Keeper,
}

/// What happens at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// The process dies instead of making it.
    Kill,
    /// It fails with this error, and is not made.
    Fail(Errno),
    /// It writes half of what it should.
    Short,
}

/// When the blow falls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strike {
    pub(crate) prey: Prey,
    /// The only call that counts; all that change something when `None`.
    pub(crate) call: Option<&'static str>,
    /// Which one of them, counted from 1; never when 0.
    pub(crate) at: usize,
    pub(crate) blow: Blow,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Struck {
    pub(crate) status: ExitStatus,
    /// How many calls counted.
    pub(crate) calls: usize,
    /// The call that was struck.
    pub(crate) hit: Option<&'static str>,
    /// What it said on standard error.
    pub(crate) said: String,
}

impl Struck {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// Runs `command` to its end under the tracer.
pub(crate) fn strike(command: &Command, strike: Strike) -> Struck {
    let said = tempfile::NamedTempFile::new().expect("a temporary file");
    let main = stopped(command, said.reopen().expect("the same file"));
    let mut options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL;
    options |= match strike.prey {
        Prey::Engine => Options::PTRACE_O_TRACECLONE,
        Prey::Keeper => Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK | Options::PTRACE_O_TRACECLONE,
    };
    ptrace::seize(main, options).expect("ptrace is allowed");
    kill(main, Signal::SIGCONT).expect("it is there");
    let mut hunt = Hunt { strike, main, prey: BTreeSet::new(), inside: BTreeMap::new(), calls: 0, hit: None, ended: None };
    hunt.run();
    Struck {
        status: hunt.ended.expect("it ended"),
        calls: hunt.calls,
        hit: hunt.hit,
        said: fs::read_to_string(said.path()).expect("text"),
    }
}

/// Starts a shell that stops itself and then becomes the program: so nothing of it is missed.
fn stopped(command: &Command, said: fs::File) -> Pid {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().expect("tests say where")).process_group(0);
    shell.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(said);
    #[expect(clippy::zombie_processes, reason = "the hunt waits for it, as its tracer")]
    let child = shell.spawn().expect("a shell");
    let pid = Pid::from_raw(child.id().cast_signed());
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("our child");
    assert!(matches!(stopped, WaitStatus::Stopped(..)), "{stopped:?}");
    pid
}

struct Hunt {
    strike: Strike,
    main: Pid,
    /// The threads whose calls count.
    prey: BTreeSet<Pid>,
    /// Threads inside a call, with what they shall hear of it instead of its result.
    inside: BTreeMap<Pid, Option<i64>>,
    calls: usize,
    hit: Option<&'static str>,
    ended: Option<ExitStatus>,
}

impl Hunt {
    fn run(&mut self) {
        // Only what this thread started or traces: other tests have processes of their own.
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(flags)) {
                Ok(status) => self.saw(status),
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }

    fn saw(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::PtraceSyscall(pid) => {
                if self.prey.contains(&pid) {
                    self.at_call(pid);
                }
                self.go_on(pid, None);
            }
            WaitStatus::PtraceEvent(pid, _, event) if event == Event::PTRACE_EVENT_EXEC as i32 => self.became(pid),
            WaitStatus::PtraceEvent(pid, _, _) => {
                // A new thread of the prey begins with a stop; so does everything else that is traced from now on.
                if pid != self.main && self.strike.prey == Prey::Engine {
                    self.prey.insert(pid);
                }
                self.go_on(pid, None);
            }
            WaitStatus::Stopped(pid, signal) => self.go_on(pid, Some(signal)),
            WaitStatus::Exited(pid, code) if pid == self.main => self.ended = Some(ExitStatus::from_raw(code << 8)),
            WaitStatus::Signaled(pid, signal, _) if pid == self.main => {
                self.ended = Some(ExitStatus::from_raw(signal as i32));
            }
            _ => {}
        }
    }

    /// A process became another program.
    fn became(&mut self, pid: Pid) {
        self.inside.remove(&pid);
        if pid == self.main {
            if self.strike.prey == Prey::Engine {
                self.prey.insert(pid);
            }
            return self.go_on(pid, None);
        }
        let name = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if self.strike.prey == Prey::Keeper && name.starts_with(b"runbook-keeper\0") {
            // Its commands are not followed.
            let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL;
            if ptrace::setoptions(pid, options).is_ok() {
                self.prey.insert(pid);
            }
            return self.go_on(pid, None);
        }
        // It may be dead already.
        ptrace::detach(pid, None).unwrap_or(());
    }

    fn at_call(&mut self, pid: Pid) {
        if let Some(instead) = self.inside.remove(&pid) {
            if let Some(result) = instead {
                registers::set_result(pid, result);
            }
            return;
        }
        // It may have died since; and the first stop of a program is the end of the `execve` that it came from.
        let Some(entered) = Entered::read(pid) else { return };
        let mut instead = None;
        let counts = calls::name(pid, &entered).filter(|name| self.strike.call.is_none_or(|only| only == *name));
        if let Some(name) = counts {
            self.calls += 1;
            if self.calls == self.strike.at {
                self.hit = Some(name);
                match self.strike.blow {
                    Blow::Kill => kill(pid, Signal::SIGKILL).unwrap_or(()),
                    Blow::Short => entered.halve(pid),
                    Blow::Fail(errno) => {
                        entered.forget(pid);
                        instead = Some(-i64::from(errno as i32));
                    }
                }
            }
        }
        self.inside.insert(pid, instead);
    }

    /// It may be dead already, which the next look tells.
    fn go_on(&self, pid: Pid, signal: Option<Signal>) {
        if self.prey.contains(&pid) {
            ptrace::syscall(pid, signal).unwrap_or(());
        } else {
            ptrace::cont(pid, signal).unwrap_or(());
        }
    }
}
