//! Which functions a program calls: a breakpoint stands at the beginning of each, until it is reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// `int3`: one byte, as a breakpoint must be that may stand in front of any instruction.
const BREAKPOINT: u8 = 0xcc;

/// The beginnings, among `places`, that `command` reaches, and behind it each process that it starts as the same program.
pub(super) fn by(command: &Command, program: &Path, places: &BTreeSet<u64>) -> Result<Vec<BTreeSet<u64>>, String> {
    let mut shell = Command::new("/bin/sh");
    // It stops itself, is seized, and becomes the program: nothing of that is missed.
    shell.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).process_group(0);
    shell.current_dir(command.get_current_dir().ok_or("no place to run it in")?);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let shell = Pid::from_raw(shell.spawn().map_err(|error| error.to_string())?.id().cast_signed());
    let failed = |error: Errno| format!("{} cannot be traced: {error}", program.display());
    waitpid(shell, Some(WaitPidFlag::WUNTRACED)).map_err(failed)?;
    let follow = Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK | Options::PTRACE_O_TRACECLONE;
    ptrace::seize(shell, follow | Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL).map_err(failed)?;
    kill(shell, Signal::SIGCONT).map_err(failed)?;
    let program = fs::canonicalize(program).map_err(|error| error.to_string())?;
    let mut watch = Watch { program: &program, places, original: BTreeMap::new(), images: BTreeMap::new(), reached: Vec::new() };
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
            Ok(status) => watch.saw(status)?,
            Err(Errno::EINTR) => {}
            Err(_) => return Ok(watch.reached.into_iter().map(|(_, reached)| reached).collect()),
        }
    }
}

struct Watch<'a> {
    program: &'a Path,
    places: &'a BTreeSet<u64>,
    /// What stood where the breakpoints are.
    original: BTreeMap<u64, u8>,
    /// The memory of each thread that runs the program, and where the program begins in it.
    images: BTreeMap<Pid, (File, u64)>,
    /// What was reached in each process, by where the program begins in it: at another place in each.
    reached: Vec<(u64, BTreeSet<u64>)>,
}

impl Watch<'_> {
    fn saw(&mut self, status: WaitStatus) -> Result<(), String> {
        match status {
            WaitStatus::PtraceEvent(pid, _, event) if event == Event::PTRACE_EVENT_EXEC as i32 => {
                self.images.remove(&pid);
                if let Some(image) = self.image(pid) {
                    self.plant(&image).map_err(|error| error.to_string())?;
                    if self.reached.iter().any(|(process, _)| *process == image.1) {
                        return Err("two processes begin at the same place: let the system choose places (ASLR)".to_owned());
                    }
                    self.reached.push((image.1, BTreeSet::new()));
                    self.images.insert(pid, image);
                }
                go_on(pid, None);
            }
            WaitStatus::PtraceEvent(pid, ..) => go_on(pid, None),
            WaitStatus::Stopped(pid, Signal::SIGTRAP) => {
                self.at_breakpoint(pid)?;
                go_on(pid, None);
            }
            WaitStatus::Stopped(pid, signal) => go_on(pid, Some(signal)),
            WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..) => drop(self.images.remove(&pid)),
            _ => {}
        }
        Ok(())
    }

    /// The memory of a thread, if it is one of the program's.
    fn image(&self, pid: Pid) -> Option<(File, u64)> {
        if fs::read_link(format!("/proc/{pid}/exe")).ok()? != self.program {
            return None;
        }
        // It can stand anywhere; its first mapping is where it begins.
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
        let own = maps.lines().find(|line| line.ends_with(&*self.program.to_string_lossy()))?;
        let begins = u64::from_str_radix(own.split('-').next()?, 16).ok()?;
        let memory = File::options().read(true).write(true).open(format!("/proc/{pid}/mem")).ok()?;
        Some((memory, begins))
    }

    fn plant(&mut self, (memory, begins): &(File, u64)) -> std::io::Result<()> {
        for &place in self.places {
            let mut there = [0];
            memory.read_exact_at(&mut there, begins + place)?;
            self.original.entry(place).or_insert(there[0]);
            memory.write_all_at(&[BREAKPOINT], begins + place)?;
        }
        Ok(())
    }

    fn at_breakpoint(&mut self, pid: Pid) -> Result<(), String> {
        if !self.images.contains_key(&pid) {
            // A thread, or a child that has not become another program yet.
            let Some(image) = self.image(pid) else { return Ok(()) };
            self.images.insert(pid, image);
        }
        let (Some((memory, begins)), Ok(mut registers)) = (self.images.get(&pid), ptrace::getregs(pid)) else { return Ok(()) };
        let Some(place) = registers.rip.checked_sub(1 + begins) else { return Ok(()) };
        if let Some(&original) = self.original.get(&place) {
            if let Some((_, reached)) = self.reached.iter_mut().find(|(process, _)| process == begins) {
                reached.insert(place);
            }
            memory.write_all_at(&[original], begins + place).map_err(|error| error.to_string())?;
            registers.rip -= 1;
            ptrace::setregs(pid, registers).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// It may have been killed meanwhile.
fn go_on(pid: Pid, signal: Option<Signal>) {
    ptrace::cont(pid, signal).ok();
}
